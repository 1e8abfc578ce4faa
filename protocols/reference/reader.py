"""What a reader makes of each message of a session: nothing, or the rule that refuses it (psi-v2 §7)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from protocols.reference import aes_gcm, ed25519
from protocols.reference.curve import P, x25519
from protocols.reference.matching import (
    ASK,
    DROP,
    LEAST_ASKED,
    REVEAL,
    Bits,
    Match,
    outcomes,
    weight_of,
)
from protocols.reference.party import INITIATOR, RESPONDER, Parameters, message_of
from protocols.reference.session import NONCE, Comparison, Played, matches_text, password
from protocols.reference.shown import ALL, COUNTRY, NAME, NO_SEGMENT, SIZE
from protocols.reference.sketch import SketchTerms, count_from, density_holds
from protocols.reference.suite import consent, digest, generator_of_match, match_id, sha256, transcripts
from protocols.reference.tables import segment_of

SIZES = {"1-10", "11-50", "51-200", "201-500", "501-1000", "1001-5000", "5001-10000", "10001+"}


class RefusedError(Exception):
    """A message that must not be taken; the text is the rule's name."""


def require(holds: bool, rule: str) -> None:
    """Refuse unless something holds."""
    if not holds:
        raise RefusedError(rule)


def pieces(data: bytes, size: int) -> list[bytes]:
    """Cut bytes into pieces of one size."""
    return [data[i : i + size] for i in range(0, len(data), size)]


def number(data: bytes) -> int:
    """Read a big-endian number."""
    return int.from_bytes(data, "big")


Bounds = tuple[int, int]
"""Least and greatest length."""


def container(data: bytes, bounds: Sequence[Bounds]) -> list[bytes]:
    """Cut a container into its sections (psi-v2 §7)."""
    require(len(data) >= 8 * len(bounds), "section-length")
    lengths = [number(piece) for piece in pieces(data[: 8 * len(bounds)], 8)]
    require(all(low <= n <= high for n, (low, high) in zip(lengths, bounds, strict=True)), "section-length")
    require(sum(lengths) == len(data) - 8 * len(bounds), "section-length")
    found, start = [], 8 * len(bounds)
    for length in lengths:
        found.append(data[start : start + length])
        start += length
    return found


def check_length(data: bytes, bounds: Sequence[Bounds], fixed: int = 0) -> None:
    """Refuse a body that no sections within these bounds could make."""
    least, greatest = (fixed + 8 * len(bounds) + sum(b[end] for b in bounds) for end in (0, 1))
    require(least <= len(data) <= greatest, "length")


def check_points(points: Sequence[bytes], own: Sequence[bytes], scalars: Sequence[bytes]) -> list[bytes]:
    """Refuse points by the rules of psi-v2 §7.3 that concern key shares too; return the products."""
    require(all(int.from_bytes(point, "little") < P for point in points), "canonical")
    require(len(set(points)) == len(points), "repeated")
    require(not set(points) & set(own), "own")
    products = [x25519(scalar, point) for scalar, point in zip(scalars, points, strict=True)]
    require(bytes(32) not in products, "low-order")
    return products


def check_sketch(sketch: bytes, terms: SketchTerms) -> None:
    """Refuse a sketch of another density (psi-v2 §5.4)."""
    require(all(density_holds(count_from(sketch, terms, v), terms, v) for v in terms.levels), "density")


def decode_claims(section: bytes, most_pairs: int) -> Iterator[Match]:
    """Read the claims of a section of message 6 (psi-v2 §7.6)."""
    count, start = number(section[:4]), 4
    read = []
    for _ in range(count):
        require(len(section) >= start + 9, "claim-length")
        head = section[start : start + 9]
        end = start + 9 + 2 * head[8]
        require(len(section) >= end, "claim-length")
        pairs = tuple((s, t) for s, t in pieces(section[start + 9 : end], 2))
        read.append(Match(number(head[:4]), number(head[4:8]), 0, pairs))
        start = end
    require(start == len(section), "claim-length")
    require(all(1 <= len(claim.pairs) <= most_pairs for claim in read), "pair-count")
    yield from read


