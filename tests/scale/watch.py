"""Runs a command and watches what it takes: time, CPU and memory of it and of all processes that it starts (Linux: reads /proc)."""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

_TICK: Final = 1 / os.sysconf("SC_CLK_TCK")
_OFTEN: Final = 0.02  # seconds between two looks at the beginning, where short stages are
_SELDOM: Final = 0.2  # and later on, so that watching does not cost what it measures
_BEGINNING: Final = 10.0


class Look(NamedTuple):
    """What was seen at one moment, of all processes together."""

    at: float  # seconds, as files' times have them
    cpu: float  # seconds so far
    private: int = 0  # bytes that are no file's: pages of mapped files can go when memory is short
    scratch: int = 0  # bytes below the folder that is looked at


class Took(NamedTuple):
    """Time, from one moment to another."""

    wall: float  # seconds
    cpu: float  # seconds


class Watched(NamedTuple):
    """What a command took."""

    looks: list[Look]
    biggest: int  # bytes that the biggest process had in memory, mapped files with them
    begun: float  # when the marker was there for the first time

    def between(self, begin: float, end: float) -> Took:
        """What it took from one moment to another."""
        from_, to = np.interp([begin, end], [look.at for look in self.looks], [look.cpu for look in self.looks])
        return Took(end - begin, float(to - from_))


def watch(command: Sequence[str | Path], log: Path, marker: Path, scratch: Path) -> Watched:
    """Run a command and wait for its end; raises CalledProcessError when it fails. What it says goes to `log`."""
    looks, begun = [Look(time.time(), 0.0)], 0.0
    with log.open("wb") as said, subprocess.Popen(command, stdout=said, stderr=said) as process:
        while True:
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
            if ended:
                break
            looks.append(_look(process.pid, scratch))
            begun = begun or (looks[-1].at if marker.exists() else 0.0)
            time.sleep(_OFTEN if looks[-1].at - looks[0].at < _BEGINNING else _SELDOM)
        process.returncode = os.waitstatus_to_exitcode(status)
    looks.append(Look(time.time(), used.ru_utime + used.ru_stime))
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, [*map(str, command)], log.read_bytes())
    return Watched(looks, used.ru_maxrss * 1024, begun or looks[-1].at)


def size(folder: Path) -> int:
    """The bytes of the files in a folder and its folders, which may be going meanwhile."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += (Path(root) / name).stat().st_size
            except FileNotFoundError:
                continue
    return total


def _look(number: int, scratch: Path) -> Look:
    seen = list(_processes(number))
    return Look(time.time(), sum(cpu for cpu, _ in seen), sum(private for _, private in seen), size(scratch))


def _processes(number: int) -> Iterator[tuple[float, int]]:
    """CPU time, that of its ended children with it, and private bytes of a process and of those that it started."""
    folder = Path("/proc") / str(number)
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        status = dict(line.split(":", 1) for line in (folder / "status").read_text().splitlines())
        children = (folder / "task" / str(number) / "children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return
    yield sum(map(int, fields[11:15])) * _TICK, int(status.get("RssAnon", "0 kB").split()[0]) * 1024
    for child in children:
        yield from _processes(int(child))
