"""What a change of rules does to pages: line by line, which text it takes that stayed before, and which it gives back.

Two cleanings of one page are compared by the characters that were read: each belongs to the rule that took it, or to
none. So a trim counts like a drop, and a line that only changed hands is told apart from one that is gone.
"""

import html
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Final, Literal, NamedTuple

from curate.document import Applied, Document
from curate.rules.format import Rule, RuleFile, bare
from curate.rules.load import resolve

SITE_RULES: Final = "site-rules"
_ROWS: Final = 100  # of a table; a comment on a pull request may have 65,536 characters
_TOLD: Final = 25  # rules whose lines are shown
_NAMED: Final = 50  # pages, and rules of a kind
_LONGEST: Final = 200  # characters of a line that is shown
_AROUND: Final = 40  # characters of it on either side of a difference
_LIFE: Final = ("id", "was", "status", "why", "drops", "keeps", "case", "evidence", "verified")  # what matching does not look at

Kind = Literal["removed", "restored", "cut"]
_VERBS: Final[dict[Kind, str]] = {"removed": "removed now", "restored": "restored", "cut": "cut differently"}


class Edited(NamedTuple):
    """A rule file of both sides whose rules say something else, or that holds elsewhere: which rules, which keys of its head."""

    name: str
    rules: tuple[str, ...]
    head: tuple[str, ...]


