"""Sessions of the package from a vector: its inputs and its random bytes."""

import contextlib
import hashlib
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from protocols.reference import reader, sketch
from protocols.reference.sketch import SketchTerms

from accountmap.curve.backends import OpenSSLCurve
from accountmap.model import Contradiction, Role, Says, Strength, WeakSlots
from accountmap.psi.codec import Message, Order, RefusalError
from accountmap.psi.inputs import OwnInputs, key_table_digest, row_record
from accountmap.psi.parameters import MatchClass, MessageType, Parameters, Rectangle, Slot
from accountmap.psi.ports import Ports, Side
from accountmap.psi.session import Session
from accountmap.psi.suite import digest, key_message
from tests.protocols.vectors import Json
from tests.psi.sessions import Entity, Own, side_of

SIGN_LABEL = b"accountmap-receipt-v2 signature\x00"


class Recorded:
    """A source of randomness that gives what was recorded, or other bytes where other lengths are asked for."""

    def __init__(self, recorded: Json) -> None:
        names = ["nonce", *(name for name in recorded if name.startswith("key_shares"))]
        self.left = [bytes.fromhex(recorded[name]) for name in names]

    def __call__(self, length: int) -> bytes:
        drawn = self.left.pop(0)
        return drawn if len(drawn) == length else hashlib.shake_256(drawn).digest(length)


class Receipts:
    """Signatures of the two parties of a vector."""

    def __init__(self, own: Json, partner: Json) -> None:
        self._own = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(own["signing_seed"]))
        self._partner = Ed25519PublicKey.from_public_bytes(bytes.fromhex(partner["signing_key"]))

    def sign(self, receipt: bytes) -> bytes:
        return self._own.sign(SIGN_LABEL + receipt)

    def verify(self, receipt: bytes, signature: bytes) -> bool:
        with contextlib.suppress(InvalidSignature):
            self._partner.verify(signature, SIGN_LABEL + receipt)
            return True
        return False


class PartnerRules:
    """The reference's rules for sketches and totals, and the totals of the vector."""

    def __init__(self, terms: SketchTerms, segments: int, totals: str) -> None:
        self._terms, self._segments, self._totals = terms, segments, bytes.fromhex(totals)

    def own_totals(self, matched: Sequence[Order]) -> bytes:
        assert len(matched) <= 2
        return self._totals

    def check_sketch(self, data: bytes) -> None:
        try:
            reader.check_sketch(data, self._terms)
        except reader.RefusedError as refused:
            raise RefusalError(str(refused), "the sketch is refused") from refused

    def accepts_totals(self, data: bytes) -> bool:
        with contextlib.suppress(reader.RefusedError):
            reader.check_totals(data, self._segments)
            return True
        return False


def slots_of(described: Sequence[Json]) -> tuple[Slot, ...]:
    return tuple(
        Slot(s["space"].encode(), s["weight"], Strength[s["strength"].upper()], Says(s["says"]), s["meets_itself"])
        for s in described
    )


def contradictions(names: Sequence[str]) -> Contradiction:
    found = Contradiction.NONE
    for name in names:
        found |= Contradiction[name.upper()]
    return found


def classes_of(described: Sequence[Json]) -> tuple[MatchClass, ...]:
    return tuple(
        MatchClass(
            leads=tuple(c["leads"]),
            with_any=tuple(c["with"]),
            tolerates=contradictions(c["tolerates"]),
            sure=c["sure"],
            reveal_up_to=c["reveal_up_to"],
            ask_up_to=c["ask_up_to"],
        )
        for c in described
    )


def terms_of(described: Json) -> SketchTerms:
    return SketchTerms(described["kind"], tuple(described["rows"]), described["epsilon"])


def parameters(vector: Json) -> Parameters:
    p = vector["parameters"]
    return Parameters(
        context=bytes.fromhex(p["context"]),
        slots=slots_of(p["slots"]),
        weak=WeakSlots(p["weak"]),
        threshold=p["threshold"],
        classes=classes_of(p["classes"]),
        rectangles=tuple(
            Rectangle((tuple(r["segments"][0]), tuple(r["segments"][1])), r["field_bytes"])
            for r in p["rectangles"]
        ),
        sizes=(tuple(p["sizes"][0]), tuple(p["sizes"][1])),
        sketch_bytes=(terms_of(p["sketches"][0]).length, terms_of(p["sketches"][1]).length),
        totals_bytes=tuple(p["totals_bytes"]),
        channel_key_bytes=p["channel_key_bytes"],
    )


