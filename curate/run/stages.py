"""The folders that stages leave: each complete, with an entry that says what it was made from.

On a disk a stage writes into a folder of another name, which gets its own when all that is in it, and the entry, are on the disk. In a
store it writes into a folder of this machine; its objects are put into the store whole, the entry last, and a folder without an entry
is not there. So whatever ends a run, a folder with an entry is whole, and the next run goes on from it.
"""

import hashlib
import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

import msgspec

from curate.errors import SurroundingsError
from curate.places import Place, is_local
from curate.run.job import Done, counted
from curate.stores import objects
from curate.stores.objects import Seen, reached
from curate.stores.scratch import scratch

_ENTRY: Final = "entry.json"
_MOVED: Final = ".moved-"  # begins the name of a folder that is on its way to another number
_FINGERPRINT: Final = 16  # bytes


class Entry(msgspec.Struct, frozen=True):
    """What is known of a finished stage."""

    identity: str = ""  # of what it was made from; "" for a stage that is not finished
    result: str = ""  # a hash of what is in the files
    files: dict[str, int] = msgspec.field(default_factory=dict)  # their sizes in bytes, by path in the folder
    hashes: dict[str, str] = msgspec.field(default_factory=dict)  # of what is in each of them
    done: Done = msgspec.field(default_factory=Done)


_DECODER: Final = msgspec.json.Decoder(Entry, dec_hook=counted)
_NOTHING: Final = Entry()


def entry(folder: Place) -> Entry:
    """The entry of a stage's folder; an empty one where there is none, or files are not there in the size they had.

    In a store this takes two requests; of many folders see `entries`.
    """
    if is_local(folder):
        try:
            found = _DECODER.decode((folder / _ENTRY).read_bytes())
            whole = all((folder / name).stat().st_size == size for name, size in found.files.items())
        except (OSError, msgspec.DecodeError):  # from another version perhaps: it is made again
            return _NOTHING
        return found if whole else _NOTHING
    with reached("reading", folder):
        return _entries({folder: objects.listed(folder)})[0]


def entries(folders: Sequence[Place]) -> list[Entry]:
    """The entries of many folders that stand side by side. In a store they are listed at once, and read many at a time."""
    if not folders or is_local(folders[0]):
        return [entry(folder) for folder in folders]
    stage = folders[0].parent
    below: dict[str, dict[str, Seen]] = {folder.name: {} for folder in folders}
    with reached("reading", stage):
        for name, seen in objects.listed(stage).items():
            of, _, rest = name.partition("/")
            if of in below:
                below[of][rest] = seen
        return _entries({folder: below[folder.name] for folder in folders})


def _entries(listed: Mapping[Place, Mapping[str, Seen]]) -> list[Entry]:
    """The entries of folders of a store, of which all objects are known."""
    there = [folder for folder, found in listed.items() if _ENTRY in found]
    texts = objects.contents([folder / _ENTRY for folder in there], [listed[folder][_ENTRY].size for folder in there])
    read = dict(zip(there, texts, strict=True))
    return [_whole(read[folder], found) if folder in read else _NOTHING for folder, found in listed.items()]


def _whole(text: bytes, there: Mapping[str, Seen]) -> Entry:
    try:
        found = _DECODER.decode(text)
    except msgspec.DecodeError:
        return _NOTHING
    return found if all(name in there and there[name].size == size for name, size in found.files.items()) else _NOTHING


def carry_out(folder: Place, identity: str, work: Callable[[Path], Done]) -> Entry:
    """Have a stage write its folder, in the place of what was there; raises SurroundingsError when writing fails.

    `work` is given a folder of this machine that is empty.
    """
    if is_local(folder):
        return _carry_out_here(folder, identity, work)
    with scratch() as to:
        made = _worked(to, identity, work)
        with reached("writing to", folder):
            before = objects.listed(folder).keys() - made.files.keys()
            for name in sorted(before, key=lambda name: name != _ENTRY):
                objects.remove(folder / name)
            for name in [*made.files, _ENTRY]:
                objects.put(to / name, folder / name)
    return made


