"""The folded copy of a page: what rules, repeats and shingles compare instead of the page itself.

Folding takes away what two copies of a line may differ in without saying anything else: compatibility forms
(NFKC), case, the shape of quotes and dashes, the kind and number of blanks, soft hyphens and other invisible
characters. It works by a table per code point, so every folded character knows which character it came from.
"""

import unicodedata
from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from curate.text.codepoints import CodePoints, CodePointTable, Ints, Places, code_points, to_text

_NEWLINE: Final = 10
_SPACE: Final = 32
_GONE: Final = -1  # folded to nothing
_LONGER: Final = -2  # folded to more than one character: entry _LONGER - value of `_longer`

_SHAPES: Final = {**dict.fromkeys("‘’‚‛′‵ʼ`´‹›", "'"), **dict.fromkeys("“”„‟″‶«»〝〞", '"'), **dict.fromkeys("‐‑‒–—―−﹘﹣-", "-")}
_longer: list[Ints] = []

HEADS: Final = (3, 4, 5, 6)  # characters of a line's heads, by which its beginning is looked up
_FACTORS: Final = np.cumprod(np.full(HEADS[-1], 0x9E3779B97F4A7C15, dtype=np.uint64))  # odd powers of the golden ratio in 64 bits


def _fold_char(char: str) -> int:
    folded = "".join(_SHAPES.get(c, c) for c in unicodedata.normalize("NFKC", _SHAPES.get(char, char)).casefold())
    # casefold can undo a composition ("ǰ"); the second pass makes folding a folded text change nothing.
    folded = unicodedata.normalize("NFKC", folded)
    if char.isspace() or (folded.isspace() and len(folded) == 1):
        return _SPACE
    folded = "".join(c for c in folded if unicodedata.category(c) not in {"Cf", "Cc"})
    if not folded:
        return _GONE
    if len(folded) == 1:
        return ord(folded)
    _longer.append(code_points(folded).astype(np.int32))
    return _LONGER - len(_longer) + 1


_fold = CodePointTable(_fold_char)


class Folded:
    """The folded copy of a text whose paragraphs start and end at given offsets.

    `text` holds the folded paragraphs, one a line; `lines` is it split. Blanks are single and never at an edge.
    """

    def __init__(self, page: CodePoints, starts: Ints) -> None:
        self.points, self._origin = _folded(page, starts)
        self.text = to_text(self.points)
        self.lines = self.text.split("\n") if len(starts) else []

    @cached_property
    def first(self) -> dict[str, int]:
        """For each line the number of the first paragraph that reads so."""
        return {line: number for number, line in reversed(list(enumerate(self.lines)))}

    @cached_property
    def starts(self) -> list[int]:
        """Where lines start in `text`."""
        return [0, *(np.flatnonzero(self.points == _NEWLINE) + 1).tolist()]

    @cached_property
    def offsets(self) -> tuple[Ints, NDArray[np.int64]]:
        """For each folded character the offset in the page of the character it came from, and where lines start."""
        return self._origin, np.array(self.starts, dtype=np.int64)

    @cached_property
    def heads(self) -> NDArray[np.uint64]:
        """For each line a hash of each of its heads, by `HEADS`; where the line is shorter, of what follows it as well."""
        return heads(self.points, self.starts)

    def line_numbers(self) -> Ints:
        """For each folded character the number of its paragraph (the line break belongs to the one before)."""
        numbers: Ints = np.repeat(np.arange(len(self.starts), dtype=np.int32), np.diff([*self.starts, len(self.points)]))
        return numbers


def _folded(page: CodePoints, starts: Ints) -> tuple[Ints, Ints]:
    """Folded code points, and for each the offset it came from."""
    points: Ints = _fold(page)
    # What stands between two paragraphs is white space only; its last character becomes the break between them.
    points[starts[1:] - 1] = _NEWLINE
    origin = np.arange(len(points), dtype=np.int32)
    if len(points) and points.min() < 0:
        points, origin = _expanded(points, origin)
    space = points == _SPACE
    end = len(points) - int(np.argmin(space[::-1])) if len(points) else 0  # most pages end with a line break, and need no more
    points, origin, space = points[:end], origin[:end], space[:end]
    blank = space | (points == _NEWLINE)
    if space[:1].any() or (blank[1:] & blank[:-1]).any():
        gone = _superfluous(points)
        points, origin = np.delete(points, gone), np.delete(origin, gone)
    return points, origin


def _superfluous(points: Ints) -> Places:
    """Where spaces stand at the edge of a line or after another space, ascending, in a text that ends with none or has nothing else."""
    blank = np.flatnonzero((points == _SPACE) | (points == _NEWLINE))
    space, follows = points[blank] == _SPACE, np.diff(blank, prepend=-1) == 1
    gone = space & follows  # what comes after a blank, or first of all
    left = np.flatnonzero(~gone)
    # Of what is left a space before a line break, with nothing but what goes in between.
    together = np.diff(np.cumsum(~follows)[left]) == 0
    gone[left[:-1]] = space[left[:-1]] & ~space[left[1:]] & together
    superfluous: Places = blank[gone]
    return superfluous


def _expanded(points: Ints, origin: Ints) -> tuple[Ints, Ints]:
    """Take out what folds to nothing, and put several characters where one folds to several."""
    kept = np.flatnonzero(points != _GONE)
    points, origin = points[kept], origin[kept]
    new_points, new_origin, at = [], [], 0
    for place in np.flatnonzero(points <= _LONGER).tolist():
        longer = _longer[_LONGER - points[place]]
        new_points += [points[at:place], longer]
        new_origin += [origin[at:place], np.full(len(longer), origin[place], dtype=np.int32)]
        at = place + 1
    return np.concatenate([*new_points, points[at:]]), np.concatenate([*new_origin, origin[at:]])


def fold(text: str) -> str:
    """A single line folded, as paragraphs of a page are."""
    return Folded(code_points(text), np.zeros(1, dtype=np.int32)).text if text else ""


def heads(points: NDArray[np.integer], starts: Sequence[int]) -> NDArray[np.uint64]:
    """For each place a hash of the characters that follow it, as many as `HEADS` says, or of what there are."""
    if not len(points):
        return np.empty((0, len(HEADS)), dtype=np.uint64)
    places = np.add.outer(starts, np.arange(HEADS[-1]))
    return np.cumsum(points.take(places, mode="clip").astype(np.uint64) * _FACTORS, axis=1)[:, HEADS[0] - 1 :]


def fold_lines(lines: Sequence[str]) -> list[str]:
    """Single lines folded, all at once."""
    joined = "\n".join(lines)
    lengths = np.fromiter(map(len, lines), dtype=np.int32, count=len(lines))
    starts = (np.cumsum(lengths + 1) - lengths - 1).astype(np.int32)
    return Folded(code_points(joined), starts).lines if joined else [""] * len(lines)
