"""What a page looks like, told by the bytes that it begins with."""

import re
from typing import Final

from curate.formats import html

PEEK: Final = 4096  # bytes that are enough
_KNOWN: Final = "|".join(
    sorted({*html.BLOCKS, "html", "head", "title", "meta", "link", "script", "style", "span", "a", "b", "i", "img", "br", "hr"})
)
# Perhaps a byte order mark, the line of XML, remarks; then a doctype or an element that HTML has.
_HTML: Final = re.compile(
    rf"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|(?:{_KNOWN})[\s/>])".encode("latin-1"),
    re.IGNORECASE | re.DOTALL,
)
_JSON: Final = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*\{\s*(?:\"|\})")


def looks_like_html(start: bytes) -> bool:
    """Whether a page is HTML."""
    return _HTML.match(start[:PEEK]) is not None


def looks_like_json(start: bytes) -> bool:
    """Whether a file is of JSON lines."""
    return _JSON.match(start[:PEEK]) is not None
