"""The pages of the reference, one function each: everything they say comes from the code and the law it carries."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.resources import files
from types import UnionType
from typing import Any

import click
from law_pages import designs_page, instruments_page, provisions_page, readings_page, tables_page, unverified_page
from markdown_parts import code, page, table, text

import penstock
from penstock.apps.cli.main import cli
from penstock.decision import book, classify
from penstock.decision.chips import Chip, chip_table
from penstock.decision.library import data_dates
from penstock.rulebook.render import show_value
from penstock.terms import FactSpec, Vocabulary, errors, vocabulary
from penstock.terms.yaml12 import load_yaml

__all__ = ["REFERENCE"]


# ---- command line


def cli_page() -> str:
    """Return the reference of the command line, from the help texts."""
    parts = ["Every command, with the help it prints.", _help(cli, "penstock")]
    parts += [f"## {path}\n\n{_help(command, path)}" for path, command in _commands(cli, "penstock")]
    return page("Command line", *parts)


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in sorted(group.commands.items()):
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")


def _help(command: click.Command, path: str) -> str:
    context = click.Context(command, info_name=path, terminal_width=90, max_content_width=90, help_option_names=["-h", "--help"])
    return f"```text\n{command.get_help(context)}\n```"


# ---- facts and answers


def facts_page() -> str:
    """Return the fact vocabulary: names, types, units and what the absence of a fact means."""
    words = vocabulary()
    groups: dict[str, list[str]] = {}
    for name in words.names:
        groups.setdefault(name.partition(".")[0], []).append(name)
    parts = [
        "A transaction document is one YAML or JSON object; the dots in a name are its nesting.\n"
        "A name that is not here is an error, with the nearest name that is.\n"
        "Country codes are ISO 3166-1 alpha-2 in capital letters: `HK` is read as China, `MO` is itself.\n"
        "Shares are fractions from 0 to 1, dates are `YYYY-MM-DD`.",
        _ABSENCE,
        "## Shorthands\n\n" + table(["written", "means"], ([code(k), code(v)] for k, v in words.shorthands.items())),
    ]
    parts += [f"## {group}\n\n" + _fact_rows(names, words) for group, names in groups.items()]
    parts.append("## Rows of lists\n\nFacts whose type is a list of objects hold rows with these fields.\n\n" + _objects(words))
    parts.append(
        "## Placeholders\n\n"
        f"`<role>` is one of {', '.join(code(role) for role in words.roles)}.\n"
        "`<flag>` is the name of a [red flag](red-flags.md)."
    )
    return page("Facts", *parts)


_ABSENCE = """An absent fact is unknown, never false.
What that comes to stands in the column *absent*:

- `unknown`: a rule that reads the fact is undecided, and the fact is listed as missing where the answer depends on it.
- `computed`: derived from other facts when not given; unknown if it cannot be derived.
- `not_relied_on`: the applicant's own papers; absent means not relied on, shown as an open condition.
- `knowledge`: a control that fires only when something is known; absent is an unanswered question.
- `role`: a party that is not in the transaction."""


def _fact_rows(names: Iterable[str], words: Vocabulary) -> str:
    first = {"<role>": words.roles[0], "<flag>": words.flags[0]}
    rows = []
    for name in names:
        expanded = name
        for placeholder, value in first.items():
            expanded = expanded.replace(placeholder, value)
        spec = words.facts[expanded]
        rows.append([code(name), _type(spec), text(spec.unit), text(spec.absent), text(spec.doc)])
    return table(["fact", "type", "unit", "absent", "meaning"], rows)


def _type(spec: FactSpec) -> str:
    values = ": " + ", ".join(code(value) for value in spec.enum) if spec.enum else ""
    return text(spec.type if not spec.object else spec.type.replace("object", spec.object)) + values


def _objects(words: Vocabulary) -> str:
    return table(
        ["object", "field", "type"],
        ([code(name), code(key), _type(spec)] for name, fields in words.objects.items() for key, spec in fields.items()),
    )


def answers_page() -> str:
    """Return the words an answer may use, from the enums of the vocabulary."""
    enums = vocabulary().output_enums
    rows = ([code(name), ", ".join(code(str(v).lower()) for v in values)] for name, values in enums.items())
    return page("Words of an answer", _ANSWER, table(["key", "values"], rows))


_ANSWER = """`penstock decide --json` prints one document, schema `penstock.determination/1`.
At the top: `on`, `known`, `regime`, `switches`, `law_hash`, `data_dates`, `assumptions`, `stances_differ`.
Then two blocks of the same shape, `codified` and `enforced`.

In a block:

