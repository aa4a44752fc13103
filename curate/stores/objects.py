"""Whole objects in a store: listed, read, put, copied and taken away; and what a store raises becomes one kind of error.

Nothing here looks twice: every function says how many requests it costs, since each is a journey.
"""

import io
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple, cast

from curate.errors import CurateError, SurroundingsError
from curate.places import Place, check_credentials, is_local, shown, why

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_BLOCK: Final = 16 << 20  # bytes of one request: memory that a transfer takes, however large the object is; S3 wants 5 MB at least
# What tells that an object is another one, in the words of the stores: the first that there is.
_VERSIONS: Final = ("ETag", "etag", "md5Hash", "content_md5", "Content-MD5", "Digest")
_TIMES: Final = ("Last-Modified", "LastModified", "last_modified", "updated", "mtime", "modified", "created")


class Seen(NamedTuple):
    """What a store says of an object without having it read."""

    size: int = -1  # bytes; -1 where it does not say, or was not asked
    version: str = ""  # its etag, or when it was written; "" where it does not say, or was not asked


def seen_in(info: Mapping[str, Any]) -> Seen:
    """The size and version of an object, from what fsspec says of it."""
    size = info.get("size")
    version = next((_version(info[name]) for name in (*_VERSIONS, *_TIMES) if info.get(name)), "")
    return Seen(-1 if size is None else int(size), version)


def _version(found: Any) -> str:  # noqa: ANN401  # whatever a store says
    """What a store says of a version; times, which listings and look-ups may write in two ways, in microseconds."""
    found = found.timestamp() if isinstance(found, datetime) else found
    return str(round(found * 1e6)) if isinstance(found, float) else str(found)


@contextmanager
def reached(doing: str, where: Path | Place) -> Iterator[None]:
    """Raise SurroundingsError, which begins with what was being done, when a disk or a store fails.

    Inside must be nothing but calls to it: the packages behind fsspec have exceptions of all kinds, and all of them are caught. Nothing
    of the cause is left to tracebacks, which show whole addresses.
    """
    try:
        yield
    except CurateError:
        raise
    except Exception as problem:
        if not is_local(where):
            check_credentials(problem, str(where))
            said = f"{doing} {shown(str(where))!r} failed: {why(problem)}; the same command goes on from what is there"
            raise SurroundingsError(said) from None
        if isinstance(problem, OSError):
            raise SurroundingsError(f"{doing} {str(where)!r} failed: {problem.strerror or problem}") from problem
        raise


def listed(folder: Place) -> dict[str, Seen]:
    """All objects below a folder by their names there, however deep; none where there is no such folder. One request a thousand."""
    infos = folder.fs.find(folder.path, detail=True)
    return {name: seen_in(info) for path, info in infos.items() if (name := _below(folder, path))}


def here(folder: Place) -> tuple[dict[str, Seen], list[str]]:
    """The objects in a folder and the names of the folders in it, not what is in those. One request a thousand."""
    try:
        infos = folder.fs.ls(folder.path, detail=True)
    except FileNotFoundError:
        return {}, []
    names = [(_below(folder, info["name"]), info) for info in infos]
    files = {name: seen_in(info) for name, info in names if name and info["type"] == "file"}
    return files, [name for name, info in names if name and info["type"] == "directory"]


def _below(folder: Place, path: str) -> str:
    return path.removeprefix(folder.path).strip("/")


def seen(path: Place) -> Seen:
    """What a store says of one object; raises FileNotFoundError. One request."""
    return seen_in(path.fs.info(path.path))


def found(path: Place) -> bytes:
    """All of a small object, nothing where there is none."""
    try:
        return cast("bytes", path.fs.cat_file(path.path))
    except FileNotFoundError:
        return b""


def contents(paths: Sequence[Place], sizes: Sequence[int]) -> list[bytes]:
    """All of many small objects of one store, of which the sizes are known; many at a time, one request each."""
    if not paths:
        return []
    read = paths[0].fs.cat_ranges([path.path for path in paths], [0] * len(paths), list(sizes), on_error="raise")
    return [bytes(data) for data in read]


def write(path: Place, data: bytes) -> None:
    """Put a small object, in the place of what is there. One request."""
    path.fs.pipe_file(path.path, data)


def put(file: Path, to: Place) -> None:
    """Put a file as an object, in the place of what is there; of a large one a block at a time is in memory."""
    if file.stat().st_size <= _BLOCK:
        write(to, file.read_bytes())
        return
    with file.open("rb") as source, to.fs.open(to.path, "wb", block_size=_BLOCK) as target:
        while block := source.read(_BLOCK):
            target.write(block)


def streamed(path: Path | Place) -> BinaryIO:
    """A file or an object, to be read from beginning to end; of an object a block is in memory. Of stores it raises as `reached`."""
    if is_local(path):
        return path.open("rb")
    return cast("BinaryIO", io.BufferedReader(_Stream(cast("Place", path)), _BLOCK))


class _Stream(io.RawIOBase):
    """An object that is asked for a range at a time."""

    def __init__(self, path: Place) -> None:
        self._path, self._at = path, 0
        with reached("reading", path):
            self._size = seen(path).size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        wanted = memoryview(buffer).cast("B")
        end = min(self._at + len(wanted), self._size)
        if end == self._at:
            return 0
        with reached("reading", self._path):
            data = self._path.fs.cat_file(self._path.path, start=self._at, end=end)
        wanted[: len(data)] = data
        self._at += len(data)
        return len(data)


def fetched(path: Place) -> BinaryIO:
    """An object as a file that nobody else sees: it has no name, so that nothing of it is left however the process ends."""
    with ExitStack() as stack, streamed(path) as source:
        file = cast("BinaryIO", stack.enter_context(TemporaryFile(prefix="curate-")))
        shutil.copyfileobj(source, file, _BLOCK)
        file.flush()
        file.seek(0)
        stack.pop_all()
    return file


def copy(pairs: Sequence[tuple[Place, Place]]) -> None:
    """Have a store copy objects to other names, many at a time; they do not come by here."""
    if pairs:
        pairs[0][0].fs.copy([source.path for source, _ in pairs], [to.path for _, to in pairs])


def remove(path: Place) -> None:
    """Take an object away, if it is there."""
    with suppress(FileNotFoundError):
        path.fs.rm_file(path.path)


def remove_below(folder: Place) -> None:
    """Take away all that is below a folder, if anything is."""
    with suppress(FileNotFoundError):
        folder.fs.rm(folder.path, recursive=True)
