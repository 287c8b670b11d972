"""Gathers every text people read and keeps the catalogs of the languages.

    python scripts/messages.py            bring the catalogs up to date; list what lacks a translation, exit 1 if anything does
    python scripts/messages.py --check    write nothing; list what is stale or lacks a translation, exit 1 if anything does
    python scripts/messages.py --draft    besides, draft what zh-Hant lacks from zh-Hans with OpenCC, marked fuzzy until read

Texts come from the calls of the renderers (``t`` and ``count``), from the words of codes, from the fact vocabulary, from the
law as its own loader reads it, and from the sentences of the engine, whose f-strings become forms with named places.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from babel.messages.catalog import Catalog
from babel.messages.catalog import Message as Entry
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

REPOSITORY = Path(__file__).resolve().parents[1]
SOURCE = REPOSITORY / "src" / "penstock"
LANGUAGES = SOURCE / "terms" / "languages"
TRANSLATED = ("zh-Hans", "zh-Hant")
_LOCALES = {"zh-Hans": "zh_Hans", "zh-Hant": "zh_Hant"}

# Where the engine speaks: every text of these with a space in it is a sentence or a part of one.
_ENGINE = (
    "apps/cluster.py", "apps/files.py", "apps/journal.py", "apps/parquet.py", "apps/warehouse.py",
    *(f"apps/cli/{name}.py" for name in (
        "clearances", "coverage", "evidence", "graph", "impact", "interview", "ledger", "ledger_read", "ledger_text", "license",
        "license_capacity", "license_text", "list_files", "listed", "lists", "main", "options", "prove", "rings", "screen",
        "screening",
    )),
    "decision/*.py", "ledger/*.py", "licensing/*.py", "screening/*.py", "rulebook/book.py", "rulebook/designs.py",
    "rulebook/stacks.py",
    "rulebook/diff.py", "terms/checks.py", "terms/dates.py", "terms/documents.py", "terms/errors.py", "terms/numbers.py",
    "terms/yaml12.py", "terms/languages/catalog.py",
    *(f"store/{name}.py" for name in (
        "clock", "create", "desk", "engine", "licensing_ledger", "licensing_postgres", "licensing_schema", "licensing_sqlite",
        "licensing_store", "lists", "local", "postgres", "publish", "reads", "sqlite", "verify", "writer",
    )),
)  # fmt: skip
# What of these says nothing to people: it writes SQL, or reads citations.
_DUMB = ("decision/sql_chips.py", "decision/sql_columns.py", "decision/warehouse.py", "decision/provisions.py")
_READER = "rulebook/words.py"  # puts rules into words, phrase by phrase
_STORY = "apps/cli/demo_case.yaml"  # what the people of the demonstration say
# Texts with a space that nobody reads, or that are the same in every language: commands, code, names of the solver.
_NOT_PROSE = re.compile(
    r"penstock facts [\w.]+$|penstock facts \{|pip install |penstock: |Supp\. No\. |15 CFR part \{|\{\w+\}\|\{\w+\}$"
    r"|classification trace|license validity|node \{\w+\} holds|<penstock |tag:yaml|role \{|module 'penstock"
    r"|a requirement is missing from|an authorization is missing|the questions put to the solver|combinations of more than two"
    r"|All columns must|744.15 and 740|with \{add|line \{\w+\}, column|in-country transfer$|not yet covered$|not empty$"
    r"|(includes|excludes|one of) \{\w+\}$|Give a new table|Only designs include|(Chosen|Assumed by Penstock): \{said"
    r"|\(\?:|\\s\*|hong kong$|new territories$|listed person$|federal register$|also known$|entity list$|military end$"
    r"|denied persons$|may be restricted$|Supplement No\. \{|\s*(CREATE|INSERT|SELECT|WHERE) |number, list, as_of|penstock lists "
    r"|\{\{|unreadable row$|row \{line\} has no name|no entry comes near\{|; some characters could not be read"
    r"|list of tables$|mapping of parameters$|instruments of one's own$|15 CFR part$|part \{part\}$"
    # SQL, keys of requests, names of threads, the written draft of a duty, and its part that has a form below
    r"|(SELECT|INSERT|UPDATE|CREATE|PRAGMA|BEGIN|COPY|SET) [\w'{]| FOR UPDATE|open \{name\}$|\{\w+\} (shipped|void|issued)$"
    r"|ledger writer$|# \{| \(if the counter, |penstock ledger "
    # the text of an agreement's design, fields of events, and what is entered in a form of BIS
    r"|tables: |rules: |@\{kind\}|, unit=| ?as proposed$|\(\{source\}\) |advanced_computing_item\("
    r"|statutory_basis regulatory_basis$|,? ?headquartered in|ultimate parent |Aggregate TPP: \{"
    r"| \(\{\w+\} each\)$|[\d.]+(\(\w+\))+[;,] "
)
# Sentences that the engine puts together from parts whose own form, of places only, would fit anything.
_COMPOSED = {
    "rulebook/designs.py": (
        "Chosen: {name} = {value} ({title}). {assumed}",
        "Chosen: {name} with {places} ({title}). {assumed}",
        "Assumed by Penstock: {name} = {value} ({title}). {assumed}",
        "Assumed by Penstock: {name} with {places} ({title}). {assumed}",
    ),
    "screening/evidence.py": (
        "{owner} holds {basis_points} % of {owned}; {more}",
        "shares that are not known could bring listed owners to the limit: {owner} in {owned}",
    ),
    "screening/lists.py": ("well-known entries of the Entity List",),
    "screening/screener.py": ("{said} | not found: {missing}",),
    "ledger/duties.py": ("{duty} (if the counter, which is not given, reaches the limit)",),
    "licensing/duties.py": ("{cite} (no period in the law)",),
    "terms/yaml12.py": ("line {line}, column {column}: {problem}",),
    "decision/dead_rules.py": (
        "{id} is not in the text",
        "{id} is not enforced",
        "{id} can never fire: {reasons}",
        "{id} is never the path: {reasons}",
        "{id} never decides the review of {what}: {reasons}",
    ),
}
# Calls whose texts are not for people: rule files are Python and are answered in the language of Python.
_SILENT_CALLS = frozenset({
    "RuleError", "AssertionError", "RuntimeError", "option", "argument", "Option", "compile",
    "t", "count", "told", "word", "code", "country", "get", "_kind",
})  # fmt: skip
_PLACE = re.compile(r"\{\w+\}")
_NEAR = 0.8  # how alike a text that is new and one that is gone must be for the translation to be offered, marked fuzzy
_WORD = re.compile(r"[A-Za-z]{3}")
_CODE = re.compile(r"`[^`]*`|\{\w+\}|\w+[._/]\w[\w./-]*|\bpenstock facts \w+")


class Message(NamedTuple):
    """One text: its plural form where it counts something, and where it stands."""

    text: str
    plural: str
    place: str


# ---- what the renderers say


def of_renderers() -> Iterator[Message]:
    """Yield the literals of every call of ``t`` and ``count``; ValueError for a call without one."""
    for path in sorted((SOURCE / "apps").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("t", "count"):
                first = node.args[1:3] if node.func.id == "count" else node.args[:1]
                texts = [part.value for part in first if isinstance(part, ast.Constant) and isinstance(part.value, str)]
                if len(texts) != len(first):
                    raise ValueError(f"{path}:{node.lineno}: {ast.unparse(node)[:80]}: a literal is expected")
                yield Message(texts[0], texts[1] if len(texts) > 1 else "", str(path.relative_to(SOURCE)))


def of_readers() -> Iterator[Message]:
    """Yield the phrases that put rules into words: those of ``self._say``, and those in the tables at the top."""
    tree = ast.parse((SOURCE / _READER).read_text("utf-8"))
    spoken = [node.args[:1] for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node.func) == "_say"]
    spoken += [node.value.values for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)]
    for phrase in (part for parts in spoken for part in parts):
        if isinstance(phrase, ast.Constant) and isinstance(phrase.value, str):
            yield Message(phrase.value, "", _READER)


# ---- what the engine says


def of_engine() -> Iterator[Message]:
    """Yield the sentences of the engine and their forms."""
    speaking = {path for pattern in _ENGINE for path in SOURCE.glob(pattern)} - {SOURCE / name for name in _DUMB}
    for path in sorted(speaking):
        place = str(path.relative_to(SOURCE))
        for text in dict.fromkeys(_spoken(ast.parse(path.read_text("utf-8")))):
            if _is_prose(text):
                yield Message(text, "", place)
    from penstock.terms.vocabulary import vocabulary

    for role in vocabulary().roles:
        yield Message(f"{role.replace('_', ' ')}: {{question}}", "", "decision/interview.py")
    for place, composed in _COMPOSED.items():
        yield from (Message(form, "", place) for form in composed)


def _is_prose(text: str) -> bool:
    letters = re.sub(r"[^A-Za-z]", "", _PLACE.sub("", text))
    return " " in text.strip() and len(letters) > 3 and not _NOT_PROSE.match(text)


def _spoken(node: ast.AST) -> Iterator[str]:
    """Yield the texts below a node, docstrings, assertions and calls that are not for people left out."""
    if isinstance(node, ast.Call) and _name(node.func) in _SILENT_CALLS:
        return
    if isinstance(node, (ast.Assert, ast.AnnAssign)) and not (isinstance(node, ast.AnnAssign) and node.value):
        return
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield _form(node)
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                yield from _spoken(part.value)
    else:
        for child in ast.iter_child_nodes(node):
            yield from _spoken(child)


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _form(node: ast.JoinedStr) -> str:
    """Return the form of an f-string: its words, with a named place for each of its parts.

    >>> _form(ast.parse("f'{spec.name}: {plain(value)} is {{no}} number'", mode="eval").body)
    '{name}: {value} is {{no}} number'
    """
    out, taken = "", set[str]()
    for part in node.values:
        if isinstance(part, ast.Constant):
            out += str(part.value).replace("{", "{{").replace("}", "}}")
        elif isinstance(part, ast.FormattedValue):
            name = _place(part.value)
            name = next(n for n in (name, *(f"{name}{i}" for i in range(2, 9))) if n not in taken)
            taken.add(name)
            out += f"{{{name}}}"
    return out


def _place(node: ast.expr) -> str:
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        return re.sub(r"\W", "_", node.slice.value)
    names = [_name(n).strip("_") for n in ast.walk(node) if isinstance(n, (ast.Name, ast.Attribute))]
    if isinstance(node, ast.Call):
        names = [name for argument in node.args for name in [_place(argument)] if name != "value"] or names
    return next((name for name in names if name), "value")


# ---- what the law says


def of_law() -> Iterator[Message]:
    """Yield the texts of the law, as its loader reads them: a new rule, table, instrument or flag shows by its name."""
    from penstock.decision.library import book

    law = book()
    for chain in law.versions.values():
        for version in chain:
            yield Message(version.doc, "", f"{version.file} {version.name}")
    for table in law.tables.values():
        yield Message(table.title, "", f"{table.file} {table.id}")
        for cell in table.cells:
            yield Message(cell.assumed, "", f"{table.file} {table.id}")
    for act in law.instruments.values():
        yield Message(act.title, "", f"{act.file} {act.id}")
        yield Message(act.note, "", f"{act.file} {act.id}")
    for reading in law.readings.values():
        yield Message(reading.about, "", f"readings.yaml {reading.name}")
    for flag in law.data["data/red_flags.yaml"]["flags"]:
        yield Message(flag["question"], "", f"data/red_flags.yaml {flag['id']}")
    for listed in law.data["data/checklists.yaml"]["checklists"]:
        yield Message(listed["title"], "", f"data/checklists.yaml {listed['id']}")
        for point in listed["points"]:
            yield Message(point["text"], "", f"data/checklists.yaml {point['id']}")
    for record in law.data["data/records.yaml"]["records"]:
        yield Message(record["title"], "", f"data/records.yaml {record['id']}")
    for exception in law.data["data/declared_exceptions.yaml"]["exceptions"]:
        yield Message(exception["because"], "", f"data/declared_exceptions.yaml {exception['provision']}")
    for file in (file for file in law.data if file.startswith("data/agreements/")):
        made = law.data[file]
        for text in (made["title"], made["source"], made.get("note", "").strip(), *(d["text"] for d in made["deliverables"])):
            yield Message(text, "", f"{file} {made['id']}")
    for name, day in law.data["book.yaml"]["data_dates"].items():
        yield Message(day if " " in str(day) else "", "", f"book.yaml {name}")


def of_words() -> Iterator[Message]:
    """Yield the words of codes and what the vocabulary says of each fact."""
    from penstock.terms.vocabulary import vocabulary
    from penstock.terms.words import all_words

    for kind, codes in all_words().items():
        for code, said in codes.items():
            yield Message(said, "", f"terms/words.yaml {kind}.{code}")
    story = yaml.safe_load((SOURCE / _STORY).read_text("utf-8"))
    for part in (part for event in story["events"] for part in (event, *event.get("conditions", ()))):
        yield from (Message(str(part[key]), "", _STORY) for key in ("text", "reasons") if key in part)
    for name, spec in vocabulary().facts.items():
        yield Message(spec.doc, "", f"terms/vocabulary.yaml {name.replace(spec.role, '<role>') if spec.role else name}")


# ---- catalogs


@cache
def messages() -> Mapping[tuple[str, str], tuple[str, ...]]:
    """Return every text with the places it stands in, in the order of the house: words, law, renderers, engine."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for message in (*of_words(), *of_law(), *of_renderers(), *of_readers(), *of_engine()):
        if message.text.strip():
            found.setdefault((message.text, message.plural), {})[message.place] = None
    singular = {text for text, plural in found if plural}
    return {key: tuple(places) for key, places in found.items() if key[1] or key[0] not in singular}


