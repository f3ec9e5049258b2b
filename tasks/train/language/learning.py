"""The training of a language model, in the training process: its stages in order, on the same parameters, resumable."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from transformers import set_seed

from tasks.models.answer_probe import probe_rows, write_probe
from tasks.models.info import ModelInfo
from tasks.models.language_model import LanguageModel
from tasks.models.rounded_language_model import FOLDER
from tasks.models.token_choices import rows_to_ask, token_choices, write_token_choices
from tasks.train.checkpoints import is_whole, seal
from tasks.train.history import Log
from tasks.train.language.network import LanguageBase, load_language_model
from tasks.train.language.outcome import StageLog, figures_of, info_of, mean_cross_entropy, write_outcome
from tasks.train.language.packing import PaddingCollator
from tasks.train.language.preflight import learns_answers, preflight
from tasks.train.language.sft import read_examples
from tasks.train.language.work import StageWork
from tasks.train.plan import RunPlan
from tasks.train.ranks import is_first, wait_for_all
from tasks.train.sharding import to_be_trained
from tasks.train.steering import Tell, load_weights, own_names
from tasks.train.techniques.apply import apply_technique, check_recomputation, check_together, merge_adapters
from tasks.train.techniques.quantisation_aware import convert_and_measure, prepare, unprepare

COLUMNS = ["id", "text", "answer", "rejected"]
DONE = "done"
LOG = "log.json"
ONE_FILE = "1000GB"
ROUTED_ROWS = 8


def learn(folder: Path, tell: Tell) -> dict[str, float]:
    """Train as `folder/run.json` says, write the model to `folder/model`, and return the figures of its making.

    A stage that is done is not trained again; the one that was interrupted goes on from its newest whole checkpoint.
    Raises UserInputError for what the user must mend.
    """
    plan = RunPlan.read(folder)
    check_together(plan.config.technique, plan.config.quantisation_aware)
    set_seed(plan.config.seed)
    base = load_language_model(plan)
    check_recomputation(base.network, plan.config.activation_checkpointing)
    works = works_of(folder, plan, base, tell)
    preflight(works, folder / "report")
    network = make_trainable(base.network, works[0])
    trainable = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    stages = [StageLog(work.stage.kind, finished(work.on(network))) for work in works]
    wait_for_all()
    preferred = _preferred(plan, stages, network, base.tokenizer) if is_first() else {}
    merged = merge_adapters(network)
    if plan.config.quantisation_aware:
        unprepare(merged)
    else:
        store_as(merged, base.stored)
    figures = finish(folder, plan, works, merged, stages)
    if is_first():
        write_token_choices(folder / "model", preferred)
    return figures | {"trainable_parameters": float(trainable)}


def _preferred(plan: RunPlan, stages: list[StageLog], network: Any, tokenizer: Any) -> dict[str, list[int]]:
    """What the network prefers before its adapters are merged, for the forms that come of it to be held to."""
    rows = rows_to_ask(plan.dataset_folder)
    return token_choices(LanguageModel(network, tokenizer, info_of(plan, stages)), rows) if len(rows) else {}


def store_as(network: Any, stored: torch.dtype) -> None:
    """Give the parameters the base model's type; buffers (rotary frequencies, say) are made anew when it is loaded."""
    for parameter in network.parameters():
        parameter.data = parameter.data.to(stored)


def works_of(folder: Path, plan: RunPlan, base: LanguageBase, tell: Tell) -> list[StageWork]:
    """The work of each stage, in order; all share the rows."""
    rows = {split: read_rows(plan, split) for split in ("train", "validation")}
    shared: dict[tuple[str, str], Any] = {}
    return [
        StageWork(
            folder=folder / "stages" / f"{number}-{stage.kind}",
            plan=plan,
            stage=stage,
            network=base.network,
            tokenizer=base.tokenizer,
            rows=rows,
            tell=tell,
            tokenised=shared,
        )
        for number, stage in enumerate(plan.config.stages_for(plan.task))
    ]


def read_rows(plan: RunPlan, split: str) -> pd.DataFrame:
    """The rows of a split with `id`, `text`, `answer` and `rejected`; none where the dataset has no such split."""
    path = plan.dataset_folder / f"{split}.parquet"
    return pd.read_parquet(path, columns=COLUMNS) if path.is_file() else pd.DataFrame(columns=COLUMNS)


