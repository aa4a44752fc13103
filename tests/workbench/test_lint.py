"""What lint finds in rules that can be read, and what it lets pass."""

from datetime import date
from pathlib import Path

import pytest

from curate.document import document_of_lines
from curate.rules.load import read_all
from curate.workbench import keep
from curate.workbench.findings import Finding
from curate.workbench.lint import failing, lint, never_first
from curate.workbench.shadows import watch

TODAY = date(2026, 11, 2)
HEADS = {"generic": 'schema = 1\nlanguage = ["{lang}"]\n', "platform": 'schema = 1\nlanguage = ["en"]\n', "sites": "schema = 1\n"}
RULE = """
[[rule]]
id = "{id}"
category = "share-bar"
why = "Stands below every headline."
action = "drop-line"
{said}
"""
KEEPS = "keeps = '''\nThe ferry is late.\n'''\n"


def rule(said, identity="tide", keeps=KEEPS):
    return RULE.format(id=identity, said=said) + keeps


def pack(folder: Path, **files: str) -> Path:
    """A rule folder; files by their names, with _ for /, written with the head of their kind."""
    for name, rules in files.items():
        path = folder / f"{name.replace('_', '/')}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        lang = path.parent.name
        head = HEADS[name.partition("_")[0]].format(lang="*" if lang == "any" else lang)
        if name.startswith("sites"):
            head += f'domains = ["{path.stem}.example"]\nlanguage = ["en"]\n'
        path.write_text(head + rules, encoding="utf-8")
    return folder


def found(folder: Path, *names: str) -> list[Finding]:
    packs = read_all([folder])
    return lint(packs, frozenset(names or packs.tomls), keep.read([folder]), TODAY)


def said(folder: Path, *names: str) -> list[tuple[str, str, bool]]:
    return [(one.rule, one.check, one.note) for one in found(folder, *names)]


def line(text, **more):
    return rule("".join(f"{key} = {value}\n" for key, value in {"line": f"'''\n{text}\n'''", **more}.items()))


def test_a_sound_rule_has_none(tmp_path):
    assert found(pack(tmp_path, generic_en_share=line("Follow the ferry"))) == []


def test_no_rules_have_none(tmp_path):
    assert found(tmp_path) == []


class TestDuplicates:
    @pytest.mark.parametrize("again", ["Follow the ferry", "FOLLOW the  ferry", "Follow the\u00a0ferry"])
    def test_a_line_that_its_own_rule_says_again_is_one_whatever_its_shape(self, tmp_path, again):
        [one] = found(pack(tmp_path, generic_en_share=line(f"Follow the ferry\nHail it\n{again}")))
        assert (one.check, one.note) == ("duplicate", False)
        text = Path(one.path).read_text(encoding="utf-8").split("\n")
        assert text[one.line - 1] == again
        assert one.line == text.index("Hail it") + 2, "the later one is to go"

    def test_of_two_rules_the_later_one_is_told(self, tmp_path):
        [one] = found(pack(tmp_path, generic_en_share=line("Follow the ferry"), generic_en_ui=line("Follow the ferry")))
        assert one.rule == "generic/en/ui#tide"
        assert "generic/en/share#tide says it already" in one.message

    def test_the_narrower_one_is_told_though_it_comes_first(self, tmp_path):
        rules = {"generic_en_a": line("Follow the ferry", where="{ first = 3 }"), "generic_en_b": line("Follow the ferry")}
        assert said(pack(tmp_path, **rules)) == [("generic/en/a#tide", "duplicate", False)]

    def test_what_holds_in_different_places_is_none(self, tmp_path):
        rules = {
            "generic_en_a": line("Follow the ferry", where="{ first = 3 }"),
            "generic_en_b": line("Follow the ferry", where="{ last = 3 }"),
        }
        assert found(pack(tmp_path, **rules)) == []

    def test_what_holds_for_different_languages_is_none(self, tmp_path):
        assert found(pack(tmp_path, generic_en_a=line("Follow the ferry"), generic_de_a=line("Follow the ferry"))) == []

    def test_an_experiment_does_not_stand_for_an_active_rule(self, tmp_path):
        rules = {"generic_en_a": line("Follow the ferry", status='"experimental"'), "generic_en_b": line("Follow the ferry")}
        assert said(pack(tmp_path, **rules)) == [("generic/en/a#tide", "duplicate", False)]

    def test_a_policy_does_not_stand_for_a_rule_that_is_always_on(self, tmp_path):
        byline = line("Follow the ferry", where="{ first = 9 }").replace("share-bar", "byline")
        assert found(pack(tmp_path, generic_en_a=byline, generic_en_b=line("Follow the ferry", where="{ first = 5 }"))) == []

    def test_a_retired_rule_says_nothing(self, tmp_path):
        rules = {"generic_en_a": line("Follow the ferry", status='"retired"'), "generic_en_b": line("Follow the ferry")}
        assert found(pack(tmp_path, **rules)) == []

    def test_the_pack_of_all_languages_holds_with_every_pack(self, tmp_path):
        rules = {
            "generic_any_a": line("Follow the ferry"),
            "generic_en_a": line("Follow the ferry"),
            "platform_gull": line("Follow the ferry"),
        }
        assert said(pack(tmp_path, **rules)) == [("generic/en/a#tide", "duplicate", False), ("platform/gull#tide", "duplicate", False)]

    def test_a_site_that_says_what_a_pack_says_gets_a_note(self, tmp_path):
        rules = {"generic_any_a": line("Follow the ferry"), "sites_h_harbour": line("Follow the ferry")}
        assert said(pack(tmp_path, **rules)) == [("sites/h/harbour#tide", "duplicate", True)]

    def test_a_platform_that_says_what_the_pack_of_its_language_says_gets_a_note(self, tmp_path):
        assert said(pack(tmp_path, generic_en_a=line("Follow the ferry"), platform_gull=line("Follow the ferry"))) == [
            ("platform/gull#tide", "duplicate", True)
        ]

    def test_numbers_that_stand_for_any_number_are_one_line(self, tmp_path):
        rules = {"generic_en_a": line("3 ferries", digits='"any"'), "generic_en_b": line("12 ferries", digits='"any"')}
        assert said(pack(tmp_path, **rules)) == [("generic/en/b#tide", "duplicate", False)]
        assert said(pack(tmp_path / "exact", generic_en_a=line("3 ferries"), generic_en_b=line("12 ferries"))) == []

    def test_only_the_files_that_are_meant_are_told(self, tmp_path):
        folder = pack(tmp_path, generic_en_a=line("Follow the ferry"), generic_en_b=line("Follow the ferry"))
        assert found(folder, "generic/en/a") == []


