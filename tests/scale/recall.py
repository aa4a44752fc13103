"""What a run has found of what was planted, and what it took that repeats nothing."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

NEAR: Final = 0.8  # Jaccard's measure from which on a repeat has to be found
CONTAINED: Final = 0.95  # and the share of a cut-off paragraph's shingles


class Found(NamedTuple):
    """Paragraphs in a sample of the documents: how many there are, and how many have gone."""

    there: Counter[str]
    gone: Counter[str]

    def share(self, of: str) -> float:
        """Of them the share that has gone."""
        return self.gone[of] / self.there[of] if self.there[of] else 0.0


def found(planted: Path, out: Path) -> Found:
    """Compare what was planted with a run's clean files.

    Counted are `exact`, `near`, `borrowed` and `crowd` with a measure of NEAR or more, `cut` paragraphs that begin like
    their original and are contained in it, the `template`, and `own`, the paragraphs that repeat nothing.
    """
    sample = {row["id"]: row for row in _rows(planted)}
    kept = {row["id"]: set(row["kept"]) for path in sorted(out.glob("clean-*.jsonl")) for row in _rows(path) if row["id"] in sample}
    there: Counter[str] = Counter()
    gone: Counter[str] = Counter()
    for name, row in sample.items():
        for kind, paragraph in _expected(row):
            there[kind] += 1
            gone[kind] += paragraph not in kept.get(name, ())
    return Found(there, gone)


def _expected(row: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    yield from (("own", paragraph) for paragraph in row["own"])
    if row["line"] >= 0:
        yield "template", row["line"]
    for planted in row["planted"]:
        cut = planted["kind"] == "cut" and planted["jaccard"] < 1
        if planted["containment"] >= CONTAINED if cut else planted["jaccard"] >= NEAR:
            yield planted["kind"], planted["paragraph"]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        yield from map(json.loads, file)
