"""Anything may be handed in as a document: what cannot be used is refused with the contract's code, never otherwise."""

from __future__ import annotations

import datetime as dt
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from penstock import classify, decide
from penstock.apps.cli.main import main
from penstock.terms.documents import parse_document, read_facts
from penstock.terms.errors import FactError, PenstockError
from penstock.terms.numbers import dump_json
from penstock.terms.vocabulary import vocabulary
from tests.strategies import Flat, arbitrary_facts, days, json_values, nested

CODES = vocabulary().output_enums["error_code"]
ON = dt.date(2025, 6, 1)
EXIT = {3, 4, 5}


def ascii_id(value: object) -> str:
    """Return a short name for a parameter, whatever signs it holds."""
    return ascii(value)[:50]


def assert_contract(error: PenstockError) -> None:
    """An error document as in section 8: a stable code, an exit code, and JSON all the way down."""
    document = json.loads(dump_json(error.document()))
    assert document["error"]["code"] in CODES
    assert document["error"]["message"]
    assert document["exit_code"] in EXIT
    assert document["error"]["code"] != "internal"
    for more in document["error"].get("more", ()):
        assert more["code"] in CODES


# ---- text


TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(st.sampled_from("{}[]:,-'\"#&*!|>%@` \n\tab01.eE+~?<=\\"), max_size=40),
    st.builds(
        lambda tag, value: f"item: !!{tag} {value}",
        st.sampled_from(
            TAGS := [
                "str",
                "int",
                "float",
                "bool",
                "null",
                "binary",
                "timestamp",
                "omap",
                "pairs",
                "set",
                "map",
                "seq",
                "python/object:os.system",
            ]
        ),
        st.sampled_from(["1", "x", "[1]", "{a: 1}", "''"]),
    ),
    json_values().map(lambda value: json.dumps(value)),
)


def assert_read_or_refused(text: str) -> None:
    try:
        document = parse_document(text)
    except FactError as error:
        assert_contract(error)
    else:
        assert isinstance(document, dict)


@settings(max_examples=300)
@given(TEXTS)
def test_any_text_is_a_document_or_a_bad_document(text: str) -> None:
    assert_read_or_refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "item: !!timestamp 2025",
        "item: !!bool maybe",
        "item: !!binary x",
        "item: !!map [0]",
        "item: !!omap 5",
        "item: !!pairs {a: 1}",
        "item: !!set [1]",
        "item: !!seq {a: 1}",
        "item: !!str [1]",
        "item: !!null [1]",
        "item: !!python/object/apply:os.system ['true']",
        "{a: &x 1, b: *x}",
        '{"a": 1, "a": 2}',
        "a: 1\na: 2",
        "? [1]\n: 2",
        "- 1",
        "1e400",
        "a: 1e999999999",
        "a: " + "9" * 5000,
        '{"a": ' + "9" * 5000 + "}",
        "\x00",
        "\ud800",
        "\ufeffa: 1",
        "",
    ],
    ids=ascii_id,
)
def test_a_text_known_to_be_awkward_is_read_or_refused(text: str) -> None:
    assert_read_or_refused(text)


@pytest.mark.parametrize(
    "text",
    ["[" * 20_000, "{a: " * 20_000, '{"a":' * 20_000, "- " * 20_000, "a: [" + "[" * 20_000],
    ids=["list", "flow", "json", "block", "in"],
)
def test_deep_nesting_is_refused_and_kills_nothing(text: str) -> None:
    """A process of its own: a parser that runs out of stack takes the interpreter with it."""
    run = (
        "import sys\nfrom penstock.terms.documents import parse_document\nfrom penstock.terms.errors import BadDocument\n"
        "try:\n    parse_document(sys.stdin.read())\nexcept BadDocument:\n    print('refused')\n"
    )
    result = subprocess.run([sys.executable, "-c", run], input=text, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "refused\n")


# ---- documents


def assert_facts_or_refused(document: dict[str, Any]) -> None:
    try:
        facts = read_facts(document)
    except FactError as error:
        assert_contract(error)
    else:
        assert set(facts.values) <= set(vocabulary().facts)


KEYS = st.one_of(st.sampled_from([*vocabulary().groups, *vocabulary().facts, *vocabulary().shorthands]), st.text(max_size=8))


@settings(max_examples=300)
@given(st.dictionaries(KEYS, json_values(), max_size=5))
def test_any_json_like_document_is_read_or_refused(document: dict[str, Any]) -> None:
    assert_facts_or_refused(document)


