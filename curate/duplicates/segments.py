"""Where the segments of an index lie: folders on a disk, which get their names when they are whole, or objects in a store.

In a store the table of documents is the last object of a segment, and the first to go: a segment without it is not there.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from curate.duplicates.corpus import DOCUMENTS
from curate.places import Place, is_local
from curate.stores import objects
from curate.stores.objects import reached
from curate.stores.scratch import scratch

LAST: Final = f"{DOCUMENTS}.table"
ADDING: Final = ".adding"  # on a disk the segment in the making


def names(folder: Place) -> set[str]:
    """What is in a folder; nothing where there is none."""
    if is_local(folder):
        return {path.name for path in folder.iterdir()} if folder.exists() else set()
    with reached("reading", folder):
        files, folders = objects.here(folder)
    return {*files, *folders}


def read(path: Place) -> bytes:
    """A small file; raises FileNotFoundError."""
    if is_local(path):
        return path.read_bytes()
    with reached("reading", path):
        if found := objects.found(path):
            return found
    raise FileNotFoundError("there is nothing there")


def write(path: Place, data: bytes, partial: str) -> None:
    """Write a small file, which is whole or not there; on a disk it has the name `partial` before."""
    if not is_local(path):
        with reached("writing", path):
            objects.write(path, data)
        return
    begun = path.with_name(partial)
    with begun.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    begun.replace(path)


def stored(segments: Place) -> dict[str, Mapping[str, int]]:
    """The sizes of the files of segments in bytes, by the segments' names and their own."""
    if is_local(segments):
        return {path.name: {file.name: file.stat().st_size for file in path.iterdir()} for path in segments.iterdir()}
    found: dict[str, dict[str, int]] = {}
    with reached("reading", segments):
        for path, seen in objects.listed(segments).items():
            segment, _, name = path.partition("/")
            found.setdefault(segment, {})[name] = seen.size
    return {segment: files for segment, files in found.items() if LAST in files}


@contextmanager
def adding(folder: Place) -> Iterator[Path]:
    """An empty folder of this machine for a segment in the making."""
    if not is_local(folder):
        with scratch() as made:
            yield made
        return
    begun = folder / ADDING
    if begun.exists():  # left by a run that was killed
        shutil.rmtree(begun)
    begun.mkdir()
    yield begun


def put(made: Path, to: Place) -> None:
    """Give a segment that is whole its name."""
    if is_local(to):
        made.rename(to)
        return
    with reached("writing", to):
        for path in sorted(made.iterdir(), key=lambda path: (path.name == LAST, path.name)):
            objects.put(path, to / path.name)


def take_away(segments: Place, without: set[str]) -> None:
    """Take all segments away but for some, and what is left of such as were never whole."""
    if is_local(segments):
        for path in segments.iterdir():
            if path.name not in without:
                shutil.rmtree(path)
        return
    with reached("taking away segments in", segments):
        for name in objects.here(segments)[1]:
            if name not in without:
                objects.remove(segments / name / LAST)
                objects.remove_below(segments / name)
