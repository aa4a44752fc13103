"""`curate rules lint`: what is wrong with rule files, before a page is tried on them."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from curate.cli.options import Settings, reading_options, settings
from curate.document import Change, Document
from curate.errors import ConfigError, UsageError
from curate.filters.site_rules import SiteRules
from curate.formats.inputs import find
from curate.pipeline import Pipeline, Placed
from curate.report.explain import visible
from curate.rules.library import made_of
from curate.rules.match import Matching
from curate.run.shard import clean_pages
from curate.workbench import keep
from curate.workbench.findings import Finding, of_problem
from curate.workbench.lint import failing, lint, never_first
from curate.workbench.paths import Chosen, choose
from curate.workbench.shadows import watch

_OF_PAGES: Final = ("preset", "url", "site_from", "format_")


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option(
    "--corpus", multiple=True, metavar="PAGES", help="Pages to look on for rules that never come first; may be given several times."
)
@click.option("--notes/--no-notes", default=None, help="Show notes, too. [default: where PATHS are named]")
@reading_options
def command(paths: tuple[str, ...], corpus: tuple[str, ...], notes: bool | None, **options: Any) -> int:  # noqa: ANN401, FBT001  # click passes options by name
    """Check the rule files in PATHS (files and folders of a rule folder), or all that are in force.

    One line a finding: where it stands, the rule, what was looked for, what was found. Files are checked as they stand
    among all rules in force; a file may lie outside of them. Notes are worth a look and fail nothing: what a pack says too,
    and whole lines that a beginning takes as well. The exit code is 1 when there is a finding, 2 when there is nothing to check.
    """
    given = settings_of(options, corpus)
    try:
        chosen = choose(paths, given.rules.folders)
        body = keep.read(chosen.folders)
    except ConfigError as problem:
        found = sorted(map(of_problem, problem.problems))
        show(found)
        click.echo(f"{counted(len(found), 'finding')}; what else there is to find shows when these are mended", err=True)
        return 1
    found = lint(chosen.packs, chosen.names, body, datetime.now(tz=UTC).date())
    if corpus:
        fates = watch(chosen.packs, before_rules(corpus, given, chosen), given.rules.policies, given.rules.rules.off)
        found = sorted([*found, *never_first(chosen.packs, chosen.names, fates)])
    shown = bool(paths) if notes is None else notes
    show([one for one in found if shown or not one.note])
    failed, noted = failing(found), len(found) - failing(found)
    rules = sum(len(file.rules) for file in chosen.packs.files if file.name in chosen.names)
    hidden = "" if shown or not noted else " (--notes shows them)"
    click.echo(
        f"{counted(len(chosen.names), 'file')}, {counted(rules, 'rule')}: {counted(failed, 'finding')}, {counted(noted, 'note')}{hidden}"
    )
    return 1 if failed else 0


class Given(NamedTuple):
    """The settings of a run, and what they say of the rules."""

    settings: Settings
    rules: SiteRules


def settings_of(options: dict[str, Any], corpus: Sequence[str]) -> Given:
    """The settings that options come to; those of pages go with `--corpus`."""
    asked = [name for name, value in options.items() if value and (name in _OF_PAGES or name.endswith("_field"))]
    if asked and not corpus:
        name = asked[0].rstrip("_").replace("_", "-")
        raise UsageError(f"--{name} says how pages are read: it goes with --corpus PAGES")
    found = settings(options)
    for entry in found.config.entries:
        if entry.name == "site-rules":
            return Given(found, SiteRules(**entry.parameters))
    raise UsageError("the configuration has no site-rules step: it reads no rule files")


class _Asking(NamedTuple):
    """A step in the place of the rules: it asks for their selectors, and changes nothing."""

    matching: Matching

    def selectors(self, host: str, generator: str) -> Sequence[str]:
        return self.matching.selectors(host, generator)

    @staticmethod
    def judge(_doc: Document) -> Iterator[Change]:
        return iter(())


def before_rules(corpus: Sequence[str], given: Given, chosen: Chosen) -> Iterator[Document]:
    """Pages as they come to the rules; those that cannot be read are told."""
    config, reading = given.settings
    steps = config.pipeline().steps
    before = takewhile(lambda placed: not isinstance(placed.step, SiteRules), steps)
    asking = Placed("site-rules", _Asking(Matching(made_of(chosen.packs.files))))
    for doc in clean_pages(find(corpus), reading, Pipeline([*before, asking])):
        if doc.outcome == "failed":
            click.echo(visible(f"{doc.source.path}: {doc.reason}"), err=True)
        else:
            yield doc


def show(found: Sequence[Finding]) -> None:
    """Findings, one a line."""
    for one in found:
        place = f"{shown_path(one.path)}:{one.line}" if one.line else shown_path(one.path)
        check = f"{one.check} (note)" if one.note else one.check
        click.echo(visible(": ".join(part for part in (place, one.rule, check, one.message) if part)))


def shown_path(path: str) -> str:
    """A path as people would write it: from here, where it lies below."""
    here, there = Path.cwd(), Path(path)
    return str(there.relative_to(here)) if there.is_relative_to(here) else path


def counted(count: int, noun: str) -> str:
    """A number of things in words."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
