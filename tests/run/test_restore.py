"""`curate restore` gives back what was read: every text to the byte, every HTML page to the paragraph."""

import codecs
import gzip
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curate.errors import UsageError
from curate.formats.records import PageRow, SourceRow
from curate.places import place
from curate.run.restore import Restored, write

# What steps act upon, what only looks like it, and what is hard on readers and writers.
LINES = st.one_of(
    st.sampled_from(
        [
            "The ferry at Oxney was painted twice in one summer, and nobody on either bank could say why.",
            "The ferry at Oxney was painted twice in one summer, and nobody on either bank could say why it was.",
            "Its keeper, Maud Tallis, keeps a tin of each colour in the shed and opens neither before June.",
            "By Maud Tallis",
            "Leave a Reply",
            "Article continues below",
            "Your email address will not be published. Required fields are marked *",
            "It’s the keeper’s own tin; “it’s blue”.".encode().decode("cp1252", "ignore"),
            "Ã©",
            "â€™",
            "…the tin. Continue reading",
            "\xa0\u2003\u3000",
            "\x0b\x0c",
            "\x1c x \x1d",
            "a\x85b\u2028c\u2029d",
            "\ufeff in the middle \ufeff",
            "\0",
            "\ufffd",
            "𐐷😀 e\u0301",
        ]
    ),
    st.text(max_size=20),
)
BREAKS = st.sampled_from(["\n", "\n", "\r\n", "\r", "\n\n", "\r\n \t\r\n", "\n\r", " \n", "\x0b\n"])
INDENTS = st.sampled_from(["", "", "", " ", "\t", "\u3000", "\ufeff"])


@st.composite
def texts(draw, lines=LINES):
    """Texts with all kinds of lines and line ends, some without the last one."""
    pieces = [part for _ in range(draw(st.integers(0, 8))) for part in (draw(INDENTS), draw(lines), draw(BREAKS))]
    return "".join([draw(BREAKS), *pieces] if draw(st.booleans()) else pieces[: len(pieces) - draw(st.integers(0, 1))])


@st.composite
def pages(draw):
    """The bytes of texts in many encodings, some with bytes that belong to none."""
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "cp1252", "latin-1", "mac-roman"]))
    mark = codecs.BOM_UTF16_BE if encoding == "utf-16-be" else b""
    data = mark + draw(texts()).encode(encoding, "replace")
    if draw(st.booleans()):
        place = draw(st.integers(0, len(data)))
        data = data[:place] + draw(st.sampled_from([b"\xff", b"\x80", b"\xed\xa0\x80", b"\0", b"\xc3", b"\xf0\x9f"])) + data[place:]
    return data


# Without the step that takes most of the time and changes nothing; whole-line rules of all languages hold then.
CONFIG = """\
extends = "page"
[[step]]
name = "language"
off = true
[[step]]
name = "min-chars"
at_least = 20
"""


def cleaned(curate, folder, *options):
    """The rows of the pages of a run over a folder, and the folder it wrote to."""
    out, config = folder.parent / "out", folder.parent / "curate.toml"
    config.write_text(CONFIG)
    ran = curate("clean", folder, "-o", out, "--config", config, "--allow-failed", 1, "--quiet", *options)
    assert (ran.code, ran.err) == (0, "")
    return out, curate.rows(out, "pages")


def given_back(curate, out):
    """What restoring an output folder writes, by name; the exit code says whether all pages are in it."""
    to = out.parent / "again"
    ran = curate("restore", out, "-o", to)
    assert ran.code == any(row["outcome"] == "failed" for row in curate.rows(out, "pages")), ran.err
    return {path.relative_to(to).as_posix(): path.read_bytes() for path in to.rglob("*") if path.is_file()}


