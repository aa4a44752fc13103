"""Drop paragraphs that say again what another one of the page says: doubled captions, repeated summaries, quotations.

Two paragraphs repeat each other when their folded word shingles agree by Jaccard's measure, or when one is contained
in the other and is its beginning or most of it. Guards: short lines go only when they follow their own copy (a byline
printed twice); headings, list items and table cells go only as exact copies of a long line; a quotation that stands
inside a longer paragraph is no repeat of it; two lines that differ in their numbers are two facts; what comes again many
paragraphs later is a refrain, as manuals and forms have them, and no accident of extraction. The fuller copy stays, so a caption
cut from a sentence goes and not the sentence.

On scraped news the shingles of three words of repeats agree to .73 and more, of honest paraphrases to .38 at most.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Final, Literal, NamedTuple

import numpy as np
from msgspec import Meta
from numpy.typing import NDArray

from curate.document import LIST, QUOTE, TABLE, Change, Document, Of
from curate.text.bullets import BULLET
from curate.text.codepoints import Bools, runs
from curate.text.shingles import Hashed, shingles

Counts = NDArray[np.intp]

_NUMBERS: Final = re.compile(r"\d+")
_FIRST_BITS: Final = np.uint64(48)  # to shift a hash by, so that its first sixteen bits are left
_ROUNDS: Final = 4  # at most: copies that are drawn up one by one would take one each
_CROWDED: Final = 32  # paragraphs that share a shingle, above which not all of them are compared with all


class _Edge(NamedTuple):
    """`goes` repeats `stays`."""

    goes: int
    stays: int
    rule: str
    measure: float
    limit: float


@dataclass(frozen=True, slots=True)
class Repeats:
    jaccard: Annotated[
        float, Meta(gt=0, le=1, description="shared share of all shingles of two paragraphs, from which on they repeat each other")
    ] = 0.6
    containment: Annotated[
        float, Meta(gt=0, le=1, description="share of the shorter one's shingles that the longer one has, for the same")
    ] = 0.9
    beginning: Annotated[
        float, Meta(gt=0, le=1, description="the same where both begin alike: a caption that repeats the sentence a paragraph begins with")
    ] = 0.85
    most: Annotated[
        float, Meta(gt=0, le=1, description="share of the longer one that a contained paragraph has to be where they do not begin alike")
    ] = 0.5
    shingle: Annotated[int, Meta(ge=1, le=8, description="words in a shingle")] = 3
    min_words: Annotated[
        int, Meta(ge=2, description="words from which on an exact copy goes wherever it stands; shorter ones go only right after theirs")
    ] = 8
    within: Annotated[int, Meta(ge=1, description="how many paragraphs, of those still there, a copy may stand behind the other one")] = 40
    near_words: Annotated[int, Meta(ge=2, description="words from which on a line goes that is only nearly a copy")] = 12
    keep: Annotated[Literal["fuller", "earlier"], Meta(description="which copy stays; of equally full ones the earlier")] = "fuller"

    def judge(self, doc: Document) -> Iterator[Change]:
        counts = np.bincount(doc.words.owners, minlength=doc.read)
        gone: dict[int, _Edge] = {}
        live = doc.live.copy()
        for _ in range(_ROUNDS):  # what goes brings copies within reach that were not
            found, further = self._round(doc, live, counts)
            gone |= found
            live[list(found)] = False
            if not (found and further):
                break
        for number, edge in sorted(gone.items()):
            stays = edge.stays
            while stays in gone:
                stays = gone[stays].stays
            length = int(doc.lengths[number])
            yield Change(number, 0, length, rule=edge.rule, measure=edge.measure, limit=edge.limit, of=Of(doc.doc, stays))

    def _round(self, doc: Document, live: Bools, counts: Counts) -> tuple[dict[int, _Edge], bool]:
        """What repeats what among some paragraphs, and whether there are copies out of each other's reach."""
        long = live & (counts >= self.min_words)
        reach = _Reach(np.cumsum(live, dtype=np.intp), self.within)
        gone = {edge.goes: edge for edge in _exact(doc, np.flatnonzero(long).tolist(), reach)}
        long &= counts >= self.near_words
        long[[number for number in np.flatnonzero(long).tolist() if number in gone or _structured(doc, number)]] = False
        loose = long[doc.words.owners]
        shingled = shingles(Hashed(doc.words.hashes[loose], doc.words.owners[loose]), self.shingle)
        # By the rank of what stays: then whether it stays is settled when its turn comes.
        for edge in sorted(self._near(doc, shingled, counts, reach), key=lambda edge: (self._rank(edge.stays, counts), edge.goes)):
            if edge.stays not in gone:
                gone.setdefault(edge.goes, edge)
        rest = [number for number in np.flatnonzero(live).tolist() if number not in gone]
        return gone | {edge.goes: edge for edge in _doubled(doc, rest, counts)}, reach.exceeded

    def _rank(self, number: int, counts: Counts) -> tuple[int, int]:
        """Sorts what stays before what goes."""
        return (-int(counts[number]) if self.keep == "fuller" else 0, number)

    def _near(self, doc: Document, shingled: Hashed, counts: Counts, reach: "_Reach") -> Iterator[_Edge]:
        """Pairs that agree without being the same, the lower in rank going."""
        overlaps = _overlaps(shingled)
        sizes = overlaps.sizes.tolist()
        floor = min(self.jaccard, self.containment, self.beginning)  # of the smaller one's shingles: below it neither limit is in reach
        for (one, other), common in overlaps.shared.items():
            if common < floor * min(sizes[one], sizes[other]) or not reach(one, other):
                continue
            stays, goes = sorted((one, other), key=lambda number: self._rank(number, counts))
            kept_size, size = sizes[stays], sizes[goes]
            jaccard, contained = common / (kept_size + size - common), common / size
            if jaccard >= self.jaccard:
                edge = _Edge(goes, stays, "near", round(jaccard, 6), self.jaccard)
            elif contained >= self.containment and size >= self.most * kept_size:
                edge = _Edge(goes, stays, "contained", round(contained, 6), self.containment)
            elif contained >= self.beginning and overlaps.first(stays) == overlaps.first(goes):
                edge = _Edge(goes, stays, "beginning", round(contained, 6), self.beginning)
            else:
                continue
            # Two lines that differ in their numbers are two facts: "18 boats" is not said again by "19 boats".
            if set(_NUMBERS.findall(doc.folded.lines[goes])) <= set(_NUMBERS.findall(doc.folded.lines[stays])):
                yield edge


