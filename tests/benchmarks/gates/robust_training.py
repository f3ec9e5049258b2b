"""Attack success before and after adversarial training, at the same budget, and what it costs in clean accuracy.

Banking77 with the settings of deployments/banking77.yaml: a training as they are, or a model of `--champion FOLDER`,
goes on with `training.adversarial`, as a champion is hardened (`training.base_model` is its folder). The peer goes on
for as many epochs without it, so that more training is not taken for the remedy; with `--from-the-base` both begin at
the base model. All answer the official test set, and the same rows of it are attacked by the ensemble of
`evaluation.robustness` at its stated budget. The ratio is the peer's attack success over ours.

python -m tests.benchmarks.gates.robust_training [--champion FOLDER] [--rows-per-label 40] [--attacked 400]
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from rich.console import Console

from flows.config import load_config
from tasks.datasets.folder import empty_rows, keep_dataset
from tasks.evaluate.classifier.robustness.config import RobustnessConfig
from tasks.evaluate.classifier.robustness.gradient import EmbeddingAttacks, at_rest
from tasks.evaluate.classifier.robustness.strengths import curve
from tasks.gate.config import RobustnessGate
from tasks.gate.judge import state_of
from tasks.metrics.intervals import paired_difference, share_interval
from tasks.models.torch_classifier import TorchClassifier
from tasks.records import DatasetRef, Measurement
from tasks.store import fetch
from tasks.train.classifier.adversarial_config import AdversarialConfig
from tasks.train.config import TrainingConfig
from tasks.train.plan import prepare_run
from tasks.train.process import run_training
from tests.benchmarks.home import home_of_its_own
from tests.benchmarks.report import Comparison, compare, write_report

ROOT = Path(__file__).resolve().parents[3]
DATA = ROOT.parent / "shared" / "data" / "banking77"
VALIDATION_SHARE = 0.05
CONFIDENCE = 0.9

console = Console(highlight=False)


@dataclass(frozen=True)
class Contestant:
    """What one training came to on the test set."""

    predicted: npt.NDArray[np.int64]
    """Indices of labels, of shape (rows,)."""
    broken: int
    attacked: int
    training_seconds: float
    by_budget: dict[str, float]
    """Share of the attacked answers that were broken at parts and multiples of the budget, by epsilon."""

    @property
    def success(self) -> Measurement:
        """Share of the attacked right answers that were turned wrong."""
        return share_interval(self.broken, self.attacked, CONFIDENCE)


@dataclass(frozen=True)
class Setting:
    """What is compared, and how long that takes."""

    rows_per_label: int = 200
    """More than any label has: all of them."""
    attacked: int = 500
    seed: int = 17
    epsilon: float = 0.6
    steps: int = 2
    epochs: float = 2.0
    """Of the hardening; those of the first training are the deployment's."""
    learning_rate: float = 1e-4
    from_the_base: bool = False
    champion: str = ""
    """Folder of a trained model to harden; without it one is trained first."""

    @property
    def adversarial(self) -> AdversarialConfig:
        """The remedy."""
        return AdversarialConfig(epsilon=self.epsilon, steps=self.steps)

    @property
    def attack(self) -> RobustnessConfig:
        """The ensemble at its stated budget."""
        return RobustnessConfig(rows=self.attacked)


def measure(setting: Setting | None = None) -> list[Comparison]:
    """The comparison; none where Banking77 is not there."""
    if not DATA.is_dir():
        console.print(f"skipped: Banking77 is not in {DATA}")
        return []
    setting = setting or Setting()
    training, test = (pd.read_csv(DATA / f"{part}.csv", dtype="str") for part in ("train", "test"))
    training, test = (rows.rename(columns={"category": "label"}) for rows in (training, test))
    shuffled = training.sample(frac=1, random_state=setting.seed)
    training = shuffled.groupby("label").head(setting.rows_per_label).reset_index(drop=True)
    with home_of_its_own() as home:
        dataset = _dataset(training, setting.seed)
        written = load_config(ROOT / "deployments" / "banking77.yaml").training
        config = written.model_copy(update={"seed": setting.seed, "measure_price": False})
        contestants: dict[str, Contestant] = {}
        if not setting.from_the_base:
            run = Trained(Path(setting.champion), 0.0) if setting.champion else _trained(dataset, config, home)
            contestants["first training"] = _attacked(run, test, setting, "first training")
            more = {name: getattr(setting, name) for name in ("epochs", "learning_rate")}
            config = config.model_copy(update={"base_model": str(run.folder), **more})
        for name, remedy in (("without", None), ("with", setting.adversarial)):
            run = _trained(dataset, config.model_copy(update={"adversarial": remedy}), home)
            contestants[name] = _attacked(run, test, setting, f"{name} training.adversarial")
    labels = np.array([dataset.labels.index(label) for label in test["label"]], dtype=np.int64)
    return [_comparison(contestants, labels, setting, len(training))]


