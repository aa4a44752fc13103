"""What the tree of an HTML page tells of a paragraph: the elements around it, what they hold, what they are called.

All is worked out in arrays over the live paragraphs of a page. The only loop is over distinct signatures of elements, and
what one says is kept (`curate.models.names`).
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from curate.document import FIGURE, LIST, PRE, QUOTE, Document
from curate.document import TABLE as TABLE_FLAG
from curate.models import text
from curate.models.containers import CONTAINERS, SAME_MARKUP, containers, same_markup
from curate.models.features import Dense, Feature, log_of
from curate.models.names import GROUPS, TAGS
from curate.models.tree import RUN, Floats, Page, share_of
from curate.text.codepoints import Bools, code_points
from curate.text.folding import Folded
from curate.text.shingles import Hashed, shingles, words

_TEXT: Final = {feature.name: column for column, feature in enumerate(text.TABLE)}
_PROSE, _COMMAS, _SENTENCE = _TEXT["is-prose"], _TEXT["commas"], _TEXT["sentence"]

_OWN_TAGS: Final = (
    *"div p li td th dt dd h1 h2 h3 h4 h5 h6 pre blockquote figcaption button".split(),
    *"section article header footer aside nav form address body summary caption".split(),
)
_PARENT_TAGS: Final = "body main article section div header footer nav aside form ul ol dl tr td blockquote figure li details".split()
_ABOVE_TAGS: Final = (
    *"main article section header footer nav aside form ul ol dl table td li".split(),
    *"blockquote figure pre details button address noscript menu fieldset".split(),
)


_NAMES: Final = (
    *(Feature(f"tag-{tag}", f"stands in a {tag}", "the tag says what the text is") for tag in _OWN_TAGS),
    *(Feature(f"parent-{tag}", f"the element around that is a {tag}", "items of articles and of menus") for tag in _PARENT_TAGS),
    *(
        Feature(f"in-{tag}", f"an element further out is a {tag}", "nav, footer and aside are chrome by their meaning")
        for tag in _ABOVE_TAGS
    ),
    *(Feature(f"own-{name}", f"class or id of its element has a word of the group {name}", "sites name their parts") for name in GROUPS),
    *(Feature(f"near-{name}", f"the same for the two elements around it: {name}", "sites name their parts") for name in GROUPS),
    *(Feature(f"above-{name}", f"the same for any element further out: {name}", "sites name their parts") for name in GROUPS),
)


def _bits(masks: NDArray[np.int64], numbers: Sequence[int]) -> Floats:
    found: Floats = ((masks[:, None] >> np.array(numbers, dtype=np.int64)) & 1).astype(np.float32)
    return found


def _numbers(tags: Sequence[str]) -> list[int]:
    return [TAGS.index(tag) for tag in tags]


_OWN, _PARENT, _ABOVE, _ALL = _numbers(_OWN_TAGS), _numbers(_PARENT_TAGS), _numbers(_ABOVE_TAGS), list(range(len(GROUPS)))


def _names(page: Page) -> list[Floats]:
    of = page.chains
    tags, groups = of.tags[of.elements], of.groups[of.elements]
    none = np.zeros(len(tags), dtype=np.int64)
    parent = tags[:, 1] if tags.shape[1] > 1 else none
    return [
        _bits(tags[:, 0], _OWN),
        _bits(parent, _PARENT),
        _bits(np.bitwise_or.reduce(tags[:, 1:], axis=1), _ABOVE),
        _bits(groups[:, 0], _ALL),
        _bits(np.bitwise_or.reduce(groups[:, 1:3], axis=1), _ALL),
        _bits(np.bitwise_or.reduce(groups[:, 3:], axis=1), _ALL),
    ]


_LOCAL: Final = (
    Feature("link-density", "share of the characters inside links", "menus are links (Kohlschütter et al. 2010)"),
    Feature("all-link", "nine tenths are inside links", "a menu item is nothing but its link"),
    Feature("links", "log of the links that begin in it", "lists of tags and of authors"),
    Feature("strong", "share in bold or italics", "subheads without a heading, labels, captions"),
    Feature("all-strong", "all of it is", "the same"),
    Feature("media", "log of the images and players in it or right before", "captions, teasers"),
    Feature("media-after", "the same for the next paragraph", "captions above, cards"),
    Feature("depth", "log of the elements around", "the text is seldom deepest"),
    Feature("part-of-list", "in a list", "lists of links, steps, ingredients"),
    Feature("part-of-table", "in a table", "layout, data"),
    Feature("part-of-figure", "in a figure", "captions"),
    Feature("part-of-quote", "in a quotation", "quotations are text"),
    Feature("part-of-pre", "in preformatted text", "code, mail"),
    Feature("is-h1", "a first-level heading", "the headline"),
    Feature("is-h2", "a second-level heading", "subheads, and the titles of boxes"),
    Feature("is-h3", "a third-level heading", "the same"),
    Feature("is-h4", "a lower heading", "the same, more often of boxes"),
)


def _local(page: Page) -> list[Floats]:
    facts, live, lengths = page.facts, page.live, page.lengths
    flags, media = facts.flags[live], log_of(facts.media[live])
    strong = share_of(facts.strong_chars[live], lengths)
    columns = [
        page.link_density,
        page.link_density > 0.9,  # noqa: PLR2004  # a date or a dash may stand beside the link
        log_of(facts.links[live]),
        strong,
        strong > 0.9,  # noqa: PLR2004
        media,
        np.append(media[1:], 0),
        log_of(page.chains.depths),
        *((flags & flag) > 0 for flag in (LIST, TABLE_FLAG, FIGURE, QUOTE, PRE)),
        *(page.headings == level for level in (1, 2, 3)),
        page.headings > 3,  # noqa: PLR2004
    ]
    return [np.column_stack(columns).astype(np.float32)]


_SPINE: Final = (
    Feature("since-heading", "log of the paragraphs since the last heading", "a text is divided by headings"),
    Feature("heading-level", "level of that heading", "boxes have lower ones"),
    Feature("heading-links", "its link density", "teasers have linked headings"),
    Feature("heading-length", "log of its characters", "boxes have short ones"),
    Feature("heading-same", "whether its parent is an element around this one", "a heading of this text or of another"),
    Feature("headings-above", "log of the headings above", "pages of many sections"),
    Feature("since-h1", "log of the paragraphs since the headline", "the text begins there"),
    Feature("until-h1", "log of the paragraphs until it", "what stands above is mast head"),
    Feature("has-h1", "whether there is one", "0 of none says nothing"),
    Feature("chars-since-h1", "log of the characters between", "the same"),
    Feature("title-share", "share of its words that are in the page's title", "the headline printed again, bread crumbs"),
    Feature("title-cover", "share of the title's words that it has", "the headline"),
    Feature("description-share", "share of its words that are in the page's description", "the standfirst"),
    Feature("description-cover", "share of the description's words that it has", "the standfirst"),
    Feature(
        "stated-share",
        "share of its runs of four words that are in the text the page states for search engines",
        "JSON-LD articleBody is the main text",
    ),
    Feature(
        "said-before",
        "share of its runs of four words that a paragraph above has",
        "pull quotes, captions, the whole text once more for scripts",
    ),
    Feature("said-after", "the same of paragraphs below", "teasers, summaries, tables of contents"),
    Feature("stated", "whether the page states one of 500 characters and more", "0 of none says nothing"),
)
_STATED: Final = 500


def _spine(doc: Document, page: Page) -> list[Floats]:
    n, lengths, last = len(page.lengths), page.lengths, page.last_heading
    number = np.arange(n)
    has = last >= 0
    at = np.maximum(last, 0)
    parents = page.chains.elements[:, min(1, page.chains.elements.shape[1] - 1)]
    same = (page.chains.elements == parents[at][:, None]).any(axis=1)
    title, description, stated = _stated(doc)
    title_share, title_cover = _overlap(page, title)
    first = _headline(page, title_cover)
    chars = np.cumsum(lengths)
    shared = np.zeros(n)
    runs, counts = page.runs, np.maximum(page.run_counts, 1)
    if len(doc.article_body) >= _STATED:
        known = np.isin(runs.hashes, shingles(stated, RUN).hashes)
        shared = np.bincount(runs.owners, weights=known, minlength=n) / counts
    before = np.bincount(runs.owners, weights=page.earliest < runs.owners, minlength=n) / counts
    after = np.bincount(runs.owners, weights=page.latest > runs.owners, minlength=n) / counts
    columns = (
        log_of(number - last),
        np.where(has, page.headings[at], 0),
        np.where(has, page.link_density[at], 0),
        np.where(has, log_of(lengths[at]), 0),
        has & same,
        log_of(np.cumsum(page.headings > 0)),
        log_of(np.maximum(number - first, 0)) if first >= 0 else np.zeros(n),
        log_of(np.maximum(first - number, 0)),
        np.full(n, first >= 0),
        log_of(np.maximum(chars - chars[first], 0)) if first >= 0 else np.zeros(n),
        title_share,
        title_cover,
        *_overlap(page, description),
        shared,
        before,
        after,
        np.full(n, len(doc.article_body) >= _STATED),
    )
    return [np.column_stack(columns).astype(np.float32)]


def _headline(page: Page, title_cover: Floats) -> int:
    """The number of the headline: the first-level heading most like the title, or else the first heading like it; -1 for none."""
    for candidates in (np.flatnonzero(page.headings == 1), np.flatnonzero((page.headings > 0) & (title_cover > 0.5))):  # noqa: PLR2004
        if len(candidates):
            return int(candidates[title_cover[candidates].argmax()])
    return -1


def _stated(doc: Document) -> list[Hashed]:
    """The words of what the page says of itself: title, description, main text."""
    parts = [" ".join(part.split()) or "-" for part in (doc.title, doc.description, doc.article_body)]
    bounds = np.cumsum([0, *(len(part) + 1 for part in parts)], dtype=np.int32)
    folded = Folded(code_points("\n".join(parts)), bounds[:-1])
    hashed = words(folded.points, folded.line_numbers())
    edges = np.searchsorted(hashed.owners, np.arange(len(parts) + 1)).tolist()
    return [Hashed(hashed.hashes[start:end], hashed.owners[start:end] * 0) for start, end in pairwise(edges)]


def _overlap(page: Page, other: Hashed) -> tuple[Floats, Floats]:
    """Share of each paragraph's words that a text has, and of that text's words that the paragraph has."""
    known = np.unique(other.hashes)
    if not len(known) or not len(page.words.hashes):
        return np.zeros(len(page.lengths), dtype=np.float32), np.zeros(len(page.lengths), dtype=np.float32)
    places = np.minimum(np.searchsorted(known, page.words.hashes), len(known) - 1)
    hits = known[places] == page.words.hashes
    found = np.bincount(page.words.owners[hits], minlength=len(page.lengths))
    return share_of(found, page.counts), np.minimum(share_of(found, np.array(len(known))), 1)


TABLE: Final = (*_NAMES, *_LOCAL, *CONTAINERS, *SAME_MARKUP, *_SPINE)


def dense(doc: Document, page: Page, of_text: Dense) -> Dense:
    """The features of a page's live paragraphs; `of_text` are those of their text (`curate.models.text`)."""
    prose: Bools = (of_text[:, _PROSE] > 0) & (page.link_density < 0.5)  # noqa: PLR2004  # half a link is still prose
    blocks = [
        *_names(page),
        *_local(page),
        *containers(doc.read, page, prose, of_text[:, _COMMAS]),
        *same_markup(page, page.facts.link_chars[page.live], prose, of_text[:, _SENTENCE]),
        *_spine(doc, page),
    ]
    return np.concatenate(blocks, axis=1)


