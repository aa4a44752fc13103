"""What is wrong with rule files that can be read: words that others say, or everyone; tests that are missing; dates to come.

A finding is to be mended; a note is worth a look. Problems that keep a file from being read come before all this:
they are in the ConfigError that reading raises.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from curate.document import document_of_lines
from curate.fields import Toml
from curate.rules.format import MANY_LINES, Rule, RuleFile, literals
from curate.rules.load import Packs
from curate.text.folding import fold_lines
from curate.workbench import broad, shadows
from curate.workbench.findings import IN_BLOCKS, Finding, line_of
from curate.workbench.keep import KeepCorpus, KeepLine, allowed, languages
from curate.workbench.shadows import Fate, Words
from curate.workbench.test import Trial

FRESH: Final = timedelta(days=90)  # a rule that was needed so lately is hardly out of use
_BASIC: Final = re.compile(r"""=\s*("(?!"")(?:\\.|[^"\\\n])*"|""\"(?:\\.|[^\\])*?""\")""", re.DOTALL)
_RAW: Final = re.compile(r"'''.*?'''|^\s*#[^\n]*", re.DOTALL | re.MULTILINE)  # literal blocks and remarks: what is in them is as it is
_ESCAPE: Final = re.compile(r'(?<!\\)(?:\\\\)*\\[^"nuU\\]')
_CASED: Final = frozenset({*MANY_LINES, "replace"})
_IN_PARTS: Final = ("line_starts", "line_ends", "line_contains", "line_regex")


def lint(packs: Packs, names: frozenset[str], corpus: KeepCorpus, today: date) -> list[Finding]:
    """Everything found in the files of these names, as they stand among all that are in force."""
    words = Words(packs)
    found = [*shadows.idle(words, names), *broad.too_broad(words, names), *_body_lines(words, names, corpus)]
    for file in packs.files:
        if file.name in names:
            toml = packs.tomls[file.name]
            found += _backslashes(file, toml)
            for number, rule in enumerate(file.rules):
                if rule.status != "retired":
                    found += _of_rule(file, number, rule, toml, today)
    return sorted(found)


def _of_rule(file: RuleFile, number: int, rule: Rule, toml: Toml, today: date) -> Iterator[Finding]:
    """What a rule shows by itself."""
    checks = {
        "missing-test": _missing_tests(rule),
        "date": _dates(rule, today),
        "was": _former_ids(rule),
        "unstable": _unstable(file, rule),
    }
    for check, found in checks.items():
        for key, message in found:
            yield Finding(toml.path, line_of(toml, number, key), f"{file.name}#{rule.id}", check, message)
    if rule.status == "stale" and rule.verified and rule.verified > today - FRESH:
        message = f"stale, and somebody saw it needed on {rule.verified}: is it active again?"
        yield Finding(toml.path, line_of(toml, number, "status"), f"{file.name}#{rule.id}", "date", message, note=True)


def _missing_tests(rule: Rule) -> Iterator[tuple[str, str]]:
    # Single lines are tried as text, where there are no elements: what selects is shown by its cases.
    if rule.matchers() and not rule.select:
        if not rule.keeps.strip():
            yield "id", "no keeps: say a sentence of an article that is near to it and must stay"
        said = [key for key in _IN_PARTS if literals(getattr(rule, key))]
        if said and not rule.drops.strip():
            yield said[0], f"no drops: {said[0]} does not tell how a whole line looks that must go"
    if (rule.action in _CASED or rule.select or rule.repeat) and not rule.case:
        what = rule.action if rule.action in _CASED else "select" if rule.select else "repeat"
        yield "id", f"no [[rule.case]]: what {what} leaves of a page is shown by a text before and after"


def _dates(rule: Rule, today: date) -> Iterator[tuple[str, str]]:
    if rule.verified and rule.verified > today:
        yield "verified", f"{rule.verified} is yet to come; today is {today}"
    if rule.evidence and rule.evidence.seen > today:
        yield "evidence", f"seen {rule.evidence.seen} is yet to come; today is {today}"


