import io
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.errors import PageError
from curate.formats.content import Content
from curate.formats.jsonl import Row, parse, rows
from curate.formats.record import Fields

steady = settings(deadline=None, derandomize=True, max_examples=200)


def read(data: bytes, limit: int = 1000) -> list[Row]:
    return list(rows(io.BytesIO(data), limit))


ROWS = {
    "nothing": (b"", []),
    "one line without an end": (b"{1}", [(0, b"{1}")]),
    "lines": (b"{1}\n{22}\n", [(0, b"{1}"), (4, b"{22}")]),
    "Windows line ends": (b"{1}\r\n{22}\r\n", [(0, b"{1}"), (5, b"{22}")]),
    "blank lines are counted and not read": (b"\n \t\r\n{1}\n\n{22}\n\n", [(5, b"{1}"), (10, b"{22}")]),
    "a carriage return ends no line": (b"{1}\r{22}\n", [(0, b"{1}\r{22}")]),
    "Unicode's line ends end no line": ("{\u2028\x85}\n{2}".encode(), [(0, "{\u2028\x85}".encode()), (8, b"{2}")]),
}


@pytest.mark.parametrize(("data", "expected"), ROWS.values(), ids=ROWS)
def test_rows(data: bytes, expected: list[tuple[int, bytes]]):
    assert [(row.offset, row.data.strip()) for row in read(data)] == expected


@steady
@given(st.lists(st.sampled_from([b"", b"  ", b"a", b"bb\r", b"c" * 11, b"d" * 25])), st.integers(1, 30))
def test_a_row_is_where_it_says_it_is(lines: list[bytes], limit: int):
    data = b"\n".join(lines)
    found = read(data, limit)
    assert [row.length for row in found] == [len(line) for line in data.splitlines(keepends=True) if line.strip()]
    for row in found:
        whole = data[row.offset : row.offset + row.length]
        assert row.data == whole if row.length <= limit else whole.startswith(row.data)
        assert len(row.data) <= limit + 1