class Vector(Own):
    """A party's entities in one rectangle, with the fields of the vector."""

    def accepts(self, fields: bytes) -> bool:
        return fields.startswith(b"fields of ")


def sides_of(party: Json, p: Parameters, role: Role) -> list[Side]:
    fields = {id(e["keys"]): bytes.fromhex(e["fields"]) for segment in party["segments"] for e in segment}

    def fields_of(entity: Entity) -> bytes:
        return fields[id(entity)]

    return [
        side_of(
            Vector(
                [
                    [e["keys"] for e in segment] if number in rectangle.segments[role] else []
                    for number, segment in enumerate(party["segments"])
                ],
                p,
                "",
                fields_of,
            )
        )
        for rectangle in p.rectangles
    ]


def records_of(party: Json, p: Parameters, role: Role) -> list[bytes]:
    """The records of the key table, in their order."""
    compared = {segment for rectangle in p.rectangles for segment in rectangle.segments[role]}
    records = []
    for number, segment in enumerate(party["segments"]):
        if number in compared:
            bits = Own([[e["keys"] for e in segment]], p, "").bits().tolist()
            for row, entity in enumerate(segment):
                values = [entity["keys"][n] for n in p.sent]
                keys = [
                    None if value is None else key_message(p.slots[n].space, value.encode())
                    for n, value in zip(p.sent, values, strict=True)
                ]
                ids = sorted(name.encode() for name in entity["account_ids"])
                records.append(row_record(number, row, bits[row], ids, keys))
    return records


def sketch_of(party: Json, terms: SketchTerms) -> bytes:
    names = [[e["full_name"] for e in segment if e["full_name"] is not None] for segment in party["segments"]]
    random = party["random"]
    drawn = (bytes.fromhex(random[name]) for name in ("sketch_id", "sketch_seed"))
    return sketch.make(terms, sketch.SketchSecret(*drawn, bytes.fromhex(party["card"])), names)


def inputs_of(party: Json, vector: Json, role: Role) -> OwnInputs:
    random = {name: bytes.fromhex(drawn) for name, drawn in party["random"].items()}
    names = [[e["full_name"] for e in segment if e["full_name"] is not None] for segment in party["segments"]]
    messages = sorted(sketch.value_message(value) for part in sketch.distinct(names) for value in part)
    keys = hashlib.sha256(b"".join(hashlib.sha256(m).digest() for m in messages)).digest()
    sketch_list, frozen = (
        hashlib.sha256(bytes.fromhex(party[k])).digest() for k in ("sketch_list", "frozen_list")
    )
    return OwnInputs(
        seed=random["session_seed"],
        sketch=sketch_of(party, terms_of(vector["parameters"]["sketches"][role])),
        sketch_seed=random["sketch_seed"],
        frozen_list=frozen,
        key_table=lambda: key_table_digest(records_of(party, parameters(vector), role)),
        sketch_inputs=digest("sketch-inputs", random["sketch_id"], random["sketch_seed"], sketch_list, keys),
    )


class Player:
    """One party of a vector, ready to begin."""

    def __init__(self, vector: Json, role: Role) -> None:
        own, partner = vector[role.name.lower()], vector[role.other.name.lower()]
        p = parameters(vector)
        self.random = Recorded(own["random"])
        terms = terms_of(vector["parameters"]["sketches"][role.other])
        rules = PartnerRules(terms, len(p.sizes[role.other]), own["totals"])
        ports = Ports(OpenSSLCurve(), self.random, Receipts(own, partner), rules)
        self.role, self._channel_key = role, bytes.fromhex(own["channel_key"])
        sides = sides_of(own, p, role)
        self.session = Session.start(role, p, inputs_of(own, vector, role), sides, ports)

    def begin(self) -> Message:
        return self.session.offer(self._channel_key)

    def take(self, number: int, body: bytes) -> Message | None:
        """Take a message, and decide at once to go on where that is due."""
        kind = MessageType(number)
        if kind is MessageType.OFFER and kind in self.session.due:
            return self.session.answer(self._channel_key, body)
        reply = self.session.receive(kind, body)
        return self.session.consent() if self.session.decision else reply

    def until(self, number: int, bodies: dict[int, bytes]) -> None:
        """Take all messages of the partner before one."""
        if self.role is Role.INITIATOR:
            self.begin()
        for n in range(1 if self.role is Role.RESPONDER else 2, number, 2):
            self.take(n, bodies[n])


def bodies(vector: Json) -> dict[int, bytes]:
    """The bodies of an honest session by their number."""
    return {int(n): bytes.fromhex(body) for n, body in vector["expect"]["bodies"].items()}
