"""The rows that a run writes: their fields never change unnoticed, and everything that was read is accounted for."""

import gzip
import json
from typing import get_type_hints

import pytest

from curate.formats import records

SOURCE = {"path": str, "record": int, "sha256": str, "encoding": str}
# Frozen: whoever changes a name, a type or the order here changes what others have built on, and raises `schema`.
SCHEMA = 1
FIELDS = {
    "clean": {
        "id": str,
        "text": str,
        "url": str,
        "title": str,
        "date": str,
        "lang": str,
        "lang_score": float,
        "doc": str,
        "source": SOURCE,
        "kept": [int],
        "read": int,
        "chars_read": int,
        "chars_kept": int,
        "meta": str,
        "curate": {"version": str, "pipeline": str, "rules": str, "schema": int},
    },
    "ledger": {
        "doc": str,
        "paragraph": int,
        "start": int,
        "end": int,
        "text": str,
        "new": str,
        "step": str,
        "rule": str,
        "measure": float,
        "limit": float,
        "of": {"doc": str, "paragraph": int},
    },
    "pages": {
        "doc": str,
        "id": str,
        "url": str,
        "source": SOURCE,
        "format": str,
        "dom": bool,
        "outcome": str,
        "reason": str,
        "read": int,
        "chars_read": int,
        "layout": [{"space": str, "times": int}],
        "raw": str,
        "tags": dict,
        "measures": dict,
    },
}
STRUCTS = {"clean": records.CleanRow, "ledger": records.LedgerRow, "pages": records.PageRow}
CONFIG = """\
extends = "page"
[[step]]
name = "min-chars"
store = true
"""
MENDED = "It’s the keeper’s own tin, and it’s been blue since the day he was born.\n".encode().decode("cp1252")
TRIMMED = "The second coat was put on at low water by two men and a dog who had been told to keep still. Continue reading\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, story):
    """Pages of every kind and every fate."""
    path = tmp_path_factory.mktemp("rows") / "pages"
    path.mkdir()
    html = "".join(f"<p>{line}</p>" for line in (story() + story(2)).splitlines())
    head = '<title>Twice painted</title><link rel=canonical href="https://oxneylantern.example/ferry"><meta name=date content="2026-09-02">'
    lines = [
        {"id": "a", "text": story() + story(), "url": "https://oxneylantern.example/a", "title": "A", "date": "2026-09-02", "tide": None},
        {"id": 4, "text": "Leave a Reply\n" + story() + "\ud800\n"},
        {"html": html},
        {"text": ""},
        {"id": "none"},
    ]
    files = {
        "plain.txt": story().encode(),
        "repeats.txt": (story() + "\r\n  " + story(4) + "\r").encode(),
        "mended.txt": (story() + MENDED + MENDED + TRIMMED).encode("utf-16"),
        "rules.txt": ("Leave a Reply\nArticle continues below\n" + story() + "Story continues below\n").encode("utf-8-sig"),
        "invalid.txt": "“Café”, said the clerk – “naïve”. ".encode() + b"\xff" + (story() + story(2)).encode(),
        "windows.txt": ("“Café”, said the clerk. " + story()).encode("cp1252"),
        "page.html": f"<html lang=en><head>{head}</head><body>{html}</body></html>".encode(),
        "short.txt": b"The ferry at Oxney has been painted again.\n",
        "menu.txt": b"Ferries\nMoorings\nTides\nSwallows\nWeather\n",
        "empty.txt": b"",
        "blank.txt": b"\r\n \n",
        "binary.txt": bytes(range(32)) * 50,
        "crawl.jsonl": b"".join(json.dumps(line).encode() + b"\n" for line in lines) + b"{\n",
        "packed.txt.gz": gzip.compress(story().encode()),
    }
    for name, data in files.items():
        (path / name).write_bytes(data)
    return path


@pytest.fixture(scope="module", params=["full", "spans", "counts"])
def out(request, folder, curate):
    """An output folder with each ledger there is."""
    config, out = folder.parent / "curate.toml", folder.parent / request.param
    config.write_text(CONFIG)
    ran = curate("clean", folder, "-o", out, "--config", config, "--ledger", request.param, "--allow-failed", 1)
    assert ran.code == 0, ran.err
    return out


