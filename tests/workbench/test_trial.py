"""Rules tried on pages as if they were active, and what is counted of it."""

from dataclasses import replace

import pytest

from curate.document import Change, document_of_lines
from curate.errors import UsageError
from curate.fields import parse_toml
from curate.pipeline import Pipeline, Placed
from curate.rules.format import parse
from curate.rules.library import made_of
from curate.rules.match import Matching
from curate.workbench.keep import read
from curate.workbench.named import Found
from curate.workbench.trial import OTHERS, TRIED, Others, Tally, Tried, alone, hits_of_body_lines, line_numbers, pasted, places

STORY = ["The ferry was painted twice.", "The keeper keeps a tin of each colour.", "A heron stands on the lower chain."]


def file(text, name="generic/en/quay", head='language = ["en"]'):
    toml = parse_toml(f"schema = 1\n{head}\n{text}", "quay.toml")
    parsed = parse(toml, name)
    return Found(parsed, toml, tuple(range(len(parsed.rules))))


def rule(identity, said, action="drop-line", category="share-bar"):
    return f'[[rule]]\nid = "{identity}"\ncategory = "{category}"\nwhy = "Printed around the landing."\naction = "{action}"\n{said}\n'


def page(*lines, url="", lang="en", name="quay.txt"):
    doc = document_of_lines("\n".join(lines))
    doc.url, doc.id, doc.source = url, name, doc.source._replace(path=name)
    doc.tags["lang"] = lang
    return doc


def tried(found, pages, *, everywhere=False, others=(), show=20, seed=0):
    full = Matching(made_of([other.file for other in others]))
    only = alone(found)
    steps = [
        Placed(OTHERS, Others(full, (), tuple(sorted({*full.library.ids} & {*found.ids})))),
        Placed(TRIED, Tried(Matching(made_of([only])), full, only.group, everywhere)),
    ]
    pipeline, tally = Pipeline(steps), Tally(show, seed)
    for doc in pages:
        tally.add(pipeline.run(doc))
    return tally


def test_lines_pages_sites_and_characters_are_counted():
    tally = tried(
        file(rule("rate", "line = 'Rate it'")),
        [
            page(STORY[0], "Rate it", url="https://a.example/1"),
            page("Rate it", *STORY, "Rate it", url="https://b.example/1"),
            page(*STORY, url="https://b.example/2"),
            page("Rate it", STORY[0], lang="de"),
        ],
    )
    assert (tally.pages, tally.under, tally.hit, tally.lines, tally.cut) == (4, 3, 2, 3, 0)
    assert tally.sites == {"a.example": 1, "b.example": 2}
    assert (tally.chars, tally.chars_read) == (3 * 7, sum(map(len, STORY)) * 2 + 2 * len(STORY[0]) + 4 * 7)
    assert tally.rules == {"generic/en/quay#rate": (3, 2)}
    assert tally.most == (7 / 35, "quay.txt")


@pytest.mark.parametrize("status", ["experimental", "stale", "retired", "active"])
def test_a_rule_is_tried_as_active_whatever_its_status_and_policy(status):
    said = f"line = 'Words by Maud'\nwhere = {{ first = 2 }}\nstatus = '{status}'"
    assert tried(file(rule("by", said, category="byline")), [page("Words by Maud", *STORY)]).lines == 1


@pytest.mark.parametrize(
    ("url", "everywhere", "lines"),
    [("https://mill.example/", False, 1), ("https://quay.example/", False, 0), ("https://quay.example/", True, 1)],
)
def test_a_site_s_rule_is_tried_on_its_pages_or_on_everybody_s(url, everywhere, lines):
    found = file(rule("rate", "line = 'Rate it'"), "sites/m/mill", 'domains = ["mill.example"]')
    tally = tried(found, [page("Rate it", *STORY, url=url)], everywhere=everywhere)
    assert (tally.lines, tally.under) == (lines, lines)


def test_a_platform_s_rule_is_tried_where_a_site_in_force_uses_it():
    found = file(rule("rate", "line = 'Rate it'"), "platform/tide", 'signs = "Made with Tide"')
    site = file("", "sites/m/mill", 'domains = ["mill.example"]\nuses = ["platform/tide"]')
    pages = [page("Rate it", *STORY, url="https://mill.example/"), page("Rate it", *STORY), page("Rate it", "Made with Tide")]
    assert tried(found, pages, others=[found, site]).lines == 2


def test_what_a_site_overrides_is_not_tried_there_but_everywhere():
    found = file(rule("rate", "line = 'Rate it'"))
    site = file('[[override]]\nrule = "generic/en/quay#rate"\nwhy = "A column of ours."', "sites/m/mill", 'domains = ["mill.example"]')
    url = "https://mill.example/"
    assert tried(found, [page("Rate it", *STORY, url=url)], others=[found, site]).lines == 0
    assert tried(found, [page("Rate it", *STORY, url=url)], others=[found, site], everywhere=True).lines == 1


def test_lines_that_other_rules_take_anyway_are_told_and_the_rule_itself_is_no_other():
    found = file(rule("rate", "line = '''\nRate it\nMoor here\n'''"))
    other = file(rule("all", "line_starts = 'Rate'") + rule("not-yet", "line = 'Moor here'\nstatus = 'experimental'"), "generic/en/other")
    tally = tried(found, [page("Rate it", "Moor here", *STORY)], others=[found, other])
    assert (tally.lines, tally.also, tally.already) == (2, 1, {"generic/en/other#all": 1})
    assert [taken.others for taken in tally.examples] == [("generic/en/other#all",), ()]


