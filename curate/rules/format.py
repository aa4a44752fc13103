"""A rule file as it is written: the TOML of `rules/`, checked key by key.

Literals stand one a line in `'''` blocks, so nothing needs quoting; `literals` takes them apart.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta

from curate.errors import ConfigError, Problem
from curate.fields import Toml, build, read_toml, tables
from curate.rules.patterns import DIGIT, any_number, compiled, prefilter, runs
from curate.rules.selectors import selector_problem
from curate.text.folding import fold, fold_lines

Category = Literal[
    "ad-marker",
    "agency-signoff",
    "aggregator-wrapper",
    "app-promo",
    "byline",
    "comment-widget",
    "cookie-notice",
    "copyright-footer",
    "donation-appeal",
    "js-notice",
    "live-blog",
    "login-prompt",
    "media-embed",
    "nav-crumbs",
    "newsletter-signup",
    "notification-prompt",
    "paywall",
    "photo-credit",
    "player-notice",
    "related-links",
    "share-bar",
    "timestamp",
    "tip-contact",
    "ui-status",
]
KINDS: Final = ("generic", "platform", "sites")  # of rule files, by the folder they lie below
POLICIES: Final = ("byline", "photo-credit", "timestamp")  # categories that are a matter of taste: off unless asked for
Action = Literal["drop-line", "drop-block", "drop-span", "drop-rest", "trim", "replace", "keep"]
Status = Literal["experimental", "active", "stale", "retired"]
MATCHERS: Final = ("line", "line_starts", "line_ends", "line_contains", "line_regex")
CUTS: Final = frozenset({"drop-line", "drop-block", "drop-span", "drop-rest", "trim", "replace"})
WHOLE_LINES: Final = CUTS - {"trim", "replace"}
MANY_LINES: Final = frozenset({"drop-block", "drop-span", "drop-rest"})
MAX_CHARS: Final = 200  # of a paragraph, unless a rule says otherwise
SHORTEST_CONTAINS: Final = 12  # characters of a `line_contains` in a file that is not a site's
SHORTEST_PREFILTER: Final = 4
_NAME: Final = re.compile(r"[\w.=/-]+")


def literals(block: str) -> tuple[str, ...]:
    """The non-blank lines of a block, without the blanks around them."""
    return tuple(line.strip() for line in block.split("\n") if line.strip())


@dataclass(frozen=True, slots=True)
class Where:
    """Where in the page a line must stand; of `first` and `last` one is enough."""

    first: Annotated[
        Annotated[int, Meta(ge=1)] | None, Meta(description="among the first so many paragraphs of the page as it was read")
    ] = None
    last: Annotated[Annotated[int, Meta(ge=1)] | None, Meta(description="among the last so many")] = None
    after: Annotated[str, Meta(description="somewhere below this line")] = ""

    def __bool__(self) -> bool:
        """Whether it says anything."""
        return bool(self.first or self.last or self.after)


@dataclass(frozen=True, slots=True)
class Guard:
    """What must not happen, whatever matches."""

    max_share: Annotated[float, Meta(gt=0, le=1, description="share of the page's live characters that one firing may take")]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a rule was seen to be needed."""

    pages: Annotated[int, Meta(ge=0, description="pages with the line")]
    of: Annotated[int, Meta(ge=1, description="pages looked at")]
    seen: Annotated[date, Meta(description="the day they were looked at")]


@dataclass(frozen=True, slots=True)
class Override:
    """An `[[override]]`: a rule of another file that does not hold on this site."""

    rule: Annotated[
        str, Meta(pattern=r"^[^#\s]+#[^#\s]+\Z", description="its full id, as the ledger has it: generic/en/share-bar#brand-names")
    ]
    why: Annotated[str, Meta(min_length=10, description="one sentence for whoever wonders")]


