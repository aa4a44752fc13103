import gzip
import io
import json
import struct
import tracemalloc
import warnings
import zipfile
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.errors import PageError
from curate.formats import pages as reading
from curate.formats.archive import divisible
from curate.formats.content import Found
from curate.formats.inputs import END, File
from curate.formats.limits import Limits
from curate.formats.pages import Reading, pages

steady = settings(deadline=None, derandomize=True, max_examples=200)


def packed(*files: tuple[str, bytes | str], method: int = zipfile.ZIP_DEFLATED, remark: bytes = b"", streamed: bool = False) -> bytes:
    """An archive; `streamed` as programs write it that cannot go back, with lengths behind the bytes."""

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return not streamed

        def tell(self) -> int:
            if streamed:
                raise OSError
            return super().tell()

    file = Pipe()
    with warnings.catch_warnings(), zipfile.ZipFile(file, "w", method) as archive:
        warnings.simplefilter("ignore")  # names that come twice
        for name, data in files:
            archive.writestr(name, data)
        archive.comment = remark
    return file.getvalue()


def read(data: bytes, aside: Counter[str] | None = None, start: int = 0, end: int = END, limit: int = 10_000) -> list[Found]:
    stream = io.BufferedReader(io.BytesIO(data))
    part = File("pages.zip", "pages.zip", start=start, end=end)
    return list(reading.contents(part, "zip", stream, Reading(limits=Limits(bytes=limit)), Counter() if aside is None else aside))


def names(data: bytes) -> list[str]:
    return [one.name for one in read(data)]


def test_every_file_is_read_by_its_suffix():
    files = [
        ("x/a.html", "<p>One"),
        ("b.txt", b"Two"),
        ("c.jsonl", b'{"text": "Three"}\n{"text": "Four"}\n'),
        ("d.csv", b"text,url\nFive,u\n"),
        ("e.txt.gz", gzip.compress(b"Six")),
        ("F.HTM", "<p>Seven"),
    ]
    found = read(packed(*files))
    assert [(one.name, one.format, one.offset, one.content.page) for one in found] == [
        ("x/a.html", "html", 0, b"<p>One"),
        ("b.txt", "text", 0, b"Two"),
        ("c.jsonl", "jsonl", 0, "Three"),
        ("c.jsonl", "jsonl", 18, "Four"),
        ("d.csv", "csv", 0, "Five"),
        ("e.txt.gz", "text", 0, b"Six"),
        ("F.HTM", "html", 0, b"<p>Seven"),
    ]
    assert found[0].content.id == "pages.zip/x/a.html"
    assert found[0].content.is_html


def test_what_is_no_page_is_counted():
    others = ["i.png", "__MACOSX/x/._a.html", ".hidden.html", "x/.DS_Store", "a.exe", "b.who-knows", "README", "t.parquet", "u.png"]
    aside: Counter[str] = Counter()
    assert read(packed(("x/", ""), *((name, "x") for name in others)), aside) == []
    assert aside == {"file .png": 2, "hidden file": 3, "file of another kind": 3, "file .parquet": 1}


def test_documents_say_where_they_stand(tmp_path: Path):
    path = tmp_path / "pages.zip"
    path.write_bytes(packed(("www.a.example/x/a.html", "<p>One"), ("b.html", "")))
    first, second = pages(File(str(path), "in/pages.zip"), Reading(site_from="path"))
    assert (first.source.path, first.source.record, first.site, first.format) == (
        "in/pages.zip/www.a.example/x/a.html",
        0,
        "www.a.example",
        "html",
    )
    assert (second.text, second.site) == ("", "")


def test_a_page_can_be_read_again(tmp_path: Path):
    path = tmp_path / "pages.zip"
    path.write_bytes(packed(("x/a.html", "<p>One"), ("b.jsonl", b'{"text": "Two"}\n{"text": "Three"}')))
    file = File(str(path), "pages.zip")
    for document in pages(file, Reading()):
        content = reading.read_again({"pages.zip": file}, document.source, Reading())
        assert document.text in str(content.page)


