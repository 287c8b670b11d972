"""The ledger on the command line and over HTTP."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from penstock.apps.cli.main import main
from penstock.apps.ledger_demo import show
from penstock.apps.ledger_service import application
from penstock.store.clock import ledger_clock
from penstock.store.create import create, new_key, open_backend
from penstock.store.engine import Engine
from penstock.store.publish import sign_head
from penstock.store.writer import Writer
from penstock.terms.numbers import dump_json
from tests.ledger.test_quota import document

LPP = "lpp_calendar_year/example data sdn bhd/2026@actual"
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Return a function that runs a command line in a folder with a ledger and gives exit code and output."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PENSTOCK_LEDGER", "quota.db")

    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main(list(arguments))
        out = capsys.readouterr()
        return int(caught.value.code or 0), out.out, out.err

    assert call("ledger", "create", "--origin", "example.org/quota", "--signing-key", "key.pem")[0] == 0
    return call


def shipment(tmp_path: Path, quantity: int = 1000, **more: Any) -> str:
    asked = document(quantity, **more)
    del asked["counters"]
    path = tmp_path / f"shipment{quantity}.json"
    path.write_text(dump_json(asked), "utf-8")
    return str(path)


BY = ["--on", "2026-06-15", "--stance", "codified", "--client", "acme"]


def test_from_shipment_to_duties(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("ship", shipment(tmp_path), *BY, "--key", "PO-1")
    assert (code, out.splitlines()[0]) == (0, "Shipped under LPP: recorded as event 2.")
    assert "11,068,800 TPP left" in out
    assert "recorded before" in run("ship", shipment(tmp_path), *BY, "--key", "PO-1")[1]
    assert "Not shipped" in run("ship", shipment(tmp_path, 999), *BY, "--key", "PO-2")[1]
    answer = json.loads(run("ledger", "balance", "--json")[1])
    assert [(b["bucket"], b["committed_tpp"], b["headroom_tpp"]) for b in answer["buckets"]] == [(LPP, 15_831_200, 11_068_800)]
    assert "acme/PO-1 shipped 15,831,200" in run("ledger", "history")[1]
    owed = run("ledger", "duties", "--on", "2026-06-15", "--until", "2026-12-31", "--draft", "papers")[1]
    assert "2026-07-15  lpp_copy_to_bis [740.29(g)(1)] to BIS: acme, PO-1." in owed
    assert len(list((tmp_path / "papers").iterdir())) == 3


def test_a_shipment_and_its_duties_as_documents(run: Run, tmp_path: Path) -> None:
    done = json.loads(run("ship", shipment(tmp_path), *BY, "--key", "PO-1", "--json")[1])
    assert (done["recorded"], done["stance"], done["repeated"], done["short"]) == (True, "codified", False, [])
    assert (done["record"]["debits"], done["determination"]["path"]) == ([[LPP, 15_831_200]], "LPP")
    again = json.loads(run("ship", shipment(tmp_path), *BY, "--key", "PO-1", "--json")[1])
    assert (again["repeated"], again["determination"]) == (True, None)
    assert (again["events"], again["record_sha256"]) == (done["events"], done["record_sha256"])
    owed = json.loads(run("ledger", "duties", "--on", "2026-06-15", "--until", "2026-12-31", "--json")[1])
    (copy,) = (duty for duty in owed if duty["id"] == "lpp_copy_to_bis")
    assert (copy["due"], copy["party"], copy["figures"]["tpp"]) == ("2026-07-15", "acme", 15_831_200)


def test_a_ledger_of_this_version_is_as_it_is_after_an_upgrade(run: Run, tmp_path: Path) -> None:
    run("ship", shipment(tmp_path), *BY, "--key", "PO-1")
    before = run("ledger", "balance", "--json")
    assert run("ledger", "upgrade") == (0, "", "")
    assert run("ledger", "balance", "--json") == before
    assert run("ledger", "verify")[1].startswith("Sound: ")
    code, _, said = run("ledger", "upgrade", "--ledger", "none.db")
    assert (code, said.splitlines()[0]) == (5, "penstock: none.db is no ledger")


def test_decide_reads_its_counters_from_the_ledger(run: Run, tmp_path: Path) -> None:
    path = shipment(tmp_path)
    before = json.loads(run("decide", path, "--on", "2026-06-15", "--ledger", "quota.db", "--json")[1])
    assert before["codified"]["path"] == "LPP"
    run("ship", path, *BY, "--key", "PO-1")
    after = json.loads(run("decide", path, "--on", "2026-06-15", "--ledger", "quota.db", "--json")[1])
    assert (after["codified"]["path"], after["codified"]["outcome"]) == ("LICENSE", "license_required")
    (lpp,) = (way for way in after["codified"]["authorizations"]["unavailable"] if way["id"] == "LPP")
    assert lpp["headroom_tpp"] == 11_068_800


def test_a_license_is_reserved_committed_and_corrected(run: Run, tmp_path: Path) -> None:
    bucket = "country_allocation/MY/2025-2027@actual"
    path = shipment(tmp_path, 49_000)
    assert "Done: reserve is event 1." in run("ledger", "reserve", path, *BY, "--key", "L-1", "--hold-days", "30")[1]
    code, out, _ = run("ledger", "reserve", shipment(tmp_path, 1000, consignee={"headquarters": "SG"}), *BY, "--key", "L-2")
    assert (code, out.splitlines()[0]) == (0, "Done: reserve is event 3.")
    leg = ("--leg", f"{bucket}=700000000")
    assert "Done: commit" in run("ledger", "commit", "--client", "acme", "--key", "C-1", "--of", "L-1", *leg)[1]
    assert "Refused: it is committed already" in run("ledger", "void", "--client", "acme", "--key", "V-1", "--of", "L-1")[1]
    fixed = ("--leg", f"{bucket}=600000000", "--reason", "returned")
    assert "Done: correct" in run("ledger", "correct", "--client", "acme", "--key", "X-1", "--of", "L-1", *fixed)[1]
    assert (
        "Done: recap"
        in run("ledger", "recap", bucket, "--on", "2026-06-15", "--uplift", "1", "--client", "bis", "--key", "g2g")[1]
    )
    assert "of 1,580,000,000 TPP" in run("ledger", "balance", bucket)[1]
    carry = ("ledger", "carry", bucket, "--on", "2026-06-15", "--cite", "its section 4", "--client", "bis")
    assert "Done: carry" in run(*carry, "--to-regime", "diffusion-as-written", "--key", "m1")[1]
    assert "carried into another bucket before" in run(*carry, "--to-regime", "diffusion-as-written", "--key", "m2")[1]
    assert "sets no allocation" in run(*carry, "--to-regime", "repeal-to-pre-2025", "--key", "m3")[2]
    said = run("ledger", "balance", "country_allocation")[1]
    assert f"{bucket} [742.6(b)(10)(iii)(B)(1), (C)] closed, carried into another" in said
    assert "committed 600,000,000 + reserved 0 of 790,000,000 TPP, 190,000,000 left" in said
    assert "Done: close" in run("ledger", "close", bucket, "--cite", "repealed", "--client", "bis", "--key", "end")[1]
    assert "0 reservations have lapsed." in run("ledger", "expire")[1]
    assert run("ledger", "verify")[1].startswith("Sound: ")


def test_agreements_and_denominators(run: Run, tmp_path: Path) -> None:
    agreement = ("agreement/MY/2026@actual", "--cap", "1000", "--cite", "agreement of 2026")
    assert "Done: open is event 0." in run("ledger", "open", *agreement, "--client", "bis", "--key", "o")[1]
    (tmp_path / "attestation.txt").write_text("total compute")
    attested = ("--total", "1000", "--as-of", "2026-02-01", "--document", "attestation.txt", "--client", "cloud", "--key", "t")
    assert "Done: attest is event 1." in run("ledger", "attest", "compute/example cloud", *attested)[1]
    assert "1,000 TPP attested as of 2026-02-01" in run("ledger", "balance")[1]


def test_publish_prove_and_verify(run: Run, tmp_path: Path) -> None:
    run("ship", shipment(tmp_path), *BY, "--key", "PO-1")
    code, note, err = run("ledger", "checkpoint", "--signing-key", "key.pem", "--publish", "public")
    assert (code, note.splitlines()[:2]) == (0, ["example.org/quota", "3"])
    assert "3 files written to public" in err
    (tmp_path / "old").write_text(note, "utf-8")
    run("ship", shipment(tmp_path, 10), *BY, "--key", "PO-2")
    assert json.loads(run("ledger", "verify", "--against", "old", "--json")[1])["ok"] is True
    assert json.loads(run("ledger", "prove", "1", "--since", "3")[1])["consistency"]["old"] == 3
    assert run("ledger", "verify", "--chain-only")[1] == "The chain of 5 events holds.\n"
    (tmp_path / "other").mkdir()
    other = ("--ledger", "other/quota.db")
    run("ledger", "create", *other, "--origin", "example.org/quota", "--signing-key", "other/key.pem")
    code, out, _ = run("ledger", "verify", *other, "--against", "old")
    assert (code, out.splitlines()[0]) == (1, "Not sound: 1 faults, the first of them:")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ledger", "balance", "--ledger", "none.db"), 5, "none.db is no ledger"),
        (("ledger", "create", "--origin", "a b", "--signing-key", "k2"), 3, "without spaces"),
        (("ledger", "create", "--origin", "a", "--signing-key", "key.pem"), 5, "cannot be made"),
        (("ledger", "commit", "--client", "a", "--key", "k", "--of", "x", "--leg", "b=1"), 3, "No bucket is called 'b'"),
        (("ledger", "commit", "--client", "a", "--key", "k", "--of", "x", "--leg", "b"), 3, "BUCKET=TPP"),
        (("ledger", "recap", "agreement/MY/2026@actual", "--on", "2026-06-15", "--client", "a", "--key", "k"), 3, "--cap and --cite"),
        (("ledger", "recap", LPP, "--on", "2026-06-15", "--uplift", "2", "--client", "a", "--key", "k"), 3, "fraction from 0 to 1"),
        (("ledger", "prove", "7"), 3, "no event 7"),
        (("ledger", "verify", "--against", "none"), 5, "none cannot be read"),
        (("ledger", "checkpoint", "--signing-key", "none"), 5, "none cannot be read"),
        (("ledger", "attest", "x", "--total", "1", "--as-of", "2026-02-01", "--document", "none", "--client", "a", "--key", "k"), 5, "none"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_error(run: Run, arguments: tuple[str, ...], code: int, said: str) -> None:
    found, _, err = run(*arguments)
    assert (found, said in err) == (code, True), err


def test_a_path_without_a_quota_has_nothing_to_reserve(run: Run, tmp_path: Path) -> None:
    enforced = ("--on", "2026-06-15", "--stance", "enforced", "--client", "acme", "--key", "k")
    code, _, err = run("ledger", "reserve", shipment(tmp_path), *enforced)
    assert (code, "nothing to reserve" in err) == (3, True)


def test_a_key_used_for_something_else_is_a_conflict(run: Run, tmp_path: Path) -> None:
    run("ship", shipment(tmp_path), *BY, "--key", "PO-1")
    code, out, _ = run("ship", shipment(tmp_path, 10), *BY, "--key", "PO-1", "--json")
    assert (code, json.loads(out)["error"]["code"]) == (3, "conflicting_facts")


def test_the_demonstration_holds() -> None:
    said: list[str] = []
    assert show(8, said.append) == 0
    text = "\n".join(said)
    assert "49,921 H100s taken, 175 TPP left" in text
    assert "Sound: " in text


# ---- over HTTP


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[int, str]]:
    """Yield port and place of a ledger that is served."""
    place = str(tmp_path / "quota.db")
    create(place, "example.org/quota", new_key(tmp_path / "key.pem"))
    backend = open_backend(place)
    with Writer(Engine(backend, ledger_clock(0), "service")) as writer:
        config = uvicorn.Config(application(writer, place), port=0, log_level="critical", access_log=False, ws="none")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield server.servers[0].sockets[0].getsockname()[1], place
        server.should_exit = True
        thread.join()


def call(port: int, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, None if body is None else json.dumps(body))
        answer = connection.getresponse()
        content = answer.read()
        kind = answer.getheader("content-type") or ""
        return answer.status, json.loads(content) if kind.startswith("application/json") else content
    finally:
        connection.close()


def test_the_service_answers_requests(service: tuple[int, str]) -> None:
    port, place = service
    opened = {"kind": "open", "client": "bis", "key": "o", "bucket": "agreement/MY/2026@actual", "cap": 100, "cite": "agreement"}
    assert call(port, "POST", "/requests", opened)[1]["event"]["ok"] is True
    taken = {"kind": "reserve", "client": "acme", "key": "a", "legs": {"agreement/MY/2026@actual": 60}}
    assert call(port, "POST", "/requests", taken)[1]["event"]["seq"] == 1
    again = call(port, "POST", "/requests", taken)[1]
    assert (again["repeated"], again["event"]["seq"]) == (True, 1)
    status, refused = call(port, "POST", "/requests", taken | {"key": "b"})
    assert (status, refused["short"]) == (200, [{"bucket": "agreement/MY/2026@actual", "headroom_tpp": 40, "asked_tpp": 60}])
    recap = {"kind": "recap", "client": "bis", "key": "r", "bucket": "agreement/MY/2026@actual", "cap": 200, "cite": "more"}
    assert call(port, "POST", "/requests", recap)[1]["event"]["ok"] is True
    assert call(port, "GET", "/balances")[1]["buckets"][0]["headroom_tpp"] == 140
    assert len(call(port, "GET", "/events?from=1&limit=2")[1]) == 2
    assert call(port, "GET", "/proof/1")[1]["index"] == 1
    assert call(port, "GET", "/consistency/2?size=3")[1]["size"] == 3
    assert call(port, "GET", "/checkpoint")[0] == 404
    backend = open_backend(place)
    note = sign_head(backend, new_key(Path(place).with_name("other.pem")))
    backend.close()
    assert call(port, "GET", "/checkpoint") == (200, note.encode())
    status, tile = call(port, "GET", "/tile/0/000.p/4")
    assert (status, len(tile)) == (200, 4 * 32)


def test_the_service_carries_by_name(service: tuple[int, str]) -> None:
    port, _ = service
    old, new = "agreement/MY/2026@actual", "agreement/MY/2026@reform"
    for name in (old, new):
        opened = {"kind": "open", "client": "bis", "key": name, "bucket": name, "cap": 100, "cite": "agreement"}
        assert call(port, "POST", "/requests", opened)[1]["event"]["ok"] is True
    call(port, "POST", "/requests", {"kind": "reserve", "client": "acme", "key": "a", "legs": {old: 60}})
    carry = {"kind": "carry", "client": "bis", "key": "c", "source": old, "bucket": new, "cite": "the reform"}
    assert call(port, "POST", "/requests", carry)[1]["event"]["legs"] == [[1, 60]]
    itself = call(port, "POST", "/requests", carry | {"key": "d", "bucket": old})
    assert (itself[0], itself[1]["error"]["code"]) == (422, "conflicting_facts")


def test_the_service_ships(service: tuple[int, str]) -> None:
    port, _ = service
    asked = document()
    del asked["counters"]
    body = {"document": asked, "client": "acme", "key": "PO-1", "stance": "codified", "on": "2026-06-15", "site": "Johor 1"}
    done = call(port, "POST", "/ship", body)[1]
    assert (done["recorded"], done["outcome"]) == (True, "authorization_available")
    refused = call(port, "POST", "/ship", body | {"key": "PO-2"})[1]
    assert (refused["recorded"], refused["events"], refused["outcome"]) == (False, [], "license_required")


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", "/requests", {"kind": "reserve"}, 422, "missing_required"),
        ("POST", "/requests", {"kind": "no"}, 422, "bad_enum"),
        ("POST", "/requests", [1], 422, "bad_type"),
        ("POST", "/requests", {"kind": "reserve", "client": "a", "key": "b", "legs": {"none": 1}}, 422, "bad_enum"),
        ("POST", "/requests", {"kind": "void", "client": "ledger", "key": "b", "of": ["a", "b"]}, 422, "bad_enum"),
        ("POST", "/ship", {"client": "a"}, 422, "missing_required"),
        ("POST", "/ship", {"client": "a", "key": "k", "stance": "enforced", "on": "2026-06-15", "document": {}, "x": 1}, 422, "unknown_fact"),
        ("GET", "/proof/9", None, 422, "bad_number"),
        ("GET", "/events?from=x", None, 422, "bad_number"),
    ],
)  # fmt: skip
def test_the_service_refuses_what_is_none(
    service: tuple[int, str], method: str, path: str, body: Any, status: int, code: str
) -> None:
    found, answer = call(service[0], method, path, body)
    assert (found, answer["error"]["code"]) == (status, code)


def test_a_key_for_two_requests_is_a_409(service: tuple[int, str]) -> None:
    port, _ = service
    body = {"kind": "void", "client": "a", "key": "k", "of": ["a", "x"]}
    assert call(port, "POST", "/requests", body)[0] == 200
    assert call(port, "POST", "/requests", body | {"of": ["a", "y"]})[0] == 409


@pytest.mark.parametrize("path", ["/requests", "/ship"])
@pytest.mark.parametrize("body", [b"{", b"\xff", b" " * (1 << 20) + b"{}"], ids=["no JSON", "no text", "more than a megabyte"])
def test_a_body_that_is_no_document_is_refused(service: tuple[int, str], path: str, body: bytes) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service[0], timeout=30)
    connection.request("POST", path, body)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]["code"]) == (422, "bad_document")
    connection.close()
