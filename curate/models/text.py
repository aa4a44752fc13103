"""What the text of a paragraph and its place on the page tell: the features that need no DOM.

All are worked out for the live paragraphs of a page at once. Characters are counted by their shape
(`curate.text.shapes`), words by their hashes (`curate.text.shingles`); there is no loop over paragraphs and no pattern.
"""

from functools import cache
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from curate.document import Document
from curate.models.features import Dense, Feature, log_of
from curate.text import shapes
from curate.text.codepoints import Bools, Ints, code_points
from curate.text.folding import Folded
from curate.text.shingles import Hashes, mixed, words
from curate.text.stop_words import stop_words

Floats = NDArray[np.float32]

PROSE_CHARS: Final = 80  # characters from which on a line that has the punctuation of a sentence is taken for prose
_SHORT_WORD: Final = 3
_LONG_WORD: Final = 9
_YEAR_FROM, _YEAR_TO = 1900, 2100
_SENTENCES: Final = 3  # ends of sentences and commas that make a long line prose without an end of its own
_FIRST_LINES: Final = 3
_FAR: Final = 1000  # paragraphs; what is further away is as good as nowhere
_ODD: Final = 0xD1B54A32D192ED03  # an odd constant: parts the words of a line by their places
_NUMBER: Final = np.uint64(0xA24BAED4963EE407)  # stands for every word that begins with a digit


@cache
def stop_word_hashes(lang: str) -> Hashes:
    """The hashes of a language's stop words, ascending; none for a language without a list."""
    listed = "\n".join(sorted(stop_words(lang)))
    if not listed:
        return np.zeros(0, dtype=np.uint64)
    folded = Folded(code_points(listed), np.zeros(1, dtype=np.int32))
    return np.unique(words(folded.points, folded.line_numbers()).hashes)


class Lines(NamedTuple):
    """The live paragraphs of a page, as the features look at them."""

    shapes: Ints  # of every character of the live paragraphs, one paragraph after the other
    owners: Ints  # the paragraph of each character
    starts: Ints  # where each paragraph starts in `shapes`
    lengths: Ints
    points: Ints  # the characters themselves
    hashes: Hashes  # of the words, digits masked
    word_owners: Ints
    counts: Ints  # words of each paragraph
    lang: str


def lines_of(doc: Document, live: Ints) -> Lines:
    """The paragraphs with the numbers `live`, which are ascending."""
    lengths = doc.lengths[live]
    ends = np.cumsum(lengths, dtype=np.int32)
    starts = ends - lengths
    owners = np.repeat(np.arange(len(live), dtype=np.int32), lengths)
    places = np.arange(ends[-1] if len(live) else 0, dtype=np.int32) + np.repeat(doc.starts[live] - starts, lengths)
    points = doc.points[places].astype(np.int32)
    hashed = doc.words
    digit = shapes.shapes(doc.folded.points[hashed.firsts]) == shapes.DIGIT
    masked = np.where(digit, _NUMBER, hashed.hashes)
    place = np.full(doc.read, -1, dtype=np.int32)
    place[live] = np.arange(len(live), dtype=np.int32)
    of = place[hashed.owners]
    kept = of >= 0
    hashes, word_owners = (masked, of) if kept.all() else (masked[kept], of[kept])
    counts = np.bincount(word_owners, minlength=len(live)).astype(np.int32)
    return Lines(shapes.shapes(points), owners, starts, lengths, points, hashes, word_owners, counts, str(doc.tags.get("lang", "und")))


def _share(part: NDArray[np.generic], whole: NDArray[np.generic]) -> Floats:
    """A share that is 0 where there is nothing to have a share of."""
    shares: Floats = (part / np.maximum(whole, 1)).astype(np.float32)
    return shares