class _Reach:
    """Whether two paragraphs are near each other, by how many of those still there stand between; remembers whether any were not."""

    def __init__(self, places: Counts, within: int) -> None:
        self._places, self._within = places.tolist(), within
        self.exceeded = False

    def __call__(self, one: int, other: int) -> bool:
        near: bool = abs(self._places[one] - self._places[other]) <= self._within
        self.exceeded |= not near
        return near


def _exact(doc: Document, numbers: list[int], reach: _Reach) -> Iterator[_Edge]:
    """Copies of the same folded line that follow another one within reach; the first of such a row stays."""
    rows: dict[str, tuple[int, int]] = {}  # by line: the first and the last copy so far
    for number in numbers:
        line = doc.folded.lines[number]
        first, last = rows.get(line, (number, number))
        if not reach(number, last):
            first = number
        rows[line] = first, number
        if first != number:
            yield _Edge(number, first, "exact", 1.0, 1.0)


def _doubled(doc: Document, rest: list[int], counts: Counts) -> Iterator[_Edge]:
    """Short lines that stand right after their own copy: bylines, labels; not single words, not cells or items."""
    lines = doc.folded.lines
    stays = -1
    for number in rest:
        copied = stays >= 0 and lines[number] == lines[stays] and counts[number] > 1
        if copied and not _structured(doc, number, headings=False) and _quoted(doc, number) == _quoted(doc, stays):
            yield _Edge(number, stays, "doubled", 1.0, 1.0)
        else:
            stays = number


def _structured(doc: Document, number: int, *, headings: bool = True) -> bool:
    """Whether a paragraph is an item, a cell or, if asked, a heading; in text pages whether it begins with a bullet."""
    if doc.is_html:
        return bool(doc.facts.flags[number] & (LIST | TABLE)) or (headings and bool(doc.facts.headings[number]))
    return BULLET.match(doc.folded.lines[number]) is not None


def _quoted(doc: Document, number: int) -> bool:
    """Whether a paragraph stands in a quotation: a line is no copy of the one that quotes it."""
    return doc.is_html and bool(doc.facts.flags[number] & QUOTE)


class _Overlaps(NamedTuple):
    """Which paragraphs share shingles."""

    shared: Counter[tuple[int, int]]  # pairs of paragraphs, the lower number first: how many they share
    sizes: Counts  # different shingles of each paragraph
    shingled: Hashed

    def first(self, number: int) -> int:
        """The shingle that a paragraph begins with."""
        return int(self.shingled.hashes[np.searchsorted(self.shingled.owners, number)])


def _overlaps(shingled: Hashed) -> _Overlaps:
    """The overlaps of all paragraphs. In a crowd that shares a shingle each is compared with the first of it only."""
    shared: Counter[tuple[int, int]] = Counter()
    sizes = np.bincount(shingled.owners)
    ordered = np.sort(shingled.hashes)
    copied = ordered[1:][ordered[1:] == ordered[:-1]]
    if not len(copied):  # the usual page, told in a tenth of the time
        return _Overlaps(shared, sizes, shingled)
    near = np.zeros(1 << 16, dtype=np.bool_)  # by the first bits: those of all shingles that are there twice, and of few others
    near[copied >> _FIRST_BITS] = True
    places = np.flatnonzero(near[shingled.hashes >> _FIRST_BITS])
    places = places[np.argsort(shingled.hashes[places], kind="stable")]
    hashes, owners = shingled.hashes[places], shingled.owners[places]
    again = np.zeros(len(places), dtype=np.bool_)
    again[1:] = (hashes[1:] == hashes[:-1]) & (owners[1:] == owners[:-1])
    sizes -= np.bincount(owners[again], minlength=len(sizes))
    hashes, owners = hashes[~again], owners[~again]
    starts, ends = runs(hashes[1:] == hashes[:-1])
    two = ends - starts == 1  # most crowds are pairs, and pairs can be counted all at once
    pairs, counts = np.unique(owners[starts[two]].astype(np.int64) * len(sizes) + owners[ends[two]], return_counts=True)
    shared.update({divmod(pair, len(sizes)): count for pair, count in zip(pairs.tolist(), counts.tolist(), strict=True)})
    for start, end in zip(starts[~two].tolist(), (ends[~two] + 1).tolist(), strict=True):
        crowd = owners[start:end].tolist()
        shared.update(combinations(crowd, 2) if len(crowd) <= _CROWDED else ((crowd[0], other) for other in crowd[1:]))
    return _Overlaps(shared, sizes, shingled)
