"""`curate restore`: the pages as they were read, from what a run wrote."""

from collections import Counter

import click

from curate.cli.options import PLACE
from curate.cli.tables import console
from curate.places import Place
from curate.run.restore import restored, write


@click.command()
@click.argument("run", metavar="OUT", type=PLACE)
@click.option("-o", "--out", "to", metavar="DIR", required=True, type=PLACE, help="Folder to write the pages to.")
def command(run: Place, to: Place) -> int:
    """Rebuild the pages that the run in OUT read: text byte for byte, HTML paragraph for paragraph.

    Text pages get their names back, compression taken off; the text of records comes as JSON lines, that of HTML
    pages as NAME.html.txt with a blank line between paragraphs. Needs a run with --ledger full.
    """
    said = console()
    counts: Counter[str] = Counter()
    for page in write(restored(run), to):
        if page.problem:
            said.print(f"{page.row.source.path} ({page.row.doc}) {page.problem}", markup=False, soft_wrap=True)
        counts["not restored" if page.problem else "HTML pages by paragraph" if page.row.dom else "text pages byte for byte"] += 1
    said.print(
        "restored: " + (", ".join(f"{number:,} {what}" for what, number in sorted(counts.items())) or "nothing; the run read no page")
    )
    return 1 if counts["not restored"] else 0
