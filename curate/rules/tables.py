"""Tables over the rules of some files: one look at a page finds what any of their matchers could mean.

Whole lines and beginnings are looked up in dictionaries; ends, parts of lines and the literals that patterns need are found
by one automaton over the lines (a DFA: two to three times as fast as the NFA over the same literals); RE2 sees only lines
that hold all of a pattern's literals, one `fullmatch` each: the literal has already told which pattern it is, so a Set of all
patterns would answer a question that nobody asks. What a line comes to does not depend on the page it stands on, and most
short lines of a site stand on many of its pages: it is kept, and the next page asks a dictionary.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from string import digits
from typing import Final, NamedTuple

import ahocorasick_rs
import numpy as np

from curate.document import Document
from curate.rules.compile import Matcher, ReadyFile, ReadyRule
from curate.rules.edges import SHORTEST, Literals
from curate.rules.format import MAX_CHARS, bare
from curate.rules.patterns import compiled, masked, may_match

_PRECEDENCE: Final = {"sites": 0, "platform": 1, "generic": 2}
SPANS: Final = frozenset({"trim", "replace"})
KEPT: Final = 1 << 16  # lines of which something is kept: some ten megabytes
_GROWTH: Final = 2  # times a paragraph that a rule may touch, from which on its folded line is not looked at


class Known(NamedTuple):
    """A rule in its place among others."""

    ready: ReadyRule
    order: tuple[int, int, int]  # precedence of the kind of file, number of the file, number of the rule in it
    kind: str  # of the file: generic, platform, sites
    group: str  # what turns it on
    conditions: str  # besides its matchers: "" for none, "where" for its place among the first or last, "more"

    @property
    def active(self) -> bool:
        """Whether it does what it says, and does so for what it names: a rule that only selects or repeats names no line."""
        return bool(self.ready.matchers) and not self.ready.experimental

    @property
    def bare(self) -> str:
        """Its full id without the pack's version."""
        return bare(self.ready.id)


class Match(NamedTuple):
    """A paragraph that a rule's matcher matched, and the span in its folded line."""

    paragraph: int
    start: int
    end: int
    known: Known
    spans: bool  # whether only the span is meant, and not the paragraph


class Hit(NamedTuple):
    """A matcher of a rule that matches a folded line, and the span in it."""

    known: Known
    kind: str
    start: int
    end: int


Meant = Callable[[int, Known, str], bool]  # whether a match counts: paragraph, rule, kind of matcher


