"""Rules that another rule makes idle: the same words said twice, words that a wider rule takes, rules that never come first.

What rules say is laid before all rules at once, as lines of one page, and matching itself tells which of them take it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, NamedTuple

from curate.document import Document, document_of_lines
from curate.rules.compile import Matcher, ReadyRule, ready
from curate.rules.cut import Conditions
from curate.rules.format import POLICIES, RuleFile, bare
from curate.rules.library import made_of
from curate.rules.load import Packs
from curate.rules.match import Matching, Scope, in_scope
from curate.rules.tables import SPANS, Known, Match, Tables
from curate.text.folding import fold
from curate.workbench.findings import Finding, line_of

# What may stand beside a beginning, an end or a part of a line: whoever takes the literal with all of these takes it always.
_BESIDE: Final = ("qwz, 7 «Ÿö» zkp. Xo", "ж")
_PROBES: Final = {"line": ("{}",), "line_starts": ("{}{}", "{} {}"), "line_ends": ("{1}{0}", "{1} {0}"), "line_contains": ("{1}{0}{1}",)}


class Said(NamedTuple):
    """A literal or pattern of a rule: where it is written, and as it is looked for."""

    file: RuleFile
    number: int  # of the rule in its file
    known: Known
    key: str  # line, line_starts, …
    literal: str
    nth: int  # among those of the rule that are written alike
    matcher: Matcher

    @property
    def ready(self) -> ReadyRule:
        """The rule."""
        return self.known.ready

    @property
    def same(self) -> tuple[str, str]:
        """What two literals that take the same have in common."""
        return self.matcher.kind, self.matcher.text


@dataclass(frozen=True)
class Words:
    """All that some rules say, retired ones left out."""

    packs: Packs

    @cached_property
    def tables(self) -> Tables:
        """All rules at once, whatever turns them on."""
        return Tables([ready(file) for file in self.packs.files], {file.name: number for number, file in enumerate(self.packs.files)})

    @cached_property
    def said(self) -> Sequence[Said]:
        """Every literal and pattern, in the order of the files."""
        rules = ((file, number, rule) for file in self.packs.files for number, rule in enumerate(file.rules) if rule.status != "retired")
        found = []
        for (file, number, rule), known in zip(rules, self.tables.known, strict=True):
            seen: Counter[tuple[str, str]] = Counter()
            for (key, literal), matcher in zip(rule.matchers(), known.ready.matchers, strict=True):
                found.append(Said(file, number, known, key, literal, seen[key, literal], matcher))
                seen[key, literal] += 1
        return found

    @cached_property
    def together(self) -> dict[str, frozenset[str]]:
        """By the name of a file: the groups of rules that hold wherever it does."""
        uses: dict[str, set[str]] = {}
        for file in self.packs.files:
            uses.setdefault(file.group, set()).update(file.head.uses)
        found = {}
        for file in self.packs.files:
            groups, told = {"generic/any"}, {file.group}
            while told:
                groups.add(group := told.pop())
                told |= uses.get(group, set()) - groups
            found[file.name] = frozenset(groups)
        return found

    def place(self, said: Said) -> tuple[str, int]:
        """The file and line where something is said."""
        toml = self.packs.tomls[said.file.name]
        return toml.path, line_of(toml, said.number, said.key, said.literal, nth=said.nth)

    def doc(self, lines: Iterable[str]) -> Document:
        """Lines as one page."""
        return document_of_lines("\n".join(lines))


class _Cover(NamedTuple):
    """A rule that takes what another says."""

    known: Known
    certain: bool  # whether it holds wherever the other does, and not only on pages of the file's languages


def idle(words: Words, names: frozenset[str]) -> Iterator[Finding]:
    """What rules of some files say and others, or they themselves, take already."""
    twice = _doubles(words, names)
    wider = _wider(words, names)
    for number, said in enumerate(words.said):
        if number in twice:
            yield _finding(words, said, "duplicate", "says", twice[number])
        elif number in wider:
            yield _finding(words, said, "shadowed", "takes", wider[number])


def _finding(words: Words, said: Said, check: str, verb: str, cover: _Cover) -> Finding:
    other = "the rule itself" if cover.known.bare == said.known.bare else cover.known.bare
    message = f"{said.key} {said.literal!r}: {other} {verb} it {'already' if check == 'duplicate' else 'too'}"
    path, line = words.place(said)
    return Finding(path, line, said.known.bare, check, message, note=_only_a_note(said, cover, check))


def _only_a_note(said: Said, cover: _Cover, check: str) -> bool:
    """Whether both may be wanted: a site's own words beside those of a pack, whole lines for what they are run together of."""
    if not cover.certain or (said.known.kind == "sites" and cover.known.kind != "sites"):
        return True
    return check == "shadowed" and said.key == "line" and said.ready.action == "drop-line"


