"""The unit costs in small: every one that is reckoned with is measured, and what comes of them is worked out right."""

import json
import re
from pathlib import Path

import costs
import flat
import numpy as np
import of_pages
import of_rows
import pytest
from generate import World
from units_table import Unit, markdown, number

from curate.duplicates import choose, documents, join
from curate.duplicates.sketch import Shingled
from curate.run import settle

SCALE = Path(__file__).parent


class TestPages:
    def test_each_form_gives_all_pages_and_says_what_they_cost(self, tmp_path):
        units = {unit.name: unit.value for unit in of_pages.reading(World(4), tmp_path)}
        assert {name.split(",")[0] for name in units} == {"HTML a page", *of_pages.FORMS}
        assert min(units.values()) > 0
        assert units["warc.gz, stored"] < units["warc, stored"] / 2
        assert units["html, stored"] == units["HTML a page"]


@pytest.fixture(scope="module")
def of_text(tmp_path_factory):
    """What was measured of the rows of a few documents, by name."""
    return {unit.name: unit.value for unit in of_rows.settling(World(300), tmp_path_factory.mktemp("units"))}


class TestRows:
    def test_what_the_driver_holds_of_a_paragraph_is_two_bytes_and_a_number(self, of_text):
        assert of_text["driver, what is alive and what it went for"] == pytest.approx(10, rel=0.5)

    def test_a_sketch_has_the_keys_of_its_bands_and_more(self, of_text):
        assert Shingled().bands * 12 < of_text["table of shingles"] < 2000

    def test_pairs_that_are_near_are_some_of_those_compared(self, of_text):
        assert 0 < of_text["duplicate-paragraphs, pairs near"] <= of_text["duplicate-paragraphs, pairs compared"]

    def test_the_order_of_undated_documents_takes_their_addresses(self, of_text):
        assert of_text["driver, order of documents without dates"] > of_text["driver, order of documents with dates"]


class TestFlat:
    def test_what_is_written_is_as_large_as_was_asked_for_and_its_run_is_watched(self, tmp_path):
        path = tmp_path / "crawl.jsonl.zst"
        assert flat.write(path, flat.TEXT, 2e5) == pytest.approx(2e5, rel=0.2)
        peak = flat.measured(path, "rules-only", tmp_path / "out")
        assert peak.pieces == 0
        assert peak.biggest > 2e7


class TestCosts:
    @pytest.fixture
    def units(self):
        """A unit of each name that costs.py asks for: one."""
        names = {name for name in re.findall(r'u\["([^"{]+)"\]', (SCALE / "costs.py").read_text("utf-8")) if "{" not in name}
        return dict.fromkeys([*names, *_composed()], 1.0)

    def test_all_tables_are_worked_out_of_the_units(self, units):
        for table in (costs.crawl, costs.cpu, costs.stored, costs.paragraphs, costs.ends):
            assert len({len(row) for row in table(units)}) == 1

    def test_what_ends_first_stands_first(self, units):
        few = {**units, "duplicate-paragraphs, pairs near": 1e-9, "duplicate-paragraphs, exact copies": 10.0}
        assert [row[0].partition(":")[0] for row in costs.ends(few)][2] == "exact copies of paragraphs"
        assert [row[1] for row in costs.ends(few)][2] == "10 million"

    def test_a_terabyte_has_as_many_pages_as_fit(self, units):
        rows = dict(costs.crawl({**units, "warc.gz, stored": 50_000.0, "HTML a page": 100_000.0}))
        assert (rows["pages"], rows["HTML"]) == ("20 million", "2 TB")

    def test_the_limits_are_those_of_the_program(self):
        assert (costs.MOST_ROWS, costs.MOST_PAIRS, costs.PIECE) == (settle._MOST, choose._MOST, documents._ROWS)
        assert Shingled().bands * join._ENTRY == costs.KEYS


def test_the_page_of_costs_has_what_is_worked_out_of_the_units_that_are_kept_beside_the_script():
    units = [Unit(**one) for one in json.loads((SCALE / "measured.json").read_bytes())]
    page = (SCALE.parent.parent / "docs" / "costs.md").read_text("utf-8")
    assert markdown(units) in page
    for title, rows in costs.tables({unit.name: unit.value for unit in units}):
        assert costs.table(rows) in page, title


def _composed():
    """The names that are put together."""
    steps = [f"step {name}" for name in costs._BEFORE]
    settled = [f"{name}, {what}" for name in costs._STEPS for what in ("driver", "sketches read", "written meanwhile", "tasks of a kind")]
    tables = [f"table of {name}" for name in ("documents", "shingles", "lines")]
    rows = ["clean rows", "pages rows", *(f"ledger {level}{zst}" for level in ("full", "spans") for zst in ("", ", zst"))]
    return [*steps, *settled, *tables, *rows, *(f"driver, order of documents {how} dates" for how in ("with", "without"))]


def test_numbers_have_three_digits():
    assert [number(value) for value in (0, 0.01234, 9.876, 123.4, 98765.0)] == ["0", "0.0123", "9.88", "123", "98,800"]
    assert np.all([cell in markdown([Unit("a step", 1234.0, "ms")]) for cell in ("a step", "1,230", "ms")])