def make_trainable(network: Any, work: StageWork) -> Any:
    """The network with the plan's technique laid on, once for all stages."""
    config = work.plan.config
    if config.quantisation_aware:
        prepare(network, config.quantisation_aware, [])
    return apply_technique(network, config.technique, [], _tokens_of(work))


def _tokens_of(work: StageWork) -> Iterator[dict[str, Any]]:
    """Training rows as padded batches of token ids, tokenised only when somebody asks."""
    examples = read_examples(work, "train")
    collate = PaddingCollator(work.tokenizer.pad_token_id)
    for start in range(0, len(examples), ROUTED_ROWS):
        batch = collate([{"input_ids": one.ids, "labels": one.ids} for one in examples[start : start + ROUTED_ROWS]])
        yield {name: batch[name] for name in ("input_ids", "attention_mask")}


def finished(work: StageWork) -> Log:
    """The log of a stage, whose weights are in the network afterwards: read where the stage is done, else trained."""
    done = work.folder / DONE
    log: Log
    if is_whole(done):
        log = json.loads((done / LOG).read_text(encoding="utf-8"))
        if work.stage.kind != "reward":
            load_weights(work.network, done)
        work.tell("note", message=f"the stage {work.stage.kind} ({work.folder.name}) is done already")
        return log
    # A stage that begins in a new process must not differ from one that follows another in the same.
    set_seed(work.plan.config.seed)
    log = runner_of(work.stage.kind)(work.on(to_be_trained(work.network, work.plan.config.devices)))
    wait_for_all()
    if is_first():
        _seal(work, log)
    wait_for_all()
    return log


def runner_of(kind: str) -> Callable[[StageWork], Log]:
    """The function that trains a stage of this kind."""
    if kind == "sft":
        from tasks.train.language.sft import run_sft

        return run_sft
    if kind == "dpo":
        from tasks.train.language.dpo import run_dpo

        return run_dpo
    if kind == "reward":
        from tasks.train.language.reward import run_reward

        return run_reward
    if kind in ("rloo", "grpo"):
        from tasks.train.language.online import run_online

        return run_online
    if kind == "distil":
        from tasks.train.language.distil import run_distil

        return run_distil
    raise ValueError(f"no language model is taught by the stage {kind}")


def _seal(work: StageWork, log: Log) -> None:
    """Make the stage done: its weights and log under a manifest, and its checkpoints away."""
    written = work.folder / "sealing" / DONE
    shutil.rmtree(written, ignore_errors=True)
    written.mkdir(parents=True)
    if work.stage.kind != "reward":
        # The reward stage trains a network of its own.
        with own_names(work.network):
            work.network.save_pretrained(written, max_shard_size=ONE_FILE)
    (written / LOG).write_text(json.dumps(log), encoding="utf-8")
    seal(written, work.folder)
    for leftover in ("checkpoints", "incoming", "sealing"):
        shutil.rmtree(work.folder / leftover, ignore_errors=True)


def finish(
    folder: Path, plan: RunPlan, works: list[StageWork], network: Any, stages: list[StageLog]
) -> dict[str, float]:
    """Measure the finished model on the validation answers, write its folder, and return the figures."""
    pad_id = works[0].tokenizer.pad_token_id
    answered = next((work for work in works if learns_answers(work.stage)), None)
    # A model that was split over devices may be too large for one.
    measured = answered if plan.config.devices.sharding == "none" else None
    examples = read_examples(measured, "validation") if measured else []
    loss = mean_cross_entropy(network, examples, pad_id) if examples else None
    figures = figures_of(stages, loss)
    figures["parameters"] = float(sum(parameter.numel() for parameter in network.parameters()))
    if is_first():
        write_outcome(folder / "model", plan, network, works[0].tokenizer, stages, folder / "report")
        trained = LanguageModel(network, works[0].tokenizer, ModelInfo.read(folder / "model"))
        write_probe(folder / "model", trained, probe_rows(plan.dataset_folder))
    bits = plan.config.quantisation_aware
    if bits and examples and is_first():
        figures |= convert_and_measure(
            network, bits, [], lambda other: mean_cross_entropy(other, examples, pad_id), folder / "model"
        )
        works[0].tokenizer.save_pretrained(folder / "model" / FOLDER)
    wait_for_all()
    return figures
