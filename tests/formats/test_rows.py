"""The rows of a run are read from wherever it lies and whatever they were written as."""

import gzip
from uuid import uuid4

import msgspec
import pytest
import zstandard

from curate.errors import UsageError
from curate.formats import columns
from curate.formats.records import LedgerRow, OfRow, PageRow, SourceRow
from curate.formats.rows import files_of, rows, rows_of
from curate.places import place

SOURCE = SourceRow("a.txt", 0, "", "utf-8")


def page(number: int) -> PageRow:
    return PageRow(str(number), "", "", SOURCE, "text", False, "kept", "", 1, 2, [], "", {"lang": "en"}, {"min-chars": [number / 3]})


PAGES = [page(number) for number in range(6)]


def lines(some):
    return b"".join(msgspec.json.encode(row) + b"\n" for row in some)


def as_parquet(path, some):
    with path.open("wb") as file, columns.writing(file, PageRow, "zstd", 3) as put:
        put(some)


WAYS = {
    ".jsonl": lambda path, some: path.write_bytes(lines(some)),
    ".jsonl.gz": lambda path, some: path.write_bytes(gzip.compress(lines(some))),
    ".jsonl.zst": lambda path, some: path.write_bytes(zstandard.compress(lines(some))),
    ".parquet": as_parquet,
}


@pytest.fixture(params=["disk", "store"])
def out(request, tmp_path):
    """A folder on the disk, and one in a store."""
    return place(str(tmp_path) if request.param == "disk" else f"memory://{uuid4().hex}/out")


@pytest.fixture(params=WAYS)
def run(request, out):
    """The pages of three shards, with other files beside them."""
    for number, some in ((10, PAGES[4:]), (2, PAGES[2:4]), (0, PAGES[:2])):
        WAYS[request.param](out / f"pages-{number:05}{request.param}", some)
    for name in ("pages-mine.jsonl", "pages-00000.jsonl.bak", "pages-1.parquet", "clean-00000.jsonl", ".pages-00003.jsonl.partial"):
        (out / name).write_bytes(b"{}\n")
    return out


def test_rows_come_by_the_numbers_of_their_shards(run):
    assert list(rows_of(run, "pages", PageRow)) == PAGES


def test_only_files_that_a_run_writes_are_read(run):
    assert [path.name.split(".")[0] for path in files_of(run, "pages")] == ["pages-00000", "pages-00002", "pages-00010"]


class Named(msgspec.Struct):
    """Some fields of a page."""

    doc: str
    measures: dict[str, list[float]]


def test_some_fields_can_be_asked_for(run):
    assert list(rows_of(run, "pages", Named)) == [Named(row.doc, row.measures) for row in PAGES]


def test_a_folder_without_rows_has_none(out):
    assert list(rows_of(out, "ledger", LedgerRow)) == []


@pytest.mark.parametrize("name", ["ledger-00000.jsonl", "ledger-00000.jsonl.zst", "ledger-00000.parquet"])
def test_a_file_that_is_not_there_is_named(out, name):
    with pytest.raises(UsageError, match=f"{name} is damaged or missing .*: the run is not complete"):
        list(rows(out / name, LedgerRow))


@pytest.mark.parametrize("data", [b"", b"PAR1", b"{}", b"\xff\n", b"PAR1" + bytes(100) + b"PAR1"], ids=ascii)
@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_a_damaged_file_is_named(out, suffix, data):
    if (suffix, data) == (".jsonl", b""):
        pytest.skip("no lines are no rows")
    path = out / f"ledger-00000{suffix}"
    path.write_bytes(data)
    with pytest.raises(UsageError, match=r"ledger-00000.* is damaged or missing"):
        list(rows(path, LedgerRow))


def test_rows_of_another_kind_are_damage(out):
    row = LedgerRow("d", 0, 0, 1, "a", "", "min-chars", "", 1.0, 2.0, OfRow("", 0))
    with (out / "pages-00000.parquet").open("wb") as file, columns.writing(file, LedgerRow, "zstd", 3) as put:
        put([row])
    with pytest.raises(UsageError, match="Object missing required field"):
        list(rows_of(out, "pages", PageRow))
