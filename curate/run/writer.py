"""Where a run's rows go: the files of a shard, or a stream."""

import gzip
import io
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO, Final, Protocol, cast

import msgspec
import zstandard

from curate.config import Output
from curate.document import Document
from curate.run.rows import Making, clean_row, ledger_row, page_row

_encode: Final = msgspec.json.Encoder().encode
_ZSTD_LEVEL: Final = 3
_KINDS: Final = ("clean", "ledger", "pages")
_SUFFIXES: Final = {"": "", "gz": ".gz", "zst": ".zst"}
RUN_FILE: Final = "run.json"


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

    def __init__(self, streams: dict[str, BinaryIO], made: Making, output: Output) -> None:
        self._streams, self._made = streams, made
        self._full, self._rows = output.ledger == "full", output.ledger != "counts"

    def write(self, doc: Document) -> None:
        """Write the rows of the document."""
        if doc.outcome == "kept":
            self._streams["clean"].write(_encode(clean_row(doc, self._made)) + b"\n")
        if self._rows:
            rows = [_encode(ledger_row(doc, applied, full=self._full)) + b"\n" for applied in doc.changes]
            self._streams["ledger"].write(b"".join(rows))
        self._streams["pages"].write(_encode(page_row(doc, full=self._full)) + b"\n")


def row_files(output: Output) -> dict[str, str]:
    """The names that `shard_sink` gives to its files, by kind."""
    return {kind: f"{kind}.jsonl{_SUFFIXES[output.compress]}" for kind in _KINDS}


@contextmanager
def shard_sink(folder: Path, made: Making, output: Output) -> Iterator[FolderSink]:
    """A sink for the rows of a shard, as files of a folder that is there. Having them on the disk is `stages.carry_out`'s."""
    with ExitStack() as stack:
        files = {kind: stack.enter_context((folder / name).open("wb")) for kind, name in row_files(output).items()}
        streams = {kind: _compressed(file, output.compress) for kind, file in files.items()}
        yield FolderSink(streams, made, output)
        for stream in streams.values():
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
