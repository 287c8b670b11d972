"""``penstock interview``: asks only the facts that decide, and ends with the determination.

Questions go to standard error and the determination to standard output, so that an answer can be piped on.
"""

from __future__ import annotations

import datetime as dt
import os
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from penstock.apps.cli.language import prose, say, t, told, word
from penstock.apps.cli.options import INSTRUMENT, KNOWN, REGIME, document_of
from penstock.apps.files import whole_text
from penstock.terms.errors import FactError, FileUnusable, PenstockError

if TYPE_CHECKING:
    from penstock.decision.interview import Question
    from penstock.terms.documents import Facts
    from penstock.terms.vocabulary import FactSpec

__all__ = ["facts_yaml", "interview"]

_WIDTH = 100
_UNKNOWN = "?"
_NONE = "none"
_CHIP = "item.chip"
_TYPED = ("bool", "int", "number")


@click.command()
@click.argument("file", metavar="[FILE|-]", required=False)
@click.option("--on", required=True, metavar="DATE", help="Date of the act.")
@KNOWN
@REGIME
@INSTRUMENT
@click.option("--stance", type=click.Choice(["codified", "enforced"]), help="Settle one stance only.")
@click.option("--answers", metavar="FILE", help="Facts to answer from; only what it does not answer is asked.")
@click.option("--skip", multiple=True, metavar="FACT", help="A fact that nobody can tell; may be given more than once.")
@click.option("--save", metavar="FILE", help="Write the facts collected, as YAML, when the interview is over.")
@click.option("--json", "as_json", is_flag=True, help="Print the next question as one JSON document, and ask nothing.")
def interview(
    file: str | None, on: str, known: str | None, regime: str, stance: str | None, answers: str | None, skip: tuple[str, ...],
    save: str | None, as_json: bool,
) -> None:  # fmt: skip
    """Ask for the facts that decide a transaction, the most deciding first, and end with the determination.

    FILE holds the facts known so far.  Answer ? to what nobody can tell.  End of input (Ctrl-D) stops asking and
    decides on what was said; Ctrl-C leaves without writing anything.
    """
    from penstock.decision.interview import next_question
    from penstock.terms.dates import parse_date
    from penstock.terms.documents import Facts, read_facts
    from penstock.terms.numbers import dump_json

    def read(path: str | None) -> Facts:
        return read_facts(document_of(path)) if path else Facts()

    day = parse_date(on, "on")
    then = parse_date(known, "known") if known else None
    _known_names(skip)
    _writable(save)
    talk = _Talk(read(file), read(answers), {*skip}, partial(next_question, on=day, known=then, regime=regime, stance=stance))
    question = talk.go_on(ask=not as_json)
    if save:
        with whole_text(save) as saved:
            saved.write(facts_yaml(talk.facts))
    if as_json:
        document = question.document() if question else _settled(talk.facts, day, then, regime, stance)
        click.echo(dump_json(prose(document)))
    else:
        from penstock.apps.cli import text
        from penstock.decision.determination import decide_facts

        text.determination(decide_facts(talk.facts, day, then, regime), stance)


class _Talk:
    """One interview under way: the facts so far, those an answers file holds, and what nobody could tell."""

    def __init__(self, facts: Facts, answers: Facts, skipped: set[str], ask: Any) -> None:
        self.facts = facts
        self._answers = answers.values
        self._skipped = skipped
        self._next = ask
        self._asked = 0

    def go_on(self, *, ask: bool) -> Question | None:
        """Answer what can be answered, ask the rest where ``ask`` says so, and return the question left open."""
        question = self._question(self.facts)
        while question is not None:
            known = self._known(question.id)
            if known:
                self.facts = self.facts.with_({known: self._answers[known]})
                question = self._question(self.facts)
            elif not ask:
                return question
            else:
                self._show(question)
                said = self._hear(question)
                if said is None:
                    return question
                self.facts, question = said
        return None

    def _known(self, name: str) -> str | None:
        """Return the fact of the answers file that answers a question about a fact; a product answers all about the item."""
        names = [name, *([_CHIP] if name.startswith("item.") and _CHIP not in self.facts.values else [])]
        return next((fact for fact in names if fact in self._answers), None)

    def _question(self, facts: Facts) -> Question | None:
        asked: Question | None = self._next(facts, skipped=self._skipped)
        return asked

    def _show(self, question: Question) -> None:
        self._asked += 1
        click.echo(err=True)
        _say(f"{self._asked}. {question.id}: {told(question.question)}")
        for reason in question.why:
            _say(f"- {reason.cite}: {told(reason.text)}", 3)
        text = t("Decides: {what}", what=t(", ").join(word("decides", key) for key in question.decides))
        if question.open > 1:
            text += t(" ({n} facts open)", n=question.open)
        _say(text, 3)
        _say(t("Answer: {form}; {unknown} if nobody can tell", form=_form(question), unknown=_UNKNOWN), 3)

    def _hear(self, question: Question) -> tuple[Facts, Question | None] | None:
        """Return the facts with the answer and the question after it, asking until it can be used; None at the end of input."""
        from penstock.decision.interview import ACT, answered

        near = ""
        while True:
            text = _prompt(question, near)
            if text is None:
                return None
            if text == _UNKNOWN and question.id == ACT:
                _say(t("Everything else may be unknown, but not what is to be done."), 3)
                continue
            try:
                if text == _UNKNOWN:
                    self._skipped.add(question.id)
                    return self.facts, self._question(self.facts)
                facts = answered(self.facts, question.id, _raw(question, text))
                return facts, self._question(facts)
            except FactError as error:
                near = _complain(error, question.id)


