"""Folders of this machine for what is on its way into a store, or wanted for a while.

A process takes its own away however it ends, unless it is killed, as the workers of a run are that is interrupted. What such a one leaves,
a whole shard perhaps, the next process takes away that needs a folder.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from curate.errors import SurroundingsError
from curate.stores.holders import holder_of, me

_PREFIX: Final = "curate-"
_HOLDER: Final = "holder.json"


@contextmanager
def scratch() -> Iterator[Path]:
    """An empty folder below TMPDIR, which is taken away in the end; raises SurroundingsError where none can be made."""
    with ExitStack() as stack:
        try:
            _sweep()
            made = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=_PREFIX)))
            (made / _HOLDER).write_bytes(msgspec.json.encode(me()))
            (empty := made / "here").mkdir()
        except OSError as problem:
            raise SurroundingsError(f"no temporary folder can be made ({problem.strerror or problem}); TMPDIR says where") from problem
        yield empty


@cache  # once a process: whoever comes in the place of one that was killed is a new one
def _sweep() -> None:
    """Take away the folders of processes of this machine that have surely ended."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # it is somebody else's, or has just gone
            if folder.lstat().st_uid == os.getuid() and holder_of((folder / _HOLDER).read_bytes()).dead():
                shutil.rmtree(folder, ignore_errors=True)  # another process may be at it too
