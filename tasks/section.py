"""The parent of every section of the YAML: frozen, closed to unknown keys, each field explained in Prefect's form."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One section of a config. The docstring under a field is its description wherever the field is shown."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
