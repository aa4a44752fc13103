"""Drop paragraphs that say again what another one of the page says: doubled captions, repeated summaries, quotations.

Two paragraphs repeat each other when their folded word shingles agree by Jaccard's measure, or when one is contained
in the other and is its beginning or most of it. Guards: short lines go only when they follow their own copy (a byline
printed twice); headings, list items and table cells go only as exact copies of a long line; a quotation that stands
inside a longer paragraph is no repeat of it; two lines that differ in their numbers are two facts. The fuller copy stays,
so a caption cut from a sentence goes and not the sentence.

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

from curate.document import LIST, TABLE, Change, Document, Of
from curate.text.codepoints import Bools, runs
from curate.text.shingles import Hashed, Hashes, shingles, words

Counts = NDArray[np.int64]

_NUMBERS: Final = re.compile(r"\d+")
_BULLET: Final = re.compile(r"[•·‣▪*-] ")
_CROWDED: Final = 32  # paragraphs that share a shingle before it says nothing about any two of them


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
    most: Annotated[
        float, Meta(gt=0, le=1, description="share of the longer one that a contained paragraph is, unless it is its beginning")
    ] = 0.5
    shingle: Annotated[int, Meta(ge=1, le=8, description="words in a shingle")] = 3
    min_words: Annotated[int, Meta(ge=2, description="shorter lines go only right after their own copy")] = 8
    keep: Annotated[Literal["fuller", "earlier"], Meta(description="which copy stays; of equally full ones the earlier")] = "fuller"

    def judge(self, doc: Document) -> Iterator[Change]:
        hashed = words(doc.folded.points, doc.folded.line_numbers())
        counts = np.bincount(hashed.owners, minlength=doc.read)
        long = doc.live & (counts >= self.min_words)
        gone = {edge.goes: edge for edge in _exact(doc, np.flatnonzero(long).tolist())}
        long[list(gone)] = False
        loose = (long & ~_structured(doc))[hashed.owners]
        shingled = shingles(Hashed(hashed.hashes[loose], hashed.owners[loose]), self.shingle)
        # By the rank of what stays: then whether it stays is settled when its turn comes.
        for edge in sorted(self._near(doc, shingled, counts), key=lambda edge: (self._rank(edge.stays, counts), edge.goes)):
            if edge.stays not in gone:
                gone.setdefault(edge.goes, edge)
        rest = [number for number in doc.kept if number not in gone]
        gone |= {edge.goes: edge for edge in _doubled(doc, rest, counts)}
        for number, edge in sorted(gone.items()):
            stays = edge.stays
            while stays in gone:
                stays = gone[stays].stays
            length = int(doc.lengths[number])
            yield Change(number, 0, length, rule=edge.rule, measure=edge.measure, limit=edge.limit, of=Of(doc.doc, stays))

    def _rank(self, number: int, counts: Counts) -> tuple[int, int]:
        """Sorts what stays before what goes."""
        return (-int(counts[number]) if self.keep == "fuller" else 0, number)

    def _near(self, doc: Document, shingled: Hashed, counts: Counts) -> Iterator[_Edge]:
        """Pairs that agree without being the same, the lower in rank going."""
        numbers, sizes, shared, first = _overlaps(shingled)
        for (one, other), common in shared.items():
            stays, goes = sorted((one, other), key=lambda at: self._rank(int(numbers[at]), counts))
            jaccard = common / int(sizes[one] + sizes[other] - common)
            contained = common / int(sizes[goes])
            beginning = bool(first[stays] == first[goes])
            edge = _Edge(int(numbers[goes]), int(numbers[stays]), "near", round(jaccard, 6), self.jaccard)
            if jaccard < self.jaccard:
                if contained < self.containment or not (beginning or sizes[goes] >= self.most * sizes[stays]):
                    continue
                edge = edge._replace(rule="contained", measure=round(contained, 6), limit=self.containment)
            if not _other_numbers(doc.folded.lines[edge.goes], doc.folded.lines[edge.stays]):
                yield edge


def _exact(doc: Document, numbers: list[int]) -> Iterator[_Edge]:
    """Later copies of the same folded line."""
    first: dict[str, int] = {}
    for number in numbers:
        stays = first.setdefault(doc.folded.lines[number], number)
        if stays != number:
            yield _Edge(number, stays, "exact", 1.0, 1.0)


def _doubled(doc: Document, rest: list[int], counts: Counts) -> Iterator[_Edge]:
    """Short lines that stand right after their own copy: bylines, labels; not single words, not cells or items."""
    structured = _structured(doc, headings=False)
    stays = -1
    for number in rest:
        if stays >= 0 and counts[number] > 1 and not structured[number] and doc.folded.lines[number] == doc.folded.lines[stays]:
            yield _Edge(number, stays, "doubled", 1.0, 1.0)
        else:
            stays = number


def _structured(doc: Document, *, headings: bool = True) -> Bools:
    """Which paragraphs are items, cells or, if asked, headings; in text pages what begins with a bullet."""
    if doc.is_html:
        found = (doc.facts.flags & (LIST | TABLE)) != 0
        return found | (doc.facts.headings > 0) if headings else found
    return np.fromiter((bool(_BULLET.match(line)) for line in doc.folded.lines), dtype=np.bool_, count=doc.read)


def _overlaps(shingled: Hashed) -> tuple[Counts, Counts, Counter[tuple[int, int]], Hashes]:
    """Which paragraphs share shingles: their numbers, shingle counts, shared counts by pair, first shingles.

    Pairs are of places in the first array. A shingle that stands in very many paragraphs is nobody's in particular.
    """
    numbers, begins, owners = np.unique(shingled.owners, return_index=True, return_inverse=True)
    order = np.lexsort((owners, shingled.hashes))
    hashes, owners = shingled.hashes[order], owners[order]
    fresh = np.ones(len(hashes), dtype=np.bool_)
    fresh[1:] = (hashes[1:] != hashes[:-1]) | (owners[1:] != owners[:-1])
    hashes, owners = hashes[fresh], owners[fresh]
    shared: Counter[tuple[int, int]] = Counter()
    starts, ends = runs(hashes[1:] == hashes[:-1])
    for start, end in zip(starts.tolist(), (ends + 1).tolist(), strict=True):
        if end - start <= _CROWDED:
            shared.update(combinations(owners[start:end].tolist(), 2))
    return numbers, np.bincount(owners, minlength=len(numbers)), shared, shingled.hashes[begins]


def _other_numbers(one: str, other: str) -> bool:
    """Whether each line has a number that the other has not."""
    mine, theirs = set(_NUMBERS.findall(one)), set(_NUMBERS.findall(other))
    return bool(mine - theirs and theirs - mine)
