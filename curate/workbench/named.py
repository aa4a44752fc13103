"""Find rules by what people call them, say where they stand, and what they say."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Final, NamedTuple

from curate.errors import ConfigError, Problem, UsageError
from curate.fields import Toml, nearest, read_toml
from curate.rules.format import KINDS, Case, Evidence, Guard, Rule, RuleFile, Where, bare, literals, parse
from curate.rules.load import pack, rule_paths
from curate.text.folding import fold

_TOLD_LITERALS: Final = 3


class Found(NamedTuple):
    """Rules of one file, by their numbers in it."""

    file: RuleFile
    toml: Toml
    numbers: tuple[int, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules themselves."""
        return tuple(self.file.rules[number] for number in self.numbers)

    @property
    def ids(self) -> tuple[str, ...]:
        """Their full ids, without versions."""
        return tuple(bare(self.file.full_id(rule)) for rule in self.rules)


class _Place(NamedTuple):
    path: Path
    version: str  # of the pack it is in


class Shelf:
    """The rule files of some folders, each read when it is asked for; the folder named first counts, as in `load.read_all`."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._places: dict[str, _Place] = {}
        self._read: dict[str, Found] = {}
        missing = [Problem(str(folder), 0, "", "there is no such rule folder") for folder in folders if not folder.is_dir()]
        if missing:
            raise ConfigError(missing)
        for folder in folders:
            said = pack(folder)
            for name, path in rule_paths(folder):
                self._places.setdefault(name, _Place(path, said.version if said else ""))

    @property
    def paths(self) -> Mapping[str, Path]:
        """Where each file lies, by its name."""
        return {name: place.path for name, place in self._places.items()}

    def file(self, name: str) -> Found:
        """A file with all its rules; raises UsageError where there is none of this name."""
        if name not in self._places:
            raise UsageError(f"there is no rule file {name!r}{_hint(name, self._places)}")
        if name not in self._read:
            self._read[name] = _whole(self._places[name], name)
        return self._read[name]

    def named(self, said: str) -> Found:
        """The rules that somebody means by a full id, a file's name or path, or either of these with #id behind it.

        A path may lie outside the folders; ids that a rule had before are known too.
        """
        if Path(said).is_file():
            return self._at(Path(said))
        where, _, identity = said.rpartition("#")
        if not where:
            return self.file(said) if said in self._places else _nothing(said)
        found = self._at(Path(where)) if Path(where).is_file() else self.file(where)
        identity = bare(identity)
        numbers = tuple(number for number, rule in enumerate(found.file.rules) if identity in {rule.id, *rule.was})
        if not numbers:
            hint = nearest(identity, [rule.id for rule in found.file.rules]) if found.file.rules else "it has no rules"
            raise UsageError(f"{found.toml.path}: there is no rule {identity!r}; {hint}")
        return found._replace(numbers=numbers)

    def _at(self, path: Path) -> Found:
        whole = path.resolve()
        for name, place in self._places.items():
            if place.path.resolve() == whole:
                return self.file(name)
        return _whole(_Place(path, ""), _name_of(path))


def _whole(place: _Place, name: str) -> Found:
    toml = read_toml(place.path)
    file = parse(toml, name, place.version)
    return Found(file, toml, tuple(range(len(file.rules))))


def _nothing(said: str) -> Found:
    raise UsageError(
        f"there is no rule or rule file {said!r}; a rule is named by its full id (generic/en/share-bar#share-buttons), or by FILE.toml#id"
    )


def _hint(name: str, names: Mapping[str, _Place]) -> str:
    close = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    return f"; the nearest are {', '.join(map(repr, close))}" if close else ""


def _name_of(path: Path) -> str:
    """The name of a file outside the rule folders: as its own folders say, or where they say nothing as it does."""
    parts = path.resolve().with_suffix("").parts
    above = [number for number, part in enumerate(parts[:-1]) if part in KINDS]
    if above:
        return "/".join(parts[above[-1] :])
    data, stem = read_toml(path).data, parts[-1]
    if data.get("domains"):
        return f"sites/{stem[:1].lower()}/{stem}"
    language = data.get("language")
    said = language[0] if isinstance(language, list) and language and isinstance(language[0], str) else "any"
    return f"generic/{'any' if said == '*' else said}/{stem}"


class Standing(NamedTuple):
    """Where a rule that stands in a ledger stands now."""

    found: tuple[Found, ...]  # the rule, or nothing
    remarks: tuple[str, ...]  # what is no longer as it was


def standing(rule: str, shelf: Shelf) -> Standing:
    """Look a rule of a ledger up, which may have gone by another id, or be gone."""
    name, _, identity = bare(rule).partition("#")
    if not identity:
        return Standing((), ())  # it belongs to a step and stands in no file
    if name not in shelf.paths:
        return Standing((), (f"there is no rule file {name} in the rule folders in force",))
    try:
        found = shelf.named(bare(rule))
    except UsageError as problem:
        return Standing((), (f"it is gone: {problem}",))
    [now] = found.rules
    remarks = []
    if now.id != identity:
        remarks.append(f"it is called {found.ids[0]} now")
    if now.status != "active":
        remarks.append(f"it is {now.status} now")
    then = rule.partition("@")[2]
    if then != found.file.version:
        remarks.append(f"the run had version {then or '(none)'} of its pack, which is at {found.file.version or '(none)'} now")
    return Standing((found,), tuple(remarks))


def place(found: Found, number: int, text: str = "") -> str:
    """The path and line of a rule, or of the literal in it that folds to `text`."""
    begin = found.toml.line(("rule", number))
    end = found.toml.line(("rule", number + 1)) - 1 if number + 1 < len(found.file.rules) else None
    lines = found.toml.text.split("\n")[begin:end] if text else []
    at = next((at for at, line in enumerate(lines, begin + 1) if text in {fold(line), fold(line.partition("=")[2].strip(" \"'"))}), begin)
    return f"{found.toml.path}:{at}"


def described(found: Found, number: int) -> Iterator[tuple[str, str]]:
    """What a rule says, key by key; of many literals the first ones."""
    rule, file = found.file.rules[number], found.file
    yield "rule", file.full_id(rule)
    yield "file", place(found, number)
    holds = {"generic": "on pages in " + ", ".join(file.head.language), "sites": "on pages of " + ", ".join(file.head.domains)}
    yield (
        "holds",
        holds.get(file.kind, "on pages that show a sign, domain or generator of it, and of sites that use it").replace(
            " *", " any language"
        ),
    )
    for field in fields(Rule):
        value = getattr(rule, field.name)
        if field.name != "id" and (value != field.default or field.name == "status"):
            yield field.metadata.get("key", field.name), _in_words(value)
    if rule.longest and not rule.max_chars:
        yield "max_chars", f"{rule.longest} (default)"
    for other in file.overrides:
        yield "override", f"{other.rule}: {other.why}"


def _in_words(value: object) -> str:
    """A value of a rule on one line."""
    if isinstance(value, str):
        said = literals(value)
        more = f" … ({len(said)} in all)" if len(said) > _TOLD_LITERALS else ""
        return " | ".join(said[:_TOLD_LITERALS]) + more
    if isinstance(value, Evidence):
        return f"{value.pages} pages of {value.of}, seen {value.seen}"
    if isinstance(value, Where):
        places = [f"first {value.first}"] * bool(value.first) + [f"last {value.last}"] * bool(value.last)
        return ", ".join(filter(None, [" or ".join(places), f"after the line {value.after!r}" * bool(value.after)]))
    if isinstance(value, Guard):
        return f"at most {value.max_share:.0%} of the page"
    if isinstance(value, tuple):
        return f"{len(value)} before and after" if value and isinstance(value[0], Case) else ", ".join(map(str, value))
    return str(value)
