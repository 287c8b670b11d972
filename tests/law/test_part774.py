"""15 CFR part 774: what an item is, on either side of every parameter and date of 3A090, 4A090 and 4E091."""

from __future__ import annotations

from typing import Any

import pytest

from penstock import classify
from penstock.terms.errors import ConflictingFacts
from tests.transactions import Document, enforced, export


def eccn(on: str, **item: Any) -> str:
    """Return the class of an integrated circuit for datacenters unless said otherwise."""
    facts = {"kind": "integrated_circuit", "datacenter": True, **item}
    return str(classify({"item": facts}, on=on)["eccn"])


def told(on: str, **item: Any) -> dict[str, Any]:
    return classify({"item": {"kind": "integrated_circuit", "datacenter": True, **item}}, on=on)


# ---- the 2022 entry, 87 FR 62186


@pytest.mark.parametrize(
    ("on", "rate", "tpp", "expected"),
    [
        ("2022-10-06", 600, 4992, "none"),
        ("2022-10-07", 600, 4800, "3A090.a"),
        ("2022-10-07", 599, 4992, "none"),
        ("2022-10-07", 600, 4799, "none"),
        ("2023-11-16", 400, 4992, "none"),
        ("2023-11-17", 400, 4992, "3A090.a"),
    ],
)
def test_2022_entry_asks_for_transfer_rate_and_performance(on: str, rate: int, tpp: int, expected: str) -> None:
    """3A090 as of 87 FR 62186: at least 600 GB/s and 4800, from 2022-10-07 to 2023-11-16; then TPP and density."""
    assert eccn(on, io_bandwidth_gbps=rate, tpp=tpp, die_area_mm2=826) == expected


def test_2022_entry_has_no_paragraphs_and_no_note_2() -> None:
    """3A090 as of 87 FR 62186 reaches circuits for any market."""
    answer = told("2022-10-07", datacenter=False, io_bandwidth_gbps=600, tpp=4800)
    assert (answer["eccn"], answer["paragraphs"]) == ("3A090.a", [])


# ---- 3A090.a and .b, 88 FR 73458


@pytest.mark.parametrize(
    ("tpp", "density", "expected", "paragraphs"),
    [
        (4800, 1, "3A090.a", ["a.1"]),
        (4799.9, 1, "none", []),
        (1600, 5.92, "3A090.a", ["a.2"]),
        (1600, 5.9199, "3A090.b", ["b.2"]),
        (1599.9, 5.92, "none", []),
        (2400, 1.6, "3A090.b", ["b.1"]),
        (2399.9, 1.6, "none", []),
        (2400, 1.5999, "none", []),
        (4799.9, 5.9199, "3A090.b", ["b.1", "b.2"]),
        (1600, 3.2, "3A090.b", ["b.2"]),
        (1600, 3.1999, "none", []),
        (2400, 3.2, "3A090.b", ["b.1", "b.2"]),
        (5000, 6, "3A090.a", ["a.1"]),
    ],
)
def test_3a090_parameters_are_inclusive_below_and_exclusive_above(
    tpp: float, density: float, expected: str, paragraphs: list[str]
) -> None:
    """3A090.a.1, a.2, b.1, b.2: at or above the lower limits, below the upper ones."""
    answer = told("2025-06-01", tpp=tpp, performance_density=density)
    assert (answer["eccn"], answer["paragraphs"]) == (expected, paragraphs)


@pytest.mark.parametrize(("tpp", "expected"), [(1776, "3A090.a"), (1775.9999, "3A090.b")])
def test_density_is_compared_exactly(tpp: float, expected: str) -> None:
    """3A090.a.2, Technical Note 4: 1776 over 300 mm2 is exactly 5.92."""
    assert eccn("2025-06-01", tpp=tpp, die_area_mm2=300) == expected


def test_a_density_given_goes_before_the_quotient() -> None:
    """Contract 1(b): a performance density that is given is used instead of TPP over area."""
    assert eccn("2025-06-01", tpp=2000, die_area_mm2=2000, performance_density=6) == "3A090.a"


