"""The law of a day as one SQL query over a table of facts, for DuckDB and Spark: the columns `penstock bulk` reads and writes.

Every row the query answers equals :func:`penstock.decision.decide` on the same facts.  A row whose numbers, lists or
chip the query does not settle exactly holds no answer and is marked ``left_to_bulk``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from attrs import field, frozen

from penstock.decision.checks import LETTER_TABLES, letters_law
from penstock.decision.library import book, program_of
from penstock.decision.prepare import MOVES
from penstock.decision.program import OUTCOMES, PATHS, POLICIES, Program
from penstock.decision.sql_chips import Chips
from penstock.decision.sql_columns import Kind, Read, Reader
from penstock.rulebook import ACTUAL, STANCES, Law
from penstock.rulebook.ir import Node
from penstock.rulebook.sql import SqlWriter
from penstock.rulebook.sql_dialects import DIALECTS
from penstock.rulebook.sql_numbers import Exactly, Number
from penstock.rulebook.sql_text import Stages, Text, Value, join
from penstock.rulebook.values import facts_below
from penstock.terms.errors import BadNumber, ConflictingFacts, MissingRequired
from penstock.terms.vocabulary import vocabulary

__all__ = ["facts_read", "law_sql"]

_ACT, _CHIP, _ID = "activity.type", "item.chip", "id"
_CONSIGNEE, _END_USER = "parties.ultimate_consignee.", "parties.end_user."
_LETTERS = ("is_processor", "meets_3a090_a", "meets_3a090_b")
_CHIP_FACTS = ("item.tpp", "item.throughput", "item.performance_density")
_NO_LETTER = ("3A090.c", "4E091")
_PER_STANCE = 5
_ENFORCED_SHIFT = 32


def law_sql(
    on: dt.date, known: dt.date | None = None, regime: str = ACTUAL, switches: Mapping[str, Any] | None = None, *,
    dialect: str = "duckdb", table: str = "transactions", columns: Mapping[str, Kind | None] | None = None,
) -> str:  # fmt: skip
    """Return the query that answers every row of a table under the law of a day.

    ``columns`` says which columns the table has and how each is stored; without it the table is taken to have
    those of :func:`facts_read` and ``id``.  Raises LawUnavailable for a law the book does not have, RuleError
    for a rule that the dialect cannot express.

    >>> text = law_sql(dt.date(2026, 6, 15), columns={"activity.type": "text", "destination.country": "text"})
    >>> text.splitlines()[0], text.count("stage_1 AS")
    ('-- Penstock: the law of 2026-06-15, as one query for duckdb', 1)
    """
    law = book().law(on, known, regime, switches)
    names = dict.fromkeys((_ID, *facts_read(law))) if columns is None else dict(columns)
    words = DIALECTS[dialect]
    stages = Stages(words, ".".join(words.name(part) for part in table.split(".")))
    answers = _Query(program_of(law), on, stages).answers(names)
    return _head(law, on, known, dialect, names) + stages.query(answers) + "\n"


def facts_read(law: Law) -> tuple[str, ...]:
    """Return the facts that the answers of a law rest on, in the order of the vocabulary."""
    program = program_of(law)
    nodes = program.graph.reachable((*program.outputs, *_contradicting(program)))
    read = {node.data for node in nodes if node.op in ("fact", "paper")} | {_ACT, _CHIP}
    return tuple(name for name in vocabulary().facts if name in read)


def _head(law: Law, on: dt.date, known: dt.date | None, dialect: str, columns: Iterable[str]) -> str:
    lines = [f"Penstock: the law of {on}, as one query for {dialect}", f"law_hash {law.hash}", f"regime {law.regime}"]
    lines += [] if known is None else [f"known {known}"]
    lines += [f"reading {name} = {str(value).lower()}" for name, value in sorted(law.switches.items())]
    lines += [f"reads {name}" for name in columns]
    return "".join(f"-- {line}\n" for line in lines)


def _contradicting(program: Program) -> list[Node]:
    """Return the nodes with which facts may contradict each other: class, total and letters."""
    law = program.law
    nodes = [program.lowerer.fact(name) for name in ("item.eccn", "item.tpp", "item.aggregate_tpp")]
    return nodes + [program.lowerer.rule(name) for name in _LETTERS if name in law.standings]


def _asserted(program: Program) -> list[Node]:
    """Return the nodes that say whether the class a row asserts has letter a, and letter b."""
    graph, law = program.graph, program.law
    read = graph.make("fact", data="item.eccn", type=program.lowerer.fact("item.eccn").type)
    return [graph.make("matches", (read,), data=(law.members(name), name)) for name in LETTER_TABLES if name in law.tables]


@frozen(eq=False)
class _Query:
    """A query being written."""

    program: Program
    on: dt.date
    stages: Stages
    faults: list[tuple[Text, str]] = field(factory=list)
    left: list[Text] = field(factory=list)

    def answers(self, columns: Mapping[str, Kind | None]) -> dict[str, Text]:
        """Return the columns of the answer, in their order."""
        facts = {name: read.value for name, read in self._read(columns).items()}
        self.faults.append((join("({} IS NULL)", self._text(facts.get(_ACT))), MissingRequired.code))
        given = facts
        if _CHIP in facts:
            facts, left = self._with_chips(facts)
            self.left.extend(left)
        filled, roles = self._parties(facts)
        values = self._values(self.program, (*self.program.outputs, *self._checked()), filled, roles, self.on)
        self._contradictions(facts, values)
        if given.get("item.eccn") is not None and any(facts.get(name) is not None for name in _CHIP_FACTS):
            self._other_letter(facts | {"item.eccn": given["item.eccn"]}, filled, roles, values)
        ids = {_ID: self.stages.given(_ID)} if _ID in columns else {}
        return ids | self._told([values[node] for node in self.program.outputs], values[self.program.lowerer.fact("item.eccn")])

    def _with_chips(self, facts: Mapping[str, Value]) -> tuple[dict[str, Value], list[Text]]:
        law = self.program.law
        asked = facts_below(self.program.lowerer.fact("item.eccn"))
        for node in _contradicting(program_of(letters_law(law))):
            asked |= facts_below(node)
        return Chips.of(law, self.on, law.regime, law.switches, self.stages).beside(
            facts, asked - {"item.quantity", "item.aggregate_tpp"}
        )

    def _values(
        self, program: Program, nodes: Sequence[Node], facts: Mapping[str, Value], roles: Mapping[str, Value], on: dt.date
    ) -> dict[Node, Value]:
        writer = SqlWriter(program.graph, self.stages, facts, roles, on, self._reader.field)
        return dict(zip(nodes, writer.values(nodes), strict=True))

    def _checked(self) -> list[Node]:
        """Return the nodes beside the outputs with which facts may contradict each other."""
        nodes = _contradicting(self.program)
        return nodes + [node.args[1] for node in nodes if node.op == "given"] + _asserted(self.program)

    # ---- what the table holds

    @property
    def _reader(self) -> Reader:
        objects = vocabulary().objects
        rows = [node.data[1] for node in self.program.complete().nodes if node.op == "row"]
        return Reader(self.stages, {id: {name for name in rows if name in fields} for id, fields in objects.items()})

    def _read(self, columns: Mapping[str, Kind | None]) -> dict[str, Read]:
        reader = self._reader
        found = {name: reader.read(name, kind) for name, kind in columns.items() if name != _ID}
        for read in found.values():
            self.faults.extend(read.faults)
            self.left.extend(read.left)
        return found

    def _text(self, value: Value) -> Text:
        if isinstance(value, Number):
            return value.num
        return value if isinstance(value, Text) else Text(self.stages.dialect.literal(value))

    # ---- the parties that facts imply, as :func:`penstock.decision.prepare.prepare` has them

    def _parties(self, facts: Mapping[str, Value]) -> tuple[dict[str, Value], dict[str, Value]]:
        given = {role: self._any_given(facts, f"parties.{role}.", role) for role in vocabulary().roles}
        moves = self._moves(facts.get(_ACT))
        consignee, end_user = given["ultimate_consignee"], given["end_user"]
        implied = self._column("end_user_implied", join("(NOT {} AND ({} OR {}))", end_user, moves, consignee))
        known = given | {"end_user": self._column("has_end_user", join("({} OR {})", end_user, implied))}
        present = known | {"ultimate_consignee": join("({} OR {})", consignee, moves)}
        roles: dict[str, Value] = {"+" + role: test for role, test in known.items()}
        for role, test in present.items():
            absent = join("CASE WHEN {} THEN NULL ELSE FALSE END", test)
            roles[role] = self._column(f"absent_of_{role}", absent) if test.reads else (None if test.text == "TRUE" else False)
        return {**facts, **self._end_user(facts, end_user)}, roles

    def _column(self, name: str, made: Text) -> Text:
        return self.stages.make(name, made) if made.reads else made

    def _any_given(self, facts: Mapping[str, Value], prefix: str, role: str) -> Text:
        tests = [join("{} IS NOT NULL", self._text(value)) for name, value in facts.items() if name.startswith(prefix)]
        return self._column(f"has_{role}", join("(" + " OR ".join(["{}"] * len(tests)) + ")", *tests)) if tests else Text("FALSE")

    def _moves(self, act: Value) -> Text:
        if act is None:
            return Text("FALSE")
        return self._column("moves", join("COALESCE({} IN ({}), FALSE)", act, self.stages.dialect.literals(MOVES)))

    def _end_user(self, facts: Mapping[str, Value], given: Text) -> dict[str, Value]:
        """Return the facts of the end user: its own, else those of the ultimate consignee."""
        prefixes = (_CONSIGNEE, _END_USER)
        fields = dict.fromkeys(name.removeprefix(p) for name in facts for p in prefixes if name.startswith(p))
        found: dict[str, Value] = {}
        for part in fields:
            own, other = facts.get(_END_USER + part), facts.get(_CONSIGNEE + part)
            if other is not None:
                made = join("CASE WHEN {} THEN {} ELSE {} END", given, self._text(own), other) if given.reads else other
                found[_END_USER + part] = self._column(f"of_end_user_{part}", made)
        return found

    # ---- facts that contradict each other, as :func:`penstock.decision.checks.check_facts` has them

    def _contradictions(self, facts: Mapping[str, Value], values: Mapping[Node, Value]) -> None:
        exactly = Exactly(self.stages.dialect)
        if (area := facts.get("item.die_area_mm2")) is not None:
            self.faults.append((join("({} = 0)", area.num), BadNumber.code))
        for name in ("item.tpp", "item.aggregate_tpp"):
            node = self.program.lowerer.fact(name)
            derived = values[node.args[1]] if node.op == "given" else None
            if facts.get(name) is not None and derived is not None:
                same = exactly.compare("==", facts[name], exactly.of(derived))
                self.faults.append((join("(NOT {})", same), ConflictingFacts.code))

    def _other_letter(
        self, facts: Mapping[str, Value], filled: Mapping[str, Value], roles: Mapping[str, Value], values: Mapping[Node, Value]
    ) -> None:
        """Refuse an asserted class with a letter that the chip facts rule out."""
        law = letters_law(self.program.law)
        program = program_of(law)
        nodes = [*_contradicting(program)[-len(_LETTERS) :], *_asserted(program)]
        if program is not self.program:
            values = self._values(program, nodes, filled, roles, max(self.on, law.on))
        processor, a, b, is_a, is_b, entry = (self._text(values[node]) for node in nodes)
        starts = [join("{} LIKE '" + start + "%'", facts["item.eccn"]) for start in _NO_LETTER]
        given = [self._text(facts[name]) for name in _CHIP_FACTS if facts.get(name) is not None]
        about = join("(" + " OR ".join(["{} IS NOT NULL"] * len(given)) + ")", *given)
        other = join("CASE WHEN {} THEN NOT {} AND NOT {} ELSE {} OR {} END", entry, a, b, a, b)
        wrong = join("(({} AND NOT {}) OR ({} AND NOT {}) OR (NOT {} AND NOT {} AND {}))", is_a, a, is_b, b, is_a, is_b, other)
        found = join("({} AND {} AND {} AND NOT {} AND NOT {})", about, processor, wrong, *starts)
        self.faults.append((self._column("other_letter", found), ConflictingFacts.code))

    # ---- what is told

    def _told(self, values: Sequence[Value], eccn: Value) -> dict[str, Text]:
        """Return the columns of the answer."""
        left, error = self._verdict_on_row()
        told: dict[str, Text] = {}
        bits: list[Text] = []
        open_: list[Text] = []
        for i, stance in enumerate(STANCES):
            outcome, required, path, policy, fired = (self._text(v) for v in values[_PER_STANCE * i : _PER_STANCE * (i + 1)])
            bits.append(fired)
            unknown = (("{} = {}", outcome, OUTCOMES), ("{} = {}", path, PATHS), ("{} = {}", policy, POLICIES))
            tests = [join(test, code, str([n.lower() for n in names].index("unknown"))) for test, code, names in unknown]
            open_.append(join("({} IS NULL OR {} OR {} OR {})", required, *tests))
            told |= {
                f"{stance}_outcome": self._word(outcome, OUTCOMES),
                f"{stance}_license_required": join("CASE WHEN {} THEN 1 WHEN NOT {} THEN 0 ELSE 2 END", required, required),
                f"{stance}_path": self._word(path, PATHS),
                f"{stance}_review_policy": self._word(policy, POLICIES),
            }
        told["eccn"] = join("COALESCE({}, 'unknown')", self._text(eccn))
        told["missing_mask"] = join("CASE WHEN {} THEN 1 ELSE 0 END + CASE WHEN {} THEN 2 ELSE 0 END", *open_)
        told["fired_mask"] = join("{} + {} * " + str(1 << _ENFORCED_SHIFT), *bits)
        told["law_hash"] = Text(self.stages.dialect.literal(self.program.law.hash))
        types = {"missing_mask": self.stages.dialect.few_bits, "fired_mask": self.stages.dialect.bits}
        types |= {f"{stance}_license_required": self.stages.dialect.few_bits for stance in STANCES}
        sound = self.stages.make("decided_here", join("(NOT {} AND {} IS NULL)", left, error))
        answers = {
            name: join("CASE WHEN {} THEN {} END", sound, self._cast(text, types.get(name))) for name, text in told.items()
        }
        return answers | {"error_code": error, "left_to_bulk": left}

    def _verdict_on_row(self) -> tuple[Text, Text]:
        """Return whether the query leaves a row alone, and else the code of its first error."""
        odd = join("CASE WHEN " + " OR ".join(["{}"] * len(self.left)) + " THEN TRUE ELSE FALSE END", *self.left)
        left = self.stages.make("left_to_bulk", odd) if self.left else Text("FALSE")
        whens = [join("WHEN {} THEN {}", test, self.stages.dialect.literal(code)) for test, code in self.faults]
        error = join("CASE WHEN {} THEN NULL " + "{} " * len(whens) + "END", left, *whens)
        return left, self.stages.make("error_code", error)

    def _word(self, code: Text, names: Sequence[str]) -> Text:
        """Return the word a code stands for."""
        whens = "".join(f" WHEN {i} THEN {self.stages.dialect.literal(name)}" for i, name in enumerate(names))
        if names is POLICIES:
            whens = f" WHEN -1 THEN 'not_applicable'{whens}"
        return join("CASE {}" + whens + " END", code)

    def _cast(self, text: Text, type: str | None) -> Text:
        return text if type is None else join("CAST({} AS " + type + ")", text)
