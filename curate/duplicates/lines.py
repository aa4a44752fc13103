"""The sketch by which lines are found that recur on the pages of a host.

A line is known by a hash of its host and of its folded words, in which every number is the same: "12 comments" and "3 comments"
are one line, and so are "12:30" and "1,204". Hashes have 64 bits: among 10⁸ different lines two agree by chance with a probability
of 3 · 10⁻⁴.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.document import Document
from curate.duplicates.table import Table
from curate.text.codepoints import Bools, Ints
from curate.text.prose import prose_lines
from curate.text.shapes import DIGIT, IDEOGRAPH, UPPER, shapes
from curate.text.shingles import Hashes, Words, mixed

MODEL: Final = "page-model"  # the step whose stored measures are written down
UNMEASURED: Final = -1.0
_NEWLINE: Final = 10
_BREAK: Final = np.array([_NEWLINE], dtype=np.int32)
_BLOCK: Final = 1 << 18  # code points that are worked on at a time: small pages do not cost a call each, and memory is bounded
_BASE: Final = 0x9E3779B97F4A7C15  # the golden ratio in 64 bits, odd
_PERIOD: Final = 1 << 12
_POWERS: Final = np.cumprod(np.full(_PERIOD, _BASE, dtype=np.uint64))  # wraps, as the hash does
_NUMBER: Final = np.uint64(1)  # the hash of all numbers


@dataclass(frozen=True)
class Lines:
    """Sketches the lines of each page; see `Lining.table`."""

    @property
    def name(self) -> str:
        """The name of the table."""
        return "lines"

    def begin(self) -> "Lining":
        """A sketch with nothing in it."""
        return Lining()


class _Page(NamedTuple):
    """What waits to be worked on."""

    points: Ints  # of the folded text
    words: Words
    live: Bools
    kept: frozenset[int]  # the lines that a rule keeps
    host: int


class _Block(NamedTuple):
    """The live lines of some pages, in order."""

    keys: Hashes
    chars: Ints
    sentence: Bools


class Lining:
    """The sketch in the making."""

    def __init__(self) -> None:
        self._waiting: list[_Page] = []
        self._points = 0
        self._blocks: list[_Block] = []
        self._hosts: list[int] = []
        self._pages: list[int] = []
        self._counts: list[int] = []
        self._measures: list[NDArray[np.float32]] = []

    def add(self, doc: Document) -> None:
        """Sketch the live paragraphs of a document."""
        host, count = _hash_of(doc.host), int(np.count_nonzero(doc.live))
        self._hosts.append(host)
        self._pages.append(_hash_of(doc.url.partition("#")[0]))
        self._counts.append(count)
        stored = doc.measures.get(MODEL)
        measures = np.full(count, UNMEASURED) if stored is None else np.array(stored)[doc.live]
        self._measures.append(measures.astype(np.float32))
        if not count:
            return
        self._waiting.append(_Page(doc.folded.points, doc.words, doc.live.copy(), doc.kept_by_rule, host))
        self._points += len(doc.folded.points)
        if self._points >= _BLOCK:
            self._work_off()

    def table(self) -> Table:
        """The whole sketch.

        By row: `key`, 0 for a line that has no letters, that a rule keeps, or whose page has no host; `chars` of the folded line;
        `sentence`, whether it reads as prose; `from_top` and `from_end`, the live paragraphs before and behind it; `measure`, the page
        model's, -1 where none was stored. `keys` are the keys but 0, ascending, `key_rows` the rows that have them, ascending among
        equal keys. By document: `host`, and `page`, a hash of its address without what follows a "#"; 0 for none.
        """
        self._work_off()
        counts = np.array(self._counts, dtype=np.int64)
        from_top = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        keys = joined([block.keys for block in self._blocks], np.uint64)
        rows = np.argsort(keys, kind="stable")
        rows = rows[np.searchsorted(keys, np.uint64(0), side="right", sorter=rows) :]
        return {
            "key": keys,
            "chars": joined([block.chars for block in self._blocks], np.int32),
            "sentence": joined([block.sentence for block in self._blocks], np.bool_),
            "from_top": from_top.astype(np.int32),
            "from_end": (np.repeat(counts, counts) - 1 - from_top).astype(np.int32),
            "measure": joined(self._measures, np.float32),
            "keys": keys[rows],
            "key_rows": rows.astype(np.uint32),
            "host": np.array(self._hosts, dtype=np.uint64),
            "page": np.array(self._pages, dtype=np.uint64),
        }

    def _work_off(self) -> None:
        if self._waiting:
            self._blocks.append(_sketched(self._waiting))
        self._waiting, self._points = [], 0


@lru_cache(maxsize=1 << 10)
def _hash_of(name: str) -> int:
    """A hash of a name that is not 0; 0 for an empty one."""
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest(), "little") or 1 if name else 0


def joined(arrays: Sequence[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    """Arrays of a type, one behind the other; there may be none."""
    return np.concatenate([np.zeros(0, dtype=dtype), *arrays])


def _sketched(pages: Sequence[_Page]) -> _Block:
    """The live lines of some pages."""
    points = np.concatenate([part for page in pages for part in (page.points, _BREAK)])
    live = np.concatenate([page.live for page in pages])
    ends = np.flatnonzero(points == _NEWLINE)
    starts, ends = np.concatenate(([0], ends[:-1] + 1))[live], ends[live]
    hosts = np.repeat(np.array([page.host for page in pages], dtype=np.uint64), [len(page.live) for page in pages])
    keys = _line_keys(_live_words(pages, live), points, hosts)
    firsts = np.cumsum([0, *(len(page.live) for page in pages)])
    keys[[first + line for first, page in zip(firsts.tolist(), pages, strict=False) for line in page.kept]] = 0
    return _Block(keys[live], (ends - starts).astype(np.int32), prose_lines(points, starts, ends))


def _live_words(pages: Sequence[_Page], live: Bools) -> Words:
    """The words of all pages' live lines, as if the pages were one."""
    lines = np.cumsum([0, *(len(page.live) for page in pages)])
    places = np.cumsum([0, *(len(page.points) + 1 for page in pages)])
    hashes, owners, firsts = zip(*(page.words for page in pages), strict=True)
    counts = [len(part) for part in hashes]
    number = np.concatenate(owners) + np.repeat(lines[:-1].astype(np.int32), counts)
    left = live[number]
    place = np.concatenate(firsts) + np.repeat(places[:-1], counts)
    return Words(np.concatenate(hashes)[left], number[left], place[left])


