"""Learned odds: how much likelier content is under an element with a word in its name, or in a short paragraph with a word.

Two tables, a row a hash, are learned from labelled pages (`curate.train.odds`); what the rows of a paragraph say together are
further features of the net. A vector a word that the net learns itself does worse here: it remembers sites.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.models.features import Dense, Feature
from curate.models.names import TOKEN_BITS
from curate.models.tree import Page
from curate.text.shingles import mixed

ROWS: Final = 1 << TOKEN_BITS
_SHIFT: Final = np.uint64(64 - TOKEN_BITS)
_PAIR: Final = np.uint64(0x9E3779B97F4A7C15)
_SHORT: Final = 160  # characters above which the words of a paragraph say nothing that its shape does not
_LEVELS: Final = ("own", "parent", "grandparent")

Floats = NDArray[np.float32]
Places = NDArray[np.intp]


class Odds(NamedTuple):
    """Log odds by row, 0 where nothing is known."""

    names: Floats
    words: Floats


class Rows(NamedTuple):
    """Rows of a table, and whose they are: elements or paragraphs, ascending."""

    rows: Places
    owners: Places


_NAMES: Final = (
    *(
        Feature(
            f"odds-{level}-{figure}",
            f"{figure} of the odds of the names of the element: {level}",
            "words that no list has, in any language",
        )
        for level in _LEVELS
        for figure in ("sum", "lowest", "highest")
    ),
    Feature("odds-sum", "sum over all elements around", "many weak signs"),
    Feature("odds-lowest", "lowest of all", "one chrome container is enough"),
    Feature("odds-highest", "highest of all", "one content container nearly is"),
    Feature("odds-lowest-sum", "sum of the lowest of each element", "chrome inside chrome"),
    Feature("odds-highest-sum", "sum of the highest of each element", "content inside content"),
    Feature("odds-further-sum", "sum over the elements further out", "the sections of the page"),
)
_FIGURES: Final = ("sum", "mean", "lowest", "highest")
_WORDS: Final = (
    *(Feature(f"odds-words-{figure}", f"{figure} of the odds of its words, if it is short", "labels and buttons") for figure in _FIGURES),
    *(Feature(f"odds-heading-{figure}", f"the same of the last heading above: {figure}", '"Related", "Comments"') for figure in _FIGURES),
)
TABLE: Final = (*_NAMES, *_WORDS)
NAMES: Final = len(_NAMES)


def name_rows(page: Page) -> Rows:
    """The rows of the names of each element around a paragraph but the body, which is about the page."""
    of = page.chains
    counts = [len(one.tokens) for one in of.signs]
    rows = np.concatenate([one.tokens for one in of.signs])
    owners = np.repeat(of.numbers, counts)
    return Rows(rows[owners > 0], owners[owners > 0])


def word_rows(page: Page) -> tuple[Rows, Rows]:
    """The rows of the words of short paragraphs, and of pairs of them side by side."""
    short = page.lengths[page.words.owners] <= _SHORT
    hashes = page.words.hashes[short]
    owners: Places = page.words.owners[short].astype(np.intp)
    beside = owners[1:] == owners[:-1]
    pairs = mixed(hashes[:-1][beside] * _PAIR + hashes[1:][beside])
    single = Rows((hashes >> _SHIFT).astype(np.intp), owners)
    return single, Rows((pairs >> _SHIFT).astype(np.intp), owners[1:][beside])


def dense(page: Page, odds: Odds) -> Dense:
    """The features TABLE of the live paragraphs."""
    return np.concatenate([_of_names(page, odds.names), *_of_words(page, odds.words)], axis=1)


def _reduced(rows: Rows, table: Floats, count: int) -> tuple[Floats, Floats, Floats]:
    """Sum, lowest and highest of the odds of each owner; neither of the latter on the other side of 0."""
    values, owners = table[rows.rows], rows.owners
    lowest, highest = np.zeros((2, count), dtype=np.float32)
    sums = np.bincount(owners, weights=values, minlength=count).astype(np.float32)
    if len(owners):
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        lowest[owners[starts]] = np.minimum(np.minimum.reduceat(values, starts), 0)
        highest[owners[starts]] = np.maximum(np.maximum.reduceat(values, starts), 0)
    return sums, lowest, highest


def _of_names(page: Page, table: Floats) -> Dense:
    elements = page.chains.elements
    deep = elements.shape[1]
    sums, lowest, highest = (values[elements] for values in _reduced(name_rows(page), table, len(page.chains.tags)))
    near = [values[:, min(level, deep - 1)] for level in range(len(_LEVELS)) for values in (sums, lowest, highest)]
    whole = (sums.sum(axis=1), lowest.min(axis=1), highest.max(axis=1), lowest.sum(axis=1), highest.sum(axis=1))
    return np.column_stack([*near, *whole, sums[:, len(_LEVELS) :].sum(axis=1)])


def _of_words(page: Page, table: Floats) -> list[Dense]:
    n = len(page.lengths)
    single, pairs = word_rows(page)
    both = [_reduced(rows, table, n) for rows in (single, pairs)]
    sums, lowest, highest = both[0][0] + both[1][0], np.minimum(both[0][1], both[1][1]), np.maximum(both[0][2], both[1][2])
    counts = np.bincount(single.owners, minlength=n) + np.bincount(pairs.owners, minlength=n)
    own = np.column_stack([sums, sums / np.maximum(counts, 1), lowest, highest]).astype(np.float32)
    heading = np.where((page.last_heading >= 0)[:, None], own[page.last_heading], np.float32(0))
    return [own, heading]
