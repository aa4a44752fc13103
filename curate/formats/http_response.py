"""The answer of a web server as a crawler kept it: its status, its header, and the page without what it was packed in for the way."""

import io
import re
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from curate.errors import PageError
from curate.formats.members import Members, Zstd

if TYPE_CHECKING:
    from fastwarc.stream_io import WarcReader

HEAD: Final = 1 << 16  # bytes of the longest header
_STATUS: Final = re.compile(rb"HTTP/\d(?:\.\d)?[ \t]+(\d{3})(?!\d)")
_HEAD_END: Final = re.compile(rb"\r?\n\r?\n")
_FOLD: Final = re.compile(r"\r?\n[ \t]+")
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?\s*([^\s\"';,]{1,40})", re.IGNORECASE)
_CHUNK: Final = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\r\n]{0,1000})?\r?\n")  # its size, and extensions, which mean nothing here
_PIECE: Final = 1 << 12  # bytes that are unpacked at a time: of a piece in which a body is cut off nothing may come
_CHUNK_END: Final = re.compile(rb"\r?\n")


class Response(NamedTuple):
    """A response that has not been unpacked."""

    status: int
    headers: dict[str, str]  # by name in lower case; the first of several
    body: bytes


def parse(block: bytes) -> Response:
    """The response in a record; raises PageError for what is none."""
    status = _STATUS.match(block)
    if not status:
        raise PageError("broken HTTP", f"no response begins with {block[:40]!r}")
    end = _HEAD_END.search(block, 0, HEAD)
    if not end and len(block) >= HEAD:
        raise PageError("broken HTTP", f"the header does not end within {HEAD:,} bytes")
    head, body = (block[: end.start()], block[end.end() :]) if end else (block, b"")
    return Response(int(status[1]), headers(head), body)


def headers(head: bytes) -> dict[str, str]:
    """The fields below the first line of a header, by name in lower case; of several with one name the first."""
    found: dict[str, str] = {}
    for line in _FOLD.sub(" ", head.decode("utf-8", "replace")).split("\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), value.strip())
    return found


def essence(content_type: str) -> str:
    """A content type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def charset(content_type: str) -> str:
    """The encoding that a content type declares; "" for none."""
    found = _CHARSET.search(content_type)
    return found[1] if found else ""


def unpacked(response: Response, limit: int, *, cut: bool) -> bytes:
    """The page, up to a byte beyond `limit`; `cut` is whether it is known to be cut off, so that its end may be missing.

    What does not look as the header says was unpacked before it was kept, as many crawlers do. Raises PageError for what is broken.
    """
    data = response.body
    if "chunked" in response.headers.get("transfer-encoding", "").lower():
        data = _joined(data, cut=cut)
    for coding in reversed(response.headers.get("content-encoding", "").lower().split(",")):
        data = _decoded(data, coding.strip(), limit, cut=cut)
    return data


def _joined(data: bytes, *, cut: bool) -> bytes:
    """The chunks of a body as one (RFC 9112, section 7.1); a server that ends it after a chunk has forgotten the last one."""
    parts, at = [], 0
    while at < len(data):
        head = _CHUNK.match(data, at)
        if not head:
            if at == 0:
                return data
            if cut:
                break
            raise PageError("broken chunks", f"no chunk begins with {data[at : at + 20]!r}, at {at:,} of the body")
        size, begin = int(head[1], 16), head.end()
        if size == 0:
            break
        parts.append(data[begin : begin + size])
        if begin + size > len(data):
            if cut:
                break
            raise PageError("broken chunks", f"the body ends inside a chunk of {size:,} bytes")
        end = _CHUNK_END.match(data, begin + size)
        at = end.end() if end else begin + size
    return b"".join(parts)


def _decoded(data: bytes, coding: str, limit: int, *, cut: bool) -> bytes:
    """A body with one content coding taken off (RFC 9110, section 8.4.1)."""
    if coding in {"", "identity"} or not data:
        return data
    decode = _CODINGS.get(coding)
    if not decode:
        raise PageError("unknown content encoding", repr(coding[:40]))
    try:
        return decode(data, limit, cut)
    except (zlib.error, EOFError, OSError, PageError) as problem:
        if data.lstrip()[:1] == b"<":
            return data
        raise PageError("broken content encoding", f"{coding}: {problem}") from None


def _gzip(data: bytes, limit: int, cut: bool) -> bytes:  # noqa: FBT001  # called by position, as all codings are
    return _inflated(data, 31, limit, cut=cut)


def _deflate(data: bytes, limit: int, cut: bool) -> bytes:  # noqa: FBT001  # as above
    """The format of zlib is meant; some servers send what is inside of it."""
    try:
        return _inflated(data, 15, limit, cut=cut)
    except zlib.error:
        return _inflated(data, -15, limit, cut=cut)


def _inflated(data: bytes, bits: int, limit: int, *, cut: bool) -> bytes:
    """All members, as far as the limit; zeros behind the last one are padding."""
    parts, left = [], limit + 1
    while data.strip(b"\0") and left:
        member = zlib.decompressobj(bits)
        parts.append(member.decompress(data, left))
        left -= len(parts[-1])
        if left and not member.eof and not cut:
            raise EOFError("the body ends in the middle")
        data = member.unused_data
    return b"".join(parts)


def _brotli(data: bytes, limit: int, cut: bool) -> bytes:  # noqa: FBT001  # as above
    from fastwarc.stream_io import BrotliReader  # noqa: PLC0415  # an extra

    return _read(BrotliReader(io.BytesIO(data)), limit, cut=cut)


def _zstd(data: bytes, limit: int, cut: bool) -> bytes:  # noqa: FBT001  # as above
    return _read(Members(io.BufferedReader(io.BytesIO(data)), Zstd(), through=True), limit, cut=cut)


def _read(reader: "WarcReader | Members", limit: int, *, cut: bool) -> bytes:
    """What a reader gives, up to a byte beyond the limit, or of a body that is cut off up to its end."""
    parts, left = [], limit + 1
    try:
        while left and (data := reader.read(min(left, _PIECE))):
            parts.append(data)
            left -= len(data)
    except (OSError, PageError):
        if not (cut and parts):
            raise
    return b"".join(parts)


_CODINGS: Final[dict[str, Callable[[bytes, int, bool], bytes]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
