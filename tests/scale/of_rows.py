"""What a paragraph and a pair cost where it is decided across documents: CPU by kind of task, bytes on disk, memory of the driver.

The driver is the process that hands out the tasks: what it holds grows with the whole corpus, and ends where one machine does.
"""

import os
import subprocess
import sysconfig
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any, Final

import generate
import numpy as np
import rates
from generate import World
from scale import STEPS
from units_table import Unit
from watch import size

from curate.corpus.duplicate_documents import DuplicateDocuments
from curate.corpus.duplicate_paragraphs import DuplicateParagraphs
from curate.corpus.site_lines import SiteLines
from curate.duplicates.corpus import DOCUMENTS, Corpus, Drops, Left, Sketched
from curate.duplicates.documents import Documents
from curate.duplicates.rank import ranks
from curate.duplicates.sketch import Shingled
from curate.duplicates.table import read, write
from curate.places import Place, place
from curate.run.ending import Ending

_MEMORY: Final = 1 << 30
_OPENED: Final = 1000
_CHOSEN: Final = (250, 1000)  # documents of 20 paragraphs, each near nine others, or as they are


@dataclass
class _Told:
    """A map that notes what each kind of task took, what it left, and the most memory that was held between tasks."""

    seconds: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    peak: int = 0

    def map(self, function: Callable[[Any], Any], items: Sequence[Any]) -> Iterator[Any]:
        for item in items:
            self.look()
            began = process_time()
            answer = function(item)
            self.seconds[function.__name__] += process_time() - began
            self.left[function.__name__] += answer.entries if isinstance(answer, Left) else 0
            if function.__name__ == "candidates":
                self.left["candidates"] += len(read(answer)["pairs"])
            if tracemalloc.is_tracing():
                tracemalloc.reset_peak()
            yield answer

    def look(self) -> None:
        """Note what is held, the task's own apart."""
        if tracemalloc.is_tracing():
            self.peak = max(self.peak, tracemalloc.get_traced_memory()[1])


def settling(of: World, folder: Path) -> Iterator[Unit]:
    """Documents by the three corpus steps alone: what sketching leaves, and what each step takes to settle."""
    parts, seconds, documents = _cleaned(of, folder)
    rows = sum(len(part.documents["paragraph"]) for part in parts)
    yield Unit("text with the corpus steps alone, whole run", seconds / documents * 1e3, "ms of CPU a document")
    yield Unit("rows of a text document", rows / documents, "paragraphs")
    for name, table in (("documents", DOCUMENTS), ("shingles", Shingled().name), ("lines", "lines")):
        stored = sum((part.folder / f"{table}.table").stat().st_size for part in parts)
        yield Unit(f"table of {name}", stored / rows, "bytes a paragraph")
    stored = sum((part.folder / "documents.zst").stat().st_size for part in parts)
    yield Unit("documents put by", stored / rows, "bytes a paragraph")
    yield Unit("opening a table", _opening(parts[0]) * 1e6, "µs of CPU, each time that a task looks into a piece")
    for step in (SiteLines(), DuplicateDocuments(), DuplicateParagraphs()):
        yield from _settled(step, parts, rows, documents)
    yield from _driver(parts, rows, documents)


def _cleaned(of: World, folder: Path) -> tuple[list[Sketched], float, int]:
    """The pieces that cleaning leaves, and the CPU that it took, by the run's own word."""
    pages, config, out = folder / "pages.jsonl", folder / "steps.toml", folder / "settled"
    config.write_text(STEPS)
    generate.write(of, pages, folder / "planted.jsonl", of.documents)
    curate = Path(sysconfig.get_path("scripts")) / "curate"
    before = os.times()
    subprocess.run([curate, "clean", pages, "-o", out, "--config", config, "--workers", "1", "--quiet"], check=True)
    after = os.times()
    seconds = after.children_user + after.children_system - before.children_user - before.children_system
    parts = [Sketched(place(str(path.parent))) for path in sorted((out / ".curate").glob("clean/*/*/documents.table"))]
    return parts, seconds, of.documents


def _opening(part: Sketched) -> float:
    """Seconds of CPU."""
    began = process_time()
    for _ in range(_OPENED):
        part.table(Shingled().name)
    return (process_time() - began) / _OPENED


