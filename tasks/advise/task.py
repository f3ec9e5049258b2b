"""The door of the stage `advise`: say what the rows are good for before anything is trained."""

from __future__ import annotations

from tasks.advise.config import AdviceConfig
from tasks.models.bundled import base_model_digest
from tasks.records import Advice, DatasetRef
from tasks.stage import stage


def summary(advice: Advice) -> str:
    """Whether the rows suit the technique, and what twice as many would bring, in one line."""
    now, twice = advice.expected_accuracy.get("1x"), advice.expected_accuracy.get("2x")
    state = advice.state.replace("_", " ")
    if now is None or twice is None:
        return f"the rows: {state}"
    return f"the rows: {state}; a probe learns {now.value:.1%} from them, and from twice as many {twice.value:.1%}"


@stage(reuse=True, also=lambda inputs: base_model_digest(inputs["base_model"]), says=summary)
def advise(dataset: DatasetRef, base_model: str, technique: str, config: AdviceConfig) -> Advice:
    """Whether the rows suit the technique, and what more would bring. Raises DataRejected only if told to stop."""
    from tasks.advise.advice import advice_on

    return advice_on(dataset, base_model, technique, config)