def forms() -> list[str]:
    """Return the forms by which sentences of the engine are recognized."""
    return sorted({message.text for message in of_engine() if _PLACE.search(message.text)})


@cache
def read(language: str) -> Catalog:
    """Return a catalog as it stands."""
    with (LANGUAGES / f"{language}.po").open("rb") as file:
        return read_po(file, locale=_LOCALES[language])


@cache
def _glossary() -> Mapping[str, Any]:
    found: Mapping[str, Any] = yaml.safe_load((LANGUAGES / "glossary.yaml").read_text("utf-8"))
    return found


def glossary() -> list[Mapping[str, str]]:
    """Return the terms of the glossary, the longest first."""
    return sorted(_glossary()["terms"], key=lambda term: -len(term["en"]))


def terms_in(text: str) -> list[Mapping[str, str]]:
    """Return the terms of the glossary in an English text; of two that overlap the longer, and none in names and code."""
    left, found = _CODE.sub(lambda code: " " * len(code[0]), text), []
    for term in glossary():
        words = re.escape(term["en"]).replace(r"\ ", "[ -]").replace(r"\-", "[ -]")
        pattern = re.compile(rf"(?<![\w-]){words}s?(?!\w)", re.IGNORECASE)
        if pattern.search(left):
            found.append(term)
            left = pattern.sub(lambda match: " " * len(match[0]), left)
    return found


