"""`--output-format parquet`: the rows of JSON lines, field by field, in files that any reader of Parquet takes for one table."""

import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import dataset, parquet

from curate.formats import columns
from curate.formats.inputs import find
from curate.formats.records import CleanRow, LedgerRow, PageRow

KINDS = {"clean": CleanRow, "ledger": LedgerRow, "pages": PageRow}
PARQUET = ("--output-format", "parquet")


@pytest.fixture(scope="module")
def clean(tmp_path_factory, crawl, config, curate):
    """Clean the folder with some options, into a new folder or one that is there already."""

    def run(*options, out=None):
        out = out or tmp_path_factory.mktemp("cleaned") / "out"
        assert curate("clean", crawl, "-o", out, "--config", config, "--quiet", *options).code == 1, "there are pages that cannot be read"
        return out

    return run


@pytest.fixture(scope="module")
def out(clean):
    """What one process makes of the folder, in Parquet."""
    return clean("--workers", 1, *PARQUET)


def shards(out):
    """The rows that the files of an output folder are of, by kind and number."""
    return {path.name.split(".")[0] for kind in KINDS for path in Path(out).glob(f"{kind}-*")}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_those_of_json_lines_field_by_field(kind, out, undisturbed, curate):
    rows = curate.rows(undisturbed, kind)
    assert rows
    assert curate.rows(out, kind) == rows
    assert [list(row) for row in curate.rows(out, kind)] == [list(row) for row in rows]


def test_files_are_of_the_same_shards_as_those_of_json_lines(out, undisturbed):
    assert shards(out) == shards(undisturbed)
    assert {path.suffix for path in out.iterdir() if path.is_file()} == {".parquet", ".json"}


def test_run_json_differs_by_the_format_alone(out, undisturbed, counted):
    one, other = counted(out), counted(undisturbed)
    assert (one["config"]["output"].pop("format"), other["config"]["output"].pop("format")) == ("parquet", "jsonl")
    assert one == other


def test_another_run_with_more_workers_writes_the_same_bytes(out, clean, written):
    assert written(clean("--workers", 3, *PARQUET)) == written(out)


def test_a_finished_run_is_not_done_again(out, crawl, config, curate, written):
    before = written(out)
    ran = curate("clean", crawl, "-o", out, "--config", config, "--workers", 1, *PARQUET)
    assert "nothing has changed since the last run" in ran.err
    assert written(out) == before


@pytest.mark.parametrize("kind", KINDS)
def test_every_file_has_one_schema_and_all_are_one_dataset(kind, out, undisturbed, curate):
    files = sorted(out.glob(f"{kind}-*.parquet"))
    assert {parquet.read_schema(path) for path in files} == {columns.schema(KINDS[kind])}
    table = dataset.dataset(files, format="parquet").to_table()
    assert table.column("doc").to_pylist() == [row["doc"] for row in curate.rows(undisturbed, kind)]


@pytest.mark.parametrize(("compress", "codec"), [("gz", "GZIP"), ("zst", "ZSTD")])
def test_compression_is_that_of_the_columns_and_not_in_the_name(compress, codec, clean, curate, out):
    packed = clean(*PARQUET, "--compress", compress)
    assert shards(packed) == shards(out)
    files = map(parquet.read_metadata, packed.glob("pages-*.parquet"))
    assert {file.row_group(0).column(0).compression for file in files if file.num_rows} == {codec}
    assert curate.rows(packed, "pages") == curate.rows(out, "pages")


def test_a_ledger_without_texts_is_one_of_json_lines_too(clean, curate):
    spans = [clean("--ledger", "spans", *options) for options in (PARQUET, ())]
    assert curate.rows(spans[0], "ledger") == curate.rows(spans[1], "ledger")
    assert curate.rows(spans[0], "pages") == curate.rows(spans[1], "pages")


def test_a_ledger_that_is_only_counted_has_files_without_rows(clean, curate, out):
    counts = clean("--ledger", "counts", *PARQUET)
    assert shards(counts) == shards(out)
    assert {parquet.read_schema(path) for path in counts.glob("ledger-*.parquet")} == {columns.schema(LedgerRow)}
    assert curate.rows(counts, "ledger") == []


def test_another_format_takes_the_place_of_the_one_before(tmp_path, clean):
    for options, suffix in ((PARQUET, ".parquet"), ((), ".jsonl"), (PARQUET, ".parquet")):
        again = clean(*options, out=tmp_path / "out")
        assert {path.suffix for kind in KINDS for path in again.glob(f"{kind}-*")} == {suffix}


