"""Tables over the rules of some files: one look at a page finds what any of their matchers could mean.

Whole lines and beginnings are looked up in dictionaries; ends, parts of lines and the literals that patterns need are found
by one automaton over the lines (a DFA: two to three times as fast as the NFA over the same literals); RE2 sees only lines
that hold all of a pattern's literals, one `fullmatch` each: the literal has already told which pattern it is, so a Set of all
patterns would answer a question that nobody asks.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from string import digits
from typing import Final, NamedTuple

import ahocorasick_rs

from curate.document import Document
from curate.rules.compile import Matcher, ReadyFile, ReadyRule
from curate.rules.edges import SHORTEST, Literals
from curate.rules.format import bare
from curate.rules.patterns import fitting, masked, may_match

_PRECEDENCE: Final = {"sites": 0, "platform": 1, "generic": 2}
SPANS: Final = frozenset({"trim", "replace"})
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


Meant = Callable[[int, Known, str], bool]  # whether a match counts: paragraph, rule, kind of matcher


class Tables:
    """The rules of some files."""

    def __init__(self, files: Sequence[ReadyFile], order: dict[str, int]) -> None:
        self.lines: dict[str, list[Known]] = {}  # by whole folded line
        self.known: list[Known] = []  # all of them
        self.unworded: list[Known] = []  # rules without a word to look for: they select, or go by repeats
        self._masked: dict[str, list[Known]] = {}  # by whole folded line with 0 for every number
        self._froms: dict[str, list[Known]] = {}
        self._by_start: dict[str, list[tuple[Known, Matcher]]] = {}
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

    def matches(self, doc: Document, meant: Meant) -> Iterator[Match]:
        """Every match with a paragraph that `meant` lets pass."""
        lines = doc.folded.lines
        for kind, table in (("line", self.lines), ("from", self._froms), ("masked", self._masked)):
            for number, same in self._whole(lines, kind, table) if table else ():
                for known in same:
                    if meant(number, known, kind):
                        yield Match(number, 0, len(lines[number]), known, known.ready.action in SPANS)
        tried: set[tuple[int, str, str]] = set()
        for number, begin, end, known, matcher in self._near(doc):
            line = lines[number]
            if len(line) > _GROWTH * known.ready.longest or not meant(number, known, matcher.kind):
                continue
            spans = known.ready.action in SPANS
            if matcher.kind not in {"line_regex", "part"}:
                yield Match(number, max(begin, 0), min(end, len(line)), known, spans)
            elif (key := (number, known.ready.id, matcher.text)) not in tried:
                tried.add(key)
                yield from (Match(number, start, stop, known, spans) for start, stop in _spans_of_pattern(matcher, line))

    def _whole(self, lines: Sequence[str], kind: str, table: Mapping[str, Sequence[Known]]) -> Iterator[tuple[int, Sequence[Known]]]:
        """The lines that stand in a table, and the rules that name them."""
        if kind == "masked":
            first, last = self._masked_edges
            near = [number for number, line in enumerate(lines) if line and line[0] in first and line[-1] in last]
            yield from ((number, table.get(masked(lines[number]), ())) for number in near)
        else:
            yield from [(number, table[line]) for number, line in enumerate(lines) if line in table]

    def _near(self, doc: Document) -> Iterator[tuple[int, int, int, Known, Matcher]]:
        """Where the literals of matchers stand: line, and the span in it, a line break around it counted in."""
        if self._by_start:
            lines = doc.folded.lines
            for number in self._starts.beginning(doc.folded):
                for literal in self._starts.at(lines[number], 0):
                    yield from ((number, 0, len(literal), known, matcher) for known, matcher in self._by_start[literal])
        yield from self._anywhere.found(doc)


def _spans_of_pattern(matcher: Matcher, line: str) -> Iterator[tuple[int, int]]:
    """The spans of a line that a pattern means: its group, or all of it; of a part, each place where it stands."""
    if matcher.kind == "part":
        pattern, text = fitting(matcher.text, line)
        yield from ((part.start(), part.end()) for part in pattern.finditer(text))
    elif may_match(matcher.text, line):
        pattern, text = fitting(matcher.text, line)
        if found := pattern.fullmatch(text):
            yield found.span(1 if found.re.groups else 0)


class Needles:
    """Literals that matchers need to stand in a line, found by one automaton."""

    def __init__(self, needles: Mapping[str, Sequence[tuple[Known, Matcher]]]) -> None:
        self._by_needle = list(needles.values())
        self._automaton = ahocorasick_rs.AhoCorasick(list(needles), implementation=ahocorasick_rs.Implementation.DFA) if needles else None

    def found(self, doc: Document) -> Iterator[tuple[int, int, int, Known, Matcher]]:
        """Where they stand: line, and the span in it, a line break around it counted in."""
        if self._automaton is None:
            return
        text, starts = f"\n{doc.folded.text}\n", doc.folded.starts
        for needle, begin, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            number = bisect_right(starts, begin if text[begin] == "\n" else begin - 1) - 1
            first = starts[number] + 1
            yield from ((number, begin - first, end - first, known, matcher) for known, matcher in self._by_needle[needle])


def _conditions(ready: ReadyRule) -> str:
    if ready.unless or ready.after or ready.select or ready.keep_select or ready.repeat or ready.on != "any":
        return "more"
    return "where" if ready.first or ready.last else ""


def _edges(literals: Iterable[str]) -> tuple[set[str], set[str]]:
    """The characters that lines begin and end with whose numbers, masked, make them one of these literals."""
    edges = {literal[0] for literal in literals}, {literal[-1] for literal in literals}
    return edges[0].union(digits if "0" in edges[0] else ""), edges[1].union(digits if "0" in edges[1] else "")
