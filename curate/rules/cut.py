"""What matches come to: which rules' conditions hold, which paragraphs go, which spans are cut, what is only reported."""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from curate.document import KEPT, Change, Document
from curate.rules.compile import ReadyRule
from curate.rules.format import POLICIES
from curate.rules.tables import Known, Match


class Conditions:
    """Whether a rule's conditions hold for a paragraph that it matches; `placed=False` leaves the page around it aside."""

    def __init__(self, doc: Document, *, placed: bool) -> None:
        self._doc, self.placed = doc, placed
        self._selectors = {selector: number for number, selector in enumerate(doc.selectors)}
        # On an HTML page the menu comes before the text: bylines and dates stand below the main heading.
        self._heading = next(iter(np.flatnonzero(doc.facts.headings == 1).tolist()), 0) if doc.is_html else 0

    def __call__(self, number: int, known: Known) -> bool:
        if known.conditions == "where":  # most have no others
            return not self.placed or self._at_an_edge(number, known.ready)
        return not known.conditions or next(self.failing(number, known.ready), "") == ""

    def unworded(self, ready: ReadyRule) -> Sequence[int]:
        """The paragraphs for which a rule may hold that has no words to look for: repeated lines, or what stands in some element."""
        if ready.select:
            return self._covered
        return self._repeated if ready.repeat and self.placed else range(self._doc.read)

    @cached_property
    def _covered(self) -> Sequence[int]:
        """The paragraphs in an element that some selector finds."""
        return [number for number in range(self._doc.read) if self._doc.facts.covers(number)] if self._doc.is_html else ()

    @cached_property
    def _repeated(self) -> Sequence[int]:
        """The paragraphs that say what one above them says."""
        first = self._doc.folded.first
        return [number for number, line in enumerate(self._doc.folded.lines) if first[line] != number]

    def failing(self, number: int, ready: ReadyRule) -> Iterator[str]:
        """The conditions that do not hold, in words."""
        doc, line = self._doc, self._doc.folded.lines[number]
        yield from (f"unless: the line has {literal!r} in it" for literal in ready.unless if literal in line)
        if doc.is_html and not self._selectors.keys() >= {*ready.select, *ready.keep_select}:
            yield "select: its selectors were not run, for nothing but its lines told that the page is under this pack"
            return
        if ready.select and not self._inside(number, ready.select):
            yield f"select: it stands in no element that {', '.join(ready.select)} finds"
        if ready.keep_select and self._inside(number, ready.keep_select):
            yield f"keep_select: it stands in an element that {', '.join(ready.keep_select)} finds"
        if not self.placed:
            return
        if ready.on != "any" and (ready.on == "html") != doc.is_html:
            yield f"on: it is for {ready.on} pages"
        if ready.repeat and doc.folded.first[line] == number:
            yield "repeat: it is the first such line of the page"
        if ready.after and doc.folded.first.get(ready.after, number) >= number:
            yield f"where.after: the line {ready.after!r} does not stand above it"
        if (ready.first or ready.last) and not self._at_an_edge(number, ready):
            wanted = [f"first {ready.first}"] * bool(ready.first) + [f"last {ready.last}"] * bool(ready.last)
            yield f"where: it is paragraph {number} of {doc.read} and not among the {' or the '.join(wanted)}"

    def _at_an_edge(self, number: int, ready: ReadyRule) -> bool:
        """Whether a paragraph is among the first or the last that a rule asks for."""
        begins = self._heading if ready.category in POLICIES else 0
        return number < ready.first or 0 <= number - begins < ready.first or number >= self._doc.read - ready.last

    def _inside(self, number: int, selectors: Sequence[str]) -> bool:
        """Whether a paragraph stands in an element that one of the selectors matches."""
        covers = self._doc.facts.covers(number) if self._doc.is_html else frozenset()
        return bool(covers) and any(self._selectors.get(selector) in covers for selector in selectors)


class _Span(NamedTuple):
    """A part of a folded line that goes, and the place of its match, which is its precedence."""

    start: int
    end: int
    place: int
    new: str


def cut(doc: Document, matches: Sequence[Match], of_line: Callable[[str], Sequence[Known]], holds: Conditions) -> Iterator[Change]:
    """The changes that matches come to, which are given in the order of their precedence, experimental ones last.

    `of_line` names the rules that drop a folded line as a whole.
    """
    cutting = _Cutting(doc, matches, holds)
    drops = list(cutting.drops(matches))
    cutting.report_kept()
    yield from cutting.reports.values()  # first: what is reported may go by another rule
    yield from drops
    for number, spans in sorted(cutting.spans.items()):
        if number not in cutting.gone:
            yield from _spans(doc, number, spans, lambda line: cutting.droppable(number, of_line(line)))  # noqa: B023  # called at once


