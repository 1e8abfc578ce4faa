"""What the user writes about partnerships and ideal customers, and how the exchange of maturity cards stands.

All of it in sealed files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from accountmap.account_map import IdealCustomer
from accountmap.account_map.ideal import parse_ideal_customer
from accountmap.errors import InputError, WorkspaceError
from accountmap.portfolio import Assessment, PartnerProfile, Stage
from accountmap.trust.maturity_card import Secret
from accountmap.workspace.sealed_files import SealedFile
from accountmap.workspace.workspace import Workspace


def load_profile(workspace: Workspace, slug: str) -> PartnerProfile:
    """Read the profile of a partner; an empty one if there is none yet.

    Raises:
        WorkspaceError: the file cannot be read or is damaged.
    """
    written = _read(workspace.sealed(f"profiles/{slug}"))
    try:
        return PartnerProfile.from_json(written) if written else PartnerProfile()
    except (ValueError, TypeError, KeyError) as error:
        raise WorkspaceError("the profile of a partner is damaged", "Restore it from a backup.") from error


def save_profile(workspace: Workspace, slug: str, profile: PartnerProfile) -> None:
    """Keep the profile of a partner.

    Raises:
        WorkspaceError: the workspace cannot be written.
    """
    with workspace.transaction():
        workspace.sealed(f"profiles/{slug}").write_json(profile.to_json())


OWN: Final = "own"
"""The profile of the ideal customer by which the own company judges accounts."""


def agreed_with(slug: str) -> str:
    """Name the profile that was agreed with a partner."""
    return f"agreed/{slug}"


def used_by(slug: str) -> str:
    """Name the profile that a partner uses by itself, as it told."""
    return f"theirs/{slug}"


def load_ideal(workspace: Workspace, name: str) -> IdealCustomer:
    """Read a profile of the ideal customer; an empty one if there is none.

    Args:
        name: OWN, or as from `agreed_with` or `used_by`.

    Raises:
        WorkspaceError: the file cannot be read or is damaged.
    """
    written = _read(workspace.sealed(f"ideal/{name}"))
    try:
        return parse_ideal_customer(written["text"]) if written else IdealCustomer()
    except (InputError, TypeError, KeyError) as error:
        raise WorkspaceError(
            "the profile of an ideal customer is damaged", "Name the file again: accountmap ideal use FILE"
        ) from error


def save_ideal(workspace: Workspace, name: str, ideal: IdealCustomer) -> None:
    """Keep a profile of the ideal customer; an empty one is deleted.

    Raises:
        WorkspaceError: the workspace cannot be written.
    """
    file = workspace.sealed(f"ideal/{name}")
    with workspace.transaction():
        file.write_json({"text": ideal.text}) if ideal else file.delete()


@dataclass(frozen=True)
class MaturityRound:
    """How the exchange with a partner stands.

    Attributes:
        secret: own answers of this round; None before they are given.
        theirs: text of the partner's commitment; empty before it came.
        opened: whether our answers have left.
        their_answers: the partner's, once opened.
        sent: text of the last card with own answers, in case it never arrived; kept into the next round.
        last: the last round that both opened.
    """

    secret: Secret | None = None
    theirs: str = ""
    opened: bool = False
    their_answers: Mapping[str, int] | None = None
    sent: str = ""
    last: Assessment | None = None

    def finished(self, now: datetime) -> "MaturityRound":
        """Return the next round if both have opened this one, with this one as the last; else this one."""
        if self.secret is None or not self.opened or self.their_answers is None:
            return self
        last = Assessment(_stages(self.secret.answers), _stages(self.their_answers), now)
        return MaturityRound(sent=self.sent, last=last)


def load_round(workspace: Workspace, slug: str) -> MaturityRound:
    """Read how the exchange of maturity cards with a partner stands.

    Raises:
        WorkspaceError: the file cannot be read or is damaged.
    """
    written = _read(workspace.sealed(f"maturity/{slug}"))
    try:
        return _round(written) if written else MaturityRound()
    except (ValueError, TypeError, KeyError) as error:
        raise WorkspaceError("the maturity of a partnership is damaged", "Restore it from a backup.") from error


def save_round(workspace: Workspace, slug: str, state: MaturityRound) -> None:
    """Keep it. Call inside a transaction."""
    last = state.last
    workspace.sealed(f"maturity/{slug}").write_json(
        {
            "secret": state.secret.encode().hex() if state.secret else None,
            "theirs": state.theirs,
            "opened": state.opened,
            "sent": state.sent,
            "their_answers": dict(state.their_answers) if state.their_answers is not None else None,
            "last": [dict(last.ours), dict(last.theirs), last.opened.isoformat()] if last else None,
        }
    )


def _round(written: Mapping[str, Any]) -> MaturityRound:
    state = MaturityRound(
        theirs=written["theirs"],
        opened=written["opened"],
        their_answers=written["their_answers"],
        sent=written["sent"],
    )
    if written["secret"]:
        state = replace(state, secret=Secret.decode(bytes.fromhex(written["secret"])))
    if written["last"]:
        ours, theirs, opened = written["last"]
        state = replace(state, last=Assessment(_stages(ours), _stages(theirs), datetime.fromisoformat(opened)))
    return state


def _stages(answers: Mapping[str, int]) -> dict[str, Stage]:
    return {topic: Stage(value) for topic, value in answers.items()}


def _read(file: SealedFile) -> Any:
    if not file.exists():
        return None
    try:
        return file.read_json()
    except (OSError, ValueError) as error:
        raise WorkspaceError("a file of the workspace cannot be read", "Restore it from a backup.") from error
