"""The proposed regimes: each changes what its source says it changes, nothing before its start, and no two are the same.

CE is A. Phillips-Robins and S. Winter-Levy, Carnegie Endowment, May 2025 (ai-diffusion-rule-repeal-trump).
"""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

import pytest

from penstock import decide
from penstock.decision.determination import classify
from penstock.decision.library import book, program
from penstock.decision.tables import read_table
from penstock.decision.witness import find_witness, sample_transactions
from penstock.terms.documents import read_document
from penstock.terms.errors import UnknownRegime, UnknownSwitch
from penstock.terms.numbers import dump_json
from tests.transactions import binding, chips, codified, enforced, export, party, policy, reasons, weights

ON = "2026-06-15"
DAY = dt.date(2026, 6, 15)
DESIGNS = book().regimes[1:]
CARNEGIE = [name for name in DESIGNS if name.startswith("carnegie-")]
SAMPLES = list(itertools.islice(sample_transactions(), 0, None, 211))
EXAMPLE = read_document("examples/h200_to_malaysia.yaml", str)
H100_TPP = 15_825
DEAL = {"g2g_arrangement": True}
BIG = chips(tpp=60_000)  # a chip above the numbers of the review lane for China


# ---- what holds for every design


@pytest.mark.parametrize("name", DESIGNS)
def test_a_design_compiles_on_every_day_it_changes(name: str) -> None:
    for day in book().change_days(dt.date(2025, 1, 1), dt.date(2028, 12, 31), name)[::3]:
        assert program(day, regime=name).outputs


@pytest.mark.parametrize("name", DESIGNS)
def test_a_design_answers_the_example_of_the_readme(name: str) -> None:
    answer = decide(EXAMPLE, on=ON, regime=name)
    assert {verdict.outcome for verdict in answer.verdicts.values()} <= {
        "no_license_required",
        "authorization_available",
        "license_required",
    }


@pytest.mark.parametrize("name", DESIGNS)
def test_an_answer_under_a_design_says_that_it_is_not_law(name: str) -> None:
    act = book().instruments[name]
    assert act.force == "proposed"
    assert any(note.startswith(f"Not law: {act.title}") for note in decide(EXAMPLE, on=ON, regime=name).notes)


@pytest.mark.parametrize("name", DESIGNS)
@pytest.mark.parametrize("ago", [1, 90])
def test_a_design_leaves_every_earlier_answer_byte_identical(name: str, ago: int) -> None:
    """But for the name of the regime, and for what-if that moves the act to a later day."""
    day = book().instruments[name].effective - dt.timedelta(days=ago)
    assert book().law(day, regime=name).hash == book().law(day).hash
    for facts in (*SAMPLES, EXAMPLE):
        proposed, actual = (decide(facts, on=day, regime=regime).document(what_if=False) for regime in (name, "actual"))
        assert dump_json(proposed | {"regime": "actual"}) == dump_json(actual)


@pytest.mark.parametrize(("a", "b"), [*itertools.combinations(book().regimes, 2)])
def test_a_sample_transaction_tells_two_regimes_apart(a: str, b: str) -> None:
    found = find_witness(book().law(DAY, regime=a), book().law(DAY, regime=b))
    assert found is not None
    assert found.before != found.after


@pytest.mark.parametrize(("a", "b"), [*itertools.combinations(DESIGNS, 2)])
def test_any_two_designs_stack(a: str, b: str) -> None:
    answer = decide(EXAMPLE, on=ON, regime=f"{a}+{b}")
    assert {a, b} <= set(answer.program.law.active)


def test_of_two_designs_that_write_the_same_the_last_one_counts() -> None:
    patch, repeal = "south-east-asia-patch", "repeal-to-embargo-only"
    assert enforced(export("MY"), ON, regime=f"{repeal}+{patch}").outcome == "license_required"
    assert enforced(export("MY"), ON, regime=f"{patch}+{repeal}").outcome == "no_license_required"


