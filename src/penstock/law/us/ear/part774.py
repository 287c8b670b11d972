"""15 CFR part 774, Supp. No. 1: the Commerce Control List entries 3A090, 4A090 and 4E091, their notes and technical notes."""

from penstock.law.tables import (
    A1_TPP,
    A2_DENSITY,
    A2_TPP,
    A_ITEMS,
    ADVANCED_COMPUTING_ENTRIES,
    B1_DENSITY,
    B1_TPP,
    B1_TPP_BELOW,
    B2_DENSITY,
    B2_TPP,
    B_DENSITY_BELOW,
    B_ITEMS,
    D5_OR_MACAU,
    DERIVATIVE_OPERATIONS,
    DERIVATIVE_SHARE,
    DESIGNER_APPLICATION_DAYS,
    DESIGNER_HEADQUARTERS,
    DESIGNER_STATUS_UNTIL,
    HBM_DENSITY_ABOVE,
    HBM_EXCEPTION_DENSITY_BELOW,
    HBM_ITEMS,
    LANE_DRAM_BANDWIDTH_BELOW,
    LANE_TPP_BELOW,
    NOTE2_TPP_BELOW,
    OPERATIONS_PER_PARAMETER_AND_TOKEN,
    SYNTHETIC_SHARE_ABOVE,
    TF32_NARROW_BITS,
    TRANSISTORS_2027_BELOW,
    TRANSISTORS_2027_FIRST,
    TRANSISTORS_2027_LAST,
    TRANSISTORS_2029_BELOW,
    TRANSISTORS_2029_FIRST,
    TRANSISTORS_BELOW,
    V2022_TPP,
    V2022_TRANSFER_RATE,
    WEIGHTS_ITEMS,
    WEIGHTS_OPERATIONS,
)  # fmt: skip
from penstock.rulebook.language import READING, Row, Transaction, definition, given, stated, unless_stated

# ---- technical notes to 3A090


@definition("3A090 Technical Note 2", by="EAR", unit="bit")
def operation_bits(r: Row):
    """The bit length of the operation; TF32 by the reading chosen."""
    return TF32_NARROW_BITS if r.format == "tf32" and READING.tf32_bits == "19" else r.bit_length


@definition("3A090 Technical Notes 1 to 3", by="EAR", computes="item.tpp", unit="TPP")
def total_processing_performance(t: Transaction):
    """TPP is the highest dense rate times bit length over all formats the maker claims."""
    return max(r.tops * operation_bits(r) for r in t.item.throughput if r.sparsity == "dense")


@definition("3A090 Technical Note 4", by="EAR", computes="item.performance_density", unit="TPP/mm2")
def performance_density(t: Transaction):
    """Performance density is TPP over the applicable die area."""
    return t.item.tpp / t.item.die_area_mm2


@definition("3A090 Technical Notes; Supp. No. 2 to part 748(c)(4)", by="EAR", computes="item.aggregate_tpp", unit="TPP")
def aggregate_tpp(t: Transaction):
    """The aggregate TPP of a transaction is the TPP of one unit times the quantity."""
    return t.item.tpp * t.item.quantity


# ---- 3A090 and 4A090


@definition("3A090.c", by="EAR")
def processing_package(t: Transaction):
    """Co-packaged memory and logic whose dominant function is processing is assessed as the processor it is."""
    return t.item.kind == "hbm" and unless_stated(t.item.copackaged_with_logic) and t.item.dominant_function == "processing"


@definition("3A090; 4A090", by="EAR")
def is_processor(t: Transaction):
    """The item is an integrated circuit, or a computer or assembly assessed by the integrated circuits in it."""
    return t.item.kind in ("integrated_circuit", "computer", "assembly") or processing_package(t)


@definition("Note 2 to 3A090", by="88-FR-73458")
def note_2_excludes(t: Transaction):
    """Items not designed or marketed for datacenters with a TPP below the limit are outside 3A090.a and .b."""
    return not t.item.datacenter and t.item.tpp < NOTE2_TPP_BELOW


@definition("3A090.a.1", by="88-FR-73458")
def meets_a1(t: Transaction):
    """The TPP alone reaches 3A090.a.1."""
    return t.item.tpp >= A1_TPP


@definition("3A090.a.2", by="88-FR-73458")
def meets_a2(t: Transaction):
    """The TPP and the performance density together reach 3A090.a.2."""
    return t.item.tpp >= A2_TPP and t.item.performance_density >= A2_DENSITY


@definition("3A090.b.1", by="88-FR-73458")
def meets_b1(t: Transaction):
    """TPP and performance density lie in the range of 3A090.b.1."""
    return B1_TPP <= t.item.tpp < B1_TPP_BELOW and B1_DENSITY <= t.item.performance_density < B_DENSITY_BELOW


@definition("3A090.b.2", by="88-FR-73458")
def meets_b2(t: Transaction):
    """TPP and performance density lie in the range of 3A090.b.2."""
    return t.item.tpp >= B2_TPP and B2_DENSITY <= t.item.performance_density < B_DENSITY_BELOW


