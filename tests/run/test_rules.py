"""A changed rule file cleans those pages again that it can touch, and what it leaves alone is as a fresh run would write it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest import mock

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from curate.corpus.site_lines import SiteLines
from curate.document import Document, document_of_lines
from curate.errors import ConfigError, PageError
from curate.filters import site_rules
from curate.filters.min_chars import MinChars
from curate.filters.site_rules import SiteRules
from curate.formats.html import parse
from curate.formats.limits import Limits
from curate.formats.pages import failed
from curate.pipeline import Pipeline, Placed
from curate.rules import cache
from curate.rules import library as libraries
from curate.run.rows import clean_row, ledger_row, made, page_row
from curate.run.rules import Under, Watch, touched

STORY: Final = "The ferry was tied up for a second winter, the harbour board announced on the quay."
SHORT, LONG = "Rate this tide", "Send this tide to all your friends"
PRESS, QUAY = "Kept afloat by TidePress", "Moored with the Quay Courier since spring"

GENERIC, FRENCH, PLATFORM, SITE = "generic/en/tides", "generic/fr/marees", "platform/tidepress", "sites/q/quay.example"


@dataclass(frozen=True)
class Told:
    """A step that says the language which a page states."""

    def describe(self, doc: Document) -> Mapping[str, str | float]:
        return {"lang": doc.declared_lang}


def rule(identity: str, line: str = SHORT, action: str = "drop-line", **more: str) -> str:
    said = {"id": identity, "category": "share-bar", "why": "Stands below every headline.", "action": action, "line": line, **more}
    return "\n[[rule]]\n" + "".join(f"{key} = '{value}'\n" for key, value in said.items() if value)


def selecting(identity: str) -> str:
    return rule(identity, line="", select=".tides") + "guard = { max_share = 1.0 }\n"


def head(name: str, **more: Any) -> str:
    kind, _, rest = name.partition("/")
    said = {
        "generic": {"language": [rest.partition("/")[0].replace("any", "*")]},
        "platform": {"signs": PRESS},
        "sites": {"domains": [rest.rpartition("/")[2]]},
    }[kind]
    return "schema = 1\n" + "".join(f"{key} = {msgspec.json.encode(value).decode()}\n" for key, value in {**said, **more}.items())


def write(folder: Path, files: Mapping[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        path = folder / f"{name}.toml" if "/" in name else folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(autouse=True, scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory):
    """No built-in packs behind the folders, and nothing that is kept from one run for the next."""
    none = tmp_path_factory.mktemp("none")
    with mock.patch("curate.rules.load.built_in", return_value=none), mock.patch.object(cache, "write"):
        forget()
        yield
        forget()


def forget() -> None:
    """What another process would know."""
    libraries.of_folders.cache_clear()
    site_rules._made.cache_clear()
    site_rules._rules.cache_clear()


def pipeline(*folders: Path, late: bool = False) -> Pipeline:
    """Rules, and the language, which is told first unless it comes `late`."""
    forget()
    steps = [Placed("told", Told()), Placed("site-rules", SiteRules(tuple(map(str, folders))))]
    return Pipeline(steps[::-1] if late else steps)


@dataclass(frozen=True)
class Page:
    """A page as it lies there."""

    lines: Sequence[str] = (SHORT, STORY)
    url: str = "https://quay.example/1"
    lang: str = "en"
    html: bool = False
    generator: str = ""

    def read(self, using: Pipeline, limits: Limits) -> Document:
        if self.html:
            about = f'<html lang="{self.lang}"><meta name="generator" content="{self.generator}">'
            body = "".join(f"<p><span class=tides>{line}</span> and so on<p>{line}" for line in self.lines)
            return parse(f"{about}<title>Tides</title>{body}".encode(), limits, using.selectors, url=self.url)
        doc = document_of_lines("\n".join(self.lines))
        doc.url, doc.declared_lang = self.url, self.lang
        return doc


def clean(pages: Sequence[Page], using: Pipeline, limits: Limits = Limits()) -> tuple[list[bytes], Under]:  # noqa: B008  # frozen
    """The rows of some pages, and what they were under."""
    watch, making, rows = Watch(using), made(using), []
    for number, page in enumerate(pages):
        try:
            doc = using.run(page.read(using, limits))
        except PageError as problem:
            doc = failed(str(number), 0, "html", problem)
        doc.doc = str(number)
        watch.add(doc)
        said: list[Any] = [page_row(doc, full=True), *(ledger_row(doc, applied, full=True) for applied in doc.changes)]
        said += [clean_row(doc, making)] if doc.outcome == "kept" else []
        rows += [msgspec.json.encode(row) for row in said]
    return rows, watch.under()


# What a change does to pages.

RULES: Final = {
    GENERIC: head(GENERIC) + rule("rate"),
    FRENCH: head(FRENCH) + rule("notez", "Notez cette marée"),
    PLATFORM: head(PLATFORM) + rule("kept", PRESS),
    SITE: head(SITE) + rule("moored", QUAY),
}
EN, ELSEWHERE = Page(), Page(url="https://mill.example/1")
NOWHERE, UNKNOWN = Page(url=""), Page(lang="und")
AFLOAT = Page(lines=(PRESS, STORY), url="https://mill.example/1")
MADE = Page(url="https://mill.example/1", html=True, generator="TidePress 6")
BASQUE = Page(lang="eu")
CASTLE = "sites/c/castle.example"
CHANGES: Final = [
    ("a rule of the page's site", EN, {SITE: head(SITE) + rule("moored", SHORT)}, True),
    ("a rule of another site", ELSEWHERE, {SITE: head(SITE) + rule("moored", SHORT)}, False),
    ("a rule of a site, for a page of no known site", NOWHERE, {SITE: head(SITE) + rule("moored", LONG)}, True),
    ("a rule of the page's language", EN, {GENERIC: head(GENERIC) + rule("rate", LONG)}, True),
    ("a rule of another language", EN, {FRENCH: head(FRENCH) + rule("notez", SHORT)}, False),
    ("a rule of a language, for a page of none", UNKNOWN, {FRENCH: head(FRENCH) + rule("notez", SHORT)}, True),
    ("a rule of a language, for a page of none and of no known site", Page(lang="und", url=""), {FRENCH: head(FRENCH)}, True),
    ("a rule of another site, for a page of no known language", UNKNOWN, {CASTLE: head(CASTLE) + rule("a", LONG)}, False),
    ("a rule of another language, for a page of no known site", NOWHERE, {FRENCH: head(FRENCH)}, False),
    ("a rule of a platform that is not the page's", EN, {PLATFORM: head(PLATFORM) + rule("kept", SHORT)}, False),
    ("a rule of a platform that the page's own lines tell", AFLOAT, {PLATFORM: head(PLATFORM) + rule("kept", SHORT)}, True),
    ("another sign of a platform", EN, {PLATFORM: head(PLATFORM, signs=SHORT) + rule("kept", PRESS)}, True),
    ("a generator of a platform", MADE, {PLATFORM: head(PLATFORM, generator="TidePress") + rule("kept", PRESS)}, True),
    ("a new platform", EN, {"platform/ebb": head("platform/ebb") + rule("kept", SHORT)}, True),
    ("a new platform of another domain only", EN, {"platform/ebb": head("platform/ebb", signs="", domains=["mill.example"])}, False),
    ("a new platform of the page's domain only", EN, {"platform/ebb": head("platform/ebb", signs="", domains=["quay.example"])}, True),
    ("another domain of a platform, the page's", EN, {PLATFORM: head(PLATFORM, domains=["quay.example"]) + rule("kept", PRESS)}, True),
    ("another domain of a platform", EN, {PLATFORM: head(PLATFORM, domains=["mill.example"]) + rule("kept", PRESS)}, False),
    ("a new file of the page's language", EN, {"generic/en/ebbs": head("generic/en/ebbs") + rule("ebb")}, True),
    ("a new file of all languages", EN, {"generic/any/ebbs": head("generic/any/ebbs") + rule("ebb")}, True),
    ("a new language, the page's", BASQUE, {"generic/eu/ebbs": head("generic/eu/ebbs") + rule("ebb")}, True),
    ("a new language", EN, {"generic/eu/ebbs": head("generic/eu/ebbs") + rule("ebb")}, False),
    ("a new file of the page's site", EN, {"sites/q/more": head("sites/q/more", domains=["quay.example"])}, True),
    ("a new site", EN, {CASTLE: head(CASTLE) + rule("a")}, False),
    ("a site that takes in the page's domain", ELSEWHERE, {SITE: head(SITE, domains=["quay.example", "mill.example"])}, True),
    ("a site with the page's host alone", EN, {CASTLE: head(CASTLE, domains=["=quay.example"])}, True),
    ("a site with a host beside the page's", EN, {CASTLE: head(CASTLE, domains=["=www.quay.example"])}, False),
    ("a site above the page's host", Page(url="https://en.mill.example"), {CASTLE: head(CASTLE, domains=["mill.example"])}, True),
    ("a site that signs of the page tell, which has an address", EN, {CASTLE: head(CASTLE, signs=SHORT)}, False),
    ("a site that signs of the page tell, which has none", NOWHERE, {CASTLE: head(CASTLE, signs=SHORT)}, True),
    ("another reason for a rule", EN, {GENERIC: RULES[GENERIC].replace("below every", "above every")}, False),
    ("an example for a rule", EN, {GENERIC: RULES[GENERIC] + "keeps = 'She said: rate this tide, and left.'\n"}, False),
    ("the day a rule was seen to be needed", EN, {GENERIC: RULES[GENERIC] + "verified = 2026-11-02\n"}, False),
    ("the place of a rule", EN, {GENERIC: RULES[GENERIC] + "where = { first = 8 }\n"}, True),
    ("a rule that is only tried", EN, {GENERIC: RULES[GENERIC] + "status = 'experimental'\n"}, True),
    ("the version of the pack", EN, {"pack.toml": 'name = "tides"\nversion = "2"\n'}, True),
    ("no file of the page's site any more", EN, {SITE: ""}, True),
    ("no file of another site any more", ELSEWHERE, {SITE: ""}, False),
]


@pytest.mark.parametrize(("page", "change", "expected"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
def test_a_page_is_touched_by(tmp_path: Path, page: Page, change: dict[str, str], expected: bool):  # noqa: FBT001  # a column
    before = pipeline(write(tmp_path / "before", RULES))
    rows, under = clean([page], before)
    assert not touched(under, before)
    now = pipeline(write(tmp_path / "now", {name: text for name, text in {**RULES, **change}.items() if text}))
    assert touched(under, now) == expected
    again, afterwards = clean([page], now)
    assert expected or again == rows
    assert not touched(afterwards, now)
    assert (afterwards.files, afterwards.groups, afterwards.tells) != (under.files, under.groups, under.tells) or not expected


def test_what_a_page_was_under_is_read_back_as_it_was_written(tmp_path: Path):
    _, under = clean([EN, NOWHERE, AFLOAT], pipeline(write(tmp_path, RULES)))
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(under)), Under) == under


def test_files_that_change_places_between_folders_touch_the_pages_of_both(tmp_path: Path):
    other = "platform/ebb"
    files = {**RULES, other: head(other) + rule("kept", PRESS)}
    first = [write(tmp_path / "own", {PLATFORM: files.pop(PLATFORM)}), write(tmp_path / "rest", files)]
    own = {other: files.pop(other)}
    second = [write(tmp_path / "own two", own), write(tmp_path / "rest two", {**files, PLATFORM: RULES[PLATFORM]})]
    (rows, under), (_, apart) = clean([AFLOAT], pipeline(*first)), clean([ELSEWHERE], pipeline(*first))
    now = pipeline(*second)
    assert touched(under, now)
    assert clean([AFLOAT], now)[0] != rows
    assert not touched(apart, now)


@pytest.mark.parametrize("uses", [[], ["generic/en"]], ids=["by itself", "with a site that uses its pack"])
@pytest.mark.parametrize("page", [BASQUE, EN], ids=["without a pack", "with a pack"])
def test_a_language_that_is_told_behind_the_rules_came_too_late_for_them(tmp_path: Path, page: Page, uses: list[str]):
    before = {**RULES, SITE: head(SITE, uses=uses)}
    _, under = clean([page], pipeline(write(tmp_path / "before", before), late=True))
    change = {FRENCH: head(FRENCH) + rule("notez", SHORT)}
    assert touched(under, pipeline(write(tmp_path / "now", {**before, **change}), late=True))


def test_a_page_that_fails_by_what_selectors_part_is_touched_by_any_rule(tmp_path: Path):
    limits, page = Limits(paragraphs=4), Page(lines=(SHORT, STORY), html=True)
    before = {**RULES, SITE: head(SITE) + selecting("tides")}
    rows, under = clean([page], pipeline(write(tmp_path / "before", before)), limits)
    now = pipeline(write(tmp_path / "now", RULES))
    assert touched(under, now)
    assert clean([page], now, limits)[0] != rows


def test_a_page_of_which_nothing_was_left_for_the_rules_was_parted_by_their_selectors(tmp_path: Path):
    def emptying(rules: Mapping[str, str]) -> Pipeline:
        folder = write(tmp_path / str(len(list(tmp_path.iterdir()))), rules)
        return Pipeline([Placed("min-chars", MinChars(10_000)), *pipeline(folder).steps])

    page, before = Page(html=True), emptying({**RULES, SITE: head(SITE) + selecting("tides")})
    rows, under = clean([page], before)
    now = emptying(RULES)
    assert touched(under, now)
    assert clean([page], now)[0] != rows
    assert not touched(under, emptying({**RULES, SITE: head(SITE) + selecting("tides"), GENERIC: head(GENERIC)}))


@pytest.mark.parametrize("reason", ["binary", "limit bytes", "broken JSON"])
def test_a_page_that_fails_before_rules_are_asked_is_touched_by_none(tmp_path: Path, reason: str):
    watch = Watch(pipeline(write(tmp_path / "before", RULES)))
    watch.add(failed("boat.html", 0, "html", PageError(reason, "found something")))
    assert not touched(watch.under(), pipeline(write(tmp_path / "now", {GENERIC: head(GENERIC)})))


def test_rules_behind_the_corpus_steps_have_not_been_at_work_when_a_shard_is_cleaned(tmp_path: Path):
    folder = write(tmp_path / "before", RULES)
    behind = Pipeline([Placed("site-lines", SiteLines()), *pipeline(folder).steps])
    watch = Watch(behind)
    watch.add(behind.run_before(EN.read(behind, Limits())))
    change = {FRENCH: head(FRENCH) + rule("notez", SHORT)}
    assert touched(watch.under(), pipeline(write(tmp_path / "now", {**RULES, **change})))


def test_a_pipeline_without_rules_is_touched_by_none():
    nothing = Pipeline([Placed("told", Told())])
    _, under = clean([EN, NOWHERE], nothing)
    assert under == Under()
    assert not touched(under, nothing)


def test_a_row_names_the_rules_that_can_touch_its_page_and_no_others(tmp_path: Path):
    def named(change: Mapping[str, str], *pages: Page) -> list[str]:
        using = pipeline(write(tmp_path / str(len(list(tmp_path.iterdir()))), {**RULES, CASTLE: head(CASTLE), **change}))
        said = made(using)
        return [said(using.run(page.read(using, Limits()))).rules for page in pages]

    pages = [EN, ELSEWHERE, NOWHERE, UNKNOWN]
    before = named({}, *pages)
    assert len(set(before)) == len(pages)
    site, french = named({SITE: head(SITE)}, *pages), named({FRENCH: head(FRENCH)}, *pages)
    assert [one == other for one, other in zip(before, site, strict=True)] == [False, True, False, False]
    assert [one == other for one, other in zip(before, french, strict=True)] == [True, True, True, False]


# Any change of any file.

LINES: Final = (SHORT, LONG, PRESS, QUAY, STORY, f"{SHORT} | {SHORT}")
HOSTS: Final = ("quay.example", "www.quay.example", "mill.example")
GENERATORS: Final = ("", "TidePress 6", "Ebb")
NAMES: Final = (
    *("generic/en/tides", "generic/en/ebbs", "generic/fr/marees", "generic/eu/itsasoa", "generic/any/bells"),
    *("platform/tidepress", "platform/ebb", "sites/q/quay.example", "sites/m/mill.example", "sites/q/more"),
)


@st.composite
def rule_texts(draw: st.DrawFn, name: str) -> str:
    """A rule file of a name: how it is told, and a rule or two."""
    kind, more = name.partition("/")[0], {}
    if kind != "generic":
        more["signs"] = draw(st.sampled_from(["", SHORT, PRESS, QUAY]))
        more["uses"] = draw(st.lists(st.sampled_from(["generic/fr", "platform/ebb", "sites/m/mill.example"]), max_size=1))
        domains = [*HOSTS, *(f"={host}" for host in HOSTS)]
        more["domains"] = draw(st.lists(st.sampled_from(domains), min_size=kind == "sites", max_size=2, unique=True))
    if kind == "platform":
        more["generator"] = draw(st.sampled_from(["", "TidePress", "ebb"]))
    text = head(name, **more)
    for number in range(draw(st.integers(0, 2))):
        action, key = draw(st.sampled_from(["drop-line", "drop-line", "keep", "trim"])), draw(st.sampled_from(["line", "line_ends"]))
        text += rule(f"r{number}", action=action, **{"line": "", key: draw(st.sampled_from(LINES))})
        text += draw(st.sampled_from(["", "", "was = ['tide']\n" if not number else "", "digits = 'any'\n", "status = 'experimental'\n"]))
    if kind != "generic" and draw(st.booleans()):
        text += selecting("select")
    if kind == "sites" and draw(st.booleans()):
        of = draw(st.sampled_from(["generic/en/tides#r0", "platform/ebb#tide", "platform/tidepress#r0"]))
        text += f"\n[[override]]\nrule = '{of}'\nwhy = 'The tide is in the news here.'\n"
    return text


@st.composite
def changed_rules(draw: st.DrawFn) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The files of two folders, and those after one or two of them have come, gone, changed or moved."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=len(NAMES), unique=True))
    before: list[dict[str, str]] = [{}, {}]
    for name in names:
        before[draw(st.integers(0, 1))][name] = draw(rule_texts(name))
    now = [dict(folder) for folder in before]
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=2, unique=True)):
        here = 0 if name in now[0] else 1
        what = draw(st.sampled_from(["change", "change", "move", "remove"]))
        text = now[here].pop(name, "")
        if what == "change" or (what == "move" and not text):
            now[here][name] = draw(rule_texts(name))
        elif what == "move":
            now[1 - here][name] = text
    return before, now


pages_of_all_kinds = st.builds(
    Page,
    lines=st.lists(st.sampled_from(LINES), max_size=4).map(lambda lines: (*lines, STORY)),
    url=st.sampled_from(["", *(f"https://{host}/1" for host in HOSTS)]),
    lang=st.sampled_from(["en", "en", "fr", "eu", "und"]),
    html=st.booleans(),
    generator=st.sampled_from(GENERATORS),
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(
    rules=changed_rules(), pages=st.lists(pages_of_all_kinds, min_size=1, max_size=2), late=st.booleans(), limit=st.sampled_from([12, 100])
)
def test_what_is_not_touched_comes_out_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    rules: tuple[list[dict[str, str]], list[dict[str, str]]],
    pages: list[Page],
    late: bool,  # noqa: FBT001  # drawn
    limit: int,
):
    top, limits = tmp_path_factory.mktemp("rules"), Limits(paragraphs=limit)
    before, now = (
        [write(top / f"{when}{number}", files) for number, files in enumerate(folders)]
        for when, folders in zip(("before", "now"), rules, strict=True)
    )
    try:
        rows, under = clean(pages, pipeline(*before, late=late), limits)
        using = pipeline(*now, late=late)
    except ConfigError:
        assume(False)
    if not touched(under, using):
        assert clean(pages, using, limits)[0] == rows


# A whole run.

ENDING: Final = {
    "by itself": '[[step]]\nname = "language"\n[[step]]\nname = "site-rules"\n',
    "across documents": '[[step]]\nname = "language"\n[[step]]\nname = "site-rules"\n[[step]]\nname = "duplicate-paragraphs"\n',
    "rules last": '[[step]]\nname = "language"\n[[step]]\nname = "duplicate-paragraphs"\n[[step]]\nname = "site-rules"\n',
}
TOWNS: Final = ("quay", "mill", "castle", "bridge", "market", "chapel", "ferry", "heron")


@pytest.mark.parametrize("steps", ENDING.values(), ids=ENDING)
def test_a_second_run_cleans_the_shards_that_a_rule_touches_and_writes_what_a_fresh_one_would(tmp_path: Path, curate: Any, steps: str):
    for town in TOWNS:
        lines = [SHORT, f"Rate this {town}", *(f"{STORY} In {town} they heard it {number} times." for number in range(3))]
        write(tmp_path / "pages" / f"{town}.example", {"page.txt": "\n".join(lines)})
    config = write(tmp_path, {"run.toml": f"[input]\nshard_bytes = 1\nsite_from = 'folder'\n{steps}"}) / "run.toml"
    rules = write(tmp_path / "rules", RULES)

    def run(out: str) -> dict[str, bytes]:
        forget()
        ran = curate("clean", tmp_path / "pages", "-o", tmp_path / out, "--config", config, "--rules", rules, "--workers", 1)
        assert ran.code == 0, ran.err
        return {path.name: path.read_bytes() for path in (tmp_path / out).glob("*.jsonl")}

    def cleaned() -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in (tmp_path / "out" / ".curate" / "clean").iterdir()}

    before, shards = run("out"), cleaned()
    write(rules, {"sites/m/mill.example": head("sites/m/mill.example") + rule("rate", "Rate this mill")})
    after = run("out")
    assert after != before
    assert after == run("fresh")
    again = {name for name, inode in cleaned().items() if inode != shards[name]}
    assert len(shards) > 1
    assert len(again) == (len(shards) if steps == ENDING["rules last"] else 1)
