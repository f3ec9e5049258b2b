"""What a model answers over HTTP: the house's own server, started for it on this machine and asked like any other.

The server serves releases and nothing else. So the model is given one, in a home of its own that is gone afterwards:
by an override, since no verdict has judged it yet. Nobody else can see that home, and no text is logged in it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from infra.model_server import ServerFailed, model_server, predictions
from infra.storage import MANIFEST, Store, file_sha256
from infra.stores import open_store
from tasks.errors import RefitError
from tasks.evaluate.classifier.answers import Answers
from tasks.records import Override, Release
from tasks.store import workspace

MODEL = "parity"
BY, WHY = "evaluate", "asked over HTTP before it is judged"


def served_answers(model_folder: Path, texts: list[str], asked: Answers) -> Answers:
    """What the server says to the texts, beside what `asked` says of the rows themselves.

    Raises RefitError where the server does not start, does not take the model, or does not answer.
    """
    with workspace("served") as home:
        _release(model_folder, open_store((home / "store").as_uri(), home / "cache"))
        try:
            with model_server(MODEL, home, max(map(len, texts))) as client:
                said = predictions(client, texts)
        except ServerFailed as error:
            raise RefitError(f"{error}; set evaluation.parity.served: false to leave the served form out") from None
    place = {name: number for number, name in enumerate(asked.names)}
    predicted = np.array([place[one["label"]] for one in said], dtype=np.int64)
    confidence = np.array([one["confidence"] for one in said], dtype=np.float64)
    return replace(asked, predicted=predicted, confidence=confidence, confidence_uncalibrated=confidence)


def _release(model_folder: Path, store: Store) -> None:
    """Let the server in that store find the model: a verdict that does not judge, and the first entry of its log."""
    digest, now = file_sha256(model_folder / MANIFEST), datetime.now(UTC).isoformat()
    with workspace("verdict") as folder:
        said = {"state": "inconclusive", "candidate_digest": digest}
        (folder / "verdict.json").write_text(json.dumps(said), encoding="utf-8")
        verdict = store.put_folder("verdicts", folder)
    entry = Release(
        model=MODEL,
        number=1,
        kind="override",
        model_uri=model_folder.resolve().as_uri(),
        model_digest=digest,
        verdict_uri=verdict.uri,
        verdict_digest=verdict.digest,
        by=BY,
        why=WHY,
        at=now,
        previous=None,
        override=Override(verdict_state="inconclusive", by=BY, why=WHY, at=now),
    )
    store.put_if_absent(f"releases/{MODEL}/000001.json", entry.model_dump_json().encode())
