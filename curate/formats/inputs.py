"""What the user named as input: files, folders and globs, here or in a store, become one sorted list of files."""

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from curate.errors import PageError, UsageError
from curate.formats import addresses, hub
from curate.formats.addresses import Listed
from curate.places import disk_path, has_query, is_address, is_web, shown, without_query
from curate.stores.objects import Seen

STDIN: Final = "-"
END: Final = 1 << 62  # bytes: beyond the end of any file
COMPRESSIONS: Final = (".gz", ".zst")
WORK: Final = ".curate"  # the folder in an output folder with what a run has done so far
OUTPUT: Final = re.compile(r"(?:clean|ledger|pages)-\d{5}\.(?:jsonl(?:\.gz|\.zst)?|parquet)|run\.json")  # the files that a run leaves there
FORMATS: Final = {
    ".txt": "text",
    ".text": "text",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".warc": "warc",
    ".wet": "warc",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".csv": "csv",
    ".tsv": "csv",
    ".zip": "zip",
}
_UNSEEN: Final = Seen()


class File(NamedTuple):
    """A file to read, or a range of one: `name` is its path relative to the input it came from, and goes into every record."""

    path: str  # or an address, with all that it takes to read there
    name: str
    named: bool = False  # whether the user named this very file, or a pattern that it fits, rather than a folder it is in
    start: int = 0  # bytes: what begins in [start, end) is read
    end: int = END
    seen: Seen = _UNSEEN  # what a store has said of it already


def bare_suffix(name: str) -> str:
    """The suffix that tells the format, one for compression taken off: `page.html.gz` → `.html`."""
    path = Path(name)
    return Path(path.stem).suffix.lower() if path.suffix.lower() in COMPRESSIONS else path.suffix.lower()


def find(inputs: Iterable[str], without: str = "") -> list[File]:
    """Every file below the inputs, sorted by name; from folders only those whose suffix is known.

    Nothing below the folder `without` is taken: a run must not read what an earlier one wrote.

    Raises UsageError when an input does not exist or holds nothing to read.
    """
    found: dict[str, File] = {}
    output = _key(disk_path(without)) if without else ""
    for given in map(disk_path, inputs):
        below = {_key(file.path): file for file in reversed(_below(given))}
        if not below:
            kinds = " ".join(FORMATS)
            raise UsageError(f"nothing to read in {shown(given)!r}; a folder is searched for files ending in {kinds} (also with .gz, .zst)")
        files = {key: file for key, file in below.items() if not (output and _is_below(key, output))}
        if not files:
            said = f"all of it lies in the output folder {shown(without)!r}"
            raise UsageError(f"nothing to read in {shown(given)!r}: {said}; name another one")
        found = files | found  # the first name that a file is found by is the one it keeps
    return sorted(_distinct(list(found.values())), key=lambda file: file.name)


def _key(path: str) -> str:
    """What is the same for all names of one file."""
    if is_address(path):
        return addresses.key(path)
    return STDIN if path == STDIN else str(Path(path).resolve())


def _is_below(key: str, folder: str) -> bool:
    return key == folder or key.startswith(folder if folder.endswith("/") else f"{folder}/")


def _distinct(files: list[File]) -> list[File]:
    """Files of one name, from different inputs, each by the path it was found at."""
    while True:
        times = Counter(file.name for file in files)
        named = [file._replace(name=written(without_query(file.path))) if times[file.name] > 1 else file for file in files]
        if named == files:
            break
        files = named
    if alike := next((file.name for file in files if times[file.name] > 1 and has_query(file.path)), ""):
        raise UsageError(
            f"several inputs are {alike!r} but for what follows the ?, so that their pages could not be told apart; read one a run"
        )
    return files


def _below(given: str) -> list[File]:
    if is_address(given):
        return _in_store(given)
    try:
        return _on_disk(given)
    except OSError as problem:
        raise UsageError(f"cannot look into {given!r}: {problem.strerror}") from None


