"""The house style as tests: sizes, names, numbers, imports, documentation, and a law that compiles on every day of its life."""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import inspect
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import click
import pytest

import penstock
from penstock.apps.cli.main import cli
from penstock.decision.library import book, program
from penstock.rulebook.fold import Law
from penstock.rulebook.lower import Lowerer
from penstock.rulebook.parse import RuleVersion
from penstock.terms import errors
from penstock.terms.numbers import exact

SOURCE = Path(penstock.__file__).parent
MODULES = sorted(SOURCE.rglob("*.py"))
RULES = sorted((SOURCE / "law" / "us").rglob("part*.py"))
LAST_DAY = dt.date(2030, 1, 1)
FUNCTION_LINES_MAX = 50
FILE_LINES_MAX = 500
HEAVY = {"numpy", "pyarrow", "polars", "fastapi", "altair", "z3", "duckdb", "numba"}


def name_of(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


# ---- sizes


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_files_are_at_most_500_lines(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) <= FILE_LINES_MAX


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_functions_are_at_most_50_lines(path: Path) -> None:
    functions = [node for node in ast.walk(tree_of(path)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    long = {node.name: lines for node in functions if (lines := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LINES_MAX}
    assert long == {}


# ---- a number from a regulation stands once, in a table


def numbers_of_the_law() -> set[object]:
    """Return the numbers of the tables that a program could hardly need for a reason of its own."""
    numbers = [table for table in book().tables.values() if table.kind in ("number", "by_date")]
    values = [cell.value for table in numbers for cell in table.cells if not book().instruments[cell.by].proposed]
    return {value for value in values if isinstance(value, (int, Fraction)) and (value > 1000 or (value > 1 and value % 1))}


def literals(path: Path) -> Iterator[tuple[int, object]]:
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)) and not isinstance(node.value, bool):
            yield node.lineno, exact(node.value) if abs(node.value) < 1e50 else node.value


def test_the_numbers_looked_for_are_those_of_the_regulations() -> None:
    named = [
        "4800",
        "1600",
        "2400",
        "5.92",
        "3.2",
        "26900000",
        "790000000",
        "253000000",
        "3200000",
        "21000",
        "6500",
        "1e26",
        "2.5e25",
        "5064000000",
        "3.3",
        "14000",
        "17500",
        "20800",
        "21100",
    ]
    assert {exact(number) for number in named} <= numbers_of_the_law()


@pytest.mark.parametrize("path", [path for path in MODULES if "law" not in path.relative_to(SOURCE).parts], ids=name_of)
def test_no_number_of_a_regulation_stands_outside_the_law(path: Path) -> None:
    """Doctests are text and may use them; code may not."""
    wanted = numbers_of_the_law()
    allowed = SAMPLES.get(name_of(path), set())
    found = {f"line {line}: {value}" for line, value in literals(path) if value in wanted and value not in allowed}
    assert found == set()


SAMPLES: dict[str, set[object]] = {
    # a number of names in a list
    "screening/names/index.py": {5000},
}


@pytest.mark.parametrize("path", RULES, ids=name_of)
def test_no_rule_holds_a_number(path: Path) -> None:
    """Nor does a rule: only 0 and 1, the order of review rows and the day a paper is due with the event."""
    bodies = [node for node in ast.walk(tree_of(path)) if isinstance(node, ast.Return) and node.value is not None]
    numbers = [
        n.value for body in bodies for n in ast.walk(body) if isinstance(n, ast.Constant) and isinstance(n.value, (int, float))
    ]
    assert {number for number in numbers if not isinstance(number, bool)} <= {0, 1}


# ---- imports


def imported_by(arguments: list[str]) -> set[str]:
    """Return the top-level modules a command line imports, in a process of its own."""
    run = (
        "import sys\nfrom penstock.apps.cli.main import main\n"
        f"try:\n    main({arguments!r})\nexcept SystemExit:\n    pass\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)\n"
    )
    result = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=True)
    return set(result.stderr.split())


@pytest.mark.parametrize(
    "arguments", [["--help"], ["decide", "--help"], ["version"], ["table", "treated_as", "HK", "--on", "2026-01-01"]]
)
def test_the_command_line_imports_nothing_heavy(arguments: list[str]) -> None:
    assert imported_by(arguments) & HEAVY == set()


def test_help_does_not_read_the_law() -> None:
    """Imports of the engine happen inside the commands."""
    run = "import sys; from penstock.apps.cli.main import cli; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in found if name.startswith(("penstock.law", "penstock.decision.library"))]


def test_owners_of_a_graph_are_judged_without_what_decides_transactions(tmp_path: Path) -> None:
    """The law of the day is read for one rule; what classifies items, dates applications and decides stays unread."""
    (tmp_path / "graph.csv").write_text("owner,owned,basis_points\nL,A,5000\n", encoding="utf-8")
    (tmp_path / "ids.txt").write_text("L\n", encoding="utf-8")
    asked = ["owners", "graph.csv", "--listed", "ids.txt", "--on", "2025-10-20", "--json"]
    run = (
        f"import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        f"from penstock.apps.cli.main import main; main({asked!r})"
    )
    found = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert '"id": "A"' in found.stdout
    assert not {"penstock.decision.determination", "penstock.decision.chips", "penstock.licensing"} & set(found.stderr.split())


# ---- public = exported = documented


PACKAGES = [name for _, name, is_package in pkgutil.walk_packages(penstock.__path__, "penstock.") if is_package]


def modules() -> list[str]:
    names = [name for _, name, _ in pkgutil.walk_packages(penstock.__path__, "penstock.")]
    return ["penstock", *(name for name in names if ".part" not in name)]


@pytest.mark.parametrize("name", modules())
def test_what_is_exported_exists_and_is_documented(name: str) -> None:
    module = importlib.import_module(name)
    assert (module.__doc__ or "").strip()
    for exported in getattr(module, "__all__", ()):
        value = getattr(module, exported)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert (inspect.getdoc(value) or "").strip(), f"{name}.{exported} has no docstring"


@pytest.mark.parametrize(
    "name", ["penstock", *(package for package in PACKAGES if package not in ("penstock.apps", "penstock.apps.cli"))]
)
def test_packages_say_what_they_export(name: str) -> None:
    module = importlib.import_module(name)
    public = {
        key
        for key, value in vars(module).items()
        if not key.startswith("_") and (inspect.isclass(value) or inspect.isfunction(value))
    }
    assert {key for key in public if vars(module)[key].__module__.startswith("penstock")} <= set(getattr(module, "__all__", ()))


def commands(group: click.Group, above: str = "penstock") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield f"{above} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{above} {name}")


