"""Fraud rules: what a file may say, what a condition means, and how a changed file is taken over."""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from millrace_streaming.fraud.features import NAMES
from tests.support import until

SHIPPED = Path(__file__).resolve().parents[3] / "deploy" / "fraud" / "rules.yaml"
FEATURES = ("amount", "items", "account_age", "card_declines_1h", "card_customers_24h", "guest")
LISTS = "lists: {trusted: [c-1, c-2], disposable: [mailinator.com, yopmail.com]}"


class Rules:
    """The JVM's rules, spoken to in Python's types."""

    def __init__(self, spark: SparkSession) -> None:
        self.jvm: Any = spark._jvm
        self.package = self.jvm.io.millrace.streaming.fraud
        gateway: Any = spark.sparkContext._gateway
        self._array = gateway.new_array
        self.texts = list(self.package.RuleSet.Texts())

    def strings(self, values: list[str] | tuple[str, ...]) -> Any:
        array = self._array(self.jvm.java.lang.String, len(values))
        for i, value in enumerate(values):
            array[i] = value
        return array

    def parse(self, text: str) -> Any:
        return self.package.RuleSet.parse(text, self.strings(FEATURES))

    def problems(self, text: str) -> list[str]:
        try:
            self.parse(text)
        except Py4JJavaError as error:
            return list(error.java_exception.problems())
        return []

    def hits(self, rules: Any, values: Mapping[str, Any]) -> list[Any]:
        row = self._array(self.jvm.double, len(FEATURES))
        for i, name in enumerate(FEATURES):
            row[i] = float(values.get(name, math.nan))
        return list(rules.evaluate(row, self.strings([str(values.get(name, "")) for name in self.texts])))

    def fires(self, condition: str, values: Mapping[str, Any]) -> bool:
        rules = self.parse(one(condition))
        fired = bool(self.hits(rules, values))
        assert rules.failures() == 0
        return fired


@pytest.fixture(scope="session")
def rules(spark: SparkSession) -> Rules:
    return Rules(spark)


def one(condition: str) -> str:
    """A file with one rule, whose condition begins at line 6, column 7."""
    return f"version: 1\n{LISTS}\nrules:\n  - id: r\n    when: |-\n      {condition}\n    decision: REVIEW\n    reason: because\n"


def of(rule: str, top: str = "version: 1") -> str:
    """A file with one rule in flow style, at line 3."""
    return f"{top}\nrules:\n  - {{{rule}}}\n"


GOOD = "id: r, when: amount > 1, decision: REVIEW, reason: because"

