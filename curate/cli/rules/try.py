"""`curate rules try`: try a rule on pages before it is in force, and see what it would take."""  # noqa: N999  # the verb

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, Final

import click
from rich.text import Text

from curate.cli.options import reading_options, settings
from curate.cli.tables import Terminal
from curate.config import Config
from curate.errors import UsageError
from curate.filters.site_rules import SiteRules
from curate.formats.html import of_snippet
from curate.formats.inputs import find
from curate.pipeline import Pipeline, Placed
from curate.report.explain import visible
from curate.rules.library import library, made_of
from curate.rules.load import in_force
from curate.rules.match import Matching
from curate.run.shard import clean_pages
from curate.workbench import keep
from curate.workbench.named import Found, Shelf
from curate.workbench.test import test
from curate.workbench.trial import OTHERS, TRIED, Others, Taken, Tally, Tried, alone, hits_of_body_lines, pasted

_LISTED: Final = 5  # names in a line of the summary
_WIDEST: Final = 160  # characters of a line that is shown
_UNBROKEN: Final = 1_000_000  # columns: outside a terminal a line stays one
_STYLES: Final = {"place": "bold", "taken": "red", "around": "dim", "wrong": "red bold", "said": ""}

Told = tuple[str, str]  # a kind of `_STYLES`, and a line


@click.command()
@click.argument("arguments", metavar="[RULE] PAGES...", nargs=-1)
@click.option("--line", "lines", metavar="TEXT", multiple=True, help="Instead of RULE: a whole line to drop, as pasted; everywhere.")
@click.option("--everywhere", is_flag=True, help="Try the rule on all pages, whatever their site, platform and language.")
@click.option("--show", metavar="N", type=click.IntRange(min=0), default=20, show_default=True, help="Lines drawn at random to show.")
@click.option("--seed", metavar="N", type=int, default=0, show_default=True, help="Another number draws other lines.")
@reading_options
def command(arguments: tuple[str, ...], lines: tuple[str, ...], everywhere: bool, show: int, seed: int, **options: Any) -> int:  # noqa: ANN401, FBT001  # click passes options by name
    """Try RULE on PAGES (files, folders, patterns, or - for standard input) as if it were active; nothing is written.

    RULE is a full id (generic/en/share-bar#share-buttons), a rule file for all of its rules, or FILE.toml#id; the file
    may lie outside the rule folders. The steps that stand before site-rules are run first, other rules are not. A rule
    is tried where its file holds: on the pages of its site, platform or language; what it would do to everybody's pages
    is told with --everywhere. A keep is tried as a drop, which shows the lines it would hold.

    Ends with 1 when the rule hits a body line of the keep-corpus, fails its own examples, or a page cannot be read.
    """
    pages = arguments if lines else arguments[1:]
    if not pages:
        raise UsageError("name " + ("the pages to try the line on" if lines else "a rule, and then the pages to try it on"))
    config, reading = settings(options)
    before, rules = _steps(config)
    shelf = Shelf(in_force(rules.folders))
    found = pasted(lines) if lines else shelf.named(arguments[0])
    pipeline = Pipeline([*before, *_trial(found, rules, everywhere=everywhere or bool(lines))])
    tally = Tally(show, seed)
    for document in clean_pages(find(pages), reading, pipeline):
        tally.add(document)
    corpus = keep.read(in_force(rules.folders))
    hits = hits_of_body_lines(corpus, found)
    failures = list(test([replace(found.file, rules=found.rules)], of_snippet))
    console = Terminal(highlight=False, width=None if sys.stdout.isatty() else _UNBROKEN)
    told = [
        *_rules(found, tally.rules),
        *_summary(tally, found, everywhere=everywhere or bool(lines)),
        ("wrong" if hits else "said", f"keep-corpus  {len(hits)} of {len(corpus.lines):,} body lines hit"),
        *(("wrong", f"             {hit.rule} hits {hit.keep.path}:{hit.keep.line}  {hit.keep.text}") for hit in hits[:_LISTED]),
        ("wrong" if failures else "said", f"examples     {f'{len(failures)} fail' if failures else 'all pass'}"),
        *(("wrong", f"             {failure.rule} {failure.verdict}: {failure.text.strip()}") for failure in failures),
        *_examples(tally, named=len(found.rules) > 1),
    ]
    for kind, line in told:
        console.print(Text(visible(line), style=_STYLES[kind]), soft_wrap=not sys.stdout.isatty())
    for reason, number in tally.failed.most_common():
        click.echo(f"{number:,} of {tally.pages:,} pages could not be read: {visible(reason)}", err=True)
    return 1 if hits or failures or tally.failed else 0


