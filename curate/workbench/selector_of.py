"""The CSS selectors by which a line of HTML pages could be found, made of whole class and id names."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from bs4 import BeautifulSoup, Tag

from curate.text.folding import fold

_LEVELS: Final = 4  # elements around a line whose names are looked at
_ROOM: Final = 4  # times the line's characters that an element may have on a page, on average,
_ANYWAY: Final = 400  # or so many
_NAME: Final = re.compile(r"-?[A-Za-z_][A-Za-z0-9_-]*")  # others would have to be escaped
_UNREAD: Final = ("script", "style", "template", "noscript", "head")


class Selector(NamedTuple):
    """A selector, the pages on which it finds something, those of them with the line in it, and the characters that it covers."""

    css: str
    pages: int
    with_line: int
    chars: int


def selectors_of(pages: Sequence[str], line: str, most: int = 3) -> list[Selector]:
    """The selectors of the elements that a line stands in on some HTML pages.

    First those that find the line on most pages, then those that cover least; there is none where no element near the line has a name.
    """
    wanted = fold(" ".join(line.split()))
    soups = [_soup(page) for page in pages]
    names = sorted({name for soup in soups for element in _holding(soup, wanted) for name in _names(element)}) if wanted else []
    found = [_measured(css, soups, wanted) for css in names]
    near = [one for one in found if one.chars <= max(_ROOM * len(line), _ANYWAY) * one.pages]
    return sorted(near, key=lambda one: (-one.with_line, one.chars, one.css))[:most]


def _soup(page: str) -> BeautifulSoup:
    soup = BeautifulSoup(page, "html.parser")
    for element in soup.find_all(_UNREAD):
        element.decompose()
    return soup


def _text(element: Tag) -> str:
    return " ".join(element.get_text().split())


def _holding(soup: BeautifulSoup, wanted: str) -> list[Tag]:
    """The innermost elements with a folded line in them."""
    found: list[Tag] = []
    waiting: list[Tag] = [soup] if wanted in fold(_text(soup)) else []
    while waiting:
        element = waiting.pop()
        inner = [child for child in element.children if isinstance(child, Tag) and wanted in fold(_text(child))]
        waiting += inner
        if not inner:
            found.append(element)
    return found


def _names(element: Tag) -> list[str]:
    """The selectors by class and by id of an element and of those around it."""
    found = []
    for one in [element, *element.parents][:_LEVELS]:
        identity, classes = one.get("id"), one.get("class")
        found += [f"#{identity}"] if isinstance(identity, str) and _NAME.fullmatch(identity) else []
        found += [f".{name}" for name in (classes if isinstance(classes, list) else ()) if _NAME.fullmatch(name)]
    return found


def _measured(css: str, soups: Sequence[BeautifulSoup], wanted: str) -> Selector:
    pages = with_line = chars = 0
    for soup in soups:
        texts = [_text(element) for element in soup.select(css)]
        pages += bool(texts)
        with_line += any(wanted in fold(text) for text in texts)
        chars += sum(map(len, texts))
    return Selector(css, pages, with_line, chars)
