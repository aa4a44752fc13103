"""All rules in force, ready for matching: packs of languages and platforms at hand, a site's when its pages come up.

Reading thousands of TOML files takes seconds, so what comes of it is kept in a file (see `cache`), where a site's
rules stay packed until they are asked for.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec

from curate.rules import cache as kept
from curate.rules.compile import ReadyFile, ready
from curate.rules.format import RuleFile, bare
from curate.rules.load import hash_of, in_force, read, read_all

T = TypeVar("T")
ANYWHERE: Final = 5  # words of a site's whole line that may go from a page whose site is not known
# Groups of all files of a kind. No file is called so: a name has no asterisk.
ALL_GENERIC: Final = "generic/*"
ALL_PLATFORMS: Final = "platform/*"
ALL_SITES: Final = "sites/*"


class Library(msgspec.Struct, frozen=True, array_like=True):
    """Rule files ready for matching."""

    digests: dict[str, str]  # of the files, by name, in the order of their precedence; see `load.digest`
    versions: dict[str, str]  # of the packs, by name
    base: tuple[ReadyFile, ...]  # of languages and platforms
    sites: dict[str, msgspec.Raw]  # packed, by name
    domains: dict[str, list[str]]  # names of site and platform files
    signs: dict[str, list[str]]  # names of site and platform files, by folded line
    anywhere: dict[str, list[str]]  # names of site files, by the long whole lines that hold where no site is known
    uses: dict[str, tuple[str, ...]]  # packs that files use, and full ids of rules that they override, by name
    off: dict[str, tuple[str, ...]]
    ids: dict[str, str]  # of all rules, in full without versions, by themselves and by those they had before

    @property
    def version(self) -> str:
        """A hash of what the files do."""
        return hash_of(self.digests)

    def version_of(self, groups: Collection[str]) -> str:
        """The same of the files of some groups, `ALL_…` among them, in their order; a group may have none."""
        wanted, group = frozenset(groups), {file.name: file.group for file in self.base}
        return hash_of({name: digest for name, digest in self.digests.items() if has(wanted, name) or group.get(name) in wanted})

    @property
    def tells(self) -> str:
        """A hash of what tells platforms on pages of any address: their signs and generators."""
        tells = {file.name: "\n".join((file.generator, *file.signs)) for file in self.base if file.generator or file.signs}
        return hash_of(dict(sorted(tells.items())))

    @property
    def order(self) -> dict[str, int]:
        """The files by name: of two rules of a kind the one of the earlier file comes first."""
        return {name: place for place, name in enumerate(self.digests)}

    def site(self, name: str) -> ReadyFile:
        """The rules of a site's file."""
        return _file.decode(self.sites[name])


def has(groups: Collection[str], name: str) -> bool:
    """Whether a group of this name, or all of its kind, is among some groups."""
    return name in groups or f"{name.partition('/')[0]}/*" in groups


_file: Final = msgspec.msgpack.Decoder(ReadyFile)
_library: Final = msgspec.msgpack.Decoder(Library)
_encode: Final = msgspec.msgpack.Encoder().encode


def made_of(files: Iterable[RuleFile], digests: Mapping[str, str] | None = None, versions: Mapping[str, str] | None = None) -> Library:
    """A library of rule files, in the order of their precedence."""
    made = Library({}, dict(versions or {}), (), {}, {}, {}, {}, {}, {}, {})
    base = []
    for written in files:
        file = ready(written)
        made.digests[file.name] = (digests or {}).get(file.name, "")
        made.ids.update((f"{file.name}#{name}", f"{file.name}#{rule.id}") for rule in written.rules for name in (*rule.was, rule.id))
        made.uses.update({file.name: file.uses} if file.uses else {})
        made.off.update({file.name: tuple(sorted(map(bare, file.off)))} if file.off else {})
        for index, keys in ((made.signs, file.signs), (made.domains, file.domains)):
            for key in keys:
                index.setdefault(key, []).append(file.name)
        if file.kind != "sites":
            base.append(file)
            continue
        made.sites[file.name] = msgspec.Raw(_encode(file))
        for line in _long_lines(file):
            made.anywhere.setdefault(line, []).append(file.name)
    return msgspec.structs.replace(made, base=tuple(base))


def _long_lines(file: ReadyFile) -> list[str]:
    """The whole lines of a site that are long enough to hold on pages of unknown sites, each once."""
    lines = [matcher.text for rule in file.rules if rule.action == "drop-line" for matcher in rule.matchers if matcher.kind == "line"]
    return [line for line in dict.fromkeys(lines) if len(line.split()) >= ANYWHERE]


def library(named: Sequence[str | Path] = ()) -> Library:
    """The rules of all folders in force; raises ConfigError with the problems of all files."""
    return of_folders(in_force(named))


@cache
def of_folders(folders: tuple[Path, ...]) -> Library:
    """The rules of these folders and no others, each read only when one of its files has changed."""
    found = [_of_folder(folder) for folder in folders]
    made = merged([one for one in found if one is not None])
    groups = {*made.sites, *(file.group for file in made.base)}
    used = {name for names in made.uses.values() for name in names}
    off = {rule for rules in made.off.values() for rule in rules}
    if None in found or not used <= groups or not off <= made.ids.keys():
        read_all(folders)  # raises, with everything that is wrong and where
        raise AssertionError(folders)
    return made


def _of_folder(folder: Path) -> Library | None:
    """The rules of one folder; None where something is wrong with them."""
    stamp = kept.stamp(folder)
    body = kept.read(folder, stamp)
    if body is not None:
        return _library.decode(body)
    found = read(folder)
    if found.problems:
        return None
    made = made_of(found.files.values(), found.digests, {found.pack.name: found.pack.version} if found.pack else {})
    kept.write(folder, stamp, _encode(made))
    return made


def merged(libraries: Sequence[Library]) -> Library:
    """Several libraries as one; of two files with the same name the one in the earlier library counts."""
    if len(libraries) == 1:
        return libraries[0]
    made = made_of(())
    base: list[ReadyFile] = []
    for one in libraries:
        hidden = one.digests.keys() & made.digests.keys()
        theirs = _without(one, hidden) if hidden else one
        base += theirs.base
        for mine, more in zip(_by_name(made), _by_name(theirs), strict=True):
            mine.update(more)
        for index, names in zip(_indices(made), _indices(theirs), strict=True):
            shared = {key: index[key] + names[key] for key in index.keys() & names.keys()}
            index.update(names)
            index.update(shared)
    return msgspec.structs.replace(made, base=tuple(base))


def _by_name(library: Library) -> tuple[dict[str, Any], ...]:
    return library.digests, library.versions, library.sites, library.uses, library.off, library.ids


def _indices(library: Library) -> tuple[dict[str, list[str]], ...]:
    return library.domains, library.signs, library.anywhere


def _without(library: Library, hidden: AbstractSet[str]) -> Library:
    """A library without the files of some names."""

    def seen(rows: Mapping[str, T]) -> dict[str, T]:
        return {name: row for name, row in rows.items() if name.partition("#")[0] not in hidden}

    def known(index: Mapping[str, list[str]]) -> dict[str, list[str]]:
        left = {key: [name for name in names if name not in hidden] for key, names in index.items()}
        return {key: names for key, names in left.items() if names}

    return Library(
        digests=seen(library.digests),
        versions=library.versions,
        base=tuple(file for file in library.base if file.name not in hidden),
        sites=seen(library.sites),
        domains=known(library.domains),
        signs=known(library.signs),
        anywhere=known(library.anywhere),
        uses=seen(library.uses),
        off=seen(library.off),
        ids=seen(library.ids),
    )
