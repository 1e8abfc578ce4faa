"""Named rows, fields and receipts that a reader must refuse (psi-v1 §5.6 to §5.8)."""

from protocols.reference.cases_session import SMALL
from protocols.reference.party import INITIATOR, RESPONDER
from protocols.reference.refusals import Case, replaced
from protocols.reference.session import Played, encode_indices
from protocols.reference.tables import segment_of


def _rows(session: Played, role: int) -> list[int]:
    """Return the rows that the partner names to one role."""
    matches, pre = session.result.matches, session.preview
    return [pre.u_order[m.u] for m in matches] if role == INITIATOR else [pre.v_order[m.v] for m in matches]


def _body(session: Played, role: int, rows: list[int]) -> bytes:
    six, seven = session.bodies[5], session.bodies[6]
    return six[:-12] + encode_indices(rows) if role == INITIATOR else encode_indices(rows) + seven[12:]


def _row_of_entity(session: Played, role: int, entity: int) -> int:
    blinded = session.preview.x if role == INITIATOR else session.preview.y
    return blinded.origin.index(entity)


def _row_of_padding(session: Played, role: int, segment: int) -> int:
    blinded = session.preview.x if role == INITIATOR else session.preview.y
    places = (segment_of(row, SMALL.sizes[role])[0] for row in range(len(blinded.origin)))
    return next(
        row
        for row, (entity, s) in enumerate(zip(blinded.origin, places, strict=True))
        if entity is None and s == segment
    )


def named_rows(session: Played) -> list[Case]:
    """Rows named twice, out of range, of another segment, padding, or without the shared key."""
    cases = []
    for role, n, by_domain, keyless in ((INITIATOR, 6, 2, 3), (RESPONDER, 7, 2, 1)):
        honest = _rows(session, role)
        at = session.entities[role].index(by_domain)
        segment = segment_of(honest[at], SMALL.sizes[role])[0]
        other = next(k for k, row in enumerate(honest) if segment_of(row, SMALL.sizes[role])[0] != segment)

        def naming(row: int, honest: list[int] = honest, at: int = at) -> list[int]:
            return [row if k == at else kept for k, kept in enumerate(honest)]

        exchanged = naming(honest[other])
        exchanged[other] = honest[at]
        free = _row_of_padding(session, role, 1 - segment)
        changes = [
            ("a row twice", "row-repeated", naming(honest[other])),
            ("a row that does not exist", "row-range", naming(sum(SMALL.sizes[role]))),
            ("the greatest number", "row-range", naming(2**32 - 1)),
            ("a row of another segment", "row-segment", naming(free)),
            ("two rows of different segments exchanged", "row-segment", exchanged),
            ("a row of padding", "row-padding", naming(_row_of_padding(session, role, segment))),
        ]
        if keyless not in session.entities[role]:
            row = _row_of_entity(session, role, keyless)
            changes.append(("a row without the shared key", "row-key", naming(row)))
        cases += [
            Case(f"message {n}: {what}", rule, n, _body(session, role, rows)) for what, rule, rows in changes
        ]
    return cases


def row_counts(session: Played) -> list[Case]:
    """Fewer or more rows than matches."""
    six, seven = session.bodies[5], session.bodies[6]
    return [
        Case("message 6: a row too few", "row-count", 6, six[:-4]),
        Case("message 6: a row too many", "row-count", 6, six + bytes(4)),
        Case("message 7: a row and a point too few", "row-count", 7, seven[:8] + seven[12:-32]),
        Case("message 7: a row and a point too many", "row-count", 7, seven + bytes(36)),
    ]


def sealed_fields(session: Played) -> list[Case]:
    """Lengths that do not fit, and fields that do not open."""
    cases = []
    for n, start, end in ((8, 96, len(session.bodies[7])), (9, 0, len(session.bodies[8]) - 64)):
        body = session.bodies[n - 1]
        for what, length in (
            ("shorter than a tag", 15),
            ("longer than agreed", SMALL.field_bytes + 17),
            ("the greatest number", 2**32 - 1),
            ("one less than it is", int.from_bytes(body[start : start + 4], "big") - 1),
        ):
            changed = replaced(body, start, length.to_bytes(4, "big"))
            cases.append(Case(f"message {n}: a length that is {what}", "field-length", n, changed))
        cases += [
            Case(f"message {n}: lengths cut short", "field-length", n, body[: start + 5] + body[end:]),
            Case(f"message {n}: no lengths", "field-length", n, body[:start] + body[end:]),
            Case(
                f"message {n}: an altered tag",
                "field-open",
                n,
                replaced(body, end - 1, bytes([body[end - 1] ^ 1])),
            ),
        ]
    return [*cases, _another_account(session)]


def _another_account(session: Played) -> Case:
    """Let the responder name another of the initiator's rows that also has a key in the slot of the match."""
    honest = _rows(session, INITIATOR)
    ours = session.entities[INITIATOR]
    a, b = ours.index(0), ours.index(1)
    honest[a], honest[b] = honest[b], honest[a]
    return Case(
        "message 8, after message 6 exchanged two rows of one segment: the keys are of other accounts",
        "field-open",
        8,
        session.bodies[7],
        {6: _body(session, INITIATOR, honest)},
    )


def receipts(session: Played) -> list[Case]:
    """Signatures that are altered, or the reader's own."""
    nine, ten = session.bodies[8], session.bodies[9]
    return [
        Case("message 9: no signature", "receipt", 9, nine[:-64] + bytes(64)),
        Case("message 9: the reader's own signature", "receipt", 9, nine[:-64] + ten),
        Case("message 10: no signature", "receipt", 10, bytes(64)),
        Case("message 10: the reader's own signature", "receipt", 10, nine[-64:]),
    ]