# What a file says, and every problem that it must have.
WRONG_FILES: list[tuple[str, list[str]]] = [
    ("", ["1:1: is empty"]),
    ("version: 1\nrules: [", ["2:9: expected the node content, but found '<stream end>'"]),
    ("- a\n", ["1:1: must be fields with values"]),
    ("rules: []\n", ["1:1: version is missing"]),
    ("version: one\nrules: []\n", ["1:10: version: must be a whole number"]),
    ("version: 1\n", ["1:1: rules is missing"]),
    ("version: 1\nrules: {}\n", ["2:8: rules: must be a list"]),
    ("version: 1\nrule: []\nrules: []\n", ['2:1: there is no "rule"; did you mean rules?']),
    ("version: 1\nversion: 2\nrules: []\n", ["2:1: version stands there twice"]),
    ("version: 1\nbands: {review: 0.9, decline: 0.4}\nrules: []\n", ["2:31: bands: decline must be greater than review"]),
    ("version: 1\nbands: {review: -1}\nrules: []\n", ["2:8: bands: decline is missing", "2:17: bands: review: must be from 0 to 1"]),
    (
        "version: 1\nlists: {a: [1], 'b c': [x]}\nrules: []\n",
        ["2:13: lists: a: 1 is no text; put it in quotes", "2:24: lists: b c: must be letters, digits and _"],
    ),
    (of("when: amount > 1, decision: REVIEW"), ["3:5: rule number 1: id is missing", "3:5: rule number 1: reason is missing"]),
    (of(f"{GOOD}, wen: 1"), ['3:66: rule "r": there is no "wen"; did you mean when?']),
    (
        of("id: R 1, when: amount > 1, decision: REVIEW, reason: b"),
        ['3:10: rule "R 1": id: must be small letters, digits and -, at most 64'],
    ),
    (of(f"{GOOD}}}\n  - {{{GOOD}"), ['4:10: rule "r": id: another rule has this id']),
    (of("id: r, when: amount > 1, decision: BLOCK, reason: b"), ['3:41: rule "r": decision: must be ALLOW, REVIEW or DECLINE']),
    (of(f"{GOOD}, mode: test"), ['3:72: rule "r": mode: must be live or shadow']),
    (of(f"{GOOD}, score: 1.5"), ['3:73: rule "r": score: must be from 0 to 1']),
    (of(f"{GOOD}, score: .nan"), ['3:73: rule "r": score: must be a number']),
    (of("id: r, when: amount > 1, decision: ALLOW, score: 0.1, reason: b"), ['3:55: rule "r": score: a rule that allows has none']),
    (
        of("id: r, when: amount > 1, decision: REVIEW, reason: '{amont}'"),
        ['3:57: rule "r": reason: nothing is called "amont"; did you mean amount?'],
    ),
    (
        of("id: r, when: amount > 1, decision: REVIEW, reason: 'a { b'"),
        ['3:57: rule "r": reason: a brace stands around the name of a value only'],
    ),
    (
        of(f"{GOOD}, tests: {{hit: [{{amount: 1}}], miss: [{{amount: 2}}]}}"),
        ['3:80: rule "r": tests: hit: the rule misses', '3:101: rule "r": tests: miss: the rule hits'],
    ),
    (of(f"{GOOD}, tests: {{hit: [{{amunt: 2}}]}}"), ['3:88: rule "r": tests: hit: nothing is called "amunt"; did you mean amount?']),
    (of("id: r, when: amount > foo, decision: REVIEW, reason: b"), ['3:28: rule "r": when: nothing is called "foo"']),
    (of("id: r, when: 'amount > foo', decision: REVIEW, reason: b"), ['3:29: rule "r": when: nothing is called "foo"']),
    # Two rules, each with problems of its own.
    (
        of("id: a, when: amont > 1, decision: REVIEW, reason: b}\n  - {id: b, when: amount > 1, decision: NO, reason: '{x}'"),
        [
            '3:19: rule "a": when: nothing is called "amont"; did you mean amount?',
            '4:41: rule "b": decision: must be ALLOW, REVIEW or DECLINE',
            '4:53: rule "b": reason: nothing is called "x"',
        ],
    ),
]

# A condition, and every problem that it must have; it begins at 6:7.
WRONG_CONDITIONS: list[tuple[str, list[str]]] = [
    ("amount >", ["6:15: mismatched input end"]),
    ("amount > 1 and guest == 1", ["6:18: mismatched input 'and'"]),
    ("card_decline_1h >= 3", ['6:7: nothing is called "card_decline_1h"; did you mean card_declines_1h?']),
    ("guest == 1 && items > 'a'", ["6:27: found no matching overload for > applied to '(double, string)' (candidates: (double, double))"]),
    (
        "amount > 1 &&\n      foo > 1 && country == 1",
        [
            '7:7: nothing is called "foo"',
            "7:26: found no matching overload for == applied to '(string, double)' (candidates: (double, double),(string, string),(bool, bool))",
        ],
    ),
    ("amount", ["6:7: expected type 'bool' but found 'double'"]),
    ("customerId in lists.trustd", ['6:21: nothing is called "lists.trustd"; did you mean lists.trusted?']),
    ("knwn(amount)", ['6:11: nothing is called "knwn"; did you mean known?']),
    ("country[0] == 'N'", ["6:14: rules have no []"]),
    ("{'a': 1}.a > amount", ["6:15: rules have no maps"]),
    ("amount in [1, 'a']", ["6:17: a list holds texts, or numbers"]),
    ("dyn(amount) == 1", ['6:10: nothing is called "dyn"']),
    ("timestamp(country) == timestamp(country)", ['6:16: nothing is called "timestamp"', '6:38: nothing is called "timestamp"']),
    ("country.matches(ipCountry)", ["6:23: the pattern of matches() must be a text in quotes"]),
    ("country.matches('(')", ["6:23: the pattern is no regular expression of RE2: missing closing )"]),
]

