import csv
import gzip
import io
import json
import tracemalloc
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.errors import PageError
from curate.formats.content import Found
from curate.formats.delimited import found
from curate.formats.inputs import File
from curate.formats.limits import Limits
from curate.formats.pages import Reading, pages
from curate.formats.record import Fields

steady = settings(deadline=None, derandomize=True, max_examples=300)


def read(data: bytes, name: str = "a.csv", limit: int = 1000, fields: Fields | None = None) -> list[Found]:
    stream = io.BufferedReader(io.BytesIO(data))
    return list(found(stream, File(name, name), fields or Fields(), Limits(bytes=limit), Counter()))


def rows(data: bytes, name: str = "a.csv", limit: int = 1000) -> list[object]:
    """Of each row all that it holds, or why it cannot be read."""
    return [
        one.content.reason if isinstance(one.content, PageError) else {"text": one.content.page, **json.loads(one.content.meta)}
        for one in read(data, name, limit)
    ]


def test_a_row_with_everything():
    [one] = read(b"note,date,title,id,url,text\nn,2026-01-31,Late,7,https://a.example/1,One\n")
    assert (one.offset, one.end) == (0, 1)
    assert one.content[:6] == ("One", False, "https://a.example/1", "7", "Late", "2026-01-31")
    assert json.loads(one.content.meta) == {"note": "n"}


def test_html_and_fields_of_other_names():
    assert read(b"html\n<p>One\n")[0].content.is_html
    assert read(b"body\nOne\n", fields=Fields(text="body"))[0].content.page == "One"


READ = {
    "rows": (b"text,b\nOne,1\nTwo,2\n", [{"text": "One", "b": "1"}, {"text": "Two", "b": "2"}]),
    "no line end at the end": (b"text,b\nOne,1", [{"text": "One", "b": "1"}]),
    "Windows line ends": (b"text,b\r\nOne,1\r\n", [{"text": "One", "b": "1"}]),
    "a byte order mark": (b"\xef\xbb\xbftext,b\nOne,1\n", [{"text": "One", "b": "1"}]),
    "a header in quotes behind a byte order mark": (b'\xef\xbb\xbf"text","b"\nOne,1\n', [{"text": "One", "b": "1"}]),
    "line breaks in quotes": (b'text,b\n"One\r\n\r\ntwo\n",1\n', [{"text": "One\r\n\r\ntwo\n", "b": "1"}]),
    "delimiters and quotes in quotes": (b'text,b\n"One, ""two"""," "\n', [{"text": 'One, "two"', "b": " "}]),
    "quotes that open no field": (b'text,b\n5" long,a "b"\n', [{"text": '5" long', "b": 'a "b"'}]),
    "text behind the quotes": (b'text,b\n"One" two,1\n', [{"text": "One two", "b": "1"}]),
    "empty fields": (b'text,b\n,\n"",""\n', [{"text": "", "b": ""}] * 2),
    "blank lines": (b"\n\r\ntext,b\n\nOne,1\n\r\n\nTwo,2\n\n", [{"text": "One", "b": "1"}, {"text": "Two", "b": "2"}]),
    "NULs": (b"text,b\nO\0ne,\0\n", [{"text": "O\0ne", "b": "\0"}]),
    "line ends of Unicode": ("text,b\nOne\u2028\x85,1\n".encode(), [{"text": "One\u2028\x85", "b": "1"}]),
    "semicolons": (b"text;b, c;\nOne, two;1;\n", [{"text": "One, two", "b, c": "1", "": ""}]),
    "semicolons between quotes": (b'text;"b, c, d"\nOne, two;1\n', [{"text": "One, two", "b, c, d": "1"}]),
    "tabs": (b"text\tb\nOne, two\t1\n", [{"text": "One, two", "b": "1"}]),
    "one field": (b"text\nOne\n", [{"text": "One"}]),
    "a header alone": (b"text,b\n", []),
    "nothing": (b"", []),
    "a byte order mark alone": (b"\xef\xbb\xbf", []),
    "fields of one name": (b"text,b,b,\nOne,1,2,\n", [{"text": "One", "b": "1", "b.1": "2", "": ""}]),
    "too few fields": (b"text,b\nOne\nTwo,2\n", ["wrong number of fields", {"text": "Two", "b": "2"}]),
    "too many fields": (b"text,b\nOne,1,1\nTwo,2\n", ["wrong number of fields", {"text": "Two", "b": "2"}]),
    "no page": (b"a,b\nOne,1\n", ["missing field"]),
    "a byte that is no UTF-8 in a note": (b"text,b\nOne,caf\xe9 \x80\n", [{"text": "One", "b": "café €"}]),
    "a byte that is no UTF-8 in the page": (b"text,b\ncaf\xe9,\xc3\xa9\n", [{"text": b"caf\xe9", "b": "é"}]),
}


@pytest.mark.parametrize(("data", "expected"), READ.values(), ids=READ)
def test_what_is_read(data: bytes, expected: list[object]):
    assert rows(data) == expected


def test_the_suffix_decides_on_tabs():
    assert rows(b"text,b\nOne,1\n", "a.tsv") == ["missing field"]
    assert rows(b"text\tb;c;d;e\nOne\t1\n", "a.tsv.gz") == [{"text": "One", "b;c;d;e": "1"}]


