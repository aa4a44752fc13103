import gzip
import io
import json
import random
import time
import tracemalloc
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from warc_files import PAGE, by_record, crawl, http, record, response, with_dictionary, zstd

from curate.errors import PageError
from curate.formats import warc
from curate.formats.content import Content, Found
from curate.formats.inputs import END, File
from curate.formats.limits import Limits
from curate.formats.members import Gzip, Zstd, packing, sound_from
from curate.formats.pages import READERS, Reading, divisible, pages, read_again
from curate.formats.record import Fields

fastwarc = pytest.importorskip("fastwarc")
steady = settings(deadline=None, derandomize=True, max_examples=60)


class Read(NamedTuple):
    found: list[Found]
    aside: Counter[str]

    @property
    def pages(self) -> list[bytes | str]:
        return [one.content.page for one in self.found if isinstance(one.content, Content)]

    @property
    def reasons(self) -> list[str]:
        return [one.content.reason for one in self.found if isinstance(one.content, PageError)]


def read(data: bytes, start: int = 0, end: int = END, limits: Limits = Limits()) -> Read:  # noqa: B008  # frozen
    aside: Counter[str] = Counter()
    stream = io.BufferedReader(io.BytesIO(data))
    return Read(list(warc.found(stream, File("a", "a", start=start, end=end), Fields(), limits, aside)), aside)


def the_page(block: bytes, kind: str = "response", content_type: str = "application/http", **more: str) -> Content:
    [found] = read(record(kind, block, content_type, **more)).found
    assert isinstance(found.content, Content), found.content
    return found.content


def failure(block: bytes, limits: Limits = Limits(), **more: str) -> str:  # noqa: B008  # frozen
    """Why a response fails; what follows it has to be read all the same."""
    found = read(record("response", block, "application/http", **more) + response(number=7), limits=limits)
    assert found.pages == [PAGE]
    [reason] = found.reasons
    return reason


def noise(size: int, seed: int = 1) -> bytes:
    """What cannot be compressed."""
    return random.Random(seed).randbytes(size)  # noqa: S311  # nothing secret


def chunked(data: bytes, size: int = 20) -> bytes:
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x;note=1\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


PAGES = [b"<p>%s %d" % (b"The ferry leaves at noon." * (number % 7), number) for number in range(30)]
RECORDS = crawl(PAGES)
ASIDE = {"warcinfo": 1, "request": 30, "metadata": 30, "status 404": 1, "type image/png": 1}
GZIP, PLACES = by_record(RECORDS)
DICTIONARY, DICTIONARY_PLACES = with_dictionary(RECORDS, packed=False)
FILES = {
    "plain": b"".join(RECORDS),
    "gzip by record": GZIP,
    "gzip as one": gzip.compress(b"".join(RECORDS)),
    "gzip in blocks": b"".join(gzip.compress(b"".join(RECORDS)[at : at + 1000]) for at in range(0, sum(map(len, RECORDS)), 1000)),
    "gzip with zeros behind it": GZIP + bytes(2000),
    "zstd by record": by_record(RECORDS, zstd())[0],
    "zstd as one": zstandard.compress(b"".join(RECORDS)),
    "zstd with a dictionary": DICTIONARY,
    "zstd with a compressed dictionary": with_dictionary(RECORDS, packed=True)[0],
}


@pytest.mark.parametrize("name", FILES)
def test_a_crawl_is_its_pages_however_it_is_compressed(name: str):
    found = read(FILES[name])
    assert found.pages == PAGES
    assert found.aside == ASIDE


@pytest.mark.parametrize("name", FILES)
def test_a_crawl_from_a_pipe_is_the_same(name: str):
    stream = io.BufferedReader(_Pipe(FILES[name]))
    found = list(warc.found(stream, File("-", "-"), Fields(), Limits(), Counter()))
    assert [one.content.page for one in found if isinstance(one.content, Content)] == PAGES


