"""Lines that are several known lines run together: "…logged inPlease refresh…", "0Comments", "Share 12 Tweet 3".

Extractors that forget the line breaks between elements glue labels together. Such a line goes when it can be cut, from its
first character to its last, into known whole lines, numbers, and the signs that stand between labels; and where one
piece touches the next a reader must be able to see it, or "newsroom" would be "news" and "room".
"""

import re
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, NamedTuple

from curate.rules.edges import SHORTEST, Literals
from curate.text.folding import Folded

LONGEST: Final = 300  # characters of a line that is looked at
_SIGNS: Final = " |/•·*>"
_NUMERIC: Final = frozenset("0123456789")
_PARTING: Final = frozenset(_SIGNS) - {" "} | {"-"}
_EDGES: Final = _NUMERIC | frozenset(_SIGNS) | {"-"}

_NUMBER: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)*")


class Piece(NamedTuple):
    """A part of a folded line; `line` is the known line that it is, "" for a number."""

    start: int
    end: int
    line: str


def could_be_runs(folded: Folded, known: Sequence[Literals], taken: AbstractSet[int]) -> Iterator[int]:
    """The lines that begin with a known line or a number, and end with one or a sign; not those that are `taken`."""
    lines = folded.lines
    begin = {number for some in known for number in some.beginning(folded)}
    begin.update([number for number, line in enumerate(lines) if line[:1] in _NUMERIC])
    for number in sorted(begin - taken):
        line = lines[number]
        if SHORTEST < len(line) <= LONGEST and (line[-1] in _EDGES or any([some.ends(line) for some in known])):  # noqa: C419  # few
            yield number


def pieces(line: str, known: Sequence[Literals], usable: Callable[[str], bool], parted: Callable[[int], bool]) -> list[Piece]:
    """A folded line as a run of at least two pieces, one of them a known line; [] when it is none.

    `usable` says whether a known line counts here, `parted` whether a reader sees that something new begins at a place
    in the line. A place from which the line's end cannot be reached is tried once.
    """
    dead: set[int] = set()
    found: list[Piece] = []

    def onward(at: int) -> bool:
        end = at  # of the piece before
        while at < len(line) and (line[at] in _SIGNS or _dash(line, at)):
            at += 1
        if at == len(line):
            return len(found) > 1 and any(piece.line for piece in found)
        if at in dead:
            return False
        if not found or not found[-1].line or not _PARTING.isdisjoint(line[end:at]) or parted(at):
            for piece in _at(line, at, known, usable):
                found.append(piece)
                if onward(piece.end):
                    return True
                found.pop()
            dead.add(at)
        return False

    return found if onward(0) else []


def _at(line: str, at: int, known: Sequence[Literals], usable: Callable[[str], bool]) -> Iterator[Piece]:
    for some in known:
        for text in some.at(line, at):
            if usable(text):
                yield Piece(at, at + len(text), text)
    if line[at] in _NUMERIC and (number := _NUMBER.match(line, at)):
        yield Piece(at, number.end(), "")
        if line[number.end() : number.end() + 1] in {"k", "m"}:  # thousands, millions
            yield Piece(at, number.end() + 1, "")


def _dash(line: str, at: int) -> bool:
    """Whether a dash stands between words, and not inside one."""
    return line[at] == "-" and (line[at - 1 : at] in {"", " "} or line[at + 1 : at + 2] in {"", " "})
