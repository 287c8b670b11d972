"""``penstock ledger demo``: the ledger on the figures of the AI Diffusion rule, from the first reservation to both verifiers."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from penstock.decision.library import book
from penstock.ledger import Attest, Close, Commit, Reserve
from penstock.ledger.quota import Debit, Quota, country_allocation, share_limits
from penstock.store.clock import ledger_clock
from penstock.store.create import create, new_key, open_backend
from penstock.store.desk import Desk
from penstock.store.engine import Engine
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
_ORDER = 250
_KILL_AFTER = 200
_Say = Callable[[str], None]


def show(buyers: int, say: _Say) -> int:
    """Run the demonstration in a folder of its own; return 0 when every check held."""
    with tempfile.TemporaryDirectory() as folder:
        demo = _Demo(Path(folder), say)
        held = [demo.malaysia(buyers), demo.killed(), demo.agreement(), demo.reform(), demo.verified()]
    return 0 if all(held) else 1


class _Demo:
    def __init__(self, folder: Path, say: _Say) -> None:
        self.folder = folder
        self.place = str(folder / "quota.db")
        self.say = say
        self.key = new_key(folder / "signing.pem")
        create(self.place, ORIGIN, self.key)

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        backend = open_backend(self.place)
        with Writer(Engine(backend, ledger_clock(backend.head().time), "demo")) as writer:
            yield Desk(writer)

    def malaysia(self, buyers: int) -> bool:
        """Let many buyers take the allocation of one country at once."""
        quota = country_allocation(book().law(_ON, None, _REGIME), "MY", _ON)
        assert quota.cap is not None
        chips = quota.cap // H100_TPP
        self.say(f"1. {quota.name}: {quota.cap:,} TPP [{quota.cite}], {chips:,} H100s of {H100_TPP:,} TPP.")
        with self.desk() as desk:
            desk.open([quota])
            threads = [threading.Thread(target=self._buy, args=(desk, quota, chips, n, buyers)) for n in range(buyers)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            bucket = desk.bucket(quota.name)
            taken = bucket.committed // H100_TPP
            self.say(f"   {buyers} buyers at once, {_ORDER} chips an order: {taken:,} H100s taken, {bucket.headroom:,} TPP left.")
            last = desk.reserve([Debit(quota, H100_TPP)], "buyer-last", "one-more")
            ((_, headroom, asked),) = last.event["short"]
            self.say(f"   One more H100: refused, {headroom:,} TPP left and {asked:,} asked.")
            return taken == chips and not last.ok and bucket.committed == chips * H100_TPP

    def _buy(self, desk: Desk, quota: Quota, chips: int, buyer: int, buyers: int) -> None:
        """Order one buyer's part of the chips, and a little more than there is."""
        part = chips // buyers + (1 if buyer < chips % buyers else 0)
        for first in range(0, part, _ORDER):
            client, key, units = f"buyer-{buyer}", f"order-{first}", min(_ORDER, part - first)
            if desk.reserve([Debit(quota, units * H100_TPP)], client, key, hold_s=3600).ok:
                desk.writer.ask(Commit(client, f"{key} shipped", (client, key)))

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
        self.say(f"2. A writer killed with signal 9 after {_KILL_AFTER} acknowledgements and started again: {len(lost)} lost.")
        return count >= _KILL_AFTER and not lost

    def agreement(self) -> bool:
        """Double the allocation by an agreement, and grant what was refused before."""
        law = book().law(_ON, None, _REGIME)
        quota = country_allocation(law, "MY", _ON, 1)
        with self.desk() as desk:
            desk.recap(quota, "agreement with MY")
            again = desk.reserve([Debit(quota, H100_TPP)], "buyer-last", "one-more")
            new = desk.reserve([Debit(quota, H100_TPP)], "buyer-last", "one-more, under the agreement")
            room = desk.bucket(quota.name).headroom
        assert quota.cap is not None
        self.say(f"3. An agreement doubles the allocation to {quota.cap:,} TPP [{quota.cite}]: the refused key stays refused,")
        self.say(f"   a new request is granted, {room:,} TPP left.")
        return not again.ok and again.repeated and new.ok

    def reform(self) -> bool:
        """Take the 7 percent rule away: under the reform the same holder has one bucket less."""
        with self.desk() as desk:
            total = 1_000_000 * H100_TPP
            desk.writer.ask(Attest("cloud", "attested", "compute/example cloud", total, "2025-02-01", "0" * 64))
            before = self._shares(desk, _REGIME)
            amount = max(desk.bucket(quota.name).cap or 0 for quota in before if quota.kind == "uveu_single_country") + H100_TPP
            refused = desk.reserve([Debit(quota, amount) for quota in before], "cloud", "Johor")
            for quota in before:
                number = desk.bucket(quota.name).number
                desk.writer.ask(Close("law", f"close {quota.name}", number, "Carnegie Endowment, May 2025, option 1"))
            after = self._shares(desk, _REFORM)
            granted = desk.reserve([Debit(quota, amount) for quota in after], "cloud", "Johor, under the reform")
            named = [desk.state.buckets[number].name for number, _, _ in refused.event["short"]]
        self.say(f"4. A universal VEU puts {amount:,} TPP in Malaysia: refused by {', '.join(named)}.")
        self.say(f"   Under {_REFORM}: {'granted' if granted.ok else 'refused'} within {len(after)} buckets.")
        return not refused.ok and granted.ok and len(after) == len(before) - 1

    def _shares(self, desk: Desk, regime: str) -> list[Quota]:
        law = book().law(_ON, None, regime)
        quotas = []
        for kind, table, subject in share_limits(law, "example cloud", "MY", "US"):
            numerator, denominator = law.number(table).as_integer_ratio()
            cell = law.cell(table)
            quotas.append(Quota(kind, subject, "always", regime, None, cell.cite if cell else table,
                                (numerator, denominator), "compute/example cloud"))  # fmt: skip
        desk.open(quotas)
        return sorted(quotas, key=lambda quota: quota.name)

    def verified(self) -> bool:
        """Sign the log, publish it, and check it both ways."""
        backend = open_backend(self.place)
        note = sign_head(backend, self.key)
        publish(backend, self.folder / "public", note)
        done, vkey = verify(backend), backend.meta()["vkey"]
        backend.close()
        self.say(
            f"5. penstock ledger verify: {'sound' if done.ok else 'NOT SOUND'}, {done.events:,} events, root {done.root.hex()}."
        )
        script = Path(__file__).parents[3] / "docs" / "verify_ledger.py"
        if not script.is_file():
            self.say("   The independent verifier comes with the sources, in docs/verify_ledger.py.")
            return done.ok
        said = subprocess.run(
            [sys.executable, "-I", str(script), str(self.folder / "public"), vkey], capture_output=True, text=True
        )
        self.say(f"   docs/verify_ledger.py: {(said.stdout or said.stderr.splitlines()[-1]).strip()}")
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
