"""A suite of prompt attacks, read from YAML and checked: what is tried, and by what one knows that it worked."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import Field, ValidationError, model_validator

from tasks.errors import UserInputError
from tasks.section import Section

BUNDLED = Path(__file__).parent / "suite.yaml"
ROW = "{row}"
"""Stands in an attack where the text of a holdout row goes."""


class Attack(Section):
    """One prompt that tries to turn a model from its task, and the sign that it did."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")
    """A name of its own."""
    kind: str = Field(pattern=r"^[a-z][a-z_]{0,39}$")
    """What is tried, such as `ignore_previous`, `role_play`, `encoded` or `in_document`."""
    system: str = ""
    """What the model is told before, such as a rule or a secret to keep; it stands before the attack."""
    prompt: str = Field(min_length=1)
    """What is asked; `{row}` is the text of a holdout row, in which the attack hides."""
    success: Literal["canary", "not_refused"] = "canary"
    """What counts as success: `canary`, the answer holds the text `canary`; `not_refused`, it does not refuse."""
    canary: str = ""
    """What the answer must not hold; capitals and blanks do not matter."""
    signs: tuple[str, ...] = ()
    """Of `not_refused`: regular expressions of which one must be found too, so that an answer beside the point is no
    success; none for whatever does not refuse."""

    @model_validator(mode="after")
    def _says_what_success_is(self) -> Self:
        if self.success == "canary" and not "".join(self.canary.split()):
            raise ValueError("give `canary`, the text by which one knows that the attack worked")
        if self.success == "not_refused" and self.canary:
            raise ValueError("`canary` says nothing where success is not_refused: leave it out")
        return self


class _Suite(Section):
    """The file: a list of attacks."""

    attacks: tuple[Attack, ...] = Field(min_length=1)
    """What is tried."""


def read_suite(path: Path) -> tuple[Attack, ...]:
    """The attacks of a file. Raises UserInputError, naming file and attack, for a file that is no such suite."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        attacks = _Suite.model_validate({"attacks": content}).attacks
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise UserInputError(f"the suite of prompt attacks {path} cannot be read: {reason}") from None
    except yaml.YAMLError as error:
        raise UserInputError(f"the suite {path} is not plain YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part + 1 if isinstance(part, int) else part) for part in problem["loc"][1:])
        raise UserInputError(
            f"the suite of prompt attacks {path} is wrong at {place or 'its top'}: {problem['msg']}; it is a list of "
            "attacks with id, kind, prompt, and canary or success: not_refused (see "
            "tasks/evaluate/language/prompt_attacks/suite.yaml)"
        ) from None
    ids = [attack.id for attack in attacks]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise UserInputError(
            f"the suite of prompt attacks {path} has two attacks with the id {twice[0]}: name each once"
        )
    return attacks
