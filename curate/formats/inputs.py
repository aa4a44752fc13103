"""What the user named as input: files, folders and globs become one sorted list of files."""

import glob
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from curate.errors import UsageError

STDIN: Final = "-"
END: Final = 1 << 62  # bytes: beyond the end of any file
COMPRESSIONS: Final = (".gz", ".zst")
WORK: Final = ".curate"  # the folder in an output folder with what a run has done so far
OUTPUT: Final = re.compile(r"(?:clean|ledger|pages)-\d{5}\.jsonl(?:\.gz|\.zst)?|run\.json")  # the files that a run leaves there
FORMATS: Final = {".txt": "text", ".text": "text", ".html": "html", ".htm": "html", ".xhtml": "html", ".jsonl": "jsonl", ".ndjson": "jsonl"}


class File(NamedTuple):
    """A file to read, or a range of one: `name` is its path relative to the input it came from, and goes into every record."""

    path: str
    name: str
    named: bool = False  # whether the user named this very file, or a pattern that it fits, rather than a folder it is in
    start: int = 0  # bytes: of plain JSON lines those that begin in [start, end) are read
    end: int = END


def bare_suffix(name: str) -> str:
    """The suffix that tells the format, one for compression taken off: `page.html.gz` → `.html`."""
    path = Path(name)
    return Path(path.stem).suffix.lower() if path.suffix.lower() in COMPRESSIONS else path.suffix.lower()


def find(inputs: Iterable[str], without: str = "") -> list[File]:
    """Every file below the inputs, sorted by name; from folders only those whose suffix is known.

    Nothing below the folder `without` is taken: a run must not read what an earlier one wrote.

    Raises UsageError when an input does not exist or holds nothing to read.
    """
    found: dict[Path, File] = {}
    output = Path(without).resolve() if without else None
    for given in inputs:
        try:
            below = {Path(STDIN) if file.path == STDIN else Path(file.path).resolve(): file for file in reversed(_below(given))}
        except OSError as problem:
            raise UsageError(f"cannot look into {given!r}: {problem.strerror}") from None
        if not below:
            kinds = " ".join(FORMATS)
            raise UsageError(f"nothing to read in {given!r}; a folder is searched for files ending in {kinds} (also with .gz, .zst)")
        files = {place: file for place, file in below.items() if output is None or not place.is_relative_to(output)}
        if not files:
            raise UsageError(f"nothing to read in {given!r}: all of it lies in the output folder {without!r}; name another one")
        found = files | found  # the first name that a file is found by is the one it keeps
    return sorted(_distinct(list(found.values())), key=lambda file: file.name)


def _distinct(files: list[File]) -> list[File]:
    """Files of one name, from different inputs, each by the path it was found at."""
    while True:
        times = Counter(file.name for file in files)
        named = [file._replace(name=written(file.path)) if times[file.name] > 1 else file for file in files]
        if named == files:
            return files
        files = named


def _below(given: str) -> list[File]:
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


def _in_folder(path: Path) -> Iterator[Path]:
    """The files to read below a folder, and the folders below it that cannot be looked into: reading these will say so.

    What runs have left in output folders is no input, neither their working folders nor their rows.
    """
    closed: list[OSError] = []
    for folder, names, files in os.walk(path, onerror=closed.append):
        ran = WORK in names
        names[:] = [name for name in names if name != WORK]
        for child in (Path(folder, name) for name in files if bare_suffix(name) in FORMATS and not (ran and OUTPUT.fullmatch(name))):
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
