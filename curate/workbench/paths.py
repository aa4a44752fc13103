"""Which rule files a command is about: those that are named, or all that are in force."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from curate.errors import ConfigError, UsageError
from curate.rules.format import KINDS
from curate.rules.load import KEEP, PACK_FILE, Packs, in_force, read_all, rule_paths


class Chosen(NamedTuple):
    """The rule folders in force, what is in them, and the names of the files that are meant."""

    folders: tuple[Path, ...]
    packs: Packs
    names: frozenset[str]


def choose(paths: Sequence[str], named: Sequence[str | Path] = ()) -> Chosen:
    """The rule files at some paths, all that are in force where there is none; `named` are rule folders as for `in_force`.

    The rule folder that a path lies in comes into force before the others, unless it is in force already.

    Raises ConfigError with the problems of the files that are meant, or else of those that are in force beside them.
    """
    roots = dict.fromkeys(root_of(Path(path)) for path in paths)
    folders = in_force(named)
    known = {folder.resolve() for folder in folders}
    folders = (*(root for root in roots if root not in known), *folders)
    found = [_below(Path(path), root_of(Path(path))) for path in paths]
    meant = {name: path for files in found for name, path in files.items()}
    try:
        packs = read_all(folders)
    except ConfigError as problem:
        ours = {path.resolve() for path in meant.values()}
        raise ConfigError([one for one in problem.problems if Path(one.path).resolve() in ours] or problem.problems) from None
    for name, path in meant.items():
        if not path.samefile(read := packs.tomls[name].path):
            raise UsageError(f"{str(path)!r} is not in force: {read!r} has the same name and comes first; name its folder with --rules")
    return Chosen(folders, packs, frozenset(meant if paths else packs.tomls))


def root_of(path: Path) -> Path:
    """The rule folder that a rule file or folder lies in, or is: the nearest one with generic, platform or sites in it."""
    if not path.exists():
        raise UsageError(f"there is no rule file or folder {str(path)!r}")
    path = Path(os.path.abspath(path))  # noqa: PTH100  # links are followed where they lead, but names are those that are given
    if path.is_dir() and any((path / kind).is_dir() for kind in KINDS):
        return path.resolve()
    for folder in path.parents:
        if path.relative_to(folder).parts[0] in KINDS:
            return folder.resolve()
    raise UsageError(f"{str(path)!r} lies in no rule folder: a rule file lies below generic/<language>/, platform/ or sites/<letter>/")


def _below(path: Path, root: Path) -> dict[str, Path]:
    """The rule files that a path means, by their names."""
    given = path.resolve()
    found = {name: file for name, file in rule_paths(root) if file.resolve().is_relative_to(given)}
    if not found:
        what = "no rule file in" if path.is_dir() else "no rule file:"
        raise UsageError(f"{what} {str(path)!r}; rule files end in .toml, {PACK_FILE} and what is in {KEEP}/ are none")
    return found
