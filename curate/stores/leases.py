"""Who may write into a folder of a store: an object that one process alone can make, and has to make again and again.

A lease is an object `00000007.json` in a folder of its own, which says who has it. It is made only where there is none of that number,
and made anew every 15 seconds. One that has not been made for 60 seconds, by the store's clock, or whose process was on this machine
and has ended, is void: whoever comes makes the next number, which again only one can do, and takes the old one away.

What cannot happen: that two begin with one lease, where the store can refuse to make what is there (Amazon S3, MinIO, Google) and
lists what it has. Where it cannot refuse, the one that was written over finds another's name when it reads its own back, or when it
makes it anew. What can happen: that a process stands still for a minute (a laptop that sleeps, a machine that swaps), another one
takes over, and the first wakes up in the middle of a request. It is ended within 15 seconds. Till then both write, whole objects, and
of the same stage the same bytes; a stage's entry and run.json come last, and name sizes. So nothing is mixed, unless
the second is a run of another configuration: then run it again.
"""

import ctypes
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import ENOSYS
from typing import Final

import msgspec

from curate.errors import SurroundingsError
from curate.places import Place, shown, why
from curate.stores.holders import NOBODY, Holder, holder_of, me
from curate.stores.objects import found, here, remove, write

_EVERY: Final = 15.0  # seconds
_VOID: Final = 60.0  # seconds
_NAME: Final = re.compile(r"\d{8}\.json")


@contextmanager
def leased(folder: Place) -> Iterator[str]:
    """Have the lease of a folder; gives "", or who has it if that is another one.

    Raises SurroundingsError when it has been lost in the middle, whatever is being done then. Stores raise what they raise.
    """
    mine = me()
    path, who = _taken(folder, mine)
    if who:
        yield who
        return
    kept = _Kept(folder, path, mine)
    kept.thread.start()
    try:
        try:
            yield ""
        finally:
            kept.end()
    except KeyboardInterrupt:
        if not kept.lost:
            raise
    if kept.lost:
        raise SurroundingsError(
            f"the hold on {shown(str(folder.parent))!r} was lost: {kept.lost}; run the same command again when nobody else is at it"
        ) from None


def leaser(folder: Place) -> str:
    """Who has the lease of a folder, "" for nobody."""
    return _living(folder, _leases(folder))


def _leases(folder: Place) -> list[Place]:
    files, _ = here(folder)
    return [folder / name for name in sorted(files) if _NAME.fullmatch(name)]


def _taken(folder: Place, mine: Holder) -> tuple[Place, str]:
    """Take the lease; gives its object, or who has it."""
    before = _leases(folder)
    path = folder / f"{int(before[-1].stem) + 1 if before else 0:08}.json"
    if who := _living(folder, before):
        return path, who
    if not _made(path, mine):
        return path, str(_holder(path))
    others = [other for other in _leases(folder) if other != path]
    if who := _living(folder, others):  # it has been made anew meanwhile, or somebody came when the one before had just gone
        remove(path)
        return path, who
    for other in others:
        remove(other)
    return path, ""


def _made(path: Place, mine: Holder) -> bool:
    """Make a lease's object, if there is none of its name. Whatever the answer was, the object tells who has it: requests are repeated."""
    data = msgspec.json.encode(mine)
    try:
        path.fs.pipe_file(path.path, data, mode="create")
    except FileExistsError:
        pass
    except OSError as problem:
        if problem.errno == ENOSYS:  # a store that does not know such requests
            write(path, data)
        elif _holder(path) == NOBODY:
            raise
    return _holder(path) == mine


def _holder(path: Place) -> Holder:
    return holder_of(found(path))


def _living(folder: Place, leases: list[Place]) -> str:
    """Who has one of some leases that are not void, "" for nobody."""
    held = [(path, holder) for path in leases if not (holder := _holder(path)).dead()]
    if not held:
        return ""
    probe = folder / f"{me().token}.now"
    write(probe, b"")  # what time it is for the store: no two machines' clocks are compared
    try:
        now = probe.fs.modified(probe.path)
    finally:
        remove(probe)
    for path, holder in held:
        with suppress(FileNotFoundError):
            if (now - path.fs.modified(path.path)).total_seconds() < _VOID:
                return str(holder)
    return ""


class _Kept:
    """A lease that is kept up by a thread; the thread that took it is stopped when that fails."""

    def __init__(self, folder: Place, path: Place, mine: Holder) -> None:
        self._folder, self._path, self._mine = folder, path, mine
        self._taker = threading.current_thread()
        self._enough = threading.Event()
        self.lost = ""  # why
        self.thread = threading.Thread(target=self._keep, name="lease", daemon=True)

    def end(self) -> None:
        """Give the lease back. Where the store cannot be reached any more, it becomes void by itself."""
        self._enough.set()
        self.thread.join()
        with suppress(Exception):
            if _holder(self._path) == self._mine:
                remove(self._path)

    def _keep(self) -> None:
        made = time.monotonic()
        while not self.lost and not self._enough.wait(_EVERY):
            began = time.monotonic()
            try:
                self.lost = self._again()
                made = began
            except Exception as problem:  # noqa: BLE001  # each package has exceptions of its own; one failure may be one lost packet
                if time.monotonic() - made > _VOID - _EVERY:
                    self.lost = why(problem)
        if self.lost and not self._enough.is_set():
            _stop(self._taker)

    def _again(self) -> str:
        """Make the object again; gives why that must not be done any more."""
        if later := [path for path in _leases(self._folder) if path.name > self._path.name]:
            return f"{_holder(later[-1])} has taken it"
        if (holder := _holder(self._path)) != self._mine:
            return f"{holder} has taken it" if holder != NOBODY else "somebody has taken it away"
        write(self._path, msgspec.json.encode(self._mine))
        return ""


def _stop(thread: threading.Thread) -> None:
    """Raise KeyboardInterrupt in a thread: no Exception, which might be taken for a page's failure.

    A signal also ends waiting, but only the main thread can be sent one, and only where Python's own handler is in place.
    """
    if thread is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.pthread_kill(thread.ident or 0, signal.SIGINT)
    else:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(KeyboardInterrupt))