@dataclass(frozen=True, slots=True)
class Case:
    """A test of the whole rule: a text, and what is left of it."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One `[[rule]]`."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*\Z", description="unique in its file, never used again")]
    category: Annotated[Category, Meta(description="what the text is")]
    why: Annotated[str, Meta(min_length=10, description="one sentence for the reader of the ledger")]
    action: Annotated[Action, Meta(description="what happens to a match")]
    line: Annotated[str, Meta(description="whole lines")] = ""
    line_starts: Annotated[str, Meta(description="beginnings of lines")] = ""
    line_ends: Annotated[str, Meta(description="ends of lines")] = ""
    line_contains: Annotated[str, Meta(description="parts of lines")] = ""
    line_regex: Annotated[str, Meta(description="RE2 patterns of whole folded lines; for a trim, the one group is what goes")] = ""
    from_: Annotated[str, Meta(description="for drop-span: the lines that begin it")] = field(default="", metadata={"key": "from"})
    to: Annotated[str, Meta(description="for drop-span: the lines that end it")] = ""
    max_lines: Annotated[Annotated[int, Meta(ge=2)] | None, Meta(description="lines that a span or block may have")] = None
    repeat: Annotated[Literal["", "second"], Meta(description="second: only a line that stands further up already")] = ""
    select: Annotated[str, Meta(description="CSS selectors of elements: all that is in them, or what the matchers find in them")] = ""
    keep_select: Annotated[str, Meta(description="CSS selectors of elements whose text the rule leaves alone")] = ""
    digits: Annotated[Literal["exact", "any"], Meta(description="any: a number in a literal stands for every number")] = "exact"
    on: Annotated[Literal["any", "text", "html"], Meta(description="which pages: those without a tree, those with one")] = "any"
    where: Annotated[Where, Meta(description="where in the page")] = Where()
    max_chars: Annotated[
        Annotated[int, Meta(ge=1)] | None,
        Meta(description=f"longer paragraphs are safe; {MAX_CHARS} unless it says otherwise, no limit for a rule that only selects"),
    ] = None
    unless: Annotated[str, Meta(description="parts of lines that save a line")] = ""
    guard: Annotated[Guard | None, Meta(description="required for whatever cuts more than a line")] = None
    with_: Annotated[str, Meta(description="what a replace puts there")] = field(default="", metadata={"key": "with"})
    drops: Annotated[str, Meta(description="lines it must match")] = ""
    keeps: Annotated[str, Meta(description="lines it must not match")] = ""
    case: Annotated[tuple[Case, ...], Meta(description="texts before and after")] = ()
    status: Annotated[
        Status, Meta(description="experimental: reports and removes nothing; stale: works, but seems out of use; retired: for old ledgers")
    ] = "active"
    was: Annotated[tuple[str, ...], Meta(description="ids it had before")] = ()
    evidence: Annotated[Evidence | None, Meta(description="where it was seen to be needed")] = None
    verified: Annotated[date | None, Meta(description="the day somebody last saw it needed")] = None

    def matchers(self) -> list[tuple[str, str]]:
        """Each matcher's name with each of its literals or patterns."""
        found = [(name, literal) for name in MATCHERS for literal in literals(getattr(self, name))]
        return found + [("from", literal) for literal in literals(self.from_)]

    @property
    def longest(self) -> int | None:
        """Characters of the longest paragraph that it may touch; None for no limit."""
        return self.max_chars or (None if self.only_selects else MAX_CHARS)

    @property
    def only_selects(self) -> bool:
        """Whether all that is in its elements is meant, whatever it says."""
        return bool(self.select) and not self.matchers()


@dataclass(frozen=True, slots=True)
class Head:
    """What a rule file says of itself, above its rules."""

    schema: Annotated[Literal[1], Meta(description="version of the rule language")]
    site: Annotated[str, Meta(description="the site's name")] = ""
    domains: Annotated[tuple[str, ...], Meta(description='subdomains included; "=www.x.example" for one host')] = ()
    language: Annotated[tuple[str, ...], Meta(description='languages of the lines; "*" for any')] = ()
    uses: Annotated[tuple[str, ...], Meta(description="other rule files that hold for this site too")] = ()
    signs: Annotated[str, Meta(description="whole lines that give the site away where text comes without a URL")] = ""
    generator: Annotated[str, Meta(description='how <meta name="generator"> begins on its HTML pages')] = ""


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A rule file: `name` is its path below the rule folder, without the suffix; `version` is that of its pack."""

    name: str
    head: Head
    rules: tuple[Rule, ...] = ()
    overrides: tuple[Override, ...] = ()
    version: str = ""

    def full_id(self, rule: Rule) -> str:
        """A rule's name in the ledger: `generic/en/share-bar#share-buttons@2026.11`, without the @ where the pack has no version."""
        return f"{self.name}#{rule.id}@{self.version}" if self.version else f"{self.name}#{rule.id}"

    @property
    def kind(self) -> str:
        """generic, platform or sites."""
        return self.name.partition("/")[0]

    @property
    def group(self) -> str:
        """What turns it on: `generic/en` for all generic files of a language, else its own name."""
        return self.name.rpartition("/")[0] if self.kind == "generic" else self.name


