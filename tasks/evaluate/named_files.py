"""The files that a section `evaluation` names by their paths: a result is used again only where they are the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from infra.storage import file_sha256
from tasks.evaluate.classifier.people.config import people_digest

if TYPE_CHECKING:
    from tasks.evaluate.config import EvaluationConfig


def files_digest(config: EvaluationConfig) -> str:
    """SHA-256 of what the named files hold, in their order; a file that is not there counts as missing."""
    digests = [f"{path} {file_sha256(path) if path.is_file() else 'missing'}" for path in named_files(config)]
    return hashlib.sha256("\n".join([people_digest(config), *digests]).encode()).hexdigest()


def named_files(config: EvaluationConfig) -> Iterator[Path]:
    """The files of a language model's measures, the bundled suite of attacks among them."""
    if config.grounding and config.grounding.sources_path:
        yield Path(config.grounding.sources_path).expanduser()
    if config.prompt_attacks and config.prompt_attacks.bundled:
        # It comes with the code, but it is no source file, by which a stage knows that its code has changed.
        yield Path(__file__).parent / "language" / "prompt_attacks" / "suite.yaml"
    if config.prompt_attacks and config.prompt_attacks.path:
        yield Path(config.prompt_attacks.path).expanduser()
    for asked in config.checks.rules if config.checks else ():
        if asked.rule.kind == "json_schema" and asked.rule.schema_file:
            yield Path(asked.rule.schema_file)
    if config.lm_tasks:
        from tasks.evaluate.language.lm_tasks.task_files import data_paths

        for path in (Path(name).expanduser() for name in config.lm_tasks.paths):
            yield path
            yield from data_paths(path)
