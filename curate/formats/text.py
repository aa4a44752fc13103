"""Text pages: a paragraph is a non-empty line."""

from curate.document import Document, document_of_lines
from curate.formats.decode import decode
from curate.formats.limits import Limits, check


def parse(data: bytes, limits: Limits, declared: str = "") -> Document:
    """A text page from its bytes; `declared` is the encoding that came with them. Raises PageError when it is binary or beyond a limit.

    The encoding stands in `source`; `raw` keeps the bytes where the text cannot be encoded back to them.
    """
    check(limits, "bytes", len(data))
    text, encoding, exact = decode(data, declared=declared)
    document = of_text(text, limits)
    document.source = document.source._replace(encoding=encoding)
    document.raw = b"" if exact else data
    return document


def of_text(text: str, limits: Limits) -> Document:
    """A text page from its text; raises PageError when it is beyond a limit."""
    document = document_of_lines(text)
    check(limits, "paragraphs", document.read)
    check(limits, "line", int(document.lengths.max(initial=0)))
    return document
