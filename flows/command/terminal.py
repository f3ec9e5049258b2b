"""How a flow is started from a terminal: its arguments, what is shown, the outcome file and the exit code.

Exit codes: 0 released or unchanged, 2 rejected or inconclusive, 3 wrong input, 1 a fault, 130 Ctrl-C, 143 terminated.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from prefect import Flow
from rich.text import Text

from flows.command.arguments import Arguments
from flows.command.console import StageDisplay, open_console
from flows.command.ending import Ending
from flows.command.outcome_file import OutcomeFile
from flows.command.plan_screen import show_plan
from flows.command.quiet import own_terminal, quiet_libraries
from flows.command.session import new_log, prefect_session
from flows.command.summary import show_outcome
from flows.config import DeploymentConfig, load_config
from infra.settings import settings
from tasks.errors import UserInputError
from tasks.records import Outcome, TrainingPlan
from tasks.train.estimate.plan import hold_to_budget

DEFAULT_OUTCOME = Path("build/outcome.json")
NOT_RELEASED = 2


def main(flow: Flow[..., Outcome], plan: Flow[..., TrainingPlan] | None = None) -> NoReturn:
    """Run `flow` on the config that the command line names, show how it goes, and exit; `plan` is run for --plan."""
    sys.exit(retrain_command(flow, sys.argv[1:], plan))


def retrain_command(flow: Flow[..., Outcome], arguments: list[str], plan: Flow[..., TrainingPlan] | None = None) -> int:
    """Run `flow` as the command line `arguments` say, or `plan` where they ask for it, and return the exit code."""
    with Ending() as ending:
        options = _parse(arguments, ending, plans=plan is not None)
        if plan is not None and options.plan:
            config = load_config(options.config, options.changes)
            parameters = {"config": config.retrain_config()}
            title = f"{plan.name} {config.model}"
            _run(plan, parameters, ending, title=title, finish=_show_plan, refresh=options.refresh)
            return ending.code
        ending.outcome_file = OutcomeFile(options.outcome)
        config = load_config(options.config, options.changes)
        ending.model = config.model

        outcome_file = ending.outcome_file

        def finish(outcome: Outcome, display: StageDisplay) -> None:
            outcome_file.write_outcome(outcome)
            show_outcome(display.console, outcome, display.results)

        title, parameters = f"{flow.name} {config.model}", {"config": config.retrain_config()}
        outcome = _run(flow, parameters, ending, title=title, finish=finish, refresh=options.refresh)
        ending.code = 0 if outcome.state == "released" else NOT_RELEASED
    return ending.code


def _show_plan(plan: TrainingPlan, display: StageDisplay) -> None:
    show_plan(display.console, plan)
    # The plan is shown whatever it says; a script learns from the exit code that it may not be carried out.
    hold_to_budget(plan)


def run_flow(
    flow: Flow[..., Any],
    parameters: Mapping[str, Any],
    finish: Callable[[Any, StageDisplay], None] = lambda _result, _display: None,
) -> Any:
    """Run a flow on the Prefect server of this home, show its stages and what `finish` prints, and return its result.

    Where it fails, the message is shown and the process exits with the code of the error.
    """
    result: Any = None
    with Ending() as ending:
        result = _run(flow, parameters, ending, title=flow.name, finish=finish)
    if ending.code:
        sys.exit(ending.code)
    return result


def read_config(arguments: list[str], description: str) -> DeploymentConfig:
    """The config that `arguments` name, with changes by `--set`; exits with code 3 where it is wrong."""
    config: DeploymentConfig | None = None
    with Ending() as ending:
        options = _config_parser(description).parse_args(arguments)
        config = load_config(options.config, options.changes)
    if config is None:
        sys.exit(ending.code)
    return config


def _run(
    flow: Flow[..., Any],
    parameters: Mapping[str, Any],
    ending: Ending,
    *,
    title: str,
    finish: Callable[[Any, StageDisplay], None],
    refresh: bool = False,
) -> Any:
    quiet_libraries()
    home = settings().home_path
    ending.log = new_log(home, flow.name)
    with own_terminal(ending.log) as output:
        console = open_console(output)
        console.print(Text(title, "bold"), end="\n\n")
        with StageDisplay(console) as ending.display, prefect_session(home, ending.display, refresh=refresh):
            result = flow(**parameters)
            ending.display.idle()
            finish(result, ending.display)
        return result


def _parse(arguments: list[str], ending: Ending, *, plans: bool) -> argparse.Namespace:
    parser = _config_parser("Retrain a model, and release it only if it has earned it.")
    parser.add_argument(
        "--outcome",
        type=Path,
        default=DEFAULT_OUTCOME,
        metavar="PATH",
        help=f"where to write what the run came to ({DEFAULT_OUTCOME})",
    )
    if plans:
        parser.add_argument("--plan", action="store_true", help="say what the training would take, and do not train")
    parser.add_argument("--refresh", action="store_true", help="do every stage again, whatever is stored")
    try:
        return parser.parse_args(arguments)
    except UserInputError:
        # A program that called it wrongly must not read what an earlier run came to.
        ending.outcome_file = OutcomeFile(_outcome_named_in(arguments))
        raise


def _outcome_named_in(arguments: list[str]) -> Path:
    alone = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    alone.add_argument("--outcome", type=Path, nargs="?", default=DEFAULT_OUTCOME)
    named: Path | None = alone.parse_known_args(arguments)[0].outcome
    return named or DEFAULT_OUTCOME


def _config_parser(description: str) -> argparse.ArgumentParser:
    program = f"python -m {_module_name()}"
    parser = Arguments(prog=program, description=description, allow_abbrev=False)
    parser.add_argument(
        "config", type=Path, metavar="CONFIG", help="the model's YAML, such as deployments/support-intents.yaml"
    )
    parser.add_argument(
        "--set",
        dest="changes",
        nargs="+",
        action="extend",
        default=[],
        metavar="SECTION.FIELD=VALUE",
        help="change fields of the config for this run, such as training.epochs=2",
    )
    return parser


def _module_name() -> str:
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec.name if spec else shlex.quote(sys.argv[0])
