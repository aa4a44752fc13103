"""A shard is left in pieces between cleaning and settling; how large these are can be told by nothing that is written."""

import subprocess
import sys
from collections import Counter

import pytest

from curate.duplicates import documents
from curate.places import place
from curate.run.stages import entry

# One shard of eight files and one of JSON lines, so that a shard has many pages.
CONFIG = 'extends = "corpus"\n[input]\nshard_bytes = 6000\n[[step]]\nname = "language"\noff = true\n'
SIZES = {"_ROWS": 3, "_CHARACTERS": 500}

# Cleans with small pieces, and kills itself when a function of a module is called for the n-th time.
KILLED = """
import importlib, os, signal, sys
from curate.cli.main import main
from curate.duplicates import documents
from curate.places import place
from curate.run.stages import entry

module, name, times, *sys.argv[1:] = sys.argv[1:]
module, left = importlib.import_module(module), int(times)
whole = getattr(module, name)

def fatal(*given, **named):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
    return whole(*given, **named)

documents._ROWS = 3
setattr(module, name, fatal)
main()
"""
MOMENTS = {
    "while a second piece is written": ("curate.run.shard", "_put_piece", 3),
    "when a shard has been cleaned": ("curate.run.shard", "Done", 2),
    "while steps settle": ("curate.run.settle", "_keep", 2),
    "between two tables of drops": ("curate.run.settle", "table_of", 4),
    "between two pieces that are finished": ("curate.run.shard", "_finished", 3),
}


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "curate.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture(scope="module")
def clean(curate, config):
    """Clean in this process."""
    return lambda pages, out, *options: curate("clean", pages, "-o", out, "--config", config, "--workers", 1, *options)


@pytest.fixture(scope="module")
def whole(tmp_path_factory, clean, crawl):
    """What is made of the crawl where each shard is one piece."""
    out = tmp_path_factory.mktemp("whole") / "out"
    assert clean(crawl, out).code == 1
    assert piece_counts(out) == [1] * len(piece_counts(out))
    return out


@pytest.fixture
def small(monkeypatch):
    """Small pieces."""
    monkeypatch.setattr(documents, "_ROWS", 3)


def piece_counts(out):
    """How many pieces each shard was left in."""
    return sorted(Counter(path.parent.parent for path in (out / ".curate" / "clean").glob("*/*/documents.zst")).values())


@pytest.mark.parametrize("limit", SIZES)
def test_small_pieces_give_the_bytes_of_large_ones(clean, crawl, whole, tmp_path, written, counted, monkeypatch, limit):  # noqa: PLR0917  # fixtures
    monkeypatch.setattr(documents, limit, SIZES[limit])
    clean(crawl, tmp_path / "out")
    assert piece_counts(tmp_path / "out")[1:] > [1], "most shards are in several"
    assert len(written(whole)["ledger-00000.jsonl"]) > 0
    assert written(tmp_path / "out") == written(whole)
    assert counted(tmp_path / "out") == counted(whole)


@pytest.mark.usefixtures("small")
def test_a_stream_and_what_is_explained_are_the_same(curate, config, crawl, whole, monkeypatch):
    streamed = curate("clean", crawl, "-o", "-", "--config", config, "--workers", 1).out
    told = curate("explain", crawl, "--config", config).out
    monkeypatch.undo()
    assert streamed == curate("clean", crawl, "-o", "-", "--config", config, "--workers", 1).out
    assert told == curate("explain", crawl, "--config", config).out
    assert len(streamed.splitlines()) == len(curate.rows(whole))


def test_an_index_holds_the_same_and_later_runs_write_the_same(clean, crawl, write_pages, tmp_path, written, monkeypatch):  # noqa: PLR0917  # fixtures
    later = write_pages(tmp_path / "later")
    for name in ("large", "small"):
        clean(crawl, tmp_path / name / "out", "--index", tmp_path / name / "index")
        clean(later, tmp_path / name / "again", "--index", tmp_path / name / "index")
        monkeypatch.setattr(documents, "_ROWS", 3)
    large, small = ([segment(tmp_path / name / "index", number) for number in (0, 1)] for name in ("large", "small"))
    assert large == small
    assert len(large[0]) == 2
    assert all(written(tmp_path / "small" / run) == written(tmp_path / "large" / run) for run in ("out", "again"))


def segment(index, number):
    """The tables of a segment of an index."""
    [folder] = (index / "segments").glob(f"{number:05}-*")
    return {path.name: path.read_bytes() for path in folder.glob("*.table")}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_run_killed_goes_on_to_the_same_bytes(clean, config, crawl, whole, tmp_path, written, counted, small, moment):  # noqa: ARG001, PLR0917  # fixtures
    out = tmp_path / "out"
    command = [sys.executable, "-c", KILLED, *map(str, MOMENTS[moment])]
    killed = subprocess.run([*command, "clean", crawl, "-o", out, "--config", config, "--workers", "1"], capture_output=True, check=False)
    assert killed.returncode == -9, killed.stderr
    assert written(out) == {}
    assert clean(crawl, out).code == 1
    assert piece_counts(out)[-1] > 1
    assert written(out) == written(whole)
    assert counted(out) == counted(whole)


@pytest.mark.parametrize("preset", ["page", "corpus"])
def test_what_a_shard_has_besides_pages_stands_in_its_entry(curate, tmp_path, preset):
    request = b"GET / HTTP/1.1\r\nHost: oxneylantern.example\r\n\r\n"
    head = b"WARC/1.1\r\nWARC-Type: request\r\nWARC-Record-ID: <urn:uuid:1>\r\nWARC-Date: 2026-01-31T12:00:00Z\r\n"
    record = head + b"WARC-Target-URI: https://oxneylantern.example/\r\nContent-Type: application/http; msgtype=request\r\n"
    (tmp_path / "crawl.warc").write_bytes(record + f"Content-Length: {len(request)}\r\n\r\n".encode() + request + b"\r\n\r\n")
    assert curate("clean", tmp_path / "crawl.warc", "-o", tmp_path / "out", "--config", preset, "--workers", 1).code == 0
    [folder] = (tmp_path / "out" / ".curate" / "clean").iterdir()
    assert entry(place(str(folder))).done.aside == {"request": 1}
