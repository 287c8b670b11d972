"""The quota ledger, pure: requests in, events out, balances derived, proofs checked (EAR 740.27, 740.29, 742.6, 748.15)."""

from penstock.ledger.entries import leaf_hash, parse_entry
from penstock.ledger.machine import Step, apply
from penstock.ledger.replay import Fault, Replay, replay
from penstock.ledger.requests import (
    Attest,
    Carry,
    Close,
    Commit,
    Correct,
    Expire,
    Note,
    Open,
    Recap,
    Request,
    Reserve,
    Void,
    parse_request,
)
from penstock.ledger.state import Bucket, State

__all__ = [
    "Attest",
    "Bucket",
    "Carry",
    "Close",
    "Commit",
    "Correct",
    "Expire",
    "Fault",
    "Note",
    "Open",
    "Recap",
    "Replay",
    "Request",
    "Reserve",
    "State",
    "Step",
    "Void",
    "apply",
    "leaf_hash",
    "parse_entry",
    "parse_request",
    "replay",
]