class RuleChanges(NamedTuple):
    """What was done to the rules; ids are full ones without versions, present ones where a rule has changed its id."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    renamed: dict[str, str]  # present ids by former ones
    statuses: Mapping[str, tuple[str, str]]  # before and after
    edited: tuple[Edited, ...]
    categories: dict[str, str]  # of all rules of both sides
    on_trial: frozenset[str]  # experimental after it, and new or not as they were


def compared(before: Sequence[RuleFile], after: Sequence[RuleFile]) -> RuleChanges:
    """What has become of the rules of some files."""
    present = {file.name: file for file in after}
    old, new = _by_id(before), _by_id(after)
    became = {identity: resolve(identity, present) for identity in old}
    both = [(identity, now) for identity, now in became.items() if now]
    edited = {now for identity, now in both if _matching_part(old[identity]) != _matching_part(new[now])}
    added = new.keys() - set(became.values())
    statuses = {now: (old[identity].status, new[now].status) for identity, now in sorted(both) if old[identity].status != new[now].status}
    return RuleChanges(
        added=tuple(sorted(added)),
        removed=tuple(sorted(identity for identity, now in became.items() if not now)),
        renamed={identity: now for identity, now in sorted(both) if identity != now},
        statuses=statuses,
        edited=tuple(_edited(before, present, edited)),
        categories={identity: rule.category for identity, rule in (old | new).items()},
        on_trial=frozenset(identity for identity in {*added, *statuses, *edited} if new[identity].status == "experimental"),
    )


def _by_id(files: Iterable[RuleFile]) -> dict[str, Rule]:
    return {f"{file.name}#{rule.id}": rule for file in files for rule in file.rules}


def _matching_part(rule: Rule) -> dict[str, object]:
    return {name: getattr(rule, name) for name in rule.__dataclass_fields__ if name not in _LIFE}


def _edited(before: Iterable[RuleFile], present: Mapping[str, RuleFile], edited: Iterable[str]) -> Iterator[Edited]:
    rules = sorted(edited)
    for file in sorted(before, key=lambda file: file.name):
        now = present.get(file.name)
        if now is None:
            continue
        keys = [key for key in file.head.__dataclass_fields__ if getattr(file.head, key) != getattr(now.head, key)]
        keys += ["override"] * (set(file.overrides) != set(now.overrides))
        mine = tuple(rule for rule in rules if rule.partition("#")[0] == file.name)
        if mine or keys:
            yield Edited(file.name, mine, tuple(keys))


@dataclass(slots=True)
class Effect:
    """What one rule, or another step after it, takes or gives back."""

    lines: Counter[Kind] = field(default_factory=Counter)
    taken: int = 0  # characters
    given: int = 0
    pages: int = 0
    sites: set[str] = field(default_factory=set)
    texts: dict[Kind, dict[str, "Seen"]] = field(default_factory=dict)

    @property
    def size(self) -> tuple[int, int]:
        """By which the greatest comes first."""
        return self.taken + self.given, self.lines.total()


@dataclass(slots=True)
class Seen:
    """How often a text was seen, and the first page that has it."""

    page: str
    times: int = 0


class Lost(NamedTuple):
    """A page of which one side leaves nothing, and what it says of it."""

    page: str
    why: str


@dataclass(slots=True)
class Difference:
    """What two sides make of the same pages; `add` takes them pair by pair."""

    changes: RuleChanges
    pages: int = 0
    failed: int = 0  # with either rules
    chars_before: int = 0
    chars_after: int = 0
    effects: dict[str, Effect] = field(default_factory=dict)  # by full id without version; by name for a step
    lines: Counter[Kind] = field(default_factory=Counter)
    moved: Counter[tuple[str, str]] = field(default_factory=Counter)  # lines that both take the same of: from which rule, to which
    moved_lines: int = 0
    reports: dict[str, Counter[str]] = field(default_factory=dict)  # of rules on trial: lines by page
    emptied: list[Lost] = field(default_factory=list)
    filled: list[Lost] = field(default_factory=list)  # no longer emptied; why they were

    def add(self, before: Document, after: Document) -> None:
        """Count a page that both sides have cleaned."""
        self.pages += 1
        self.failed += "failed" in {before.outcome, after.outcome}
        self.chars_before += before.chars_kept
        self.chars_after += after.chars_kept
        if before.live.any() and not after.live.any():
            self.emptied.append(Lost(_name(before), _why(after)))
        if after.live.any() and not before.live.any():
            self.filled.append(Lost(_name(after), _why(before)))
        if "failed" in {before.outcome, after.outcome}:
            return
        touched: set[str] = set()
        mine, others = _by_paragraph(before), _by_paragraph(after)
        for number in sorted(mine.keys() | others.keys()):
            touched |= self._line(before, after, number, mine.get(number, ()), others.get(number, ()))
        for rule in touched:
            self.effects[rule].pages += 1
            self.effects[rule].sites |= {after.host} - {""}
        for applied in after.changes:
            if applied.reports and bare(applied.rule) in self.changes.on_trial:
                self.reports.setdefault(bare(applied.rule), Counter())[after.doc] += 1

    def _line(self, before: Document, after: Document, number: int, earlier: Sequence[Applied], later: Sequence[Applied]) -> set[str]:
        """Count a paragraph that either side changes; the rules that have an effect on it."""
        old, new = list(map(self._told, earlier)), list(map(self._told, later))
        if old == new:
            return set()
        was, now = _owners(before, number, old), _owners(after, number, new)
        takes, gives = Counter(now[at] for at in now.keys() - was.keys()), Counter(was[at] for at in was.keys() - now.keys())
        alive, lives = bool(before.live[number]), bool(after.live[number])
        touched = {*takes, *gives}
        if alive and not lives:
            touched |= self._show({new[-1].by}, "removed", before.text_of(number), after)
        elif lives and not alive:
            touched |= self._show({old[-1].by}, "restored", after.text_of(number), after)
        elif alive and before.text_of(number) != after.text_of(number):
            put = {one.by for one in {*old} ^ {*new} if one.new}
            touched |= self._show({*touched, *put}, "cut", _apart(before.text_of(number), after.text_of(number)), after)
        elif others := {(was[at], now[at]) for at in was if was[at] != now[at]}:
            self.moved.update(others)
            self.moved_lines += 1
        for rule in touched:
            self._effect(rule).taken += takes[rule]
            self._effect(rule).given += gives[rule]
        return touched

    def _told(self, applied: Applied) -> "_Taken":
        by = bare(applied.rule) if applied.step == SITE_RULES else applied.step
        return _Taken(self.changes.renamed.get(by, by), applied.start, applied.end, applied.new)

    def _effect(self, rule: str) -> Effect:
        return self.effects.setdefault(rule, Effect())

    def _show(self, rules: AbstractSet[str], kind: Kind, text: str, doc: Document) -> AbstractSet[str]:
        """Count a line, for each of the rules that had a part in it."""
        self.lines[kind] += 1
        for rule in rules:
            effect = self._effect(rule)
            effect.lines[kind] += 1
            effect.texts.setdefault(kind, {}).setdefault(_short(text), Seen(_name(doc))).times += 1
        return rules

    @property
    def taken_share(self) -> float:
        """Characters that are taken now and were not before, among those that were kept before."""
        taken = sum(effect.taken for effect in self.effects.values())
        return taken / self.chars_before if self.chars_before else 0.0


class _Taken(NamedTuple):
    """A change of a paragraph, and whose it is."""

    by: str
    start: int
    end: int
    new: str


def _by_paragraph(doc: Document) -> dict[int, list[Applied]]:
    """The changes of each paragraph, without reports."""
    found: dict[int, list[Applied]] = {}
    for applied in doc.changes:
        if not applied.reports:
            found.setdefault(applied.paragraph, []).append(applied)
    return found


def _owners(doc: Document, number: int, changes: Sequence[_Taken]) -> dict[int, str]:
    """Who took each character of a paragraph that is gone, by its place in the paragraph as it was read."""
    left = int(doc.lengths[number]) if doc.live[number] else 0
    places: list[int | None] = list(range(left + sum(one.end - one.start - len(one.new) for one in changes)))  # None for what was put there
    owners: dict[int, str] = {}
    for change in changes:
        owners.update((place, change.by) for place in places[change.start : change.end] if place is not None)
        places[change.start : change.end] = [None] * len(change.new)
    return owners


def _name(doc: Document) -> str:
    return doc.id or doc.source.path


def _why(doc: Document) -> str:
    return f"{doc.outcome}: {doc.reason}" if doc.reason else doc.outcome


def _apart(before: str, after: str) -> str:
    """Two texts of a line where they differ, with a little of what they have in common."""
    same = _alike(before, after)
    rest = _alike(before[same:][::-1], after[same:][::-1])
    first, last = max(same - _AROUND, 0), max(rest - _AROUND, 0)
    shown = [_short(("…" if first else "") + text[first : len(text) - last], _LONGEST // 2) for text in (before, after)]
    return " → ".join(text + "…" * bool(last) for text in shown)


def _alike(one: str, other: str) -> int:
    """With how many characters two texts begin alike."""
    return next((number for number, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other)))


def _short(text: str, longest: int = _LONGEST) -> str:
    """A line that can stand in a list: white space as one blank each, cut where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def markdown(found: Difference, *, title: str, what: str, examples: int) -> Iterator[str]:
    """The lines of a text for a pull request; `what` says what was compared."""
    yield from (f"## {title}", "", what, "", _summary(found), "")
    if found.effects:
        yield from _table(found)
    elif found.moved:
        yield from ("The text comes out the same on this corpus; only the rules that take it are others.", "")
    else:
        yield from (f"**No change on this corpus**: every line of {_count(found.pages, 'page')} comes out as before.", "")
    yield from _pages("Newly emptied pages", found.emptied)
    yield from _pages("Pages no longer emptied", found.filled)
    yield from _moves(found)
    yield from _rules(found.changes)
    yield from _reports(found)
    if examples:
        yield from _examples(found, examples)


