"""`curate rules stale`: rules that have not fired on the last pages of their site, told by what runs counted."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import click
import msgspec

from curate.errors import UsageError
from curate.formats.records import SCHEMA
from curate.places import Place, place
from curate.report.explain import visible
from curate.rules.load import load
from curate.run.writer import RUN_FILE
from curate.workbench.stale import Found, Run, Told, parameters, run_of, stale


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1, required=True)
@click.option(
    "--pages",
    type=click.IntRange(min=1),
    default=20,
    metavar="N",
    help="Pages that a rule must have been in force on before anything is said of it; reports that make a candidate. [default: 20]",
)
@click.option("--rules", metavar="DIR", multiple=True, type=click.Path(), help="Rule folder of your own; comes before the built-in packs.")
@click.option("--generic", is_flag=True, help="List rules of the languages' generic packs too.")
@click.option("--json", "json_", is_flag=True, help="One JSON object instead.")
@click.option("--fail", is_flag=True, help="Exit code 1 when a rule has not fired.")
def command(runs: tuple[str, ...], pages: int, rules: tuple[str, ...], **options: bool) -> int:
    """List rules that have not fired on the pages of their site in RUN, the output folder of a run; several add up.

    A rule could have fired on every page that its file was in force on, but for those where it was switched off. Named
    besides: stale rules that fire again, experimental ones that report often enough to be looked at, and rules that the runs
    know and the rule files do not. Only run.json is read, and nothing is written: people retire rules, programs do not.
    """
    packs = load(rules)
    folders = {folder.resolve(): folder for folder in reversed([_folder(run) for run in runs])}  # a run counts once
    read = {str(folder): _read(folder) for folder in reversed(folders.values())}
    for name, run in read.items():
        if run.rules != packs.version:
            click.echo(visible(_other_rules(name, run)), err=True)
    found = stale(packs, list(read.values()), pages, generic=options["generic"])
    if options["json_"]:
        said = {"runs": list(read), "pages": pages, **found._asdict()}
        click.echo(msgspec.json.format(msgspec.json.encode({key: _plain(value) for key, value in said.items()}), indent=2))
    else:
        for line in _lines(found, pages, len(read)):
            click.echo(visible(line))
    return 1 if options["fail"] and found.silent else 0


def _folder(run: str) -> Place:
    """The output folder that is meant, which its run.json may stand for."""
    path = place(run)
    return path.parent if path.name == RUN_FILE and path.is_file() else path


def _read(folder: Place) -> Run:
    path = folder / RUN_FILE
    try:
        data = path.read_bytes()
    except OSError as problem:
        why = problem.strerror if folder.is_dir() else "there is no such folder" if not folder.exists() else "it is a file"
        raise UsageError(f"{str(folder)!r} is no output folder of a finished run: {RUN_FILE} cannot be read: {why}") from None
    return run_of(data, str(path), SCHEMA)


def _other_rules(name: str, run: Run) -> str:
    folders = parameters(run).folders
    used = f"; it was made with the rule folders {', '.join(folders)}, which --rules can name" if folders else ""
    return f"{name}: the rules have changed since this run, so one that is newer than the run counts as not fired{used}"


def _plain(value: Any) -> Any:  # noqa: ANN401  # what a JSON object may hold
    """Rules as objects with named fields."""
    return [one._asdict() if hasattr(one, "_asdict") else one for one in value] if isinstance(value, list | tuple) else value


def _lines(found: Found, pages: int, runs: int) -> Iterator[str]:
    enough = f"{_count(pages, 'page')} or more of {_count(runs, 'run')}"
    yield (
        f"{_count(found.looked_at, 'rule')} could have fired on {enough}, and {len(found.silent):,} did not"
        + f"; {found.already:,} that are stale already did not either" * bool(found.already)
        + f"; of {_count(found.too_few, 'rule')} nothing is said, which could have fired on fewer pages" * bool(found.too_few)
    )
    yield from _group("Not fired", sorted(found.silent, key=lambda told: told.suggestion), "")
    yield from _group("Stale, but fires again", found.fires_again, "fired")
    yield from _group("Experimental, and reports often", found.candidates, "reported")
    here = [f"{gone.rule}  {_count(gone.times, 'time')}" + (f"; now {gone.now}" if gone.now else "") for gone in found.gone]
    if here:
        yield from ("", "Known to the runs, but no longer by this id (or from a rule folder that --rules does not name):")
        yield from (f"  {line}" for line in here)


def _group(heading: str, told: Sequence[Told], verb: str) -> Iterator[str]:
    """Rules below what they have in common, and what to do about them."""
    for suggestion, rules in groupby(told, key=lambda one: one.suggestion):
        yield from ("", f"{heading}: {suggestion}")
        for one in rules:
            verified = f"verified {one.verified}" if one.verified else "never verified"
            often = f", {verb} {_count(one.times, 'time')}" if verb else ""
            yield f"  {_near(one.path)}:{one.line}: {one.rule}  {one.status}, {verified}, in force on {_count(one.pages, 'page')}{often}"


def _near(path: str) -> str:
    """A path from where one stands, if it lies below."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