@pytest.mark.parametrize(("name", "command"), list(commands(cli)), ids=lambda value: value if isinstance(value, str) else "")
def test_every_command_and_option_has_help(name: str, command: click.Command) -> None:
    assert (command.help or "").strip()
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.name not in ("help", "min_confidence"):
            assert parameter.help, f"{name} {parameter.opts[0]} has no help text"


def test_the_contract_knows_every_command() -> None:
    """Contract 7: these commands, and no other that is not written there."""
    found = {name.removeprefix("penstock ") for name, command in commands(cli) if not isinstance(command, click.Group)}
    named = {"classify", "decide", "bulk", "cases run", "clock", "owners", "table", "facts", "law show", "law diff", "version"}
    assert named <= found


# ---- errors are one tree


def tree_in_docstring() -> dict[str, tuple[str, int | None]]:
    """Return, for each class of the printed tree, its parent and the exit code where one is printed."""
    out: dict[str, tuple[str, int | None]] = {}
    above: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"( +)([A-Z]\w+)(.*)$", line)
        if match:
            depth, name, rest = len(match[1]), match[2], match[3]
            above = [entry for entry in above if entry[0] < depth]
            code = re.search(r"exit (\d+)$", rest)
            out[name] = (above[-1][1] if above else "Exception", int(code[1]) if code else None)
            above.append((depth, name))
    return out


def test_the_printed_tree_of_errors_is_the_real_one() -> None:
    classes = {
        name: value for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, errors.PenstockError)
    }
    printed = tree_in_docstring()
    assert {name: (value.__bases__[0].__name__) for name, value in classes.items()} == {
        name: parent for name, (parent, _) in printed.items()
    }
    for name, (_, code) in printed.items():
        if code is not None:
            assert classes[name].exit_code == code


def test_every_error_is_exported_and_has_a_code_of_the_contract() -> None:
    codes = set(penstock.terms.vocabulary().output_enums["error_code"])
    for name in tree_in_docstring():
        assert name in errors.__all__
        assert getattr(errors, name).code in codes


# ---- the law compiles, every day, under every regime and reading


def compile_everything(law: Law) -> int:
    """Lower every provision of a law about the whole transaction, with its lines; return how many there were."""
    lowerer = Lowerer(law)
    about_all = [
        id for id, standing in law.standings.items() if [kind for _, kind in standing.version.parameters] == ["transaction"]
    ]
    for id in about_all:
        lowerer.rule(id)
        if law.standings[id].version.kind in ("authorization", "review"):
            assert lowerer.lines(law.standings[id].version)
    return len(about_all)