@pytest.mark.parametrize(
    ("datacenter", "tpp", "expected", "eligible"),
    [
        (False, 4799.9, "none", False),
        (False, 4800, "3A090.a", True),
        (True, 4800, "3A090.a", False),
        (True, 4700, "3A090.b", True),
    ],
)
def test_note_2_and_the_items_of_740_8(datacenter: bool, tpp: float, expected: str, eligible: bool) -> None:
    """Note 2 to 3A090; 740.8(a): below 4800 circuits not for datacenters are out, above it they may use NAC and ACA."""
    answer = told("2025-06-01", datacenter=datacenter, tpp=tpp, performance_density=5.9)
    assert (answer["eccn"], answer["nac_aca_eligible"]) == (expected, eligible)


@pytest.mark.parametrize(
    ("kind", "expected"), [("integrated_circuit", "3A090.a"), ("computer", "4A090.a"), ("assembly", "4A090.a")]
)
def test_computers_and_assemblies_take_4a090(kind: str, expected: str) -> None:
    """4A090: computers and assemblies are assessed by the integrated circuits in them."""
    assert eccn("2025-06-01", kind=kind, tpp=15832) == expected


def test_tpp_is_the_highest_dense_rate_times_bits() -> None:
    """3A090 Technical Notes 1 to 3: 624 dense TOPS of int8 are a TPP of 4992; sparse rates do not count."""
    rows = [
        {"format": "int8", "bit_length": 8, "tops": 624, "sparsity": "dense"},
        {"format": "int8", "bit_length": 8, "tops": 1248, "sparsity": "sparse"},
        {"format": "fp16", "bit_length": 16, "tops": 312, "sparsity": "dense"},
    ]
    assert told("2025-06-01", throughput=rows)["tpp"] == 4992


@pytest.mark.parametrize(("bits", "expected"), [("32", 4992), ("19", 2964)])
def test_tf32_is_read_by_a_switch(bits: str, expected: int) -> None:
    """3A090 Technical Note 2 does not say whether TF32 counts 32 bits or 19: 156 TFLOPS come to 4992 or to 2964."""
    rows = [{"format": "tf32", "bit_length": 32, "tops": 156, "sparsity": "dense"}]
    facts = {"item": {"kind": "integrated_circuit", "datacenter": True, "throughput": rows}}
    answer = classify(facts, on="2025-06-01", switches={"tf32_bits": bits})
    assert answer["tpp"] == expected


# ---- 3A090.c, 89 FR 96790


@pytest.mark.parametrize(
    ("on", "density", "expected"),
    [("2024-12-01", 2.5, "none"), ("2024-12-02", 2.5, "3A090.c"), ("2025-06-01", 2, "none"), ("2025-06-01", 2.0001, "3A090.c")],
)
def test_memory_is_controlled_above_its_bandwidth_density(on: str, density: float, expected: str) -> None:
    """3A090.c: strictly more than 2 GB/s per mm2, from 2024-12-02."""
    assert eccn(on, kind="hbm", hbm_bandwidth_density=density) == expected


@pytest.mark.parametrize(("function", "expected"), [("memory", "3A090.c"), ("processing", "3A090.a")])
def test_memory_co_packaged_with_logic_goes_by_its_dominant_function(function: str, expected: str) -> None:
    """3A090.c: a package whose dominant function is processing is assessed as the processor it is."""
    item = {"kind": "hbm", "hbm_bandwidth_density": 4, "copackaged_with_logic": True, "dominant_function": function}
    assert eccn("2025-06-01", **item, tpp=15832, performance_density=19) == expected


@pytest.mark.parametrize(("density", "met"), [(3.2999, True), (3.3, False)])
def test_density_of_license_exception_hbm(density: float, met: bool) -> None:
    """740.25(a): less than 3.3 GB/s per mm2."""
    assert told("2025-06-01", kind="hbm", hbm_bandwidth_density=density)["hbm_exception_density_met"] is met


# ---- 4E091, 90 FR 4544


@pytest.mark.parametrize(
    ("on", "operations", "published", "expected"),
    [
        ("2025-01-12", 3e26, False, "none"),
        ("2025-01-13", 3e26, False, "4E091"),
        ("2025-06-01", 1e26, False, "4E091"),
        ("2025-06-01", 9.999e25, False, "none"),
        ("2025-06-01", 3e26, True, "none"),
    ],
)
def test_weights_are_controlled_from_1e26_operations(on: str, operations: float, published: bool, expected: str) -> None:
    """4E091: unpublished weights of models trained with at least 10^26 operations, from 2025-01-13."""
    assert eccn(on, kind="model_weights", training_operations=operations, weights_published=published) == expected


