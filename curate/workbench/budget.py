"""What rules cost: microseconds a line, against folding the same lines, which every run has to do.

Only the ratio says something of the rules: how fast a machine is, and what else it does, shortens and lengthens both.
"""

import gc
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from curate.document import Document
from curate.rules.match import Matching

ROUNDS: Final = 9
FEWEST: Final = 3  # rounds that are run, however long they take
_ENOUGH: Final = 5.0  # seconds after which no further round is begun
_MICRO: Final = 1e6


class Cost(NamedTuple):
    """What some pages took in the best of several rounds."""

    pages: int
    lines: int
    folding: float  # seconds
    rules: float

    @property
    def ratio(self) -> float:
        """How many times the folding the rules cost; 0 where there was nothing to fold."""
        return self.rules / self.folding if self.folding else 0.0

    def a_line(self, seconds: float) -> float:
        """Microseconds a line."""
        return seconds * _MICRO / self.lines if self.lines else 0.0

    @property
    def thousand_pages(self) -> float:
        """Seconds that the rules take for 1,000 such pages."""
        return self.rules * 1000 / self.pages if self.pages else 0.0


def measure(matching: Matching, docs: Sequence[Document], rounds: int = ROUNDS) -> Cost:
    """The cost of pages that no rule has touched, by turns folded and taken through all rules; tags say their language."""
    _round(matching, docs)  # makes the tables that a run makes once
    with _undisturbed():
        times: list[tuple[float, float]] = []
        while len(times) < rounds and (len(times) < FEWEST or sum(map(sum, times)) < _ENOUGH):
            times.append(_round(matching, docs))
    folding, rules = (min(column) for column in zip(*times, strict=True))
    return Cost(len(docs), sum(doc.read for doc in docs), folding, rules)


def _round(matching: Matching, docs: Sequence[Document]) -> tuple[float, float]:
    """Seconds of folding and of the rules."""
    for doc in docs:
        doc.__dict__.pop("folded", None)
        len(doc.points)  # decoding is no part of either
    began = time.perf_counter()
    for doc in docs:
        len(doc.folded.lines)
    folded = time.perf_counter()
    for doc in docs:
        lang = str(doc.tags.get("lang", "und"))
        for _ in matching.changes(doc, matching.scope(matching.packs(doc, lang, doc.host), lang, doc.host)):
            pass
    return folded - began, time.perf_counter() - folded


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Without the garbage collector, and what there is by now out of its sight."""
    on = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if on:
            gc.enable()
