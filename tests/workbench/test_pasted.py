"""Rules for lines that are pasted, and the files they go into."""

from datetime import date

import pytest

from curate.document import document_of_lines
from curate.errors import UsageError
from curate.workbench.guess import NOTHING
from curate.workbench.pasted import Seen, id_of, rule_of, signs_of, standing
from curate.workbench.repeated import Page, page_of
from curate.workbench.site_files import domain_of, domains_of, head_of, name_of, write_new

TODAY = date(2026, 11, 20)


def page(text: str) -> Page:
    return page_of(document_of_lines(text))


class TestStanding:
    @pytest.mark.parametrize(
        ("text", "key"),
        [
            ("Sign in  here", "line"),
            ("SIGN IN HERE", "line"),
            ("Tide at", "line_starts"),
            ("the weir", "line_ends"),
            ("six at", "line_contains"),
            ("Nowhere", "line"),
        ],
    )
    def test_a_line_is_taken_as_it_stands(self, text: str, key: str):
        assert standing(text, [page("Sign in here\nTide at six at the weir")]).key == key

    def test_a_label_goes_and_a_sentence_is_cut(self):
        label = rule_of(standing("Tide at", [page("Tide at six")]), "a", NOTHING, "en", Seen(1, TODAY))
        assert (label.action, label.line_starts, label.max_chars, label.drops) == ("drop-line", "Tide at\n", 60, "Tide at six\n")
        long = "Tide at six, and the keeper of the weir went home to his supper before the bell had been rung twice."
        cut = rule_of(standing("Tide at", [page(long)]), "a", NOTHING, "en", Seen(1, TODAY))
        assert (cut.action, cut.max_chars) == ("trim", None)
        assert rule_of(standing("Tide at", [page(long * 3 + "x")]), "a", NOTHING, "en", Seen(1, TODAY)).max_chars == 400

    def test_evidence_is_of_pages(self):
        said = standing("Sign in", [page("Sign in"), page("Other")])
        assert rule_of(said, "a", NOTHING, "en", Seen(2, TODAY)).evidence.pages == 1
        assert rule_of(standing("Sign in", []), "a", NOTHING, "en", Seen(0, TODAY)).evidence is None

    def test_a_letter_must_say_where(self):
        assert rule_of(standing("X", [page("X\nOne\nTwo")]), "a", NOTHING, "en", Seen(1, TODAY)).where.first == 2
        assert rule_of(standing("X", [page("One\nTwo\nX")]), "a", NOTHING, "en", Seen(1, TODAY)).where.last == 2
        with pytest.raises(UsageError, match="so short that it may be anything"):
            rule_of(standing("X", []), "a", NOTHING, "en", Seen(0, TODAY))

    @pytest.mark.parametrize("text", ["", "\u00ad"])
    def test_what_cannot_be_looked_for_is_refused(self, text: str):
        with pytest.raises(UsageError, match="nothing in it"):
            standing(text, [])


def test_ids_are_of_the_first_words_and_unlike_others():
    assert id_of("Please reload this page, or open another", ()) == "please-reload-this-page-or"
    assert id_of("Share", {"share", "share-2"}) == "share-3"
    assert id_of("Войти", ()) == "line"


def test_signs_are_long_lines_of_most_pages_with_the_name():
    pages = [page("Harbour Gazette\nRead the Harbour Gazette on board\nFour words without it"), page("Read the Harbour Gazette on board")]
    assert signs_of([*pages, page("Other")], ["Harbour-Gazette", "x"]) == ["Read the Harbour Gazette on board"]
    assert signs_of(pages, ["", "x"]) == []


class TestFiles:
    @pytest.mark.parametrize(
        ("given", "domain"),
        [
            ("harbour.example", "harbour.example"),
            ("https://www.Harbour.example:80/x?y", "harbour.example"),
            ("news.harbour.example.", "news.harbour.example"),
            ("büro.example", "büro.example"),
            *(
                (bad, "")
                for bad in ("", "harbour", "../../etc", "a b.example", "http://[::1", "127.0.0.1", "-a.example", "a..example", ".example")
            ),
        ],
    )
    def test_a_domain_is_told(self, given: str, domain: str):
        assert domain_of(given) == domain

    def test_a_head_has_what_is_known(self):
        assert head_of("harbour.example", ["und", "de", "en"]).language == ("de",)
        assert head_of("harbour.example", ["und"]).language == ()
        assert domains_of("büro.example") == ("büro.example", "xn--bro-hoa.example")

    def test_a_file_in_force_is_not_put_out_of_it(self):
        assert name_of("harbour.example", {}) == "sites/h/harbour.example"
        assert name_of("harbour.example", {"sites/h/harbour.example": 1}) == "sites/h/harbour.example-more"

    def test_nothing_is_written_over(self, tmp_path):
        path = write_new(tmp_path, "sites/h/harbour.example", "one\n")
        with pytest.raises(UsageError, match="is there already"):
            write_new(tmp_path, "sites/h/harbour.example", "two\n")
        assert path.read_text() == "one\n"
        with pytest.raises(UsageError, match="is no folder"):
            write_new(path, "sites/h/harbour.example", "two\n")
