"""The section `export` of the YAML: the form in which a model is served."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class ExportConfig(Section):
    """The form in which a model is served: ONNX."""

    max_difference: float = Field(default=1e-3, gt=0)
    """Largest allowed difference of a logit between the trained and the exported model."""
