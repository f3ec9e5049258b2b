"""The whole estimate of one training, in the process that makes it: stages, memory, time, and what would fit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from tasks.train.estimate.arithmetic import Arithmetic
from tasks.train.estimate.devices import device_of
from tasks.train.estimate.judgement import SAFE_SHARE
from tasks.train.estimate.material import Material, read_config
from tasks.train.estimate.record import Change, Device, Estimate, StageEstimate
from tasks.train.estimate.stages import Sketch, beside, estimate_stage, memory_of, network_for
from tasks.train.estimate.timing import time_steps
from tasks.train.estimate.workload import Workload, classifier_workload, language_workload
from tasks.train.plan import RunPlan
from tasks.train.stage_kinds import AnyStage
from tasks.train.technique_kinds import ExpertLoraTechnique
from tasks.train.techniques.apply import check_together
from tasks.train.techniques.shares import saved_against_lora

MOST_CHANGES = 3
"""Changes with which a training would fit that are looked for."""


def estimate(material: Material, runtime: int) -> Estimate:
    """All figures of a plan; `runtime` is what its process holds before the network, in bytes.

    Raises UserInputError where the config allows no training.
    """
    config = material.plan.config
    check_together(config.technique, config.quantisation_aware)
    return _Maker(material, material.plan, device_of(config), runtime).estimate()


@dataclass
class _Maker:
    material: Material
    plan: RunPlan
    device: Device
    runtime: int
    notes: list[str] = field(default_factory=list)

    def estimate(self) -> Estimate:
        sketches = [self.sketch(self.plan, number) for number in range(len(self._stages))]
        found = [one.arithmetic() for one in sketches]
        stages = [estimate_stage(one, each, self.runtime) for one, each in zip(sketches, found, strict=True)]
        peak = max(stage.memory.total for stage in stages)
        fits = peak <= SAFE_SHARE * self.device.memory_bytes
        device = self._timed(sketches[0].workload, found[0], fits)
        return Estimate(
            parameters=sketches[0].network.parameters,
            trainable=sketches[0].network.trainable,
            spared=self._spared(),
            stages=tuple(_with_time(stage, device) for stage in stages),
            device=device,
            would_fit=() if fits else tuple(islice(self._changes(stages), MOST_CHANGES)),
            notes=tuple(self.notes),
        )

    @property
    def _stages(self) -> tuple[AnyStage, ...]:
        return self.plan.config.stages_for(self.plan.task)

    def _spared(self) -> float | None:
        technique = self.plan.config.technique
        if not isinstance(technique, ExpertLoraTechnique) or self.plan.task == "classification":
            return None
        return saved_against_lora(read_config(self.plan.base_model, self.plan.config.base_model), technique)

    def sketch(self, plan: RunPlan, number: int) -> Sketch:
        """A stage of this plan, or of one that was changed, without content."""
        stage = plan.config.stages_for(plan.task)[number]
        network = network_for(plan, stage, self.device)
        return Sketch(
            plan,
            stage,
            network,
            beside(plan, stage, self.device),
            self._workload(plan, number, network.module),
            self.device,
        )

    def _workload(self, plan: RunPlan, number: int, network: Any) -> Workload:
        stage = plan.config.stages_for(plan.task)[number]
        if plan.task == "classification":
            return classifier_workload(plan, stage, self.material.tokenizer)
        kept = self.material.works[number].tokenised if plan.config.max_tokens == self.plan.config.max_tokens else {}
        return language_workload(replace(self.material.works[number], plan=plan, stage=stage, tokenised=kept), network)

    def _timed(self, workload: Workload, found: Arithmetic, fits: bool) -> Device:
        if self.device.assumed_flops_per_second:
            return self.device
        if not fits:
            self.notes.append("no step was timed: the training would not fit into the memory of this machine")
            return self.device
        if self._stages[0].kind == "reward":
            self.notes.append("no step was timed: the first stage, reward, trains a network that is not yet made")
            return self.device
        first = None if self.plan.task == "classification" else self.material.works[0]
        measured = time_steps(self.plan, first, workload, found)
        return self.device.model_copy(update={"measured": measured})

    def _changes(self, stages: list[StageEstimate]) -> Iterator[Change]:
        """Changes of the config, each tried on its own, with which the fullest stage would fit; cheap ones first."""
        number = max(range(len(stages)), key=lambda place: stages[place].memory.total)
        for setting, plan in changed_plans(self.plan, self.device.kind == "cuda"):
            memory = memory_of(self.sketch(plan, number), self.runtime).total
            if memory <= SAFE_SHARE * self.device.memory_bytes:
                yield Change(setting=setting, memory_bytes=memory)


def changed_plans(plan: RunPlan, cuda: bool) -> Iterator[tuple[str, RunPlan]]:
    """Plans that need less memory, with the setting that makes each."""
    config = plan.config
    for size in (config.batch_size // 4, 1):
        if 0 < size < config.batch_size:
            yield f"training.batch_size: {size}", _changed(plan, batch_size=size)
    if not config.activation_checkpointing:
        yield "training.activation_checkpointing: true", _changed(plan, activation_checkpointing=True)
    if config.max_tokens >= 32:
        yield f"training.max_tokens: {config.max_tokens // 2}", _changed(plan, max_tokens=config.max_tokens // 2)
    if getattr(config.technique, "dropout", 0):
        # PEFT keeps a 32-bit copy of every adapted layer's input, and the mask, for the dropout in front of adapters.
        plain = config.technique.model_dump() | {"dropout": 0}
        yield "training.technique.dropout: 0", _changed(plan, technique=plain)
    if config.technique.kind in ("full", "last_layers"):
        yield "training.technique: {kind: lora}", _changed(plan, technique={"kind": "lora"})
        yield (
            "training.technique: {kind: lora} and training.batch_size: 1",
            _changed(plan, technique={"kind": "lora"}, batch_size=1),
        )
    if cuda and config.technique.kind != "qlora" and plan.task != "classification":
        yield "training.technique: {kind: qlora}", _changed(plan, technique={"kind": "qlora"})
        yield (
            "training.technique: {kind: qlora} and training.batch_size: 1",
            _changed(plan, technique={"kind": "qlora"}, batch_size=1),
        )


def _changed(plan: RunPlan, **fields: Any) -> RunPlan:
    config = type(plan.config).model_validate(plan.config.model_dump() | fields)
    return plan.model_copy(update={"config": config})


def _with_time(stage: StageEstimate, device: Device) -> StageEstimate:
    speed = device.measured.flops_per_second if device.measured else device.assumed_flops_per_second
    return stage.model_copy(update={"seconds": stage.flops / (speed * device.count) if speed else None})