def test_designs_do_not_move_the_days_on_which_actual_law_changes() -> None:
    first, last = dt.date(2026, 2, 4), dt.date(2026, 3, 31)  # two designs begin between them, on 2026-02-26 and 2026-03-26
    assert book().change_days(first, last) == []
    assert book().change_days(first, last, "chip-security") == [dt.date(2026, 3, 26)]


def test_an_unknown_regime_names_the_nearest() -> None:
    with pytest.raises(UnknownRegime) as caught:
        book().law(DAY, regime="diffusion-as-written+use-base")
    assert caught.value.nearest == "use-based"


# ---- CE option 1, revised tiers


def test_wider_favored_list() -> None:
    """CE option 1: Israel, Poland, Portugal, Switzerland, Iceland and every EU member join the favored group."""
    name = "carnegie-wider-favored-list"
    for place in ("IL", "PL", "PT", "CH", "IS", "CY"):
        assert codified(export(place), ON).path == "LICENSE"
        assert codified(export(place), ON, regime=name).path == "AIA"
    assert codified(export("RS"), ON, regime=name).path == "LICENSE"  # not named, not in the EU
    assert len(book().law(DAY, regime=name).members("SUPP5A")) == 19 + 20


@pytest.mark.parametrize(("year", "h100"), [(2025, 300), (2026, 600), (2027, 1200), (2028, 2400), (2029, 2400)])
def test_lower_low_volume_limit(year: int, h100: int) -> None:
    """CE option 1: about 300 H100 equivalents, doubling each year for the next three years."""
    name, day, limit = "carnegie-lower-low-volume-limit", f"{year}-07-01", h100 * H100_TPP
    within, above = (export("BR", chips(aggregate_tpp=amount)) for amount in (limit, limit + 1))
    assert codified(within, day, regime=name).path == "LPP"
    assert codified(above, day, regime=name).path == "LICENSE"


def test_promotion_path() -> None:
    """CE option 1: a government agreement moves a middle-group country to the favored group."""
    name = "carnegie-promotion-path"
    for place in ("MY", "SA"):
        assert codified(export(place), ON, regime=name).path == "LICENSE"
        assert codified(export(place, documents=DEAL), ON).path == "LICENSE"
        assert codified(export(place, documents=DEAL), ON, regime=name).path == "AIA"
    assert "headquarters_not_supp5a" in reasons(
        codified(export("MY", consignee=party("MY", "CN"), documents=DEAL), ON, regime=name), "AIA"
    )
    assert policy(codified(export("CN", BIG, documents=DEAL), ON, regime=name)) == "presumption_of_denial"


def test_promotion_ends_the_allocation() -> None:
    """CE option 1: favored treatment in review too: approval beyond the allocation, and no debit of it."""
    name = "carnegie-promotion-path"
    item = chips(designer={"status": "neither"}, aggregate_tpp=900_000_000)
    before, after = (codified(export("MY", item, documents=DEAL), ON, regime=regime) for regime in ("actual", name))
    assert (policy(before), [entry["id"] for entry in before.block["ledger"]]) == ("mixed", ["country_allocation"])
    assert (policy(after), after.block["ledger"]) == ("presumption_of_approval", [])


def test_higher_allocation() -> None:
    """CE option 1: a higher cap for India and partners like it; the factor is Penstock's assumption and can be set."""
    name, used = "carnegie-higher-allocation", {"licensed_tpp_destination_since_2025": 1_000_000_000}
    asked = {place: export(place, counters={**used, "lpp_tpp_received_this_year": 0}) for place in ("IN", "MY")}
    assert policy(codified(asked["IN"], ON)) == "policy_of_denial"
    assert policy(codified(asked["IN"], ON, regime=name)) == "presumption_of_approval"
    assert policy(codified(asked["MY"], ON, regime=name)) == "policy_of_denial"
    for factor, limit in ((None, 4), (2, 2)):
        chosen = {} if factor is None else {"KEY_PARTNER_FACTOR": factor}
        answer = codified(asked["IN"], ON, regime=name, switches=chosen)
        assert answer.block["ledger"][0]["limit_tpp"] == limit * 790_000_000


