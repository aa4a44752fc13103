"""Locks: names that one process holds at a time, whether they lie on a disk or in a store.

On a disk a lock is a file under `flock`, which goes with the process, however that ends. That is so on network file systems too, which
pass it on to their server (NFS since Linux 2.6.12, Lustre mounted with `flock`). The trap is Lustre mounted with `localflock`: there
two machines do not see each other's locks, and nothing can tell. In a store a lock is a lease: see `leases`.
"""

import errno
import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Final

import msgspec

from curate.errors import SurroundingsError
from curate.places import Place, is_local
from curate.stores.holders import holder_of, me
from curate.stores.leases import leased, leaser

_TRIES: Final = 5  # whoever asks after a lock holds it for a moment
_PAUSE: Final = 0.05  # seconds
_UNKNOWN: Final = frozenset({errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP})


@contextmanager
def locked(path: Place) -> Iterator[str]:
    """Hold a name, in a folder that is there; gives "", or who holds it if that is another one.

    Raises what disks and stores raise, and SurroundingsError when it is lost in the middle.
    """
    if not is_local(path):
        with leased(path) as who:
            yield who
        return
    with path.open("a+b") as file:
        if not _flock(file, fcntl.LOCK_EX):
            yield _said(file)
            return
        file.truncate(0)
        file.write(msgspec.json.encode(me()))
        file.flush()
        try:
            yield ""
        finally:
            file.truncate(0)


def holder(path: Place) -> str:
    """Who holds a name now, "" for nobody."""
    if not is_local(path):
        return leaser(path)
    if not path.exists():
        return ""
    with path.open("rb") as file:
        return "" if _flock(file, fcntl.LOCK_SH) else _said(file)


def _flock(file: BinaryIO, how: int) -> bool:
    """Lock a file until it is closed; False where another process has it."""
    for _ in range(_TRIES):
        try:
            fcntl.flock(file, how | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_PAUSE)
        except OSError as problem:
            if problem.errno not in _UNKNOWN:
                raise
            raise SurroundingsError(
                f"the file system of {file.name!r} knows no locks ({problem.strerror}); mount it with flock, or name another folder"
            ) from problem
        else:
            return True
    return False


def _said(file: BinaryIO) -> str:
    file.seek(0)
    return str(holder_of(file.read()))