@pytest.fixture(scope="module")
def full(folder, curate):
    """The output folder with the full ledger."""
    config, out = folder.parent / "curate.toml", folder.parent / "whole"
    config.write_text(CONFIG)
    assert curate("clean", folder, "-o", out, "--config", config, "--allow-failed", 1).code == 0
    return out


def same_shape(value, shape):
    if isinstance(shape, dict):
        return list(value) == list(shape) and all(same_shape(value[name], of) for name, of in shape.items())
    if isinstance(shape, list):
        return isinstance(value, list) and all(same_shape(part, shape[0]) for part in value)
    return type(value) is shape


def shape_of(kind):
    """The fields of a struct in the notation above."""
    if hasattr(kind, "__struct_fields__"):
        hints = get_type_hints(kind)
        return {name: shape_of(hints[name]) for name in kind.__struct_fields__}
    origin = getattr(kind, "__origin__", None)
    return [shape_of(kind.__args__[0])] if origin is list else origin or kind


def has_null(value):
    if isinstance(value, (dict, list)):
        return any(map(has_null, value.values() if isinstance(value, dict) else value))
    return value is None


def test_the_schema_has_its_number():
    assert records.SCHEMA == SCHEMA


@pytest.mark.parametrize("kind", FIELDS)
def test_fields_keep_their_names_types_and_order(kind):
    assert shape_of(STRUCTS[kind]) == FIELDS[kind]
    assert list(shape_of(STRUCTS[kind])) == list(FIELDS[kind])


@pytest.mark.parametrize("kind", FIELDS)
def test_every_row_has_every_field(kind, out, curate):
    rows = curate.rows(out, kind)
    assert rows or (kind, out.name) == ("ledger", "counts")
    assert [row for row in rows if not same_shape(row, FIELDS[kind])] == []


@pytest.mark.parametrize("kind", FIELDS)
def test_no_field_is_null(kind, out, curate):
    assert [row for row in curate.rows(out, kind) if has_null(row)] == []


def test_all_fates_are_in_the_test(full, curate):
    assert {row["outcome"] for row in curate.rows(full, "pages")} == {"kept", "emptied", "failed"}
    assert {row["step"] for row in curate.rows(full, "ledger")} == {"fix-encoding", "site-rules", "page-model", "repeats", "min-chars"}


def test_clean_holds_the_kept_documents_and_no_others_in_the_order_of_the_pages(out, curate):
    kept = [row["doc"] for row in curate.rows(out, "pages") if row["outcome"] == "kept"]
    assert [row["doc"] for row in curate.rows(out)] == kept
    assert all(row["text"].strip() for row in curate.rows(out))


def test_a_row_can_be_joined_with_its_page_by_its_key(out, curate):
    pages = {row["doc"]: row for row in curate.rows(out, "pages")}
    assert len(pages) == len(curate.rows(out, "pages"))
    for row in curate.rows(out):
        for field in ("id", "url", "source", "read", "chars_read"):
            assert row[field] == pages[row["doc"]][field]
        assert row["lang"] == pages[row["doc"]]["tags"]["lang"]
    assert {row["doc"] for row in curate.rows(out, "ledger")} <= pages.keys()


def test_every_paragraph_read_is_kept_or_in_the_ledger(full, curate):
    kept = {row["doc"]: row["kept"] for row in curate.rows(full)}
    for page in curate.rows(full, "pages"):
        changed = {row["paragraph"] for row in curate.rows(full, "ledger") if row["doc"] == page["doc"]}
        still = kept.get(page["doc"], [])
        assert still == sorted(set(still))
        gone = set(range(page["read"])) - set(still)
        assert gone <= changed
        assert changed <= set(range(page["read"]))
        assert len(still) + len(gone) == page["read"]


def test_characters_kept_and_removed_without_those_added_are_those_read(full, curate):
    clean = {row["doc"]: row for row in curate.rows(full)}
    for page in curate.rows(full, "pages"):
        changes = [row for row in curate.rows(full, "ledger") if row["doc"] == page["doc"]]
        assert all(len(row["text"]) == row["end"] - row["start"] for row in changes)
        removed, added = (sum(len(row[field]) for row in changes) for field in ("text", "new"))
        left = clean[page["doc"]]["chars_kept"] if page["doc"] in clean else 0
        assert left + removed - added == page["chars_read"], page["id"]


