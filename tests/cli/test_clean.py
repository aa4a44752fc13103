"""`curate clean`: what it reads, what it writes, how it ends."""

import gzip
import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager

import pytest
import zstandard

PACK = """\
schema = 1
domains = ["{domain}"]
language = ["en"]

[[rule]]
id = "signpost"
category = "nav-crumbs"
why = "Stands above every story of this outlet, pointing the way back."
action = "drop-line"
line = '''
Home of the Oxney Lantern
'''
"""
SIGNPOST = "Home of the Oxney Lantern"
SHORT = "The ferry at Oxney has been painted again.\n"  # a page that nothing is wrong with but its length


@pytest.fixture
def rules(tmp_path):
    """A rule folder with one site, whose one rule takes the line SIGNPOST."""
    path = tmp_path / "my-rules" / "sites" / "o" / "oxneylantern.example.toml"
    path.parent.mkdir(parents=True)
    path.write_text(PACK.format(domain="oxneylantern.example"))
    return tmp_path / "my-rules"


@pytest.fixture
def clean_site(curate, rules, tmp_path, story):
    """What is left of a page with the line SIGNPOST, under the rules of that folder."""

    def clean(name, record, *options):
        page = tmp_path / "pages" / name
        page.parent.mkdir(parents=True)
        text = f"{SIGNPOST}\n{story()}"
        page.write_text(jsonl({"text": text, **record}) if record else text)
        assert curate("clean", tmp_path / "pages", "-o", tmp_path / "out", "--preset", "rules-only", "--rules", rules, *options).code == 0
        [row] = curate.rows(tmp_path / "out")
        return row["text"]

    return clean


@pytest.fixture
def folder(tmp_path, story):
    """A folder with a text page in it."""
    path = tmp_path / "pages"
    path.mkdir()
    (path / "ferry.txt").write_text(story())
    return path


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def html(text):
    paragraphs = "".join(f"<p>{line}</p>" for line in text.splitlines())
    return f"<!DOCTYPE html><html lang=en><title>Twice painted</title><body>{paragraphs}</body></html>"


def jsonl(*records):
    return "".join(json.dumps(record) + "\n" for record in records)


def by_path(curate, out):
    return {row["source"]["path"]: row for row in curate.rows(out, "pages")}


