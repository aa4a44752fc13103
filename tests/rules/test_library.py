"""What reading the rules came to is kept between runs, and never believed when a rule file has changed."""

import json
import os
import shutil
import time
import tomllib
from pathlib import Path

import msgspec
import pytest

from curate.document import document_of_lines
from curate.errors import ConfigError
from curate.filters import site_rules
from curate.rules import cache
from curate.rules import library as libraries
from curate.rules.format import Head, Rule, RuleFile, read
from curate.rules.library import Library, library, made_of
from curate.rules.load import in_force, load, pack
from curate.rules.match import Matching

STORY = "The ferry was tied up for a second winter, the harbour board announced."
RULE = """\
[[rule]]
id = "{id}"
category = "share-bar"
why = "Stands below every headline."
action = "drop-line"
line = "{line}"
"""


def write(folder, name, *lines, head=None):
    """A rule file with a rule for each line."""
    kind, _, rest = name.partition("/")
    head = head or {
        "generic": f'language = ["{rest.partition("/")[0]}"]',
        "platform": f'signs = "Kept afloat by {rest}"',
        "sites": f'domains = ["{rest.rpartition("/")[2]}"]',
    }.get(kind, "")
    path = folder / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    rules = "".join(RULE.format(id=f"r{number}", line=line) for number, line in enumerate(lines))
    path.write_text(f"schema = 1\n{head}\n{rules}", encoding="utf-8")
    return path


def forget():
    """What another process would know."""
    libraries.of_folders.cache_clear()
    site_rules._made.cache_clear()
    site_rules._rules.cache_clear()


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """No built-in packs behind the folders, a cache of one's own, and all files old enough to be kept."""
    monkeypatch.setattr("curate.rules.load.built_in", lambda: tmp_path / "none")
    monkeypatch.setattr(cache, "_SETTLED", -(10**18))
    monkeypatch.setenv("CURATE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CURATE_RULES", raising=False)
    (tmp_path / "none").mkdir()
    forget()
    yield
    forget()


@pytest.fixture
def rules(tmp_path):
    """A folder with three rule files."""
    folder = tmp_path / "rules"
    write(folder, "generic/en/tides", "Rate this tide")
    write(folder, "platform/tidepress", "Send this tide")
    write(folder, "sites/h/harbourtimes.example", "Please sing this tide to us", "Ebb")
    return folder


@pytest.fixture
def readings(monkeypatch):
    """How often the rule files were read, as a list that grows."""
    seen = []
    original = libraries.read

    def reading(folder):
        if any(folder.iterdir()):
            seen.append(folder)
        return original(folder)

    monkeypatch.setattr(libraries, "read", reading)
    return seen


def again(*folders):
    """The library as the next process has it."""
    forget()
    return library(folders)


def kept(tmp_path):
    return sorted((tmp_path / "cache").iterdir())


def rows(made):
    return [(rule.id, [matcher.text for matcher in rule.matchers]) for file in made.base for rule in file.rules]


# The cache.


def test_the_second_process_reads_what_the_first_one_wrote(tmp_path, rules, readings):
    first = again(rules)
    [file] = kept(tmp_path)
    written = file.read_bytes()
    second = again(rules)
    assert len(readings) == 1
    assert file.read_bytes() == written
    assert isinstance(second, Library)
    for name in ("version", "versions", "order", "base", "domains", "signs", "ids", "anywhere"):
        assert getattr(second, name) == getattr(first, name)
    assert {name: bytes(packed) for name, packed in second.sites.items()} == {name: bytes(packed) for name, packed in first.sites.items()}
    assert second.site("sites/h/harbourtimes.example") == first.site("sites/h/harbourtimes.example")


def test_what_comes_out_of_the_cache_does_the_same(rules):
    page = f"Rate this tide\nEbb\n{STORY}\nKept afloat by tidepress\nSend this tide"

    def changes(made):
        doc, matching = document_of_lines(page), Matching(made)
        packs = matching.packs(doc, "en", "harbourtimes.example")
        return packs, list(matching.changes(doc, matching.scope(packs, "en", "harbourtimes.example")))

    first = changes(again(rules))
    assert changes(again(rules)) == first
    assert [change.paragraph for change in first[1]] == [1, 4, 0]


def test_two_sets_of_folders_are_kept_apart(tmp_path, rules, readings):
    other = tmp_path / "other"
    write(other, "platform/shorepress", "Post this tide")
    for folders in ((rules,), (other,), (other, rules), (rules, other)):
        again(*folders)
    assert len(kept(tmp_path)) == len(readings) == 2  # a folder is read once, whatever it stands beside
    assert list(again(other).ids) == ["platform/shorepress#r0"]
    assert next(iter(again(rules).ids)) == "generic/en/tides#r0"
    assert len(readings) == 2


