"""`curate rules suggest`: rules for the lines that a site's pages repeat."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar, cast

import click
import msgspec

from curate.cli.options import Settings, reading_options, settings
from curate.document import Document
from curate.errors import UsageError
from curate.fields import describe
from curate.formats.inputs import File, find
from curate.places import place
from curate.report.explain import visible
from curate.rules.format import Status
from curate.rules.library import Library, library
from curate.rules.load import in_force
from curate.run.restore import restored
from curate.run.shard import clean_pages
from curate.workbench import keep
from curate.workbench.guess import Guesser
from curate.workbench.recurring import document_of, recurring_page
from curate.workbench.repeated import Mining, Page, page_of
from curate.workbench.site_files import MORE, domain_of, head_of, name_of, write_new
from curate.workbench.suggest import Proposal, Site, Terms, suggest
from curate.workbench.write import comments, render

F = TypeVar("F", bound=Callable[..., Any])
_PRESET: Final = "rules-only"
_TYPES: Final = {"int": int, "float": float}


def mining_options(command: F) -> F:
    """The options that say what is suggested: one for each field of `Mining`."""
    today = click.option("--today", type=click.DateTime(["%Y-%m-%d"]), default=None, hidden=True, help="The day that evidence is of.")
    command = today(command)
    for field in reversed(describe(Mining)):
        words = f"{field.description[0].upper()}{field.description[1:]}. [default: {field.default}]"
        kind = _TYPES[field.type]
        command = click.option(f"--{field.name.replace('_', '-')}", type=kind, default=None, metavar=field.type.upper(), help=words)(
            command
        )
    return command


class Given(NamedTuple):
    """What the options of a command come to."""

    settings: Settings
    folders: tuple[str, ...]  # rule folders besides those that are in force anyway
    mining: Mining
    today: date
    files: tuple[File, ...]

    @property
    def rules(self) -> Library:
        """The rules in force."""
        return library(self.folders)


def given(inputs: Sequence[str], options: dict[str, Any]) -> Given:
    """The settings, with the preset that runs rules alone where no other is named."""
    chosen = settings({**options, "preset": options["preset"] or ("" if options["config"] else _PRESET)})
    steps = [entry for entry in chosen.config.entries if entry.name == "site-rules"]
    if not steps:
        raise UsageError("the configuration has no site-rules step: it cannot tell what the rules in force take already")
    named = {field.name: value for field in describe(Mining) if (value := options[field.name]) is not None}
    try:
        mining = msgspec.convert(named, Mining)
    except msgspec.ValidationError as problem:
        raise UsageError(f"{problem}; found {', '.join(f'{name} {value}' for name, value in named.items())}") from None
    today = options["today"].date() if options["today"] else datetime.now(tz=UTC).date()
    return Given(chosen, tuple(map(str, steps[0].parameters.get("folders", ()))), mining, today, tuple(find(inputs)) if inputs else ())


def cleaned(asked: Given) -> Iterator[Document]:
    """The pages as the rules in force leave them; those that cannot be read are told."""
    for doc in clean_pages(asked.files, asked.settings.reading, asked.settings.config.pipeline()):
        if doc.outcome == "failed":
            say(f"{doc.source.path}: {doc.reason}; left out")
        else:
            yield doc


def of_run(out: str, asked: Given) -> Iterator[Page]:
    """The pages of a finished run whose hosts repeat something, as the rules in force leave them; only lines that recur are free."""
    from curate.run.recurred import recurred  # noqa: PLC0415  # takes along what runs are made of

    run, pipeline = place(out), asked.settings.config.pipeline()
    pages, found = restored(run), recurred(run)
    if not found.keys:
        raise UsageError(f"{out}: site-lines found no line that recurs, so there is nothing to suggest rules for")
    for page in pages:
        host = found.hosts.get(page.row.doc, "")
        if host and page.problem:
            say(f"{page.row.source.path}: {page.problem}; left out")
        elif host:
            text = page.data.decode("utf-8" if page.row.dom else page.row.source.encoding, "replace")
            yield recurring_page(document_of(text, host, blocks=page.row.dom), found.keys[host], pipeline.run)


def proposed(site: Site, pages: Sequence[Page], asked: Given, status: Status) -> Proposal:
    """The suggestions for one site."""
    language = site.head.language[0] if site.head.language else "und"
    body = keep.read(in_force(asked.folders))
    return suggest(site, pages, Terms(Guesser(asked.rules.base, language), body, asked.mining, asked.today, status))


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def say(text: str) -> None:
    """A remark, on standard error."""
    click.echo(visible(text), err=True)


@click.command()
@click.argument("inputs", nargs=-1, metavar="[PAGES...]")
@click.option(
    "--run",
    "run",
    metavar="OUT",
    default=None,
    help="Take the pages of the run in this folder, and only the lines that its site-lines found.",
)
@click.option("-o", "--out", metavar="DIR", type=click.Path(file_okay=False), help="Rule folder to write new files into, one a site.")
@click.option(
    "--status",
    type=click.Choice(["experimental", "active"]),
    default="experimental",
    help="Of the suggested rules: experimental ones report and remove nothing. [default: experimental]",
)
@mining_options
@reading_options
def command(inputs: tuple[str, ...], run: str | None, out: str | None, status: str, **options: Any) -> int:  # noqa: ANN401  # click passes options by name
    """Suggest rule files for the sites of the pages in PAGES: files, folders, globs, or - for standard input; or for those of a run.

    A site is the host that a page's address names (--url, --site-from). Suggested is what several of its pages repeat, no rule in
    force takes and no article is likely to say. Nothing is applied: the files go to standard output, or with -o into a rule folder,
    where no file is written over. Of whoever reads them they want a look at every line, and a rule's `why` in words of their own.
    """
    if bool(inputs) == bool(run):
        raise click.UsageError("name either pages or, with --run, the folder of a finished run")
    asked = given(inputs, options)
    sites, nowhere = _by_site(of_run(run, asked) if run else map(page_of, cleaned(asked)))
    if nowhere:
        say(f"{counted(nowhere, 'page')} without a site left out: say it with --url or --site-from, or give records a url")
    if not sites:
        raise UsageError("no page is of a site that is known, so there is nothing to suggest rules for")
    written = 0
    for domain, pages in sorted(sites.items()):
        languages = [language for language, _ in Counter(page.language for page in pages).most_common()]
        site = Site(name_of(domain, asked.rules.sites), head_of(domain, languages, _common(page.site_name for page in pages)))
        proposal = proposed(site, pages, asked, cast("Status", status))
        say(f"{domain}: {summary(proposal, asked.mining)}")
        if not proposal.file.rules:
            continue
        text = text_of(proposal, domain)
        if out is None:
            click.echo("\n".join(comments([f"---- {site.name}.toml"])) + "\n" + text)
        else:
            say(f"  written: {write_new(Path(out), site.name, text)}")
        written += 1
    if written and out is not None:
        say(f"next: read the files, take out what is none, then `curate rules test {out}` and `curate rules lint {out}`")
    return 0


def _by_site(pages: Iterable[Page]) -> tuple[dict[str, list[Page]], int]:
    """The pages by the domain of their site, and the number of those that have none."""
    sites: defaultdict[str, list[Page]] = defaultdict(list)
    nowhere = 0
    for page in pages:
        if domain := domain_of(page.host):
            sites[domain].append(page)
        else:
            nowhere += 1
    return sites, nowhere


def _common(names: Iterator[str]) -> str:
    """What pages mostly say that the site is called; "" where they say nothing."""
    found = Counter(" ".join(name.split()) for name in names if name.strip())
    return min(found, key=lambda name: (-found[name], name), default="")


def text_of(proposal: Proposal, domain: str) -> str:
    """The file's text."""
    remarks = {**proposal.remarks, "": (f"Suggested from {counted(proposal.pages, 'page')} of {domain}.", *beside(proposal.file.name))}
    return render(proposal.file, remarks)


def beside(name: str) -> tuple[str, ...]:
    """What to say above a file that stands beside the site's own."""
    if not name.endswith(MORE):
        return ()
    return (
        f"{name.removesuffix(MORE)}.toml is in force already, and a file of its name would take its place.",
        "So this one stands beside it; in a pull request its rules go to the end of the other.",
    )


def summary(proposal: Proposal, mining: Mining) -> str:
    """What mining came to, in words."""
    copies = f" (and {proposal.copies} more with the same article)" if proposal.copies else ""
    pages = f"{counted(proposal.pages, 'different page')}{copies}"
    if proposal.pages < mining.of:
        return f"{pages}; at least {mining.of} are needed to tell what repeats (--of)"
    rules = proposal.file.rules
    if not rules:
        return f"{pages}; they repeat nothing that the rules in force leave and that may go"
    literals = sum(len(rule.matchers()) for rule in rules)
    share = proposal.chars / max(1, proposal.chars_read)
    return f"{pages}; {counted(len(rules), 'rule')} with {counted(literals, 'line')}, {share:.1%} of the pages' characters"
