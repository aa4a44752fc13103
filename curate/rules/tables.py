"""Tables over the rules of some files: one look at a page finds what any of their matchers could mean.

Whole lines and beginnings are looked up in dictionaries; ends, parts of lines and the literals that patterns need are found
by one automaton over the folded page (a DFA: two to three times as fast as the NFA over the same literals); RE2 sees only lines
that hold a pattern's literal, one `fullmatch` each: the literal has already told which pattern it is, so a Set of all
patterns would answer a question that nobody asks.
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

_PRECEDENCE = {"sites": 0, "platform": 1, "generic": 2}
SPANS: Final = frozenset({"trim", "replace"})


class Known(NamedTuple):
    """A rule in its place among others."""

    ready: ReadyRule
    order: tuple[int, int, int]  # precedence of the kind of file, number of the file, number of the rule in it
    kind: str  # of the file: generic, platform, sites
    group: str  # what turns it on
    conditional: bool  # whether it has conditions besides its matchers

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


Meant = Callable[[int, Known, str], bool]  # whether a match counts: paragraph, rule, kind of matcher


class Tables:
    """The rules of some files."""

    def __init__(self, files: Sequence[ReadyFile], order: dict[str, int]) -> None:
        self.lines: dict[str, list[Known]] = {}  # by whole folded line
        self.known: list[Known] = []
        self.masked: dict[str, list[Known]] = {}  # by whole folded line with 0 for every number
        self._froms: dict[str, list[Known]] = {}
        self._by_start: dict[str, list[tuple[Known, Matcher]]] = {}
        self.unworded: list[Known] = []  # rules without a word to look for: they select, or go by repeats
        needles: dict[str, list[tuple[Known, Matcher]]] = {}
        for file in files:
            for number, ready in enumerate(file.rules):
                known = Known(ready, (_PRECEDENCE[file.kind], order[file.name], number), file.kind, file.group, _conditional(ready))
                self.known.append(known)
                if not ready.matchers:
                    self.unworded.append(known)
                for matcher in ready.matchers:
                    if matcher.kind in {"line", "masked", "from"}:
                        table = {"line": self.lines, "masked": self.masked, "from": self._froms}[matcher.kind]
                        table.setdefault(matcher.text, []).append(known)
                    elif matcher.needle.startswith("\n") and len(matcher.needle) > SHORTEST:
                        self._by_start.setdefault(matcher.needle[1:], []).append((known, matcher))
                    else:
                        needles.setdefault(matcher.needle, []).append((known, matcher))
        self._masked_edges = _edges(self.masked)
        self._starts = Literals(self._by_start)
        self._anywhere = Needles(needles)
        patient = {needle: [one for one in those if one[0].ready.longest > MAX_CHARS] for needle, those in needles.items()}
        self._anywhere_in_long = Needles({needle: those for needle, those in patient.items() if those})

    def matches(self, doc: Document, meant: Meant) -> Iterator[Match]:
        """Every match with a paragraph that `meant` lets pass."""
        lines = doc.folded.lines
        for table, kind in ((self.lines, "line"), (self._froms, "from")):
            if table:
                for number in [number for number, line in enumerate(lines) if line in table]:
                    yield from (_whole(number, lines[number], one) for one in table[lines[number]] if meant(number, one, kind))
        if self.masked:
            first, last = self._masked_edges
            for number in [n for n, line in enumerate(lines) if line and line[0] in first and line[-1] in last]:
                same = self.masked.get(masked(lines[number]), ())
                yield from (_whole(number, lines[number], one) for one in same if meant(number, one, "masked"))
        yield from self._found(doc, meant)

    def _found(self, doc: Document, meant: Meant) -> Iterator[Match]:
        """What beginnings, ends, parts of lines and patterns match."""
        lines = doc.folded.lines
        tried: set[tuple[int, str, str]] = set()
        for number, begin, end, known, matcher in self._near(doc):
            if not meant(number, known, matcher.kind):
                continue
            if matcher.kind not in {"line_regex", "part"}:
                yield Match(number, max(begin, 0), min(end, len(lines[number])), known, known.ready.action in SPANS)
            elif (key := (number, known.ready.id, matcher.text)) not in tried:
                tried.add(key)
                if matcher.kind == "part":
                    parts = compiled(matcher.text).finditer(lines[number])
                    yield from (Match(number, part.start(), part.end(), known, known.ready.action in SPANS) for part in parts)
                elif may_match(matcher.text, lines[number]) and (found := compiled(matcher.text).fullmatch(lines[number])):
                    begin, end = found.span(1 if found.re.groups else 0)  # noqa: PLW2901  # of the group, not of the literal
                    yield Match(number, begin, end, known, known.ready.action in SPANS)

    def _near(self, doc: Document) -> Iterator[tuple[int, int, int, Known, Matcher]]:
        """Where the literals of matchers stand: paragraph, and the span in its folded line, a line break around it counted in."""
        lines = doc.folded.lines
        if self._by_start:
            for number in self._starts.beginning(lines):
                for literal in self._starts.at(lines[number], 0):
                    yield from ((number, 0, len(literal), known, matcher) for known, matcher in self._by_start[literal])
        long = doc.lengths > MAX_CHARS  # few rules touch a paragraph that is longer, and most of a page's text is in these
        yield from self._anywhere.hits(lines, np.flatnonzero(~long).tolist())
        yield from self._anywhere_in_long.hits(lines, np.flatnonzero(long).tolist())


class Needles:
    """Literals that matchers need to stand in a line, found by one automaton."""

    def __init__(self, needles: Mapping[str, Sequence[tuple[Known, Matcher]]]) -> None:
        self._by_needle = list(needles.values())
        self._automaton = ahocorasick_rs.AhoCorasick(list(needles), implementation=ahocorasick_rs.Implementation.DFA) if needles else None

    def hits(self, lines: Sequence[str], numbers: Sequence[int]) -> Iterator[tuple[int, int, int, Known, Matcher]]:
        """Where they stand in the lines of these numbers: number, and the span, a line break around it counted in."""
        if self._automaton is None or not numbers:
            return
        text = "\n".join(["", *[lines[number] for number in numbers], ""])
        hits = self._automaton.find_matches_as_indexes(text, overlapping=True)
        starts = list(accumulate((len(lines[number]) + 1 for number in numbers), initial=1)) if hits else []
        for needle, begin, end in hits:
            place = bisect_right(starts, begin + (text[begin] == "\n")) - 1
            first = starts[place]
            yield from ((numbers[place], begin - first, end - first, known, matcher) for known, matcher in self._by_needle[needle])


def _conditional(ready: ReadyRule) -> bool:
    words = ready.unless or ready.after or ready.select or ready.keep_select
    return bool(words or ready.first or ready.last or ready.repeat or ready.on != "any")


def _whole(number: int, line: str, known: Known) -> Match:
    """A match of a whole folded line."""
    return Match(number, 0, len(line), known, known.ready.action in SPANS)


def _edges(literals: Iterable[str]) -> tuple[set[str], set[str]]:
    """The characters that lines begin and end with whose numbers, masked, make them one of these literals."""
    edges = {literal[0] for literal in literals}, {literal[-1] for literal in literals}
    return edges[0].union(digits if "0" in edges[0] else ""), edges[1].union(digits if "0" in edges[1] else "")
