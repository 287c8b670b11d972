"""The catalogs: nothing people read lacks a translation, terms keep their frozen words, and what is shipped is fresh."""

from __future__ import annotations

import gettext
import re
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from penstock.terms.errors import BadEnum
from penstock.terms.languages import LANGUAGES, catalog, require_language, wrap
from penstock.terms.vocabulary import vocabulary
from penstock.terms.words import all_words, words
from scripts import messages

TRANSLATED = [language for language in LANGUAGES if language != "en"]
_PLACE = re.compile(r"\{\w*\}")


# ---- complete, faithful, fresh


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    lacking = [f"{place}: {text}" for text, _, place in messages.missing(language)]
    assert lacking == [], "run `make messages` and translate what it lists"


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_translation_is_left_over(language: str) -> None:
    assert messages.left_over(language) == [], "run `make messages`"


@pytest.mark.parametrize("language", TRANSLATED)
def test_terms_keep_their_frozen_words(language: str) -> None:
    assert messages.unfaithful(language) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_places_of_their_text(language: str) -> None:
    for text, said in translations(language):
        assert set(_PLACE.findall(said)) == set(_PLACE.findall(text)), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_the_program_reads_what_people_wrote(language: str) -> None:
    """The compiled catalog holds the texts of the readable one."""
    with (messages.LANGUAGES / f"{language}.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for text, said in translations(language):
        found = compiled.gettext(text)
        assert (compiled.ngettext(text, text, 1) if found == text else found) == said, "run `make messages`"


def test_the_forms_of_sentences_are_fresh() -> None:
    shipped = (messages.LANGUAGES / "sentences.txt").read_text("utf-8").splitlines()
    assert shipped == messages.forms(), "run `make messages`"


def test_the_command_line_prints_nothing_past_the_catalogs() -> None:
    assert messages.unspoken() == []


def translations(language: str) -> list[tuple[str, str]]:
    found = []
    for text, _ in messages.messages():
        entry = messages.read(language).get(text)
        assert entry is not None
        said = entry.string
        assert said is not None
        found.append((text, said if isinstance(said, str) else said[0]))
    return found


# ---- scripts


def test_simplified_and_traditional_are_not_mixed() -> None:
    """Characters that differ between the scripts never stand in the catalog of the other."""
    simplified, traditional = "须证实体户货导设经许个发现应装运监医单际", "須證實體戶貨導設經許個發現應裝運監醫單際"
    for language, foreign in (("zh-Hans", traditional), ("zh-Hant", simplified)):
        for text, said in translations(language):
            assert not set(said) & (set(foreign) - {"個"} if language == "zh-Hans" else set(foreign)), text


# ---- the glossary


def test_each_term_stands_once_with_both_scripts_and_a_citation() -> None:
    terms = messages.glossary()
    assert len({term["en"].casefold() for term in terms}) == len(terms)
    for term in terms:
        assert {"en", "zh-Hans", "zh-Hant", "cite"} <= set(term) <= {"en", "zh-Hans", "zh-Hant", "cite", "draft"}


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("License Exceptions for end users", ["License Exception", "end user"]),
        ("a validated end-user authorization", ["validated end user", "authorization"]),
        ("Re-exporters and licensees", []),
        ("`penstock facts item.tpp` and destination.country", []),
        ("{item} of an item", ["item"]),
    ],
)
def test_the_longest_term_counts_and_code_does_not(text: str, terms: list[str]) -> None:
    assert sorted(term["en"] for term in messages.terms_in(text)) == sorted(terms)


def test_a_translation_without_its_term_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    loose = Catalog(locale="zh_Hans")
    loose.add("the end use is not eligible", "用途不符合资格")
    monkeypatch.setattr(messages, "read", lambda language: loose)
    assert messages.unfaithful("zh-Hans") == ["end use is 最终用途: the end use is not eligible -> 用途不符合资格"]


# ---- the words of codes