_SHARES: Final = {
    "upper": shapes.UPPER,
    "lower": shapes.LOWER,
    "uncased": shapes.UNCASED,
    "ideograph": shapes.IDEOGRAPH,
    "digit": shapes.DIGIT,
    "stop": shapes.STOP,
    "comma": shapes.COMMA,
    "colon": shapes.COLON,
    "quote": shapes.QUOTE,
    "bracket": shapes.BRACKET,
    "dash": shapes.DASH,
    "divider": shapes.DIVIDER,
    "slash": shapes.SLASH,
    "at": shapes.AT,
    "money": shapes.MONEY,
    "rights": shapes.RIGHTS,
    "other": shapes.OTHER,
}
_CHARACTERS: Final = (
    Feature("chars", "log of the characters", "prose is long"),
    *(
        Feature(
            f"{name}-share", f"share of the characters that are of the shape {name}", "menus, prices, code are not in lower-case letters"
        )
        for name in _SHARES
    ),
    Feature("stops", "log of the ends of sentences in it", "several sentences are prose"),
    Feature("commas", "log of the commas", "as Readability counts them (Arc90, 2010)"),
    Feature("digits", "log of the digits", "dates, prices, counters"),
    Feature("quotes", "log of the quotation marks", "speech is prose"),
    Feature("dividers", "log of the dividers", "bread crumbs and menus in one line"),
)


def _characters(lines: Lines) -> tuple[list[Floats], NDArray[np.intp]]:
    """Shares and counts of characters by shape; and the counts by paragraph and shape."""
    counts = np.bincount(lines.owners * shapes.COUNT + lines.shapes, minlength=len(lines.lengths) * shapes.COUNT).reshape(-1, shapes.COUNT)
    ink = lines.lengths - counts[:, shapes.SPACE]
    shares = _share(counts[:, list(_SHARES.values())], ink[:, None])
    logs = log_of(counts[:, [shapes.STOP, shapes.COMMA, shapes.DIGIT, shapes.QUOTE, shapes.DIVIDER]])
    return [log_of(lines.lengths)[:, None], shares, logs], counts


_EDGES: Final = {
    "upper": (shapes.UPPER,),
    "lower": (shapes.LOWER,),
    "other letter": (shapes.UNCASED, shapes.IDEOGRAPH, shapes.MARK),
    "digit": (shapes.DIGIT,),
    "stop": (shapes.STOP,),
    "comma": (shapes.COMMA,),
    "colon": (shapes.COLON,),
    "quote": (shapes.QUOTE,),
    "bracket": (shapes.BRACKET,),
    "divider": (shapes.DIVIDER, shapes.SLASH, shapes.DASH),
    "sign": (shapes.AT, shapes.MONEY, shapes.RIGHTS, shapes.OTHER),
}
_EDGE_OF: Final = np.zeros(shapes.COUNT, dtype=np.intp)
for _number, _members in enumerate(_EDGES.values()):
    _EDGE_OF[list(_members)] = _number
_ONE_HOT: Final = np.eye(len(_EDGES), dtype=np.float32)
_EDGE_FEATURES: Final = (
    *(Feature(f"first-{name}", f"begins with the shape {name}", "sentences begin with a capital, items with a sign") for name in _EDGES),
    *(Feature(f"last-{name}", f"ends with the shape {name}", "sentences end, labels and links do not") for name in _EDGES),
    Feature(
        "sentence", "ends as a sentence, quotation marks and brackets behind it aside", "the first sign of prose (C4, Raffel et al. 2020)"
    ),
    Feature("ellipsis", "ends with …, ... or the like", "teasers are cut off"),
)


def _edges(lines: Lines) -> tuple[list[Floats], Bools]:
    """What paragraphs begin and end with; and which end as a sentence does."""
    last = lines.starts + lines.lengths - 1
    before = np.maximum(last - 1, lines.starts)
    closing = (lines.shapes[last] == shapes.QUOTE) | (lines.shapes[last] == shapes.BRACKET)
    ends: Bools = lines.shapes[np.where(closing, before, last)] == shapes.STOP
    ellipsis = (lines.points[last] == ord("…")) | ((lines.points[last] == ord(".")) & (lines.points[before] == ord(".")) & (last > before))
    first, final = _ONE_HOT[_EDGE_OF[lines.shapes[lines.starts]]], _ONE_HOT[_EDGE_OF[lines.shapes[last]]]
    return [first, final, np.column_stack([ends, ellipsis]).astype(np.float32)], ends


