"""A run into a folder: the same bytes however it is carried out, and again only what has changed."""

import json
import os
import re
import shutil
import subprocess
import zipfile

import pytest

from curate.errors import SurroundingsError
from curate.run.folder import publish
from curate.run.lock import held


@pytest.fixture
def run(curate, config):
    """Clean a folder; the exit code is that of pages that failed."""

    def clean(folder, out, *options, code=1):
        ran = curate("clean", folder, "-o", out, "--config", config, "--workers", 1, *options)
        assert ran.code == code, ran.err
        return ran

    return clean


@pytest.fixture
def pages(write_pages, tmp_path):
    """A folder to change."""
    return write_pages(tmp_path / "pages")


def made(out, stage="clean"):
    """The folders of a stage by name, each with what tells whether it was made again."""
    return {folder.name: (folder.stat().st_ino, folder.stat().st_mtime_ns) for folder in (out / ".curate" / stage).iterdir()}


def redone(before, after):
    """The names of what was made or made again."""
    return {name for name, what in after.items() if before.get(name) != what}


def fresh(run, pages, out, written):
    """What a run writes that finds nothing in its folder."""
    run(pages, out)
    return written(out)


class TestTheSameBytes:
    @pytest.mark.parametrize("workers", [2, 5])
    def test_several_workers_write_what_one_writes(self, script, crawl, config, undisturbed, tmp_path, written, counted, workers):  # noqa: PLR0917  # fixtures
        command = [script, "clean", crawl, "-o", tmp_path / "out", "--config", config, "--workers", str(workers)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == 1, ended.stderr
        assert len(written(undisturbed)) > 9
        assert written(tmp_path / "out") == written(undisturbed)
        assert counted(tmp_path / "out") == counted(undisturbed)

    def test_the_order_of_the_inputs_does_not_matter(self, curate, config, crawl, tmp_path, written):
        files = sorted(crawl.iterdir())
        for name, order in (("one", files), ("two", files[::-1]), ("three", files[5:] + files[:7])):
            assert curate("clean", *order, "-o", tmp_path / name, "--config", config, "--workers", 1).code == 1
        assert written(tmp_path / "one") == written(tmp_path / "two") == written(tmp_path / "three")

    def test_a_stream_has_the_documents_of_the_folder(self, curate, config, crawl, undisturbed):
        ran = curate("clean", crawl, "-o", "-", "--config", config, "--workers", 1)
        assert [json.loads(line) for line in ran.out.splitlines()] == curate.rows(undisturbed)

    def test_what_was_read_is_given_back_from_all_shards(self, curate, crawl, undisturbed, tmp_path):
        assert curate("restore", undisturbed, "-o", tmp_path / "again").code == 1  # one page could not be read
        for path in crawl.glob("[0-9].txt"):
            assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()

    def test_a_limit_counts_documents_in_their_order(self, run, curate, crawl, tmp_path):
        run(crawl, tmp_path / "out", "--limit", 3, code=0)
        assert [row["id"] for row in curate.rows(tmp_path / "out", "pages")] == ["0.txt", "1.txt", "2.txt"]


class TestAgain:
    def test_a_run_that_is_finished_does_nothing_and_says_so(self, run, pages, tmp_path):
        out = tmp_path / "out"
        run(pages, out)
        before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.name != "lock"}
        ran = run(pages, out)
        assert "nothing has changed since the last run" in ran.err
        assert {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.name != "lock"} == before

    def test_a_changed_file_redoes_its_shard_alone(self, run, pages, tmp_path, written):
        out = tmp_path / "out"
        run(pages, out)
        before = made(out)
        (pages / "3.txt").write_text(
            (pages / "3.txt").read_text() + "One more line about the ferry, which has been painted for the third time.\n"
        )
        assert "nothing has changed" not in run(pages, out).err
        assert len(redone(before, made(out))) == 1 < len(before)
        assert written(out) == fresh(run, pages, tmp_path / "fresh", written)

    def test_a_file_that_was_only_touched_counts_as_changed_unless_the_content_is_asked_for(self, run, pages, tmp_path):
        for options, number in (((), 1), (("--check-content",), 0)):
            out = tmp_path / f"out{number}"
            run(pages, out, *options)
            before = made(out)
            os.utime(pages / "3.txt", ns=(number + 10**18, number + 10**18))
            run(pages, out, *options)
            assert len(redone(before, made(out))) == number

    def test_a_change_that_leaves_size_and_time_is_found_by_the_content(self, run, pages, tmp_path, written):
        out, path = tmp_path / "out", pages / "3.txt"
        run(pages, out, "--check-content")
        before, when = written(out), path.stat().st_mtime_ns
        path.write_text(path.read_text().replace("heron", "hedge"))
        os.utime(path, ns=(when, when))
        run(pages, out)
        run(pages, out, "--check-content")
        assert written(out) != before

    def test_a_new_file_and_one_that_is_gone_redo_their_shards_alone(self, run, pages, tmp_path, written):
        out = tmp_path / "out"
        run(pages, out)
        before = made(out)
        (pages / "new.txt").write_text(
            "A line about the ferry that nobody has written before, and not a short one either, so it stays.\n" * 2
        )
        run(pages, out)
        assert len(redone(before, made(out))) == 1
        assert written(out) == fresh(run, pages, tmp_path / "with", written)
        before = made(out)
        (pages / "new.txt").unlink()
        run(pages, out)
        assert len(redone(before, made(out))) == 1
        assert written(out) == fresh(run, pages, tmp_path / "without", written)

    def test_a_file_that_shifts_the_numbers_of_large_ones_redoes_none_of_them(self, run, tmp_path, story, written):
        pages, out = tmp_path / "pages", tmp_path / "out"
        pages.mkdir()
        for name in ("b", "d"):
            (pages / f"{name}.txt").write_text("".join(f"{name} {number} {story(1, first=number)}" for number in range(20)))
        run(pages, out, code=0)
        before = made(out)
        for name in ("a", "c"):
            shutil.copy(pages / "b.txt", pages / f"{name}.txt")
        run(pages, out, code=0)
        after = made(out)
        assert set(before.values()) <= set(after.values())
        assert len(after) == 4
        assert written(out) == fresh(lambda *given: run(*given, code=0), pages, tmp_path / "fresh", written)

    def test_another_configuration_redoes_everything(self, run, config, pages, tmp_path):
        out = tmp_path / "out"
        run(pages, out)
        before = made(out)
        other = tmp_path / "other.toml"
        other.write_text(config.read_text() + '[[step]]\nname = "repeats"\nkeep = "earlier"\n')
        run(pages, out, "--config", other)
        assert redone(before, made(out)) == set(before)

    def test_a_file_of_rows_that_somebody_took_or_changed_comes_back(self, run, pages, tmp_path, written):
        out = tmp_path / "out"
        run(pages, out)
        before = written(out)
        (out / "clean-00000.jsonl").unlink()
        (out / "pages-00001.jsonl").unlink()
        (out / "pages-00001.jsonl").write_text("{}\n")
        run(pages, out)
        assert written(out) == before

    def test_a_stage_that_was_spoiled_is_made_again(self, run, pages, tmp_path, written):
        out = tmp_path / "out"
        run(pages, out)
        before = written(out)
        for path in [path for path in (out / ".curate" / "clean").rglob("*") if path.is_file()][:4]:
            path.unlink()
        run(pages, out)
        assert written(out) == before

    def test_files_of_others_among_the_stages_do_no_harm(self, run, pages, tmp_path, written):
        out = tmp_path / "out"
        run(pages, out)
        before = written(out)
        spoiled = min((out / ".curate" / "clean").iterdir())
        shutil.rmtree(spoiled)
        for path in (spoiled, spoiled.with_name(".DS_Store"), spoiled.with_name("notes")):
            path.write_text("")
        run(pages, out)
        assert written(out) == before
        assert spoiled.is_dir()
        assert spoiled.with_name("notes").exists()

    def test_without_its_own_folder_everything_is_done_again_to_the_same_end(self, run, pages, tmp_path, written):
        out = tmp_path / "out"
        run(pages, out)
        before = written(out)
        shutil.rmtree(out / ".curate")
        run(pages, out)
        assert written(out) == before

    def test_another_compression_takes_the_place_of_the_first(self, run, curate, pages, tmp_path, written):
        out = tmp_path / "out"
        run(pages, out)
        rows = curate.rows(out)
        run(pages, out, "--compress", "zst")
        assert {name.rpartition(".")[2] for name in written(out)} == {"zst"}
        assert curate.rows(out) == rows


