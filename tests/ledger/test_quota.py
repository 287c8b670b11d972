"""Buckets from law, counters from a ledger, and the duties that follow."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from penstock.decision import book, decide
from penstock.ledger import Attest, Commit, Open, Recap, Reserve, State, apply
from penstock.ledger.counters import counters, with_counters
from penstock.ledger.duties import draft, owed
from penstock.ledger.quota import country_allocation, debits, law_quota, quota_under, subject_name
from penstock.ledger.records import record_of
from penstock.terms.documents import read_facts
from penstock.terms.errors import BadEnum, ConflictingFacts, DateOutOfRange, MissingRequired

ON = dt.date(2026, 6, 15)
HOLDER = "Example Cloud"
H200_TPP = 15_831_200


def document(quantity: int = 1000, **more: Any) -> dict[str, Any]:
    """Return an export of H200s to Malaysia, with counters unless they are given."""
    consignee = {"name": "Example Data Sdn Bhd", "country": "MY", "headquarters": "MY", "parent_headquarters": "MY", "lists": []}
    return {
        "activity": {"type": "export"},
        "origin": {"country": "US"},
        "destination": {"country": "MY"},
        "item": {"chip": "h200-sxm", "quantity": quantity, "designer": {"status": "approved"}},
        "parties": {"ultimate_consignee": consignee | more.pop("consignee", {})},
        "end_use": {"types": ["datacenter_operation"]},
        "counters": {"lpp_tpp_received_this_year": 0, "licensed_tpp_destination_since_2025": 0},
        **more,
    }


def cloud(on: dt.date = ON, regime: str = "actual", **more: Any) -> list[tuple[str, tuple[int, int] | None]]:
    """Return the buckets a universal validated end user from the United States draws on in Malaysia."""
    shares = {"uveu_share_outside_supp5a": 0.1, "uveu_share_outside_us": 0.2, "uveu_share_by_country": {"MY": 0.05}}
    consignee = {"name": HOLDER, "headquarters": "US", "parent_headquarters": "US"}
    held = [{"type": "UVEU", "holder": HOLDER}]
    asked = document(consignee=consignee, authorizations_held=held, counters=shares, **more)
    found = debits(decide(asked, on=on, regime=regime), "codified")
    return [(debit.quota.name, debit.quota.share) for debit in found]


# ---- which buckets, how large


def test_the_low_volume_limit_is_counted_per_parent_and_year() -> None:
    (debit,) = debits(decide(document(), on=ON), "codified")
    assert debit.quota.name == "lpp_calendar_year/example data sdn bhd/2026@actual"
    assert (debit.quota.cap, debit.amount) == (26_900_000, H200_TPP)
    (other,) = debits(decide(document(consignee={"parent_name": "EXAMPLE  Holding"}), on=dt.date(2025, 12, 1)), "codified")
    assert other.quota.name == "lpp_calendar_year/example holding/2025@actual"


def test_what_is_enforced_today_draws_on_nothing() -> None:
    assert debits(decide(document(), on=ON), "enforced") == ()


def test_a_license_draws_on_the_allocation_of_the_destination() -> None:
    (debit,) = debits(decide(document(2000), on=ON), "codified")
    assert (debit.quota.name, debit.quota.cap) == ("country_allocation/MY/2025-2027@actual", 790_000_000)


def test_the_lane_is_counted_per_product_as_a_share_of_its_volume_in_the_united_states() -> None:
    counted = {"product_tpp_us": 10_000_000_000, "product_tpp_cn_mo": 0, "licensed_tpp_destination_since_2025": 0}
    buyer = {"name": "Buyer Co", "country": "CN", "headquarters": "CN", "parent_headquarters": "CN", "owners": []}
    papers = ("us_supply_sufficient", "no_foundry_diversion", "no_restricted_end_use", "kyc_and_security", "us_lab_test")
    asked = document(
        counters=counted, destination={"country": "CN"}, consignee=buyer, documents={"dd": dict.fromkeys(papers, True)}
    )
    asked["item"]["commercially_available_in_us"] = True
    (debit,) = debits(decide(asked, on=dt.date(2026, 2, 1)), "enforced")
    assert (debit.quota.name, debit.quota.basis) == ("h200_lane/h200-sxm/always@actual", "us_volume/h200-sxm")
    assert (debit.quota.cap, debit.quota.share, debit.amount) == (None, (1, 2), H200_TPP)


def test_an_installed_base_is_counted_in_every_quarter_to_come() -> None:
    held = [{"type": "NVEU", "holder": "Example Data Sdn Bhd", "countries": ["MY"]}]
    answer = decide(document(2000, authorizations_held=held, counters={"nveu_installed_tpp": 0}), on=ON)
    found = debits(answer, "codified")
    assert [debit.quota.window for debit in found] == ["2026Q2", "2026Q3", "2026Q4", "2027Q1", "2027Q2", "2027Q3", "2027Q4"]
    assert [debit.quota.cap for debit in found][:2] == [2_690_250_000, 3_481_500_000]
    assert len({debit.amount for debit in found}) == 1


def test_shares_are_of_attested_compute() -> None:
    assert cloud() == [
        ("uveu_outside_supp5a/example cloud/always@actual", (1, 4)),
        ("uveu_outside_us/example cloud/always@actual", (1, 2)),
        ("uveu_single_country/example cloud+MY/always@actual", (7, 100)),
    ]


def test_the_seven_percent_rule_is_gone_under_the_design_that_removes_it() -> None:
    regime = "carnegie-no-seven-percent-rule"
    assert [name.partition("/")[0] for name, _ in cloud(regime=regime)] == ["uveu_outside_supp5a", "uveu_outside_us"]


def test_a_new_regime_changes_caps_without_code() -> None:
    india = country_allocation(book().law(ON, None, "carnegie-higher-allocation"), "IN", ON)
    assert (india.cap, india.name) == (3_160_000_000, "country_allocation/IN/2025-2027@carnegie-higher-allocation")
    lower = law_quota("lpp_calendar_year/x/2026@carnegie-lower-low-volume-limit", ON)
    assert lower is not None
    assert lower.cap is not None
    assert lower.cap < 26_900_000


def test_no_allocation_is_set_after_its_period() -> None:
    with pytest.raises(DateOutOfRange, match="2027-12-31"):
        country_allocation(book().law(dt.date(2028, 1, 1)), "MY", dt.date(2028, 1, 1))


def test_a_quota_counted_for_a_party_needs_its_name() -> None:
    asked = document()
    del asked["parties"]["ultimate_consignee"]["name"]
    with pytest.raises(MissingRequired, match="parent_name"):
        debits(decide(asked, on=ON), "codified")


def test_amounts_are_rounded_up() -> None:
    item = {
        "item": {"kind": "integrated_circuit", "eccn": "3A090.a", "aggregate_tpp": 1000.2, "designer": {"status": "approved"}}
    }
    (debit,) = debits(decide(document() | item, on=ON), "codified")
    assert debit.amount == 1001


def test_names_are_counted_in_one_spelling() -> None:
    assert subject_name("ＥＸＡＭＰＬＥ Data") == subject_name("example  data ")
    assert "/" not in subject_name("a/b@c+d")


# ---- counters


def ledger(*amounts: tuple[str, int | None, int]) -> State:
    state = State()
    for number, (name, cap, used) in enumerate(amounts):
        apply(state, Open("law", f"o{number}", name, cap, "cite"), 0)
        if used:
            apply(state, Reserve("x", f"r{number}", ((number, used),)), 0)
            apply(state, Commit("x", f"c{number}", ("x", f"r{number}")), 0)
    return state


def test_counters_come_from_the_ledger() -> None:
    state = ledger(("country_allocation/MY/2025-2027@actual", 790_000_000, 5),
                   ("lpp_calendar_year/example data sdn bhd/2026@actual", 26_900_000, 7),
                   ("lpp_calendar_year/example data sdn bhd/2025@actual", 26_900_000, 1000),
                   ("nveu_installed_base/example data sdn bhd+MY/2026Q2@actual", 1, 1))  # fmt: skip
    asked = document()
    del asked["counters"]
    facts = with_counters(read_facts(asked), state, ON)
    assert {name: value for name, value in facts.values.items() if name.startswith("counters.")} == {
        "counters.licensed_tpp_destination_since_2025": 5,
        "counters.lpp_tpp_received_this_year": 7,
        "counters.aia_tpp_cumulative": 0,
        "counters.nveu_installed_tpp": 1,
    }


def test_an_agreement_shows_as_an_uplift() -> None:
    state = ledger(("country_allocation/MY/2025-2027@actual", 790_000_000, 0))
    apply(state, Recap("law", "r", 0, 1_580_000_000, "742.6(b)(10)(iii)(C)"), 0)
    found = counters(read_facts(document()), book().law(ON), ON, state)
    assert found["counters.country_allocation_uplift"] == 1


def test_shares_are_those_after_the_shipment() -> None:
    state = ledger(("uveu_single_country/example cloud+MY/always@actual", None, 0))
    apply(state, Attest("x", "t", "compute/example cloud", 10 * H200_TPP, "2026-02-01", "ab"), 0)
    asked = document(consignee={"name": HOLDER, "headquarters": "US", "parent_headquarters": "US"})
    found = counters(read_facts(asked), book().law(ON), ON, state)
    assert found["counters.uveu_share_by_country"][0]["share"] * 10 == 1
    assert found["counters.uveu_share_outside_supp5a"] * 10 == 1


def test_a_counter_that_contradicts_the_ledger_is_refused() -> None:
    with pytest.raises(ConflictingFacts, match="the ledger says 7"):
        with_counters(read_facts(document()), ledger(("lpp_calendar_year/example data sdn bhd/2026@actual", None, 7)), ON)


# ---- duties


def shipped(on: dt.date, key: str, **more: Any) -> Any:
    answer = decide(document(**more), on=on)
    return record_of(answer, "codified", debits(answer, "codified"), document(**more), {"client": "acme", "key": key})


def test_a_low_volume_shipment_owes_its_papers() -> None:
    found = owed([shipped(ON, "PO-1"), shipped(ON, "PO-2", quantity=10)], book().law(ON), dt.date(2026, 12, 31))
    dated = {(duty.id, duty.about): duty.due for duty in found}
    assert dated["lpp_prenotice", "PO-1"] == ON
    assert ("lpp_prenotice", "PO-2") not in dated
    assert dated["lpp_copy_to_bis", "PO-2"] == dt.date(2026, 7, 15)
    assert ("lpp_consignee_limit_notice", "PO-1") not in dated


def test_the_shipment_that_exhausts_the_limit_owes_a_notice() -> None:
    full = shipped(ON, "PO-3", counters={"lpp_tpp_received_this_year": 26_900_000 - H200_TPP})
    found = owed([full], book().law(ON), dt.date(2026, 12, 31))
    assert "lpp_consignee_limit_notice" in {duty.id for duty in found}


def test_a_certificate_goes_to_bis_at_the_cumulative_threshold() -> None:
    consignee = {"country": "JP", "headquarters": "JP", "parent_headquarters": "JP"}
    places: dict[str, Any] = {"consignee": consignee, "destination": {"country": "JP"}}
    below = shipped(ON, "a", counters={"aia_tpp_cumulative": 253_000_000 - H200_TPP - 1}, **places)
    at = shipped(ON, "b", counters={"aia_tpp_cumulative": 253_000_000 - H200_TPP}, **places)
    assert below.document["path"] == at.document["path"] == "AIA"
    found = owed([below, at], book().law(ON), dt.date(2026, 12, 31))
    assert [duty.about for duty in found if duty.id == "aia_submit_certification_to_bis"] == ["b"]


def veu(on: dt.date, key: str, **more: Any) -> Any:
    shares = {"uveu_share_outside_supp5a": 0.1, "uveu_share_outside_us": 0.2, "uveu_share_by_country": {"MY": 0.05}}
    consignee = {"name": HOLDER, "headquarters": "US", "parent_headquarters": "US"}
    return shipped(
        on, key, consignee=consignee, counters=shares, authorizations_held=[{"type": "UVEU", "holder": HOLDER}], **more
    )


def test_a_validated_end_user_reports_on_both_calendars() -> None:
    found = owed([veu(ON, "a"), veu(dt.date(2026, 7, 2), "b")], book().law(ON), dt.date(2027, 2, 1))
    dated = [(duty.due, duty.id, duty.about) for duty in found if "report" in duty.id]
    assert dated == [
        (dt.date(2026, 7, 15), "veu_inventory_report", "2026-01-01 to 2026-06-30"),
        (dt.date(2026, 8, 1), "veu_chip_report", "2026-01-01 to 2026-06-30"),
        (dt.date(2027, 1, 15), "veu_inventory_report", "2026-07-01 to 2026-12-31"),
        (dt.date(2027, 2, 1), "veu_chip_report", "2026-07-01 to 2026-12-31"),
    ]
    chips = [duty.figures["installed_tpp_by_country"] for duty in found if duty.id == "veu_chip_report"]
    assert chips == [{"MY": H200_TPP}, {"MY": 2 * H200_TPP}]


def test_a_universal_end_user_gives_notice_of_places_and_moves() -> None:
    exporter = {"name": HOLDER, "country": "US"}
    item = {"chip": "h200-sxm", "quantity": 1000, "designer": {"status": "approved"}, "subject_to_ear": True}
    moved = veu(dt.date(2026, 7, 2), "b", activity={"type": "reexport"}, item=item)
    moved.document["parties"]["exporter"] = exporter["name"]
    found = owed([veu(ON, "a"), moved], book().law(ON), dt.date(2027, 2, 1))
    notices = {duty.id: (duty.due, duty.about) for duty in found if "notice" in duty.id}
    assert notices == {
        "uveu_new_location_notice": (ON - dt.timedelta(days=180), "a"),
        "uveu_move_notice": (dt.date(2026, 7, 2) - dt.timedelta(days=60), "b"),
    }


def test_a_notice_is_owed_for_each_data_center() -> None:
    def at(key: str, site: str, month: int) -> Any:
        record = veu(dt.date(2026, month, 1), key)
        return record_of(
            decide(record.document["facts"], on=record.on),
            "codified",
            (),
            record.document["facts"],
            {"client": "acme", "key": key, "site": site},
        )

    records = [at("a", "Johor 1", 6), at("b", "JOHOR  1", 7), at("c", "Johor 2", 8), veu(dt.date(2026, 9, 1), "d")]
    found = [duty for duty in owed(records, book().law(ON), dt.date(2027, 2, 1)) if duty.id == "uveu_new_location_notice"]
    assert [(duty.about, duty.due) for duty in found] == [
        (key, dt.date(2026, month, 1) - dt.timedelta(days=180)) for key, month in (("a", 6), ("c", 8), ("d", 9))
    ]
    assert found[1].text == "Notify BIS before shipments to a new data center in MY, Johor 2."
    assert found[1].figures["site"] == "Johor 2"


def test_a_bucket_is_made_by_the_law_of_another_regime() -> None:
    day = dt.date(2025, 6, 1)
    assert quota_under("country_allocation/MY/2025-2027@diffusion-as-written", day).cap == 790_000_000
    seven = quota_under("uveu_single_country/example+MY/always@diffusion-as-written", day)
    assert (seven.share, seven.basis) == ((7, 100), "compute/example")
    with pytest.raises(BadEnum, match="no quota of the kind uveu_single_country"):
        quota_under("uveu_single_country/example+MY/always@diffusion-as-written+carnegie-no-seven-percent-rule", day)
    with pytest.raises(DateOutOfRange, match="sets no allocation"):
        quota_under("country_allocation/MY/2025-2027@repeal-to-pre-2025", dt.date(2026, 6, 15))


def test_a_duty_is_drafted_ready_to_sign() -> None:
    found = owed([shipped(ON, "PO-1")], book().law(ON), dt.date(2026, 12, 31))
    text = draft(next(duty for duty in found if duty.id == "lpp_copy_to_bis"))
    assert "Under: 740.29(g)(1), due 2026-07-15" in text
    assert "- tpp: 15,831,200" in text
    assert text.rstrip().endswith("Date:")