class TestInputs:
    def test_a_file_goes_by_its_name(self, curate, folder, out, story):
        assert curate("clean", folder / "ferry.txt", "-o", out).code == 0
        [row] = curate.rows(out)
        assert row["id"] == row["source"]["path"] == "ferry.txt"
        assert row["text"] == story().rstrip("\n")

    def test_a_folder_is_searched_all_the_way_down_for_known_suffixes(self, curate, folder, out, story):
        (folder / "down" / "below").mkdir(parents=True)
        (folder / "down" / "below" / "PAGE.TXT").write_text(story(3, first=1))
        (folder / "down" / "page.html").write_text(html(story(3, first=2)))
        (folder / "notes.md").write_text(story())
        assert curate("clean", folder, "-o", out).code == 0
        assert list(by_path(curate, out)) == ["down/below/PAGE.TXT", "down/page.html", "ferry.txt"]

    def test_a_file_that_is_named_is_read_whatever_its_suffix(self, curate, tmp_path, out, story):
        named = {"text.md": (story(), "text"), "page.asp": (html(story()), "html"), "dump.json": (jsonl({"text": story()}), "jsonl")}
        for name, (content, _) in named.items():
            (tmp_path / name).write_text(content)
        assert curate("clean", *(tmp_path / name for name in named), "-o", out).code == 0
        assert {path: row["format"] for path, row in by_path(curate, out).items()} == {name: kind for name, (_, kind) in named.items()}

    def test_a_glob_names_files_from_its_first_fixed_folder(self, curate, folder, out, story):
        for name in ("a1/x.txt", "a2/y.txt", "b/z.txt"):
            (folder / name).parent.mkdir()
            (folder / name).write_text(story())
        assert curate("clean", folder / "a?" / "*.txt", "-o", out).code == 0
        assert list(by_path(curate, out)) == ["a1/x.txt", "a2/y.txt"]

    def test_a_glob_with_two_stars_goes_down(self, curate, folder, out, story):
        (folder / "a" / "b").mkdir(parents=True)
        (folder / "a" / "b" / "x.txt").write_text(story())
        assert curate("clean", folder / "**" / "*.txt", "-o", out).code == 0
        assert list(by_path(curate, out)) == ["a/b/x.txt", "ferry.txt"]

    def test_brackets_in_a_file_name_are_no_glob(self, curate, folder, out, story):
        (folder / "[1].txt").write_text(story())
        assert curate("clean", folder / "[1].txt", "-o", out).code == 0
        assert list(by_path(curate, out)) == ["[1].txt"]

    @pytest.mark.parametrize(("kind", "page"), [("text", str), ("html", html), ("jsonl", lambda text: jsonl({"text": text}))])
    def test_standard_input_is_told_by_its_first_characters(self, curate, out, story, kind, page):
        assert curate("clean", "-", "-o", out, stdin=page(story()).encode()).code == 0
        [row] = curate.rows(out, "pages")
        assert (row["source"]["path"], row["format"], row["outcome"]) == ("-", kind, "kept")

    @pytest.mark.parametrize("suffix", [".txt", ".text", ".html", ".htm", ".xhtml", ".jsonl", ".ndjson"])
    @pytest.mark.parametrize("compression", ["", ".gz", ".zst"], ids=["plain", "gz", "zst"])
    def test_every_suffix_is_read(self, curate, tmp_path, story, suffix, compression):
        pack = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}[compression]
        page = {"t": story(), "h": html(story()), "x": html(story())}.get(suffix[1], jsonl({"text": story()}))
        (tmp_path / "pages").mkdir()
        (tmp_path / "pages" / f"page{suffix}{compression}").write_bytes(pack(page.encode()))
        assert curate("clean", tmp_path / "pages", "-o", tmp_path / "out").code == 0
        [row] = curate.rows(tmp_path / "out")
        assert row["text"].split() == story().split()
        [page] = curate.rows(tmp_path / "out", "pages")
        assert page["dom"] == ("htm" in suffix)

    def test_several_gzip_members_and_zstd_frames_are_one_page(self, curate, folder, out, story):
        halves = story(2).encode(), story(2, first=2).encode()
        (folder / "a.txt.gz").write_bytes(b"".join(map(gzip.compress, halves)))
        (folder / "b.txt.zst").write_bytes(b"".join(map(zstandard.ZstdCompressor().compress, halves)))
        assert curate("clean", folder, "-o", out).code == 0
        assert [row["read"] for row in by_path(curate, out).values()] == [4, 4, 3]

    def test_a_wrong_suffix_of_compression_does_no_harm(self, curate, folder, out, story):
        (folder / "plain.txt.gz").write_text(story())
        (folder / "packed.txt").write_bytes(gzip.compress(story().encode()))
        assert curate("clean", folder, "-o", out, "--preset", "page").code == 0
        assert {row["outcome"] for row in curate.rows(out, "pages")} == {"kept"}

    def test_files_of_one_name_in_two_inputs_go_by_where_they_were_found(self, curate, tmp_path, out, story, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "same.txt").write_text(story())
        assert curate("clean", "one", "two", "-o", out).code == 0
        assert list(by_path(curate, out)) == ["one/same.txt", "two/same.txt"]

    def test_no_two_files_go_by_one_name(self, curate, tmp_path, out, story, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for number, name in enumerate(("one/page.txt", "one/two/page.txt", "two/page.txt")):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(story(3, first=number))
        assert curate("clean", "one", "two", "-o", out).code == 0
        pages = curate.rows(out, "pages")
        assert len(pages) == len({row["doc"] for row in pages}) == len({row["source"]["path"] for row in pages}) == 3

    def test_a_file_named_twice_is_read_once(self, curate, folder, out):
        assert curate("clean", folder, folder / "ferry.txt", folder, "-o", out).code == 0
        assert len(curate.rows(out, "pages")) == 1

    def test_names_that_are_not_utf_8_are_read_and_recorded(self, curate, folder, out, story):
        try:
            (folder / os.fsdecode(b"caf\xe9.txt")).write_text(story())
        except OSError:
            pytest.skip("this file system takes UTF-8 names only")
        assert curate("clean", folder, "-o", out, "--preset", "page").code == 0
        assert [row["outcome"] for row in curate.rows(out, "pages")] == ["kept", "kept"]

    def test_an_output_folder_inside_the_input_folder_is_not_read(self, curate, folder):
        for _ in range(2):
            assert curate("clean", folder, "-o", folder / "out").code == 0
            assert list(by_path(curate, folder / "out")) == ["ferry.txt"]

    def test_an_input_folder_inside_the_output_folder_is_read_or_the_message_says_why_not(self, curate, folder):
        ran = curate("clean", folder, "-o", folder.parent)
        assert ran.code == 0 or "output" in ran.err


class TestRecords:
    def test_the_known_fields_of_a_record_are_used_and_the_others_travel_along(self, curate, tmp_path, out, story):
        url = "https://www.oxneylantern.example/ferry"
        record = {
            "id": 7,
            "url": url,
            "title": "Twice painted",
            "date": "Wed, 02 Sep 2026 07:30:00 +0000",
            "text": story(),
            "desk": ["boats"],
        }
        (tmp_path / "crawl.jsonl").write_text(jsonl(record))
        assert curate("clean", tmp_path / "crawl.jsonl", "-o", out).code == 0
        [row] = curate.rows(out)
        assert (row["id"], row["url"], row["title"], row["date"]) == ("7", url, "Twice painted", "2026-09-02T07:30:00+00:00")
        assert json.loads(row["meta"]) == {"desk": ["boats"]}

    def test_fields_may_have_other_names(self, curate, tmp_path, out, story):
        records = [
            {
                "no": "a",
                "link": "https://oxneylantern.example/a",
                "head": "Head",
                "day": "2026-09-02",
                "body": story(),
                "text": "none of it",
            },
            {"no": "b", "raw": html(story())},
        ]
        (tmp_path / "crawl.jsonl").write_text(jsonl(*records))
        names = {"id": "no", "url": "link", "title": "head", "date": "day", "text": "body", "html": "raw"}
        options = [part for field, name in names.items() for part in (f"--{field}-field", name)]
        assert curate("clean", tmp_path / "crawl.jsonl", "-o", out, "--preset", "page", *options).code == 0
        one, other = curate.rows(out)
        assert (one["id"], one["url"], one["title"], one["date"]) == ("a", "https://oxneylantern.example/a", "Head", "2026-09-02")
        assert json.loads(one["meta"]) == {"text": "none of it"}
        assert (other["id"], other["title"]) == ("b", "Twice painted")
        assert one["text"].split() == other["text"].split() == story().split()

    def test_records_are_told_apart_by_their_place_in_the_file(self, curate, tmp_path, out, story):
        lines = [
            "\ufeff" + jsonl({"text": story()}),
            "\n",
            jsonl({"text": story(3, first=1)}),
            jsonl({"text": story()}).replace("\n", "\r\n"),
        ]
        (tmp_path / "crawl.jsonl").write_bytes("".join(lines).encode())
        assert curate("clean", tmp_path / "crawl.jsonl", "-o", out).code == 0
        offsets = [0, len((lines[0] + lines[1]).encode()), len("".join(lines[:3]).encode())]
        pages = curate.rows(out, "pages")
        assert [row["source"]["record"] for row in pages] == offsets
        assert len({row["doc"] for row in pages}) == 3

    def test_a_date_beyond_all_calendars_is_no_date(self, curate, tmp_path, out, story):
        dates = ["Mon, 01 Jan 2024 00:00:00 +99999999999999", "1 Jan 99999999999999999 00:00:00 +0000", "soon", "", None, 20260902]
        (tmp_path / "crawl.jsonl").write_text(jsonl(*({"text": story(), "date": date} for date in dates)))
        ran = curate("clean", tmp_path / "crawl.jsonl", "-o", out, "--preset", "page")
        assert ran.code == 0
        assert [row["date"] for row in curate.rows(out)[:5]] == [""] * 5


class TestOptions:
    @pytest.mark.parametrize(("limit", "read"), [(1, 1), (3, 3), (99, 5)])
    def test_limit_reads_only_the_first_documents(self, curate, folder, story, limit, read):
        out = folder.parent / "out"
        (folder / "crawl.jsonl").write_text(jsonl(*({"text": story(3, first=number)} for number in range(4))))
        assert curate("clean", folder, "-o", out, "--limit", limit).code == 0
        assert len(curate.rows(out, "pages")) == read

    def test_limit_counts_documents_that_failed(self, curate, tmp_path, out, story):
        (tmp_path / "crawl.jsonl").write_text("not a record\n" + jsonl({"text": story()}))
        assert curate("clean", tmp_path / "crawl.jsonl", "-o", out, "--limit", 1).code == 1
        assert [row["outcome"] for row in curate.rows(out, "pages")] == ["failed"]

    @pytest.mark.parametrize(
        ("site_from", "name", "record"),
        [
            ("path", "mirror/www.oxneylantern.example/2026/page.txt", {}),
            ("folder", "mirror/oxneylantern.example/page.txt", {}),
            ("field", "crawl.jsonl", {"site": "OxneyLantern.example"}),
            ("url", "crawl.jsonl", {"url": "https://news.OxneyLantern.example/a"}),
        ],
        ids=["path", "folder", "field", "url"],
    )
    @pytest.mark.parametrize("site", ["oxneylantern.example", "wickpost.example"])
    def test_the_site_is_told_from_where_one_says(self, clean_site, site_from, name, record, site):
        name, record = (part.replace("oxneylantern.example", site) for part in (name, json.dumps(record).lower()))
        text = clean_site(name, json.loads(record), "--site-from", site_from)
        assert (SIGNPOST not in text) == (site == "oxneylantern.example")

    def test_an_address_given_for_the_page_comes_before_the_pages_own(self, curate, rules, folder, out, story):
        (folder / "ferry.txt").write_text(f"{SIGNPOST}\n{story()}")
        (folder / "crawl.jsonl").write_text(jsonl({"url": "https://wickpost.example/", "text": f"{SIGNPOST}\n{story()}"}))
        url = "https://www.oxneylantern.example/ferry"
        assert curate("clean", folder, "-o", out, "--rules", rules, "--url", url).code == 0
        for row in curate.rows(out):
            assert row["url"] == url
            assert SIGNPOST not in row["text"]

    def test_format_comes_before_the_suffix(self, curate, folder, out, story):
        (folder / "ferry.txt").write_text(jsonl({"text": story()}, {"text": story(3, first=2)}))
        assert curate("clean", folder, "-o", out, "--format", "jsonl").code == 0
        assert [row["format"] for row in curate.rows(out, "pages")] == ["jsonl", "jsonl"]
        (folder / "ferry.txt").write_text(html(story()))
        assert curate("clean", folder, "-o", out, "--format", "html").code == 0
        assert [row["dom"] for row in curate.rows(out, "pages")] == [True]
        assert curate("clean", folder, "-o", out).code == 0
        assert [row["dom"] for row in curate.rows(out, "pages")] == [False]

    def test_a_rule_folder_of_ones_own_replaces_a_built_in_file_of_the_same_name(self, curate, tmp_path, folder, out, story):
        (folder / "ferry.txt").write_text(f"Article continues below\n{SIGNPOST}\n{story()}")
        own = tmp_path / "own" / "generic" / "en" / "ad-marker.toml"
        own.parent.mkdir(parents=True)
        own.write_text(PACK.replace('domains = ["{domain}"]\n', ""))
        assert curate("clean", folder, "-o", out, "--preset", "rules-only").code == 0
        assert [change["text"] for change in curate.rows(out, "ledger")] == ["Article continues below"]
        assert curate("clean", folder, "-o", out, "--preset", "rules-only", "--rules", tmp_path / "own").code == 0
        assert [change["text"] for change in curate.rows(out, "ledger")] == [SIGNPOST]

    def test_a_preset_is_run_by_its_name(self, curate, folder, out, story):
        (folder / "ferry.txt").write_text(story() + story())
        assert curate("clean", folder, "-o", out).code == 0
        assert curate.rows(out)[0]["kept"] == [0, 1, 2]
        assert curate("clean", folder, "-o", out, "--preset", "rules-only").code == 0
        assert curate.rows(out)[0]["kept"] == [0, 1, 2, 3, 4, 5]

    def test_a_configuration_is_run_and_the_command_line_comes_before_it(self, curate, tmp_path, folder, out, story):
        config = tmp_path / "curate.toml"
        config.write_text('extends = "page"\n[input.fields]\ntext = "body"\n[output]\nledger = "spans"\ncompress = "gz"\n')
        (folder / "ferry.txt").unlink()
        (folder / "crawl.jsonl").write_text(jsonl({"body": story() + story(), "other": story(3, first=1)}))
        assert curate("clean", folder, "-o", out, "--config", config).code == 0
        assert curate.rows(out)[0]["text"] == story().rstrip()
        assert {row["text"] for row in curate.rows(out, "ledger")} == {""}
        assert sorted(path.suffix for path in visible(out)) == [".gz", ".gz", ".gz", ".json"]
        options = ("--text-field", "other", "--ledger", "full", "--compress", "zst")
        assert curate("clean", folder, "-o", out, "--config", config, *options).code == 0
        assert curate.rows(out)[0]["text"] == story(3, first=1).rstrip()
        assert sorted(path.suffix for path in visible(out)) == [".json", ".zst", ".zst", ".zst"]

    def test_preset_and_config_exclude_each_other(self, curate, tmp_path, folder, out):
        (tmp_path / "curate.toml").write_text('extends = "page"\n')
        ran = curate("clean", folder, "-o", out, "--preset", "page", "--config", tmp_path / "curate.toml")
        assert ran.code == 2
        assert "exclude each other" in ran.err
        assert not out.exists()


class TestStandardOutput:
    def test_clean_rows_go_to_standard_output_and_words_to_standard_error(self, curate, folder, story):
        (folder / "short.txt").write_text(SHORT)
        ran = curate("clean", folder, "-o", "-")
        assert ran.code == 0
        [row] = map(json.loads, ran.out.splitlines())
        assert row["text"] == story().rstrip("\n")
        assert "read" in ran.err
        assert "emptied: min-chars" in ran.err
        assert [path.name for path in folder.parent.iterdir()] == ["pages"]

    def test_rows_on_standard_output_are_those_of_the_file(self, curate, folder, out):
        assert curate("clean", folder, "-o", out).code == 0
        assert curate("clean", folder, "-o", "-", "--quiet").out == (out / "clean-00000.jsonl").read_text()

    def test_bare_texts_are_parted_by_a_blank_line(self, curate, folder, story):
        (folder / "heron.txt").write_text(story(3, first=3))
        (folder / "headline.txt").write_text("A headline alone\n")
        ran = curate("clean", folder, "-o", "-", "--text", "--quiet")
        assert ran.out == f"{story()}\n{story(3, first=3)}"
        assert ran.err == ""

    def test_one_page_goes_in_and_its_text_comes_out(self, script, story):
        run = subprocess.run([script, "clean", "-", "-o", "-", "--text"], input=html(story()), capture_output=True, text=True, check=True)
        assert run.stdout.split() == story().split()
        assert "kept" in run.stderr

    def test_bare_text_does_not_go_into_a_folder(self, curate, folder, out):
        ran = curate("clean", folder, "-o", out, "--text")
        assert ran.code == 2
        assert "--text goes with -o -" in ran.err
        assert not out.exists()

    @pytest.mark.parametrize("options", [(), ("--text",)], ids=["records", "texts"])
    def test_a_reader_that_goes_away_early_is_no_error(self, script, tmp_path, story, options):
        (tmp_path / "crawl.jsonl").write_text(jsonl(*({"text": story(6, first=number)} for number in range(2000))))
        command = [script, "clean", tmp_path / "crawl.jsonl", "-o", "-", "--quiet", *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            assert run.stdout.readline()
            run.stdout.close()
            said = run.stderr.read()
        assert said == ""
        assert run.returncode == 0

    @pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")  # noqa: PTH110
    def test_a_full_disk_behind_standard_output_ends_with_a_message_and_code_4(self, script, folder):
        with open("/dev/full", "wb") as full:  # noqa: PTH123
            run = subprocess.run([script, "clean", folder, "-o", "-"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        assert "Traceback" not in run.stderr
        assert run.returncode == 4
        assert "No space left" in run.stderr


class TestFolder:
    def test_a_run_writes_four_files_and_a_folder_of_its_own(self, curate, folder, out):
        assert curate("clean", folder, "-o", out).code == 0
        assert sorted(path.name for path in visible(out)) == ["clean-00000.jsonl", "ledger-00000.jsonl", "pages-00000.jsonl", "run.json"]

    @pytest.mark.parametrize("kind", ["gz", "zst"])
    def test_compressed_files_hold_the_same_rows(self, curate, folder, tmp_path, story, kind):
        (folder / "heron.txt").write_text(story() + story())
        assert curate("clean", folder, "-o", tmp_path / "plain").code == 0
        for again in ("packed", "again"):
            assert curate("clean", folder, "-o", tmp_path / again, "--compress", kind).code == 0
        for name in ("clean", "ledger", "pages"):
            [packed] = (tmp_path / "packed").glob(f"{name}-*")
            assert packed.name == f"{name}-00000.jsonl.{kind}"
            assert curate.rows(tmp_path / "packed", name) == curate.rows(tmp_path / "plain", name) != []
            assert packed.read_bytes() == (tmp_path / "again" / packed.name).read_bytes()

    @pytest.mark.parametrize(("ledger", "texts"), [("full", True), ("spans", False), ("counts", None)])
    def test_the_ledger_says_as_much_as_one_asks_for(self, curate, folder, story, ledger, texts):
        out = folder.parent / "out"
        pasted = story() + story() + "It’s the keeper’s own tin.\n".encode().decode("cp1252")
        (folder / "ferry.txt").write_bytes(b"\xff " + pasted.encode())
        assert curate("clean", folder, "-o", out, "--ledger", ledger).code == 0
        changes, [page] = curate.rows(out, "ledger"), curate.rows(out, "pages")
        assert [change["step"] for change in changes] == (["fix-encoding", "repeats", "repeats", "repeats"] if texts is not None else [])
        assert all(bool(change["text"]) == texts for change in changes)
        assert all(change["end"] - change["start"] > 0 for change in changes)
        assert bool(page["raw"]) == (ledger == "full")
        run = json.loads((out / "run.json").read_bytes())
        assert run["steps"]["repeats"]["paragraphs_dropped"] == 3
        assert run["steps"]["fix-encoding"]["paragraphs_edited"] == 1
        assert run["config"]["output"]["ledger"] == ledger

    def test_the_level_of_the_ledger_changes_nothing_in_the_clean_rows(self, curate, folder, tmp_path, story):
        (folder / "heron.txt").write_text(story() + story())
        for ledger in ("full", "spans", "counts"):
            assert curate("clean", folder, "-o", tmp_path / ledger, "--ledger", ledger).code == 0
        assert len({(tmp_path / ledger / "clean-00000.jsonl").read_bytes() for ledger in ("full", "spans", "counts")}) == 1

    def test_run_json_says_what_was_asked_and_counted(self, curate, folder, out, story):
        (folder / "heron.txt").write_text(story() + story())
        (folder / "short.txt").write_text(SHORT)
        (folder / "crawl.jsonl").write_text(jsonl({"text": story(), "url": "https://oxneylantern.example/a"}) + "{\n[]\n")
        assert curate("clean", folder, "-o", out, "--preset", "page", "--allow-failed", "1").code == 0
        run = json.loads((out / "run.json").read_bytes())
        assert list(run) == [
            *("schema", "curate", "python", "packages", "pipeline", "rules", "rule_packs", "weights", "inputs", "config"),
            *("documents", "reasons", "aside", "paragraphs", "chars", "steps", "tags", "rule_files", "hosts"),
        ]
        assert run["schema"] == 1
        assert run["inputs"] == [str(folder)]
        assert [step["name"] for step in run["config"]["step"]] == list(run["steps"])
        assert run["documents"] == {"read": 6, "kept": 3, "emptied": 1, "dropped": 0, "failed": 2}
        assert run["reasons"] == {"emptied: min-chars": 1, "failed: broken JSON": 1, "failed: no JSON object": 1}
        assert run["paragraphs"] == {"read": 13, "kept": 9}
        assert run["steps"]["repeats"]["rules"] == {"exact": 3}
        assert run["steps"]["min-chars"]["documents"] == 1
        assert sum(run["steps"]["min-chars"]["histogram"].values()) == 4
        assert run["tags"]["lang"]["en"] >= 3
        chars = len(story().replace("\n", ""))
        assert run["hosts"]["oxneylantern.example"] == [1, 0, chars, chars]
        assert sum(host[0] for host in run["hosts"].values()) == 6

    def test_earlier_results_are_replaced_whatever_they_were_compressed_with(self, curate, folder, out, story):
        assert curate("clean", folder, "-o", out, "--compress", "gz").code == 0
        (folder / "ferry.txt").write_text(story(4, first=2))
        assert curate("clean", folder, "-o", out).code == 0
        assert sorted(path.name for path in visible(out)) == ["clean-00000.jsonl", "ledger-00000.jsonl", "pages-00000.jsonl", "run.json"]
        assert json.loads((out / "clean-00000.jsonl").read_bytes())["read"] == 4

    @pytest.mark.parametrize("name", ["pages-2026.jsonl", "clean-notes.jsonl.bak", "ledger-of-the-parish.jsonl.gz", "notes.txt", ".hidden"])
    def test_files_in_the_output_folder_that_no_run_wrote_stay(self, curate, folder, out, name):
        out.mkdir()
        (out / name).write_text("mine")
        assert curate("clean", folder, "-o", out).code == 0
        assert (out / name).read_text() == "mine"

    @pytest.mark.parametrize("name", ["out [red]", "out[/x]"])
    def test_a_folder_may_be_named_like_markup(self, curate, folder, tmp_path, name):
        ran = curate("clean", folder, "-o", tmp_path / name)
        assert ran.code == 0
        assert f"run.json are in {tmp_path / name}" in ran.err

    def test_quiet_says_nothing(self, curate, folder, out):
        assert curate("clean", folder, "-o", out, "--quiet")[1:] == ("", "")

    def test_the_closing_table_names_steps_and_where_the_files_are(self, curate, folder, out, story):
        (folder / "ferry.txt").write_text(story() + story())
        ran = curate("clean", folder, "-o", out)
        assert ran.out == ""
        assert "repeats" in ran.err
        assert str(out) in ran.err


class TestExitCodes:
    def test_documents_that_failed_give_1_and_the_others_are_written(self, curate, folder, out):
        (folder / "crawl.jsonl").write_text("{\n")
        ran = curate("clean", folder, "-o", out)
        assert ran.code == 1
        assert "failed: broken JSON" in ran.err
        assert len(curate.rows(out)) == 1

    @pytest.mark.parametrize(("allowed", "code"), [(0, 1), (0.24, 1), (0.25, 0), (1, 0)])
    def test_a_share_of_documents_may_fail(self, curate, folder, story, allowed, code):
        (folder / "crawl.jsonl").write_text("{\n" + jsonl({"text": story(3, first=1)}, {"text": story(3, first=2)}))
        assert curate("clean", folder, "-o", folder.parent / "out", "--allow-failed", allowed).code == code

    def test_emptied_documents_are_no_failures(self, curate, folder, out):
        (folder / "ferry.txt").write_text("A headline alone\n")
        assert curate("clean", folder, "-o", out).code == 0

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("{pages}/none.txt", "-o", "{out}"), "there is no file or folder"),
            (("{pages}/*.html", "-o", "{out}"), "nothing to read in"),
            (("{empty}", "-o", "{out}"), "nothing to read in"),
            (("{pages}",), "Missing option '-o'"),
            (("-o", "{out}"), "Missing argument 'IN...'"),
            (("{pages}", "-o", "{out}", "--preset", "pge"), "there is no preset 'pge'; the nearest is 'page'"),
            (("{pages}", "-o", "{out}", "--config", "{pages}/none.toml"), "cannot be read"),
            (("{pages}", "-o", "{out}", "--config", "curate.yaml"), "A configuration file ends in .toml"),
            (("{pages}", "-o", "{out}", "--rules", "{pages}/none"), "there is no such rule folder"),
            (("{pages}", "-o", "{out}", "--site-from", "sky"), "'sky' is not one of"),
            (("{pages}", "-o", "{out}", "--limit", "0"), "0 is not in the range"),
            (("{pages}", "-o", "{out}", "--allow-failed", "2"), "2.0 is not in the range"),
            (("{pages}", "-o", "{out}", "--compres", "gz"), "No such option '--compres'"),
        ],
    )
    def test_a_command_that_cannot_be_carried_out_gives_2_and_writes_nothing(self, curate, folder, tmp_path, arguments, said):
        out = tmp_path / "out"
        (tmp_path / "empty").mkdir()
        ran = curate("clean", *(part.format(pages=folder, empty=tmp_path / "empty", out=out) for part in arguments))
        assert ran.code == 2
        assert said.replace("'", "") in ran.err.replace("'", "")
        assert ran.out == ""
        assert not out.exists()

    def test_all_errors_of_a_configuration_are_printed_with_their_lines(self, curate, tmp_path, folder, out):
        config = tmp_path / "curate.toml"
        config.write_text(
            'extends = "page"\n[limits]\nbites = 4\nline = 0\n[[step]]\nname = "reapets"\n[[step]]\nname = "repeats"\nkeep = "both"\n'
        )
        ran = curate("clean", folder, "-o", out, "--config", config)
        assert ran.code == 2
        for line, key in ((3, "limits.bites"), (4, "limits.line"), (6, "step.name"), (9, "step.keep")):
            assert f"{config}:{line}: {key}: " in ran.err
        assert not out.exists()

    @pytest.mark.parametrize("place", ["file", "file/below", "unwritable"])
    def test_an_output_folder_that_cannot_be_written_is_told_before_the_first_page(self, script, tmp_path, place):
        (tmp_path / "file").write_text("here already")
        (tmp_path / "unwritable").mkdir(mode=0o500)
        out = tmp_path / place
        if place == "unwritable" and os.access(out, os.W_OK):
            pytest.skip("root may write everywhere")
        os.mkfifo(tmp_path / "page.txt")  # to read it would take for ever
        command = [script, "clean", tmp_path / "page.txt", "-o", out]
        run = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        assert run.returncode == 2
        assert f"cannot write to '{out}'" in run.stderr
        assert (tmp_path / "file").read_text() == "here already"

    def test_a_disk_that_fills_up_gives_4_and_leaves_what_was_there(self, curate, script, folder, out, story):
        assert curate("clean", folder, "-o", out).code == 0
        before = {path.name: path.read_bytes() for path in visible(out)}
        (folder / "crawl.jsonl").write_text(jsonl({"text": story(6)}) * 1000)
        command = ["sh", "-c", 'ulimit -f 64; exec "$@"', "sh", script, "clean", folder, "-o", out]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode == 4
        assert "File too large" in run.stderr
        assert {path.name: path.read_bytes() for path in visible(out)} == before

    def test_a_step_that_raises_fails_the_page_and_not_the_run(self, curate, monkeypatch, folder, out, story):
        def raises(_, doc):
            if "heron" in doc.page:
                raise RecursionError("too deep")
            return ()

        (folder / "heron.txt").write_text(story(3, first=3))
        monkeypatch.setattr("curate.filters.repeats.Repeats.judge", raises)
        assert curate("clean", folder, "-o", out).code == 1
        assert [(row["outcome"], row["reason"]) for row in curate.rows(out, "pages")] == [
            ("kept", ""),
            ("failed", "step failed: RecursionError: too deep"),
        ]


def visible(out):
    """What stands in an output folder, but for what is the run's own business."""
    return sorted(path for path in out.iterdir() if path.name != ".curate")


def under_way(out):
    """Whether a shard is being cleaned."""
    return bool(list(out.glob(".curate/clean/.*")))


@contextmanager
def waiting(command, until):
    """A process that has begun its run and waits for more input."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a process that is born deaf to it could not show anything
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
            try:
                deadline = time.monotonic() + 10
                while not until() and run.poll() is None:
                    assert time.monotonic() < deadline, "the run has not begun"
                    time.sleep(0.01)
                yield run
            finally:
                run.kill()
    finally:
        signal.signal(signal.SIGINT, before)


class TestInterrupted:
    @pytest.mark.parametrize("sent", [b"", b'{"text": "one record"}\n'], ids=["nothing has come yet", "a record has just come"])
    def test_an_interrupted_run_gives_130_and_leaves_earlier_results_untouched(self, curate, script, folder, out, sent):
        assert curate("clean", folder, "-o", out).code == 0
        before = {path.name: path.read_bytes() for path in visible(out)}
        command = [script, "clean", "-", "-o", out, "--format", "jsonl"]
        with waiting(command, until=lambda: under_way(out)) as run:
            run.stdin.write(sent)
            run.stdin.flush()
            run.send_signal(signal.SIGINT)
            assert run.wait(timeout=5) == 130
            said = run.stderr.read().decode()
        assert "Interrupted" in said
        assert "Traceback" not in said
        assert {path.name: path.read_bytes() for path in visible(out)} == before

    def test_a_run_that_waits_for_a_pipe_can_be_interrupted_and_leaves_no_temporary_files(self, script, folder, tmp_path, out):
        os.mkfifo(tmp_path / "pipe.txt")
        command = [script, "clean", folder, tmp_path / "pipe.txt", "-o", out]
        with waiting(command, until=lambda: under_way(out)) as run:
            run.send_signal(signal.SIGINT)
            assert run.wait(timeout=5) == 130
        assert visible(out) == []
        assert not under_way(out)
