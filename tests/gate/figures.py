"""Figures of the page model: frozen in a file, compared, raised.

A figure is one measure of one set of pages, with its tolerance: how far a figure moves when the model is trained again
with another seed or on another machine, which is no loss. Training again on one machine gives the same figure. Those of
one fold are frozen at the mean of five trainings: four seeds, and one of them with other instructions of the processor.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

LOWER_IS_BETTER = frozenset({"content_loss", "lost_again"})
# By measure, for the whole cross-validation. Another seed moves the F1 of a hundred HTML pages by .002 and the F1 of text
# by .01; the tolerance of F1 is two such steps on HTML and one on text, that of the others what they move with it.
TOLERANCES = {
    "f1": 0.004,
    "char_f1": 0.010,
    "line_f1": 0.010,
    "content_loss": 0.010,
    "chrome_recall_lines": 0.015,
    "chrome_at_0.5": 0.025,
    "chrome_at_1": 0.020,
    "chrome_at_2": 0.015,
    "lost_again": 0.0005,  # of text; what is kept of HTML is another model's input the second time
}
HTML_LOST_AGAIN = 0.002
# Sets and kinds of page with some twenty to sixty pages move more; so do figures of one fold, which has a fifth of the pages:
# of five trainings none was further from their mean than two thirds of these tolerances.
FEW_PAGES = 70
FEW = {"f1": 0.015, "char_f1": 0.015, "line_f1": 0.015}
ONE_FOLD = 3.0
# What the model was built to reach, cross-validated; shown beside the figures, and no part of the comparison.
AIMS = {
    ("articles", "page", "f1"): 0.965,
    ("segments", "page", "f1"): 0.944,
    ("readability", "page", "f1"): 0.949,
    ("fundus", "page", "f1"): 0.970,
    ("wcxb", "page", "f1"): 0.912,
    ("text", "page", "char_f1"): 0.932,
    ("text", "page", "line_f1"): 0.81,
    ("text", "model", "chrome_at_1"): 0.84,
    ("text", "page", "lost_again"): 0.001,
}

Key = tuple[str, str, str]


class Figure(NamedTuple):
    """One measure of one set under some steps: `page` is the preset with all its steps, `model` the page model alone."""

    set: str
    steps: str
    measure: str
    value: float
    tolerance: float

    @property
    def key(self) -> Key:
        return self.set, self.steps, self.measure

    @property
    def name(self) -> str:
        return " ".join(self.key)


class Fallen(NamedTuple):
    """A frozen figure, and what is measured now; None where nothing is."""

    frozen: Figure
    now: float | None

    def __str__(self) -> str:
        if self.now is None:
            return f"{self.frozen.name} is not measured any more (it was {self.frozen.value:.4f})"
        return f"{self.frozen.name} is {self.now:.4f}, was {self.frozen.value:.4f} (tolerance {self.frozen.tolerance:g})"


class Raised(NamedTuple):
    """Figures to freeze, and those that stand in the way."""

    figures: tuple[Figure, ...]
    refused: tuple[Fallen, ...]


def figure(set_: str, steps: str, measure: str, value: float, pages: int, *, one_fold: bool) -> Figure:
    """A figure as measured on so many pages, with the tolerance that is stated above."""
    tolerance = max(TOLERANCES[measure], FEW.get(measure, 0.0) if pages < FEW_PAGES else 0.0)
    if (set_, measure) == ("html", "lost_again"):
        tolerance = HTML_LOST_AGAIN
    return Figure(
        set_,
        steps,
        measure,
        round(float(value), 4 if measure != "lost_again" else 6),
        round(tolerance * (ONE_FOLD if one_fold else 1.0), 6),
    )


def better_by(measure: str, new: float, old: float) -> float:
    """How much better a value is; negative for worse."""
    return old - new if measure in LOWER_IS_BETTER else new - old


def fallen(frozen: Sequence[Figure], measured: Sequence[Figure]) -> list[Fallen]:
    """The frozen figures that are worse now by more than their tolerance, or are not measured."""
    now = {one.key: one.value for one in measured}
    gone = [Fallen(one, now.get(one.key)) for one in frozen]
    return [
        one for one in gone if one.now is None or better_by(one.frozen.measure, one.now, one.frozen.value) < -one.frozen.tolerance - 1e-9
    ]


def raised(frozen: Sequence[Figure], measured: Sequence[Figure], *, lower: bool = False) -> Raised:
    """What to freeze: of each figure the better of the two, new ones as they are; with `lower` exactly what is measured.

    A figure that has fallen is refused, and the frozen one stays.
    """
    if lower:
        return Raised(tuple(sorted(measured)), ())
    before = {one.key: one for one in frozen}
    best = {one.key: one for one in frozen}
    for one in measured:
        if one.key not in before or better_by(one.measure, one.value, before[one.key].value) > 0:
            best[one.key] = one
    return Raised(tuple(sorted(best.values())), tuple(fallen(frozen, measured)))


def read(path: Path) -> dict[str, list[Figure]]:
    """The frozen figures by scope: `whole`, `fold-1`; none where there is no file yet."""
    if not path.exists():
        return {}
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return {scope: [Figure(**one) for one in figures] for scope, figures in data.items()}


def write(path: Path, frozen: dict[str, Sequence[Figure]]) -> None:
    """Write figures, one a line, so that a change of one is one line of a diff."""
    scopes = []
    for scope, figures in sorted(frozen.items()):
        rows = ",\n".join("    " + json.dumps(one._asdict()) for one in sorted(figures))
        scopes.append(f"  {json.dumps(scope)}: [\n{rows}\n  ]" if rows else f"  {json.dumps(scope)}: []")
    path.write_text("{\n" + ",\n".join(scopes) + "\n}\n", encoding="utf-8")


def table(measured: Iterable[Figure], frozen: Iterable[Figure]) -> list[str]:
    """The figures as lines: what is measured, what is frozen, how far they are apart, what was aimed at."""
    before = {one.key: one for one in frozen}
    lines = [f"{'set':24} {'steps':6} {'measure':20} {'now':>9} {'frozen':>9} {'':>9}  aim"]
    for one in measured:
        old, aim = before.get(one.key), AIMS.get(one.key)
        was, apart = (f"{old.value:9.4f}", f"{one.value - old.value:+9.4f}") if old else (f"{'new':>9}", " " * 9)
        reached = "" if aim is None else f"  {aim:g}{'' if better_by(one.measure, one.value, aim) >= 0 else '  not reached'}"
        lines.append(f"{one.set:24} {one.steps:6} {one.measure:20} {one.value:9.4f} {was} {apart}{reached}".rstrip())
    return lines
