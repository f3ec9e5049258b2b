"""What a training process holds before the network counts: Python, libraries and what they set up, measured here.

Libraries load much of themselves at the first step, so a network of a few thousand parameters is trained for two steps
first; what the process then holds is what any training begins with.
"""

from __future__ import annotations

import importlib
import tempfile
from dataclasses import replace
from pathlib import Path

from tasks.train.config import TrainingConfig
from tasks.train.estimate.material import Material
from tasks.train.estimate.resident import resident_bytes
from tasks.train.technique_kinds import ADAPTERS

IMPORTED_LATE = ("codecarbon.core.cpu", "matplotlib.backends.backend_agg", "scipy.optimize")
"""What a training imports while it measures energy, draws its curves and fits the temperature."""


def runtime_of(material: Material) -> int:
    """Bytes of this process once it has done what a training does, rows included, on a network of next to nothing."""
    config = material.plan.config
    with_adapters = ("peft",) if config.technique.kind in ADAPTERS else ()
    for name in (*IMPORTED_LATE, *with_adapters):
        importlib.import_module(name)
    return _with_answers(material) if material.works else _with_labels(material, config)


def _with_labels(material: Material, config: TrainingConfig) -> int:
    from transformers import BertConfig, BertForSequenceClassification

    from tasks.train.classifier.examples import Collator, read_examples
    from tasks.train.classifier.learning import LengthGroupedTrainer, training_arguments

    plan = material.plan
    kept = [
        read_examples(plan.dataset_folder, split, plan.labels, material.tokenizer) for split in ("train", "validation")
    ]
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 16}
    network = BertForSequenceClassification(BertConfig(vocab_size=16, max_position_embeddings=16, **shape))
    rows = [{"input_ids": [1, 2, 3, 4], "labels": 0}] * 8
    with tempfile.TemporaryDirectory() as folder:
        arguments = training_arguments(Path(folder), config, steps=2)
        LengthGroupedTrainer(model=network, args=arguments, train_dataset=rows, data_collator=Collator(0)).train()
    return resident_bytes() if kept else 0


def _with_answers(material: Material) -> int:
    from tasks.train.language.sft import make_trainer
    from tasks.train.stage_kinds import SftStage

    with tempfile.TemporaryDirectory(dir=material.folder) as place:
        trainer = make_trainer(replace(material.works[0], folder=Path(place), stage=SftStage()), steps=2)
        trainer.train()
        trainer.hook.remove()
    return resident_bytes()
