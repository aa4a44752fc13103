"""What several tests share: the command line as a function, and the rows that a run wrote."""

import gzip
import io
import json
import sys
import sysconfig
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from unittest import mock

import numpy as np
import pytest
import zstandard
from pyarrow import parquet

from curate.cli.main import main
from curate.duplicates.corpus import Corpus, Sketched
from curate.duplicates.documents import Documents
from curate.duplicates.table import write


def pytest_addoption(parser):
    parser.addoption("--golden", action="store_true", help="rewrite the expected results in samples/golden instead of comparing with them")


class Ran(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


def unpacked(path):
    """The bytes of a file, whatever it is compressed with."""
    data = path.read_bytes()
    if path.suffix == ".gz":
        return gzip.decompress(data)
    return zstandard.ZstdDecompressor().decompressobj().decompress(data) if path.suffix == ".zst" else data


class CommandLine:
    """The command line without a process of its own: `curate("clean", folder, "-o", out)`."""

    def __call__(self, *arguments, stdin=b""):
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
        given = io.TextIOWrapper(io.BufferedReader(io.BytesIO(stdin)), encoding="utf-8")
        argv = ["curate", *map(str, arguments)]
        with redirect_stdout(out), redirect_stderr(err), mock.patch.multiple(sys, argv=argv, stdin=given), pytest.raises(SystemExit) as end:
            main()
        return Ran(end.value.code, *(stream.buffer.getvalue().decode("utf-8") for stream in (out, err)))

    @staticmethod
    def rows(out, kind="clean"):
        """The rows of one kind that a run wrote, shard by shard, as JSON lines say them, whatever they were written as."""
        tables = [parquet.read_table(path).to_pylist() for path in sorted(Path(out).glob(f"{kind}-*.parquet"))]
        if tables:
            free = ("tags", "measures")  # without a fixed type, they are JSON
            return [{name: json.loads(value) if name in free else value for name, value in row.items()} for rows in tables for row in rows]
        data = b"".join(map(unpacked, sorted(Path(out).glob(f"{kind}-*.jsonl*"))))
        return [json.loads(line) for line in data.splitlines()]


@pytest.fixture(scope="session")
def curate():
    """The command line as a function, with `rows` to read what it wrote."""
    return CommandLine()


@pytest.fixture(scope="session")
def script():
    """The installed script, for what only a process of its own can show."""
    return Path(sysconfig.get_path("scripts")) / "curate"


@pytest.fixture(scope="session")
def story():
    """A text page of so many lines, which no step has reason to touch."""
    lines = (
        "The ferry at Oxney was painted twice in one summer, and nobody on either bank could say why it had to be done again.",
        "Its keeper, Maud Tallis, keeps a tin of each colour in the shed and opens neither of them before the swallows have gone.",
        "On Monday the parish asked for estimates for a third coat, and the only painter within nine miles sent them a poem.",
        "Passengers have been told to sit still until it dries, which by the clerk’s reckoning will be the second week of October.",
        "The bell on the far landing was lent to a school in Wick Hollow and came back with a crack that everyone admires.",
        "A heron has been standing on the lower chain since Easter, and is now counted among the crew for purposes of insurance.",
    )

    def written(count=3, first=0):
        return "\n".join(lines[number % len(lines)] for number in range(first, first + count)) + "\n"

    return written


class Gone(NamedTuple):
    """A row that a corpus step takes out, or only names."""

    rule: str
    measure: float
    limit: float
    of: tuple[str, int] | None  # the document and the paragraph that it repeats


class Settled(NamedTuple):
    """What a corpus step has decided about some documents."""

    gone: dict[tuple[str, int], Gone]  # by document and paragraph
    reports: bool
    whole: bool
    kept: dict[str, bytes]  # the files that it left, by name


def settle(step, documents, *, shards=1, memory=1 << 30, dead=frozenset(), backwards=False):
    """Settle a corpus step on documents dealt out to some shards; `dead` are the rows, (document, paragraph), that went before."""
    with TemporaryDirectory() as folder:
        parts, rows = [], []
        for number in range(shards):
            part = Path(folder) / f"{number:05}"
            part.mkdir()
            own, sketch = Documents(), step.sketcher.begin()
            for doc in documents[number::shards]:
                own.add(doc)
                sketch.add(doc)
            rows.append([(doc.doc, paragraph) for doc in documents[number::shards] for paragraph in doc.kept])
            write(part / "documents.table", own.table())
            write(part / f"{step.sketcher.name}.table", sketch.table())
            parts.append(Sketched(part))
        living = tuple(np.array([row not in dead for row in some], dtype=np.bool_) for some in rows)
        work = Path(folder) / "work"
        work.mkdir()
        drops = step.settle(Corpus(tuple(parts), living, memory, _backwards if backwards else map, work))
        names = [row for some in rows for row in some]
        gone = {}
        for row, rule, measure, limit, of in zip(
            *(getattr(drops, name).tolist() for name in ("rows", "rules", "measures", "limits", "of")), strict=True
        ):
            gone[names[row]] = Gone(drops.names[rule], measure, limit, names[of] if of >= 0 else None)
        assert drops.rows.tolist() == sorted(set(drops.rows.tolist())), "rows are in order, each once"
        return Settled(gone, drops.reports, drops.whole, {path.name: path.read_bytes() for path in work.iterdir()})


def _backwards(function, items):
    """A map that carries the last item out first."""
    return reversed([function(item) for item in reversed(items)])


@pytest.fixture(scope="session")
def settled():
    """A corpus step on its own, as a function; see `settle`."""
    return settle
