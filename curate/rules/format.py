"""A rule file as it is written: the TOML of `rules/`, checked key by key.

Literals stand one a line in `'''` blocks, so nothing needs quoting; `literals` takes them apart.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

from msgspec import Meta

from curate.errors import ConfigError, Problem
from curate.fields import Toml, build, read_toml, tables
from curate.rules.patterns import compiled, prefilter, runs
from curate.text.folding import fold

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
Action = Literal["drop-line", "drop-block", "drop-span", "drop-rest", "trim"]
MATCHERS: Final = ("line", "line_starts", "line_ends", "line_contains", "line_regex")
MANY_LINES: Final = frozenset({"drop-block", "drop-span", "drop-rest"})
SHORTEST_CONTAINS: Final = 12  # characters of a `line_contains` in a file that is not a site's
SHORTEST_PREFILTER: Final = 4


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


@dataclass(frozen=True, slots=True)
class Guard:
    """What must not happen, whatever matches."""

    max_share: Annotated[float, Meta(gt=0, le=1, description="share of the page's live characters that one firing may take")]


@dataclass(frozen=True, slots=True)
class Case:
    """A test of the whole rule: a text, and what is left of it."""

    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One `[[rule]]`."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]*$", description="unique in its file, never used again")]
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
    where: Annotated[Where, Meta(description="where in the page")] = Where()
    max_chars: Annotated[int, Meta(ge=1, description="longer paragraphs are safe")] = 200
    unless: Annotated[str, Meta(description="parts of lines that save a line")] = ""
    guard: Annotated[Guard | None, Meta(description="required for whatever cuts more than a line")] = None
    drops: Annotated[str, Meta(description="lines it must match")] = ""
    keeps: Annotated[str, Meta(description="lines it must not match")] = ""
    case: Annotated[tuple[Case, ...], Meta(description="texts before and after")] = ()

    def matchers(self) -> list[tuple[str, str]]:
        """Each matcher's name with each of its literals or patterns."""
        found = [(name, literal) for name in MATCHERS for literal in literals(getattr(self, name))]
        return found + [("from", literal) for literal in literals(self.from_)]


@dataclass(frozen=True, slots=True)
class Head:
    """What a rule file says of itself, above its rules."""

    schema: Annotated[Literal[1], Meta(description="version of the rule language")]
    site: Annotated[str, Meta(description="the site's name")] = ""
    domains: Annotated[tuple[str, ...], Meta(description='subdomains included; "=www.x.example" for one host')] = ()
    language: Annotated[tuple[str, ...], Meta(description='languages of the lines; "*" for any')] = ()
    uses: Annotated[tuple[str, ...], Meta(description="other rule files that hold for this site too")] = ()
    signs: Annotated[str, Meta(description="whole lines that give the site away where text comes without a URL")] = ""


@dataclass(frozen=True, slots=True)
class RuleFile:
    """A rule file: `name` is its path below the rule folder, without the suffix."""

    name: str
    head: Head
    rules: tuple[Rule, ...] = field(default=())

    @property
    def kind(self) -> str:
        """generic, platform or sites."""
        return self.name.partition("/")[0]

    @property
    def group(self) -> str:
        """What turns it on: `generic/en` for all generic files of a language, else its own name."""
        return self.name.rpartition("/")[0] if self.kind == "generic" else self.name


def read(path: Path, folder: Path) -> RuleFile:
    """A rule file of a folder; raises ConfigError with everything that is wrong with it."""
    name = path.relative_to(folder).with_suffix("").as_posix()
    toml = read_toml(path)
    head, problems = build(Head, toml.data, toml, (), other=("rule",))
    listed, found = tables(toml, "rule")
    problems += found
    rules: dict[str, Rule] = {}
    for number, table in enumerate(listed):
        at = ("rule", number)
        rule, found = build(Rule, table, toml, at)
        problems += found
        if rule:
            problems += _contradictions(rule, toml, at, site=name.startswith("sites/"))
            if rule.id in rules:
                problems.append(toml.problem((*at, "id"), f"{rule.id!r} is the id of an earlier rule"))
            rules[rule.id] = rule
    if head:
        problems += _misplaced(name, head, toml)
    if problems or head is None:
        raise ConfigError(problems)
    return RuleFile(name, head, tuple(rules.values()))


def _misplaced(name: str, head: Head, toml: Toml) -> list[Problem]:
    """A file whose head does not fit the folder it lies in."""
    kind, _, rest = name.partition("/")
    language = rest.partition("/")[0]
    if name.split() != [name]:
        return [toml.problem((), "the name of a rule file has no blanks in it")]
    if kind not in {"generic", "platform", "sites"}:
        return [toml.problem((), "a rule file lies below generic/<language>/, platform/ or sites/<letter>/")]
    if kind == "generic" and head.language != (("*",) if language == "any" else (language,)):
        return [
            toml.problem(
                ("language",),
                f'a generic pack names its language, which its folder is called by: ["{"*" if language == "any" else language}"]',
            )
        ]
    if kind == "sites" and not head.domains:
        return [toml.problem((), "a site file names its domains")]
    return []


def _contradictions(rule: Rule, toml: Toml, at: tuple[str, int], *, site: bool) -> list[Problem]:
    """What is wrong with a rule whose fields are each right by themselves."""
    found: list[tuple[str, str]] = []
    if not rule.matchers():
        found.append(("", f"no matcher; a rule has one of {', '.join(MATCHERS)}, or from and to"))
    if rule.action == "drop-span" and not (rule.from_ and rule.to and rule.max_lines):
        found.append(("action", "drop-span needs from, to and max_lines"))
    if rule.action != "drop-span" and (rule.from_ or rule.to):
        found.append(("action", "from and to go with drop-span"))
    if rule.max_lines and rule.action not in {"drop-span", "drop-block"}:
        found.append(("max_lines", "goes with drop-span and drop-block"))
    if rule.action in MANY_LINES and rule.guard is None:
        found.append(("action", f"{rule.action} cuts more than a line and needs guard = {{ max_share = … }}"))
    for name, literal in rule.matchers():
        if not fold(literal):
            found.append((name, f"{literal!r} folds to nothing"))
        if name == "line_contains" and not site and len(literal) < SHORTEST_CONTAINS:
            found.append((name, f"{literal!r} is shorter than {SHORTEST_CONTAINS} characters; only a site's file may say so little"))
        if name == "line_regex":
            found += [(name, problem) for problem in _pattern_problems(literal, groups=int(rule.action == "trim"))]
    return [toml.problem((*at, key) if key else at, message) for key, message in found]


def _pattern_problems(pattern: str, groups: int) -> list[str]:
    try:
        expression = compiled(pattern)
    except ValueError as problem:
        return [f"{pattern!r} is not RE2: {problem}"]
    if groups and expression.groups != groups:
        return [f"{pattern!r} has {expression.groups} groups; a trim cuts what its one group matches, others are written (?:…)"]
    for literal in runs(pattern):
        if fold(literal) not in {literal, literal.strip()}:
            return [f"{pattern!r} can match nothing: lines are folded before, so it must say {fold(literal)!r} for {literal!r}"]
    if len(prefilter(pattern)) < SHORTEST_PREFILTER:
        return [f"{pattern!r} has no {SHORTEST_PREFILTER} literal characters in a row that every match contains"]
    return []
