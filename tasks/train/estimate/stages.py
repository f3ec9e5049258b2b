"""What one stage takes: its network without content, its real batches, and the FLOPs and the peak of a step of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import torch

from tasks.models.bundled import resolve_base_model
from tasks.train.classifier.learning import EVALUATION_BATCH
from tasks.train.estimate import network as networks
from tasks.train.estimate.arithmetic import Arithmetic, arithmetic
from tasks.train.estimate.devices import computes_in_halves
from tasks.train.estimate.network import Network
from tasks.train.estimate.record import Device, Memory, StageEstimate
from tasks.train.estimate.replay import Replay, replayed_peak_bytes
from tasks.train.estimate.steps import Batch, LossOf, loss_of, plain_loss
from tasks.train.estimate.trace import Step, traced_step
from tasks.train.estimate.workload import Workload
from tasks.train.plan import RunPlan
from tasks.train.price import trainings_of
from tasks.train.stage_kinds import AnyStage, DistilStage, GrpoStage, RlooStage

MOST_REPLAYED_SHARE = 0.6
"""A step is replayed where its memory is less than this share of what the machine has."""


@dataclass(frozen=True)
class Sketch:
    """A stage without content, ready to be traced."""

    plan: RunPlan
    stage: AnyStage
    network: Network
    beside: Network | None
    """The teacher, or what else stands in memory beside the network."""
    workload: Workload
    device: Device

    def trace(self, batch: Batch, loss: LossOf | None = None) -> Step:
        """One step of the stage on a batch."""
        return traced_step(
            self.network.fakes,
            self.network.module,
            loss or loss_of(self.stage, self.network.module, self.plan.config.label_smoothing),
            batch,
            device=self.device.kind,
            mixed=computes_in_halves(self.device),
            vocabulary=self.network.vocabulary,
        )

    def arithmetic(self) -> Arithmetic:
        """FLOPs of the network's own step, by shape."""
        return arithmetic(self.workload.largest, self.workload.largest_shape[1], self.trace)


def network_for(plan: RunPlan, stage: AnyStage, device: Device) -> Network:
    """The network that the stage trains."""
    if plan.task == "classification":
        return networks.classifier(plan, len(plan.labels), device.kind)
    if stage.kind == "reward":
        return networks.classifier(plan, 1, device.kind)
    return networks.language_model(plan, device.kind)


def beside(plan: RunPlan, stage: AnyStage, device: Device) -> Network | None:
    """The network that the stage needs beside the one that it trains."""
    if isinstance(stage, DistilStage) and stage.level == "logits":
        source = resolve_base_model(stage.teacher, "training.stages: the teacher of the stage distil")
        if plan.task == "classification":
            return networks.classifier(plan, len(plan.labels), device.kind, source)
        return networks.language_model(plan, device.kind, source)
    if stage.kind == "reward":
        return networks.language_model(plan, device.kind)
    if isinstance(stage, RlooStage | GrpoStage) and any(reward.kind == "reward_model" for reward in stage.rewards):
        return networks.classifier(plan, 1, device.kind)
    return None


def estimate_stage(sketch: Sketch, found: Arithmetic, runtime: int) -> StageEstimate:
    """All figures of a stage but its time; `runtime` is what the process holds before the network, in bytes."""
    stage, work = sketch.stage, sketch.workload
    step = sketch.trace(work.largest)
    tokens = work.tokens_per_epoch * work.epochs
    online = isinstance(stage, RlooStage | GrpoStage)
    prompts = work.rows * (stage.generations if isinstance(stage, RlooStage | GrpoStage) else 0)
    answered = stage.max_answer_tokens if isinstance(stage, RlooStage | GrpoStage) else 0
    return StageEstimate(
        kind=stage.kind,
        rows=work.rows,
        tokens=round(tokens),
        padded_tokens=round(work.padded_tokens * sketch.device.count),
        learned_tokens=round(tokens * work.places_per_token),
        epochs=work.epochs,
        steps=work.steps,
        passes=work.passes,
        largest_batch=work.largest_shape,
        trainable=sketch.network.trainable,
        flops=found.of(work) * sketch.device.count * _times(sketch, step) + _reference(sketch, found, step),
        generated_tokens=round(prompts * answered * work.epochs) if online else 0,
        memory=_memory(sketch, step, runtime),
    )


