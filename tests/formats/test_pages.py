import gzip
import hashlib
import json
import time
from pathlib import Path

import pytest
import zstandard

from curate.document import Document
from curate.errors import PageError, UsageError
from curate.formats import jsonl
from curate.formats.inputs import File
from curate.formats.limits import Limits
from curate.formats.pages import READERS, Reading, check_packages, key, page_of, pages, read_again
from curate.formats.record import Fields

HTML = b"<!doctype html><title>Late</title><p>The ferry was late."


@pytest.fixture
def read(tmp_path: Path):
    def of(data: bytes, name: str = "a.txt", **reading: object) -> list[Document]:
        path = tmp_path / "page"
        path.write_bytes(data)
        return list(pages(File(str(path), name), Reading(**reading)))

    return of


def lines(*records: object) -> bytes:
    return b"".join((record if isinstance(record, bytes) else json.dumps(record).encode()) + b"\n" for record in records)


FORMATS = {
    "a page that begins like HTML": ("a", HTML, "html"),
    "after white space and a mark": ("a", b"\xef\xbb\xbf\r\n  " + HTML, "html"),
    "with a remark before it": ("a", b"<!-- saved --><p>One", "html"),
    "a doctype of old": ("a", b'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN">\n<p>One', "html"),
    "a doctype of XHTML, after XML's own line": ("a", b'<?xml version="1.0"?>\n<!DOCTYPE html><html><p>One', "html"),
    "a part of a page": ("a", b'<div class="x">One</div>', "html"),
    "a part of a page that begins with a list": ("a", b"<ul><li>One</ul>", "html"),
    "a text that begins with a bracket": ("a", b"<3 is a heart", "text"),
    "a text that begins with an unknown tag": ("a", b"<author> One", "text"),
    "a text about HTML": ("a", b"The tag <p> begins a paragraph", "text"),
    "a record": ("a", b'{"text": "One"}', "jsonl"),
    "a record after white space": ("a", b'\n {"text": "One"}', "jsonl"),
    "a text that begins with a brace": ("a", b"{One}", "text"),
    "nothing": ("a", b"", "text"),
    "the suffix decides": ("a.txt", HTML, "text"),
    "the suffix decides for HTML too": ("a.htm", b"One", "html"),
    "the suffix within that of compression": ("a.html.gz", b"One", "html"),
    "the suffix of records": ("a.ndjson", b'{"text": "One"}', "jsonl"),
    "a suffix that says nothing": ("a.php", HTML, "html"),
    "a suffix in capitals": ("A.TXT", HTML, "text"),
}


@pytest.mark.parametrize(("name", "data", "expected"), FORMATS.values(), ids=FORMATS)
def test_the_format_of_a_file(read, name: str, data: bytes, expected: str):
    [document] = read(data, name)
    assert (document.format, document.outcome) == (expected, "kept")
    assert document.is_html == (expected == "html")


@pytest.mark.parametrize("format_", ["text", "html", "jsonl"])
def test_the_format_that_is_asked_for_decides(read, format_: str):
    [document] = read(b'{"text": "One"}', "a.html", format=format_)
    assert document.format == format_


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gzip", "zstd"])
def test_the_first_bytes_are_those_of_what_was_compressed(read, compress):
    assert read(compress(HTML), "a")[0].format == "html"
    assert [document.text for document in read(compress(lines({"text": "One"}, {"text": "Two"})), "a")] == ["One", "Two"]


def test_a_file_that_is_one_page(read):
    [document] = read(b"One\n\ntwo", "x/a.txt")
    assert document.text == "One\n\ntwo"
    assert document.id == "x/a.txt"
    assert document.doc == key("x/a.txt", 0)
    assert document.source == ("x/a.txt", 0, hashlib.sha256(b"One\n\ntwo").hexdigest(), "utf-8")


