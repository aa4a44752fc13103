"""All rules in force, ready for matching: packs of languages and platforms at hand, a site's when its pages come up.

Reading thousands of TOML files takes seconds, so what comes of it is kept in a file (see `cache`), where a site's
rules stay packed until they are asked for.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from curate.rules import cache as kept
from curate.rules.compile import ReadyFile, ready
from curate.rules.format import RuleFile
from curate.rules.load import in_force, read_all

ANYWHERE: Final = 5  # words of a site's whole line that may go from a page whose site is not known


class Library(msgspec.Struct, frozen=True, array_like=True):
    """Rule files ready for matching."""

    version: str  # a hash of what is in the files
    versions: dict[str, str]  # of the packs, by name
    order: dict[str, int]  # of the files, by name: of two rules of a kind the one of the earlier file comes first
    base: tuple[ReadyFile, ...]  # of languages and platforms
    sites: dict[str, msgspec.Raw]  # packed, by name
    domains: dict[str, list[str]]  # names of site files
    signs: dict[str, list[str]]  # names of site and platform files, by folded line
    ids: dict[str, str]  # of all rules, in full without versions, by themselves and by those they had before
    anywhere: dict[str, list[str]]  # names of site files, by the long whole lines that hold where no site is known

    def site(self, name: str) -> ReadyFile:
        """The rules of a site's file."""
        return _file.decode(self.sites[name])


_file: Final = msgspec.msgpack.Decoder(ReadyFile)
_library: Final = msgspec.msgpack.Decoder(Library)
_encode: Final = msgspec.msgpack.Encoder(order="deterministic").encode


def made_of(files: Iterable[RuleFile], version: str = "", versions: Mapping[str, str] | None = None) -> Library:
    """A library of rule files, in the order of their precedence."""
    made = Library(version, dict(versions or {}), {}, (), {}, {}, {}, {}, {})
    base = []
    for read in files:
        file = ready(read)
        made.ids.update((f"{read.name}#{name}", f"{read.name}#{rule.id}") for rule in read.rules for name in (*rule.was, rule.id))
        made.order[file.name] = len(made.order)
        for sign in file.signs:
            made.signs.setdefault(sign, []).append(file.name)
        for domain in file.domains:
            made.domains.setdefault(domain, []).append(file.name)
        if file.kind != "sites":
            base.append(file)
            continue
        made.sites[file.name] = msgspec.Raw(_encode(file))
        for line in {
            matcher.text for rule in file.rules if rule.action == "drop-line" for matcher in rule.matchers if matcher.kind == "line"
        }:
            if len(line.split()) >= ANYWHERE:
                made.anywhere.setdefault(line, []).append(file.name)
    return msgspec.structs.replace(made, base=tuple(base))


def library(named: Sequence[str | Path] = ()) -> Library:
    """The rules of all folders in force; raises ConfigError with the problems of all files."""
    return of_folders(in_force(named))


@cache
def of_folders(folders: tuple[Path, ...]) -> Library:
    """The rules of these folders and no others."""
    stamp = kept.stamp(folders)
    body = kept.read(folders, stamp)
    if body is not None:
        return _library.decode(body)
    packs = read_all(folders)
    made = made_of(packs.files, packs.version, packs.versions)
    kept.write(folders, stamp, _encode(made))
    return made
