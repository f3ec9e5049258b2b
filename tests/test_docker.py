"""The images and the compose stack, checked without an engine: schemas, pinned images, no secret, no open port."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
DOCKER = ROOT / "docker"
DOCKERFILES = sorted(DOCKER.glob("*.Dockerfile"))
COMPOSE = DOCKER / "compose.yaml"
VARIABLE = re.compile(r"\$\{(\w+)([^}]*)\}")


def instructions(dockerfile: str) -> list[tuple[str, str]]:
    """The instructions of a Dockerfile, in order: name and arguments, continued lines joined."""
    lines = [line for line in dockerfile.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n", " ", "\n".join(lines))
    parts = (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    return [(part[0].upper(), part[1].strip()) for part in parts]


def faults(dockerfile: str, context: Path) -> list[str]:
    """What is wrong with a Dockerfile that is built in `context`."""
    found: list[str] = []
    stages: set[str] = set()
    variants = ("cpu", "cuda")
    steps = instructions(dockerfile)
    for name, rest in steps:
        words = rest.split()
        if name == "FROM":
            bases = {words[0].replace("${VARIANT}", variant) for variant in variants}
            loose = {base for base in bases - stages if not re.search(r":[\w.-]*\d[\w.-]*$", base)}
            found += [f"FROM {base}: not pinned to a version" for base in sorted(loose)]
            stages |= {words[2]} if len(words) > 2 else set()
        elif name == "COPY" and not rest.startswith("--from"):
            sources = [word for word in words if not word.startswith("--")][:-1]
            found += [f"COPY {source}: not in the repository" for source in sources if not (context / source).exists()]
        elif name == "ADD":
            found.append("ADD: use COPY")
        elif name in {"ENV", "ARG"} and re.search(r"(?i)(password|token|secret|access_key)\w*=\S", rest):
            found.append(f"{name} {words[0]}: a secret in the image")
    users = [rest for name, rest in steps if name == "USER"]
    if not users or users[-1].split(":")[0] in {"root", "0"}:
        found.append("USER: the image runs as root")
    if "HEALTHCHECK" not in {name for name, _ in steps}:
        found.append("HEALTHCHECK: there is none")
    return found


@pytest.fixture(scope="module")
def services() -> dict[str, dict[str, Any]]:
    content: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]
    return content


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("docker/compose.yaml", "compose-spec"),
        ("docker/compose.gpu.yaml", "compose-spec"),
        (".github/workflows/ci.yml", "github-workflows"),
    ],
)
def test_a_file_follows_its_schema(name: str, schema: str) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(ROOT / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_a_dockerfile_is_pinned_unprivileged_and_complete(path: Path) -> None:
    context = ROOT if path.name == "worker.Dockerfile" else DOCKER
    assert faults(path.read_text(encoding="utf-8"), context) == []


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_hadolint_has_nothing_to_say(path: Path) -> None:
    hadolint = shutil.which("hadolint", path=f"{Path(sys.executable).parent}")
    if hadolint is None:
        pytest.skip("hadolint is not in this environment (it has no build for this platform)")
    done = subprocess.run([hadolint, "--no-color", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("dockerfile", "words"),
    [
        ("FROM python:latest\nUSER 1\nHEALTHCHECK NONE", "not pinned"),
        ("FROM python\nUSER 1\nHEALTHCHECK NONE", "not pinned"),
        ("FROM python:3.11\nHEALTHCHECK NONE", "runs as root"),
        ("FROM python:3.11\nUSER 1\nUSER root\nHEALTHCHECK NONE", "runs as root"),
        ("FROM python:3.11\nUSER 1", "HEALTHCHECK"),
        ("FROM python:3.11\nCOPY --chown=1 docker \\\n  nowhere /x\nUSER 1\nHEALTHCHECK NONE", "COPY nowhere"),
        ("FROM python:3.11\nENV API_TOKEN=abc\nUSER 1\nHEALTHCHECK NONE", "a secret"),
    ],
)
def test_a_planted_fault_is_caught(dockerfile: str, words: str) -> None:
    assert any(words in fault for fault in faults(dockerfile, ROOT)), faults(dockerfile, ROOT)


def test_the_worker_image_takes_only_what_it_needs() -> None:
    kept = {line[1:] for line in (DOCKER / "worker.Dockerfile.dockerignore").read_text().splitlines() if line[0] == "!"}
    steps = instructions((DOCKER / "worker.Dockerfile").read_text())
    copied = {word for name, rest in steps if name == "COPY" for word in rest.split()[:-1]}
    assert copied == kept


def test_nothing_listens_beyond_this_machine(services: dict[str, dict[str, Any]]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert [port for port in ports if not str(port).startswith("127.0.0.1:")] == []


def test_foreign_images_are_pinned_and_ours_are_built_here(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        assert "build" in service or re.search(r":v?\d+\.\d+", service["image"]), name
        if "build" in service:
            context = (DOCKER / service["build"]["context"]).resolve()
            assert (context / service["build"]["dockerfile"]).is_file(), name


def test_the_versions_of_the_servers_are_those_of_the_lock(services: dict[str, dict[str, Any]]) -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = dict(re.findall(r"^([a-z0-9-]+)==([^ ;\n]+)", lock, re.MULTILINE))
    assert f"prefect:{pins['prefect']}-" in services["prefect"]["image"]
    mlflow = (DOCKER / "mlflow.Dockerfile").read_text(encoding="utf-8")
    assert f"mlflow:v{pins['mlflow']}\n" in mlflow
    assert f"boto3=={pins['boto3']} " in mlflow


def test_every_secret_must_be_set_and_none_is_written_down() -> None:
    variables = VARIABLE.findall(COMPOSE.read_text(encoding="utf-8"))
    assert [name for name, default in variables if not default.startswith(":?")] == []
    example = (DOCKER / ".env.example").read_text(encoding="utf-8").splitlines()
    settings = [line for line in example if line and not line.startswith("#")]
    assert {line.removesuffix("=") for line in settings} == {name for name, _ in variables}


def test_passwords_come_from_variables_only(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|ACCESS_KEY|AUTH_STRING|USERNAME", key):
                assert VARIABLE.fullmatch(str(value)), f"{name}: {key}"


def test_a_service_waits_for_what_can_say_that_it_is_ready(services: dict[str, dict[str, Any]]) -> None:
    images = {path.name: path.read_text(encoding="utf-8") for path in DOCKERFILES}
    for name, service in services.items():
        for other, wait in service.get("depends_on", {}).items():
            target = services[other]
            dockerfile = Path(target.get("build", {}).get("dockerfile", "")).name
            checked = "test" in target.get("healthcheck", {}) or "HEALTHCHECK" in images.get(dockerfile, "")
            ends = wait["condition"] == "service_completed_successfully"
            assert checked or ends, f"{name} waits for {other}, which has no health check"
            assert not ends or target["restart"] == "on-failure", f"{other} is meant to end, but is always restarted"


def test_volumes_and_started_modules_exist(services: dict[str, dict[str, Any]]) -> None:
    declared = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["volumes"]
    for name, service in services.items():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in declared or (DOCKER / source).is_file(), f"{name}: {volume}"
        command = service.get("command", [])
        if "-m" in command:
            module = ROOT / command[command.index("-m") + 1].replace(".", "/")
            assert module.with_suffix(".py").is_file() or (module / "__main__.py").is_file(), f"{name}: {module}"


def test_the_additions_for_a_gpu_change_a_service_that_exists(services: dict[str, dict[str, Any]]) -> None:
    added = yaml.safe_load((DOCKER / "compose.gpu.yaml").read_text(encoding="utf-8"))["services"]
    assert set(added) <= set(services)
