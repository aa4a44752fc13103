"""Which part of the input is whose work: shards, and what tells that an input is still what it was.

Small files are packed by a hash of their names into a number of packs that is a power of two, so that a file more or
less touches one shard; a large file of which ranges of bytes can be read alone is cut into some; any other large file is a shard.
"""

import hashlib
import json
import os
import stat
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec

from curate.config import Config
from curate.errors import PageError, SurroundingsError, UsageError
from curate.formats import addresses
from curate.formats.inputs import END, STDIN, File, find
from curate.formats.opening import raw
from curate.formats.pages import Reading, check_packages, divisible
from curate.places import Place, has_query, is_address, is_local, shown, without_query
from curate.steps import step_class
from curate.stores.objects import Seen, reached

_SHARDS: Final = 4096  # at most, as long as larger ones help
PLAN_FILE: Final = "plan.json"
_AT_ONCE: Final = 16  # questions to a store: each waits for its answer some ten milliseconds


class Part(msgspec.Struct, frozen=True):
    """A file, or a range of the bytes of one, as a shard has it."""

    path: str  # or an address
    name: str  # what records call it; see `File`
    named: bool
    start: int  # bytes: what begins in [start, end) is of this part
    end: int
    size: int  # bytes of the whole file
    changed: str  # of a file when, in nanoseconds of the clock of its file system; of an object its etag, or when
    sha256: str = ""  # of the whole file, where the content was asked for

    @property
    def file(self) -> File:
        """What to read; the last range goes to the end of the file wherever that is by then."""
        return File(self.path, self.name, self.named, self.start, END if self.end == self.size else self.end)

    @property
    def identity(self) -> list[str | int | bool]:
        """What its pages depend on. A path tells the site of a file that was named by itself, and nothing otherwise.

        An address that is signed anew is the same one.
        """
        content = self.sha256 or self.changed
        return [without_query(self.path) if self.named else "", self.name, self.named, self.start, self.end, self.size, content]


class Shard(msgspec.Struct, frozen=True):
    """What is cleaned in one go. Its number is part of the names of its files."""

    number: int
    parts: tuple[Part, ...]  # by name and start

    @property
    def bytes(self) -> int:
        """How much there is to read, as it lies on the disk."""
        return sum(part.end - part.start for part in self.parts)


class Plan(msgspec.Struct, frozen=True):
    """A run before it is carried out: everything that its output depends on, but for what is in rule folders and weights."""

    inputs: tuple[str, ...]  # as the user named them
    config: Config
    reading: Reading
    shards: tuple[Shard, ...]
    limit: int | None = None  # documents to read
    memory: int = 1_000_000_000  # bytes that settling may hold
    index: str = ""
    folder: str = ""  # from where relative paths count
    program: str = ""  # what it was made by, see `identity.Identities.program`; "" for a run that is carried out at once


def shards(files: Sequence[File], reading: Reading, size: int, *, whole: bool = False, content: bool = False) -> tuple[Shard, ...]:
    """The shards of some files (sorted by name), of about `size` bytes each; with `whole` it is one.

    With `content` a file is known by what is in it, and not by when it was changed. Packs without files get no shard,
    and leave a gap in the numbers.
    """
    parts = [_part(file, content=content) for file in files]
    if whole:
        return (Shard(0, tuple(parts)),)
    ways = [(part, part.size > size and divisible(part.path, part.name, reading.format)) for part in parts]
    while _number(ways, size) > _SHARDS and any(part.size > size for part in parts):
        size *= 2
    return tuple(_cut(ways, size))


def planned(
    inputs: Sequence[str], files: Sequence[File], config: Config, reading: Reading, limit: int | None, *, content: bool = False
) -> Plan:
    """The plan of a run over files that inputs name; raises UsageError where a package is missing that they are read with."""
    check_packages(files, reading.format)
    whole = limit is not None or any(file.named and _flows(file.path) for file in files)  # read in order, by one
    cut = shards(files, reading, config.input.shard_bytes, whole=whole, content=content)
    return Plan(tuple(inputs), config, reading, cut, limit, folder=os.getcwd())  # noqa: PTH109  # a str goes into JSON


