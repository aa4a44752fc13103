"""Where a run's rows go: files of an output folder, complete or not there at all, or a stream."""

import fcntl
import gzip
import io
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol, cast

import msgspec
import zstandard

from curate.config import Output
from curate.document import Document
from curate.errors import SurroundingsError, UsageError
from curate.formats.records import Made
from curate.run.rows import clean_row, ledger_row, page_row

_encode: Final = msgspec.json.Encoder().encode
_ZSTD_LEVEL: Final = 3
_KINDS: Final = ("clean", "ledger", "pages")
_SUFFIXES: Final = {"": "", "gz": ".gz", "zst": ".zst"}
RUN_FILE: Final = "run.json"
_LOCK: Final = ".curate.lock"
_OUTPUT: Final = re.compile(r"(?:clean|ledger|pages)-\d{5}\.jsonl(?:\.gz|\.zst)?|run\.json")


class Sink(Protocol):
    """Takes documents one by one."""

    def write(self, doc: Document) -> None:
        """Write everything that is to be said of a document."""
        ...


class StreamSink:
    """Clean documents, or their bare texts, to a binary stream."""

    def __init__(self, stream: BinaryIO, made: Made, *, text_only: bool) -> None:
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
    """clean, ledger and pages of one shard. See `folder_sink`."""

    def __init__(self, streams: dict[str, BinaryIO], made: Made, output: Output) -> None:
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

    def append(self, folder: Path) -> None:
        """Write the rows that `parts` left in a folder, and take them away."""
        for kind, stream in self._streams.items():
            with (folder / kind).open("rb") as part:
                shutil.copyfileobj(part, stream)
        shutil.rmtree(folder)


@contextmanager
def parts(folder: Path, made: Made, output: Output) -> Iterator[FolderSink]:
    """A sink for some of a run's rows, as plain files of a folder for `FolderSink.append`."""
    with ExitStack() as stack:
        folder.mkdir()
        yield FolderSink({kind: stack.enter_context((folder / kind).open("wb")) for kind in _KINDS}, made, output)


@contextmanager
def folder_sink(out: Path, made: Made, output: Output, summary: Callable[[], dict[str, Any]]) -> Iterator[FolderSink]:
    """A sink for an output folder, which is made if need be.

    Files get their names only when all of them are complete and on the disk, and then `summary` is written as
    run.json; a run that ends early leaves what stood there before. Raises UsageError before anything is read when the
    folder cannot be written, SurroundingsError when writing fails later.
    """
    names = {kind: f"{kind}-00000.jsonl{_SUFFIXES[output.compress]}" for kind in _KINDS}
    partial = {name: out / f".{name}.partial" for name in (*names.values(), RUN_FILE)}
    with ExitStack() as stack:
        try:
            out.mkdir(parents=True, exist_ok=True)
            stack.enter_context(_locked(out))
            for path in partial.values():
                stack.callback(path.unlink, missing_ok=True)
            files = {name: path.open("wb") for name, path in partial.items()}
        except OSError as problem:
            why = "it is a file" if out.is_file() else problem.strerror
            raise UsageError(f"cannot write to {str(out)!r}: {why}; name another folder with -o") from problem
        try:
            yield from _written(files, names, made, output, summary)
        except OSError as problem:
            said = problem.strerror or problem
            raise SurroundingsError(f"writing to {str(out)!r} failed: {said}; what stood there before is untouched") from problem
        try:
            for name, path in partial.items():  # run.json is the last: without it there is no run
                path.replace(out / name)
            for old in _outputs(out):
                if old.name not in partial:
                    old.unlink()
        except OSError as problem:
            raise SurroundingsError(f"naming the files in {str(out)!r} failed: {problem.strerror or problem}; run again") from problem


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Hold a folder for one run; the lock goes with the process, however that ends."""
    path = out / _LOCK
    with path.open("wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SurroundingsError(f"another run is writing to {str(out)!r}; wait for it, or name another folder with -o") from None
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _written(
    files: Mapping[str, BinaryIO], names: Mapping[str, str], made: Made, output: Output, summary: Callable[[], dict[str, Any]]
) -> Iterator[FolderSink]:
    """A sink that writes to open files; afterwards they are complete, on the disk and closed."""
    with ExitStack() as stack:
        for file in files.values():
            stack.enter_context(file)
        streams = {kind: _compressed(files[name], output.compress) for kind, name in names.items()}
        yield FolderSink(streams, made, output)
        for stream in streams.values():
            stream.close()
        files[RUN_FILE].write(msgspec.json.format(_encode(summary()), indent=2) + b"\n")
        for file in files.values():
            file.flush()
            os.fsync(file.fileno())


def _outputs(out: Path) -> list[Path]:
    """What an earlier run left in a folder, and nothing that anybody else put there."""
    return [path for path in out.iterdir() if path.is_file() and _OUTPUT.fullmatch(path.name)]


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
