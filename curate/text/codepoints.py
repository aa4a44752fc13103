"""Text as an array of code points, and tables that answer by code point."""

import unicodedata
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

CodePoints = NDArray[np.uint32]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]
Places = NDArray[np.intp]  # offsets into a page

_COUNT: Final = 0x110000


def code_points(text: str) -> CodePoints:
    """The code points of `text`, which holds no lone surrogates."""
    return np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)


def whole(text: str) -> str:
    """Text with U+FFFD in the place of lone surrogates, which no encoding can write."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def to_text(points: NDArray[np.integer]) -> str:
    """The text of an array of code points."""
    if not len(points) or points.max() < 0x100:  # noqa: PLR2004  # Latin-1, which is read five times as fast
        return points.astype(np.uint8).tobytes().decode("latin-1")
    return points.astype("<u4").tobytes().decode("utf-32-le")


class CodePointTable:
    """One int32 for every code point, worked out when a code point is first met.

    Filling it lazily keeps start-up free of a million calls; untouched parts of the table take no memory. The
    function must never give 0, which marks an entry as not yet known.
    """

    def __init__(self, value: Callable[[str], int]) -> None:
        self._value = value
        self._table = np.zeros(_COUNT, dtype=np.int32)

    def __call__(self, points: NDArray[np.integer]) -> Ints:
        """The values of `points`, in the same shape."""
        places = points.astype(np.intp)  # numpy indexes by intp three times as fast as by uint32
        found = self._table[places]
        if not found.all():
            for point in np.unique(places[found == 0]).tolist():
                self._table[point] = self._value(chr(point))
            found = self._table[places]
        answer: Ints = found
        return answer


NO_WORD: Final = 1
WORD: Final = 2
IDEOGRAPH: Final = 3  # a word by itself: scripts that write no blanks between words
MARK: Final = 4  # part of the word it stands in, and none alone

_UNSPACED = ("CJK UNIFIED", "CJK COMPATIBILITY IDEOGRAPH", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")


def _word_class(char: str) -> int:
    category = unicodedata.category(char)
    if category[0] == "L" and unicodedata.name(char, "").startswith(_UNSPACED):
        return IDEOGRAPH
    if category[0] in "LN" or char == "_":
        return WORD
    return MARK if category[0] == "M" else NO_WORD


word_class = CodePointTable(_word_class)


def _space(char: str) -> int:
    return 2 if char.isspace() else 1


_space_class = CodePointTable(_space)


def is_space(points: CodePoints) -> Bools:
    """Where white space stands, as `str.isspace` has it."""
    found: Bools = _space_class(points) == 2  # noqa: PLR2004  # the class that `_space` gives to white space
    return found


def runs(flags: Bools) -> tuple[Places, Places]:
    """Starts and ends (exclusive) of the runs of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).view(np.int8)))
    return edges[::2], edges[1::2]
