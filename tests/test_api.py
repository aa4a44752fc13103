"""The Python door: `curate.clean`, and the names that are everybody's."""

import subprocess
import sys
import threading

import pytest

import curate
from curate.formats.limits import Limits

SIGNPOST = "Home of the Oxney Lantern"


def html(text, head=""):
    paragraphs = "".join(f"<p>{line}</p>" for line in text.splitlines())
    return f"<!DOCTYPE html>\n<html lang=en><head>{head}</head><body>{paragraphs}</body></html>"


class TestClean:
    def test_text_as_a_string(self, story):
        doc = curate.clean(story() + "Leave a Reply\n")
        assert doc.text == story().rstrip("\n")
        assert doc.outcome == "kept"
        assert not doc.is_html
        [change] = doc.changes
        assert (change.step, change.text, change.paragraph) == ("site-rules", "Leave a Reply", 3)
        assert "#" in change.rule

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    def test_text_as_bytes_is_decoded(self, story, encoding):
        doc = curate.clean(
            (
                story() + "The clerk’s café, where most of this was settled, has been open on every Monday but one for thirty years now."
            ).encode(encoding)
        )
        assert (
            doc.text
            == story() + "The clerk’s café, where most of this was settled, has been open on every Monday but one for thirty years now."
        )

    def test_html_is_told_by_its_first_characters(self, story):
        for page in (html(story()), html(story()).encode(), "\n " + html(story()), "\ufeff" + html(story())):
            doc = curate.clean(page)
            assert doc.is_html
            assert doc.text == story().rstrip("\n").replace("\n", "\n\n")

    def test_a_string_is_not_decoded_again_whatever_the_page_declares(self, story):
        doc = curate.clean(
            html(
                story() + "The clerk’s café, where most of this was settled, has been open on every Monday but one for thirty years now.",
                head='<meta charset="latin-1">',
            )
        )
        assert doc.text.endswith(
            "The clerk’s café, where most of this was settled, has been open on every Monday but one for thirty years now."
        )

    def test_a_page_says_its_title_date_and_address(self, story):
        link, date = '<link rel=canonical href="https://oxneylantern.example/ferry">', '<meta name=date content="2026-09-02">'
        doc = curate.clean(html(story(), f"<title>Twice painted</title>{link}{date}"))
        assert (doc.title, doc.date, doc.url) == ("Twice painted", "2026-09-02", "https://oxneylantern.example/ferry")
        assert doc.tags["lang"] == "en"

    def test_the_address_that_is_given_comes_before_the_pages_own(self, story):
        head = '<link rel=canonical href="https://wickpost.example/ferry">'
        doc = curate.clean(html(story(), head), url="https://www.oxneylantern.example/ferry")
        assert doc.url == "https://www.oxneylantern.example/ferry"
        assert curate.clean(story(), "https://oxneylantern.example/").host == "oxneylantern.example"

    def test_a_preset_by_name(self, story):
        assert len(curate.clean(story() + story()).kept) == 3
        assert len(curate.clean(story() + story(), preset="rules-only").kept) == 6

    def test_a_page_by_itself_repeats_no_other(self, story):
        """The corpus preset does to one page what the page preset does: whatever came before it."""
        for _ in range(2):
            doc = curate.clean(story(), preset="corpus")
            assert (doc.outcome, doc.changes) == ("kept", [])
            assert doc.text == curate.clean(story(), preset="page").text

    @pytest.mark.parametrize("kind", [str, lambda path: path], ids=["string", "path"])
    def test_a_configuration_file_by_its_path(self, tmp_path, story, kind):
        (tmp_path / "rules" / "sites" / "o").mkdir(parents=True)
        (tmp_path / "rules" / "sites" / "o" / "oxneylantern.example.toml").write_text(
            'schema = 1\ndomains = ["oxneylantern.example"]\n[[rule]]\nid = "signpost"\ncategory = "nav-crumbs"\n'
            f'why = "Points the way back, above every story."\naction = "drop-line"\nline = "{SIGNPOST}"\n'
        )
        (tmp_path / "curate.toml").write_text('extends = "rules-only"\nrules = ["rules"]\n[limits]\nline = 300\n')
        page, config = f"{SIGNPOST}\n{story()}", kind(tmp_path / "curate.toml")
        assert curate.clean(page, "https://oxneylantern.example/a", config).text == story().rstrip("\n")
        assert curate.clean(page, "https://wickpost.example/a", config).text == page.rstrip("\n")
        with pytest.raises(curate.PageError, match="limit line"):
            curate.clean("x" * 301, preset=config)

    def test_a_configuration_that_has_been_changed_is_read_again(self, tmp_path, story):
        config = tmp_path / "curate.toml"
        config.write_text('extends = "page"\n')
        assert len(curate.clean(story() + story(), preset=config).kept) == 3
        config.write_text('extends = "rules-only"\n')
        assert len(curate.clean(story() + story(), preset=config).kept) == 6

    def test_a_page_that_came_to_nothing_is_a_document(self):
        menu, short = "Ferries\nMoorings\nTides\nSwallows\nWeather", "The ferry at Oxney has been painted again."
        empty = (("", "no text"), (b"", "no text"), (" \n\t", "no text"))
        for page, reason in ((menu, "page-model"), (short, "min-chars"), *empty):
            doc = curate.clean(page)
            assert (doc.outcome, doc.reason, doc.text, doc.kept) == ("emptied", reason, "", [])

    def test_lone_surrogates_become_replacement_characters(self, story):
        assert curate.clean("\ud800" + story()).text == ("\ufffd" + story()).rstrip("\n")
        assert "\ufffd" in curate.clean(html("\udfff" + story())).text

    def test_the_same_page_gives_the_same_document_however_often(self, story):
        one, other = (curate.clean(story() + story() + "Leave a Reply") for _ in range(2))
        assert (one.text, one.changes, one.tags) == (other.text, other.changes, other.tags)

    def test_kept_and_removed_is_all_that_was_read(self, story):
        doc = curate.clean(story() + story() + "It’s the keeper’s own tin.\nLeave a Reply\n".encode().decode("cp1252"))
        removed, added = sum(len(change.text) for change in doc.changes), sum(len(change.new) for change in doc.changes)
        assert added
        assert doc.chars_kept + removed - added == doc.chars_read

    def test_pages_may_be_cleaned_in_several_threads(self, story):
        texts = [story(4, first=number) for number in range(6)]
        found = {}
        threads = [threading.Thread(target=lambda text=text: found.update({text: curate.clean(text + text).text})) for text in texts]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert found == {text: text.rstrip("\n") for text in texts}