@pytest.mark.parametrize("kind", ["outcome", "may_proceed", "review_policy", "reason", "force", "ledger"])
def test_every_code_of_the_contract_has_words(kind: str) -> None:
    assert set(vocabulary().output_enums[kind]) - set(all_words()[kind]) == set()


def test_acts_kinds_roles_and_lists_have_words() -> None:
    facts = vocabulary().facts
    assert set(facts["activity.type"].enum) == set(all_words()["act"])
    assert set(facts["item.kind"].enum) == set(all_words()["item"])
    assert set(facts["parties.end_user.lists"].enum) == set(all_words()["list"])
    assert set(vocabulary().roles) == set(all_words()["role"])


def test_conditions_and_events_of_the_law_have_words() -> None:
    from penstock.decision.library import book

    sources = [version.source for chain in book().versions.values() for version in chain]
    papers = {paper for source in sources for paper in re.findall(r"condition='([^']+)'", source)}
    assert papers
    assert papers <= set(all_words()["condition"])
    events = {str(v.options["event"]) for chain in book().versions.values() for v in chain if "event" in v.options}
    assert events <= set(all_words()["event"])
    recipients = {str(v.options["to"]) for chain in book().versions.values() for v in chain if "to" in v.options}
    assert recipients == set(all_words()["recipient"])


def test_statuses_and_events_of_a_case_have_words() -> None:
    from penstock.licensing.duties import AGENCIES
    from penstock.licensing.events import KINDS, REASONS

    statuses = {status for kind in KINDS.values() for status in kind.statuses}
    fields = {field for kind in KINDS.values() for field in (*kind.may, *kind.must)}
    assert statuses <= set(all_words()["case_status"])
    assert set(KINDS) == set(all_words()["case_event"])
    assert fields == set(all_words()["case_field"])
    assert set(REASONS) == set(all_words()["stop"])
    assert set(AGENCIES) <= set(all_words()["actor"])


def test_codes_of_instruments_records_and_checklists_have_words() -> None:
    from penstock.decision.library import book

    acts, data = book().instruments.values(), book().data
    points = [point for entry in data["data/checklists.yaml"]["checklists"] for point in entry["points"]]
    assert {act.kind for act in acts if act.proposed} <= set(all_words()["proposal"])
    assert {record["force"] for record in data["data/records.yaml"]["records"]} <= set(all_words()["force"])
    assert {entry["verification"] for entry in (*points, *data["data/red_flags.yaml"]["flags"])} <= set(
        all_words()["verification"]
    )
    assert {"met", "unmet", "open", "not_due"} == set(all_words()["point"])


def test_a_code_without_words_reads_as_its_own() -> None:
    assert words("reason", "of_a_design") == "of a design"


# ---- sentences of the engine


@pytest.mark.parametrize("language", TRANSLATED)
@settings(max_examples=10)
@given(parts=st.lists(st.text("abcXYZ0189._-", min_size=1, max_size=12), min_size=12, max_size=12))
def test_a_sentence_is_recognized_by_its_form_whatever_its_parts(language: str, parts: list[str]) -> None:
    """No form takes a sentence of another that says something else: what comes out has every part of what went in."""
    for form in messages.forms():
        names = _PLACE.findall(form)
        filled = dict(zip((name.strip("{}") for name in names), parts, strict=False))
        said = catalog(language).sentence(form.format(**filled))
        assert said != form.format(**filled)
        for part in filled.values():
            assert part in said


def test_phrases_inside_a_sentence_are_translated_and_names_are_not() -> None:
    said = catalog("zh-Hans").sentence
    assert said("x.y: a whole number is expected, got end user") == "x.y：应为整数，得到的是最终用户"
    assert said("NVIDIA X: high confidence, a data sheet") == "NVIDIA X：置信度高，a data sheet"
    assert said("Something nobody ever said.") == "Something nobody ever said."
    assert said("") == ""


