"""The elements around the paragraphs of a page, and what they hold: what most features of the DOM are made of.

The paragraphs of an element follow each other, so whatever it holds is the difference of two cumulative sums.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.document import Document, Facts
from curate.models.features import Dense
from curate.models.names import Sign, sign, signature
from curate.text.codepoints import Ints
from curate.text.shingles import Hashed, shingles

Floats = NDArray[np.float32]
Bits = NDArray[np.int64]
Places = NDArray[np.intp]

_LEVELS: Final = 48  # elements around a paragraph that are looked at, from the nearest on
_ODD: Final = np.uint64(0x9E3779B97F4A7C15)


class Chains(NamedTuple):
    """The elements around each paragraph. The number of elements stands for "none", in every array as the last entry."""

    elements: Places  # (paragraphs, levels): the element itself, its parent, ...
    depths: Places  # how many there are of each paragraph
    tags: Bits  # of each element, see `names.Sign`; of elements without paragraphs nothing
    groups: Bits
    kinds: Bits
    signs: list[Sign]  # of the elements `numbers`
    numbers: Places


def chains(facts: Facts, live: Ints) -> Chains:
    """The elements around the paragraphs with the numbers `live`."""
    none = len(facts.element_parents)
    parents = np.array([*facts.element_parents, none], dtype=np.intp)
    parents[0] = none
    levels = [facts.elements[live].astype(np.intp)]
    while len(levels) < _LEVELS and (above := parents[levels[-1]]).min() < none:
        levels.append(above)
    elements = np.column_stack(levels)
    seen = np.zeros(none + 1, dtype=np.bool_)
    seen[elements] = True
    numbers = np.flatnonzero(seen[:-1])
    signs = [sign(signature(facts.element_tags[number], facts.element_attributes[number])) for number in numbers.tolist()]
    tags, groups, kinds = np.zeros((3, none + 1), dtype=np.int64)
    tags[numbers] = [one.tag for one in signs]
    groups[numbers] = [one.groups for one in signs]
    kinds[numbers] = [one.kind for one in signs]
    groups[0] = 0  # the body's classes are about the page
    return Chains(elements, (elements < none).sum(axis=1), tags, groups, kinds, signs, numbers)


class Figures(NamedTuple):
    """What each element holds; the last entry is of "none"."""

    firsts: Places  # live paragraphs
    ends: Places
    sums: Dense  # (elements, columns of what was summed)


def figures(facts: Facts, live: Ints, read: int, values: Dense) -> Figures:
    """Sums over the paragraphs in each element of `values` (a row a live paragraph)."""
    rank = np.zeros(read + 1, dtype=np.intp)
    rank[live + 1] = 1
    np.cumsum(rank, out=rank)
    firsts, ends = np.append(rank[facts.element_firsts], 0), np.append(rank[facts.element_ends], 0)
    sums = np.zeros((len(values) + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=sums[1:])
    return Figures(firsts, ends, (sums[ends] - sums[firsts]).astype(np.float32))


def paths(of: Chains) -> tuple[Bits, Bits, Bits]:
    """Numbers that are the same for paragraphs with the same path of signatures, of parents' paths, of the two nearest signatures."""
    kinds = of.kinds.view(np.uint64)[of.elements]
    powers = np.cumprod(np.full(kinds.shape[1], _ODD, dtype=np.uint64), dtype=np.uint64)
    weighted = kinds * powers
    whole = weighted.sum(axis=1, dtype=np.uint64)
    near = weighted[:, :2].sum(axis=1, dtype=np.uint64)
    return whole.view(np.int64), (whole - weighted[:, 0]).view(np.int64), near.view(np.int64)


def scores(of: Chains, points: Floats, link_density: Floats) -> Floats:
    """The score of each element as Readability has it (Arc90, 2010): its children's points, half of its grandchildren's, and so on."""
    total = np.zeros(len(link_density), dtype=np.float64)
    for level, share in ((0, 0.5), (1, 1), (2, 0.5), (3, 1 / 3)):
        if level < of.elements.shape[1]:
            total += np.bincount(of.elements[:, level], weights=points * share, minlength=len(total))
    total[-1] = 0
    return (total * (1 - link_density)).astype(np.float32)


def deepest(figures: Figures, column: int, share: float) -> int:
    """The deepest element that holds more than a share, half or more, of the page's sum: the last of them, for they are nested."""
    held = figures.sums[:-1, column]
    found = np.flatnonzero(held > share * held[0])
    return int(found[-1]) if len(found) else 0


class Page(NamedTuple):
    """The live paragraphs of a page as everything that looks at the DOM needs them."""

    facts: Facts
    live: Ints
    chains: Chains
    lengths: Ints
    link_density: Floats
    headings: Ints
    last_heading: Places  # the number among the live paragraphs of the last heading above, -1 for none
    words: Hashed  # of the live paragraphs
    counts: Ints
    runs: Hashed  # runs of four words; of a shorter paragraph the whole
    run_counts: Ints
    earliest: Places  # for each run the first paragraph that has it
    latest: Places  # and the last one


RUN: Final = 4  # words; as many as the benchmarks compare


def share_of(part: NDArray[np.generic], whole: NDArray[np.generic]) -> Floats:
    """A share that is 0 where there is nothing to have a share of."""
    shares: Floats = (part / np.maximum(whole, 1e-6)).astype(np.float32)
    return shares


def page_of(doc: Document, live: Ints) -> Page:
    """The paragraphs with the numbers `live`, at least one, which ascend."""
    lengths = doc.lengths[live]
    # What was counted as the page was read can be more than an earlier step has left.
    counted = {name: np.minimum(getattr(doc.facts, name), doc.lengths) for name in ("link_chars", "strong_chars")}
    facts = doc.facts._replace(**counted)
    place = np.full(doc.read, -1, dtype=np.int32)
    place[live] = np.arange(len(live), dtype=np.int32)
    owners = place[doc.words.owners]
    hashed = Hashed(doc.words.hashes[owners >= 0], owners[owners >= 0])
    headings = facts.headings[live]
    marks = np.where(headings > 0, np.arange(len(live)), -1)
    last = np.concatenate(([-1], np.maximum.accumulate(marks)[:-1]))
    density = share_of(facts.link_chars[live], lengths)
    runs = shingles(hashed, RUN)
    said, run = np.unique(runs.hashes, return_inverse=True)
    earliest, latest = np.empty((2, len(said)), dtype=np.intp)
    latest[run], earliest[run[::-1]] = runs.owners, runs.owners[::-1]  # of several the one assigned last stays
    counts, run_counts = (np.bincount(of.owners, minlength=len(live)).astype(np.int32) for of in (hashed, runs))
    of = chains(facts, live)
    return Page(facts, live, of, lengths, density, headings, last, hashed, counts, runs, run_counts, earliest[run], latest[run])