_WORDS: Final = (
    Feature("words", "log of the words", "prose is long"),
    Feature("word-length", "log of the characters a word", "URLs and glued menus have long ones"),
    Feature("capitalised", "share of the words that begin with a capital", "headlines, names, menus"),
    Feature("all-caps", "share of the words in capitals", "labels and buttons"),
    Feature("numbers", "share of the words that begin with a digit", "dates, counters, tables"),
    Feature("short-lower", "share of the words in lower case of up to three letters", "function words in any European language"),
    Feature("short-lowers", "log of these words", "function words come by the dozen in prose only"),
    Feature("long-words", "share of the words of nine letters and more", "prose has few, lists of terms many"),
    Feature("stop-words", "share of the words on jusText's stop list of the page's language", "prose has a third of them (Pomikálek 2011)"),
    Feature("stop-word-count", "log of these words", "a headline has a few, a paragraph many"),
    Feature("stop-list", "whether there is a stop list for the language", "0 of none says nothing"),
)


def _runs(inside: Bools, owners: Ints) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Starts and ends (exclusive) of the runs of true values, none of which reaches into another paragraph."""
    edge = np.ones(len(inside) + 1, dtype=np.bool_)
    edge[1:-1] = (inside[1:] != inside[:-1]) | (owners[1:] != owners[:-1])
    bounds = np.flatnonzero(edge)
    runs = np.flatnonzero(inside[bounds[:-1]])
    return bounds[runs], bounds[runs + 1]


def _words(lines: Lines, counts: NDArray[np.intp]) -> list[Floats]:
    """Words by case, length and stop list; by runs of letters and digits in the text as it is written."""
    n = len(lines.lengths)
    shape = lines.shapes
    inside = (shape >= shapes.UPPER) & (shape <= shapes.DIGIT)
    first, end = _runs(inside, lines.owners)
    last = end - 1
    owner, length, begins = lines.owners[first], last - first + 1, shape[first]
    lower, upper = begins == shapes.LOWER, begins == shapes.UPPER
    kinds = (
        upper,
        upper & (shape[last] == shapes.UPPER) & (length > 1),
        begins == shapes.DIGIT,
        lower & (length <= _SHORT_WORD),
        length >= _LONG_WORD,
    )
    total = np.bincount(owner, minlength=n)
    by_kind = np.column_stack([np.bincount(owner[kind], minlength=n) for kind in kinds])
    listed = stop_word_hashes(lines.lang)
    if len(listed):
        place = np.minimum(np.searchsorted(listed, lines.hashes), len(listed) - 1)
        stops = np.bincount(lines.word_owners[listed[place] == lines.hashes], minlength=n)
    else:
        stops = np.zeros(n, dtype=np.intp)
    letters = counts[:, shapes.UPPER : shapes.DIGIT + 1].sum(axis=1)
    shares = _share(by_kind, total[:, None])
    return [
        log_of(lines.counts)[:, None],
        log_of(_share(letters, total))[:, None],
        shares[:, :4],
        log_of(by_kind[:, 3])[:, None],
        shares[:, 4:],
        _share(stops, lines.counts)[:, None],
        log_of(stops)[:, None],
        np.full((n, 1), bool(len(listed)), dtype=np.float32),
    ]


_PATTERNS: Final = (
    Feature("time", "has a digit, a colon and a digit", "clocks of live blogs, posts and videos"),
    Feature("year", "has a number of four digits from 1900 to 2099", "dates, copyright lines"),
    Feature("date", "has digits parted by a dot, dash or slash twice", "dates in numbers"),
    Feature("address", "has :// or @ inside a word", "links and e-mail"),
    Feature("broken", "has a line break in it", "verse, addresses, code"),
)


def _patterns(lines: Lines) -> list[Floats]:
    """Clocks, years, dates and addresses, by the shapes of characters side by side."""
    n = len(lines.lengths)
    shape, points, owners = lines.shapes, lines.points, lines.owners
    digit = shape == shapes.DIGIT
    colon = shape == shapes.COLON
    joint = (points == ord(".")) | (points == ord("/")) | (points == ord("-"))
    together = owners[:-2] == owners[2:]  # what a pattern of three spans is in one paragraph
    time = np.flatnonzero(colon[1:-1] & digit[:-2] & digit[2:] & together) + 1
    starts, ends = _runs(digit, owners)
    four = starts[ends - starts == 4]  # noqa: PLR2004  # digits of a year
    years = points[four] * 10 + points[four + 1] - 11 * ord("0")
    year = four[(years >= _YEAR_FROM // 100) & (years < _YEAR_TO // 100)]
    joined = (starts[1:] - ends[:-1] == 1) & joint[ends[:-1]] & (owners[starts[1:]] == owners[starts[:-1]])
    date = starts[:-2][joined[:-1] & joined[1:]]
    address = np.flatnonzero(colon[:-2] & (points[1:-1] == ord("/")) & (points[2:] == ord("/")) & together)
    mail = np.flatnonzero((points[1:-1] == ord("@")) & (shape[:-2] != shapes.SPACE) & (shape[2:] != shapes.SPACE) & together) + 1
    broken = np.flatnonzero(points == ord("\n"))
    found = np.zeros((n, len(_PATTERNS)), dtype=np.float32)
    for column, places in enumerate((time, year, date, np.concatenate([address, mail]), broken)):
        found[lines.owners[places], column] = 1
    return [found]


_COMPANY: Final = (
    Feature("copies", "log of the other lines of the page that read the same", "menus and buttons are printed again and again"),
    Feature("copied-before", "whether one of them stands above", "a caption printed twice"),
    Feature("first-word", "log of the other lines that begin with the same word", "lists of authors, of comments, of related stories"),
    Feature("last-word", "log of the other lines that end with the same word", '"… ago", "… comments"'),
    Feature("first-word-above", "whether the line above begins with the same word", "lists"),
    Feature("in-prose", "share of its words that the prose of the page has elsewhere", "chrome speaks of other things"),
    Feature("in-prose-mean", "mean log of how often the page's prose has its words elsewhere", "names of the subject come often"),
    Feature("new-words", "share of its words that nothing else on the page has", "titles of other stories bring words of their own"),
    Feature("in-first", "share of its words that the first three lines have", "the headline stands there, or a menu"),
)


def _company(lines: Lines, prose: Bools) -> list[Floats]:
    """How a paragraph's words stand to those of the rest of the page."""
    n = len(lines.lengths)
    hashes, owners = lines.hashes, lines.word_owners
    found = np.zeros((n, len(_COMPANY)), dtype=np.float32)
    if not len(hashes):
        return [found]
    some = np.flatnonzero(lines.counts)  # paragraphs with words
    firsts = np.searchsorted(owners, some)
    lasts = firsts + lines.counts[some] - 1
    unique, word = np.unique(hashes, return_inverse=True)
    place = (np.arange(len(hashes)) - np.repeat(firsts, lines.counts[some])).astype(np.uint64)
    whole = np.add.reduceat(mixed(hashes + place * np.uint64(_ODD)), firsts)
    _, line, copies = np.unique(whole, return_inverse=True, return_counts=True)
    earliest = np.full(len(copies), n, dtype=np.intp)
    np.minimum.at(earliest, line, some)
    found[some, 0] = log_of(copies[line] - 1)
    found[some, 1] = earliest[line] < some
    for column, at in ((2, firsts), (3, lasts)):
        found[some, column] = log_of(np.bincount(word[at], minlength=len(unique))[word[at]] - 1)
    same = (word[firsts[1:]] == word[firsts[:-1]]) & (some[1:] - some[:-1] == 1)
    found[some[1:], 4] = same
    # What a paragraph has itself does not count, so of its words those in other lines only.
    in_prose = prose[owners]
    total, of_prose = np.bincount(word, minlength=len(unique)), np.bincount(word[in_prose], minlength=len(unique))
    pair = word.astype(np.int64) * n + owners
    order = np.argsort(pair)
    fresh = np.ones(len(pair), dtype=np.bool_)
    fresh[1:] = pair[order][1:] != pair[order][:-1]
    group = np.cumsum(fresh) - 1
    own = np.empty(len(pair), dtype=np.intp)
    own[order] = np.bincount(group)[group]
    elsewhere = of_prose[word] - own * in_prose
    first = np.zeros(len(unique), dtype=np.bool_)
    first[word[owners < _FIRST_LINES]] = True
    per_word = (elsewhere > 0, np.log1p(np.maximum(elsewhere, 0)), total[word] - own == 0, first[word])
    for column, values in enumerate(per_word, start=5):
        found[some, column] = np.add.reduceat(values.astype(np.float32), firsts) / lines.counts[some]
    return [found]