def test_the_clean_text_is_the_kept_paragraphs(full, curate):
    for row in curate.rows(full):
        paragraphs = [line for line in row["text"].split("\n") if line]
        assert len(paragraphs) == len(row["kept"])
        assert sum(map(len, paragraphs)) == row["chars_kept"]


def test_what_a_repeat_repeats_is_kept(full, curate):
    kept = {row["doc"]: row["kept"] for row in curate.rows(full)}
    repeats = [row for row in curate.rows(full, "ledger") if row["step"] == "repeats"]
    assert repeats
    for row in repeats:
        assert row["of"]["paragraph"] in kept[row["of"]["doc"]]
        assert row["measure"] >= row["limit"] > 0


def test_run_json_counts_what_the_files_hold(out, curate):
    run = json.loads((out / "run.json").read_bytes())
    pages, clean, ledger = (curate.rows(out, kind) for kind in ("pages", "clean", "ledger"))
    assert run["documents"]["read"] == len(pages)
    assert run["documents"]["kept"] == len(clean)
    assert run["paragraphs"] == {"read": sum(row["read"] for row in pages), "kept": sum(len(row["kept"]) for row in clean)}
    assert run["chars"] == {"read": sum(row["chars_read"] for row in pages), "kept": sum(row["chars_kept"] for row in clean)}
    removed, added = (sum(step[field] for step in run["steps"].values()) for field in ("chars_removed", "chars_added"))
    assert run["chars"]["kept"] + removed - added == run["chars"]["read"]
    dropped = sum(step["paragraphs_dropped"] for step in run["steps"].values())
    assert run["paragraphs"]["kept"] + dropped == run["paragraphs"]["read"]
    if out.name != "counts":
        assert removed == sum(row["end"] - row["start"] for row in ledger)


def test_measures_are_stored_where_the_configuration_asks_for_them(full, curate):
    for page in curate.rows(full, "pages"):
        measured = page["read"] > 0 and page["reason"] != "page-model"  # which leaves nothing to the steps behind it
        assert page["measures"].keys() == ({"min-chars"} if measured else set())
    [plain] = [row for row in curate.rows(full, "pages") if row["id"] == "plain.txt"]
    assert plain["measures"]["min-chars"] == [plain["chars_read"]]


def test_pages_say_where_they_come_from(full, curate):
    pages = {row["id"]: row for row in curate.rows(full, "pages")}
    assert pages["page.html"]["url"] == "https://oxneylantern.example/ferry"
    assert (pages["page.html"]["format"], pages["page.html"]["dom"]) == ("html", True)
    assert (pages["mended.txt"]["format"], pages["mended.txt"]["source"]["encoding"]) == ("text", "utf-16-le")
    assert pages["a"]["source"]["path"] == pages["4"]["source"]["path"] == "crawl.jsonl"
    assert pages["packed.txt.gz"]["source"]["sha256"] == pages["plain.txt"]["source"]["sha256"]
    [html] = [row for row in curate.rows(full) if row["id"] == "page.html"]
    assert (html["title"], html["date"], html["lang"]) == ("Twice painted", "2026-09-02", "en")
    assert html["text"].count("\n\n") == 2


def test_bytes_are_carried_along_only_where_decoding_cannot_be_undone(full, curate):
    pages = {row["id"]: row for row in curate.rows(full, "pages")}
    assert {name for name, row in pages.items() if row["raw"]} == {"invalid.txt", "4"}
    assert pages["windows.txt"]["source"]["encoding"] == "cp1252"


def test_white_space_is_written_down_only_where_it_is_not_one_line_break(full, curate):
    layouts = {row["id"]: row["layout"] for row in curate.rows(full, "pages")}
    assert layouts["plain.txt"] == layouts["packed.txt.gz"] == layouts["page.html"] == []
    assert layouts["rules.txt"] == [{"space": "\ufeff", "times": 1}, {"space": "\n", "times": 6}]
    assert layouts["blank.txt"] == [{"space": "\r\n \n", "times": 1}]


def test_without_the_full_ledger_nothing_removed_is_in_the_files(folder, curate):
    for level in ("spans", "counts"):
        out = folder.parent / f"told {level}"
        assert curate("clean", folder, "-o", out, "--ledger", level, "--allow-failed", 1).code == 0
        for path in out.glob("*.json*"):
            assert "Leave a Reply" not in path.read_text(encoding="utf-8"), path.name