def _line_keys(words: Words, points: Ints, hosts: Hashes) -> Hashes:
    """For each line the hash of its host and its words, modulo 2⁶⁴; 0 for a line without letters or host.

    The factors of a line's words come again after 4,096 words.
    """
    first_letters = shapes(points[words.firsts])
    number = first_letters == DIGIT
    hashes, owners = np.where(number, _NUMBER, words.hashes), words.owners
    follows = np.concatenate(([False], number[1:] & number[:-1] & (owners[1:] == owners[:-1])))[: len(owners)]
    if follows.any():
        hashes, owners, first_letters = hashes[~follows], owners[~follows], first_letters[~follows]
    starts = np.flatnonzero(np.diff(owners, prepend=-1))
    keys = np.zeros(len(hosts), dtype=np.uint64)
    if len(starts):
        places = np.arange(len(owners)) - np.repeat(starts, np.diff(np.append(starts, len(owners))))
        sums = np.add.reduceat(hashes * _POWERS[places & (_PERIOD - 1)], starts)
        letters = np.logical_or.reduceat((first_letters >= UPPER) & (first_letters <= IDEOGRAPH), starts)
        lines = owners[starts]
        keys[lines] = np.maximum(mixed(sums * np.uint64(_BASE) + hosts[lines]), 1) * (letters & (hosts[lines] > 0))
    return keys
