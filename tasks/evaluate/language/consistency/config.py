"""The part `consistency` of the section `evaluation`: how often, and how freely, a language model answers again."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from tasks.section import Section


class SamplingSetting(Section):
    """How the tokens of an answer are drawn."""

    temperature: float = Field(default=0.7, gt=0, allow_inf_nan=False)
    """Above 0, or every answer would be the same; the higher, the freer."""
    top_k: int = Field(default=0, ge=0)
    """Only the likeliest `top_k` tokens are drawn from; 0 is all."""
    top_p: float = Field(default=1.0, gt=0, le=1)
    """Only the likeliest tokens that have this probability together are drawn from."""

    @property
    def name(self) -> str:
        """The setting as figures and plots name it, such as `t0.7_k40`."""
        more = (f"_k{self.top_k}" if self.top_k else "", f"_p{self.top_p:g}" if self.top_p < 1 else "")
        return f"t{self.temperature:g}{''.join(more)}"


class ConsistencyConfig(Section):
    """A language model answers the same prompt several times: how far its answers agree with one another."""

    rows: int = Field(default=50, ge=1)
    """Holdout rows drawn by the seed; all where there are fewer."""
    samples: int = Field(default=5, ge=2)
    """Answers to each prompt at each setting; each is compared with each other one."""
    settings: tuple[SamplingSetting, ...] = Field(
        default=(
            SamplingSetting(temperature=0.3),
            SamplingSetting(temperature=0.7),
            SamplingSetting(temperature=1.0),
            SamplingSetting(temperature=0.7, top_k=40),
            SamplingSetting(temperature=0.7, top_p=0.9),
        ),
        min_length=1,
    )
    """How answers are drawn. The gate looks at the setting with the least agreement, so name those that you serve
    with: rows x samples x settings answers are written."""

    @model_validator(mode="after")
    def _each_setting_once(self) -> Self:
        names = [setting.name for setting in self.settings]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the setting {twice[0]} is named twice: name each once")
        return self
