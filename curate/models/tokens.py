"""Words of a paragraph as numbers of a hash table: what the net learns of words is kept there, a row a number."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.models.text import Lines
from curate.text.codepoints import Ints
from curate.text.shingles import mixed

TABLE_BITS: Final = 13
_SHIFT: Final = np.uint64(64 - TABLE_BITS)
_HEAD: Final = 16  # words from the start of a paragraph that count
_TAIL: Final = 8  # and from its end: what is between them is the same in prose and in prose
_FIRST, _LAST, _PAIR = np.uint64(0x8CB92BA72F3D8DD7), np.uint64(0xE7037ED1A0B428DB), np.uint64(0xD6E8FEB86659FD93)


class Bags(NamedTuple):
    """The tokens of paragraphs: rows of a table, parted by paragraph. A paragraph without any has an empty part."""

    ids: NDArray[np.intp]
    counts: Ints


def words_of(lines: Lines) -> Bags:
    """First and last words, pairs of them side by side, and once more the very first and the very last one as such."""
    hashes, owners, counts = lines.hashes, lines.word_owners, lines.counts
    firsts = np.cumsum(counts) - counts
    place = np.arange(len(hashes)) - firsts[owners]
    left = counts[owners] - place  # words from here on, this one included
    chosen = (place < _HEAD) | (left <= _TAIL)
    following = np.empty_like(hashes)
    following[:-1] = hashes[1:]
    following[-1:] = 0
    paired = np.flatnonzero(chosen & (left > 1))
    single = np.flatnonzero(chosen)
    first, last = np.flatnonzero(place == 0), np.flatnonzero(left == 1)
    with np.errstate(over="ignore"):
        tokens = np.concatenate([hashes[single], hashes[paired] * _PAIR + following[paired], hashes[first] ^ _FIRST, hashes[last] ^ _LAST])
    of = np.concatenate([owners[single], owners[paired], owners[first], owners[last]])
    order = np.argsort(of, kind="stable")
    return Bags((mixed(tokens[order]) >> _SHIFT).astype(np.intp), np.bincount(of, minlength=len(counts)).astype(np.int32))
