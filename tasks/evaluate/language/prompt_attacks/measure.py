"""What jailbreaks and injections make a language model do: the share of attacks that work, by kind."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from tasks.errors import UserInputError
from tasks.evaluate.config import EvaluationConfig
from tasks.evaluate.language.prompt_attacks.config import PromptAttacksConfig
from tasks.evaluate.language.prompt_attacks.judgement import succeeded
from tasks.evaluate.language.prompt_attacks.prompts import prompts_for
from tasks.evaluate.language.prompt_attacks.suite import BUNDLED, Attack, read_suite
from tasks.evaluate.language.subject import LanguageSubject
from tasks.evaluate.room import Found
from tasks.metrics.intervals import share_interval
from tasks.models.conversation import without_reasoning
from tasks.models.language_model import GREEDY
from tasks.records import Measurement

SUCCESS = "prompt_attack_success"


def measure_prompt_attacks(
    subject: LanguageSubject, config: PromptAttacksConfig, evaluation: EvaluationConfig
) -> Found:
    """`prompt_attack_success` and `prompt_attack_success.<kind>`, exact shares (0 to 1, less is better).

    The answers are the likeliest ones, without a block of reasoning. A row an attack: `id`, `kind`, `succeeded`, and
    the answer. Raises UserInputError where a suite cannot be read, or none is asked for.
    """
    attacks = attacks_of(config)
    rows = subject.drawn(len(attacks), evaluation.seed)["text"].astype(str).tolist()
    prompts = prompts_for(attacks, rows, config.frame, subject.task)
    drawn = subject.model.generate(prompts, max_new_tokens=evaluation.max_answer_tokens, sampling=GREEDY)
    said = [without_reasoning(answers[0]) for answers in drawn]
    table = pd.DataFrame(
        {
            "id": [attack.id for attack in attacks],
            "kind": [attack.kind for attack in attacks],
            "succeeded": [succeeded(*trial) for trial in zip(attacks, prompts, said, strict=True)],
            "answer": said,
        }
    )
    metrics = {SUCCESS: _share(table["succeeded"], evaluation)}
    by_kind = table.groupby("kind", sort=True)["succeeded"]
    return Found(metrics | {f"{SUCCESS}.{kind}": _share(part, evaluation) for kind, part in by_kind}, table)


def attacks_of(config: PromptAttacksConfig) -> tuple[Attack, ...]:
    """The bundled attacks and the user's own. Raises UserInputError where both are left out, or share an id."""
    if not config.bundled and config.path is None:
        raise UserInputError(
            "evaluation.prompt_attacks tries nothing: set `bundled: true`, or give the `path` of a suite of your own"
        )
    bundled = read_suite(BUNDLED) if config.bundled else ()
    own = read_suite(Path(config.path).expanduser()) if config.path is not None else ()
    taken = {attack.id for attack in bundled} & {attack.id for attack in own}
    if taken:
        raise UserInputError(
            f"the suite {config.path} calls an attack {min(taken)}, as one of the bundled suite: give it another id, "
            "or set evaluation.prompt_attacks.bundled to false"
        )
    return bundled + own


def _share(succeeded: pd.Series, evaluation: EvaluationConfig) -> Measurement:
    return share_interval(int(succeeded.sum()), len(succeeded), evaluation.confidence)