def bare(full_id: str) -> str:
    """A rule's full id without its pack's version: it stays the same when the pack goes on."""
    return full_id.partition("@")[0]


def read(path: Path, folder: Path, version: str = "") -> RuleFile:
    """A rule file of a folder whose pack has a version; raises ConfigError with everything that is wrong with it."""
    return parse(read_toml(path), path.relative_to(folder).with_suffix("").as_posix(), version)


def parse(toml: Toml, name: str, version: str = "") -> RuleFile:
    """A rule file from its TOML; raises ConfigError with everything that is wrong with it."""
    head, problems = build(Head, toml.data, toml, (), other=("rule", "override"))
    listed, found = tables(toml, "rule")
    problems += found
    rules: dict[str, Rule] = {}
    for number, table in enumerate(listed):
        at = ("rule", number)
        rule, found = build(Rule, table, toml, at)
        problems += found
        if rule:
            problems += _contradictions(rule, toml, at, kind=name.partition("/")[0])
            earlier = {identity for known in rules.values() for identity in (known.id, *known.was)}
            problems += [toml.problem((*at, "id"), f"{taken!r} is the id of an earlier rule") for taken in earlier & {rule.id, *rule.was}]
            rules[rule.id] = rule
    overridden, found = tables(toml, "override")
    built = [build(Override, table, toml, ("override", number)) for number, table in enumerate(overridden)]
    problems += found + [problem for _, found in built for problem in found]
    if head:
        problems += _misplaced(name, head, toml, overridden=bool(overridden))
    if problems or head is None:
        raise ConfigError(problems)
    return RuleFile(name, head, tuple(rules.values()), tuple(override for override, _ in built if override), version)


def _misplaced(name: str, head: Head, toml: Toml, *, overridden: bool) -> list[Problem]:
    """A file whose head does not fit the folder it lies in."""
    kind, _, rest = name.partition("/")
    language = rest.partition("/")[0]
    meant = "*" if language == "any" else language
    wrong = {
        "the name of a rule file is made of letters, digits, '.', '-', '_' and '='": ("", not _NAME.fullmatch(name)),
        "a rule file lies below generic/<language>/, platform/ or sites/<letter>/": ("", kind not in KINDS),
        f'a generic pack names its language, which its folder is called by: ["{meant}"]': (
            "language",
            kind == "generic" and head.language != (meant,),
        ),
        "a generic pack holds by language alone: it has no domains, signs or generator": (
            "",
            kind == "generic" and (head.signs or head.generator or head.domains),
        ),
        "a generic pack holds by language alone: it uses no other": ("uses", kind == "generic" and head.uses),
        "many sites are made with it: a generator tells a platform": ("generator", kind == "sites" and head.generator),
        "a sign folds to nothing": ("signs", not all(fold_lines(literals(head.signs)))),
        "a site file names its domains": ("", kind == "sites" and not head.domains),
        "switches a rule off on one site, so it stands in a site's file": ("override", overridden and kind != "sites"),
    }
    return [toml.problem((key,) if key else (), message) for message, (key, found) in wrong.items() if found][:1]


def _contradictions(rule: Rule, toml: Toml, at: tuple[str, int], *, kind: str) -> list[Problem]:
    """What is wrong with a rule whose fields are each right by themselves."""
    found = [*_unreachable(rule, kind), *_unfit(rule)]
    matchers = rule.matchers()
    for (name, literal), folded in zip(matchers, fold_lines([literal for _, literal in matchers]), strict=True):
        if not folded:
            found.append((name, f"{literal!r} folds to nothing"))
        if name == "line_contains" and kind != "sites" and len(literal) < SHORTEST_CONTAINS:
            found.append((name, f"{literal!r} is shorter than {SHORTEST_CONTAINS} characters; only a site's file may say so little"))
        if name == "line_regex":
            found += [(name, problem) for problem in _pattern_problems(literal, rule.action)]
        elif rule.digits == "any" and name not in {"line", "from"} and len(prefilter(any_number(folded))) < SHORTEST_PREFILTER:
            found.append((name, f"{literal!r} has no {SHORTEST_PREFILTER} characters in a row besides its numbers"))
    blank = [("where", rule.where.after), *((name, text) for name in ("unless", "to") for text in literals(getattr(rule, name)))]
    found += [(name, f"{text!r} folds to nothing") for name, text in blank if text and not fold(text)]
    for name in ("select", "keep_select"):
        found += [(name, said) for selector in literals(getattr(rule, name)) if (said := selector_problem(selector))]
    return [toml.problem((*at, key) if key else at, message) for key, message in found]


