"""A share of a run: the shards that one job of several does, each under a claim, so that no two jobs do the same."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from curate.run.job import Came, Job, Task
from curate.run.lock import claimed, unheld
from curate.run.stages import entry
from curate.run.wanting import carried_out

T = TypeVar("T")


class Share(NamedTuple):
    """The third of a hundred, `Share(3, 100)`: every hundredth, so that large shards, which stand side by side, are dealt out."""

    number: int  # from 1
    of: int

    def part(self, items: Sequence[T]) -> Sequence[T]:
        """What of some items is in the share."""
        return items[self.number - 1 :: self.of]


WHOLE = Share(1, 1)


class Answered(NamedTuple):
    """A task, and what a worker has answered."""

    task: Task
    came: Came


class Did(NamedTuple):
    """What has come of a share."""

    shards: int
    now: int  # were carried out by this job
    left: tuple[tuple[int, str], ...]  # numbers of shards that another job is at, and which


def taken(job: Job, stage: str, function: Callable[[Task], Came], task: Task) -> Came:
    """Carry out a shard's stage, unless another job is at it or has been; raises SurroundingsError while a whole run holds the folder."""
    number = task.shard.number
    with claimed(job.work, f"{stage}-{number:05}") as who:
        if who:
            return Came(0, 0, done=False, who=who)
        unheld(job.work)  # after the claim: of a run and a job that begin at one time, one at least sees the other
        found = entry(job.at(stage, number))
        if found.identity == task.identity and carried_out(found, task, stage, job.config.pipeline()):
            return Came(task.shard.bytes, 0, done=False)
        return function(task)


def did(shards: int, answers: Sequence[Answered]) -> Did:
    """The answers to what was to do of so many shards, put together."""
    left = tuple((task.shard.number, came.who) for task, came in answers if came.who)
    return Did(shards, sum(came.done for _, came in answers), left)
