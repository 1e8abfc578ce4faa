"""The ten messages in their order: what the side does that writes, or reads, each of them (psi-v2 §7)."""

from dataclasses import replace

from accountmap.psi import rounds
from accountmap.psi.codec import check_length, join, read_sections, require
from accountmap.psi.comparison import Comparison, Knowledge
from accountmap.psi.key_exchange import OpenedFields, SignedReceipt
from accountmap.psi.parameters import MessageType
from accountmap.psi.rounds import Progress, Setting, Step
from accountmap.psi.suite import POINT_BYTES, Body


def offer(setting: Setting, progress: Progress, _body: Body) -> Step:
    """Write message 1."""
    return rounds.greet(setting, progress)


def answer(setting: Setting, progress: Progress, body: Body) -> Step:
    """Read message 1, and write message 2. Our estimates can be made now."""
    return rounds.greet(setting, rounds.take_greeting(setting, progress, MessageType.OFFER, body))


def take_answer(setting: Setting, progress: Progress, body: Body) -> Step:
    """Read message 2. Our estimates can be made now."""
    return Step(rounds.take_greeting(setting, progress, MessageType.ANSWER, body))


def send_initiator_points(setting: Setting, progress: Progress, _body: Body) -> Step:
    """Write message 3: our consent, and X."""
    return rounds.send_points(setting, progress, MessageType.INITIATOR_POINTS)


def take_initiator_points(setting: Setting, progress: Progress, body: Body) -> Step:
    """Read message 3. Our own points are made first, since the partner's must differ from them."""
    progress = rounds.each(setting, progress, Comparison.blind)
    return Step(rounds.take_points(setting, progress, MessageType.INITIATOR_POINTS, body))


def send_responder_points(setting: Setting, progress: Progress, _body: Body) -> Step:
    """Write message 4: our consent, and Y, which we forget, since nothing is compared with it afterwards."""
    step = rounds.send_points(setting, progress, MessageType.RESPONDER_POINTS)
    without = rounds.each(setting, step.progress, lambda _, known: replace(known, own=None))
    return Step(without, step.reply)


def take_responder_points(setting: Setting, progress: Progress, body: Body) -> Step:
    """Read message 4, and write message 5: V, with which the responder finds the matches."""
    progress = rounds.take_points(setting, progress, MessageType.RESPONDER_POINTS, body)
    sections = []

    def write(one: Comparison, known: Knowledge) -> Knowledge:
        known, section = one.write_tokens(known)
        sections.append(section)
        return known

    progress = rounds.each(setting, progress, write)
    return rounds.send(progress, MessageType.TOKENS, join(sections))


def take_tokens(setting: Setting, progress: Progress, body: Body) -> Step:
    """Read message 5. We now know the anonymous graph, the matches, and what to claim."""
    kind = MessageType.TOKENS
    _, sections, _ = read_sections(kind, body, setting.parameters)
    progress = rounds.each(setting, progress, Comparison.match, sections)
    return Step(rounds.taken(progress, kind, body))


def claim(_setting: Setting, progress: Progress, _body: Body) -> Step:
    """Write message 6."""
    return rounds.send(progress, MessageType.CLAIMS, join([[known.claims] for known in progress.known]))


def take_claims(setting: Setting, progress: Progress, body: Body) -> Step:
    """Read message 6, and check what can be checked without a secret. Whether to go on is decided after that."""
    kind = MessageType.CLAIMS
    _, sections, _ = read_sections(kind, body, setting.parameters)
    progress = rounds.each(setting, progress, Comparison.take_claims, sections)
    return Step(rounds.taken(progress, kind, body))


def name_rows(setting: Setting, progress: Progress, _body: Body) -> Step:
    """Write message 7, if the claims name entities of ours, and keys that these have."""
    sections = []

    def name(one: Comparison, known: Knowledge) -> Knowledge:
        known, section = one.name_rows(known)
        sections.append(section)
        return known

    progress = rounds.each(setting, progress, name)
    return rounds.send(progress, MessageType.ROWS, join(sections))


