"""A broken rule, table or instrument is refused with its file, its line and what to do; nothing else ever escapes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from penstock.rulebook.book import Book
from penstock.rulebook.lower import Lowerer
from penstock.rulebook.parse import RuleVersion, read_rules
from penstock.rulebook.scalar import compile_scalar
from penstock.terms.errors import RuleError

FIRST_DAY = dt.date(2022, 1, 1)
ACT = """
id: ACT
title: An act
cite: 1 FR 1
kind: final_rule
force: legislative_rule
effective: 2022-01-01
source: a test
confidence: high
"""
TABLES = """
tables:
- id: LIMIT_TPP
  title: a limit
  kind: number
  unit: TPP
  cells:
  - {value: 100, cite: "1.1(a)", by: ACT}
- id: LIMIT_DAYS
  title: some days
  kind: number
  unit: days
  cells:
  - {value: 25, cite: "1.1(d)", by: ACT}
- id: LIMIT_SHARE
  title: a share
  kind: number
  unit: fraction
  cells:
  - {value: 0.5, cite: "1.1(e)", by: ACT}
- id: PLACES
  title: some places
  kind: places
  cells:
  - {members: [CN, MO], cite: "1.1(b)", by: ACT}
"""
READINGS = """
readings:
  way:
    values: [one, other]
    about: Two ways to read it.
    cite: "1.1(c)"
