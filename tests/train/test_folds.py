"""Splits by site."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.train.folds import fold_of, site_of

steady = settings(deadline=None, derandomize=True, max_examples=100)

SITES = {
    "an address": ("https://www.oxney.example/tides?day=1#now", "oxney.example"),
    "a host name": ("news.oxney.example", "oxney.example"),
    "a registered domain is itself": ("oxney.example", "oxney.example"),
    "the case of a host makes no difference": ("https://WWW.Oxney.EXAMPLE/", "oxney.example"),
    "a port and a user are no part of it": ("https://maud:tin@www.oxney.example:8080/", "oxney.example"),
    "a host name with a port": ("www.oxney.example:8080", "oxney.example"),
    "an address without a scheme": ("//www.oxney.example/tides", "oxney.example"),
    "the dot at a name's end": ("www.oxney.example.", "oxney.example"),
    "names below which others register": ("https://www.oxney.co.uk/tides", "oxney.co.uk"),
    "such names of other countries": ("a.b.oxney.com.br", "oxney.com.br"),
    "a short name in a country that is none of them": ("www.oxney.de", "oxney.de"),
    "the same label in a longer domain": ("www.co.example", "co.example"),
    "a name alone": ("localhost", "localhost"),
    "no address": ("", ""),
    "a broken one": ("http://[::1", ""),
    "a file": ("file:///home/tides.html", ""),
}


@pytest.mark.parametrize(("url", "site"), SITES.values(), ids=SITES)
def test_sites(url: str, site: str):
    assert site_of(url) == site


@pytest.mark.parametrize("url", ["oxney.example/tides//today", "oxney.example/?from=https://elsewhere.example"])
def test_slashes_in_the_path_of_an_address_without_a_scheme(url: str):
    assert site_of(url) == "oxney.example"


def test_folds_are_the_same_on_every_machine():
    sites = [f"oxney{number}.example" for number in range(12)]
    assert [fold_of(site, "", 5) for site in sites] == [5, 5, 3, 2, 5, 5, 2, 3, 3, 5, 4, 1]


def test_a_page_without_a_site_is_one_of_its_own():
    assert fold_of("", "oxney.example", 5) == fold_of("oxney.example", "a", 5)
    assert len({fold_of("", f"page{number}", 5) for number in range(40)}) == 5


@steady
@given(st.text(min_size=1), st.text(), st.text(), st.integers(2, 20))
def test_a_site_is_never_in_two_folds(site: str, one: str, other: str, folds: int):
    assert 1 <= fold_of(site, one, folds) == fold_of(site, other, folds) <= folds


def test_folds_are_about_as_large():
    counts = Counter(fold_of(f"oxney{number}.example", "", 5) for number in range(2000))
    assert min(counts.values()) > 330
