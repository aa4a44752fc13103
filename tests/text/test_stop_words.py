import subprocess
import sys

import justext
import pytest

from curate.document import document_of_lines
from curate.text.folding import fold
from curate.text.stop_words import LISTS, stop_words


def test_every_list_is_some_language_s():
    assert {name for names in LISTS.values() for name in names} == justext.get_stoplists()


@pytest.mark.parametrize("lang", LISTS)
def test_a_list_is_folded_and_has_only_words(lang):
    found = stop_words(lang)
    assert len(found) >= 10
    assert all(word and word == fold(word) and word.split() == [word] for word in found)
    raw = {fold(word) for name in LISTS[lang] for word in justext.get_stoplist(name)}
    assert found == {word for word in raw if word and " " not in word}
    assert len(raw - found) <= 2


@pytest.mark.parametrize(
    ("lang", "word"),
    [
        ("en", "the"),
        ("de", "dass"),  # the list has it as "daß" and "dass"
        ("fr", "d'une"),
        ("el", "και"),
        ("ru", "который"),
        ("fil", "ang"),
        ("he", "של"),
        ("ko", "있는"),
    ],
)
def test_frequent_words_are_stop_words(lang, word):
    assert word in stop_words(lang)


def test_a_word_of_a_page_is_found_however_it_is_written():
    page = document_of_lines("C’EST L’ÉGLISE QU’ELLE A FERMÉE").folded.text.split()
    assert stop_words("fr") & set(page) >= {"c'est", "qu'elle", "a"}


@pytest.mark.parametrize(
    ("lang", "same"),
    [("de-AT", "de"), ("EN-gb", "en"), ("zh-Latn-en", "zh"), ("be-tarask", "be-tarask"), ("sr-Latn-ME", "sr"), ("en-x-wiki", "en")],
)
def test_parts_of_a_tag_that_have_no_list_are_left_out(lang, same):
    assert stop_words(lang) == stop_words(same)


def test_variants_have_lists_of_their_own():
    assert stop_words("be-tarask") != stop_words("be")
    assert stop_words("en-simple") != stop_words("en")


def test_norwegian_is_both_of_its_standards():
    assert stop_words("no") == stop_words("nb") | stop_words("nn")
    assert stop_words("nb") != stop_words("nn")


@pytest.mark.parametrize("lang", ["", "und", "zh", "ja", "th", "pa", "english", "e", "-", "-en"])
def test_a_language_without_a_list_has_no_stop_words(lang):
    assert stop_words(lang) == frozenset()


def test_a_list_is_read_once():
    assert stop_words("sv") is stop_words("sv")


def test_lists_are_read_without_loading_lxml():
    code = "import sys; from curate.text.stop_words import stop_words; sys.exit('lxml' in sys.modules or not stop_words('en'))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