def _prompt(question: Question, near: str) -> str | None:
    """Return what is typed, ``near`` for nothing where there is one; None at the end of input."""
    text = ""
    while not text:
        click.echo(f"   {question.id}{f' [{near}]' if near else ''}: ", nl=False, err=True)
        try:
            text = input().strip() or near
        except EOFError:
            click.echo(err=True)
            return None
    return text


def _form(question: Question) -> str:
    """Return the form an answer takes."""
    from penstock.terms.vocabulary import vocabulary

    spec = vocabulary().facts[question.id]
    if spec.type.startswith("map<"):
        return t("YAML, such as {example}", example="{SG: 0.05}")
    one = " | ".join(question.enum) or _form_of(spec.item_type)
    if question.unit and not question.enum:
        one = t("{form} in {unit}", form=one, unit=question.unit)
    if spec.is_list and spec.item_type != "object":
        return t("{form}, several with commas, or {none}", form=one, none=_NONE)
    return one


def _form_of(type_: str) -> str:
    return {
        "bool": t("true or false"),
        "country": t("two letters, such as MY"),
        "date": "YYYY-MM-DD",
        "string": t("text"),
        "int": t("whole number"),
        "number": t("number"),
        "object": t("YAML, such as {example}", example="[{name: A, share: 0.5}]"),
    }[type_]


def _raw(question: Question, text: str) -> Any:
    """Return what was typed as a document would hold it: numbers, truths and lists read, texts as they are."""
    from penstock.terms.vocabulary import vocabulary

    spec = vocabulary().facts[question.id]
    if spec.is_list and not text.startswith(("[", "{")):
        return [] if text == _NONE else [_scalar(spec, part.strip()) for part in text.split(",")]
    return _scalar(spec, text)


def _scalar(spec: FactSpec, text: str) -> Any:
    from penstock.terms.yaml12 import load_yaml

    return load_yaml(text) if spec.item_type in _TYPED or text.startswith(("[", "{")) else text


def _complain(error: PenstockError, name: str) -> str:
    """Say what is wrong with an answer, and return what was probably meant as it would be typed."""
    _say(told(error.message), 3)
    if error.hint and not error.hint.startswith("penstock"):
        _say(told(error.hint), 3)
    if error.nearest is None:
        return ""
    near = str(error.nearest).lower() if isinstance(error.nearest, bool) else str(error.nearest)
    if not str(error.at).startswith(name):
        _say(t("{fact} would have to be {value}.", fact=error.at, value=near), 3)
        return ""
    _say(t("Did you mean {nearest}?", nearest=near), 3)
    return near if not isinstance(error.nearest, (list, dict)) else ""


def _say(text: str, indent: int = 0) -> None:
    say(text, indent, err=True)


def _known_names(names: tuple[str, ...]) -> None:
    from penstock.terms.errors import UnknownFact
    from penstock.terms.suggest import nearest
    from penstock.terms.vocabulary import vocabulary

    for name in names:
        if name not in vocabulary().facts:
            raise UnknownFact(f"{name} is not a fact", at="--skip", value=name, nearest=nearest(name, vocabulary().facts))


def _settled(facts: Facts, on: dt.date, known: dt.date | None, regime: str, stance: str | None) -> dict[str, Any]:
    """Return the document of an interview with nothing left to ask: the short answers, and what stays unknown."""
    from penstock.decision.determination import decide_facts

    answer = decide_facts(facts, on, known, regime)
    shown = [stance] if stance else list(answer.verdicts)
    short = {
        name: {key: getattr(answer.verdicts[name], key) for key in ("outcome", "license_required", "path", "review_policy")}
        for name in shown
    }
    missing = sorted({entry["id"] for name in shown for entry in answer.stance(name).block["missing_facts"]})
    return {"id": None, "question": None, "decides": [], "open": len(missing), "missing_facts": missing, **short}


# ---- the facts collected


def facts_yaml(facts: Facts) -> str:
    """Return facts as a YAML document that reads back as the same facts.

    >>> from penstock.terms.documents import read_facts
    >>> print(facts_yaml(read_facts({"destination": "NO", "item": {"tpp": 1234, "eccn": "4E091"}})), end="")
    destination: {country: 'NO'}
    item: {eccn: 4E091, tpp: 1234}
    """
    import yaml

    from penstock.terms.numbers import plain

    class Dumper(yaml.SafeDumper):
        """Writes exact numbers as the decimals they are, and quotes every text that would read back as something else."""

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=None if _reads_back(value) else "'")

    def number(dumper: yaml.SafeDumper, value: Fraction) -> yaml.ScalarNode:
        return dumper.represent_scalar("tag:yaml.org,2002:float", format(plain(value), "f"))

    Dumper.add_representer(str, text)
    Dumper.add_representer(Fraction, number)
    Dumper.add_multi_representer(dict, lambda dumper, value: dumper.represent_dict(dict(value)))
    return str(yaml.dump(facts.document(), Dumper=Dumper, allow_unicode=True, default_flow_style=None, width=_WIDTH))


def _reads_back(text: str) -> bool:
    from penstock.terms.yaml12 import load_yaml

    try:
        return bool(load_yaml(text) == text)
    except PenstockError:
        return False


def _writable(path: str | None) -> None:
    """Refuse a file that cannot be written before the first question is asked."""
    folder = Path(path).resolve().parent if path else Path()
    if path and not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise FileUnusable(f"{path} cannot be written: {folder} is no folder one may write to", value=path)