def test_the_hash_is_of_the_bytes_that_came(read):
    data = "señal 日本 señal ".encode() + b"\xe6\x97"
    for name in ("a.txt", "a.html"):
        assert read(data, name)[0].source.sha256 == hashlib.sha256(data).hexdigest()
    [document] = read(b'{"text": "a\\ud800"}', "a.jsonl")
    assert document.raw == b"a\xed\xa0\x80"
    assert document.source.sha256 == hashlib.sha256(document.raw).hexdigest()


def test_a_file_of_records(read):
    first = {"text": "One", "url": "https://a.example/1", "id": "a1", "title": "Late", "date": "Sat, 31 Jan 2026 08:30:00 GMT", "n": 1}
    second = {"html": "<title>Early</title><p>Two<time datetime='2026-02-01'>", "id": 2}
    one, two = read(lines(first, b"", second), "a.jsonl")
    assert (one.text, one.url, one.id, one.title, one.date) == ("One", "https://a.example/1", "a1", "Late", "2026-01-31T08:30:00+00:00")
    assert json.loads(one.meta) == {"n": 1}
    assert (two.text, two.id, two.title, two.date, two.is_html) == ("Two", "2", "Early", "2026-02-01", True)
    assert (one.format, two.format) == ("jsonl", "jsonl")
    assert [document.source.record for document in (one, two)] == [0, len(lines(first)) + 1]
    assert [document.doc for document in (one, two)] == [key("a.jsonl", 0), key("a.jsonl", len(lines(first)) + 1)]


def test_what_a_record_says_goes_before_what_its_page_says(read):
    page = "<title>Page</title><link rel=canonical href='https://a.example/page'><time datetime='2026-02-01'></time><p>One"
    record = {"html": page, "title": "Record", "url": "https://a.example/record", "date": "2026-01-31"}
    [document] = read(lines(record), "a.jsonl")
    assert (document.title, document.url, document.date) == ("Record", "https://a.example/record", "2026-01-31")


def test_a_date_that_nobody_can_read_is_not_thrown_away(read):
    [document] = read(lines({"text": "One", "date": "the last of January"}), "a.jsonl")
    assert document.date == ""
    assert json.loads(document.meta) == {"date": "the last of January"}


def test_html_in_a_record_is_already_decoded(read):
    [document] = read(lines({"html": "<meta charset=koi8-r><p>señal 日本"}), "a.jsonl")
    assert document.text == "señal 日本"
    assert document.source.encoding == "utf-8"


FAILING = {
    "no JSON": (b"{broken", "broken JSON"),
    "no page": (b'{"n": 1}', "missing field"),
    "bytes that are no UTF-8": (b'{"text": "caf\xe9"}', "broken JSON"),
    "a page that is too long": (b'{"text": "%s"}' % (b"x" * 2000), "limit bytes"),
    "a line that is too long": (b'{"text": "%s"}' % (b"x" * 200), "limit line"),
    "a page that is too deep": (b'{"html": "%s"}' % (b"<b>" * 20), "limit depth"),
    "a page of too many paragraphs": (b'{"text": "%s"}' % (b"a\\n" * 20), "limit paragraphs"),
    "a date beyond counting": (b'{"text": "a", "date": "1 Jan 99999999999 00:00:00"}', ""),
    "a page that declares what is no encoding": (b'{"html": "<meta charset=hex><p>a"}', ""),
}


@pytest.mark.parametrize(("line", "reason"), FAILING.values(), ids=FAILING)
def test_a_record_that_fails_does_not_stop_the_next(read, line: bytes, reason: str):
    limits = Limits(bytes=1000, depth=10, paragraphs=10, line=100)
    first, middle, last = read(lines({"text": "One"}, line, {"text": "Two"}), "a.jsonl", limits=limits)
    assert (first.text, last.text) == ("One", "Two")
    assert middle.outcome == ("failed" if reason else "kept")
    assert middle.reason.startswith(reason)
    assert middle.source[:2] == ("a.jsonl", len(lines({"text": "One"})))
    assert middle.doc == key(*middle.source[:2])
    assert last.source.record == len(lines({"text": "One"}, line))


