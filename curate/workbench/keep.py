"""The keep-corpus: body lines that look like page chrome and are none, which no rule may hit.

It lies in the folder `keep` of a rule folder: `<language>.txt`, one line a paragraph, remarks begin with #; and
`exceptions.toml`, the pairs of a rule and a line that are allowed. All lines of a rule's language count, whatever
the status of the rule, as if it stood anywhere on a page.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final, NamedTuple

from msgspec import Meta

from curate.document import Document, document_of_lines
from curate.errors import ConfigError, Problem
from curate.fields import build, nearest, read_toml, tables
from curate.rules.compile import ready
from curate.rules.cut import Conditions
from curate.rules.format import POLICIES, Rule, RuleFile, bare
from curate.rules.library import made_of
from curate.rules.load import KEEP, Packs, resolve
from curate.rules.match import Matching, Scope
from curate.rules.tables import Known, Tables
from curate.workbench.findings import Finding

EXCEPTIONS: Final = "exceptions.toml"


@dataclass(frozen=True, slots=True)
class Except:
    """An `[[except]]`: a line that a rule is allowed to hit."""

    rule: Annotated[str, Meta(pattern=r"^[^#]+#[^#]+$", description="its full id: generic/en/share-bar#brand-names")]
    line: Annotated[str, Meta(min_length=1, description="the line, as it stands in the corpus")]
    why: Annotated[str, Meta(min_length=10, description="one sentence for whoever wonders")]


class KeepLine(NamedTuple):
    """A line of the corpus."""

    lang: str
    text: str
    path: str
    line: int


class Exempt(NamedTuple):
    """An exception, and where it is written."""

    said: Except
    path: str
    line: int


class KeepCorpus(NamedTuple):
    """The lines of some rule folders, by language and place, and the exceptions."""

    lines: tuple[KeepLine, ...]
    exceptions: tuple[Exempt, ...]

    def documents(self) -> Iterator[tuple[str, Document]]:
        """The lines of each language as one page."""
        for lang in sorted({line.lang for line in self.lines}):
            yield lang, document_of_lines("\n".join(line.text for line in self.lines if line.lang == lang))


class Hit(NamedTuple):
    """A line of the corpus that a rule hits; rules go by their full id without version."""

    keep: KeepLine
    rule: str


def read(folders: Iterable[Path]) -> KeepCorpus:
    """The keep-corpus of rule folders; raises ConfigError with everything that is wrong with it."""
    lines: list[KeepLine] = []
    exceptions: list[Exempt] = []
    problems: list[Problem] = []
    for folder in folders:
        for path in sorted((folder / KEEP).glob("*.txt")):
            try:
                text = path.read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as problem:
                problems.append(Problem(str(path), 0, "", f"cannot be read: {problem}"))
                continue
            said = enumerate((line.strip() for line in text.split("\n")), start=1)
            lines += [KeepLine(path.stem, line, str(path), number) for number, line in said if line and not line.startswith("#")]
        found, wrong = _exceptions(folder / KEEP / EXCEPTIONS)
        exceptions += found
        problems += wrong
    if problems:
        raise ConfigError(problems)
    return KeepCorpus(tuple(sorted(lines, key=lambda line: line.lang)), tuple(exceptions))


def _exceptions(path: Path) -> tuple[list[Exempt], Sequence[Problem]]:
    if not path.is_file():
        return [], []
    try:
        toml = read_toml(path)
    except ConfigError as problem:
        return [], problem.problems
    problems = [toml.problem((key,), "unknown key; the nearest is 'except'") for key in toml.data if key != "except"]
    listed, wrong = tables(toml, "except")
    problems += wrong
    found = []
    for number, table in enumerate(listed):
        said, wrong = build(Except, table, toml, ("except", number))
        problems += wrong
        found += [Exempt(said, str(path), toml.line(("except", number)))] if said else []
    return found, problems


def hits(corpus: KeepCorpus, files: Sequence[RuleFile]) -> list[Hit]:
    """Every rule of the files that hits a line of its languages, in the order of the lines."""
    tried = [replace(file, rules=tuple(replace(rule, status="active") for rule in file.rules if _tried(rule))) for file in files]
    by_group = {file.group: languages(file) for file in tried}
    found = {*_by_itself(corpus, tried, by_group), *_run_together(corpus, tried, by_group)}
    place = {line: number for number, line in enumerate(corpus.lines)}
    return sorted(found, key=lambda hit: (place[hit.keep], hit.rule))


def _tried(rule: Rule) -> bool:
    """Whether a rule is one that takes what it has words for."""
    return rule.status != "retired" and rule.action != "keep" and bool(rule.matchers())


def languages(file: RuleFile) -> frozenset[str]:
    """The languages of a file's lines; none where it is for all of them."""
    return frozenset() if "*" in file.head.language else frozenset(file.head.language)


