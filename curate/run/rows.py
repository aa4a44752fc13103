"""A document as the rows that a run writes of it."""

import base64
from collections.abc import Callable
from functools import cache
from itertools import groupby

from curate.document import Applied, Document
from curate.formats.records import SCHEMA, CleanRow, Gap, LedgerRow, Made, OfRow, PageRow, SourceRow
from curate.pipeline import Pipeline
from curate.version import __version__

Making = Callable[[Document], Made]  # what a document was made with, told when its row is written


def made(pipeline: Pipeline) -> Making:
    """What a pipeline's documents are made with: each with the rules that can touch it."""
    identity, ruled = pipeline.identity, pipeline.ruled

    @cache
    def under(rules: str) -> Made:
        return Made(__version__, identity, rules, SCHEMA)

    return lambda doc: under(ruled.rules_of(doc) if ruled else "")


def clean_row(doc: Document, made_with: Making) -> CleanRow:
    """The clean document."""
    return CleanRow(
        id=doc.id,
        text=doc.text,
        url=doc.url,
        title=doc.title,
        date=doc.date,
        lang=str(doc.tags.get("lang", "")),
        lang_score=float(doc.tags.get("lang_score", 0.0)),
        doc=doc.doc,
        source=SourceRow(*doc.source),
        kept=doc.kept,
        read=doc.read,
        chars_read=doc.chars_read,
        chars_kept=doc.chars_kept,
        meta=doc.meta,
        curate=made_with(doc),
    )


def ledger_row(doc: Document, applied: Applied, *, full: bool) -> LedgerRow:
    """One change; without its texts where the ledger is not full."""
    return LedgerRow(
        doc=doc.doc,
        paragraph=applied.paragraph,
        start=applied.start,
        end=applied.end,
        text=applied.text if full else "",
        new=applied.new if full else "",
        step=applied.step,
        rule=applied.rule,
        measure=float(applied.measure),
        limit=float(applied.limit),
        of=OfRow(*applied.of),
    )


def page_row(doc: Document, *, full: bool) -> PageRow:
    """The page's row; what only restoring needs is left out where the ledger is not full."""
    restorable = full and not doc.is_html
    return PageRow(
        doc=doc.doc,
        id=doc.id,
        url=doc.url,
        source=SourceRow(*doc.source),
        format=doc.format,
        dom=doc.is_html,
        outcome=doc.outcome,
        reason=doc.reason,
        read=doc.read,
        chars_read=doc.chars_read,
        layout=layout(doc) if restorable else [],
        raw=base64.b64encode(doc.raw).decode("ascii") if restorable else "",
        tags=doc.tags,
        measures=doc.measures,
    )


def layout(doc: Document) -> list[Gap]:
    """The white space around paragraphs, repeats counted; [] for one line break after each paragraph and no other.

    Steps leave it alone, so it can be told after they have run.
    """
    page, starts, ends = doc.page, doc.starts.tolist(), doc.ends.tolist()
    gaps = [page[end:start] for start, end in zip([*starts, len(page)], [0, *ends], strict=True)]
    runs = [Gap(space, len(list(same))) for space, same in groupby(gaps)]
    return [] if runs == [Gap("", 1), Gap("\n", doc.read)] else runs


def gaps(row: PageRow) -> list[str]:
    """The white space of a text page, one entry more than it has paragraphs: the inverse of `layout`."""
    if not row.layout:
        return ["", *["\n"] * row.read]
    return [gap.space for gap in row.layout for _ in range(gap.times)]
