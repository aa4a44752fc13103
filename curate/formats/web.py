"""What web servers give: an object in one answer, from wherever it is begun.

fsspec reads such objects block by block, which fails after the first block of a server that gives no ranges, and asks for their sizes
before, which an address signed for reading does not allow. Nor does it ask again when an answer breaks off, as it does of other stores.
"""

import io
import time
from typing import Any, Final

from fsspec import AbstractFileSystem

_CHUNK: Final = 1 << 20
_PARTIAL: Final = 206  # status of an answer that is the range which was asked for
_BEYOND: Final = 416  # status of a range that begins where the object has ended
_BUSY: Final = frozenset({408, 429, 500, 502, 503, 504})  # status of answers that may be others a little later
_WAITS: Final = [0.5, 2.0, 8.0]  # seconds, before it is asked again


class Answers:
    """The bytes of an object: a new answer of the server after each jump, and where one breaks off, if the object is still the same."""

    def __init__(self, web: AbstractFileSystem, address: str) -> None:
        self._web, self._address = web, address
        self._at = 0
        self._answer: Any = None  # of which the next bytes are those at `_at`
        self._version = ""

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at}.get(whence)
        to = offset + (self._size() if start is None else start)
        if to != self._at:
            self.close()
            self._at = to
        return self._at

    def read(self, size: int) -> bytes:
        for wait in _WAITS:
            try:
                return self._read(size)
            except Exception as problem:
                if not _passes(problem):
                    raise
                self.close()
                time.sleep(wait)
        return self._read(size)

    def close(self) -> None:
        """Tell the server that no more is wanted."""
        if self._answer:
            self._answer.close()
            self._answer = None

    def _read(self, size: int) -> bytes:
        self._answer = self._answer or self._ask()
        data: bytes = self._answer.read(size)
        self._at += len(data)
        return data

    def _ask(self) -> Any:  # noqa: ANN401  # fsspec does not say what its files are
        """The answer that begins where reading is. What a server without ranges gives before is read and left."""
        try:
            answer = _open(self._web, self._address, self._at)
        except Exception as problem:
            if self._at and getattr(problem, "status", 0) == _BEYOND:
                return io.BytesIO()
            raise
        headers = answer.r.headers
        version = headers.get("ETag") or headers.get("Last-Modified") or ""
        if self._version and version != self._version:
            answer.close()
            raise ValueError("it was changed while it was read")
        self._version = version
        left = 0 if answer.r.status == _PARTIAL else self._at
        while left and (data := answer.read(min(left, _CHUNK))):
            left -= len(data)
        return answer

    def _size(self) -> int:
        size = self._web.info(self._address)["size"]
        if size is None:
            raise ValueError("the server does not say how large it is, so that it cannot be read from its end")
        return int(size)


def has_ranges(web: AbstractFileSystem, address: str) -> bool:
    """Whether a server gives an object from the middle; asked with a range, since many do and do not say so."""
    answer = _open(web, address, 1)
    try:
        return bool(answer.r.status == _PARTIAL)
    finally:
        answer.close()


def _passes(problem: Exception) -> bool:
    """Whether it may be otherwise a little later: the connection broke off, or the server is busy."""
    from aiohttp import ClientError  # noqa: PLC0415  # in an extra

    status = getattr(problem, "status", 0)
    return status in _BUSY if status else isinstance(problem, (ClientError, OSError)) and not isinstance(problem, FileNotFoundError)


def _open(web: AbstractFileSystem, address: str, start: int) -> Any:  # noqa: ANN401  # see `_ask`
    """An answer; without blocks it is read as it comes, and with a size, whichever, none is asked for."""
    return web.open(address, block_size=0, size=1, headers={"Range": f"bytes={start}-"} if start else {})
