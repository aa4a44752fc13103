"""The steps' cases: beside each step's place in the tree a TOML file of its name, with pages and what becomes of them.

A case says the whole outcome: `drops` are the paragraphs that go, `edits` the new texts of those that are rewritten,
`rules` the rules of the changes in order where they matter, `tags` what must be said of the page. What a case does not
name must not happen. A near miss is a case with an empty outcome. A step that decides across documents has `pages` instead of a page,
with their addresses in `urls`, and in `gone` for each page the paragraphs that go. `known_failure` is the reason why a case fails.
`[parameters]` above the cases are those of every case that does not give its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from curate.document import Document, document_of_lines
from curate.fields import Toml, build, read_toml
from curate.formats import html
from curate.formats.limits import Limits
from curate.pipeline import Pipeline, Placed
from curate.steps import FOLDERS, step_class, steps

TESTS = Path(__file__).parent
NOTHING_SAID = ("und", "", 0.0)


@dataclass(frozen=True, slots=True)
class Case:
    """One page, and what the step makes of it."""

    label: str
    page: str = ""
    pages: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    gone: list[list[int]] | None = None
    html: bool = False
    lang: str = ""
    url: str = ""
    site: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    drops: list[int] | None = None
    edits: list[tuple[int, str]] | None = None
    rules: list[str] | None = None
    tags: dict[str, str | float] = field(default_factory=dict)
    known_failure: str = ""

    @property
    def changes_something(self) -> bool:
        """Whether the step does or says something about the page."""
        return bool(self.drops or self.edits or any(self.gone or ()) or any(value not in NOTHING_SAID for value in self.tags.values()))


def case_files() -> dict[str, Path]:
    return {path.stem.replace("_", "-"): path for folder in FOLDERS for path in sorted((TESTS / folder).glob("*.toml"))}


@cache
def cases_of(path: Path) -> list[Case]:
    toml = read_toml(path)
    assert set(toml.data) <= {"case", "parameters"}, f"{path.name} holds something besides cases"
    found = []
    for number, table in enumerate(toml.data["case"]):
        case, problems = build(Case, table, toml, ("case", number))
        assert case is not None, "\n".join(map(str, problems))
        found.append(replace(case, parameters={**toml.data.get("parameters", {}), **case.parameters}))
    return found


def parametrized(*, across: bool) -> list[Any]:
    return [
        pytest.param(
            name, case, id=f"{name}: {case.label}", marks=[pytest.mark.xfail(reason=case.known_failure)] if case.known_failure else []
        )
        for name, path in case_files().items()
        for case in cases_of(path)
        if bool(case.pages) == across
    ]


def step_of(name: str, case: Case) -> Placed:
    """The step with the case's parameters, checked as those of a configuration are; folders stand below tests/."""
    folders = {"folders": [str(TESTS / folder) for folder in case.parameters["folders"]]} if "folders" in case.parameters else {}
    step, problems = build(step_class(name), {**case.parameters, **folders}, Toml(case.label, {}, {}), ("parameters",))
    assert step is not None, "\n".join(map(str, problems))
    return Placed(name, step)


def document_of(case: Case) -> Document:
    document = html.parse(case.page.encode("utf-8"), Limits()) if case.html else document_of_lines(case.page)
    document.url = case.url or document.url
    document.site = case.site
    if case.lang:
        document.tags["lang"] = case.lang
    return document


@pytest.mark.parametrize(("name", "case"), parametrized(across=False))
def test_case(name: str, case: Case):
    document = document_of(case)
    before = [paragraph.text for paragraph in document.paragraphs]
    Pipeline([step_of(name, case)]).run(document)
    after = list(document.paragraphs)
    assert [paragraph.number for paragraph in after if not paragraph.kept] == (case.drops or [])
    rewritten = [(number, text) for number, text, kept in after if kept and text != before[number]]
    assert rewritten == (case.edits or [])
    assert {tag: document.tags.get(tag) for tag in case.tags} == case.tags
    if case.rules is not None:
        assert [applied.rule for applied in document.changes] == case.rules


@pytest.mark.parametrize(("name", "case"), parametrized(across=True))
def test_case_across_documents(name: str, case: Case, settled: Callable[..., Any]):
    assert len(case.urls) in {0, len(case.pages)}
    documents = []
    for number, page in enumerate(case.pages):
        document = document_of(replace(case, page=page, url=case.urls[number] if case.urls else ""))
        document.doc = f"{number:020}"
        documents.append(document)
    found = settled(step_of(name, case).step, documents)
    gone = [[paragraph for doc, paragraph in found.gone if doc == document.doc] for document in documents]
    assert ([[] for _ in gone] if found.reports else gone) == case.gone
    if case.rules is not None:
        assert [change.rule for change in found.gone.values()] == case.rules


def test_every_step_has_a_file_of_cases_in_its_folder():
    own = {name: found.module.split(".")[1] for name, found in steps().items() if found.module.startswith("curate.")}
    assert {name: path.parent.name for name, path in case_files().items()} == own


@pytest.mark.parametrize("path", case_files().values(), ids=case_files())
def test_cases_go_both_ways(path: Path):
    cases = cases_of(path)
    assert any(case.changes_something for case in cases), "no case shows what the step does"
    assert any(not case.changes_something for case in cases), "no case shows what it nearly does"


@pytest.mark.parametrize("path", case_files().values(), ids=case_files())
def test_every_case_has_a_label_of_its_own_and_says_what_becomes_of_the_page(path: Path):
    cases = cases_of(path)
    labels = [case.label for case in cases]
    assert sorted(set(labels)) == sorted(labels)
    for case in cases:
        assert len(case.label.split()) > 1, f"{case.label!r} is no sentence"
        assert case.drops is not None or case.edits is not None or case.gone is not None or case.tags, (
            f"{case.label!r} expects nothing, not even nothing"
        )