def _dataset(training: pd.DataFrame, seed: int) -> DatasetRef:
    rows = training.assign(source="banking77", row=range(1, len(training) + 1))
    rows = rows.assign(id=rows["row"].astype(str))
    per_label = len(rows) // rows["label"].nunique()
    validation = rows.groupby("label").sample(max(1, round(VALIDATION_SHARE * per_label)), random_state=seed)
    splits = {"train": rows.drop(validation.index), "validation": validation}
    return keep_dataset(splits, empty_rows(), rows_in=len(rows), merged=0, origin={"seed": seed})


@dataclass(frozen=True)
class Trained:
    """A model, and the seconds that its training took."""

    folder: Path
    seconds: float


def _trained(dataset: DatasetRef, config: TrainingConfig, home: Path) -> Trained:
    run = prepare_run(home / "runs", dataset, fetch(dataset), config, code="benchmark")
    moments: list[float] = []
    run_training(run, lambda *_: moments.append(time.perf_counter()), lambda _: None)
    return Trained(run / "model", moments[-1] - moments[0])


def _attacked(run: Trained, test: pd.DataFrame, setting: Setting, name: str) -> Contestant:
    model, attack = TorchClassifier.load(run.folder), setting.attack
    predicted = model.logits(test["text"].tolist()).argmax(axis=1)
    drawn = test.sample(min(attack.rows, len(test)), random_state=setting.seed)
    labels = drawn["label"].map(model.labels.index).to_numpy(dtype=np.int64)
    with at_rest(model.network):
        attacks = EmbeddingAttacks(model, drawn["text"].tolist(), labels, setting.seed)
        right = np.flatnonzero(attacks.right)
        found = curve(attacks, right, attack.epsilon, attack).broken
    broken = found[1.0]
    by_budget = {f"{times * attack.epsilon:g}": len(rows) / len(right) for times, rows in found.items()}
    console.print(f"{name}: {run.seconds:.0f} s, {len(broken)} of {len(right)} right answers broken")
    return Contestant(predicted, len(broken), len(right), run.seconds, by_budget)


def _comparison(
    contestants: dict[str, Contestant], labels: npt.NDArray[np.int64], setting: Setting, rows: int
) -> Comparison:
    before, after = contestants["without"], contestants["with"]
    limit = RobustnessGate().max_attack_success or 0.0
    quality: dict[str, Any] = {
        "training rows": rows,
        "setting": asdict(setting),
        "attack success": {name: _ends(each.success) for name, each in contestants.items()},
        "attack success by epsilon": {name: each.by_budget for name, each in contestants.items()},
        f"the gate's limit of {limit:.0%}": {
            name: state_of(each.success, limit, at_least=False) for name, each in contestants.items()
        },
        "clean accuracy": {name: float((each.predicted == labels).mean()) for name, each in contestants.items()},
        "clean accuracy, with less without": _ends(_gained(labels, after, before)),
        "training seconds": {name: each.training_seconds for name, each in contestants.items()},
    }
    first = contestants.get("first training")
    if first:
        quality["clean accuracy, with less the first training's"] = _ends(_gained(labels, after, first))
    # Where nothing was broken, half a row stands for it: a ratio needs a number above 0.
    shares = {side: max(each.broken, 0.5) / each.attacked for side, each in (("ours", after), ("theirs", before))}
    return compare(
        f"attack success at epsilon {setting.attack.epsilon:g}",
        "the same training without training.adversarial",
        ours=100 * shares["ours"],
        theirs=100 * shares["theirs"],
        unit="% of right answers",
        quality=quality,
    )


def _gained(labels: npt.NDArray[np.int64], after: Contestant, before: Contestant) -> Measurement:
    """Accuracy of `after` less that of `before`, paired by row."""
    classes = int(labels.max()) + 1
    resampling: dict[str, Any] = {"samples": 2000, "confidence": CONFIDENCE, "seed": 0}
    return paired_difference(labels, after.predicted, before.predicted, classes, metric="accuracy", **resampling)


def _ends(measured: Measurement) -> dict[str, float | None]:
    return {"value": measured.value, "low": measured.low, "high": measured.high}


def main() -> None:
    """Measure and write `build/bench/gates-robust-training.json`."""
    parser = argparse.ArgumentParser(description="Attack success before and after adversarial training.")
    for each in fields(Setting):
        flag = f"--{each.name.replace('_', '-')}"
        if isinstance(each.default, bool):
            parser.add_argument(flag, action="store_true")
        else:
            parser.add_argument(flag, type=type(each.default), default=each.default)
    found = measure(Setting(**vars(parser.parse_args())))
    if found:
        write_report("gates-robust-training", found)


if __name__ == "__main__":
    main()