def unfaithful(language: str) -> list[str]:
    """Return the translations that lack the frozen words of a term, each with the term."""
    catalog, out = read(language), []
    for text, _ in messages():
        said = _said(catalog.get(text))
        out += [
            f"{term['en']} is {term[language]}: {text} -> {said}"
            for term in terms_in(text)
            if said and term[language] not in said
        ]
    return out


def _key(text: str, plural: str) -> str | tuple[str, str]:
    return (text, plural) if plural else text


def updated(language: str) -> Catalog:
    """Return a catalog with exactly the texts there are, translations kept."""
    old = read(language)
    comment = f"# {language}: texts of Penstock. Brought up to date by `make messages`."
    new = Catalog(locale=_LOCALES[language], project="penstock", version="1", charset="utf-8", fuzzy=False,
                  header_comment=comment, msgid_bugs_address=" ", last_translator=" ", language_team=" ")  # fmt: skip
    new.creation_date = new.revision_date = old.creation_date
    gone = left_over(language)
    for (text, plural), places in messages().items():
        near = [text] if old.get(text) else difflib.get_close_matches(text, gone, 1, _NEAR)
        before = old.get(near[0]) if near else None
        said = _said(before)
        flags = ["fuzzy"] if before is not None and said and (before.fuzzy or near[0] != text) else []
        new.add(
            _key(text, plural), (said,) if plural else said, auto_comments=[f"at {place}" for place in places[:3]], flags=flags
        )
    return new