def check_claims(section: bytes, bits: tuple[list[Bits], list[Bits]], p: Parameters) -> list[Match]:
    """Read claims, and refuse those that break a rule that needs no secret (psi-v2 §7.6).

    Args:
        bits: of the rows of X and of the rows of V.
    """
    claims = list(decode_claims(section, len(p.sent)))
    require(all(c.x < len(bits[0]) and c.v < len(bits[1]) for c in claims), "row-range")
    ascending = all(a.x < b.x for a, b in pairwise(claims))
    require(ascending and len({c.v for c in claims}) == len(claims), "row-repeated")
    all_pairs = [pair for c in claims for pair in c.pairs]
    sent = all(s in p.sent and t in p.sent for s, t in all_pairs)
    require(sent and all(s != t or p.slots[s].meets_itself for s, t in all_pairs), "pair-slot")
    for c in claims:
        xs, vs = [s for s, _ in c.pairs], [t for _, t in c.pairs]
        require(xs == sorted(set(xs)) and len(set(vs)) == len(vs), "pair-repeated")
    require(all(p.slots[s].space == p.slots[t].space for s, t in all_pairs), "pair-space")
    for c in claims:
        says_domain = any("domain" in (p.slots[s].says, p.slots[t].says) for s, t in c.pairs)
        require(not says_domain or (bits[0][c.x][0] and bits[1][c.v][0]), "pair-bits")
    require(all(weight_of(c.pairs, p.slots) >= p.threshold for c in claims), "claim-weight")
    found = outcomes(claims, bits, p.slots, p.classes)
    require(DROP not in found, "claim-dropped")
    require(found.count(ASK) <= max(LEAST_ASKED, found.count(REVEAL)), "ask-count")
    return claims


def check_totals(data: bytes, segments: int) -> None:
    """Refuse bytes that are no totals (message-v2 §6.2)."""
    last, start = None, 0
    while start < len(data):
        require(len(data) >= start + 7, "totals")
        by, segment, length = data[start], data[start + 1], data[start + 6]
        raw = data[start + 7 : start + 7 + length]
        require(len(raw) == length <= 80 and by <= NAME, "totals")
        try:
            value = raw.decode()
        except UnicodeDecodeError:
            raise RefusedError("totals") from None
        require(segment < segments if by == NAME else segment == NO_SEGMENT, "totals")
        require((by == ALL) == (value == ""), "totals")
        letters = len(value) == 2 and value.isascii() and value.isupper() and value.isalpha()
        require((by != COUNTRY or letters) and (by != SIZE or value in SIZES), "totals")
        require(by not in (COUNTRY, COUNTRY + 1, SIZE) or last is not None, "totals")
        place = by, segment, raw
        require(last is None or last < place, "totals")
        last, start = place, start + 7 + length


