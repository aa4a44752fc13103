"""Rules suggested for a site: the lines that its pages repeat and that no rule in force takes, by kind and by place.

A suggestion is a proposal. It has been tried on the pages it comes from and on the keep-corpus, and what hit body text is not
in it; whether the rest should go, a person decides.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from curate.rules.format import MAX_CHARS, Category, Evidence, Head, Rule, RuleFile, Status, Where
from curate.text.prose import reads_as_prose
from curate.workbench.guess import FALLBACK, Guess
from curate.workbench.keep import KeepCorpus, KeepLine, hits
from curate.workbench.near_miss import near_miss
from curate.workbench.repeated import Line, Mining, Page, amid_sentences, different, like_a_headline, lines_of, recurs_in_articles
from curate.workbench.variants import Variants, by_names, by_numbers

SLACK: Final = 2  # times the place where a line was seen, for pages that begin or end with more
_STEP: Final = 5  # lines to which a place is rounded up
_EXAMPLES: Final = 3
_VAGUE: Final = frozenset({FALLBACK, "ui-status"})  # categories whose words an article may have for its parts: "Price", "Overview"


UNSURE: Final = "Nothing told the category; see whether another one fits."


class Candidate(NamedTuple):
    """Lines that one literal or pattern takes."""

    kind: str  # line; digits: a line with any numbers; names: a pattern
    literal: str
    lines: tuple[Line, ...]
    guess: Guess

    @property
    def pages(self) -> frozenset[int]:
        """The pages that it was seen on."""
        return frozenset[int]().union(*(line.pages for line in self.lines))


class Group(NamedTuple):
    """What candidates of one rule have in common."""

    category: Category
    kind: str
    edge: str  # top, end, or "" for anywhere
    longest: int | None


class Proposal(NamedTuple):
    """A file of suggested rules, remarks for its reader by rule id, and how many pages it comes of."""

    file: RuleFile
    remarks: Mapping[str, tuple[str, ...]]
    pages: int  # different ones
    copies: int  # left out
    chars: int  # of the pages' lines that the rules would take
    chars_read: int


class Site(NamedTuple):
    """What is known of a site before its pages are mined."""

    name: str  # of the rule file: sites/h/harbour.example
    head: Head


class Terms(NamedTuple):
    """What suggestions are held to, and what they say of themselves."""

    guess: Callable[[str], Guess]
    body: KeepCorpus
    mining: Mining
    today: date
    status: Status


class _Pages(NamedTuple):
    """Of the pages that rules are suggested from: how many, and their language."""

    of: int
    language: str


def suggest(site: Site, pages: Iterable[Page], terms: Terms) -> Proposal:
    """Rules for what some pages of a site repeat; the file has no rules where there are too few pages, or nothing repeats."""
    read = list(pages)[: terms.mining.most]
    some = different(read, terms.mining)
    found = list(candidates(some, terms.guess, terms.mining)) if len(some) >= terms.mining.of else []
    found = harmless(found, some, terms.body)
    rules, remarks = _rules(found, _Pages(len(some), _language(site.head)), terms)
    taken = {(place.page, place.number) for candidate in found for line in candidate.lines for place in line.places}
    chars = sum(len(some[page].lines[number]) for page, number in taken)
    read_chars = sum(len(line) for page in some for line in page.lines)
    return Proposal(RuleFile(site.name, site.head, tuple(rules)), remarks, len(some), len(read) - len(some), chars, read_chars)


def _language(head: Head) -> str:
    return head.language[0] if head.language else ""


def candidates(pages: Sequence[Page], guess: Callable[[str], Guess], mining: Mining) -> Iterator[Candidate]:
    """What stands on enough of the pages: patterns first, then lines that no pattern takes."""
    lines = lines_of(pages, mining)
    taken: set[str] = set()
    for kind, variants in (("digits", by_numbers(lines)), ("names", None)):
        for group in variants if variants is not None else by_names(line for folded, line in sorted(lines.items()) if folded not in taken):
            candidate = _of_variants(kind, group, guess)
            if _evident(candidate, len(pages), mining) and _ones_of_a_kind(candidate):
                yield candidate
                taken.update(line.folded for line in group.lines)
    for folded, line in sorted(lines.items()):
        if folded not in taken:
            candidate = Candidate("line", line.text, (line,), guess(line.text))
            if _evident(candidate, len(pages), mining):
                yield candidate


def _of_variants(kind: str, group: Variants, guess: Callable[[str], Guess]) -> Candidate:
    likeliest = max(group.lines, key=lambda line: (len(line.pages), line.text))
    return Candidate(kind, group.pattern or likeliest.text, group.lines, guess(likeliest.text))


def _evident(candidate: Candidate, of: int, mining: Mining) -> bool:
    """Whether it stands on enough pages: on more where it may be the article's own words."""
    seen, known = len(candidate.pages), candidate.guess.recognised
    if not (known and candidate.guess.category not in _VAGUE) and any(map(recurs_in_articles, candidate.lines)):
        return False
    prose = any(reads_as_prose(line.text) for line in candidate.lines)
    if prose and not known and candidate.kind != "line":  # reports that a machine writes differ in their numbers only
        return False
    needed = [mining.pages, mining.share * of]
    strange = not known and (candidate.kind != "line" or any(map(amid_sentences, candidate.lines)))
    # One word anywhere is a menu's and a heading's, and beside another one the engine takes both for a run of lines.
    loose = not known and not _edge(candidate, mining) and any(" " not in line.folded for line in candidate.lines)
    if strange or prose or loose:
        needed += [mining.prose_pages, mining.prose_share * of]
    elif not known and any(map(like_a_headline, candidate.lines)):
        needed += [mining.headline_pages, mining.prose_share * of]
    return seen >= max(needed)


