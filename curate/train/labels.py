"""Labels of a page's paragraphs, from the text that somebody says is its main text.

The words of the page are aligned with the words of the gold text: every run of four words that both have is a point, the
points of a paragraph lie on diagonals, and of all places that paragraphs could have in the gold the chain is taken that is
heaviest and in reading order. What a page says twice and the gold once is content once, where it is said in more
paragraphs or first, and chrome elsewhere: a copy in one piece is for scripts or for search engines. Shorter paragraphs
are looked up in the gap of the gold that their neighbours leave.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.document import LIST, TABLE, Document, document_of_lines

CONTENT: Final = 1
CHROME: Final = 0
NEUTRAL: Final = 2  # neither trained on nor scored

Labels = NDArray[np.int8]

_RUN: Final = 4  # words that have to follow each other in both texts; the benchmarks compare runs of four
_MOSTLY: Final = 0.6  # share of a paragraph that is in the gold, from which on it is content
_BARELY: Final = 0.2  # and below which it is chrome
_NEAR: Final = 8  # words that a paragraph may differ in from the gold before its diagonal counts as another
_OFTEN: Final = 64  # places of one run in the gold, above which it tells nothing about where a paragraph stands
_PIECES: Final = 0.95  # power of the words of a place that is its weight: less than 1, so that pieces weigh more than the whole
_OVERLAP: Final = 2  # words that neighbours in the chain may share: a run of words may begin in one of them by chance


class _Place(NamedTuple):
    """Where a paragraph may stand in the gold."""

    paragraph: int
    first: int  # the first and the last word of the gold, exclusive
    last: int
    weight: float


def labels(doc: Document, gold: str) -> Labels:
    """The label of every paragraph of a page whose main text is `gold`."""
    pages, wanted = _words(doc), [word for line in _words(document_of_lines(gold)) for word in line]
    where: dict[tuple[int, ...], list[int]] = {}
    for at in range(len(wanted) - _RUN + 1):
        where.setdefault(tuple(wanted[at : at + _RUN]), []).append(at)
    places = [place for number, words in enumerate(pages) for place in _places(number, words, where)]
    chain = _heaviest(places)
    found = np.full(doc.read, CHROME, dtype=np.int8)
    for place in chain:
        covered = _covered(pages[place.paragraph], wanted[place.first : place.last])
        found[place.paragraph] = CONTENT if covered >= _MOSTLY else NEUTRAL if covered >= _BARELY else CHROME
    _fill(found, pages, wanted, chain)
    _skipped_lists(found, doc)
    return found


def weak_labels(doc: Document, inside: Sequence[str], outside: Sequence[str]) -> Labels:
    """Labels of a page of which only some strings are known to be in its main text or not in it; the rest is neutral."""
    found = np.full(doc.read, NEUTRAL, dtype=np.int8)
    texts = [" ".join(doc.text_of(number).split()) for number in range(doc.read)]
    for strings, label in ((inside, CONTENT), (outside, CHROME)):
        for string in strings:
            sought = " ".join(string.split())
            if not sought:
                continue
            for number, text in enumerate(texts):
                if sought in text or (len(text) > len(sought) // 2 and text in sought):
                    found[number] = label
    return found


def _words(doc: Document) -> list[list[int]]:
    """The words of each paragraph, as hashes."""
    hashes, owners = doc.words.hashes.tolist(), doc.words.owners
    bounds = np.searchsorted(owners, np.arange(doc.read + 1)).tolist()
    return [hashes[start:end] for start, end in pairwise(bounds)]


def _places(number: int, words: list[int], where: dict[tuple[int, ...], list[int]]) -> list[_Place]:
    """Where in the gold a paragraph may stand: stretches of points on nearly the same diagonal."""
    points = []
    for at in range(len(words) - _RUN + 1):
        hits = where.get(tuple(words[at : at + _RUN]), ())
        if len(hits) <= _OFTEN:
            points += [(hit - at, hit) for hit in hits]
    places: list[_Place] = []
    points.sort()
    start = 0
    for end in range(1, len(points) + 1):
        if end == len(points) or points[end][0] - points[end - 1][0] > _NEAR:
            hits = sorted({hit for _, hit in points[start:end]})
            places.append(_Place(number, hits[0], hits[-1] + _RUN, (len(hits) + _RUN - 1) ** _PIECES))
            start = end
    return places


def _heaviest(places: list[_Place]) -> list[_Place]:
    """The heaviest chain of places whose paragraphs and whose words in the gold both ascend."""
    order = sorted(places, key=lambda place: (place.paragraph, place.first))
    ends: list[int] = []  # ends in the gold of the best chains so far, ascending, their weights ascending too
    best: list[tuple[float, int]] = []  # weight of the chain, and the place it ends with
    before: list[int] = [-1] * len(order)
    waiting: list[tuple[int, float, int]] = []  # of this paragraph: entered when it is done, for it stands in the gold once
    for number, place in enumerate(order):
        if waiting and order[number - 1].paragraph != place.paragraph:
            _enter(ends, best, waiting)
        at = bisect_left(ends, place.first + _OVERLAP + 1)
        weight, before[number] = best[at - 1] if at else (0, -1)
        waiting.append((place.last, weight + place.weight, number))
    _enter(ends, best, waiting)
    chain, number = [], best[-1][1] if best else -1
    while number >= 0:
        chain.append(order[number])
        number = before[number]
    return chain[::-1]


def _enter(ends: list[int], best: list[tuple[float, int]], waiting: list[tuple[int, float, int]]) -> None:
    """Enter chains, and take out those that end later in the gold and weigh no more."""
    for end, weight, number in waiting:
        at = bisect_left(ends, end + 1)
        if at and best[at - 1][0] >= weight:
            continue
        later = at = bisect_left(ends, end)
        while later < len(ends) and best[later][0] <= weight:
            later += 1
        ends[at:later], best[at:later] = [end], [(weight, number)]
    waiting.clear()


def _covered(words: list[int], stretch: list[int]) -> float:
    """The share of a paragraph's words that a stretch of the gold has."""
    return (Counter(words) & Counter(stretch)).total() / max(len(words), 1)


def _fill(found: Labels, pages: list[list[int]], wanted: list[int], chain: list[_Place]) -> None:
    """Label the paragraphs that have no run of words of their own: content if the gold has their words in the same gap."""
    edges = [(-1, 0), *((place.paragraph, place.last) for place in chain)]
    nexts = [*((place.paragraph, place.first) for place in chain), (len(pages), len(wanted))]
    for (above, start), (below, stop) in zip(edges, nexts, strict=True):
        at = start
        for number in range(above + 1, below):
            words = pages[number]
            if not words:
                found[number] = NEUTRAL
            elif len(words) < _RUN:
                places = (place for place in range(at, stop - len(words) + 1) if wanted[place : place + len(words)] == words)
                if (place := next(places, -1)) >= 0:
                    found[number], at = CONTENT, place + len(words)


def _skipped_lists(found: Labels, doc: Document) -> None:
    """Make lists and tables neutral that stand between content of the same element: gold often leaves them out."""
    facts = doc.facts
    if not doc.is_html:
        return
    parents = [facts.element_parents[element] for element in facts.elements.tolist()]
    content = np.flatnonzero(found == CONTENT).tolist()
    for above, below in pairwise(content):
        between = np.arange(above + 1, below)
        linked = facts.link_chars[between].sum() * 2 > doc.lengths[between].sum()
        if len(between) and not linked and parents[above] == parents[below] and (facts.flags[between] & (LIST | TABLE)).all():
            found[between] = NEUTRAL
