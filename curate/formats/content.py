"""What readers find in files, before it is a document."""

from typing import NamedTuple

from curate.errors import PageError


class Content(NamedTuple):
    """A page, and what came with it; what is not there is ""."""

    page: str | bytes  # a str where it came as text already, in a JSON record say
    is_html: bool
    url: str = ""
    id: str = ""
    title: str = ""
    date: str = ""
    site: str = ""
    meta: str = ""  # JSON
    declared: str = ""  # the encoding that came with the bytes: the transport's word for it
    raw: bytes = b""  # of a str the page as it came, only where it had lone surrogates (in UTF-8 that lets them pass)


class Found(NamedTuple):
    """A page of a file, or why there is none."""

    offset: int  # where its record begins, in what the format counts: bytes, or rows
    end: int  # where the next one may begin; a failure behind it is told to be there
    content: Content | PageError
    name: str = ""  # of a file in an archive: its path there
    format: str = ""  # of a file in an archive: its own
