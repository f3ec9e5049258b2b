"""A base model with no hub: made from generated text when it is first asked for, and kept in REFIT_HOME.

It is for trying the machinery: it writes like the support of a made-up online shop, and knows nothing else.
"""

from __future__ import annotations

import hashlib
import json
import logging
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from infra.settings import settings
from infra.storage import MANIFEST, is_whole, manifest_of, move_into_place, room_aside, write_synced
from tasks.errors import StorageError
from tasks.models.made.recipes import RECIPES, Recipe

AREA = "made"
LIBRARIES = ("tokenizers", "torch", "transformers")
"""Their versions decide the bytes too."""
log = logging.getLogger(__name__)


def made_model(name: str, recipe: Recipe | None = None, say: Callable[[str], None] = log.warning) -> Path:
    """The folder of the made model (safetensors, tokenizer), as an absolute path; it is made where it is not there.

    `name` is one of RECIPES, and `recipe` replaces what it stands for. Making takes half a minute, which `say` is told.
    Two processes may make it at once: both get a whole one. Raises StorageError where the home cannot be written.
    """
    chosen = RECIPES[name] if recipe is None else recipe
    folder = settings().home_path / AREA / f"{name}-{_key(chosen)}"
    if _whole(folder):
        return folder
    say(f"the base model made:{name} is made from generated text, once for {settings().home_path}: half a minute")
    start = time.perf_counter()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with room_aside(folder.parent) as aside:
            _write(chosen, aside)
            manifest = manifest_of(aside)
            write_synced(aside / MANIFEST, manifest)
            move_into_place(aside, folder, hashlib.sha256(manifest).hexdigest())
    except OSError as error:
        raise StorageError(
            f"the base model made:{name} cannot be written to {folder.parent} ({error.strerror or error}): set "
            "REFIT_HOME to a writable folder"
        ) from None
    say(f"the base model made:{name} is made, in {time.perf_counter() - start:.0f} s")
    return folder


def _whole(folder: Path) -> bool:
    manifest = folder / MANIFEST
    return manifest.is_file() and is_whole(folder, hashlib.sha256(manifest.read_bytes()).hexdigest())


def _key(recipe: Recipe) -> str:
    """What decides the bytes: the recipe, the code, the libraries, and the kind of machine that rounds the sums."""
    digest = hashlib.sha256(json.dumps(asdict(recipe), sort_keys=True).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    versions = [f"{name} {version(name)}" for name in LIBRARIES]
    digest.update(json.dumps([*versions, platform.python_version(), platform.machine()]).encode())
    return digest.hexdigest()[:16]


def _write(recipe: Recipe, folder: Path) -> None:
    from tasks.models.made.pretraining import make_model

    network, tokenizer = make_model(recipe)
    with _no_progress_bars():
        network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


@contextmanager
def _no_progress_bars() -> Iterator[None]:
    from transformers.utils import logging as library

    shown: Any = library.is_progress_bar_enabled()
    library.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            library.enable_progress_bar()
