"""The engine of Ray: items are worked on by the nodes of a cluster, or by a Ray of its own on this machine.

A node gets a function and an item, and sends back an answer: numbers, paths, counts. Everything else it reads and writes where the run
does, in a folder that all nodes share or in a store. Nothing goes through Ray's `runtime_env`, which is logged: what tasks need of the
environment (credentials, CURATE_RULES) is that of the nodes; and Ray itself sets OMP_NUM_THREADS to the one processor of a task.
"""

import os
import pickle
import secrets
import shutil
import signal
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self, cast

from curate.duplicates.corpus import Answer, Item
from curate.errors import SurroundingsError, UsageError
from curate.places import Place, is_local
from curate.run.identity import called, program
from curate.run.node import task
from curate.run.replies import Reply, answer_of
from curate.run.serial import unwatched

_AHEAD: Final = 2  # items given out for each processor, so that none waits for its next one
_LOOK: Final = 2.0  # seconds after which it is looked again how many processors the cluster has
_CANCELLED: Final = 10.0  # seconds that tasks are waited for which have been told to end
_STORE: Final = 100 << 20  # bytes that a Ray of our own sets apart for objects; it wants 75 MiB at least, and ours are small
_SHOWN: Final = 200  # characters of an item in a message
_REACHED: Final = 10.0  # seconds within which a cluster answers


class _Loss(NamedTuple):
    """What may be lost in the middle of an item, and how often for the same one."""

    what: str
    most: int
    advice: str


# A machine short of memory may have more later; nodes that are rented by the minute go all the time.
_WORKER: Final = _Loss("worker processes died", 3, "perhaps for want of memory: run again with fewer --workers, or nodes that have more")
_NODE: Final = _Loss("nodes were lost", 10, "see with `ray status` what becomes of them; the same command again goes on")


class _Asked(NamedTuple):
    """An item that has been given out."""

    number: int
    ref: Any  # Ray's name for the answer


class Ray:
    """Tasks of Ray, begun when there is something to do. To be used in a `with`.

    `workers` is how many tasks there are at one time, 0 for as many as there are processors; `address` is that of a cluster that is
    there, "" for a Ray of our own on this machine; `shared` is a folder of the run in which every node has to see what is done here.
    """

    apart = True

    def __init__(self, workers: int, address: str = "", shared: Place | None = None) -> None:
        if address.startswith("ray://"):
            raise UsageError(
                f"{address!r} is of a Ray client; run curate on a node of the cluster, and say its address (HOST:6379, or auto)"
            )
        self._ray = _package()
        self._workers, self._address, self._shared = workers, address, shared
        self._marker: Path | None = None
        self._session = ""  # the folder of a Ray of our own
        self._ours = self._joined = False
        self._cpus, self._looked = 0, -_LOOK
        self._asked: list[_Asked] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, where: TracebackType | None) -> None:
        self._cancel()
        if self._marker:
            shutil.rmtree(self._marker, ignore_errors=True)  # the folder it is in may have gone
        if self._ours:
            self._ray.shutdown()
        if self._session and not raised:  # what has been logged there is of use only where something went wrong
            shutil.rmtree(self._session, ignore_errors=True)  # processes that are about to end may still write there

    @property
    def workers(self) -> int:
        """The most tasks that any node of now has at one time."""
        self._join()
        most = max((int(node["Resources"].get("CPU", 0)) for node in self._ray.nodes() if node["Alive"]), default=1)
        return max(1, min(most, self._workers or most))

    def here(self, items: int) -> bool:  # noqa: ARG002  # see `serial.Engine`
        """Never: what this process has is not what the nodes have."""
        return False

    def map(self, function: Callable[[Item], Answer], items: Sequence[Item], came: Callable[[Any], None] = unwatched) -> Iterator[Answer]:
        """See `serial.Engine`. An item whose worker or node is lost is given out again; raises SurroundingsError when that goes on."""
        if not items:
            return
        self._join()
        assert not self._asked, "one map at a time"
        give = _Giving(self._ray, function, str(self._marker or ""))
        waiting, lost, there = deque(range(len(items))), Counter[tuple[int, _Loss]](), dict[int, Answer]()
        try:
            for number in range(len(items)):
                while number not in there:
                    while waiting and len(self._asked) < self._most():
                        self._asked.append(_Asked(waiting[0], give(items[waiting.popleft()])))
                    for asked in self._ready():
                        for answer in self._answer(asked, items[asked.number], lost, waiting):
                            there[asked.number] = cast("Answer", answer)
                            came(answer)
                yield there.pop(number)
        except SystemError as problem:  # what Ray makes of whatever a signal's handler has raised in the middle of its waiting
            raise problem.__cause__ or problem from None
        finally:
            self._cancel()

    def _most(self) -> int:
        """How many items are given out at one time. Nodes come and go while a run lasts."""
        if self._workers and not self._session:
            return self._workers
        if time.monotonic() - self._looked >= _LOOK:
            self._cpus, self._looked = int(self._ray.cluster_resources().get("CPU", 0)), time.monotonic()
        return max(1, self._cpus * _AHEAD)

    def _ready(self) -> list[_Asked]:
        """What has come to an end, and is taken off the list; nothing when nothing has for a while."""
        refs = [asked.ref for asked in self._asked]
        done = set(self._ray.wait(refs, num_returns=1, timeout=_LOOK)[0])
        ready = [asked for asked in self._asked if asked.ref in done]
        self._asked = [asked for asked in self._asked if asked.ref not in done]
        return ready

    def _answer(self, asked: _Asked, item: object, lost: Counter[tuple[int, _Loss]], waiting: deque[int]) -> list[object]:
        """What has come of an item; nothing where its worker or node has been lost, and it waits again."""
        errors, shown = self._ray.exceptions, str(item)[:_SHOWN]
        try:
            unfit, packed = self._ray.get(asked.ref)
        except (errors.WorkerCrashedError, errors.OutOfMemoryError, errors.NodeDiedError) as problem:
            loss = _NODE if isinstance(problem, errors.NodeDiedError) else _WORKER
            lost[asked.number, loss] += 1
            if lost[asked.number, loss] == loss.most:
                raise SurroundingsError(f"{loss.what} {loss.most} times at {shown}; {loss.advice}") from problem
            waiting.appendleft(asked.number)
            return []
        except errors.RayError as problem:
            raise SurroundingsError(f"Ray could not carry out {shown}: {_told(problem)}") from problem
        if unfit:
            raise SurroundingsError(unfit)
        return [answer_of(cast("Reply", pickle.loads(packed)))]  # noqa: S301  # our own worker's

    def _cancel(self) -> None:
        """End what is still being done, and wait until it writes no more."""
        refs = [asked.ref for asked in self._asked]
        self._asked = []
        for ref in refs:
            self._ray.cancel(ref, force=True)
        if refs:
            self._ray.wait(refs, num_returns=len(refs), timeout=_CANCELLED)

    def _join(self) -> None:
        """Be part of a Ray: of the one that this process is part of already, of that at the address, or of one of our own."""
        if self._joined:
            return
        if not self._ray.is_initialized():
            self._ours = True
            context = _begun(self._ray, self._address, self._workers)
            self._session = "" if self._address else context.address_info["session_dir"]
        self._joined = True
        if self._shared is not None and is_local(self._shared):
            self._marker = Path(self._shared).absolute() / f".seen-{secrets.token_hex(8)}"
            self._marker.mkdir()


