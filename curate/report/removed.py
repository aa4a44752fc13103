"""The ledger of a run read again: which removed lines hold a text, and of which pages."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from curate.errors import PageError, UsageError
from curate.formats.opening import opened
from curate.formats.records import LedgerRow, SourceRow
from curate.run.writer import RUN_FILE
from curate.text.folding import fold_lines

_BATCH: Final = 4096  # rows that are folded at once
Row = TypeVar("Row")


class Named(msgspec.Struct):
    """Of a page's row what it is called by."""

    doc: str
    id: str
    url: str
    source: SourceRow


def rule_folders(out: Path) -> list[str]:
    """The rule folders of a finished run whose ledger has the removed texts; raises UsageError for any other."""
    try:
        config = msgspec.json.decode((out / RUN_FILE).read_bytes())["config"]
        level, steps = config["output"]["ledger"], config["step"]
    except (OSError, msgspec.DecodeError, KeyError, TypeError) as problem:
        raise UsageError(f"{str(out)!r} holds no finished run: {RUN_FILE} cannot be read ({problem})") from None
    if level != "full":
        raise UsageError(f"{out} was written with --ledger {level}, which leaves out the removed text; run it again with --ledger full")
    return [folder for step in steps if step.get("name") == "site-rules" for folder in step.get("folders", ())]


def holding(wanted: str, out: Path) -> Iterator[LedgerRow]:
    """The rows of a run's ledger that removed a text with `wanted` in it."""
    rows = _rows(out, "ledger", msgspec.json.Decoder(LedgerRow))
    while batch := list(islice(rows, _BATCH)):
        folded = fold_lines([" ".join(row.text.split()) for row in batch])
        yield from (row for row, line in zip(batch, folded, strict=True) if wanted in line)


def names(out: Path, docs: set[str]) -> Mapping[str, Named]:
    """What some pages of a run are called."""
    return {row.doc: row for row in _rows(out, "pages", msgspec.json.Decoder(Named)) if row.doc in docs}


def _rows(out: Path, kind: str, decoder: msgspec.json.Decoder[Row]) -> Iterator[Row]:
    """The rows of one kind, whatever they are compressed with."""
    for path in sorted(out.glob(f"{kind}-*.jsonl*")):
        try:
            with opened(str(path)) as stream:
                yield from map(decoder.decode, stream)
        except (PageError, msgspec.DecodeError) as problem:
            raise UsageError(f"{path} is damaged ({problem}): the run is not complete") from None
