"""The import rules and the measures of the house hold, and the rules catch what they are there to catch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house_rules import RULES, Rule, breaches_of, read_modules

ROOT = Path(__file__).resolve().parent.parent
HEAVY = [
    "accelerate",
    "datasets",
    "great_expectations",
    "matplotlib",
    "mlflow",
    "onnx",
    "onnxruntime",
    "peft",
    "sklearn",
    "torch",
    "transformers",
    "trl",
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rules(rule: Rule) -> None:
    modules = read_modules(ROOT)
    assert len(modules) > 20, "the walk found hardly any source: is ROOT right?"
    breaches = breaches_of(modules, [rule])
    assert not breaches, "\n".join(breaches)


def test_doors_and_the_config_import_no_heavy_library() -> None:
    doors = sorted(m.name for m in read_modules(ROOT) if m.parts[0] == "tasks" and m.parts[2:] == ("task.py",))
    assert doors, "there is no tasks/*/task.py"
    script = (
        "import importlib, json, sys\n"
        "blame = {}\n"
        f"for name in {['flows.config', *doors]!r}:\n"
        "    importlib.import_module(name)\n"
        f"    for heavy in {HEAVY!r}:\n"
        "        if heavy in sys.modules: blame.setdefault(heavy, name)\n"
        "print(json.dumps(blame))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {}


PLANTED = {
    "infra/client.py": ('"""D."""\nfrom tasks.records import Record\n', "infra imports tasks"),
    "infra/late.py": ('"""D."""\ndef f():\n    import flows.retrain\n', "infra imports flows"),
    "tasks/records.py": (
        '"""D."""\nimport importlib\nimportlib.import_module("deployments.apply")\n',
        "tasks imports deploy",
    ),
    "flows/retrain.py": ('"""D."""\nfrom tests.conftest import home\n', "flows imports tests"),
    "deployments/server/app.py": ('"""D."""\nfrom tasks.one.task import one\n', "the model server imports"),
    "tasks/two/room.py": ('"""D."""\nfrom tasks.one.room import f\n', "two imports the stage one"),
    "tasks/two/relative.py": ('"""D."""\nfrom ..one import room\n', "two imports the stage one"),
    "tasks/noun/thing.py": ('"""D."""\nfrom tasks.one.config import A\n', "noun imports the stage one"),
    "tasks/shared.py": ('"""D."""\nimport tasks.one.room\n', "what all stages share imports the stage one"),
    "tasks/one/other.py": ('"""D."""\nfrom tasks.one.task import one\n', "a room imports its door"),
    "tasks/one/runs.py": ('"""D."""\nfrom prefect import task\n', "a room imports Prefect"),
    "tasks/one/logs.py": ('"""D."""\nfrom tasks.stage import run_logger\n', "a room imports Prefect"),
    "tasks/one/task.py": ('"""D."""\ndef one():\n    """D."""\n' + "    print()\n" * 16, "has a body of 16 lines"),
    "tasks/one/bare.py": ("x = 1\n", "opens without a docstring"),
    "tasks/one/utils.py": ('"""D."""\n', "a name that says nothing"),
    "tasks/one/__init__.py": ("x = 1\n", "not empty"),
    "tasks/one/long.py": ('"""D."""\n' + "\n" * 300, "301 lines"),
    "tasks/one/deep.py": ('"""D."""\ndef f():\n' + "    print()\n" * 60, "f is 61 lines"),
    "tasks/one/sure.py": ('"""D."""\nassert True\n', "assert outside tests"),
    "tasks/one/catch.py": ('"""D."""\ntry:\n    x = 1\nexcept (OSError, Exception):\n    x = 2\n', "broad except"),
    "tasks/one/hush.py": (
        '"""D."""\nimport contextlib\nwith contextlib.suppress(Exception):\n    x = 1\n',
        "broad suppress",
    ),
    "tasks/one/later.py": ('"""D."""\nx = 1  # TODO\n', "reads as unfinished"),
    "tasks/one/alone.py": ('"""D."""\n', "nothing imports or names it"),
    "tasks/one/config.py": (
        '"""D."""\nclass A:\n    unread_setting: int = 1\n',
        "no code reads the setting unread_setting",
    ),
    "tasks/one/part_config.py": (
        '"""D."""\nclass B:\n    unread_setting: int = 1\n',
        "no code reads the setting unread_setting",
    ),
}


@pytest.mark.parametrize("path", PLANTED)
def test_a_planted_breach_is_caught(path: str, tmp_path: Path) -> None:
    source, words = PLANTED[path]
    innocent = {"tasks/one/task.py": '"""D."""\n', "tasks/one/config.py": '"""D."""\n'}
    for name, text in {**innocent, path: source}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    breaches = breaches_of(read_modules(tmp_path), RULES)
    assert any(breach.startswith(path) and words in breach for breach in breaches), breaches


def test_a_house_in_order_has_no_breach(tmp_path: Path) -> None:
    sources = {
        "infra/store.py": '"""D."""\nimport os\n',
        "tasks/one/room.py": '"""D."""\nfrom infra.store import os\n',
        "tasks/one/task.py": '"""D."""\nfrom tasks.one.room import os\n',
        "flows/go.py": '"""D."""\nfrom tasks.one.task import os\n',
        "Makefile": "go:\n\tpython -m flows.go\n",
    }
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert breaches_of(read_modules(tmp_path), RULES) == []