@pytest.mark.parametrize(("tokens", "expected"), [(16e12, "none"), (17e12, "4E091")])
def test_operations_are_six_per_parameter_and_token(tokens: float, expected: str) -> None:
    """4E091 Technical Notes: 6ND; 10^12 parameters reach the limit between 16 and 17 times 10^12 tokens."""
    item = {"kind": "model_weights", "parameters": 1e12, "training_tokens": tokens, "weights_published": False}
    assert eccn("2025-06-01", **item) == expected


@pytest.mark.parametrize(
    ("original", "additional", "expected"),
    [(1e26, 2.5e25, "none"), (1e26, 2.50001e25, "4E091"), (4e26, 1e26, "none"), (4e26, 1.0001e26, "4E091")],
)
def test_derivatives_of_published_models(original: float, additional: float, expected: str) -> None:
    """4E091 Note 1, reading O4: free up to the larger of 2.5e25 operations and 25 percent of the original's."""
    item = {
        "kind": "model_weights",
        "weights_published": False,
        "base_model": {"published": True, "training_operations": original},
        "additional_training_operations": additional,
    }
    assert eccn("2025-06-01", **item) == expected


@pytest.mark.parametrize(
    ("share", "published", "expected"),
    [(0.1, False, "none"), (0.1001, True, "none"), (0.1001, False, "4E091")],
)
def test_synthetic_data_counts_above_ten_percent(share: float, published: bool, expected: str) -> None:
    """4E091 Technical Note 3: above 10 percent its making counts, and the training of an unpublished generator too."""
    item = {
        "kind": "model_weights",
        "weights_published": False,
        "training_operations": 9e25,
        "synthetic_data": {
            "unpublished_share": share,
            "generation_operations": 5e24,
            "generator_training_operations": 5e25,
            "generator_published": published,
        },
    }
    assert eccn("2025-06-01", **item) == expected


@pytest.mark.parametrize(("additional", "expected"), [(2.5e25, "none"), (2.6e25, "unknown")])
def test_a_small_derivative_is_free_whatever_its_base(additional: float, expected: str) -> None:
    """4E091 Note 1: up to 2.5e25 additional operations are free in any case, so that those of the base need not be known."""
    base = {"base_model": {"published": True}, "additional_training_operations": additional}
    assert eccn("2025-06-01", kind="model_weights", training_operations=2e26, weights_published=False, **base) == expected


@pytest.mark.parametrize(
    ("operations", "data", "expected"),
    [
        (1e26, {}, "4E091"),
        (9e25, {"generation_operations": 1e25}, "4E091"),
        (9e25, {"generation_operations": 9e24}, "unknown"),
        (9e25, {"generator_published": True}, "unknown"),
    ],
)
def test_what_is_reached_already_needs_no_generator(operations: float, data: dict[str, Any], expected: str) -> None:
    """4E091 Technical Note 3: synthetic data only add, so that what reaches 1e26 without them needs no more facts."""
    synthetic = {"unpublished_share": 0.2, **data}
    item = {"kind": "model_weights", "training_operations": operations, "weights_published": False}
    assert eccn("2025-06-01", **item, synthetic_data=synthetic) == expected


def test_models_below_the_published_frontier_are_free() -> None:
    """4E091 Note 2."""
    item = {"kind": "model_weights", "training_operations": 3e26, "weights_published": False}
    assert eccn("2025-06-01", **item, below_published_frontier=True) == "none"


# ---- Note 1 to 3A090.a, 90 FR 5298 and 91 FR 17851


def foundry(on: str, **item: Any) -> str:
    facts = {"kind": "integrated_circuit", "advanced_logic": True, "datacenter": False, "tpp": 100, **item}
    return str(classify({"item": facts}, on=on)["foundry_presumption"])


@pytest.mark.parametrize(("on", "expected"), [("2025-01-30", "not_applicable"), ("2025-01-31", "applies")])
def test_foundry_presumption_starts_with_its_compliance_date(on: str, expected: str) -> None:
    """Note 1 to 3A090.a: presumed from 2025-01-31 unless the facts state a rebuttal."""
    assert foundry(on) == expected


