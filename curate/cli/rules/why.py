"""`curate rules why`: say which rule took a line, why none did, or what became of the rules of a run."""

import copy
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from pathlib import Path
from typing import Any, Final, NamedTuple

import click
from rich.text import Text

from curate.cli.options import reading_options, settings
from curate.cli.tables import Terminal
from curate.document import NOTHING, Applied, Document
from curate.errors import UsageError
from curate.filters.site_rules import SiteRules
from curate.formats.inputs import STDIN, find
from curate.formats.pages import Reading, pages
from curate.formats.records import LedgerRow
from curate.pipeline import Pipeline
from curate.places import Place
from curate.places import place as place_of
from curate.report.explain import visible
from curate.report.removed import holding, names, rule_folders
from curate.rules.library import library
from curate.rules.load import in_force
from curate.rules.match import Matching
from curate.text.folding import fold
from curate.workbench.named import Shelf, described, place, standing
from curate.workbench.trial import line_numbers, places
from curate.workbench.why import Page, Rival, page_of, rivals, similar

_UNBROKEN: Final = 1_000_000  # columns: outside a terminal a line stays one
_STYLES: Final = {"line": "bold", "took": "red", "stays": "green", "rule": "bold", "why": "dim", "said": ""}

Told = tuple[str, str]  # a kind of `_STYLES`, and a line


class Answer(NamedTuple):
    """What is said, and the exit code."""

    told: list[Told]
    code: int


