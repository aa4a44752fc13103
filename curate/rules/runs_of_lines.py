"""Lines that are several known lines run together: "…logged inPlease refresh…", "0Comments", "Share 12 Tweet 3".

Extractors that forget the line breaks between elements glue labels together. Such a line goes when it can be cut, from its
first character to its last, into known whole lines, numbers, and the signs that stand between labels; and where one
piece touches the next a reader must be able to see it, or "newsroom" would be "news" and "room".
"""

import re
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

SHORTEST: Final = 3  # characters of a known line that may be a piece
LONGEST: Final = 300  # characters of a line that is looked at
Heads = dict[str, tuple[str, ...]]  # known lines by their first SHORTEST characters, the longest first

_BETWEEN: Final = re.compile(r"[ |/•·*>-]*")
_NUMBER: Final = re.compile(r"[0-9]+(?:[.,][0-9]+)*(?:[km](?!\w))?")


class Piece(NamedTuple):
    """A part of a folded line; `line` is the known line that it is, "" for a number."""

    start: int
    end: int
    line: str


def heads_of(lines: Iterable[str]) -> Heads:
    """Known lines as `pieces` looks for them."""
    found: dict[str, list[str]] = {}
    for line in lines:
        found.setdefault(line[:SHORTEST], []).append(line)
    return {head: tuple(sorted(same, key=lambda line: (-len(line), line))) for head, same in found.items()}


def tails_of(heads: Heads) -> frozenset[str]:
    """How known lines end: most lines of a page are told by this not to be runs."""
    return frozenset(line[-SHORTEST:] for same in heads.values() for line in same)


def pieces(line: str, heads: Heads, usable: Callable[[str], bool], parted: Callable[[int], bool]) -> list[Piece]:
    """A folded line as a run of at least two pieces, one of them a known line; [] when it is none.

    `usable` says whether a known line counts here, `parted` whether a reader sees that something new begins at a place
    in the line. Pieces are tried longest first; a place from which the line's end cannot be reached is tried once.
    """
    dead: set[int] = set()
    found: list[Piece] = []

    def onward(at: int) -> bool:
        at = _BETWEEN.match(line, at).end()  # type: ignore[union-attr]  # it matches nothing, too
        if at == len(line):
            return len(found) > 1 and any(piece.line for piece in found)
        if at in dead:
            return False
        if not found or line[at - 1] in " |/•·*>-" or parted(at):
            for piece in _at(line, at, heads, usable):
                found.append(piece)
                if onward(piece.end):
                    return True
                found.pop()
        dead.add(at)
        return False

    return found if onward(0) else []


def _at(line: str, at: int, heads: Heads, usable: Callable[[str], bool]) -> Iterable[Piece]:
    for known in heads.get(line[at : at + SHORTEST], ()):
        if line.startswith(known, at) and usable(known):
            yield Piece(at, at + len(known), known)
    if number := _NUMBER.match(line, at):
        yield Piece(at, number.end(), "")