class TestErrors:
    @pytest.mark.parametrize(
        ("page", "reason"),
        [
            (b"%PDF-1.7 and more", "binary"),
            (bytes(range(256)), "binary"),
            (b"x" * (Limits().bytes + 1), "limit bytes"),
            ("x" * (Limits().line + 1), "limit line"),
            ("x\n" * (Limits().paragraphs + 1), "limit paragraphs"),
            ("<html><body>" + "<div>" * 100_000, "limit depth"),
        ],
        ids=["a PDF file", "control characters", "too many bytes", "too long a line", "too many lines", "too deep"],
    )
    def test_a_page_that_cannot_be_read_raises_page_error(self, page, reason):
        with pytest.raises(curate.PageError) as raised:
            curate.clean(page)
        assert raised.value.reason == reason
        assert str(raised.value).startswith(f"{reason}: ")
        assert isinstance(raised.value, curate.CurateError)

    def test_a_configuration_with_problems_raises_config_error_with_all_of_them(self, tmp_path):
        (tmp_path / "curate.toml").write_text('extends = "page"\n[limits]\nbites = 3\n[[step]]\nname = "reapets"\n')
        with pytest.raises(curate.ConfigError) as raised:
            curate.clean("text", preset=tmp_path / "curate.toml")
        assert [(problem.line, problem.key) for problem in raised.value.problems] == [(3, "limits.bites"), (5, "step.name")]
        assert "the nearest is 'bytes'" in str(raised.value)
        assert isinstance(raised.value, curate.UsageError)

    def test_rule_files_with_problems_raise_config_error(self, tmp_path, story):
        (tmp_path / "rules").mkdir()
        (tmp_path / "rules" / "stray.toml").write_text("schema = 1\n")
        (tmp_path / "curate.toml").write_text('extends = "page"\nrules = ["rules"]\n')
        with pytest.raises(curate.ConfigError, match=r"stray\.toml"):
            curate.clean(story(), preset=tmp_path / "curate.toml")

    def test_a_configuration_that_is_not_there(self, tmp_path):
        with pytest.raises(curate.ConfigError, match="cannot be read"):
            curate.clean("text", preset=tmp_path / "none.toml")

    def test_a_preset_that_does_not_exist_is_told_with_the_nearest(self):
        with pytest.raises(curate.UsageError, match="there is no preset 'paeg'; the nearest is 'page'"):
            curate.clean("text", preset="paeg")


class TestNames:
    def test_all_names_are_sorted(self):
        assert curate.__all__ == sorted(curate.__all__)
        assert len(curate.__all__) == len(set(curate.__all__))

    @pytest.mark.parametrize("name", curate.__all__)
    def test_every_name_can_be_had(self, name):
        assert getattr(curate, name) is not None

    def test_a_star_gives_all_names_and_no_others(self):
        names = {}
        exec("from curate import *", names)  # noqa: S102  # a star goes nowhere but to the top of a module
        assert sorted(names.keys() - {"__builtins__"}) == curate.__all__

    def test_a_name_that_is_not_there_is_an_attribute_error(self):
        with pytest.raises(AttributeError, match="module 'curate' has no attribute 'claen'"):
            _ = curate.claen

    def test_importing_curate_imports_nothing_heavy(self):
        program = "import sys, curate; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert not {"numpy", "msgspec", "selectolax", "pycld2", "ftfy", "bs4", "click", "rich"} & set(run.stdout.split())

    def test_a_pipeline_can_be_made_and_run_by_hand(self, tmp_path, story):
        (tmp_path / "curate.toml").write_text('extends = "rules-only"\n')
        pipeline = curate.Pipeline.from_config(tmp_path / "curate.toml")
        assert [placed.name for placed in pipeline.steps] == ["language", "site-rules"]
        doc = curate.clean(story() + "Leave a Reply", preset="rules-only")
        assert pipeline.run(doc) is doc
        assert pipeline.counts["site-rules"].dropped == 0  # what is gone cannot go again
