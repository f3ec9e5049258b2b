"""A split of a Hugging Face dataset: by hub id, from a folder of data files, or from a folder of `save_to_disk`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from infra.settings import settings
from tasks.acquire.arrow_reader import read_arrow
from tasks.acquire.config import HubSource
from tasks.acquire.credentials import named_secret
from tasks.acquire.table import Origin, Table, Wanted
from tasks.errors import StorageError, UserInputError


def read_hub(source: HubSource, wanted: Wanted, origin: Origin) -> Table:
    """Read the wanted columns of the split; labels stored as class numbers become their names.

    No code of the dataset runs. Raises UserInputError for a dataset, split or column that is not there, and
    StorageError, which is worth another try, where the hub cannot be reached.
    """
    split = _loaded(source, origin)
    found = wanted.found_in(split.column_names, origin)
    if not len(split):
        raise UserInputError(f"{origin} has columns but no rows")
    content = split.select_columns(list(found.values())).with_format("arrow")[:]
    table = read_arrow(content, wanted, origin)
    names = getattr(split.features[found["label"]], "names", None) if "label" in found else None
    if names is not None:
        for values in table.values:
            values["label"] = _class_name(values["label"], names)
    return table


def _loaded(source: HubSource, origin: Origin) -> Any:
    import datasets
    from datasets.exceptions import DatasetsError

    datasets.disable_progress_bars()
    token = None if source.token_secret is None else named_secret(source.token_secret, f"{origin.section}.token_secret")
    folder = Path(source.dataset).expanduser()
    try:
        if (folder / "state.json").is_file() or (folder / "dataset_dict.json").is_file():
            return _saved(datasets.load_from_disk(str(folder)), source, origin)
        return datasets.load_dataset(
            str(folder) if folder.is_dir() else source.dataset,
            split=source.split,
            revision=source.revision,
            token=token,
            cache_dir=str(settings().home_path / "cache" / "hub"),
        )
    except (DatasetsError, FileNotFoundError) as error:
        raise UserInputError(f"{origin} cannot be loaded: {error}. Check its id, revision and token") from None
    except OSError as error:
        raise StorageError(
            f"{origin} cannot be fetched: {error}. Check the spelling and the network; without a network, "
            f"{origin.section}.dataset can be a local folder"
        ) from None
    except (ValueError, RuntimeError) as error:  # unknown splits, damaged files, and datasets that want to run code
        if isinstance(error, UserInputError):
            raise
        raise UserInputError(f"{origin} cannot be loaded: {error}") from None


def _saved(content: Any, source: HubSource, origin: Origin) -> Any:
    """The split of a saved DatasetDict; a saved single Dataset is taken whole."""
    if not isinstance(content, dict):
        return content
    if source.split not in content:
        raise UserInputError(f"{origin} has no split {source.split!r}; it has {', '.join(map(repr, content))}")
    return content[source.split]


def _class_name(number: str | None, names: list[str]) -> str | None:
    """The class's name; datasets write -1 where a row has no label."""
    return None if number is None or int(number) < 0 else names[int(number)]
