"""A rule file made ready for matching: what it says folded, patterns with their prefilters, nothing that only people read.

The result is plain data, so that it can be kept in a file and read back in a fraction of the time; see `cache`.
"""

from typing import Final

import msgspec

from curate.rules.format import SHORTEST_PREFILTER, Head, Rule, RuleFile, literals
from curate.rules.patterns import any_number, masked, prefilter, runs
from curate.text.folding import fold, fold_lines

NO_LIMIT: Final = 1 << 40  # characters of a paragraph
# A literal whose numbers stand for every number is a pattern; of a whole line it is enough to mask the numbers.
_AS_PATTERN: Final = {"line_starts": "({}).*", "line_ends": ".*?({})"}


class Matcher(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One literal (folded) or pattern of a rule."""

    # line, masked (a line whose numbers are 0), from, line_starts, line_ends, line_contains, line_regex, part (of a line, a pattern)
    kind: str
    text: str

    @property
    def needle(self) -> str:
        """What is looked for: lines are parted by line breaks, so one anchors a literal at an edge."""
        if self.kind == "line_regex":
            found = runs(self.text)
            if len(found[0]) >= SHORTEST_PREFILTER:
                return "\n" + found[0]
            return found[-1] + "\n" if len(found[-1]) >= SHORTEST_PREFILTER else prefilter(self.text)
        if self.kind == "part":
            return prefilter(self.text)
        return {"line_starts": "\n" + self.text, "line_ends": self.text + "\n"}.get(self.kind, self.text)


class ReadyRule(msgspec.Struct, frozen=True, array_like=True):
    """A rule as matching needs it; the names are those of `Rule`."""

    id: str  # in full, with the pack's version
    category: str
    action: str
    experimental: bool
    matchers: tuple[Matcher, ...]
    longest: int  # characters of a paragraph
    first: int  # 0 for no such limit, as for last and max_lines
    last: int
    after: str
    unless: tuple[str, ...]
    max_share: float  # 1 for no guard
    repeat: bool
    select: tuple[str, ...]
    keep_select: tuple[str, ...]
    on: str
    to: frozenset[str]
    max_lines: int
    new: str

    @property
    def only_selects(self) -> bool:
        """Whether all that is in its elements is meant."""
        return bool(self.select) and not self.matchers


class ReadyFile(msgspec.Struct, frozen=True, array_like=True):
    """A rule file as matching needs it."""

    name: str
    kind: str  # generic, platform, sites
    group: str  # what turns it on; see `RuleFile.group`
    uses: tuple[str, ...]
    domains: tuple[str, ...]
    signs: tuple[str, ...]
    generator: str
    off: frozenset[str]  # full ids, without versions, of the rules that do not hold where this file does
    rules: tuple[ReadyRule, ...]


def ready(file: RuleFile) -> ReadyFile:
    """A rule file made ready; retired rules are left out."""
    head: Head = file.head
    rules = tuple(_ready_rule(file.full_id(rule), rule) for rule in file.rules if rule.status != "retired")
    signs = tuple(fold_lines(literals(head.signs)))
    domains = tuple(domain.lower() for domain in head.domains)
    off = frozenset(override.rule for override in file.overrides)
    return ReadyFile(file.name, file.kind, file.group, head.uses, domains, signs, head.generator.casefold(), off, rules)


def _ready_rule(full_id: str, rule: Rule) -> ReadyRule:
    return ReadyRule(
        id=full_id,
        category=rule.category,
        action=rule.action,
        experimental=rule.status == "experimental",
        matchers=_matchers(rule),
        longest=rule.longest or NO_LIMIT,
        first=rule.where.first or 0,
        last=rule.where.last or 0,
        after=fold(rule.where.after),
        unless=tuple(fold_lines(literals(rule.unless))),
        max_share=rule.guard.max_share if rule.guard else 1.0,
        repeat=bool(rule.repeat),
        select=literals(rule.select),
        keep_select=literals(rule.keep_select),
        on=rule.on,
        to=frozenset(fold_lines(literals(rule.to))),
        max_lines=rule.max_lines or 0,
        new=rule.with_,
    )


def _matchers(rule: Rule) -> tuple[Matcher, ...]:
    """The rule's matchers, folded; patterns stay as they are written."""
    said = rule.matchers()
    folded = fold_lines([literal for _, literal in said])
    found = []
    for (kind, literal), text in zip(said, folded, strict=True):
        if kind == "line_regex":
            found.append(Matcher(kind, literal))
        elif rule.digits == "any" and kind in _AS_PATTERN:
            found.append(Matcher("line_regex", _AS_PATTERN[kind].format(any_number(text))))
        elif rule.digits == "any" and kind == "line_contains":
            found.append(Matcher("part", any_number(text)))
        elif rule.digits == "any" and kind == "line":
            found.append(Matcher("masked", masked(text)))
        else:
            found.append(Matcher(kind, text))
    return tuple(found)
