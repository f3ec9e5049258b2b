"""The pictures of each gate: where they lie, and as data that a page of one file can hold."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tasks.records import Artefact, GateResult
from tasks.store import fetch

KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".svg": "image/svg+xml"}


@dataclass(frozen=True)
class Picture:
    """A picture that was drawn when a gate's figures were measured."""

    name: str
    """Of the file."""
    digest: str
    """Of the report or comparison that holds it, in its folder `report/`."""
    path: Path

    @property
    def caption(self) -> str:
        """The name as words."""
        return Path(self.name).stem.replace("_", " ").capitalize()

    @property
    def data_uri(self) -> str:
        """The picture itself, as an address that asks nobody."""
        kind = KINDS[self.path.suffix]
        return f"data:{kind};base64,{base64.b64encode(self.path.read_bytes()).decode()}"


def pictures_of(gates: Sequence[GateResult], drawn_in: Sequence[Artefact]) -> dict[str, tuple[Picture, ...]]:
    """The pictures by gate, each from the first report that has it, and only under the first gate that names it.

    A picture that no report has was not drawn, since nothing was measured that it would show.
    """
    named = [plot for gate in gates for plot in gate.plots]
    folders = [(each.digest, fetch(each) / "report") for each in drawn_in] if named else []
    found: dict[str, tuple[Picture, ...]] = {}
    shown: set[str] = set()
    for gate in gates:
        fresh = [plot for plot in gate.plots if plot not in shown and Path(plot).suffix in KINDS]
        found[gate.name] = tuple(picture for plot in fresh if (picture := _picture(plot, folders)))
        shown |= set(gate.plots)
    return found


def _picture(name: str, folders: Sequence[tuple[str, Path]]) -> Picture | None:
    for digest, folder in folders:
        if (folder / name).is_file():
            return Picture(name, digest, folder / name)
    return None
