"""A small part of the reliability suite; `make reliability` runs all of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.disks import file_limit, full_database
from tests.faults.kills import kill_at_failpoints
from tests.faults.power import lose_power
from tests.faults.simulation import simulate
from tests.faults.world import Acknowledged, check, open_buckets
from tests.faults.writers import clock_jumps, same_keys, stale_writers, writers_by_mistake
from tests.store.conftest import ORIGIN, create_empty, new_sqlite

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are forked and killed")
PLACES = {"begin", "fenced", "events", "operations", "buckets", "tiles", "committed", "answered"}


@pytest.fixture
def place(tmp_path: Path) -> str:
    found = new_sqlite(tmp_path)
    open_buckets(found)
    return found


def test_a_writer_killed_anywhere_loses_nothing_it_acknowledged(place: str) -> None:
    found, places = kill_at_failpoints(place, 40)
    assert found.sound, found
    assert found.acknowledged > 100
    assert places == PLACES


def test_a_lost_acknowledgement_would_be_found(place: str) -> None:
    heard = Acknowledged()
    heard.hear('[["acme", "k1", 4, true]]')
    assert check(place, heard).lost == ["acme/k1"]
    assert ORIGIN


@pytest.mark.parametrize("fill", [file_limit, full_database])
def test_a_full_disk_loses_nothing_and_counts_nothing_twice(place: str, fill: Callable[..., object]) -> None:
    found = fill(place, 8)
    assert found.sound, found  # type: ignore[attr-defined]


def test_the_loss_of_power_loses_nothing_acknowledged(tmp_path: Path) -> None:
    cuts, found = lose_power(tmp_path, create_empty, 1)
    assert cuts > 5
    assert found.sound, found


def test_a_writer_that_does_not_sync_would_be_found(tmp_path: Path) -> None:
    assert lose_power(tmp_path, create_empty, 1, hasty=True)[1].lost


def test_writers_by_mistake_are_refused(place: str) -> None:
    refused, found = writers_by_mistake(place, 4)
    assert (refused, found.sound) == (4, True)


def test_a_writer_that_slept_is_fenced(place: str) -> None:
    fenced, found = stale_writers(place, 3)
    assert (fenced, found.sound) == (3, True)


def test_a_clock_that_jumps_moves_nothing(place: str) -> None:
    early, refused, found = clock_jumps(place, 10)
    assert (early, found.sound) == (0, True)
    assert refused > 0


def test_one_key_is_one_event(place: str) -> None:
    single, conflicts, found = same_keys(place, 5, 6)
    assert (single, found.sound) == (5, True)
    assert conflicts > 0


def test_the_machine_is_the_model_over_many_operations() -> None:
    done, refused = simulate(10_000, 1)
    assert done == 10_000
    assert 1_000 < refused < 9_000