def _summary(found: Difference) -> str:
    grown = found.chars_after - found.chars_before
    share = f", {grown / found.chars_before:+.2%}" if found.chars_before else ""
    parts = [
        f"**{_count(found.pages, 'page')}** read",
        f"{found.chars_before:,} → {found.chars_after:,} characters kept ({grown:+,}{share})",
        f"**{_count(found.lines['removed'], 'line')} newly removed**",
        f"{found.lines['restored']:,} restored",
        f"{found.lines['cut']:,} cut differently",
        f"{found.moved_lines:,} moved to another rule",
        f"**{_count(len(found.emptied), 'page')} newly emptied**",
        f"{len(found.filled):,} no longer emptied",
        f"{found.failed:,} failed",
    ]
    return "; ".join(parts) + "."


def _table(found: Difference) -> Iterator[str]:
    ranked = _ranked(found)
    yield "| rule | category | lines removed now but not before | lines restored | lines cut differently | characters | pages | sites |"
    yield "|---|---|--:|--:|--:|--:|--:|--:|"
    for rule, effect in ranked[:_ROWS]:
        numbers = [f"{effect.lines[kind]:,}" for kind in _VERBS]
        chars = " ".join([f"−{effect.taken:,}"] * bool(effect.taken) + [f"+{effect.given:,}"] * bool(effect.given)) or "0"
        cells = [_cell(rule), found.changes.categories.get(rule, "(another step)"), *numbers, chars, f"{effect.pages:,}"]
        yield f"| {' | '.join(cells)} | {len(effect.sites):,} |"
    yield ""
    yield from _more(len(ranked) - _ROWS, "rule")


def _ranked(found: Difference) -> list[tuple[str, Effect]]:
    return sorted(sorted(found.effects.items()), key=lambda pair: pair[1].size, reverse=True)


