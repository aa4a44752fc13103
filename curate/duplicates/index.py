"""An index: a folder with the sketches of earlier runs, against which later ones are deduplicated.

`index.json` says how paragraphs are sketched; every run that was added has a folder below `segments`, named by its
place in the order, how often it was replaced, the run, and a hash of what it has put out: `00004-0-<run>-<hash>`. It holds
the two tables that a shard has, in the same form, of the paragraphs that the run has put out; all of them are alive.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple

import msgspec

from curate.duplicates.corpus import Sketched
from curate.duplicates.merge import merge
from curate.duplicates.segments import adding, names, put, read, stored, take_away, write
from curate.duplicates.sketch import Shingled
from curate.errors import SurroundingsError, UsageError
from curate.places import Place, is_local, shown
from curate.stores.locks import locked
from curate.stores.objects import reached
from curate.text.codepoints import Bools

_SCHEMA: Final = 1
_HEAD: Final = "index.json"
_LOCK: Final = "lock"
_PARTIAL: Final = f".{_HEAD}.partial"
_SEGMENTS: Final = "segments"
_SEGMENT: Final = re.compile(r"(?P<number>\d{5,})-(?P<version>\d+)-(?P<run>.+)-(?P<content>[^-]+)")


class Segment(NamedTuple):
    """What one run has left in an index."""

    number: int  # its place in the order, from 0
    version: int  # how often the run has been added again since
    run: str
    content: str  # a hash of what the run has put out
    sketched: Sketched
    size: int  # bytes on disk, or in the store

    @property
    def documents(self) -> int:
        """How many documents it has paragraphs of."""
        return len(self.sketched.documents["doc"])

    @property
    def paragraphs(self) -> int:
        """How many paragraphs it has."""
        return len(self.sketched.documents["paragraph"])


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    """What `index.json` says."""

    schema: int
    sketcher: Shingled


def sketcher_of(sketchers: Iterable[object]) -> Shingled:
    """The one sketch of a configuration that an index can keep; raises UsageError where there is none, or are two."""
    found = sorted({sketcher for sketcher in sketchers if isinstance(sketcher, Shingled)}, key=lambda one: one.name)
    if not found:
        raise UsageError("an index is for steps that find duplicates: run duplicate-documents or duplicate-paragraphs with it")
    if len(found) > 1:
        names = " and ".join(sketcher.name for sketcher in found)
        raise UsageError(
            f"an index keeps one sketch of a paragraph, and the steps make two: {names}; give them the same shingle, bands, rows …"
        )
    return found[0]


@dataclass(frozen=True)
class Index:
    """An index, or the folder of one that is to be."""

    folder: Place

    def sketcher(self) -> Shingled:
        """How its paragraphs are sketched; raises UsageError for a folder that is no index."""
        return self._head().sketcher

    def check(self, sketcher: Shingled) -> None:
        """Raise UsageError where runs that sketch in that way cannot use the index; a folder that is empty or not there can be made one."""
        if self._new():
            return
        made = self.sketcher()
        if made != sketcher:
            raise UsageError(
                f"the index {self._said} was made with {made.name}, and this run makes {sketcher.name}: "
                "set shingle, bands, rows … of the steps to those of the index, or name another folder"
            )

    def contents(self) -> list[Segment]:
        """What all runs have left, in the order in which they were first added."""
        if self._new():
            return []
        self._head()
        found: dict[int, Segment] = {}
        for name, sizes in stored(self.folder / _SEGMENTS).items():
            if match := _SEGMENT.fullmatch(name):
                sketched = Sketched(self.folder / _SEGMENTS / name, name)
                size = sum(sizes.values())
                segment = Segment(int(match["number"]), int(match["version"]), match["run"], match["content"], sketched, size)
                found[segment.number] = max(segment, found.get(segment.number, segment))  # an older one was about to go
        return [found[number] for number in sorted(found)]

    def segments(self, without: str) -> tuple[Sketched, ...]:
        """What a run is deduplicated against: all that came before it.

        For a run that is in the index already these are the ones before it there, so that running it again gives the
        same bytes. Nothing for a folder that is empty or not there.
        """
        contents = self.contents()
        end = next((place for place, segment in enumerate(contents) if segment.run == without), len(contents))
        return tuple(segment.sketched for segment in contents[:end])

    def holds(self, run: str, content: str) -> bool:
        """Whether a run is in the index with the very content, and need not be added."""
        return any(segment.run == run and segment.content == content for segment in self.contents())

    def add(
        self, run: str, content: str, shards: Sequence[Sketched], alive: Sequence[Bools], *, sketcher: Shingled, settled: Sequence[Place]
    ) -> None:
        """Add what a run has put out: the rows of its shards that are alive. What the same run left before is replaced.

        `content` is a hash of all that, without a "-". `settled` are the folders of what `segments` gave when the run was
        settled. Raises SurroundingsError where that is no longer so, where another run is writing, and when writing fails.
        """
        self.check(sketcher)
        try:
            if is_local(self.folder):
                (self.folder / _SEGMENTS).mkdir(parents=True, exist_ok=True)
            with self._locked():
                if self._new():
                    head = msgspec.json.format(msgspec.json.encode(_Head(_SCHEMA, sketcher)), indent=2) + b"\n"
                    write(self.folder / _HEAD, head, _PARTIAL)
                if [part.folder for part in self.segments(run)] != list(settled):
                    raise SurroundingsError(
                        f"another run was added to the index {self._said} after this one was compared with it; run again"
                    )
                with adding(self.folder) as folder:
                    merge(shards, alive, sketcher, folder)
                    put(folder, self.folder / _SEGMENTS / self._name(run, content))
                take_away(self.folder / _SEGMENTS, {segment.sketched.folder.name for segment in self.contents()})
        except OSError as problem:
            said = problem.strerror or problem
            raise SurroundingsError(f"writing to the index {self._said} failed: {said}; what stood there before is untouched") from problem

    @property
    def _said(self) -> str:
        return repr(shown(str(self.folder)))

    def _name(self, run: str, content: str) -> str:
        """The name of the segment that a run is about to get: in the place that it has, or else behind all others."""
        contents = self.contents()
        for segment in contents:
            if segment.run == run:
                return f"{segment.number:05}-{segment.version + 1}-{run}-{content}"
        return f"{contents[-1].number + 1 if contents else 0:05}-0-{run}-{content}"

    def _new(self) -> bool:
        """Whether nothing is there yet, but perhaps the beginnings of a run that was killed."""
        if is_local(self.folder) and self.folder.exists() and not self.folder.is_dir():
            return False
        return names(self.folder) <= {_LOCK, _SEGMENTS, _PARTIAL}

    def _head(self) -> _Head:
        try:
            head = msgspec.json.decode(read(self.folder / _HEAD), type=_Head)
        except (OSError, msgspec.DecodeError) as problem:
            raise UsageError(f"{self._said} is no index ({problem}); name a folder that --index has filled, or a new one") from None
        if head.schema != _SCHEMA:
            raise UsageError(f"the index {self._said} has schema {head.schema}, and this version reads {_SCHEMA}: make it anew")
        return head

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the index for writing, as a run holds its folder; see `stores.locks`."""
        with ExitStack() as stack:
            with reached("writing to the index", self.folder):
                who = stack.enter_context(locked(self.folder / _LOCK))
            if who:
                raise SurroundingsError(f"another run is writing to the index {self._said} ({who}); run again when it is done")
            yield