@click.command()
@click.argument("target", metavar="TARGET")
@click.option("--kept", is_flag=True, help="Ask why the line stayed: the nearest rules that did not fire, and what kept them from it.")
@click.option("--run", "out", metavar="OUT", default=None, help="Look TARGET, a text, up in the ledger of the run in this folder.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), default=10, show_default=True, help="Rules or removed lines to show.")
@reading_options
def command(target: str, kept: bool, out: str | None, limit: int, **options: Any) -> int:  # noqa: ANN401, FBT001  # click passes options by name
    """Say why a line was taken, or why it stayed.

    TARGET is one of these:

    \b
    FILE:LINE         a line of a page: what took it, and every rule that matches
                      it, in the order of precedence. In a text file LINE is the
                      number of the line, from 1; in HTML and records that which
                      `curate explain` prints. Standard input is -- -:LINE.
    FILE:RECORD:LINE  the same in a record (JSON lines, WARC …), which is named by its
                      id or its number, from 1.
    "some text"       with --run OUT: the removed lines of a run that hold it.
    RULE              a full id, or FILE.toml#id: all that the rule says.

    A page is cleaned with the preset rules-only, unless another one or a configuration is named. Ends with 1 where the
    line of a page stayed (with --kept: where it went), or where no removed line holds the text.
    """  # noqa: D301  # click's sign for lines that are left as they are
    asked = _target(target) if out is None else None
    if asked is None and (wrong := ["kept"] * kept + [name for name in options if options[name] and name != "rules"]):
        raise UsageError(f"--{wrong[0].strip('_').replace('_', '-')} goes with a line of a page, FILE:LINE; found {target!r}")
    if not (options["preset"] or options["config"]):
        options["preset"] = "rules-only"
    config, reading = settings(options)
    pipeline = config.pipeline()
    if out is not None:
        answer = _of_run(target, place_of(out), tuple(options["rules"]), limit)
    elif asked is None:
        answer = _of_rule(target, Shelf(in_force(_rules(pipeline).folders)))
    else:
        answer = _of_line(asked, reading, pipeline, kept=kept, limit=limit)
    console = Terminal(highlight=False, width=None if sys.stdout.isatty() else _UNBROKEN)
    for kind, line in answer.told:
        console.print(Text(visible(line), style=_STYLES[kind]), soft_wrap=not sys.stdout.isatty())
    return answer.code


class Target(NamedTuple):
    """A line of a page; `record` is "" where the file is one page."""

    file: str
    record: str
    line: int


def _target(said: str) -> Target | None:
    """The line that is asked for, or None where something else is: a file name may hold colons, so the longest that exists counts."""
    head, _, line = said.rpartition(":")
    if head and line.isdecimal():
        for at in range(len(head), 0, -1):
            if head[at : at + 1] in {"", ":"} and (head[:at] == STDIN or Path(head[:at]).is_file()):
                return Target(head[:at], head[at + 1 :], int(line))
        if "#" not in said:
            raise UsageError(f"there is no file {head!r}; TARGET is FILE:LINE, a rule's full id, or with --run OUT a text")
    return None


def _of_rule(said: str, shelf: Shelf) -> Answer:
    """What a rule says, or each of a file's."""
    if "#" not in said and Path(said).suffix != ".toml" and said not in shelf.paths:
        which = f"which line of {said!r} is meant is written {said}:LINE" if Path(said).is_file() else f"{said!r} is none of these"
        raise UsageError(f"TARGET is FILE:LINE, a rule's full id, or with --run OUT a text; {which}")
    found = shelf.named(said)
    told: list[Told] = []
    for number in found.numbers:
        rows = list(described(found, number))
        told += [("line", rows[0][1]), *(("said", f"  {key:12} {value}") for key, value in rows[1:]), ("said", "")]
    return Answer(told[:-1], 0)


def _of_line(asked: Target, reading: Reading, pipeline: Pipeline, *, kept: bool, limit: int) -> Answer:
    """Why a line of a page went, or stayed."""
    before = _document(asked, reading, pipeline)
    after = copy.deepcopy(before)
    number = _paragraph(before, asked)
    where, text = places(before)[number], before.text_of(number)
    Pipeline(list(takewhile(lambda placed: not isinstance(placed.step, SiteRules), pipeline.steps))).run(before)
    rules = _rules(pipeline)
    pipeline.run(after)
    shelf = Shelf(in_force(rules.folders))
    page = page_of(before, Matching(library(rules.folders)), shelf, policies=rules.policies, off=rules.rules.off)
    made = [applied for applied in after.changes if applied.paragraph == number and not applied.reports]
    stays = bool(after.live[number])
    told: list[Told] = [("line", f"{where}  {text}"), ("why", _circumstances(page, number))]
    if not made:
        told.append(("stays", "stays: no step took anything of it"))
    for applied in made:
        told += _told_change(after, applied, stays=stays)
    found = rivals(page, number) if before.live[number] else []
    if kept and stays:
        told += _nearest(page, number, found, shelf, limit)
    else:
        told += _order(found, shelf, limit)
    if not (kept or made):
        told.append(("why", "--kept tells which rules were the nearest"))
    return Answer(told, int(not stays if kept else not made))


def _rules(pipeline: Pipeline) -> SiteRules:
    """The step that rules belong to; raises UsageError where there is none."""
    for placed in pipeline.steps:
        if isinstance(placed.step, SiteRules):
            return placed.step
    raise UsageError("the configuration has no site-rules step, so no rule does anything")


def _document(asked: Target, reading: Reading, pipeline: Pipeline) -> Document:
    """The page that is asked for, as it was read."""
    [file] = find([asked.file])
    read = pages(file, reading, pipeline.selectors)
    if asked.record:
        found = _record(asked, read)
    else:
        first = list(islice(read, 2))
        if len(first) != 1:
            some = "more than one page" if first else "no page"
            raise UsageError(f"{asked.file} holds {some}; a record is named {asked.file}:RECORD:LINE, by its id or its number from 1")
        found = first[0]
    if found.outcome == "failed":
        raise UsageError(f"{asked.file} cannot be read: {found.reason}")
    return found


def _record(asked: Target, read: Iterator[Document]) -> Document:
    """The record of an id, or else the one of a number."""
    numbered, count = None, 0
    for document in read:
        count += 1
        if document.id == asked.record and document.outcome != "failed":
            return document
        if str(count) == asked.record:
            numbered = document
    if numbered is None:
        raise UsageError(f"{asked.file} has no record {asked.record!r}, neither as an id nor as a number; it has {count:,}")
    return numbered


def _paragraph(doc: Document, asked: Target) -> int:
    """The paragraph of a line; raises UsageError where there is none."""
    numbers = line_numbers(doc) if doc.format == "text" else list(range(doc.read))
    if asked.line in numbers:
        return numbers.index(asked.line)
    unit = "line" if doc.format == "text" else "paragraph"
    if not numbers:
        raise UsageError(f"{asked.file} has no text")
    near = min(numbers, key=lambda number: abs(number - asked.line))
    why = "is blank" if 0 < asked.line < numbers[-1] else "does not exist"
    raise UsageError(
        f"{asked.file}: {unit} {asked.line} {why}; the nearest one with text is {near}: {doc.text_of(numbers.index(near))[:60]!r}"
    )


def _circumstances(page: Page, number: int) -> str:
    doc = page.doc
    site = doc.host or "unknown: no address is given"
    return f"paragraph {number} of {doc.read}; language {page.lang}; site {site}; packs {' '.join(sorted(page.scope.packs)) or 'none'}"


def _told_change(doc: Document, applied: Applied, *, stays: bool) -> Iterator[Told]:
    """What a step did to the line, as the ledger has it."""
    verb = "taken" if not stays and not applied.new else "changed"
    words = [f"{verb} by {applied.step}", applied.rule]
    if applied.limit:
        words.append(f"{applied.measure:g} (limit {applied.limit:g})")
    if verb == "changed":
        words.append(f"{applied.text!r} → {applied.new!r}" if applied.new else f"cut {applied.text!r}")
    yield "took", "  ".join(filter(None, words))
    if applied.of != NOTHING and applied.of.doc in {doc.doc, ""}:
        yield "said", f"  it repeats {places(doc)[applied.of.paragraph]}  {doc.text_of(applied.of.paragraph)}"


def _order(found: Sequence[Rival], shelf: Shelf, limit: int) -> Iterator[Told]:
    """The rules that match, those in force in the order in which they are asked, then the others."""
    inside, outside = [one for one in found if one.in_force], [one for one in found if not one.in_force]
    if inside:
        yield "said", ""
        yield "said", "Rules in force that match the line: site before platform before generic, drop before trim, experimental last"
    for place_, rival in enumerate(inside, 1):
        yield from _rival(rival, shelf, f"{place_:2}")
    if outside:
        yield "said", ""
        yield "said", f"Rules that match it and are not in force on this page{_more(outside, limit)}"
    for rival in outside[:limit]:
        yield from _rival(rival, shelf, " -")


def _nearest(page: Page, number: int, found: Sequence[Rival], shelf: Shelf, limit: int) -> Iterator[Told]:
    """The rules that match and did not fire, those first that the fewest conditions kept from it; or what is like the line."""
    yield "said", ""
    near = sorted((one for one in found if not one.verdict.startswith(("cut", "put"))), key=lambda one: len(one.failed))
    if near:
        yield "said", f"Rules that match the line and did not take it, the nearest first{_more(near, limit)}"
        for place_, rival in enumerate(near[:limit], 1):
            yield from _rival(rival, shelf, f"{place_:2}")
        return
    if found:
        yield "said", "No other rule matches the line."
        return
    alike = similar(page, number)
    if not alike:
        yield "said", "No rule matches the line, and no literal of any rule is like it."
        return
    yield "said", "No rule matches the line. The literals most like it, with what it says otherwise:"
    for one in alike:
        rule = shelf.named(one.known.bare)
        yield "rule", f"{one.ratio:4.0%}  {one.known.bare}  {one.matcher.kind}{'' if one.in_force else '  (not in force on this page)'}"
        yield "said", f"      {one.matcher.text}"
        yield "said", f"      the line says {one.differs}"
        yield "why", f"      {place(rule, rule.numbers[0], one.matcher.text)}"


def _more(found: Sequence[Rival], limit: int) -> str:
    return f" ({limit} of {len(found)}; --limit shows more):" if len(found) > limit else ":"


def _rival(rival: Rival, shelf: Shelf, sign: str) -> Iterator[Told]:
    """One rule and what came of it."""
    ready = rival.known.ready
    found = shelf.named(rival.known.bare)
    [rule], [number] = found.rules, found.numbers
    yield "rule", f"{sign}  {ready.id}  {ready.action}, {ready.category}"
    if rival.verdict:
        yield "took" if rival.verdict.startswith("took") else "said", f"      {rival.verdict}"
    for words in rival.failed:
        yield "said", f"      ✗ {words}"
    matcher = f"{rival.kind} {rival.text!r}" if rival.text else rival.kind
    yield "why", "      " + "  ".join(filter(None, [place(found, number, rival.text), matcher]))
    yield "why", f"      {rule.why}"


def _of_run(text: str, out: Place, folders: tuple[str, ...], limit: int) -> Answer:
    """The removed lines of a run that hold a text, and where the rules that took them stand now."""
    wanted = fold(" ".join(text.split()))
    if not wanted:
        raise UsageError(f"{text!r} has nothing in it that could be looked for")
    used = rule_folders(out)
    gone = [folder for folder in used if not Path(folder).is_dir()]
    for folder in gone:
        click.echo(f"The run's rule folder {visible(folder)} is not there any more; --rules names another one.", err=True)
    shelf = Shelf(in_force((*folders, *(folder for folder in used if folder not in gone))))
    rows: list[LedgerRow] = []
    takers: Counter[tuple[str, str]] = Counter()
    total = 0
    for row in holding(wanted, out):
        total += 1
        takers[row.step, row.rule] += 1
        if len(rows) < limit:
            rows.append(row)
    if not total:
        return Answer([("stays", f"no removed line of the run holds {wanted!r}")], 1)
    called = names(out, {row.doc for row in rows})
    shown = f", the first {limit}:" if total > limit else ":"
    told: list[Told] = [("said", f"{total:,} removed {'line holds' if total == 1 else 'lines hold'} {wanted!r}{shown}")]
    for row in rows:
        named = called.get(row.doc)
        page = [named.source.path, named.id * (named.id != named.source.path), named.url] if named else ["a page without a row"]
        told += [("said", ""), ("line", "  ".join(filter(None, [*page, f"paragraph {row.paragraph}", f"doc {row.doc}"])))]
        told += [("took", f"  {row.text}" + (f" → {row.new}" if row.new else "")), ("said", f"  {row.step}  {row.rule}".rstrip())]
    for (step, rule), count in sorted(takers.items(), key=lambda item: (-item[1], item[0])):
        told += [("said", ""), *_stands(step, rule, count, shelf)]
    return Answer(told, 0)


def _stands(step: str, rule: str, count: int, shelf: Shelf) -> Iterator[Told]:
    """A rule of the ledger, as it stands now."""
    yield "rule", f"{count:,} by {step}  {rule}".rstrip()
    now = standing(rule, shelf)
    for found in now.found:
        [said] = found.rules
        yield "said", f"  {said.why}"
        yield "why", f"  {place(found, found.numbers[0])}  {said.action}, {said.category}, {said.status}"
    for remark in now.remarks:
        yield "said", f"  ✗ {remark}"
    if not (now.found or now.remarks):
        yield "why", f"  not of a rule file: `curate steps {step}` tells what the step does"