# Conditions that must be refused at once, whatever they cost to evaluate, and a word of the reason.
HOSTILE: list[tuple[str, str]] = [
    ("(" * 500 + "amount > 1" + ")" * 500, "recursion limit"),
    ("!(" * 200 + "amount > 1" + ")" * 200, "recursion limit"),
    ("amount>1?true:" * 100 + "false", "recursion limit"),
    ("amount > 1 && " * 200 + "true", "code point size"),
    ("guest>1||" * 200 + "true", "more than 500"),
    ("[1, 2].exists(a, [1, 2].exists(b, [1, 2].exists(c, a == b)))", "nested deeper than 2"),
    (f"[{','.join(['1'] * 120)}].all(a, [{','.join(['1'] * 120)}].all(b, a == b))", "more than 10000"),
    ("country.matches('((a{100}){100}){100}')", "repeats more than 1000"),
    ("country.matches('a{999999999999}')", "repeats more than 1000"),
    (f"country.matches('{'a' * 300}')", "longer than 200"),
]

NUMBERS = {"amount": 2, "items": 3, "guest": 0, "account_age": 0.5}
TEXTS = {"country": "NO", "emailDomain": "x.mailinator.com", "customerId": "c-2"}

# A condition over NUMBERS and TEXTS, where card_declines_1h and card_customers_24h are not known, and whether it holds.
MEANINGS: list[tuple[str, bool]] = [
    *(
        (f"card_declines_1h {operator} {other}", False)
        for operator in ("==", "!=", "<", "<=", ">", ">=")
        for other in ("1", "1.0", "card_declines_1h", "amount")
    ),
    *((f"{other} {operator} card_declines_1h", False) for operator in ("==", "!=", "<", "<=", ">", ">=") for other in ("1", "-1", "1u")),
    ("card_declines_1h in [1, card_declines_1h]", False),
    ("card_declines_1h + 1 > 0 || card_declines_1h * 0 == 0", False),
    ("known(card_declines_1h)", False),
    ("!known(card_declines_1h) && known(amount)", True),
    ("!(card_declines_1h > 1)", True),
    ("card_declines_1h > 1 || amount == 2", True),
    ("amount == 2 && amount == 2.0 && amount == 2u && amount != 3 && 2 == amount", True),
    ("1 == 1.0 && -1 < 0.5 && 7 / 2 == 3.5", True),
    ("account_age * 2 == 1 && -amount == -2 && amount - items + 1 == 0", True),
    ("guest == 0 && 1 / guest > 1e300 && !known(guest / guest)", True),
    ("amount in [1, 2]", True),
    ("amount in []", False),
    ("amount > 1 ? items > 3 : true", False),
    ("(amount > 1 ? country : currency) == 'NO'", True),
    ("(amount > 1) == true && (amount > 1) != (items > 5)", True),
    ("customerId in lists.trusted", True),
    ("country in ['NO', 'SE']", True),
    ("country != 'NO' || country in []", False),
    ("currency == '' && !known(currency) && known(country)", True),
    ("emailDomain in lists.disposable", False),
    ("lists.disposable.exists(d, emailDomain.endsWith(d))", True),
    ("lists.disposable.all(d, emailDomain.endsWith(d))", False),
    ("lists.trusted.exists(c, lists.disposable.all(d, c != d && c == customerId))", True),
    ("[amount, items].all(n, n >= 2) && [1, 2].exists(n, n == amount)", True),
    ("[].exists(n, n == 1)", False),
    ("[].all(n, n == 1)", True),
    ("country.startsWith('N') && country.endsWith('O') && country.contains('NO')", True),
    ("country.matches('^N.$') && emailDomain.matches('mailinator')", True),
    ("country.matches('^O')", False),
    ("size(country) == 2 && size(currency) == 0", True),
]

# Conditions that CEL's own runtime understands as they stand, for comparison with it where all is known.
BOTH: list[str] = [
    "amount >= 2.0 && items < 3.0 || guest == 1.0",
    "!(amount > items) && (guest != 0.0 || account_age <= 1.0)",
    "amount * 2.0 - items / 4.0 + -guest > account_age",
    "amount > 1.0 ? items == 3.0 : country == 'NO'",
    "country in ['NO', 'SE'] || amount in [1.0, 3.0]",
    "[amount, items, guest].exists(n, n > account_age) && ['N', 'O'].all(c, country.contains(c))",
    "country.startsWith('N') != country.endsWith('E') || country.matches('S.')",
]
ROWS = [
    dict(zip(("amount", "items", "guest", "account_age", "country"), row, strict=True))
    for row in itertools.product((1, 2, 3), (2, 3), (0, 1), (0.5, 2), ("NO", "SE", ""))
]


@pytest.mark.parametrize(("text", "expected"), WRONG_FILES)
def test_a_wrong_file_is_refused_with_every_problem_and_its_place(rules: Rules, text: str, expected: list[str]) -> None:
    assert rules.problems(text) == expected


