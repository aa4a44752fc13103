"""The order of documents: that of Python's own sorting of date, address and key."""

from pathlib import Path

import pytest
from corpora import Page, sketched
from hypothesis import given, settings
from hypothesis import strategies as st

from curate.duplicates.documents import seconds
from curate.duplicates.rank import ranks

ADDRESSES = st.sampled_from(
    ["", "https://a.example/", "https://a.example/b", "https://a.example/bö", "https://a.example/" + "x" * 40]
) | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
DATES = st.sampled_from(["", "2024-05-01", "2025-01-01T10:00:00+02:00", "2025-01-01T08:00:00Z", "2025-01-01T10:00:00Z"])


@settings(max_examples=60, deadline=None)
@given(facts=st.lists(st.tuples(DATES, ADDRESSES), max_size=12), split=st.integers(0, 12))
def test_the_order_is_that_of_date_address_and_key(tmp_path_factory: pytest.TempPathFactory, facts: list[tuple[str, str]], split: int):
    folder: Path = tmp_path_factory.mktemp("rank")
    pages = [Page("line", f"{number * 7 % 13:03}", url, date) for number, (date, url) in enumerate(facts)]
    parts = [sketched(folder / "a", pages[:split]), sketched(folder / "b", pages[split:])]
    ordered = sorted(range(len(pages)), key=lambda n: (seconds(pages[n].date), pages[n].url.encode(), pages[n].doc))
    found = ranks(parts).tolist()
    assert sorted(range(len(pages)), key=found.__getitem__) == ordered
    assert sorted(found) == list(range(len(pages)))
