import codecs

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.errors import PageError
from curate.formats.decode import Decoded, decode

steady = settings(deadline=None, derandomize=True, max_examples=400)
SPANISH = "El ñandú corrió más allá. "
BOMS = {
    "UTF-8": (codecs.BOM_UTF8, "utf-8"),
    "UTF-16, little end first": (codecs.BOM_UTF16_LE, "utf-16-le"),
    "UTF-16, big end first": (codecs.BOM_UTF16_BE, "utf-16-be"),
    "UTF-32, little end first": (codecs.BOM_UTF32_LE, "utf-32-le"),
    "UTF-32, big end first": (codecs.BOM_UTF32_BE, "utf-32-be"),
}


@pytest.mark.parametrize(("mark", "encoding"), BOMS.values(), ids=BOMS)
def test_a_byte_order_mark_decides(mark: bytes, encoding: str):
    data = mark + SPANISH.encode(encoding)
    assert decode(data) == Decoded("\ufeff" + SPANISH, encoding, exact=True)
    assert decode(data, declared="koi8-r", html=True).encoding == encoding


PLAIN = {
    "nothing": (b"", "", "utf-8"),
    "ASCII": (b"one\r\ntwo", "one\r\ntwo", "utf-8"),
    "UTF-8": ("señal 日本 😀".encode(), "señal 日本 😀", "utf-8"),
    "UTF-16 without a mark, little end first": (SPANISH.encode("utf-16-le"), SPANISH, "utf-16-le"),
    "UTF-16 without a mark, big end first": (SPANISH.encode("utf-16-be"), SPANISH, "utf-16-be"),
    "Windows quotes": ("“Café” – naïve".encode("cp1252"), "“Café” – naïve", "cp1252"),
    "one Latin letter": (b"\xe9", "é", "cp1252"),
    "a null character in text": (b"one two three four\0five", "one two three four\0five", "utf-8"),
    "tabs, form feeds, escapes": (b"\tone\x0c\x1b[0m two\x08\r\n", "\tone\x0c\x1b[0m two\x08\r\n", "utf-8"),
}


@pytest.mark.parametrize(("data", "text", "encoding"), PLAIN.values(), ids=PLAIN)
def test_text_that_declares_nothing(data: bytes, text: str, encoding: str):
    assert decode(data) == Decoded(text, encoding, exact=True)


DECLARED = {
    "Shift-JIS": ("海辺の町", "shift_jis", "cp932"),
    "Shift-JIS with Windows characters": ("髙島①", "windows-31j", "cp932"),
    "Shift-JIS by its older name": ("海辺の町", "x-sjis", "cp932"),
    "EUC-JP": ("海辺の町", "euc-jp", "euc_jp"),
    "ISO-2022-JP, which is all ASCII bytes": ("海辺の町", "iso-2022-jp", "iso2022_jp"),
    "Cyrillic of Windows": ("Приморский город", "windows-1251", "cp1251"),
    "Cyrillic of Windows by its older name": ("Приморский город", "x-cp1251", "cp1251"),
    "KOI8": ("Приморский город", "KOI8-R", "koi8-r"),
    "Latin-1 is Windows-1252": ("“Café”", "iso-8859-1", "cp1252"),
    "ASCII is too": ("“Café”", "us-ascii", "cp1252"),
    "Latin-5 is Windows-1254": ("Şehir “İz”", "iso-8859-9", "cp1254"),
    "Latin-2": ("Nadmořské městečko", "iso-8859-2", "iso8859-2"),
    "GB2312 is GB18030": ("海边小镇镕", "gb2312", "gb18030"),
    "Big5": ("海邊小鎮", "big5", "big5hkscs"),
    "Korean": ("바닷가 마을", "euc-kr", "cp949"),
    "Hebrew written from left to right": ("עיר חוף", "iso-8859-8-i", "iso8859-8"),
}


@pytest.mark.parametrize(("text", "label", "codec"), DECLARED.values(), ids=DECLARED)
def test_a_declaration_is_followed(text: str, label: str, codec: str):
    data = f'<meta charset="{label}"><p>{text}</p>'.encode(codec)
    assert decode(data, html=True).text == data.decode(codec)
    assert decode(data, html=True).exact
    assert decode(text.encode(codec), declared=label) == Decoded(text, codec, exact=True)


META = {
    "without quotes": b"<meta charset=koi8-r>",
    "in single quotes and capitals": b"<META CHARSET = 'KOI8-R' />",
    "in the older form": b'<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">',
    "after other attributes": b'<meta name="a" content="b"><meta data-x="1"\n charset="koi8-r">',
    "after a long head": b"<!-- " + b"x" * 3000 + b' --><meta charset="koi8-r">',
}


@pytest.mark.parametrize("meta", META.values(), ids=META)
def test_a_page_declares_its_encoding(meta: bytes):
    assert decode(meta + "мир".encode("koi8-r"), html=True).encoding == "koi8-r"


