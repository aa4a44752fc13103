"""The engines by name: what carries out the tasks of a run."""

from contextlib import AbstractContextManager
from typing import Final

from curate.errors import UsageError
from curate.places import Place
from curate.run.processes import Processes
from curate.run.ray import Ray
from curate.run.serial import Engine, Serial

SERIAL: Final = "serial"
PROCESSES: Final = "processes"
RAY: Final = "ray"
ENGINES: Final = (SERIAL, PROCESSES, RAY)


def engine(name: str, workers: int, address: str = "", shared: Place | None = None) -> AbstractContextManager[Engine]:
    """The engine of that name; raises UsageError where it cannot be had.

    `workers` is how many tasks there are at one time, at most; for Ray 0 stands for as many as there are processors. `address`, of a
    Ray cluster, and `shared`, a folder in which its nodes are asked to see what is done here, are for Ray.
    """
    if address and name != RAY:
        raise UsageError(f"an address is one of a Ray cluster, and the engine is {name!r}: say --engine {RAY}, or leave the address out")
    if name == RAY:
        return Ray(workers, address, shared)
    if name == PROCESSES:
        return Processes(workers)
    if name == SERIAL:
        return Serial()
    raise UsageError(f"there is no engine {name!r}; there are {', '.join(ENGINES)}")