def test_others_change_nothing():
    other = file(rule("all", "line_starts = 'Rate'"), "generic/en/other")
    doc = page("Rate it", "Rate that", *STORY)
    found = file(rule("rate", "line = 'Rate it'"))
    tried(found, [doc], others=[other])
    assert doc.kept == [1, 2, 3, 4]


def test_pages_that_are_emptied_are_named_and_pages_without_text_are_not():
    found = file(rule("rate", "line = 'Rate it'"))
    assert tried(found, [page("Rate it", "Rate it", name="all.txt"), page(name="none.txt")]).emptied == ["all.txt"]


def test_an_example_has_its_neighbours_and_what_is_left():
    found = file(rule("on", "line_ends = '(read on)'", "trim"))
    tally = tried(found, [page(STORY[0], "The ferry (read on)", STORY[1], url="https://a.example/")])
    [taken] = tally.examples
    assert (taken.place, taken.site, taken.rules) == ("quay.txt:2", "a.example", ("generic/en/quay#on",))
    assert (taken.before, taken.text, taken.left, taken.after) == (STORY[0], "The ferry (read on)", "The ferry", STORY[1])
    assert tally.cut == 1


def test_a_line_that_several_cuts_take_is_shown_as_it_stood():
    found = file(rule("run", "line = '''\nRate the boat\nMoor the boat\n'''"))
    [taken] = tried(found, [page("Rate the boat | Moor the boat", *STORY)]).examples
    assert (taken.text, taken.left) == ("Rate the boat | Moor the boat", "")


def test_examples_are_drawn_alike_for_a_seed_and_otherwise_for_another():
    found = file(rule("oar", "line_starts = 'Oar number'"))

    def drawn(seed):
        return [taken.text for taken in tried(found, [page(*(f"Oar number {n}" for n in range(200)))], show=5, seed=seed).examples]

    assert drawn(1) == drawn(1)
    assert len({*drawn(1)}) == 5
    assert drawn(1) != drawn(2)
    assert tried(found, [page("Oar number 1")], show=0).examples == []


def test_a_page_that_could_not_be_read_is_counted_by_its_reason():
    doc = page(*STORY)
    doc.outcome, doc.reason = "failed", "binary"
    tally = tried(file(rule("rate", "line = 'Rate it'")), [])
    tally.add(doc)
    assert (tally.pages, tally.failed, tally.chars_read) == (1, {"binary": 1}, 0)


def test_a_keep_by_itself_is_tried_as_a_drop_and_beside_others_it_keeps():
    keep, drop = rule("keep", "line = 'Rate it'", "keep"), rule("rate", "line_starts = 'Rate'")
    assert tried(file(keep), [page("Rate it", *STORY)]).lines == 1
    assert tried(file(keep + drop), [page("Rate it", "Rate that", *STORY)]).rules == {"generic/en/quay#rate": (1, 1)}


def test_a_file_without_rules_cannot_be_tried():
    with pytest.raises(UsageError, match=r"quay.toml has no rules"):
        alone(file(""))


@pytest.mark.parametrize("line", ["Rate “this” crossing", "x" * 500, "Rate it\nRate that"])
def test_a_pasted_line_drops_itself(line):
    doc = page(*line.split("\n"), *STORY)
    assert tried(pasted([line]), [doc], everywhere=True).lines == line.count("\n") + 1


@pytest.mark.parametrize("lines", [[], [""], ["Rate it", " \u00ad "]])
def test_a_pasted_line_of_nothing_is_refused(lines):
    with pytest.raises(UsageError, match="--line"):
        pasted(lines)


def test_lines_are_numbered_as_in_the_file_whatever_has_changed():
    doc = document_of_lines("\n\nOne\r\n\r\nTwo\rThree  \n")
    assert line_numbers(doc) == [3, 5, 6]
    doc.apply("x", [Change(0, 0, 3), Change(1, 0, 1, "two or t")])
    assert line_numbers(doc) == [3, 5, 6]
    assert line_numbers(document_of_lines("")) == []


def test_places_are_written_as_why_takes_them():
    doc = page("", *STORY[:1])
    assert places(doc) == ["quay.txt:2"]
    doc.format, doc.id = "jsonl", "r1"
    assert places(doc) == ["quay.txt:r1:0"]
    doc.format = "html"
    assert places(doc) == ["quay.txt:0"]


def test_body_lines_that_are_hit_are_told_but_for_exceptions_and_keeps(tmp_path):
    (tmp_path / "keep").mkdir()
    (tmp_path / "keep" / "en.txt").write_text("# share-bar\nRate it and be quiet, said the clerk.\nHe rows.\n")
    corpus = read([tmp_path])
    found = file(rule("rate", "line_starts = 'Rate it'"))
    assert [(hit.rule, hit.keep.line) for hit in hits_of_body_lines(corpus, found)] == [("generic/en/quay#rate", 2)]
    keeping = found._replace(file=replace(found.file, rules=(replace(found.file.rules[0], action="keep"),)))
    assert hits_of_body_lines(corpus, keeping) == []
    (tmp_path / "keep" / "exceptions.toml").write_text(
        '[[except]]\nrule = "generic/en/quay#rate"\nline = "Rate it and be quiet, said the clerk."\nwhy = "Worth more than the line."\n'
    )
    assert hits_of_body_lines(read([tmp_path]), found) == []
