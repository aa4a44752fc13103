"""The folders that stages leave: each complete, with an entry that says what it was made from.

A stage writes into a folder of another name, which gets its own when all that is in it, and the entry, are on the disk.
So whatever ends a run, a folder with the right name is whole, and the next run goes on from it.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec

from curate.errors import SurroundingsError
from curate.run.job import Done, counted

_ENTRY: Final = "entry.json"
_MOVED: Final = ".moved-"  # begins the name of a folder that is on its way to another number
_FINGERPRINT: Final = 16  # bytes


class Entry(msgspec.Struct, frozen=True):
    """What is known of a finished stage."""

    identity: str = ""  # of what it was made from; "" for a stage that is not finished
    result: str = ""  # a hash of what is in the files
    files: dict[str, int] = msgspec.field(default_factory=dict)  # their sizes in bytes, by path in the folder
    done: Done = msgspec.field(default_factory=Done)


_DECODER: Final = msgspec.json.Decoder(Entry, dec_hook=counted)
_NOTHING: Final = Entry()


def entry(folder: Path) -> Entry:
    """The entry of a stage's folder; an empty one where there is none, or files are not there in the size they had."""
    try:
        found = _DECODER.decode((folder / _ENTRY).read_bytes())
        whole = all((folder / name).stat().st_size == size for name, size in found.files.items())
    except (OSError, msgspec.DecodeError):  # from another version perhaps: it is made again
        return _NOTHING
    return found if whole else _NOTHING


def carry_out(folder: Path, identity: str, work: Callable[[Path], Done]) -> Entry:
    """Have a stage write its folder, in the place of what was there; raises SurroundingsError when writing fails."""
    to = folder.with_name(f".{folder.name}.partial")
    try:
        discard(to)
        to.mkdir(parents=True)
        done = work(to)
        files = {path.relative_to(to).as_posix(): path for path in sorted(to.rglob("*")) if path.is_file()}
        made = Entry(identity, _result(files), {name: path.stat().st_size for name, path in files.items()}, done)
        (to / _ENTRY).write_bytes(msgspec.json.encode(made))
        for path in [*files.values(), to / _ENTRY, *filter(Path.is_dir, to.rglob("*")), to]:
            sync(path)
        discard(folder)
        to.rename(folder)
        sync(folder.parent)
    except OSError as problem:
        raise SurroundingsError(f"writing to {str(folder)!r} failed: {problem.strerror or problem}") from problem
    finally:
        discard(to)
    return made


def _result(files: Mapping[str, Path]) -> str:
    """A hash of files' names and contents."""
    digest = hashlib.blake2b(digest_size=_FINGERPRINT)
    for name, path in files.items():
        digest.update(f"{name}\0{path.stat().st_size}\0".encode())
        digest.update(bytes.fromhex(fingerprint(path)))
    return digest.hexdigest()


def fingerprint(path: Path) -> str:
    """A hash of what is in a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=_FINGERPRINT)).hexdigest()


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on the disk before anything goes on."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)


def discard(folder: Path) -> None:
    """Take a folder away, if it is there: first its name, so that half of one never looks like a whole one."""
    if not folder.name.startswith("."):
        gone = folder.with_name(f".{folder.name}.gone")
        discard(gone)
        if folder.exists():
            folder.rename(gone)
        folder = gone
    if folder.is_dir():
        shutil.rmtree(folder)
    else:  # somebody has put a file where a folder is to be
        folder.unlink(missing_ok=True)


def sweep(stage: Path) -> None:
    """Take away what a run that was ended has left half done."""
    for folder in list(stage.glob(".*")) if stage.is_dir() else []:
        if folder.is_dir() and not folder.name.startswith(_MOVED):
            discard(folder)


def tidy(stage: Path, wanted: Mapping[str, str]) -> None:
    """Bring the folders of a stage to the names they have now, by their identities, and take away those that nobody wants.

    `wanted` has the name for each identity. A file more can shift the numbers of others: their shards are the same still.
    """
    if not stage.is_dir():
        return
    sweep(stage)
    for folder in _folders(stage):
        if wanted.get(identity := entry(folder).identity, folder.name) != folder.name and not folder.name.startswith(_MOVED):
            aside = folder.with_name(_MOVED + identity)
            discard(aside)
            folder.rename(aside)
    for folder in list(stage.glob(f"{_MOVED}*")):
        if name := wanted.get(entry(folder).identity):
            discard(stage / name)
            folder.rename(stage / name)
        else:
            discard(folder)
    names = set(wanted.values())
    for folder in _folders(stage):
        if folder.name not in names:
            discard(folder)


def _folders(stage: Path) -> list[Path]:
    """What is of a run in the folder of a stage; files there are somebody else's, a file manager's or a file system's."""
    return [path for path in stage.iterdir() if path.is_dir()]
