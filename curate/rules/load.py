"""Find and read the rule files: the packs that come with curate, and folders of one's own before them."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from curate.errors import ConfigError, Problem
from curate.fields import nearest, read_toml
from curate.rules.format import RuleFile, read


class Packs(NamedTuple):
    """Rule files by precedence, and a hash of what is in them."""

    files: tuple[RuleFile, ...]
    version: str


def built_in() -> Path:
    """The folder of the packs that come with curate: inside the package, or beside it in a checkout."""
    here = Path(__file__).parent
    packaged = here / "packs"
    return packaged if packaged.is_dir() else here.parent.parent / "rules"


@cache
def load(folders: tuple[str, ...] = ()) -> Packs:
    """All rule files; of two with the same name the one in the folder named first counts, the built-in one last.

    Raises ConfigError with the problems of all files.
    """
    files: dict[str, RuleFile] = {}
    paths: dict[str, Path] = {}
    problems: list[Problem] = []
    digest = hashlib.sha256()
    for folder in (*map(Path, folders), built_in()):
        if not folder.is_dir():
            problems.append(Problem(str(folder), 0, "", "there is no such rule folder"))
        for path in sorted(folder.rglob("*.toml")):
            name = path.relative_to(folder).with_suffix("").as_posix()
            if name in files:
                continue
            try:
                files[name], paths[name] = read(path, folder), path
                digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
            except ConfigError as problem:
                problems += problem.problems
    problems += _unknown_uses(files.values(), paths)
    if problems:
        raise ConfigError(problems)
    return Packs(tuple(files.values()), digest.hexdigest()[:16])


def _unknown_uses(files: Iterable[RuleFile], paths: Mapping[str, Path]) -> list[Problem]:
    groups = {file.group for file in files}
    return [
        read_toml(paths[file.name]).problem(("uses",), f"there is no pack {used!r}; {nearest(used, groups)}")
        for file in files
        for used in file.head.uses
        if used not in groups
    ]