@pytest.mark.parametrize(("condition", "expected"), WRONG_CONDITIONS)
def test_a_wrong_condition_is_refused_with_every_problem_and_its_place(rules: Rules, condition: str, expected: list[str]) -> None:
    assert [problem.replace('rule "r": when: ', "") for problem in rules.problems(one(condition))] == expected


@pytest.mark.parametrize(("condition", "word"), HOSTILE)
def test_a_hostile_condition_is_refused(rules: Rules, condition: str, word: str) -> None:
    problems = rules.problems(one(condition))
    assert len(problems) == 1
    assert word in problems[0]


@pytest.mark.parametrize(
    "text",
    ["a: &a [*a]\n", "rules: &r [{id: *r}]\nversion: 1\n", "{" * 5000, "version: 1\nrules: " + "[" * 5000, "!!java.net.URL [x]\n", "\x00"],
)
def test_a_hostile_file_is_refused(rules: Rules, text: str) -> None:
    assert rules.problems(text) != []


def test_a_regular_expression_takes_no_more_time_than_its_text(rules: Rules) -> None:
    # A backtracking matcher would not end within the age of the universe; a text without bounds is not looked at.
    assert not rules.fires("emailDomain.matches('^(a+)+$')", {"emailDomain": "a" * 1000 + "!"})
    assert not rules.fires("emailDomain.matches('^(a|a)*$')", {"emailDomain": "a" * 1_000_000})


@pytest.mark.parametrize(("condition", "expected"), MEANINGS)
def test_a_condition_means(rules: Rules, condition: str, expected: bool) -> None:
    assert rules.fires(condition, {**NUMBERS, **TEXTS}) is expected


@pytest.mark.parametrize("condition", BOTH)
def test_a_condition_means_the_same_as_in_cels_own_runtime(rules: Rules, condition: str) -> None:
    cel = rules.jvm.dev.cel
    types, builder = cel.common.types.SimpleType, cel.compiler.CelCompilerFactory.standardCelCompilerBuilder()
    for name in ("amount", "items", "guest", "account_age"):
        builder.addVar(name, types.DOUBLE)
    macros = rules.jvm.java.util.ArrayList(cel.parser.CelStandardMacro.STANDARD_MACROS)
    checked = builder.addVar("country", types.STRING).setStandardMacros(macros).build().compile(condition).getAst()
    program = cel.runtime.CelRuntimeFactory.standardCelRuntimeBuilder().build().createProgram(checked)
    ours, both = rules.parse(one(condition)), set()
    for row in ROWS:
        values = rules.jvm.java.util.HashMap()
        for name, value in row.items():
            values.put(name, value if isinstance(value, str) else float(value))
        expected = program.eval(values)
        assert bool(rules.hits(ours, row)) is expected
        both.add(expected)
    assert both == {True, False}


def test_a_hit_says_what_the_rule_asks_for(rules: Rules) -> None:
    file = """
version: 3
bands: {review: 0.35, decline: 0.85}
rules:
  - {id: ok, when: customerId == 'c-1', decision: ALLOW, reason: "{customerId} is trusted"}
  - {id: look, when: amount >= 2, decision: REVIEW, reason: "{amount} of {items}, {account_age} s, {currency}{card_declines_1h}"}
  - {id: no, when: amount >= 2, decision: DECLINE, reason: no}
  - {id: sure, when: amount >= 2, decision: DECLINE, score: 0.99, mode: shadow, reason: "{guest}"}
  - {id: quiet, when: amount > 1e12, decision: DECLINE, reason: never}
"""
    parsed = rules.parse(file)
    hits = rules.hits(parsed, {"amount": 123456.789, "items": 3, "account_age": 0.012345, "guest": 1, "customerId": "c-1"})
    assert [(hit.id(), hit.decision(), hit.score(), hit.shadow(), hit.reason()) for hit in hits] == [
        ("ok", "ALLOW", 0.0, False, "c-1 is trusted"),
        ("look", "REVIEW", 0.35, False, "123456.8 of 3, 0.0123 s, unknownunknown"),
        ("no", "DECLINE", 0.85, False, "no"),
        ("sure", "DECLINE", 0.99, True, "1"),
    ]
    assert (parsed.reviewAt(), parsed.declineAt(), list(parsed.ids())) == (0.35, 0.85, ["ok", "look", "no", "sure", "quiet"])
    assert parsed.version().startswith("3-") and len(parsed.version()) == len("3-1a2b3c4d")
    assert rules.parse(file).version() == parsed.version() != rules.parse(file + "# changed\n").version()


