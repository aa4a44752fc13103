"""Words and word shingles of a folded text, hashed from its code points for a whole page at once."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.text.codepoints import IDEOGRAPH, MARK, NO_WORD, WORD, Ints, word_class

Hashes = NDArray[np.uint64]

_BASE: Final = 0x9E3779B97F4A7C15  # the golden ratio in 64 bits: odd, so it has an inverse modulo 2⁶⁴
_PERIOD: Final = 1 << 15


def _powers(base: int) -> Hashes:
    with np.errstate(over="ignore"):
        powers = np.full(_PERIOD, base, dtype=np.uint64)
        powers[0] = 1
        return np.cumprod(powers, dtype=np.uint64)


_POWERS: Final = _powers(_BASE)
_INVERSE: Final = _powers(pow(_BASE, -1, 1 << 64))


class Hashed(NamedTuple):
    """Hashes in reading order, and for each the paragraph it belongs to (ascending)."""

    hashes: Hashes
    owners: Ints


class Words(NamedTuple):
    """The words of a page in reading order: `Hashed`, and where each begins in the folded text."""

    hashes: Hashes
    owners: Ints
    firsts: NDArray[np.intp]


def mixed(values: Hashes) -> Hashes:
    """The finalizer of splitmix64 (Steele, Lea, Flood 2014): every input bit reaches every output bit."""
    values = values ^ (values >> np.uint64(30))
    values = values * np.uint64(0xBF58476D1CE4E5B9)
    values = values ^ (values >> np.uint64(27))
    values = values * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def words(points: Ints, lines: Ints) -> Words:
    """The words of a folded text: runs of letters, digits and marks; in unspaced scripts each letter is one.

    `points` are its code points, `lines` the paragraph number of each. A word's hash is a polynomial of its
    code points modulo 2⁶⁴, mixed; equal words have equal hashes on every machine.
    """
    kind = word_class(points)
    word = kind != NO_WORD
    spaced = not len(kind) or kind.max() <= WORD  # most pages: one look for both kinds that are rare
    if not spaced and (kind == MARK).any():  # a mark is part of the word before it, and of none after anything else
        base = np.maximum.accumulate(np.where(kind == MARK, 0, np.arange(len(kind))))
        word = (kind[base] != NO_WORD) & (kind[base] != MARK)
    starts = word.copy()
    starts[1:] &= ~word[:-1]
    if not spaced and (kind == IDEOGRAPH).any():
        starts[1:] |= word[1:] & ((kind[1:] == IDEOGRAPH) | ((kind[:-1] == IDEOGRAPH) & (kind[1:] != MARK)))
    first = np.flatnonzero(starts)
    if not len(first):
        return Words(np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int32), first)
    values = (points.astype(np.uint64) + np.uint64(1)) * word
    # Powers by the place in the page, undone once a word, cost a third of powers by the place in the word; and the
    # differences of a running sum, which wraps as the hash does, half of a sum for each word.
    powers = _POWERS[: len(values)] if len(values) <= _PERIOD else np.resize(_POWERS, len(values))
    last = np.append(first[1:], len(points)) - 1
    sums = np.diff(np.cumsum(values * powers)[last], prepend=np.uint64(0)) * _INVERSE[first & (_PERIOD - 1)]
    for crossing in np.flatnonzero(first // _PERIOD != last // _PERIOD).tolist() if len(values) > _PERIOD else ():
        letters = values[first[crossing] : last[crossing] + 1]
        sums[crossing] = (letters * np.resize(_POWERS, len(letters))).sum(dtype=np.uint64)
    return Words(mixed(sums), lines[first], first)


def shingles(of: Hashed | Words, size: int) -> Hashed:
    """Every run of `size` words inside a paragraph; a shorter paragraph is one shingle of all its words."""
    hashes, owners = of.hashes, of.owners
    if not len(hashes):
        return Hashed(hashes, owners)
    counts = np.bincount(owners)
    left = np.cumsum(counts)[owners] - np.arange(len(hashes))  # words from here to the paragraph's end
    width = np.minimum(counts[owners], size)
    whole = left >= width
    combined = np.zeros(len(hashes), dtype=np.uint64)
    for step in range(size):
        part = np.zeros(len(hashes), dtype=np.uint64)
        part[: max(len(hashes) - step, 0)] = hashes[step:]
        part[step >= width] = 0
        combined = combined * np.uint64(_BASE) + part
    return Hashed(mixed(combined[whole]), owners[whole])
