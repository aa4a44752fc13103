"""The commands beside `clean` and `restore`: explain, init, check, steps, presets, and help for all of them."""

import gzip
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from curate.config import load, presets
from curate.steps import steps

COMMANDS = {
    "check": ["FILE"],
    "clean": [
        "IN...",
        "--out",
        "--preset",
        "--config",
        "--rules",
        "--url",
        "--site-from",
        "--format",
        "--ledger",
        "--output-format",
        "--compress",
        "--plan",
        "--shard",
        "--workers",
        "--engine",
        "--address",
    ],
    "explain": ["PAGE", "--json", "--preset", "--config", "--rules", "--url"],
    "finish": ["OUT", "--shard", "--allow-failed", "--workers", "--engine", "--address"],
    "init": ["FILE", "--preset"],
    "plan": ["IN...", "--out", "--preset", "--config", "--memory", "--index", "--check-content", "--limit"],
    "presets": ["NAME"],
    "restore": ["OUT", "--out"],
    "settle": ["OUT", "--workers", "--engine", "--address"],
    "steps": ["NAME"],
}


class TestHelp:
    def test_all_commands_are_listed_with_a_sentence(self, curate):
        ran = curate("--help")
        assert ran.code == 0
        listed = dict(line.split(maxsplit=1) for line in ran.out.partition("Commands:\n")[2].splitlines())
        assert list(listed) == sorted([*COMMANDS, "dedup", "index", "model", "rules"])
        assert all(sentence.endswith(".") for sentence in listed.values())

    @pytest.mark.parametrize("command", COMMANDS)
    def test_help_of_a_command_names_its_arguments(self, curate, command):
        ran = curate(command, "--help")
        assert ran.code == 0
        assert ran.out.startswith(f"Usage: curate {command} [OPTIONS]")
        for argument in COMMANDS[command]:
            assert argument in ran.out
        assert ran.out == curate(command, "-h").out
        arguments = [argument for argument in COMMANDS[command] if not argument.startswith("--")]
        text = ran.out.partition("\n")[2]
        assert all(argument.strip(".") in text for argument in arguments), "the text says what the arguments are"

    def test_every_option_has_a_description(self, curate):
        for command in COMMANDS:
            options = curate(command, "--help").out.partition("Options:\n")[2]
            for option in re.split(r"\n  (?=-)", "\n" + options)[1:]:
                assert len(re.split(r"\s{2,}", option.strip(), maxsplit=1)) == 2, option

    def test_the_command_alone_shows_help(self, curate):
        ran = curate()
        assert "Usage: curate [OPTIONS] COMMAND" in ran.out + ran.err
        assert "clean" in ran.out + ran.err

    def test_the_version_is_that_of_the_package(self, curate):
        import curate as package

        assert curate("--version").out == f"curate, version {package.__version__}\n"

    @pytest.mark.parametrize("command", ["main", "options", "tables", "progress", "claen", "../clean"])
    def test_what_is_no_command_is_refused(self, curate, command):
        ran = curate(command)
        assert ran.code == 2
        assert f"there is no command '{command}'" in ran.err
        assert "the nearest is '" in ran.err or "there is check, clean" in ran.err

    def test_help_does_not_wait_for_heavy_libraries(self):
        program = (
            "import sys; from curate.cli.main import main; sys.argv = ['curate', '--help']\n"
            "try: main()\nfinally: print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
        )
        run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        assert "Usage: curate" in run.stdout
        loaded = set(run.stderr.split())
        assert "click" in loaded
        assert not {"numpy", "selectolax", "pycld2", "langdetect", "ftfy", "bs4", "re2"} & loaded

    def test_the_installed_script_runs(self, script):
        run = subprocess.run([script, "presets"], capture_output=True, text=True, check=True)
        assert run.stdout.startswith("careful ")


