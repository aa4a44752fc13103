import pytest
from selectolax.lexbor import LexborHTMLParser

from curate.formats import html
from curate.formats.html_metadata import iso_date, metadata
from curate.formats.limits import Limits


def stated(head: str = "", body: str = "<p>one", lang: str = "") -> dict[str, str]:
    document = html.parse(f"<!doctype html><html {lang}><head>{head}</head><body>{body}</body></html>".encode(), Limits())
    return {
        "title": document.title,
        "url": document.url,
        "date": document.date,
        "site_name": document.site_name,
        "lang": document.declared_lang,
    }


def script(json: str) -> str:
    return f'<script type="application/ld+json">{json}</script>'


TITLE = "<title>Ferry late | The Gazette</title>"
OG_TITLE = '<meta property="og:title" content="Ferry late">'
TWITTER = '<meta name="twitter:title" content="Late!">'
TITLES = {
    "none": ("", ""),
    "the title element": (TITLE + TWITTER, "Ferry late | The Gazette"),
    "what it is shared as goes first": (TITLE + OG_TITLE + TWITTER, "Ferry late"),
    "the least trusted is better than none": (TWITTER, "Late!"),
    "white space is single": ("<title>\n Ferry\t late\n</title>", "Ferry late"),
    "entities": ("<title>Fish &amp; chips</title>", "Fish & chips"),
    "an empty title is none": ("<title> </title>" + TWITTER, "Late!"),
    "the first of two": (OG_TITLE + '<meta property="og:title" content="Other">', "Ferry late"),
    "an empty one of two is none": ('<meta property="og:title" content="">' + OG_TITLE, "Ferry late"),
}


@pytest.mark.parametrize(("head", "expected"), TITLES.values(), ids=TITLES)
def test_title(head: str, expected: str):
    assert stated(head)["title"] == expected


HEADLINES = {
    "a headline goes before all": ('"Ferry comes\\n late"', "Ferry comes late"),
    "an empty headline is none": ('" "', "Ferry late"),
    "a headline that is no text is none": ('["a"]', "Ferry late"),
}


@pytest.mark.parametrize(("headline", "expected"), HEADLINES.values(), ids=HEADLINES)
def test_headline(headline: str, expected: str):
    assert stated(TITLE + OG_TITLE, script(f'{{"@type": "NewsArticle", "headline": {headline}}}') + "<p>one")["title"] == expected


def test_the_title_of_a_drawing_is_not_the_page_s():
    assert stated(body="<svg><title>Menu</title></svg><p>one")["title"] == ""
    assert stated("<title>Ferry late</title>", "<svg><title>Menu</title></svg><p>one")["title"] == "Ferry late"


def test_a_head_that_breaks_off_early_is_read_in_the_body():
    assert stated("<div>oops</div>" + OG_TITLE)["title"] == "Ferry late"


CANONICAL = '<link rel="canonical" href="%s">'
OG_URL = '<meta property="og:url" content="%s">'
URLS = {
    "none": ("", ""),
    "the canonical address": (CANONICAL % "https://a.example/1", "https://a.example/1"),
    "it goes before that to share": (OG_URL % "https://a.example/2" + CANONICAL % "https://a.example/1", "https://a.example/1"),
    "that to share is better than none": (OG_URL % "https://a.example/2", "https://a.example/2"),
    "a canonical path on that site": (OG_URL % "https://a.example/x/2" + CANONICAL % "/1", "https://a.example/1"),
    "a canonical path relative to that page": (OG_URL % "https://a.example/x/2" + CANONICAL % "1?p=2", "https://a.example/x/1?p=2"),
    "an address without its scheme": (OG_URL % "https://a.example/" + CANONICAL % "//b.example/1", "https://b.example/1"),
    "a path of an unknown site is none": (CANONICAL % "/1", ""),
    "another scheme is none": (CANONICAL % "ftp://a.example/1", ""),
    "an address that is none": (CANONICAL % "https://[a.example/1", ""),
    "an empty address is none": (CANONICAL % "" + OG_URL % "https://a.example/2", "https://a.example/2"),
    "blanks around it": (CANONICAL % " https://a.example/1\n", "https://a.example/1"),
    "the first of two": (CANONICAL % "https://a.example/1" + CANONICAL % "https://a.example/2", "https://a.example/1"),
}


