"""``penstock ledger demo``: the ledger on the figures of the AI Diffusion rule, from the first reservation to both verifiers."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from penstock.decision.library import book
from penstock.ledger import Attest, Close, Commit, Reserve
from penstock.ledger.quota import Debit, Quota, country_allocation, quota_under, share_limits
from penstock.store.clock import ledger_clock
from penstock.store.create import create, new_key, open_backend
from penstock.store.desk import Desk
from penstock.store.engine import Answer, Engine
from penstock.store.publish import publish, sign_head
from penstock.store.verify import verify
from penstock.store.writer import Writer

__all__ = ["show"]

ORIGIN = "demo.penstock/malaysia"
H100_TPP = 15_825
"""TPP of one H100 in the rule's own arithmetic: every installed base of 748.15(a)(2)(iii)(B), Table 1 is a multiple of it."""
_ON = dt.date(2025, 6, 1)
_REGIME = "diffusion-as-written"
_REFORM = "diffusion-as-written+carnegie-no-seven-percent-rule"
_CARNEGIE = "Carnegie Endowment, May 2025, option 1"
_CLOUD = "example cloud"
_ORDER = 250
_KILL_AFTER = 200
_WIDTH = 100
_Say = Callable[[str], None]


def show(buyers: int, say: _Say) -> int:
    """Run the demonstration in a folder of its own; return 0 when every check held."""
    with tempfile.TemporaryDirectory() as folder:
        demo = _Demo(Path(folder), say)
        held = [demo.malaysia(buyers), demo.killed(), demo.agreement(), demo.reform(), demo.verified()]
    say("Every step held." if all(held) else f"NOT HELD: step {held.index(False) + 1}.")
    return 0 if all(held) else 1


