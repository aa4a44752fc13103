"""Selectors for a line of HTML pages."""

import pytest

from curate.workbench.selector_of import selectors_of

PAGE = """<html><head><title>Sign in to the mill</title></head><body><div class="page"><article id="story"><p>{}</p></article>
<div class="login-box  narrow" id="login"><p><b>Sign in</b> to the&nbsp;mill</p></div>
<div class="md:flex 2x narrow">Mill   news</div><script>Sign in to the mill</script></div></body></html>"""
PAGES = [PAGE.format("The mill was painted twice in one summer, and nobody could say why. " * 9 + str(number)) for number in range(3)]


def test_the_elements_around_a_line_are_found_with_what_they_cover():
    found = selectors_of(PAGES, "sign in to the mill")
    assert [one.css for one in found] == ["#login", ".login-box", ".narrow"]
    assert found[0] == ("#login", 3, 3, 3 * len("Sign in to the mill"))
    assert found[2].chars > found[1].chars, "a name that other elements have too covers more"


def test_what_holds_the_whole_page_is_not_offered():
    assert all(one.css not in {".page", "#story"} for one in selectors_of(PAGES, "Sign in to the mill", most=9))


def test_names_that_a_selector_would_have_to_escape_are_left_out():
    assert [one.css for one in selectors_of(PAGES, "Mill news")] == [".narrow"]


@pytest.mark.parametrize("line", ["", "   ", "No such line", "painted twice in one summer, and nobody"])
def test_there_is_nothing_for_what_stands_nowhere_or_in_the_article(line: str):
    assert selectors_of(PAGES, line) == []


def test_pages_without_the_line_count_too():
    [found] = selectors_of([PAGES[0], "<p class='narrow'>Other</p>"], "Mill news")
    assert (found.pages, found.with_line) == (2, 1)
    assert selectors_of([], "Mill news") == []
    assert selectors_of(["", "<"], "Mill news") == []