class _Giving:
    """Gives items to tasks of one function, which is sent once."""

    def __init__(self, ray: Any, function: Callable[[Any], Any], marker: str) -> None:  # noqa: ANN401  # the package, which has no types
        self._function = ray.put(pickle.dumps(function))
        self._task = ray.remote(num_cpus=1, max_retries=0)(task())
        self._told = (program(), called(), os.getcwd(), marker)  # noqa: PTH109  # a text is what is sent

    def __call__(self, item: object) -> Any:  # noqa: ANN401  # Ray's name for the answer
        return self._task.remote(self._function, pickle.dumps(item), self._told)


def _package() -> Any:  # noqa: ANN401  # the package, which has no types
    """Ray, imported when it is wanted: it takes half a second and is an extra. Says nothing to anybody about its use."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # What Ray tells of lost workers and nodes it prints to standard output, where documents may go; a line that this matches it drops.
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", "^")
    try:
        import ray  # noqa: PLC0415  # see above
    except ImportError:
        raise UsageError("the engine ray needs Ray: pip install 'curate[ray]'") from None
    return ray


def _begun(ray: Any, address: str, workers: int) -> Any:  # noqa: ANN401  # the package, which has no types
    """Begin a Ray on this machine, or join one; what it says of itself."""
    quiet = {"logging_level": "ERROR", "log_to_driver": False}
    own = {"num_cpus": workers or None, "include_dashboard": False, "object_store_memory": _STORE}
    try:
        _reach(address)
        with _our_own_end(ray):
            return ray.init(address="local", **own, **quiet) if not address else ray.init(address=address, **quiet)
    except (OSError, RuntimeError, ValueError) as problem:
        what = f"the Ray cluster at {address!r} cannot be joined" if address else "Ray cannot be started on this machine"
        why = "; ".join(_told(each) for each in (problem, problem.__cause__) if each)
        raise SurroundingsError(f"{what}: {why}{_advice(address, why)}") from problem


def _advice(address: str, why: str) -> str:
    """What may be wrong with a cluster that cannot be joined; Ray's own words are about its options, which are not curate's."""
    if not address:
        return ""
    if "nauthenticated" in why or "GCS" in why:
        return "; newer clusters ask for a token: RAY_AUTH_MODE=token, and the token of its first machine in ~/.ray/auth_token"
    return "; `ray start --head` begins one" if address == "auto" else ""


@contextmanager
def _our_own_end(ray: Any) -> Iterator[None]:  # noqa: ANN401  # the package, which has no types
    """Leave SIGTERM to the program: Ray, which takes seconds to begin, would answer it with exit code 1 or 15 from the first."""
    utils, terminated = ray._private.utils, signal.getsignal(signal.SIGTERM)  # noqa: SLF001  # there is no other way to keep it off
    theirs = utils.set_sigterm_handler
    utils.set_sigterm_handler = lambda _handler: None
    try:
        yield
    finally:
        utils.set_sigterm_handler = theirs
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, terminated)  # a Ray that sets it in another way


def _reach(address: str) -> None:
    """Raises OSError where nobody listens at HOST:PORT: Ray itself goes on trying for minutes."""
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_REACHED).close()


def _told(problem: BaseException) -> str:
    """The first line of what was said; where Ray puts a traceback into a message, what that ends with too."""
    said = str(getattr(problem, "strerror", None) or str(problem).strip() or type(problem).__name__)
    first, *_, last = [*said.splitlines(), ""] if "Traceback" not in said else said.splitlines()
    return f"{first.partition(' Last connection error')[0]} {last.strip()}".strip()