def test_a_line_over_the_limit_takes_no_memory():
    class Endless(io.RawIOBase):
        left = 40_000_000

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:
            size = min(len(buffer), self.left)
            buffer[:size] = b"x" * size
            self.left -= size
            return size

    tracemalloc.start()
    [row] = rows(io.BufferedReader(Endless()), 1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (row.offset, len(row.data), row.length) == (0, 1001, 40_000_000)
    assert peak < 5_000_000


def content(record: dict[str, object] | bytes, **fields: str) -> Content:
    line = record if isinstance(record, bytes) else json.dumps(record).encode()
    return parse(line, Fields(**fields))


def test_a_record_with_everything():
    known = {"text": "One\nTwo", "url": "https://a.example/1", "id": "a1", "title": "Late", "date": "2026-01-31"}
    other = {"site": "a.example", "score": 0.5, "tags": ["x", None]}
    found = content(known | other)
    assert found[:7] == ("One\nTwo", False, "https://a.example/1", "a1", "Late", "2026-01-31", "a.example")
    assert json.loads(found.meta) == other


def test_a_record_with_text_alone():
    assert content({"text": "One"}) == Content("One", is_html=False, meta="{}")


PAGES = {
    "HTML where there is no text": ({"html": "<p>One"}, ("<p>One", True)),
    "HTML where the text is null": ({"text": None, "html": "<p>One"}, ("<p>One", True)),
    "text goes before HTML": ({"html": "<p>One", "text": "One"}, ("One", False)),
    "a page of no text is a page": ({"text": ""}, ("", False)),
}


@pytest.mark.parametrize(("record", "expected"), PAGES.values(), ids=PAGES)
def test_the_page_of_a_record(record: dict[str, object], expected: tuple[str, bool]):
    found = content(record)
    assert (found.page, found.is_html) == expected


def test_html_that_was_not_read_travels_along():
    assert json.loads(content({"html": "<p>One", "text": "One"}).meta) == {"html": "<p>One"}


def test_fields_may_have_other_names():
    names = {"text": "body", "html": "raw", "url": "link", "id": "key", "title": "head", "date": "day", "site": "host"}
    record = {"body": "One", "link": "u", "key": 7, "head": "h", "day": "2026-01-31", "host": "s", "text": "not this", "url": "nor this"}
    found = content(record, **names)
    assert found[:7] == ("One", False, "u", "7", "h", "2026-01-31", "s")
    assert json.loads(found.meta) == {"host": "s", "text": "not this", "url": "nor this"}
    assert content({"raw": "<p>One", "html": "not this"}, **names).page == "<p>One"


VALUES = {
    "text": ("a1", "a1"),
    "null": (None, ""),
    "a number": (17, "17"),
    "a large number": (123456789012345678901234567890, "123456789012345678901234567890"),
    "a fraction": (0.5, "0.5"),
    "a truth": (True, "true"),
    "a list": (["a", 1], '["a",1]'),
    "an object": ({"a": "é"}, '{"a":"é"}'),
    "a lone surrogate": ("a\ud800", "a\ufffd"),
}


@pytest.mark.parametrize(("value", "expected"), VALUES.values(), ids=VALUES)
def test_what_a_field_holds_becomes_text(value: object, expected: str):
    assert content({"text": "One", "id": value}).id == expected


def test_the_last_of_two_fields_of_one_name_counts():
    assert content(b'{"text": "One", "text": "Two"}').page == "Two"


SURROGATES = {
    "in the text": (b'{"text": "a\\ud800b"}', "a\ufffdb", b"a\xed\xa0\x80b"),
    "two that belong together are a character": (b'{"text": "a\\ud83d\\ude00b"}', "a😀b", b""),
    "in the wrong order": (b'{"text": "\\ude00\\ud83d"}', "\ufffd\ufffd", b"\xed\xb8\x80\xed\xa0\xbd"),
    "in another field": (b'{"text": "a", "note": "\\ud800"}', "a", b""),
    "in a name": (b'{"text": "a", "\\ud800": 1}', "a", b""),
}


@pytest.mark.parametrize(("line", "page", "raw"), SURROGATES.values(), ids=SURROGATES)
def test_lone_surrogates(line: bytes, page: str, raw: bytes):
    found = content(line)
    assert (found.page, found.raw) == (page, raw)
    found.meta.encode("utf-8")
    assert json.loads(found.meta) == {name: value for name, value in json.loads(line).items() if name != "text"}


MARKED = {
    "a byte order mark": b'\xef\xbb\xbf{"text": "One"}',
    "blanks": b' \t{"text": "One"} \r\n',
    "a number that is none": b'{"text": "One", "score": NaN}',
}


@pytest.mark.parametrize("line", MARKED.values(), ids=MARKED)
def test_json_that_is_a_little_off(line: bytes):
    assert content(line).page == "One"


REFUSED = {
    "no page": (b'{"url": "a", "n": 1}', "missing field", "neither 'text' nor 'html'; the record has 'url', 'n'"),
    "no field at all": (b"{}", "missing field", "the record has no field"),
    "a page of null": (b'{"text": null}', "missing field", "the record has 'text'"),
    "text that is a list": (b'{"text": ["One"]}', "field is no text", "'text' holds list"),
    "text that is a number": (b'{"text": 1, "html": "<p>One"}', "field is no text", "'text' holds int"),
    "HTML that is an object": (b'{"html": {}}', "field is no text", "'html' holds dict"),
    "a list": (b'["text"]', "no JSON object", "found list"),
    "a text": (b'"text"', "no JSON object", "found str"),
    "a null": (b"null", "no JSON object", "found NoneType"),
    "no JSON": (b"One", "broken JSON", ""),
    "a line cut off": (b'{"text": "One', "broken JSON", ""),
    "two objects in a line": (b'{"text": "One"}{"text": "Two"}', "broken JSON", ""),
    "a control character in a text": (b'{"text": "One\x01"}', "broken JSON", ""),
    "bytes that are no UTF-8": (b'{"text": "caf\xe9"}', "broken JSON", ""),
    "bytes that are no UTF-8 in another field": (b'{"text": "One", "note": "caf\xe9"}', "broken JSON", ""),
    "lists in lists without end": (b'{"text": "One", "n": ' + b"[" * 100_000, "broken JSON", "nested too deep"),
    "a number without end": (b'{"text": "One", "n": ' + b"9" * 5000 + b"}", "broken JSON", ""),
}


@pytest.mark.parametrize(("line", "reason", "detail"), REFUSED.values(), ids=REFUSED)
def test_records_without_a_page_are_refused(line: bytes, reason: str, detail: str):
    with pytest.raises(PageError) as caught:
        content(line)
    assert caught.value.reason == reason
    assert detail in caught.value.detail


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@steady
@given(st.text(), st.dictionaries(st.text(max_size=3).filter(lambda name: name not in {"id", "url"}), values, max_size=4))
def test_what_is_not_read_travels_along_as_it_came(page: str, rest: dict[str, object]):
    found = content({"text": page, **rest})
    assert found.page == page
    assert json.loads(found.meta) == rest
