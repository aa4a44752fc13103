"""Where a site's rule file lies and what it is called: `sites/h/harbour.example.toml`."""

import re
from collections.abc import Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from curate.errors import SurroundingsError, UsageError
from curate.rules.format import Head

_DOMAIN: Final = re.compile(r"(?:[^\W_](?:[\w-]*[^\W_])?\.)+[^\W\d_][\w-]*[^\W_]")
_WEB: Final = "www."
MORE: Final = "-more"  # ends the name of a file beside one that is in force already


def domain_of(given: str) -> str:
    """The domain that a host name or an address stands for, without `www.`; "" for what is none."""
    try:
        host = urlsplit(given if "//" in given else f"//{given}").hostname or ""
    except ValueError:
        return ""
    host = host.rstrip(".").removeprefix(_WEB)
    return host if _DOMAIN.fullmatch(host) else ""


def domains_of(domain: str) -> tuple[str, ...]:
    """The ways to write a domain: as people do, and as addresses do where it has letters that are not ASCII."""
    try:
        written = domain.encode("idna").decode("ascii")
    except UnicodeError:
        return (domain,)
    return tuple(dict.fromkeys((domain, written)))


def name_of(domain: str, known: Mapping[str, object]) -> str:
    """The name of a new file for a domain. A `known` one would go out of force by another of its name: it gets a longer one."""
    name = f"sites/{domain[0]}/{domain}"
    return name + MORE if name in known else name


def head_of(domain: str, languages: Sequence[str], site: str = "", signs: Sequence[str] = ()) -> Head:
    """The head of a site's file; a language that nobody knows is left out."""
    known = tuple(language for language in dict.fromkeys(languages) if language not in {"", "und"})
    return Head(1, site=site, domains=domains_of(domain), language=known[:1], signs="".join(f"{sign}\n" for sign in signs))


def free_name(folder: Path, name: str) -> str:
    """A name that no rule file of a folder has yet: this one, or with `-more`, `-more-2`, … behind it. All of them hold."""
    stem = name.removesuffix(MORE)
    tried = chain([name, f"{stem}{MORE}"], (f"{stem}{MORE}-{number}" for number in count(2)))
    return next(one for one in tried if not (folder / f"{one}.toml").exists())


def write_new(folder: Path, name: str, text: str) -> Path:
    """Write a rule file where there is none yet."""
    path = folder / f"{name}.toml"
    if path.exists():
        raise UsageError(f"{str(path)!r} is there already and is left as it is; name another folder with -o, and move rules over by hand")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except (FileExistsError, NotADirectoryError):
        raise UsageError(f"{str(folder)!r} is no folder that {name!r} can be written to; name another one with -o") from None
    except OSError as problem:
        raise SurroundingsError(f"cannot write {str(path)!r}: {problem.strerror or problem}") from None
    return path
