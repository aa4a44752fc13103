"""The keep-corpus: what is read of it, which rules hit it, which exceptions it has."""

from pathlib import Path

import pytest

from curate.errors import ConfigError
from curate.rules.load import built_in, read_all
from curate.workbench import keep

RULE = """
[[rule]]
id = "{id}"
category = "{category}"
why = "Stands below every headline."
action = "drop-line"
{said}
"""
EXCEPT = "[[except]]\nrule = '{}'\nline = '{}'\nwhy = 'Nobody could tell the two apart.'\n"


def rule(said: str, identity: str = "tide", category: str = "share-bar") -> str:
    return RULE.format(id=identity, said=said, category=category)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A rule folder with a few body lines in two languages."""
    (tmp_path / "keep").mkdir()
    (tmp_path / "keep" / "en.txt").write_text("# share-bar\nFollow the ferry\n\n  The mill was sold.  \nHail it Now\n", encoding="utf-8")
    (tmp_path / "keep" / "de.txt").write_text("Follow the ferry\nDie Mühle steht.\n", encoding="utf-8")
    return tmp_path


def write(folder: Path, name: str, text: str, language: str = "en") -> None:
    path = folder / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    domains = 'domains = ["harbour.example"]\n' if name.startswith("sites") else ""
    path.write_text(f'schema = 1\nlanguage = ["{language}"]\n{domains}{text}', encoding="utf-8")


def hits(folder: Path) -> list[tuple[str, str, str]]:
    return [(hit.keep.lang, hit.keep.text, hit.rule) for hit in keep.hits(keep.read([folder]), read_all([folder]).files)]


def checked(folder: Path) -> list[tuple[str, str, str]]:
    corpus, packs = keep.read([folder]), read_all([folder])
    return [(one.rule, one.check, one.message) for one in keep.check(corpus, packs, keep.hits(corpus, packs.files))]


def test_remarks_and_blank_lines_are_no_body_lines(folder: Path):
    corpus = keep.read([folder, folder / "nowhere"])
    assert [(line.lang, line.text, line.line) for line in corpus.lines if line.lang == "en"] == [
        ("en", "Follow the ferry", 2),
        ("en", "The mill was sold.", 4),
        ("en", "Hail it Now", 5),
    ]


def test_the_lines_of_a_language_are_a_page(folder: Path):
    assert {lang: doc.read for lang, doc in keep.read([folder]).documents()} == {"de": 2, "en": 3}


@pytest.mark.parametrize(
    "said",
    [
        "line = 'follow THE ferry'",
        "line_starts = 'Follow'",
        "line_ends = 'the ferry'",
        "line_contains = 'ollow the fer'",
        "line_regex = 'follow .*'",
        "line = 'Follow the ferry'\nwhere = { last = 1, after = 'The quay' }",
        "line = 'Follow the ferry'\nstatus = 'experimental'",
        "line = 'Follow the ferry'\nstatus = 'stale'",
    ],
)
def test_every_matcher_wherever_and_whatever_its_status_hits(folder: Path, said: str):
    write(folder, "generic/en/a", rule(said))
    assert hits(folder) == [("en", "Follow the ferry", "generic/en/a#tide")]


@pytest.mark.parametrize(
    "said",
    [
        "line = 'Follow the ferry'\nstatus = 'retired'",
        "line = 'Follow the ferry'\nunless = 'ferry'",
        "line = 'Follow the ferry'\nmax_chars = 5",
        "line = 'Follow that ferry'",
    ],
)
def test_what_leaves_the_line_alone_does_not(folder: Path, said: str):
    write(folder, "generic/en/a", rule(said))
    assert hits(folder) == []


def test_policies_are_tried_too(folder: Path):
    write(folder, "generic/en/a", rule("line = 'Follow the ferry'\nwhere = { first = 3 }", category="byline"))
    assert len(hits(folder)) == 1


def test_rules_that_select_or_keep_or_go_by_repeats_are_not_tried(folder: Path):
    keeps = rule("line = 'Follow the ferry'").replace("drop-line", "keep")
    write(folder, "sites/h/harbour", keeps + rule("repeat = 'second'", "ebb") + rule("select = 'p'\nguard = { max_share = 1 }", "flood"))
    assert hits(folder) == []


def test_every_rule_that_hits_is_named_and_not_only_the_first(folder: Path):
    write(folder, "generic/en/a", rule("line = 'Follow the ferry'") + rule("line_starts = 'Follow the'", "ebb"))
    assert [name for _, _, name in hits(folder)] == ["generic/en/a#ebb", "generic/en/a#tide"]


@pytest.mark.parametrize(
    ("name", "language", "langs"),
    [
        ("generic/de/a", "de", ["de"]),
        ("generic/any/a", "*", ["de", "en"]),
        ("platform/gull", "en", ["en"]),
        ("platform/gull", "*", ["de", "en"]),
        ("sites/h/harbour", "de", ["de"]),
        ("sites/h/harbour", "fr", []),
    ],
)
def test_rules_are_tried_on_lines_of_their_languages(folder: Path, name: str, language: str, langs: list[str]):
    write(folder, name, rule("line = 'Follow the ferry'"), language)
    assert [lang for lang, _, _ in hits(folder)] == langs


def test_a_body_line_that_is_a_run_of_known_lines_is_hit(folder: Path):
    write(folder, "generic/en/a", rule("line = '''\nHail it\nNow\n'''"))
    write(folder, "generic/de/a", rule("line = '''\nDie Mühle\nsteht.\n'''"), "de")
    assert ("en", "Hail it Now", "generic/en/a#tide") in hits(folder)


def test_another_site_s_override_switches_nothing_off(folder: Path):
    write(folder, "generic/en/a", rule("line = 'Hail it\nNow'".replace("'", "'''")))
    write(
        folder, "sites/h/harbour", rule("line = 'Moor it'") + "[[override]]\nrule = 'generic/en/a#tide'\nwhy = 'They hail ferries there.'\n"
    )
    assert hits(folder) == [("en", "Hail it Now", "generic/en/a#tide")]


def test_no_lines_and_no_rules_are_no_hits(tmp_path: Path, folder: Path):
    assert hits(folder) == []
    assert keep.hits(keep.read([tmp_path / "nowhere"]), ()) == []


def test_a_hit_is_told_where_the_rule_stands(folder: Path):
    write(folder, "generic/en/a", rule("line = 'Follow the mill'", "ebb") + rule("line = 'Follow the ferry'"))
    corpus, packs = keep.read([folder]), read_all([folder])
    [one] = keep.check(corpus, packs, keep.hits(corpus, packs.files))
    text = Path(one.path).read_text(encoding="utf-8").split("\n")
    assert (one.rule, one.check, text[one.line - 1]) == ("generic/en/a#tide", "keep", 'id = "tide"')
    assert "en.txt:2: 'Follow the ferry'" in one.message


class TestExceptions:
    def exempt(self, folder: Path, *pairs: tuple[str, str]) -> None:
        (folder / "keep" / "exceptions.toml").write_text("".join(EXCEPT.format(*pair) for pair in pairs), encoding="utf-8")

    def test_one_holds_for_its_rule_and_its_line(self, folder: Path):
        write(folder, "generic/en/a", rule("line = 'Follow the ferry'") + rule("line_starts = 'Follow the'", "ebb"))
        self.exempt(folder, ("generic/en/a#tide", "Follow the ferry"))
        assert [(name, check) for name, check, _ in checked(folder)] == [("generic/en/a#ebb", "keep")]

    def test_one_may_name_a_rule_by_its_former_id_and_with_a_version(self, folder: Path):
        write(folder, "generic/en/a", rule("line = 'Follow the ferry'\nwas = ['ebb']"))
        self.exempt(folder, ("generic/en/a#ebb@2026.1", "Follow the ferry"))
        assert checked(folder) == []

    @pytest.mark.parametrize(
        ("name", "line", "message"),
        [
            ("generic/en/a#tide", "Follow the ferry", "no longer hits"),
            ("generic/en/a#tide", "Follow a ferry", "is no line of the keep-corpus"),
            ("generic/en/a#tidy", "Follow the ferry", "there is no such rule; the nearest is 'generic/en/a#tide'"),
        ],
    )
    def test_one_that_allows_nothing_is_told(self, folder: Path, name: str, line: str, message: str):
        write(folder, "generic/en/a", rule("line = 'Follow the mill'"))
        self.exempt(folder, (name, line))
        [(told, check, said)] = checked(folder)
        assert (told, check) == (name, "exception")
        assert message in said

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("[[except]]\nrule = 'generic/en/a#tide'\nline = 'Follow'\n", "'why' is missing"),
            ("[[except]]\nrule = 'tide'\nline = 'Follow'\nwhy = 'Nobody can tell.'\n", "full id"),
            ("[[excepts]]\nrule = 'tide'\n", "unknown key"),
            ("except = 3\n", "list of tables"),
            ("[[except\n", "not valid TOML"),
        ],
    )
    def test_what_is_wrong_with_them_is_told_with_the_line(self, folder: Path, text: str, said: str):
        (folder / "keep" / "exceptions.toml").write_text(text, encoding="utf-8")
        with pytest.raises(ConfigError, match=r"exceptions.toml:[12]: ") as caught:
            keep.read([folder])
        assert said in str(caught.value)


def test_lines_that_are_no_utf_8_are_told_with_all_else(folder: Path):
    (folder / "keep" / "en.txt").write_bytes(b"F\xe4hre\n")
    (folder / "keep" / "exceptions.toml").write_text("except = 3\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        keep.read([folder])
    assert [Path(problem.path).name for problem in caught.value.problems] == ["en.txt", "exceptions.toml"]


def test_the_built_in_corpus_is_of_every_language_that_has_a_pack():
    corpus = keep.read([built_in()])
    packs = {path.name for path in (built_in() / "generic").iterdir()} - {"any"}
    assert {line.lang for line in corpus.lines} == packs
