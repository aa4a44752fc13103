"""The project's own labelled pages: one file a kind under `page_model/`, each page with a label for every paragraph.

All pages are invented, so they can be part of the project, and what they say is known for certain. A page is written in one of two ways.

`text`: each line begins with a sign and a blank, which are not part of the page: `+` content, `-` chrome, `?` either is right.

`html`: elements say `data-gold="keep"`, `"drop"` or `"either"`; the nearest such element around a paragraph decides, and without one
the paragraph is chrome. The attributes are taken out before anybody reads the page, for no page of the web has them.

What counts as content, where people differ:

- Body text, its subheadings, lists, tables, code, quotes, questions of an interview, lines of a poem: content.
- Headline, standfirst, byline, date, caption, credit, reading time: either, for public gold sets do not agree.
- Comments of readers, notes on the author, related headlines wherever they stand, tables of contents, tags, sharing, signing up: chrome.
- Recipes: ingredients and steps are content; yields and times are either; ratings, printing and jumping are chrome.
- Forums: posts are content; the name and date over a post and a quoted post are either; ranks, counts and signatures are chrome.
- Live blogs: entries are content; times, sharing and notes on new updates are chrome.
- Products: description and specification are content; price, stock and reviews are either; buttons and baskets are chrome.
- Listings: titles and descriptions of what is listed are content; prices and dates are either; filters and paging are chrome.
- Pages of an error, a login, a consent form or an index of links have no content at all.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from curate.document import Document
from curate.formats import html, text
from curate.formats.html import of_snippet
from curate.formats.limits import Limits

FOLDER: Final = Path(__file__).parent / "page_model"
CHROME, CONTENT, NEUTRAL = 0, 1, 2  # as in training data
SIGNS: Final = {"+ ": CONTENT, "- ": CHROME, "? ": NEUTRAL}
WORDS: Final = {"keep": CONTENT, "drop": CHROME, "either": NEUTRAL}
KEYS: Final = frozenset({"name", "lang", "url", "text", "html"})
_GOLD: Final = re.compile(r'\sdata-gold="([^"]*)"')


class Labelled(NamedTuple):
    """A page without its labels, and the labels of its paragraphs in the order in which the readers find them."""

    kind: str
    name: str
    lang: str
    url: str
    is_html: bool
    data: bytes
    labels: tuple[int, ...]

    def document(self) -> Document:
        """The page as the readers of the tool see it."""
        return html.parse(self.data, Limits(), url=self.url) if self.is_html else text.parse(self.data, Limits())


@cache
def pages() -> tuple[Labelled, ...]:
    """All pages, in the order of file names and then of the files."""
    return tuple(
        _labelled(path.stem, page)
        for path in sorted(FOLDER.glob("*.toml"))
        for page in tomllib.loads(path.read_text(encoding="utf-8"))["page"]
    )


def _labelled(kind: str, page: dict[str, str]) -> Labelled:
    assert set(page) <= KEYS, f"{kind}: {sorted(set(page) - KEYS)} is not known"
    assert ("text" in page) != ("html" in page), f"{kind}: {page['name']!r} needs either text or html"
    data, labels = _of_html(page["html"]) if "html" in page else _of_text(page["text"])
    return Labelled(kind, page["name"], page["lang"], page["url"], "html" in page, data.encode("utf-8"), labels)


def _of_text(signed: str) -> tuple[str, tuple[int, ...]]:
    lines = [line for line in signed.split("\n") if line.strip()]
    for line in lines:
        assert line[:2] in SIGNS, f"a line begins with '+ ', '- ' or '? ': {line!r}"
        assert line[2:].strip(), f"a line has text after its sign: {line!r}"
    return "".join(f"{line[2:]}\n" for line in lines), tuple(SIGNS[line[:2]] for line in lines)


def _of_html(marked: str) -> tuple[str, tuple[int, ...]]:
    """The page without the attributes, and the labels.

    Each attribute gets a number in place of its value, so that its element can be told from the others. Numbers rise in the order of
    the page, so of the elements around a paragraph the nearest has the highest.
    """
    values = [WORDS[value] for value in _GOLD.findall(marked)]
    numbers = iter(range(len(values)))
    numbered = _GOLD.sub(lambda _: f' data-gold="{next(numbers)}"', marked)
    document = of_snippet(numbered, [f'[data-gold="{number}"]' for number in range(len(values))])
    facts = document.facts
    plain = _GOLD.sub("", marked)
    assert _texts(of_snippet(plain, [])) == _texts(document), f"a label inside a line of text would part it: {plain[:80]!r}"
    covers = [facts.element_covers[element] for element in facts.elements.tolist()]
    return plain, tuple(values[max(cover)] if cover else CHROME for cover in covers)


def _texts(document: Document) -> list[str]:
    return [document.text_of(number) for number in range(document.read)]
