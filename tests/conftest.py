"""What several tests share: the command line as a function, and the rows that a run wrote."""

import gzip
import io
import json
import sys
import sysconfig
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import pytest
import zstandard

from curate.cli.main import main


def pytest_addoption(parser):
    parser.addoption("--golden", action="store_true", help="rewrite the expected results in samples/golden instead of comparing with them")


class Ran(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


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
        """The rows of one kind that a run wrote, whatever they are compressed with, read with nothing but the standard json."""
        [path] = Path(out).glob(f"{kind}-*.jsonl*")
        data = path.read_bytes()
        if path.suffix == ".gz":
            data = gzip.decompress(data)
        elif path.suffix == ".zst":
            data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
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
