"""The output folder of a run is changed only when everything that is to be in it is there."""

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, cast

import msgspec

from curate.errors import SurroundingsError
from curate.formats.inputs import OUTPUT, WORK
from curate.places import Place, is_local
from curate.run.stages import entries, sync
from curate.run.writer import RUN_FILE
from curate.stores import objects
from curate.stores.objects import Seen, reached

_PUBLISHED: Final = "published.json"  # in the folder of work


class _Published(msgspec.Struct, frozen=True):
    """A file in the output folder of a store, as it was put there."""

    hash: str  # of what is in it, as the stage's entry has it
    size: int
    version: str  # in the store's words: what anybody else writes has another one


def publish(out: Place, rows: Mapping[str, Place], summary: bytes) -> bool:
    """Give the files of stages their names in the output folder, `summary` as run.json last of all; False when all of it was there.

    On a disk files are linked and not moved, so that they take no more room and their stage stays whole; a store makes copies. Whatever
    an earlier run left besides goes. In between there is no run.json: the folder holds no run until it holds all of the new one.
    """
    if is_local(out):
        try:
            return _publish_here(out, cast("Mapping[str, Path]", rows), summary)
        except OSError as problem:
            raise SurroundingsError(f"naming the files in {str(out)!r} failed: {problem.strerror or problem}; run again") from problem
    hashes = _hashes(rows)
    with reached("naming the files in", out):
        return _publish_in_store(out, rows, hashes, summary)


def _publish_here(out: Path, rows: Mapping[str, Path], summary: bytes) -> bool:
    new = {name: path for name, path in rows.items() if not _same(out / name, path)}
    old = [path for path in _outputs(out) if path.name not in rows and path.name != RUN_FILE]
    if not new and not old and _content(out / RUN_FILE) == summary:
        return False
    (out / RUN_FILE).unlink(missing_ok=True)
    for name, path in new.items():
        _link(path, out / name)
    for path in old:
        path.unlink()
    sync(out)
    partial = out / f".{RUN_FILE}.partial"
    partial.write_bytes(summary)
    sync(partial)
    partial.replace(out / RUN_FILE)
    sync(out)
    return True


def _publish_in_store(out: Place, rows: Mapping[str, Place], hashes: Mapping[str, str], summary: bytes) -> bool:
    """The same by a store's own copying. Nothing is read to tell what is right already: it was noted when it was put there."""
    there, _ = objects.here(out)
    before = _published(out / WORK / _PUBLISHED)
    right = {name for name, hash_ in hashes.items() if name in there and before.get(name) == _Published(hash_, *there[name])}
    old = [name for name in there if OUTPUT.fullmatch(name) and name not in rows and name != RUN_FILE]
    if right == set(rows) and not old and RUN_FILE in there and objects.found(out / RUN_FILE) == summary:
        return False
    objects.remove(out / RUN_FILE)
    objects.copy([(path, out / name) for name, path in rows.items() if name not in right])
    for name in old:
        objects.remove(out / name)
    _note(out, hashes, objects.here(out)[0])
    objects.write(out / RUN_FILE, summary)
    return True


def _hashes(rows: Mapping[str, Place]) -> dict[str, str]:
    """What is in the files of stages, by the names that they get: their entries know."""
    folders: Sequence[Place] = list(dict.fromkeys(path.parent for path in rows.values()))
    found = dict(zip(folders, entries(folders), strict=True))
    return {name: found[path.parent].hashes.get(path.name, "") for name, path in rows.items()}


def _published(path: Place) -> dict[str, _Published]:
    try:
        return msgspec.json.decode(objects.found(path), type=dict[str, _Published])
    except msgspec.DecodeError:  # there is none, or it is from another version: everything is copied again
        return {}


def _note(out: Place, hashes: Mapping[str, str], there: Mapping[str, Seen]) -> None:
    noted = {name: _Published(hash_, *there[name]) for name, hash_ in hashes.items()}
    objects.write(out / WORK / _PUBLISHED, msgspec.json.encode(noted))


def _outputs(out: Path) -> list[Path]:
    """What an earlier run left in a folder, and nothing that anybody else put there."""
    return [path for path in sorted(out.iterdir()) if path.is_file() and OUTPUT.fullmatch(path.name)]


def _same(there: Path, wanted: Path) -> bool:
    """Whether a file is the wanted one, or the copy of it that a file system without links has got."""
    try:
        one, other = there.stat(), wanted.stat()
    except FileNotFoundError:
        return False
    return os.path.samestat(one, other) or (one.st_size, one.st_mtime_ns) == (other.st_size, other.st_mtime_ns)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def _link(path: Path, name: Path) -> None:
    """Give a file a second name, in the place of what has it."""
    partial = name.with_name(f".{name.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        os.link(path, partial)
    except OSError:  # there are file systems without links
        shutil.copy2(path, partial)
        sync(partial)
    partial.replace(name)


def tidy_output(out: Place) -> None:
    """Take away what a run that was killed has left half published; in a store nothing is ever half an object."""
    if not is_local(out):
        return
    for path in out.glob(".*.partial"):
        if OUTPUT.fullmatch(path.name[1:].removesuffix(".partial")):
            with suppress(FileNotFoundError):
                path.unlink()
