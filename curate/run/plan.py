"""Which part of the input is whose work: shards, and what tells that an input is still what it was.

Small files are packed by a hash of their names into a number of packs that is a power of two, so that a file more or
less touches one shard; a large file of plain JSON lines is cut into ranges of bytes; any other large file is a shard.
"""

import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Final

import msgspec

from curate.config import Config
from curate.errors import UsageError
from curate.formats.inputs import COMPRESSIONS, END, FORMATS, STDIN, File, bare_suffix
from curate.formats.opening import is_plain
from curate.formats.pages import Reading
from curate.steps import step_class

_SHARDS: Final = 4096  # at most, as long as larger ones help
PLAN_FILE: Final = "plan.json"


class Part(msgspec.Struct, frozen=True):
    """A file, or a range of the bytes of one, as a shard has it."""

    path: str
    name: str  # what records call it; see `File`
    named: bool
    start: int  # bytes: the lines that begin in [start, end) are of this part
    end: int
    size: int  # bytes of the whole file
    changed: int  # when, in nanoseconds of the clock of its file system
    sha256: str = ""  # of the whole file, where the content was asked for

    @property
    def file(self) -> File:
        """What to read; the last range goes to the end of the file wherever that is by then."""
        return File(self.path, self.name, self.named, self.start, END if self.end == self.size else self.end)

    @property
    def identity(self) -> list[str | int | bool]:
        """What its pages depend on. A path tells the site of a file that was named by itself, and nothing otherwise."""
        content = self.sha256 or self.changed
        return [self.path if self.named else "", self.name, self.named, self.start, self.end, self.size, content]


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


def shards(files: Sequence[File], reading: Reading, size: int, *, whole: bool = False, content: bool = False) -> tuple[Shard, ...]:
    """The shards of some files (sorted by name), of about `size` bytes each; with `whole` it is one.

    With `content` a file is known by what is in it, and not by when it was changed. Packs without files get no shard,
    and leave a gap in the numbers.
    """
    parts = [_part(file, content=content) for file in files]
    if whole:
        return (Shard(0, tuple(parts)),)
    ways = [(part, part.size > size and _divisible(part, reading)) for part in parts]
    while _number(ways, size) > _SHARDS and any(part.size > size for part in parts):
        size *= 2
    return tuple(_cut(ways, size))


def planned(
    inputs: Sequence[str], files: Sequence[File], config: Config, reading: Reading, limit: int | None, *, content: bool = False
) -> Plan:
    """The plan of a run over files that inputs name."""
    whole = limit is not None or any(file.named and _flows(file.path) for file in files)  # read in order, by one
    cut = shards(files, reading, config.input.shard_bytes, whole=whole, content=content)
    return Plan(tuple(inputs), config, reading, cut, limit, folder=os.getcwd())  # noqa: PTH109  # a str goes into JSON


def _flows(path: str) -> bool:
    """Whether it is no file that can be read twice: standard input, a pipe such as the shell makes of `<(command)`."""
    return path == STDIN or (os.path.exists(path) and not os.path.isfile(path))  # noqa: PTH110, PTH113  # see `_part`


def _part(file: File, *, content: bool) -> Part:
    """A whole file as a part. What is no regular file cannot be told to be what it was, and is always taken as new."""
    size, changed, digest = 0, time.time_ns(), ""
    if file.path != STDIN:
        try:
            found = os.stat(file.path)  # noqa: PTH116  # a path may be relative to a folder that is very deep
        except OSError:  # reading it will say so
            return Part(file.path, file.name, file.named, 0, 0, 0, 0)
        if stat.S_ISREG(found.st_mode):
            size, changed = found.st_size, found.st_mtime_ns
            digest = _sha256(file.path) if content else ""
    return Part(file.path, file.name, file.named, 0, size, size, changed, digest)


def _sha256(path: str) -> str:
    """The hash of a file's bytes; "" for one that cannot be read, which reading it will say."""
    try:
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _divisible(part: Part, reading: Reading) -> bool:
    """Whether the lines of a file can be found from anywhere in it."""
    suffix = Path(part.name).suffix.lower()
    kind = reading.format if reading.format != "auto" else FORMATS.get(bare_suffix(part.name), "")
    return kind == "jsonl" and suffix not in COMPRESSIONS and is_plain(part.path)


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


def write(plan: Plan, path: Path) -> None:
    """Write a plan as JSON that can be read; the file has its name when it is complete."""
    partial = path.with_name(f".{path.name}.partial")
    # The standard library's JSON: names of files may hold bytes that are no UTF-8, which msgspec refuses.
    with partial.open("w", encoding="ascii") as file:
        json.dump(msgspec.to_builtins(plan), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def read(path: Path) -> Plan:
    """A plan that was written; raises UsageError for what is none."""
    try:
        found = msgspec.convert(json.loads(path.read_bytes()), Plan)
        entries = tuple(entry._replace(parameters=_typed(entry.name, entry.parameters)) for entry in found.config.entries)
    except (OSError, ValueError, TypeError) as problem:  # msgspec's errors are ValueErrors
        raise UsageError(f"no plan can be read in {str(path)!r} ({problem}); `curate plan IN… -o OUT` makes one") from None
    return msgspec.structs.replace(found, config=replace(found.config, entries=entries))


def _typed(name: str, parameters: dict[str, object]) -> dict[str, object]:
    """The parameters of a step as its fields have them: JSON knows no tuples."""
    made: object = msgspec.convert(parameters, step_class(name))
    return {key: getattr(made, key) for key in parameters}


def check(plan: Plan) -> None:
    """Raises UsageError when an input is not what it was when the plan was made."""
    for part in {part.path: part for shard in plan.shards for part in shard.parts}.values():
        if part.path == STDIN:
            continue
        now = _part(File(part.path, part.name, part.named), content=bool(part.sha256))
        if (now.size, now.sha256 or now.changed) != (part.size, part.sha256 or part.changed):
            gone = "is gone" if not os.path.lexists(part.path) else "has changed"
            place = f" (paths count from {plan.folder})" if not Path(part.path).is_absolute() and plan.folder != os.getcwd() else ""  # noqa: PTH109
            raise UsageError(f"{part.path!r} {gone} since the plan was made{place}; make the plan again")
