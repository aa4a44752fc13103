"""Bad input is a row of the output, never a traceback, and never the end of the run."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import zstandard

MB = 1_000_000
# Runs the command and says, as its last line, how much memory its process ever held.
MEASURED = """\
from curate.cli.main import main
try:
    main()
finally:
    print([line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")][0])
"""


def record(text):
    return json.dumps({"text": text}).encode() + b"\n"


def big(path, beginning=b"", end=b""):
    """A file with a line of 50 MB."""
    with path.open("wb") as file:
        file.write(beginning)
        for _ in range(50):
            file.write(b"ferry " * (MB // 6))
        file.write(end)


def bomb(path):
    """100 MB in a few kilobytes."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(100):
            file.write(b"a line of the very long ledger of Oxney, again\n" * (MB // 47))


@pytest.fixture(scope="module")
def folder(tmp_path_factory, story):
    """One folder with everything that can be wrong with a file, and sound pages between."""
    path = tmp_path_factory.mktemp("bad") / "pages"
    path.mkdir()
    sound, other = story().encode(), story(3, first=3).encode()

    def write(name, data):
        (path / name).write_bytes(data)

    write("sound.txt", sound)
    write("sound.html", b"<html><body><p>" + sound.replace(b"\n", b"<p>"))
    write("sound.jsonl", record(story()) + record(story(3, first=1)))
    write("binary.txt", bytes(range(256)) * 40)
    write("picture.html", b"\x89PNG\r\n\x1a\n" + bytes(1000))
    write("cut.txt.gz", gzip.compress(os.urandom(5000).hex().encode())[:-2000])
    write("cut.jsonl.gz", gzip.compress(b"".join(record(os.urandom(100_000).hex()) for _ in range(5)))[:-2000])
    write("cut.txt.zst", zstandard.ZstdCompressor().compress(os.urandom(5000).hex().encode())[:-2000])
    write("torn.txt.gz", b"\x1f\x8b\x08\x00 and then no archive")
    broken = b'{"text": "no end\n', b'{"id": 3}\n', b'["a list"]\n', b'{"text": ["a list"]}\n', b"\xff\xfe\n", b"[" * 100_000 + b"\n"
    write("mixed.jsonl", record(story()) + b"".join(broken) + record(story(3, first=1)))
    big(path / "long.txt")
    big(path / "long.jsonl", record(story()) + b'{"text": "', b'"}\n' + record(story(3, first=1)))
    big(path / "endless.jsonl")
    write("line.txt", b"x" * (1_000_001) + b"\n" + sound)
    write("lines.txt", b"x\n" * 100_001)
    write("deep.html", b"<html><body>" + b"<div>" * 100_000 + sound)
    write("empty.txt", b"")
    write("empty.html", b"")
    write("empty.jsonl", b"")
    write("blank.txt", b" \n\t\r\n\xe2\x80\x83\n")
    write("short.txt", b"The ferry at Oxney has been painted again.\n")
    write("invalid.txt", other.replace(b"e", b"\xe9\xff", 3))
    write("nul.txt", other.replace(b" ", b"\0", 3))
    bomb(path / "bomb.txt.gz")
    (path / "folder.txt").mkdir()
    write("folder.txt/inside.txt", other)
    write("locked.txt", other)
    (path / "locked.txt").chmod(0)
    return path


@pytest.fixture(scope="module")
def run(folder, script):
    """The run over that folder, as a process."""
    assert script.exists()
    command = [sys.executable, "-c", MEASURED, "clean", folder, "-o", folder.parent / "out", "--preset", "page", "--workers", "1"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture(scope="module")
def pages(run, curate, folder):
    """The rows of each file."""
    assert run.returncode in {0, 1}, run.stderr
    found = {}
    for row in curate.rows(folder.parent / "out", "pages"):
        found.setdefault(row["source"]["path"], []).append(row)
    return found


EXPECTED = {
    "sound.txt": ["kept"],
    "sound.html": ["kept"],
    "sound.jsonl": ["kept", "kept"],
    "binary.txt": ["failed binary: "],
    "picture.html": ["failed binary: this is a PNG image, not text"],
    "cut.txt.gz": ["failed broken compression"],
    "cut.txt.zst": ["failed broken compression"],
    "torn.txt.gz": ["failed broken compression"],
    "mixed.jsonl": [
        "kept",
        "failed broken JSON",
        "failed missing field: neither 'text' nor 'html'; the record has 'id'",
        "failed no JSON object: found list",
        "failed field is no text: 'text' holds list",
        "failed broken JSON",
        "failed broken JSON: nested too deep",
        "kept",
    ],
    "long.txt": ["failed limit bytes"],
    "long.jsonl": ["kept", "failed limit bytes: found 49,999,8", "kept"],
    "endless.jsonl": ["failed limit bytes: found 49,999,8"],
    "line.txt": ["failed limit line: found 1,000,001, the limit is 1,000,000"],
    "lines.txt": ["failed limit paragraphs: found 100,001, the limit is 100,000"],
    "deep.html": ["failed limit depth"],
    "empty.txt": ["emptied no text"],
    "empty.html": ["emptied no text"],
    "blank.txt": ["emptied no text"],
    "short.txt": ["emptied min-chars"],
    "invalid.txt": ["kept"],
    "nul.txt": ["kept"],
    "bomb.txt.gz": ["failed limit bytes"],
    "folder.txt/inside.txt": ["kept"],
}


@pytest.mark.parametrize("name", EXPECTED)
def test_outcome_and_reason_of(name, pages):
    found = [f"{row['outcome']} {row['reason']}".strip() for row in pages[name]]
    assert len(found) == len(EXPECTED[name])
    assert all(map(str.startswith, found, EXPECTED[name])), found


def test_records_before_the_place_where_an_archive_is_torn_are_kept(pages):
    *before, last = pages["cut.jsonl.gz"]
    assert before
    assert {row["outcome"] for row in before} <= {"kept", "emptied"}
    assert (last["outcome"], last["reason"].partition(":")[0]) == ("failed", "broken compression")
    assert last["source"]["record"] > before[-1]["source"]["record"]


def test_every_file_is_accounted_for(pages, folder):
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert pages.keys() == files - {"empty.jsonl"}  # no line, no record
    assert len({row["doc"] for rows in pages.values() for row in rows}) == sum(map(len, pages.values()))


def test_the_run_goes_on_and_its_exit_code_says_that_something_failed(run, pages):
    assert run.returncode == 1
    assert "Traceback" not in run.stderr
    assert "failed: limit bytes" in run.stderr
    assert pages["sound.txt"][0]["outcome"] == "kept"


def test_run_json_counts_what_the_rows_say(run, pages, folder):
    assert run.returncode == 1
    counted = json.loads((folder.parent / "out" / "run.json").read_bytes())
    rows = [row for rows in pages.values() for row in rows]
    outcomes = [row["outcome"] for row in rows]
    assert counted["documents"] == {"read": len(rows), **{name: outcomes.count(name) for name in ("kept", "emptied", "dropped", "failed")}}
    reasons = [f"{row['outcome']}: {row['reason'].partition(':')[0]}" for row in rows if row["reason"]]
    assert counted["reasons"] == {reason: reasons.count(reason) for reason in reasons}


def test_sound_pages_between_bad_ones_are_cleaned(run, curate, folder, story):
    assert run.returncode == 1
    clean = [row["text"].split() for row in curate.rows(folder.parent / "out") if row["id"].startswith("sound")]
    assert clean == [story().split()] * 2


def test_bad_bytes_cost_a_page_no_more_than_themselves(run, curate, folder):
    assert run.returncode == 1
    texts = {row["id"]: row["text"] for row in curate.rows(folder.parent / "out")}
    assert texts["nul.txt"].count("\0") == 3
    assert "heron" in texts["nul.txt"]
    assert "school" in texts["invalid.txt"]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_no_file_however_large_is_held_in_memory(run):
    assert int(run.stdout.split()[-1]) < 300_000  # kilobytes; the interpreter and its libraries take half of that


def test_a_file_that_may_not_be_read_is_a_row(pages, folder):
    if os.access(folder / "locked.txt", os.R_OK):
        pytest.skip("root may read everything")
    assert [(row["outcome"], row["reason"]) for row in pages["locked.txt"]] == [("failed", "cannot be read: Permission denied")]


def test_a_link_that_leads_nowhere_is_a_row(curate, tmp_path, story):
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "ferry.txt").write_text(story())
    (tmp_path / "pages" / "gone.txt").symlink_to(tmp_path / "nowhere.txt")
    assert curate("clean", tmp_path / "pages", "-o", tmp_path / "out").code == 1
    found = [(row["id"], row["outcome"], row["reason"]) for row in curate.rows(tmp_path / "out", "pages")]
    assert found == [("ferry.txt", "kept", ""), ("gone.txt", "failed", "cannot be read: No such file or directory")]


def test_a_file_that_goes_away_during_the_run_is_a_row(curate, tmp_path, story, monkeypatch):
    names = ["a.txt", "b.txt"]
    for name in names:
        (tmp_path / name).write_text(story())
    removed = find_and_lose(tmp_path / "b.txt")
    monkeypatch.setattr("curate.cli.running.find", removed)
    assert curate("clean", *(tmp_path / name for name in names), "-o", tmp_path / "out", "--preset", "page").code == 1
    assert [row["outcome"] for row in curate.rows(tmp_path / "out", "pages")] == ["kept", "failed"]


def find_and_lose(path):
    """Find the inputs, then lose one of them."""
    from curate.formats.inputs import find

    def found(*arguments, **options):
        files = find(*arguments, **options)
        path.unlink()
        return files

    return found


@pytest.mark.parametrize(
    "line",
    [
        b'{"text": NaN}',
        b'{"text": "\\ud800 alone", "id": "\\udfff", "url": "\\ud800", "title": "\\udc00", "\\ud800": 1}',
        b'{"text": "x", "n": 123456789012345678901234567890123456789012345678901234567890, "m": 1e999, "k": -Infinity}',
        b'{"text": "x", "id": {"a": [1, null]}, "url": ["u"], "title": false, "date": 1e9, "site": null}',
        b'{"text": "x", "url": "http://[half"}',
        b'{"text": "x", "deep": ' + b"[" * 900 + b"]" * 900 + b"}",
        b'{"text": null, "html": null}',
        b'{"html": "<p>x", "text": null}',
        b'{"html": ""}',
        b'{"text": ""}',
        b"null",
        b"{}",
        b"\xef\xbb\xbf{}",
        b'{"text": "\xff"}',
        b'{"text": "x"} {"text": "y"}',
    ],
    ids=lambda line: line[:50].decode("latin-1"),
)
def test_a_strange_record_is_one_row_and_no_traceback(curate, tmp_path, line):
    (tmp_path / "crawl.jsonl").write_bytes(line + b"\n")
    ran = curate("clean", tmp_path / "crawl.jsonl", "-o", tmp_path / "out")
    [row] = curate.rows(tmp_path / "out", "pages")
    assert (ran.code, row["outcome"]) in {(0, "kept"), (0, "emptied"), (1, "failed")}
    assert ran.err.count("failed") == (row["outcome"] == "failed")


def test_a_number_that_is_none_is_no_text(curate, tmp_path):
    (tmp_path / "crawl.jsonl").write_text('{"text": NaN, "id": "a"}\n')
    assert curate("clean", tmp_path / "crawl.jsonl", "-o", tmp_path / "out").code == 1
    [row] = curate.rows(tmp_path / "out", "pages")
    assert row["reason"].startswith(("field is no text", "missing field"))


@pytest.mark.parametrize(
    "label", ["hex", "idna", "punycode", "rot13", "undefined", "unicode_escape", "raw_unicode_escape", "utf-7", "none"]
)
def test_an_encoding_that_no_page_can_have_is_not_believed(curate, tmp_path, story, label):
    page = b'<html><head><meta charset="%s"></head><body><p>caf\xe9 \\ud800</p><p>%s' % (label.encode(), story().encode())
    (tmp_path / "page.html").write_bytes(page)
    assert curate("clean", tmp_path / "page.html", "-o", tmp_path / "out").code == 0
    [row] = curate.rows(tmp_path / "out")
    assert row["text"].startswith("caf\xe9 \\ud800\n")
