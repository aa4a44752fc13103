"""WARC files for tests: records, put together as crawlers do it, and where each of them lies."""

import gzip
from collections.abc import Callable, Iterable, Sequence

import zstandard

PAGE = b"<html><body><p>The ferry leaves at noon.</p></body></html>"
Pack = Callable[[bytes], bytes]


def record(kind: str, block: bytes, content_type: str = "", number: int = 0, url: str = "", **more: str) -> bytes:
    """A record; `more` are fields of its header, with _ for -."""
    fields = {
        "WARC-Type": kind,
        "WARC-Record-ID": f"<urn:uuid:{number:032x}>",
        "WARC-Date": "2026-01-31T12:00:00Z",
        "WARC-Target-URI": url,
        "Content-Type": content_type,
        **{name.replace("_", "-"): value for name, value in more.items()},
        "Content-Length": str(len(block)),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return b"WARC/1.1\r\n" + head.encode() + b"\r\n" + block + b"\r\n\r\n"


def http(body: bytes, content_type: str = "text/html", status: str = "200 OK", **more: str) -> bytes:
    """What a web server answered; `more` as above."""
    fields = {"Content-Type": content_type, **{name.replace("_", "-"): value for name, value in more.items()}}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


def response(body: bytes = PAGE, number: int = 0, content_type: str = "text/html", status: str = "200 OK", **more: str) -> bytes:
    """A record of an answer."""
    url = f"https://harbour.example/{number}"
    return record("response", http(body, content_type, status, **more), "application/http; msgtype=response", number, url)


def crawl(pages: Iterable[bytes]) -> list[bytes]:
    """The records of a crawl of some pages: with each of them what else a crawler leaves."""
    records = [record("warcinfo", b"software: a crawler\r\n", "application/warc-fields")]
    for number, page in enumerate(pages):
        url = f"https://harbour.example/{number}"
        records.append(record("request", b"GET / HTTP/1.1\r\n\r\n", "application/http; msgtype=request", number, url))
        records.append(response(page, number))
        records.append(record("metadata", b"fetchTimeMs: 12\r\n", "application/warc-fields", number, url))
    return [*records, response(b"", 97, status="404 Not Found"), response(b"\x89PNG", 98, "image/png")]


def by_record(records: Sequence[bytes], pack: Pack = gzip.compress) -> tuple[bytes, list[int]]:
    """A file that is compressed record by record, and where each begins."""
    packed = [pack(one) for one in records]
    return b"".join(packed), [sum(map(len, packed[:number])) for number in range(len(packed))]


def zstd(level: int = 3) -> Pack:
    """Frames with checksums."""
    return zstandard.ZstdCompressor(level=level, write_checksum=True).compress


def with_dictionary(records: Sequence[bytes], *, packed: bool) -> tuple[bytes, list[int]]:
    """A file whose frames need the dictionary in its first one, and where each begins."""
    samples = [one + str(number).encode() for number in range(50) for one in records]
    dictionary = zstandard.train_dictionary(4000, samples)
    frames, places = by_record(records, zstandard.ZstdCompressor(dict_data=dictionary, write_checksum=True).compress)
    content = zstandard.compress(dictionary.as_bytes()) if packed else dictionary.as_bytes()
    first = b"\x5d\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content
    return first + frames, [len(first) + place for place in places]
