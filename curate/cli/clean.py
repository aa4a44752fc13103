"""`curate clean`: pages in, clean documents and a ledger out."""

import sys
from pathlib import Path
from typing import Any, Final

import click

from curate.cli.options import output, output_options, reading_options, settings
from curate.cli.progress import progress
from curate.cli.tables import console, summary
from curate.errors import UsageError
from curate.formats.inputs import find
from curate.run.counts import Counts
from curate.run.record import record
from curate.run.rows import made
from curate.run.shard import clean
from curate.run.writer import Sink, StreamSink, folder_sink

_STDOUT: Final = "-"


@click.command(short_help="Clean pages: writes clean documents and a ledger of all changes.")
@click.argument("inputs", nargs=-1, required=True, metavar="IN...")
@click.option(
    "-o",
    "--out",
    required=True,
    metavar="OUT",
    help="Folder for clean, ledger, pages and run.json; - writes clean JSONL to standard output.",
)
@click.option("--text", "text_only", is_flag=True, help="With -o -: write the bare text.")
@reading_options
@output_options
@click.option("--limit", type=click.IntRange(min=1), default=None, metavar="N", help="Read only the first N documents.")
@click.option(
    "--allow-failed",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="SHARE",
    help="Share of documents that may fail before the exit code is 1. [default: 0]",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress and no closing table.")
def command(inputs: tuple[str, ...], out: str, **options: Any) -> int:  # noqa: ANN401  # the options above, by name
    """Clean the pages in IN: files, folders (searched through), globs, or - for standard input.

    Reads .txt, .html, .htm, .jsonl and .ndjson, each plain, .gz or .zst; other suffixes by what is in the file.
    """
    config, reading = settings(options)
    pipeline = config.pipeline()
    files = find(inputs, without="" if out == _STDOUT else out)
    counts = Counts()
    said = console()

    def run(sink: Sink) -> None:
        with progress(files, said, quiet=options["quiet"]) as advance:
            for document in clean(files, reading, pipeline, options["limit"]):
                sink.write(document)
                counts.add(document)
                advance(document)

    if out == _STDOUT:
        run(StreamSink(sys.stdout.buffer, made(pipeline), text_only=options["text_only"]))
        sys.stdout.buffer.flush()
    elif options["text_only"]:
        raise UsageError("--text goes with -o -; a folder gets the records")
    else:
        what = output(config, options)

        def summarised() -> dict[str, Any]:
            return record(config, pipeline, inputs, what.ledger, counts)

        with folder_sink(Path(out), made(pipeline), ledger=what.ledger, compress=what.compress, summary=summarised) as sink:
            run(sink)
    if not options["quiet"]:
        said.print(summary(counts, pipeline))
        if out != _STDOUT:
            said.print(f"clean, ledger, pages and run.json are in {out}", soft_wrap=True)
    return 1 if counts.failed_share > options["allow_failed"] else 0
