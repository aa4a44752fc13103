"""Find literals at the beginning or the end of lines, by a look into a dictionary.

An automaton would find them too, but of thousands of literals a DFA takes a hundred megabytes and falls out of the cache.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

SHORTEST: Final = 3  # characters
_EDGE: Final = 6  # characters by which the longer ones are found
_LENGTHS: Final = range(_EDGE, SHORTEST - 1, -1)


class Literals:
    """Folded literals of at least `SHORTEST` characters, found in lines by how they begin and end; shorter ones are left out."""

    def __init__(self, literals: Iterable[str]) -> None:
        self._short: set[str] = set()  # those that are no longer than what the others are found by
        self._starts: dict[str, list[str]] = {}
        self._ends: dict[str, list[str]] = {}
        self._edge: set[str] = set()  # how any of them begins
        for literal in literals:
            if len(literal) > _EDGE:
                self._starts.setdefault(literal[:_EDGE], []).append(literal)
                self._ends.setdefault(literal[-_EDGE:], []).append(literal)
            elif len(literal) >= SHORTEST:
                self._short.add(literal)
            self._edge.add(literal[:SHORTEST])

    def beginning(self, lines: Sequence[str]) -> list[int]:
        """The lines that begin with one of them."""
        edge, starts, short = self._edge, self._starts, self._short
        near = [number for number, line in enumerate(lines) if line[:SHORTEST] in edge]
        near = [n for n in near if lines[n][:_EDGE] in starts or any(lines[n][:length] in short for length in _LENGTHS)]
        return [number for number in near if next(self.at(lines[number], 0), "")]

    def ends(self, line: str) -> bool:
        """Whether a line ends with one of them."""
        if any(line.endswith(literal) for literal in self._ends.get(line[-_EDGE:], ())):
            return True
        return any(line[-length:] in self._short for length in _LENGTHS)

    def at(self, line: str, at: int) -> Iterator[str]:
        """Those that begin at a place of a line."""
        for literal in self._starts.get(line[at : at + _EDGE], ()):
            if line.startswith(literal, at):
                yield literal
        for length in _LENGTHS:
            if line[at : at + length] in self._short and at + length <= len(line):
                yield line[at : at + length]
