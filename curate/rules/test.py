"""Run the examples that rules carry, and the keep-corpus: what a rule must match, what it must leave alone, and whole texts.

A rule is tried as if it were active, whatever its status: an example that fails says the same of an experimental one.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from curate.document import Document, document_of_lines
from curate.rules.format import MANY_LINES, Rule, RuleFile, literals
from curate.rules.library import made_of
from curate.rules.match import Matching

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
            yield from (Failure(identity, "missing", line) for line in must if not trial.touches(line))
            yield from (Failure(identity, "noisy", line) for line in literals(rule.keeps) if trial.touches(line))
            for case in rule.case:
                left = trial.left_of(case.before)
                if left.split("\n") != document_of_lines(case.after).text.split("\n"):
                    yield Failure(identity, "wrong", case.before, left)


class Trial:
    """One rule by itself, in force on every page."""

    def __init__(self, file: RuleFile, rule: Rule, parse: Parse) -> None:
        self._matching = Matching(made_of([RuleFile(file.name, file.head, (replace(rule, status="active"),))]))
        self._scope = self._matching.scope([file.group], "", "-")
        self._parse = parse
        self._selectors = [*literals(rule.select), *literals(rule.keep_select)]

    def touches(self, line: str) -> bool:
        """Whether the rule does anything to a line, leaving aside what needs a page."""
        return any(self._matching.changes(document_of_lines(line), self._scope, placed=False))

    def left_of(self, page: str) -> str:
        """What the rule leaves of a page: text, or HTML where it begins with <."""
        doc = self._parse(page, self._selectors) if page.lstrip().startswith("<") else document_of_lines(page)
        doc.apply("site-rules", self._matching.changes(doc, self._scope))
        return "\n".join(doc.text_of(number) for number in doc.kept) if doc.is_html else doc.text