_AHEAD: Final = 3  # paragraphs below a heading that it may be the heading of
_CELL: Final = 60  # mean characters of the cells of a table of data
_CELLS: Final = 4
_LINKED: Final = 0.2  # share of its characters in links
_TWICE: Final = 20  # runs of words from which on a paragraph that says what was said before is a copy
_TABLE_BIT: Final = 1 << TAGS.index("table")


def adjusted(probabilities: NDArray[np.float64], page: Page) -> NDArray[np.float64]:
    """Probabilities with what holds whatever the net says, before any limit is set.

    The cells of a table of data stay or go together. What was said before counts by as much as is new in it. A heading, the
    headline aside, is worth no more than the best of the three paragraphs below it that are none.
    """
    found = probabilities.copy()
    _tables(found, page)
    held = np.bincount(
        page.runs.owners, weights=np.where(page.earliest < page.runs.owners, found[page.earliest], 0), minlength=len(found)
    ) / np.maximum(page.run_counts, 1)
    found = np.where(page.run_counts >= _TWICE, np.minimum(found, 2 * (1 - held)), found)
    body, headings = np.flatnonzero(page.headings == 0), np.flatnonzero(page.headings > 1)
    if page.lengths[headings].sum() > page.lengths[body].sum():  # their text is in headings: they head nothing
        return found
    below = np.concatenate([found[body], np.zeros(_AHEAD)])
    best = np.max([below[step : step + len(body) + 1] for step in range(_AHEAD)], axis=0)
    found[headings] = np.minimum(found[headings], best[np.searchsorted(body, headings)])
    return found


def _tables(found: NDArray[np.float64], page: Page) -> None:
    """Give the cells of each table of short cells their mean."""
    elements = page.chains.elements
    in_table = (page.chains.tags[elements] & _TABLE_BIT) != 0
    inside = np.flatnonzero(in_table.any(axis=1))
    if not len(inside):
        return
    _, owner = np.unique(elements[inside, in_table[inside].argmax(axis=1)], return_inverse=True)
    weights = np.sqrt(page.lengths[inside])
    mean = np.bincount(owner, weights=found[inside] * weights) / np.bincount(owner, weights=weights)
    cells = np.bincount(owner)
    chars = np.bincount(owner, weights=page.lengths[inside])
    linked = np.bincount(owner, weights=page.facts.link_chars[page.live][inside])
    short = (cells >= _CELLS) & (chars <= _CELL * cells) & (linked <= _LINKED * chars)  # one of links is laid out, and holds no data
    found[inside] = np.where(short[owner], mean[owner], found[inside])
