"""Who may write into an output folder: one whole run, or many jobs that each claim what they are at."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Final

from curate.errors import CurateError, SurroundingsError, UsageError
from curate.formats.inputs import WORK
from curate.places import Place, is_local, is_web, shown, why
from curate.stores.locks import holder, locked
from curate.stores.objects import here, reached

_LOCK: Final = "lock"
_CLAIMS: Final = "claims"


@contextmanager
def held(out: Place) -> Iterator[Place]:
    """Make a folder if need be, and hold it for one run; gives the folder for its work.

    The lock goes with the process, however that ends; in a store that takes a minute to show, see `stores.leases`. Raises UsageError when
    the folder cannot be written, SurroundingsError when another run holds it, or jobs have claims there, or the lock is lost.
    """
    if is_web(str(out)):
        raise UsageError(f"nothing can be written to {shown(str(out))!r}: the web is for reading inputs; name a folder or a bucket with -o")
    work = out / WORK
    with ExitStack() as stack:
        if who := _first(out, work, stack):
            raise SurroundingsError(f"another run ({who}) is writing to {shown(str(out))!r}; wait for it, or name another folder with -o")
        with reached("asking who writes to", out):
            claims = {name: holder(work / _CLAIMS / name) for name in _claims(work)}
        if live := [f"{who} is at {name}" for name, who in claims.items() if who]:
            raise SurroundingsError(f"jobs are writing to {shown(str(out))!r}: {', '.join(live)}; wait for them, or name another folder")
        yield work


def _first(out: Place, work: Place, stack: ExitStack) -> str:
    """Take the lock of a run; gives who has it. It is the first time that anything is written there."""
    try:
        if is_local(work):
            work.mkdir(parents=True, exist_ok=True)
        return stack.enter_context(locked(work / _LOCK))
    except (FileNotFoundError, PermissionError, FileExistsError, NotADirectoryError) as problem:
        said = "it is a file" if is_local(out) and out.is_file() else why(problem) if not is_local(out) else problem.strerror
        raise UsageError(f"cannot write to {shown(str(out))!r}: {said}; name another folder with -o") from None
    except CurateError:
        raise
    except Exception as problem:
        with reached("writing to", out):
            raise problem from None


def _claims(work: Place) -> list[str]:
    claims = work / _CLAIMS
    if is_local(claims):
        return sorted(path.name for path in claims.iterdir()) if claims.is_dir() else []
    return here(claims)[1]


@contextmanager
def claimed(work: Place, name: str) -> Iterator[str]:
    """Claim a shard's stage, `clean-00003`, for this process; gives "", or who has it if that is another one.

    A claim goes as the lock of a run does. Raises SurroundingsError where it cannot be made, or is lost in the middle.
    """
    claims = work / _CLAIMS
    with ExitStack() as stack:
        with reached("making a claim in", work):
            if is_local(claims):
                claims.mkdir(parents=True, exist_ok=True)
            who = stack.enter_context(locked(claims / name))
        yield who


def unheld(work: Place) -> None:
    """Raise SurroundingsError while a run holds the folder.

    Asked by a job when it has its claim, as a run asks for claims when it has its lock: of two that begin together one sees the other.
    """
    with reached("asking who writes to", work):
        who = holder(work / _LOCK)
    if who:
        raise SurroundingsError(f"another run ({who}) is writing to {shown(str(work.parent))!r}; wait for it")
