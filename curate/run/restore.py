"""Give back what a run took: every text page byte for byte, every HTML page paragraph by paragraph.

Undoing the ledger from its last row to its first turns the clean paragraphs into the ones that were read; the page's
row has the white space between them and the encoding.
"""

import base64
import gzip
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple, TypeVar, cast

import msgspec
import zstandard

from curate.errors import UsageError
from curate.formats.inputs import COMPRESSIONS, STDIN
from curate.formats.records import SCHEMA, CleanRow, LedgerRow, PageRow
from curate.run.rows import gaps
from curate.run.writer import RUN_FILE

Row = TypeVar("Row", CleanRow, LedgerRow, PageRow)


class Restored(NamedTuple):
    """A page given back, or why it could not be."""

    row: PageRow
    data: bytes  # of a text page its bytes, of an HTML page its paragraphs, parted by blank lines, in UTF-8
    problem: str


def restored(out: Path) -> Iterator[Restored]:
    """Every page of a run, in its order; raises UsageError where the ledger cannot give anything back."""
    level = _ledger_level(out)
    if level != "full":
        raise UsageError(f"{out} was written with --ledger {level}, which leaves out the removed text; only --ledger full can be restored")
    for pages in sorted(out.glob("pages-*.jsonl*")):
        shard = pages.name.removeprefix("pages-")
        with ExitStack() as stack:
            rows = _rows(pages, PageRow, stack)
            clean = _by_doc(_rows(out / f"clean-{shard}", CleanRow, stack))
            ledger = _by_doc(_rows(out / f"ledger-{shard}", LedgerRow, stack))
            kept, changed = next(clean, None), next(ledger, None)
            for row in rows:
                mine = kept[1] if kept and kept[0] == row.doc else []
                changes = changed[1] if changed and changed[0] == row.doc else []
                kept = next(clean, None) if mine else kept
                changed = next(ledger, None) if changes else changed
                yield _page(row, mine, changes)


def _ledger_level(out: Path) -> str:
    """The level of a finished run of this version's records; raises UsageError for anything else."""
    try:
        record = msgspec.json.decode((out / RUN_FILE).read_bytes())
        schema, level = record["schema"], str(record["config"]["output"]["ledger"])
    except (OSError, msgspec.DecodeError, KeyError, TypeError) as problem:
        raise UsageError(f"{str(out)!r} holds no finished run: {RUN_FILE} cannot be read ({problem})") from None
    if schema != SCHEMA:
        raise UsageError(
            f"{str(out)!r} was written with record schema {schema}; this version reads {SCHEMA}. Restore it with curate {record['curate']}"
        )
    return level


def _page(row: PageRow, clean: list[CleanRow], changes: list[LedgerRow]) -> Restored:
    if row.outcome == "failed":
        return Restored(row, b"", f"was never read: {row.reason}")
    if row.raw:
        return Restored(row, base64.b64decode(row.raw), "")
    texts = [""] * row.read
    for record in clean:
        parts = record.text.split("\n\n") if row.dom else [line for line in record.text.split("\n") if line]
        for number, text in zip(record.kept, parts, strict=True):
            texts[number] = text
    for change in reversed(changes):
        now = texts[change.paragraph]
        texts[change.paragraph] = now[: change.start] + change.text + now[change.start + len(change.new) :]
    if row.dom:
        return Restored(row, "\n\n".join(texts).encode("utf-8"), "" if sum(map(len, texts)) == row.chars_read else "came out different")
    space = gaps(row)
    text = space[0] + "".join(paragraph + gap for paragraph, gap in zip(texts, space[1:], strict=True))
    data = text.encode(row.source.encoding)
    same = hashlib.sha256(data).hexdigest() == row.source.sha256
    return Restored(row, data, "" if same else "came out different from what was read")


def write(pages: Iterable[Restored], to: Path) -> Iterator[Restored]:
    """Write pages below a folder as they come, under the names they were read from, and pass them on.

    JSON records come back as JSON lines with their text; HTML pages as text files beside their name.
    """
    for name, group in groupby(pages, key=lambda page: page.row.source.path):
        target = to / _safe(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        first = True
        for page in group:
            if not page.problem:
                _write(page, target, append=not first)
                first = False
            yield page


def _write(page: Restored, target: Path, *, append: bool) -> None:
    row = page.row
    if row.format == "jsonl":
        text = page.data.decode("utf-8", "surrogatepass")
        record: dict[str, Any] = {"doc": row.doc, "id": row.id, "url": row.url, "text": text}
        with target.open("ab" if append else "wb") as file:
            file.write(_json(record) + b"\n")
    else:
        (target.with_name(target.name + ".txt") if row.dom else target).write_bytes(page.data)


def _json(record: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(record)
    except UnicodeEncodeError:  # lone surrogates, which only an escape can carry
        import json  # noqa: PLC0415

        return json.dumps(record).encode("ascii")


def _safe(name: str) -> PurePosixPath:
    """A path below any folder, whatever the record says: no root, no way up, no suffix of a compression undone."""
    path = PurePosixPath(name)
    parts = [part for part in path.parts if part not in {"/", "..", "."}] or ["page"]
    parts[-1] = "stdin.txt" if name == STDIN else parts[-1]
    last = PurePosixPath(parts[-1])
    return PurePosixPath(*parts[:-1], last.stem if last.suffix.lower() in COMPRESSIONS else last.name)


def _by_doc(rows: Iterator[Row]) -> Iterator[tuple[str, list[Row]]]:
    for doc, group in groupby(rows, key=lambda row: row.doc):
        yield doc, list(group)


def _rows(path: Path, cls: type[Row], stack: ExitStack) -> Iterator[Row]:
    """The rows of a file of a run, whatever it is compressed with."""
    try:
        file = stack.enter_context(path.open("rb"))
    except OSError as problem:
        raise UsageError(f"{path} cannot be read: {problem.strerror}; the run is not complete") from None
    stream: IO[bytes] = file
    if path.suffix == ".gz":
        stream = cast("IO[bytes]", gzip.GzipFile(fileobj=file))
    elif path.suffix == ".zst":
        import io  # noqa: PLC0415

        stream = cast("IO[bytes]", io.BufferedReader(cast("io.RawIOBase", zstandard.ZstdDecompressor().stream_reader(file))))
    decode = msgspec.json.Decoder(cls).decode
    return map(decode, stream)
