from dataclasses import fields, replace

import pytest

from curate.errors import PageError
from curate.fields import build, parse_toml
from curate.formats.limits import Limits, check

NAMES = [field.name for field in fields(Limits)]


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_may_be_reached_and_not_passed(name: str):
    limits = replace(Limits(), **{name: 1000})
    check(limits, name, 0)
    check(limits, name, 1000)
    with pytest.raises(PageError) as caught:
        check(limits, name, 1001)
    assert caught.value.reason == f"limit {name}"
    assert str(caught.value) == f"limit {name}: found 1,001, the limit is 1,000"


@pytest.mark.parametrize("name", NAMES)
def test_a_limit_lets_something_pass(name: str):
    _, [problem] = build(Limits, {name: 0}, parse_toml(f"\n{name} = 0", "a.toml"), ())
    assert (problem.line, problem.key) == (2, name)
    assert build(Limits, {name: 1}, parse_toml(f"{name} = 1", "a.toml"), ()) == (replace(Limits(), **{name: 1}), [])
