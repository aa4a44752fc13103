"""Processes that hold something, told apart on one machine and between machines."""

import os
import platform
from functools import cache
from pathlib import Path
from typing import Final
from uuid import uuid4

import msgspec

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
_SPACE: Final = Path("/proc/self/ns/pid")  # containers of one machine count their processes each from 1
_START: Final = 19  # the place of the start time among what stands behind the name in /proc/N/stat (proc(5), field 22)


class Holder(msgspec.Struct, frozen=True):
    """Somebody who holds something, as it is written down where all can see it."""

    token: str  # of this one time
    host: str
    machine: str  # this boot of it and this set of process numbers; "" where there is no /proc to tell
    process: int
    started: str  # when, in the machine's own count: numbers of processes come again

    def __str__(self) -> str:
        if not self.process:
            return "a process that did not say its name"
        return f"process {self.process}" + ("" if self.host == platform.node() else f" on {self.host}")

    def dead(self) -> bool:
        """Whether it has surely ended. Of processes of other machines nothing is known."""
        return bool(self.machine) and self.machine == _machine() and _started(self.process) != self.started


def me() -> Holder:
    """The process that asks, about to hold something."""
    process = os.getpid()
    return Holder(uuid4().hex, platform.node(), _machine(), process, _started(process))


_DECODER: Final = msgspec.json.Decoder(Holder)
NOBODY: Final = Holder("", "", "", 0, "")


def holder_of(data: bytes) -> Holder:
    """A holder from its JSON; nobody where it is none."""
    try:
        return _DECODER.decode(data)
    except msgspec.DecodeError:
        return NOBODY


@cache
def _machine() -> str:
    try:
        return f"{platform.node()} {_BOOT.read_text('ascii').strip()} {_SPACE.readlink()}"
    except OSError:
        return ""


def _started(process: int) -> str:
    """When a process has started; "" for one that is not there, or has ended and is only not forgotten yet."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[_START]
