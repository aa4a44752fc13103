"""Tables over the rules of some files: one look at a page finds what any of their matchers could mean.

Whole lines are looked up in a dictionary; beginnings, ends, parts of lines and the literals that patterns need are found
by one automaton over the folded page (a DFA: three times as fast as the NFA over the same literals); RE2 sees only lines
that hold a pattern's literal, one `fullmatch` each: the literal has already told which pattern it is, so a Set of all
patterns would answer a question that nobody asks.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import ahocorasick_rs
import numpy as np

from curate.document import Document
from curate.rules.compile import Matcher, ReadyFile, ReadyRule
from curate.rules.format import bare
from curate.rules.patterns import compiled, masked
from curate.rules.runs_of_lines import SHORTEST, Heads, heads_of

_PRECEDENCE = {"sites": 0, "platform": 1, "generic": 2}
SPANS: Final = frozenset({"trim", "replace"})
_ZERO, _NINE = ord("0"), ord("9")


class Known(NamedTuple):
    """A rule in its place among others."""

    ready: ReadyRule
    order: tuple[int, int, int]  # precedence of the kind of file, number of the file, number of the rule in it
    kind: str  # of the file: generic, platform, sites
    group: str  # what turns it on

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
        self.unworded: list[Known] = []  # rules without a word to look for: they select, or go by repeats
        needles: dict[str, list[tuple[Known, Matcher]]] = {}
        for file in files:
            for number, ready in enumerate(file.rules):
                known = Known(ready, (_PRECEDENCE[file.kind], order[file.name], number), file.kind, file.group)
                self.known.append(known)
                if not ready.matchers:
                    self.unworded.append(known)
                for matcher in ready.matchers:
                    if matcher.kind in {"line", "masked", "from"}:
                        table = {"line": self.lines, "masked": self.masked, "from": self._froms}[matcher.kind]
                        table.setdefault(matcher.text, []).append(known)
                    else:
                        needles.setdefault(matcher.needle, []).append((known, matcher))
        self._by_needle = list(needles.values())
        self._automaton = ahocorasick_rs.AhoCorasick(list(needles), implementation=ahocorasick_rs.Implementation.DFA) if needles else None
        self.heads: Heads = heads_of(
            line for line, known in self.lines.items() if len(line) >= SHORTEST and any(one.ready.action == "drop-line" for one in known)
        )

    def matches(self, doc: Document, meant: Meant) -> Iterator[Match]:
        """Every match with a paragraph that `meant` lets pass."""
        lines = doc.folded.lines
        for table, kind in ((self.lines, "line"), (self._froms, "from")):
            if table:
                for number in [number for number, line in enumerate(lines) if line in table]:
                    yield from (_whole(number, lines[number], one) for one in table[lines[number]] if meant(number, one, kind))
        if self.masked:
            for number in _with_digits(doc):
                found = self.masked.get(masked(lines[number]), ())
                yield from (_whole(number, lines[number], one) for one in found if meant(number, one, "masked"))
        if self._automaton:
            yield from self._found(doc, self._automaton, meant)

    def _found(self, doc: Document, automaton: ahocorasick_rs.AhoCorasick, meant: Meant) -> Iterator[Match]:
        """What beginnings, ends, parts of lines and patterns match."""
        lines, text = doc.folded.lines, f"\n{doc.folded.text}\n"
        if not (hits := automaton.find_matches_as_indexes(text, overlapping=True)):
            return
        starts = list(accumulate((len(line) + 1 for line in lines), initial=1))
        tried: set[tuple[int, str, str]] = set()
        for needle, begin, end in hits:
            number = bisect_right(starts, begin + (text[begin] == "\n")) - 1
            for known, matcher in self._by_needle[needle]:
                if not meant(number, known, matcher.kind):
                    continue
                if matcher.kind != "line_regex":
                    start, stop = begin - starts[number], end - starts[number]
                    yield Match(number, max(start, 0), min(stop, len(lines[number])), known, known.ready.action in SPANS)
                elif (key := (number, known.ready.id, matcher.text)) not in tried:
                    tried.add(key)
                    if found := compiled(matcher.text).fullmatch(lines[number]):
                        start, stop = found.span(1 if found.re.groups else 0)
                        yield Match(number, start, stop, known, known.ready.action in SPANS)


def _whole(number: int, line: str, known: Known) -> Match:
    """A match of a whole folded line."""
    return Match(number, 0, len(line), known, known.ready.action in SPANS)


def _with_digits(doc: Document) -> list[int]:
    """The paragraphs whose folded line has a digit in it."""
    points = doc.folded.points
    digits = (points >= _ZERO) & (points <= _NINE)
    found: list[int] = np.unique(doc.folded.line_numbers()[digits]).tolist()
    return found