- `outcome`, `license_required`, `path`, `may_proceed`: the answer.
- `requirements`: every license requirement whose scope the facts meet or may meet, with citation, force and whether it binds.
- `authorizations`: license exceptions and statuses: `available` with conditions and duties, `undetermined`, `unavailable`.
- `license`: how an application would be reviewed, whenever a license is required.
- `ledger`: what the path takes from a quota.
- `red_flags`: `raised`, `cleared`, `unanswered`.
- `notices`: terms of the law and of guidance that the facts meet: reach, knowledge, guidance, lists of parties.
- `checklists`: what a status, an application or guidance asks for (see [checklists](checklists.md)); a point is `met`, `unmet`, `open` or `not_due`.
- `missing_facts`: absent facts on which the answer depends, and what each decides.
- `what_if`: single facts whose change would flip the outcome.
- `ambiguities`: open points of the text that touched the answer (see [readings](readings.md)).
- `citations`: every provision and instrument the block rests on, and the guidance that explains one of them, each with its `force`; `kind` tells a bill, a draft and a design apart.

Flags, duties, conditions, charges and notices carry the `instrument` and `force` behind them too.

The words these keys may hold:"""


def flags_page() -> str:
    """Return the red-flag questions, and which of them facts raise by themselves."""
    flags = book().data["data/red_flags.yaml"]["flags"]
    acts, derived = book().instruments, {v.id for chain in book().versions.values() for v in chain if v.kind == "flag"}
    rows = (
        [
            code(flag["id"]),
            text(flag["question"]),
            "facts or answer" if flag["id"] in derived else "answer",
            text(flag["cite"]),
            acts[flag["by"]].effective.isoformat(),
            text(flag["verification"]),
        ]
        for flag in flags
    )
    return page(
        "Red flags",
        "A flag is a question, in our own words.\n"
        "It is raised by the answer `present`, or by facts where the table says so, and cleared only by `absent` or `resolved`.\n"
        "`verification` says how the wording was checked: `verified` against the text, `corroborated` by several accounts, "
        "`reconstructed` from reports of a document that was not read.",
        table(["flag", "question", "raised by", "citation", "since", "verification"], rows),
    )


def checklists_page() -> str:
    """Return the checklists: what each asks, who calls for it, what facts show of it; and the acts that write no rule here."""
    parts = [
        "What a status asks of its holder, what an application certifies and what guidance advises to do, in our own words.\n"
        "An answer shows a list where the facts call for it.\n"
        "A point that facts show is `met` or `unmet`; any other stays `open` until somebody answers it."
    ]
    acts = book().instruments
    for entry in book().data["data/checklists.yaml"]["checklists"]:
        act = acts[entry["by"]]
        rows = ([code(p["id"]), text(p["text"]), text(p["cite"]), "facts" if "shown_by" in p else "", str(p.get("due", "")),
                 text(p["verification"])] for p in entry["points"])  # fmt: skip
        head = f"## {entry['title']}\n\n{text(entry['cite'])}; {act.force.replace('_', ' ')}, {text(act.cite)}."
        parts.append(head + "\n\n" + table(["point", "what it asks", "citation", "shown by", "due", "verification"], rows))
    records = book().data["data/records.yaml"]["records"]
    rows = ([text(r["cite"]), r["force"].replace("_", " "), str(r["date"]), text(r["title"]), r["confidence"]] for r in records)
    parts.append(
        "## Acts that write no rule\n\nThey can be looked up with `penstock law show` and change no answer: a bill, a draft and a "
        "political commitment bind nobody.\n\n" + table(["citation", "force", "date", "what it is", "confidence"], rows)
    )
    return page("Checklists", *parts)


# ---- errors


def errors_page() -> str:
    """Return the error tree and the stable codes."""
    tree = inspect.getdoc(errors) or ""
    rows = (
        [code(error.code), code(error.__name__), str(error.exit_code), text((inspect.getdoc(error) or "").splitlines()[0])]
        for error in _subclasses(errors.PenstockError)
    )
    return page(
        "Errors",
        "Every error Penstock raises is below `penstock.PenstockError` and carries a stable `code`, "
        "the place in the document, the offending value and the nearest valid one.\n"
        "The command line prints it on standard error, or as one JSON document with `--json`, and never a traceback.\n"
        "Its exit code is 0 when a question was answered, whatever the answer says; 1 when cases failed; 2 for wrong usage.",
        f"## The tree\n\n```text\n{tree.split('::')[1].split('What stops')[0].strip(chr(10))}\n```",
        "## Codes\n\n" + table(["code", "class", "exit", "meaning"], rows),
    )


def _subclasses(error: type[errors.PenstockError]) -> Iterator[type[errors.PenstockError]]:
    for child in error.__subclasses__():
        yield child
        yield from _subclasses(child)


# ---- chips


def chips_page() -> str:
    """Return the chip table in short, each chip with its class today."""
    day = str(data_dates()["ccl"])
    rows = [_chip_row(chip, day) for chip in chip_table().values()]
    return page(
        "Chips",
        f"The {len(rows)} rows of the chip table and what each comes to under the law of {day}.\n"
        "Figures are published ones, with the source of each row in `src/penstock/law/items/chips.csv`; "
        "`confidence` says how far they were checked.\n"
        "A class of *unknown* means that the published figures do not settle it: "
        "`penstock classify NAME` names the fact that would.\n"
        "This is arithmetic on published figures, not a classification by the maker or by BIS.",
        table(["chip", "name", "TPP", "performance density", "die area, mm²", "class", "confidence"], rows),
    )


def _chip_row(chip: Chip, day: str) -> list[str]:
    answer = classify({"item": {"chip": chip.id}}, on=day)
    density = answer["performance_density"]
    area = " to ".join(map(show_value, chip.die_area)) if chip.die_area else show_value(chip.facts.get("item.die_area_mm2", ""))
    eccn = answer["eccn"] + (f" ({', '.join(answer['paragraphs'])})" if answer["paragraphs"] else "")
    if "candidates" in answer:
        eccn = f"unknown: {' or '.join(answer['candidates'])}"
    tpp = "" if answer["tpp"] is None else show_value(answer["tpp"])
    shown = "" if density is None else f"{float(density):.2f}"
    return [code(chip.id), text(chip.name), tpp, shown, area, eccn, chip.confidence]


# ---- Python


def python_page() -> str:
    """Return the public Python names, each documented where it is first exported."""
    seen: set[int] = set()
    parts = [
        "What a package lists in `__all__` is public; everything else may change without notice.\n"
        "Errors have a [page of their own](errors.md)."
    ]
    for package in _packages():
        module = importlib.import_module(package)
        names = [name for name in module.__all__ if name != "PenstockError"]
        fresh = [name for name in names if id(getattr(module, name)) not in seen]
        again = [name for name in names if name not in fresh]
        seen |= {id(getattr(module, name)) for name in names}
        also = f"\n\nAlso exported here: {', '.join(map(code, again))}." if again else ""
        blocks = "\n\n".join(_autodoc(package, name, getattr(module, name)) for name in fresh)
        first = (inspect.getdoc(module) or "").splitlines()[0]
        parts.append(f"## `{package}`\n\n{first}{also}\n\n```{{eval-rst}}\n{blocks}\n```")
    parts.append(
        "## `penstock.rulebook.language`\n\nThe words a rule file may use; see [write a rule](../how-to/write-a-rule.md).\n\n"
        "```{eval-rst}\n.. automodule:: penstock.rulebook.language\n   :members:\n"
        "   :exclude-members: READING, Party, Row, Transaction\n```"
    )
    return page("Python", *parts)


def _packages() -> list[str]:
    """Return the packages that export something, the one users start with first."""
    below = [
        f"penstock.{found.name}" for found in pkgutil.iter_modules(penstock.__path__) if found.ispkg and found.name != "apps"
    ]
    return ["penstock", *(name for name in below if getattr(importlib.import_module(name), "__all__", ()))]


def _autodoc(package: str, name: str, value: Any) -> str:
    if isinstance(value, type):
        return f".. autoclass:: {package}.{name}\n   :members:"
    if inspect.isfunction(value) or hasattr(value, "__wrapped__"):
        return f".. autofunction:: {package}.{name}"
    shown = repr(value) if isinstance(value, (str, int, tuple, UnionType)) else ""
    return f".. py:data:: {package}.{name}" + (f"\n   :value: {shown}" if 0 < len(shown) <= 90 else "")


# ---- all of them


def glossary_page() -> str:
    """Return the terms of the EAR with their frozen words in Chinese."""
    source = files("penstock.terms.languages").joinpath("glossary.yaml").read_text("utf-8")
    terms = sorted(load_yaml(source, trusted=True)["terms"], key=lambda term: term["en"].casefold())
    rows = [[term["en"], term["zh-Hans"], term["zh-Hant"], term["cite"]] for term in terms]
    return page(
        "Glossary",
        "Wherever an English text of Penstock has a term, its translations have exactly these words.\n"
        "Of two terms that overlap the longer counts.\n"
        "繁體 follows the usage of Taiwan. [Languages](../how-to/languages.md) says how a term is added.",
        table(["English", "简体", "繁體", "defined or used in"], rows),
    )


REFERENCE: Mapping[str, Callable[[], str]] = {
    "cli": cli_page,
    "facts": facts_page,
    "answers": answers_page,
    "checklists": checklists_page,
    "red-flags": flags_page,
    "errors": errors_page,
    "provisions": provisions_page,
    "tables": tables_page,
    "instruments": instruments_page,
    "designs": designs_page,
    "readings": readings_page,
    "unverified": unverified_page,
    "glossary": glossary_page,
    "chips": chips_page,
    "python": python_page,
}