def test_a_file_that_breaks_off_fails_after_what_was_read(read):
    data = gzip.compress(lines(*({"text": f"One {number}"} for number in range(3000))))
    *read_, broken = read(data[:-9], "a.jsonl.gz")
    assert [document.outcome for document in read_] == ["kept"] * len(read_)
    assert (broken.outcome, broken.reason.split(":")[0]) == ("failed", "broken compression")
    assert len({document.doc for document in [*read_, broken]}) == len(read_) + 1


WHOLE = {
    "a binary file": ("a.html", b"%PDF-1.7", "binary"),
    "too many bytes": ("a.txt", b"x" * 1001, "limit bytes"),
    "too many bytes once decompressed": ("a.txt", gzip.compress(b"x\n" * 600), "limit bytes"),
    "HTML that is too deep": ("a.html", b"<b>" * 20, "limit depth"),
    "a line that is too long": ("a.txt", b"x" * 101, "limit line"),
    "too many lines": ("a.txt", b"x\n" * 11, "limit paragraphs"),
}


@pytest.mark.parametrize(("name", "data", "reason"), WHOLE.values(), ids=WHOLE)
def test_a_file_that_fails_is_a_document_that_says_so(read, name: str, data: bytes, reason: str):
    [document] = read(data, name, limits=Limits(bytes=1000, depth=10, paragraphs=10, line=100))
    assert (document.outcome, document.reason.split(":")[0]) == ("failed", reason)
    assert (document.id, document.doc, document.source.path) == (name, key(name, 0), name)
    assert (document.read, document.text) == (0, "")


def test_what_failed_still_says_what_it_was_read_from(read):
    assert read(b"%PDF-1.7", "a.html")[0].format == "html"
    assert read(b"{broken\n", "a.jsonl")[0].format == "jsonl"


def test_a_file_that_is_not_there_is_a_document_that_says_so(tmp_path: Path):
    [document] = pages(File(str(tmp_path / "none.txt"), "none.txt"), Reading())
    assert (document.outcome, document.reason) == ("failed", "cannot be read: No such file or directory")


SITES = {
    "no site of the folder when the address tells": ("url", "www.b.example/news/a.txt", ""),
    "the folder": ("folder", "x/Gazette/a.txt", "Gazette"),
    "no folder": ("folder", "a.txt", ""),
    "the first part of the path that is a host": ("path", "crawl/News.Gazette.example/2026.01/b.example/a.txt", "news.gazette.example"),
    "no part that is a host": ("path", "crawl/2026.01/gazette/a.txt", ""),
    "the file's name is no host": ("path", "crawl/gazette.example", ""),
    "what only looks like a host": ("path", "-a.example/a_b.example/a..example/.example/a.txt", ""),
    "a field that a file does not have": ("field", "gazette/a.txt", ""),
}


@pytest.mark.parametrize(("site_from", "name", "expected"), SITES.values(), ids=SITES)
def test_the_site_of_a_file(read, site_from: str, name: str, expected: str):
    assert read(b"One", name, site_from=site_from, format="text")[0].site == expected


def test_the_site_of_a_record(read):
    data = lines({"text": "One", "site": "gazette.example", "host": "b.example"}, {"text": "Two"})
    assert [document.site for document in read(data, "x/a.jsonl", site_from="field")] == ["gazette.example", ""]
    assert [document.site for document in read(data, "x/a.jsonl", site_from="field", fields=Fields(site="host"))] == ["b.example", ""]
    assert [document.site for document in read(data, "x/a.jsonl", site_from="folder")] == ["x", "x"]
    assert [document.site for document in read(data, "x/a.jsonl")] == ["", ""]
    assert json.loads(read(data, "a.jsonl", site_from="field")[0].meta) == {"site": "gazette.example", "host": "b.example"}


