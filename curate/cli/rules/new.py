"""`curate rules new`: a rule file for a site, with the lines you paste."""

import difflib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import click

from curate.cli.options import reading_options
from curate.cli.rules.suggest import Given, beside, cleaned, counted, given, mining_options, proposed, say, summary
from curate.document import Document, document_of_lines
from curate.errors import UsageError
from curate.formats.decode import decode
from curate.formats.inputs import STDIN
from curate.formats.pages import read_again
from curate.rules.format import POLICIES, Head, Rule, RuleFile
from curate.rules.load import in_force
from curate.text.folding import fold
from curate.workbench import keep
from curate.workbench.guess import Guesser
from curate.workbench.near_miss import near_miss
from curate.workbench.pasted import Seen, Standing, id_of, rule_of, signs_of, standing
from curate.workbench.repeated import UNSEEN, Page, page_of
from curate.workbench.selector_of import selectors_of
from curate.workbench.site_files import domain_of, free_name, head_of, name_of, write_new
from curate.workbench.suggest import UNSURE, Site
from curate.workbench.write import comments, render

_FOLDERS: Final = ("rules", "my-rules")
_LOOKED_AT: Final = 20  # HTML pages that are searched for the elements of pasted lines
_EXAMPLE: Final = "Please reload this page to be signed in automatically"


class _Written(NamedTuple):
    """A file as far as it goes, and the remarks on its rules."""

    file: RuleFile
    remarks: dict[str, tuple[str, ...]]

    def with_rule(self, rule: Rule, remarks: tuple[str, ...]) -> "_Written":
        return _Written(replace(self.file, rules=(*self.file.rules, rule)), {**self.remarks, rule.id: remarks})

    def id_of(self, text: str) -> str:
        """An id that none of the rules has."""
        return id_of(text, [rule.id for rule in self.file.rules])


@click.command()
@click.argument("domain", metavar="DOMAIN")
@click.argument("inputs", nargs=-1, metavar="[PAGES]...")
@click.option(
    "--line", "lines", multiple=True, metavar="TEXT", help="A line that shall go, pasted as it stands; may be given several times."
)
@click.option(
    "-o",
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False),
    help="Rule folder to write to. [default: rules if there is one, else my-rules]",
)
@mining_options
@reading_options
def command(domain: str, inputs: tuple[str, ...], lines: tuple[str, ...], out: str | None, **options: Any) -> int:  # noqa: ANN401  # click passes options by name
    """Write a rule file for the site DOMAIN: a host name, or the address of one of its pages.

    Each --line becomes an active rule: for the whole line, or for a part of one where it stands so in PAGES. From PAGES (files,
    folders, globs, - for standard input) come the head and, as experimental rules, what the pages repeat; see `curate rules suggest`.
    With neither the file is a beginning to be filled in. No file is written over: a site may have several, and all of them hold.
    """
    site = domain_of(domain)
    if not site:
        raise UsageError(f"{domain!r} is no domain: it is written like harbour.example, or as the address of a page")
    asked = given(inputs, options)
    documents = list(_of_site(site, cleaned(asked))) if inputs else []
    if inputs and not documents:
        raise UsageError(f"none of the pages is of {site}; without PAGES the file is written from --line alone")
    pages = [page_of(doc) for doc in documents]
    pasted = _pasted(lines)
    trial = _as_a_page(pasted, site, pages, asked)
    languages = [language for language, _ in Counter(page.language for page in pages).most_common()] or [str(trial.tags.get("lang", ""))]
    names = Counter(page.site_name for page in pages if page.site_name)
    named = min(names, key=lambda name: (-names[name], name), default="")
    head = head_of(site, languages, named, signs_of(pages, [named, site.partition(".")[0]]))
    file = RuleFile(free_name(Path(out or _folder()), name_of(site, asked.rules.sites)), head)
    written = _Written(file, {"": beside(file.name)})
    guess = Guesser(asked.rules.base, head.language[0] if head.language else "und")
    stands = [standing(line, pages) for line in pasted]
    for said in stands:
        rule = rule_of(said, written.id_of(said.text), guess(said.text), languages[0], Seen(len(pages), asked.today))
        written = written.with_rule(
            _tested(file, rule, said, languages[0], asked),
            (*([] if guess(said.text).recognised else [UNSURE]), *_elements(said, documents, asked)),
        )
        _tell(said, pages, trial)
        if rule.category in POLICIES:
            say(
                f"{rule.id} is a {rule.category}, which is a matter of taste: it goes only where `policies` names it, as in --preset strict"
            )
    if pages:
        proposal = proposed(Site(file.name, head), [_without(page, stands) for page in pages], asked, "experimental")
        say(f"{site}: {summary(proposal, asked.mining)}")
        for rule in proposal.file.rules:
            written = written.with_rule(replace(rule, id=written.id_of(rule.id)), proposal.remarks[rule.id])
    text = render(*written) + ("" if written.file.rules else _template(asked.today))
    path = write_new(Path(out or _folder()), file.name, text)
    click.echo(str(path))
    say(f"next: curate rules test {path}")
    if pages:
        say(f"      curate rules try {path} {' '.join(inputs)}")
    return 0


