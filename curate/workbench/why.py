"""Say why a line was taken or stayed: every rule that matches it, in their order, and what kept each of them from it.

Rules are matched by `Tables` over all files, in force or not, and their conditions looked at by `Conditions`, as in a run;
what comes of it is told by `Matching.changes`. This module only puts it into words.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from typing import Final, NamedTuple

from curate.document import Change, Document
from curate.rules.compile import Matcher, ReadyFile, ready
from curate.rules.cut import Conditions
from curate.rules.format import MANY_LINES, POLICIES, bare
from curate.rules.library import ANYWHERE
from curate.rules.match import Matching, Scope, in_scope
from curate.rules.patterns import masked
from curate.rules.tables import SPANS, Known, Meant, Tables
from curate.workbench.named import Shelf

_KINDS: Final = ("line", "masked", "from", "line_starts", "line_ends", "line_contains", "line_regex", "part")
_ALIKE: Final = 0.7  # of difflib's ratio, from which on a literal is like a line
_PART: Final = 8  # characters of a whole line that is worth telling when it is part of another


class Page(NamedTuple):
    """A page as the rules meet it, what it is under, and all rules there are."""

    doc: Document  # before any rule has changed it
    lang: str
    matching: Matching
    scope: Scope
    everything: Tables  # over the rules of all files
    retired: frozenset[str]  # full ids, without versions


def page_of(doc: Document, matching: Matching, shelf: Shelf, *, policies: Sequence[str] = (), off: Sequence[str] = ()) -> Page:
    """A page with the rules that `matching` and, of retired ones, `shelf` know."""
    lang = str(doc.tags.get("lang", "und"))
    library = matching.library
    scope = matching.scope(matching.packs(doc, lang, doc.host), lang, doc.host, policies=policies, off=off)
    retired = list(_retired(shelf))
    everything = Tables([*library.base, *map(library.site, library.sites), *retired], library.order)
    return Page(doc, lang, matching, scope, everything, frozenset(bare(rule.id) for file in retired for rule in file.rules))


def _retired(shelf: Shelf) -> Iterator[ReadyFile]:
    """The retired rules, which a library leaves out; only files that have the word in them are read."""
    for name, path in shelf.paths.items():
        if b"retired" in path.read_bytes():
            file = shelf.file(name).file
            rules = tuple(replace(rule, status="experimental") for rule in file.rules if rule.status == "retired")
            yield ready(replace(file, rules=rules))


class _Fired(NamedTuple):
    """What the rules in force do to a paragraph, and all rules by their full ids."""

    changes: Sequence[Change]
    by_id: Mapping[str, Known]
    unkept: Sequence[Known]  # those that would take it if no rule kept it


class Rival(NamedTuple):
    """A rule whose matcher matches a line, or that took it all the same."""

    known: Known
    kind: str  # of the matcher; "" for a rule that goes by elements or repeats, or that was led here by another line
    text: str  # the literal, folded; "" where it is a pattern or there is none
    in_force: bool
    failed: tuple[str, ...]  # what kept it from the line, in words
    verdict: str  # what came of it where nothing did


def rivals(page: Page, number: int) -> list[Rival]:
    """Every rule that matches a paragraph: those in force by precedence, then the others.

    Of rules that go by elements alone only those in force are known, and only where the paragraph stands in such an element.
    """
    changes = [change for change in page.matching.changes(page.doc, page.scope) if change.paragraph == number]
    by_id = {known.ready.id: known for known in page.everything.known}
    found = {one.known.ready.id: one for one in _matching(page, number)}
    keeps = [one.known.bare for one in found.values() if one.known.ready.action == "keep"]
    fired = _Fired(changes, by_id, [by_id[rule] for rule in _taking_without(page, number, keeps)])
    led = [rule for rule in dict.fromkeys(change.rule for change in changes if _takes(change)) if rule not in found]
    told = [_rival(page, number, one, fired) for one in found.values()]
    told += [Rival(by_id[rule], "", "", in_force=True, failed=(), verdict=_led(page, number, by_id[rule])) for rule in led]
    return sorted(told, key=lambda rival: (not rival.in_force, rival.known.ready.experimental, rival.known.order))


def _takes(change: Change) -> bool:
    return bool(change.new) or change.start < change.end


def _taking_without(page: Page, number: int, keeps: Sequence[str]) -> Iterator[str]:
    """The rules that would take a paragraph if these were switched off; a keep is reported whether it is needed or not."""
    if keeps:
        scope = page.scope._replace(off=page.scope.off.union(keeps))
        yield from (change.rule for change in page.matching.changes(page.doc, scope) if change.paragraph == number and _takes(change))


class _Matched(NamedTuple):
    """A rule with the matcher that matched; see `Rival`."""

    known: Known
    kind: str
    text: str


def _matching(page: Page, number: int) -> Iterator[_Matched]:
    """The rules that match a paragraph, with the kind of matcher and the literal; of several matchers the first, if need be in scope."""
    line = page.doc.folded.lines[number]
    found: dict[str, _Matched] = {}
    for kind in _KINDS:
        for match in page.everything.matches(page.doc, _meant(number, kind)):
            identity = match.known.ready.id
            text = line[match.start : match.end] if kind not in {"line_regex", "masked", "part"} else ""
            if identity not in found or not in_scope(match.known, found[identity].kind, page.scope):
                found[identity] = _Matched(match.known, kind, text)
    yield from found.values()
    for known in page.everything.unworded:
        if in_scope(known, "", page.scope) and not any(words.startswith("select:") for words in _conditions(page, number, known)):
            yield _Matched(known, "", "")


def _meant(number: int, kind: str) -> Meant:
    return lambda paragraph, _, matcher: paragraph == number and matcher == kind


def _conditions(page: Page, number: int, known: Known) -> list[str]:
    """The conditions that fail; selectors of files that are not in force were never looked for."""
    failing = Conditions(page.doc, placed=True).failing(number, known.ready)
    if page.doc.is_html and not {*known.ready.select} <= {*page.doc.selectors}:
        return [words for words in failing if not words.startswith("select:")]
    return list(failing)


def _rival(page: Page, number: int, matched: _Matched, fired: _Fired) -> Rival:
    doc, known, rule = page.doc, matched.known, matched.known.ready
    outside = list(_outside(page, known, matched.kind, doc.folded.lines[number]))
    failed = [*outside]
    if known.bare in page.retired:
        failed.append("status: it is retired")
    elif rule.experimental:
        failed.append("status: it is experimental, so it reports and removes nothing")
    if doc.lengths[number] > rule.longest:
        failed.append(f"max_chars: the line has {doc.lengths[number]:,} characters and the rule takes lines of {rule.longest:,} at most")
    failed += _conditions(page, number, known)
    verdict = "" if failed else _verdict(doc, number, known, fired)
    if not (failed or verdict):
        failed = [_held_up(doc, number, known)]
    return Rival(*matched, not outside and known.bare not in page.retired, tuple(failed), verdict)


def _outside(page: Page, known: Known, kind: str, line: str) -> Iterator[str]:
    """Why a rule is not in force on the page."""
    scope, rule = page.scope, known.ready
    if rule.category in POLICIES and rule.category not in scope.policies:
        yield f"policy: a {rule.category} is a matter of taste and stays, unless `policies` of the step site-rules names it"
    if known.bare in scope.off:
        by = [name for name in scope.sites if known.bare in page.matching.library.site(name).off]
        yield f"override: switched off by {f'an [[override]] in {by[0]}' if by else '`without` of the step site-rules'}"
    if known.group in scope.packs:
        return
    if known.kind == "generic" and not in_scope(known, kind, scope._replace(off=frozenset(), policies=frozenset(POLICIES))):
        unknown = "not known, and then only whole lines are dropped" if scope.any_language else page.lang
        yield f"language: it is for pages in {known.group.removeprefix('generic/')}; the page's language is {unknown}"
    if known.kind == "platform":
        yield f"platform: the page shows nothing of {known.group}: no domain, sign or generator of it, and no site that uses it"
    if known.kind == "sites" and not scope.any_site:
        yield f"site: it is for the pages of {known.group}; the page is of {page.doc.host}"
    if known.kind == "sites" and scope.any_site and not (kind == "line" and line in page.matching.library.anywhere):
        yield (
            f"site: it is for the pages of {known.group}; nothing says whose page this is (--url, --site-from), "
            f"and then only whole lines of {ANYWHERE} words and more are dropped"
        )


def _verdict(doc: Document, number: int, known: Known, fired: _Fired) -> str:
    """What came of a rule that nothing kept from the line; "" where something else did."""
    taking = [change for change in fired.changes if _takes(change)]
    reporting = [fired.by_id[change.rule] for change in fired.changes if not _takes(change)]
    keeper = next((one for one in reporting if one.ready.action == "keep"), known)
    first = taking[0] if taking else Change(number, 0, 0)
    whole = first.start == 0 and first.end == doc.lengths[number] and not first.new
    for change in taking:
        if change.rule == known.ready.id:
            cut = doc.text_of(number)[change.start : change.end]
            return "took it" if whole else f"put {change.new!r} in the place of {cut!r}" if change.new else f"cut {cut!r}"
    if known.ready.action == "keep":
        held = known in reporting and any(known.order[0] <= other.order[0] for other in fired.unkept)
        return "held it against other rules" if held else "would hold it, if another rule took it"
    if keeper != known and keeper.order[0] <= known.order[0]:
        return f"held back by the keep {keeper.bare}"
    if whole and known.ready.action in SPANS:
        return f"beaten by {bare(first.rule)}: a drop comes before a {known.ready.action}"
    if whole:
        return f"beaten by {bare(first.rule)}"
    return f"beaten by {bare(first.rule)}, whose cut covers it" if taking and known.ready.action in SPANS else ""


def _held_up(doc: Document, number: int, known: Known) -> str:
    """What else can stop a rule: there is nothing else than these."""
    rule = known.ready
    if rule.action == "drop-span" and not any(line in rule.to for line in doc.folded.lines[number : number + rule.max_lines]):
        return f"to: none of the lines that end it stands within {rule.max_lines} lines"
    return f"guard: it would take more than {rule.max_share:.0%} of the characters that are left of the page"


def _led(page: Page, number: int, known: Known) -> str:
    """How a rule took a line that none of its matchers matches."""
    if known.ready.action in MANY_LINES:
        above = page.everything.matches(page.doc, lambda paragraph, one, _: paragraph < number and one.ready.id == known.ready.id)
        began = max((match.paragraph for match in above), default=number)
        return f"took it: its {known.ready.action} begins further up, at {page.doc.text_of(began)!r}"
    return "took it: the line is known lines run together, or what other cuts leave of it is one"


class Similar(NamedTuple):
    """A literal that is much like a line."""

    known: Known
    matcher: Matcher
    ratio: float
    differs: str
    in_force: bool


def similar(page: Page, number: int, limit: int = 3) -> list[Similar]:
    """The literals that are most like a line, each once: of rules in force, if one of them has it."""
    line = page.doc.folded.lines[number]
    found: dict[Matcher, Similar] = {}
    for known in page.everything.known:
        for matcher in known.ready.matchers:
            if matcher.kind not in {"line_regex", "part"} and (ratio := _ratio(matcher, line)) >= _ALIKE:
                part = _part_of(matcher, line)
                inside = not any(_outside(page, known, matcher.kind, matcher.text))
                one = Similar(known, matcher, ratio, _differs(matcher.text, part), inside)
                found[matcher] = min(one, found.get(matcher, one), key=lambda one: (not one.in_force, one.known.order))
    return sorted(found.values(), key=lambda one: (-one.ratio, not one.in_force, one.known.order))[:limit]


def _part_of(matcher: Matcher, line: str) -> str:
    """The part of a line that a literal would have to be."""
    size = len(matcher.text)
    return {"line_starts": line[:size], "line_ends": line[-size:], "masked": masked(line)}.get(matcher.kind, line)


def _ratio(matcher: Matcher, line: str) -> float:
    """How much of a literal and its part of a line agree; a whole line inside of a longer one counts as just alike."""
    part = _part_of(matcher, line)
    inside = _ALIKE if len(matcher.text) >= _PART and matcher.text in line else 0.0
    shorter, both = min(len(matcher.text), len(part)), len(matcher.text) + len(part)
    if 2 * shorter < _ALIKE * both:  # the most that the ratio could be; building the matcher is what costs
        return inside
    alike = SequenceMatcher(None, matcher.text, part, autojunk=False)
    if alike.real_quick_ratio() < _ALIKE or alike.quick_ratio() < _ALIKE:
        return inside
    return max(alike.ratio(), inside)


def _differs(literal: str, part: str) -> str:
    """What a line says otherwise than a literal, by words."""
    said, meant = part.split(), literal.split()
    found = []
    for change, start, end, begin, stop in SequenceMatcher(None, meant, said, autojunk=False).get_opcodes():
        old, new = " ".join(meant[start:end]), " ".join(said[begin:stop])
        words = {"replace": f"{new!r} for {old!r}", "delete": f"no {old!r}", "insert": f"{new!r} besides"}
        found += [words[change]] if change in words else []
    return ", ".join(found) or "nothing: they part their words otherwise"