class TestShadows:
    @pytest.mark.parametrize(
        ("wide", "narrow"),
        [
            ("line_starts = 'Follow the'", "line_starts = 'Follow the ferry'"),
            ("line_ends = 'the ferry'", "line_ends = 'Follow the ferry'"),
            ("line_contains = 'this small ferry'", "line_starts = 'With this small ferry'"),
            ("line_regex = 'follow the .*'", "line_starts = 'Follow the ferry'"),
        ],
    )
    def test_a_literal_in_a_wider_one_is_one_and_not_the_other_way_round(self, tmp_path, wide, narrow):
        drops = "drops = 'Follow the ferry'\n"
        rules = {"generic_en_a": rule(narrow + "\n" + drops), "generic_en_b": rule(wide + "\n" + drops)}
        assert said(pack(tmp_path, **rules)) == [("generic/en/a#tide", "shadowed", False)]

    def test_a_longer_line_is_out_of_reach_of_what_is_wider(self, tmp_path):
        rules = {
            "generic_en_a": rule("line_starts = 'Follow the ferry'\nmax_chars = 300\ndrops = 'Follow the ferry'\n"),
            "generic_en_b": rule("line_starts = 'Follow the'\ndrops = 'Follow the ferry'\n"),
        }
        assert found(pack(tmp_path, **rules)) == []

    def test_an_unless_saves_a_line(self, tmp_path):
        wide = rule("line_starts = 'Follow the'\ndrops = 'Follow the mill'\nunless = 'ferry'\n")
        assert found(pack(tmp_path, generic_en_a=line("Follow the ferry"), generic_en_b=wide)) == []

    def test_a_pattern_that_takes_some_continuations_only_shadows_no_beginning(self, tmp_path):
        wide = rule("line_regex = 'follow the ferry [a-z]+'\ndrops = 'Follow the ferry now'\n")
        narrow = rule("line_starts = 'Follow the ferry'\ndrops = 'Follow the ferry now'\n")
        assert found(pack(tmp_path, generic_en_a=narrow, generic_en_b=wide)) == []

    def test_a_whole_line_that_a_beginning_takes_gets_a_note_for_runs_need_it(self, tmp_path):
        wide = rule("line_starts = 'Follow the'\ndrops = 'Follow the mill'\n")
        assert said(pack(tmp_path, generic_en_a=line("Follow the ferry"), generic_en_b=wide)) == [("generic/en/a#tide", "shadowed", True)]

    def test_what_a_trim_says_is_not_taken_by_a_trim_that_is_longer(self, tmp_path):
        trim = rule("line_ends = 'of the ferry'\ndrops = 'Maud of the ferry'\n").replace("drop-line", "trim")
        assert found(pack(tmp_path, generic_en_a=trim, generic_en_b=rule("line_starts = 'Tides of'\ndrops = 'Tides of May'\n"))) == []


