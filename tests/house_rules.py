"""The rules of the house, each a function from one source file to its breaches; a breach names file, line and rule."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

LAYERS = {"infra": 0, "tasks": 1, "flows": 2, "deployments": 3}
MOST_FILE_LINES, MOST_FUNCTION_LINES, MOST_DOOR_LINES = 300, 60, 15
KNOWS_PREFECT = {"tasks/stage.py", "tasks/retries.py"}
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}
UNFINISHED = re.compile(
    r"\b(TODO|FIXME|XXX|HACK|NotImplementedError|placeholder|stub(bed)?|not yet implemented|dummy)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Module:
    """One source file, as a path relative to the root of the tree it was read from."""

    root: Path
    path: str

    @cached_property
    def text(self) -> str:
        return (self.root / self.path).read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text, filename=self.path)

    @cached_property
    def parts(self) -> tuple[str, ...]:
        return Path(self.path).parts

    @cached_property
    def name(self) -> str:
        return ".".join(Path(self.path).with_suffix("").parts).removesuffix(".__init__")

    @cached_property
    def imports(self) -> dict[str, int]:
        """Every dotted name that is imported anywhere in the file, relative ones resolved, with a line of each."""
        found: dict[str, int] = {}
        for node in ast.walk(self.tree):
            for name in _imported_names(node, self):
                found.setdefault(name, node.lineno)  # type: ignore[attr-defined]
        return found

    @cached_property
    def attributes(self) -> set[str]:
        """Every name that is read behind a dot."""
        return {node.attr for node in ast.walk(self.tree) if isinstance(node, ast.Attribute)}


def _imported_names(node: ast.AST, module: Module) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        above = module.parts[: -node.level] if node.level else ()
        source = ".".join([*above, *([node.module] if node.module else [])])
        return [source, *(f"{source}.{alias.name}" for alias in node.names)]
    if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if function in {"import_module", "__import__"}:
            return [str(node.args[0].value)]
    return []


Rule = Callable[[Module, list[Module]], Iterator[str]]


def read_modules(root: Path) -> list[Module]:
    """All source files of the four layers below `root`."""
    paths = (path for layer in LAYERS for path in sorted((root / layer).rglob("*.py")))
    return [Module(root, path.relative_to(root).as_posix()) for path in paths if "__pycache__" not in path.parts]


def layers_look_down_only(module: Module, _modules: list[Module]) -> Iterator[str]:
    own = module.parts[0]
    for name, line in module.imports.items():
        head = name.split(".")[0]
        if head == "tests" or LAYERS.get(head, -1) > LAYERS[own]:
            yield f"{module.path}:{line}: {own} imports {head}"
        if module.path.startswith("deployments/server/") and (head == "flows" or _is_door(name)):
            yield f"{module.path}:{line}: the model server imports {name}; it uses rooms, nouns and infra"


def stages_do_not_know_each_other(module: Module, modules: list[Module]) -> Iterator[str]:
    stages = {m.parts[1] for m in modules if m.parts[0] == "tasks" and m.parts[2:] in {("task.py",), ("config.py",)}}
    if module.parts[0] != "tasks":
        return
    own = module.parts[1] if len(module.parts) > 2 else ""
    for name, line in module.imports.items():
        bits = name.split(".")
        if bits[0] == "tasks" and len(bits) > 1 and bits[1] in stages - {own}:
            yield f"{module.path}:{line}: {own or 'what all stages share'} imports the stage {bits[1]}"
        elif _is_door(name):
            yield f"{module.path}:{line}: a room imports its door {name}"


def only_doors_know_prefect(module: Module, _modules: list[Module]) -> Iterator[str]:
    if module.parts[0] != "tasks" or module.parts[2:] == ("task.py",) or module.path in KNOWS_PREFECT:
        return
    for name, line in module.imports.items():
        if name.split(".")[0] == "prefect" or name in {"tasks.stage", "tasks.retries"}:
            yield f"{module.path}:{line}: a room imports Prefect ({name})"


def doors_are_short(module: Module, _modules: list[Module]) -> Iterator[str]:
    if module.parts[0] != "tasks" or module.parts[2:] != ("task.py",):
        return
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            lines = (node.end_lineno or node.lineno) - body[0].lineno + 1 if body else 0
            if lines > MOST_DOOR_LINES:
                yield f"{module.path}:{node.lineno}: {node.name} has a body of {lines} lines (most: {MOST_DOOR_LINES})"


def files_introduce_themselves(module: Module, _modules: list[Module]) -> Iterator[str]:
    if module.path.endswith("__init__.py"):
        if module.text:
            yield f"{module.path}: an __init__.py that is not empty"
    elif not ast.get_docstring(module.tree):
        yield f"{module.path}: opens without a docstring"
    if Path(module.path).stem in EMPTY_NAMES:
        yield f"{module.path}: a name that says nothing"


def files_and_functions_are_short(module: Module, _modules: list[Module]) -> Iterator[str]:
    lines = len(module.text.splitlines())
    if lines > MOST_FILE_LINES:
        yield f"{module.path}: {lines} lines ({MOST_FILE_LINES} at most)"
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > MOST_FUNCTION_LINES:
                yield f"{module.path}:{node.lineno}: {node.name} is {length} lines ({MOST_FUNCTION_LINES} at most)"


def errors_are_named(module: Module, _modules: list[Module]) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assert):
            yield f"{module.path}:{node.lineno}: assert outside tests"
        elif isinstance(node, ast.ExceptHandler) and (node.type is None or _is_broad(node.type)):
            yield f"{module.path}:{node.lineno}: a bare or broad except"
        elif isinstance(node, ast.Call) and any(_is_broad(argument) for argument in node.args):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "suppress":
                yield f"{module.path}:{node.lineno}: a broad suppress"


def work_is_finished(module: Module, _modules: list[Module]) -> Iterator[str]:
    for number, line in enumerate(module.text.splitlines(), 1):
        if UNFINISHED.search(line):
            yield f"{module.path}:{number}: reads as unfinished: {line.strip()[:60]}"


def nothing_lies_unused(module: Module, modules: list[Module]) -> Iterator[str]:
    """A module that nobody imports or names, and a setting that no code reads."""
    entry = module.parts[-1] in {"__init__.py", "__main__.py"}
    if not entry and not any(module.name in m.imports for m in modules) and module.name not in _named_elsewhere(module):
        yield f"{module.path}: nothing imports or names it"
    if not _is_config(module):
        return
    read = module.attributes.union(*(other.attributes for other in modules if not _is_config(other)))
    for name, line in _settings_of(module):
        if name not in read and name != "kind":
            yield f"{module.path}:{line}: no code reads the setting {name}"


def _is_config(module: Module) -> bool:
    return module.parts[-1] == "config.py" or module.parts[-1].endswith("_config.py")


def _settings_of(module: Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                    yield item.target.id, item.lineno


def _named_elsewhere(module: Module) -> str:
    """The text of every other file that may start a module by its name, paths written as dotted names."""
    own = module.root / module.path
    return "\n".join(text for path, text in _texts(module.root).items() if path != own)


@cache
def _texts(root: Path) -> dict[Path, str]:
    sources = [f"{layer}/**/*.py" for layer in (*LAYERS, "tests")]
    patterns = ["*.toml", "*.md", "Makefile", ".ci/run", "docker/*", "infra/**/*.yaml", "deployments/*.yaml", *sources]
    paths = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    return {path: path.read_text(encoding="utf-8").replace("/", ".") for path in sorted(paths)}


def _is_door(name: str) -> bool:
    return re.fullmatch(r"tasks\.\w+\.task(\.\w+)?", name) is not None


def _is_broad(node: ast.expr) -> bool:
    names = node.elts if isinstance(node, ast.Tuple) else [node]
    return any(getattr(name, "id", getattr(name, "attr", "")) in {"Exception", "BaseException"} for name in names)


RULES: list[Rule] = [
    layers_look_down_only,
    stages_do_not_know_each_other,
    only_doors_know_prefect,
    doors_are_short,
    files_introduce_themselves,
    files_and_functions_are_short,
    errors_are_named,
    work_is_finished,
    nothing_lies_unused,
]


def breaches_of(modules: list[Module], rules: list[Rule]) -> list[str]:
    """All breaches of `rules` in `modules`, in order."""
    return [breach for module in modules for rule in rules for breach in rule(module, modules)]
