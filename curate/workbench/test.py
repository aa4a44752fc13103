"""Run the examples that rules carry: what a rule must match, what it must leave alone, and whole texts.

A rule is tried as if it were active, whatever its status: an example that fails says the same of an experimental one.
A keep is tried on single lines as a drop: by itself it does nothing that could be seen.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from curate.document import Change, Document, document_of_lines
from curate.fields import Toml
from curate.rules.format import MANY_LINES, Case, Rule, RuleFile, literals
from curate.rules.library import made_of
from curate.rules.match import Matching
from curate.workbench.findings import Finding, line_of

Parse = Callable[[str, Sequence[str]], Document]  # a small HTML page, with the selectors that are run on it


class Failure(NamedTuple):
    """An example that does not come out as the rule says."""

    rule: str
    verdict: str  # noisy: hit a `keeps`; missing: missed a `drops` or a line of its own; wrong: a case came out otherwise
    text: str
    found: str = ""


def test(files: Sequence[RuleFile], parse: Parse) -> Iterator[Failure]:
    """Every example that fails. Single lines are tried without `where` and `guard`, which need a page."""
    for file in files:
        for rule in file.rules:
            trial = Trial(file, rule, parse)
            identity = f"{file.name}#{rule.id}"
            must = literals(rule.drops) + (literals(rule.line) if rule.action not in MANY_LINES and not rule.select else ())
            keeps = literals(rule.keeps)
            touched = trial.touched((*must, *keeps))
            yield from (Failure(identity, "missing", line) for line, hit in zip(must, touched, strict=False) if not hit)
            yield from (Failure(identity, "noisy", line) for line, hit in zip(keeps, touched[len(must) :], strict=True) if hit)
            for case in rule.case:
                left = trial.left_of(case.before)
                if left.split("\n") != document_of_lines(case.after).text.split("\n"):
                    yield Failure(identity, "wrong", case.before, left)


def findings(files: Sequence[RuleFile], tomls: Mapping[str, Toml], parse: Parse) -> Iterator[Finding]:
    """Every example that fails, where it stands; `tomls` has what files were read from, by their names."""
    for file in files:
        toml = tomls[file.name]
        for number, rule in enumerate(file.rules):
            for failure in test([replace(file, rules=(rule,))], parse):
                key = {"noisy": "keeps", "wrong": "case"}.get(failure.verdict, "drops" if failure.text in literals(rule.drops) else "line")
                if key == "case":
                    case = [case.before for case in rule.case].index(failure.text)
                    line, message = toml.line(("rule", number, "case", case)), _wrong(rule.case[case], failure)
                else:
                    line, message = line_of(toml, number, key, failure.text), _said(rule, key, failure)
                yield Finding(toml.path, line, failure.rule, failure.verdict, message)


def _said(rule: Rule, key: str, failure: Failure) -> str:
    """A single line that came out otherwise, in words."""
    if failure.verdict == "noisy":
        return f"hits a line of its keeps: {failure.text!r}"
    too_long = rule.longest is not None and len(failure.text) > rule.longest
    why = f"; it has {len(failure.text)} characters, and max_chars is {rule.longest}" if too_long else ""
    return f"does not take a line of its own {key}: {failure.text!r}{why}"


def _wrong(case: Case, failure: Failure) -> str:
    """A case that came out otherwise, in words."""
    left, wanted = (document_of_lines(text).text.split("\n") for text in (failure.found, case.after))
    stayed, gone = [line for line in left if line not in wanted], [line for line in wanted if line not in left]
    said = [f"{what} {', '.join(map(repr, lines))}" for what, lines in (("leaves", stayed), ("takes", gone)) if lines]
    return "case: " + (" and ".join(said) or f"leaves other line breaks or another order: {failure.found!r}")


class Trial:
    """One rule by itself, in force on every page."""

    def __init__(self, file: RuleFile, rule: Rule, parse: Parse) -> None:
        self._matching = _matching(file, replace(rule, status="active"))
        self._on_lines = _matching(file, replace(rule, status="active", action="drop-line")) if rule.action == "keep" else self._matching
        self._scope = self._matching.scope([file.group], "", "-")
        self._line_by_line = rule.action in MANY_LINES  # one line would take its neighbours along
        self._parse = parse
        self._selectors = [*literals(rule.select), *literals(rule.keep_select)]

    def touched(self, lines: Sequence[str]) -> list[bool]:
        """Of each line whether the rule does anything to it, leaving aside what needs a page."""
        doc = document_of_lines("\n".join(lines))
        if self._line_by_line or doc.read != len(lines):
            return [any(self._changes(document_of_lines(line))) for line in lines]
        found = {change.paragraph for change in self._changes(doc)}
        return [number in found for number in range(len(lines))]

    def _changes(self, doc: Document) -> Iterator[Change]:
        return self._on_lines.changes(doc, self._scope, placed=False)

    def left_of(self, page: str) -> str:
        """What the rule leaves of a page: text, or HTML where it begins with <."""
        doc = self._parse(page, self._selectors) if page.lstrip().startswith("<") else document_of_lines(page)
        doc.apply("site-rules", self._matching.changes(doc, self._scope))
        return "\n".join(doc.text_of(number) for number in doc.kept) if doc.is_html else doc.text


def _matching(file: RuleFile, rule: Rule) -> Matching:
    """A rule alone in its file."""
    return Matching(made_of([RuleFile(file.name, file.head, (rule,))]))