def test_no_seven_percent_rule() -> None:
    """CE option 1: trusted operators keep the overall limit (25 % outside) and drop the 7 % for one country."""
    name = "carnegie-no-seven-percent-rule"

    def held(outside: float, one: float | None) -> dict[str, Any]:
        shares: dict[str, Any] = {"uveu_share_outside_supp5a": outside, "uveu_share_outside_us": outside}
        shares |= {"lpp_tpp_received_this_year": 0, "licensed_tpp_destination_since_2025": 0}
        shares |= {} if one is None else {"uveu_share_by_country": {"MY": one}}
        status = [{"type": "UVEU", "holder": "Buyer"}]
        return export("MY", consignee=party("MY", "US"), authorizations_held=status, counters=shares)

    assert codified(held(0.2, 0.08), ON).path == "LICENSE"
    assert codified(held(0.2, 0.08), ON, regime=name).path == "UVEU"
    assert codified(held(0.2, None), ON, regime=name).path == "UVEU"  # the share that no longer counts is not asked for
    assert codified(held(0.26, 0.08), ON, regime=name).path == "LICENSE"


def test_revised_tiers_enforce_the_rule_with_all_five() -> None:
    """CE option 1: the five together, on top of the 2025 rule enforced."""
    name = "carnegie-revised-tiers"
    assert enforced(export("BR"), ON).outcome == "no_license_required"
    assert binding(enforced(export("BR"), ON, regime=name)) == {"worldwide_a"}
    assert enforced(export("PL"), ON, regime=name).path == "AIA"
    assert set(CARNEGIE) <= set(book().law(DAY, regime=name).active)


def test_a_stack_begins_when_the_stack_does() -> None:
    """diffusion-as-written begins on 2025-01-13, and inside the revised tiers not before they do."""
    before, after = (book().law(dt.date(2025, 5, day), regime="carnegie-revised-tiers") for day in (12, 13))
    assert "diffusion-as-written" not in before.active
    assert "diffusion-as-written" in after.active


# ---- CE options 2 to 4


def test_us_monopoly() -> None:
    """CE option 2: the whole world, allies included, above a low threshold; presumption of denial."""
    name = "us-monopoly"
    for place in ("JP", "GB", "MY", "AE", "CN"):
        answer = enforced(export(place), ON, regime=name)
        assert "worldwide_chips" in binding(answer)
        assert (answer.path, policy(answer)) == ("LICENSE", "presumption_of_denial")
    assert enforced(export("US"), ON, regime=name).outcome == "no_license_required"
    small = {"kind": "integrated_circuit", "datacenter": True, "performance_density": 1}
    assert enforced(export("JP", {**small, "tpp": 1599}), ON, regime=name).outcome == "no_license_required"
    assert enforced(export("JP", {**small, "tpp": 1600}), ON, regime=name).outcome == "license_required"
    assert enforced(export("JP", chips(datacenter=False)), ON, regime=name).path == "LICENSE"  # no ACA


def test_the_threshold_of_us_monopoly_can_be_set() -> None:
    item = {"kind": "integrated_circuit", "datacenter": True, "performance_density": 1, "tpp": 2000}
    chosen = {"MONOPOLY_TPP": "2000.5"}
    assert enforced(export("JP", item), ON, regime="us-monopoly", switches=chosen).outcome == "no_license_required"


def test_repeal_gives_back_the_law_of_january_2025() -> None:
    """CE option 3, first variant: back to January 2025. The day before 90 FR 4544 took effect is 2025-01-12."""
    for facts in SAMPLES:
        then = decide(facts, on="2025-01-12").verdicts
        now = decide(facts, on="2025-06-01", regime="repeal-to-pre-2025").verdicts
        assert now == then


