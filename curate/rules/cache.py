"""What reading the rule files came to, kept in a file for the next process.

The file says which rule files it was made of (path, size, times of change) and a hash of its own content: when
either does not fit, the rules are read again. It lies in CURATE_CACHE, or in `curate` below XDG_CACHE_HOME or ~/.cache;
where that cannot be written every process reads the rules for itself.
"""

import hashlib
import os
import tempfile
import time
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from curate.version import __version__

_SETTLED: Final = 2_000_000_000  # nanoseconds: a file that changed just now may change again without its times telling
_HASH: Final = 32  # bytes of a SHA-256


class Stamp(NamedTuple):
    """Which files there are and when they last changed."""

    digest: bytes
    settled: bool  # whether there are any, and none of them changed a moment ago


def stamp(folder: Path) -> Stamp:
    """The stamp of all TOML files below a folder, which need not be there."""
    digest = hashlib.sha256()
    newest = 0
    for path, found in sorted((entry.path, _stat(entry)) for entry in _toml_files(folder)):
        digest.update(f"{path}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_ctime_ns}\n".encode("utf-8", "surrogateescape"))
        newest = max(newest, found.st_mtime_ns, found.st_ctime_ns)
    return Stamp(digest.digest(), 0 < newest < time.time_ns() - _SETTLED)


def _toml_files(folder: str | Path) -> Iterator[os.DirEntry[str]]:
    """The TOML files below a folder; `scandir` knows of each what `stat` says, twice as fast as a walk that asks."""
    with suppress(FileNotFoundError, NotADirectoryError, PermissionError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _toml_files(entry.path)
            elif entry.name.endswith(".toml"):
                yield entry


def _stat(entry: os.DirEntry[str]) -> os.stat_result:
    """What a file, or a link that leads nowhere, says of itself."""
    try:
        return entry.stat()
    except OSError:
        return entry.stat(follow_symlinks=False)


def place() -> Path:
    """Where such files lie; raises OSError where there is no such place."""
    if named := os.environ.get("CURATE_CACHE"):
        return Path(named)
    if named := os.environ.get("XDG_CACHE_HOME"):
        return Path(named, "curate")
    try:
        return Path("~/.cache/curate").expanduser()
    except RuntimeError as problem:  # a user without a home, as containers have
        raise FileNotFoundError(str(problem)) from problem


@cache
def _code() -> str:
    """A hash of the code that makes what is kept: another one would make something else of the same rules."""
    here = Path(__file__).parent
    sources = sorted([*here.glob("*.py"), *(here.parent / "text").glob("*.py")])
    return hashlib.sha256(b"".join(path.read_bytes() for path in sources)).hexdigest()


def _path(folder: Path) -> Path:
    key = "\0".join([__version__, _code(), unicodedata.unidata_version, str(folder.absolute())])
    return place() / f"rules-{hashlib.sha256(key.encode('utf-8', 'surrogateescape')).hexdigest()[:16]}.bin"


def read(folder: Path, made_of: Stamp) -> bytes | None:
    """What was kept for a rule folder with this stamp; None where nothing was, or it is not what was written."""
    try:
        content = _path(folder).read_bytes()
    except OSError:
        return None
    said, check, body = content[:_HASH], content[_HASH : 2 * _HASH], content[2 * _HASH :]
    if said != made_of.digest or check != hashlib.sha256(body).digest():
        return None
    return body


def write(folder: Path, made_of: Stamp, body: bytes) -> None:
    """Keep something for a rule folder with this stamp, where it can be kept."""
    if not made_of.settled:
        return
    with suppress(OSError):  # a cache that cannot be written is one that is not there
        path = _path(folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, delete=False) as file:
            file.write(made_of.digest + hashlib.sha256(body).digest() + body)
        Path(file.name).replace(path)