class Tables:
    """The rules of some files."""

    def __init__(self, files: Sequence[ReadyFile], order: dict[str, int], *, remembers: bool = False) -> None:
        self._remembers = remembers  # what lines came to, for the next page
        self.lines: dict[str, list[Known]] = {}  # by whole folded line
        self.known: list[Known] = []  # all of them
        self.unworded: list[Known] = []  # rules without a word to look for: they select, or go by repeats
        self._masked: dict[str, list[Known]] = {}  # by whole folded line with 0 for every number
        self._froms: dict[str, list[Known]] = {}
        self._by_start: dict[str, list[tuple[Known, Matcher]]] = {}
        self._hits: dict[str, tuple[Hit, ...]] = {}  # of lines that have been looked at
        needles: dict[str, list[tuple[Known, Matcher]]] = {}
        for file in files:
            for number, ready in enumerate(file.rules):
                known = Known(ready, (_PRECEDENCE[file.kind], order[file.name], number), file.kind, file.group, _conditions(ready))
                self.known.append(known)
                if not ready.matchers:
                    self.unworded.append(known)
                for matcher in ready.matchers:
                    if matcher.kind in {"line", "masked", "from"}:
                        table = {"line": self.lines, "masked": self._masked, "from": self._froms}[matcher.kind]
                        table.setdefault(matcher.text, []).append(known)
                    elif matcher.needle.startswith("\n") and len(matcher.needle) > SHORTEST:
                        self._by_start.setdefault(matcher.needle[1:], []).append((known, matcher))
                    else:
                        needles.setdefault(matcher.needle, []).append((known, matcher))
        self._masked_edges = _edges(self._masked)
        self._starts = Literals(self._by_start)
        self._anywhere = Needles(needles)
        patient = {needle: [one for one in those if one[0].ready.longest > MAX_CHARS] for needle, those in needles.items()}
        self._anywhere_in_long = Needles({needle: those for needle, those in patient.items() if those})

    def forget(self) -> None:
        """Forget what lines came to."""
        self._hits.clear()

    def matches(self, doc: Document, meant: Meant) -> Iterator[Match]:
        """Every match with a paragraph that `meant` lets pass."""
        lines = doc.folded.lines
        long = doc.lengths > MAX_CHARS  # few rules touch a paragraph that is longer, and most of a page's text is in these
        short = np.flatnonzero(~long).tolist()
        if not self._remembers or len(self._hits) > KEPT:
            self._hits.clear()
        fresh = list({lines[number] for number in short if lines[number] not in self._hits})
        self._hits.update(zip(fresh, self._looked_at(fresh, self._anywhere), strict=True))
        found = [(number, hits) for number in short if (hits := self._hits[lines[number]])]
        numbers = np.flatnonzero(long).tolist()
        found += zip(numbers, self._looked_at([lines[number] for number in numbers], self._anywhere_in_long), strict=True)
        for number, hits in found:
            for known, kind, start, end in hits:
                if meant(number, known, kind):
                    yield Match(number, start, end, known, known.ready.action in SPANS)

    def _looked_at(self, lines: Sequence[str], needles: "Needles") -> list[tuple[Hit, ...]]:
        """The hits of each of some lines."""
        hits: dict[int, list[Hit]] = {}
        for number, hit in self._all_hits(lines, needles):
            hits.setdefault(number, []).append(hit)
        return [tuple(hits[number]) if number in hits else () for number in range(len(lines))]

    def _all_hits(self, lines: Sequence[str], needles: "Needles") -> Iterator[tuple[int, Hit]]:
        for kind, table in (("line", self.lines), ("from", self._froms)):
            for number in [number for number, line in enumerate(lines) if line in table] if table else ():
                yield from ((number, Hit(known, kind, 0, len(lines[number]))) for known in table[lines[number]])
        if self._masked:
            first, last = self._masked_edges
            for number in [number for number, line in enumerate(lines) if line and line[0] in first and line[-1] in last]:
                same = self._masked.get(masked(lines[number]), ())
                yield from ((number, Hit(known, "masked", 0, len(lines[number]))) for known in same)
        tried: set[tuple[int, str, str]] = set()
        for number, begin, end, known, matcher in self._near(lines, needles):
            line = lines[number]
            if len(line) > _GROWTH * known.ready.longest:
                continue
            if matcher.kind not in {"line_regex", "part"}:
                yield number, Hit(known, matcher.kind, max(begin, 0), min(end, len(line)))
            elif (key := (number, known.ready.id, matcher.text)) not in tried:
                tried.add(key)
                yield from ((number, Hit(known, matcher.kind, start, stop)) for start, stop in _spans_of_pattern(matcher, line))

    def _near(self, lines: Sequence[str], needles: "Needles") -> Iterator[tuple[int, int, int, Known, Matcher]]:
        """Where the literals of matchers stand: line, and the span in it, a line break around it counted in."""
        if self._by_start:
            for number in self._starts.beginning(lines):
                for literal in self._starts.at(lines[number], 0):
                    yield from ((number, 0, len(literal), known, matcher) for known, matcher in self._by_start[literal])
        yield from needles.found(lines)


def _spans_of_pattern(matcher: Matcher, line: str) -> Iterator[tuple[int, int]]:
    """The spans of a line that a pattern means: its group, or all of it; of a part, each place where it stands."""
    if matcher.kind == "part":
        yield from ((part.start(), part.end()) for part in compiled(matcher.text).finditer(line))
    elif may_match(matcher.text, line) and (found := compiled(matcher.text).fullmatch(line)):
        yield found.span(1 if found.re.groups else 0)


class Needles:
    """Literals that matchers need to stand in a line, found by one automaton."""

    def __init__(self, needles: Mapping[str, Sequence[tuple[Known, Matcher]]]) -> None:
        self._by_needle = list(needles.values())
        self._automaton = ahocorasick_rs.AhoCorasick(list(needles), implementation=ahocorasick_rs.Implementation.DFA) if needles else None

    def found(self, lines: Sequence[str]) -> Iterator[tuple[int, int, int, Known, Matcher]]:
        """Where they stand: line, and the span in it, a line break around it counted in."""
        if self._automaton is None or not lines:
            return
        text = "\n".join(["", *lines, ""])
        hits = self._automaton.find_matches_as_indexes(text, overlapping=True)
        starts = list(accumulate((len(line) + 1 for line in lines), initial=1)) if hits else []
        for needle, begin, end in hits:
            number = bisect_right(starts, begin + (text[begin] == "\n")) - 1
            first = starts[number]
            yield from ((number, begin - first, end - first, known, matcher) for known, matcher in self._by_needle[needle])


def _conditions(ready: ReadyRule) -> str:
    if ready.unless or ready.after or ready.select or ready.keep_select or ready.repeat or ready.on != "any":
        return "more"
    return "where" if ready.first or ready.last else ""


def _edges(literals: Iterable[str]) -> tuple[set[str], set[str]]:
    """The characters that lines begin and end with whose numbers, masked, make them one of these literals."""
    edges = {literal[0] for literal in literals}, {literal[-1] for literal in literals}
    return edges[0].union(digits if "0" in edges[0] else ""), edges[1].union(digits if "0" in edges[1] else "")