@pytest.mark.parametrize(("head", "expected"), URLS.values(), ids=URLS)
def test_url(head: str, expected: str):
    assert stated(head)["url"] == expected


DATED = '{"@type": "%s", "datePublished": "2026-01-31"}'
JSON_LD = {
    "an object": DATED % "Article",
    "another kind of article": DATED % "BlogPosting",
    "several kinds at once": '{"@type": ["Thing", "NewsArticle"], "datePublished": "2026-01-31"}',
    "a list": f"[{DATED % 'BreadcrumbList'}, {DATED % 'Article'}]",
    "a graph": f'{{"@context": "https://schema.org", "@graph": [{{"@type": "Person"}}, {DATED % "Article"}]}}',
    "a graph that is no list": f'{{"@graph": {DATED % "Article"}}}',
    "the main thing of a page": f'{{"@type": "ItemPage", "mainEntity": {DATED % "Article"}}}',
    "graphs in a list": f'[1, null, "a", [{{"@graph": [{DATED % "Article"}]}}]]',
    "white space around it": f"\n\t{DATED % 'Article'}\n",
}


@pytest.mark.parametrize("json", JSON_LD.values(), ids=JSON_LD)
def test_articles_in_json_ld(json: str):
    assert stated(body=script(json) + "<p>one")["date"] == "2026-01-31"


def test_json_ld_is_read_in_the_head_too():
    assert stated(script(DATED % "Article"))["date"] == "2026-01-31"


BROKEN = {
    "not JSON": "<!-- { -->",
    "cut off": '{"@type": "Article", "datePublished": "2026-01-31"',
    "nothing": "",
    "a number": "1",
    "other things": '{"@type": "Person", "datePublished": "2026-01-31"}',
    "things without a kind": '{"datePublished": "2026-01-31"}',
    "kinds that are no text": '{"@type": [{"a": 1}, null, ["Article"]], "datePublished": "2026-01-31"}',
    "a date that is no text": '{"@type": "Article", "datePublished": 20260131}',
    "lone surrogates": '{"@type": "Article", "datePublished": "2026-01-31", "name": "\\ud800"}',
    "lists without end": "[" * 100_000,
}


@pytest.mark.parametrize("json", BROKEN.values(), ids=BROKEN)
def test_json_ld_that_says_nothing_is_passed_over(json: str):
    good = '{"@type": "Article", "headline": "Ferry late", "datePublished": "2026-02-01"}'
    found = stated(body=script(json) + script(good) + "<p>one")
    assert found["title"] in {"Ferry late", ""}
    assert found["date"] != "2026-01-31"


def test_a_broken_script_does_not_hide_the_next():
    assert stated(body=script("{") + script(DATED % "Article") + "<p>one")["date"] == "2026-01-31"


