"""What a dataset is rejected with, and where its evidence is."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlparse

import pytest

from tasks.errors import DataRejected
from tasks.validate.checked import check_dataset
from tasks.validate.config import ValidationConfig
from tests.tasks.pii.made_up_rows import Cells, dataset

CONFIG = ValidationConfig()


def rejection(config: ValidationConfig = CONFIG, **splits: Iterable[Cells]) -> tuple[str, Path]:
    """The message of the rejection that the splits meet with, and the folder of its evidence."""
    with pytest.raises(DataRejected) as caught:
        check_dataset(dataset(**splits), config)
    assert caught.value.exit_code == 3
    assert caught.value.report_uri is not None
    return str(caught.value), Path(urlparse(caught.value.report_uri).path)