def _unreachable(rule: Rule, kind: str) -> list[tuple[str, str]]:
    """Where a rule could match nothing, or too much."""
    found: list[tuple[str, str]] = []
    if not (rule.matchers() or rule.select or rule.repeat):
        found.append(("", f"no matcher; a rule has one of {', '.join(MATCHERS)}, select, repeat, or from and to"))
    if rule.select and rule.on == "text":
        found.append(("on", "text has no elements that select could find"))
    if rule.keep_select and rule.on == "text":
        found.append(("on", "text has no elements that keep_select could find"))
    if kind == "generic" and (rule.select or rule.keep_select):
        found.append(
            (
                "select" if rule.select else "keep_select",
                "a class means something else on every site: selectors stand in the files of a platform or a site",
            )
        )
    if kind == "generic" and rule.repeat and not rule.matchers():
        found.append(("repeat", "alone it would take every repeated line of every page; say which lines, or leave it to the step repeats"))
    if kind != "sites" and rule.category in POLICIES and not (rule.where.first or rule.where.last):
        found.append(
            ("where", f"a {rule.category} may be content: outside a site's file it is looked for near the edges, first or last, only")
        )
    return found


def _unfit(rule: Rule) -> list[tuple[str, str]]:
    """Keys that do not go together."""
    found = "select" if rule.select else "repeat"
    literal = any(getattr(rule, name) for name in MATCHERS if name != "line_regex")
    wrong = [
        (
            "action",
            "drop-span needs from, to and max_lines",
            rule.action == "drop-span" and not (rule.from_ and rule.to and rule.max_lines),
        ),
        ("action", "from and to go with drop-span", rule.action != "drop-span" and (rule.from_ or rule.to)),
        (
            "action",
            f"what {found} finds can be dropped (drop-line) or kept; {rule.action} needs a line to begin with",
            (rule.select or rule.repeat) and not rule.matchers() and rule.action not in {"drop-line", "keep"},
        ),
        ("max_lines", "goes with drop-span and drop-block", rule.max_lines and rule.action not in {"drop-span", "drop-block"}),
        (
            "action",
            f"{rule.action} cuts more than a line and needs guard = {{ max_share = … }}",
            rule.action in MANY_LINES and rule.guard is None,
        ),
        (
            "select",
            "an element may hold more than a line: say guard = { max_share = … }, or which lines in it are meant",
            rule.only_selects and rule.action in CUTS and rule.guard is None,
        ),
        ("with", "replace puts it in the place of what matched; the two go together", (rule.action == "replace") != bool(rule.with_)),
        ("with", "is one line: a paragraph has no line breaks to put there", rule.with_ != "".join(rule.with_.splitlines())),
        ("digits", "is about the numbers of literals, and there is none; a pattern says \\d+", rule.digits == "any" and not literal),
        (
            "evidence",
            f"{rule.evidence.pages} pages of {rule.evidence.of} cannot be" if rule.evidence else "",
            rule.evidence is not None and rule.evidence.pages > rule.evidence.of,
        ),
    ]
    return [(key, message) for key, message, applies in wrong if applies]


def _pattern_problems(pattern: str, action: Action) -> list[str]:
    try:
        expression = compiled(pattern)
    except ValueError as problem:
        return [f"{pattern!r} is not RE2: {problem}"]
    if (action == "trim" and expression.groups != 1) or (action == "replace" and expression.groups > 1):
        return [f"{pattern!r} has {expression.groups} groups; a {action} cuts what its one group matches, others are written (?:…)"]
    for literal in runs(pattern):
        if literal != DIGIT and fold(literal) not in {literal, literal.strip()}:
            return [f"{pattern!r} can match nothing: lines are folded before, so it must say {fold(literal)!r} for {literal!r}"]
    if len(prefilter(pattern)) < SHORTEST_PREFILTER:
        return [f"{pattern!r} has no {SHORTEST_PREFILTER} literal characters in a row that every match contains"]
    return []
