"""The ledger of a run read again: which removed lines hold a text, and of which pages."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

import msgspec

from curate.errors import UsageError
from curate.formats.records import LedgerRow, SourceRow
from curate.formats.rows import rows_of
from curate.places import Place
from curate.run.restore import finished_run
from curate.text.folding import fold_lines

_BATCH: Final = 4096  # rows that are folded at once


class Named(msgspec.Struct):
    """Of a page's row what it is called by."""

    doc: str
    id: str
    url: str
    source: SourceRow


def rule_folders(out: Place) -> list[str]:
    """The rule folders of a finished run whose ledger has the removed texts; raises UsageError for any other."""
    config = finished_run(out)["config"]
    level = config["output"]["ledger"]
    if level != "full":
        raise UsageError(f"{out} was written with --ledger {level}, which leaves out the removed text; run it again with --ledger full")
    return [folder for step in config["step"] if step.get("name") == "site-rules" for folder in step.get("folders", ())]


def holding(wanted: str, out: Place) -> Iterator[LedgerRow]:
    """The rows of a run's ledger that removed a text with `wanted` in it."""
    rows = rows_of(out, "ledger", LedgerRow)
    while batch := list(islice(rows, _BATCH)):
        folded = fold_lines([" ".join(row.text.split()) for row in batch])
        yield from (row for row, line in zip(batch, folded, strict=True) if wanted in line)


def names(out: Place, docs: set[str]) -> Mapping[str, Named]:
    """What some pages of a run are called."""
    return {row.doc: row for row in rows_of(out, "pages", Named) if row.doc in docs}