@pytest.mark.parametrize("workers", [1, 2])
def test_progress_is_told_of_pages_in_an_archive(script, config, crawl, tmp_path, curate, workers):  # noqa: PLR0917  # fixtures
    (tmp_path / "in").mkdir()
    for name in ("a", "b"):
        with zipfile.ZipFile(tmp_path / "in" / f"{name}.zip", "w") as archive:
            for number in range(4):
                archive.write(crawl / f"{number}.txt", f"down/{number}.txt")
    command = [script, "clean", tmp_path / "in", "-o", tmp_path / "out", "--config", config, "--workers", str(workers)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert len(curate.rows(tmp_path / "out", "pages")) == 8


def warc(kind, body):
    """A record of a crawl, uncompressed."""
    content = "application/http; msgtype=" + kind
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: https://oxneylantern.example/ferry\r\nContent-Type: {content}\r\n"
    return f"{head}WARC-Record-ID: <urn:uuid:0>\r\nContent-Length: {len(body)}\r\n\r\n{body}\r\n\r\n".encode("ascii")


class TestAside:
    """Records of a crawl that are no pages."""

    ASKED = "GET /ferry HTTP/1.1\r\nHost: oxneylantern.example\r\n\r\n"
    ANSWERED = "HTTP/1.1 {status} X\r\nContent-Type: text/html\r\n\r\n<p>The ferry at Oxney was painted twice in one summer.</p>"

    @pytest.fixture
    def crawled(self, tmp_path):
        """Two files, each a shard: in one what was asked, and in both an answer that is no page."""
        missing, there = (warc("response", self.ANSWERED.format(status=status)) for status in (404, 200))
        (tmp_path / "crawl").mkdir()
        (tmp_path / "crawl" / "a.warc").write_bytes(warc("request", self.ASKED) + missing + there * 30)
        (tmp_path / "crawl" / "b.warc").write_bytes(there * 30 + missing)
        return tmp_path / "crawl"

    @pytest.mark.parametrize("workers", [1, 2])
    def test_they_are_counted_by_what_they_are_and_are_in_no_row(self, script, config, crawled, tmp_path, counted, curate, workers):  # noqa: PLR0917  # fixtures
        command = [script, "clean", crawled, "-o", tmp_path / "out", "--config", config, "--workers", str(workers)]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr
        assert len(set(made(tmp_path / "out"))) == 2
        assert counted(tmp_path / "out")["aside"] == {"request": 1, "status 404": 2}
        assert len(curate.rows(tmp_path / "out", "pages")) == 60
        assert re.search(r"no page: status 404 +2\b", ended.stderr)

    def test_a_stream_counts_them_too(self, config, crawled, curate):
        assert "no page: status 404" in curate("clean", crawled, "-o", "-", "--config", config, "--workers", 1).err


class TestFolder:
    def test_two_runs_do_not_write_to_one_folder(self, tmp_path):
        with held(tmp_path), pytest.raises(SurroundingsError, match=rf"another run \(process {os.getpid()}\) is writing"), held(tmp_path):
            pass

    def test_the_lock_goes_with_its_run(self, tmp_path):
        for _ in range(2):
            with held(tmp_path) as work:
                assert work.is_dir()

    def test_a_folder_that_is_named_like_an_output_stays(self, tmp_path):
        (tmp_path / "pages-00001.jsonl").mkdir()
        assert publish(tmp_path, {}, b"{}\n")
        assert (tmp_path / "pages-00001.jsonl").is_dir()
        assert (tmp_path / "run.json").read_bytes() == b"{}\n"

    def test_what_is_published_is_the_file_itself_and_old_files_go(self, tmp_path):
        (tmp_path / "clean-00007.jsonl.gz").write_text("old")
        (tmp_path / "made").write_text("new\n")
        rows = {"clean-00000.jsonl": tmp_path / "made"}
        assert publish(tmp_path, rows, b"{}\n")
        assert not publish(tmp_path, rows, b"{}\n")
        assert (tmp_path / "clean-00000.jsonl").samefile(tmp_path / "made")
        assert not (tmp_path / "clean-00007.jsonl.gz").exists()

    def test_where_there_are_no_links_files_are_copied(self, tmp_path, monkeypatch):
        def refused(*_names):
            raise PermissionError("no links here")

        monkeypatch.setattr("os.link", refused)
        (tmp_path / "made").write_text("new\n")
        rows = {"clean-00000.jsonl": tmp_path / "made"}
        assert publish(tmp_path, rows, b"{}\n")
        assert not publish(tmp_path, rows, b"{}\n")
        assert (tmp_path / "clean-00000.jsonl").read_text() == "new\n"


def test_a_run_has_more_shards_than_it_may_have_files_open(script, tmp_path):
    text = "The ferry was painted in week {0} of the year, and all {0} passengers were told to sit still until it had dried off."
    records = [{"text": text.format(number), "url": f"https://oxneylantern.example/{number}"} for number in range(120)]
    (tmp_path / "crawl.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    steps = "".join(f'[[step]]\nname = "{name}"\n' for name in ("site-lines", "duplicate-documents", "duplicate-paragraphs"))
    (tmp_path / "curate.toml").write_text(f"[input]\nshard_bytes = 180\n{steps}")
    clean = f'ulimit -n 64; exec "{script}" clean crawl.jsonl -o out --config curate.toml --workers 1'
    ended = subprocess.run(["bash", "-c", clean], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert len(list((tmp_path / "out").glob("pages-*.jsonl"))) > 100
