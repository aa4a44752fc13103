"""Where a run's rows go: the files of a shard, or a stream."""

import gzip
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Protocol, cast

import msgspec
import zstandard

from curate.config import Output
from curate.document import Document
from curate.formats import columns
from curate.formats.records import CleanRow, LedgerRow, PageRow
from curate.run.rows import Making, clean_row, ledger_row, page_row

_encode: Final = msgspec.json.Encoder().encode
_ZSTD_LEVEL: Final = 3
_KINDS: Final[Mapping[str, type[msgspec.Struct]]] = {"clean": CleanRow, "ledger": LedgerRow, "pages": PageRow}
_SUFFIXES: Final = {"": "", "gz": ".gz", "zst": ".zst"}
_CODECS: Final[Mapping[str, tuple[str, int | None]]] = {"": ("zstd", _ZSTD_LEVEL), "zst": ("zstd", _ZSTD_LEVEL), "gz": ("gzip", None)}
RUN_FILE: Final = "run.json"
Put = Callable[[Sequence[msgspec.Struct]], None]  # takes rows of one kind


class Sink(Protocol):
    """Takes documents one by one."""

    def write(self, doc: Document) -> None:
        """Write everything that is to be said of a document."""
        ...


class StreamSink:
    """Clean documents, or their bare texts, to a binary stream."""

    def __init__(self, stream: BinaryIO, made: Making, *, text_only: bool) -> None:
        self._stream, self._made, self._text_only = stream, made, text_only
        self._first = True

    def write(self, doc: Document) -> None:
        """Write the document if something of it was kept; texts are parted by a blank line."""
        if doc.outcome != "kept":
            return
        if self._text_only:
            self._stream.write((("" if self._first else "\n") + doc.text + "\n").encode("utf-8"))
            self._first = False
        else:
            self._stream.write(_encode(clean_row(doc, self._made)) + b"\n")


class FolderSink:
    """clean, ledger and pages of one shard. See `shard_sink`."""

    def __init__(self, put: Mapping[str, Put], made: Making, output: Output) -> None:
        self._put, self._made = put, made
        self._full, self._rows = output.ledger == "full", output.ledger != "counts"

    def write(self, doc: Document) -> None:
        """Write the rows of the document."""
        if doc.outcome == "kept":
            self._put["clean"]([clean_row(doc, self._made)])
        if self._rows:
            self._put["ledger"]([ledger_row(doc, applied, full=self._full) for applied in doc.changes])
        self._put["pages"]([page_row(doc, full=self._full)])


def check(output: Output) -> None:
    """Raises UsageError where what is wanted cannot be written here."""
    if output.format == "parquet":
        columns.check()


def row_files(output: Output) -> dict[str, str]:
    """The names that `shard_sink` gives to its files, by kind."""
    suffix = columns.SUFFIX if output.format == "parquet" else f".jsonl{_SUFFIXES[output.compress]}"
    return {kind: f"{kind}{suffix}" for kind in _KINDS}


@contextmanager
def shard_sink(folder: Path, made: Making, output: Output) -> Iterator[FolderSink]:
    """A sink for the rows of a shard, as files of a folder that is there. Having them on the disk is `stages.carry_out`'s."""
    with ExitStack() as stack:
        files = {kind: stack.enter_context((folder / name).open("wb")) for kind, name in row_files(output).items()}
        yield FolderSink({kind: stack.enter_context(_writing(file, kind, output)) for kind, file in files.items()}, made, output)


def _writing(file: BinaryIO, kind: str, output: Output) -> AbstractContextManager[Put]:
    """What takes the rows of a kind for a file."""
    if output.format == "parquet":
        codec, level = _CODECS[output.compress]
        return columns.writing(file, _KINDS[kind], codec, level)
    return _lines(file, output.compress)


@contextmanager
def _lines(file: BinaryIO, compress: str) -> Iterator[Put]:
    """Write rows as JSON lines."""
    stream = _compressed(file, compress)

    def put(rows: Sequence[msgspec.Struct]) -> None:
        stream.write(b"".join([_encode(row) + b"\n" for row in rows]))

    yield put
    stream.close()


def _compressed(file: BinaryIO, compress: str) -> BinaryIO:
    """A stream that compresses into a file and, closed, leaves it open; the same text gives the same bytes."""
    if compress == "zst":
        return cast("BinaryIO", zstandard.ZstdCompressor(level=_ZSTD_LEVEL).stream_writer(file, closefd=False))
    if compress == "gz":  # no name and no time in the header
        return cast("BinaryIO", gzip.GzipFile(filename="", fileobj=file, mode="wb", mtime=0))
    return cast("BinaryIO", _Open(file))


class _Open(io.BufferedIOBase):
    """A file written to as it is, which closing leaves open."""

    def __init__(self, file: BinaryIO) -> None:
        self.write = file.write  # type: ignore[method-assign]  # no layer between
