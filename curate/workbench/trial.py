"""Try rules on pages as if they were active: what they take, from whom, and what other rules take anyway.

Two steps do it. `Others` notes, by changes of nothing, what the rules in force do without the tried ones; `Tried` then takes
from the same page what the tried rules take. Both go by `Matching`, as a run does.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final, NamedTuple

from curate.document import Applied, Change, Document
from curate.errors import UsageError
from curate.fields import Toml
from curate.rules.format import MAX_CHARS, POLICIES, Head, Rule, RuleFile, bare
from curate.rules.match import Matching
from curate.text.folding import fold
from curate.workbench.keep import Hit, KeepCorpus, allowed, hits
from curate.workbench.named import Found

TRIED: Final = "tried"
OTHERS: Final = "others"


def pasted(lines: Sequence[str]) -> Found:
    """A rule that drops some whole lines, for whoever has the lines and no file yet."""
    blank = [line for line in lines if not fold(line)]
    if blank or not lines:
        raise UsageError(f"--line {''.join(blank)!r} has nothing in it that could be matched; paste a whole line of a page")
    rule = Rule(id="pasted", category="ui-status", why="A line pasted on the command line.", action="drop-line", line="\n".join(lines))
    rule = replace(rule, max_chars=max(MAX_CHARS, *map(len, lines)) * 2)  # twice: folding may have made a copy shorter
    return Found(RuleFile("generic/any/command-line", Head(schema=1, language=("*",)), (rule,)), Toml("--line", {}, ""), (0,))


def alone(found: Found) -> RuleFile:
    """Rules by themselves, active whatever their status; raises UsageError where there are none.

    A `keep` by itself changes nothing; where there are only such rules they are made drops, to see what they would hold.
    """
    rules = [replace(rule, status="active") for rule in found.rules]
    if not rules:
        raise UsageError(f"{found.toml.path} has no rules")
    if all(rule.action == "keep" for rule in rules):
        rules = [replace(rule, action="drop-line") for rule in rules]
    return replace(found.file, rules=tuple(rules), overrides=())


@dataclass(frozen=True)
class Others:
    """A step that reports what the rules in force do without the tried ones."""

    matching: Matching
    policies: tuple[str, ...]
    off: tuple[str, ...]

    def selectors(self, host: str, generator: str) -> Sequence[str]:
        return self.matching.selectors(host, generator)

    def describe(self, doc: Document) -> Mapping[str, str | float]:
        """`packs`: the rule files in force that the page is under."""
        return {"packs": " ".join(self.matching.packs(doc, _lang(doc), doc.host))}

    def judge(self, doc: Document) -> Iterator[Change]:
        scope = self.matching.scope(str(doc.tags["packs"]).split(), _lang(doc), doc.host, policies=self.policies, off=self.off)
        for change in self.matching.changes(doc, scope):
            if change.new or change.start < change.end:
                yield Change(change.paragraph, 0, 0, rule=change.rule)


@dataclass(frozen=True)
class Tried:
    """A step that takes what some rules take, and no others: everywhere, or where their file holds (it follows `Others`)."""

    matching: Matching
    others: Matching
    group: str  # what turns the tried rules on
    everywhere: bool

    def selectors(self, host: str, generator: str) -> Sequence[str]:
        library = self.matching.library
        if not self.everywhere:
            return self.matching.selectors(host, generator)
        files = [*library.base, *map(library.site, library.sites)]
        return [selector for file in files for rule in file.rules for selector in (*rule.select, *rule.keep_select)]

    def describe(self, doc: Document) -> Mapping[str, str | float]:
        """`tried`: the pack of the tried rules where the page is under it, else ""."""
        told = {*str(doc.tags["packs"]).split(), *self.matching.packs(doc, _lang(doc), doc.host)}
        return {"tried": self.group if self.everywhere or self.group in told else ""}

    def judge(self, doc: Document) -> Iterator[Change]:
        packs = str(doc.tags["tried"]).split()
        if self.everywhere:
            return self.matching.changes(doc, self.matching.scope(packs, "", "-"))
        off = self.others.scope(str(doc.tags["packs"]).split(), _lang(doc), doc.host).off  # what the page's site overrides
        return self.matching.changes(doc, self.matching.scope(packs, _lang(doc), doc.host, policies=POLICIES, off=tuple(sorted(off))))


def _lang(doc: Document) -> str:
    return str(doc.tags.get("lang", "und"))


def line_numbers(doc: Document) -> list[int]:
    """For each paragraph of a text page the line of the file it stands on, from 1; steps leave the space between them alone."""
    at, found = 1, []
    for before, start in zip([0, *doc.ends.tolist()], doc.starts.tolist(), strict=False):  # nothing stands behind the last
        gap = doc.page[before:start]
        at += gap.count("\n") + gap.count("\r") - gap.count("\r\n")
        found.append(at)
    return found


def places(doc: Document) -> list[str]:
    """Each paragraph's place as `curate rules why` takes it: FILE:LINE, FILE:PARAGRAPH, or FILE:RECORD:PARAGRAPH."""
    if doc.format == "text":
        return [f"{doc.source.path}:{line}" for line in line_numbers(doc)]
    return [f"{_name(doc)}:{number}" for number in range(doc.read)]


