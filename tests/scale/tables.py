"""Runs of growing size as Markdown tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

STAGES: Final = ("clean", "settle", "finish", "publish")
BASE: Final = 10_000  # documents that the others are held against
PLANTED: Final = ("exact", "near", "borrowed", "cut", "crowd", "template", "own")

Run = Mapping[str, Any]


def markdown(runs: Sequence[Run]) -> str:
    """All tables."""
    of_workers = [[run for run in runs if run["workers"] == count] for count in sorted({run["workers"] for run in runs})]
    growth = [_table([f"CPU a document, {BASE:,} = 1", *_titles(same), "exponent", "last step"], _growth(same)) for same in of_workers]
    of_sizes = list({run["documents"]: run for run in sorted(runs, key=lambda run: run["documents"])}.values())
    return "\n".join([_table(_WHOLE, _whole(runs)), *growth, _table(["gone", *_titles(of_sizes)], _gone(of_sizes))])


_WHOLE: Final = (
    "documents, paragraphs",
    "workers",
    "µs wall a document",
    "µs CPU a document",
    "biggest process, MB",
    "private memory of all, MB",
    "input, bytes a document",
    "output",
    ".curate",
    "while settling",
)


def _whole(runs: Sequence[Run]) -> Iterator[list[str]]:
    for run in runs:
        documents = run["documents"]
        wall, cpu = run["whole"]
        yield [
            f"{documents:,}, {run['paragraphs']:,}",
            str(run["workers"]),
            f"{wall / documents * 1e6:.0f}",
            f"{cpu / documents * 1e6:.0f}",
            *(f"{run[name] / 1e6:.0f}" for name in ("biggest", "private")),
            *(f"{run[name] / documents:.0f}" for name in ("bytes", "out", "work", "scratch")),
        ]


def _growth(runs: Sequence[Run]) -> Iterator[list[str]]:
    """By stage CPU a document relative to BASE documents, the exponent over all sizes, and that from the last but one to the last."""
    sizes, count = [run["documents"] for run in runs], runs[0]["workers"]
    for name, stages in [*((stage, (stage,)) for stage in STAGES), ("all of these", STAGES)]:
        costs = [sum(run["stages"][stage][1] for stage in stages) for run in runs]
        base = next((cost / size for size, cost in zip(sizes, costs, strict=True) if size == BASE), 0.0)
        each = [f"{cost / size / base:.2f}" if base else "" for size, cost in zip(sizes, costs, strict=True)]
        yield [f"{name}, {count} worker{'s' * (count > 1)}", *each, exponent(sizes, costs), exponent(sizes[-2:], costs[-2:])]


def exponent(sizes: Sequence[int], costs: Sequence[float]) -> str:
    """The power of the size by which the cost grows: the slope of a line through the logarithms, by least squares."""
    if len(sizes) < 2 or min(costs) <= 0:
        return ""
    return f"{np.polyfit(np.log(sizes), np.log(costs), 1)[0]:.2f}"


def _gone(runs: Sequence[Run]) -> Iterator[list[str]]:
    for kind in PLANTED:
        yield [kind, *(f"{run['gone'].get(kind, 0):,} of {run['there'].get(kind, 0):,}" for run in runs)]


def _titles(runs: Sequence[Run]) -> list[str]:
    return [f"{run['documents']:,}" for run in runs]


def _table(head: Sequence[str], rows: Iterator[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
