"""The responder's messages: 1, 3, 5, 7 and 9 in, 2, 4, 6, 8 and 10 out (psi-v2 §7)."""

from dataclasses import replace

from accountmap.psi import rounds
from accountmap.psi.codec import join, read_sections, require
from accountmap.psi.comparison import Comparison, Knowledge
from accountmap.psi.parameters import MessageType
from accountmap.psi.rounds import Progress, Setting, Step
from accountmap.psi.suite import Body


def answer(setting: Setting, progress: Progress, body: Body) -> Step:
    """Take message 1, and make message 2: our estimates can be made."""
    return rounds.greet(setting, rounds.take_greeting(setting, progress, MessageType.OFFER, body))


def take_points(setting: Setting, progress: Progress, body: Body) -> Step:
    """Take message 3; our own points are made before, for they must differ from the partner's."""
    progress = rounds.blind(setting, progress)
    return Step(rounds.take_points(setting, progress, MessageType.INITIATOR_POINTS, body))


def consent(setting: Setting, progress: Progress, _body: Body) -> Step:
    """Make message 4: our consent, and Y, which nothing is compared with afterwards."""
    step = rounds.send_points(setting, progress, MessageType.RESPONDER_POINTS)
    without = rounds.each(setting, step.progress, lambda _, known: replace(known, own=None))
    return Step(without, step.reply)


def take_tokens(setting: Setting, progress: Progress, body: Body) -> Step:
    """Take message 5: we know the anonymous graph, the matches, and what is to be claimed."""
    kind = MessageType.TOKENS
    _, sections, _ = read_sections(kind, body, setting.parameters)
    section = iter(sections)
    progress = rounds.each(setting, progress, lambda one, known: one.match(known, next(section)))
    return Step(rounds.taken(progress, kind, body))


def claim(_setting: Setting, progress: Progress, _body: Body) -> Step:
    """Make message 6."""
    return rounds.send(progress, MessageType.CLAIMS, join([[known.claims] for known in progress.known]))


def take_rows(setting: Setting, progress: Progress, body: Body) -> Step:
    """Take message 7, and make message 8: our key shares, and our fields sealed."""
    kind, counts = MessageType.ROWS, rounds.match_counts(setting, progress)
    _, sections, _ = read_sections(kind, body, setting.parameters, counts)
    section, made = iter(sections), []

    def take(one: Comparison, known: Knowledge) -> Knowledge:
        known, parts = one.take_rows(known, next(section))
        made.append(parts)
        return known

    progress = rounds.each(setting, progress, take)
    own_fields = rounds.fields_digest([block for _, block in made])
    progress = replace(rounds.taken(progress, kind, body), own_fields=own_fields)
    return rounds.send(
        progress, MessageType.RESPONDER_FIELDS, join([*made, [rounds.own_totals(setting, progress)]])
    )


def take_fields(setting: Setting, progress: Progress, body: Body) -> Step:
    """Take message 9, the initiator's fields and signature, and make message 10, our signature."""
    kind, counts = MessageType.INITIATOR_FIELDS, rounds.match_counts(setting, progress)
    _, (*blocks, totals), signature = read_sections(kind, body, setting.parameters, counts)
    progress = rounds.open_blocks(setting, progress, blocks, totals)
    receipt = rounds.receipt_of(setting, progress, progress.own_fields, rounds.fields_digest(blocks))
    signed = setting.ports.receipts.verify(receipt.digest, signature)
    require(signed, "receipt", "message 9 does not sign the same receipt")
    ours = setting.ports.receipts.sign(receipt.digest)
    progress = replace(progress, receipt=receipt.to_bytes(), signatures=(signature, ours))
    return rounds.send(progress, MessageType.RECEIPT, (ours,))
