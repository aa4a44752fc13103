"""The sketch that duplicates are found by: of each paragraph its shingles, the keys of its bands, and a few hashes.

A shingle's hash has 32 bits, as datasketch's signatures take them. The lowest bit tells word shingles (0) from character
shingles (1), so that the two never agree; two different shingles of a kind agree by chance once in 2³¹. That two
paragraphs of 60 words falsely share one has a chance of 2 in a million, and it moves their measure by a hundredth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.document import LIST, Document
from curate.duplicates.table import Column, Table
from curate.text.bullets import BULLET
from curate.text.codepoints import Bools, code_points
from curate.text.minhash import EMPTY, Hashes32, Offsets, Signatures, band_keys, signatures
from curate.text.shapes import DIGIT, shapes
from curate.text.shingles import Hashed, Hashes, mixed, shingles

Counts = NDArray[np.intp]

HEADING: Final = 32  # the flag of a heading, beside those of `curate.document`

_BLOCK: Final = 1 << 15  # words and rows that are worked on at a time: few enough for the cache, enough for numpy's calls to cost little
_ZERO: Final = ord("0")  # stands for every digit in character shingles
_BASE: Final = np.uint64(0x9E3779B97F4A7C15)
_CHARACTERS: Final = np.uint64(1)  # the bit of a character shingle
_HALF: Final = np.uint64(32)
_PART: Final = np.uint64(60)  # to shift a key by, so that the number of its part is left


@dataclass(frozen=True)
class Shingled:
    """Paragraphs as sets of shingles: of words, or of characters with the digits masked where there are few words."""

    shingle: int = 3  # words
    chars: int = 4  # characters
    bands: int = 20
    rows: int = 6  # of a band
    min_words: int = 3  # lines with fewer have no shingles
    short: int = 8  # words up to which a line has character shingles
    begins: int = 8  # words by which the beginnings of two paragraphs are compared

    @property
    def name(self) -> str:
        """The name of the table, with all settings in it."""
        return f"shingled-{self.shingle}-{self.chars}-{self.bands}x{self.rows}-{self.min_words}-{self.short}-{self.begins}"

    def begin(self) -> "Shingling":
        """A sketch with nothing in it."""
        return Shingling(self)


class _Collected(NamedTuple):
    """What is known of some documents: lists with one entry a document, but for `short`."""

    hashes: list[Hashes]  # of the words of their live paragraphs
    counts: list[Counts]  # words of each live paragraph
    chars: list[Column]
    flags: list[Column]
    short: list[str]  # the folded lines that get character shingles, of all documents in order


def _nothing() -> _Collected:
    """Nothing collected yet, with the types of what will be."""
    none = np.zeros(0)
    return _Collected([none.astype(np.uint64)], [none.astype(np.intp)], [none.astype(np.int32)], [none.astype(np.uint8)], [])


class Shingling:
    """A shard's sketch in the making. Documents are collected, and worked on many at a time."""

    def __init__(self, settings: Shingled) -> None:
        self._settings = settings
        self._blocks: list[dict[str, Column]] = []
        self._collected, self._size = _nothing(), 0

    def add(self, doc: Document) -> None:
        """Sketch the live paragraphs of a document."""
        words, live, kept = doc.words, doc.live, doc.kept
        counts = np.bincount(words.owners, minlength=doc.read)[live]
        lines = [doc.folded.lines[number] for number in kept]
        few = np.flatnonzero((counts >= self._settings.min_words) & (counts <= self._settings.short))
        to = self._collected
        to.hashes.append(words.hashes if len(kept) == doc.read else words.hashes[live[words.owners]])
        to.counts.append(counts)
        to.chars.append(doc.lengths[live])
        to.flags.append(_flags(doc, lines))
        to.short.extend(lines[number] for number in few.tolist())
        self._size += len(to.hashes[-1]) + len(counts)
        if self._size >= _BLOCK:
            self._work_out()

    def table(self) -> Table:
        """All columns, in the order of `add`; asked for once.

        By row, which is a live paragraph:

        - `exact` u64, the hash of its words in order, 0 without words; `words` i32 and `chars` i32, how many;
        - `flags` u8, bits of `curate.document` and HEADING; in text pages LIST for a line that begins with a bullet;
        - `first` u64, the hash of its first `begins` words, 0 where there are fewer;
        - `at` i64, one more than rows: where in `shingles` u32 those of the row are, ascending and distinct.

        `keys` u64, ascending, with `key_rows` u32: the keys of all bands of the rows that have shingles. By document
        `signatures` u32 (documents, permutations): the least values of those of its rows that have word shingles.
        """
        self._work_out()
        # Of the blocks each column goes as it is put together: a large shard has no room for both.
        columns = {name: np.concatenate([block.pop(name) for block in self._blocks]) for name in list(self._blocks[0])}
        sizes, bands = columns.pop("sizes"), columns.pop("bands")
        keys, key_rows = by_key(bands.ravel(), np.repeat(np.flatnonzero(sizes).astype(np.uint32), self._settings.bands))
        return {**columns, "at": offsets(sizes), "keys": keys, "key_rows": key_rows}

    def _work_out(self) -> None:
        self._blocks.append(_block(self._settings, self._collected))
        self._collected, self._size = _nothing(), 0