class TestTooBroad:
    @pytest.mark.parametrize(
        "said_",
        [
            "line = '''\nX\n'''",
            "line = '''\n12\n'''",
            "line_starts = 'Follow'",
            "line_ends = 'today'",
            "line_regex = '.*ferry.*'",
            "line_regex = 'ferry.*'",
            "line_regex = '.*(?:паром).*'",
            "line_regex = '.*渡し船の時刻.*'",
        ],
    )
    def test_words_that_sentences_have_are(self, tmp_path, said_):
        [one] = found(pack(tmp_path, generic_en_a=rule(f"{said_}\ndrops = 'Follow'\n")))
        assert one.check == "too-broad"

    @pytest.mark.parametrize(
        "said_",
        [
            "line = '''\nX\n'''\nwhere = { last = 5 }",
            "line = '''\n分享\n'''",
            "line = '''\n>>\n'''",
            "line_starts = 'Follow'\nmax_chars = 40",
            "line_starts = 'Follow'\nwhere = { first = 5 }",
            "line_starts = 'Follow the ferry'",
            "line_starts = 'Follow:'",
            r"line_regex = '\d+ ferr(?:y|ies)'",
            "line_regex = '.*ferry.*'\nmax_chars = 40",
            "line_regex = '.*hear it from the ferry.*'",
            "line_regex = '.{0,9}ferry.{0,9}'",
            "line_regex = 'ferry: [a-z]+'",
        ],
    )
    def test_what_is_held_to_places_labels_or_longer_words_is_not(self, tmp_path, said_):
        assert found(pack(tmp_path, generic_en_a=rule(f"{said_}\ndrops = 'Follow'\n"))) == []

    def test_a_site_may_have_any_pattern(self, tmp_path):
        assert found(pack(tmp_path, sites_h_harbour=rule("line_regex = '.*ferry.*'\ndrops = 'A ferry'\n"))) == []

    def test_a_body_line_of_the_keep_corpus_is(self, tmp_path):
        (tmp_path / "keep").mkdir()
        (tmp_path / "keep" / "en.txt").write_text("# share-bar\nFollow the Ferry\n", encoding="utf-8")
        rules = {
            "generic_en_a": line("Follow the ferry"),
            "generic_de_a": line("Follow the ferry"),
            "generic_en_b": line("Follow the mill"),
        }
        [one] = found(pack(tmp_path, **rules))
        assert (one.rule, one.check) == ("generic/en/a#tide", "too-broad")
        assert "en.txt:2" in one.message


class TestMissingTests:
    @pytest.mark.parametrize(
        ("said_", "missing"),
        [
            ("line = 'Follow the ferry'", "keeps"),
            ("line_starts = 'Follow the'\n" + KEEPS, "drops"),
            ("line_regex = 'follow the .*'\n" + KEEPS, "drops"),
            ("line_contains = 'follow the ferry'\n" + KEEPS, "drops"),
            ("line_ends = 'the ferry'\n" + KEEPS, "drops"),
            ("line = 'Follow the ferry'\naction_ = 'drop-rest'\nguard = { max_share = 0.5 }\n" + KEEPS, "case"),
            ("line = 'Follow the ferry'\naction_ = 'replace'\nwith = 'Ferry'\n" + KEEPS, "case"),
            ("select = '.ferry'\nguard = { max_share = 0.5 }", "case"),
            ("line = 'Follow the ferry'\nselect = '.ferry'", "case"),
        ],
    )
    def test_each_kind_of_rule_has_its_own(self, tmp_path, said_, missing):
        text = rule(said_, keeps="")
        if "action_" in said_:
            action = said_.partition("action_ = '")[2].partition("'")[0]
            text = text.replace(f"action_ = '{action}'\n", "").replace('"drop-line"', f'"{action}"')
        [one] = found(pack(tmp_path, sites_h_harbour=text))
        assert one.check == "missing-test"
        assert f"no {missing}" in one.message or f"no [[rule.{missing}]]" in one.message

    def test_a_retired_rule_needs_none(self, tmp_path):
        assert found(pack(tmp_path, generic_en_a=rule("line_starts = 'Follow the'\nstatus = 'retired'", keeps=""))) == []


