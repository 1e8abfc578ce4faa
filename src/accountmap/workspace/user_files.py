"""What the user brings besides lists of accounts, in sealed files.

These are profiles of partnerships and of ideal customers, the state of the exchange of maturity files, decisions
about matches, and deals.
"""

import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from accountmap.account_map import IdealCustomer
from accountmap.account_map.ideal import parse_ideal_customer
from accountmap.account_map.reviews import MatchDecision, read_reviews
from accountmap.accounts.schema import DealList, Remark
from accountmap.errors import InputError, UsageError, WorkspaceError
from accountmap.portfolio import Assessment, PartnerProfile, Stage
from accountmap.trust.maturity_file import Secret
from accountmap.workspace.database import check_time_zone
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
"""Name of the profile of the ideal customer by which our own company judges accounts."""


def agreed_with(slug: str) -> str:
    """Return the name of the profile that was agreed with a partner."""
    return f"agreed/{slug}"


def used_by(slug: str) -> str:
    """Return the name of the profile that a partner says it uses for itself."""
    return f"theirs/{slug}"


def load_ideal(workspace: Workspace, name: str) -> IdealCustomer:
    """Read a profile of the ideal customer; an empty one if there is none.

    Args:
        name: OWN, or what `agreed_with` or `used_by` returns.

    Raises:
        WorkspaceError: the file cannot be read or is damaged.
    """
    written = _read(workspace.sealed(f"ideal/{name}"))
    try:
        return parse_ideal_customer(written["text"]) if written else IdealCustomer()
    except (InputError, TypeError, KeyError) as error:
        raise WorkspaceError(
            "the profile of an ideal customer is damaged", "Read its file again with: accountmap ideal use FILE"
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
    """How far the exchange with a partner is.

    Attributes:
        secret: our answers of this round; None before they are given.
        theirs: text of the partner's commitment; empty before it arrives.
        opened: whether our answers have left.
        their_answers: the partner's, once opened.
        sent: text of the last file with our answers, in case it never arrived; kept in the next round too.
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
    """Read how far the exchange of maturity files with a partner is.

    Raises:
        WorkspaceError: the file cannot be read or is damaged.
    """
    written = _read(workspace.sealed(f"maturity/{slug}"))
    try:
        return _round(written) if written else MaturityRound()
    except (ValueError, TypeError, KeyError) as error:
        raise WorkspaceError("the maturity of a partnership is damaged", "Restore it from a backup.") from error


def save_round(workspace: Workspace, slug: str, state: MaturityRound) -> None:
    """Keep how far the exchange is. Call inside a transaction."""
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


def load_reviews(workspace: Workspace, partner: str) -> tuple[MatchDecision, ...]:
    """Read the decisions about matches with a partner; none if there are none yet.

    Raises:
        TrustError: there is no such partner.
        OSError, WorkspaceError: the file cannot be read or is damaged.
    """
    file = _reviews_file(workspace, partner)
    if not file.exists():
        return ()
    return tuple(MatchDecision(**each) for each in file.read_json())


def add_reviews(workspace: Workspace, partner: str, path: Path) -> tuple[MatchDecision, ...]:
    """Add decisions about matches with a partner; a new one replaces an old one about the same match.

    Args:
        path: of a CSV file, as `read_reviews` reads it.

    Returns:
        All decisions.

    Raises:
        InputError: the file is not of that form; nothing is changed.
        TrustError: there is no such partner.
        WorkspaceError: the workspace cannot be written.
    """
    new, taken_back = read_reviews(path)
    kept = {decision.subject: decision for decision in load_reviews(workspace, partner)}
    kept |= {decision.subject: decision for decision in new}
    decisions = tuple(sorted(decision for subject, decision in kept.items() if subject not in taken_back))
    with workspace.transaction():
        _reviews_file(workspace, partner).write_json([asdict(decision) for decision in decisions])
    return decisions


def _reviews_file(workspace: Workspace, partner: str) -> SealedFile:
    return workspace.sealed(f"reviews/{workspace.partner(partner).slug}")


_DEAL_TABLES: Final = ("table", "stages", "touches")
_CURRENT: Final = "deals/current"


def save_deals(workspace: Workspace, deals: DealList, now: datetime) -> None:
    """Keep deals, replacing those that were prepared before; the old ones stay until the new ones are complete.

    Args:
        now: with a time zone; its day in UTC is the last for which anything is known about the deals.

    Raises:
        UsageError: `deals` was not read by `read_deals`, or `now` has no time zone.
        WorkspaceError: they cannot be written.
    """
    if not isinstance(deals, DealList):
        raise UsageError(f"a {type(deals).__name__} is not a list of deals", "Read it with read_deals first.")
    check_time_zone(now)
    with workspace.transaction():
        before = _deal_folders(workspace)  # not the number in the file, which may be damaged
        number = max((int(folder.name) for folder in before), default=0) + 1
        for name in _DEAL_TABLES:
            workspace.sealed(f"deals/{number}/{name}").write_table(getattr(deals, name))
        about = {
            "number": number,
            "prepared": now.astimezone(UTC).isoformat(),
            "source": deals.source,
            "source_columns": deals.source_columns,
            "notes": deals.notes,
            "remarks": [asdict(remark) for remark in deals.remarks],
        }
        workspace.sealed(_CURRENT).write_json(about)
        for folder in before:
            shutil.rmtree(folder, ignore_errors=True)


def _deal_folders(workspace: Workspace) -> list[Path]:
    """List the folders of deals: the current one, and any that a killed command left."""
    folders = (workspace.folder / "deals").glob("*")
    return [folder for folder in folders if folder.name.isascii() and folder.name.isdigit() and folder.is_dir()]


def load_deals(workspace: Workspace) -> tuple[DealList, date]:
    """Read the deals that were prepared last, and return them with the day (UTC) of that.

    Raises:
        WorkspaceError: there are none, or they are damaged.
    """
    about = _about_deals(workspace)
    try:
        tables = {name: workspace.sealed(f"deals/{about['number']}/{name}").read_table() for name in _DEAL_TABLES}
        remarks = tuple(Remark(**(each | {"examples": tuple(each["examples"])})) for each in about["remarks"])
        deals = DealList(
            **tables,
            source_columns=about["source_columns"],
            notes=tuple(about["notes"]),
            remarks=remarks,
            source=about["source"],
        )
        return deals, datetime.fromisoformat(about["prepared"]).date()
    except (WorkspaceError, OSError, ValueError, KeyError, TypeError, pa.ArrowException) as error:
        raise _damaged_deals() from error


def _about_deals(workspace: Workspace) -> dict[str, Any]:
    if not workspace.sealed(_CURRENT).exists():
        raise WorkspaceError("no deals are prepared yet", "Prepare them with: accountmap deals prepare FILE")
    _ = workspace.identity  # a missing passphrase is another error than damage
    try:
        about = workspace.sealed(_CURRENT).read_json()
        if not isinstance(about["number"], int):
            raise TypeError("no number")
    except (WorkspaceError, OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged_deals() from error
    return dict(about)


def _damaged_deals() -> WorkspaceError:
    return WorkspaceError(
        "the prepared deals of the workspace are damaged",
        "Prepare them again with: accountmap deals prepare FILE",
    )
