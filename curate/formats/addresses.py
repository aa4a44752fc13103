"""What lies at addresses: looked up, listed, read. What a store raises becomes a PageError that holds no secret."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, cast

from curate.errors import CurateError, PageError, SurroundingsError, UsageError
from curate.formats.web import Answers, has_ranges
from curate.places import check_credentials, is_web, shown, store, why, without_query
from curate.stores.objects import Seen, seen_in

_BLOCK: Final = 4 << 20  # bytes of one request: more than a process cleans in a second, and little beside what a page may take
_BUFFER: Final = 1 << 18  # bytes: what is asked for at a time of the block that is there; less costs more calls than reading
_ABSENT: Final = frozenset({404, 410})  # what web servers answer for what there is not
_SAME: Final = {"s3a": "s3", "gcs": "gs"}
_OF_THE_OBJECT: Final = (FileNotFoundError, PermissionError, IsADirectoryError, ValueError)  # said of an object, not of its store
_BUCKETS: Final = frozenset({"s3", "s3a", "gs", "gcs"})


class There(NamedTuple):
    """What an address names."""

    kind: str  # "file", "directory", or "" for nothing
    seen: Seen  # of a file


class Listed(NamedTuple):
    """An object in a folder, or of a pattern."""

    address: str
    name: str  # relative to the folder, or to what stands before the first sign of the pattern
    seen: Seen


@contextmanager
def told(address: str) -> Iterator[None]:
    """Turn what a store raises into PageError, without its cause: tracebacks would show whole addresses.

    A store that fails itself, when its package has asked again a few times, is no matter of the object: that is a SurroundingsError,
    for the same command may find it well again, and must not find that all of its objects were read and failed.
    """
    try:
        yield
    except CurateError:
        raise
    except Exception as problem:  # noqa: BLE001  # each package behind fsspec has exceptions of its own
        check_credentials(problem, address)
        if not is_web(address) and not isinstance(problem, _OF_THE_OBJECT):
            said = f"reading {shown(address)!r} failed: {why(problem)}; the same command goes on when it can be read"
            raise SurroundingsError(said) from None
        raise PageError("cannot be read", why(_behind(problem, address))) from None


def _behind(problem: BaseException, address: str) -> BaseException:
    """What was really said: to fsspec whatever a web server refuses is a file that is not there."""
    hidden = is_web(address) and isinstance(problem, FileNotFoundError) and problem.__cause__
    return problem.__cause__ or problem if hidden else problem


def key(address: str) -> str:
    """What is the same for all addresses of one object. Told from the letters alone: it is asked of every object of a listing."""
    scheme, _, path = address.partition("://")
    return address if is_web(address) else f"{_SAME.get(scheme.lower(), scheme.lower())}://{path.strip('/')}"


def name_of(address: str) -> str:
    """What an object that is named by itself is called: the last part of its address."""
    return without_query(address).rstrip("/").rpartition("/")[2]


def looked_up(address: str) -> There:
    """What an address names; raises PageError where its store does not answer."""
    found = _info(address)
    kind = str(found.get("type", ""))
    if kind == "file" and address.endswith("/") and not is_web(address):
        kind = "directory"  # it was written like one
    return There(kind, seen_in(found) if kind == "file" else Seen())


def below(address: str) -> list[Listed]:
    """Every object below a folder, by name: one listing, which says all that is asked of each."""
    with told(address):
        found = store(address).find(_path(address), detail=True)
    return _listed(address, _path(address), found)


def matching(address: str) -> list[Listed]:
    """Every object that a pattern fits, by name."""
    path = _path(address)
    parts = path.split("/")
    first = next(number for number, part in enumerate(parts) if _is_pattern(part))
    with told(address):
        found = store(address).glob(path, detail=True)
    return _listed(address, "/".join(parts[:first]), found)


def is_pattern(address: str) -> bool:
    """Whether an address stands for whatever it fits; one of the web never does."""
    return not is_web(address) and _is_pattern(address)


def _is_pattern(text: str) -> bool:
    return any(sign in text for sign in "*?[")


def bucket(address: str) -> str:
    """The address of the bucket that an object is in; "" in a store without buckets. Raises UsageError where none is named."""
    scheme, _, path = address.partition("://")
    name = path.partition("/")[0]
    if scheme.lower() not in _BUCKETS:
        return ""
    if not name or _is_pattern(name):
        raise UsageError(f"{address!r} names no bucket; an address is {scheme}://BUCKET/…")
    return f"{scheme}://{name}"


@contextmanager
def stream(address: str) -> Iterator[io.BufferedReader]:
    """The bytes of an object, read block by block as they are asked for; every problem is a PageError."""
    with told(address):
        source = Answers(store(address), address) if is_web(address) else _blocks(address)
    try:
        yield io.BufferedReader(_Raw(source, address), _BUFFER)
    finally:
        source.close()


def divides(address: str) -> bool:
    """Whether an object can be read from the middle; some web servers only give the whole."""
    with told(address):
        return not is_web(address) or has_ranges(store(address), address)


def _blocks(address: str) -> Any:  # noqa: ANN401  # fsspec says not what its files are
    """The file of fsspec. Pages are read from first to last, so of all its caches it takes the one that holds a single block.

    The usual blocks of s3fs are 50 MB, of which a file named among many is given one or two.
    """
    return store(address).open(_path(address), "rb", block_size=_BLOCK, cache_type="readahead")


class _Raw(io.RawIOBase):
    """A file of a store that fills what it is asked to fill, and whose end is the end of the object."""

    def __init__(self, source: Any, address: str) -> None:  # noqa: ANN401  # see `_blocks`
        self._source = source
        self._address = address
        self._broken: PageError | None = None  # what stands behind the bytes that have been given

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return int(self._source.tell())

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._broken = None
        with told(self._address):
            return int(self._source.seek(offset, whence))

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]  # typeshed's WriteableBuffer is private
        view = memoryview(buffer).cast("B")
        filled = 0
        try:
            # As much as is asked for, however it comes over the wire: how much can be peeked at must not depend on that.
            while filled < len(view) and (data := self._read(len(view) - filled)):
                view[filled : filled + len(data)] = data
                filled += len(data)
        except PageError as problem:
            self._broken = problem  # which the next to read are told: the pages before it have come whole
            if not filled:
                raise
        return filled

    def _read(self, size: int) -> bytes:
        if self._broken:
            raise self._broken
        with told(self._address):
            data: bytes = self._source.read(size)
            whole = getattr(self._source, "size", None)
            if not data and whole is not None and self.tell() < whole:
                raise PageError("cannot be read", f"it ends after {self.tell():,} of {whole:,} bytes")
        return data


def _info(address: str) -> Mapping[str, Any]:
    """What is at an address; {} for nothing."""
    with told(address):
        try:
            return cast("Mapping[str, Any]", store(address).info(_path(address)))
        except FileNotFoundError as problem:
            behind = _behind(problem, address)
            if not isinstance(behind, FileNotFoundError) and getattr(behind, "status", 0) not in _ABSENT:
                raise
            return {}


def _path(address: str) -> str:
    """How a store itself calls what is at an address."""
    return str(store(address)._strip_protocol(address))  # noqa: SLF001  # every caller of fsspec's own does so


def _listed(address: str, root: str, found: Mapping[str, Mapping[str, Any]]) -> list[Listed]:
    scheme = address.partition("://")[0]
    above = f"{root.rstrip('/')}/"
    return [
        Listed(f"{scheme}://{path.lstrip('/')}", path.removeprefix(above), seen_in(info))
        for path, info in sorted(found.items())
        if info["type"] == "file" and path.startswith(above) and not path.endswith("/")  # stores mark folders with such names
    ]
