"""The section `export` of the YAML: the form in which a model is served."""

from __future__ import annotations

from pydantic import Field

from tasks.models.info import Precision
from tasks.section import Section


class ExportConfig(Section):
    """The form in which a model is served: ONNX for a classifier, for a language model its merged safetensors."""

    precision: Precision = "float32"
    """What a classifier's graph calculates with. `int8` is a quarter of the size and two to three times as fast on
    a CPU; whether its answers are still the trained network's is for the gate `parity` to say."""
    max_difference: float = Field(default=1e-3, gt=0)
    """Largest allowed difference between the trained and the served form: of a classifier's logit, and of the log
    probability, in nats a token, that a language model gives to an answer. A graph is compared before it is rounded."""