def _ones_of_a_kind(candidate: Candidate) -> bool:
    """Whether each page has the line about once: one that has many is a list of its own, of chapters or of figures."""
    places = sum(len(line.places) for line in candidate.lines)
    return candidate.guess.recognised or places < SLACK * len(candidate.pages)


def harmless(found: Sequence[Candidate], pages: Sequence[Page], body: KeepCorpus) -> list[Candidate]:
    """The candidates that hit neither the keep-corpus nor, on the pages themselves, a title or a sentence that they do not mean."""
    meant = {line.folded for candidate in found for line in candidate.lines}
    both = ((line, folded) for page in pages for line, folded in zip(page.lines, page.folded, strict=True))
    texts = {line for line, folded in both if folded not in meant and reads_as_prose(line)}
    texts |= {page.title for page in pages if page.title}
    lines = (*body.lines, *(KeepLine("", text, "", 0) for text in sorted(texts)))
    rules = tuple(_rule(candidate, f"c{number}") for number, candidate in enumerate(found))
    file = RuleFile("sites/trial", Head(1, domains=("trial.example",)), rules)
    hit = {one.rule.partition("#")[2] for one in hits(KeepCorpus(lines, ()), [file])}
    return [candidate for number, candidate in enumerate(found) if f"c{number}" not in hit]


def _rule(candidate: Candidate, identity: str) -> Rule:
    """A candidate as a rule of its own."""
    longest = max(len(line.text) for line in candidate.lines)
    return Rule(
        id=identity,
        category=candidate.guess.category,
        why="Tried on its own.",
        action="drop-line",
        line="" if candidate.kind == "names" else candidate.literal,
        line_regex=candidate.literal if candidate.kind == "names" else "",
        digits="any" if candidate.kind == "digits" else "exact",
        max_chars=_longest(longest),
    )


def _longest(chars: int) -> int | None:
    """The `max_chars` that a rule for lines of so many characters needs."""
    return None if chars <= MAX_CHARS else -(-chars // 100) * 100


def _rules(found: Iterable[Candidate], pages: _Pages, terms: Terms) -> tuple[list[Rule], dict[str, tuple[str, ...]]]:
    """One rule for all candidates of a category, a kind and a place; and remarks by rule id."""
    groups: defaultdict[Group, list[Candidate]] = defaultdict(list)
    for candidate in found:
        longest = _longest(max(len(line.text) for line in candidate.lines))
        groups[Group(candidate.guess.category, candidate.kind, _edge(candidate, terms.mining), longest)].append(candidate)
    rules, remarks = [], {}
    names: Counter[str] = Counter()
    for group, members in sorted(groups.items(), key=lambda item: (*item[0][:3], item[0].longest or 0)):
        name = "-".join(filter(None, (group.category, {"digits": "numbers", "names": "names"}.get(group.kind, ""), group.edge)))
        names[name] += 1
        identity = name if names[name] == 1 else f"{name}-{names[name]}"
        rules.append(_grouped(group, members, identity, pages, terms))
        remarks[identity] = _remarks(members, pages.of)
    return rules, remarks


def _edge(candidate: Candidate, mining: Mining) -> str:
    """The edge of the page that a candidate's lines keep to: the one they stand nearer to, for others' pages may be longer."""
    places = [place for line in candidate.lines for place in line.places]
    below, above = max(place.number + 1 for place in places), max(place.from_end for place in places)
    if min(below, above) > mining.edge:
        return ""
    return "top" if below <= above else "end"


def _grouped(group: Group, members: Sequence[Candidate], identity: str, pages: _Pages, terms: Terms) -> Rule:
    literals = sorted({candidate.literal for candidate in members})
    places = [place for candidate in members for line in candidate.lines for place in line.places]
    first = _rounded(max(place.number + 1 for place in places)) if group.edge == "top" else None
    last = _rounded(max(place.from_end for place in places)) if group.edge == "end" else None
    seen = len(frozenset[int]().union(*(candidate.pages for candidate in members)))
    shortest = min((line.text for candidate in members for line in candidate.lines), key=lambda text: (len(text), text))
    examples = [line.text for candidate in members for line in candidate.lines[:_EXAMPLES]] if group.kind != "line" else []
    block = "".join(f"{literal}\n" for literal in literals)
    return Rule(
        id=identity,
        category=group.category,
        why=f"{_WHAT[group.kind]} {seen} of {pages.of} pages of the site{_WHERE[group.edge]}.",
        action="drop-line",
        line="" if group.kind == "names" else block,
        line_regex=block if group.kind == "names" else "",
        digits="any" if group.kind == "digits" else "exact",
        where=Where(first, last),
        max_chars=group.longest,
        drops="".join(f"{line}\n" for line in sorted(set(examples) - set(literals))),
        keeps=near_miss(shortest, pages.language) + "\n",
        status=terms.status,
        evidence=Evidence(seen, pages.of, terms.today),
    )


_WHAT: Final = {"line": "Repeated on", "digits": "Repeated, with other numbers, on", "names": "Repeated, with other names, on"}
_WHERE: Final = {"top": ", near the top", "end": ", near the bottom", "": ""}


def _rounded(place: int) -> int:
    """A place with room for pages that have more above it or below it."""
    return -(-SLACK * place // _STEP) * _STEP


def _remarks(members: Sequence[Candidate], of: int) -> tuple[str, ...]:
    """How many of the rule's literals stand on how many pages."""
    counts = Counter(len(candidate.pages) for candidate in members)
    said = ", ".join(f"{number} on {pages}" for pages, number in sorted(counts.items(), reverse=True))
    unsure = not any(candidate.guess.recognised for candidate in members)
    return (f"Literals by pages: {said} of {of}.", *([UNSURE] if unsure else []))
