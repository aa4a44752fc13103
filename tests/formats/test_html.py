import pytest

from curate.document import FIGURE, LIST, PRE, QUOTE, TABLE, Document
from curate.errors import PageError
from curate.formats import html
from curate.formats.limits import Limits


def parse(page: str | bytes, **limits: int) -> Document:
    return html.parse(page.encode() if isinstance(page, str) else page, Limits(**limits))


def texts(page: str | bytes) -> list[str]:
    return [paragraph.text for paragraph in parse(page).paragraphs]


PARAGRAPHS = {
    "blocks are paragraphs": (
        "<h1>Ferry late</h1><p>It came at <b>nine</b>.</p><div>By Ana</div>",
        ["Ferry late", "It came at nine.", "By Ana"],
    ),
    "paragraphs need no end tag": ("<p>one<p>two<ul><li>three<li>four</ul>", ["one", "two", "three", "four"]),
    "an element may be cut short": ("<p>one <b>two", ["one two"]),
    "text right in the body": ("one<p>two</p>three", ["one", "two", "three"]),
    "text before and after a block in a block": ("<div>one<p>two</p>three</div>four", ["one", "two", "three", "four"]),
    "text without any tag": ("just text", ["just text"]),
    "a tag that is none": ("1 < 2 and 3 > 2", ["1 < 2 and 3 > 2"]),
    "nothing": ("", []),
    "a page without text": ("<!doctype html><html><head><title>Nothing</title></head><body> \n <p> </p></body></html>", []),
    "frames hold no text": ("<html><frameset><frame src='a'></frameset></html>", []),
    "a rule parts text": ("<div>one<hr>two</div>", ["one", "two"]),
    "white space is single, and none at the edges": ("<p>\n one \t two\u00a0\u00a0three\n</p>", ["one two three"]),
    "inline elements do not part words": (
        "<p>s<b>po</b>ken <i>wo</i><span>rd</span><x-y>s</x-y>, H<sub>2</sub>O</p>",
        ["spoken words, H2O"],
    ),
    "a word may be broken where it pleases": ("<p>news<wbr>paper, news&shy;paper</p>", ["newspaper, news\u00adpaper"]),
    "a remark does not part words": ("<p>news<!-- <p>no</p> -->paper</p>", ["newspaper"]),
    "entities": ("<p>a &amp; b &lt;c&gt; &eacute;&#8217;&#x1F600; &bogus; AT&T &nbsp;d", ["a & b <c> é’😀 &bogus; AT&T d"]),
    "cells are paragraphs": ("<table><tr><td>one<td>two<tr><th>three</table>", ["one", "two", "three"]),
    "tables in tables": ("<table><tr><td>one<table><tr><td>two</table>three</table>four", ["one", "two", "three", "four"]),
    "text astray in a table stands before it, as in browsers": ("<table><tr>one<td>two</table>", ["one", "two"]),
    "a link around blocks": ("<a href='#'><h2>one</h2><p>two</p></a>three", ["one", "two", "three"]),
    "a list in a list": ("<ul><li>one<ul><li>two</ul>three<li>four</ul>", ["one", "two", "three", "four"]),
    "terms and what they mean": ("<dl><dt>one<dd>two</dl>", ["one", "two"]),
    "captions and legends": (
        "<figure><img alt='no'><figcaption>one</figcaption></figure><table><caption>two</table><legend>three</legend>",
        ["one", "two", "three"],
    ),
    "a summary and its details": ("<details><summary>one</summary>two</details>", ["one", "two"]),
}


@pytest.mark.parametrize(("page", "expected"), PARAGRAPHS.values(), ids=PARAGRAPHS)
def test_paragraphs(page: str, expected: list[str]):
    assert texts(page) == expected


BREAKS = {
    "one break is a line break": ("<p>one<br>two", ["one\ntwo"]),
    "two breaks part paragraphs": ("<p>one<br><br>two", ["one", "two"]),
    "so do two with white space between": ("<p>one<br> \n <br/>two", ["one", "two"]),
    "so do more than two": ("<p>one<br><br><br>\n<br>two", ["one", "two"]),
    "text between two breaks makes lines": ("<p>one<br>two<br>three", ["one\ntwo\nthree"]),
    "an empty element between two breaks is nothing": ("<p>one<br><b></b><br>two", ["one", "two"]),
    "breaks at the edges are nothing": ("<p><br>one<br></p>", ["one"]),
    "nothing but breaks is nothing": ("<br><br><p><br></p>", []),
    "white space beside a break is nothing": ("<p>one <br> two", ["one\ntwo"]),
    "a break in an inline element": ("<p>one<b><br>two</b>", ["one\ntwo"]),
    "the wrong end tag is a break too": ("<p>one</br>two", ["one\ntwo"]),
}


@pytest.mark.parametrize(("page", "expected"), BREAKS.values(), ids=BREAKS)
def test_breaks(page: str, expected: list[str]):
    assert texts(page) == expected


