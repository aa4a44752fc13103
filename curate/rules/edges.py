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
        starts: dict[str, list[str]] = {}
        ends: dict[str, list[str]] = {}
        for literal in literals:
            if len(literal) > _EDGE:
                starts.setdefault(literal[:_EDGE], []).append(literal)
                ends.setdefault(literal[-_EDGE:], []).append(literal)
            elif len(literal) >= SHORTEST:
                self._short.add(literal)
        self._starts = {edge: tuple(same) for edge, same in starts.items()}
        self._ends = {edge: tuple(same) for edge, same in ends.items()}
        self._edge = {literal[:SHORTEST] for literal in (*starts, *self._short)}  # how any of them begins

    def beginning(self, lines: Sequence[str]) -> list[int]:
        """The lines that begin with one of them."""
        edge, starts, short = self._edge, self._starts, self._short
        near = [number for number, line in enumerate(lines) if line[:SHORTEST] in edge]
        return [
            number
            for number in near
            if (line := lines[number]).startswith(starts.get(line[:_EDGE], ()))
            or line[:3] in short
            or line[:4] in short
            or line[:5] in short
            or line[:_EDGE] in short
        ]

    def ends(self, line: str) -> bool:
        """Whether a line ends with one of them."""
        return line.endswith(self._ends.get(line[-_EDGE:], ())) or any(line[-length:] in self._short for length in _LENGTHS)

    def at(self, line: str, at: int) -> Iterator[str]:
        """Those that begin at a place of a line."""
        same = self._starts.get(line[at : at + _EDGE], ())
        if line.startswith(same, at):
            yield from (literal for literal in same if line.startswith(literal, at))
        for length in _LENGTHS:
            if line[at : at + length] in self._short and at + length <= len(line):
                yield line[at : at + length]
