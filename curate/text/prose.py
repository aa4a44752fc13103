"""Which lines read as prose: long ones that end as sentences do. A rough look, for one line or for all lines of a text."""

import re
from typing import Final

import numpy as np

from curate.text.codepoints import Bools, Ints, Places, code_points

_CHARS: Final = 60  # characters from which a line that ends as a sentence does is one
_CHARS_WIDE: Final = 25  # the same in scripts whose characters are syllables or words
_ENDS: Final = ".!?…。！？؟।:"
_CLOSING: Final = "\"'”“’»«›)]」』）"  # what may stand behind the end of a sentence
WIDE: Final = re.compile(r"[\u2e80-\u9fff\uac00-\ud7ff\uf900-\ufaff]")  # letters that are syllables or words
_WIDE_RANGES: Final = ((0x2E80, 0x9FFF), (0xAC00, 0xD7FF), (0xF900, 0xFAFF))
_END_POINTS: Final = code_points(_ENDS).astype(np.int32)
_CLOSING_POINTS: Final = code_points(_CLOSING).astype(np.int32)


def reads_as_prose(text: str) -> bool:
    """Whether a line is long and ends as sentences do."""
    enough = _CHARS_WIDE if WIDE.search(text) else _CHARS
    return len(text) >= enough and text.rstrip(_CLOSING).endswith(tuple(_ENDS))


def prose_lines(points: Ints, starts: Places, ends: Places) -> Bools:
    """The same for all lines of a text, given its code points and where lines start and end (exclusive)."""
    prose = ends - starts >= _CHARS_WIDE
    last = ends - 1
    left = np.flatnonzero(prose)
    while len(left):
        left = left[np.isin(points[last[left]], _CLOSING_POINTS) & (last[left] > starts[left])]
        last[left] -= 1
    prose[prose] = np.isin(points[last[prose]], _END_POINTS)
    short = np.flatnonzero(prose & (ends - starts < _CHARS))
    if len(short):
        wide = np.concatenate(([0], np.cumsum(_is_wide(points), dtype=np.int32)))
        prose[short] = wide[ends[short]] > wide[starts[short]]
    return prose


def _is_wide(points: Ints) -> Bools:
    wide = np.zeros(len(points), dtype=np.bool_)
    for first, last in _WIDE_RANGES if len(points) and points.max() >= _WIDE_RANGES[0][0] else ():
        wide |= (points >= first) & (points <= last)
    return wide
