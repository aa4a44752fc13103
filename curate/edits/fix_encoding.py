"""Mend mojibake: text that was decoded with the wrong encoding and saved ("itâ€™s" → "it’s").

ftfy's `fix_encoding` does it (Speer 2019) and nothing else of ftfy is used: `fix_text` also rewrites sound text.
Looking for mojibake with ftfy's own pattern costs more than all other steps together, so only paragraphs reach it in
which characters stand side by side as the bytes of a UTF-8 sequence would in one of the encodings it was misread as.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from curate.document import Change, Document
from curate.text.codepoints import CodePoints, CodePointTable, Places

# What UTF-8 is misread as; the list of ftfy 6 (`chardata.CHARMAP_ENCODINGS`).
_MISREAD: Final = ("latin-1", "cp1252", "cp1251", "cp1250", "cp1253", "cp1254", "cp1257", "iso8859-2", "mac-roman", "cp437")
_LEAD_OF_3: Final = 10  # bits 0–9: in that encoding the character's byte leads two bytes of UTF-8
_FOLLOWS: Final = 20  # bits 10–19: it leads three or four; bits 20–29: it follows
_KNOWN: Final = 1 << 30
_ALL: Final = (1 << len(_MISREAD)) - 1


def _roles(char: str) -> int:
    bits = _KNOWN
    for number, encoding in enumerate(_MISREAD):
        byte = char.encode(encoding, "replace")[0] if char != "?" else 0
        if byte == ord("?") and encoding.startswith("cp125") and 0x80 <= ord(char) < 0xA0:  # noqa: PLR2004  # sloppy decoders keep these bytes
            byte = ord(char)
        if 0xC2 <= byte <= 0xDF:  # noqa: PLR2004  # RFC 3629, section 4, here and below
            bits |= 1 << number
        elif 0xE0 <= byte <= 0xF4:  # noqa: PLR2004
            bits |= 1 << (_LEAD_OF_3 + number)
        elif 0x80 <= byte <= 0xBF:  # noqa: PLR2004
            bits |= 1 << (_FOLLOWS + number)
    return bits


_roles_of = CodePointTable(_roles)


def suspicious(points: CodePoints) -> Places:
    """Offsets at which a sequence begins that may be UTF-8 misread, ascending."""
    beyond_ascii = np.flatnonzero(points > 127)  # noqa: PLR2004  # all roles are played by such characters
    pairs = beyond_ascii[:-1][np.diff(beyond_ascii) == 1]
    leads, second = _roles_of(points[pairs]), _roles_of(points[pairs + 1])
    third = _roles_of(np.append(points, 0)[pairs + 2])
    two = leads & (second >> _FOLLOWS)
    three = (leads >> _LEAD_OF_3) & (second >> _FOLLOWS) & (third >> _FOLLOWS)
    found: Places = pairs[((two | three) & _ALL) != 0]
    return found


@dataclass(frozen=True, slots=True)
class FixEncoding:
    def edit(self, doc: Document) -> Iterator[Change]:
        if doc.page.isascii() or not len(places := suspicious(doc.points)):
            return
        from ftfy import fix_encoding  # noqa: PLC0415  # compiles large patterns, and most runs never need them

        for number in np.unique(np.searchsorted(doc.starts, places, side="right") - 1).tolist():
            if number >= 0 and doc.live[number]:
                text = doc.text_of(number)
                mended = fix_encoding(text)
                # A paragraph must stay one: no new line breaks, and not blank.
                if mended != text and mended.strip() and not {"\n", "\r"} & set(mended) - set(text):
                    yield _smallest(number, text, mended)


def _smallest(number: int, old: str, new: str) -> Change:
    """The change without what both texts begin and end with."""
    shorter = min(len(old), len(new))
    start = next((n for n in range(shorter) if old[n] != new[n]), shorter)
    end = next((n for n in range(shorter - start) if old[-1 - n] != new[-1 - n]), shorter - start)
    return Change(number, start, len(old) - end, new[start : len(new) - end])
