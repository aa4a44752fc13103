"""The engine with several processes: a worker gets a function and an item, and sends back an answer.

What goes between them is small (numbers, paths, counts); documents never cross.
"""

import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Final, Self, cast

from curate.duplicates.corpus import Answer, Item
from curate.errors import SurroundingsError
from curate.run.replies import Reply, answer_of, reply
from curate.run.serial import Serial, unwatched

_TRIES: Final = 3  # for an item whose worker dies: a machine short of memory may have more later
_SHOWN: Final = 200  # characters of an item in a message
_CONTEXT: Final = get_context("spawn")  # a fork would take locks along that other threads hold


class _Worker:
    """A process and the line to it."""

    def __init__(self, lifeline: Connection) -> None:
        self.line, theirs = _CONTEXT.Pipe()
        self.process: BaseProcess = _CONTEXT.Process(target=_serve, args=(theirs, lifeline), daemon=True)
        # Ctrl-C reaches every process of the terminal, and the parent answers it: a worker is deaf to it from its first moment.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self.process.start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        theirs.close()  # so that the line ends when the worker does
        self.function = b""  # the one it has been sent
        self.item = -1  # the number of the one it is at, -1 for none

    def ask(self, function: bytes, number: int, item: object) -> None:
        """Send an item; a worker that has died shows when its answer is waited for."""
        self.item = number
        with suppress(BrokenPipeError, ConnectionResetError):
            self.line.send_bytes(function if function != self.function else b"")
            self.line.send_bytes(pickle.dumps(item))
        self.function = function


class Processes:
    """Several processes, begun when there is work for more than one, and kept for the next. To be used in a `with`."""

    apart = False

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._workers: list[_Worker] = []
        self._lifeline, self._held = _CONTEXT.Pipe(duplex=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, raised: BaseException | None, where: TracebackType | None) -> None:
        self._held.close()
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.line.close()
        self._workers.clear()

    def here(self, items: int) -> bool:
        """See `serial.Engine`: for one item no other process is begun."""
        return self.workers == 1 or items <= 1

    def map(self, function: Callable[[Item], Answer], items: Sequence[Item], came: Callable[[Any], None] = unwatched) -> Iterator[Answer]:
        """See `serial.Engine`. An item whose worker dies is given to another one; raises SurroundingsError when that goes on."""
        if self.here(len(items)):
            yield from Serial().map(function, items, came)
            return
        assert all(worker.item < 0 for worker in self._workers), "one map at a time"
        packed = pickle.dumps(function)
        waiting, tries = deque(range(len(items))), [0] * len(items)
        there: dict[int, Answer] = {}
        for number in range(len(items)):
            while number not in there:
                self._hand_out(packed, items, waiting, tries)
                for worker in self._ready():
                    done = worker.item
                    for answer in self._answer(worker, items, waiting, tries):
                        there[done] = cast("Answer", answer)
                        came(answer)
            yield there.pop(number)

    def _hand_out(self, function: bytes, items: Sequence[object], waiting: deque[int], tries: list[int]) -> None:
        """Give items to whoever has none; there are as many workers as items ask for."""
        busy = sum(worker.item >= 0 for worker in self._workers)
        while len(self._workers) < min(self.workers, busy + len(waiting)):
            self._workers.append(_Worker(self._lifeline))
        for worker in self._workers:
            if waiting and worker.item < 0:
                number = waiting.popleft()
                tries[number] += 1
                worker.ask(function, number, items[number])

    def _ready(self) -> list[_Worker]:
        """The workers that have answered, or died; waits for one."""
        by_line = {worker.line: worker for worker in self._workers if worker.item >= 0}
        return [by_line[cast("Connection", line)] for line in wait(list(by_line))]

    def _answer(self, worker: _Worker, items: Sequence[object], waiting: deque[int], tries: list[int]) -> list[object]:
        """What a worker has sent; nothing from one that has died, whose item then waits again."""
        number, worker.item = worker.item, -1
        try:
            given = cast("Reply", worker.line.recv())
        except (EOFError, OSError):  # in the middle of an answer it is an OSError
            self._workers.remove(worker)
            worker.process.join()
            worker.line.close()
            if tries[number] == _TRIES:
                said = f"worker processes died {_TRIES} times ({_death(worker.process)}) at {str(items[number])[:_SHOWN]}"
                raise SurroundingsError(f"{said}; perhaps for want of memory: run again with fewer --workers") from None
            waiting.appendleft(number)
            return []
        return [answer_of(given)]


def _death(process: BaseProcess) -> str:
    """How a process ended, in words."""
    code = process.exitcode or 0
    return f"signal {-code}" if code < 0 else f"exit {code}"


def _serve(line: Connection, lifeline: Connection) -> None:
    """A worker: carry out functions on items until the parent lets go or dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # as `_Worker` has begun it, and for whoever asks what a signal would do

    def watch() -> None:
        lifeline.poll(None)  # nothing is ever sent: this returns when the other end is closed
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    function = b""
    while True:
        try:
            sent, item = line.recv_bytes(), line.recv_bytes()
        except EOFError:
            return
        function = sent or function
        line.send(reply(function, item, "a worker process"))
