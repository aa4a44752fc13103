"""What a stage is told, and what it answers: the part of a run that goes to other processes."""

from collections import Counter
from typing import Final, NamedTuple, cast

import msgspec

from curate.config import Config
from curate.formats.pages import Reading
from curate.pipeline import StepCount
from curate.places import Place
from curate.run.counts import Counts
from curate.run.plan import Shard
from curate.run.rules import Under

CLEAN: Final = "clean"  # the stages, and their folders
SETTLE: Final = "settle"
FINISH: Final = "finish"


class Job(NamedTuple):
    """A run as its stages see it. Everything in it can be sent to another process."""

    config: Config
    reading: Reading
    shards: tuple[Shard, ...]  # in the order of their numbers, which may leave gaps
    limit: int | None  # documents to read; with one there is a single shard
    work: Place  # the folder with the stages' folders, OUT/.curate
    memory: int  # bytes that settling may hold at one time
    index: str = ""  # type: ignore[assignment]  # nobody asks where in the tuple something is; the folder of what earlier runs left, "" for none
    run: str = ""  # the name that this run goes by in the index: its own segment there is not looked at

    def shard(self, number: int) -> Shard:
        """The shard of that number."""
        return next(shard for shard in self.shards if shard.number == number)

    def at(self, stage: str, number: int) -> Place:
        """The folder that a finished stage of a shard has: `clean/00003`, `finish/00003`."""
        return self.work / stage / f"{number:05}"


class Task(NamedTuple):
    """What a worker is told besides the job."""

    shard: Shard
    identity: str
    program: str  # see `Done`

    def __str__(self) -> str:
        first, *others = [part.name for part in self.shard.parts]
        return f"shard {self.shard.number} ({first}{f' and {len(others):,} more' if others else ''})"


class Came(NamedTuple):
    """What a worker answers."""

    bytes: int  # of input
    documents: int
    done: bool = True  # by this worker; not by another job, now or before
    who: str = ""  # the job that is at it


class Done(msgspec.Struct):
    """What a stage counted; it goes into the entry of its folder."""

    counts: Counts = msgspec.field(default_factory=Counts)  # of documents with their outcomes: of the stage that writes the final rows
    steps: dict[str, StepCount] = msgspec.field(default_factory=dict)  # what the steps of this stage did, by name
    documents: int = 0  # that went through the stage, for those who watch
    under: Under = msgspec.field(default_factory=Under)  # the rules that pages were cleaned under
    aside: Counter[str] = msgspec.field(default_factory=Counter)  # records of a crawl that are no pages, by what they are
    pieces: int = 1  # in which cleaning has left what settling looks at; see `shard.pieces`
    program: str = ""  # what the stage was carried out by, see `Identities.program`


def counted(kind: type, value: object) -> object:
    """For msgspec's `dec_hook`: counters, which it writes as tables and does not read by itself."""
    if kind is Counter or getattr(kind, "__origin__", None) is Counter:
        return Counter(cast("dict[str, int]", value))
    raise NotImplementedError(f"nothing reads a {kind}")


_DONE: Final = msgspec.json.Decoder(Done, dec_hook=counted)


def done_of(data: bytes) -> Done:
    """An answer from its JSON; the inverse of `msgspec.json.encode`."""
    return _DONE.decode(data)
