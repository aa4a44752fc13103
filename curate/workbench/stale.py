"""Which rules no longer earn their place: told by how often they fired in runs, and on how many pages they could have.

Only what a run counted is asked, its `run.json`. A rule could fire on a page that its file was in force on, unless it was
switched off there: by the run, by its category, or by the site's own file.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Annotated, Any, Final, NamedTuple

import msgspec
from msgspec import Meta

from curate.errors import UsageError
from curate.fields import Toml
from curate.rules.format import POLICIES, Rule, RuleFile, bare
from curate.rules.load import Packs, resolve

SITE_RULES: Final = "site-rules"
Times = dict[str, Annotated[int, Meta(ge=0)]]


class StepRow(msgspec.Struct, frozen=True):
    """What a run counted of a step."""

    rules: Times
    reports: Times


class Config(msgspec.Struct, frozen=True):
    """What a run was told to do."""

    step: list[dict[str, Any]]


class Run(msgspec.Struct, frozen=True):
    """What `run.json` says of rules."""

    schema: int
    rules: str  # a hash of the rule files
    rule_files: Times  # pages by what was in force on them
    steps: dict[str, StepRow]
    config: Config


class Parameters(msgspec.Struct, frozen=True):
    """How the step site-rules was set up in a run."""

    policies: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()


def run_of(data: bytes, name: str, schema: int) -> Run:
    """A run from its run.json, which messages call `name`; raises UsageError for one that says nothing of rules."""
    try:
        said = msgspec.convert(msgspec.json.decode(data), dict[str, Any]).get("schema")
        if said != schema:
            raise UsageError(f"{name} is of record schema {said!r}, and this version reads {schema}; make the run again")
        run = msgspec.json.decode(data, type=Run)
        if SITE_RULES not in run.steps:
            steps = ", ".join(run.steps) or "no steps"
            raise UsageError(f"{name} is of a run without the step {SITE_RULES} ({steps}), so it says nothing of rules")
        parameters(run)
    except msgspec.MsgspecError as problem:
        raise UsageError(f"{name} is not what `curate clean` writes: {problem}") from None
    return run


def parameters(run: Run) -> Parameters:
    """How the step site-rules was set up."""
    return msgspec.convert(next((step for step in run.config.step if step.get("name") == SITE_RULES), {}), Parameters)


class Told(NamedTuple):
    """A rule with what the runs say of it."""

    rule: str  # its full id without version
    path: str
    line: int
    status: str
    verified: date | None
    pages: int  # that it could have fired on
    times: int  # that it fired, or reported
    suggestion: str


class Gone(NamedTuple):
    """An id that runs know and the rule files do not, or know by another."""

    rule: str
    times: int
    now: str  # its present id; "" where there is none


class Found(NamedTuple):
    """What the runs say of the rules."""

    silent: tuple[Told, ...]  # not fired on so many pages, and not stale by their own word
    fires_again: tuple[Told, ...]  # stale by their own word
    candidates: tuple[Told, ...]  # experimental ones that report often
    gone: tuple[Gone, ...]
    looked_at: int  # rules that could have fired on enough pages
    too_few: int  # rules that could not
    already: int  # stale by their own word, and silent


def stale(packs: Packs, runs: Sequence[Run], at_least: int, *, generic: bool = False) -> Found:
    """What runs, which add up, say of rules that could have fired on at least so many pages.

    An experimental rule is a candidate when it has reported at least as often. Silent ones of generic packs are left out unless
    `generic`: a run of one site says little of a language.
    """
    files = {file.name: file for file in packs.files}
    times = sum((_times(run) for run in runs), Counter[str]())
    present = Counter[str]()
    for identity, count in times.items():
        present[resolve(identity, files)] += count
    pages = _pages(packs.files, runs)
    told = [told for file in packs.files for told in _told(file, packs.tomls[file.name], pages, present) if told.status != "retired"]
    asked = [one for one in told if generic or not one.rule.startswith("generic/")]
    enough = [one for one in asked if one.pages >= at_least]
    silent = [one for one in enough if not one.times]
    return Found(
        silent=tuple(one._replace(suggestion=_SUGGESTIONS[one.status]) for one in silent if one.status != "stale"),
        fires_again=tuple(one._replace(suggestion=_SUGGESTIONS["stale"]) for one in told if one.status == "stale" and one.times),
        candidates=tuple(
            one._replace(suggestion='look at what it would remove (`curate rules try`), then set status = "active"')
            for one in told
            if one.status == "experimental" and one.times >= at_least
        ),
        gone=tuple(_gone(times, files)),
        looked_at=len(enough),
        too_few=len(asked) - len(enough),
        already=sum(one.status == "stale" for one in silent),
    )


_SUGGESTIONS: Final = {
    "active": 'set status = "stale", or see that it is needed and set verified to that day',
    "experimental": 'it has never had anything to report: mend it, or set status = "retired"',
    "stale": 'set status = "active" and verified to the day you saw it needed',
}


def _times(run: Run) -> Counter[str]:
    """How often each rule fired or reported, by its full id without version."""
    step = run.steps[SITE_RULES]
    times = Counter[str]()
    for counts in (step.rules, step.reports):
        for identity, count in counts.items():
            times[bare(identity)] += count
    return times


def _told(file: RuleFile, toml: Toml, pages: Mapping[str, int], times: Mapping[str, int]) -> Iterator[Told]:
    for number, rule in enumerate(file.rules):
        identity = f"{file.name}#{rule.id}"
        line = toml.line(("rule", number, "id"))
        yield Told(identity, toml.path, line, rule.status, rule.verified, pages[identity], times.get(identity, 0), "")


def _pages(files: Iterable[RuleFile], runs: Sequence[Run]) -> dict[str, int]:
    """On how many pages each rule could have fired."""
    files = list(files)
    overriding: dict[str, list[str]] = {}  # by rule: the files that switch it off
    for file in files:
        for override in file.overrides:
            overriding.setdefault(override.rule, []).append(file.group)
    return {
        identity: sum(_pages_in(run, file, rule, overriding.get(identity, ())) for run in runs)
        for file in files
        for rule in file.rules
        for identity in [f"{file.name}#{rule.id}"]
    }


def _pages_in(run: Run, file: RuleFile, rule: Rule, overriding: Iterable[str]) -> int:
    """On how many pages of one run a rule could have fired, at the least."""
    set_up = parameters(run)
    off = {f"{file.name}#{identity}" for identity in (rule.id, *rule.was)} & set(map(bare, set_up.without))
    if off or (rule.category in POLICIES and rule.category not in set_up.policies):
        return 0
    return max(run.rule_files.get(file.group, 0) - sum(run.rule_files.get(group, 0) for group in overriding), 0)


def _gone(times: Mapping[str, int], files: Mapping[str, RuleFile]) -> Iterator[Gone]:
    for identity, count in sorted(times.items()):
        now = resolve(identity, files)
        if now != identity:
            yield Gone(identity, count, now)