def _former_ids(rule: Rule) -> Iterator[tuple[str, str]]:
    """Former ids that no old ledger could be read by; that of another rule is an error of the file."""
    for former in rule.was:
        if former == rule.id:
            yield "was", f"{former!r} is what the rule is called now"
        elif not re.fullmatch(r"[a-z0-9][a-z0-9-]*", former):
            yield "was", f"{former!r} is no id: a rule had its earlier ids in this file, without the file's name"


def _unstable(file: RuleFile, rule: Rule) -> Iterator[tuple[str, str]]:
    """A replacement that would be replaced again by the next run."""
    if rule.action != "replace" or rule.on == "html" or rule.select:
        return
    trial = Trial(file, rule, lambda page, _selectors: document_of_lines(page))
    said = [literal for key, literal in rule.matchers() if key != "line_regex"]
    for text in (*said, *literals(rule.drops), *(case.before for case in rule.case if not case.before.lstrip().startswith("<"))):
        once = trial.left_of(text)
        if once.strip() != text.strip() and (twice := trial.left_of(once)) != once:
            yield "with", f"replaces its own result: {text.strip()!r} → {once!r} → {twice!r}"
            return


def _body_lines(words: Words, names: frozenset[str], corpus: KeepCorpus) -> Iterator[Finding]:
    """Whole lines that are body lines of the keep-corpus."""
    body: dict[str, list[KeepLine]] = {}
    for folded, line in zip(fold_lines([line.text for line in corpus.lines]), corpus.lines, strict=True):
        body.setdefault(folded, []).append(line)
    exempt = allowed(corpus, {file.name: file for file in words.packs.files})
    for said in words.said:
        if said.file.name not in names or said.key != "line":
            continue
        of = languages(said.file)
        for line in body.get(said.matcher.text, ()):
            if (not of or line.lang in of) and (said.known.bare, line.text) not in exempt:
                path, number = words.place(said)
                message = f"line {said.literal!r} is a body line of the keep-corpus ({line.path}:{line.line})"
                yield Finding(path, number, said.known.bare, "too-broad", message)


def _backslashes(file: RuleFile, toml: Toml) -> Iterator[Finding]:
    r"""Backslashes in "…" strings, where \b is a backspace and never a boundary."""
    if "\\" not in toml.text:
        return
    blanked = _RAW.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), toml.text)
    for string in _BASIC.finditer(blanked):
        if escape := _ESCAPE.search(string[1]):
            line = blanked.count("\n", 0, string.start(1) + escape.start()) + 1
            owner = max((number for number in range(len(file.rules)) if toml.line(("rule", number)) <= line), default=-1)
            rule = f"{file.name}#{file.rules[owner].id}" if owner >= 0 else ""
            yield Finding(toml.path, line, rule, "backslash", f'{escape[0]!r} in a "…" string is what TOML makes of it; {IN_BLOCKS}')


def never_first(packs: Packs, names: frozenset[str], fates: Mapping[str, Fate]) -> list[Finding]:
    """Rules of some files whose every match on some pages fell to others; a note where these do not hold on all pages of the rule."""
    together = Words(packs).together
    groups = {file.name: file.group for file in packs.files}
    found = []
    for file in packs.files:
        for number, rule in enumerate(file.rules if file.name in names else ()):
            fate = fates.get(f"{file.name}#{rule.id}")
            if fate is None or fate.won or not fate.lost_to:
                continue
            toml = packs.tomls[file.name]
            takers = sorted(fate.lost_to.items(), key=lambda item: (-item[1], item[0]))
            message = (
                f"on these pages all {fate.matches} of its matches fell to {', '.join(f'{name} ({times})' for name, times in takers[:3])}"
            )
            apart = any(groups[name.partition("#")[0]] not in together[file.name] for name, _ in takers)
            found.append(Finding(toml.path, line_of(toml, number, "id"), f"{file.name}#{rule.id}", "shadowed", message, note=apart))
    return sorted(found)


def failing(found: Sequence[Finding]) -> int:
    """How many findings are more than notes."""
    return sum(not one.note for one in found)