@pytest.mark.parametrize(
    "document",
    [
        {"item": {"quantity": -(10**5000)}},
        {"item": {"quantity": 10**5000}},
        {"item": {"tpp": float("nan")}},
        {"item": {"tpp": float("inf")}},
        {"item": {"throughput": [{"tops": []}]}},
        {"item": {"throughput": {}}},
        {"item": {"throughput": [5]}},
        {"parties": {"end_user": {"lists": [["entity_list"]]}}},
        {"parties": []},
        {"counters": {"uveu_share_by_country": {1: 0.5}}},
        {"item": {"kind": "\x00#1"}},
        {1: 2},
        {"item": {None: 1}},
        {"destination": ["PT"]},
    ],
    ids=[str(number) for number in range(14)],
)
def test_a_document_known_to_be_awkward_is_read_or_refused(document: dict[str, Any]) -> None:
    assert_facts_or_refused(document)


@settings(max_examples=300)
@given(arbitrary_facts(), days())
def test_any_facts_are_decided_or_refused(facts: Flat, on: dt.date) -> None:
    try:
        document = decide(nested(facts), on=on).document(what_if=False)
    except PenstockError as error:
        assert_contract(error)
    else:
        json.loads(dump_json(document))


@settings(max_examples=40)
@given(arbitrary_facts(), days())
def test_what_if_answers_for_any_facts(facts: Flat, on: dt.date) -> None:
    try:
        document = decide(nested(facts), on=on).document()
    except PenstockError as error:
        assert_contract(error)
    else:
        json.loads(dump_json(document))


@settings(max_examples=60)
@given(arbitrary_facts(most=6), days())
def test_any_item_is_classified_or_refused(facts: Flat, on: dt.date) -> None:
    try:
        answer = classify(nested(facts), on=on)
    except PenstockError as error:
        assert_contract(error)
    else:
        assert answer["eccn"]
        assert (answer["eccn"] == "unknown") == ("candidates" in answer)


def assert_written_as_read(value: Any) -> None:
    def exactly(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: exactly(inner) for key, inner in part.items()}
        if isinstance(part, list):
            return [exactly(inner) for inner in part]
        return 0 if isinstance(part, float) else part

    plain = exactly(value)
    assert json.loads(dump_json(plain)) == plain


@settings(max_examples=200)
@given(json_values())
def test_json_written_is_json_read(value: Any) -> None:
    """Contract 7: exactly one JSON document."""
    assert_written_as_read(value)


@pytest.mark.parametrize("value", ["\x00#}", "\x00#1", {"\x00#1": "\x00#"}, ["\x00#1", "plain"]], ids=ascii_id)
def test_a_text_stays_a_text_whatever_it_holds(value: Any) -> None:
    """Contract 7: a name cannot write JSON of its own into the document."""
    assert_written_as_read(value)


def test_numbers_survive_as_written() -> None:
    """Contract 1(h): 0.1 is a tenth, and comes out as one."""
    facts = read_facts(parse_document('{"item": {"tpp": 15831.2, "hbm_bandwidth_density": 0.1}}')).values
    assert facts == {"item.tpp": Fraction(79156, 5), "item.hbm_bandwidth_density": Fraction(1, 10)}
    assert json.loads(dump_json(dict(facts)), parse_float=str) == {"item.tpp": "15831.2", "item.hbm_bandwidth_density": "0.1"}


# ---- the command line


@contextmanager
def streams() -> Iterator[tuple[io.TextIOWrapper, io.TextIOWrapper]]:
    """Take standard output and error as UTF-8 streams, strict as a pipe is."""
    out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace")
    with redirect_stdout(out), redirect_stderr(err):
        yield out, err


def run(arguments: list[str], text: str = "") -> tuple[int, str, str]:
    """Return exit code, standard output and standard error of one command line."""
    before, sys.stdin = sys.stdin, io.StringIO(text)
    try:
        with streams() as (out, err), pytest.raises(SystemExit) as stopped:
            main(arguments)
        for stream in (out, err):
            stream.flush()
        said, complained = (stream.buffer.getvalue().decode() for stream in (out, err))  # type: ignore[attr-defined]
    finally:
        sys.stdin = before
    assert isinstance(stopped.value.code, int)
    return stopped.value.code, said, complained


def assert_never_a_traceback(arguments: list[str], text: str) -> tuple[int, str, str]:
    """Run a command line; what escapes is told in plain signs, for a report cannot hold half a character either."""
    try:
        return run(arguments, text)
    except Exception as error:
        escaped = ascii(error)
    pytest.fail(f"{arguments!a} with {text!a}: {escaped}", pytrace=False)


