"""What is computed for one rectangle, at one party (psi-v2 §7.3 to §7.9).

All of it is written here once, for lists in memory and for lists in Spark: points and tokens are behind the port
`Tables`.
"""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from accountmap.errors import UsageError
from accountmap.model import Outcome, Role, Strength
from accountmap.psi.codec import (
    Bits,
    Bytes2D,
    Order,
    RefusalError,
    bits_bytes,
    encode_indices,
    indices,
    pack_bits,
    raw,
    require,
    rows,
    unpack_bits,
)
from accountmap.psi.inputs import ComparisonSecrets, padding_models
from accountmap.psi.key_exchange import (
    Exchange,
    OpenedFields,
    field_lengths,
    graph_digest,
    match_ids,
    open_fields,
    seal_fields,
)
from accountmap.psi.matching import Decided, Matches, MatchRule, SegmentClaims, decode_claims, encode_claims
from accountmap.psi.parameters import Parameters
from accountmap.psi.ports import Layout, OpenedEntities, PointTable, Ports, Side, TokenTable
from accountmap.psi.suite import INDEX_BYTES, POINT_BYTES, Body, sha256, token_prefix
from accountmap.psi.tables import segment_of_rows, segment_slices


@dataclass(frozen=True, repr=False)
class Knowledge:
    """What a party keeps of one comparison between two messages; empty where it is not known yet, or no longer.

    Attributes:
        own: our blinded points, until they have been sent and nothing is compared with them any more.
        tokens: the partner's points as tokens, until message 5 or the claims are made of them.
        their_bits: the partner's presence bits, packed.
        tokens_sha256: of V.
        claims: the section of message 6.
        own_rows: for each match the row of our table, four bytes each.
        scalars, shares: our half of the key exchanges, 32 bytes a match.
        keys: for the initiator's fields of all matches, then for the responder's, 32 bytes each.
        fields, field_lengths: what the partner showed, and its length for each match in four bytes.
    """

    own: PointTable | None = None
    tokens: TokenTable | None = None
    their_bits: Body = b""
    tokens_sha256: Body = b""
    claims: Body = b""
    own_rows: Body = b""
    scalars: Body = b""
    shares: Body = b""
    keys: Body = b""
    fields: Body = b""
    field_lengths: Body = b""