class _Cutting:
    """The drops of one page, and what is left over for others."""

    def __init__(self, doc: Document, matches: Sequence[Match], holds: Conditions) -> None:
        self._doc, self._holds = doc, holds
        self._left: list[int] = (doc.lengths * doc.live).tolist()  # characters of each paragraph that is still there
        self._sums: list[int] = []  # of the characters above each paragraph; made anew after a drop
        self._blocks: list[int] = []
        self._elements: dict[str, list[int]] = {}  # by rule: the paragraphs in the elements that it selects
        self._kept: dict[int, Known] = {}
        self.gone: set[int] = set()
        self.spans: dict[int, list[Match]] = {}
        self.reports: dict[tuple[int, str], Change] = {}
        for match in matches:
            if match.known.ready.action == "keep":
                self._kept.setdefault(match.paragraph, match.known)
            elif match.known.ready.only_selects:
                self._elements.setdefault(match.known.ready.id, []).append(match.paragraph)

    def drops(self, matches: Sequence[Match]) -> Iterator[Change]:
        """The paragraphs that go."""
        for match in matches:
            known, number = match.known, match.paragraph
            if number in self.gone or known.ready.action == "keep" or self._is_kept(known, number):
                continue
            if match.spans:
                self._cut(known, number, match)
            else:
                yield from self._drop(known, match)

    def _cut(self, known: Known, number: int, match: Match) -> None:
        if known.ready.experimental:
            self._report(known, number)
        else:
            self.spans.setdefault(number, []).append(match)

    def _drop(self, known: Known, match: Match) -> Iterator[Change]:
        ready = known.ready
        reach = self._elements.pop(ready.id, []) if ready.only_selects else self._reach(match.paragraph, ready)
        if self._kept:  # what is kept does not count
            reach = [number for number in reach if not self._is_kept(known, number)]
        if ready.max_share < 1 and self._holds.placed and self._chars(reach) > ready.max_share * self._chars(range(self._doc.read)):
            return
        for number in reach:
            if number in self.gone or not self._doc.live[number]:
                continue
            if ready.experimental:
                self._report(known, number)
                continue
            self.gone.add(number)
            self._left[number] = 0
            self._sums = []
            yield Change(number, 0, int(self._doc.lengths[number]), rule=ready.id)

    def _chars(self, reach: Sequence[int]) -> int:
        """Characters that are still there in some paragraphs."""
        if not isinstance(reach, range):
            return sum(self._left[number] for number in reach)
        self._sums = self._sums or list(accumulate(self._left, initial=0))
        return self._sums[reach.stop] - self._sums[reach.start]

    def droppable(self, number: int, rules: Sequence[Known]) -> Known | None:
        """The first of some rules that may drop a paragraph."""
        return next((known for known in rules if self._holds(number, known) and not self._is_kept(known, number)), None)

    def _is_kept(self, known: Known, number: int) -> bool:
        """Whether a keep holds against a rule; then it is reported, and so is one that would."""
        keeper = self._kept.get(number)
        if keeper is None or keeper.order[0] > known.order[0]:
            return False
        self._report(keeper, number)
        return not keeper.ready.experimental

    def report_kept(self) -> None:
        """Say what is kept of that which is still there: it is kept from the steps that follow, too."""
        for number, keeper in self._kept.items():
            if not (keeper.ready.experimental or number in self.gone):
                self.reports[number, keeper.ready.id] = Change(number, 0, 0, rule=keeper.ready.id, measure=KEPT)

    def _report(self, known: Known, number: int) -> None:
        """A change of nothing, once for each paragraph and rule."""
        self.reports[number, known.ready.id] = Change(number, 0, 0, rule=known.ready.id)

    def _reach(self, number: int, ready: ReadyRule) -> Sequence[int]:
        """The paragraphs that a drop takes, beginning with the one that matched."""
        doc = self._doc
        if ready.action == "drop-rest":
            return range(number, doc.read)
        if ready.action == "drop-span":
            window = doc.folded.lines[number : number + ready.max_lines]
            return next((range(number, number + n + 1) for n, line in enumerate(window) if line in ready.to), range(0))
        if ready.action == "drop-block":
            self._blocks = self._blocks or _block_ends(doc)
            return range(number, min(self._blocks[number], number + (ready.max_lines or doc.read)))
        return range(number, number + 1)


def _spans(doc: Document, number: int, matches: Sequence[Match], dropping: Callable[[str], Known | None]) -> Iterator[Change]:
    """What is cut from one paragraph, from its end to its beginning so that offsets stay true.

    Where only a line would be left that a rule is `dropping`, the paragraph is dropped by that rule.
    """
    line, (origin, lines) = doc.folded.lines[number], doc.folded.offsets
    spans = _apart(line, matches)
    if not any(span.new for span in spans):
        edges = [0, *(edge for span in spans for edge in (span.start, span.end)), len(line)]
        left = " ".join("".join(line[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)).split())
        if known := dropping(left):
            yield Change(number, 0, int(doc.lengths[number]), rule=known.ready.id)
            return
    first, length = int(doc.starts[number]), int(doc.lengths[number])
    for span in reversed(spans):
        at = 0 if span.start == 0 else int(origin[lines[number] + span.start]) - first
        to = length if span.end == len(line) else int(origin[lines[number] + span.end - 1]) + 1 - first
        yield Change(number, at, to, span.new, rule=matches[span.place].known.ready.id)


def _apart(line: str, matches: Sequence[Match]) -> list[_Span]:
    """The spans of matches without overlaps, in the order they stand.

    Cuts that meet are one cut, by the rule that comes first, and so are a cut and a replacement; two replacements are not.
    """
    spans: list[_Span] = []
    for found in sorted(
        _Span(match.start, match.end, place, match.known.ready.new) for place, match in enumerate(matches) if match.start < match.end
    ):
        before = spans[-1] if spans else None
        if before is None or (before.end <= found.start and ((before.new and found.new) or line[before.end : found.start].strip())):
            spans.append(found)
        elif before.end <= found.start or not (before.new or found.new):
            spans[-1] = _Span(before.start, max(found.end, before.end), min(found.place, before.place), before.new or found.new)
        elif found.place < before.place:
            spans[-1] = found
    return spans


def _block_ends(doc: Document) -> list[int]:
    """For each paragraph the number behind the last one of its block: its container, or what no blank line parts."""
    elements = doc.facts.elements.tolist()
    ends = [doc.read] * doc.read
    for number in range(doc.read - 2, -1, -1):
        together = elements[number] == elements[number + 1] if doc.is_html else not doc.blank_before[number + 1]
        ends[number] = ends[number + 1] if together else number + 1
    return ends