def _by_itself(corpus: KeepCorpus, files: Sequence[RuleFile], by_group: Mapping[str, frozenset[str]]) -> Iterator[Hit]:
    """The hits of each rule alone, whether or not another one would come before it."""
    doc = document_of_lines("\n".join(line.text for line in corpus.lines))
    lengths = doc.lengths.tolist()
    langs = [line.lang for line in corpus.lines]

    def meant(number: int, known: Known, kind: str) -> bool:
        of = by_group[known.group]
        return kind != "from" and (not of or langs[number] in of) and lengths[number] <= known.ready.longest

    holds = Conditions(doc, placed=False)
    for match in Tables([ready(file) for file in files], {file.name: number for number, file in enumerate(files)}).matches(doc, meant):
        if holds(match.paragraph, match.known):
            yield Hit(corpus.lines[match.paragraph], match.known.bare)


def _run_together(corpus: KeepCorpus, files: Sequence[RuleFile], by_group: Mapping[str, frozenset[str]]) -> Iterator[Hit]:
    """The hits of lines that are several known lines run together."""
    lines = [replace(file, rules=tuple(rule for rule in file.rules if rule.line and rule.action == "drop-line")) for file in files]
    matching = Matching(made_of(lines))
    for lang, doc in corpus.documents():
        packs = frozenset(group for group, of in by_group.items() if not of or lang in of)
        sites = tuple(sorted(packs & matching.library.sites.keys()))
        scope = Scope(packs, sites, frozenset(POLICIES), frozenset(), any_language=False, any_site=False)
        said = [line for line in corpus.lines if line.lang == lang]
        yield from (Hit(said[change.paragraph], bare(change.rule)) for change in matching.changes(doc, scope, placed=False))


def allowed(corpus: KeepCorpus, files: Mapping[str, RuleFile]) -> dict[tuple[str, str], Exempt]:
    """The exceptions by present id of the rule ("" where there is none) and line."""
    return {(resolve(bare(one.said.rule), files), one.said.line.strip()): one for one in corpus.exceptions}


def check(corpus: KeepCorpus, packs: Packs, found: Sequence[Hit]) -> Iterator[Finding]:
    """Hits that no exception allows, where the rule stands; and exceptions that allow nothing."""
    by_name = {file.name: file for file in packs.files}
    exempt = allowed(corpus, by_name)
    for hit in found:
        if (hit.rule, hit.keep.text) not in exempt:
            name, _, identity = hit.rule.partition("#")
            number = next(number for number, rule in enumerate(by_name[name].rules) if rule.id == identity)
            toml = packs.tomls[name]
            message = f"hits a body line of {hit.keep.path}:{hit.keep.line}: {hit.keep.text!r}"
            yield Finding(toml.path, toml.line(("rule", number, "id")), hit.rule, "keep", message)
    ids = [f"{file.name}#{rule.id}" for file in packs.files for rule in file.rules]
    needed = {(hit.rule, hit.keep.text) for hit in found}
    texts = {line.text for line in corpus.lines}
    for (rule, line), one in exempt.items():
        if not rule:
            wrong = f"there is no such rule; {nearest(one.said.rule, ids)}"
        elif line not in texts:
            wrong = f"{line!r} is no line of the keep-corpus"
        elif (rule, line) not in needed:
            wrong = f"the rule no longer hits {line!r}: take the exception out"
        else:
            continue
        yield Finding(one.path, one.line, one.said.rule, "exception", wrong)
