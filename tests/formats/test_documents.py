"""Documents on disk: whatever a document holds comes back, and nothing that is only part of a file is taken for all of it."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.document import NO_FACTS, Applied, Change, Document, Facts, Of, Source, document_of_lines
from curate.errors import SurroundingsError
from curate.formats import html
from curate.formats.documents import decode, encode, reading, writing
from curate.formats.limits import Limits

DERIVED = {"folded", "words", "points", "lengths", "facts", "_facts"}
PAGE = """<html><head><title>The ferry</title><meta name="generator" content="Oxney Press 2"></head><body>
<nav class="top"><a href="/">Home</a> <a href="/boats">Boats</a></nav>
<article id="story" data-kind="news"><h1>The ferry is painted</h1><p>Maud Tallis keeps <b>two tins</b> of each colour.</p>
<ul><li>Green</li><li hidden>Red</li></ul><figure><img src="a.jpg"><figcaption>The chain</figcaption></figure></article>
<footer><p>Filed under <a href="/x">boats</a></p></footer></body></html>"""
texts = st.text(st.characters(codec="utf-8"), max_size=20)
lines = st.text(st.sampled_from("ab ſﬃ\u00ad\u0301漢\n\r\t\ufeff-"), max_size=40)


def held(doc: Document) -> dict[str, object]:
    """Everything that a document holds but what is derived from it; arrays as lists."""
    plain = {name: value for name, value in vars(doc).items() if name not in DERIVED}
    facts = {name: list(value) for name, value in doc.facts._asdict().items()}
    return {name: (str(value.dtype), value.tolist()) if isinstance(value, np.ndarray) else value for name, value in plain.items()} | facts


def same(one: Document, other: Document) -> None:
    assert held(one) == held(other)
    assert one.text == other.text
    assert one.folded.text == other.folded.text
    assert [covers for number in range(one.read) for covers in one.facts.covers(number)] == [
        covers for number in range(other.read) for covers in other.facts.covers(number)
    ]


@st.composite
def documents(draw):
    doc = document_of_lines(draw(lines))
    for name in ("doc", "id", "url", "site", "title", "date", "site_name", "declared_lang", "generator", "description", "article_body"):
        setattr(doc, name, draw(texts))
    doc.meta, doc.raw, doc.format = draw(texts), draw(st.binary(max_size=9)), draw(st.sampled_from(["text", "jsonl"]))
    doc.source = Source(draw(texts), draw(st.integers(0, 2**40)), draw(texts), "cp1252")
    doc.tags = draw(st.dictionaries(texts, texts | st.floats(allow_nan=False) | st.integers(-9, 9), max_size=3))
    doc.measures = {"page-model": draw(st.lists(st.floats(0, 1), max_size=3))}
    for number in range(doc.read):
        kind = draw(st.sampled_from(["stays", "goes", "changes"]))
        if kind != "stays":
            new = draw(texts.filter(str.strip)) if kind == "changes" else ""
            doc.apply("a-step", [Change(number, 0, int(doc.lengths[number]), new, "rule", 0.5, 1, Of(draw(texts), 3))])
    doc.held = frozenset(draw(st.sets(st.integers(0, max(doc.read - 1, 0)), max_size=2)))
    doc.outcome, doc.reason = draw(st.sampled_from([("kept", ""), ("dropped", "a-step"), ("failed", "broken JSON: 1")]))
    return doc


@given(documents())
def test_a_document_comes_back_as_it_was(doc):
    same(decode(encode(doc)), doc)


@settings(max_examples=20)
@given(st.lists(documents(), max_size=4))
def test_documents_come_back_from_a_file_in_order(docs):
    with TemporaryDirectory() as folder:
        path = Path(folder) / "documents.zst"
        with writing(path) as write:
            for doc in docs:
                write(encode(doc))
        back = list(reading(path))
    assert [doc.doc for doc in back] == [doc.doc for doc in docs]
    for one, other in zip(back, docs, strict=True):
        same(one, other)


def page() -> Document:
    return html.parse(PAGE.encode(), Limits(), lambda _host, _generator: ("nav a", "#story", "li, figcaption"))


def test_an_html_page_comes_back_with_what_its_tree_said():
    doc = page()
    assert any(doc.facts.covers(number) for number in range(doc.read))
    assert {"data-kind": "news", "id": "story"} in [dict(attributes) for attributes in doc.facts.element_attributes]
    doc.apply("a-step", [Change(2, 0, 4), Change(0, 0, int(doc.lengths[0]))])
    same(decode(encode(doc)), doc)


def test_every_fact_is_written_down():
    """A fact that is added to the reader must be added here; each has another value, so that none is taken for another."""
    facts = Facts(*([str(n)] if "tags" in name or "names" in name else np.array([n], np.int32) for n, name in enumerate(Facts._fields)))
    facts = facts._replace(elements=np.zeros(1, np.int32), element_parents=[-1])
    facts = facts._replace(element_covers=[frozenset({4, 2})], element_attributes=[{"class": None, "id": "x"}])
    doc = Document("a", np.array([0], np.int32), np.array([1], np.int32), blank_before=np.array([False]), facts=facts, is_html=True)
    same(decode(encode(doc)), doc)


def test_every_field_of_a_document_is_written_down():
    """A field that is added to documents must be added here: one that is not would come back as a new document has it."""
    others = {str: "other", bytes: b"other", int: 7, tuple: ("other",), frozenset: frozenset({1})}
    doc = page()
    for name, value in vars(doc).items():
        if name not in DERIVED | {"read"}:
            setattr(doc, name, ~value if value is doc.live or value is doc.blank_before else others.get(type(value), value))
    doc.tags, doc.measures, doc.source = {"other": 1.5}, {"other": [1.5]}, Source("other")
    doc.changes = [Applied("other", 0, 0, 1, "a", "b", "c", 1.0, 2.0, Of("d", 3))]
    assert held(decode(encode(doc))) == held(doc)


def test_numbers_come_back_as_python_has_them():
    doc = document_of_lines("The ferry")
    doc.tags = {"share": np.float64(0.25)}  # what a step left
    assert decode(encode(doc)).tags == {"share": 0.25}


def test_arrays_of_a_document_that_came_back_can_be_written_to():
    doc = decode(encode(document_of_lines("The ferry\nThe chain")))
    doc.apply("a-step", [Change(0, 0, 9)])
    assert doc.kept == [1]
    assert doc.facts is NO_FACTS


def test_what_cannot_be_written_down_is_named():
    doc = document_of_lines("The ferry")
    doc.tags = {"seen": object()}
    with pytest.raises(TypeError, match="a document holds object"):
        encode(doc)


@pytest.mark.parametrize("left", [0, 3, 20, -1, -9])
def test_a_file_that_is_cut_off_is_not_read_as_a_shorter_one(tmp_path, left):
    path = tmp_path / "documents.zst"
    with writing(path) as write:
        for number in range(200):
            write(encode(document_of_lines(f"The ferry {number}")))
    path.write_bytes(path.read_bytes()[:left])
    with pytest.raises(SurroundingsError, match="cannot be read"):
        list(reading(path))


def test_a_file_that_is_gone_or_something_else_is_said_to_be(tmp_path):
    with pytest.raises(SurroundingsError, match="cannot be read"):
        list(reading(tmp_path / "documents.zst"))
    (tmp_path / "documents.zst").write_bytes(b"something else altogether")
    with pytest.raises(SurroundingsError, match="cannot be read"):
        list(reading(tmp_path / "documents.zst"))