@definition("3A090 as of 87 FR 62186", by="87-FR-62186")
def meets_3a090_a(t: Transaction):
    """The 2022 entry: transfer rate and bit length times TOPS both at or above their limits."""
    return is_processor(t) and t.item.io_bandwidth_gbps >= V2022_TRANSFER_RATE and t.item.tpp >= V2022_TPP


@definition("3A090.a", by="88-FR-73458", replaces="meets_3a090_a")
def meets_3a090_a_2023(t: Transaction):
    """The item has the parameters of 3A090.a and Note 2 does not exclude it."""
    return is_processor(t) and (meets_a1(t) or meets_a2(t)) and not note_2_excludes(t)


@definition("3A090.b", by="88-FR-73458")
def meets_3a090_b(t: Transaction):
    """The item has the parameters of 3A090.b, not those of .a, and Note 2 does not exclude it."""
    return is_processor(t) and (meets_b1(t) or meets_b2(t)) and not meets_a1(t) and not note_2_excludes(t)


@definition("3A090.c", by="89-FR-96790")
def meets_3a090_c(t: Transaction):
    """High-bandwidth memory whose memory bandwidth density is above the limit."""
    return t.item.kind == "hbm" and not processing_package(t) and t.item.hbm_bandwidth_density > HBM_DENSITY_ABOVE


# ---- 4E091


@definition("4E091 Technical Notes", by="90-FR-4544", computes="item.training_operations", unit="operations")
def training_operations(t: Transaction):
    """Training operations: six per parameter and token, or those of the base model and of all later training."""
    return (
        OPERATIONS_PER_PARAMETER_AND_TOKEN * t.item.parameters * t.item.training_tokens
        if stated(t.item.parameters) and stated(t.item.training_tokens)
        else t.item.base_model.training_operations + t.item.additional_training_operations
    )


@definition("4E091 Technical Notes 2 and 3", by="90-FR-4544", unit="operations")
def counted_operations(t: Transaction):
    """Counted operations: training, and the making of unpublished synthetic data where it exceeds its share."""
    return (
        t.item.training_operations
        if not t.item.synthetic_data.unpublished_share > SYNTHETIC_SHARE_ABOVE
        else t.item.training_operations + t.item.synthetic_data.generation_operations
        if t.item.synthetic_data.generator_published
        else t.item.training_operations
        + t.item.synthetic_data.generation_operations
        + t.item.synthetic_data.generator_training_operations
    )


@definition("4E091 Note 1", by="90-FR-4544")
def derivative_of_published(t: Transaction):
    """A derivative of a published model whose additional training stays within both allowances is not controlled."""
    return t.item.base_model.published and (
        t.item.additional_training_operations <= DERIVATIVE_OPERATIONS
        or t.item.additional_training_operations <= DERIVATIVE_SHARE * t.item.base_model.training_operations
    )


@definition("4E091 Technical Notes 2 and 3", by="90-FR-4544")
def enough_operations(t: Transaction):
    """Counted operations reach the limit; what synthetic data add is never negative, so training alone may reach it."""
    return (
        t.item.training_operations >= WEIGHTS_OPERATIONS
        or (
            t.item.synthetic_data.unpublished_share > SYNTHETIC_SHARE_ABOVE
            and t.item.training_operations + t.item.synthetic_data.generation_operations >= WEIGHTS_OPERATIONS
        )
        or counted_operations(t) >= WEIGHTS_OPERATIONS
    )


@definition("4E091", by="90-FR-4544")
def meets_4e091(t: Transaction):
    """Unpublished model weights trained with at least the limit of operations and above the published frontier."""
    return (
        t.item.kind == "model_weights"
        and enough_operations(t)
        and not t.item.weights_published
        and not derivative_of_published(t)
        and not t.item.below_published_frontier
    )


# ---- the class of an item: as asserted, else as computed


@definition("Supp. No. 1 to part 774", by="EAR", computes="item.eccn")
def classification(t: Transaction):
    """The class of an item by its parameters; a computer or assembly takes 4A090."""
    return (
        ("4A090.a" if t.item.kind in ("computer", "assembly") else "3A090.a") if meets_3a090_a(t)
        else ("4A090.b" if t.item.kind in ("computer", "assembly") else "3A090.b") if meets_3a090_b(t)
        else "3A090.c" if meets_3a090_c(t)
        else "4E091" if meets_4e091(t)
        else "none"
    )  # fmt: skip


@definition("Supp. No. 1 to part 774", by="EAR")
def class_is_stated(t: Transaction):
    """The classification is stated as far as the paragraph that the rules turn on; 3A090 alone, or 5A992.z, is not."""
    return stated(t.item.eccn) and not (
        t.item.eccn in ADVANCED_COMPUTING_ENTRIES and t.item.eccn not in A_ITEMS | B_ITEMS | HBM_ITEMS
    )


@definition("742.6(a)(6)(iii)(A)", by="EAR")
def a_item(t: Transaction):
    """The item is at or above the parameters of 3A090.a or 4A090.a, or is the .z item that follows them."""
    return t.item.eccn in A_ITEMS if class_is_stated(t) else meets_3a090_a(t)


