"""`curate rules test`: run the examples that rules carry, the keep-corpus, and the budget."""

from collections.abc import Iterator
from typing import Any, Final

import click

from curate.cli.options import reading_options
from curate.cli.rules.lint import before_rules, counted, settings_of, show
from curate.document import Document
from curate.errors import UsageError
from curate.formats.html import of_snippet
from curate.rules.format import Rule, literals
from curate.rules.library import made_of
from curate.rules.match import Matching
from curate.workbench import keep
from curate.workbench.budget import Cost, measure
from curate.workbench.findings import Finding
from curate.workbench.paths import Chosen, choose
from curate.workbench.test import findings

_WIDTH: Final = 13
PAGES: Final = "lines of pages"


@click.command()
@click.argument("paths", nargs=-1, metavar="[PATHS]...")
@click.option("--corpus", multiple=True, metavar="PAGES", help="Pages to measure the cost of the rules on; may be given several times.")
@click.option(
    "--budget",
    type=click.FloatRange(min=0, min_open=True),
    metavar="RATIO",
    help="Fail where rules cost more than so many times the folding.",
)
@reading_options
def command(paths: tuple[str, ...], corpus: tuple[str, ...], budget: float | None, **options: Any) -> int:  # noqa: ANN401  # click passes options by name
    """Run the examples of the rules in PATHS (files and folders of a rule folder), or of all that are in force.

    A rule is noisy when it hits a line of its keeps, missing when it leaves one of its drops or lines, wrong when a case
    comes out otherwise. No rule may hit a body line of the keep-corpus. Last the cost of all rules in force is measured:
    microseconds a line, and how many times the folding of the same lines that is. The exit code is 1 when anything fails.
    """
    given = settings_of(options, corpus)
    chosen = choose(paths, given.rules.folders)
    body = keep.read(chosen.folders)
    files = [file for file in chosen.packs.files if file.name in chosen.names]
    failures = sorted(findings(files, chosen.packs.tomls, of_snippet))
    hit = [one for one in keep.check(body, chosen.packs, keep.hits(body, chosen.packs.files)) if _meant(one, chosen, everything=not paths)]
    show([*failures, *sorted(hit)])
    rules = [rule for file in files for rule in file.rules]
    tried = f"{sum(map(_examples, rules)):,} of {counted(len(rules), 'rule')} in {counted(len(files), 'file')}"
    kept = f"{counted(len(body.lines), 'line')}, {counted(len(body.exceptions), 'exception')}"
    for name, said, failed in (("examples", tried, len(failures)), ("keep-corpus", kept, len(hit))):
        click.echo(f"{name:{_WIDTH}}{said}; {f'{failed:,} failed' if failed else 'none failed'}")
    matching = Matching(made_of(chosen.packs.files))
    costs = {"body lines": measure(matching, list(_body_pages(body)))}
    if corpus:
        pages = list(before_rules(corpus, given, chosen))
        if not pages:
            raise UsageError(f"no page of {', '.join(corpus)} could be read, so nothing was measured")
        costs[PAGES] = measure(matching, pages)
    dear = [_told(name, cost, budget) for name, cost in costs.items()]
    return 1 if failures or hit or any(dear) else 0


def _meant(one: Finding, chosen: Chosen, *, everything: bool) -> bool:
    """Whether a finding is of a rule that is tested."""
    return everything or one.rule.partition("#")[0] in chosen.names


def _examples(rule: Rule) -> int:
    """How many examples a rule carries."""
    return len(literals(rule.drops) + literals(rule.keeps) + literals(rule.line)) + len(rule.case)


def _body_pages(body: keep.KeepCorpus) -> Iterator[Document]:
    """The lines of each language of the keep-corpus as a page in it."""
    for lang, doc in body.documents():
        doc.tags["lang"] = lang
        yield doc


def _told(name: str, cost: Cost, budget: float | None) -> bool:
    """Tell a cost; returns whether it is above the budget."""
    dear = budget is not None and cost.ratio > budget
    limit = "" if budget is None else f", above the budget of {budget:g}" if dear else f", the budget is {budget:g}"
    rules, folding = cost.a_line(cost.rules), cost.a_line(cost.folding)
    each = f" ({cost.thousand_pages:.2f} s for 1,000 pages)" if name == PAGES else ""
    said = f"{cost.lines:,} {name}: rules {rules:.2f} µs a line{each}, folding {folding:.2f} µs; {cost.ratio:.1f} times as much{limit}"
    click.echo(f"{'budget':{_WIDTH}}{said}")
    return dear
