"""Decide which rules a page is under, match them against it, and turn the matches into changes."""

from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from typing import NamedTuple

from curate.document import Change, Document
from curate.rules.compile import ReadyFile, ReadyRule
from curate.rules.cut import Conditions, cut
from curate.rules.edges import Literals
from curate.rules.format import POLICIES, WHOLE_LINES
from curate.rules.library import ALL_GENERIC, ALL_SITES, Library
from curate.rules.runs_of_lines import could_be_runs, pieces
from curate.rules.tables import SPANS, Known, Match, Tables


class Scope(NamedTuple):
    """Which rules a page is under."""

    packs: frozenset[str]
    sites: tuple[str, ...]  # those of the packs that are site files
    policies: frozenset[str]  # categories of `POLICIES` that are on
    off: frozenset[str]  # full ids, without versions, of rules that are off
    any_language: bool  # besides, the whole-line rules of every language's packs
    any_site: bool  # besides, the long whole-line rules of every site


class Matching:
    """Rules made ready. `packs` and `scope` say which of them a page is under, `changes` what they do to it."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._groups: dict[str, list[ReadyFile]] = {}
        for file in library.base:
            self._groups.setdefault(file.group, []).append(file)
        self._languages = [group for group in self._groups if group.startswith("generic/")]
        self._generators = [(file.generator, file.group) for file in library.base if file.generator]
        self._order = library.order
        self._sites: dict[str, ReadyFile] = {}
        self._tables: dict[str, Tables] = {}  # by pack, made when a page is first under it
        self._lines: dict[tuple[str, ...], Literals] = {}  # by packs
        self._versions: dict[tuple[str, ...], str] = {}  # by groups

    def packs(self, doc: Document, lang: str, host: str) -> list[str]:
        """The packs that a page is under: groups of generic files (`generic/en`), names of the others, sorted.

        `lang` is "und" where the language is not known. `host` is "" where the site is not known; then the page's
        own lines may give it away.
        """
        packs = {group for group in (f"generic/{lang}", "generic/any") if group in self._groups}
        signs = self.library.signs
        told = {name for line in doc.folded.lines if line in signs for name in signs[line]}
        if host:
            told = {name for name in told if name not in self.library.sites}
        return sorted(packs | self._with_uses({*self._before_reading(host, doc.generator), *told}))

    def reach(self, packs: Sequence[str], lang: str, host: str) -> tuple[str, ...]:
        """The groups of rule files that can touch a page which is under these packs, those that have no file yet among them.

        Unless it is by its language that a page is under a pack, it counts as one of which the language is not known: another
        step may have told it only after the rules were at work.
        """
        generic = f"generic/{lang}"
        used = {used for name in packs for used in self.library.uses.get(name, ())}
        by_language = generic if generic in packs and generic not in used else ALL_GENERIC
        return tuple(sorted({*packs, "generic/any", by_language, *(() if host else (ALL_SITES,))}))

    def version_of(self, groups: tuple[str, ...]) -> str:
        """A hash of what the files of some groups do."""
        if groups not in self._versions:
            self._versions[groups] = self.library.version_of(groups)
        return self._versions[groups]

    def selectors(self, host: str, generator: str) -> list[str]:
        """The CSS selectors of the packs that a page can be told to be under before it is read: by host and generator."""
        files = [file for name in self.before_reading(host, generator) for file in self._files(name)]
        return list(dict.fromkeys(selector for file in files for rule in file.rules for selector in (*rule.select, *rule.keep_select)))

    def before_reading(self, host: str, generator: str) -> list[str]:
        """The packs that a page can be told to be under by host and generator, and those that they use, sorted."""
        return sorted(self._with_uses(set(self._before_reading(host, generator))))

    def _before_reading(self, host: str, generator: str) -> Iterator[str]:
        """The packs of a host and the platforms of a generator."""
        yield from self.of_host(host)
        if generator:
            said = generator.casefold().split("\n")
            yield from (group for begins, group in self._generators if any(one.startswith(begins) for one in said))

    def of_host(self, host: str) -> Iterator[str]:
        """The packs of a host, of each domain above it, and of the host alone."""
        yield from self.library.domains.get(f"={host}", ())
        while host:
            yield from self.library.domains.get(host, ())
            host = host.partition(".")[2]

    def _with_uses(self, told: set[str]) -> set[str]:
        """Packs, with those that they use."""
        packs: set[str] = set()
        while told:
            packs.add(name := told.pop())
            told.update(used for file in self._files(name) for used in file.uses if used not in packs)
        return packs

    def _files(self, name: str) -> Sequence[ReadyFile]:
        """The files of a pack."""
        return [self._site(name)] if name in self.library.sites else self._groups.get(name, [])

    def _site(self, name: str) -> ReadyFile:
        """A site's file, unpacked when a page of the site first comes up."""
        if name not in self._sites:
            self._sites[name] = self.library.site(name)
        return self._sites[name]

    def _table(self, name: str) -> Tables:
        """The tables of a pack."""
        if name not in self._tables:
            self._tables[name] = Tables(self._files(name), self._order)
        return self._tables[name]

    def _tables_of(self, scope: Scope) -> list[Tables]:
        """The tables of all packs that have a say on a page, in the order of their names."""
        return [self._table(name) for name in sorted(scope.packs.union(self._languages if scope.any_language else ()))]

    def scope(self, packs: Sequence[str], lang: str, host: str, *, policies: Sequence[str] = POLICIES, off: Sequence[str] = ()) -> Scope:
        """The scope that the packs of these names make.

        A site told by signs alone does not rule out the lines of others: pages without a URL are often copies of copies.
        """
        sites = tuple(name for name in packs if name in self.library.sites)
        ids = self.library.ids
        overridden = frozenset(off).union(ids.get(rule, rule) for name in sites for rule in self.library.off.get(name, ()))
        return Scope(frozenset(packs), sites, frozenset(policies), overridden, any_language=lang == "und", any_site=not host)

    def changes(self, doc: Document, scope: Scope, *, placed: bool = True) -> Iterator[Change]:
        """What the rules in scope do to a document; `placed=False` leaves `where`, `repeat` and `guard` aside.

        Of two rules that match a paragraph the site's comes before the platform's and that before the generic one;
        a drop comes before a trim. A `keep` holds against rules of its own kind of file and of the kinds behind it.
        What an experimental rule would do, and what a `keep` names, is reported by a change of nothing.
        """
        holds, tables = Conditions(doc, placed=placed), self._tables_of(scope)
        matches = [match for match in self._matches(doc, scope, tables, holds) if holds(match.paragraph, match.known)]
        # A line that goes as a whole is not looked at as a run of several.
        going = {match.paragraph for match in matches if not match.spans and match.known.ready.action in WHOLE_LINES and match.known.active}
        matches += self._runs(doc, scope, tables, holds, going)
        matches.sort(key=lambda match: (match.known.ready.experimental, match.known.order, match.paragraph))
        return cut(doc, matches, lambda line: _of_line(line, scope, tables), holds)

    def _matches(self, doc: Document, scope: Scope, tables: Sequence[Tables], holds: Conditions) -> list[Match]:
        """Every match of a rule in scope with a live paragraph that is not too long for it."""
        lengths, live = doc.lengths.tolist(), doc.live.tolist()

        def meant(number: int, known: Known, kind: str) -> bool:
            return live[number] and lengths[number] <= known.ready.longest and in_scope(known, kind, scope)

        found = [match for table in tables for match in table.matches(doc, meant)]
        if scope.any_site:
            for number in [number for number, line in enumerate(doc.folded.lines) if line in self.library.anywhere]:
                line = doc.folded.lines[number]
                strangers = [self._table(name) for name in self.library.anywhere[line] if name not in scope.packs]
                found += [
                    Match(number, 0, len(line), known, known.ready.action in SPANS)
                    for table in strangers
                    for known in table.lines[line]
                    if meant(number, known, "line")
                ]
        for known in (known for table in tables for known in table.unworded if in_scope(known, "", scope)):
            near = holds.unworded(known.ready)
            found += [Match(number, 0, 0, known, spans=False) for number in near if live[number] and lengths[number] <= known.ready.longest]
        return found

    def _runs(self, doc: Document, scope: Scope, tables: Sequence[Tables], holds: Conditions, taken: AbstractSet[int]) -> Iterator[Match]:
        """The lines that are several known lines run together, each by the rule that comes first; not those that are `taken`."""
        generic = tuple(sorted(self._languages if scope.any_language else scope.packs.intersection(self._languages)))
        others = [self._known_lines((name,)) for name in sorted(scope.packs.difference(generic))]
        known = [self._known_lines(generic), *others]

        @cache
        def rules_of(line: str) -> list[Known]:
            return _of_line(line, scope, tables)

        for number in could_be_runs(doc.folded, known, taken):
            if doc.live[number] and (rules := _run(doc, number, rules_of, holds, known)):
                yield Match(number, 0, len(doc.folded.lines[number]), min(rules, key=lambda rule: rule.order), spans=False)

    def _known_lines(self, packs: tuple[str, ...]) -> Literals:
        """The whole lines that the active rules of packs drop."""
        if packs not in self._lines:
            self._lines[packs] = Literals(line for name in packs for file in self._files(name) for line in _dropped_lines(file))
        return self._lines[packs]