def test_a_page_in_windows_1252_says_so(tmp_path: Path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"text,b\ncaf\xe9,1\nOne,2\n"))
    found = list(pages(File(str(path), path.name), Reading()))
    assert [(one.text, one.source.encoding, one.source.record) for one in found] == [("café", "cp1252", 0), ("One", "utf-8", 1)]
    assert [one.format for one in found] == ["csv", "csv"]


NO_HEADER = {
    "UTF-16": ("text,b\nOne,1\n".encode("utf-16"), "it is UTF-16"),
    "carriage returns alone": (b"text,b\rOne,1\r", "carriage returns alone"),
    "a quote that is not closed": (b'text,"b\nOne,1\n', "ends inside a field, after 8 bytes"),
    "a line without end": (b"x" * 2_000_000, "after 1,000,000 bytes"),
}


@pytest.mark.parametrize(("data", "said"), NO_HEADER.values(), ids=NO_HEADER)
def test_a_file_without_a_header_is_refused(data: bytes, said: str):
    with pytest.raises(PageError, match=said) as caught:
        read(data)
    assert caught.value.reason == "broken CSV"


def test_a_table_without_a_header_does_not_repeat_a_page_in_every_message():
    [one] = read(b"x" * 5000 + b",b" * 50 + b"\n" + b"y" + b",b" * 50 + b"\n")
    assert one.content.reason == "missing field"
    assert len(one.content.detail) < 500
    assert "41 more" in one.content.detail


def test_a_row_over_the_limit_fails_and_the_next_is_read():
    data = b'text,b\n"' + b'line, ""\n' * 200 + b'",1\nTwo,2\n' + b"x" * 1500 + b",3\nThree,4"
    assert rows(data) == ["limit bytes", {"text": "Two", "b": "2"}, "limit bytes", {"text": "Three", "b": "4"}]


def test_a_quote_that_is_never_closed_names_its_row():
    found = read(b'text,b\nOne,1\n"Two,2\n' + b"Three,3\n" * 1000)
    assert [one.offset for one in found] == [0, 1]
    assert str(found[1].content) == (
        "broken CSV: a quote that opens in row 1 is never closed; 8,007 bytes to the end of the file are taken for it"
    )


class Endless(io.RawIOBase):
    """A file of a beginning and then one text over and over."""

    def __init__(self, start: bytes, more: bytes, size: int) -> None:
        self._data, self._more, self._left = start, more * (65536 // len(more)), size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        self._data = self._data or self._more
        part, self._data = self._data[: min(len(buffer), self._left)], self._data[len(buffer) :]
        self._left -= len(part)
        buffer[: len(part)] = part
        return len(part)


ENDLESS = {
    "a quote that is never closed": (b'text,b\n"', b"some, words\n"),
    "a line without end": (b"text,b\n", b"some words"),
    "quotes alone": (b'text,b\n"', b'""'),
}


@pytest.mark.parametrize(("start", "more"), ENDLESS.values(), ids=ENDLESS)
def test_a_row_of_any_length_takes_no_memory(start: bytes, more: bytes):
    stream = io.BufferedReader(Endless(start, more, 3_000_000))
    tracemalloc.start()
    [one] = found(stream, File("a", "a.csv"), Fields(), Limits(bytes=1000), Counter())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert one.content.reason in {"broken CSV", "limit bytes"}
    assert peak < 2_500_000  # a piece of a line is 1 MB


def test_a_large_file_takes_no_memory():
    stream = io.BufferedReader(Endless(b"text,b\n", b'"some\nwords","and more words"\n', 1_000_000))
    tracemalloc.start()
    count = sum(1 for _ in found(stream, File("a", "a.csv"), Fields(), Limits(bytes=1000), Counter()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count > 30_000
    assert peak < 200_000


text = st.text(st.sampled_from('ab,;"\n\r\0é \t'), max_size=12)


@steady
@given(st.lists(st.lists(text, min_size=2, max_size=2), max_size=6))
def test_what_csv_has_written_is_read(table: list[list[str]]):
    file = io.StringIO(newline="")
    csv.writer(file).writerows([["text", "b"], *table])
    assert rows(file.getvalue().encode()) == [{"text": a, "b": b} for a, b in table]


@steady
@given(st.lists(st.text(st.sampled_from('ab,"'), min_size=1, max_size=12), min_size=1, max_size=6))
def test_whatever_stands_in_a_line_is_read_as_csv_reads_it(lines: list[str]):
    expected = list(csv.reader(io.StringIO("\n".join(lines) + "\n", newline="")))
    found = rows("\n".join(["text,b", *lines, ""]).encode())
    closed = found[:-1] if found[-1:] == ["broken CSV"] else found
    read = [list(row.values()) if isinstance(row, dict) else len(row) for row in closed]
    assert read == [row if len(row) == 2 else len("wrong number of fields") for row in expected[: len(closed)]]
    assert len(expected) == len(found)


@steady
@given(st.binary(max_size=60), st.integers(1, 40))
def test_no_bytes_stop_the_run(data: bytes, limit: int):
    found = read(b"text,b\n" + data, limit=limit)
    assert [one.offset for one in found] == list(range(len(found)))


@steady
@given(st.binary(max_size=40))
def test_no_header_stops_the_run(data: bytes):
    try:
        read(data)
    except PageError as problem:
        assert problem.reason == "broken CSV"  # noqa: PT017  # either that or none
