"""How fast this machine is: a few real steps of the real network on real batches, for some twenty seconds at most."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import Any

import torch
from trl.trainer.utils import add_fused_lm_head

from tasks.train.classifier.learning import MAX_GRADIENT_NORM
from tasks.train.classifier.network import load_base_model
from tasks.train.estimate.arithmetic import Arithmetic
from tasks.train.estimate.record import Measured
from tasks.train.estimate.steps import Batch, LossOf, answer_loss, log_probabilities, plain_loss
from tasks.train.estimate.workload import Workload
from tasks.train.language.learning import make_trainable
from tasks.train.language.network import load_language_model
from tasks.train.language.work import StageWork
from tasks.train.plan import RunPlan
from tasks.train.techniques.apply import apply_technique
from tasks.train.techniques.quantisation_aware import prepare

MOST_SECONDS = 10.0
MOST_STEPS = 10


def time_steps(plan: RunPlan, work: StageWork | None, workload: Workload, found: Arithmetic) -> Measured:
    """Train for a few steps and forget it; `work` is the first stage of a language model, None for a classifier.

    The first step is not counted. At least one more is, however long it takes.
    """
    torch.manual_seed(plan.config.seed)
    network = _real_network(plan, work)
    network.train()
    cuda = next(network.parameters()).device.type == "cuda"
    loss = _loss(network, work)
    optimiser = torch.optim.AdamW([one for one in network.parameters() if one.requires_grad], lr=1e-6, fused=True)
    places = [_places(batch) for batch in workload.samples]
    flops = tokens = steps = 0.0
    seconds = 0.0
    begun = time.perf_counter()
    for number in range(MOST_STEPS + 1):
        batch, carrying = workload.samples[number % len(places)], places[number % len(places)]
        took = _step(network, optimiser, loss, batch, cuda)
        if number > 0:
            shape = batch["input_ids"].shape
            flops += found.flops(int(shape[0]), int(shape[1]), carrying)
            tokens, steps, seconds = tokens + batch["input_ids"].numel(), steps + 1, seconds + took
            if time.perf_counter() - begun > MOST_SECONDS:
                break
    return Measured(steps=int(steps), seconds=seconds, tokens=int(tokens), flops_per_second=flops / seconds)


def _real_network(plan: RunPlan, work: StageWork | None) -> Any:
    if work is None:
        base = load_base_model(plan)
        if plan.config.quantisation_aware:
            prepare(base.network, plan.config.quantisation_aware, base.new_modules)
        network = apply_technique(base.network, plan.config.technique, base.new_modules)
    else:
        language = load_language_model(plan).network
        add_fused_lm_head(language)
        network = make_trainable(language, work.on(language))
    return network.to("cuda") if torch.cuda.is_available() else network


def _loss(network: Any, work: StageWork | None) -> LossOf:
    """A step of the kind of the first stage; where that one needs other networks, the network's own part of it."""
    if work is None:
        return plain_loss(network, 0.0)
    if work.stage.kind in ("sft", "distil"):
        return lambda batch: answer_loss(network, batch)
    return lambda batch: -log_probabilities(network, batch).mean()


def _step(network: Any, optimiser: Any, loss: LossOf, batch: Batch, cuda: bool) -> float:
    """Seconds of one step."""
    if cuda:
        batch = {name: tensor.to("cuda") for name, tensor in batch.items()}
        torch.cuda.synchronize()
    begun = time.perf_counter()
    with ExitStack() as half:
        if cuda and torch.cuda.is_bf16_supported():
            half.enter_context(torch.autocast("cuda", dtype=torch.bfloat16))
        value = loss(batch)
    value.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), MAX_GRADIENT_NORM)
    optimiser.step()
    optimiser.zero_grad()
    if cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - begun


def _places(batch: Batch) -> float:
    if "completion_mask" in batch:
        return float(batch["completion_mask"].sum())
    labels = batch["labels"]
    return float((labels >= 0).sum()) if labels.dim() > 1 else 0.0
