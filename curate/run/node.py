"""A task of Ray on its node: whether the node is fit for it, and then what it is to do."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path

from curate.run.replies import reply

# Plain types, since another version may have to read them.
Told = tuple[str, str, str, str]  # the program, what it is called, the folder that paths count from, and what the run has left, see below
Came = tuple[str, bytes]  # why a node is not fit for a task, or else a `Reply`, pickled


def task() -> Callable[[bytes, bytes, Told], Came]:
    """The function that goes to the nodes, as it stands: one inside another is sent whole, and not as a name to be imported there.

    So a node that has no curate, or another one, can say so.
    """

    def carry_out(function: bytes, item: bytes, told: Told) -> Came:
        import platform  # noqa: PLC0415  # nothing of this module is there when the function is read on a node

        from ray.util import get_node_ip_address  # noqa: PLC0415  # see above

        program, called, folder, marker = told
        node = f"node {platform.node()} ({get_node_ip_address()})"  # type: ignore[no-untyped-call]  # Ray types some functions and not others
        try:
            from curate.run import identity  # noqa: PLC0415  # see above

            same = identity.program() == program
        except (ImportError, AttributeError) as problem:
            return f"{node} has no curate, or another one ({problem}): install {called} on every node", b""
        if not same:
            theirs = identity.called()
            return f"{node} has {theirs}, and its program, or a package that decides, is not the same as here: {called}", b""
        from curate.run.node import carried_out  # noqa: PLC0415  # see above

        return carried_out(function, item, folder, marker, node)

    return carry_out


def carried_out(function: bytes, item: bytes, folder: str, marker: str, node: str) -> Came:
    """Carry out a function on an item, both pickled, if what is shared is there; `node` is what messages call this one."""
    wrong = _unshared(folder, marker)
    return (f"{node} {wrong}", b"") if wrong else ("", pickle.dumps(reply(function, item, node, node)))


def _unshared(folder: str, marker: str) -> str:
    """What of a run is not to be seen here, "" when all of it is. Paths count from `folder`; the run has left `marker` where it writes."""
    try:
        os.chdir(folder)
    except OSError as problem:
        said = f"cannot go to {folder!r}, where curate was started and which paths count from ({problem.strerror})"
        return f"{said}: start it in a folder that every node has"
    if marker and not Path(marker).exists():
        return f"does not see {str(Path(marker).parent)!r}: write to a folder that all nodes share, or to a bucket"
    return ""
