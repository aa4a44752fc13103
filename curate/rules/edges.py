"""Find literals at the beginning or the end of lines: hashes of how lines begin tell for a whole page which to look up in a dictionary.

An automaton would find them too, but of thousands of literals a DFA takes a hundred megabytes and falls out of the cache.
"""

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

import numpy as np

from curate.text.codepoints import code_points
from curate.text.folding import HEADS, Folded, heads

SHORTEST: Final = HEADS[0]  # characters
_EDGE: Final = HEADS[-1]  # characters by which the longer ones are found
_LENGTHS: Final = HEADS[::-1]
_ROOM: Final = 32  # places for each literal in the table of hashes, so that few lines are looked at for nothing


class Literals:
    """Folded literals of at least `SHORTEST` characters, found in lines by how they begin and end; shorter ones are left out."""

    def __init__(self, literals: Iterable[str]) -> None:
        long_enough = [literal for literal in literals if len(literal) >= SHORTEST]
        self._short = {literal for literal in long_enough if len(literal) <= _EDGE}  # no longer than what the others are found by
        starts: dict[str, list[str]] = {}
        ends: dict[str, list[str]] = {}
        for literal in long_enough:
            if len(literal) > _EDGE:
                starts.setdefault(literal[:_EDGE], []).append(literal)
                ends.setdefault(literal[-_EDGE:], []).append(literal)
        self._starts = {edge: tuple(same) for edge, same in starts.items()}
        self._ends = {edge: tuple(same) for edge, same in ends.items()}
        self._first = {literal[:SHORTEST] for literal in long_enough}
        self._last = {literal[-SHORTEST:] for literal in long_enough}
        self._shift = np.uint64(64 - (len(long_enough) * _ROOM + 1).bit_length())
        self._hashed = np.zeros(1 << int(64 - self._shift), dtype=np.bool_)  # by the first bits of the hash of a literal's head
        sizes = [min(len(literal), _EDGE) - SHORTEST for literal in long_enough]
        starts_of = list(accumulate((len(literal) for literal in long_enough), initial=0))[:-1]
        hashes = heads(code_points("".join(long_enough)), starts_of)[np.arange(len(sizes)), sizes]
        self._hashed[hashes >> self._shift] = True

    def beginning(self, folded: Folded) -> list[int]:
        """The lines that begin with one of them, and a few others: `at` tells."""
        near: list[int] = np.flatnonzero(self._hashed[folded.heads >> self._shift].any(axis=1)).tolist()
        return near

    def ends(self, line: str) -> bool:
        """Whether a line ends with one of them."""
        if line[-SHORTEST:] not in self._last:
            return False
        return line.endswith(self._ends.get(line[-_EDGE:], ())) or any(line[-length:] in self._short for length in _LENGTHS)

    def at(self, line: str, at: int) -> Sequence[str]:
        """Those that begin at a place of a line."""
        if line[at : at + SHORTEST] not in self._first:
            return ()
        same = self._starts.get(line[at : at + _EDGE], ())
        found = [literal for literal in same if line.startswith(literal, at)] if line.startswith(same, at) else []
        found += [line[at : at + length] for length in _LENGTHS if line[at : at + length] in self._short and at + length <= len(line)]
        return found