def every_byte(size):
    return sorted({0, 1, 31, 32, 33, 63, 64, 65, size // 2, size - 1})


def test_a_byte_that_was_flipped_is_noticed(tmp_path, rules, readings):
    first = again(rules)
    [file] = kept(tmp_path)
    written = file.read_bytes()
    for number, place in enumerate(every_byte(len(written)), 2):
        file.write_bytes(written[:place] + bytes([written[place] ^ 0x40]) + written[place + 1 :])
        assert rows(again(rules)) == rows(first)
        assert len(readings) == number
        assert file.read_bytes() == written, "and what was broken is written anew"


def test_a_file_that_was_cut_off_is_noticed(tmp_path, rules, readings):
    first = again(rules)
    [file] = kept(tmp_path)
    written = file.read_bytes()
    for number, length in enumerate(every_byte(len(written)), 2):
        file.write_bytes(written[:length])
        assert again(rules).ids == first.ids
        assert len(readings) == number
    file.write_bytes(written + b"\0")
    again(rules)
    assert len(readings) == number + 1


def test_what_was_kept_of_other_files_is_not_taken(tmp_path, rules, readings):
    other = tmp_path / "other"
    write(other, "platform/shorepress", "Post this tide")
    again(rules)
    [mine] = kept(tmp_path)
    again(other)
    [theirs] = set(kept(tmp_path)) - {mine}
    shutil.copy(theirs, mine)
    assert next(iter(again(rules).ids)) == "generic/en/tides#r0"
    assert len(readings) == 3


def edit(folder):
    write(folder, "platform/tidepress", "Send this ebb!")


def edit_within_its_size_and_time(folder):
    path = folder / "platform" / "tidepress.toml"
    found = path.stat()
    path.write_text(path.read_text().replace("Send this tide", "Sing this tide"))
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))
    assert path.stat().st_size == found.st_size


def add(folder):
    write(folder, "platform/shorepress", "Post this tide")


def remove(folder):
    (folder / "platform" / "tidepress.toml").unlink()


def rename(folder):
    (folder / "platform" / "tidepress.toml").rename(folder / "platform" / "shorepress.toml")


def give_it_a_version(folder):
    (folder / "pack.toml").write_text('name = "harbour"\nversion = "2"\n')


@pytest.mark.parametrize("change", [edit, edit_within_its_size_and_time, add, remove, rename, give_it_a_version])
def test_a_change_is_seen(rules, readings, change):
    before = rows(again(rules))
    change(rules)
    after = rows(again(rules))
    assert len(readings) == 2
    assert after != before
    assert rows(again(rules)) == after
    assert len(readings) == 2


def test_a_file_that_is_hidden_by_another_is_seen_once_that_one_goes(tmp_path, rules):
    other = tmp_path / "other"
    path = write(other, "platform/tidepress", "Post this tide")
    assert ("platform/tidepress#r0", ["post this tide"]) in rows(again(other, rules))
    path.unlink()
    assert ("platform/tidepress#r0", ["send this tide"]) in rows(again(other, rules))


def test_a_change_that_breaks_a_file_is_told_although_something_was_kept(rules):
    again(rules)
    write(rules, "platform/tidepress", "", head="mistake = 1")
    for _ in range(2):
        with pytest.raises(ConfigError, match="mistake"):
            again(rules)
    write(rules, "platform/tidepress", "Send this tide")
    assert again(rules).ids


def test_a_folder_that_goes_is_told_although_something_was_kept(rules):
    again(rules)
    shutil.rmtree(rules)
    with pytest.raises(ConfigError, match="there is no such rule folder"):
        again(rules)


def test_what_changed_a_moment_ago_is_not_kept(tmp_path, rules, readings, monkeypatch):
    now = max(path.stat().st_ctime_ns for path in rules.rglob("*.toml"))
    monkeypatch.setattr(cache, "_SETTLED", 2_000_000_000)
    monkeypatch.setattr(cache.time, "time_ns", lambda: now + 1_900_000_000)
    again(rules)
    again(rules)
    assert len(readings) == 2
    assert not (tmp_path / "cache").exists()
    monkeypatch.setattr(cache.time, "time_ns", lambda: now + 2_100_000_000)
    again(rules)
    again(rules)
    assert len(readings) == 3
    assert len(kept(tmp_path)) == 1