@given(st.lists(pages(), min_size=1, max_size=5))
@settings(max_examples=50, deadline=None)
@example([b""])
@example([b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", b"\xff\xfe"])
@example([b"one", b"one\n", b"one\r\ntwo\rthree\n\r\n four \n"])
@example(["Leave a Reply\r\n".encode("utf-16"), "Leave a Reply\n".encode("utf-16-le")])
def test_any_text_comes_back_to_the_byte(curate, written):
    with TemporaryDirectory() as folder:
        inputs = Path(folder) / "pages"
        inputs.mkdir()
        for number, data in enumerate(written):
            (inputs / f"{number}.txt").write_bytes(data)
        out, rows = cleaned(curate, inputs)
        read = {row["id"] for row in rows if row["outcome"] != "failed"}
        assert given_back(curate, out) == {name: data for n, data in enumerate(written) if (name := f"{n}.txt") in read}


@given(st.lists(texts(st.one_of(LINES, st.text(st.characters(), max_size=8))), min_size=1, max_size=5))
@settings(max_examples=30, deadline=None)
@example(["\ud800", "a\udfff\nLeave a Reply\n", "\r\n", ""])
def test_any_text_of_a_record_comes_back_lone_surrogates_and_all(curate, written):
    with TemporaryDirectory() as folder:
        inputs = Path(folder) / "pages"
        inputs.mkdir()
        lines = [json.dumps({"id": str(number), "text": text}) for number, text in enumerate(written)]
        (inputs / "crawl.jsonl").write_text("\n".join(lines))
        out, _ = cleaned(curate, inputs)
        [data] = given_back(curate, out).values()
        assert [json.loads(line)["text"] for line in data.splitlines()] == [json.loads(line)["text"] for line in lines]


BLOCKS = st.lists(
    st.tuples(
        st.sampled_from(["<p>", "<div>", "<pre>", "<li>", "<td>", "<h2>", "<br>", "<br><br>", "</p>", "<blockquote>", "<a href=x>"]), LINES
    ),
    max_size=8,
)


@given(st.lists(BLOCKS, min_size=1, max_size=4))
@settings(max_examples=30, deadline=None)
def test_html_comes_back_to_the_paragraph(curate, written):
    with TemporaryDirectory() as folder:
        inputs, nothing = Path(folder) / "pages", Path(folder) / "nothing.toml"
        inputs.mkdir()
        nothing.write_text("# no steps\n")
        for number, blocks in enumerate(written):
            html = "<html><body>" + "".join(tag + line for tag, line in blocks)
            (inputs / f"{number}.html").write_text(html, encoding="utf-8", newline="")
        out, _ = cleaned(curate, inputs)
        back = given_back(curate, out)
        for line in curate("explain", "--json", "--config", nothing, inputs).out.rstrip("\n").split("\n"):
            page = json.loads(line)
            if page["outcome"] != "failed":
                texts = [paragraph["text"] for paragraph in page["paragraphs"]]
                assert back[f"{page['id']}.txt"].decode() == "\n\n".join(texts)


@pytest.fixture
def folder(tmp_path, story):
    """A folder with pages to lose something of."""
    path = tmp_path / "pages"
    (path / "down").mkdir(parents=True)
    (path / "a.txt").write_bytes(("Leave a Reply\r\n\r\n" + story() + story()).encode("utf-16"))
    (path / "down" / "b.txt").write_text(story(3, first=2))
    (path / "down" / "c.html").write_text("".join(f"<p>{line}" for line in (story() + story()).splitlines()))
    (path / "d.jsonl").write_text(
        json.dumps({"id": "d", "text": story() + "Leave a Reply"}) + "\n" + json.dumps({"html": "<p>" + story()}) + "\n"
    )
    return path


@pytest.fixture
def expected(folder, story):
    """What restoring these pages gives."""
    paragraphs = "\n\n".join((story() + story()).splitlines()).encode()
    return {
        "a.txt": (folder / "a.txt").read_bytes(),
        "down/b.txt": story(3, first=2).encode(),
        "down/c.html.txt": paragraphs,
        "d.jsonl": [story() + "Leave a Reply", " ".join(story().split())],
    }


def check(back, expected):
    back["d.jsonl"] = [json.loads(line)["text"] for line in back["d.jsonl"].splitlines()]
    assert back == expected


class TestRestored:
    @pytest.mark.parametrize(
        "options", [(), ("--compress", "gz"), ("--compress", "zst"), ("--output-format", "parquet")], ids=["plain", "gz", "zst", "parquet"]
    )
    def test_pages_come_back_under_their_names(self, curate, folder, expected, options):
        out, _ = cleaned(curate, folder, *options)
        check(given_back(curate, out), expected)

    def test_what_came_back_is_counted(self, curate, folder, tmp_path):
        out, _ = cleaned(curate, folder)
        ran = curate("restore", out, "-o", tmp_path / "again")
        assert ran.out == ""
        assert ran.err == "restored: 2 HTML pages by paragraph, 3 text pages byte for byte\n"

    def test_a_run_of_no_page_gives_nothing_back(self, curate, tmp_path):
        (tmp_path / "pages").mkdir()
        (tmp_path / "pages" / "none.jsonl").write_text("")
        out, _ = cleaned(curate, tmp_path / "pages")
        assert given_back(curate, out) == {}

    def test_a_compressed_page_comes_back_without_its_compression(self, curate, tmp_path, story):
        (tmp_path / "pages").mkdir()
        (tmp_path / "pages" / "a.txt.gz").write_bytes(gzip.compress(story().encode()))
        out, _ = cleaned(curate, tmp_path / "pages")
        assert given_back(curate, out) == {"a.txt": story().encode()}

    @pytest.mark.parametrize("names", [("a.txt", "a.txt.gz"), ("a.html", "a.html.txt")], ids=["compressed twin", "text named like a page"])
    def test_no_page_takes_the_place_of_another(self, curate, tmp_path, story, names):
        (tmp_path / "pages").mkdir()
        for number, name in enumerate(names):
            data = f"<p>{story(3, first=number)}" if name.endswith("html") else story(3, first=number)
            (tmp_path / "pages" / name).write_bytes(gzip.compress(data.encode()) if name.endswith("gz") else data.encode())
        out, _ = cleaned(curate, tmp_path / "pages")
        ran = curate("restore", out, "-o", tmp_path / "again")
        back = {path.read_text() for path in (tmp_path / "again").iterdir()}
        assert ran.code != 0 or {" ".join(text.split()) for text in back} == {" ".join(story(3, first=number).split()) for number in (0, 1)}

    def test_standard_input_comes_back_as_a_file(self, curate, tmp_path, story):
        assert curate("clean", "-", "-o", tmp_path / "out", stdin=story().encode()).code == 0
        assert given_back(curate, tmp_path / "out") == {"stdin.txt": story().encode()}

    def test_records_from_standard_input_come_back_as_a_file_of_lines(self, curate, tmp_path, story):
        lines = json.dumps({"id": "a", "text": story()}).encode() + b"\n"
        assert curate("clean", "-", "-o", tmp_path / "out", "--format", "jsonl", stdin=lines).code == 0
        [(name, data)] = given_back(curate, tmp_path / "out").items()
        assert (name, json.loads(data)["text"]) == ("stdin.jsonl", story())

    def test_pages_that_failed_are_named_and_the_others_come_back(self, curate, folder, tmp_path):
        (folder / "binary.txt").write_bytes(bytes(100))
        out, _ = cleaned(curate, folder)
        ran = curate("restore", out, "-o", tmp_path / "again")
        assert ran.code == 1
        assert "binary.txt" in ran.err
        assert "was never read: binary" in ran.err
        assert "1 not restored" in ran.err
        assert (tmp_path / "again" / "a.txt").read_bytes() == (folder / "a.txt").read_bytes()
        assert not (tmp_path / "again" / "binary.txt").exists()

    def test_a_page_whose_rows_were_tampered_with_is_not_given_back(self, curate, folder, tmp_path):
        out, _ = cleaned(curate, folder)
        clean = out / "clean-00000.jsonl"
        clean.write_text(clean.read_text(encoding="utf-8").replace("Maud Tallis", "Maud Tallas"), encoding="utf-8")
        ran = curate("restore", out, "-o", tmp_path / "again")
        assert ran.code == 1
        assert "came out different from what was read" in ran.err
        assert not (tmp_path / "again" / "a.txt").exists()


def forge(out, path):
    """Rows that say that the page `a.txt` was read somewhere else."""
    for file in out.glob("*.jsonl"):
        file.write_text(file.read_text(encoding="utf-8").replace('"path":"a.txt"', f'"path":{json.dumps(path)}'), encoding="utf-8")


class TestNames:
    @pytest.mark.parametrize(
        ("path", "stays_at"),
        [
            ("../../evil.txt", "evil.txt"),
            ("down/../../../evil.txt", "down/evil.txt"),
            ("{tmp}/evil.txt", "{tmp}/evil.txt"),
            ("/{tmp}/evil.txt", "{tmp}/evil.txt"),
            ("./evil.txt", "evil.txt"),
            ("..", "page"),
            ("", "page"),
        ],
        ids=["up", "down and up", "from the root", "from the root by two slashes", "here", "the folder above", "none"],
    )
    def test_a_page_stays_below_the_folder_whatever_its_row_says(self, curate, folder, tmp_path, path, stays_at):
        out, _ = cleaned(curate, folder)
        forge(out, path.format(tmp=tmp_path))
        again = tmp_path / "deep" / "down" / "again"
        assert curate("restore", out, "-o", again).code == 0
        assert [found for found in tmp_path.rglob("evil.txt") if not found.is_relative_to(again)] == []
        assert (again / stays_at.format(tmp=str(tmp_path).lstrip("/"))).read_bytes() == (folder / "a.txt").read_bytes()

    @pytest.mark.parametrize("path", ["a\0b.txt", "x" * 300 + ".txt"], ids=["with a NUL", "too long"])
    def test_a_name_that_cannot_be_written_is_an_error_in_words(self, curate, folder, tmp_path, path):
        out, _ = cleaned(curate, folder)
        forge(out, path)
        ran = curate("restore", out, "-o", tmp_path / "again")
        assert ran.code in {1, 2, 4}
        assert ran.err

    def test_pages_named_by_their_way_up_come_back_below_the_folder(self, curate, folder, tmp_path, monkeypatch):
        (tmp_path / "here").mkdir()
        (tmp_path / "a.txt").write_bytes(b"another")
        monkeypatch.chdir(tmp_path / "here")
        assert curate("clean", "../pages/a.txt", "../a.txt", "-o", tmp_path / "out").code == 0
        assert given_back(curate, tmp_path / "out") == {"pages/a.txt": (folder / "a.txt").read_bytes(), "a.txt": b"another"}


def page_of(path, data, kind="warc", **given):
    """A page that is given back."""
    source = SourceRow(path, 0, "", given.pop("encoding", "utf-8"))
    row = PageRow(f"{len(data):020}", "", "", source, kind, False, "kept", "", 1, 1, [], "", {}, {})
    return Restored(msgspec.structs.replace(row, **given), data, "")


def put(pages, to):
    """What is written of some pages, by name; JSON lines as objects."""
    problems = [page.problem for page in write(pages, place(str(to))) if page.problem]
    files = {path.relative_to(to).as_posix(): path.read_bytes() for path in to.rglob("*") if path.is_file()}
    lines = {
        name: [json.loads(line) for line in data.splitlines()] for name, data in files.items() if name.lower().endswith(("jsonl", "ndjson"))
    }
    return {**files, **lines}, problems


class TestContainers:
    @pytest.mark.parametrize(
        ("path", "kind", "stays_at"),
        [
            ("crawl.jsonl", "jsonl", "crawl.jsonl"),
            ("crawl.NDJSON.gz", "jsonl", "crawl.NDJSON"),
            ("named-otherwise.log", "jsonl", "named-otherwise.log.jsonl"),
            ("down/crawl.warc.gz", "warc", "down/crawl.warc.jsonl"),
            ("crawl.warc.wet.zst", "warc", "crawl.warc.wet.jsonl"),
            ("part-0.parquet", "parquet", "part-0.parquet.jsonl"),
            ("part-0.arrow", "arrow", "part-0.arrow.jsonl"),
            ("pages.tsv", "csv", "pages.tsv.jsonl"),
            ("pages.zip/down/crawl.jsonl", "jsonl", "pages.zip/down/crawl.jsonl"),
            ("pages.zip/down/crawl.csv", "csv", "pages.zip/down/crawl.csv.jsonl"),
        ],
    )
    def test_records_come_back_as_json_lines_under_the_name_of_their_container(self, tmp_path, path, kind, stays_at):
        pages = [page_of(path, b"one", kind, url="https://oxneylantern.example/1", id="1"), page_of(path, b"three", kind)]
        files, problems = put(pages, tmp_path / "again")
        assert problems == []
        one = {"doc": pages[0].row.doc, "id": "1", "url": "https://oxneylantern.example/1", "text": "one"}
        assert files == {stays_at: [one, {"doc": pages[1].row.doc, "id": "", "url": "", "text": "three"}]}

    def test_records_of_a_container_come_to_one_file_even_with_others_between_them(self, tmp_path):
        pages = [page_of("a.warc", b"one"), page_of("b.csv", b"b", "csv"), page_of("c.txt", b"c", "text"), page_of("a.warc", b"three")]
        files, problems = put(pages, tmp_path / "again")
        assert problems == []
        assert [line["text"] for line in files["a.warc.jsonl"]] == ["one", "three"]
        assert files["c.txt"] == b"c"
        assert len(files) == 3

    def test_records_do_not_go_into_the_file_of_another_container_whose_name_is_theirs(self, tmp_path):
        pages = [page_of("a.warc", b"one"), page_of("a.warc.jsonl", b"of another", "jsonl"), page_of("a.warc", b"three")]
        files, _ = put(pages, tmp_path / "again")
        assert [line["text"] for line in files.pop("a.warc.jsonl")] == ["one", "three"]
        [other] = files.values()
        assert json.loads(other)["text"] == "of another"

    def test_files_in_an_archive_come_back_as_files_of_a_folder(self, tmp_path):
        pages = [page_of("pages.zip/a.txt", b"one\r\n", "text"), page_of("pages.zip/down/b.html", b"two\n\nthree", "html", dom=True)]
        files, _ = put(pages, tmp_path / "again")
        assert files == {"pages.zip/a.txt": b"one\r\n", "pages.zip/down/b.html.txt": b"two\n\nthree"}

    @pytest.mark.parametrize(
        ("data", "given", "text"),
        [
            ("“Café”".encode("cp1252"), {"encoding": "cp1252"}, "“Café”"),
            ("“Café”".encode("utf-16-le"), {"encoding": "utf-16-le"}, "“Café”"),
            ("“Café”\n\n…".encode(), {"encoding": "cp1252", "dom": True}, "“Café”\n\n…"),
            (b"Caf\x81", {"encoding": "cp1252", "raw": "Q2FmgQ=="}, "Caf\ufffd"),
            ("“Café” – ".encode() + "‘naive’".encode("cp1252"), {"raw": "…"}, "“Café” – ‘naive’"),
            (b"a\xed\xa0\x80b", {"raw": "Ye2ggGI="}, "a\ud800b"),
        ],
        ids=["windows", "wide", "html", "no character", "foreign bytes", "a lone surrogate"],
    )
    def test_texts_of_records_are_what_was_read_whatever_their_encoding(self, tmp_path, data, given, text):
        files, problems = put([page_of("crawl.warc", data, **given)], tmp_path / "again")
        assert problems == []
        assert files["crawl.warc.jsonl"][0]["text"] == text

    def test_a_large_file_of_lines_that_several_shards_read_comes_back_whole_and_in_order(self, curate, tmp_path, story):
        (tmp_path / "pages").mkdir()
        lines = [json.dumps({"id": str(number), "text": story(3, first=number)}) + "\n" for number in range(20)]
        (tmp_path / "pages" / "crawl.jsonl").write_text("".join(lines))
        for number in range(4):
            (tmp_path / "pages" / f"{number}.txt").write_text(story(2, first=number))
        (tmp_path / "curate.toml").write_text("[input]\nshard_bytes = 1000\n")
        ran = curate("clean", tmp_path / "pages", "-o", tmp_path / "out", "--config", tmp_path / "curate.toml", "--workers", 1)
        assert (ran.code, len(list((tmp_path / "out").glob("pages-*"))) > 5) == (0, True)
        back = given_back(curate, tmp_path / "out")
        assert [json.loads(line)["id"] for line in back["crawl.jsonl"].splitlines()] == [str(number) for number in range(20)]
        assert len(back) == 5


class TestRefused:
    def test_a_store_to_restore_to(self):
        with pytest.raises(UsageError, match="restored to a folder of this machine; 's3://crawls/again' is none"):
            list(write([page_of("a.txt", b"a", "text")], place("s3://crawls/again")))

    @pytest.mark.parametrize("ledger", ["spans", "counts"])
    def test_a_ledger_without_the_removed_text(self, curate, folder, tmp_path, ledger):
        out, _ = cleaned(curate, folder, "--ledger", ledger)
        ran = curate("restore", out, "-o", tmp_path / "again")
        assert ran.code == 2
        assert f"--ledger {ledger}" in ran.err
        assert "only --ledger full can be restored" in ran.err
        assert not (tmp_path / "again").exists()

    @pytest.mark.parametrize("run", [None, "", "{}", "[]", '{"schema": 1}', '{"schema": 1, "config": {"output": 3}}', "\0"])
    def test_a_folder_that_holds_no_finished_run(self, curate, folder, tmp_path, run):
        if run is not None:
            (folder / "run.json").write_text(run)
        ran = curate("restore", folder, "-o", tmp_path / "again")
        assert ran.code == 2
        assert "holds no finished run: run.json cannot be read" in ran.err
        assert not (tmp_path / "again").exists()

    def test_a_run_with_another_schema(self, curate, folder, tmp_path):
        out, _ = cleaned(curate, folder)
        record = json.loads((out / "run.json").read_bytes())
        (out / "run.json").write_text(json.dumps({**record, "schema": 99, "curate": "9.9"}))
        ran = curate("restore", out, "-o", tmp_path / "again")
        assert ran.code == 2
        assert "record schema 99; this version reads 1. Use curate 9.9 for it" in ran.err

    @pytest.mark.parametrize("kind", ["clean", "ledger", "pages"])
    def test_a_run_with_a_file_missing(self, curate, folder, tmp_path, kind):
        out, _ = cleaned(curate, folder)
        (out / f"{kind}-00000.jsonl").unlink()
        ran = curate("restore", out, "-o", tmp_path / "again")
        assert ran.code == 2
        assert "the run is not complete" in ran.err

    @pytest.mark.parametrize("compress", ["", "gz", "zst"])
    @pytest.mark.parametrize("kind", ["clean", "ledger", "pages"])
    def test_a_run_with_a_file_cut_short(self, curate, folder, tmp_path, kind, compress):
        out, _ = cleaned(curate, folder, *(("--compress", compress) if compress else ()))
        [path] = out.glob(f"{kind}-*")
        path.write_bytes(path.read_bytes()[:-100])
        ran = curate("restore", out, "-o", tmp_path / "again")
        assert ran.code in {1, 2}
        assert path.name in ran.err or "came out different" in ran.err

    @pytest.mark.parametrize("kind", ["clean", "ledger", "pages"])
    def test_a_run_with_rows_missing_is_not_whole(self, curate, folder, tmp_path, kind):
        out, _ = cleaned(curate, folder)
        path = out / f"{kind}-00000.jsonl"
        path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:-1]))
        assert curate("restore", out, "-o", tmp_path / "again").code in {1, 2}

    def test_a_folder_that_is_not_there(self, curate, tmp_path):
        ran = curate("restore", tmp_path / "none", "-o", tmp_path / "again")
        assert ran.code == 2
        assert "holds no finished run: run.json cannot be read" in ran.err

    @pytest.mark.parametrize("place", ["file", "file/below"])
    def test_a_place_that_cannot_be_written(self, curate, folder, tmp_path, place):
        out, _ = cleaned(curate, folder)
        (tmp_path / "file").write_text("here already")
        ran = curate("restore", out, "-o", tmp_path / place)
        assert ran.code == 2
        assert str(tmp_path / "file") in ran.err
        assert (tmp_path / "file").read_text() == "here already"

    def test_a_command_without_a_place_to_write_to(self, curate, folder):
        out, _ = cleaned(curate, folder)
        ran = curate("restore", out)
        assert ran.code == 2
        assert "Missing option '-o'" in ran.err


def test_a_run_can_be_moved_before_it_is_restored(curate, folder, expected, tmp_path):
    out, _ = cleaned(curate, folder)
    shutil.move(out, tmp_path / "elsewhere")
    shutil.rmtree(folder)
    check(given_back(curate, tmp_path / "elsewhere"), expected)
