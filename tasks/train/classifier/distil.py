"""The stage `distil` of a classifier: a student learns a teacher's logits, or its labels, beside the rows' own labels.

The teacher reads every training row once, before the training begins, with its own tokenizer; what it says is kept in
the run's folder. Sources: Hinton, Vinyals and Dean, "Distilling the knowledge in a neural network" (arXiv:1503.02531).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from tasks.errors import UserInputError
from tasks.models.bundled import ALLOWED, base_model_digest, resolve_base_model
from tasks.models.tokens import length_sorted_batches, pad
from tasks.train.classifier.examples import Collator, Example
from tasks.train.plan import RunPlan
from tasks.train.stage_kinds import ClassifyStage, DistilStage
from tasks.train.steering import Tell

Logits = npt.NDArray[np.float32]

TEACHER = "teacher"
"""Key of the teacher's logits in an example and in a batch."""
FILE = "teacher-logits.safetensors"
SETTING = "training.stages: the teacher of the stage distil"
BATCH = 64


def only_stage(plan: RunPlan) -> ClassifyStage | DistilStage:
    """The one stage of a classifier. Raises UserInputError where there are more, or another."""
    stages = plan.config.stages_for(plan.task)
    if len(stages) == 1 and isinstance(stages[0], ClassifyStage | DistilStage):
        return stages[0]
    raise UserInputError(
        f"training.stages names {', '.join(stage.kind for stage in stages)}, but a classifier is taught in one stage: "
        "classify, or distil, which learns from the rows' labels as well (see its `share`)"
    )


def add_teacher(examples: list[Example], folder: Path, plan: RunPlan, stage: DistilStage, tell: Tell) -> None:
    """Give each training example the teacher's logits, shape (labels,), in the order of the plan's labels.

    They are computed once and kept in `folder`. Raises UserInputError for a teacher that cannot be loaded or has other
    labels.
    """
    digest = base_model_digest(stage.teacher)
    logits = _kept(folder / FILE, digest, len(examples))
    if logits is None:
        tell("note", message=f"the teacher {stage.teacher} reads {len(examples)} training rows")
        rows = pd.read_parquet(plan.dataset_folder / "train.parquet", columns=["text", "label"])
        logits = teacher_logits(stage.teacher, plan.labels, rows["text"].tolist())
        aside = folder / f"{FILE}.incoming"
        save_file({TEACHER: logits}, aside, metadata={TEACHER: digest})
        aside.rename(folder / FILE)
        right = float((np.array(plan.labels)[logits.argmax(axis=1)] == rows["label"].to_numpy(dtype=str)).mean())
        tell("note", message=f"the teacher agrees with the labels of {right:.1%} of the training rows")
    for example, row in zip(examples, logits, strict=True):
        example[TEACHER] = row


def teacher_logits(teacher: str, labels: tuple[str, ...], texts: list[str]) -> Logits:
    """The teacher's logits of shape (texts, labels), in the order of `labels`; on the GPU where there is one.

    Raises UserInputError for a teacher that cannot be loaded or has other labels.
    """
    from transformers import AutoTokenizer
    from transformers.utils.logging import disable_progress_bar

    from tasks.models.classifier_network import trained_classifier

    disable_progress_bar()
    place = resolve_base_model(teacher, SETTING)
    source: dict[str, Any] = {"trust_remote_code": False, "local_files_only": Path(place).is_dir()}
    try:
        tokenizer = AutoTokenizer.from_pretrained(place, use_fast=True, **source)
        network, found = trained_classifier(place, output_loading_info=True, dtype="float32")
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise UserInputError(
            f"the teacher {teacher!r} cannot be loaded as a classifier: {reason}; {ALLOWED}"
        ) from error
    columns = _columns(teacher, network.config.id2label, labels, found["missing_keys"])
    limit = getattr(network.config, "max_position_embeddings", None) or tokenizer.model_max_length
    ids = tokenizer(texts, truncation=True, max_length=min(limit, tokenizer.model_max_length))["input_ids"]
    network.eval().to("cuda" if torch.cuda.is_available() else "cpu")
    pad_id = network.config.pad_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    logits = np.empty((len(texts), len(columns)), dtype=np.float32)
    with torch.inference_mode():
        for batch in length_sorted_batches(ids, BATCH):
            tensors = [torch.from_numpy(part).to(network.device) for part in pad([ids[i] for i in batch], pad_id or 0)]
            output = network(input_ids=tensors[0], attention_mask=tensors[1])
            logits[batch] = output.logits.float().cpu().numpy()[:, columns]
    return logits


def distilled(
    logits: torch.Tensor, teacher: torch.Tensor, own: torch.Tensor, stage: ClassifyStage | DistilStage
) -> torch.Tensor:
    """The loss of each row, shape (rows,): `share` of it the teacher's, the rest `own`, the loss of the row's label.

    The teacher's is T^2 KL(teacher || student) of the softened distributions (arXiv:1503.02531, section 2), or for
    `sequence` the cross-entropy of the label that the teacher gives. `logits` and `teacher` are (rows, labels). A stage
    without a teacher has `own` alone.
    """
    from torch.nn.functional import cross_entropy, kl_div, log_softmax

    if not isinstance(stage, DistilStage):
        return own
    if stage.level == "sequence":
        taught = cross_entropy(logits, teacher.argmax(dim=1), reduction="none")
    else:
        ours, theirs = (log_softmax(side.float() / stage.temperature, dim=1) for side in (logits, teacher))
        taught = stage.temperature**2 * kl_div(ours, theirs, reduction="none", log_target=True).sum(dim=1)
    return stage.share * taught + (1 - stage.share) * own


@dataclass(frozen=True)
class TeacherCollator(Collator):
    """A batch with the teacher's logits, of shape (rows, labels), where its examples have some."""

    def __call__(self, batch: list[Example]) -> dict[str, torch.Tensor]:
        tensors = super().__call__(batch)
        if TEACHER in batch[0]:
            tensors[TEACHER] = torch.from_numpy(np.stack([example[TEACHER] for example in batch]))
        return tensors


def _columns(teacher: str, names: dict[int, str], labels: tuple[str, ...], missing: Any) -> list[int]:
    """Where in the teacher's logits each label stands."""
    if missing:
        raise UserInputError(
            f"the teacher {teacher!r} is no trained classifier: it lacks the weights {', '.join(sorted(missing)[:3])}; "
            "give the folder of a model that was trained on the same labels"
        )
    place = {name: number for number, name in names.items()}
    if place.keys() != set(labels):
        lacking, more = sorted(set(labels) - place.keys()), sorted(place.keys() - set(labels))
        raise UserInputError(
            f"the teacher {teacher!r} has other labels than the training rows: it lacks {_some(lacking)} and has "
            f"{_some(more)} besides; a teacher must have the same {len(labels)} labels"
        )
    return [place[label] for label in labels]


def _some(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown or "none"


def _kept(path: Path, digest: str, rows: int) -> Logits | None:
    """The logits that were computed before by this very teacher; None where there are none."""
    if not path.is_file():
        return None
    try:
        with safe_open(path, "numpy") as file:
            logits: Logits = file.get_tensor(TEACHER)
            same = (file.metadata() or {}).get(TEACHER) == digest and len(logits) == rows
    except SafetensorError:
        return None
    return logits if same else None
