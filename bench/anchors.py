# ruff: noqa: E501 (the slice reads best as one line per rule)
"""The twelve-rule slice in three other engines, each checked against a plain Python reference.

The slice is a benchmark, not law: classification by TPP and density, a license requirement, four exceptions, a review.
"""

import json
import random

LIMIT = 26_900_000


def records(n, seed=7):
    rng = random.Random(seed)
    chips = [(2368, 2.9, 1), (4992, 6.04, 1), (15832, 19.4, 1), (36000, 21.9, 1), (5285, 8.7, 0), (2000, 3.5, 1), (1700, 6.1, 1),
             (1200, 2.1, 1), (4708, 7.8, 0), (2600, 1.7, 1), (20919, 20.4, 1)]  # fmt: skip
    out = []
    for _ in range(n):
        tpp, pd, dc = rng.choice(chips)
        td, th = rng.randint(1, 3), rng.randint(1, 3)
        need = tpp * rng.randint(1, 4000)
        out.append({"tpp": tpp, "pd": pd, "dc": dc, "th": th, "tier": max(td, th), "d14": td == 3 or rng.random() < 0.3, "need": need,
                    "ep": rng.random() < 0.5, "veu": rng.random() < 0.05, "used": rng.randint(0, 30_000_000),
                    "quota": rng.randint(-20_000_000, 180_000_000)})  # fmt: skip
    return out


def reference(r):
    a = r["tpp"] >= 4800 or (r["tpp"] >= 1600 and r["pd"] >= 5.92)
    b = (r["tpp"] >= 2400 and r["pd"] >= 1.6) or (r["tpp"] >= 1600 and r["pd"] >= 3.2)
    note = not r["dc"] and r["tpp"] < 4800
    is_a, is_b = a and not note, b and not a and not note
    if not ((is_a or is_b) and ((r["ep"] and is_a) or r["d14"] or r["th"] == 3)):
        return 0
    if r["ep"] and is_a and (r["tier"] == 1 or (r["tier"] == 2 and r["used"] + r["need"] <= LIMIT)):
        return 1
    if (r["tier"] == 2 and r["veu"]) or is_b or not r["dc"]:
        return 1
    if r["tier"] == 3:
        return 4
    return 3 if r["ep"] and r["tier"] == 2 and r["need"] > r["quota"] else 2


def json_logic():
    from json_logic import jsonLogic

    def all_(*x):
        return {"and": list(x)}

    def any_(*x):
        return {"or": list(x)}

    def var(k):
        return {"var": k}

    def no(x):
        return {"!": [x]}

    a = any_({">=": [var("tpp"), 4800]}, all_({">=": [var("tpp"), 1600]}, {">=": [var("pd"), 5.92]}))
    b = any_(
        all_({">=": [var("tpp"), 2400]}, {">=": [var("pd"), 1.6]}), all_({">=": [var("tpp"), 1600]}, {">=": [var("pd"), 3.2]})
    )
    note = all_({"==": [var("dc"), 0]}, {"<": [var("tpp"), 4800]})
    is_a, is_b = all_(a, no(note)), all_(b, no(a), no(note))
    required = all_(any_(is_a, is_b), any_(all_(var("ep"), is_a), var("d14"), {"==": [var("th"), 3]}))
    two = {"==": [var("tier"), 2]}
    small = {"<=": [{"+": [var("used"), var("need")]}, LIMIT]}
    rule = {"if": [no(required), 0, all_(var("ep"), is_a, {"==": [var("tier"), 1]}), 1, all_(var("ep"), is_a, two, small), 1,
                   all_(two, var("veu")), 1, any_(is_b, {"==": [var("dc"), 0]}), 1, {"==": [var("tier"), 3]}, 4,
                   all_(var("ep"), two, {">": [var("need"), var("quota")]}), 3, 2]}  # fmt: skip
    return lambda r: int(jsonLogic(rule, r))


