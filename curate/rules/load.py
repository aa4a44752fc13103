"""Find and read the rule files: folders of one's own, then the packs that come with curate."""

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec
from msgspec import Meta

from curate.errors import ConfigError, Problem
from curate.fields import Toml, build, nearest, read_toml
from curate.rules.format import Rule, RuleFile, bare, parse

PACK_FILE: Final = "pack.toml"
KEEP: Final = "keep"  # the folder of body lines that no rule may hit
_ENVIRONMENT: Final = "CURATE_RULES"
_DIGITS: Final = 16  # of a hash
_encode: Final = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class Pack:
    """What `pack.toml`, at the top of a rule folder, says of it."""

    name: Annotated[str, Meta(min_length=1, description="what the pack is called in run.json")]
    version: Annotated[str, Meta(pattern=r"^[\w.+-]+\Z", description="goes up when its rules change; stands in the ledger's rule ids")]


class Packs(NamedTuple):
    """Rule files by precedence, the TOML each was read from, a hash of what they do, and the versions of the packs."""

    files: tuple[RuleFile, ...]
    tomls: Mapping[str, Toml]  # by the file's name
    version: str
    versions: Mapping[str, str]  # by the pack's name


@cache
def built_in() -> Path:
    """The folder of the packs that come with curate: inside the package, or beside it in a checkout."""
    here = Path(__file__).parent
    packaged = here / "packs"
    return packaged if packaged.is_dir() else here.parent.parent / "rules"


def in_force(named: Sequence[str | Path] = ()) -> tuple[Path, ...]:
    """Rule folders by precedence: those named, those of the environment variable CURATE_RULES, the built-in one."""
    environment = [folder for folder in os.environ.get(_ENVIRONMENT, "").split(os.pathsep) if folder]
    return (*map(Path, named), *map(Path, environment), built_in())


def rule_paths(folder: Path) -> Iterator[tuple[str, Path]]:
    """The rule files of a folder, by name, each with its path."""
    for above, folders, names in os.walk(folder):
        folders.sort()
        if Path(above) == folder:
            folders[:] = [name for name in folders if name != KEEP]
            names = [name for name in names if name != PACK_FILE]  # noqa: PLW2901  # those that hold rules
        for name in sorted(names):
            if name.endswith(".toml"):
                path = Path(above, name)
                yield path.relative_to(folder).with_suffix("").as_posix(), path


def pack(folder: Path) -> Pack | None:
    """What a folder says of itself; None where it says nothing. Raises ConfigError for a broken `pack.toml`."""
    path = folder / PACK_FILE
    if not path.is_file():
        return None
    toml = read_toml(path)
    found, problems = build(Pack, toml.data, toml, ())
    if problems or found is None:
        raise ConfigError(problems)
    return found


class Read(NamedTuple):
    """The rule files of one folder as they are written, and what is wrong with them."""

    files: Mapping[str, RuleFile]
    tomls: Mapping[str, Toml]  # of those with mistakes, too
    digests: Mapping[str, str]  # see `digest`
    pack: Pack | None
    problems: Sequence[Problem]


def read(folder: Path) -> Read:
    """The rule files of a folder, each by itself: what they say of one another is looked at by `read_all`."""
    if not folder.is_dir():
        return Read({}, {}, {}, None, [Problem(str(folder), 0, "", "there is no such rule folder")])
    files: dict[str, RuleFile] = {}
    tomls: dict[str, Toml] = {}
    digests: dict[str, str] = {}
    problems: list[Problem] = []
    said = None
    try:
        said = pack(folder)
    except ConfigError as problem:
        problems += problem.problems
    version = said.version if said else ""
    for name, path in rule_paths(folder):
        try:
            tomls[name] = read_toml(path)
            files[name] = parse(tomls[name], name, version)
            digests[name] = digest(files[name])
        except ConfigError as problem:
            problems += problem.problems
    return Read(files, tomls, digests, said, problems)


def load(named: Sequence[str | Path] = ()) -> Packs:
    """The rule files of the folders in force; see `read_all`."""
    return read_all(in_force(named))


def read_all(folders: Sequence[Path]) -> Packs:
    """All rule files of some folders; of two with the same name the one in the folder named first counts.

    Raises ConfigError with the problems of all files.
    """
    files: dict[str, RuleFile] = {}
    tomls: dict[str, Toml] = {}
    digests: dict[str, str] = {}
    versions: dict[str, str] = {}
    problems: list[Problem] = []
    for found in map(read, folders):
        own = [name for name in found.tomls if name not in tomls]
        tomls.update((name, found.tomls[name]) for name in own)
        files.update((name, found.files[name]) for name in own if name in found.files)
        digests.update((name, found.digests[name]) for name in own if name in found.digests)
        versions.update({found.pack.name: found.pack.version} if found.pack else {})
        problems += found.problems
    groups = {file.group for file in files.values()}
    problems += [problem for file in files.values() for problem in _unknown_uses(file, groups, tomls[file.name])]
    resolved = []
    for file in files.values():
        overridden, wrong = _overridden(file, files, tomls[file.name])
        resolved.append(overridden)
        problems += wrong
    if problems:
        raise ConfigError(problems)
    return Packs(tuple(resolved), tomls, hash_of(digests), versions)


def digest(file: RuleFile) -> str:
    """A hash of what a file does to pages: another example, reason or date in it is no other rule."""
    rules = [_unremarked(rule) for rule in file.rules]
    return hashlib.sha256(_encode([file.version, file.head, rules, file.overrides])).hexdigest()[:_DIGITS]


def _unremarked(rule: Rule) -> Rule:
    """A rule without what it says to people and to tests."""
    return replace(rule, why="", drops="", keeps="", case=(), evidence=None, verified=None)


def hash_of(digests: Mapping[str, str]) -> str:
    """A hash of rule files, in the order of their precedence, by their own hashes."""
    return hashlib.sha256("".join(f"{name}\0{digest}\n" for name, digest in digests.items()).encode()).hexdigest()[:_DIGITS]


def _unknown_uses(file: RuleFile, groups: Collection[str], toml: Toml) -> list[Problem]:
    return [toml.problem(("uses",), f"there is no pack {used!r}; {nearest(used, groups)}") for used in file.head.uses if used not in groups]


def _overridden(file: RuleFile, files: Mapping[str, RuleFile], toml: Toml) -> tuple[RuleFile, list[Problem]]:
    """A file whose overrides say the present ids of the rules they name, which may have gone by others."""
    if not file.overrides:
        return file, []
    overrides, problems = [], []
    for number, override in enumerate(file.overrides):
        present = resolve(bare(override.rule), files)
        if present:
            overrides.append(replace(override, rule=present))
        else:
            known = [f"{other.name}#{rule.id}" for other in files.values() for rule in other.rules]
            problems.append(
                toml.problem(("override", number, "rule"), f"there is no rule {override.rule!r}; {nearest(override.rule, known)}")
            )
    return replace(file, overrides=tuple(overrides)), problems


def resolve(rule: str, files: Mapping[str, RuleFile]) -> str:
    """The present full id, without version, of a rule that may be named by an id it had before; "" where there is none."""
    name, _, identity = rule.partition("#")
    known = files[name].rules if name in files else ()
    return next((f"{name}#{found.id}" for found in known if identity in {found.id, *found.was}), "")