def _carry_out_here(folder: Path, identity: str, work: Callable[[Path], Done]) -> Entry:
    """The same on a disk. Another process may be at it too, one of a node that was given up and still lives: both write the same."""
    to = folder.with_name(f".{folder.name}.{_here()}.partial")
    try:
        discard(to)
        made = _worked(to, identity, work)
        for path in [*map(to.joinpath, [*made.files, _ENTRY]), *filter(Path.is_dir, to.rglob("*")), to]:
            sync(path)
        discard(folder)
        try:
            to.rename(folder)
        except OSError:
            if entry(cast("Place", folder)).identity != identity:
                raise
        sync(folder.parent)
    except OSError as problem:
        raise SurroundingsError(f"writing to {str(folder)!r} failed: {problem.strerror or problem}") from problem
    finally:
        discard(to)
    return made


def _worked(to: Path, identity: str, work: Callable[[Path], Done]) -> Entry:
    """Have a stage write into a folder, and the entry after it."""
    try:
        to.mkdir(parents=True, exist_ok=True)
        done = work(to)
        files = {path.relative_to(to).as_posix(): path for path in sorted(to.rglob("*")) if path.is_file()}
        sizes = {name: path.stat().st_size for name, path in files.items()}
        hashes = {name: fingerprint(path) for name, path in files.items()}
        made = Entry(identity, _result(sizes, hashes), sizes, hashes, done)
        (to / _ENTRY).write_bytes(msgspec.json.encode(made))
    except OSError as problem:
        raise SurroundingsError(f"writing to {str(to)!r} failed: {problem.strerror or problem}") from problem
    return made


def _result(sizes: Mapping[str, int], hashes: Mapping[str, str]) -> str:
    """A hash of files' names and contents."""
    digest = hashlib.blake2b(digest_size=_FINGERPRINT)
    for name, size in sizes.items():
        digest.update(f"{name}\0{size}\0".encode())
        digest.update(bytes.fromhex(hashes[name]))
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


def _here() -> str:
    """What is in the names of folders that only this process writes into."""
    return f"{platform.node()}-{os.getpid()}"


def discard(folder: Path | Place) -> None:
    """Take a folder away, if it is there: first its name or its entry, so that half of one never looks like a whole one."""
    if not is_local(folder):
        with reached("taking away", folder):
            objects.remove(cast("Place", folder / _ENTRY))
            objects.remove_below(cast("Place", folder))
        return
    if not folder.name.startswith("."):
        gone = folder.with_name(f".{folder.name}.{_here()}.gone")
        discard(gone)
        with suppress(FileNotFoundError):
            folder.rename(gone)
        folder = gone
    if folder.is_dir():
        shutil.rmtree(folder)
    else:  # somebody has put a file where a folder is to be
        folder.unlink(missing_ok=True)


def sweep(stage: Place) -> None:
    """Take away what a run that was ended has left half done."""
    for folder in _folders(stage):
        if folder.name.startswith(".") and not folder.name.startswith(_MOVED):
            discard(folder)


def tidy(stage: Place, wanted: Mapping[str, str]) -> None:
    """Bring the folders of a stage to the names they have now, by their identities, and take away those that nobody wants.

    `wanted` has the name for each identity. A file more can shift the numbers of others: their shards are the same still.
    """
    sweep(stage)
    for folder, identity in _identities(stage):
        if wanted.get(identity, folder.name) != folder.name and not folder.name.startswith(_MOVED):
            _move(folder, folder.with_name(_MOVED + identity))
    for folder, identity in _identities(stage):
        if folder.name.startswith(_MOVED) and (name := wanted.get(identity)):
            _move(folder, stage / name)
    names = set(wanted.values())
    for folder in _folders(stage):
        if folder.name not in names:
            discard(folder)


def _move(folder: Place, to: Place) -> None:
    """Give a folder another name, in the place of what has it. A store copies it, the entry last."""
    discard(to)
    if is_local(folder):
        folder.rename(str(to))
        return
    with reached("copying", folder):
        objects.copy([(folder / name, to / name) for name in objects.listed(folder) if name != _ENTRY])
        objects.copy([(folder / _ENTRY, to / _ENTRY)])
    discard(folder)


def _identities(stage: Place) -> Iterator[tuple[Place, str]]:
    folders = _folders(stage)
    return zip(folders, [found.identity for found in entries(folders)], strict=True)


def _folders(stage: Place) -> list[Place]:
    """What is of a run in the folder of a stage; files there are somebody else's, a file manager's or a file system's."""
    if is_local(stage):
        return [cast("Place", path) for path in stage.iterdir() if path.is_dir()] if stage.is_dir() else []
    with reached("reading", stage):
        return [stage / name for name in objects.here(stage)[1]]