DATES = {
    "a day": ("2026-01-31", "2026-01-31"),
    "blanks around it": (" 2026-01-31\n", "2026-01-31"),
    "a time": ("2026-01-31T08:30:00", "2026-01-31T08:30:00"),
    "a time in Greenwich": ("2026-01-31T08:30:00Z", "2026-01-31T08:30:00+00:00"),
    "a time elsewhere": ("2026-01-31T08:30:00.5-0300", "2026-01-31T08:30:00.500000-03:00"),
    "a time after a blank": ("2026-01-31 08:30", "2026-01-31T08:30:00"),
    "the form of e-mail headers": ("Sat, 31 Jan 2026 08:30:00 GMT", "2026-01-31T08:30:00+00:00"),
    "that form in another zone": ("31 Jan 2026 08:30:00 +0200", "2026-01-31T08:30:00+02:00"),
    "nothing": ("", ""),
    "a word": ("yesterday", ""),
    "a month that is none": ("2026-13-01", ""),
    "a day that is none": ("2026-02-30", ""),
    "a number": ("1769848200", ""),
    "days and months in an order nobody knows": ("01/02/2026", ""),
    "a year": ("2026", ""),
    "commas": (",,,", ""),
    "a year beyond counting": ("1 Jan 99999999999 00:00:00", ""),
    "a zone beyond counting": ("1 Jan 2026 00:00:00 +99999999999999999999", ""),
    "a zone of more than a day": ("1 Jan 2026 00:00:00 +9900", ""),
}


@pytest.mark.parametrize(("text", "expected"), DATES.values(), ids=DATES)
def test_iso_date(text: str, expected: str):
    assert iso_date(text) == expected


PUBLISHED = '<meta property="article:published_time" content="%s">'
PLACES = {
    "for sharing": (PUBLISHED % "2026-01-31", "", "2026-01-31"),
    "for catalogues": ('<meta name="DC.date.issued" content="2026-01-31">', "", "2026-01-31"),
    "as an item's property": ('<meta itemprop="datePublished" content="2026-01-31">', "", "2026-01-31"),
    "in the text": ("", '<p>On <time datetime="2026-01-31">the last day</time>', "2026-01-31"),
    "the first place that makes sense": (PUBLISHED % "soon" + '<meta name="date" content="2026-01-31">', "", "2026-01-31"),
    "when it was changed says nothing": ('<meta property="article:modified_time" content="2026-01-31">', "", ""),
    "a time without its machine's form says nothing": ("", "<time>2026-01-31</time>", ""),
    "what it says of the article goes before all": (PUBLISHED % "2026-02-01", script(DATED % "Article"), "2026-01-31"),
}


@pytest.mark.parametrize(("head", "body", "expected"), PLACES.values(), ids=PLACES)
def test_date(head: str, body: str, expected: str):
    assert stated(head, body or "<p>one")["date"] == expected


LANGUAGES = {
    "none": ("", "", ""),
    "of the page": ('lang="es"', "", "es"),
    "of a country": ('lang="pt_BR"', "", "pt-BR"),
    "in the form of XML": ('xml:lang="fr"', "", "fr"),
    "in the header": ("", '<meta http-equiv="Content-Language" content=" de ">', "de"),
    "to share": ("", '<meta property="og:locale" content="en_GB">', "en-GB"),
    "the page goes first": ('lang="es"', '<meta property="og:locale" content="en_GB">', "es"),
    "an empty one is none": ('lang=""', '<meta property="og:locale" content="en_GB">', "en-GB"),
}


@pytest.mark.parametrize(("lang", "head", "expected"), LANGUAGES.values(), ids=LANGUAGES)
def test_language(lang: str, head: str, expected: str):
    assert stated(head, lang=lang)["lang"] == expected


SITES = {
    "to share": ('<meta property="og:site_name" content="The  Gazette">', "", "The Gazette"),
    "who published it": ("", script('{"@type": "Article", "publisher": {"name": "The Gazette"}}'), "The Gazette"),
    "the application": ('<meta name="application-name" content="Gazette">', "", "Gazette"),
    "a publisher without a name": ("", script('{"@type": "Article", "publisher": "The Gazette"}'), ""),
}


@pytest.mark.parametrize(("head", "body", "expected"), SITES.values(), ids=SITES)
def test_site_name(head: str, body: str, expected: str):
    assert stated(head, body or "<p>one")["site_name"] == expected


def test_a_page_that_states_nothing():
    assert metadata(LexborHTMLParser("")) == ("",) * 8
    assert metadata(LexborHTMLParser("<frameset></frameset>")) == ("",) * 8