def test_an_old_file_that_was_moved_here_a_moment_ago_is_not_settled(rules, monkeypatch):
    path = rules / "platform" / "tidepress.toml"
    os.utime(path, (1, 1))
    monkeypatch.setattr(cache, "_SETTLED", 2_000_000_000)
    monkeypatch.setattr(cache.time, "time_ns", lambda: path.stat().st_ctime_ns + 1)
    assert not cache.stamp(path.parent).settled


def test_the_shipped_wait_is_two_seconds(monkeypatch):
    monkeypatch.undo()
    assert cache._SETTLED == 2 * 10**9


@pytest.mark.parametrize("broken", ["a file", "below a file", "no permission"])
def test_a_cache_that_cannot_be_written_is_one_that_is_not_there(tmp_path, rules, readings, monkeypatch, broken):
    place = tmp_path / "cache"
    if broken == "no permission":

        def refuse(**_):
            raise PermissionError(13, "no")

        monkeypatch.setattr(cache.tempfile, "NamedTemporaryFile", refuse)
    else:
        place.write_text("not a folder")
        monkeypatch.setenv("CURATE_CACHE", str(place if broken == "a file" else place / "below"))
    assert again(rules).ids == again(rules).ids != {}
    assert len(readings) == 2
    assert place.is_dir() == (broken == "no permission")