def _name(doc: Document) -> str:
    """The file of a page, and which of its records the page is."""
    return f"{doc.source.path}:{doc.id}" if doc.format == "jsonl" and doc.id else doc.source.path


class Taken(NamedTuple):
    """A line that the tried rules took, or took something from, between its neighbours."""

    number: int  # among all lines taken
    place: str
    site: str
    rules: tuple[str, ...]
    text: str  # as it stood
    left: str  # "" where all of it went
    before: str
    after: str
    others: tuple[str, ...]  # rules in force that take it anyway


@dataclass(slots=True)
class Tally:
    """What tried rules did to pages; `show` of the lines are kept as examples, drawn at random."""

    show: int
    seed: int
    pages: int = 0
    failed: Counter[str] = field(default_factory=Counter)  # by reason
    under: int = 0  # pages under a pack of the rules
    hit: int = 0  # pages
    sites: Counter[str] = field(default_factory=Counter)  # lines; "" for pages whose site nobody knows
    lines: int = 0
    cut: int = 0  # lines of which something is left
    already: Counter[str] = field(default_factory=Counter)  # by rule in force: lines that it takes anyway
    also: int = 0  # lines that any of these takes
    chars_read: int = 0
    chars: int = 0  # taken
    emptied: list[str] = field(default_factory=list)
    most: tuple[float, str] = (0.0, "")  # the largest share of one page, and which
    rules: dict[str, tuple[int, int]] = field(default_factory=dict)  # by id: lines and pages
    examples: list[Taken] = field(default_factory=list)
    _random: Random | None = None

    def add(self, doc: Document) -> None:
        """Count a page that has gone through both steps, or that could not be read."""
        self.pages += 1
        if doc.outcome == "failed":
            self.failed[doc.reason] += 1
            return
        self.under += bool(doc.tags.get("tried"))
        self.chars_read += doc.chars_read
        changes: dict[int, list[Applied]] = {}
        for applied in doc.changes:
            if applied.step == TRIED and not applied.reports:
                changes.setdefault(applied.paragraph, []).append(applied)
        if changes:
            self._hit(doc, changes)

    def _hit(self, doc: Document, changes: Mapping[int, Sequence[Applied]]) -> None:
        self.hit += 1
        taken = sum(len(applied.text) - len(applied.new) for made in changes.values() for applied in made)
        self.chars += taken
        self.most = max(self.most, (taken / doc.chars_read, _name(doc)), key=lambda most: most[0])
        if doc.outcome == "emptied" and doc.reason == TRIED:
            self.emptied.append(_name(doc))
        names = places(doc)
        others: dict[int, list[str]] = {}
        for applied in doc.changes:
            if applied.step == OTHERS:
                others.setdefault(applied.paragraph, []).append(bare(applied.rule))
        for number in sorted(changes):
            self._line(_taken(doc, number, changes[number], names[number], others.get(number, ())))
        for rule in {bare(applied.rule) for made in changes.values() for applied in made}:
            lines, pages = self.rules.get(rule, (0, 0))
            fired = sum(any(bare(applied.rule) == rule for applied in made) for made in changes.values())
            self.rules[rule] = (lines + fired, pages + 1)

    def _line(self, taken: Taken) -> None:
        """Count a line; it becomes an example with the same chance as every other one (reservoir sampling)."""
        number = self.lines
        self.lines += 1
        self.cut += bool(taken.left)
        self.sites[taken.site] += 1
        self.also += bool(taken.others)
        self.already.update(taken.others)
        self._random = self._random or Random(self.seed)  # noqa: S311  # a sample is no secret
        at = number if number < self.show else self._random.randrange(number + 1)
        if at < self.show:
            self.examples[at : at + 1] = [taken._replace(number=number)]


def _taken(doc: Document, number: int, made: Sequence[Applied], place: str, others: Sequence[str]) -> Taken:
    text = left = doc.text_of(number) if doc.live[number] else ""
    for applied in reversed(made):  # undone, the last one first
        text = text[: applied.start] + applied.text + text[applied.start + len(applied.new) :]
    return Taken(
        number=0,
        place=place,
        site=doc.host,
        rules=tuple(dict.fromkeys(bare(applied.rule) for applied in made)),
        text=text,
        left=left,
        before=doc.text_of(number - 1) if number else "",
        after=doc.text_of(number + 1) if number + 1 < doc.read else "",
        others=tuple(dict.fromkeys(others)),
    )


def hits_of_body_lines(corpus: KeepCorpus, found: Found) -> list[Hit]:
    """The lines of a keep-corpus that rules hit and that no exception allows; a `keep` may hit what it likes."""
    exempt = allowed(corpus, {found.file.name: found.file})
    only = () if all(rule.action == "keep" for rule in found.rules) else (alone(found),)
    return [hit for hit in hits(corpus, only) if (hit.rule, hit.keep.text) not in exempt]
