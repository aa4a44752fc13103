"""What the names of elements say: tag, class, id, role and the like, read once for each distinct signature.

Pages of one site share their signatures, so what is read of one is kept; the stores are bounded.
"""

import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

# A stem of five letters and more counts wherever it stands in a word ("articlebody"), a shorter one as a whole word only.
GROUPS: Final = {
    "body": "body content contents text prose richtext copy wysiwyg markdown paragraph freeform articlebody",
    "article": "article story post entry news blog artikel beitrag single permalink",
    "main": "main primary center maincontent",
    "title": "title headline heading hed kicker subtitle overline",
    "lead": "lead lede intro summary standfirst dek excerpt description abstract perex chapo",
    "byline": "byline author writer contributor bio profile autor journalist",
    "date": "date time timestamp published updated modified pubdate meta info",
    "media": "caption figure image img photo gallery media credit video player slideshow picture audio",
    "comment": "comment comments disqus discussion respond kommentar",
    "related": "related recommend more similar also popular trending latest suggested teaser promo onward recirc next readmore next prev",
    "share": "share sharing social facebook twitter follow whatsapp addthis",
    "menu": "nav navigation navbar menu menubar breadcrumb pagination pager tabs toc skip dropdown sitemap crumbs",
    "header": "header masthead top topbar banner branding logo hero",
    "footer": "footer bottom copyright legal colophon foot contentinfo",
    "aside": "sidebar aside rail widget secondary complementary sidenav",
    "advert": "ad ads advert advertisement sponsor dfp taboola outbrain sponsored affiliate",
    "subscribe": "newsletter subscribe subscription signup login signin register paywall membership donate donation offer premium metered",
    "notice": "cookie consent gdpr privacy modal popup overlay dialog alert notice notification message toast",
    "tags": "tag tags category categories topic topics keyword keywords label badge",
    "list": "list grid item items feed listing results archive collection carousel slider swiper card cards tile",
    "form": "form search input button btn field select filter submit contact",
    "quote": "quote pullquote blockquote tweet embed",
    "unseen": "hidden hide visually sr screenreader only print offscreen noprint invisible",
    "shop": "price product cart shop buy rating review stars stock",
    "forum": "forum thread reply replies user member signature avatar likes vote votes answer question",
    "fold": "accordion faq tab collapse toggle expand panel",
    "code": "code highlight snippet syntax",
    "notes": "reference references citation footnote footnotes bibliography reflist notes",
    "box": "infobox navbox hatnote factbox box callout tip",
    "page": "page wrapper container wrap inner outer layout row col column section",
}
TAGS: Final = (
    *"body main article section div header footer nav aside form p li ul ol dl dt dd table tr td th h1 h2 h3 h4 h5 h6 pre".split(),
    *"blockquote figure figcaption button details summary address menu search fieldset noscript center caption".split(),
)
TOKEN_BITS: Final = 16
_TAG_BIT: Final = {tag: number for number, tag in enumerate(TAGS)}
_STEM: Final = 5
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_TOKENS: Final = 24  # of a signature: utility style sheets write dozens
_LONG_NAME, _SHORT = 400, 100  # characters of the classes, and of any other name, that are looked at
_KEPT: Final = 1 << 16
_LONG: Final = {
    name: re.compile("|".join(stem for stem in stems.split() if len(stem) >= _STEM) or "(?!)") for name, stems in GROUPS.items()
}
_WHOLE: Final = {name: frozenset(stems.split()) for name, stems in GROUPS.items()}


# Besides class and id, what pages name their elements with: for screen readers, for search engines, for their own tests.
_NAMING: Final = frozenset("role itemprop itemtype aria-label data-testid data-test data-qa data-component data-type".split())


def signature(tag: str, attributes: Mapping[str, str | None]) -> str:
    r"""What names an element: tag, class, id and further attributes, parted by \0, which no HTML page has."""
    more = [value[:_SHORT] for name, value in attributes.items() if value and name in _NAMING]
    return "\0".join([tag, (attributes.get("class") or "")[:_LONG_NAME], (attributes.get("id") or "")[:_SHORT], *more])


class Sign(NamedTuple):
    """What a signature says."""

    tag: int  # bit of the tag, in the order of TAGS
    groups: int  # bits of the groups, in the order of GROUPS
    kind: int  # the same for signatures that differ in numbers and ids only
    tokens: NDArray[np.intp]  # rows of the table of tokens: words of the names, and pairs of them side by side


@lru_cache(maxsize=_KEPT)
def sign(signed: str) -> Sign:
    """What a signature says."""
    tag, classes, *_ = signed.split("\0")
    words = [word.lower() for word in _WORD.findall(signed[len(tag) :][:_LONG_NAME])][:_TOKENS]
    groups = 0
    for word in words:
        groups |= _groups(word)
    tokens = sorted({_row(tag), *map(_row, words), *(_row(f"{one} {other}") for one, other in pairwise(words))})
    kind = " ".join([tag, *_WORD.findall(classes)])
    return Sign(1 << _TAG_BIT[tag] if tag in _TAG_BIT else 0, groups, _hash(kind) >> 1, np.array(tokens, dtype=np.intp))


@lru_cache(maxsize=_KEPT)
def _groups(word: str) -> int:
    return sum(1 << bit for bit, name in enumerate(GROUPS) if word in _WHOLE[name] or (len(word) > _STEM and _LONG[name].search(word)))


@lru_cache(maxsize=_KEPT)
def _row(token: str) -> int:
    return _hash(token) >> (64 - TOKEN_BITS)


def _hash(text: str) -> int:
    """The same on every machine and in every run, unlike `hash`."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest())