def _said(entry: Entry | None) -> str:
    """Return the translation an entry holds; Chinese has one form for every number."""
    return "" if entry is None else _one(entry.string)


def _one(texts: Any) -> str:
    return texts if isinstance(texts, str) else str(texts[0]) if texts else ""


def unspoken() -> list[str]:
    """Return the texts the command line prints without a translation: literals in ``echo`` and ``say`` outside ``t``."""
    found = []
    for path in sorted((SOURCE / "apps" / "cli").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in ("echo", "say", "_say", "_head"):
                texts = (text for argument in node.args for text in _spoken(argument))
                found += [
                    f"{path.name}:{node.lineno}: {text}"
                    for text in texts
                    if " " in text and _WORD.search(_PLACE.sub("", text)) and not _NOT_PROSE.match(text)
                ]
    return found


def missing(language: str) -> list[Message]:
    """Return the texts that lack a translation in a language, drafts nobody has read among them."""
    catalog = read(language)
    return [Message(text, plural, "; ".join(places)) for (text, plural), places in messages().items()
            if not _translated(catalog, text)]  # fmt: skip


def _translated(catalog: Catalog, text: str) -> bool:
    entry = catalog.get(text)
    return entry is not None and not entry.fuzzy and bool(_said(entry))


def left_over(language: str) -> list[str]:
    """Return the texts of a catalog that nobody says any more."""
    there = {text for text, _ in messages()}
    return [text for entry in read(language) if (text := _one(entry.id)) and text not in there]


def write(language: str, catalog: Catalog) -> None:
    """Write a catalog in both its forms: ``.po`` for people, ``.mo`` for the program."""
    with (LANGUAGES / f"{language}.po").open("wb") as file:
        write_po(file, catalog, width=0)
    with (LANGUAGES / f"{language}.mo").open("wb") as file:
        write_mo(file, catalog)
    read.cache_clear()


def draft() -> int:
    """Draft what zh-Hant lacks from zh-Hans, marked fuzzy; return how many texts were drafted."""
    from opencc import OpenCC

    convert = OpenCC("s2twp").convert
    terms = {**{term["draft"]: term["zh-Hant"] for term in glossary() if "draft" in term}, **_glossary()["usage"]}
    simplified, traditional = read("zh-Hans"), updated("zh-Hant")
    drafted = 0
    for message in missing("zh-Hant"):
        said, target = _said(simplified.get(message.text)), traditional.get(message.text)
        if target is None or not said or (target.fuzzy and target.string):
            continue
        put = _settled(convert(said), terms)
        target.string, drafted = (put,) if message.plural else put, drafted + 1
        target.flags.add("fuzzy")
    write("zh-Hant", traditional)
    return drafted


def _settled(text: str, terms: Mapping[str, str]) -> str:
    for wrong, right in terms.items():
        text = text.replace(wrong, right)
    return text


def main(arguments: Iterable[str] | None = None) -> int:
    """Bring the catalogs up to date and list what they lack."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="write nothing")
    parser.add_argument("--draft", action="store_true", help="draft zh-Hant from zh-Hans with OpenCC, marked fuzzy")
    chosen = parser.parse_args(None if arguments is None else list(arguments))
    if not chosen.check:
        (LANGUAGES / "sentences.txt").write_text("".join(f"{form}\n" for form in forms()), "utf-8")
        for language in TRANSLATED:
            write(language, updated(language))
    if chosen.draft:
        print(f"{draft()} texts drafted")
    lacking = len(unspoken())
    for line in unspoken():
        print(f"not translated: {line}")
    for language in TRANSLATED:
        stale = left_over(language)
        for text in stale:
            print(f"{language}: nobody says {text!r} any more")
        wrong = unfaithful(language)
        for line in wrong:
            print(f"{language}: {line}")
        for message in missing(language):
            print(f"{language}: {message.place}: {message.text}")
        lacking += len(stale) + len(wrong) + len(missing(language))
        print(f"{language}: {len(messages()) - len(missing(language))} of {len(messages())} texts")
    return 1 if lacking else 0


if __name__ == "__main__":
    sys.exit(main())
