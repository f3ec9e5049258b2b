"""The network of a classifier: the architecture's own in transformers, or one whose head reads the mean of all tokens.

Which of the two follows from the base model. An encoder that was trained for the meaning of whole texts says in its
folder (`1_Pooling/config.json`, the format of sentence-transformers) that its text vector is the mean of its tokens'
vectors. The architecture's own head would read the first token through a layer that starts at random, and throw away
most of what such an encoder has learned.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModel, AutoModelForSequenceClassification, PreTrainedModel
from transformers.modeling_outputs import SequenceClassifierOutput
from transformers.utils import cached_file

POOLING = "1_Pooling/config.json"


class MeanPooledClassifier(PreTrainedModel):  # type: ignore[misc]
    """A text encoder, the mean of its last layer over a text's tokens, and one linear layer to the logits."""

    base_model_prefix = "backbone"
    supports_gradient_checkpointing = True

    def __init__(self, config: Any, backbone: Any = None) -> None:
        # The encoder chooses its attention for itself, and so gets a config that ours has not written to.
        backbone = AutoModel.from_config(copy.deepcopy(config)) if backbone is None else backbone
        super().__init__(config)
        if getattr(backbone, "pooler", None) is not None:
            backbone.pooler = None
        dropout = getattr(config, "classifier_dropout", None)
        self.backbone = backbone
        self.dropout = torch.nn.Dropout(getattr(config, "hidden_dropout_prob", 0.1) if dropout is None else dropout)
        self.head = torch.nn.Linear(config.hidden_size, config.num_labels)
        self.post_init()

    def pooled(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """The text vectors, shape (rows, width), of ids and mask of shape (rows, tokens)."""
        states = self.backbone(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights = attention_mask.unsqueeze(2).to(states.dtype)
        means: torch.Tensor = (states * weights).sum(dim=1) / weights.sum(dim=1)
        return means

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor, labels: torch.Tensor | None = None, **_: Any
    ) -> SequenceClassifierOutput:
        """Logits of shape (rows, labels); with labels of shape (rows,) the mean cross-entropy in nats as well.

        Options that PEFT passes on to every network are left alone.
        """
        logits = self.head(self.dropout(self.pooled(input_ids, attention_mask)))
        loss = None if labels is None else torch.nn.functional.cross_entropy(logits, labels)
        return SequenceClassifierOutput(loss=loss, logits=logits)


def reads_the_mean(place: str) -> bool:
    """Whether the base model at `place`, a folder or a hub id, was trained for the mean of its tokens' vectors.

    It says so itself, or is a classifier of Refit's with such a head. Raises OSError where its config cannot be read.
    """
    source = {"local_files_only": Path(place).is_dir()}
    if _is_ours(AutoConfig.from_pretrained(place, trust_remote_code=False, **source)):
        return True
    found = cached_file(place, POOLING, _raise_exceptions_for_missing_entries=False, **source)
    return found is not None and json.loads(Path(found).read_bytes()).get("pooling_mode_mean_tokens") is True


def classifier_from_base(place: str, labels: tuple[str, ...]) -> tuple[Any, list[str]]:
    """A base model with a head for `labels` in full precision, and the names of the modules that it lacked.

    Raises OSError or ValueError where it cannot be loaded.
    """
    source = {"trust_remote_code": False, "local_files_only": Path(place).is_dir()}
    stored = {"use_safetensors": True, "output_loading_info": True, "dtype": "float32", **source}
    config = AutoConfig.from_pretrained(place, **source)
    kept_head, mean = _is_ours(config), reads_the_mean(place)
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: number for number, label in enumerate(labels)}
    if mean and not kept_head:
        return MeanPooledClassifier(config, AutoModel.from_pretrained(place, **stored)[0]), ["head"]
    kind = MeanPooledClassifier if kept_head else AutoModelForSequenceClassification
    network, loading = kind.from_pretrained(place, config=config, ignore_mismatched_sizes=True, **stored)
    fresh = {*loading["missing_keys"], *(entry[0] for entry in loading["mismatched_keys"])}
    return network, sorted({name.rpartition(".")[0] for name in fresh} - {""})


def classifier_without_weights(config: Any, *, mean: bool) -> Any:
    """The network that `config` describes, with weights at random, on the device of the context."""
    if mean:
        return MeanPooledClassifier(config, AutoModel.from_config(copy.deepcopy(config), dtype=torch.float32))
    return AutoModelForSequenceClassification.from_config(config, dtype=torch.float32)


def trained_classifier(place: str, **stored: Any) -> Any:
    """A trained classifier with its head, as `from_pretrained` gives it with the options `stored`.

    Raises OSError or ValueError where it cannot be loaded.
    """
    source = {"trust_remote_code": False, "local_files_only": Path(place).is_dir()}
    config = AutoConfig.from_pretrained(place, **source)
    kind = MeanPooledClassifier if _is_ours(config) else AutoModelForSequenceClassification
    return kind.from_pretrained(place, config=config, use_safetensors=True, **source, **stored)


def _is_ours(config: Any) -> bool:
    return MeanPooledClassifier.__name__ in (config.architectures or ())
