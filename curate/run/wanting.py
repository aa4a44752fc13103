"""What is wanting of a stage: shards that it was not carried out for, or by somebody whose work cannot stand beside that of the others.

Jobs on several machines compute by themselves what a shard depends on; where one of them has another version, or other rules, it shows
here, before anything is put together.
"""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from curate.errors import UsageError
from curate.pipeline import Pipeline
from curate.run.job import CLEAN, Task
from curate.run.rules import touched
from curate.run.stages import Entry

_NAMED: Final = 5  # shards in a message
_UNDONE: Final = ""
_VERSION: Final = "by another version of curate or of a package that decides"
_RULES: Final = "under other rules"


class Wanting(NamedTuple):
    """The shards that a stage is not carried out for, by why; of how many shards."""

    shards: Mapping[str, Sequence[int]]
    of: int


def carried_out(found: Entry, task: Task, stage: str, pipeline: Pipeline) -> bool:
    """Whether what was found in the folder of a shard is what the task would put there."""
    return found.identity == task.identity and (stage != CLEAN or not touched(found.done.under, pipeline))


def wanting(stage: str, tasks: Sequence[Task], entries: Sequence[Entry], pipeline: Pipeline) -> Wanting:
    """Look through a stage."""
    shards: dict[str, list[int]] = {}
    for task, found in zip(tasks, entries, strict=True):
        if not carried_out(found, task, stage, pipeline):
            shards.setdefault(_why(found, task), []).append(task.shard.number)
    return Wanting(shards, len(tasks))


def _why(found: Entry, task: Task) -> str:
    """Why a folder does not count; one that was made from other input, or another configuration, is as good as none."""
    if found.identity and found.done.program != task.program:
        return _VERSION
    return _RULES if found.identity == task.identity else _UNDONE


def refuse(found: Wanting, out: str) -> None:
    """Raise UsageError where shards are wanting that were to be clean, with the command that cleans them."""
    if not found.shards:
        return
    said = []
    for why, numbers in sorted(found.shards.items()):
        named = ", ".join(map(str, numbers[:_NAMED])) + (", …" if len(numbers) > _NAMED else "")
        if why == _UNDONE:
            said.append(f"{len(numbers):,} of {found.of:,} shards are not clean yet ({named})")
        else:
            said.append(f"shard {named} was cleaned {why}" if len(numbers) == 1 else f"shards {named} were cleaned {why}")
    raise UsageError(f"{'; '.join(said)}: `curate clean --plan {out} --shard 1/1` cleans what is left, --shard K/N a share of it")