class TestBackslashes:
    @pytest.mark.parametrize("value", [r'"\bferry is late"', '"""\nferry \\\nis late\n"""', r'"ferry\tis late"'])
    def test_one_in_a_basic_string_is_told(self, tmp_path, value):
        [one] = found(pack(tmp_path, generic_en_a=rule(f"line = {value}")))
        assert (one.rule, one.check) == ("generic/en/a#tide", "backslash")
        assert "'''" in one.message
        assert "\\" in Path(one.path).read_text(encoding="utf-8").split("\n")[one.line - 1]

    @pytest.mark.parametrize(
        "value", [r'"a \"ferry\" is late"', r'"ferry\u00e9 is late"', "'''\n" + r"ferry\bis late" + "\n'''", r"'ferry\b late'"]
    )
    def test_what_means_what_it_says_is_not(self, tmp_path, value):
        assert found(pack(tmp_path, generic_en_a=rule(f'# never: line = "\\d"\nline = {value}'))) == []


class TestRest:
    def test_days_to_come_are_told(self, tmp_path):
        text = line("Follow the ferry", verified="2026-11-03", evidence="{ pages = 1, of = 2, seen = 2027-01-01 }")
        assert [one.check for one in found(pack(tmp_path, generic_en_a=text))] == ["date", "date"]
        today = line("Follow the ferry", verified="2026-11-02", evidence="{ pages = 1, of = 2, seen = 2026-11-02 }")
        assert found(pack(tmp_path, generic_en_a=today)) == []

    def test_a_stale_rule_that_was_needed_of_late_gets_a_note(self, tmp_path):
        text = line("Follow the ferry", status='"stale"', verified="2026-10-20")
        assert said(pack(tmp_path, generic_en_a=text)) == [("generic/en/a#tide", "date", True)]
        assert said(pack(tmp_path, generic_en_a=text.replace("2026-10-20", "2026-01-20"))) == []

    @pytest.mark.parametrize("was", ["tide", "generic/en/a#ebb", "Ebb"])
    def test_a_former_id_that_is_none_is_told(self, tmp_path, was):
        assert said(pack(tmp_path, generic_en_a=line("Follow the ferry", was=f'["{was}"]'))) == [("generic/en/a#tide", "was", False)]
        assert said(pack(tmp_path, generic_en_a=line("Follow the ferry", was='["ebb"]'))) == []

    @pytest.mark.parametrize(("with_", "count"), [("ferry and ferry", 1), ("boat", 0)])
    def test_a_replacement_that_is_replaced_again_is_told(self, tmp_path, with_, count):
        case = f"[[rule.case]]\nbefore = 'Hail the ferry'\nafter = 'Hail the {with_}'\n"
        text = rule(f"line_ends = 'ferry'\nmax_chars = 50\nwith = '{with_}'\ndrops = 'Hail the ferry'", keeps=KEEPS + case).replace(
            "drop-line", "replace"
        )
        assert [one.check for one in found(pack(tmp_path, generic_en_a=text))] == ["unstable"] * count

    def test_findings_are_in_order_and_notes_do_not_fail(self, tmp_path):
        rules = {"generic_any_a": line("Follow the ferry"), "sites_h_harbour": line("Follow the ferry"), "generic_en_a": line("X")}
        both = found(pack(tmp_path, **rules))
        assert both == sorted(both)
        assert (len(both), failing(both)) == (2, 1)


class TestNeverFirst:
    def fates(self, folder, *pages, lang="en"):
        packs = read_all([folder])
        docs = [document_of_lines(page) for page in pages]
        for doc in docs:
            doc.tags["lang"], doc.site = lang, "harbour.example"
        return [(one.rule, one.note, one.message) for one in never_first(packs, frozenset(packs.tomls), watch(packs, docs))]

    def test_a_rule_whose_every_match_falls_to_another_is_told_with_its_name(self, tmp_path):
        wide = rule("line_regex = '(?:follow|hail) .*ferry'\ndrops = 'Follow the ferry'\n")
        folder = pack(tmp_path, generic_en_a=wide, generic_en_b=rule("line_ends = 'ferry'\nmax_chars = 50\ndrops = 'A ferry'\n"))
        [(name, note, message)] = self.fates(folder, "Follow the ferry\nThe mill", "Hail that ferry")
        assert (name, note) == ("generic/en/b#tide", False)
        assert "all 2 of its matches fell to generic/en/a#tide (2)" in message
        assert self.fates(folder, "Follow the ferry", "A ferry") == []

    def test_a_pack_that_falls_to_the_site_s_own_rule_gets_a_note(self, tmp_path):
        folder = pack(tmp_path, generic_en_a=line("Follow the ferry"), sites_h_harbour=line("Follow the ferry"))
        [(name, note, _)] = self.fates(folder, "Follow the ferry")
        assert (name, note) == ("generic/en/a#tide", True)

    def test_a_rule_that_matched_nothing_is_another_verb_s(self, tmp_path):
        assert self.fates(pack(tmp_path, generic_en_a=line("Follow the ferry")), "The mill", "") == []