def _of_site(site: str, documents: Iterator[Document]) -> Iterator[Document]:
    """The pages that are of a site, or do not say of which; others are told."""
    strangers: Counter[str] = Counter()
    for doc in documents:
        if not doc.host or f".{doc.host}".endswith(f".{site}"):
            yield doc
        else:
            strangers[doc.host] += 1
    for host, number in sorted(strangers.items()):
        say(f"of {host} and not of {site}, so left out: {counted(number, 'page')}")


def _pasted(lines: Sequence[str]) -> list[str]:
    """The lines that were pasted, each once; a text of several lines is several."""
    said = [" ".join(part.split()) for line in lines for part in (line.split("\n") if line.strip() else [line])]
    for line in said:
        if not line or UNSEEN.search(line):
            raise UsageError(f"--line {line!r} has nothing in it, or what no page shows; paste a line of the page there")
    return list({fold(line): line for line in reversed(said)}.values())[::-1]


def _as_a_page(lines: Sequence[str], site: str, pages: Sequence[Page], asked: Given) -> Document:
    """The pasted lines as a page of their own after the rules in force: which of them are taken already, and the language."""
    doc = document_of_lines("\n".join(lines))
    doc.site, doc.id = site, "--line"
    doc.declared_lang = next((page.language for page in pages if page.language != "und"), "")
    return asked.settings.config.pipeline().run(doc)


def _tested(file: RuleFile, rule: Rule, said: Standing, language: str, asked: Given) -> Rule:
    """The rule with a `keeps` that it leaves alone; raises UsageError where it hits the keep-corpus."""
    body = keep.read(in_force(asked.folders))
    own = replace(file, rules=(rule,))
    for hit in keep.hits(body, [own])[:1]:
        where = f"{hit.keep.path}:{hit.keep.line}"
        raise UsageError(f"--line {said.text!r} would take a line that articles have: {hit.keep.text!r} ({where}); paste more of it")
    for sentence in (rule.keeps.strip(), near_miss(said.text, language, whole=False), near_miss("…", language)):
        if not keep.hits(keep.KeepCorpus((keep.KeepLine(language, sentence, "", 0),), ()), [own]):
            return replace(rule, keeps=f"{sentence}\n")
    raise UsageError(f"--line {said.text!r} would take any sentence; paste more of it")


def _elements(said: Standing, documents: Sequence[Document], asked: Given) -> tuple[str, ...]:
    """What the reader of a pasted line's rule may want to know: which elements of HTML pages it stands in."""
    html = list(_sources([doc for doc in documents if doc.is_html][:_LOOKED_AT], asked))
    found = selectors_of(html, said.text) if html else []
    if not found:
        return ()
    of = counted(len(html), "page")
    lines = [f"  {one.css}   on {one.pages} of {of}, with the line in it on {one.with_line}, {one.chars:,} characters" for one in found]
    return ("In the HTML it stands in these elements; `select` in the place of the line takes all that is in one:", *lines)


def _sources(documents: Sequence[Document], asked: Given) -> Iterator[str]:
    """The HTML of pages, read once more; what came through standard input is gone."""
    files = {file.name: file for file in asked.files}
    for doc in documents:
        if doc.source.path != STDIN:
            page = read_again(files, doc.source, asked.settings.reading).page
            yield page if isinstance(page, str) else decode(page, html=True).text


def _tell(said: Standing, pages: Sequence[Page], trial: Document) -> None:
    """Remarks on a pasted line: where it stands, what takes it already."""
    folded = fold(said.text)
    for change in trial.changes:
        if change.rule and trial.folded.lines[change.paragraph] == folded and not change.reports:
            say(f"--line {said.text!r}: {change.rule} takes it already")
            break
    if not pages:
        return
    if not said.pages:
        near = difflib.get_close_matches(folded, sorted({line for page in pages for line in page.folded}), n=1, cutoff=0.6)
        hint = f"; the nearest is {near[0]!r}" if near else ""
        say(f"--line {said.text!r} stands on none of {counted(len(pages), 'page')}{hint}. Its rule is for the whole line as pasted")
    elif said.longer:
        say(
            f"--line {said.text!r} is no line of its own: on {said.pages} of {counted(len(pages), 'page')} it stands in longer ones, "
            f"such as {said.longer[0][:100]!r}. See whether {said.key} is what you mean"
        )


def _without(page: Page, stands: Sequence[Standing]) -> Page:
    """A page whose pasted lines are spoken for."""
    spoken = {fold(said.text) for said in stands if said.key == "line"}
    parts = [fold(said.text) for said in stands if said.key != "line"]
    free = (
        free and line not in spoken and not any(part in line for part in parts) for free, line in zip(page.free, page.folded, strict=True)
    )
    return page._replace(free=tuple(free))


def _folder() -> str:
    return next((folder for folder in _FOLDERS if Path(folder).is_dir()), _FOLDERS[-1])


def _template(today: date) -> str:
    """A rule to be filled in, as a comment."""
    rule = Rule(
        id="signed-in",
        category="login-prompt",
        why="Session notice printed under every headline.",
        action="drop-line",
        line=f"{_EXAMPLE}\n",
        keeps=near_miss(_EXAMPLE, "en") + "\n",
        verified=today,
    )
    head = ("A rule is written like this; take the # away, and paste your own lines between the three quotes, one a line.",)
    shown = render(RuleFile("", Head(1), (rule,))).partition("[[rule]]")
    return "\n".join(["", *comments(head), *comments("".join(shown[1:]).strip().split("\n"))]) + "\n"
