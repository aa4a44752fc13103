"""Unit costs as a table."""

from collections.abc import Sequence
from typing import NamedTuple


class Unit(NamedTuple):
    """What was measured."""

    name: str
    value: float
    unit: str


def markdown(units: Sequence[Unit]) -> str:
    """One line a unit."""
    lines = [f"| {unit.name} | {number(unit.value)} | {unit.unit} |\n" for unit in units]
    return "".join(["| | | |\n|---|---:|---|\n", *lines])


def number(value: float) -> str:
    """Three digits that say something."""
    if not value:
        return "0"
    if abs(value) >= 100:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"