def _block(settings: Shingled, of: _Collected) -> dict[str, Column]:
    """The columns of some documents, but by row `sizes`, how many shingles it has, and for those with any the keys of their `bands`."""
    words, counts = np.concatenate(of.hashes), np.concatenate(of.counts)
    flat, sizes = _shingles(settings, words, counts, of.short)
    signed = signatures(flat, offsets(sizes), settings.bands * settings.rows)
    begin = offsets(counts)[:-1]
    return {
        "exact": _hashes_of_runs(words, begin, counts),
        "words": counts.astype(np.int32),
        "chars": np.concatenate(of.chars),
        "flags": np.concatenate(of.flags),
        "first": _hashes_of_runs(words, begin, np.where(counts >= settings.begins, settings.begins, 0)),
        "shingles": flat,
        "sizes": sizes,
        "bands": band_keys(signed[sizes > 0], settings.bands, settings.rows),
        "signatures": _least(np.where(counts[:, None] > settings.short, signed, EMPTY), offsets([len(rows) for rows in of.counts[1:]])),
    }


def _shingles(settings: Shingled, words: Hashes, counts: Counts, short: Sequence[str]) -> tuple[Hashes32, Counts]:
    """The shingles of all rows, ascending and distinct in each, and how many each has."""
    rows = np.arange(len(counts), dtype=np.int32)
    long = counts > settings.short
    owners = np.repeat(rows, counts)
    by_words = shingles(Hashed(words[long[owners]], owners[long[owners]]), settings.shingle)
    points = code_points("".join(short)).astype(np.uint64)
    points[shapes(points) == DIGIT] = _ZERO
    lengths = np.fromiter(map(len, short), dtype=np.intp, count=len(short))
    few = rows[(counts >= settings.min_words) & ~long]
    by_chars = shingles(Hashed(mixed(points), np.repeat(few, lengths)), settings.chars)
    # Row and shingle as one number, so that one sort, of a kind that is fast, orders all rows.
    packed = np.concatenate((_packed(by_words) & ~_CHARACTERS, _packed(by_chars) | _CHARACTERS))
    packed.sort()
    packed = packed[np.diff(packed, prepend=~packed[:1]) != 0]
    return packed.astype(np.uint32), np.bincount((packed >> _HALF).astype(np.intp), minlength=len(counts))


def _packed(shingled: Hashed) -> Hashes:
    return (shingled.owners.astype(np.uint64) << _HALF) | (shingled.hashes >> _HALF)


