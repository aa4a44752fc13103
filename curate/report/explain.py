"""A cleaned document told line by line: what stayed, what went, and which step and rule took it."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from curate.document import NOTHING, Applied, Document, Of, Paragraph


class Told(NamedTuple):
    """A line of the explanation and what kind it is: page, kept, dropped, edited or why."""

    kind: str
    text: str


NO_OTHERS: Final[Mapping[Of, str]] = MappingProxyType({})
_SHOWN: Final = 60  # characters of the paragraph that is repeated
_SIGNS: Final = {"kept": " ", "dropped": "-", "edited": "~"}


def elsewhere(documents: Iterable[Document]) -> dict[Of, str]:
    """For what documents repeat of one another, where that stands and how it begins."""
    known = {doc.doc: doc for doc in documents}
    wanted = {applied.of for doc in known.values() for applied in doc.changes if applied.of.doc != doc.doc}
    return {of: f"{_name(known[of.doc])} {of.paragraph}: {_beginning(known[of.doc], of)}" for of in wanted if of.doc in known}


def explain(doc: Document, others: Mapping[Of, str] = NO_OTHERS) -> Iterator[Told]:
    """The document paragraph by paragraph, each change below the paragraph it changed; safe to show on a terminal.

    `others` are the words for what it repeats of other documents; see `elsewhere`.
    """
    yield from (Told(kind, visible(text)) for kind, text in _told(doc, others))


def _name(doc: Document) -> str:
    return doc.id or doc.source.path


def _beginning(doc: Document, of: Of) -> str:
    return doc.text_of(of.paragraph)[:_SHOWN]


def _told(doc: Document, others: Mapping[Of, str]) -> Iterator[Told]:
    yield Told("page", f"{_name(doc)}: {_summary(doc)}")
    facts = [f"{name} {value}" for name, value in doc.tags.items() if value != ""]
    if facts:
        yield Told("why", f"{'':7}{'; '.join(facts)}")
    changes: dict[int, list[Applied]] = {}
    for applied in doc.changes:
        changes.setdefault(applied.paragraph, []).append(applied)
    for paragraph in doc.paragraphs:
        made = changes.get(paragraph.number, [])
        edited = any(not applied.reports for applied in made)
        kind = ("edited" if edited else "kept") if paragraph.kept else "dropped"
        yield Told(kind, f"{paragraph.number:4} {_SIGNS[kind]} {paragraph.text}")
        for applied in made:
            yield Told("why", f"{'':7}{_why(doc, paragraph, applied, others)}")


def _summary(doc: Document) -> str:
    if doc.outcome == "failed":
        return f"failed, {doc.reason}"
    left = f"{len(doc.kept)} of {doc.read} paragraphs kept, {doc.chars_kept:,} of {doc.chars_read:,} characters"
    return left if doc.outcome == "kept" else f"{doc.outcome} by {doc.reason}; {left}"


def _why(doc: Document, paragraph: Paragraph, applied: Applied, others: Mapping[Of, str]) -> str:
    """One change in words."""
    words = [applied.step, applied.rule] if applied.rule else [applied.step]
    if applied.limit:
        words.append(f"{applied.measure:g} (limit {applied.limit:g})")
    if applied.of != NOTHING and applied.of.doc == doc.doc:
        words.append(f"repeats {applied.of.paragraph}: {_beginning(doc, applied.of)}")
    elif applied.of != NOTHING:
        whole = "the document with " if doc.outcome == "dropped" and doc.reason == applied.step else ""
        words.append(f"repeats {whole}{others.get(applied.of) or f'{applied.of.doc} {applied.of.paragraph}'}")
    if applied.reports:
        words.append("keeps it" if applied.keeps else "only reports")
    elif applied.new:
        words.append(f"'{applied.text}' → '{applied.new}'")
    elif paragraph.kept:
        words.append(f"cut '{applied.text}'")
    return "  ".join(words)


def visible(text: str) -> str:
    """Text for a terminal: a paragraph's own line breaks as ⏎, control characters as U+FFFD, so that none is obeyed."""
    text = text.replace("\n", "⏎").replace("\t", " ")
    return (
        text
        if text.isprintable()
        else "".join(char if char.isprintable() or (char.isspace() and char >= "\xa0") else "\ufffd" for char in text)
    )


def as_json(doc: Document) -> dict[str, Any]:
    """The same for machines: every paragraph with the changes made to it."""
    paragraphs: list[dict[str, Any]] = [
        {"paragraph": number, "kept": kept, "text": text, "changes": []} for number, text, kept in doc.paragraphs
    ]
    for applied in doc.changes:
        row = {**applied._asdict(), "of": applied.of._asdict()}
        paragraphs[row.pop("paragraph")]["changes"].append(row)
    return {
        "doc": doc.doc,
        "id": doc.id,
        "url": doc.url,
        "source": doc.source._asdict(),
        "outcome": doc.outcome,
        "reason": doc.reason,
        "tags": doc.tags,
        "paragraphs": paragraphs,
    }