def test_a_sentence_in_another_is_told_from_the_one_around_it() -> None:
    said = catalog("zh-Hans").sentence
    refused = (
        "decided on 2026-02-04 by ERC: an authorization needs every vote (against: State) (Supp. No. 9 to part 748, para. 2)"
    )
    assert said(refused) == "ERC于2026-02-04的“作出决定”：授权须全体同意（反对：State）（Supp. No. 9 to part 748, para. 2）"


def test_english_says_what_is_written() -> None:
    english = catalog("en")
    assert english.sentence("item.tpq is not a fact") == "item.tpq is not a fact"
    assert english.message("review {policy}", policy="mixed") == "review mixed"
    assert [english.count(n, "{n} rule", "{n} rules") for n in (0, 1, 1234)] == ["0 rules", "1 rule", "1,234 rules"]
    assert catalog("zh-Hant").count(1234, "{n} rule", "{n} rules") == "1,234條規則"


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("zh", "zh-Hans"),
        ("zh_CN", "zh-Hans"),
        ("zh-TW", "zh-Hant"),
        ("ZH-HANT", "zh-Hant"),
        ("english", "en"),
        ("繁體", "zh-Hant"),
    ],
)
def test_an_unknown_language_is_an_error_with_the_nearest(asked: str, near: str) -> None:
    with pytest.raises(BadEnum) as refused:
        require_language(asked)
    assert refused.value.nearest == near


# ---- lines


@given(st.text("须取得许可证，。（）「」 abc([)]742.6", max_size=200), st.integers(20, 60))
def test_lines_fit_and_lose_nothing(text: str, width: int) -> None:
    assume(text.strip())
    lines = wrap(text, width, "- ", "  ").splitlines()
    assert "".join("".join(lines).split()) == "".join(f"- {text}".split())
    for line in lines[1:]:
        assert not line.strip().startswith(tuple("，。）」"))
        longest = max((cell_len(word) for word in line.split()), default=0)
        assert cell_len(line) <= width or longest > width - 2 or any(ch in line for ch in "，。（）「」")


def test_english_lines_are_those_of_the_standard_library() -> None:
    import textwrap

    text = "a license is required to or within any destination worldwide, " * 5
    assert wrap(text, 70, "  ", "    ") == textwrap.fill(text, 70, initial_indent="  ", subsequent_indent="    ")


# ---- the tool


def test_a_new_text_is_named_with_its_place(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A rule that nobody translated fails by its name."""
    more: dict[Any, Any] = {**messages.messages(), ("No chip leaves the house.", ""): ("us/ear/part799.py stay",)}
    monkeypatch.setattr(messages, "messages", lambda: more)
    assert messages.main(["--check"]) == 1
    assert "zh-Hant: us/ear/part799.py stay: No chip leaves the house." in capsys.readouterr().out


def test_a_reworded_text_is_offered_its_old_translation(monkeypatch: pytest.MonkeyPatch) -> None:
    old = Catalog(locale="zh_Hans")
    old.add("The party is on the Entity List.", "该方在实体清单上。")
    old.add("Presumption of denial.", "推定拒绝。")
    now: dict[Any, Any] = {("The party stands on the Entity List.", ""): ("a",), ("Presumption of denial.", ""): ("b",)}
    monkeypatch.setattr(messages, "read", lambda language: old)
    monkeypatch.setattr(messages, "messages", lambda: now)
    new = messages.updated("zh-Hans")
    offered, kept = new.get("The party stands on the Entity List."), new.get("Presumption of denial.")
    assert offered is not None
    assert kept is not None
    assert (offered.string, offered.fuzzy, kept.string, kept.fuzzy) == ("该方在实体清单上。", True, "推定拒绝。", False)


def test_forms_come_from_f_strings() -> None:
    import ast

    source = "raise UnknownFact(f'{spec.name} is {{no}} fact of {word(row[\"kind\"])!r}', hint=f'Did you mean {near}?')"
    assert list(messages._spoken(ast.parse(source))) == ["{name} is {{no}} fact of {kind}", "Did you mean {near}?"]
    assert list(messages._spoken(ast.parse("raise RuleError('not for people')"))) == []