@pytest.mark.parametrize("regime", book().regimes)
def test_every_rule_compiles_on_every_day_of_change(regime: str) -> None:
    seen: set[str] = set()
    for day in [book().first_day, *book().change_days(book().first_day, LAST_DAY, regime)]:
        law = book().law(day, None, regime)
        if law.hash not in seen:
            seen.add(law.hash)
            assert compile_everything(law) > 30
    assert len(seen) > 10


SWITCHES = [(name, value) for name, reading in book().readings.items() for value in reading.values[1:]]


@pytest.mark.parametrize(("name", "value"), SWITCHES, ids=str)
def test_every_rule_compiles_under_every_reading(name: str, value: object) -> None:
    for day in book().change_days(dt.date(2022, 10, 7), LAST_DAY):
        assert compile_everything(book().law(day, switches={name: value})) > 30


@pytest.mark.parametrize("day", book().change_days(dt.date(2022, 10, 7), LAST_DAY), ids=str)
def test_the_whole_procedure_compiles_on_every_day_of_change(day: dt.date) -> None:
    law = program(day)
    assert law.requirements
    assert law.stances.keys() == {"codified", "enforced"}


def test_rule_files_hold_nothing_that_is_never_law() -> None:
    """Every version of every provision is the text on some day under some regime."""
    written = {(chain[0].id, version.by) for chain in book().versions.values() for version in chain}
    live: set[tuple[str, str]] = set()
    for regime in book().regimes:
        for day in book().change_days(dt.date(2022, 1, 1), LAST_DAY, regime):
            live |= {(id, standing.version.by) for id, standing in book().law(day, None, regime).standings.items()}
    day_one = book().law(book().first_day).standings
    live |= {(id, standing.version.by) for id, standing in day_one.items()}
    assert written - live == set()


# ---- citations


def versions() -> list[RuleVersion]:
    return [version for chain in book().versions.values() for version in chain]


def test_every_citation_is_a_text() -> None:
    for version in versions():
        assert isinstance(version.cite, str)
        assert version.cite.strip(), version.name
    for table in book().tables.values():
        for cell in table.cells:
            assert isinstance(cell.cite, str)
            assert cell.cite.strip(), table.id
    for act in book().instruments.values():
        assert act.cite.strip()
        assert act.source.strip(), act.id
        assert act.confidence in ("high", "medium", "low"), act.id
    for reading in book().readings.values():
        assert reading.cite.strip()
        assert reading.about.strip(), reading.name


def test_every_provision_and_line_is_one_sentence_with_a_pinpoint() -> None:
    """STYLE 9: one sentence a lawyer can read; pinpoints without "15 CFR"."""
    for version in versions():
        assert version.doc.endswith("."), version.name
        assert "15 CFR" not in version.cite, version.name


def test_red_flags_are_cited_and_asked() -> None:
    flags = book().data["data/red_flags.yaml"]["flags"]
    assert [flag["id"] for flag in flags] == list(penstock.terms.vocabulary().flags)
    for flag in flags:
        assert flag["cite"].strip()
        assert flag["question"].strip()
        assert flag["by"] in book().instruments


# ---- totality


@pytest.mark.parametrize("regime", book().regimes)
def test_every_review_table_ends_with_a_row_that_always_matches(regime: str) -> None:
    """A requirement that can bind has a review, and the review always comes to a policy."""
    seen: set[str] = set()
    for day in book().change_days(dt.date(2022, 10, 7), LAST_DAY, regime):
        law = book().law(day, None, regime)
        for stance in ("codified", "enforced") if law.hash not in seen else ():
            reviews = law.in_stance("review", stance).values()
            for id in (
                id for id, standing in law.standings.items() if standing.version.kind == "requirement" and standing.binds(stance)
            ):
                rows = sorted((row for row in reviews if id in row.options["of"]), key=lambda row: int(row.options["order"]))
                assert rows, f"{id} has no review on {day}, {stance}"
                assert rows[-1].source == "True", f"the review of {id} does not end on {day}, {stance}"
        seen.add(law.hash)


def test_policies_and_reasons_are_those_of_the_contract() -> None:
    enums = penstock.terms.vocabulary().output_enums
    for version in versions():
        if version.kind == "review":
            assert version.options["policy"] in enums["review_policy"], version.name
        if version.kind == "requirement":
            assert version.id in (*enums["requirement"], *enums["prohibition"])
        if version.kind == "authorization":
            assert version.id in enums["authorization"]
    for day in (dt.date(2023, 12, 1), dt.date(2025, 6, 1), dt.date(2026, 8, 1)):
        for authorization in program(day).authorizations:
            assert {line.otherwise for line in authorization.lines if line.otherwise} <= set(enums["reason"])