def _flows(path: str) -> bool:
    """Whether it is no file that can be read twice: standard input, a pipe such as the shell makes of `<(command)`."""
    if is_address(path):
        return False
    return path == STDIN or (os.path.exists(path) and not os.path.isfile(path))  # noqa: PTH110, PTH113  # see `_part`


def _part(file: File, *, content: bool) -> Part:
    """A whole file as a part. What cannot be told to be what it was, a pipe for one, is always taken as new."""
    try:
        size, changed = _object(file) if is_address(file.path) else _file(file.path)
    except (OSError, PageError):  # reading it will say so
        return Part(file.path, file.name, file.named, 0, 0, 0, "")
    digest = _sha256(file.path) if content and (changed or is_address(file.path)) else ""
    return Part(file.path, file.name, file.named, 0, size, size, changed or str(time.time_ns()), digest)


def _file(path: str) -> tuple[int, str]:
    """The size of a file and when it was changed, "" for what is no regular one."""
    found = os.stat(path) if path != STDIN else None  # noqa: PTH116  # a path may be relative to a folder that is very deep
    return (found.st_size, str(found.st_mtime_ns)) if found and stat.S_ISREG(found.st_mode) else (0, "")


def _object(file: File) -> tuple[int, str]:
    """The size of an object, 0 where its store does not say, and what tells its version."""
    seen = file.seen
    if not seen.version:
        kind, seen = addresses.looked_up(file.path)
        if kind != "file":
            raise PageError("cannot be read", "there is no object of that name")
    return max(seen.size, 0), seen.version


def _sha256(path: str) -> str:
    """The hash of a file's bytes; "" for one that cannot be read, which reading it will say."""
    try:
        with raw(path) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except PageError:
        return ""


