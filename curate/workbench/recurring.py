"""Pages of a finished run, as rules are suggested from them: only lines that the run has found to recur on the host are free."""

from collections.abc import Callable

from curate.document import Document, document_of_lines
from curate.duplicates.lines import Lines
from curate.workbench.repeated import Page, page_of


def document_of(text: str, host: str, *, blocks: bool) -> Document:
    """A page that was given back, without what the run did to it; of an HTML page its paragraphs, parted by blank lines."""
    doc = document_of_lines("\n".join(" ".join(block.split()) for block in text.split("\n\n")) if blocks else text)
    doc.site = host
    return doc


def recurring_page(doc: Document, keys: frozenset[int], clean: Callable[[Document], Document]) -> Page:
    """What mining needs of the page when it has been cleaned; `keys` are those of the lines that recur on its host."""
    sketching = Lines().begin()
    sketching.add(doc)
    recurs = [key in keys for key in sketching.table()["key"].tolist()]
    page = page_of(clean(doc))
    return page._replace(free=tuple(free and found for free, found in zip(page.free, recurs, strict=True)))