WAYS = {
    "stored": {"method": zipfile.ZIP_STORED},
    "deflated": {},
    "with lengths behind the bytes": {"streamed": True},
    "stored with lengths behind the bytes": {"streamed": True, "method": zipfile.ZIP_STORED},
    "with a remark": {"remark": b"made by hand"},
    "with a remark that looks like an end": {"remark": b"PK\5\6" + bytes(30)},
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("before", [b"", b"#!/bin/unpack\n"], ids=["", "behind a program that unpacks it"])
def test_ways_to_write_an_archive(way: dict[str, object], before: bytes):
    files = [(f"{n}.txt", str(n).encode() * 100) for n in range(5)]
    assert [(one.name, one.content.page) for one in read(before + packed(*files, **way))] == files


def test_an_archive_of_more_files_than_its_usual_end_can_count():
    data = packed(*((f"{n}.txt", "") for n in range(65_540)), method=zipfile.ZIP_STORED)
    assert b"PK\6\6" in data
    assert names(data) == [f"{n}.txt" for n in range(65_540)]


def test_numbers_that_need_eight_bytes_are_taken_from_where_they_stand():
    data = bytearray(packed(("a.txt", b"One"), ("b.txt", b"Two")))
    at = data.rindex(b"PK\1\2")
    entry = bytearray(data[at : data.rindex(b"PK\5\6")])
    packed_size, size, offset = *struct.unpack_from("<2L", entry, 20), struct.unpack_from("<L", entry, 42)[0]
    extra = struct.pack("<2H1H", 0x7777, 2, 0) + struct.pack("<2H3Q", 1, 24, size, packed_size, offset)
    struct.pack_into("<2L", entry, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", entry, 30, len(extra))
    struct.pack_into("<L", entry, 42, 0xFFFFFFFF)
    end = bytearray(data[data.rindex(b"PK\5\6") :])
    struct.pack_into("<L", end, 12, struct.unpack_from("<L", end, 12)[0] + len(extra))
    found = read(bytes(data[:at] + entry + extra + end))
    assert [(one.name, one.content.page) for one in found] == [("a.txt", b"One"), ("b.txt", b"Two")]


NAMES = {
    "up and out": ("../../etc/a.txt", "__/__/etc/a.txt"),
    "from the root": ("/etc//./a.txt", "etc/a.txt"),
    "of Windows": ("x\\y\\a.txt", "x/y/a.txt"),
    "of Windows, up and out": ("..\\a.txt", "__/a.txt"),
    "Latin beyond ASCII": ("café.txt", "café.txt"),
    "with a line break": ("a\nb.txt", "a\nb.txt"),
}


@pytest.mark.parametrize(("name", "expected"), NAMES.values(), ids=NAMES)
def test_names_lead_nowhere_else(name: str, expected: str):
    assert names(packed((name, "One"))) == [expected]


RAW_NAMES = {
    "UTF-8 without the flag for it": (b"caf\xc3\xa9.txt", "café.txt"),
    "of DOS": (b"caf\x82_.txt", "café_.txt"),
    "with a NUL": (b"a.txt\0.tx", "a.txt"),
}


@pytest.mark.parametrize(("name", "expected"), RAW_NAMES.values(), ids=RAW_NAMES)
def test_names_of_other_bytes(name: bytes, expected: str):
    stand_in = "x" * (len(name) - 4) + ".txt"
    assert names(packed((stand_in, "One")).replace(stand_in.encode(), name)) == [expected]


def test_of_files_with_one_name_the_last_counts():
    data = packed(("a.txt", b"One"), ("b.txt", b"Two"), ("./a.txt", b"Three"))
    aside: Counter[str] = Counter()
    assert [(one.name, one.content.page) for one in read(data, aside)] == [("b.txt", b"Two"), ("a.txt", b"Three")]
    assert aside == {"file that another of its name replaces": 1}


def flagged(data: bytes, name: str, **fields: int) -> bytes:
    """An archive with other numbers in the directory's entry of a file."""
    places = {"flags": ("<H", 8), "method": ("<H", 10), "checksum": ("<L", 16), "size": ("<L", 24), "offset": ("<L", 42)}
    changed = bytearray(data)
    at = changed.rindex(b"PK\1\2", 0, changed.rindex(name.encode()))
    for field, value in fields.items():
        struct.pack_into(places[field][0], changed, at + places[field][1], value)
    return bytes(changed)


THREE = packed(("a.txt", b"One" * 50), ("b.txt", b"Two" * 50), ("c.txt", b"Three" * 50))
BROKEN = {
    "encrypted": (flagged(THREE, "b.txt", flags=1), "encrypted"),
    "compressed in another way": (flagged(THREE, "b.txt", method=12), "unknown compression: method 12"),
    "another checksum": (flagged(THREE, "b.txt", checksum=1), "broken file in a zip: its 150 bytes are not the 150 that were packed"),
    "another size": (flagged(THREE, "b.txt", size=151), "broken file in a zip: its 150 bytes are not the 151 that were packed"),
    "not where it should be": (flagged(THREE, "b.txt", offset=60), "broken file in a zip: it does not begin at 60"),
    "behind the end": (flagged(THREE, "b.txt", offset=60_000), "broken file in a zip: it does not begin at 60,000"),
    "its bytes are others": (THREE.replace(b"\x0b\x29\xcf", b"\xff\xff\xff"), "broken file in a zip: "),
}


@pytest.mark.parametrize(("data", "said"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_fails_and_the_others_are_read(data: bytes, said: str):
    assert data != THREE
    found = {one.name: one.content for one in read(data)}
    assert found["a.txt"].page == b"One" * 50
    assert str(found["b.txt"]).startswith(said)
    assert found["c.txt"].page == b"Three" * 50


def test_a_broken_file_of_records_keeps_those_before():
    [one, broken] = read(flagged(packed(("a.jsonl", b'{"text": "One"}\n')), "a.jsonl", checksum=1))
    assert one.content.page == "One"
    assert (broken.offset, broken.content.reason, broken.format) == (16, "broken file in a zip", "jsonl")


def test_a_file_that_is_compressed_in_an_archive_may_be_broken():
    broken, one = read(packed(("a.jsonl.gz", gzip.compress(b'{"text": "One"}\n')[:-4]), ("b.txt", b"Two")))
    assert (broken.content.reason, one.content.page) == ("broken compression", b"Two")


def test_a_file_that_begins_nowhere_fails_wherever_it_is_said_to_begin():
    """In whichever range its archive is cut, it would be in none."""
    data = bytearray(flagged(THREE, "b.txt", offset=0xFFFFFFFF))
    at = data.rindex(b"PK\1\2", 0, data.rindex(b"b.txt"))
    wide = struct.pack("<2HQ", 1, 8, 1 << 63)
    struct.pack_into("<H", data, at + 30, len(wide))
    data[at + 51 : at + 51] = wide
    length = data.rindex(b"PK\5\6") + 12
    struct.pack_into("<L", data, length, struct.unpack_from("<L", data, length)[0] + len(wide))
    assert {one.name: isinstance(one.content, PageError) for one in read(bytes(data))} == {"a.txt": False, "b.txt": True, "c.txt": False}


NO_ARCHIVE = {
    "nothing": b"",
    "text": b"One",
    "cut off": THREE[:-1],
    "its directory is cut off": THREE[:-60] + THREE[-22:],
    "an entry is none": THREE.replace(b"PK\1\2", b"PK\1\3"),
    "the last of several parts": THREE[:-18] + b"\1\0" + THREE[-16:],
    "cut off behind an archive in it": packed(("in.zip", THREE), ("z.txt", b"x" * 100), method=zipfile.ZIP_STORED)[: len(THREE) + 60],
}


@pytest.mark.parametrize("data", NO_ARCHIVE.values(), ids=NO_ARCHIVE)
def test_what_is_no_archive_is_refused(data: bytes, tmp_path: Path):
    with pytest.raises(PageError) as caught:
        read(data)
    assert caught.value.reason == "broken zip"
    path = tmp_path / "a.zip"
    path.write_bytes(data)
    assert not divisible(str(path))


def test_an_archive_that_is_compressed_is_told():
    with pytest.raises(PageError, match="compressed as a whole"):
        read(gzip.compress(THREE))


def test_an_archive_that_cannot_be_sought_in_is_told():
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with pytest.raises(PageError, match="write it to a file first"):
        list(reading.contents(File("-", "-"), "zip", io.BufferedReader(Pipe(THREE)), Reading(), Counter()))


MANY = packed(*((f"{n}.{'png' if n % 4 == 3 else 'txt'}", str(n)) for n in range(40)), ("3.txt", "x"), ("5.txt", "the last"))


@steady
@given(st.lists(st.integers(0, len(MANY) + 10), max_size=8))
def test_ranges_have_every_file_once_and_count_the_others_once(cuts: list[int]):
    whole_aside: Counter[str] = Counter()
    aside: Counter[str] = Counter()
    ends = [0, *sorted(cuts), END]
    found = [one for start, end in pairwise(ends) for one in read(MANY, aside, start, end)]
    assert found == read(MANY, whole_aside)
    assert aside == whole_aside


def test_sound_archives_are_cut(tmp_path: Path):
    path = tmp_path / "a.zip"
    path.write_bytes(MANY)
    assert divisible(str(path))


def test_an_archive_with_a_file_that_begins_behind_its_end_is_read_by_one(tmp_path: Path):
    path = tmp_path / "a.zip"
    path.write_bytes(flagged(THREE, "b.txt", offset=60_000))
    assert not divisible(str(path))


@pytest.mark.parametrize("name", ["a.html", "a.txt", "a.jsonl", "a.csv"])
def test_a_bomb_takes_no_memory(name: str):
    bomb = packed((name, b"text\n" + bytes(50_000_000)), ("b.txt", b"One"))
    tracemalloc.start()
    found = read(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found[-1].content.page == b"One"
    assert peak < 5_000_000


def test_pages_over_the_limit_fail(tmp_path: Path):
    path = tmp_path / "a.zip"
    path.write_bytes(packed(("a.html", "<p>" + "x" * 2000), ("b.txt", b"One")))
    found = list(pages(File(str(path), "a.zip"), Reading(limits=Limits(bytes=1000))))
    assert [one.reason.partition(":")[0] for one in found] == ["limit bytes", ""]


name = st.text(st.characters(codec="utf-8", exclude_characters="\0\\"), min_size=1, max_size=8).map(lambda text: f"{text}.txt")


@steady
@given(st.dictionaries(name, st.binary(max_size=300), max_size=8), st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
def test_what_zipfile_has_written_is_read(files: dict[str, bytes], method: int):
    plain = {f"{number}{name.replace('/', '')}": b"x" + data for number, (name, data) in enumerate(files.items())}
    assert {one.name: one.content.page for one in read(packed(*plain.items(), method=method))} == plain


HOSTILE = packed(("x/a.html", "<p>One" * 20), ("b.jsonl.gz", gzip.compress(b'{"text": "One"}\n' * 9)), ("c.csv", "text,b\nOne,1\n" * 9))


@steady
@given(st.data())
def test_bytes_that_are_changed_or_missing_never_stop_the_run(data: st.DataObject):
    broken = bytearray(HOSTILE)
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    at, end = sorted([data.draw(st.integers(0, len(broken))), data.draw(st.integers(0, len(broken)))])
    cut = data.draw(st.sampled_from([bytes(broken)] * 4 + [bytes(broken[:end]), bytes(broken[:at] + broken[end:])]))
    try:
        found = read(cut)
    except PageError as problem:
        assert problem.reason == "broken zip"  # noqa: PT017  # either that or none
    else:
        assert len({(one.name, one.offset) for one in found}) == len(found)


def test_records_hold_the_names(tmp_path: Path):
    path = tmp_path / "a.zip"
    path.write_bytes(packed(("\ud7ff\n/x.txt", "One")))
    [one] = pages(File(str(path), "a.zip"), Reading())
    assert json.loads(json.dumps(one.source.path)) == "a.zip/\ud7ff\n/x.txt"