def zen():
    import zen as engine

    rows = [("not(lic)", 0), ("ep and isa and tier==1", 1), (f"ep and isa and tier==2 and used+need<={LIMIT}", 1),
            ("tier==2 and veu", 1), ("isb or dc==0", 1), ("tier==3", 4), ("ep and tier==2 and need>quota", 3), ("true", 2)]  # fmt: skip
    steps = [("a", "tpp>=4800 or (tpp>=1600 and pd>=5.92)"), ("b", "(tpp>=2400 and pd>=1.6) or (tpp>=1600 and pd>=3.2)"),
             ("note", "dc==0 and tpp<4800"), ("isa", "$.a and not($.note)"), ("isb", "$.b and not($.a) and not($.note)"),
             ("lic", "($.isa or $.isb) and ((ep and $.isa) or d14 or th==3)"),
             *((k, k) for k in ("ep", "tier", "used", "need", "veu", "dc", "quota"))]  # fmt: skip
    at = {"x": 0, "y": 0}
    nodes = [
        {"id": "i", "type": "inputNode", "name": "in", "position": at},
        {"id": "e", "type": "expressionNode", "name": "steps", "position": at,
         "content": {"expressions": [{"id": k, "key": k, "value": v} for k, v in steps]}},
        {"id": "t", "type": "decisionTableNode", "name": "table", "position": at,
         "content": {"hitPolicy": "first", "inputs": [{"id": "c", "name": "condition"}],
                     "outputs": [{"id": "o", "name": "outcome", "field": "outcome"}],
                     "rules": [{"_id": str(i), "c": c, "o": str(v)} for i, (c, v) in enumerate(rows)]}},
        {"id": "o", "type": "outputNode", "name": "out", "position": at},
    ]  # fmt: skip
    links = [("i", "e"), ("e", "t"), ("t", "o")]
    edges = [{"id": f"{a}{b}", "sourceId": a, "targetId": b, "type": "edge"} for a, b in links]
    graph = {"contentType": "application/vnd.gorules.decision", "nodes": nodes, "edges": edges}
    decision = engine.ZenEngine().create_decision(json.dumps(graph))
    return lambda r: int(decision.evaluate(r)["result"]["outcome"])


def openfisca():
    """OpenFisca reckons arrays; a single record is an array of one, calculated in a prepared simulation."""
    import numpy as np
    from openfisca_core import entities, periods, simulations, taxbenefitsystems, variables

    unit = entities.Entity("order", "orders", "An order", "")
    system = taxbenefitsystems.TaxBenefitSystem([unit])
    day = periods.DateUnit.DAY

    def add(name, kind, formula=None):
        body = {"value_type": kind, "entity": unit, "definition_period": day, "label": name}
        if formula is not None:
            body["formula"] = lambda orders, period: formula(lambda key: orders(key, period))
        system.add_variable(type(name, (variables.Variable,), body))

    for name, kind in [("tpp", float), ("pd", float), ("dc", int), ("th", int), ("tier", int), ("d14", bool), ("ep", bool), ("veu", bool),
                       ("used", float), ("need", float), ("quota", float)]:  # fmt: skip
        add(name, kind)
    add("a", bool, lambda v: (v("tpp") >= 4800) | ((v("tpp") >= 1600) & (v("pd") >= np.float32(5.92))))
    add(
        "b",
        bool,
        lambda v: ((v("tpp") >= 2400) & (v("pd") >= np.float32(1.6))) | ((v("tpp") >= 1600) & (v("pd") >= np.float32(3.2))),
    )
    add("note", bool, lambda v: (v("dc") == 0) & (v("tpp") < 4800))
    add("isa", bool, lambda v: v("a") & ~v("note"))
    add("isb", bool, lambda v: v("b") & ~v("a") & ~v("note"))
    add("lic", bool, lambda v: (v("isa") | v("isb")) & ((v("ep") & v("isa")) | v("d14") | (v("th") == 3)))
    add("aia", bool, lambda v: v("lic") & v("ep") & v("isa") & (v("tier") == 1))
    add("lpp", bool, lambda v: v("lic") & v("ep") & v("isa") & (v("tier") == 2) & (v("used") + v("need") <= LIMIT))
    add("uveu", bool, lambda v: v("lic") & (v("tier") == 2) & v("veu"))
    add("nac", bool, lambda v: v("lic") & (v("isb") | (v("dc") == 0)))
    add("over", bool, lambda v: v("ep") & (v("tier") == 2) & (v("need") > v("quota")))
    add("outcome", int, lambda v: np.select(
        [~v("lic"), v("aia") | v("lpp") | v("uveu") | v("nac"), v("tier") == 3, v("over")], [0, 1, 4, 3], 2))  # fmt: skip

    def ask(record):
        simulation = simulations.SimulationBuilder().build_default_simulation(system, count=1)
        for key, value in record.items():
            simulation.set_input(key, "2025-06-01", np.array([value]))
        return int(simulation.calculate("outcome", "2025-06-01")[0])

    return ask


ANCHORS = {"json-logic-qubit": json_logic, "GoRules zen-engine": zen, "OpenFisca-core": openfisca}