def test_what_a_run_wrote_in_parquet_is_no_input_of_another(tmp_path, clean):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "a.txt").write_text("The ferry at Oxney was painted twice in one summer.\n")
    clean(*PARQUET, out=tmp_path / "pages" / "out")
    assert [file.name for file in find([str(tmp_path / "pages")])] == ["a.txt"]


class TestReadAgain:
    def test_restoring_gives_the_same_files(self, out, undisturbed, tmp_path, curate):
        for name, run in (("lines", undisturbed), ("parquet", out)):
            ran = curate("restore", run, "-o", tmp_path / name)
            assert ran.code == 1, "some pages could not be read"
        files = [
            {path.relative_to(tmp_path / name): path.read_bytes() for path in (tmp_path / name).rglob("*") if path.is_file()}
            for name in ("lines", "parquet")
        ]
        assert files[0] == files[1]
        assert len(files[0]) > 5

    def test_removed_lines_are_found_as_in_json_lines(self, out, undisturbed, curate):
        ran = curate("rules", "why", "heron", "--run", out)
        assert ran.code == 0
        assert "doc " in ran.out
        assert ran.out == curate("rules", "why", "heron", "--run", undisturbed).out

    def test_pairs_are_told_with_the_same_texts(self, out, undisturbed, curate, preset):
        ran, of_lines = (curate("dedup", "pairs", run, "--json") for run in (out, undisturbed))
        assert ran.code == of_lines.code == (0 if preset == "corpus" else 2)
        assert ran.out == of_lines.out
        assert (preset == "page") == (ran.out == "")

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_file_that_is_cut_short_is_named(self, kind, clean, tmp_path, curate):
        out = clean(*PARQUET)
        path = min(out.glob(f"{kind}-*.parquet"))
        data = path.read_bytes()
        path.unlink()  # it has another name among the stages
        path.write_bytes(data[:-20])
        ran = curate("restore", out, "-o", tmp_path / "again")
        assert ran.code == 2
        assert f"{path.name} is damaged or missing" in ran.err
        assert "the run is not complete" in ran.err


class TestRefused:
    def test_a_stream_gets_json_lines(self, crawl, config, curate):
        ran = curate("clean", crawl, "-o", "-", "--config", config, "--quiet", *PARQUET)
        assert (ran.code, ran.out) == (2, "")
        assert "Parquet goes to a folder" in ran.err

    def test_a_configuration_for_parquet_can_be_streamed_from_when_told_so(self, crawl, tmp_path, curate):
        (tmp_path / "curate.toml").write_text('extends = "rules-only"\n[output]\nformat = "parquet"\n')
        ran = curate("clean", crawl / "0.txt", "-o", "-", "--config", tmp_path / "curate.toml", "--quiet")
        assert (ran.code, "add --output-format jsonl" in ran.err) == (2, True)
        ran = curate("clean", crawl / "0.txt", "-o", "-", "--config", tmp_path / "curate.toml", "--quiet", "--output-format", "jsonl")
        assert ran.code == 0
        assert ran.out.startswith("{")

    def test_without_pyarrow_the_extra_is_named_before_anything_is_written(self, crawl, config, tmp_path, curate, monkeypatch):
        for name in [name for name in sys.modules if name.split(".")[0] == "pyarrow"]:
            monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
        ran = curate("clean", crawl, "-o", tmp_path / "out", "--config", config, *PARQUET)
        assert ran.code == 2
        assert "pip install 'curate[parquet]'" in ran.err
        assert not (tmp_path / "out").exists()

    def test_an_unknown_format_is_told_with_those_there_are(self, crawl, tmp_path, curate):
        (tmp_path / "curate.toml").write_text('extends = "page"\n[output]\nformat = "parket"\n')
        ran = curate("clean", crawl, "-o", tmp_path / "out", "--config", tmp_path / "curate.toml")
        assert ran.code == 2
        assert "it is one of jsonl, parquet" in ran.err


def test_the_version_of_pyarrow_is_all_that_a_file_says_of_how_it_was_made(out):
    for path in out.glob("*.parquet"):
        metadata = parquet.read_metadata(path)
        assert metadata.created_by.endswith(pa.__version__)
        assert set(metadata.metadata or {}) == {b"ARROW:schema"}
