"""What a worker sends back for an item: an answer, or what was raised, whatever the engine."""

import pickle
import traceback
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple, cast

from curate.errors import SurroundingsError, UsageError


class Reply(NamedTuple):
    """What a worker sends: an answer, or what was raised."""

    answer: object
    raised: bytes = b""  # the exception, pickled
    told: str = ""  # its message, for one that cannot be pickled, and where it was raised


def reply(function: bytes, item: bytes, where: str, machine: str = "") -> Reply:
    """Carry out a function on an item, both pickled, in a worker: `where` names it in a traceback.

    `machine` is named in what curate itself raises, where that may be about another machine than the user's.
    """
    try:
        return Reply(_loaded(function)(pickle.loads(item)))  # noqa: S301  # our own parent's
    except Exception as problem:  # noqa: BLE001  # whatever it is, the parent raises it
        told = f"in {where}:\n" + "".join(traceback.format_exception(problem))
        return Reply(None, _pickled(problem, machine), told)


def answer_of(given: Reply) -> object:
    """The answer; raises what the worker raised, with where it was."""
    if not given.raised and not given.told:
        return given.answer
    if not given.raised:
        raise RuntimeError(given.told)
    problem = cast("BaseException", pickle.loads(given.raised))  # noqa: S301  # our own worker's
    problem.add_note(given.told)
    raise problem


@lru_cache(maxsize=1)
def _loaded(function: bytes) -> Callable[[Any], Any]:
    """A function as it was sent; the same is sent once and used for many items."""
    loaded: Callable[[Any], Any] = pickle.loads(function)  # noqa: S301  # our own parent's
    return loaded


def _pickled(problem: Exception, machine: str) -> bytes:
    """An exception that can cross; of curate's own the kind and the message do."""
    for kind in (SurroundingsError, UsageError):
        if isinstance(problem, kind):
            return pickle.dumps(kind(f"{problem} (on {machine})" if machine else str(problem)))
    try:
        pickled = pickle.dumps(problem)
        pickle.loads(pickled)  # noqa: S301  # some can be pickled and not read again
    except Exception:  # noqa: BLE001  # pickling runs the exception's own code
        return b""
    return pickled