WORDS = st.one_of(
    st.sampled_from(
        [
            "decide",
            "classify",
            "table",
            "facts",
            "law",
            "show",
            "diff",
            "cases",
            "run",
            "version",
            "-",
            "--json",
            "--on",
            "--known",
            "--regime",
            "--set",
            "--stance",
            "--explain",
            "--witness",
            "--kind",
            "2025-06-01",
            "2026-13-01",
            "1999-01-01",
            "2101-01-01",
            "actual",
            "diffusion-as-written",
            "actual+",
            "tf32_bits=19",
            "tf32_bits=20",
            "x=",
            "=",
            "h20",
            "country_group",
            "D:5",
            "lpp_limit_tpp",
            "nveu_installed_base_tpp",
            "HK",
            "UK",
            "740.29(d)",
            "3A090.a",
            "2025-05-14",
            "2025-05-15@2025-05-12/actual",
            "2025-05-15/no-such",
            "codified",
            "item.tpp",
            "item",
            "--help",
            "no/such/file.yaml",
            ".",
            "a" * 300,
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=10),
)


def assert_a_code_of_the_contract(arguments: list[str], text: str) -> None:
    code, out, err = assert_never_a_traceback(arguments, text)
    assert code in {0, 1, 2, 3, 4, 5}, (code, out, err)
    assert "Traceback" not in out + err
    if "--json" in arguments and code in EXIT:
        document = json.loads(out)
        assert document["exit_code"] == code
        assert document["error"]["code"] in CODES


@settings(max_examples=200)
@given(st.lists(WORDS, max_size=6), st.one_of(st.just("activity: {type: export}"), TEXTS))
def test_any_command_line_ends_with_a_code_of_the_contract(arguments: list[str], text: str) -> None:
    assert_a_code_of_the_contract(arguments, text)


DECIDE = ["decide", "-", "--on", "2025-06-01"]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["classify", "a" * 300, "--json"], ""),
        ([*DECIDE, "--json"], '{"\\ud800": 1}'),
        ([*DECIDE, "--json"], '{"activity": {"type": "\\u0000#oops"}}'),
        ([*DECIDE, "--json"], '{"activity": {"type": "export"}, "item": {"eccn": "EAR99"}, "consignee": {"name": "\\ud800"}}'),
        (DECIDE, '{"activity": {"type": "export"}, "destination": "PT", "consignee": {"name": "\\ud800"}}'),
        ([*DECIDE, "--json"], "item: !!timestamp 2025"),
        ([*DECIDE, "--json"], "item: !!bool maybe"),
        (["table", "country_group", "Z:9", "--on", "2025-06-01"], ""),
        (["law", "diff", "2025-06-01@x", "2025-06-02"], ""),
    ],
    ids=ascii_id,
)
def test_an_awkward_command_line_ends_with_a_code_of_the_contract(arguments: list[str], text: str) -> None:
    assert_a_code_of_the_contract(arguments, text)


CASE = {
    "id": "a",
    "kind": "decision",
    "on": "2025-06-01",
    "facts": {"activity": {"type": "export"}},
    "expect": {"outcome": "unknown"},
}


@pytest.mark.parametrize(
    "change",
    [
        {"facts": []},
        {"facts": None},
        {"facts": "x"},
        {"expect": 5},
        {"switches": 5},
        {"switches": {"tf32_bits": 7}},
        {"confidence": "sure"},
        {"stance": "sure"},
        {"kind": "frob"},
        {"kind": "table", "facts": {}},
        {"kind": "table", "facts": {"table": {"name": "country_group", "keys": ["Z:9"]}}},
        {"on": "2025-02-30"},
        {"known": "x"},
        {"regime": "no-such"},
        {"regime": 5},
        {"expect": {"outcome": {"one_of": 5}}},
        {"expect": {"outcome": {"min": "a"}}},
        {"expect": {"outcome": {"approx": "x"}}},
        {"expect": {"requirements": {"includes": 5}}},
        {"expect": {"requirements": {"includes": [["a"]]}}},
        {"expect": {"requirements": {"by_id": 5}}},
        {"expect": {"requirements": [["a"]]}},
        {"more": 1},
    ],
    ids=lambda change: json.dumps(change)[:60],
)
def test_any_case_file_is_run_or_refused(change: dict[str, Any]) -> None:
    """Contract 7: exit 1 for cases that fail, 3 for a case file that cannot be used, never 70."""
    text = json.dumps({"format": "penstock-cases/1", "cases": [{**CASE, **change}]})
    code, out, err = run(["cases", "run", "-"], text)
    assert code in {0, 1, 3, 4}, (code, out, err)


@pytest.mark.parametrize("cases", [5, {}, [5], [{}], [None], "x", None])
def test_any_list_of_cases_is_run_or_refused(cases: Any) -> None:
    code, out, err = run(["cases", "run", "-"], json.dumps({"format": "penstock-cases/1", "cases": cases}))
    assert code == 3, (code, out, err)


@settings(max_examples=60)
@given(st.binary(max_size=60))
@example(b"\xff\xfe\x00")
@example(b"\xef\xbb\xbfactivity: {type: export}")
@example(b"activity: {type: export}\x00")
def test_any_bytes_in_a_file_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "facts.yaml"
    Path(file).write_bytes(content)
    code, out, _ = run(["decide", str(file), "--on", "2025-06-01", "--json"])
    assert code in {0, 3}
    json.loads(out)