"""


def rule(body: str, head: str = '@definition("1.1", by="ACT")', name: str = "asked", doc: str = '    "A sentence."\n') -> str:
    return f"{head}\ndef {name}(t: Transaction):\n{doc}    return {body}\n"


def write(root: Path, rules: str, *, tables: str = TABLES, act: str = ACT, readings: str = READINGS) -> Path:
    """Write a folder of law with one rule file, one table file and one instrument."""
    for folder in ("us/tables", "instruments"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "us" / "part1.py").write_text(rules, "utf-8")
    (root / "us" / "tables" / "limits.yaml").write_text(tables, "utf-8")
    (root / "instruments" / "act.yaml").write_text(act, "utf-8")
    (root / "readings.yaml").write_text(readings, "utf-8")
    return root


def load(root: Path) -> int:
    """Read a folder of law and lower and compile every provision in it; return how many there were."""
    law = Book.read(root, FIRST_DAY).law(dt.date(2025, 6, 1))
    lowerer = Lowerer(law)
    nodes = [lowerer.rule(id) for id, standing in law.standings.items() if standing.version.parameters[0][1] == "transaction"]
    compile_scalar(lowerer.graph, nodes, "test")
    return len(nodes)


GOOD = {
    "facts and tables": "t.item.tpp >= LIMIT_TPP and t.destination.country in PLACES",
    "a literal set": 't.activity.type in ("export", "reexport")',
    "arithmetic": "t.item.tpp * t.item.quantity + t.item.aggregate_tpp > LIMIT_TPP",
    "a reading": 'READING.way == "one"',
    "stated": "stated(t.item.eccn) and not denied(t.item.datacenter)",
    "given": 'given(t.end_use.location_country, t.destination.country) == "CN"',
    "over rows": 'any(a.type == "UVEU" for a in t.authorizations_held)',
    "over values": "all(place not in PLACES for place in t.end_use.onward_destinations)",
    "a sum": "sum(o.share for o in t.parties.end_user.owners if o.headquarters in PLACES) >= LIMIT_SHARE",
    "a maximum": "max(r.tops * r.bit_length for r in t.item.throughput) >= LIMIT_TPP",
    "a choice": "t.item.tpp >= LIMIT_TPP if t.item.datacenter else t.item.quantity >= 1",
    "sets": "t.destination.country in PLACES - PLACES",
    "a date": "t.on - t.documents.nac.filed_on >= LIMIT_DAYS",
    "chained": "LIMIT_TPP <= t.item.tpp < LIMIT_TPP",
}


@pytest.mark.parametrize("body", GOOD.values(), ids=list(GOOD))
def test_the_language_reads_what_it_promises(tmp_path: Path, body: str) -> None:
    assert load(write(tmp_path, rule(body))) == 1


BROKEN = {
    "unknown fact": "t.item.tpq >= LIMIT_TPP",
    "unknown group": "t.items.tpp >= LIMIT_TPP",
    "unknown table": "t.item.tpp >= LIMIT_TTP",
    "unknown table unlike any": "t.item.tpp >= ZEBRA",
    "wrong unit": "t.item.die_area_mm2 >= LIMIT_TPP",
    "units that cannot be added": "t.item.tpp + t.item.die_area_mm2 >= LIMIT_TPP",
    "number literal": "t.item.tpp >= 4800",
    "decimal literal": "t.item.performance_density >= 5.92",
    "negative literal": "t.item.tpp >= -1",
    "recursion": "asked(t)",
    "is": "t.item.datacenter is True",
    "unknown rule": "askd(t)",
    "unknown rule unlike any": "zebra(t)",
    "literal the fact never holds": 't.activity.type == "re-export"',
    "set the fact never meets": 't.activity.type in ("export", "import")',
    "sum compared with <": "sum(o.share for o in t.parties.end_user.owners) < 1",
    "sum alone": "sum(o.share for o in t.parties.end_user.owners)",
    "unknown reading": 'READING.wey == "one"',
    "text compared with a number": "t.item.tpp >= t.item.eccn",
    "a group as a condition": "t.item",
    "a group in a choice": "(t.item if t.activity.us_person else t.parties) == 1",
    "a group in arithmetic": "t.item + t.parties >= 1",
    "a group in a set": "t.item in t.end_use.types",
    "a set as a value": "PLACES",
    "a set in a choice": "t.destination.country in (PLACES if t.activity.us_person else PLACES)",
    "a number as a condition": "t.item.tpp and t.item.datacenter",
    "no argument": "stated()",
    "two arguments": "stated(t.item.tpp, t.item.eccn)",
    "one argument to given": "given(t.item.tpp) >= LIMIT_TPP",
    "maximum of nothing": "max() >= LIMIT_TPP",
    "maximum of two facts": "max(t.item.tpp, t.item.aggregate_tpp) >= LIMIT_TPP",
    "maximum of texts": 'max(r.sparsity for r in t.item.throughput) == "dense"',
    "sum of texts": "sum(r.sparsity for r in t.item.throughput) >= LIMIT_TPP",
    "a text for each row": "any(a.type for a in t.authorizations_held)",
    "a group for each row": "all(t.item for a in t.authorizations_held)",
    "heading of nothing": 'heading() == "3A090"',
    "rows of a group": 'any(a.type == "UVEU" for a in t.item)',
    "rows of a text": 'any(a == "x" for a in t.item.eccn)',
    "two loops": "any(a.type == b.type for a in t.authorizations_held for b in t.authorizations_held)",
    "unknown field of a row": "any(a.tpye for a in t.authorizations_held)",
    "lambda": "(lambda: True)()",
    "list comprehension": "[x for x in t.end_use.types]",
    "set comprehension": "{x for x in t.end_use.types}",
    "walrus": "(x := t.item.tpp) >= LIMIT_TPP",
    "f-string": 'f"{t.item.tpp}" == "1"',
    "await": "await t",
    "subscript": "t.item['tpp'] >= LIMIT_TPP",
    "method": "t.item.eccn.startswith('3A090')",
    "power": "t.item.tpp ** 1 >= LIMIT_TPP",
    "modulo": "t.item.tpp % 1 >= LIMIT_TPP",
    "bit operator on facts": "t.item.datacenter & t.activity.us_person",
    "minus before a fact": "-t.item.tpp >= LIMIT_TPP",
    "None": "t.item.tpp == None",
    "bytes": "t.item.eccn == b'x'",
    "ellipsis": "...",
    "import": "__import__('os')",
    "star": "asked(*t)",
    "keyword": "stated(fact=t.item.tpp)",
}


def refusal(root: Path, file: str = "us/part1.py") -> RuleError:
    """Return the rule error that a folder of law is refused with."""
    with pytest.raises(RuleError) as refused:
        load(root)
    assert refused.value.file == file
    return refused.value


@pytest.mark.parametrize("body", BROKEN.values(), ids=list(BROKEN))
def test_a_broken_body_is_refused_where_it_stands(tmp_path: Path, body: str) -> None:
    error = refusal(write(tmp_path, rule(body)))
    assert error.line == 4
    assert str(error).startswith("us/part1.py:4: ")


ASKED = '\ndef asked(t: Transaction):\n    "A sentence."\n    return True\n'
FILES = {
    "two returns": (
        '@definition("1.1", by="ACT")\ndef asked(t: Transaction):\n    "A sentence."\n    return True\n    return False\n',
        2,
    ),
    "a statement": ('@definition("1.1", by="ACT")\ndef asked(t: Transaction):\n    "A sentence."\n    x = 1\n    return x\n', 2),
    "an empty return": ('@definition("1.1", by="ACT")\ndef asked(t: Transaction):\n    "A sentence."\n    return\n', 2),
    "no docstring": ('@definition("1.1", by="ACT")\ndef asked(t: Transaction):\n    return True\n', 2),
    "no citation": ('@definition(by="ACT")' + ASKED, 1),
    "an empty citation": ('@definition("", by="ACT")' + ASKED, 1),
    "a citation that is no text": ('@definition(7, by="ACT")' + ASKED, 1),
    "no instrument": ('@definition("1.1")' + ASKED, 1),
    "an unknown instrument": ('@definition("1.1", by="ACTS")' + ASKED, 2),
    "an instrument that is no text": ('@definition("1.1", by=["ACT"])' + ASKED, 1),
    "an unknown option": ('@definition("1.1", by="ACT", units="TPP")' + ASKED, 1),
    "a computed option": ('@definition("1." + x, by="ACT")' + ASKED, 1),
    "an option without a value": ('@definition("1.1", by={[]: 1})' + ASKED, 1),
    "too many options": ('@definition("1.1", "2.2", by="ACT")' + ASKED, 1),
    "no decorator": ('def asked(t: Transaction):\n    "A sentence."\n    return True\n', 1),
    "another decorator": ("@cache" + ASKED, 2),
    "no annotation": ('@definition("1.1", by="ACT")\ndef asked(t):\n    "A sentence."\n    return True\n', 2),
    "another annotation": ('@definition("1.1", by="ACT")\ndef asked(t: int):\n    "A sentence."\n    return True\n', 2),
    "no parameter": ('@definition("1.1", by="ACT")\ndef asked():\n    "A sentence."\n    return True\n', 2),
    "import os": ("import os\n", 1),
    "from os import system": ("from os import system\n", 1),
    "an assignment": ("x = 1\n", 1),
    "a class": ("class Asked:\n    pass\n", 1),
    "a call": ("print('x')\n", 1),
    "an async rule": ('@definition("1.1", by="ACT")\nasync def asked(t: Transaction):\n    "A sentence."\n    return True\n', 2),
    "not Python": ("def asked(:\n", 1),
    "a unit it does not come out in": (rule("t.item.die_area_mm2", '@definition("1.1", by="ACT", unit="TPP")'), 4),
    "the same rule twice": (rule("True") + rule("False"), 6),
    "one name for two": (rule("True") + rule("False", '@definition("1.2", by="ACT", replaces="other")'), 6),
    "a review without an order": (
        rule("True", '@review("1.1", by="ACT", of=["asked"], policy="none_stated")', "row")
        + rule("True", '@requirement("1.1", by="ACT")'),
        1,
    ),
    "a review without a policy": (
        rule("True", '@review("1.1", by="ACT", of=["asked"], order=1)', "row") + rule("True", '@requirement("1.1", by="ACT")'),
        1,
    ),
    "a review of what does not exist": (rule("True", '@review("1.1", by="ACT", of=["askd"], policy="none_stated", order=1)'), 2),
    "a requirement without a review": (rule("True", '@requirement("1.1", by="ACT")'), 2),
    "a review that does not end": (
        rule("t.item.datacenter", '@review("1.1", by="ACT", of=["asked"], policy="none_stated", order=1)', "row")
        + rule("True", '@requirement("1.1", by="ACT")'),
        6,
    ),
    "a definition that computes no fact": (rule("True", '@definition("1.1", by="ACT", computes="item.tpq")'), 1),
}


@pytest.mark.parametrize(("text", "line"), FILES.values(), ids=list(FILES))
def test_a_broken_file_is_refused_where_it_breaks(tmp_path: Path, text: str, line: int) -> None:
    assert refusal(write(tmp_path, text)).line == line


WITH_HINT = {
    **{
        name: rule(BROKEN[name])
        for name in (
            "unknown fact",
            "unknown group",
            "unknown table",
            "unknown table unlike any",
            "wrong unit",
            "units that cannot be added",
            "number literal",
            "recursion",
            "is",
            "unknown rule",
            "unknown rule unlike any",
            "literal the fact never holds",
            "set the fact never meets",
            "sum compared with <",
            "sum alone",
            "lambda",
            "list comprehension",
            "walrus",
            "import",
        )
    },
    **{
        name: FILES[name][0]
        for name in (
            "two returns",
            "no docstring",
            "no citation",
            "no instrument",
            "an unknown instrument",
            "an unknown option",
            "no decorator",
            "no annotation",
            "import os",
            "the same rule twice",
            "one name for two",
            "a requirement without a review",
            "a review that does not end",
            "a review of what does not exist",
        )
    },
}


@pytest.mark.parametrize("text", WITH_HINT.values(), ids=list(WITH_HINT))
def test_a_refusal_says_what_to_do(tmp_path: Path, text: str) -> None:
    """STYLE 6: a stable code, the offending value and what to do next."""
    error = refusal(write(tmp_path, text))
    assert error.hint, f"{error} does not say what to do"
    assert error.document()["error"]["hint"] == error.hint


LINES = {
    "no condition": 'needs("1.1")',
    "no reason": 'needs("1.1", t.item.datacenter)',
    "an unknown word": 'wants("1.1", t.item.datacenter, otherwise="x")',
    "an unknown option": 'needs("1.1", t.item.datacenter, otherwize="x")',
    "a quota that is not defined": 'within("1.1", "no_such", otherwise="x")',
    "no call": "t.item.datacenter",
    "a computed citation": 'needs("1" + "1", t.item.datacenter, otherwise="x")',
}


@pytest.mark.parametrize("line", LINES.values(), ids=list(LINES))
def test_a_broken_line_of_an_authorization_is_refused(tmp_path: Path, line: str) -> None:
    assert refusal(write(tmp_path, rule(f"[{line}]", '@authorization("LPP", "1.1", by="ACT")'))).line == 4


TABLE = "tables:\n- id: X\n  title: x\n  kind: number\n  cells:\n"


@pytest.mark.parametrize(
    "tables",
    [
        TABLE + "  - {value: 1, by: ACT}\n",
        TABLE + '  - {value: 1, cite: "", by: ACT}\n',
        TABLE + '  - {value: 1, cite: "1.1"}\n',
        TABLE + '  - {value: 1, cite: "1.1", by: ACTS}\n',
        TABLE + '  - {value: 1, cite: "1.1", by: ACT, form: 2022-01-01}\n',
        TABLE.replace("number", "numbers") + '  - {value: 1, cite: "1.1", by: ACT}\n',
        TABLE.replace("number", "places") + '  - {members: [UK], cite: "1.1", by: ACT}\n',
        TABLE.replace("number", "date") + '  - {value: 2022-02-30, cite: "1.1", by: ACT}\n',
        TABLE.replace("  title: x\n", "") + '  - {value: 1, cite: "1.1", by: ACT}\n',
        TABLE.replace("  cells:\n", ""),
        "tables: 5\n",
        "table: []\n",
        "- 1\n",
        "tables: [\n",
    ],
    ids=[
        "no citation",
        "empty citation",
        "no instrument",
        "unknown instrument",
        "unknown key",
        "unknown kind",
        "no such place",
        "no such day",
        "no title",
        "no cells",
        "no list",
        "no tables",
        "no mapping",
        "no YAML",
    ],
)
def test_a_broken_table_is_refused_with_its_file(tmp_path: Path, tables: str) -> None:
    refusal(write(tmp_path, rule("True"), tables=tables), "us/tables/limits.yaml")


@pytest.mark.parametrize(
    "change",
    [
        "repeals: [askd]\n",
        "stops_enforcing: [askd]\n",
        "compliance: {2022-01-01: [askd]}\n",
        "requires_compliance: {2022-01-01: [askd]}\n",
        "suspends: [{provisions: [askd], from: 2022-01-01}]\n",
        "sets_aside: [ACTS]\n",
        "repeal: [asked]\n",
    ],
)
def test_an_instrument_that_acts_on_nothing_is_refused_with_its_file(tmp_path: Path, change: str) -> None:
    error = refusal(write(tmp_path, rule("True"), act=ACT + change), "instruments/act.yaml")
    assert error.hint


@pytest.mark.parametrize("key", ["id", "title", "cite", "kind", "force", "effective", "source", "confidence"])
def test_an_instrument_says_everything_it_must(tmp_path: Path, key: str) -> None:
    lines = [line for line in ACT.splitlines() if not line.startswith(key + ":")]
    with pytest.raises(RuleError, match=f"an instrument needs {key}"):
        load(write(tmp_path, rule("True"), act="\n".join(lines)))


# ---- anything


ATOMS = st.sampled_from(
    [
        "t",
        "t.item",
        "t.item.tpp",
        "t.item.datacenter",
        "t.item.eccn",
        "t.activity.type",
        "t.destination.country",
        "t.end_use.types",
        "t.authorizations_held",
        "t.on",
        "t.documents.nac.filed_on",
        "LIMIT_TPP",
        "PLACES",
        "READING",
        "READING.way",
        "0",
        "1",
        "2",
        "True",
        "'export'",
        "'x'",
        "None",
        "()",
        "(1,)",
        "('export', 'x')",
        "x",
        "x.type",
    ]
)


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = ["and", "or", "==", "!=", "<", ">=", "in", "not in", "is", "+", "-", "*", "/", "|", "&", "%"]
    words = ["stated", "denied", "given", "unless_stated", "heading", "any", "all", "sum", "max", "min", "asked", "zebra"]
    return st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(operators), inner),
        st.builds("(not {})".format, inner),
        st.builds("(-{})".format, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("{}({})".format, st.sampled_from(words), st.lists(inner, max_size=2).map(", ".join)),
        st.builds("{}({} for x in {})".format, st.sampled_from(words), inner, inner),
        st.builds("{}({} for x in {} if {})".format, st.sampled_from(words), inner, inner, inner),
        st.builds("[{}]".format, inner),
    )


@settings(max_examples=400)
@given(st.recursive(ATOMS, compound, max_leaves=6))
def test_any_expression_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, body: str) -> None:
    """Whatever stands in a body: it compiles, or it is a rule error with its line."""
    root = write(tmp_path_factory.getbasetemp() / "any", rule(body))
    refused: RuleError | None = None
    try:
        load(root)
    except RuleError as error:
        refused = error
    assert refused is None or (refused.file, refused.line) == ("us/part1.py", 4)


@settings(max_examples=200)
@given(st.one_of(st.text(max_size=60), st.text(st.sampled_from("@def rul(t):\n\t 'x\"=,[]{}#\\"), max_size=60)))
def test_any_text_is_rules_or_refused(text: str) -> None:
    versions: list[RuleVersion] = []
    refused: RuleError | None = None
    try:
        versions = list(read_rules(text, "part1.py"))
    except RuleError as error:
        refused = error
    assert refused is None or refused.file == "part1.py"
    assert all(version.cite for version in versions)
