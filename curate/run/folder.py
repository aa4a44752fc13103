"""The output folder of a run: held by one run at a time, and changed only when everything that is to be in it is there."""

import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from curate.errors import SurroundingsError, UsageError
from curate.formats.inputs import OUTPUT, WORK
from curate.run.stages import sync
from curate.run.writer import RUN_FILE

_LOCK: Final = "lock"


@contextmanager
def held(out: Path) -> Iterator[Path]:
    """Make a folder if need be, and hold it for one run; gives the folder for its work.

    The lock goes with the process, however that ends. Raises UsageError when the folder cannot be written,
    SurroundingsError when another run holds it.
    """
    work = out / WORK
    try:
        work.mkdir(parents=True, exist_ok=True)
        lock = (work / _LOCK).open("a+")
    except OSError as problem:
        why = "it is a file" if out.is_file() else problem.strerror
        raise UsageError(f"cannot write to {str(out)!r}: {why}; name another folder with -o") from problem
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            who = f" (process {number})" if (number := lock.read().strip()) else ""
            raise SurroundingsError(f"another run{who} is writing to {str(out)!r}; wait for it, or name another folder with -o") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield work


def publish(out: Path, rows: Mapping[str, Path], summary: bytes) -> bool:
    """Give the files of stages their names in the output folder, `summary` as run.json last of all; False when all of it was there.

    Files are linked and not moved, so that they take no more room and their stage stays whole. Whatever an earlier run
    left besides goes. In between there is no run.json: the folder holds no run until it holds all of the new one.
    """
    try:
        new = {name: path for name, path in rows.items() if not _same(out / name, path)}
        old = [path for path in _outputs(out) if path.name not in rows and path.name != RUN_FILE]
        if not new and not old and _content(out / RUN_FILE) == summary:
            return False
        (out / RUN_FILE).unlink(missing_ok=True)
        for name, path in new.items():
            _link(path, out / name)
        for path in old:
            path.unlink()
        sync(out)
        partial = out / f".{RUN_FILE}.partial"
        partial.write_bytes(summary)
        sync(partial)
        partial.replace(out / RUN_FILE)
        sync(out)
    except OSError as problem:
        raise SurroundingsError(f"naming the files in {str(out)!r} failed: {problem.strerror or problem}; run again") from problem
    return True


def _outputs(out: Path) -> list[Path]:
    """What an earlier run left in a folder, and nothing that anybody else put there."""
    return [path for path in sorted(out.iterdir()) if path.is_file() and OUTPUT.fullmatch(path.name)]


def _same(there: Path, wanted: Path) -> bool:
    """Whether a file is the wanted one, or the copy of it that a file system without links has got."""
    try:
        one, other = there.stat(), wanted.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(one, other) or (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _link(path: Path, name: Path) -> None:
    """Give a file a second name, in the place of what has it."""
    partial = name.with_name(f".{name.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        os.link(path, partial)
    except OSError:  # there are file systems without links
        shutil.copy2(path, partial)
        sync(partial)
    partial.replace(name)


def tidy_output(out: Path) -> None:
    """Take away what a run that was killed has left half published."""
    for path in out.glob(".*.partial"):
        if OUTPUT.fullmatch(path.name[1:].removesuffix(".partial")):
            with suppress(FileNotFoundError):
                path.unlink()