def _settled(step: Any, parts: Sequence[Sketched], rows: int, documents: int) -> Iterator[Unit]:
    name = {SiteLines: "site-lines", DuplicateDocuments: "duplicate-documents", DuplicateParagraphs: "duplicate-paragraphs"}[type(step)]
    _forget(parts)
    before = _read_from_disk()
    told, drops, seconds, scratch = _run(step, parts)
    yield Unit(f"{name}, sketches read", (_read_from_disk() - before) / rows, "bytes a paragraph, from a disk that was not cached")
    yield Unit(f"{name}, written meanwhile", scratch / rows, "bytes a paragraph")
    for task, taken in told.seconds.items():
        yield Unit(f"{name}, tasks {task.strip('_')}", taken / rows * 1e6, "µs of CPU a paragraph")
    yield Unit(f"{name}, driver", (seconds - told.seconds.total()) / rows * 1e6, "µs of CPU a paragraph")
    yield Unit(f"{name}, drops", len(drops.rows) / rows, "a paragraph")
    if told.left["candidates"]:
        yield Unit(f"{name}, pairs compared", told.left["candidates"] / rows, "a paragraph")
        yield Unit(f"{name}, pairs near", told.left["verify"] / rows, "a paragraph")
        yield Unit(f"{name}, exact copies", told.left["copies"] / rows, "a paragraph")
        yield Unit(f"{name}, tasks verify, a pair", told.seconds["verify"] / told.left["candidates"] * 1e6, "µs of CPU a pair")
        yield Unit(f"{name}, written for a pair", scratch / told.left["candidates"], "bytes a pair compared")
    tracemalloc.start()
    told, *_ = _run(step, parts)
    tracemalloc.stop()
    yield Unit(f"{name}, memory of the driver", told.peak / documents, "bytes a document")


def _run(step: Any, parts: Sequence[Sketched]) -> tuple[_Told, Drops, float, int]:
    """A step settled in this process; how many seconds of CPU that took, and the bytes in its folder at the end."""
    told = _Told()
    alive = tuple(np.ones(len(part.documents["paragraph"]), dtype=np.bool_) for part in parts)
    with TemporaryDirectory() as folder:
        began = process_time()
        drops = step.settle(Corpus(tuple(parts), alive, _MEMORY, told.map, place(folder)))
        told.look()
        return told, drops, process_time() - began, size(Path(folder))


def _driver(parts: Sequence[Sketched], rows: int, documents: int) -> Iterator[Unit]:
    """What the driver holds all the while, and for the order of documents."""
    with TemporaryDirectory() as folder:
        held, ending = _traced(lambda: Ending(parts, [], Path(folder)))
        assert ending.alive
    yield Unit("driver, what is alive and what it went for", held[0] / rows, "bytes a paragraph")
    yield Unit("driver, order of documents with dates", _traced(lambda: ranks(parts))[0][1] / documents, "bytes a document")
    with TemporaryDirectory() as folder:
        undated = [_undated(part, place(folder) / str(number)) for number, part in enumerate(parts)]
        yield Unit("driver, order of documents without dates", _traced(lambda: ranks(undated))[0][1] / documents, "bytes a document")


def _undated(part: Sketched, to: Place) -> Sketched:
    to.mkdir()
    table = dict(part.documents)
    table["date"] = np.full_like(table["date"], np.iinfo(np.int64).max)
    write(to / f"{DOCUMENTS}.table", table)
    return Sketched(to)


def _traced(work: Callable[[], Any]) -> tuple[tuple[int, int], Any]:
    """Bytes that are held when something is done, and the most that were meanwhile."""
    tracemalloc.start()
    answer = work()
    held = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held, answer


def choosing() -> Iterator[Unit]:
    """What choosing takes where nearly all is near something, or a copy: from one size to a larger one, a pair or a copy."""
    for left, what, changed in (("verify", "a pair that is near", True), ("copies", "an exact copy", False)):
        small, large = (_chosen(documents, left, changed=changed) for documents in _CHOSEN)
        entries, memory, seconds = (one - other for one, other in zip(large, small, strict=True))
        yield Unit(f"driver, memory for {what}", memory / entries, "bytes")
        yield Unit(f"driver, CPU for {what}", seconds / entries * 1e6, "µs of CPU")


def _chosen(documents: int, left: str, *, changed: bool) -> tuple[int, int, float]:
    """Entries that tasks of a kind have left, bytes, seconds of the driver."""
    texts = list(rates.near_texts(documents, changed=changed))
    with TemporaryDirectory() as folder:
        part = Sketched(place(folder))
        docs, sketch = Documents(), Shingled().begin()
        for document in rates.fresh(texts):
            docs.add(document)
            sketch.add(document)
        write(part.folder / f"{DOCUMENTS}.table", docs.table())
        write(part.folder / f"{Shingled().name}.table", sketch.table())
        timed, _, seconds, _ = _run(DuplicateParagraphs(), [part])
        tracemalloc.start()
        told, *_ = _run(DuplicateParagraphs(), [part])
        tracemalloc.stop()
    return timed.left[left], told.peak, seconds - timed.seconds.total()


def _forget(parts: Sequence[Sketched]) -> None:
    """Have the system forget what it holds of the tables, so that reading them is reading from the disk."""
    os.sync()
    for path in (path for part in parts for path in part.folder.glob("*.table")):
        number = os.open(path, os.O_RDONLY)
        os.posix_fadvise(number, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(number)


def _read_from_disk() -> int:
    """Bytes that this process has had read from disks."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("read_bytes")).split()[1])