def _drops_lines(ready: ReadyRule) -> bool:
    """Whether what a rule says of a whole line is that it goes, wherever it stands on its own or beside others."""
    return ready.action == "drop-line" and not (ready.experimental or ready.select)


def _dropped_lines(file: ReadyFile) -> Iterator[str]:
    return (matcher.text for rule in file.rules if _drops_lines(rule) for matcher in rule.matchers if matcher.kind == "line")


def in_scope(known: Known, kind: str, scope: Scope) -> bool:
    """Whether a rule holds on a page, by a matcher of this kind."""
    ready = known.ready
    if (ready.category in POLICIES and ready.category not in scope.policies) or (scope.off and known.bare in scope.off):
        return False
    if known.group in scope.packs:
        return True
    if kind not in {"line", "masked"} or ready.action != "drop-line":
        return False
    return scope.any_language if known.kind == "generic" else known.kind == "sites" and scope.any_site


def _run(
    doc: Document, number: int, rules_of: Callable[[str], Sequence[Known]], holds: Conditions, lines: Sequence[Literals]
) -> list[Known]:
    """The rules of the known lines that a line is a run of; [] where it is none."""
    rules: dict[str, Known | None] = {}

    def usable(known: str) -> bool:
        if known not in rules:
            fit = (one for one in rules_of(known) if doc.lengths[number] <= one.ready.longest and holds(number, one))
            rules[known] = next(fit, None)
        return rules[known] is not None

    found = pieces(doc.folded.lines[number], lines, usable, lambda at: _parted(doc, number, at))
    return [rule for piece in found if (rule := rules.get(piece.line))]


def _of_line(line: str, scope: Scope, tables: Sequence[Tables]) -> list[Known]:
    """The rules in scope that drop a folded line as a whole, the one that comes first in front; active ones only."""
    found = [known for table in tables for known in table.lines.get(line, ()) if in_scope(known, "line", scope)]
    return sorted((known for known in found if _drops_lines(known.ready)), key=lambda known: known.order)


def _parted(doc: Document, number: int, at: int) -> bool:
    """Whether something new begins at a place in a folded line: a capital after a small letter, a letter after a sign.

    After a blank, too, but for a small letter in a line that begins with a capital: "Home Theater" is two, "Home theater" is one.
    """
    origin, starts = doc.folded.offsets
    place = int(starts[number]) + at
    before, after = doc.page[origin[place - 1]], doc.page[origin[place]]
    if before.isspace():
        return not after.islower() or doc.page[origin[int(starts[number])]].islower()
    if not (before.isalpha() and after.isalpha()):
        return True
    return (after.isupper() and not before.isupper()) or after.upper() == after.lower()
