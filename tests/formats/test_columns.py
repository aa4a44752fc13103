"""Rows as Parquet: what a struct's fields become, texts that are hard to hold, groups of bounded size, files that are not whole."""

import io
from typing import Any

import msgspec
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from curate.errors import PageError
from curate.formats import columns
from curate.formats.records import CleanRow, Gap, LedgerRow, Made, OfRow, PageRow, SourceRow

ROWS = [CleanRow, LedgerRow, PageRow]
SOURCE = SourceRow("crawl.jsonl", 1 << 40, "", "utf-8")
MADE = Made("1", "", "", 1)
HARD = ["", "\0", "a\0b\0", "\ufeff \u2028\u2029\x85", "\ufffd", "𐐷😀 e\u0301", "\r\n\t", "\ue000\uffff\U0010ffff", "line " * 400_000]


def clean(text: str = "", kept: tuple[int, ...] = ()) -> CleanRow:
    return CleanRow("", text, "", text, "", "en", 0.5, "d", SOURCE, list(kept), 1, 2, 3, "{}", MADE)


def page(**given: Any) -> PageRow:
    fields = {"tags": {}, "measures": {}, "layout": [], **given}
    return PageRow("d", "", "", SOURCE, "text", False, "kept", "", 1, 2, fields["layout"], "", fields["tags"], fields["measures"])


def ledger(text: str) -> LedgerRow:
    return LedgerRow("d", 0, 0, len(text), text, "", "min-chars", "", 1.5, 2.0, OfRow("", 0))


def written(rows: list[msgspec.Struct], cls: type, codec: str = "zstd", level: int | None = 3) -> bytes:
    file = io.BytesIO()
    with columns.writing(file, cls, codec, level) as put:
        put(rows)
    return file.getvalue()


def read(data: bytes, cls: type) -> list[msgspec.Struct]:
    return list(columns.reading(io.BytesIO(data), cls))


class TestSchema:
    @pytest.mark.parametrize("cls", ROWS)
    def test_it_has_the_fields_of_the_struct_in_their_order_and_no_nulls(self, cls):
        schema = columns.schema(cls)
        assert tuple(schema.names) == cls.__struct_fields__
        assert not any(field.nullable for field in schema)

    def test_types_are_those_that_readers_of_json_take(self):
        schema = columns.schema(PageRow)
        assert (schema.field("read").type, schema.field("dom").type, schema.field("url").type) == (pa.int64(), pa.bool_(), pa.string())
        assert [field.name for field in schema.field("source").type] == ["path", "record", "sha256", "encoding"]
        assert schema.field("layout").type.value_type == pa.struct(
            [pa.field("space", pa.string(), nullable=False), pa.field("times", pa.int64(), nullable=False)]
        )
        assert columns.schema(CleanRow).field("kept").type.value_type == pa.int64()
        assert columns.schema(CleanRow).field("lang_score").type == pa.float64()

    def test_what_has_no_fixed_type_is_a_string_of_json(self):
        row = page(tags={"lang": "en", "lang_score": 0.25}, measures={"min-chars": [1.0, 2.5]})
        [found] = parquet.read_table(io.BytesIO(written([row], PageRow))).to_pylist()
        assert (found["tags"], found["measures"]) == ('{"lang":"en","lang_score":0.25}', '{"min-chars":[1.0,2.5]}')
        assert read(written([row], PageRow), PageRow) == [row]


class TestWritten:
    @pytest.mark.parametrize("text", HARD, ids=[ascii(text[:12]) for text in HARD])
    def test_hard_texts_come_back(self, text):
        rows = [clean(text), clean(), clean(text, (0, 1 << 40))]
        assert read(written(rows, CleanRow), CleanRow) == rows

    @given(st.lists(st.text(), max_size=20))
    @settings(max_examples=50, deadline=None)
    def test_any_text_comes_back(self, texts):
        rows = [page(layout=[Gap(text, number)]) for number, text in enumerate(texts)]
        assert read(written(rows, PageRow), PageRow) == rows

    @pytest.mark.parametrize("cls", ROWS)
    def test_no_rows_are_a_file_with_the_same_schema(self, cls):
        found = parquet.ParquetFile(io.BytesIO(written([], cls)))
        assert found.schema_arrow == columns.schema(cls)
        assert found.metadata.num_rows == 0
        assert read(written([], cls), cls) == []

    @pytest.mark.parametrize(("codec", "level"), [("zstd", 3), ("gzip", None)])
    def test_columns_are_compressed_as_asked_for(self, codec, level):
        data = written([clean("text")], CleanRow, codec, level)
        group = parquet.ParquetFile(io.BytesIO(data)).metadata.row_group(0)
        assert {group.column(number).compression for number in range(group.num_columns)} == {codec.upper()}

    def test_the_same_rows_give_the_same_bytes_however_they_come(self):
        rows = [ledger(f"{number} " * (number % 50)) for number in range(30_000)]
        file = io.BytesIO()
        with columns.writing(file, LedgerRow, "zstd", 3) as put:
            for row in rows:
                put([row])
        assert file.getvalue() == written(rows, LedgerRow)

    def test_row_groups_are_of_bounded_bytes_and_not_of_all_rows(self):
        rows = [clean(f"{number:06} " * 15_000) for number in range(800)]  # 210 kB each, in `text` and in `title`
        metadata = parquet.ParquetFile(io.BytesIO(written(rows, CleanRow))).metadata
        groups = [metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)]
        assert all(32_000_000 <= number * 210_000 <= 34_000_000 for number in groups[:-1])
        assert sum(groups) == len(rows)

    def test_a_row_beyond_the_size_of_a_group_is_written_too(self):
        row = clean("far too long " * 3_000_000)
        assert read(written([row, clean()], CleanRow), CleanRow) == [row, clean()]

    def test_what_ends_halfway_is_no_whole_file_and_says_nothing_more(self, tmp_path):
        path = tmp_path / "clean.parquet"
        with pytest.raises(AttributeError), path.open("wb") as file, columns.writing(file, CleanRow, "zstd", 3) as put:
            put([clean("text"), ledger("of another kind")])
        with path.open("rb") as file, pytest.raises(PageError, match="broken Parquet"):
            list(columns.reading(file, CleanRow))


class Some(msgspec.Struct):
    """Some of the fields of a page."""

    id: str
    source: SourceRow
    tags: dict[str, str | float]


class TestRead:
    def test_a_struct_with_some_of_the_fields_gets_these(self):
        assert read(written([page(tags={"lang": "en"})], PageRow), Some) == [Some("", SOURCE, {"lang": "en"})]

    def test_more_rows_than_are_made_at_a_time_come_in_order(self):
        rows = [clean(str(number)) for number in range(5_000)]
        assert read(written(rows, CleanRow), CleanRow) == rows

    def test_rows_of_another_kind_are_refused(self):
        with pytest.raises(msgspec.ValidationError):
            read(written([ledger("text")], LedgerRow), CleanRow)

    @pytest.mark.parametrize("keep", [0, 3, 8, 500, -1, -9], ids=lambda keep: f"up to {keep}")
    def test_a_file_that_is_cut_off_is_refused(self, keep):
        with pytest.raises((PageError, OSError)):
            read(written([clean("text")], CleanRow)[:keep], CleanRow)
