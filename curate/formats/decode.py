"""Bytes to text: which encoding a page really has, and whether the bytes can be had back from the text."""

import codecs
import re
from typing import Final, NamedTuple

import webencodings

from curate.errors import PageError
from curate.text.codepoints import whole


class Decoded(NamedTuple):
    """A page's text, the codec that made it, and whether encoding the text with it gives the same bytes."""

    text: str
    encoding: str
    exact: bool


_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Codecs that lack what their label means on the web (WHATWG Encoding Standard, the indexes of these encodings).
_MEANT: Final = {"gbk": "gb18030", "gb2312": "gb18030", "shift_jis": "cp932", "euc_kr": "cp949", "big5": "big5hkscs"}
_SEVEN_BIT: Final = "iso2022_jp"  # sound ASCII and sound UTF-8 by its bytes
# In a page that declares UTF-16 in its own ASCII bytes the declaration is wrong (WHATWG, "prescan a byte stream").
_NEVER_DECLARED: Final = {"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be", "utf-7"}
_META: Final = re.compile(rb"""<meta[^>]{0,500}?charset\s*=\s*["']?\s*([a-zA-Z0-9_.:-]{2,40})""", re.IGNORECASE)
_META_WITHIN: Final = 4096
_SIGNATURES: Final = (
    (b"%PDF-", "a PDF file"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
    (b"PAR1", "a Parquet file"),
)
_CONTROLS: Final = bytes(c for c in range(32) if c not in b"\t\n\f\r\x1b\x08")
_SAMPLE: Final = 65_536
_BINARY_SHARE: Final = 0.05
_BROKEN_SHARE: Final = 0.005  # characters lost to a declared encoding before it counts as contradicted
_NUL_SHARE: Final = 0.2  # of a side of each pair: Latin text in UTF-16 has NULs on one side only


def decode(data: bytes, *, declared: str = "", html: bool = False) -> Decoded:
    """The text of a page.

    A byte order mark decides; then what the transport declared; then, for HTML, the page's own declaration; then
    UTF-8. Where the bytes contradict the declaration, foreign bytes inside UTF-8 are mended by
    `bs4.dammit`, and anything else is taken for Windows-1252. What cannot be decoded, lone
    surrogates among it, becomes U+FFFD. Raises PageError for what is no text at all.
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _with(data, encoding)
    wide = _wide(data)
    _refuse_binary(data, wide)
    if wide:
        return _with(data, wide)
    declared = _codec(declared) or (_declared_by(data) if html else "")
    if declared == _SEVEN_BIT and data.isascii():
        return _with(data, declared)
    try:  # what decodes as UTF-8 with bytes beyond ASCII is UTF-8, whatever it says of itself
        return Decoded(data.decode("utf-8"), "utf-8", exact=True)
    except UnicodeDecodeError:
        pass
    if declared and declared != "utf-8":
        decoded = _with(data, declared)
        if decoded.text.count("\ufffd") <= _BROKEN_SHARE * len(decoded.text):
            return decoded
    return _repaired(data)


def _with(data: bytes, encoding: str) -> Decoded:
    text = data.decode(encoding, "replace")
    return Decoded(text, encoding, exact=text.encode(encoding, "replace") == data)


def _codec(label: str) -> str:
    """The codec that a label means on the web; "" for a label nobody knows."""
    found = webencodings.lookup(label)
    if found is None or found.name in {"x-user-defined", "replacement"}:  # no text can be had with these
        return ""
    name: str = found.codec_info.name
    return _MEANT.get(name, name)


def _declared_by(data: bytes) -> str:
    found = _META.search(data, 0, _META_WITHIN)
    name = _codec(found[1].decode("ascii")) if found else ""
    return "" if name in _NEVER_DECLARED else name


def _refuse_binary(data: bytes, wide: str) -> None:
    for signature, what in _SIGNATURES:
        if data.startswith(signature):
            raise PageError("binary", f"this is {what}, not text")
    sample = data[:_SAMPLE]
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    if controls > _BINARY_SHARE * len(sample) and not wide:
        raise PageError("binary", f"{controls} of the first {len(sample)} bytes are control characters")


def _wide(data: bytes) -> str:
    """UTF-16 without a mark, told by NULs that stand on one side of the byte pairs only."""
    sample = data[:_SAMPLE]
    if b"\0" not in sample:
        return ""
    pairs = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if pairs and max(even, odd) > _NUL_SHARE * pairs and min(even, odd) < max(even, odd) / 10:
        return "utf-16-be" if even > odd else "utf-16-le"
    return ""


def _repaired(data: bytes) -> Decoded:
    """The text of bytes that are neither sound UTF-8 nor what they declare."""
    try:
        return Decoded(whole(data.decode("utf-8", "surrogatepass")), "utf-8", exact=False)
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    beyond_ascii = len(text) - len(text.encode("ascii", "ignore"))
    if beyond_ascii > 2 * text.count("\ufffd"):
        # Mostly sound UTF-8: other bytes were pasted in, most often Windows quotes.
        from bs4.dammit import UnicodeDammit  # noqa: PLC0415  # slow to import, needed by few pages

        return Decoded(UnicodeDammit.detwingle(data).decode("utf-8", "replace"), "utf-8", exact=False)
    # Dammit's guess at whole pages is not asked: it goes by whatever detector happens to be installed.
    return _with(data, "cp1252")
