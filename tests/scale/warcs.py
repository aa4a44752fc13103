"""A crawl of invented pages, as large as is asked for: as WARC, as HTML files, as JSON lines or as Parquet.

    python tests/scale/warcs.py OUT --as warc.gz --bytes 2e9

The pages are the documents of `generate`, repeats and all, inside the menus, scripts and footers of their hosts. Everything follows
from the seed; the same pages come in every form.
"""

import argparse
import gzip
import hashlib
import json
import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache, partial
from html import escape
from itertools import islice
from pathlib import Path
from typing import IO, Final, NamedTuple

import generate

FORMS: Final = ("warc", "warc.gz", "html", "jsonl", "jsonl.gz", "parquet")
_LENGTHS: Final = (60_000, 190_000)  # bytes of what is around the text of a page, from and to
_MEAN: Final = 112_000  # bytes of a page with its records, about
_LEVEL: Final = 1  # of gzip: the crawl is written to be read
_GROUP: Final = 200  # pages of a row group
_PLACES: Final = "Harbour Tickets Weather Council Schools Markets Letters Sport Roads Gardens Music Courts Fish Boats Trains Health".split()


class Around(NamedTuple):
    """What a host puts around the text of each of its pages."""

    head: str
    above: str
    below: str


def world(size: float, seed: int) -> generate.World:
    """As many documents as make about so many bytes."""
    return generate.World(max(int(size) // _MEAN, 10), seed)


def html(page: generate.Page) -> str:
    """A document as a page of its host."""
    around = _around(page.host)
    text = page.text.split("\n")
    head = (
        f"<title>{escape(text[0][:60])}</title>\n"
        f'<link rel="canonical" href="{page.url}">\n'
        f'<meta property="article:published_time" content="{page.date}">\n'
    )
    body = "\n".join(f"<p>{escape(line)}</p>" for line in text)
    title = f"<h1>{escape(text[0][:60])}</h1>"
    return f"{around.head}{head}</head>\n{around.above}<main><article>{title}\n{body}</article></main>\n{around.below}"


@lru_cache(maxsize=512)
def _around(host: str) -> Around:
    """The template of a host: a third of it styles, menus and lists, the rest scripts."""
    draw = random.Random(host)  # noqa: S311  # nothing secret
    size = draw.randint(*_LENGTHS)
    links = [f'<li><a href="/{name.lower()}/{number}">{name} {number}</a></li>' for number in range(12) for name in _PLACES]
    menu = "".join(draw.sample(links, 60))
    script = "".join(_script(draw, size * 2 // 3))
    style = "".join(
        f".{name.lower()}-{number}{{margin:{number}px;color:#{draw.randrange(1 << 24):06x}}}\n" for name in _PLACES for number in range(30)
    )
    lists = "".join(
        f"<section><h3>{draw.choice(_PLACES)}</h3><ul>{''.join(draw.sample(links, 12))}</ul></section>\n" for _ in range(size // 8000)
    )
    name = host.removesuffix(".example").title()
    return Around(
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><style>{style}</style>\n<script>{script}</script>\n',
        f"<body><header><a href='/'>{name}</a><nav><ul>{menu}</ul></nav></header>\n",
        f"<aside>{lists}</aside><footer><p>{name} is printed in this town and read in the next one.</p></footer></body></html>\n",
    )


def _script(draw: random.Random, size: int) -> Iterator[str]:
    """About so many characters of a program."""
    while size > 0:
        line = f"var a{draw.randrange(1 << 30):x}=function(b,c){{return b+c*{draw.randrange(1 << 16)};}};\n"
        size -= len(line)
        yield line


def _record(kind: str, number: int, url: str, content_type: str, block: bytes) -> bytes:
    identity = hashlib.md5(f"{kind}{number}".encode(), usedforsecurity=False).hexdigest()
    return (
        (
            f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{identity}>\r\nWARC-Date: 2026-01-31T12:00:00Z\r\n"
            f"WARC-Target-URI: {url}\r\nContent-Type: {content_type}\r\nContent-Length: {len(block)}\r\n\r\n"
        ).encode()
        + block
        + b"\r\n\r\n"
    )


def _answer(status: str, content_type: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def records(page: generate.Page) -> Iterator[bytes]:
    """What a crawler leaves of a page: the request, the answer and a remark; now and then a redirection or a picture before them."""
    put, number = partial(_record, number=page.number, url=page.url), page.number
    if number % 10 == 3:
        yield put(
            "response", content_type="application/http; msgtype=response", block=_answer("301 Moved Permanently", "text/html", b"<p>Moved")
        )
    if number % 5 == 4:
        picture = random.Random(number).randbytes(20_000)  # noqa: S311  # nothing secret
        yield put("response", content_type="application/http; msgtype=response", block=_answer("200 OK", "image/jpeg", picture))
    request = f"GET /{number} HTTP/1.1\r\nHost: {page.host}\r\n\r\n".encode()
    yield put("request", content_type="application/http; msgtype=request", block=request)
    body = html(page).encode()
    yield put("response", content_type="application/http; msgtype=response", block=_answer("200 OK", "text/html; charset=utf-8", body))
    yield put("metadata", content_type="application/warc-fields", block=b"fetchTimeMs: 12\r\n")


def write(of: generate.World, form: str, to: Path) -> None:
    """Write the pages in one of FORMS: into a folder where it is html, and into a file otherwise."""
    if form == "html":
        for page in of.pages():
            path = to / page.host / f"{page.number}.html"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(html(page), encoding="utf-8")
    elif form == "parquet":
        _parquet(of, to)
    else:
        with to.open("wb") as file:
            (_warc if form.startswith("warc") else _jsonl)(of, file, packed=form.endswith(".gz"))


def _warc(of: generate.World, file: IO[bytes], *, packed: bool) -> None:
    pack = partial(gzip.compress, compresslevel=_LEVEL, mtime=0) if packed else bytes
    file.write(pack(_record("warcinfo", 0, "", "application/warc-fields", b"software: invented\r\n")))
    for page in of.pages():
        for one in records(page):
            file.write(pack(one))


def _jsonl(of: generate.World, file: IO[bytes], *, packed: bool) -> None:
    opened: AbstractContextManager[IO[bytes]] = (
        gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_LEVEL, mtime=0) if packed else nullcontext(file)
    )
    with opened as lines:
        for page in of.pages():
            lines.write(json.dumps({"id": str(page.number), "url": page.url, "html": html(page)}).encode() + b"\n")


def _parquet(of: generate.World, to: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([("id", pa.string()), ("url", pa.string()), ("html", pa.string())])
    pages = of.pages()
    with pq.ParquetWriter(to, schema) as writer:
        while group := list(islice(pages, _GROUP)):
            columns = [[str(page.number) for page in group], [page.url for page in group], [html(page) for page in group]]
            writer.write_table(pa.table(columns, schema=schema))


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--as", dest="form", choices=FORMS, default="warc.gz")
    parser.add_argument("--bytes", type=float, default=1e8, help="of the records, uncompressed")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    write(world(asked.bytes, asked.seed), asked.form, asked.out)


if __name__ == "__main__":
    main()
