"""A whole run: every page of some files, cleaned, into a folder or a stream."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from curate.config import Config
from curate.document import Document
from curate.errors import SurroundingsError, UsageError
from curate.formats.inputs import STDIN, File
from curate.formats.pages import Reading
from curate.pipeline import Pipeline
from curate.run.counts import Counts
from curate.run.processes import clean_in_processes
from curate.run.record import record
from curate.run.rows import made
from curate.run.shard import clean
from curate.run.writer import Sink, StreamSink, folder_sink

Advance = Callable[[str, int, int], None]  # told of progress: the file and offset come to, and documents since


@dataclass(slots=True)
class Run:
    """What is asked for, and what has come of it so far."""

    inputs: Sequence[str]  # as the user named them, for run.json
    files: Sequence[File]
    config: Config
    reading: Reading
    limit: int | None = None  # documents to read
    workers: int = 1
    pipeline: Pipeline = field(init=False)
    counts: Counts = field(default_factory=Counts)

    def __post_init__(self) -> None:
        self.pipeline = self.config.pipeline()
        if self.workers > 1 and self.limit is not None:
            raise UsageError("a limit goes with one worker: several cannot tell which documents come first")
        if self.workers > 1 and any(file.path == STDIN for file in self.files):
            raise UsageError("standard input goes with one worker: several cannot share it")

    def to_stream(self, stream: BinaryIO, advance: Advance, *, text_only: bool) -> None:
        """Write clean documents, or their bare texts, to a stream."""
        if self.workers > 1:
            raise UsageError("several workers need a folder to write to: they cannot share a stream")
        try:
            self._clean_into(StreamSink(stream, made(self.pipeline), text_only=text_only), advance)
            stream.flush()
        except BrokenPipeError:
            raise
        except OSError as problem:
            raise SurroundingsError(f"writing to standard output failed: {problem.strerror or problem}") from problem

    def to_folder(self, out: Path, advance: Advance) -> None:
        """Write clean, ledger, pages and run.json to a folder; see `folder_sink` for what can go wrong."""
        with folder_sink(out, made(self.pipeline), self.config.output, self._record) as sink:
            if self.workers == 1:
                self._clean_into(sink, advance)
                return
            for part in clean_in_processes(self.files, self.config, self.reading, self.workers, out):
                sink.append(part.folder)
                self.counts.merge(part.counts)
                self.pipeline.merge(part.steps)
                advance(part.last, 0, part.counts.documents)

    def _clean_into(self, sink: Sink, advance: Advance) -> None:
        document: Document
        for document in clean(self.files, self.reading, self.pipeline, self.limit):
            sink.write(document)
            self.counts.add(document)
            advance(document.source.path, document.source.record, 1)

    def _record(self) -> dict[str, Any]:
        return record(self.config, self.pipeline, self.inputs, self.counts)