@definition("742.6(a)(6)(iii)(B)", by="EAR")
def b_item(t: Transaction):
    """The item is at or above the parameters of 3A090.b or 4A090.b, or is the .z item that follows them."""
    return t.item.eccn in B_ITEMS if class_is_stated(t) else meets_3a090_b(t)


@definition("742.6(a)(6)", by="EAR")
def advanced_computing_item(t: Transaction):
    """The item is a .a or .b item."""
    return a_item(t) or b_item(t)


@definition("3A090.c", by="EAR")
def hbm_item(t: Transaction):
    """The item is high-bandwidth memory of 3A090.c."""
    return t.item.eccn in HBM_ITEMS if class_is_stated(t) else meets_3a090_c(t)


@definition("4E091", by="EAR")
def weights_item(t: Transaction):
    """The item is model weights of 4E091."""
    return t.item.eccn in WEIGHTS_ITEMS if stated(t.item.eccn) else meets_4e091(t)


@definition("740.8(a)", by="88-FR-73458")
def nac_aca_item(t: Transaction):
    """The item may use NAC or ACA: a .b item, or a .a item not designed or marketed for datacenters."""
    return b_item(t) or (a_item(t) and not t.item.datacenter)


# ---- Note 1 to 3A090.a: designers, fabricators, packagers


@definition("Note 1 to 3A090.a, para. (a)", by="90-FR-5298", computes="item.designer.status")
def designer_status(t: Transaction):
    """A designer headquartered in the named places, not linked to Macau or D:5 and reporting, is authorized."""
    return (
        "authorized"
        if t.item.designer.headquarters in DESIGNER_HEADQUARTERS
        and t.item.designer.headquarters not in D5_OR_MACAU
        and t.item.designer.parent_headquarters not in D5_OR_MACAU
        and t.item.designer.agreed_to_743_9_reporting
        and (t.on <= DESIGNER_STATUS_UNTIL or application_pending(t))
        else "neither"
    )


@definition("Note 1 to 3A090.a, para. (a)(3)", by="90-FR-5298")
def application_pending(t: Transaction):
    """The designer has applied for approved status and the period of grace has not lapsed."""
    return (
        stated(t.item.designer.application_filed_on)
        and t.item.designer.application_filed_on <= t.on
        and t.on - t.item.designer.application_filed_on <= DESIGNER_APPLICATION_DAYS
    )


@definition("Note 1 to 3A090.a, para. (b)", by="90-FR-5298")
def few_transistors(t: Transaction):
    """The packaged circuit stays below the transistor count of its year of export."""
    return (
        t.item.transistors < TRANSISTORS_BELOW
        or (
            not t.item.contains_hbm
            and TRANSISTORS_2027_FIRST <= given(t.item.packaging.export_completed_on, t.on) <= TRANSISTORS_2027_LAST
            and t.item.transistors < TRANSISTORS_2027_BELOW
        )
        or (
            not t.item.contains_hbm
            and given(t.item.packaging.export_completed_on, t.on) >= TRANSISTORS_2029_FIRST
            and t.item.transistors < TRANSISTORS_2029_BELOW
        )
    )


@definition("Note 1 to 3A090.a", by="90-FR-5298")
def presumption_rebutted(t: Transaction):
    """An attestation by an approved or authorized designer, or by an eligible packager on the transistor count."""
    return t.item.packaging.attested and (
        t.item.designer.status in ("approved", "authorized")
        or (t.item.packaging.by == "front_end_fabricator" and t.item.packaging.country not in D5_OR_MACAU and few_transistors(t))
        or (t.item.packaging.by == "approved_osat" and few_transistors(t))
    )


@definition("Note 1 to 3A090.a", by="90-FR-5298")
def foundry_presumption_applies(t: Transaction):
    """An advanced logic circuit is presumed 3A090.a and for datacenters unless the facts state a rebuttal."""
    return unless_stated(t.item.advanced_logic) and not unless_stated(presumption_rebutted(t))


@definition("4E091 Note 1", by="90-FR-4544")
def point_o4(t: Transaction):
    """What the share of additional training is a share of: read as the operations of the original published model."""
    return t.item.kind == "model_weights" and t.item.base_model.published and stated(t.item.additional_training_operations)


@definition("742.6(b)(10)(iii)(A)(1)", by="91-FR-1684")
def within_lane_numbers(t: Transaction):
    """TPP and total DRAM bandwidth are both below the limits of the case-by-case policy for China and Macau."""
    return t.item.tpp < LANE_TPP_BELOW and t.item.memory_bandwidth_gbps < LANE_DRAM_BANDWIDTH_BELOW


@definition("740.25(a)", by="89-FR-96790")
def within_hbm_exception_density(t: Transaction):
    """Memory bandwidth density is below the limit of License Exception HBM."""
    return t.item.hbm_bandwidth_density < HBM_EXCEPTION_DENSITY_BELOW
