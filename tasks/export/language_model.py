"""A language model's served form is the folder that training left, merged safetensors: what is added is the proof.

The folder is loaded anew, as whoever serves it does, and asked about answers of the validation split, twice: a whole
batch at once, as when it is measured, and one row at a time. Both must agree with each other, and with what the trained
network said before it was stored (`answers.json`, where training left it).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tasks.errors import CorruptArtefact, RefitError, UserInputError
from tasks.export.config import ExportConfig
from tasks.models.answer_probe import mean_log_probabilities, probe_rows, read_probe
from tasks.models.language_model import LanguageModel

WEIGHTS = "*.safetensors"


def check_language_model(folder: Path, dataset_folder: Path, config: ExportConfig) -> dict[str, float]:
    """The figures of the served form: bytes of its weights, and the largest difference in nats a token.

    Raises RefitError where the difference is above `config.max_difference`, or is not a number; CorruptArtefact where
    the folder cannot be loaded, or was probed on other rows; UserInputError for a precision that it cannot have.
    """
    if config.precision != "float32":
        raise UserInputError(
            f"export.precision is {config.precision}, which is for a classifier's graph: leave it out, and train the "
            "language model with training.quantisation_aware, which stores a rounded form beside it"
        )
    rows, trained = probe_rows(dataset_folder), read_probe(folder)
    if rows.empty:
        raise RefitError(f"{dataset_folder} has no answered row in its splits validation and train to check a model on")
    model = LanguageModel.load(folder)
    together = mean_log_probabilities(model, rows)
    differences = {"in a batch and alone": np.abs(together - mean_log_probabilities(model, rows, batch_size=1)).max()}
    if trained is not None:
        if set(trained) != set(rows["id"]):
            raise CorruptArtefact(f"{folder} was probed on other rows than those of its dataset: train it again")
        expected = np.array([trained[row] for row in rows["id"]])
        differences["as trained and as stored"] = np.abs(together - expected).max()
    for how, difference in differences.items():
        if not difference <= config.max_difference:
            raise RefitError(
                f"the language model gives an answer another log probability {how}: they differ by {difference:.2g} "
                f"nats a token, over {len(rows)} answers; allowed is {config.max_difference:.2g} "
                "(export.max_difference)"
            )
    size = sum(path.stat().st_size for path in folder.glob(WEIGHTS))
    return {"model_bytes": float(size), "export_difference": float(max(differences.values()))}
