"""How mature a partnership is: asking our own people, and exchanging answers so that neither side sees the other's
before its own are fixed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from accountmap.errors import TrustError, UsageError
from accountmap.portfolio import TOPICS, Stage
from accountmap.portfolio.maturity import Practice, prefill, questionnaire
from accountmap.portfolio.scoring import answers_in_time
from accountmap.session.portfolio import read_exchanges
from accountmap.trust.ledger import partner_facts
from accountmap.trust.maturity_file import ANSWERS, COMMITMENT, MaturityFile, Secret
from accountmap.workspace import PartnerRecord, Status, Workspace
from accountmap.workspace.user_files import MaturityRound, load_round, save_round

_YEAR: Final = timedelta(days=365)


@dataclass(frozen=True)
class FileToSend:
    """The next file for a partner.

    Attributes:
        kind: COMMITMENT or ANSWERS.
        document: the file's text.
    """

    kind: str
    document: str

    @property
    def shows(self) -> bool:
        """Whether it shows the own answers."""
        return self.kind == ANSWERS


def practice_with(workspace: Workspace, partner: PartnerRecord, now: datetime) -> Practice:
    """Return what the records of this workspace say about a partnership."""
    recent = [
        session
        for session in workspace.sessions(partner)
        if session.status is Status.DONE and session.finished and now - session.finished <= _YEAR
    ]
    held = [
        record.agreement
        for record in workspace.agreement_records(partner)
        if record.agreement.complete
        and not record.agreement.is_preview
        and record.ended is None
        and now.astimezone(UTC).date() <= record.agreement.terms.valid_until
    ]
    asked = answers_in_time(read_exchanges(workspace, partner), now)
    return Practice(
        sessions=len(recent),
        agreed=bool(held),
        rules=any(agreement.terms.leads for agreement in held),
        introductions=asked.of,
        answered_in_time=asked.hits,
    )


def write_questionnaire(workspace: Workspace, partner: str, now: datetime) -> str:
    """Write the questionnaire about a partnership as TOML, with the answers that the records give.

    Raises:
        TrustError: there is no such partner.
    """
    return questionnaire(prefill(practice_with(workspace, workspace.partner(partner), now)))


def answer_questionnaire(
    workspace: Workspace, partner: str, answers: Mapping[str, Stage], now: datetime, *, new: bool = False
) -> FileToSend:
    """Fix our answers about a partnership; the partner gets a commitment to them, which shows none.

    They can be given again until our answers have left or the partner's are here.

    Args:
        new: give up the round that is under way, for example if the partner never opens its answers.

    Raises:
        TrustError: there is no such partner, or answers of this round were shown already.
    """
    record = workspace.partner(partner)
    record.check_not_revoked()
    with workspace.transaction():
        state = load_round(workspace, record.slug)
        if (state.opened or state.their_answers is not None) and not new:
            raise TrustError(
                f"one of you, you or {record.card.name}, has shown its answers of this round already",
                "A new round begins when both have: accountmap maturity send, receive FILE. Or give it up: --new",
            )
        if new:
            state = MaturityRound(sent=state.sent, last=state.last)
        state = replace(state, secret=Secret.of({topic: int(stage) for topic, stage in answers.items()}))
        save_round(workspace, record.slug, state)
    return next_file(workspace, partner, now, commitment_only=True)


def next_file(workspace: Workspace, partner: str, now: datetime, *, commitment_only: bool = False) -> FileToSend:
    """Return the file that the partner needs next: our answers once its commitment is here, else our commitment.

    It is recorded in the ledger that answers leave, before they do; a commitment shows nothing.

    Args:
        commitment_only: return the commitment in any case.

    Raises:
        TrustError: there is no such partner.
        UsageError: nothing was answered yet.
    """
    record = workspace.partner(partner)
    record.check_not_revoked()
    with workspace.transaction():
        state = load_round(workspace, record.slug)
        if state.secret is None and state.sent:  # the round is over; perhaps the file never arrived
            return FileToSend(ANSWERS, state.sent)
        if state.secret is None:
            raise UsageError(
                "the questionnaire was not answered yet",
                f"Begin with: accountmap maturity ask --with {record.slug}",
            )
        if commitment_only or not state.theirs:
            file = MaturityFile.commit(workspace.identity, record.card, state.secret, now)
            return FileToSend(COMMITMENT, file.document)
        theirs = MaturityFile.parse(state.theirs.encode(), record.card).commitment
        file = MaturityFile.answer(workspace.identity, record.card, state.secret, theirs, now)
        if not state.opened:  # else it is the same answers once more
            workspace.record(
                {
                    **partner_facts(record.card, now),
                    "event": "maturity",
                    "fields": sorted(state.secret.answers),
                }
            )
        save_round(workspace, record.slug, replace(state, opened=True, sent=file.document).finished(now))
    return FileToSend(ANSWERS, file.document)


def receive_file(workspace: Workspace, data: bytes, now: datetime) -> tuple[PartnerRecord, MaturityRound]:
    """Read a partner's maturity file.

    Returns:
        The partner, and how far the exchange is.

    Raises:
        TrustError: it is not a maturity file of a partner of this workspace, is for somebody else, or does not fit
            the exchange.
    """
    digest = MaturityFile.sender_of(data)
    record = next((each for each in workspace.partners() if each.card.digest.hex() == digest), None)
    if record is None:
        raise TrustError("this maturity file is not from a partner of yours", "Add their partner card first.")
    record.check_not_revoked()
    file = MaturityFile.parse(data, record.card)
    if file.recipient != workspace.card.digest.hex():
        raise TrustError("this maturity file is for another company", "Ask your partner for the one made for you.")
    with workspace.transaction():
        state = load_round(workspace, record.slug)
        taken = _take_commitment(state, file) if file.kind == COMMITMENT else _open(workspace, record, state, file)
        save_round(workspace, record.slug, taken.finished(now))
    return record, taken


def _take_commitment(state: MaturityRound, file: MaturityFile) -> MaturityRound:
    if state.opened and state.theirs != file.document:
        raise TrustError(
            "your partner fixed other answers after yours had left: they do not count",
            "Ask for the answers that belong to its first file.",
        )
    if state.theirs != file.document:  # answers to another commitment do not answer this one
        state = replace(state, their_answers=None)
    return replace(state, theirs=file.document)


def _open(workspace: Workspace, record: PartnerRecord, state: MaturityRound, file: MaturityFile) -> MaturityRound:
    if state.secret is None or not state.theirs:
        raise TrustError(
            "these answers came before both of you had fixed yours",
            "Answer the questionnaire, and receive your partner's first file: accountmap maturity receive FILE",
        )
    own = state.secret.commitment(workspace.card.digest, record.card.digest)
    theirs = MaturityFile.parse(state.theirs.encode(), record.card).commitment
    answers = file.open(workspace.identity, own, theirs)
    if set(answers) != {topic.name for topic in TOPICS} or not all(1 <= value <= 5 for value in answers.values()):
        raise TrustError(
            "these are answers to other questions", "Use the same version of accountmap on both sides."
        )
    return replace(state, their_answers=dict(answers))