def _on_disk(given: str) -> list[File]:
    if given == STDIN:
        return [File(STDIN, STDIN, named=True)]
    path = Path(given)
    if path.is_dir():
        return [File(str(child), written(child.relative_to(path).as_posix())) for child in sorted(_in_folder(path))]
    if path.exists():
        return [File(given, written(path.name), named=True)]
    if glob.has_magic(given):
        root = _root(given)
        matches = sorted(Path(match) for match in glob.glob(given, recursive=True))  # noqa: PTH207  # Path.glob takes no absolute pattern
        return [File(str(match), written(match.relative_to(root).as_posix()), named=True) for match in matches if match.is_file()]
    raise UsageError(f"there is no file or folder {given!r}")


def _in_store(given: str) -> list[File]:
    """What an address names: an object, a folder of them, or whatever fits a pattern."""
    bucket = addresses.bucket(given)
    try:
        kind, seen = addresses.looked_up(given)
        if kind == "file":
            return [File(given, written(addresses.name_of(given)), named=True, seen=seen)]
        if kind:
            return [File(one.address, written(one.name), seen=one.seen) for one in _pages_of(addresses.below(given))]
        if bucket and not addresses.looked_up(bucket).kind:
            raise UsageError(f"there is no bucket {bucket!r}")
        if addresses.is_pattern(given):
            fitting = [one for one in addresses.matching(given) if WORK not in one.name.split("/")]
            return [File(one.address, written(one.name), named=True, seen=one.seen) for one in fitting]
    except PageError as problem:
        raise UsageError(f"cannot look into {shown(given)!r}: {problem.detail}") from None
    raise UsageError(f"there is no {'object' if is_web(given) else 'object or folder'} {shown(given)!r}")


def _pages_of(objects: list[Listed]) -> Iterator[Listed]:
    """Of all objects below a folder those to read; see `_in_folder`."""
    parts = [one.name.split("/") for one in objects]
    ran = {tuple(folders[: folders.index(WORK)]) for folders in parts if WORK in folders[:-1]}
    unlisted = _leftovers_in(objects)
    for one, (*folders, name) in zip(objects, parts, strict=True):
        if (
            one.name not in unlisted
            and WORK not in folders
            and bare_suffix(name) in FORMATS
            and not (tuple(folders) in ran and OUTPUT.fullmatch(name))
        ):
            yield one


def _leftovers_in(objects: list[Listed]) -> set[str]:
    """The names of objects that lie in folders of datasets and are not their data."""
    folders: dict[str, dict[str, Listed]] = {}
    for one in objects:
        folder, slash, name = one.name.rpartition("/")
        folders.setdefault(folder + slash, {})[name] = one
    found: set[str] = set()
    for folder, files in folders.items():
        if hub.has_state(files):
            with addresses.stream(files[hub.STATE].address) as state:
                found.update(folder + name for name in hub.leftovers(files, state.read()))
    return found


def _in_folder(path: Path) -> Iterator[Path]:
    """The files to read below a folder, and the folders below it that cannot be looked into: reading these will say so.

    What runs have left in output folders is no input, neither their working folders nor their rows.
    """
    closed: list[OSError] = []
    for folder, names, files in os.walk(path, onerror=closed.append):
        ran = WORK in names
        names[:] = [name for name in names if name != WORK]
        unlisted = hub.leftovers(files, Path(folder, hub.STATE).read_bytes()) if hub.has_state(files) else ()
        for child in (
            Path(folder, name)
            for name in files
            if name not in unlisted and bare_suffix(name) in FORMATS and not (ran and OUTPUT.fullmatch(name))
        ):
            # A link that leads nowhere is a file that cannot be read, and not one that is not there.
            if child.is_file() or not child.exists():
                yield child
    yield from (Path(str(problem.filename)) for problem in closed)


def written(name: str) -> str:
    r"""A name that records can hold: bytes of it that are no UTF-8 become escapes like \xe9."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _root(pattern: str) -> Path:
    """The folder above the first part of a pattern that is one."""
    parts = Path(pattern).parts
    first = next(n for n, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:first]) if first else Path()
