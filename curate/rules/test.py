"""Run the examples that rules carry: what a rule must match, what it must leave alone, and whole texts."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from curate.document import Document, document_of_lines
from curate.rules.format import MANY_LINES, RuleFile, literals
from curate.rules.match import Matching, Scope


class Failure(NamedTuple):
    """An example that does not come out as the rule says."""

    rule: str
    verdict: str  # noisy: hit a `keeps`; missing: missed a `drops` or a line of its own; wrong: a case came out otherwise
    text: str
    found: str = ""


def test(files: Sequence[RuleFile]) -> Iterator[Failure]:
    """Every example that fails. Single lines are tried without `where` and `guard`, which need a page."""
    for file in files:
        for rule in file.rules:
            alone = Matching([RuleFile(file.name, file.head, (rule,))])
            identity = f"{file.name}#{rule.id}"
            must = literals(rule.drops) + (literals(rule.line) if rule.action not in MANY_LINES else ())
            yield from (Failure(identity, "missing", line) for line in must if not _touched(alone, line))
            yield from (Failure(identity, "noisy", line) for line in literals(rule.keeps) if _touched(alone, line))
            for case in rule.case:
                document = document_of_lines(case.before)
                document.apply("site-rules", alone.changes(document, Scope(frozenset({0}), any_language=False, any_site=False)))
                if document.text.split("\n") != document_of_lines(case.after).text.split("\n"):
                    yield Failure(identity, "wrong", case.before, document.text)


def _touched(matching: Matching, line: str) -> bool:
    document: Document = document_of_lines(line)
    return any(matching.changes(document, Scope(frozenset({0}), any_language=False, any_site=False), placed=False))
