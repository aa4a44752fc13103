"""Two cleanings of a page are compared character by character: whose is what, what is Markdown, what is left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.document import Change, document_of_lines
from curate.fields import parse_toml
from curate.rules.format import parse
from curate.workbench import diff
from curate.workbench.diff import Difference, Lost, RuleChanges, code, compared, markdown

NONE = RuleChanges((), (), {}, {}, (), {}, frozenset())
PAGE = "The mill at Sallow Weir | Courier\nGround twice a week\nAsk the miller for the key"
MILL = "sites/s#mill@1"
WEIR = "sites/s#weir@2"


def cleaned(*changes, page=PAGE, name="weir.txt", step="site-rules", outcome="kept"):
    """A page after changes by one step: (paragraph, start, end) or (paragraph, start, end, new), and by which rule."""
    doc = document_of_lines(page)
    doc.id, doc.outcome = name, outcome
    for *span, rule in changes:
        doc.apply(step, [Change(*span, rule=rule)])
    return doc


def whole(number, rule, page=PAGE):
    return (number, 0, len(page.split("\n")[number]), rule)


def difference(before, after, changes=NONE):
    found = Difference(changes)
    found.add(before, after)
    return found


def told(found, examples=5):
    return "\n".join(markdown(found, title="Title", what="This against that.", examples=examples))


def effects(found):
    return {rule: (dict(effect.lines), effect.taken, effect.given, effect.pages) for rule, effect in found.effects.items()}


@pytest.mark.parametrize(
    ("label", "before", "after", "expected"),
    [
        ("nothing on either side", [], [], {}),
        ("a line that goes", [], [whole(1, MILL)], {"sites/s#mill": ({"removed": 1}, 19, 0, 1)}),
        ("a line that comes back", [whole(1, MILL)], [], {"sites/s#mill": ({"restored": 1}, 0, 19, 1)}),
        ("another version of the pack", [whole(1, "sites/s#mill@1")], [whole(1, "sites/s#mill@2")], {}),
        ("a trim", [], [(0, 24, 33, MILL)], {"sites/s#mill": ({"cut": 1}, 10, 0, 1)}),
        ("a trim that takes less", [(0, 15, 33, MILL)], [(0, 24, 33, MILL)], {"sites/s#mill": ({"cut": 1}, 0, 8, 1)}),
        ("a trimmed line that goes", [(0, 24, 33, MILL)], [whole(0, WEIR)], {"sites/s#weir": ({"removed": 1}, 23, 0, 1)}),
        (
            "two rules with a part each",
            [(0, 0, 4, MILL)],
            [(0, 24, 33, WEIR)],
            {"sites/s#weir": ({"cut": 1}, 10, 0, 1), "sites/s#mill": ({"cut": 1}, 0, 4, 1)},
        ),
        ("a second cut behind a first", [(0, 0, 4, MILL)], [(0, 0, 4, MILL), (0, 0, 5, WEIR)], {"sites/s#weir": ({"cut": 1}, 5, 0, 1)}),
        ("another word in its place", [(0, 4, 8, "lock", MILL)], [(0, 4, 8, "sluice", MILL)], {"sites/s#mill": ({"cut": 1}, 0, 0, 1)}),
        ("a report", [], [(1, 0, 0, MILL)], {}),
    ],
)
def test_every_character_belongs_to_who_took_it(label, before, after, expected):
    assert effects(difference(cleaned(*before), cleaned(*after))) == expected, label


def test_a_trim_that_makes_way_for_another_moves_no_line():
    found = difference(cleaned((0, 24, 33, MILL)), cleaned((0, 24, 33, WEIR)))
    assert found.moved == {("sites/s#mill", "sites/s#weir"): 1}
    assert found.moved_lines == 1
    assert not found.effects


def test_an_id_that_has_changed_is_the_same_rule():
    changes = NONE._replace(renamed={"sites/s#mill": "sites/s#weir"})
    found = difference(cleaned(whole(1, MILL)), cleaned(whole(1, WEIR)), changes)
    assert not found.effects
    assert not found.moved


def test_another_step_goes_by_its_name():
    found = difference(cleaned(whole(1, "exact"), step="repeats"), cleaned())
    assert list(found.effects) == ["repeats"]
    assert "| `repeats` | (another step) | 0 | 1 |" in told(found)


def test_a_page_without_an_address_is_of_no_site():
    before, after = cleaned(), cleaned(whole(1, MILL))
    assert difference(before, after).effects["sites/s#mill"].sites == set()
    after.url = "https://weir.example/"
    assert difference(before, after).effects["sites/s#mill"].sites == {"weir.example"}


def test_a_page_that_failed_on_one_side_is_lost_and_compared_no_further():
    empty = document_of_lines("")
    empty.id, empty.outcome, empty.reason = "weir.txt", "failed", "step failed"
    found = difference(cleaned(whole(1, MILL)), empty)
    assert found.emptied == [Lost("weir.txt", "failed: step failed")]
    assert (found.failed, found.effects) == (1, {})
    assert difference(empty, empty).emptied == []


SPANS = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 40), st.integers(0, 40), st.sampled_from([MILL, WEIR])), max_size=6)


@given(SPANS, SPANS)
def test_what_is_taken_and_given_adds_up(before, after):
    sides = []
    for changes in (before, after):
        doc = cleaned()
        for number, start, end, rule in changes:
            length = int(doc.lengths[number])
            if doc.live[number] and start < end <= length:
                doc.apply("site-rules", [Change(number, start, end, rule=rule)])
        sides.append(doc)
    found = difference(*sides)
    taken, given_ = (sum(getattr(effect, name) for effect in found.effects.values()) for name in ("taken", "given"))
    assert found.chars_before - found.chars_after == taken - given_
    lines = found.lines["removed"] - found.lines["restored"]
    assert len(sides[0].kept) - len(sides[1].kept) == lines


def file(text, name="sites/s"):
    head = 'schema = 1\ndomains = ["sallow.example"]\n' if name.startswith("sites") else 'schema = 1\nlanguage = ["en"]\n'
    return parse(parse_toml(head + text, name), name)


RULE = '[[rule]]\nid = "mill"\ncategory = "share-bar"\nwhy = "Stands on every page."\naction = "drop-line"\nline = "Ground twice a week"\n'


@pytest.mark.parametrize(
    ("label", "before", "after", "expected"),
    [
        ("the same", RULE, RULE, {}),
        ("another reason is no other rule", RULE, RULE.replace("every page", "most pages"), {}),
        ("added", "", RULE, {"added": ("sites/s#mill",)}),
        ("removed", RULE, "", {"removed": ("sites/s#mill",)}),
        ("another id", RULE, RULE.replace("mill", "weir") + 'was = ["mill"]\n', {"renamed": {"sites/s#mill": "sites/s#weir"}}),
        ("another status", RULE, RULE + 'status = "stale"\n', {"statuses": {"sites/s#mill": ("active", "stale")}}),
        ("another line", RULE, RULE.replace("twice", "once"), {"edited": (("sites/s", ("sites/s#mill",), ()),)}),
        ("another sign", RULE, 'signs = "Courier"\n' + RULE, {"edited": (("sites/s", (), ("signs",)),)}),
        (
            "an override",
            RULE,
            RULE + '[[override]]\nrule = "generic/en/x#y"\nwhy = "A column is called so."\n',
            {"edited": (("sites/s", (), ("override",)),)},
        ),
    ],
)
def test_what_has_become_of_the_rules_is_told(label, before, after, expected):
    changes = compared([file(before)], [file(after)])
    said = {name: value for name, value in changes._asdict().items() if value and name not in {"categories", "on_trial"}}
    assert said == expected, label


def test_a_file_that_goes_takes_its_rules_along():
    assert compared([file(RULE)], []).removed == ("sites/s#mill",)
    assert compared([], [file(RULE)]).added == ("sites/s#mill",)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "`plain`"),
        ("a `tick` and ``two``", "``` a `tick` and ``two`` ```"),
        ("`", "`` ` ``"),
        ("<b>|</b> @miller [x](y)", "`<b>|</b> @miller [x](y)`"),
        ("one\n\n# two", "`one # two`"),
    ],
)
def test_text_of_a_page_is_no_markdown(text, shown):
    assert code(text) == shown


def test_examples_are_escaped_and_cut():
    page = f"`</details>` | <script>\n{' '.join(['mill'] * 100)}"
    found = difference(cleaned(page=page), cleaned(whole(0, "s#<b>", page), whole(1, "s#<b>", page), page=page))
    text = told(found)
    assert "<summary><code>s#&lt;b&gt;</code>: 2 removed now</summary>" in text
    assert "- 1× `` `</details>` | <script> ``, in `weir.txt`" in text
    [long] = [line for line in text.splitlines() if "mill mill" in line]
    assert "…`, in" in long
    assert len(long) < 230


def test_the_most_frequent_and_the_longest_lines_are_shown():
    found = Difference(NONE)
    for times, line in ((3, "Toll"), (2, "Quay"), (1, "Mud"), (1, "It was a long day for the ferry and for its dog.")):
        for number in range(times):
            page = f"{line}\nA mill."
            found.add(cleaned(page=page, name=f"{number}.txt"), cleaned(whole(0, MILL, page), page=page, name=f"{number}.txt"))
    lines = [line for line in told(found, examples=2).splitlines() if line.startswith("- ")]
    assert lines == ["- 3× `Toll`, in `0.txt`", "- 1× `It was a long day for the ferry and for its dog.`, in `0.txt`"]
    assert "… and 2 more other texts." in told(found, examples=2)


def test_rules_are_told_by_their_effect():
    page = "Toll\nIt was a long day for the ferry.\nMill\nThe rest."
    found = difference(cleaned(page=page), cleaned(whole(0, MILL, page), whole(1, WEIR, page), whole(2, MILL, page), page=page))
    rows = [line.split("`")[1] for line in told(found).splitlines() if line.startswith("| `")]
    assert rows == ["sites/s#weir", "sites/s#mill"]


def test_a_cut_in_a_long_line_is_shown_where_it_is():
    page = f"{'mill ' * 100}| Courier{' weir' * 100}"
    found = difference(cleaned(page=page), cleaned((0, 500, 509, MILL), page=page))
    [shown] = [line for line in told(found).splitlines() if line.startswith("- 1×")]
    old, new = shown.split(" → ")
    assert "mill | Courier weir" in old
    assert "mill weir" in new.replace("  ", " ")
    assert len(shown) < 250


def test_of_experimental_rules_those_are_told_that_are_new_or_changed():
    trial = RULE + 'status = "experimental"\n'
    assert compared([file(trial)], [file(trial)]).on_trial == set()
    assert compared([file(trial)], [file(trial.replace("twice", "once"))]).on_trial == {"sites/s#mill"}
    assert compared([file(RULE)], [file(trial)]).on_trial == {"sites/s#mill"}
    assert compared([], [file(trial)]).on_trial == {"sites/s#mill"}


def test_long_lists_say_how_much_they_leave_out(monkeypatch):
    for name in ("_ROWS", "_NAMED", "_TOLD"):
        monkeypatch.setattr(diff, name, 1)
    found = difference(cleaned(), cleaned(whole(0, MILL), whole(1, WEIR)), NONE._replace(added=("a#b", "a#c", "a#d")))
    found.emptied += [Lost("one.txt", "emptied"), Lost("two.txt", "emptied")]
    text = told(found)
    assert text.count("… and 1 more rule.") == 2
    assert "… and 1 more page." in text
    assert "… and 2 more rules." in text
    assert text.count("<details>") == text.count("</details>") == 1


def test_no_pages_at_all_are_no_division():
    assert Difference(NONE).taken_share == 0
    assert "**0 pages** read; 0 → 0 characters kept (+0);" in told(Difference(NONE))
