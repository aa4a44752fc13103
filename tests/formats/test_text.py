import pytest

from curate.errors import PageError
from curate.formats import text
from curate.formats.limits import Limits

READ = {
    "UTF-8": ("señal\n日本\n".encode(), ["señal", "日本"], "utf-8"),
    "UTF-8 with a mark": ("\ufeffseñal\n日本".encode(), ["señal", "日本"], "utf-8"),
    "UTF-16": ("señal\r\n日本".encode("utf-16"), ["señal", "日本"], "utf-16-le"),
    "Windows-1252": (b"caf\xe9\n\x93so\x94", ["café", "“so”"], "cp1252"),
    "tags are text": (b"<p>one</p>\n<meta charset=koi8-r>", ["<p>one</p>", "<meta charset=koi8-r>"], "utf-8"),
    "nothing": (b"", [], "utf-8"),
    "nothing but line ends": (b"\r\n\n\r", [], "utf-8"),
}


@pytest.mark.parametrize(("data", "expected", "encoding"), READ.values(), ids=READ)
def test_a_text_page(data: bytes, expected: list[str], encoding: str):
    document = text.parse(data, Limits())
    assert [paragraph.text for paragraph in document.paragraphs] == expected
    assert document.source.encoding == encoding
    assert document.page.encode(encoding) == data
    assert document.raw == b""


MENDED = {
    "half a character at the end": ("señal 日本 señal".encode() + b"\xe6\x97"),
    "Windows quotes pasted into UTF-8": "señal 日本 señal ".encode() * 9 + b"\x93so\x94",
    "UTF-16 of an odd length": "señal".encode("utf-16") + b"\n",
}


@pytest.mark.parametrize("data", MENDED.values(), ids=MENDED)
def test_bytes_that_the_text_cannot_give_back_are_kept(data: bytes):
    document = text.parse(data, Limits())
    assert document.raw == data
    assert document.read == 1


LIMITS = {"bytes": (b"12345678", 8), "paragraphs": (b"one\n\ntwo\nthree", 3), "line": ("a\nñandú\nb".encode(), 5)}


@pytest.mark.parametrize("name", LIMITS)
def test_a_page_at_a_limit_is_read_and_one_beyond_it_is_not(name: str):
    data, limit = LIMITS[name]
    assert text.parse(data, Limits(**{name: limit})).read
    with pytest.raises(PageError) as caught:
        text.parse(data, Limits(**{name: limit - 1}))
    assert caught.value.reason == f"limit {name}"


def test_text_that_is_already_decoded_has_the_same_limits():
    assert text.of_text("one\ntwo", Limits(paragraphs=2)).read == 2
    with pytest.raises(PageError, match="limit paragraphs: found 2, the limit is 1"):
        text.of_text("one\ntwo", Limits(paragraphs=1))
    with pytest.raises(PageError, match="limit line: found 3, the limit is 2"):
        text.of_text("one", Limits(line=2))


def test_binary_files_are_no_pages():
    with pytest.raises(PageError, match="a PNG image"):
        text.parse(b"\x89PNG\r\n\x1a\n", Limits())