def test_repeal_keeps_what_came_later() -> None:
    """91 FR 1684 (the review lane for China) and 91 FR 43034 (the United Arab Emirates) amend what is left."""
    name = "repeal-to-pre-2025"
    lane = chips(tpp=15_832, quantity=100, memory_bandwidth_gbps=4800, commercially_available_in_us=True)
    del lane["aggregate_tpp"]
    assert policy(enforced(export("CN", lane), ON, regime=name)) == "case_by_case"
    later, free = "2026-09-01", party("AE", uae_status="us_ai_company")
    assert codified(export("AE", consignee=free), later, regime=name).outcome == "no_license_required"
    assert codified(export("AE"), later, regime=name).outcome == "license_required"
    for_china = export("AE", parties={"ultimate_consignee": free, "end_user": party("AE", "CN")})
    assert binding(codified(for_china, later, regime=name)) == {"headquarters"}
    assert codified(export("AE", chips(datacenter=False)), later, regime=name).path == "ACA"


def test_repeal_takes_the_weights_and_the_one_year_license_with_it() -> None:
    """4E091, License Exceptions AIA, ACM and LPP and the one-year license all came with 90 FR 4544."""
    name = "repeal-to-pre-2025"
    assert codified(export("BR", weights()), ON).license_required is True
    assert codified(export("BR", weights()), ON, regime=name).license_required is False
    answer = codified(export("SA"), ON, regime=name)
    assert answer.block["license"]["validity_months"] == 48
    assert {entry["id"] for entry in answer.block["authorizations"]["unavailable"]} == {"ACA", "HBM", "NAC"}


def test_embargo_only() -> None:
    """CE option 3, second variant: controls only on arms-embargoed countries, everyone else free."""
    name = "repeal-to-embargo-only"
    for place in ("SA", "AE", "VN", "KZ", "MY"):
        assert codified(export(place), ON, regime=name).outcome == "no_license_required"
    for facts in (export("CN", BIG), export("MO", BIG), export("SA", consignee=party("SA", "CN"))):
        assert policy(codified(facts, ON, regime=name)) == "presumption_of_denial"


def test_bilateral_deals() -> None:
    """CE option 4: a license for every country, lifted by individual agreements; denial without one."""
    name = "bilateral-deals"
    for place in ("GB", "MY", "SA"):
        assert policy(enforced(export(place), ON, regime=name)) == "presumption_of_denial"
        assert enforced(export(place, documents=DEAL), ON, regime=name).outcome == "no_license_required"
    for facts in (export("CN", BIG, documents=DEAL), export("SA", consignee=party("SA", "CN"), documents=DEAL)):
        assert policy(enforced(facts, ON, regime=name)) == "presumption_of_denial"
    free = export("AE", consignee=party("AE", uae_status="supp8_other"))
    assert enforced(free, "2026-09-01", regime=name).outcome == "no_license_required"


# ---- drafts, bills and commentary


def test_south_east_asia_patch() -> None:
    """Draft reported 2025-07-04: Malaysia and Thailand join the licensed destinations."""
    name = "south-east-asia-patch"
    for place in ("MY", "TH"):
        assert enforced(export(place), ON).outcome == "no_license_required"
        answer = enforced(export(place, chips(aggregate_tpp=1_000_000)), ON, regime=name)
        assert (answer.path, policy(answer)) == ("LICENSE", "presumption_of_approval")
    assert enforced(export("PH"), ON, regime=name).outcome == "no_license_required"
    assert enforced(export("MY"), "2026-09-01", regime=name).outcome == "license_required"  # also after 91 FR 43034


