"""The agreement: what two partners compare, what each learns, and within which limits.

One TOML file that grows by appending. The initiator writes the terms and its own sizes and signs all of it; the
responder adds its sizes and signs everything before its signature. The digest of the whole text is part of every
message, so a session under two different texts cannot begin (trust-v2 §4).

A preview agreement is a short one: sketches are exchanged under it, and nothing else.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final, Self

from cryptography.exceptions import InvalidSignature

from accountmap.errors import TrustError
from accountmap.model import PreviewKind, Role
from accountmap.trust import toml_text
from accountmap.trust.identity import Card, Identity, verify
from accountmap.trust.term import facts_of, out_of_range, read, write
from accountmap.trust.terms import AGREEMENT_FORMAT, MAX_ROWS, PREVIEW_FORMAT, SketchTerms, Terms
from accountmap.trust.terms_words import CELL

_FORMATS: Final = (AGREEMENT_FORMAT, PREVIEW_FORMAT)


@dataclass(frozen=True)
class OwnSizes:
    """What a party adds to the terms.

    Attributes:
        sketch: the sketch that it sends.
        rows: padded rows by segment; empty in a preview agreement.
    """

    sketch: SketchTerms
    rows: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Agreement:
    """An agreement as far as it is signed.

    Attributes:
        document: the text so far.
        terms: what both sign.
        parties: the sizes of the initiator and, once it has signed, of the responder.
        signed: what each of them signed: the text before its signature.
        signatures: the signature of each; `check_signatures` verifies them.
    """

    document: str
    terms: Terms
    parties: tuple[OwnSizes, ...]
    signed: tuple[str, ...]
    signatures: tuple[bytes, ...]

    @property
    def sizes(self) -> tuple[dict[str, int], ...]:
        """Padded rows by segment, of each party that has signed."""
        return tuple(each.rows for each in self.parties)

    @property
    def sketches(self) -> tuple[SketchTerms, ...]:
        """The sketch of each party that has signed."""
        return tuple(each.sketch for each in self.parties)

    @property
    def is_preview(self) -> bool:
        """Whether sketches are exchanged under it, and nothing else."""
        return self.terms.is_preview

    @property
    def complete(self) -> bool:
        """Whether both have signed."""
        return len(self.parties) == len(Role)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the whole text, signatures included."""
        return hashlib.sha256(self.document.encode()).digest()

    def role_of(self, card: Card) -> Role:
        """Return the role of the company with this card.

        Raises:
            TrustError: the card belongs to neither.
        """
        if card.digest.hex() not in self.terms.cards:
            raise TrustError(
                "this agreement is between other parties",
                "Check the file. After new keys were made, a new agreement is needed.",
            )
        return Role(self.terms.cards.index(card.digest.hex()))

    def check_signatures(self, cards: tuple[Card, Card]) -> None:
        """Verify all signatures that are there.

        Args:
            cards: of the initiator and the responder.

        Raises:
            TrustError: the agreement names a card or a company that is not one of these, or a signature is not
            valid.
        """
        named = tuple(zip(self.terms.names, self.terms.cards, strict=True))
        if named != tuple((card.name, card.digest.hex()) for card in cards):
            raise TrustError(
                "the agreement names a card or a company that is not one of those on file",
                "Make a new agreement with: accountmap agreement new",
            )
        for card, signed, signature in zip(cards, self.signed, self.signatures, strict=False):
            try:
                verify(card.signing_key, signature, _label(self.terms) + signed.encode())
            except (InvalidSignature, ValueError) as error:
                raise TrustError(
                    f"the signature of {card.name} is not valid: the agreement was changed after it was signed",
                    "Do not rely on this file. Ask your partner to send theirs again.",
                ) from error

    @classmethod
    def propose(cls, terms: Terms, sizes: OwnSizes, identity: Identity) -> Self:
        """Write an agreement as its initiator and sign it.

        Raises:
            TrustError: a term is out of range.
        """
        terms.check()
        return cls._sign(write(terms, preview=terms.is_preview), terms, Role.INITIATOR, sizes, identity)

    def accept(self, sizes: OwnSizes, identity: Identity) -> "Agreement":
        """Add the responder's sizes and signature."""
        return self._sign(self.document, self.terms, Role.RESPONDER, sizes, identity)

    @classmethod
    def _sign(cls, document: str, terms: Terms, role: Role, sizes: OwnSizes, identity: Identity) -> Self:
        note = f"\n# The sizes to which {identity.card.name} pads what it sends. Nobody sees the exact ones.\n"
        rows = "".join(f"{toml_text.quote(name)} = {size}\n" for name, size in sizes.rows.items())
        part = f"[{role.label}.rows]\n{rows}\n" if rows else ""
        signed = f"{document}{note}{part}[{role.label}.sketch]\n{write(sizes.sketch)}".rstrip("\n")
        signature = toml_text.encode(identity.sign(_label(terms) + signed.encode()))
        return cls.parse(f"{signed}\n{role.label}_signature = {signature}\n".encode())

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read an agreement, signed by one or both. Signatures are verified by `check_signatures`.

        Raises:
            TrustError: it is not an agreement that this version can keep.
        """
        document = toml_text.normal(data, "agreement")
        proposal, acceptance = _parts(document)
        signed, signature = toml_text.split_signed(proposal, "initiator_signature", "agreement")
        fields = toml_text.parse(signed, "agreement", _FORMATS)
        terms: Terms = read(
            Terms, fields, "agreement", preview=fields["format"] == PREVIEW_FORMAT, beside={"initiator": dict}
        )
        terms.check()
        sizes = _read_sizes(fields["initiator"], "initiator", terms)
        if not acceptance:
            return cls(document, terms, (sizes,), (signed,), (signature,))
        added, second = toml_text.split_signed(acceptance, "responder_signature", "agreement")
        fields = toml_text.parse(added, "agreement")
        toml_text.check_keys(fields, {"responder": dict}, "agreement, responder's part")
        accepted = _read_sizes(fields["responder"], "responder", terms)
        return cls(document, terms, (sizes, accepted), (signed, proposal + added), (signature, second))


def _label(terms: Terms) -> bytes:
    return f"{terms.format} signature\x00".encode()


def _parts(document: str) -> tuple[str, str]:
    """Cut the text after the initiator's signature.

    The parts are parsed separately: as one document, TOML would let the responder's part add slots to the terms.
    """
    before, mark, after = document.partition("\ninitiator_signature = ")
    line, _, rest = after.partition("\n")
    return f"{before}{mark}{line}\n", rest


def _read_sizes(table: dict[str, Any], role: str, terms: Terms) -> OwnSizes:
    where = f"agreement, {role}"
    toml_text.check_keys(table, {"sketch": dict} if terms.is_preview else {"rows": dict, "sketch": dict}, where)
    sketch: SketchTerms = read(SketchTerms, table["sketch"], f"{where}, sketch")
    wanted = len(terms.segments) if terms.preview is PreviewKind.SEGMENTS else 1
    if len(sketch.rows) != wanted or sketch.total > MAX_ROWS:
        raise out_of_range(f"a size of the sketch of the {role}")
    rows = {} if terms.is_preview else table["rows"]
    if not terms.is_preview:
        toml_text.check_keys(rows, dict.fromkeys(terms.segments, int), f"{where}, rows")
    if not all(0 <= size <= MAX_ROWS for size in rows.values()):
        raise out_of_range(f"a size of the {role}")
    return OwnSizes(sketch, {segment: rows[segment] for segment in terms.segments if segment in rows})


def differences(one: Agreement, other: Agreement) -> tuple[str, ...]:
    """Say what the other agreement changes; nothing where only the time of writing or a signature differs."""
    return tuple(_differences(one, other))


def _differences(one: Agreement, other: Agreement) -> Iterator[str]:
    if one.is_preview != other.is_preview:
        yield f"It {'is for a preview only' if other.is_preview else 'lets you reveal matches too'}."
    before, after, preview = one.terms, other.terms, one.is_preview or other.is_preview
    if before.names == after.names[::-1]:
        # Each company keeps its side, whoever begins sessions now.
        yield f"Roles: {after.names[0]} now begins sessions, and no longer {before.names[0]}."
        before = before.mirrored()
    else:
        for role, was, is_now in zip(Role, before.names, after.names, strict=True):
            if was != is_now:
                yield f"The {role.label}: {was}, now {is_now}."
    yield from _compared(facts_of(before, preview=preview), facts_of(after, preview=preview))
    sizes = [dict(zip(each.terms.names, each.parties, strict=False)) for each in (one, other)]
    for name in sorted(sizes[0].keys() & sizes[1].keys()):
        yield from _compared(*(_size_facts(name, each[name]) for each in sizes))
    if one.complete != other.complete:
        signed = {True: "by both", False: "by the initiator alone"}
        yield f"Signed: {signed[one.complete]}, now {signed[other.complete]}."


def _compared(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    """Say what differs, in one sentence for all facts that change in the same way."""
    cells = {what for what in {**before, **after} if what.startswith(CELL)}
    changes: dict[tuple[str | None, str | None], list[str]] = {}
    for what in {**before, **after}:
        was, is_now = before.get(what), after.get(what)
        if was != is_now:
            changes.setdefault((was, is_now), []).append(what)
    for (was, is_now), labels in changes.items():
        what = "All matches" if len(labels) > 1 and set(labels) == cells else "; ".join(labels)
        if was is None:
            yield f"New: {what}: {is_now}."
        elif is_now is None:
            yield f"No longer: {what}: {was}."
        else:
            yield f"{what}: {was}, now {is_now}."


def _size_facts(name: str, sizes: OwnSizes) -> dict[str, str]:
    """Return the sizes of a company as facts to compare."""
    rows = {f"Padded size of {name}, {segment}": f"{rows:,}" for segment, rows in sizes.rows.items()}
    return {**rows, f"Blurred copy of {name}": sketch_in_words(sizes.sketch)}


def sketch_in_words(sketch: SketchTerms) -> str:
    """Say what a sketch is like."""
    where = f", of accounts in {', '.join(sketch.countries)}" if sketch.countries else ""
    return f"with room for {' + '.join(f'{size:,}' for size in sketch.rows)}, ε = {sketch.epsilon}{where}"