def test_the_address_that_is_given_goes_before_all(read):
    page = b"<link rel=canonical href='https://a.example/page'><p>One"
    assert read(page, "a.html")[0].url == "https://a.example/page"
    assert read(page, "a.html", url="https://b.example/")[0].url == "https://b.example/"
    assert read(b"One", "a.txt", url="https://b.example/")[0].host == "b.example"
    assert read(lines({"text": "One", "url": "https://a.example/"}), "a.jsonl", url="https://b.example/")[0].url == "https://b.example/"


def test_keys_differ_by_name_and_by_place():
    places = [("a.txt", 0), ("b.txt", 0), ("a.txt", 1), ("a.txt1", 0), ("x/a.txt", 0), ("é.txt", 0), ("\udce9.txt", 0)]
    assert len({key(*place) for place in places}) == len(places)
    assert key("a.txt", 0) == key("a.txt", 0)
    assert all(len(key(*place)) == 20 for place in places)


ALONE = {
    "text": (b"One\n<p>two", "text"),
    "HTML": (HTML, "html"),
    "text that begins like a record": (b'{"text": "One"}', "text"),
    "nothing": (b"", "text"),
}


@pytest.mark.parametrize(("data", "expected"), ALONE.values(), ids=ALONE)
def test_one_page_from_its_bytes(data: bytes, expected: str):
    document = page_of(data, Reading(url="https://a.example/"), "a")
    assert (document.format, document.id, document.url) == (expected, "a", "https://a.example/")
    assert document.source.sha256 == hashlib.sha256(data).hexdigest()


def test_the_first_bytes_are_told_in_no_time_whatever_they_are():
    began = time.process_time()
    for start in (b"<!---->" * 20, b"<!-- " * 700, b"<!-- a --> " * 20 + b"<", b"<?xml " * 600, b" " * 4000 + b"<", b"<!doctype " * 400):
        assert page_of(start + b"One", Reading()).format == "text"
    assert time.process_time() - began < 0.5
    assert page_of(b"<!-- a -->\n" * 300 + b"<p>One", Reading()).format == "html"


def test_one_page_that_cannot_be_read_is_an_error():
    with pytest.raises(PageError, match="limit bytes"):
        page_of(b"One", Reading(limits=Limits(bytes=2)))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("oxney.warc.gz", r"reading 'oxney\.warc\.gz' needs fastwarc: pip install 'curate\[warc\]'"),
        ("oxney.parquet", r"reading 'oxney\.parquet' needs pyarrow: pip install 'curate\[parquet\]'"),
    ],
)
def test_a_package_that_a_format_takes_is_asked_for_before_anything_is_read(monkeypatch, name: str, said: str):
    monkeypatch.setattr("curate.formats.pages.find_spec", lambda _name: None)
    files = [File("", "a.txt"), File("", name)]
    check_packages(files[:1], "auto")
    with pytest.raises(UsageError, match=said):
        check_packages(files, "auto")


def test_it_is_asked_for_too_where_only_the_first_bytes_tell_the_format(read, monkeypatch):
    monkeypatch.setattr("curate.formats.pages.find_spec", lambda _name: None)
    with pytest.raises(UsageError, match="needs fastwarc"):
        read(b"WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n", "oxney")


def test_a_record_is_read_again_from_where_it_stands(tmp_path: Path, monkeypatch):
    path = tmp_path / "a.jsonl"
    path.write_bytes(lines(*({"text": f"One {number}"} for number in range(50))))
    file = File(str(path), path.name)
    *_, last = pages(file, Reading())
    begun = []

    def found(stream, file, *others):
        begun.append(file.start)
        return jsonl.found(stream, file, *others)

    monkeypatch.setitem(READERS, "jsonl", READERS["jsonl"]._replace(found=found))
    assert read_again({path.name: file}, last.source, Reading()).page == "One 49"
    assert begun == [last.source.record]
    path.write_bytes(b"\n" + path.read_bytes())  # it stands elsewhere now
    with pytest.raises(PageError, match="no record begins at"):
        read_again({path.name: file}, last.source, Reading())
