"""`curate dedup pairs`: every pair of paragraphs or documents that a run found near, with both texts and what happened to each."""

import click
import msgspec

from curate.cli.options import PLACE
from curate.cli.tables import console
from curate.places import Place
from curate.report.explain import visible
from curate.report.pairs import GONE, Pair, Side, pairs


@click.command()
@click.argument("run", metavar="OUT", type=PLACE)
@click.option("--json", "json_", is_flag=True, help="One JSON object a pair instead.")
def command(run: Place, json_: bool) -> int:  # noqa: FBT001  # click passes options by name
    """List the pairs that the duplicate steps of the run in OUT found near, by the rule and the measure they were found on.

    Both texts are shown as they were read, with what took them out where something did; a document is shown by
    its first paragraph. Of what an index holds there is no text. Needs a run with --ledger full, and its folder .curate.
    """
    count = 0
    said = console()
    for pair in pairs(run):
        count += 1
        if json_:
            click.echo(msgspec.json.encode(pair))
        else:
            click.echo("\n".join(_lines(pair)))
    if not json_:
        said.print(f"{count:,} pairs" if count != 1 else "1 pair")
    return 0


def _lines(pair: Pair) -> list[str]:
    what = "documents" if pair.whole else "paragraphs"
    return [f"{pair.step}  {pair.rule} {pair.measure:g}  two {what}", _line(pair.a), _line(pair.b), ""]


def _line(side: Side) -> str:
    state = f"{side.state} by {side.step} {side.rule}".rstrip() if side.state == GONE else side.state
    where = visible(side.id or side.path or side.doc)
    return f"  {state}  {where} {side.paragraph}: {visible(side.text)}"
