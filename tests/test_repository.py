"""What a newcomer meets first is true: links lead somewhere, commands exist, and nothing names a private machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MOST_README_LINES = 150
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HOME_OF_SOMEBODY = re.compile(rf"(?<![\w.])/(?:root|Users|mnt|home/(?!refit\b)\w+)\b|{re.escape(str(ROOT))}/")
RESERVED = r"(?:[\w-]+\.)*(?:example\.(?:com|net|org)|[\w-]+\.(?:example|invalid|test))"
"""Names that are kept for examples and lead to nobody (RFC 2606)."""
PUBLIC_HOSTS = rf"{RESERVED}|keepachangelog\.com|semver\.org|www\.apache\.org|git-lfs\.github\.com"
UNKNOWN_HOST = re.compile(rf"https?://(?!127\.|(?:{PUBLIC_HOSTS})\b)[\w-]+\.\w")
"""A host with a dot in its name that is neither loopback nor one that anybody may know."""
SECRET = re.compile(
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{34}|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"
)
EXEMPT = {"LICENSE", "tests/test_repository.py"}
MADE_UP_SECRETS = ("tasks/pii/", "tests/tasks/pii/")
"""What finds and replaces secrets shows made-up ones."""


def tracked_files() -> list[Path]:
    """Files that git tracks or would track, as absolute paths."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        pytest.skip("this is not a git checkout")
    return [ROOT / name for name in done.stdout.decode().split("\0") if name and (ROOT / name).is_file()]


def lines_of_text() -> list[tuple[str, str]]:
    """Every line of every tracked text file, with its place."""
    found = []
    for path in tracked_files():
        name = path.relative_to(ROOT).as_posix()
        content = path.read_bytes()
        if name in EXEMPT or b"\0" in content[:8000]:
            continue
        for number, line in enumerate(content.decode("utf-8").splitlines(), 1):
            found.append((f"{name}:{number}", line))
    return found


@pytest.fixture(scope="module")
def readme() -> str:
    path = ROOT / "README.md"
    if not path.is_file():
        pytest.skip("README.md is not written yet")
    return path.read_text(encoding="utf-8")


def test_the_readme_is_short(readme: str) -> None:
    assert len(readme.splitlines()) < MOST_README_LINES


def test_the_readme_names_every_top_level_folder(readme: str) -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in tracked_files() if path.parent != ROOT}
    visible = {folder for folder in folders if not folder.startswith(".")}
    assert {folder for folder in visible if f"{folder}/" not in readme} == set()


def test_the_commands_of_the_documents_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    missing = set()
    for path in ROOT.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))
        missing |= {
            f"{path.name}: make {name}" for name in re.findall(r"\bmake ([a-z][a-z-]*)", code) if name not in targets
        }
        for name in re.findall(r"python -m ((?:flows|tasks|infra|deployments|tests)[\w.]*)", code):
            module = ROOT / name.replace(".", "/")
            if not module.with_suffix(".py").is_file() and not (module / "__main__.py").is_file():
                missing.add(f"{path.name}: python -m {name}")
    assert missing == set()


def test_the_modules_that_make_starts_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    names = re.findall(r"python -m ((?:flows|tasks|infra|deployments)[\w.]*)", makefile)
    modules = [ROOT / name.replace(".", "/") for name in names]
    missing = [m for m in modules if not m.with_suffix(".py").is_file() and not (m / "__main__.py").is_file()]
    assert missing == []


def test_every_target_of_make_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split()
    done = subprocess.run([shutil.which("make") or "make"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert [name for name in phony if f"  make {name} " not in done.stdout] == []


def test_relative_links_lead_to_files() -> None:
    broken = []
    for path in tracked_files():
        if path.suffix == ".md":
            for target in LINK.findall(path.read_text(encoding="utf-8")):
                file = target.split("#")[0]
                elsewhere = not file or "://" in target or target.startswith("mailto:")
                if not elsewhere and not (path.parent / file).exists():
                    broken.append(f"{path.relative_to(ROOT)}: {target}")
    assert broken == []


@pytest.mark.parametrize(
    "pattern", [HOME_OF_SOMEBODY, UNKNOWN_HOST, SECRET], ids=["a machine's path", "an unknown host", "a secret"]
)
def test_no_file_names_a_private_machine_an_unknown_host_or_a_secret(pattern: re.Pattern[str]) -> None:
    found = [(place, line.strip()[:100]) for place, line in lines_of_text() if pattern.search(line)]
    assert [one for one in found if pattern is not SECRET or not one[0].startswith(MADE_UP_SECRETS)] == []


@pytest.mark.parametrize(
    ("pattern", "line", "caught"),
    [
        (HOME_OF_SOMEBODY, f"cd {ROOT}/tests", True),
        (HOME_OF_SOMEBODY, 'path = "/root/.cache"', True),
        (HOME_OF_SOMEBODY, "file:///home/anna/store", True),
        (HOME_OF_SOMEBODY, "settings().home_path / 'work'", False),
        (HOME_OF_SOMEBODY, "https://example.org/work/1", False),
        (HOME_OF_SOMEBODY, "WORKDIR /home/refit", False),
        (UNKNOWN_HOST, "--index-url https://index.acme.io/simple", True),
        (UNKNOWN_HOST, "https://api.example.com/v1", False),
        (UNKNOWN_HOST, "http://mirror.internal:8080/", True),
        (UNKNOWN_HOST, "http://127.0.0.1:4200/api", False),
        (UNKNOWN_HOST, "http://prefect:4200/api", False),
        (UNKNOWN_HOST, "https://www.apache.org/licenses/LICENSE-2.0", False),
        (SECRET, "AKIA" + "ABCDEFGHIJKLMNOP", True),
        (SECRET, "hf_token", False),
    ],
)
def test_the_patterns_catch_what_they_are_for(pattern: re.Pattern[str], line: str, caught: bool) -> None:
    assert bool(pattern.search(line)) is caught


def test_files_are_text_in_unix_form_and_of_a_sensible_size() -> None:
    too_large = [path.name for path in tracked_files() if path.stat().st_size > 500_000]
    assert too_large == []
    carriage_returns = [
        path.name for path in tracked_files() if path.suffix in {".py", ".yaml", ".md"} and b"\r" in path.read_bytes()
    ]
    assert carriage_returns == []


def test_the_scripts_can_be_started() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_lock_pins_every_requirement_and_no_cuda_package() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [line for line in pins if not re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==[^ ;+]+( ; .+)?$", line)] == []
    assert [line for line in pins if line.startswith(("nvidia-", "cuda-", "triton"))] == []
    encoder = (ROOT / "requirements-encoder.lock").read_text(encoding="utf-8").splitlines()
    assert all("--hash=sha256:" in line for line in encoder if line and not line.startswith("#"))
