"""Give back what a run took: every text page byte for byte, every HTML page paragraph by paragraph.

Undoing the ledger from its last row to its first turns the clean paragraphs into the ones that were read; the page's
row has the white space between them and the encoding.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path, PurePosixPath
from typing import Any, Final, NamedTuple, TypeVar

import msgspec

from curate.errors import PageError, UsageError
from curate.formats.decode import decode
from curate.formats.inputs import COMPRESSIONS, STDIN
from curate.formats.opening import opened
from curate.formats.records import SCHEMA, CleanRow, LedgerRow, PageRow
from curate.formats.rows import files_of, rows
from curate.places import Place, is_local
from curate.run.rows import gaps
from curate.run.writer import RUN_FILE

_FILES: Final = frozenset({"text", "html"})  # formats of which a file is one page; in the others it is a record
_LINES: Final = frozenset({".jsonl", ".ndjson"})
Row = TypeVar("Row", CleanRow, LedgerRow, PageRow)


class Restored(NamedTuple):
    """A page given back, or why it could not be."""

    row: PageRow
    data: bytes  # of a text page its bytes, of an HTML page its paragraphs, parted by blank lines, in UTF-8
    problem: str


def restored(out: Place) -> Iterator[Restored]:
    """Every page of a run, in its order; raises UsageError for what is no whole run with a full ledger."""
    record = finished_run(out)
    level = record["config"]["output"]["ledger"]
    if level != "full":
        raise UsageError(f"{out} was written with --ledger {level}, which leaves out the removed text; only --ledger full can be restored")
    return _restored(out, record["documents"]["read"])


def _restored(out: Place, expected: int) -> Iterator[Restored]:
    found = 0
    for pages in files_of(out, "pages"):
        shard = pages.name.removeprefix("pages-")
        clean = _by_doc(rows(out / f"clean-{shard}", CleanRow))
        ledger = _by_doc(rows(out / f"ledger-{shard}", LedgerRow))
        kept, changed = next(clean, None), next(ledger, None)
        for row in rows(pages, PageRow):
            mine = kept[1] if kept and kept[0] == row.doc else []
            changes = changed[1] if changed and changed[0] == row.doc else []
            kept = next(clean, None) if mine else kept
            changed = next(ledger, None) if changes else changed
            found += 1
            yield _page(row, mine, changes)
    if found != expected:
        raise UsageError(f"{out}: the run is not complete: {found:,} of the {expected:,} pages that {RUN_FILE} counts are there")


def finished_run(out: Place) -> dict[str, Any]:
    """run.json of a finished run whose records this version reads; raises UsageError for anything else."""
    try:
        with opened(str(out / RUN_FILE)) as file:
            record: dict[str, Any] = msgspec.json.decode(file.read())
        schema, config, _ = record["schema"], record["config"], record["documents"]["read"]
        _, _ = config["output"]["ledger"], config["step"]
    except PageError as problem:
        raise UsageError(f"{str(out)!r} holds no finished run: {RUN_FILE} {problem}") from None
    except (msgspec.DecodeError, KeyError, TypeError) as problem:
        raise UsageError(f"{str(out)!r} holds no finished run: {RUN_FILE} cannot be read: {problem}") from None
    if schema != SCHEMA:
        raise UsageError(
            f"{str(out)!r} was written with record schema {schema}; this version reads {SCHEMA}. Use curate {record['curate']} for it"
        )
    return record


def _page(row: PageRow, clean: list[CleanRow], changes: list[LedgerRow]) -> Restored:
    if row.outcome == "failed":
        return Restored(row, b"", f"was never read: {row.reason}")
    if row.raw:
        return Restored(row, base64.b64decode(row.raw), "")
    try:
        texts = _undone(row, clean, changes)
        space = gaps(row)
        text = space[0] + "".join(paragraph + gap for paragraph, gap in zip(texts, space[1:], strict=True))
    except (IndexError, ValueError):  # numbers that do not fit: rows were lost or changed
        return Restored(row, b"", "does not fit together: its clean, ledger and pages rows are not of one run")
    if row.dom:
        return Restored(row, "\n\n".join(texts).encode("utf-8"), "" if sum(map(len, texts)) == row.chars_read else "came out different")
    data = text.encode(row.source.encoding)
    same = hashlib.sha256(data).hexdigest() == row.source.sha256
    return Restored(row, data, "" if same else "came out different from what was read")


def _undone(row: PageRow, clean: list[CleanRow], changes: list[LedgerRow]) -> list[str]:
    """The paragraphs as they were read; raises IndexError or ValueError where the rows do not fit together."""
    texts = [""] * row.read
    for record in clean:
        parts = record.text.split("\n\n") if row.dom else [line for line in record.text.split("\n") if line]
        for number, text in zip(record.kept, parts, strict=True):
            texts[number] = text
    for change in reversed(changes):
        now = texts[change.paragraph]
        texts[change.paragraph] = now[: change.start] + change.text + now[change.start + len(change.new) :]
    return texts


def text_of(page: Restored) -> str:
    """The text of a page that is given back: as it was read, but for lone surrogates, which are still there."""
    encoding = "utf-8" if page.row.dom else page.row.source.encoding
    try:
        return page.data.decode(encoding, "surrogatepass")
    except UnicodeDecodeError:  # bytes that belong to no encoding are read as they were then
        return decode(page.data).text if encoding == "utf-8" else page.data.decode(encoding, "replace")


def write(pages: Iterable[Restored], to: Place) -> Iterator[Restored]:
    """Write pages below a folder as they come, under the names they were read from, and pass them on.

    Records of a container (JSON lines, WARC, Parquet, CSV) come back as JSON lines with their text, those of one container in
    one file; HTML pages as text files beside their name. Of two pages with one name the second goes by the name and its key.
    What is there already is not written over.
    """
    if not is_local(to):
        raise UsageError(f"pages are restored to a folder of this machine; {str(to)!r} is none: name another one with -o")
    try:
        to.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise UsageError(f"cannot write to {str(to)!r}: {problem.strerror}; name another folder with -o") from None
    taken: set[Path] = set()
    containers: dict[str, Path] = {}  # what their records are written to, by name
    for page in pages:
        if page.problem:
            yield page
            continue
        name, row = page.row.source.path, page.row
        try:
            target = containers.get(name) or _free(to / _safe(name, row), row, taken)
            if _is_record(row):
                containers[name] = target
            _write(page, target)
        except (OSError, ValueError) as problem:
            yield page._replace(problem=f"cannot be written: {problem}")
        else:
            yield page


def _is_record(row: PageRow) -> bool:
    """Whether a page was a record of a container."""
    return row.format not in _FILES


def _free(target: Path, row: PageRow, taken: set[Path]) -> Path:
    """A file that no other page has been written to, empty."""
    free = target.with_name(f"{target.name}.{row.doc}") if target in taken else target
    free.parent.mkdir(parents=True, exist_ok=True)
    free.open("xb").close()  # never over what is there already
    taken.add(free)
    return free


def _write(page: Restored, target: Path) -> None:
    if not _is_record(page.row):
        target.write_bytes(page.data)
        return
    with target.open("ab") as file:
        file.write(_json({"doc": page.row.doc, "id": page.row.id, "url": page.row.url, "text": text_of(page)}) + b"\n")


def _json(record: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(record)
    except UnicodeEncodeError:  # lone surrogates, which only an escape can carry
        import json  # noqa: PLC0415

        return json.dumps(record).encode("ascii")


def _safe(name: str, row: PageRow) -> str:
    """A path below any folder, whatever the record says: no root, no way up, no suffix of a compression undone."""
    parts = [part for part in name.split("/") if part not in {"", "..", "."}] or ["page"]
    last = PurePosixPath("stdin" if name == STDIN else parts[-1])
    last = PurePosixPath(last.stem) if last.suffix.lower() in COMPRESSIONS else last
    return "/".join([*parts[:-1], f"{last}{_suffix(name, last, row)}"])


def _suffix(name: str, last: PurePosixPath, row: PageRow) -> str:
    """What a name needs to say what is in the file now."""
    if _is_record(row):
        return "" if last.suffix.lower() in _LINES else ".jsonl"
    return ".txt" if row.dom or name == STDIN else ""


def _by_doc(rows: Iterator[Row]) -> Iterator[tuple[str, list[Row]]]:
    for doc, group in groupby(rows, key=lambda row: row.doc):
        yield doc, list(group)