def _hashes_of_runs(words: Hashes, begin: Offsets, lengths: Counts) -> Hashes:
    """A hash of each run of words in its order; 0 for a run of none. Runs begin at given places and do not overlap."""
    found = np.zeros(len(lengths), dtype=np.uint64)
    some = np.flatnonzero(lengths)
    if len(some):
        at = offsets(lengths[some])
        places = np.arange(at[-1]) - np.repeat(at[:-1], lengths[some])
        powers = np.cumprod(np.full(lengths.max(), _BASE))
        weighed = words[np.repeat(begin[some], lengths[some]) + places] * powers[places]
        found[some] = mixed(np.add.reduceat(weighed, at[:-1]))
    return found


def _flags(doc: Document, lines: Sequence[str]) -> Column:
    if not doc.is_html:
        return np.array([LIST if BULLET.match(line) else 0 for line in lines], dtype=np.uint8)
    flags, headings = doc.facts.flags[doc.live], doc.facts.headings[doc.live]
    return (flags | np.where(headings > 0, HEADING, 0)).astype(np.uint8)


def _least(signed: Signatures, first: Offsets) -> Signatures:
    """The least values of the signatures of each document's rows, which begin at `first`."""
    found = np.full((len(first) - 1, signed.shape[1]), EMPTY, dtype=np.uint32)
    some = np.flatnonzero(np.diff(first))
    if len(some):
        found[some] = np.minimum.reduceat(signed, first[some], axis=0)
    return found


def offsets(lengths: Sequence[int] | Column) -> Offsets:
    """Where runs of given lengths begin that stand one behind the other, and where the last one ends."""
    at = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=at[1:])
    return at


def by_key(keys: Hashes, rows: Hashes32) -> tuple[Hashes, Hashes32]:
    """Keys in ascending order, each with its row; the rows of one key in the order they have.

    Part by part of the range of keys: sorting then needs little memory beside what it gives, and finds it in the cache.
    """
    sorted_keys, sorted_rows = np.empty_like(keys), np.empty_like(rows)
    part, at = (keys >> _PART).astype(np.uint8), 0
    for number in range(1 << (64 - int(_PART))):
        here = np.flatnonzero(part == number)
        here = here[np.argsort(keys[here], kind="stable")]
        sorted_keys[at : at + len(here)], sorted_rows[at : at + len(here)] = keys[here], rows[here]
        at += len(here)
    return sorted_keys, sorted_rows


def gather(at: Offsets, flat: Column, rows: Column) -> tuple[Column, Offsets]:
    """The entries of `flat` that some rows have, row behind row, and where those of each begin (one more than rows)."""
    starts = at[rows]
    lengths = at[rows + 1] - starts
    to = offsets(lengths)
    return flat[np.repeat(starts - to[:-1], lengths) + np.arange(to[-1])], to


def of_words(flat: Hashes32, at: Offsets) -> tuple[Hashes32, Offsets]:
    """Rows of shingles without those of characters: what a document is compared by.

    A line in which a page is cut off may be short, and then has shingles that the whole page has not.
    """
    kept = (flat & np.uint32(_CHARACTERS)) == 0
    return flat[kept], np.concatenate(([0], np.cumsum(kept)))[at]


def document_signatures(table: Table, first: Offsets, alive: Bools) -> Signatures:
    """The signatures of documents without their dead rows, as if those had never been there.

    `first` is that of the table of documents. Only documents of which a row is dead are signed again.
    """
    signed: Signatures = np.array(table["signatures"])
    kept = np.concatenate(([0], np.cumsum(alive)))[first]
    left = np.diff(kept)
    again = np.flatnonzero(left < np.diff(first))
    dirty = np.zeros(len(left), dtype=np.bool_)
    dirty[again] = True
    rows = np.flatnonzero(alive & np.repeat(dirty, np.diff(first)))
    flat, at = of_words(*gather(table["at"], table["shingles"], rows))
    # A document's shingles are those of its rows: the least of all of them is the least of what is least in each row.
    signed[again] = signatures(flat, at[offsets(left[again])], signed.shape[1])
    return signed
