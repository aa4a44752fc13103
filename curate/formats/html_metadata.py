"""What an HTML page says of itself: title, address, date, site, language, description, main text.

From `<meta>`, `<link rel=canonical>`, JSON-LD (schema.org `Article` and its kinds) and `<time>`, in the order of
trust that each field's line in `metadata` shows.
"""

import datetime as dt
import email.utils
from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple
from urllib.parse import urljoin, urlsplit

import msgspec
from selectolax.lexbor import LexborHTMLParser, LexborNode


class Metadata(NamedTuple):
    """Fields that the page does not state are ""."""

    title: str
    url: str
    date: str  # ISO 8601
    site_name: str
    lang: str
    generator: str  # what it was made with; several are parted by line breaks
    description: str
    article_body: str  # JSON-LD's copy of the main text, as written there


_ARTICLES: Final = (
    "Article",
    "NewsArticle",
    "BlogPosting",
    "Report",
    "ReportageNewsArticle",
    "LiveBlogPosting",
    "WebPage",
    "AnalysisNewsArticle",
    "OpinionNewsArticle",
)
_DATES: Final = (
    "article:published_time",
    "og:article:published_time",
    "datepublished",
    "date",
    "dc.date",
    "dc.date.issued",
    "dcterms.date",
    "pubdate",
    "sailthru.date",
    "parsely-pub-date",
)


def metadata(tree: LexborHTMLParser) -> Metadata:
    """What the page states."""
    meta, canonical, title = _head(tree)
    article = next(_articles(node.text() for node in tree.css('script[type="application/ld+json" i]')), {})
    return Metadata(
        title=_line(article.get("headline")) or meta.get("og:title", "") or title or meta.get("twitter:title", ""),
        url=_absolute(canonical or meta.get("og:url", ""), meta.get("og:url", "")),
        date=_first_date([_text(article.get("datePublished")), *(meta.get(name, "") for name in _DATES), _time(tree)]),
        site_name=meta.get("og:site_name", "") or _publisher(article) or meta.get("application-name", ""),
        lang=_language(tree, meta),
        generator=meta.get("generator", ""),
        description=meta.get("og:description", "") or meta.get("description", "") or _line(article.get("description")),
        article_body=_text(article.get("articleBody")),
    )


def _head(tree: LexborHTMLParser) -> tuple[dict[str, str], str, str]:
    """Meta values by lower-case name (the first of each), the canonical address, the title."""
    meta: dict[str, str] = {}
    canonical = title = ""
    # Some pages break off their head early, and the parser puts the rest into the body: look everywhere.
    for node in tree.css("meta[content], link[rel=canonical], title"):
        attributes = node.attributes
        if node.tag == "meta":
            name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or attributes.get("http-equiv") or ""
            if content := _line(attributes.get("content")):
                known = meta.setdefault(name.lower(), content)
                if name.lower() == "generator" and known != content:  # plugins name themselves, too
                    meta["generator"] = f"{known}\n{content}"
        elif node.tag == "link":
            canonical = canonical or _line(attributes.get("href"))
        elif node.parent is not None and node.parent.tag != "svg":
            title = title or _line(node.text())
    return meta, canonical, title


def _articles(scripts: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The JSON-LD objects that describe an article; scripts that are not JSON are left out."""
    for script in scripts:
        try:
            waiting: list[Any] = [msgspec.json.decode(script.strip().encode("utf-8"))]
        except (msgspec.DecodeError, RecursionError):
            continue
        while waiting:
            found = waiting.pop()
            if isinstance(found, list):
                waiting += reversed(found)
            elif isinstance(found, dict):
                kinds = found.get("@type")
                if any(kind in _ARTICLES for kind in (kinds if isinstance(kinds, list) else [kinds])):
                    yield found
                waiting += [found[key] for key in ("mainEntity", "@graph") if key in found]


def _text(value: Any) -> str:  # noqa: ANN401  # JSON of unknown shape
    return value if isinstance(value, str) else ""


def _line(value: Any) -> str:  # noqa: ANN401
    return " ".join(_text(value).split())


def _publisher(article: dict[str, Any]) -> str:
    publisher = article.get("publisher")
    return _line(publisher.get("name")) if isinstance(publisher, dict) else ""


def _absolute(url: str, base: str) -> str:
    """An address made whole with `base`; "" where that gives no web address."""
    try:
        whole = urljoin(base, url)
        named = urlsplit(whole).hostname
    except ValueError:
        return ""
    return whole if named and whole.startswith(("http://", "https://")) else ""


def _time(tree: LexborHTMLParser) -> str:
    """The first machine-readable `<time>` of the page."""
    node: LexborNode | None = tree.css_first("time[datetime]")
    return _text(node.attributes.get("datetime")) if node else ""


def _first_date(candidates: Iterable[str]) -> str:
    return next((date for date in map(iso_date, candidates) if date), "")


def iso_date(text: str) -> str:
    """A date as ISO 8601, from ISO 8601 or the form of e-mail headers; "" for anything else."""
    text = text.strip()
    try:
        parsed = dt.datetime.fromisoformat(text)
    except ValueError:
        try:
            parsed = email.utils.parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return ""
    return text if len(text) == len("2026-01-31") else parsed.isoformat()


def _language(tree: LexborHTMLParser, meta: dict[str, str]) -> str:
    root = tree.root
    declared = root.attributes.get("lang") or root.attributes.get("xml:lang") if root is not None else ""
    return (declared or meta.get("content-language", "") or meta.get("og:locale", "")).replace("_", "-").strip()