class _Demo:
    def __init__(self, folder: Path, say: _Say) -> None:
        self.folder = folder
        self.place = str(folder / "quota.db")
        self.say = say
        self.key = new_key(folder / "signing.pem")
        create(self.place, ORIGIN, self.key)

    def step(self, *sentences: str) -> None:
        self.say(textwrap.fill(" ".join(sentences), _WIDTH, subsequent_indent="   ", break_on_hyphens=False))

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        backend = open_backend(self.place)
        with Writer(Engine(backend, ledger_clock(backend.head().time), "demo")) as writer:
            yield Desk(writer)

    def malaysia(self, buyers: int) -> bool:
        """Let many buyers take the allocation of one country at once, each as much as it gets."""
        quota = country_allocation(book().law(_ON, None, _REGIME), "MY", _ON)
        assert quota.cap is not None
        chips = quota.cap // H100_TPP
        self.step(
            f"1. Many buyers, one allocation. The AI Diffusion rule allots Malaysia {quota.cap:,} TPP for 2025 to 2027",
            f"[{quota.cite}]: {chips:,} H100s of {H100_TPP:,} TPP.",
            f"{buyers} buyers order {_ORDER} at a time, all at once, until nothing is left.",
        )
        orders: list[bool] = []
        with self.desk() as desk:
            desk.open([quota])
            threads = [threading.Thread(target=self._buy, args=(desk, quota, n, orders)) for n in range(buyers)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            bucket = desk.bucket(quota.name)
            taken = bucket.committed // H100_TPP
            last = desk.reserve([Debit(quota, H100_TPP)], "buyer-last", "one-more")
        ((_, headroom, asked),) = last.event["short"]
        self.step(
            f"   {orders.count(True)} orders granted, {orders.count(False)} refused:",
            f"{taken:,} H100s taken, {bucket.headroom:,} TPP left.",
            f"One H100 more is refused: {asked:,} TPP asked, {headroom:,} TPP of headroom.",
        )
        return taken == chips and not last.ok and bucket.committed == chips * H100_TPP

    def _buy(self, desk: Desk, quota: Quota, buyer: int, orders: list[bool]) -> None:
        """Order until nothing is left; after a refusal, order what there was room for."""
        client, units, number = f"buyer-{buyer}", _ORDER, 0
        while units:
            key, number = f"order-{number}", number + 1
            answer = desk.reserve([Debit(quota, units * H100_TPP)], client, key, hold_s=3600)
            orders.append(answer.ok)
            if answer.ok:
                desk.writer.ask(Commit(client, f"{key} shipped", (client, key)))
            else:
                units = min(_ORDER, answer.event["short"][0][1] // H100_TPP)

    def killed(self) -> bool:
        """Kill a writer in the middle of its work, start another, and count what was acknowledged."""
        command = [sys.executable, "-m", "penstock.apps.ledger_demo", self.place]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            acknowledged = [child.stdout.readline().strip() for _ in range(_KILL_AFTER)]
            child.send_signal(signal.SIGKILL)
            acknowledged += [line.strip() for line in child.stdout if line.endswith("\n")]
        with self.desk() as desk:
            lost = [key for key in acknowledged if desk.writer.event("victim", key) is None]
        count = len(acknowledged)
        self.step(
            f"2. A crash. A second process writes; after {count:,} answers it is killed (signal 9) and another goes on.",
            f"Of the {count:,} answers it had given, {len(lost)} are lost.",
        )
        return count >= _KILL_AFTER and not lost

    def agreement(self) -> bool:
        """Double the allocation by an agreement, and grant what was refused before."""
        quota = country_allocation(book().law(_ON, None, _REGIME), "MY", _ON, 1)
        with self.desk() as desk:
            desk.recap(quota, "agreement with MY")
            again = desk.reserve([Debit(quota, H100_TPP)], "buyer-last", "one-more")
            new = desk.reserve([Debit(quota, H100_TPP)], "buyer-last", "one-more, under the agreement")
            room = desk.bucket(quota.name).headroom
        assert quota.cap is not None
        self.step(
            f"3. An agreement between governments doubles the allocation to {quota.cap:,} TPP [{quota.cite}].",
            f"The same request again gets the answer it got, refused; a new one is granted, {room:,} TPP left.",
        )
        return not again.ok and again.repeated and new.ok

    def reform(self) -> bool:
        """Take the 7 percent rule away: what the holder has is carried into the reform, where it has one bucket less."""
        with self.desk() as desk:
            total = 1_000_000 * H100_TPP
            desk.writer.ask(Attest("cloud", "attested", f"compute/{_CLOUD}", total, "2025-02-01", "0" * 64))
            before = self._shares(desk, _REGIME)
            first = self._install(desk, before, "first data center", total * 5 // 100)
            wanted = total * 4 // 100
            refused = self._install(desk, before, "second data center", wanted)
            ((number, headroom, _),) = refused.event["short"]
            limit, after = desk.state.buckets[number], self._shares(desk, _REFORM)
            for old in before:
                if any((old.kind, old.subject) == (new.kind, new.subject) for new in after):
                    desk.carry(old.name, _REFORM, _ON, _CARNEGIE, "authority", f"carry {old.kind}")
                else:
                    desk.writer.ask(Close("authority", f"close {old.kind}", desk.bucket(old.name).number, _CARNEGIE))
            granted = self._install(desk, after, "second data center, under the reform", wanted)
            held = [desk.bucket(quota.name).used for quota in after]
        self.step(
            f"4. A reform. {_CLOUD.title()}, a universal validated end user of {total:,} TPP, has 5 percent of it in Malaysia.",
            f"4 percent more: refused, {headroom:,} TPP of headroom under the 7 percent for one country [{limit.cite}].",
            f"The Carnegie design drops the 7 percent ({_CARNEGIE}).",
            "What is installed is carried into the two other limits, and 4 percent more are",
            f"{'granted' if granted.ok else 'refused'}: {held[0]:,} TPP count under each.",
        )
        return first.ok and not refused.ok and granted.ok and len(after) == len(before) - 1 and set(held) == {total * 9 // 100}

    def _install(self, desk: Desk, quotas: list[Quota], key: str, amount: int) -> Answer:
        return desk.reserve([Debit(quota, amount) for quota in quotas], "cloud", key)

    def _shares(self, desk: Desk, regime: str) -> list[Quota]:
        law = book().law(_ON, None, regime)
        names = [f"{kind}/{subject}/always@{regime}" for kind, _, subject in share_limits(law, _CLOUD, "MY", "US")]
        quotas = [quota_under(name, _ON) for name in sorted(names)]
        desk.open(quotas)
        return quotas

    def verified(self) -> bool:
        """Sign the log, publish it, and check it both ways."""
        backend = open_backend(self.place)
        note = sign_head(backend, self.key)
        publish(backend, self.folder / "public", note)
        done, vkey = verify(backend), backend.meta()["vkey"]
        backend.close()
        self.step(
            f"5. The proof. penstock ledger verify: {'sound' if done.ok else 'NOT SOUND'}, {done.events:,} events,",
            f"root {done.root.hex()}.",
        )
        script = Path(__file__).parents[3] / "docs" / "verify_ledger.py"
        if not script.is_file():
            self.say("   The independent verifier comes with the sources, in docs/verify_ledger.py.")
            return done.ok
        said = subprocess.run(
            [sys.executable, "-I", str(script), str(self.folder / "public"), vkey], capture_output=True, text=True
        )
        self.step(
            "   docs/verify_ledger.py, which shares no code with it:", (said.stdout or said.stderr.splitlines()[-1]).strip()
        )
        return done.ok and said.returncode == 0 and done.root.hex() in said.stdout


def _victim(place: str) -> None:
    """Reserve and void for ever, printing each key once it is acknowledged: the process that is killed."""
    backend = open_backend(place)
    with Writer(Engine(backend, ledger_clock(backend.head().time), f"victim {os.getpid()}")) as writer:
        number = 0
        while True:
            key = f"v{number}"
            writer.ask(Reserve("victim", key, ((0, 1),), 1))
            print(key, flush=True)
            number += 1


if __name__ == "__main__":
    _victim(sys.argv[1])