class _Pipe(io.RawIOBase):
    def __init__(self, data: bytes) -> None:
        self._data = io.BytesIO(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        return self._data.readinto(buffer)


@pytest.mark.parametrize("data", [GZIP, DICTIONARY, FILES["plain"]], ids=["gzip", "dictionary", "plain"])
def test_an_offset_is_where_the_record_lies_in_the_file(data: bytes):
    """As an index (CDX) has it: what is read from there on begins with the record."""
    from fastwarc.warc import ArchiveIterator

    found = read(data).found
    wanted = {DICTIONARY: DICTIONARY_PLACES, GZIP: PLACES}.get(data, [FILES["plain"].index(one) for one in RECORDS])
    assert [one.offset for one in found] == [wanted[number] for number in range(2, len(RECORDS) - 2, 3)]
    if data is DICTIONARY:  # only with the dictionary can it be read from there
        return
    for one in found:
        first = next(iter(ArchiveIterator(io.BytesIO(data[one.offset :]))))
        assert isinstance(one.content, Content)
        assert (first.reader.read(), f"<{one.content.id}>") == (one.content.page, first.record_id)


def test_fastwarc_finds_the_same_pages():
    from fastwarc.warc import ArchiveIterator, WarcRecordType

    records = ArchiveIterator(io.BytesIO(GZIP), record_types=WarcRecordType.response)
    assert [one.reader.read() for one in records if one.http_content_type == "text/html" and one.http_headers.status_code == 200] == PAGES


def test_records_that_share_members_count_the_bytes_of_the_unpacked_file():
    plain = [one.offset for one in read(FILES["plain"]).found]
    for name in ("gzip as one", "gzip in blocks", "zstd as one"):
        assert [one.offset for one in read(FILES[name]).found] == plain


def test_several_records_in_a_member_of_a_file_by_record_have_offsets_of_their_own():
    data = gzip.compress(RECORDS[0]) + gzip.compress(response(number=1) + response(number=2)) + gzip.compress(response(number=3))
    offsets = [one.offset for one in read(data).found]
    assert len(set(offsets)) == 3
    assert offsets == sorted(offsets)


def test_what_is_known_of_a_page():
    page = the_page(
        http(PAGE, "text/html; charset=ISO-8859-2"),
        WARC_Target_URI="<https://harbour.example/é>",
        WARC_Record_ID="<urn:uuid:1>",
        WARC_Payload_Digest="sha1:ABC",
        WARC_Truncated="length",
    )
    assert page[:4] == (PAGE, True, "https://harbour.example/é", "urn:uuid:1")
    assert (page.declared, page.date) == ("ISO-8859-2", "")
    known = {"warc_date": "2026-01-31T12:00:00Z", "payload_digest": "sha1:ABC", "truncated": "length"}
    assert json.loads(page.meta) == {**known, "content_type": "text/html; charset=ISO-8859-2"}


def test_text_of_a_wet_file_is_text_and_says_which_page_it_is_of():
    page = the_page("Zwölf Boote\n".encode(), "conversion", "text/plain", WARC_Refers_To="<urn:uuid:9>")
    assert page[:2] == ("Zwölf Boote\n".encode(), False)
    assert page.declared == "utf-8"
    assert json.loads(page.meta)["refers_to"] == "urn:uuid:9"


ARE_PAGES = {
    "HTML": ("response", http(PAGE), "application/http; msgtype=response", True),
    "XHTML": ("response", http(PAGE, "application/xhtml+xml"), "application/http", True),
    "a type in capitals": ("response", http(PAGE, "Text/HTML;charset=utf-8"), "application/http", True),
    "text": ("response", http(b"one", "text/plain"), "application/http", False),
    "HTML without a type": ("response", http(PAGE, ""), "application/http", True),
    "a record without a type": ("response", http(PAGE), "", True),
    "created": ("response", http(PAGE, status="201 Created"), "application/http", True),
    "a resource": ("resource", PAGE, "text/html", True),
    "line ends without carriage returns": ("response", http(PAGE).replace(b"\r\n", b"\n"), "application/http", True),
    "a header in two lines": ("response", http(PAGE).replace(b"text/html", b"\r\n  text/html"), "application/http", True),
}


@pytest.mark.parametrize(("kind", "block", "content_type", "is_html"), ARE_PAGES.values(), ids=ARE_PAGES)
def test_these_are_pages(kind: str, block: bytes, content_type: str, is_html: bool):  # noqa: FBT001
    assert the_page(block, kind, content_type).is_html == is_html


def test_a_type_that_the_crawler_found_stands_in_for_one_that_is_missing():
    assert the_page(http(b"one", ""), WARC_Identified_Payload_Type="text/plain").page == b"one"


ARE_NONE = {
    "a request": (record("request", b"GET / HTTP/1.1\r\n\r\n", "application/http"), "request"),
    "what was the same the last time": (record("revisit", http(b""), "application/http"), "revisit"),
    "a redirection": (response(status="301 Moved Permanently"), "status 301"),
    "not found": (response(status="404"), "status 404"),
    "a picture": (response(b"\x89PNG", content_type="image/png"), "type image/png"),
    "a type nobody knows": (response(content_type="application/x-of-my-own"), "type other"),
    "no type and no HTML": (response(b"one", content_type=""), "no type"),
    "nothing in it": (response(b""), "no body"),
    "an answer of the DNS": (record("response", b"20260131\nharbour.example. 1 IN A 192.0.2.1\n", "text/dns"), "type text/dns"),
    "a record nobody knows": (record("summary", PAGE, "text/html"), "record of another type"),
}


@pytest.mark.parametrize(("data", "reason"), ARE_NONE.values(), ids=ARE_NONE)
def test_these_are_counted_and_no_pages(data: bytes, reason: str):
    found = read(data + response())
    assert (found.pages, found.reasons) == ([PAGE], [])
    assert found.aside == {reason: 1}


@steady
@given(st.lists(st.text("abcdefgh/-+.;= ", max_size=20), max_size=40))
def test_servers_cannot_make_up_reasons_without_end(types: list[str]):
    assert set(read(b"".join(response(b"x", content_type=one) for one in types)).aside) <= {"type other", "no type"}


def deflated(data: bytes) -> bytes:
    made = zlib.compressobj(wbits=-15)
    return made.compress(data) + made.flush()


# Of PAGE, by the writer of the format itself: the project needs no other one for it.
BROTLI = bytes.fromhex("8b1c80") + PAGE + bytes.fromhex("03")
CODINGS: dict[str, tuple[dict[str, str], bytes]] = {
    "gzip": ({"Content_Encoding": "gzip"}, gzip.compress(PAGE)),
    "gzip of two members": ({"Content_Encoding": "x-gzip"}, gzip.compress(PAGE[:9]) + gzip.compress(PAGE[9:])),
    "deflate": ({"Content_Encoding": "deflate"}, zlib.compress(PAGE)),
    "deflate without the head of zlib": ({"Content_Encoding": "deflate"}, deflated(PAGE)),
    "zstd": ({"Content_Encoding": "ZSTD"}, zstandard.compress(PAGE)),
    "brotli": ({"Content_Encoding": "br"}, BROTLI),
    "chunks": ({"Transfer_Encoding": "chunked"}, chunked(PAGE)),
    "chunks without the last one": ({"Transfer_Encoding": "chunked"}, chunked(PAGE).removesuffix(b"0\r\n\r\n")),
    "gzip in chunks": ({"Transfer_Encoding": "chunked", "Content_Encoding": "gzip"}, chunked(gzip.compress(PAGE))),
    "one coding in another": ({"Content_Encoding": "gzip, deflate"}, zlib.compress(gzip.compress(PAGE))),
    "no coding": ({"Content_Encoding": "identity"}, PAGE),
    "chunks that the crawler has joined": ({"Transfer_Encoding": "chunked"}, PAGE),
    "gzip that the crawler has unpacked": ({"Content_Encoding": "gzip"}, PAGE),
    "brotli that the crawler has unpacked": ({"Content_Encoding": "br"}, PAGE),
}


@pytest.mark.parametrize(("headers", "body"), CODINGS.values(), ids=CODINGS)
def test_what_a_page_was_packed_in_for_the_way_is_taken_off(headers: dict[str, str], body: bytes):
    assert the_page(http(body, **headers)).page == PAGE


def test_of_a_body_that_was_cut_off_what_is_there_can_be_unpacked():
    page = b"<p>" + b"".join(b"The ferry leaves at %d. " % number for number in range(30_000))
    body = zstandard.compress(page)[:-2000]
    found = the_page(http(body, Content_Encoding="zstd"), WARC_Truncated="length").page
    assert len(found) > len(page) / 2
    assert page.startswith(found)
    assert failure(http(body, Content_Encoding="zstd")) == "broken content encoding"


BROKEN = {
    "no HTTP": (b"this is no answer", "broken HTTP"),
    "a header without end": (http(PAGE, X="y" * 70_000), "broken HTTP"),
    "a bad chunk": (http(chunked(PAGE)[:-5] + b"zz\r\n" + PAGE, Transfer_Encoding="chunked"), "broken chunks"),
    "chunks cut off": (http(chunked(PAGE)[:40], Transfer_Encoding="chunked"), "broken chunks"),
    "gzip cut off": (http(gzip.compress(PAGE)[:-9], Content_Encoding="gzip"), "broken content encoding"),
    "gzip with a wrong checksum": (http(gzip.compress(PAGE)[:-8] + bytes(8), Content_Encoding="gzip"), "broken content encoding"),
    "deflate that is none": (http(b"\xff\xff" + PAGE, Content_Encoding="deflate"), "broken content encoding"),
    "brotli cut off": (http(BROTLI[:-4], Content_Encoding="br"), "broken content encoding"),
    "zstd cut off": (http(zstandard.compress(PAGE)[:-4], Content_Encoding="zstd"), "broken content encoding"),
    "a coding nobody knows": (http(PAGE, Content_Encoding="sdch"), "unknown content encoding"),
}


@pytest.mark.parametrize(("block", "reason"), BROKEN.values(), ids=BROKEN)
def test_a_broken_page_fails_and_the_next_one_is_read(block: bytes, reason: str):
    assert failure(block) == reason


def test_a_page_in_several_records_fails():
    assert failure(http(PAGE), WARC_Segment_Number="1") == "segmented record"


def test_a_page_that_the_crawler_has_cut_off_is_what_there_is_of_it():
    packed = gzip.compress(noise(1000))
    page = the_page(http(packed[:500], Content_Encoding="gzip"), WARC_Truncated="length").page
    assert noise(1000).startswith(page)
    assert len(page) > 300
    body = the_page(http(chunked(PAGE)[:40], Transfer_Encoding="chunked"), WARC_Truncated="time").page
    assert PAGE.startswith(body)


@pytest.mark.parametrize("coding", ["", "gzip", "deflate", "zstd", "chunked"])
def test_a_page_over_the_limit_fails(coding: str):
    limits = Limits(bytes=1000)
    pack = {"gzip": gzip.compress, "deflate": zlib.compress, "zstd": zstandard.compress, "chunked": chunked, "": bytes}[coding]
    headers = {"Transfer_Encoding" if coding == "chunked" else "Content_Encoding": coding}
    assert failure(http(pack(b"x" * 1001), **headers), limits) == "limit bytes" if coding != "chunked" else True
    assert (
        len(
            read(
                record("response", http(pack(b"x" * (1000 if coding != "chunked" else 500)), **headers), "application/http"), limits=limits
            ).pages
        )
        == 1
    )


def bomb() -> bytes:
    made = zlib.compressobj(wbits=31)
    return b"".join(made.compress(bytes(1_000_000)) for _ in range(300)) + made.flush()


LARGE: dict[str, Callable[[], bytes]] = {
    "a page": lambda: gzip.compress(response(bytes(60_000_000)), 1),
    "a picture": lambda: gzip.compress(response(bytes(60_000_000), content_type="image/png"), 1),
    "a page that unpacks to 300 MB": lambda: gzip.compress(response(bomb(), Content_Encoding="gzip"), 1),
    "a record of another kind": lambda: gzip.compress(record("metadata", bytes(60_000_000)), 1),
    "one that is longer than it says": lambda: gzip.compress(
        response(bytes(60_000_000)).replace(b"Content-Length: 6", b"Content-Length: 9"), 1
    ),
    "one in zstd": lambda: zstd()(response(bytes(60_000_000))),
}


@pytest.mark.parametrize("make", LARGE.values(), ids=LARGE)
def test_what_is_too_large_takes_no_more_memory_than_the_limit(make: Callable[[], bytes]):
    large = make()
    pack = zstd() if large.startswith(Zstd.mark) else gzip.compress
    data = pack(RECORDS[0]) + large + pack(response())
    del large
    tracemalloc.start()
    found = read(data, limits=Limits(bytes=1_000_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.pages == [PAGE]
    assert len(found.reasons) + found.aside.total() == 2
    assert peak < 12_000_000


def test_a_large_file_takes_no_more_memory_than_a_small_one(tmp_path: Path):
    page = noise(50_000)
    peaks = []
    for count in (20, 2000):
        path = tmp_path / f"{count}.warc.gz"
        with path.open("wb") as file:
            file.writelines(gzip.compress(response(b"<p>" + page, number), 0) for number in range(count))
        tracemalloc.start()
        with path.open("rb") as stream:
            assert sum(1 for _ in warc.found(stream, File("a", "a"), Fields(), Limits(), Counter())) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert path.stat().st_size > 100_000_000
    assert peaks[1] < peaks[0] + 500_000


# Cutting a file into ranges


def joined(parts: Sequence[Read]) -> Read:
    return Read([one for part in parts for one in part.found], sum((part.aside for part in parts), Counter()))


def in_ranges(data: bytes, cuts: Sequence[int]) -> Read:
    places = [0, *sorted(cuts), END]
    return joined([read(data, start, end) for start, end in pairwise(places) if start < end])


def nested(outside: Callable[[bytes], bytes], inside: bytes) -> bytes:
    """A crawl that has fetched a file of another crawl, which a compressor puts into the record as it is."""
    other = response(inside, 50, "application/warc")
    return by_record([*RECORDS[:40], other, *RECORDS[40:80], response(inside, 51), *RECORDS[80:]], outside)[0]


# Of pages that cannot be compressed, so that it is put into a record as it is.
OTHERS = [RECORDS[0], *(response(b"<p>" + noise(15_000, number), number) for number in range(30))]
INSIDE = {
    "gzip in gzip": nested(gzip.compress, by_record(OTHERS)[0]),
    "gzip in gzip that is not compressed": nested(lambda data: gzip.compress(data, 0), by_record(OTHERS)[0]),
    "zstd in zstd": nested(zstd(-100_000), by_record(OTHERS, zstd())[0]),
    "zstd without checksums": nested(zstandard.ZstdCompressor(level=-100_000).compress, by_record(OTHERS, zstd())[0]),
}
CUT = {name: FILES[name] for name in FILES if "by record" in name or "dictionary" in name or "zeros" in name} | INSIDE


@pytest.mark.parametrize("name", INSIDE)
def test_a_file_inside_a_page_is_there_as_it_is(name: str):
    """Or the tests with these files would test nothing."""
    mark = (Gzip if name.startswith("gzip") else Zstd).mark
    assert INSIDE[name].count(mark) > 1.5 * len(OTHERS) + len(RECORDS)


@pytest.mark.parametrize("name", CUT)
@settings(steady, max_examples=12)
@given(data=st.data())
def test_ranges_together_are_the_whole(name: str, data: st.DataObject):
    content = CUT[name]
    cuts = data.draw(st.lists(st.integers(1, len(content) + 10), max_size=6))
    whole = read(content)
    assert in_ranges(content, cuts) == whole


def test_cuts_anywhere_around_a_member_are_the_same():
    whole = read(GZIP)
    for place in PLACES[20:23]:
        for cut in range(place - 3, place + 4):
            assert in_ranges(GZIP, [cut]) == whole


BREAKABLE = {"gzip": (GZIP, PLACES), "zstd": by_record(RECORDS, zstd()), "zstd with a dictionary": (DICTIONARY, DICTIONARY_PLACES)}


@pytest.mark.parametrize(("sound", "places"), BREAKABLE.values(), ids=BREAKABLE)
@settings(steady, max_examples=100)
@given(data=st.data())
def test_ranges_of_a_broken_file_together_are_the_whole_too(sound: bytes, places: list[int], data: st.DataObject):
    content = bytearray(sound)
    for place in data.draw(st.lists(st.integers(places[1], len(content) - 1), min_size=1, max_size=4)):
        content[place] ^= data.draw(st.integers(1, 255))
    cuts = data.draw(st.lists(st.integers(1, len(content)), max_size=4))
    assert told(in_ranges(bytes(content), cuts)) == told(read(bytes(content)))


def told(of: Read) -> tuple[list[tuple[int, str]], Counter[str]]:
    return [(one.offset, str(one.content)) for one in of.found], of.aside


class Watched(io.BytesIO):
    """Counts what is read from it."""

    least, much = END, 0

    def readinto(self, buffer: object) -> int:
        self.least = min(self.least, self.tell())
        count = super().readinto(buffer)  # type: ignore[arg-type]
        self.much += count
        return count


def watched(data: bytes, start: int, end: int) -> tuple[Watched, list[Found]]:
    """A range read, but for the beginning of the file, which tells what it is compressed with."""
    stream = Watched(data)
    of = io.BufferedReader(stream)
    kind = packing(of.peek(4))
    assert kind
    stream.least, stream.much = END, 0
    first = sound_from(of, kind, start, b"WARC/", end)
    assert stream.least >= start - io.DEFAULT_BUFFER_SIZE
    of.seek(0)
    found = list(warc.found(of, File("a", "a", start=start, end=end), Fields(), Limits(), Counter())) if first is not None else []
    return stream, found


def test_a_range_reads_nothing_that_is_before_it():
    content = INSIDE["gzip in gzip"]
    assert watched(content, len(content) // 2, END)[1]


def test_ranges_inside_a_large_member_cost_no_more_than_they_are_long():
    large = response(b"<p>" + noise(3_000_000), 1)
    content = GZIP + gzip.compress(large) + GZIP
    places = range(0, len(content), 50_000)
    read_in_all = sum(watched(content, start, start + 50_000)[0].much for start in places)
    assert in_ranges(content, places[1:]) == read(content)
    assert read_in_all < 6 * len(content)


DIVISIBLE = {name: "by record" in name or "dictionary" in name or "zeros" in name for name in FILES}


@pytest.mark.parametrize(("name", "wanted"), DIVISIBLE.items(), ids=DIVISIBLE)
def test_only_what_is_compressed_by_record_is_divisible(tmp_path: Path, name: str, wanted: bool):  # noqa: FBT001
    path = tmp_path / "a.warc.gz"
    path.write_bytes(FILES[name])
    assert divisible(str(path), path.name, "auto") == wanted


def test_what_cannot_be_read_is_not_divisible(tmp_path: Path):
    assert not divisible(str(tmp_path / "none.warc.gz"), "none.warc.gz", "auto")
    (tmp_path / "a.warc.gz").write_bytes(b"")
    assert not divisible(str(tmp_path / "a.warc.gz"), "a.warc.gz", "auto")


# Files that are broken


def test_behind_a_broken_member_the_next_one_is_read():
    data = bytearray(GZIP)
    data[PLACES[5] + 30] ^= 0xFF
    found = read(bytes(data))
    assert found.reasons == ["broken compression"]
    assert found.pages == [page for page in PAGES if page != PAGES[1]]


def test_where_too_much_is_broken_it_is_said_that_nothing_more_is_read():
    """A file that is broken every few kilobytes has nothing of which it is certain that it is not inside a page."""
    data = bytearray(GZIP)
    for place in PLACES[5::4]:
        data[place + 30] ^= 0xFF
    found = read(bytes(data[: PLACES[-1] + 50]))
    assert found.pages == PAGES[:1]
    assert str(found.found[-1].content).endswith("nothing can be read behind it")


def test_a_page_with_a_wrong_checksum_fails():
    data = bytearray(GZIP)
    data[PLACES[6] - 6] ^= 0xFF
    found = read(bytes(data))
    assert found.reasons == ["broken compression"]
    assert (found.found[1].offset, found.pages) == (PLACES[5], [page for page in PAGES if page != PAGES[1]])
    assert str(found.found[1].content).endswith(f"what is behind it is read from {PLACES[6]:,} on")


WRONG = {
    "cut off in a member": (GZIP[: PLACES[-3] + 20], "broken compression"),
    "cut off in a checksum": (GZIP[: PLACES[-2] - 3], "broken compression"),
    "something else behind it": (GZIP + b"something else", "broken compression"),
    "zeros and something else behind it": (GZIP + bytes(1000) + b"something else" + bytes(70_000), "broken compression"),
    "one member cut off": (FILES["gzip as one"][:-20], "broken compression"),
    "plain and cut off in a record": (b"".join(RECORDS[:-2]) + response()[:-30], "broken WARC"),
    "plain and cut off in a header": (b"".join(RECORDS[:-2]) + response()[:70], "broken WARC"),
    "plain with something else behind it": (b"".join(RECORDS) + b"something else", "broken WARC"),
    "plain with a length that is none": (b"".join(RECORDS) + response().replace(b"Content-Length: ", b"Content-Length: x"), "broken WARC"),
    "plain with a length beyond all": (
        b"".join(RECORDS) + response().replace(b"Content-Length: ", b"Content-Length: " + b"9" * 40),
        "broken WARC",
    ),
    "plain with a header without end": (b"".join(RECORDS) + b"WARC/1.0\r\n" + b"X: y\r\n" * 20_000, "broken WARC"),
    "frames cut off": (FILES["zstd by record"][:-5], "broken compression"),
}


@pytest.mark.parametrize(("data", "reason"), WRONG.values(), ids=WRONG)
def test_a_broken_file_says_so_once_and_what_is_before_is_read(data: bytes, reason: str):
    found = read(data)
    assert found.reasons == [reason]
    assert found.pages[:29] == PAGES[:29]


def test_a_member_that_is_no_record_says_so_and_the_next_one_is_read():
    found = read(by_record([RECORDS[0], response(), b"something else", response()])[0])
    assert (found.reasons, found.pages) == (["broken WARC"], [PAGE, PAGE])


def test_what_stands_behind_a_record_in_its_member_is_not_lost_in_silence():
    found = read(by_record([RECORDS[0], response() + b"something else", response()])[0])
    assert (found.reasons, found.pages) == (["broken WARC"], [PAGE, PAGE])


def test_a_dictionary_that_is_none_is_an_error_of_the_file(tmp_path: Path):
    path = tmp_path / "a.warc.zst"
    path.write_bytes(b"\x5d\x2a\x4d\x18\x08\x00\x00\x00\x28\xb5\x2f\xfdabcd" + DICTIONARY[DICTIONARY_PLACES[0] :])
    [only] = pages(File(str(path), path.name), Reading())
    assert only.reason.startswith("broken compression")
    assert not divisible(str(path), path.name, "auto")


@settings(steady, max_examples=300)
@given(st.data())
def test_no_bytes_make_it_fall_over_or_hang(data: st.DataObject):
    content = bytearray(FILES[data.draw(st.sampled_from(sorted(FILES)))])
    for place in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=6)):
        content[place] = data.draw(st.integers(0, 255))
    content = content[data.draw(st.just(0) | st.integers(0, 300)) : data.draw(st.just(len(content)) | st.integers(0, len(content)))]
    began = time.process_time()
    aside: Counter[str] = Counter()
    documents = list(_documents(bytes(content), aside))
    assert time.process_time() - began < 5
    assert len({document.doc for document in documents}) == len(documents)


def _documents(content: bytes, aside: Counter[str]) -> Iterator[object]:
    from curate.formats.pages import _document, failed

    try:
        for found in warc.found(io.BufferedReader(io.BytesIO(content)), File("a", "a"), Fields(), Limits(), aside):
            yield _document(found, File("a", "a"), "warc", Reading(), lambda *_: ())
    except PageError as problem:
        yield failed("a", 0, "warc", problem)


# As part of the whole


def test_pages_of_a_file_are_documents_and_can_be_read_again(tmp_path: Path):
    path = tmp_path / "a.warc.gz"
    path.write_bytes(GZIP)
    aside: Counter[str] = Counter()
    documents = list(pages(File(str(path), path.name), Reading(), aside=aside))
    assert [document.url for document in documents] == [f"https://harbour.example/{number}" for number in range(30)]
    assert {document.format for document in documents} == {"warc"}
    assert aside == ASIDE
    again = read_again({path.name: File(str(path), path.name)}, documents[7].source, Reading())
    assert again.page == PAGES[7]


def test_the_encoding_that_the_server_declares_counts(tmp_path: Path):
    path = tmp_path / "a.warc"
    path.write_bytes(response("<p>Žluťoučký kůň".encode("iso-8859-2"), content_type="text/html; charset=iso-8859-2"))
    [document] = pages(File(str(path), path.name), Reading())
    assert (document.text, document.source.encoding) == ("Žluťoučký kůň", "iso8859-2")


def test_a_stream_without_a_name_is_known_by_its_beginning(tmp_path: Path):
    for name in ("plain", "gzip by record"):
        path = tmp_path / "crawl"
        path.write_bytes(FILES[name])
        assert sum(1 for _ in pages(File(str(path), path.name), Reading())) == 30


def test_what_a_file_is_compressed_with_is_told_by_its_beginning():
    assert isinstance(packing(GZIP[:4]), Gzip)
    assert isinstance(packing(DICTIONARY[:4]), Zstd)
    assert packing(b"WARC") is None
    assert READERS["warc"].compressed