def test_without_bands_the_models_own_count(rules: Rules) -> None:
    parsed = rules.parse(of(GOOD))
    assert math.isnan(parsed.reviewAt()) and math.isnan(parsed.declineAt())
    assert math.isnan(rules.hits(parsed, {"amount": 2})[0].score())


def test_the_shipped_rules_can_be_used(rules: Rules) -> None:
    features = rules.strings(NAMES)
    assert rules.package.RuleSet.check(str(SHIPPED), features) == ""


def test_a_check_names_the_file(rules: Rules, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    assert rules.package.RuleSet.check(str(file), rules.strings(FEATURES)) == f"{file}: there is no such file"
    file.write_text(of("id: r, when: foo > 1, decision: NO, reason: b"))
    assert rules.package.RuleSet.check(str(file), rules.strings(FEATURES)).split("\n") == [
        f'{file}:3:19: rule "r": when: nothing is called "foo"',
        f'{file}:3:38: rule "r": decision: must be ALLOW, REVIEW or DECLINE',
    ]


@pytest.fixture
def watched(rules: Rules, tmp_path: Path) -> Iterator[tuple[Path, Any]]:
    file = tmp_path / "rules.yaml"
    file.write_text(of(GOOD, "version: 1"))
    watcher = rules.package.RuleFile(str(file), rules.strings(FEATURES))
    yield file, watcher
    watcher.close()


def version_of(watcher: Any) -> str:
    return str(watcher.current().version()).split("-")[0]


def replace(file: Path, text: str) -> None:
    """As editors do: a new file takes the name."""
    new = file.with_suffix(".new")
    new.write_text(text)
    os.replace(new, file)


def test_a_changed_file_is_taken_over(watched: tuple[Path, Any]) -> None:
    file, watcher = watched
    assert version_of(watcher) == "1"
    file.write_text(of(GOOD, "version: 2"))
    until(lambda: version_of(watcher) == "2")
    replace(file, of(GOOD, "version: 3"))
    until(lambda: version_of(watcher) == "3")
    # Back to what it was, at the same size and the same time.
    stamp = file.stat()
    replace(file, of(GOOD, "version: 1"))
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    until(lambda: version_of(watcher) == "1")
    assert watcher.problem() == ""


def test_a_broken_file_leaves_the_rules_in_force_and_says_where_it_is_broken(watched: tuple[Path, Any]) -> None:
    file, watcher = watched
    before = watcher.current().version()
    replace(file, of("id: r, when: foo > 1, decision: REVIEW, reason: b"))
    until(lambda: watcher.problem() != "")
    assert watcher.problem() == f'{file}:3:19: rule "r": when: nothing is called "foo"'
    file.unlink()
    until(lambda: watcher.problem() == f"{file}: there is no such file")
    assert watcher.current().version() == before
    replace(file, of(GOOD, "version: 1"))
    until(lambda: watcher.problem() == "")
    assert watcher.current().version() == before
    replace(file, of(GOOD, "version: 2"))
    until(lambda: version_of(watcher) == "2")


def test_a_config_maps_link_that_is_set_anew_is_followed(rules: Rules, tmp_path: Path) -> None:
    for name in ("1", "2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rules.yaml").write_text(of(GOOD, f"version: {name}"))
    (tmp_path / "..data").symlink_to("1")
    (tmp_path / "rules.yaml").symlink_to("..data/rules.yaml")
    watcher = rules.package.RuleFile(str(tmp_path / "rules.yaml"), rules.strings(FEATURES))
    try:
        assert version_of(watcher) == "1"
        (tmp_path / "..new").symlink_to("2")
        os.replace(tmp_path / "..new", tmp_path / "..data")
        until(lambda: version_of(watcher) == "2")
    finally:
        watcher.close()


@pytest.mark.parametrize(("text", "expected"), [(None, " there is no such file"), ("version: 1\n", "1:1: rules is missing")])
def test_a_first_file_that_cannot_be_used_is_an_error(rules: Rules, tmp_path: Path, text: str | None, expected: str) -> None:
    file = tmp_path / "rules.yaml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(Py4JJavaError) as raised:
        rules.package.RuleFile(str(file), rules.strings(FEATURES))
    assert list(raised.value.java_exception.problems()) == [f"{file}:{expected}"]
