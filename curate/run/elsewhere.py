"""A task on another machine: it is carried out only where that machine has what the one that began the run has.

The program is asked for by the engine. Left are the inputs, which would all be read as failed, and the rule files and weights, under
which others would go.
"""

from collections.abc import Callable
from typing import NamedTuple

from curate.errors import SurroundingsError
from curate.pipeline import Pipeline
from curate.run.job import CLEAN, Came, Job, Task
from curate.run.plan import check_here


class Having(NamedTuple):
    """What a pipeline is made of that is no part of the program or its configuration."""

    rules: str
    weights: str


def having(pipeline: Pipeline) -> Having:
    """Of this machine."""
    return Having(pipeline.rules_version, pipeline.weights_version)


def elsewhere(job: Job, stage: str, wanted: Having, function: Callable[[Task], Came], task: Task) -> Came:
    """Carry out a task; raises SurroundingsError where this machine is not like the one that began the run."""
    for name, mine, theirs in zip(("rule files", "weights of the page model"), having(job.config.pipeline()), wanted, strict=True):
        if mine != theirs:
            raise SurroundingsError(f"the {name} ({mine}) are not those of the machine that began the run ({theirs}); have the same on all")
    if stage == CLEAN:
        check_here(task.shard)
    return function(task)
