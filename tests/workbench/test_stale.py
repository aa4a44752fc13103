"""What runs say of rules: those that could have fired and did not, and those that were switched off and could not."""

import msgspec
import pytest

from curate.errors import UsageError
from curate.fields import parse_toml
from curate.rules.format import parse
from curate.rules.load import Packs
from curate.workbench.stale import run_of, stale

RULE = """
[[rule]]
id = "{id}"
category = "{category}"
why = "Stands around the texts of the mill."
action = "drop-line"
line = "Ground twice a week"
"""
SITE, OTHER, GENERIC = "sites/m/mill.example", "sites/w/weir.example", "generic/en/share-bar"
HEADS = {SITE: 'domains = ["mill.example"]', OTHER: 'domains = ["weir.example"]', GENERIC: 'language = ["en"]'}


def rule(identity, more="", category="share-bar"):
    return RULE.format(id=identity, category=category) + more


def packs(**texts):
    """Rule files by what they are: site, other, generic."""
    names = {"site": SITE, "other": OTHER, "generic": GENERIC}
    tomls = {names[key]: parse_toml(f"schema = 1\n{HEADS[names[key]]}\n{text}", f"rules/{names[key]}.toml") for key, text in texts.items()}
    return Packs(tuple(parse(toml, name) for name, toml in tomls.items()), tomls, "hash", {})


def run(pages=20, rules=(), reports=(), files=None, **parameters):
    """A run with the site's file in force on so many pages, and what was counted of rules."""
    said = {
        "schema": 1,
        "rules": "hash",
        "rule_files": files or {SITE: pages},
        "steps": {"site-rules": {"rules": dict(rules), "reports": dict(reports)}},
        "config": {"step": [{"name": "site-rules", "store": False, **parameters}]},
    }
    return run_of(msgspec.json.encode(said), "run.json", 1)


def silent(files, *runs, at_least=20, generic=False):
    return [told.rule.partition("#")[2] for told in stale(files, runs, at_least, generic=generic).silent]


TOLLS = rule("tolls")


@pytest.mark.parametrize(
    ("label", "counted", "expected"),
    [
        ("never fired", run(), ["tolls"]),
        ("on fewer pages", run(19), []),
        ("fired", run(rules={f"{SITE}#tolls@2026.11": 1}), []),
        ("fired in a pack without a version", run(rules={f"{SITE}#tolls": 1}), []),
        ("reported, as a keep does", run(reports={f"{SITE}#tolls@2026.11": 1}), []),
        ("another rule fired", run(rules={f"{SITE}#toll@2026.11": 1}), ["tolls"]),
        ("switched off by the run", run(without=[f"{SITE}#tolls"]), []),
        ("in force on pages of another site", run(files={OTHER: 500}), []),
    ],
)
def test_a_rule_is_silent_when_it_could_have_fired(label, counted, expected):
    assert silent(packs(site=TOLLS), counted) == expected, label


def test_runs_add_up():
    assert silent(packs(site=TOLLS), run(10), run(10)) == ["tolls"]
    assert silent(packs(site=TOLLS), run(10), run(10, rules={f"{SITE}#tolls@1": 1})) == []
    assert silent(packs(site=TOLLS), run(10), run(10, without=[f"{SITE}#tolls"])) == []


@pytest.mark.parametrize(("policies", "expected"), [((), []), (("timestamp",), []), (("byline", "timestamp"), ["by"])])
def test_a_policy_that_was_off_could_not_fire(policies, expected):
    assert silent(packs(site=rule("by", category="byline")), run(policies=list(policies))) == expected


def test_a_rule_that_a_site_switches_off_could_not_fire_on_its_pages():
    override = f'[[override]]\nrule = "{GENERIC}#tolls"\nwhy = "A column is called so."\n'
    files = packs(generic=TOLLS, site=override, other="")
    assert silent(files, run(files={"generic/en": 30, SITE: 5}), generic=True) == ["tolls"]
    assert silent(files, run(files={"generic/en": 30, SITE: 15}), generic=True) == []


def test_generic_rules_are_left_out_unless_asked_for():
    counted = run(files={"generic/en": 500})
    assert silent(packs(generic=TOLLS), counted) == []
    assert silent(packs(generic=TOLLS), counted, generic=True) == ["tolls"]


@pytest.mark.parametrize(("status", "expected"), [("active", ["tolls"]), ("experimental", ["tolls"]), ("stale", []), ("retired", [])])
def test_what_is_known_to_be_out_of_use_is_not_silent_news(status, expected):
    found = stale(packs(site=rule("tolls", f'status = "{status}"\n')), [run()], 20)
    assert [told.rule.partition("#")[2] for told in found.silent] == expected
    assert found.already == (status == "stale")
    assert all(told.suggestion for told in found.silent)


def test_a_stale_rule_that_fires_again_is_named_wherever_it_stands():
    rules = rule("tolls", 'status = "stale"\n')
    found = stale(packs(site=rules, generic=rules), [run(1, rules={f"{SITE}#tolls@1": 2, f"{GENERIC}#tolls@1": 3})], 20)
    assert [(told.rule, told.times) for told in found.fires_again] == [(f"{SITE}#tolls", 2), (f"{GENERIC}#tolls", 3)]
    assert "active" in found.fires_again[0].suggestion


@pytest.mark.parametrize(("reports", "named"), [(19, False), (20, True)])
def test_an_experimental_rule_that_reports_often_is_a_candidate(reports, named):
    found = stale(packs(site=rule("tolls", 'status = "experimental"\n')), [run(reports={f"{SITE}#tolls@1": reports})], 20)
    assert [told.times for told in found.candidates] == [reports] * named
    assert found.silent == ()


def test_ids_that_have_changed_or_gone_are_told():
    counts = {f"{SITE}#toll@1": 3, f"{SITE}#tolls@2": 1, f"{SITE}#bridge@1": 2, "sites/x#y@1": 1}
    found = stale(packs(site=rule("tolls", 'was = ["toll"]\n')), [run(rules=counts)], 20)
    assert found.silent == ()
    assert [tuple(gone) for gone in found.gone] == [(f"{SITE}#bridge", 2, ""), (f"{SITE}#toll", 3, f"{SITE}#tolls"), ("sites/x#y", 1, "")]


def test_a_rule_switched_off_by_its_former_id_could_not_fire():
    assert silent(packs(site=rule("tolls", 'was = ["toll"]\n')), run(without=[f"{SITE}#toll"])) == []


def test_it_is_told_where_a_rule_stands_and_when_somebody_last_looked():
    [told] = stale(packs(site=TOLLS + rule("mill", "verified = 2025-01-02\n")), [run(rules={f"{SITE}#tolls": 1})], 20).silent
    assert (told.path, told.line, str(told.verified), told.pages) == (f"rules/{SITE}.toml", 12, "2025-01-02", 20)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "Input data was truncated"),
        (b"\xff", "is not what `curate clean` writes"),
        (b"[]", "Expected `object`, got `array`"),
        (b"{}", "is of record schema None"),
        (b'{"schema": 2}', "is of record schema 2, and this version reads 1; make the run again"),
        (b'{"schema": 1}', "missing required field"),
    ],
)
def test_what_is_no_run_is_an_error_in_words(data, said):
    with pytest.raises(UsageError, match=r"^runs/one/run\.json") as problem:
        run_of(data, "runs/one/run.json", 1)
    assert said in str(problem.value)


def test_no_runs_say_nothing():
    found = stale(packs(site=TOLLS), [], 20)
    assert (found.silent, found.looked_at, found.too_few) == ((), 0, 1)