def _steps(config: Config) -> tuple[list[Placed], SiteRules]:
    """The steps that stand before `site-rules`, and that step."""
    steps = config.pipeline().steps
    before = list(takewhile(lambda placed: not isinstance(placed.step, SiteRules), steps))
    if len(before) == len(steps):
        raise UsageError("the configuration has no site-rules step, in whose place a rule could be tried")
    rules = steps[len(before)].step
    assert isinstance(rules, SiteRules)
    return before, rules


def _trial(found: Found, rules: SiteRules, *, everywhere: bool) -> Iterator[Placed]:
    """The two steps that try rules; see `curate.workbench.trial`."""
    others = Matching(library(rules.folders))
    off = (*rules.rules.off, *sorted({*others.library.ids} & {*found.ids}))
    only = alone(found)
    yield Placed(OTHERS, Others(others, rules.policies, off))
    yield Placed(TRIED, Tried(Matching(made_of([only])), others, only.group, everywhere))


def _rules(found: Found, counts: Mapping[str, tuple[int, int]]) -> Iterator[Told]:
    """The rules that are tried; of several, what each of them took."""
    several = len(found.rules) > 1
    for number, identity, rule in zip(found.numbers, found.ids, found.rules, strict=True):
        status = "" if rule.status == "active" else f"; {rule.status}, tried as if it were active"
        lines, pages = counts.get(identity, (0, 0))
        yield "place", f"{identity}  {rule.action}, {rule.category}{status}" + (f"  {_of(lines, 'line')}, {_of(pages, 'page')}" * several)
        line = found.toml.line(("rule", number))
        if not several:
            yield "around", f"{found.toml.path}:{line}  {rule.why}" if line else rule.why


def _summary(tally: Tally, found: Found, *, everywhere: bool) -> Iterator[Told]:
    """What happened, in numbers."""
    read = tally.pages - sum(tally.failed.values())
    tried = "tried on all of them" if everywhere else f"{tally.under:,} are under {found.file.group}"
    yield "said", f"pages        {tally.hit:,} of {read:,} hit{_share(tally.hit, read)}; {tried}"
    if read and not tally.under:
        yield "wrong", f"             none of the pages is under {found.file.group}: --everywhere tries it on all of them"
    held = all(rule.action == "keep" for rule in found.rules)
    yield "said", f"lines        {tally.lines:,} {'would be held' if held else 'taken'}" + (f", {tally.cut:,} in part" if tally.cut else "")
    yield "said", f"characters   {tally.chars:,} of {tally.chars_read:,}{_share(tally.chars, tally.chars_read)}"
    if tally.sites:
        named = Counter({site or "(no address)": number for site, number in tally.sites.items()})
        yield "said", f"sites        {len(tally.sites):,}: {_most(named)}"
    if tally.hit:
        yield "said", f"most         {tally.most[0]:.1%} of one page, {tally.most[1]}"
    some = f": {', '.join(tally.emptied[:_LISTED])}" + (" …" if len(tally.emptied) > _LISTED else "") if tally.emptied else ""
    yield "wrong" if tally.emptied else "said", f"empties      {_of(len(tally.emptied), 'page')}{some}"
    if tally.lines:
        saved = "of them other rules in force would take" if held else "of them other rules in force take anyway"
        which = f": {_most(tally.already)}" if tally.already else ""
        yield "said", f"others       {tally.also:,}{_share(tally.also, tally.lines)} {saved}{which}"


def _examples(tally: Tally, *, named: bool) -> Iterator[Told]:
    """Lines that were taken, each between its neighbours."""
    if not tally.examples:
        return
    yield "said", ""
    few = len(tally.examples) < tally.lines
    yield "said", f"{len(tally.examples):,} of the {tally.lines:,} lines, drawn at random (--seed {tally.seed}):" if few else "The lines:"
    for taken in sorted(tally.examples, key=lambda taken: taken.number):
        facts = [taken.place, taken.site, *(taken.rules if named else ()), *(f"also {rule}" for rule in taken.others)]
        yield "said", ""
        yield "place", "  ".join(filter(None, facts))
        yield from _neighbour(taken.before)
        yield from _line(taken)
        yield from _neighbour(taken.after)


def _neighbour(text: str) -> Iterator[Told]:
    if text:
        yield "around", f"    {_cut_off(text)}"


def _line(taken: Taken) -> Iterator[Told]:
    """A taken line; one of which something is left as it was and as it is."""
    yield "taken", f"  {'~' if taken.left else '-'} {_cut_off(taken.text)}"
    if taken.left:
        yield "said", f"  → {_cut_off(taken.left)}"


def _cut_off(text: str) -> str:
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST // 2]} … {text[-_WIDEST // 2 :]}"


def _most(counts: Counter[str]) -> str:
    """The names with the highest counts."""
    first: Sequence[tuple[str, int]] = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {number:,}" for name, number in first[:_LISTED]) + (" …" if len(first) > _LISTED else "")


def _share(part: int, whole: int) -> str:
    return f" ({part / whole:.2%})" if whole else ""


def _of(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
