"""A misspelt setting is answered with the one that was meant, also inside unions."""

from __future__ import annotations

import pytest

from flows.config import DeploymentConfig
from flows.suggestions import nearest_name


@pytest.mark.parametrize(
    ("place", "meant"),
    [
        (("trainning",), "training"),
        (("training", "epoch"), "epochs"),
        (("training", "technique", "lora", "rnk"), "rank"),
        (("data", "holdout", "s3", "url"), "uri"),
        (("gates", "latency", "p99_milliseconds"), "max_p99_milliseconds"),
        (("zzz",), None),
    ],
)
def test_the_nearest_setting_of_the_same_section_is_suggested(place: tuple[str, ...], meant: str | None) -> None:
    assert nearest_name(DeploymentConfig, place) == meant
