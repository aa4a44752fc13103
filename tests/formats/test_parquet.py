import datetime as dt
import gzip
import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.document import Document
from curate.errors import PageError
from curate.formats import pages as reading
from curate.formats.content import Content, Found
from curate.formats.inputs import File
from curate.formats.limits import Limits
from curate.formats.pages import Reading, pages
from curate.formats.parquet import divisible
from curate.formats.record import Fields

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

steady = settings(deadline=None, derandomize=True, max_examples=150)
FORMATS = ["parquet", "arrow", "arrow as a file"]


def as_parquet(table, rows: int = 1000, **options: object) -> bytes:
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=rows, **options)
    return file.getvalue()


def as_arrow(table, rows: int = 1000, writer: Callable = pa.ipc.new_stream, **options: object) -> bytes:
    file = io.BytesIO()
    with writer(file, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as writing:
        writing.write_table(table, max_chunksize=rows)
    return file.getvalue()


def written(table, format_: str, rows: int = 1000) -> bytes:
    return (
        as_parquet(table, rows)
        if format_ == "parquet"
        else as_arrow(table, rows, pa.ipc.new_file if "file" in format_ else pa.ipc.new_stream)
    )


def read(data: bytes, kind: str, fields: Fields | None = None, limits: Limits | None = None) -> list[Found]:
    stream = io.BufferedReader(io.BytesIO(data))
    settings = Reading(fields=fields or Fields(), limits=limits or Limits())
    return list(reading.contents(File("a", "a"), kind.split(maxsplit=1)[0], stream, settings, Counter()))


def meta(column: object) -> list[object]:
    """What `meta` has of a column; nothing is asked of the first row, which holds the page alone."""
    table = pa.table({"text": ["One"] * len(column), "value": column})
    found = {format_: [json.loads(one.content.meta)["value"] for one in read(written(table, format_), format_)] for format_ in FORMATS}
    assert found["parquet"] == found["arrow"] == found["arrow as a file"]
    return found["parquet"]


@pytest.mark.parametrize("format_", FORMATS)
def test_a_row_with_everything(format_: str):
    row = {"text": "One\nTwo", "url": "https://a.example/1", "id": 7, "title": "Late", "date": dt.date(2026, 1, 31), "site": "a.example"}
    [found] = read(written(pa.Table.from_pylist([row | {"score": 0.5}]), format_), format_)
    assert (found.offset, found.end) == (0, 1)
    assert found.content[:7] == ("One\nTwo", False, "https://a.example/1", "7", "Late", "2026-01-31", "a.example")
    assert json.loads(found.content.meta) == {"site": "a.example", "score": 0.5}


@pytest.mark.parametrize("format_", FORMATS)
def test_rows_are_numbered_through_all_row_groups_and_batches(format_: str):
    found = read(written(pa.table({"text": [f"Page {n}" for n in range(500)]}), format_, rows=150), format_)
    assert [(one.offset, one.content.page) for one in found] == [(n, f"Page {n}") for n in range(500)]


VALUES = {
    "text": (pa.array(["a", "", None]), ["a", "", None]),
    "whole numbers": (pa.array([2**64 - 1, None], pa.uint64()), [2**64 - 1, None]),
    "numbers that are none": (pa.array([float("nan"), float("-inf"), 0.5]), [None, None, 0.5]),
    "small numbers that are none": (pa.array([1.5, float("inf")], pa.float32()), [1.5, None]),
    "truths": (pa.array([True, None]), [True, None]),
    "nothing at all": (pa.nulls(2), [None, None]),
    "decimals keep their digits": (pa.array([Decimal("1.50"), None]), ["1.50", None]),
    "bytes that are text": (pa.array([b"caf\xc3\xa9", None]), ["café", None]),
    "bytes that are none": (pa.array([b"\xff\x00"]), ["/wA="]),
    "bytes of one length": (pa.array([b"abcd"], pa.binary(4)), ["abcd"]),
    "days": (pa.array([dt.date(2026, 1, 31), None]), ["2026-01-31", None]),
    "times": (pa.array([dt.datetime(2026, 1, 31, 1, 2, 3)], pa.timestamp("ms")), ["2026-01-31T01:02:03"]),  # noqa: DTZ001  # without a zone
    "billionths of a second": (pa.array([1], pa.timestamp("ns")), ["1970-01-01T00:00:00.000000001"]),
    "times of a zone are in UTC": (pa.array([1500], pa.timestamp("ms", "Europe/Oslo")), ["1970-01-01T00:00:01.500Z"]),
    "times of day": (pa.array([dt.time(1, 2, 3)], pa.time64("us")), ["01:02:03"]),
    "durations": (pa.array([1500, None], pa.duration("ms")), [1500, None]),
    "lists": (pa.array([["a", None], None, []]), [["a", None], None, []]),
    "lists of one length": (pa.array([[1, 2], None], pa.list_(pa.int64(), 2)), [[1, 2], None]),
    "lists of lists of days": (pa.array([[[dt.date(2026, 1, 31)], None]]), [[["2026-01-31"], None]]),
    "parts": (pa.array([{"a": 1, "b": {"c": b"\xff"}}, None]), [{"a": 1, "b": {"c": "/w=="}}, None]),
    "maps": (pa.array([[("a", 1), ("b", None)], None, []], pa.map_(pa.string(), pa.int64())), [{"a": 1, "b": None}, None, {}]),
    "maps with numbers for keys": (pa.array([[(1, "a")]], pa.map_(pa.int64(), pa.string())), [{"1": "a"}]),
    "categories": (pa.array(["a", "b", "a", None]).dictionary_encode(), ["a", "b", "a", None]),
}


@pytest.mark.parametrize(("column", "expected"), VALUES.values(), ids=VALUES)
def test_what_a_column_holds_becomes_json(column: object, expected: list[object]):
    assert meta(column) == expected


def test_times_that_no_calendar_has_are_no_failure():
    [value] = meta(pa.array([2**62], pa.timestamp("ms")))
    assert "4611686018427387904" in value


def test_values_are_the_same_in_any_part_of_a_column():
    """A batch is cut into slices, whose nested parts begin elsewhere."""
    rows = [{"text": "One", "list": [n] * (n % 3), "map": [(str(n), n)], "part": {"n": n}} for n in range(200)]
    table = pa.Table.from_pylist(
        rows,
        pa.schema(
            {
                "text": pa.string(),
                "list": pa.list_(pa.int64()),
                "map": pa.map_(pa.string(), pa.int64()),
                "part": pa.struct({"n": pa.int64()}),
            }
        ),
    )
    for format_ in FORMATS:
        found = [json.loads(one.content.meta) for one in read(written(table, format_), format_)]
        assert found == [{"list": row["list"], "map": dict(row["map"]), "part": row["part"]} for row in rows]


@pytest.mark.parametrize("format_", FORMATS)
def test_a_page_may_be_bytes(format_: str):
    [found] = read(written(pa.table({"html": [b'<meta charset="latin-1"><p>caf\xe9'], "url": [b"https://a.example/"]}), format_), format_)
    assert found.content == Content(b'<meta charset="latin-1"><p>caf\xe9', is_html=True, url="https://a.example/", meta="{}")


def test_what_parquet_calls_text_may_be_none():
    """Nobody checks that the strings of a Parquet file are UTF-8; in Arrow files it is checked."""
    broken = pa.array([b"caf\xe9", b"One"]).view(pa.string())
    first, second = read(as_parquet(pa.table({"text": broken, "note": broken})), "parquet")
    assert (first.content.page, json.loads(first.content.meta)) == (b"caf\xe9", {"note": "Y2Fm6Q=="})
    assert second.content.page == b"One"
    [lost] = read(as_arrow(pa.table({"text": broken})), "arrow")
    assert lost.content.reason == "broken Arrow"


ROWS = {
    "no page": ({"text": None, "html": None, "url": "a"}, "missing field"),
    "a page that is a number": ({"text": 1}, "field is no text"),
    "a page over the limit": ({"text": "x" * 1001}, "limit bytes"),
    "a page over the limit in bytes": ({"text": "é" * 501}, "limit bytes"),
    "a page that is over the limit with what comes with it": ({"text": "x" * 600, "note": "x" * 600}, "limit bytes"),
}


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize(("row", "reason"), ROWS.values(), ids=ROWS)
def test_rows_without_a_page_are_told(row: dict[str, object], reason: str, format_: str):
    found = read(written(pa.Table.from_pylist([row]), format_), format_, limits=Limits(bytes=1000))
    assert [one.content.reason for one in found] == [reason]


@pytest.mark.parametrize("format_", FORMATS)
def test_the_message_names_the_option_that_helps(format_: str):
    [found] = read(written(pa.table({"content": ["One"]}), format_), format_)
    assert found.content.detail == "neither 'text' nor 'html'; the record has 'content'; --text-field NAME says which one is the page"
    assert read(written(pa.table({"content": ["One"]}), format_), format_, Fields(text="content"))[0].content.page == "One"


def test_a_table_without_columns_has_no_pages():
    assert [one.content.reason for one in read(as_arrow(pa.table({"text": pa.array([], pa.string())})), "arrow")] == []
    assert read(as_parquet(pa.table({"text": pa.array([], pa.string())})), "parquet") == []


@pytest.fixture
def cut(tmp_path: Path):
    """The documents of a file that is read in ranges."""
    path = tmp_path / "a.parquet"

    def of(data: bytes, *cuts: int) -> list[Document]:
        path.write_bytes(data)
        ends = [0, *sorted(cuts), 1 << 62]
        ranges = [File(str(path), "a.parquet", start=start, end=end) for start, end in pairwise(ends)]
        return [document for part in ranges for document in pages(part, Reading())]

    of.path = path
    return of


GROUPS = as_parquet(pa.table({"text": [f"Page {n}" for n in range(100)], "url": [f"https://a.example/{n}" for n in range(100)]}), rows=7)


@steady
@given(st.lists(st.integers(0, len(GROUPS) + 10), max_size=8))
def test_ranges_have_every_row_once_and_in_order(tmp_path_factory: pytest.TempPathFactory, cuts: list[int]):
    path = tmp_path_factory.getbasetemp() / "ranges.parquet"
    path.write_bytes(GROUPS)
    ends = [0, *sorted(cuts), 1 << 62]
    parts = [File(str(path), "a.parquet", start=start, end=end) for start, end in pairwise(ends)]
    assert [document.source.record for part in parts for document in pages(part, Reading())] == list(range(100))


def test_a_range_reads_only_its_own_row_groups(cut):
    class Counted(io.FileIO):
        taken = 0

        def readinto(self, buffer: bytearray) -> int:
            size = super().readinto(buffer)
            self.taken += size
            return size

    text = [os.urandom(5000).hex() for _ in range(100)]
    cut.path.write_bytes(as_parquet(pa.table({"text": text}), rows=10))
    size = cut.path.stat().st_size
    with Counted(cut.path) as file:
        part = File("a", "a.parquet", start=size // 2, end=size // 2 + size // 10)
        with io.BufferedReader(file) as stream:
            found = list(reading.contents(part, "parquet", stream, Reading(), Counter()))
        assert len(found) == 10
        assert file.taken < size / 5


def test_only_sound_files_are_cut(tmp_path: Path):
    path = tmp_path / "a.parquet"
    sound = {GROUPS: True, GROUPS[:-5]: False, b"PAR1" + bytes(100): False, b"": False}
    for data, expected in sound.items():
        path.write_bytes(data)
        assert divisible(str(path)) == expected
    assert not divisible(str(tmp_path / "none.parquet"))


def test_a_broken_row_group_costs_its_own_rows_only(cut):
    data = bytearray(
        as_parquet(pa.table({"text": [f"Page {n}" for n in range(30)]}), rows=10, write_page_checksum=True, compression="none")
    )
    at = data.index(b"Page 15")
    data[at] ^= 1
    found = cut(bytes(data), at)
    assert [one.source.record for one in found] == [*range(11), *range(20, 30)]
    assert [one.reason.partition(":")[0] for one in found if one.outcome == "failed"] == ["broken Parquet"]
    assert "rows 10 to 19 are lost" in found[10].reason


NO_PARQUET = {"nothing": b"", "text": b"One\nTwo", "its end is missing": GROUPS[:-1], "its marks alone": b"PAR1PAR1"}


@pytest.mark.parametrize("data", NO_PARQUET.values(), ids=NO_PARQUET)
def test_what_is_no_parquet_is_told(cut, data: bytes):
    [document] = cut(data)
    assert document.reason.startswith("broken Parquet: ")
    assert document.source == ("a.parquet", 0, "", "utf-8")


def test_parquet_that_cannot_be_sought_in_is_told():
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(PageError, match="write it to a file first"):
        list(reading.contents(File("-", "-"), "parquet", io.BufferedReader(Pipe(GROUPS)), Reading(), Counter()))


ARROW = as_arrow(pa.table({"text": [f"Page {n}" for n in range(30)]}), rows=10)


def test_an_arrow_stream_that_is_cut_off_is_told_wherever_that_is():
    """Between two batches as well, where pyarrow takes the end of the file for the end of the stream."""
    silent = []
    for end in range(len(ARROW)):
        rows = []
        stream = io.BufferedReader(io.BytesIO(ARROW[:end]))
        try:
            rows += reading.contents(File("a", "a"), "arrow", stream, Reading(), Counter())
            silent.append(end)
        except PageError as problem:
            assert problem.reason == "broken Arrow"  # noqa: PT017  # what was read before counts too
        assert [(one.offset, one.content.page) for one in rows] == [(n, f"Page {n}") for n in range(len(rows))]
    assert silent == []


def test_a_compressed_arrow_stream_is_read_as_it_comes(tmp_path: Path):
    path = tmp_path / "a.arrow.gz"
    path.write_bytes(gzip.compress(ARROW))
    assert [document.text for document in pages(File(str(path), path.name), Reading())] == [f"Page {n}" for n in range(30)]


@pytest.mark.parametrize(
    ("data", "kind"),
    [(GROUPS, "parquet"), (ARROW, "arrow"), (as_arrow(pa.table({"text": ["One"]}), writer=pa.ipc.new_file), "arrow")],
    ids=["Parquet", "an Arrow stream", "an Arrow file"],
)
def test_the_first_bytes_tell_tables(tmp_path: Path, data: bytes, kind: str):
    path = tmp_path / "download"
    path.write_bytes(data)
    assert {document.format for document in pages(File(str(path), "download"), Reading())} == {kind}


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_a_parquet_file_that_is_compressed_is_told(compress: Callable[[bytes], bytes]):
    with pytest.raises(PageError, match="compressed as a whole"):
        read(compress(GROUPS), "parquet")


HOSTILE = {
    "parquet": [
        as_parquet(pa.table({"text": ["One page", "Two"] * 20, "list": [[1, None]] * 40}), rows=15, compression=how)
        for how in ("none", "zstd")
    ],
    "arrow": [
        as_arrow(pa.table({"text": ["One page", "Two"] * 20, "list": [[1, None]] * 40}), rows=15, compression=how) for how in (None, "zstd")
    ],
}


@pytest.mark.parametrize("kind", HOSTILE)
@steady
@given(st.data())
def test_bytes_that_are_changed_or_missing_never_stop_the_run(kind: str, data: st.DataObject):
    broken = bytearray(data.draw(st.sampled_from(HOSTILE[kind])))
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    broken = broken[: data.draw(st.sampled_from([len(broken)] * 3 + [data.draw(st.integers(0, len(broken)))]))]
    found = []
    try:
        for one in reading.contents(File("a", "a"), kind, io.BufferedReader(io.BytesIO(bytes(broken))), Reading(), Counter()):
            found.append(one)  # noqa: PERF402  # what came before the problem counts too
    except PageError as problem:
        assert problem.reason in {"broken Parquet", "broken Arrow"}  # noqa: PT017  # either that or none
    assert len({one.offset for one in found}) == len(found)


MEASURE = """
import resource, sys
from curate.formats.inputs import File
from curate.formats.pages import Reading, pages
import pyarrow.parquet
path = sys.argv[1]
next(iter(pages(File(path, path), Reading())))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
count = sum(1 for _ in pages(File(path, path), Reading()))
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("alike", [False, True], ids=["pages that differ", "pages that are alike and stand in the file once"])
def test_a_row_group_of_any_size_takes_little_memory(tmp_path: Path, alike: bool):  # noqa: FBT001  # a parameter of the test
    page = "One line of a page.\n" * 10_000  # 200 kB
    rows = [f"{0 if alike else n}\n{page}" for n in range(300)]
    path = tmp_path / "a.parquet"
    path.write_bytes(as_parquet(pa.table({"text": rows}), compression="none" if not alike else "zstd"))
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], check=True, capture_output=True, text=True)
    count, more = map(int, done.stdout.split())
    assert count == 300
    assert more * (1 if sys.platform == "darwin" else 1024) < 30_000_000  # half of what the pages take