def _times(sketch: Sketch, step: Step) -> float:
    """What a step takes, with all that is asked of other networks and all that is generated, in steps of the network.

    Each answer of an online stage is generated (a forward pass with a cache of keys and values), and read by the
    reference and by the reward model.
    """
    forward = _forward_share(sketch, step)
    trainings = list(trainings_of(sketch.plan.config))
    own = sum(each.adversarial.steps if each.adversarial else 1 for each in trainings)
    if isinstance(sketch.stage, RlooStage | GrpoStage):
        readers = int(sketch.stage.beta > 0) + int(sketch.beside is not None)
        return 1 + forward * (1 + readers)
    if isinstance(sketch.stage, DistilStage) and sketch.beside is not None:
        teacher = replace(sketch, network=sketch.beside)
        reading = _without_gradients(plain_loss(teacher.network.module, 0.0))
        times = teacher.trace(sketch.workload.largest, reading).flops / step.flops
        # A classifier's teacher reads every row once, a language model's in every epoch.
        return own + len(trainings) * times / (sketch.workload.epochs if sketch.plan.task == "classification" else 1)
    return float(own)


def _reference(sketch: Sketch, found: Arithmetic, step: Step) -> float:
    """FLOPs of the reference's log-probabilities, which a preference stage computes once for each pair."""
    if sketch.stage.kind != "dpo":
        return 0.0
    return found.of(sketch.workload) * sketch.device.count * _forward_share(sketch, step) / sketch.workload.epochs


def _forward_share(sketch: Sketch, step: Step) -> float:
    if not isinstance(sketch.stage, RlooStage | GrpoStage) and sketch.stage.kind != "dpo":
        return 0.0
    loss = loss_of(sketch.stage, sketch.network.module)
    return sketch.trace(sketch.workload.largest, _without_gradients(loss)).flops / step.flops


def _without_gradients(loss: LossOf) -> LossOf:
    def forward(batch: Batch) -> Any:
        with torch.no_grad():
            return loss(batch)

    return forward


def memory_of(sketch: Sketch, runtime: int) -> Memory:
    """The peak of a stage alone, for which one step is traced."""
    return _memory(sketch, sketch.trace(sketch.workload.largest), runtime)


def _memory(sketch: Sketch, step: Step, runtime: int) -> Memory:
    network, on_cpu = sketch.network, sketch.device.kind == "cpu"
    shared = sketch.device.count if sketch.plan.config.devices.sharding == "full" else 1
    peak = dict(step.peak)
    if sketch.workload.passes > 1:
        # From the second pass on the gradients of the first are there.
        peak["gradients"] = network.trainable_bytes
    if sketch.stage.kind == "classify":
        peak = max(peak, _evaluation(sketch), key=lambda one: sum(one.values()))
    memory = Memory(
        weights=network.weight_bytes // shared,
        gradients=peak["gradients"] // shared,
        optimiser=network.optimiser_bytes // shared,
        activations=peak["activations"],
        logits=peak["logits"],
        other_network=_beside_bytes(sketch),
        runtime=runtime if on_cpu else 0,
    )
    if not on_cpu or memory.total > MOST_REPLAYED_SHARE * sketch.device.memory_bytes:
        return memory
    standing, states = network.blocks()
    replay = Replay(
        standing=standing, states=states, pieces=step.pieces, events=step.events, written=network.weight_bytes
    )
    held = replayed_peak_bytes(replay)
    asked = memory.weights + memory.optimiser + sum(step.peak.values())
    return memory.model_copy(update={"allocator": max(0, held - asked)})


def _evaluation(sketch: Sketch) -> dict[str, int]:
    """The peak of scoring the validation split, whose batches may be larger than those of training."""
    width = sketch.workload.largest_shape[1]
    rows = max(EVALUATION_BATCH, sketch.workload.largest_shape[0])
    batch = {
        name: torch.ones((rows, width) if tensor.dim() > 1 else (rows,), dtype=tensor.dtype)
        for name, tensor in sketch.workload.largest.items()
    }
    return sketch.trace(batch, _without_gradients(plain_loss(sketch.network.module, 0.0))).peak


def _beside_bytes(sketch: Sketch) -> int:
    """A teacher or reward model; and of an online stage the reference, a copy of what is trained."""
    if sketch.plan.task == "classification":
        # A teacher has read its rows, and is gone, when the training begins.
        return 0
    reference = 0
    if isinstance(sketch.stage, RlooStage | GrpoStage) and sketch.stage.beta > 0:
        reference = sketch.network.trainable_bytes
    return reference + (sketch.beside.weight_bytes if sketch.beside else 0)