@pytest.mark.parametrize(
    ("gb300", "documents", "said"),
    [
        (1_000, {}, "presumption_of_approval"),
        (1_001, {}, "case_by_case"),
        (200_000, {}, "case_by_case"),
        (200_001, {}, "presumption_of_denial"),
        (200_001, DEAL, "case_by_case"),
    ],
)
def test_global_permits_by_size(gb300: int, documents: dict[str, Any], said: str) -> None:
    """Press reports: simplified up to 1,000 GB300, conditions up to 200,000, government commitments above."""
    tpp = classify({"item": {"chip": "gb300"}}, on=ON)["tpp"]
    facts = export("GB", chips(aggregate_tpp=gb300 * tpp), documents=documents)
    answer = enforced(facts, ON, regime="global-permits-2026-draft")
    assert (binding(answer), policy(answer)) == ({"global_permit"}, said)


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        (export("CN"), "no_license_required"),
        (export("CN", end_use={"types": ["model_training_4e091"]}), "license_required"),
        (export("MY", end_use={"types": ["model_training_4e091"]}), "no_license_required"),
        (export("MY", end_use={"types": ["model_training_4e091"], "beneficiary_headquarters": "CN"}), "license_required"),
        (export("CN", end_use={"types": ["commercial_ai_training"], "training_operations": 9.9e25}), "no_license_required"),
        (export("CN", end_use={"types": ["commercial_ai_training"], "training_operations": 1.0e26}), "license_required"),
        (export("CN", end_use={"types": ["military"]}), "license_required"),
    ],
)
def test_use_based(facts: dict[str, Any], outcome: str) -> None:
    """Commentary of May 2025: large training, military and intelligence use for embargoed parties, not the country."""
    answer = enforced(facts, ON, regime="use-based")
    assert answer.outcome == outcome
    assert binding(answer) == ({"restricted_use"} if outcome == "license_required" else set())


def test_use_based_reaches_compute_that_is_rented_out() -> None:
    customer = {"operator": party("MY"), "iaas_customer": party("CN")}
    facts = export("MY", activity={"type": "iaas"}, parties=customer, end_use={"types": ["model_training_4e091"]})
    assert enforced(facts, ON).outcome == "no_license_required"
    assert policy(enforced(facts, ON, regime="use-based")) == "presumption_of_denial"


def _open(entries: list[dict[str, Any]]) -> dict[str, str]:
    return {entry["id"]: entry["status"] for entry in entries}


def test_chip_security_adds_conditions_and_bars_nothing() -> None:
    """Chip Security Act: location verification before export; Foster proposal: no boot without a license."""
    name, asked = "chip-security", {"location_verification", "boot_license"}
    plain, more = (enforced(export("BR"), ON, regime=regime) for regime in ("actual", name))
    assert (plain.outcome, plain.may_proceed) == ("no_license_required", "clear")
    assert (more.outcome, more.may_proceed) == ("no_license_required", "with_conditions")
    assert _open(more.block["conditions"]) == dict.fromkeys(asked, "unknown")
    assert "diversion_report" in {duty["id"] for duty in more.block["duties"]}
    shown = export("BR", documents={"location_verification": True, "boot_license": False})
    assert _open(enforced(shown, ON, regime=name).block["conditions"]) == {
        "location_verification": "met",
        "boot_license": "unmet",
    }
    assert "conditions" not in enforced(export("BR", {"eccn": "EAR99"}), ON, regime=name).block


def test_chip_security_goes_on_top_of_any_regime() -> None:
    asked = {"location_verification", "boot_license"}
    aia = codified(export("JP"), ON, regime="chip-security").block["authorizations"]["available"][0]
    assert asked < set(_open(aia["conditions"]))
    license = enforced(export("JP"), ON, regime="us-monopoly+chip-security").block["license"]
    assert asked == set(_open(license["conditions"]))


# ---- tables, parameters, forces and masks


