"""The reference of a release: what its model predicted on the holdout that it was judged on."""

from __future__ import annotations

import json
from collections import Counter

from tasks.errors import CorruptArtefact
from tasks.records import Artefact, Release
from tasks.store import fetch_whole


def reference_predictions(in_force: Release) -> Counter[str]:
    """How often each label was predicted on the holdout, from the report that the release's verdict names.

    Raises CorruptArtefact where the verdict or its report is not whole, or does not hold what it should.
    """
    import pandas as pd

    verdict = fetch_whole(Artefact(uri=in_force.verdict_uri, digest=in_force.verdict_digest)) / "verdict.json"
    try:
        content = json.loads(verdict.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CorruptArtefact(f"{verdict} cannot be read as a verdict: {error}") from None
    uri = content.get("report_uri") if isinstance(content, dict) else None
    if not isinstance(uri, str):
        raise CorruptArtefact(
            f"{verdict} names no report (report_uri), so release {in_force.number} of {in_force.model} has nothing "
            "to compare its traffic with: judge the model again with python -m flows.retrain"
        )
    predictions = fetch_whole(Artefact(uri=uri, digest=uri.rstrip("/").rsplit("/", 1)[-1])) / "predictions.parquet"
    try:
        predicted = pd.read_parquet(predictions, columns=["predicted"])["predicted"]
    except (OSError, ValueError, KeyError) as error:
        raise CorruptArtefact(f"{predictions} cannot be read as predictions: {error}") from None
    if predicted.empty:
        raise CorruptArtefact(f"{predictions} holds no prediction")
    return Counter({str(label): int(count) for label, count in predicted.value_counts().items()})