def _doubles(words: Words, names: frozenset[str]) -> dict[int, _Cover]:
    """By the number of what is said: the rule that says the same, of two that are alike the earlier one."""
    same: dict[tuple[str, str], list[int]] = {}
    for number, said in enumerate(words.said):
        same.setdefault(said.same, []).append(number)
    found: dict[int, _Cover] = {}
    for number, said in enumerate(words.said):
        for other in same[said.same] if said.file.name in names else ():
            cover = _cover(words, words.said[other], said) if other != number else None
            if cover is None or (number in found and not cover.certain > found[number].certain):
                continue
            back = _cover(words, said, words.said[other])
            if other < number or not (back and back.certain):
                found[number] = cover
    return found


def _cover(words: Words, wide: Said, said: Said) -> _Cover | None:
    """What says the same as another, if it takes it wherever the other would."""
    if wide.ready.action != said.ready.action or wide.ready.new != said.ready.new or wide.ready.to != said.ready.to:
        return None
    return _wide_enough(words, wide.known, said)


def _wide_enough(words: Words, wide: Known, said: Said) -> _Cover | None:
    """A rule that matches what another says, if it holds wherever that one does."""
    certain = wide.group in words.together[said.file.name]
    often = wide.kind == "generic" and wide.group.rpartition("/")[2] in said.file.head.language
    if not (certain or often) or not _as_wide(wide.ready, said):
        return None
    return _Cover(wide, certain)


def _as_wide(wide: ReadyRule, said: Said) -> bool:
    """Whether the conditions of a rule hold wherever those of another do."""
    own = said.ready
    if wide.id == own.id:
        return True
    whole = said.key == "line"
    return (
        (own.experimental or not wide.experimental)
        and (wide.category not in POLICIES or wide.category == own.category)
        and wide.longest >= (min(own.longest, len(said.literal)) if whole else own.longest)
        and _reaches(wide, own)
        and wide.after in {"", own.after}
        and (not any(part in said.matcher.text for part in wide.unless) if whole else set(wide.unless) <= set(own.unless))
        and (own.repeat or not wide.repeat)
        and (not wide.select or (bool(own.select) and set(own.select) <= set(wide.select)))
        and set(wide.keep_select) <= set(own.keep_select)
        and wide.on in {"any", own.on}
        and wide.max_share >= own.max_share
        and wide.max_lines >= own.max_lines
    )


def _reaches(wide: ReadyRule, own: ReadyRule) -> bool:
    """Whether a rule looks at every place of a page that another looks at."""
    if not (wide.first or wide.last):
        return True
    return bool(own.first or own.last) and own.first <= wide.first and own.last <= wide.last