PREFORMATTED = {
    "line breaks and indents stay": ("<pre>one\n    two\n  three</pre>", ["one\n    two\n  three"]),
    "a blank line parts paragraphs": ("<pre>one\n\n \n  two</pre>", ["one", "  two"]),
    "the first line break is none": ("<pre>\n  one</pre>", ["  one"]),
    "a break is a line break, two are a blank line": ("<pre>one<br>two<br><br>three</pre>", ["one\ntwo", "three"]),
    "white space at the end of lines goes": ("<pre>one  \ntwo\t\n</pre>", ["one\ntwo"]),
    "inline elements stay in their line": ("<pre>one <b>two</b>\n three</pre>", ["one two\n three"]),
    "an indent before an inline element stays": ("<pre>  <b>one</b>\n  two</pre>", ["  one\n  two"]),
    "a block in it ends the line": ("<pre>one<p>  two\n three</p></pre>", ["one", "  two\n three"]),
    "what comes after is no longer preformatted": ("<pre>one\ntwo</pre>three\nfour", ["one\ntwo", "three four"]),
}


@pytest.mark.parametrize(("page", "expected"), PREFORMATTED.values(), ids=PREFORMATTED)
def test_preformatted(page: str, expected: list[str]):
    assert texts(page) == expected


SHOWN = "<p>The ferry was late again, said the master of the harbour.</p>"
UNREAD = {
    "scripts": "<script>var one = '<p>two</p>';</script>",
    "styles": "<style>p { color: red }</style>",
    "templates": "<template><p>one</p></template>",
    "frames in the page": "<iframe><p>one</p></iframe>",
    "pictures that are drawn": "<svg><title>one</title><text>two</text></svg><canvas>three</canvas>",
    "form controls": "<select><option>one</select><textarea>two</textarea><input value=three><datalist><option>four</datalist>",
    "what plays": "<video>one</video><audio>two</audio><object>three</object><embed>",
    "closed dialogues": "<dialog>one</dialog>",
    "readings above characters": "<ruby><rp>(</rp><rt>one</rt></ruby>",
    "remarks": "<!-- <p>one</p> --><!--[if IE]><p>two</p><![endif]-->",
    "the text of images": "<img alt='one' title='two'>",
    "hidden elements": "<div hidden>one<p>two</p></div><span hidden=''>three</span>",
    "elements that their style hides": '<div style="color:red;display:none">one</div><p style="DISPLAY: NONE">two</p>',
}


@pytest.mark.parametrize("page", UNREAD.values(), ids=UNREAD)
def test_what_is_not_shown_is_not_read(page: str):
    assert texts(f"{SHOWN}{page}<p>tail") == [*texts(SHOWN), "tail"]
    assert texts(f"<p>he{page}ad</p>{SHOWN}")[0] in {"head", "he"}  # a block in it may end the paragraph


READ = {
    "buttons": "<button>one</button>",
    "what stands there for those without scripts": "<noscript>one</noscript>",
    "labels": "<label>one</label>",
    "links without an address": "<a>one</a>",
    "what is hidden until it is searched for": "<div hidden='until-found'>one</div>",
    "what an odd style may hide or not": '<p style="visibility:hidden">one</p>',
    "elements nobody knows": "<x-card>one</x-card>",
    "formulas, without their notes": "<math><mi>one</mi><annotation>two</annotation></math>",
}


@pytest.mark.parametrize("page", READ.values(), ids=READ)
def test_what_is_shown_is_read(page: str):
    assert texts(f"{SHOWN}{page}") == [*texts(SHOWN), "one"]


def test_a_body_that_a_script_will_show_is_read():
    assert texts('<body style="display:none"><p>one') == ["one"]
    assert texts("<body hidden><p>one<p hidden>t</body>") == ["one"]


CLOSING = {
    "a frame that closes itself": "<iframe src='a' />",
    "without a blank before the slash": "<iframe src=a/>",
    "in capitals": "<IFRAME />",
    "a text field that closes itself": "<textarea name=a />",
    "a title that closes itself": "<title/>",
    "a style that closes itself": "<style />",
    "two of them": "<iframe /><p></p><iframe />",
    "one before another that is closed": "<iframe /><iframe>x</iframe>",
    "one that is closed after all": "<iframe /></iframe>",
    "a frame that a textarea follows": "<iframe /><textarea>x</textarea>",
}


@pytest.mark.parametrize("page", CLOSING.values(), ids=CLOSING)
def test_what_closes_itself_does_not_swallow_the_page(page: str):
    assert texts(f"<p>one</p>{page}<p>two</p>") == ["one", "two"]


def test_what_closes_itself_ends_before_the_next_of_its_kind():
    assert texts("<iframe /><p>one</p><iframe>no</iframe><p>two") == ["one", "two"]


def test_a_slash_in_a_value_closes_nothing():
    assert texts("<p>one</p><iframe src='a/'>no</iframe><p>two") == ["one", "two"]


