"""Where things lie: on a disk of this machine, or in a store that fsspec knows by its address (`s3://…`, `gs://…`, `https://…`).

A place is a `UPath` of universal_pathlib. A local one is a `pathlib.Path` too, so whatever works on paths works on it. Of a store only
what is on every store is used: whole objects are written and read, listed, copied and taken away; nothing is renamed or appended to.
"""

import re
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final, TypeGuard

import fsspec
from fsspec import AbstractFileSystem
from upath import UPath

from curate.errors import UsageError

Place = UPath

_ADDRESS: Final = re.compile(r"(?P<scheme>[a-zA-Z][a-zA-Z0-9+.-]+)://")
_DISK: Final = re.compile(r"(?:file|local)://")
_WEB: Final = frozenset({"http", "https"})
_IN_TEXT: Final = re.compile(
    r"""
    (?P<scheme>[a-z][a-z0-9+.-]+)://
    (?:[^/@\s]*@|[^/@\s:]*:[^/@\s\d][^@\s]*@)?          # a name and a password, which may hold a slash that was not escaped
    (?P<place>[^\s'"?]*)
    (?P<query>\?\S*?(?=['")\],;:.]*(?:\s|$)))?         # on to a space: a signature may hold quotes
    """,
    re.IGNORECASE | re.VERBOSE,
)
_QUERY: Final = re.compile(r"\?[\w.-]+=")
_SECRET: Final = re.compile(r"(?P<name>(?:signature|credential|token|secret|password|accesskeyid|\bsig)=)[^&\s'\",;)>]+", re.IGNORECASE)
_NETLOC: Final = re.compile(r"(?:\[[0-9a-f:.]*\]|[^:@]*)(?::\d*)?|arn:[^@]*", re.IGNORECASE)  # Amazon's names of access points hold colons
_SAID: Final = 300  # characters of what a store says: it may quote the whole page it sent
_EXTRAS: Final = {  # the package behind a scheme, and the extra that has it
    "s3": ("s3fs", "s3"),
    "s3a": ("s3fs", "s3"),
    "gs": ("gcsfs", "gs"),
    "gcs": ("gcsfs", "gs"),
    "http": ("aiohttp", "http"),
    "https": ("aiohttp", "http"),
}
_STATUS: Final = frozenset(HTTPStatus)


def is_address(name: str) -> bool:
    """Whether a name is an address (`scheme://…`) rather than a path of this machine, which `file://…` is."""
    return bool(_ADDRESS.match(name)) and not _DISK.match(name)


def is_web(name: str) -> bool:
    """Whether a name is an address of the web, where there are single files to read and nothing else."""
    return name.partition("://")[0].lower() in _WEB and is_address(name)


def disk_path(name: str) -> str:
    """The path that `file://…` stands for; any other name as it is."""
    return _DISK.sub("", name, count=1) if _DISK.match(name) else name


def place(name: str) -> Place:
    """The place that a path or an address names; raises UsageError for an address that has somebody's password in it.

    Listings are not remembered: other processes write into the same folders.
    """
    if not is_address(name):
        return UPath(disk_path(name))
    store(name)
    return UPath(name, use_listings_cache=False)


def store(address: str) -> AbstractFileSystem:
    """The file system of fsspec that an address lies in, one of each kind a process.

    Credentials come from the environment or the store's own configuration files, and options from those of fsspec. Raises UsageError
    for an address with a password in it, and where nothing is installed that reads such addresses.
    """
    scheme, _, rest = address.partition("://")
    scheme = scheme.lower()
    if not _NETLOC.fullmatch(rest.partition("/")[0].partition("?")[0]):
        raise UsageError(
            f"an address {scheme}://… holds a name or a password; leave that to the environment or the store's own configuration"
        )
    try:
        found = fsspec.get_filesystem_class(scheme)
    except ImportError as problem:
        package, extra = _EXTRAS.get(scheme, ("", ""))
        what = f"{package}: pip install 'curate[{extra}]'" if package else f"a package of its own ({problem})"
        raise UsageError(f"{shown(address)!r} needs {what}") from None
    except ValueError:
        raise UsageError(f"{shown(address)!r}: nothing knows addresses with {scheme!r}; s3, gs, http and https are known") from None
    options = _web_options("%" in address) if scheme in _WEB else {}
    return found(use_listings_cache=False, **options)


def _web_options(escaped: bool) -> dict[str, Any]:  # noqa: FBT001  # it is what it says
    """How web servers are asked: for the bytes as they lie there, and for as long as some come.

    Signed addresses come with their escapes, and writing these in another way makes another signature of them.
    """
    import aiohttp  # noqa: PLC0415  # in an extra

    return {
        "encoded": escaped,
        "client_kwargs": {
            "auto_decompress": False,  # compression is told by the first bytes; of a range from the middle nothing could be decompressed
            "headers": {"Accept-Encoding": "identity"},
            "timeout": aiohttp.ClientTimeout(total=None, sock_connect=30, sock_read=60),  # seconds; by default 5 minutes for all of a file
        },
    }


def is_local(where: Path | Place) -> TypeGuard[Path]:
    """Whether it is on a disk of this machine, or one that is mounted like a disk."""
    return isinstance(where, Path)


def has_query(name: str) -> bool:
    """Whether an address ends in a query, which may be what it is signed with.

    Away from the web a ? is part of a name, or of a pattern, unless `name=value` follows it.
    """
    return is_address(name) and ("?" in name if is_web(name) else bool(_QUERY.search(name)))


def without_query(name: str) -> str:
    """An address as it can be written down: without its query; any other name as it is."""
    if not has_query(name):
        return name
    end = name.index("?") if is_web(name) else name.index(_QUERY.findall(name)[0])
    return name[:end]


def shown(text: str) -> str:
    """A text without what in its addresses may be secret: names and passwords, and queries, which signed addresses are signed in.

    What goes to a log, a message, a ledger or run.json goes through this where it may hold an address.
    """
    return _SECRET.sub(lambda found: found["name"] + "…", _IN_TEXT.sub(_shown, text))


def _shown(found: re.Match[str]) -> str:
    address = f"{found['scheme']}://{found['place']}{found['query'] or ''}"
    return f"{without_query(address)}?…" if has_query(address) else address


def why(problem: BaseException) -> str:
    """What a store has raised, in words that hold no secret: a status, or the first line of what it said.

    The packages behind fsspec raise whatever they like, and put whole addresses into it.
    """
    status = next((value for name in ("status", "code") if isinstance(value := getattr(problem, name, None), int) and value in _STATUS), 0)
    if status:
        return f"HTTP status {status} {HTTPStatus(status).phrase}"
    if isinstance(problem, FileNotFoundError):
        return "there is nothing there"
    if isinstance(problem, TimeoutError):
        return "no answer in time"
    said = (problem.strerror if isinstance(problem, OSError) and problem.strerror else str(problem)).strip()
    text = shown(said.partition("\n")[0])[:_SAID] or type(problem).__name__
    return f"no permission with these credentials: {text}" if isinstance(problem, PermissionError) else text


def check_credentials(problem: BaseException, address: str) -> None:
    """Raises UsageError where a store was not asked for want of credentials: asking again is no use.

    Told by the names of what botocore raises (`botocore.exceptions`), since other stores do without it.
    """
    if type(problem).__name__ in {"NoCredentialsError", "PartialCredentialsError"}:
        said = f"{shown(address)!r} needs credentials ({shown(str(problem)).rstrip('.')})"
        raise UsageError(f"{said}; put them into the environment (AWS_ACCESS_KEY_ID …) or the store's own configuration file") from None
