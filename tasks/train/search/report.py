"""What people look at of a search: a page with all trials, and a chart of loss by trial and by searched setting."""

from __future__ import annotations

from pathlib import Path

from tasks.train.search.config import LogUniform, SearchConfig
from tasks.train.search.record import Trial

COLOURS = {"complete": "#3b6fb6", "pruned": "#9db4c0", "failed": "#c0392b"}
MOST_COLUMNS = 3


def write_report(folder: Path, trials: tuple[Trial, ...], best: Trial, config: SearchConfig, sentence: str) -> None:
    """Write `report/search.md` and `report/search.png` into `folder`."""
    report = folder / "report"
    report.mkdir(parents=True)
    (report / "search.md").write_text(_page(trials, best, config, sentence), encoding="utf-8")
    _draw(trials, best, config, report / "search.png")


def written(values: dict[str, float]) -> str:
    """Values as a person reads them, and as `--set training.…` takes them."""
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items())


def _page(trials: tuple[Trial, ...], best: Trial, config: SearchConfig, sentence: str) -> str:
    names = list(config.space.ranges())
    lines = [
        "# Better settings for the training",
        "",
        sentence,
        "",
        "![loss by trial and setting](search.png)",
        "",
        f"| Trial | {' | '.join(names)} | Validation loss | Evaluations | State | Why |",
        f"|--:|{'--:|' * len(names)}--:|--:|---|---|",
    ]
    for trial in sorted(trials, key=_rank):
        values = " | ".join(f"{trial.values[name]:.4g}" if name in trial.values else "" for name in names)
        loss = "none" if trial.validation_loss is None else f"{trial.validation_loss:.4f}"
        number = f"**{trial.number}**" if trial == best else str(trial.number)
        why = trial.why.replace("|", "\\|").splitlines()[0] if trial.why else ""
        lines.append(f"| {number} | {values} | {loss} | {len(trial.evaluations)} | {trial.state} | {why} |")
    return "\n".join(lines) + "\n"


def _rank(trial: Trial) -> tuple[bool, float, int]:
    """Complete trials first, and the lowest loss first."""
    loss = float("inf") if trial.validation_loss is None else trial.validation_loss
    return trial.state != "complete", loss, trial.number


def _draw(trials: tuple[Trial, ...], best: Trial, config: SearchConfig, path: Path) -> None:
    from matplotlib.figure import Figure

    ranges = config.space.ranges()
    panels = ["trial", *ranges]
    rows = -(-len(panels) // MOST_COLUMNS)
    columns = min(len(panels), MOST_COLUMNS)
    figure = Figure(figsize=(4 * columns, 3 * rows), dpi=110, layout="constrained")
    grid = figure.subplots(rows, columns, squeeze=False, sharey=True).flat
    scored = [trial for trial in trials if trial.validation_loss is not None]
    for axes, name in zip(grid, panels, strict=False):
        for state, colour in COLOURS.items():
            own = [trial for trial in scored if trial.state == state]
            places = [trial.number if name == "trial" else trial.values[name] for trial in own]
            axes.scatter(places, [trial.validation_loss for trial in own], color=colour, label=state, s=24)
        place = best.number if name == "trial" else best.values[name]
        axes.scatter([place], [best.validation_loss], facecolors="none", edgecolors="#e08a2e", s=110, label="best")
        if isinstance(ranges.get(name), LogUniform):
            axes.set_xscale("log")
        axes.set_xlabel(name)
        axes.grid(color="#e5e7eb", lw=0.6)
    for axes in list(figure.axes)[len(panels) :]:
        axes.set_axis_off()
    figure.axes[0].set_ylabel("validation loss (nats)")
    figure.axes[0].legend(fontsize=7)
    figure.savefig(path, metadata={"Software": None})