def _pages(heading: str, lost: Sequence[Lost]) -> Iterator[str]:
    if lost:
        yield from (f"### {heading}: {len(lost):,}", "")
        yield from (f"- {code(page.page)} ({code(page.why)})" for page in lost[:_NAMED])
        yield ""
        yield from _more(len(lost) - _NAMED, "page")


def _moves(found: Difference) -> Iterator[str]:
    if found.moved:
        yield from ("### Moved: lines that both remove, by another rule", "", "| before | now | lines |", "|---|---|--:|")
        ranked = sorted(sorted(found.moved.items()), key=lambda pair: pair[1], reverse=True)
        yield from (f"| {_cell(old)} | {_cell(new)} | {lines:,} |" for (old, new), lines in ranked[:_ROWS])
        yield ""
        yield from _more(len(ranked) - _ROWS, "pair")


def _rules(changes: RuleChanges) -> Iterator[str]:
    listed = {
        "added": [code(rule) for rule in changes.added],
        "removed": [code(rule) for rule in changes.removed],
        "changed status": [f"{code(rule)}: {before} → {after}" for rule, (before, after) in changes.statuses.items()],
        "changed id": [f"{code(before)} → {code(after)}" for before, after in changes.renamed.items()],
        "edited": [code(rule) for edited in changes.edited for rule in edited.rules],
    }
    heads = [f"{code(edited.name)}: {', '.join(edited.head)}" for edited in changes.edited if edited.head]
    yield from ("### Rules", "")
    if not (heads or any(listed.values())):
        yield from ("The rules are the same on both sides.", "")
        return
    for verb, rules in listed.items():
        yield from _listed(f"{_count(len(rules), 'rule')} {verb}", rules)
    yield from _listed(f"{_count(len(heads), 'file')} whose head changed, so that all of its rules may hold on other pages", heads, "file")


def _listed(heading: str, rows: Sequence[str], noun: str = "rule") -> Iterator[str]:
    if rows:
        yield from (f"{heading}:", "")
        yield from (f"- {row}" for row in rows[:_NAMED])
        yield ""
        yield from _more(len(rows) - _NAMED, noun)


def _reports(found: Difference) -> Iterator[str]:
    """What rules on trial would do."""
    rows = [
        f"{code(rule)}: {_count(pages.total(), 'line')} on {_count(len(pages), 'page')}" for rule, pages in sorted(found.reports.items())
    ]
    yield from _listed("New or changed rules that are experimental remove nothing yet, but would change", rows)


def _examples(found: Difference, examples: int) -> Iterator[str]:
    """Lines of the rules with the greatest effect: the most frequent ones, then the longest, which are prose if any is."""
    for rule, effect in _ranked(found)[:_TOLD]:
        lines = ", ".join(f"{effect.lines[kind]:,} {verb}" for kind, verb in _VERBS.items() if effect.lines[kind])
        yield from ("<details>", f"<summary><code>{html.escape(rule)}</code>: {lines}</summary>", "")
        for kind, verb in _VERBS.items():
            texts = effect.texts.get(kind, {})
            if not texts:
                continue
            yield from (f"{verb[0].upper()}{verb[1:]}:", "")
            for text, seen in _chosen(texts, examples):
                yield f"- {seen.times:,}× {code(text)}, in {code(seen.page)}"
            yield ""
            yield from _more(len(texts) - examples, "other text")
        yield from ("</details>", "")
    yield from _more(len(found.effects) - _TOLD, "rule")


def _chosen(texts: Mapping[str, Seen], examples: int) -> list[tuple[str, Seen]]:
    frequent = sorted(texts.items(), key=lambda pair: (-pair[1].times, pair[0]))
    longest = sorted(texts.items(), key=lambda pair: (-len(pair[0]), pair[0]))
    ordered = dict(chain(islice(frequent, (examples + 1) // 2), longest))
    return list(islice(ordered.items(), examples))


def _more(left: int, noun: str) -> Iterator[str]:
    if left > 0:
        yield from (f"… and {left:,} more {noun if left == 1 else noun + 's'}.", "")


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def code(text: str) -> str:
    """Text that Markdown shows as it is: between more backticks than it has in a row."""
    text = " ".join(text.split()) or " "
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _cell(text: str) -> str:
    """The same in a table, where a pipe would end the cell even so."""
    return code(text).replace("|", r"\|")
