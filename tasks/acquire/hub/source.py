"""A split of a Hugging Face dataset: by hub id, from a folder of data files, or from a folder of `save_to_disk`.

It becomes one Parquet file, pinned by the hub's commit, or by its content where there is no commit. No code of a
dataset ever runs.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.settings import settings
from infra.storage import file_sha256
from tasks.acquire.config import HubSource
from tasks.acquire.hub.parquet import write_split
from tasks.acquire.source_file import SourceFile
from tasks.errors import StorageError, UserInputError
from tasks.pii.shown_rows import shown_text
from tasks.secrets import named_secret
from tasks.store import workspace

ERROR_CHARACTERS = 400
REFUSED = {401, 403, 404}
"""Statuses with which a hub answers for what is not there, and for what this token may not read."""


def hub_files(source: HubSource, section: str) -> list[SourceFile]:
    """The split as one file. A hub id has the version `commit:<sha>`; other splits are read now to be known by content.

    Raises MissingSecret; UserInputError for a dataset, revision or split that is not there, may not be read, wants to
    run code or is damaged; StorageError, which is worth another try, where the hub cannot be reached.
    """
    commit = _commit(source, section)
    if commit is not None:
        version = f"commit:{commit}"
    else:
        with workspace("hub") as folder:
            version = f"sha256:{file_sha256(_written(source, section, None, folder))}"

    def fetch(folder: Path) -> Path:
        path = _written(source, section, commit, folder)
        if commit is None and f"sha256:{file_sha256(path)}" != version:
            path.unlink()
            raise StorageError(f"{_where(source, section)} changed while it was read: run again to read what is there")
        return path

    short = Path(source.dataset).expanduser().name if _is_local(source) else source.dataset
    name = f"{short}{'@' + source.revision if source.revision else ''}/{source.split}"
    where = f"dataset {source.dataset}, split {source.split}"
    return [SourceFile(name, where, version, None, "parquet", fetch)]


def hub_licence(source: HubSource) -> str | None:
    """The licence that a dataset's card states, several joined by commas; null where it states none.

    Raises what `hub_files` raises.
    """
    from huggingface_hub import DatasetCard

    card = Path(source.dataset).expanduser() / "README.md"
    if card.is_file():
        with _hub_errors(source, "data"):
            stated = DatasetCard.load(card).data.to_dict().get("license")
    elif _is_local(source) or _offline():
        return None
    else:
        content = _info(source, "data").card_data
        stated = None if content is None else content.to_dict().get("license")
    names = [stated] if isinstance(stated, str) else list(stated or ())
    return ", ".join(map(str, names)) or None


def _written(source: HubSource, section: str, commit: str | None, folder: Path) -> Path:
    where = _where(source, section)
    split = _loaded(source, section, commit)
    if not len(split):
        raise UserInputError(f"{where} has columns but no rows")
    return write_split(split, Path(tempfile.mkdtemp(prefix="hub-", dir=folder)) / "split.parquet", where)


def _loaded(source: HubSource, section: str, commit: str | None) -> Any:
    """The split, memory-mapped from the cache of `datasets`."""
    import datasets

    datasets.disable_progress_bars()
    folder = Path(source.dataset).expanduser()
    with _hub_errors(source, section):
        if (folder / "state.json").is_file() or (folder / "dataset_dict.json").is_file():
            return datasets.load_from_disk(str(_saved_split(folder, source, section)))
        return datasets.load_dataset(
            str(folder) if folder.is_dir() else source.dataset,
            split=source.split,
            revision=commit or source.revision,
            token=_token(source, section),
            cache_dir=str(settings().home_path / "cache" / "hub"),
        )


def _saved_split(folder: Path, source: HubSource, section: str) -> Path:
    """The folder of the split in a saved DatasetDict; a saved single Dataset is taken whole."""
    several = folder / "dataset_dict.json"
    if several.is_file():
        known = json.loads(several.read_text(encoding="utf-8"))["splits"]
        if source.split not in known:
            has = ", ".join(map(repr, known))
            raise UserInputError(f"{_where(source, section)} has no split {source.split!r}; it has {has}")
        folder /= source.split
    # `datasets` cannot load a saved split without rows.
    if not json.loads((folder / "state.json").read_text(encoding="utf-8"))["_data_files"]:
        raise UserInputError(f"{_where(source, section)} has columns but no rows")
    return folder


def _commit(source: HubSource, section: str) -> str | None:
    """The commit that the revision names now; none for a folder, and where HF_HUB_OFFLINE says to ask nobody."""
    if _is_local(source) or _offline():
        return None
    commit: str | None = _info(source, section).sha
    return commit


def _info(source: HubSource, section: str) -> Any:
    from huggingface_hub import HfApi

    with _hub_errors(source, section):
        return HfApi(token=_token(source, section)).dataset_info(source.dataset, revision=source.revision)


def _is_local(source: HubSource) -> bool:
    return Path(source.dataset).expanduser().is_dir()


def _offline() -> bool:
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def _token(source: HubSource, section: str) -> str | None:
    return None if source.token_secret is None else named_secret(source.token_secret, f"{section}.token_secret")


def _where(source: HubSource, section: str) -> str:
    return f"{section} (dataset {source.dataset}, split {source.split})"


def _in_one_line(error: BaseException) -> str:
    """The error's words, in which a cell of the data may be quoted, with personal data masked."""
    return shown_text(str(error), ERROR_CHARACTERS)


@contextmanager
def _hub_errors(source: HubSource, section: str) -> Iterator[None]:
    """Turn the errors of `datasets` and the hub into UserInputError and StorageError (worth another try)."""
    import yaml
    from datasets.exceptions import DatasetsError
    from httpx2 import HTTPError
    from huggingface_hub.errors import HfHubHTTPError

    where = _where(source, section)
    try:
        yield
    except (StorageError, UserInputError):
        raise
    except (DatasetsError, FileNotFoundError) as error:
        because = f" ({_in_one_line(error.__cause__)})" if error.__cause__ else ""
        problem = f"{_in_one_line(error)}{because}"
        raise UserInputError(f"{where} cannot be loaded: {problem}. Check its id, revision and token") from None
    except (OSError, HTTPError) as error:
        if isinstance(error, HfHubHTTPError) and error.response.status_code in REFUSED:
            advice = "Check its id, revision and token"
            raise UserInputError(f"{where} cannot be loaded: {_in_one_line(error)}. {advice}") from None
        raise StorageError(
            f"{where} cannot be fetched: {_in_one_line(error)}. Check the spelling and the network; without a network, "
            f"{section}.dataset can be a local folder"
        ) from None
    except yaml.YAMLError as error:
        raise UserInputError(f"{where} has a card, README.md, whose head is no YAML: {_in_one_line(error)}") from None
    except (
        ValueError,
        RuntimeError,
        KeyError,
    ) as error:  # unknown splits, damaged files, and datasets that want to run code
        raise UserInputError(f"{where} cannot be loaded: {_in_one_line(error)}") from None