def test_what_is_presumed_is_3a090_a() -> None:
    """Note 1 to 3A090.a: whatever the other facts of the circuit."""
    assert eccn("2025-06-01", advanced_logic=True, datacenter=False, tpp=100) == "3A090.a"


@pytest.mark.parametrize(
    ("on", "transistors", "completed", "with_hbm", "expected"),
    [
        ("2026-06-01", 30_000_000_000 - 1, "2026-06-01", False, "rebutted"),
        ("2026-06-01", 30_000_000_000, "2026-06-01", False, "applies"),
        ("2026-06-01", 35_000_000_000 - 1, "2027-01-01", False, "rebutted"),
        ("2026-06-01", 35_000_000_000 - 1, "2026-12-31", False, "applies"),
        ("2026-06-01", 35_000_000_000 - 1, "2027-01-01", True, "applies"),
        ("2026-06-01", 35_000_000_000 - 1, "2028-01-01", False, "applies"),
        ("2026-06-01", 40_000_000_000 - 1, "2029-01-01", False, "rebutted"),
        ("2026-06-01", 40_000_000_000, "2029-01-01", False, "applies"),
    ],
)
def test_transistor_counts_by_year(on: str, transistors: int, completed: str, with_hbm: bool, expected: str) -> None:
    """Note 1 to 3A090.a, para. (b): below 30, 35 (2027) or 40 (from 2029) billion, the latter two only without HBM."""
    packaging = {"by": "approved_osat", "country": "TW", "attested": True, "export_completed_on": completed}
    assert foundry(on, transistors=transistors, contains_hbm=with_hbm, packaging=packaging) == expected


@pytest.mark.parametrize(
    ("country", "by", "expected"),
    [
        ("TW", "front_end_fabricator", "rebutted"),
        ("MO", "front_end_fabricator", "applies"),
        ("CN", "approved_osat", "rebutted"),
        ("TW", "other", "applies"),
    ],
)
def test_who_may_attest_to_the_count(country: str, by: str, expected: str) -> None:
    """Note 1 to 3A090.a, para. (b): the fabricator outside Macau and D:5, an approved OSAT anywhere, nobody else."""
    packaging = {"by": by, "country": country, "attested": True}
    assert foundry("2026-06-01", transistors=10**9, contains_hbm=False, packaging=packaging) == expected


@pytest.mark.parametrize(
    ("on", "filed", "expected"),
    [
        ("2026-12-31", None, "authorized"),
        ("2027-01-01", None, "neither"),
        ("2027-01-01", "2026-07-05", "authorized"),
        ("2027-01-01", "2026-07-04", "neither"),
        ("2027-01-01", "2027-01-02", "neither"),
    ],
)
def test_authorized_designers_need_an_application_from_2027(on: str, filed: str | None, expected: str) -> None:
    """Note 1 to 3A090.a, para. (a), as of 91 FR 17851: to 2026-12-31 freely, then for 180 days from an application."""
    designer = {"headquarters": "TW", "parent_headquarters": "TW", "agreed_to_743_9_reporting": True}
    filed_on = {"application_filed_on": filed} if filed else {}
    assert told(on, tpp=100, designer=designer | filed_on)["designer_status"] == expected


@pytest.mark.parametrize(
    ("on", "filed", "expected"),
    [
        ("2026-04-13", None, "authorized"),
        ("2026-04-14", None, "neither"),
        ("2026-04-14", "2026-04-01", "authorized"),
    ],
)
def test_the_first_date_of_authorized_designers_until_its_extension_is_known(on: str, filed: str | None, expected: str) -> None:
    """Note 1 to 3A090.a, para. (a), as of 90 FR 5298: to 2026-04-13; 91 FR 17851, known from 2026-04-07, moved it."""
    designer = {"headquarters": "TW", "parent_headquarters": "TW", "agreed_to_743_9_reporting": True}
    item = {"kind": "integrated_circuit", "tpp": 100, "designer": designer | ({"application_filed_on": filed} if filed else {})}
    assert classify({"item": item}, on=on, known="2026-04-06")["designer_status"] == expected