def test_tables_are_read_under_a_design() -> None:
    limits = read_table("lpp_limit_tpp", ["2026", "2027"], book().law(DAY, regime="carnegie-lower-low-volume-limit"), DAY)
    assert limits["values"] == {"2026": 600 * H100_TPP, "2027": 1200 * H100_TPP}
    allocations = read_table("country_allocation_tpp", ["IN", "MY"], book().law(DAY, regime="carnegie-higher-allocation"), DAY)
    assert allocations["values"] == {"IN": 4 * 790_000_000, "MY": 790_000_000}
    assert read_table("country_allocation_tpp", ["MY"], book().law(DAY, regime="us-monopoly"), DAY)["values"] == {"MY": None}


def test_what_penstock_assumes_is_said() -> None:
    notes = decide(EXAMPLE, on=ON, regime="us-monopoly").notes
    assert any(note.startswith("Assumed by Penstock: MONOPOLY_TPP = 1,600 TPP") for note in notes)
    chosen = decide(EXAMPLE, on=ON, regime="us-monopoly", switches={"MONOPOLY_TPP": 2000}).document(what_if=False)
    assert any(note.startswith("Chosen: MONOPOLY_TPP = 2,000 TPP") for note in chosen["assumptions"])
    assert chosen["switches"]["MONOPOLY_TPP"] == 2000


@pytest.mark.parametrize(("regime", "value"), [("actual", 4), ("carnegie-higher-allocation", "four")])
def test_a_parameter_wants_its_regime_and_a_number(regime: str, value: Any) -> None:
    with pytest.raises(UnknownSwitch, match="KEY_PARTNER_FACTOR"):
        book().law(DAY, regime=regime, switches={"KEY_PARTNER_FACTOR": value})


def test_a_requirement_of_a_design_is_not_in_the_cfr_and_takes_no_bit() -> None:
    answer = decide(export("JP"), on=ON, regime="us-monopoly")
    (requirement,) = answer.enforced.block["requirements"]
    assert (requirement["id"], requirement["text_in_cfr"], requirement["force"]) == ("worldwide_chips", False, "proposed")
    assert answer.verdicts["enforced"].fired == 0


def test_the_tariff_goes_with_the_lane_it_rests_on() -> None:
    """The charge falls due on the test before export that the lane asks for; without the lane nothing is left of it."""
    law = book().law(DAY, regime="us-monopoly")
    assert "h200_lane" not in law.standings
    assert "tariff_232" not in law.standings
    assert "tariff_232" in book().law(DAY).standings
    chip = {"kind": "integrated_circuit", "chip": "h200-sxm", "quantity": 10, "commercially_available_in_us": True}
    charges = [enforced(export("CN", chip), ON, regime=name).block["charges"] for name in ("actual", "us-monopoly")]
    assert [[charge["id"] for charge in found] for found in charges] == [["tariff_232"], []]


def test_the_seven_designs_answer_the_example_differently_from_one_another() -> None:
    names = ("carnegie-revised-tiers", "us-monopoly", "repeal-to-pre-2025", "repeal-to-embargo-only", "bilateral-deals",
             "global-permits-2026-draft", "use-based", "chip-security")  # fmt: skip
    answers = {name: decide(EXAMPLE, on=ON, regime=name) for name in names}
    assert {name: answer.enforced.outcome for name, answer in answers.items()} == {
        "carnegie-revised-tiers": "license_required",
        "us-monopoly": "license_required",
        "repeal-to-pre-2025": "no_license_required",
        "repeal-to-embargo-only": "no_license_required",
        "bilateral-deals": "license_required",
        "global-permits-2026-draft": "license_required",
        "use-based": "no_license_required",
        "chip-security": "no_license_required",
    }
    assert [policy(answers[name].enforced) for name in ("us-monopoly", "bilateral-deals", "global-permits-2026-draft")] == [
        "presumption_of_denial", "presumption_of_denial", "presumption_of_approval"
    ]  # fmt: skip
    assert {entry["id"] for entry in answers["chip-security"].enforced.block["conditions"]} == {
        "location_verification", "boot_license"
    }  # fmt: skip