def test_a_cache_that_is_full_leaves_the_old_file(tmp_path, rules, readings, monkeypatch):
    again(rules)
    [file] = kept(tmp_path)
    written = file.read_bytes()

    def full(_self, _target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    add(rules)
    assert "platform/shorepress#r0" in again(rules).ids
    assert file.read_bytes() == written
    assert len(readings) == 2


def test_where_the_cache_lies(monkeypatch, tmp_path):
    assert cache.place() == tmp_path / "cache"
    monkeypatch.delenv("CURATE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.place() == tmp_path / "xdg" / "curate"
    for home in ("", None):
        monkeypatch.setenv("XDG_CACHE_HOME", "") if home == "" else monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        assert cache.place() == tmp_path / "home" / ".cache" / "curate"
    monkeypatch.setenv("CURATE_CACHE", "")
    assert cache.place() == tmp_path / "home" / ".cache" / "curate"


def test_nothing_but_the_cache_folder_is_written(tmp_path, rules):
    before = sorted(rules.rglob("*"))
    again(rules)
    assert sorted(rules.rglob("*")) == before
    assert [path.name for path in kept(tmp_path)] == [kept(tmp_path)[0].name]
    assert kept(tmp_path)[0].suffix == ".bin"


def test_the_stamp_is_of_toml_files_only(rules):
    before = cache.stamp(rules).digest
    (rules / "README.md").write_text("Nothing to see.")
    (rules / "empty").mkdir()
    assert cache.stamp(rules).digest == before
    assert cache.stamp(rules / "nowhere").digest == cache.stamp(rules / "nothing").digest


# Site files stay packed.


def test_a_site_s_rules_stay_packed_until_a_page_of_it_comes_up(rules, monkeypatch):
    write(rules, "sites/q/quaypost.example", "Post this tide")
    unpacked = []
    original = Library.site
    monkeypatch.setattr(Library, "site", lambda self, name: unpacked.append(name) or original(self, name))
    matching = Matching(again(rules))

    def page(host, text=f"Rate this tide\n{STORY}"):
        doc = document_of_lines(text)
        matching.selectors(host, "")
        packs = matching.packs(doc, "en", host)
        return list(matching.changes(doc, matching.scope(packs, "en", host)))

    page("nowhere.example")
    page("")
    assert unpacked == []
    for _ in range(2):
        page("www.harbourtimes.example")
    assert unpacked == ["sites/h/harbourtimes.example"]
    assert page("", f"please sing this tide to us\n{STORY}")
    assert unpacked == ["sites/h/harbourtimes.example"]


def test_a_long_line_of_a_site_that_is_not_known_unpacks_that_site_only(rules, monkeypatch):
    write(rules, "sites/q/quaypost.example", "Post this tide to the quay")
    unpacked = []
    original = Library.site
    monkeypatch.setattr(Library, "site", lambda self, name: unpacked.append(name) or original(self, name))
    matching = Matching(again(rules))
    doc = document_of_lines(f"Please sing this tide to us\n{STORY}")
    [change] = matching.changes(doc, matching.scope(matching.packs(doc, "en", ""), "en", ""))
    assert change.rule == "sites/h/harbourtimes.example#r0"
    assert unpacked == ["sites/h/harbourtimes.example"]


# Folders in force.


def test_folders_named_come_before_those_of_the_environment_and_the_built_in_ones(tmp_path, monkeypatch):
    places = [tmp_path / name for name in ("one", "two", "three", "four")]
    monkeypatch.setenv("CURATE_RULES", os.pathsep.join([str(places[2]), "", str(places[3])]))
    assert in_force(places[:2]) == (*places, tmp_path / "none")
    monkeypatch.setenv("CURATE_RULES", "")
    assert in_force() == (tmp_path / "none",)


def test_a_folder_of_the_environment_that_is_not_there_is_a_problem(tmp_path, monkeypatch):
    monkeypatch.setenv("CURATE_RULES", str(tmp_path / "nowhere"))
    with pytest.raises(ConfigError, match="there is no such rule folder") as caught:
        load()
    assert caught.value.problems[0].path == str(tmp_path / "nowhere")


def test_a_run_s_option_comes_before_its_configuration_and_that_before_the_environment(curate, tmp_path, monkeypatch):
    folders = {name: tmp_path / name for name in ("option", "config", "environment", "none")}
    for number, (name, folder) in enumerate(folders.items()):
        for rank in range(number, 4):
            write(folder, f"sites/h/rank{rank}", f"Tide {rank} by {name}", head='domains = ["harbourtimes.example"]')
    said = [f"Tide {rank} by {name}" for name in folders for rank in range(4)]
    (tmp_path / "page.txt").write_text("\n".join([*said, STORY]))
    (tmp_path / "c.toml").write_text(f'rules = ["{folders["config"]}"]\n[[step]]\nname = "site-rules"\n')
    monkeypatch.setenv("CURATE_RULES", str(folders["environment"]))

    def taken(number):
        out = tmp_path / f"out{number}"
        forget()
        arguments = ["--url", "https://harbourtimes.example/1", "--rules", folders["option"]]
        ran = curate("clean", tmp_path / "page.txt", "-o", out, "--config", tmp_path / "c.toml", *arguments)
        assert ran.code == 0, ran.err
        return sorted(row["text"] for row in curate.rows(out, "ledger"))

    # A file hides its namesakes in the folders behind; each folder has one name less than the one before it.
    for number, (name, folder) in enumerate(folders.items()):
        assert taken(number) == [f"Tide {rank} by {name}" for rank in range(number, 4)]
        shutil.rmtree(folder)
        folder.mkdir()


# Packs and their versions.


def test_a_pack_s_version_stands_in_the_ids_of_its_rules_only(tmp_path, rules):
    give_it_a_version(rules)
    other = tmp_path / "other"
    write(other, "platform/shorepress", "Post this tide")
    made = again(other, rules)
    assert made.versions == {"harbour": "2"}
    assert {rule.id for file in made.base for rule in file.rules} == {
        "generic/en/tides#r0@2",
        "platform/tidepress#r0@2",
        "platform/shorepress#r0",
    }
    assert "generic/en/tides#r0" in made.ids
    assert not any("@" in identity for identity in made.ids)


def test_the_version_of_the_rules_goes_up_with_that_of_the_pack(rules):
    give_it_a_version(rules)
    two = again(rules).version
    (rules / "pack.toml").write_text('name = "harbour"\nversion = "3"\n')
    assert again(rules).version != two
    give_it_a_version(rules)
    assert again(rules).version == two


def test_the_packs_of_a_run_stand_in_its_record(curate, tmp_path, rules):
    give_it_a_version(rules)
    other = tmp_path / "other"
    write(other, "platform/shorepress", "Post this tide")
    (other / "pack.toml").write_text('name = "shore"\nversion = "2026.11+local-1"\n')
    (tmp_path / "page.txt").write_text(f"Post this tide\nKept afloat by shorepress\n{STORY}")
    (tmp_path / "c.toml").write_text('[[step]]\nname = "site-rules"\n')
    ran = curate(
        "clean", tmp_path / "page.txt", "-o", tmp_path / "out", "--config", tmp_path / "c.toml", "--rules", other, "--rules", rules
    )
    assert ran.code == 0, ran.err
    assert json.loads((tmp_path / "out" / "run.json").read_text())["rule_packs"] == {"shore": "2026.11+local-1", "harbour": "2"}
    assert [row["rule"] for row in curate.rows(tmp_path / "out", "ledger")] == ["platform/shorepress#r0@2026.11+local-1"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('name = "harbour"\n', "pack.toml: 'version' is missing"),
        ('version = "2"\n', "pack.toml: 'name' is missing"),
        ('name = ""\nversion = "2"\n', "pack.toml:1: name: "),
        ('name = "harbour"\nversion = 2\n', "pack.toml:2: version: "),
        ('name = "harbour"\nversion = "2#1"\n', "pack.toml:2: version: "),
        ('name = "harbour"\nversion = "2 1"\n', "pack.toml:2: version: "),
        ('name = "harbour"\nversion = "2@1"\n', "pack.toml:2: version: "),
        ('name = "harbour"\nverson = "2"\n', "pack.toml:2: verson: unknown key; the nearest is 'version'"),
        ("name = harbour\n", "pack.toml:1: not valid TOML"),
    ],
)
def test_a_broken_pack_file_says_where(rules, text, says):
    (rules / "pack.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        again(rules)
    assert says in str(caught.value)


def test_a_broken_pack_file_is_told_together_with_broken_rules(rules):
    (rules / "pack.toml").write_text('name = "harbour"\n')
    write(rules, "platform/tidepress", "", head="mistake = 1")
    with pytest.raises(ConfigError) as caught:
        again(rules)
    assert {Path(problem.path).name for problem in caught.value.problems} == {"pack.toml", "tidepress.toml"}


def test_the_keep_corpus_and_the_pack_file_are_no_rule_files(rules):
    give_it_a_version(rules)
    (rules / "keep").mkdir()
    (rules / "keep" / "en.toml").write_text("this is no TOML")
    write(rules, "platform/keep/press", "Keep this tide")
    assert sorted(again(rules).ids) == [
        "generic/en/tides#r0",
        "platform/keep/press#r0",
        "platform/tidepress#r0",
        "sites/h/harbourtimes.example#r0",
        "sites/h/harbourtimes.example#r1",
    ]
    assert (pack(rules).name, pack(rules).version) == ("harbour", "2")


def test_a_pack_file_further_down_is_a_rule_file_and_so_is_a_folder_called_keep(rules):
    write(rules, "platform/pack", "Pack this tide")
    assert "platform/pack#r0" in again(rules).ids
    assert pack(rules) is None


# Many rules.


SITES, EACH = 200, 100


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A folder with 20,000 rules of 200 sites and some of a language, and the library of them, made without reading it."""
    folder = tmp_path_factory.mktemp("many")
    said = {
        f"sites/h/harbour{site}.example": [f"Send tide {n} of harbour {site} to the shore" for n in range(EACH)] for site in range(SITES)
    }
    said["generic/en/tides"] = [f"Rate tide {number} of this harbour" for number in range(200)]
    files = []
    for name, lines in said.items():
        write(folder, name, *lines)
        head = Head(1, language=("en",)) if name.startswith("generic") else Head(1, domains=(name.rpartition("/")[2],))
        why = "Stands below every headline."
        files.append(RuleFile(name, head, tuple(Rule(f"r{n}", "share-bar", why, "drop-line", line) for n, line in enumerate(lines))))
    return folder, made_of(files)


def best(times, *calls):
    """The shortest time that each call takes, measured by turns."""
    found = [float("inf")] * len(calls)
    for _ in range(times):
        for number, call in enumerate(calls):
            began = time.process_time()
            call()
            found[number] = min(found[number], time.process_time() - began)
    return found


def test_twenty_thousand_rules_cost_little_once_they_are_kept(many, readings):
    """Against reading their TOML and doing nothing with it; and a page of no site is hardly slower for them."""
    folder, made = many
    assert read(folder / "sites/h/harbour7.example.toml", folder).rules[3].line == "Send tide 3 of harbour 7 to the shore"
    cache.write(folder, cache.stamp(folder), libraries._encode(made))

    def parse():
        for path in sorted(folder.rglob("*.toml")):
            tomllib.loads(path.read_text(encoding="utf-8"))

    [parsing] = best(1, parse)
    [loading] = best(3, lambda: again(folder))
    assert len(again(folder).ids) == SITES * EACH + 200
    assert readings == []
    assert loading * 5 < parsing

    without = msgspec.structs.replace(made, sites={}, domains={}, anywhere={})
    page = "\n".join(f"Boat {number} left the harbour at dawn with {number % 7} hands and a barrel of tar." for number in range(2000))

    def match(matching, host):
        doc = document_of_lines(page)
        packs = matching.packs(doc, "en", host)
        assert list(matching.changes(doc, matching.scope(packs, "en", host))) == []

    beside, alone = Matching(made), Matching(without)
    for host in ("nowhere.example", ""):
        slow, fast = best(15, lambda host=host: match(beside, host), lambda host=host: match(alone, host))
        assert slow < 1.5 * fast