def _number(ways: Sequence[tuple[Part, bool]], size: int) -> int:
    """How many shards there are at most for one size."""
    large = [-(-part.size // size) if divisible else 1 for part, divisible in ways if part.size > size]
    return _packs([part for part, _ in ways if part.size <= size], size) + sum(large)


def _packs(small: Sequence[Part], size: int) -> int:
    """The number of packs for some files: the power of two that is enough for their bytes."""
    return 1 << max(-(-sum(part.size for part in small) // size) - 1, 0).bit_length() if small else 0


def _cut(ways: Sequence[tuple[Part, bool]], size: int) -> list[Shard]:
    """The shards for one size."""
    small = [part for part, _ in ways if part.size <= size]
    large = [(part, divisible) for part, divisible in ways if part.size > size]
    packs = _packs(small, size)
    by_pack = sorted(small, key=lambda part: (_pack(part.name, packs), part.name))
    packed = [Shard(number, tuple(same)) for number, same in groupby(by_pack, key=lambda part: _pack(part.name, packs))]
    ranges = [piece for part, divisible in large for piece in (_ranges(part, size) if divisible else [part])]
    return packed + [Shard(packs + number, (piece,)) for number, piece in enumerate(ranges)]


def _pack(name: str, packs: int) -> int:
    """The pack of a file: by its name alone, so that others do not move it."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogateescape"), digest_size=8).digest()
    return int.from_bytes(digest, "big") % packs


def _ranges(part: Part, size: int) -> Iterator[Part]:
    """A file in ranges of `size` bytes."""
    for start in range(0, part.size, size):
        yield msgspec.structs.replace(part, start=start, end=min(start + size, part.size))


def refuse_signed(plan: Plan) -> None:
    """Raises UsageError for inputs that must not be written down."""
    if signed := next(filter(has_query, plan.inputs), ""):
        raise UsageError(
            f"{shown(signed)!r} may be signed by what follows the ?, which a plan would give away; read it with `curate clean IN…`"
        )


def write(plan: Plan, path: Path | Place) -> None:
    """Write a plan as JSON that can be read; on a disk the file has its name when it is complete.

    Raises UsageError for inputs that must not be written down.
    """
    refuse_signed(plan)
    # The standard library's JSON: names of files may hold bytes that are no UTF-8, which msgspec refuses.
    content = json.dumps(msgspec.to_builtins(plan), indent=1).encode("ascii")
    if not is_local(path):
        with reached("writing", path):
            path.write_bytes(content)
        return
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read(path: Path | Place) -> Plan:
    """A plan that was written; raises UsageError for what is none."""
    try:
        with raw(str(path)) as file:
            found = msgspec.convert(json.load(file), Plan)
        entries = tuple(entry._replace(parameters=_typed(entry.name, entry.parameters)) for entry in found.config.entries)
    except (PageError, ValueError, TypeError) as problem:  # msgspec's errors are ValueErrors
        said = f"no plan can be read in {shown(str(path))!r} ({problem})"
        raise UsageError(f"{said}; `curate plan IN… -o OUT` makes one") from None
    return msgspec.structs.replace(found, config=replace(found.config, entries=entries))


def _typed(name: str, parameters: dict[str, object]) -> dict[str, object]:
    """The parameters of a step as its fields have them: JSON knows no tuples."""
    made: object = msgspec.convert(parameters, step_class(name))
    return {key: getattr(made, key) for key in parameters}


def check(plan: Plan, numbers: Collection[int] | None = None) -> None:
    """Raises UsageError when an input is not what it was when the plan was made: of all shards, or of those with these numbers."""
    shards = plan.shards if numbers is None else [shard for shard in plan.shards if shard.number in numbers]
    parts = {part.path: part for shard in shards for part in shard.parts if part.path != STDIN}
    seen = _seen(plan.inputs) if numbers is None else {}
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        now = list(threads.map(lambda part: _again(part, seen), parts.values()))
    others = [(was, found) for was, found in zip(parts.values(), now, strict=True) if _content(was) != _content(found)]
    if others:
        raise UsageError(_said(*others[0], len(others) - 1, plan.folder))


def check_here(shard: Shard) -> None:
    """Raises SurroundingsError when this machine does not see the files of a shard as the one did that made it, or reaches no object."""
    for part in shard.parts:
        now = _again(part, {})
        if not now.changed or not (is_address(part.path) or _content(now) == _content(part)):
            said = f"{shown(part.path)!r} is not here what it is on the machine that began the run"
            raise SurroundingsError(f"{said}: all machines have to see the same inputs by the same names")


def _content(part: Part) -> tuple[int, str]:
    return part.size, part.sha256 or part.changed


def _again(part: Part, seen: Mapping[str, Seen]) -> Part:
    """A part as it is now."""
    return _part(File(part.path, part.name, part.named, seen=seen.get(part.path, Seen())), content=bool(part.sha256))


def _seen(inputs: Sequence[str]) -> dict[str, Seen]:
    """What stores say of all their objects among the inputs at once: one listing and not a question each."""
    seen: dict[str, Seen] = {}
    for given in filter(is_address, inputs):
        try:
            seen |= {file.path: file.seen for file in find([given])}
        except UsageError:  # it is gone, or does not answer: each of its objects will say so
            continue
    return seen


def _said(was: Part, now: Part, more: int, folder: str) -> str:
    """What to tell of inputs that are not what they were."""
    gone = "is gone or cannot be reached" if is_address(was.path) else "cannot be read" if os.path.lexists(was.path) else "is gone"
    change = "has changed" if now.changed else gone
    away = not is_address(was.path) and not Path(was.path).is_absolute() and folder != os.getcwd()  # noqa: PTH109  # a str, as in the plan
    where = f" (paths count from {folder})" if away else ""
    others = f", and {more:,} other {'inputs are not what they were' if more > 1 else 'input is not what it was'}" if more else ""
    return f"{shown(was.path)!r} {change} since the plan was made{where}{others}; make the plan again"
