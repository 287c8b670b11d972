"""The documentation says what the code does: pages are fresh, commands print what is shown, Python examples run."""

import doctest
import importlib
import re
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
PYTHON = re.compile(r"(?<=```pycon\n).*?(?=^```$)", re.DOTALL | re.MULTILINE)
PAGES = sorted(
    str(page.relative_to(DOCS.parent)) for page in (*DOCS.rglob("*.md"), DOCS.parent / "README.md") if "_build" not in page.parts
)


@pytest.fixture
def generate(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(DOCS)
    return importlib.import_module("generate")


@pytest.mark.parametrize("page", PAGES)
def test_page_is_as_the_code_would_have_it(page: str, generate: ModuleType) -> None:
    path = DOCS.parent / page
    assert path.read_text("utf-8") == generate.pages()[path](), "stale: run `python docs/generate.py`"


def test_every_page_of_the_reference_is_there(generate: ModuleType) -> None:
    assert {page.stem for page in (DOCS / "reference").glob("*.md")} == {*generate.REFERENCE, "index"}


def test_check_names_what_is_stale_and_writes_nothing(
    generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text("old", "utf-8")
    monkeypatch.setattr(generate, "REPOSITORY", tmp_path)
    monkeypatch.setattr(generate, "pages", lambda: {page: lambda: "new"})
    assert generate.main(["--check"]) == 1
    assert "stale: page.md" in capsys.readouterr().out
    assert page.read_text("utf-8") == "old"
    assert generate.main([]) == 0
    assert page.read_text("utf-8") == "new"
    assert generate.main(["--check"]) == 0


def test_output_of_commands_replaces_what_stood_below_them(generate: ModuleType) -> None:
    shown = generate.with_output("```console\n$ penstock table treated_as HK --on 2026-06-15 | head -n 1\nold\n```\n")
    assert shown == "```console\n$ penstock table treated_as HK --on 2026-06-15 | head -n 1\n  HK       CN\n```\n"


def test_a_command_that_does_not_exist_is_an_error(generate: ModuleType) -> None:
    with pytest.raises(RuntimeError, match="does not run"):
        generate.with_output("```console\n$ penstcok version\n```\n")


@pytest.mark.parametrize("page", [page for page in PAGES if "```pycon" in (DOCS.parent / page).read_text("utf-8")])
def test_python_examples_run(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(DOCS / "examples")
    source = "".join(PYTHON.findall((DOCS.parent / page).read_text("utf-8")))
    example = doctest.DocTestParser().get_doctest(source, {}, page, page, 0)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(example, out=said.append)
    assert not said, "".join(said)