NOT_FOLLOWED = {
    "a declaration in a text page is text": ("<meta charset=koi8-r> мир", "koi8-r", {"html": False}, "cp1252"),
    "what the transport declared goes before the page": ("<meta charset=koi8-r> мир", "cp1251", {"declared": "windows-1251"}, "cp1251"),
    "a label nobody knows is none": ("<meta charset=koi8-r> мир", "koi8-r", {"declared": "kio8"}, "koi8-r"),
    "ASCII bytes that declare UTF-16 are not": ("<meta charset=utf-16> café", "cp1252", {}, "cp1252"),
    "UTF-8 that declares Latin-1": ("<meta charset=iso-8859-1> señal 日本", "utf-8", {}, "utf-8"),
    "UTF-8 that the transport calls Latin-1": ("señal 日本", "utf-8", {"declared": "latin-1"}, "utf-8"),
    "Latin-1 that declares UTF-8": ("<meta charset=utf-8> café crème", "cp1252", {}, "cp1252"),
    "Latin-1 that declares Shift-JIS": ("<meta charset=shift_jis>" + " café crème brûlée" * 9, "cp1252", {}, "cp1252"),
}


@pytest.mark.parametrize(("text", "codec", "said", "found"), NOT_FOLLOWED.values(), ids=NOT_FOLLOWED)
def test_a_declaration_that_is_not_followed(text: str, codec: str, said: dict[str, str], found: str):
    assert decode(text.encode(codec), **{"html": True, **said}) == Decoded(text.encode(codec).decode(found), found, exact=True)


@pytest.mark.parametrize(
    "label",
    [
        "hex",
        "rot13",
        "zlib",
        "bz2",
        "base64",
        "uu",
        "undefined",
        "idna",
        "punycode",
        "unicode_escape",
        "utf-7",
        "hz-gb-2312",
        "iso-2022-kr",
    ],
)
def test_a_codec_that_is_no_encoding_of_the_web_is_no_declaration(label: str):
    data = f"<meta charset={label}><p>caf\\u00e9 +AGE- ".encode() + b"\xe9" * 3
    expected = Decoded(data.decode("cp1252"), "cp1252", exact=True)
    assert decode(data, html=True) == expected
    assert decode(data, declared=label) == expected


def test_a_few_bytes_that_a_declared_encoding_lacks_do_not_contradict_it():
    data = ("Приморский город. " * 50).encode("cp1251") + b"\x98"
    assert decode(data, declared="windows-1251") == Decoded("Приморский город. " * 50 + "\ufffd", "cp1251", exact=False)


MENDED = {
    "Windows quotes pasted into UTF-8": (SPANISH.encode() * 9 + b"\x93dijo\x94", SPANISH * 9 + "“dijo”"),
    "UTF-8 that is cut off in a character": ((SPANISH * 9).encode() + b"\xc3", SPANISH * 9 + "\ufffd"),
    "UTF-16 of an odd length": (SPANISH.encode("utf-16-le") + b"a", SPANISH + "\ufffd"),
    "half a character in UTF-16": (codecs.BOM_UTF16_LE + b"\x3d\xd8a\0", "\ufeff\ufffda"),
}


@pytest.mark.parametrize(("data", "text"), MENDED.values(), ids=MENDED)
def test_what_had_to_be_mended_is_not_exact(data: bytes, text: str):
    decoded = decode(data)
    assert decoded.text == text
    assert not decoded.exact


BINARY = {
    "a PDF file": b"%PDF-1.7\nplain text",
    "a PNG image": b"\x89PNG\r\n\x1a\n",
    "a JPEG image": b"\xff\xd8\xff\xe0JFIF",
    "a GIF image": b"GIF89a",
    "a zip archive": b"PK\x03\x04docx",
    "a program": b"\x7fELF\x02\x01\x01",
    "a Parquet file": b"PAR1\x15\x04",
    "control characters": b"one\x01\x02\x03two",
}


@pytest.mark.parametrize(("what", "data"), list(BINARY.items()), ids=BINARY)
def test_binary_files_are_refused_by_name(what: str, data: bytes):
    with pytest.raises(PageError, match=what) as caught:
        decode(data, declared="utf-8", html=True)
    assert caught.value.reason == "binary"


NEARLY_BINARY = {
    "a page about PDF files": b"A file begins with %PDF- and",
    "a signature that is not quite one": b"GIF 8, PK, PAR, MZ",
    "one control character in forty": b"x" * 39 + b"\x01",
}


@pytest.mark.parametrize("data", NEARLY_BINARY.values(), ids=NEARLY_BINARY)
def test_text_that_looks_a_little_binary_is_text(data: bytes):
    assert decode(data).text == data.decode()


def again(decoded: Decoded) -> bytes | None:
    try:
        return decoded.text.encode(decoded.encoding)
    except UnicodeEncodeError:
        return None


PIECES = [
    *(b"plain ", b"\n", b"\0", b"\xe9", b"\x93", b"\x81", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\x1b$B", b"\x841\xa47"),
    *("é".encode(), "日本".encode(), "日本".encode("cp932"), "мир".encode("koi8-r")),
    *(b"<meta charset=" + label + b">" for label in (b"utf-8", b"shift_jis", b"gbk", b"koi8-r", b"latin-1", b"utf-16", b"big5", b"hz")),
]


@steady
@given(st.binary(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join), st.sampled_from(["", "gb18030", "shift_jis"]))
@example(b"\xff\xfe\x00\xd8", "")
@example(b"\x84\x31\xa4\x37" * 9, "gb18030")
def test_exact_says_whether_the_bytes_come_back(data: bytes, declared: str):
    try:
        decoded = decode(data, declared=declared, html=not declared)
    except PageError:
        return
    assert decoded.exact == (again(decoded) == data)
    decoded.text.encode("utf-8")