_PLACE: Final = (
    Feature("place", "its number by the number of paragraphs", "the text stands in the middle"),
    Feature("from-start", "log of the paragraphs above", "mast heads"),
    Feature("to-end", "log of the paragraphs below", "footers"),
    Feature("chars-place", "share of the page's characters above", "a long text puts its footer late by number only"),
    Feature("prose-above", "share of the page's prose that stands above", "before the first prose is mast head, after the last is footer"),
    Feature("prose-chars-above", "log of the characters of prose above", "the same where there is little of it"),
    Feature("prose-chars-below", "log of the characters of prose below", "the same"),
    Feature("since-prose", "log of the paragraphs since the last prose", "chrome comes in long runs"),
    Feature("until-prose", "log of the paragraphs until the next prose", "the same"),
    Feature(
        "is-prose",
        f"has {PROSE_CHARS} characters and ends a sentence, or has three ends of sentences and commas",
        "what the features above call prose",
    ),
    Feature("page-paragraphs", "log of the paragraphs of the page", "an excerpt is another thing than a page"),
    Feature("page-chars", "log of its characters", "the same"),
    Feature("page-prose", "share of its characters in prose", "pages of links, pages of text, cleaned pages"),
    Feature("page-lower", "share of its letters that are in lower case", "lower-cased pages"),
    Feature("page-sentences", "share of its paragraphs that end a sentence", "pages without punctuation"),
    Feature("page-unspaced", "share of its letters in scripts without blanks", "their lines are shorter"),
    Feature("page-chars-a-line", "mean log of the characters of its paragraphs", "pages broken at line width"),
)