def _wider(words: Words, names: frozenset[str]) -> dict[int, _Cover]:
    """By the number of what is said: a rule that takes it, and more, by other words."""
    asked = [
        (number, line)
        for number, said in enumerate(words.said)
        if said.file.name in names and said.ready.action in {"drop-line", *SPANS} and said.key in _PROBES
        for line in _probes(said)
    ]
    doc = words.doc(line for _, line in asked)
    same = {(said.known.bare, said.same) for said in words.said}
    probes = Counter(number for number, _ in asked)
    takers: dict[int, Counter[Known]] = {}
    for match in _taken(words, doc, [words.said[number] for number, _ in asked]):
        number = asked[match.paragraph][0]
        takers.setdefault(number, Counter())[match.known] += 1
    found: dict[int, _Cover] = {}
    for number, counts in sorted(takers.items()):
        said = words.said[number]
        for known, count in sorted(counts.items(), key=lambda item: item[0].order):
            says_it_too = known.bare != said.known.bare and (known.bare, said.same) in same
            if count < probes[number] or says_it_too or known.ready.action != "drop-line":
                continue
            cover = _wide_enough(words, known, said)
            if cover and (number not in found or cover.certain > found[number].certain):
                found[number] = cover
    return found


def _probes(said: Said) -> list[str]:
    """Lines with a literal in them as it is meant, whatever stands beside it."""
    beside = _BESIDE if said.key != "line" else _BESIDE[:1]
    return list(dict.fromkeys(pattern.format(said.literal, other) for pattern in _PROBES[said.key] for other in beside))


def _taken(words: Words, doc: Document, asked: Sequence[Said]) -> Iterator[Match]:
    """One match for each probe and each rule that takes it otherwise than by the very words that are asked about."""

    def meant(number: int, known: Known, kind: str) -> bool:
        said = asked[number]
        return kind not in {"line", "from", said.matcher.kind if said.matcher.kind == "masked" else ""} and (
            known.group in words.together[said.file.name] or known.kind == "generic"
        )

    seen: set[tuple[int, str]] = set()
    for match in words.tables.matches(doc, meant):
        said = asked[match.paragraph]
        own = match.known.bare == said.known.bare and said.key != "line" and match.end - match.start >= len(fold(said.literal))
        if not own and (match.paragraph, match.known.bare) not in seen:
            seen.add((match.paragraph, match.known.bare))
            yield match


@dataclass(slots=True)
class Fate:
    """What became of a rule's matches on some pages."""

    known: Known
    matches: int = 0
    won: int = 0
    lost_to: Counter[str] = field(default_factory=Counter)  # full ids without versions


def watch(packs: Packs, docs: Iterable[Document], policies: Sequence[str] = POLICIES, off: Sequence[str] = ()) -> dict[str, Fate]:
    """By full id without version: what became of each rule that matched anything on pages, as they come to the rules."""
    matching = Matching(made_of(packs.files))
    tables = Words(packs).tables
    fates: dict[str, Fate] = {}
    for doc in docs:
        lang = str(doc.tags.get("lang", "und"))
        scope = matching.scope(matching.packs(doc, lang, doc.host), lang, doc.host, policies=policies, off=off)
        takers: dict[int, list[str]] = {}
        for change in matching.changes(doc, scope):
            takers.setdefault(change.paragraph, []).append(bare(change.rule))
        for paragraph, known in _matched(tables, doc, scope):
            fate = fates.setdefault(known.bare, Fate(known))
            fate.matches += 1
            fate.won += known.bare in takers.get(paragraph, ())
            fate.lost_to.update(rule for rule in takers.get(paragraph, ()) if rule != known.bare)
    return fates


def _matched(tables: Tables, doc: Document, scope: Scope) -> list[tuple[int, Known]]:
    """Every rule in scope that would take a paragraph if it were alone, by itself and not as a part of a run."""
    lengths, live = doc.lengths.tolist(), doc.live.tolist()
    holds = Conditions(doc, placed=True)

    def meant(number: int, known: Known, kind: str) -> bool:
        return live[number] and lengths[number] <= known.ready.longest and in_scope(known, kind, scope)

    found = {(match.paragraph, match.known) for match in tables.matches(doc, meant) if holds(match.paragraph, match.known)}
    return sorted(found, key=lambda one: (one[0], one[1].order))
