"""Splits by site: a model is measured on sites that it has not seen, or the figures are those of a memory."""

import hashlib
import re
from typing import Final
from urllib.parse import urlsplit

# Names under which domains are registered, besides the last one: `example.co.uk` is a site, `co.uk` is none. The whole
# list (publicsuffix.org) is not needed here: to take two sites for one costs nothing.
_SECOND: Final = frozenset("ac co com edu go gob gov gouv govt ltd mil ne net nom or org sch".split())
_SCHEME: Final = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_COUNTRY: Final = 2  # letters of a country's name


def site_of(url: str) -> str:
    """The registered domain of an address or a host name, as far as it can be told without a list; "" for none."""
    try:
        host = (urlsplit(url if _SCHEME.match(url) else f"//{url}").hostname or "").strip(".")
    except ValueError:  # an address that is none
        return ""
    names = host.split(".")
    count = 3 if len(names) > 2 and len(names[-1]) == _COUNTRY and names[-2] in _SECOND else 2  # noqa: PLR2004  # names of a site
    return ".".join(names[-count:])


def fold_of(site: str, page: str, folds: int) -> int:
    """The fold, from 1, that holds a site out; a page without a site is one of its own."""
    digest = hashlib.blake2b((site or page).encode("utf-8"), digest_size=8).digest()
    return int.from_bytes(digest) % folds + 1
