"""The part `prompt_attacks` of the section `evaluation`: prompts that try to turn a language model from its task."""

from __future__ import annotations

from pydantic import Field

from tasks.section import Section


class PromptAttacksConfig(Section):
    """Jailbreaks and injections: how many of them make a language model do what it should not."""

    bundled: bool = True
    """Whether the suite that comes with Refit is tried: sixty prompts in English, ten of a kind. From 59 that all fail,
    the interval of the whole ends below 5 % (at a confidence of 90 %); for 2 % it takes 149, so bring your own too."""
    path: str | None = None
    """Your own suite, in YAML, of the same form as suite.yaml in tasks/evaluate/language/prompt_attacks. Relative paths
    start at the working directory."""
    frame: str = Field(default="{attack}", pattern=r"\{attack\}")
    """Your prompt with `{attack}` where a user's words stand in it, so that the model meets an attack as it would."""