@dataclass
class Reader:
    """One party of a session that was played, up to the message that it reads.

    Attributes:
        bodies: of all messages before, those of its partner perhaps others than were played.
        partner_seed: what its partner signs with; a signature is checked by making it again.
        scalars: of the initiator's key shares, by rectangle.
    """

    played: Played
    p: Parameters
    role: int
    bodies: dict[int, bytes]
    partner_seed: bytes
    scalars: Sequence[Sequence[bytes]] = ()

    @property
    def rows(self) -> list[tuple[int, int]]:
        """Return the rows of X and Y of each comparison."""
        numbers = range(len(self.p.rectangles))
        return [(sum(self.p.sizes_in(n, INITIATOR)), sum(self.p.sizes_in(n, RESPONDER))) for n in numbers]

    def read(self, message: int, body: bytes) -> None:
        """Read a message.

        Raises:
            RefusedError: it must not be taken.
        """
        readers: dict[int, Callable[[bytes], None]] = {
            1: self._first,
            2: self._first,
            3: self._points,
            4: self._points,
            5: self._tokens,
            6: self._claims,
            7: self._named,
            8: self._sealed_by_responder,
            9: self._sealed_by_initiator,
            10: self._receipt,
            15: lambda data: require(data == b"", "length"),
        }
        readers[message](body)

    def _first(self, body: bytes) -> None:
        terms = self.p.sketches[1 - self.role]
        require(len(body) == 64 + self.p.channel_key_bytes + terms.length, "length")
        check_sketch(body[-terms.length :], terms)
        require(self.role == RESPONDER or body[:32] != self.bodies[1][:32], "nonce")

    def _transcript(self, last: int) -> bytes:
        return transcripts(self.p.context, [self.bodies[n] for n in range(1, last + 1)])[-1]

    def _points(self, body: bytes) -> None:
        k, sender = len(self.p.sent), 1 - self.role
        sizes = [n[sender] for n in self.rows]
        bounds = [(-(-n // 4) + 32 * n * k,) * 2 for n in sizes]
        check_length(body, bounds, 32)
        sections = container(body[32:], bounds)
        require(body[:32] == consent(self.played.sid, sender, self._transcript(2 + sender)), "consent")
        for section, n, c in zip(sections, sizes, self.played.comparisons, strict=True):
            width, own = -(-n // 4), c.x if self.role == INITIATOR else c.y
            require(n % 4 == 0 or section[width - 1] & (1 << 8 - 2 * (n % 4)) - 1 == 0, "bits")
            points = pieces(section[width:], 32)
            own_points = [point for row in own.table for point in row]
            products = check_points(points, own_points, [own.scalar] * len(points))
            require(len(set(products)) == len(products), "same-product")

    def _tokens(self, body: bytes) -> None:
        bounds = [(16 * n[RESPONDER] * len(self.p.sent),) * 2 for n in self.rows]
        check_length(body, bounds)
        for section in container(body, bounds):
            found = pieces(section, 16)
            require(len(set(found)) == len(found), "repeated-token")

    def _bits(self, c: Comparison) -> tuple[list[Bits], list[Bits]]:
        return c.x.bits, [c.y.bits[row] for row in c.v_order]

    def _claims(self, body: bytes) -> None:
        widest = 9 + 2 * len(self.p.sent)
        bounds = [(4, 4 + min(n) * widest) for n in self.rows]
        check_length(body, bounds)
        taken = zip(container(body, bounds), self.played.comparisons, strict=True)
        read = [(check_claims(section, self._bits(c), self.p), c) for section, c in taken]
        for claims, c in read:
            entities = [c.x.origin[claim.x] for claim in claims]
            require(None not in entities, "row-padding")
            for claim, entity in zip(claims, entities, strict=True):
                held = entity is not None and all(entity.keys[s] is not None for s, _ in claim.pairs)
                require(held, "row-key")

    def _taken_claims(self) -> list[list[Match]]:
        body = self.bodies[6]
        bounds = [(4, len(body))] * len(self.rows)
        sections = container(body, bounds)
        return [list(decode_claims(section, 32)) for section in sections]

    def _named(self, body: bytes) -> None:
        counts = [len(claims) for claims in self._taken_claims()]
        bounds = [(36 * count, 36 * count) for count in counts]
        check_length(body, bounds)
        taken = zip(container(body, bounds), self._taken_claims(), self.played.comparisons, strict=True)
        for rectangle, (section, claims, c) in enumerate(taken):
            named = [number(piece) for piece in pieces(section[: 4 * len(claims)], 4)]
            sizes = self.p.sizes_in(rectangle, RESPONDER)
            require(all(row < sum(sizes) for row in named), "row-range")
            require(len(set(named)) == len(named), "row-repeated")
            places = [c.v_order[claim.v] for claim in claims]
            require(
                [segment_of(row, sizes) for row in named] == [segment_of(v, sizes) for v in places], "row-segment"
            )
            require([c.y.bits[row] for row in named] == [c.y.bits[v] for v in places], "row-bits")
            entities = [c.y.origin[row] for row in named]
            require(None not in entities, "row-padding")
            for claim, entity in zip(claims, entities, strict=True):
                held = entity is not None and all(entity.keys[t] is not None for _, t in claim.pairs)
                require(held, "row-key")
            shares = pieces(section[4 * len(claims) :], 32)
            check_points(shares, [], [bytes(32)] * len(shares))

    def _open(self, sealed: bytes, keys: Sequence[bytes], asked: Sequence[bool], f: int) -> bool:
        """Check a field block; return whether all of it opens."""
        require(len(sealed) >= 4 * len(keys), "field-length")
        lengths = [number(piece) for piece in pieces(sealed[: 4 * len(keys)], 4)]
        limits = [16 if only_asked else f + 16 for only_asked in asked]
        within = all(16 <= n <= most for n, most in zip(lengths, limits, strict=True))
        require(within and sum(lengths) == len(sealed) - 4 * len(keys), "field-length")
        start, opened = 4 * len(keys), True
        for key, length in zip(keys, lengths, strict=True):
            text = sealed[start : start + length]
            opened = opened and aes_gcm.open_sealed(key, NONCE, text) is not None
            start += length
        return opened

    def _field_bounds(self, counts: Sequence[int], fixed: int, sender: int) -> list[Bounds]:
        limits = [rectangle.field_bytes for rectangle in self.p.rectangles]
        bounds = [(fixed * n, (fixed + f) * n) for n, f in zip(counts, limits, strict=True)]
        return [*bounds, (0, self.p.totals_bytes[sender])]

    def _sealed_by_responder(self, body: bytes) -> None:
        taken = self._taken_claims()
        bounds = self._field_bounds(list(map(len, taken)), 52, RESPONDER)
        check_length(body, bounds)
        *sections, totals = container(body, bounds)
        all_open = True
        for n, (section, claims, c) in enumerate(zip(sections, taken, self.played.comparisons, strict=True)):
            shares, asked = pieces(section[: 32 * len(claims)], 32), self._asked(claims, c)
            keys = self._initiators_keys(n, claims, shares, c)
            sealed = section[32 * len(claims) :]
            all_open = self._open(sealed, keys, asked, self.p.rectangles[n].field_bytes) and all_open
        require(all_open, "field-open")
        check_totals(totals, len(self.p.sizes[RESPONDER]))

    def _asked(self, claims: Sequence[Match], c: Comparison) -> list[bool]:
        return [o == ASK for o in outcomes(claims, self._bits(c), self.p.slots, self.p.classes)]

    def _initiators_keys(
        self, n: int, claims: Sequence[Match], shares: Sequence[bytes], c: Comparison
    ) -> list[bytes]:
        """Check the responder's key shares, and derive the keys under which it seals."""
        draws = self.scalars[n]
        section_6 = container(self.bodies[6], [(4, len(self.bodies[6]))] * len(self.rows))[n]
        graph = digest("graph", c.rid, sha256(b"".join(cell for row in c.v for cell in row)), sha256(section_6))
        names = [match_id(c.rid, claim.x, claim.v) for claim in claims]
        words = [self._password(claim, c) for claim in claims]
        own = [
            x25519(scalar, generator_of_match(c.rid + name + w))
            for scalar, name, w in zip(draws, names, words, strict=True)
        ]
        products = check_points(shares, own, draws)
        return [
            digest("match-key", c.rid, graph, bytes([RESPONDER]), name, ours, theirs, k)
            for name, ours, theirs, k in zip(names, own, shares, products, strict=True)
        ]

    def _password(self, claim: Match, c: Comparison) -> bytes:
        entity = c.x.origin[claim.x]
        if entity is None or any(message_of(entity, s, self.p) is None for s, _ in claim.pairs):
            raise ValueError("the claim was taken")
        return password(entity, [s for s, _ in claim.pairs], self.p)

    def _sealed_by_initiator(self, body: bytes) -> None:
        comparisons = self.played.comparisons
        bounds = self._field_bounds([len(c.claims) for c in comparisons], 20, INITIATOR)
        check_length(body, bounds, 64)
        *sections, totals = container(body[:-64], bounds)
        all_open = True
        for section, c, rectangle in zip(sections, comparisons, self.p.rectangles, strict=True):
            asked = [outcome == ASK for _, outcome in c.claims]
            keys = [keys[INITIATOR] for keys in c.keys]
            all_open = self._open(section, keys, asked, rectangle.field_bytes) and all_open
        require(all_open, "field-open")
        check_totals(totals, len(self.p.sizes[INITIATOR]))
        self._verify(body[-64:], self._receipt_of(sections))

    def _receipt_of(self, initiators_blocks: Sequence[bytes]) -> bytes:
        """Return the receipt when the responder's message 8 was as it was played."""
        comparisons = self.played.comparisons
        bounds = self._field_bounds([len(c.claims) for c in comparisons], 52, RESPONDER)
        *eights, _ = container(self.bodies[8], bounds)
        blocks = [section[32 * len(c.claims) :] for section, c in zip(eights, comparisons, strict=True)]
        parts = matches_text(comparisons, self.p), b"".join(blocks), b"".join(initiators_blocks)
        hashed = [digest("receipt-part", part) for part in parts]
        return digest("receipt", self.played.sid, self._transcript(8), *hashed)

    def _verify(self, signature: bytes, receipt: bytes) -> None:
        text = b"accountmap-receipt-v2 signature\x00" + receipt
        require(ed25519.sign(self.partner_seed, text) == signature, "receipt")

    def _receipt(self, body: bytes) -> None:
        require(len(body) == 64, "length")
        self._verify(body, self.played.receipt)