def _place(lines: Lines, counts: NDArray[np.intp], prose: Bools, ends: Bools) -> list[Floats]:
    """Where a paragraph stands among the others and among the prose; and what page it is on."""
    n = len(lines.lengths)
    number = np.arange(n)
    prose_chars = np.where(prose, lines.lengths, 0)
    above = np.cumsum(prose_chars) - prose_chars
    below = prose_chars.sum() - above - prose_chars
    last = np.maximum.accumulate(np.where(prose, number, -_FAR))
    following = np.minimum.accumulate(np.where(prose, number, n + _FAR)[::-1])[::-1]
    chars = lines.lengths.sum()
    letters = counts[:, shapes.UPPER : shapes.IDEOGRAPH + 1].sum()
    page = (
        np.log1p(n),
        np.log1p(chars),
        prose_chars.sum() / max(chars, 1),
        counts[:, shapes.LOWER].sum() / max(letters, 1),
        ends.mean(),
        counts[:, shapes.IDEOGRAPH].sum() / max(letters, 1),
        np.log1p(lines.lengths).mean(),
    )
    columns = (
        number / n,
        np.log1p(number),
        np.log1p(n - 1 - number),
        lines.starts / max(chars, 1),
        above / max(prose_chars.sum(), 1),
        np.log1p(above),
        np.log1p(below),
        np.log1p(np.minimum(number - last, _FAR)),
        np.log1p(np.minimum(following - number, _FAR)),
        prose,
    )
    return [np.column_stack(columns).astype(np.float32), np.broadcast_to(np.array(page, dtype=np.float32), (n, len(page)))]


TABLE: Final = (*_CHARACTERS, *_EDGE_FEATURES, *_WORDS, *_PATTERNS, *_COMPANY, *_PLACE)


def dense(doc: Document, live: Ints) -> Dense:
    """The features of the paragraphs with the numbers `live`, of which there is at least one: shape (live, len(TABLE))."""
    return dense_of(lines_of(doc, live))


def dense_of(lines: Lines) -> Dense:
    """The same of lines that are at hand."""
    characters, counts = _characters(lines)
    edges, ends = _edges(lines)
    prose: Bools = ((lines.lengths >= PROSE_CHARS) & ends) | (counts[:, shapes.STOP] + counts[:, shapes.COMMA] >= _SENTENCES) & (
        lines.lengths + 2 * counts[:, shapes.IDEOGRAPH] >= PROSE_CHARS
    )
    blocks = [*characters, *edges, *_words(lines, counts), *_patterns(lines), *_company(lines, prose), *_place(lines, counts, prose, ends)]
    return np.concatenate(blocks, axis=1)