class TestExplain:
    @pytest.fixture
    def page(self, tmp_path, story):
        path = tmp_path / "ferry.txt"
        path.write_text("Leave a Reply\n" + story() + "By Maud Tallis\n" + story(1), encoding="utf-8")
        return path

    def test_a_page_is_told_line_by_line(self, curate, page, story):
        ran = curate("explain", page)
        first, second, third = story().splitlines()
        assert ran.code == 0
        assert ran.err == ""
        assert re.sub(r"lang_score .*|site-rules  \S+/\S+#\S+", "…", ran.out).splitlines() == [
            "ferry.txt: 4 of 6 paragraphs kept, 365 of 494 characters",
            "       lang en; …",
            "   0 - Leave a Reply",
            "       …",
            f"   1   {first}",
            f"   2   {second}",
            f"   3   {third}",
            "   4   By Maud Tallis",
            f"   5 - {first}",
            f"       repeats  exact  1 (limit 1)  repeats 1: {first[:60]}",
        ]

    def test_it_tells_what_clean_does(self, curate, page, tmp_path):
        assert curate("clean", page, "-o", tmp_path / "out").code == 0
        [row] = curate.rows(tmp_path / "out")
        [line] = curate("explain", "--json", page).out.splitlines()
        told = json.loads(line)
        assert [part["paragraph"] for part in told["paragraphs"] if part["kept"]] == row["kept"]
        assert [part["text"] for part in told["paragraphs"] if part["kept"]] == row["text"].split("\n")
        changes = [(part["paragraph"], change["step"], change["text"]) for part in told["paragraphs"] for change in part["changes"]]
        assert changes == [(change["paragraph"], change["step"], change["text"]) for change in curate.rows(tmp_path / "out", "ledger")]
        for field in ("doc", "id", "url", "source"):
            assert told[field] == row[field]

    def test_every_page_of_a_file_is_told(self, curate, tmp_path, story):
        records = [{"id": f"r{number}", "text": story(3, first=3 * number)} for number in range(2)]
        (tmp_path / "crawl.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
        ran = curate("explain", tmp_path / "crawl.jsonl")
        assert re.findall(r"^(r\d): 3 of 3", ran.out, re.MULTILINE) == ["r0", "r1"]
        assert [json.loads(line)["id"] for line in curate("explain", "--json", tmp_path / "crawl.jsonl").out.splitlines()] == ["r0", "r1"]

    def test_what_repeats_another_page_says_which_and_how_that_begins(self, curate, tmp_path, story):
        (tmp_path / "one.txt").write_text(story(2))
        (tmp_path / "two.txt").write_text(story(1) + story(2, first=2))
        ran = curate("explain", tmp_path)
        [why] = re.findall(r"duplicate-paragraphs .*", ran.out)
        assert why == "duplicate-paragraphs  exact  1 (limit 1)  repeats one.txt 0: " + story(1)[:60]

    def test_standard_input_and_compressed_files_are_told(self, curate, tmp_path, page):
        (tmp_path / "ferry.txt.gz").write_bytes(gzip.compress(page.read_bytes()))
        told = curate("explain", page).out.splitlines()
        assert curate("explain", "-", stdin=page.read_bytes()).out.splitlines()[1:] == told[1:]
        assert curate("explain", tmp_path / "ferry.txt.gz").out.splitlines()[1:] == told[1:]

    def test_the_options_of_reading_hold(self, curate, tmp_path, page):
        assert "6 of 6 paragraphs" not in curate("explain", page).out
        (tmp_path / "nothing.toml").write_text("# no steps\n")
        assert "6 of 6 paragraphs" in curate("explain", page, "--config", tmp_path / "nothing.toml").out
        assert "5 of 6 paragraphs" in curate("explain", page, "--preset", "rules-only").out
        assert "<p>" in curate("explain", "-", "--format", "text", stdin=b"<p>one").out

    def test_long_lines_are_not_broken(self, curate, tmp_path):
        (tmp_path / "long.txt").write_text("word " * 5000)
        assert len(curate("explain", tmp_path / "long.txt").out.splitlines()) == 3

    def test_brackets_are_no_markup(self, curate, tmp_path, story):
        (tmp_path / "[b].txt").write_text(f"[bold]x[/bold] [/none] :smile:\n{story()}")
        out = curate("explain", tmp_path / "[b].txt").out
        assert out.startswith("[b].txt: ")
        assert "[bold]x[/bold] [/none] :smile:" in out

    def test_no_control_character_of_a_page_reaches_the_terminal(self, curate, tmp_path, story):
        record = {"id": "\x1b[2Ja", "text": "\x1b[31mred\x07\n" + story()}
        (tmp_path / "crawl.jsonl").write_text(json.dumps(record) + "\n")
        assert not {"\x1b", "\x07"} & set(curate("explain", tmp_path / "crawl.jsonl").out)

    def test_a_page_that_failed_is_told_and_gives_1(self, curate, tmp_path):
        (tmp_path / "binary.txt").write_bytes(bytes(100))
        ran = curate("explain", tmp_path / "binary.txt")
        assert ran.code == 1
        assert ran.out.startswith("binary.txt: failed, binary: ")
        told = json.loads(curate("explain", "--json", tmp_path / "binary.txt").out)
        assert (told["outcome"], told["paragraphs"]) == ("failed", [])

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (("none.txt",), "there is no file or folder 'none.txt'"),
            ((), "Missing argument 'PAGE'"),
            (("-", "--preset", "pgae"), "there is no preset 'pgae'; the nearest is 'page'"),
            (("-", "--preset", "page", "--config", "c.toml"), "exclude each other"),
            (("-", "--rules", "no-such-folder"), "no-such-folder: there is no such rule folder"),
        ],
    )
    def test_a_command_that_cannot_be_carried_out_gives_2(self, curate, arguments, said):
        ran = curate("explain", *arguments, stdin=b"One line.")
        assert ran.code == 2
        assert said in ran.err
        assert ran.out == ""

    def test_a_reader_that_goes_away_early_is_no_error(self, script, tmp_path):
        (tmp_path / "long.txt").write_text("".join(f"Line {number} of the long ledger of Oxney\n" for number in range(50_000)))
        with subprocess.Popen([script, "explain", tmp_path / "long.txt"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
            assert run.stdout.readline().startswith("long.txt")
            run.stdout.close()
            assert run.stderr.read() == ""
        assert run.returncode == 0


def uncommented(text):
    """A configuration with all its settings in force, but not its prose nor the rule folders it has not got."""
    lines = [line.removeprefix("# ") if re.match(r"# [a-z_]+ = ", line) else line for line in text.splitlines()]
    return "".join(f"{line}\n" for line in lines if not line.startswith("rules = "))


class TestInit:
    @pytest.mark.parametrize("preset", sorted(presets()))
    def test_what_it_writes_is_sound(self, curate, tmp_path, preset):
        assert curate("init", tmp_path / "curate.toml", "--preset", preset).code == 0
        ran = curate("check", tmp_path / "curate.toml")
        assert (ran.code, ran.err) == (0, "")
        assert load(tmp_path / "curate.toml") == load(preset)

    @pytest.mark.parametrize("preset", sorted(presets()))
    def test_what_it_writes_is_sound_with_every_comment_taken_off_and_says_the_defaults(self, curate, tmp_path, preset):
        assert curate("init", tmp_path / "curate.toml", "--preset", preset).code == 0
        text = (tmp_path / "curate.toml").read_text(encoding="utf-8")
        (tmp_path / "all.toml").write_text(uncommented(text), encoding="utf-8")
        assert uncommented(text).count("\n#") < text.count("\n#") / 2
        ran = curate("check", tmp_path / "all.toml")
        assert (ran.code, ran.err) == (0, "")
        every, default = load(tmp_path / "all.toml"), load(preset)
        assert (every.input, every.limits, every.output) == (default.input, default.limits, default.output)
        assert [placed.step for placed in every.pipeline().steps] == [placed.step for placed in default.pipeline().steps]

    def test_every_setting_is_in_it(self, curate, tmp_path):
        assert curate("init", tmp_path / "curate.toml").code == 0
        found = tomllib.loads(uncommented((tmp_path / "curate.toml").read_text(encoding="utf-8")))
        assert found["input"].keys() == {"format", "site_from", "fields", "shard_bytes"}
        assert found["input"]["fields"].keys() == {"text", "html", "url", "id", "title", "date", "site"}
        assert found["limits"].keys() == {"bytes", "depth", "paragraphs", "line"}
        assert found["output"].keys() == {"ledger", "format", "compress"}
        assert [table["name"] for table in found["step"]] == [entry.name for entry in load("corpus").entries]

    def test_it_says_how_to_run_it_from_a_makefile(self, curate, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        ran = curate("init")
        assert (tmp_path / "curate.toml").exists()
        assert "wrote curate.toml" in ran.out
        assert "\tcurate clean pages --config curate.toml -o corpus --allow-failed 0.01\n" in ran.out

    def test_the_makefile_line_works_as_it_stands(self, curate, script, tmp_path, story, monkeypatch):
        monkeypatch.chdir(tmp_path)
        makefile = curate("init").out.partition("\n\n")[2]
        (tmp_path / "Makefile").write_text(makefile.replace("\tcurate ", f"\t{script} "))
        (tmp_path / "pages").mkdir()
        (tmp_path / "pages" / "ferry.txt").write_text(story())
        try:
            subprocess.run(["make", "-s"], cwd=tmp_path, check=True, capture_output=True)
        except FileNotFoundError:
            pytest.skip("there is no make")
        assert curate.rows(tmp_path / "corpus")[0]["text"] == story().rstrip()

    def test_a_file_that_is_there_already_is_left_alone(self, curate, tmp_path):
        (tmp_path / "curate.toml").write_text("mine")
        ran = curate("init", tmp_path / "curate.toml")
        assert ran.code == 2
        assert "is there already" in ran.err
        assert (tmp_path / "curate.toml").read_text() == "mine"

    def test_a_folder_that_is_not_there_is_an_error_in_words(self, curate, tmp_path):
        ran = curate("init", tmp_path / "none" / "curate.toml")
        assert ran.code == 2
        assert "cannot write" in ran.err
        assert "No such file or directory" in ran.err

    def test_a_preset_that_does_not_exist_writes_nothing(self, curate, tmp_path):
        ran = curate("init", tmp_path / "curate.toml", "--preset", "pgae")
        assert ran.code == 2
        assert "the nearest is 'page'" in ran.err
        assert list(tmp_path.iterdir()) == []


class TestCheck:
    def test_a_sound_file_is_told_with_its_steps(self, curate, tmp_path):
        (tmp_path / "curate.toml").write_text('extends = "page"\n[[step]]\nname = "repeats"\noff = true\n')
        ran = curate("check", tmp_path / "curate.toml")
        assert ran.code == 0
        assert f"{tmp_path / 'curate.toml'}: sound. Steps: fix-encoding, language, site-rules, page-model, min-chars; rules " in ran.out

    def test_a_file_without_steps_is_sound(self, curate, tmp_path):
        (tmp_path / "curate.toml").write_text("")
        assert curate("check", tmp_path / "curate.toml").out.endswith(": sound. Steps: no steps\n")

    def test_every_error_is_told_with_line_key_and_the_nearest_name(self, curate, tmp_path):
        config = tmp_path / "curate.toml"
        config.write_text("""\
extends = "paeg"
rules = ["none"]
limit = 3

[limits]
bites = 4
depth = "deep"

[input.fields]
texts = "body"

[output]
compress = "bz2"

[[step]]
name = "reapets"

[[step]]
name = "repeats"
jaccard = 1.5
min_word = 3

[[step]]
name = "language"
store = true
""")
        ran = curate("check", config)
        assert ran.code == 2
        assert ran.out == ""
        expected = {
            (1, "extends"): "'page'",
            (2, "rules"): "there is no folder",
            (3, "limit"): "'limits'",
            (6, "limits.bites"): "'bytes'",
            (7, "limits.depth"): "found 'deep'",
            (10, "input.fields.texts"): "'text'",
            (13, "output.compress"): "found 'bz2'",
            (16, "step.name"): "'repeats'",
            (20, "step.jaccard"): "found 1.5",
            (21, "step.min_word"): "'min_words'",
            (25, "step.store"): "measures nothing",
        }
        told = [line.removeprefix("Error: ") for line in ran.err.splitlines()]
        for (line, key), said in expected.items():
            [found] = [problem for problem in told if problem.startswith(f"{config}:{line}: {key}: ")]
            assert said in found
        assert len(told) == len(expected)

    def test_errors_of_rule_files_are_told_too(self, curate, tmp_path):
        folder = tmp_path / "rules" / "sites" / "o"
        folder.mkdir(parents=True)
        (folder / "a.example.toml").write_text('schema = 1\ndomain = ["a.example"]\n')
        (folder / "b.example.toml").write_text('schema = 2\ndomains = ["b.example"]\n')
        (tmp_path / "curate.toml").write_text('extends = "page"\nrules = ["rules"]\n')
        ran = curate("check", tmp_path / "curate.toml")
        assert ran.code == 2
        assert f"{folder / 'a.example.toml'}:2: domain: unknown key; the nearest is 'domains'" in ran.err
        assert f"{folder / 'b.example.toml'}:1: schema: " in ran.err

    def test_what_is_not_toml_is_told_with_its_line(self, curate, tmp_path):
        (tmp_path / "curate.toml").write_text('extends = "page"\n[limits\n')
        ran = curate("check", tmp_path / "curate.toml")
        assert ran.code == 2
        assert f"{tmp_path / 'curate.toml'}:2: not valid TOML" in ran.err

    @pytest.mark.parametrize(
        ("name", "said"), [("none.toml", "cannot be read"), ("page", "ends in .toml"), ("folder.toml", "is a directory")]
    )
    def test_what_is_no_configuration_file_is_refused(self, curate, tmp_path, name, said):
        (tmp_path / "folder.toml").mkdir()
        ran = curate("check", tmp_path / name)
        assert ran.code == 2
        assert said in ran.err


class TestSteps:
    def test_all_steps_are_listed_with_their_kind_and_a_sentence(self, curate):
        ran = curate("steps")
        assert ran.code == 0
        lines = [line.split(maxsplit=2) for line in ran.out.splitlines()]
        assert [name for name, _, _ in lines] == list(steps())
        assert {kind for _, kind, _ in lines} <= {"tag", "edit", "measure", "judge", "corpus"}
        assert all(len(sentence) > 20 for _, _, sentence in lines)

    @pytest.mark.parametrize("name", list(steps()))
    def test_a_step_is_shown_with_its_parameters(self, curate, name):
        from curate.fields import describe

        ran = curate("steps", name)
        assert ran.code == 0
        assert ran.out.startswith(f"{name} (")
        fields = describe(steps()[name].load())
        assert ("\nParameters\n" in ran.out) == bool(fields)
        for field in fields:
            assert f"  {field.name} = {field.default}  ({field.type}" in ran.out
            assert field.description in ran.out

    def test_a_step_that_does_not_exist_is_told_with_the_nearest(self, curate):
        ran = curate("steps", "repeat")
        assert ran.code == 2
        assert "there is no step 'repeat'; the nearest is 'repeats'" in ran.err


class TestPresets:
    def test_all_presets_are_listed_with_a_sentence(self, curate):
        ran = curate("presets")
        assert ran.code == 0
        assert [line.split()[0] for line in ran.out.splitlines()] == list(presets())
        assert all(line.endswith((".", "?")) for line in ran.out.splitlines())

    @pytest.mark.parametrize("name", sorted(presets()))
    def test_a_preset_is_printed_as_a_file_that_can_be_used(self, curate, tmp_path, name):
        ran = curate("presets", name)
        assert ran.out == Path(presets()[name]).read_text(encoding="utf-8")
        (tmp_path / "copy.toml").write_text(ran.out, encoding="utf-8")
        assert load(tmp_path / "copy.toml") == load(name)

    def test_a_preset_that_does_not_exist_is_told_with_the_nearest(self, curate):
        ran = curate("presets", "rule-only")
        assert ran.code == 2
        assert "there is no preset 'rule-only'; the nearest is 'rules-only'" in ran.err


def on_a_terminal(command, stream):
    """What a command says on a terminal, and how it ends."""
    master, slave = os.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLUMNS"}}
    with subprocess.Popen(command, **{stream: slave}, env={**environment, "TERM": "xterm-256color"}) as run:
        os.close(slave)
        said = b""
        while part := read(master):
            said += part
    os.close(master)
    return run.returncode, said.decode()


def read(master):
    try:
        return os.read(master, 65_536)
    except OSError:  # how a terminal says that its other side is closed
        return b""


class TestOnATerminal:
    @pytest.fixture
    def folder(self, tmp_path, story):
        (tmp_path / "pages").mkdir()
        (tmp_path / "pages" / "ferry.txt").write_text(story() + story())
        (tmp_path / "pages" / "crawl.jsonl").write_text(json.dumps({"text": story()}) + "\n{\n")
        return tmp_path / "pages"

    @pytest.mark.parametrize("workers", ["1", "2"])
    def test_clean_shows_how_far_it_has_come_and_then_the_table(self, script, folder, workers):
        code, said = on_a_terminal([script, "clean", folder, "-o", folder.parent / "out", "--workers", workers], "stderr")
        assert code == 1
        assert "documents" in said
        assert "failed: broken JSON" in said
        assert "Traceback" not in said

    def test_clean_shows_progress_of_standard_input_too(self, script, folder):
        command = ["sh", "-c", '"$0" clean - -o "$1" < "$2"', script, folder.parent / "out", folder / "ferry.txt"]
        code, said = on_a_terminal(command, "stderr")
        assert code == 0, said
        assert "Traceback" not in said

    def test_explain_marks_what_went_in_colour(self, script, folder):
        code, said = on_a_terminal([script, "explain", folder / "ferry.txt"], "stdout")
        assert code == 0
        assert "\x1b[31m" in said
        assert said.count("\n") > 12


def test_a_fault_of_curate_itself_has_an_exit_code_of_its_own(curate, tmp_path, monkeypatch):
    """With 1 a script would take it that the corpus is written."""

    def fails(*_arguments):
        raise ZeroDivisionError

    monkeypatch.setattr("curate.run.run.Run.to_folder", fails)
    (tmp_path / "a.txt").write_text("One\n")
    ran = curate("clean", tmp_path, "-o", tmp_path / "out")
    assert ran.code == 3
    assert "ZeroDivisionError" in ran.err
    assert "a fault of curate itself" in ran.err