def take_rows(setting: Setting, progress: Progress, body: Body) -> Step:
    """Read message 7, and write message 8: our key shares, and our sealed fields."""
    kind, counts = MessageType.ROWS, rounds.match_counts(setting, progress)
    _, sections, _ = read_sections(kind, body, setting.parameters, counts)
    made = []

    def take(one: Comparison, known: Knowledge, section: memoryview) -> Knowledge:
        known, parts = one.take_rows(known, section)
        made.append(parts)
        return known

    progress = rounds.each(setting, progress, take, sections)
    own_fields = rounds.fields_digest([block for _, block in made])
    progress = replace(rounds.taken(progress, kind, body), own_fields=own_fields)
    return rounds.send(
        progress, MessageType.RESPONDER_FIELDS, join([*made, [rounds.own_totals(setting, progress)]])
    )


def take_responder_fields(setting: Setting, progress: Progress, body: Body) -> Step:
    """Read message 8, and write message 9: our sealed fields, and our signature on the receipt."""
    kind, counts = MessageType.RESPONDER_FIELDS, rounds.match_counts(setting, progress)
    _, (*sections, totals), _ = read_sections(kind, body, setting.parameters, counts)
    shares = [section[: POINT_BYTES * count] for section, count in zip(sections, counts, strict=True)]
    blocks = [section[len(share) :] for section, share in zip(sections, shares, strict=True)]
    opened = list[OpenedFields | None]()

    def take(one: Comparison, known: Knowledge, share: memoryview, block: memoryview) -> Knowledge:
        known = one.derive_keys(known, share)
        opened.append(one.open_fields(known, block))
        return known

    with_keys = rounds.each(setting, progress, take, shares, blocks)
    pairs = zip(rounds.comparisons(setting, with_keys), with_keys.known, strict=True)
    ours = [one.seal_fields(known) for one, known in pairs] if None not in opened else []
    progress = rounds.keep_fields(setting, with_keys, opened, totals)
    progress = rounds.taken(progress, kind, body)
    receipt = rounds.receipt_of(setting, progress, rounds.fields_digest(blocks), rounds.fields_digest(ours))
    signature = setting.ports.receipts.sign(receipt.digest)
    progress = replace(progress, receipt=receipt.to_bytes(), signatures=(signature, b""))
    container = join([*([block] for block in ours), [rounds.own_totals(setting, progress)]])
    return rounds.send(progress, MessageType.INITIATOR_FIELDS, (*container, signature))


def take_initiator_fields(setting: Setting, progress: Progress, body: Body) -> Step:
    """Read message 9, the initiator's fields and signature, and write message 10, our signature."""
    kind, counts = MessageType.INITIATOR_FIELDS, rounds.match_counts(setting, progress)
    _, (*blocks, totals), signature = read_sections(kind, body, setting.parameters, counts)
    progress = rounds.open_blocks(setting, progress, blocks, totals)
    receipt = rounds.receipt_of(setting, progress, progress.own_fields, rounds.fields_digest(blocks))
    signed = setting.ports.receipts.verify(receipt.digest, signature)
    require(signed, "receipt", "message 9 does not sign the same receipt")
    ours = setting.ports.receipts.sign(receipt.digest)
    progress = replace(progress, receipt=receipt.to_bytes(), signatures=(signature, ours))
    return rounds.send(progress, MessageType.RECEIPT, (ours,))


def take_receipt(setting: Setting, progress: Progress, body: Body) -> Step:
    """Read message 10: the responder signed the same receipt."""
    kind, signature = MessageType.RECEIPT, bytes(body)
    check_length(kind, body, setting.parameters.body_limits(kind))
    receipt = SignedReceipt.from_bytes(progress.receipt).digest
    signed = setting.ports.receipts.verify(receipt, signature)
    require(signed, "receipt", "message 10 does not sign the same receipt")
    return Step(replace(progress, signatures=(progress.signatures[0], signature)))