LINKS = {
    "no link": ("<p>one", [0]),
    "half a link": ("<p><a href=a>one</a> two", [3]),
    "white space around a link is not counted": ("<p><a href=a> one </a>", [3]),
    "two links, the blank between them not counted": ("<p><a href=a>one</a> <a href=b>two</a>", [6]),
    "elements in a link": ("<p><a href=a>one <b>two</b></a>", [7]),
    "a link around blocks": ("<a href=a><p>one</p><p>two</p></a><p>three", [3, 3, 0]),
    "a link across a break": ("<p><a href=a>one<br><br>two</a> three", [3, 3]),
    "a link that hides its text": ("<p>one<a href=a><span hidden>two</span></a>", [0]),
    "a link in one part of what is preformatted": ("<pre><a href=a>one</a>\n\nfour</pre>", [3, 0]),
}


@pytest.mark.parametrize(("page", "expected"), LINKS.values(), ids=LINKS)
def test_characters_in_links(page: str, expected: list[int]):
    assert parse(page).facts.link_chars.tolist() == expected


@pytest.mark.parametrize("level", range(1, 7))
def test_headings_have_their_level_and_nothing_after_them(level: int):
    facts = parse(f"<h{level}>one<div>two</div></h{level}>three<p>four").facts
    assert facts.headings.tolist() == [level, level, 0, 0]
    assert facts.tags[0] == f"h{level}"


def test_flags_say_what_a_paragraph_stands_in():
    page = (
        "<p>0<ul><li>1</ul><ol><li><p>2</ol><table><tr><td>3<ul><li>4</ul>5</table><figure>6<figcaption>7</figcaption></figure>"
        "<blockquote>8<pre>9</pre></blockquote><dl><dt>10</dl><p>11"
    )
    expected = [0, LIST, LIST, TABLE, TABLE | LIST, TABLE, FIGURE, FIGURE, QUOTE, QUOTE | PRE, LIST, 0]
    assert parse(page).facts.flags.tolist() == expected


def test_elements_are_numbered_as_they_open_and_know_their_parents():
    facts = parse("<body class=page><div id=Main class='a  B'>one<p><b class=no>two</b></p>three</div><p>four").facts
    assert list(facts.element_tags) == ["body", "div", "p", "p"]
    assert list(facts.element_parents) == [-1, 0, 1, 0]
    assert [name.split() for name in facts.element_names] == [["page"], ["a", "B", "Main"], [], []]
    assert facts.elements.tolist() == [1, 2, 1, 3]
    assert list(facts.tags) == ["div", "p", "div", "p"]
    assert facts.tokens(1) == {"a", "b", "main", "page"}


def test_an_empty_page_is_html_all_the_same():
    assert parse("").is_html
    assert parse("").text == ""


ENCODINGS = {
    "UTF-8": ("<p>señal".encode(), "utf-8"),
    "its own declaration": ("<meta charset=windows-1251><p>Привет, мир".encode("cp1251"), "cp1251"),
    "the older form of it": ('<meta http-equiv="Content-Type" content="text/html; charset=KOI8-R"><p>мир'.encode("koi8-r"), "koi8-r"),
    "UTF-16 without a mark": ("<p>señal".encode("utf-16-be"), "utf-16-be"),
}


@pytest.mark.parametrize(("page", "encoding"), ENCODINGS.values(), ids=ENCODINGS)
def test_a_page_is_decoded_before_it_is_parsed(page: bytes, encoding: str):
    document = parse(page)
    assert document.source.encoding == encoding
    assert document.text in {"señal", "Привет, мир", "мир"}


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_is_no_text_of_the_page(encoding: str):
    page = "<!doctype html><html><head><title>Signals</title></head><body class=top><p>señal"
    document = parse(page.encode(encoding))
    assert document.text == "señal"
    assert document.title == "Signals"
    assert document.facts.tokens(0) == {"top"}


LIMITS = {
    "bytes": ("<p>12345678", {"bytes": 11}),
    "depth": ("<div><div><div>one", {"depth": 3}),
    "paragraphs": ("<p>one<p>two<p>three", {"paragraphs": 3}),
    "line": ("<p>one<p>four", {"line": 4}),
}


@pytest.mark.parametrize(("name", "page"), [(name, page) for name, (page, _) in LIMITS.items()], ids=LIMITS)
def test_a_page_at_a_limit_is_read_and_one_beyond_it_is_not(name: str, page: str):
    limits = LIMITS[name][1]
    assert parse(page, **limits).read
    with pytest.raises(PageError) as caught:
        parse(page, **{name: limits[name] - 1})
    assert caught.value.reason == f"limit {name}"


def test_binary_files_are_no_pages():
    with pytest.raises(PageError, match="PDF"):
        parse(b"%PDF-1.7\n<p>one")


def test_links_side_by_side_do_not_run_together():
    assert texts("<p><a href=a>Share</a><a href=b>Copy link</a> and <a href=c>go</a>.") == ["Share Copy link and go."]
    assert texts("<p><a href=a>one</a>s <a href=b>two</a>") == ["ones two"]