@dataclass(frozen=True, repr=False)
class Comparison:
    """One rectangle at one party.

    Attributes:
        number: of the rectangle.
        secrets: those that the party derives for this comparison.
        sketch_seed: the bits of padding rows come from it.
        rid: id of the comparison; empty while it is not known.
        decided: the last claims that were weighed, kept because several steps need them.
    """

    number: int
    role: Role
    parameters: Parameters
    side: Side
    ports: Ports
    secrets: ComparisonSecrets
    sketch_seed: bytes
    rid: bytes
    decided: dict[tuple[bytes, bytes], Decided] = field(default_factory=dict)

    def _sizes(self, role: Role) -> tuple[int, ...]:
        return self.parameters.sizes_in(self.number, role)

    @cached_property
    def _layout(self) -> Layout:
        """Where our entities are in our table.

        Raises:
            UsageError: a segment has more entities than rows.
        """
        sizes, counts = self._sizes(self.role), self.side.entities.sizes
        if len(counts) != len(sizes) or any(count > size for count, size in zip(counts, sizes, strict=True)):
            raise UsageError("a segment holds more entities than the agreed size")
        entity = np.full(sum(sizes), -1, np.int64)
        for own, padded in zip(segment_slices(counts), segment_slices(sizes), strict=True):
            entity[padded.start : padded.start + own.stop - own.start] = np.arange(own.start, own.stop)
        return Layout(sizes, entity, self.secrets.own_order(sizes), self.parameters.sent)

    @cached_property
    def _own_bits(self) -> Bits:
        """Presence bits of the rows of our table; a row of padding has those of an entity (psi-v2 §7.3)."""
        layout, of_entity = self._layout, self.side.entities.bits()
        bits = np.zeros(len(layout.entity), np.uint8)
        bits[layout.entity >= 0] = of_entity
        counts = segment_slices(self.side.entities.sizes)
        for segment, (own, padded) in enumerate(zip(counts, segment_slices(layout.sizes), strict=True)):
            used, size = own.stop - own.start, padded.stop - padded.start
            models = of_entity[own] if used else of_entity
            if len(models) and used < size:
                chosen = padding_models(self.sketch_seed, segment, len(models), range(used, size))
                bits[padded.start + used : padded.stop] = models[chosen]
        return bits[layout.order]

    def blind(self, known: Knowledge) -> Knowledge:
        """Blind our points, unless this was done in advance."""
        own = known.own or self.side.tables.blind(self._layout, self.secrets)
        return replace(known, own=own)

    def write_points(self, known: Knowledge) -> tuple[Body, ...]:
        """Return our section of message 3 or 4."""
        return pack_bits(self._own_bits), _there(known.own).body

    def take_points(self, known: Knowledge, section: memoryview) -> Knowledge:
        """Read the partner's section of message 3 or 4: its points become tokens.

        Raises:
            RefusalError: by the rules of psi-v2 §7.3.
        """
        count = self.parameters.rows(self.number, self.role.other)
        packed, points = section[: bits_bytes(count)], section[bits_bytes(count) :]
        unpack_bits(packed, count)
        tokens = _there(known.own).tokens_of(points, self.secrets.scalar, token_prefix(self.rid))
        return replace(known, tokens=tokens, their_bits=bytes(packed))

    def write_tokens(self, known: Knowledge) -> tuple[Knowledge, tuple[Body, ...]]:
        """Return our section of message 5, V, as the initiator."""
        body = _there(known.tokens).arranged(self._token_order(known))
        return replace(known, own=None, tokens=None, tokens_sha256=sha256([body])), (body,)

    def _token_order(self, known: Knowledge) -> Order:
        sizes = self._sizes(Role.RESPONDER)
        return self.secrets.token_order(sizes, self._their_bits(known))

    def _their_bits(self, known: Knowledge) -> Bits:
        return unpack_bits(known.their_bits, self.parameters.rows(self.number, self.role.other))

    def _rule(self, known: Knowledge) -> MatchRule:
        """Return the match rule over the presence bits of X and V; the bits of V follow from its order."""
        x, y = self._own_bits, self._their_bits(known)
        if self.role is Role.RESPONDER:
            x, y = y, x
        v = y.copy()
        for part in segment_slices(self._sizes(Role.RESPONDER)):
            v[part] = np.sort(v[part])[::-1]
        return MatchRule(self.parameters, x, v)

    def _decided(self, known: Knowledge) -> Decided:
        """Return the claims, which we have made or checked, and what becomes of each."""
        weighed = bytes(known.their_bits), bytes(known.claims)
        if weighed not in self.decided:
            claims = decode_claims(known.claims, len(self.parameters.sent))
            self.decided.clear()
            self.decided[weighed] = self._rule(known).decide(claims)
        return self.decided[weighed]

    def match(self, known: Knowledge, section: memoryview) -> Knowledge:
        """Read V and choose the claims, as the responder.

        Raises:
            RefusalError: `repeated-token`.
        """
        cells = _there(known.tokens).shared_with(section)
        if cells is None:
            raise RefusalError("repeated-token", "message 5 holds a token twice")
        rule = self._rule(known)
        claims = rule.choose_claims(rule.mutual_best(cells)).claims
        return replace(known, tokens=None, claims=encode_claims(claims), tokens_sha256=sha256([section]))

    def take_claims(self, known: Knowledge, section: memoryview) -> Knowledge:
        """Read the claims, as the initiator, and check what can be checked without a secret.

        Raises:
            RefusalError: by the rules of psi-v2 §7.6 up to `ask-count`.
        """
        self._rule(known).check_claims(decode_claims(section, len(self.parameters.sent)))
        return replace(known, claims=bytes(section))

    def claimed(self, known: Knowledge) -> list[SegmentClaims]:
        """Count the claims by own segment."""
        decided, sizes = self._decided(known), self._sizes(self.role)
        own = decided.claims.x if self.role is Role.INITIATOR else decided.claims.v
        segment = segment_of_rows(own, sizes)
        strong, weak = (
            np.bincount(segment[decided.evidence.strength == strength], minlength=len(sizes)).tolist()
            for strength in Strength
        )
        return [SegmentClaims(*counts) for counts in zip(strong, weak, strict=True)]

    def name_rows(self, known: Knowledge) -> tuple[Knowledge, tuple[Body, ...]]:
        """Return our section of message 7, as the initiator: the responder's rows, and our key shares.

        Raises:
            RefusalError: `row-padding` or `row-key`: a claim names a row of ours that lacks what is claimed.
        """
        claims = self._decided(known).claims
        entities = self._open_rows(claims.x)
        exchange, scalars = self._exchange(known), self._fresh_scalars(len(claims))
        shares = exchange.share(scalars, exchange.generators(claims, entities))
        named = encode_indices(self._token_order(known)[claims.v])
        own_rows, kept = encode_indices(claims.x), (raw(scalars), raw(shares))
        return replace(known, own_rows=own_rows, scalars=kept[0], shares=kept[1]), (named, raw(shares))

    def take_rows(self, known: Knowledge, section: memoryview) -> tuple[Knowledge, tuple[Body, ...]]:
        """Read which rows of ours match, and the partner's key shares, as the responder.

        Returns:
            What is known then, our key shares, and our field block.

        Raises:
            RefusalError: by the rules of psi-v2 §7.7 and §7.8.
        """
        decided = self._decided(known)
        claims, width = decided.claims, INDEX_BYTES * len(decided.claims)
        named, theirs = indices(section[:width]), rows(section[width:], POINT_BYTES)
        self._check_named(named, claims.v, known)
        entities = self._open_rows(named)
        exchange, scalars = self._exchange(known), self._fresh_scalars(len(claims))
        shares, products = exchange.answer(scalars, exchange.generators(claims, entities), theirs)
        keys = exchange.keys(shares, theirs, products)
        block = seal_fields(keys[self.role], decided.outcome, entities.fields, self._field_bytes)
        return replace(known, own_rows=encode_indices(named), keys=raw(keys)), (raw(shares), block)

    def _check_named(self, named: Order, v_rows: Order, known: Knowledge) -> None:
        sizes, bits = self._sizes(self.role), self._own_bits
        require(bool((named < len(bits)).all()), "row-range", "message 7 names a row that does not exist")
        require(len(np.unique(named)) == len(named), "row-repeated", "message 7 names a row twice")
        same = np.array_equal(segment_of_rows(named, sizes), segment_of_rows(v_rows, sizes))
        require(same, "row-segment", "message 7 names a row outside the segment of the match")
        alike = np.array_equal(bits[named], self._rule(known).v_bits[v_rows])
        require(alike, "row-bits", "message 7 names a row whose presence bits are not those of the match")

    def _open_rows(self, own_rows: Order) -> OpenedEntities:
        """Look up the entities of rows of our table that the partner named.

        Raises:
            RefusalError: `row-padding`.
        """
        entity = self._entities(own_rows)
        require(bool((entity >= 0).all()), "row-padding", "the partner named a row that holds no account of ours")
        return self.side.entities.open(entity)

    def matched(self, known: Knowledge) -> Order:
        """Return the own entity of each match, by its place among those of the comparison."""
        return self._entities(indices(known.own_rows))

    def _entities(self, own_rows: Order) -> Order:
        return self._layout.entity[self._layout.order[own_rows]]

    def _exchange(self, known: Knowledge) -> Exchange:
        claims = self._decided(known).claims
        graph = graph_digest(self.rid, bytes(known.tokens_sha256), known.claims)
        return Exchange(self.ports.curve, self.role, self.rid, graph, match_ids(self.rid, claims))

    def _fresh_scalars(self, count: int) -> Bytes2D:
        return rows(self.ports.random(POINT_BYTES * count), POINT_BYTES)

    @property
    def _field_bytes(self) -> int:
        return self.parameters.rectangles[self.number].field_bytes

    def derive_keys(self, known: Knowledge, theirs: Body) -> Knowledge:
        """Read the partner's key shares, as the initiator, and derive the keys of all matches.

        Raises:
            RefusalError: by the rules of psi-v2 §7.8.
        """
        shares = rows(theirs, POINT_BYTES)
        products = self.ports.curve.multiply_each(rows(known.scalars, POINT_BYTES), shares)
        keys = self._exchange(known).keys(rows(known.shares, POINT_BYTES), shares, products)
        return replace(known, scalars=b"", shares=b"", keys=raw(keys))

    def open_fields(self, known: Knowledge, block: memoryview) -> OpenedFields | None:
        """Open the partner's field block; return None if a text does not open.

        Raises:
            RefusalError: `field-length`.
        """
        lengths = field_lengths(block, self._decided(known).outcome, self._field_bytes)
        return open_fields(block, self._keys(known)[self.role.other], lengths)

    def keep_fields(self, known: Knowledge, opened: OpenedFields) -> Knowledge:
        """Keep the texts that were opened, and forget the keys.

        Raises:
            RefusalError: `fields`: they do not have the form that the agreement gives them.
        """
        shown = self._decided(known).outcome == Outcome.REVEAL
        accepted = all(
            self.side.entities.accepts(text) for text, is_shown in zip(opened, shown, strict=True) if is_shown
        )
        require(accepted, "fields", "the partner's fields are not those of the agreement")
        return replace(known, keys=b"", fields=opened.texts, field_lengths=encode_indices(opened.lengths))

    def seal_fields(self, known: Knowledge) -> bytes:
        """Return our field block, as the initiator."""
        entities = self.side.entities.open(self.matched(known))
        outcome = self._decided(known).outcome
        return seal_fields(self._keys(known)[self.role], outcome, entities.fields, self._field_bytes)

    def _keys(self, known: Knowledge) -> Bytes2D:
        return np.frombuffer(known.keys, np.uint8).reshape(2, -1, POINT_BYTES)

    def count(self, known: Knowledge) -> int:
        """Return how many matches there are, once they are claimed."""
        return int.from_bytes(known.claims[:INDEX_BYTES], "big")

    def matches(self, known: Knowledge) -> Matches:
        """Return what we know of the matches."""
        decided = self._decided(known)
        claims, evidence = decided.claims, decided.evidence
        theirs, own_slot, their_slot = claims.v, claims.pair_x_slot, claims.pair_v_slot
        if self.role is Role.RESPONDER:
            theirs, own_slot, their_slot = claims.x, their_slot, own_slot
        return Matches(
            match_id=match_ids(self.rid, claims),
            group=self.matched(known),
            their_segment=segment_of_rows(theirs, self._sizes(self.role.other)),
            weight=evidence.weight,
            strength=evidence.strength,
            outcome=decided.outcome,
            contradictions=evidence.contradictions,
            lead=evidence.lead,
            match_class=evidence.match_class,
            room=decided.room,
            pair_match=claims.pair_match,
            pair_own_slot=own_slot,
            pair_their_slot=their_slot,
            fields=bytes(known.fields),
            field_lengths=indices(known.field_lengths),
        )

    def receipt_columns(self, known: Knowledge) -> tuple[Bytes2D, Order, Order]:
        """Return id, outcome and strength of each match."""
        decided = self._decided(known)
        return match_ids(self.rid, decided.claims), decided.outcome, decided.evidence.strength


Table = TypeVar("Table")


def _there(table: Table | None) -> Table:
    """Return a table that the state of the session says is there."""
    if table is None:
        raise AssertionError("the state of the session says that this table is there")
    return table