@pytest.mark.parametrize(
    ("designer", "expected"),
    [({"headquarters": "KR", "parent_headquarters": "KR"}, "unknown"), ({"headquarters": "BR"}, "neither"), ({}, None)],
)
def test_a_status_the_facts_leave_open_is_unknown(designer: dict[str, Any], expected: str | None) -> None:
    """Contract 6: what the facts leave open is unknown; where they speak of no designer the key has no meaning."""
    assert told("2026-06-01", tpp=100, designer=designer)["designer_status"] == expected


@pytest.mark.parametrize(
    ("eccn", "figures", "outcome"),
    [
        ("3A090", {}, "unknown"),
        ("5A992.z", {}, "unknown"),
        ("4A003.z.1", {}, "unknown"),
        ("3A090", {"tpp": 2400, "performance_density": 3}, "authorization_available"),
        ("3A090", {"tpp": 4800}, "license_required"),
        ("5A992.c", {}, "no_license_required"),
    ],
)
def test_an_entry_without_its_paragraph_leaves_the_letter_open(eccn: str, figures: Document, outcome: str) -> None:
    """3A090 and the .z paragraphs hold .a and .b items: the parameters tell which, and without them nothing is cleared."""
    item = {"kind": "computer", "eccn": eccn, "datacenter": True, **figures}
    assert enforced(export("VN", item), "2024-06-01").outcome == outcome


def test_an_entry_that_the_figures_contradict() -> None:
    """Contract 1(c): no letter of 3A090 is possible at this performance."""
    with pytest.raises(ConflictingFacts):
        enforced(export("VN", {"kind": "computer", "eccn": "3A090", "tpp": 100, "datacenter": True}), "2024-06-01")


@pytest.mark.parametrize(
    ("headquarters", "parent", "agreed", "expected"),
    [
        ("KR", "KR", True, "authorized"),
        ("KR", "CN", True, "neither"),
        ("BR", "BR", True, "neither"),
        ("KR", "KR", False, "neither"),
    ],
)
def test_who_is_an_authorized_designer(headquarters: str, parent: str, agreed: bool, expected: str) -> None:
    """Note 1 to 3A090.a, para. (a): TW, A:1 or A:5, not parented in Macau or D:5, agreed to 743.9(b) reporting."""
    designer = {"headquarters": headquarters, "parent_headquarters": parent, "agreed_to_743_9_reporting": agreed}
    assert told("2026-06-01", tpp=100, designer=designer)["designer_status"] == expected


# ---- numbers of 91 FR 1684 and of Proclamation 11002


@pytest.mark.parametrize(
    ("tpp", "bandwidth", "met"),
    [(20_999, 6_499, True), (21_000, 6_499, False), (20_999, 6_500, False), (20_999.9, 6_499.9, True)],
)
def test_lane_numbers_are_strict(tpp: float, bandwidth: float, met: bool) -> None:
    """742.6(b)(10)(iii)(A)(1): TPP below 21,000 and DRAM bandwidth below 6,500 GB/s."""
    assert told("2026-01-15", tpp=tpp, memory_bandwidth_gbps=bandwidth)["review_lane"] == {"numbers_met": met}


def test_there_is_no_lane_before_91_fr_1684() -> None:
    """91 FR 1684 took effect on 2026-01-15."""
    assert told("2026-01-14", tpp=15832, memory_bandwidth_gbps=4800)["review_lane"] is None


@pytest.mark.parametrize(
    ("on", "tpp", "bandwidth", "band"),
    [
        ("2026-01-15", 15832, 4800, "band_1"),
        ("2026-01-15", 14000, 4800, "none"),
        ("2026-01-15", 17500, 4800, "none"),
        ("2026-01-15", 15832, 4500, "none"),
        ("2026-01-15", 15832, 5000, "none"),
        ("2026-01-15", 20919, 6000, "band_2"),
        ("2026-01-15", 20800, 6000, "none"),
        ("2026-01-15", 21100, 6000, "none"),
        ("2026-01-14", 15832, 4800, None),
    ],
)
def test_tariff_bands_are_open_intervals(on: str, tpp: int, bandwidth: int, band: str | None) -> None:
    """Proclamation 11002, annex: strictly inside 14,000-17,500 and 4,500-5,000, or 20,800-21,100 and 5,800-6,200."""
    assert told(on, tpp=tpp, memory_bandwidth_gbps=bandwidth)["tariff_232_band"] == band
