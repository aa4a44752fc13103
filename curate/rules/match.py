"""Match all rules against a page at once, and turn the matches into changes.

Whole lines are looked up in one dictionary; beginnings, ends, parts of lines and the literals that patterns need
are found by one automaton over the folded page; RE2 sees only lines that hold a pattern's literal. Which packs a
page is under is decided first, so one set of tables serves all pages.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final, NamedTuple

import ahocorasick_rs

from curate.document import Change, Document
from curate.rules.format import Rule, RuleFile, literals
from curate.rules.patterns import compiled, prefilter
from curate.text.folding import fold

_PRECEDENCE: Final = {"sites": 0, "platform": 1, "generic": 2}
_ANYWHERE: Final = 5  # words of a whole line that may go from a page whose site is not known


class _Ready(NamedTuple):
    """A rule with what it says folded, and the pack it is of."""

    rule: Rule
    pack: int
    kind: str  # of the pack: generic, platform, sites
    precedence: int
    full_id: str
    unless: tuple[str, ...]
    after: str
    to: frozenset[str]


class _Matcher(NamedTuple):
    """One literal (folded) or pattern of one rule."""

    rule: int
    kind: str  # line, line_starts, line_ends, line_contains, line_regex, from
    text: str

    @property
    def needle(self) -> str:
        """What the automaton looks for: lines are parted by line breaks, so one anchors a literal at an edge."""
        if self.kind == "line_regex":
            return prefilter(self.text)
        return {"line_starts": "\n" + self.text, "line_ends": self.text + "\n"}.get(self.kind, self.text)


class _Match(NamedTuple):
    """A paragraph that a matcher matched, and the span in its folded line."""

    paragraph: int
    start: int
    end: int
    matcher: _Matcher


class Scope(NamedTuple):
    """Which rules a page is under."""

    packs: frozenset[int]
    any_language: bool  # besides, the whole-line rules of every language's packs
    any_site: bool  # besides, the long whole-line rules of every site


class Matching:
    """Rules made ready. `packs` and `scope` say which of them a page is under, `changes` what they do to it."""

    def __init__(self, files: Sequence[RuleFile]) -> None:
        self.files = tuple(files)
        self._groups: dict[str, frozenset[int]] = {}
        for number, file in enumerate(files):
            self._groups[file.group] = self._groups.get(file.group, frozenset()) | {number}
        self._rules = [_ready(rule, pack, file) for pack, file in enumerate(files) for rule in file.rules]
        self._lines: dict[str, list[_Matcher]] = {}
        needles: dict[str, list[_Matcher]] = {}
        for number, ready in enumerate(self._rules):
            for kind, literal in ready.rule.matchers():
                matcher = _Matcher(number, kind, literal if kind == "line_regex" else fold(literal))
                if kind in {"line", "from"}:
                    self._lines.setdefault(matcher.text, []).append(matcher)
                else:
                    needles.setdefault(matcher.needle, []).append(matcher)
        self._by_needle = list(needles.values())
        self._automaton = ahocorasick_rs.AhoCorasick(list(needles))
        self._signs: dict[str, list[int]] = {}
        self._domains: dict[str, list[int]] = {}
        for number, file in enumerate(files):
            for sign in literals(file.head.signs):
                self._signs.setdefault(fold(sign), []).append(number)
            for domain in file.head.domains:
                self._domains.setdefault(domain.lower(), []).append(number)

    def packs(self, doc: Document, lang: str, host: str) -> list[str]:
        """The packs that a page is under: groups of generic files (`generic/en`), names of the others, sorted.

        `lang` is "und" where the language is not known. `host` is "" where the site is not known; then the page's
        own lines may give it away.
        """
        packs = {group for group in (f"generic/{lang}", "generic/any") if group in self._groups}
        found = set(self._of_host(host))
        for line in [line for line in doc.folded.lines if line in self._signs]:
            found.update(n for n in self._signs[line] if not host or self.files[n].kind != "sites")
        while found:
            file = self.files[found.pop()]
            packs.add(file.group)
            found.update(n for name in set(file.head.uses) - packs for n in self._groups[name])
        return sorted(packs)

    def _of_host(self, host: str) -> Iterator[int]:
        """The packs of a host, of each domain above it, and of the host alone."""
        yield from self._domains.get(f"={host}", ())
        while host:
            yield from self._domains.get(host, ())
            host = host.partition(".")[2]

    def scope(self, packs: Sequence[str], lang: str, host: str) -> Scope:
        """The scope that the packs of these names make.

        A site told by signs alone does not rule out the lines of others: pages without a URL are often copies of copies.
        """
        files = frozenset[int]().union(*(self._groups[name] for name in packs))
        return Scope(files, any_language=lang == "und", any_site=not host)

    def changes(self, doc: Document, scope: Scope, *, placed: bool = True) -> Iterator[Change]:
        """What the rules in scope do to a document; `placed=False` leaves `where` and `guard` aside.

        Of two rules that match a paragraph the site's comes before the platform's and that before the generic one;
        a drop comes before a trim.
        """
        left = (doc.lengths * doc.live).tolist()  # characters of each paragraph that is still there
        gone: set[int] = set()
        trims: dict[int, list[_Match]] = {}
        blocks: list[int] = []
        matches = sorted(
            self._matches(doc, scope), key=lambda match: (self._rules[match.matcher.rule].precedence, match.matcher.rule, match.paragraph)
        )
        for match in matches:
            ready = self._rules[match.matcher.rule]
            if match.paragraph in gone or not _holds(doc, match.paragraph, ready, placed=placed):
                continue
            if ready.rule.action == "trim":
                trims.setdefault(match.paragraph, []).append(match)
                continue
            if ready.rule.action == "drop-block":
                blocks = blocks or _block_ends(doc)
            reach = _reach(doc, match.paragraph, ready, blocks)
            guard = ready.rule.guard
            if placed and guard and sum(left[reach.start : reach.stop]) > guard.max_share * sum(left):
                continue
            for number in reach:
                if number not in gone and doc.live[number]:
                    gone.add(number)
                    left[number] = 0
                    yield Change(number, 0, int(doc.lengths[number]), rule=ready.full_id)
        for number in sorted(trims.keys() - gone):
            yield from self._trimmed(doc, number, trims[number], scope)

    def _in_scope(self, matcher: _Matcher, scope: Scope) -> bool:
        ready = self._rules[matcher.rule]
        if ready.pack in scope.packs:
            return True
        if matcher.kind != "line" or ready.rule.action != "drop-line":
            return False
        if ready.kind == "generic":
            return scope.any_language
        return ready.kind == "sites" and scope.any_site and len(matcher.text.split()) >= _ANYWHERE

    def _matches(self, doc: Document, scope: Scope) -> Iterator[_Match]:
        """Every match of a matcher in scope with a live paragraph that is not too long for its rule."""
        lines, lengths, live = doc.folded.lines, doc.lengths.tolist(), doc.live.tolist()

        def meant(number: int, matcher: _Matcher) -> bool:
            return live[number] and lengths[number] <= self._rules[matcher.rule].rule.max_chars and self._in_scope(matcher, scope)

        for number in [number for number, line in enumerate(lines) if line in self._lines]:
            yield from (_Match(number, 0, len(lines[number]), matcher) for matcher in self._lines[lines[number]] if meant(number, matcher))
        text = f"\n{doc.folded.text}\n"
        if not (hits := self._automaton.find_matches_as_indexes(text, overlapping=True)):
            return
        starts = list(accumulate((len(line) + 1 for line in lines), initial=1))
        tried: set[tuple[int, _Matcher]] = set()
        for needle, begin, end in hits:
            number = bisect_right(starts, begin + (text[begin] == "\n")) - 1
            for matcher in self._by_needle[needle]:
                if (number, matcher) in tried or not meant(number, matcher):
                    continue
                if matcher.kind != "line_regex":
                    start, stop = begin - starts[number], end - starts[number]
                    yield _Match(number, max(start, 0), min(stop, len(lines[number])), matcher)
                elif found := compiled(matcher.text).fullmatch(lines[number]):
                    start, stop = found.span(1 if found.re.groups else 0)
                    yield _Match(number, start, stop, matcher)
                if matcher.kind == "line_regex":
                    tried.add((number, matcher))

    def _trimmed(self, doc: Document, number: int, matches: list[_Match], scope: Scope) -> Iterator[Change]:
        """The trims of one paragraph, from its end to its beginning so that offsets stay true.

        Spans that meet are cut as one, by the rule that comes first. Where only a known line would be left, the
        paragraph is dropped by that line's rule.
        """
        line, (origin, lines) = doc.folded.lines[number], doc.folded.offsets
        spans: list[tuple[int, int, int]] = []  # start, end, and the place of the match, which is its precedence
        for start, end, place in sorted((match.start, match.end, place) for place, match in enumerate(matches) if match.start < match.end):
            if spans and not line[spans[-1][1] : start].strip():
                spans[-1] = (spans[-1][0], max(end, spans[-1][1]), min(place, spans[-1][2]))
            else:
                spans.append((start, end, place))
        edges = [0, *(edge for start, end, _ in spans for edge in (start, end)), len(line)]
        left = " ".join("".join(line[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)).split())
        for matcher in self._lines.get(left, ()):
            ready = self._rules[matcher.rule]
            if ready.rule.action == "drop-line" and self._in_scope(matcher, scope) and _holds(doc, number, ready, placed=True):
                yield Change(number, 0, int(doc.lengths[number]), rule=ready.full_id)
                return
        first, length = int(doc.starts[number]), int(doc.lengths[number])
        for start, end, place in reversed(spans):
            at = 0 if start == 0 else int(origin[lines[number] + start]) - first
            to = length if end == len(line) else int(origin[lines[number] + end - 1]) + 1 - first
            yield Change(number, at, to, rule=self._rules[matches[place].matcher.rule].full_id)


def _ready(rule: Rule, pack: int, file: RuleFile) -> _Ready:
    unless, to = tuple(map(fold, literals(rule.unless))), frozenset(map(fold, literals(rule.to)))
    return _Ready(rule, pack, file.kind, _PRECEDENCE[file.kind], f"{file.name}#{rule.id}", unless, fold(rule.where.after), to)


def _holds(doc: Document, number: int, ready: _Ready, *, placed: bool) -> bool:
    """Whether a rule's conditions hold for a paragraph that it matches."""
    line = doc.folded.lines[number]
    if any(literal in line for literal in ready.unless):
        return False
    where = ready.rule.where
    if not placed:
        return True
    if ready.after and doc.folded.first.get(ready.after, number) >= number:
        return False
    edges = [number < where.first] if where.first else []
    edges += [number >= doc.read - where.last] if where.last else []
    return any(edges) or not edges


def _reach(doc: Document, number: int, ready: _Ready, blocks: Sequence[int]) -> range:
    """The paragraphs that a drop takes, beginning with the one that matched; `blocks` is `_block_ends`, where needed."""
    rule = ready.rule
    if rule.action == "drop-rest":
        return range(number, doc.read)
    if rule.action == "drop-span":
        window = doc.folded.lines[number : number + (rule.max_lines or 0)]
        return next((range(number, number + n + 1) for n, line in enumerate(window) if line in ready.to), range(0))
    if rule.action == "drop-block":
        return range(number, min(blocks[number], number + (rule.max_lines or doc.read)))
    return range(number, number + 1)


def _block_ends(doc: Document) -> list[int]:
    """For each paragraph the number behind the last one of its block: its container, or what no blank line parts."""
    elements = doc.facts.elements.tolist()
    ends = [doc.read] * doc.read
    for number in range(doc.read - 2, -1, -1):
        together = elements[number] == elements[number + 1] if doc.is_html else not doc.blank_before[number + 1]
        ends[number] = ends[number + 1] if together else number + 1
    return ends
