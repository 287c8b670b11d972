"""Check a published ledger without Penstock: python verify_ledger.py FOLDER VKEY. Needs Python alone; shares no code with it.
It checks the signature (Ed25519, RFC 8032), the tree (RFC 6962), the chain, and every balance, granted or refused.
"""
import base64, hashlib, json, pathlib, sys
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519
D, ROOT = -121665 * pow(121666, -1, P) % P, pow(2, (P - 1) // 4, P)
def need(holds, what):
    holds or sys.exit(f"NOT SOUND: {what}")
def add(a, b):
    (x, y), (u, v) = a, b
    t = D * x * u * y * v
    return (x * v + u * y) * pow(1 + t, -1, P) % P, (y * v + x * u) * pow(1 - t, -1, P) % P
def times(n, a, r=(0, 1)):
    while n:
        r, a, n = add(r, a) if n & 1 else r, add(a, a), n >> 1
    return r
def point(b):
    n = int.from_bytes(b, "little")
    sign, y = n >> 255, n & (2**255 - 1)
    xx = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(xx, (P + 3) // 8, P)
    x = x if x * x % P == xx else x * ROOT % P
    need(y < P and x * x % P == xx and (x or not sign), "a key or signature is no point of the curve")
    return (P - x if x & 1 != sign else x), y
BASE = point((4 * pow(5, -1, P) % P).to_bytes(32, "little"))
def signed(key, sig, text):
    s, h = int.from_bytes(sig[32:], "little"), int.from_bytes(hashlib.sha512(sig[:32] + key + text).digest(), "little") % L
    return s < L and times(s, BASE) == add(point(sig[:32]), times(h, point(key)))
def root(row):
    if len(row) < 2:
        return row[0] if row else hashlib.sha256(b"").digest()
    k = 1 << (len(row) - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(row[:k]) + root(row[k:])).digest()
def entries(folder, size):
    for n in range(-(-size // 256)):
        path = [f"x{n // 1000**i % 1000:03d}" for i in (3, 2, 1) if n >= 1000**i] + [f"{n % 1000:03d}"]
        width = min(256, size - 256 * n)
        data = (folder / "tile/entries" / ("/".join(path) + (f".p/{width}" if width < 256 else ""))).read_bytes()
        while data:
            length = int.from_bytes(data[:2], "big")
            yield data[2 : 2 + length]
            data = data[2 + length :]
class Books:  # what each operation holds, and the sum of it in every bucket
    def __init__(self):
        self.names, self.cap, self.share, self.used, self.closed, self.held, self.until, self.total = [], [], [], [], set(), {}, {}, {}
    def fits(self, legs, now=()):
        more = [(n, a - dict(now).get(n, 0)) for n, a in legs]
        return all(n < len(self.cap) and (a <= 0 or self.used[n] + a <= (2**62 if self.cap[n] is None else self.cap[n])) for n, a in more)
    def hold(self, of, state, legs):
        for n, a in self.held.get(of, ("", ()))[1]:
            self.used[n] -= a
        self.held[of] = (state, [(n, a) for n, a in legs if a])
        for n, a in legs:
            self.used[n] += a
        return True
    def shares(self, name):
        for n, (basis, part) in enumerate(self.share):
            if basis and basis == name:
                self.cap[n] = self.total[name][1] * part[0] // part[1] if name in self.total else 0
        return True
    def grants(self, do, at):
        kind, me, of, n, s = do["kind"], (do["client"], do["key"]), tuple(do.get("of") or ()), do.get("bucket"), do.get("source")
        need(me not in self.held, f"the key {me} is used twice")
        self.held[me] = ("", [])
        (state, held), late = self.held.get(of, ("", [])), self.until.get(of) is not None and at >= self.until[of]
        if kind == "open" and n not in self.names:
            for row, value in ((self.names, n), (self.cap, do["cap"]), (self.used, 0), (self.share, (do["basis"], do["share"]))):
                row.append(value)
            return self.shares(do["basis"])
        if kind == "reserve" and self.fits(do["legs"]) and not self.closed & {n for n, _ in do["legs"]}:
            self.until[me] = at + 1000 * do["hold_s"] if do["hold_s"] else None
            return self.hold(me, "reserved", do["legs"])
        if kind == "commit" and state == "reserved" and not late:
            kept = held if do["legs"] is None else do["legs"]
            return all(a <= dict(held).get(n, 0) for n, a in kept) and self.hold(of, "committed", kept)
        if (kind == "void" or (kind == "expire" and late)) and state == "reserved":
            return self.hold(of, kind, [])
        if kind == "correct" and state == "committed" and self.fits(do["legs"], held):
            return self.hold(of, "committed", list({**dict(held), **dict(do["legs"])}.items()))
        if kind == "recap" and n < len(self.cap) and not self.share[n][0]:
            return not self.cap.__setitem__(n, do["cap"])
        if kind == "carry" and max(n, s) < len(self.cap) and not self.closed & {n, ~s} and self.used[n] + self.used[s] <= 2**62:
            return self.closed.update((s, ~s)) or self.hold(me, "committed", [(n, self.used[s])])
        if kind == "attest" and do["as_of"] >= self.total.get(do["basis"], ("", 0))[0]:
            self.total[do["basis"]] = (do["as_of"], do["total"])
            return self.shares(do["basis"])
        return (kind == "close" and n < len(self.cap) and not self.closed.add(n)) or kind == "note"
text, signatures = (pathlib.Path(sys.argv[1]) / "checkpoint").read_text("utf-8").split("\n\n", 1)
(origin, size, top), vkey = text.split("\n"), sys.argv[2]
key, raw = base64.b64decode(vkey.split("+", 2)[2]), base64.b64decode(signatures.split()[-1])
need(vkey.split("+")[0] == origin and signed(key[1:], raw[4:], (text + "\n").encode()), "the signature is bad")
head, at, leaves, books = bytes(32), 0, [], Books()
for seq, entry in enumerate(entries(pathlib.Path(sys.argv[1]), int(size))):
    event = json.loads(entry[65:])
    need(entry[:64].decode() == head.hex() and event["seq"] == seq and event["at"] >= at, f"the chain breaks at event {seq}")
    need(event["ok"] == books.grants(event["do"], event["at"]), f"event {seq} should have been {'refused' * event['ok'] or 'granted'}")
    head, at = hashlib.sha256(b"\0" + entry).digest(), event["at"]
    leaves.append(head)
need(len(leaves) == int(size) and base64.b64encode(root(leaves)).decode() == top, "the root is another one")
print(f"Sound: {size} events, {len(books.cap)} buckets, {sum(books.used)} TPP in use, root {root(leaves).hex()}")
