"""The calls that work on your own list and its results; those that talk to a partner are in `exchange`."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from os import PathLike
from pathlib import Path
from typing import Final, TypeVar

import pyarrow as pa

from accountmap.account_map import STANDARD_WEIGHTS, AccountMap, Weights, with_history
from accountmap.accounts.deals import DealOptions, read_touches
from accountmap.accounts.deals import read_deals as read_deal_list
from accountmap.accounts.raw_table import ArrowStream
from accountmap.accounts.schema import AccountList, DealList
from accountmap.errors import InputError, UsageError, WorkspaceError
from accountmap.linkage.dedupe import read_decisions
from accountmap.linkage.prepare import prepare_accounts as prepare_with
from accountmap.linkage.prepared import DEFAULT_PROFILE, PROFILES, Prepared
from accountmap.linkage.reference import load_reference
from accountmap.parallel import ProcessExecutor
from accountmap.preflight import Preflight, check
from accountmap.session.digest import PartnerDigest, own_names, partner_digest
from accountmap.session.qualification import read_qualifiers
from accountmap.session.questions import finished_sessions, load_answers, session_map
from accountmap.workspace import PartnerRecord, Workspace
from accountmap.workspace.user_files import load_reviews

_LOG: Final = logging.getLogger(__name__)

LONG_LIST: Final = 25_000
"""From this many accounts on, using all cores is worth the second that it takes to start workers."""

In = TypeVar("In")
Out = TypeVar("Out")


def prepare_accounts(
    accounts: AccountList,
    profile: str = DEFAULT_PROFILE,
    *,
    decisions: str | PathLike[str] | None = None,
    reference: str | PathLike[str] | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Prepared:
    """Join the accounts that are one company and make their match keys.

    The result depends on the accounts, not on their order, and not on the machine.

    Args:
        accounts: your own list.
        profile: which match keys to make: `identifiers`, or another profile of docs/matching.md.
        decisions: CSV file of pairs that are, or are not, one company (docs/duplicates.md).
        reference: reference list, for profiles that use one; by default the one in the package.
        workers: number of processes; by default one for each processor, and none for short lists.
        progress: called with how many parts of a long list are done, and how many there are.

    Raises:
        InputError: there is no such profile, or a file cannot be used.
        UsageError: `accounts` was not read by `read_accounts` or `read_sql`, or `workers` is less than one.
    """
    executor = _executor(accounts, workers)
    chosen = PROFILES.get(profile)
    if chosen is None:
        raise InputError(f"There is no profile {profile}.", f"Profiles: {', '.join(PROFILES)}.")
    listed = None
    if any(slot.name == "reference" for slot in chosen.slots):
        listed = load_reference(Path(reference)) if reference else load_reference()
    pa.default_memory_pool().release_unused()  # what reading the list has left

    def spread(function: Callable[[In], Out], parts: Sequence[In]) -> Iterator[Out]:
        for done, result in enumerate(executor.map(function, parts), start=1):
            progress(done, len(parts))
            yield result

    decided = read_decisions(Path(decisions)) if decisions else ()
    prepared = prepare_with(accounts, chosen, decided, listed, spread)
    _LOG.info("prepared %d accounts, %d entities", len(accounts), prepared.entities.num_rows)
    return prepared


def check_accounts(
    accounts: AccountList,
    prepared: Prepared,
    *,
    decisions: str | PathLike[str] | None = None,
    workers: int | None = None,
) -> Preflight:
    """Judge a list before anything is shared: what is filled, what can match, what to fix first.

    The examples in the result come from the list: they are for its owner alone.

    Args:
        accounts: your own list.
        prepared: what `prepare_accounts` made of it.
        decisions: the file that was passed to `prepare_accounts`.
        workers: as for `prepare_accounts`.

    Raises:
        InputError: the file cannot be used.
        UsageError: as for `prepare_accounts`.
    """
    executor = _executor(accounts, workers)
    decided = read_decisions(Path(decisions)) if decisions else ()
    return check(accounts, prepared, decided, executor.map)


def read_deals(
    source: str | PathLike[str] | ArrowStream,
    *,
    touches: str | PathLike[str] | ArrowStream | None = None,
    mapping: Mapping[str, str] | None = None,
    outcomes: Mapping[str, str] | None = None,
    stage_dates: Mapping[str, str] | None = None,
    touch_mapping: Mapping[str, str] | None = None,
    preset: str | None = None,
    currency: str | None = None,
    sheet: str | Sequence[str] | None = None,
    hidden_rows: str | None = None,
    encoding: str | None = None,
) -> DealList:
    """Read your own deals, and what partners did with them, from files or tables, as `read_accounts` does.

    Args:
        source: path, or a table with the Arrow PyCapsule interface.
        touches: path or table of what partners did: partner, kind, day, and the deal or the account.
        mapping, touch_mapping: column (docs/influence.md) -> heading; an empty heading leaves the column out.
        outcomes: value of status or stage -> won, lost or open.
        stage_dates: stage -> heading of the column with the day on which a deal entered it.
        preset, currency, sheet, hidden_rows, encoding: as for `read_accounts`.

    Raises:
        InputError: a source cannot be read as a list of deals, or of touches.
        UsageError: a source is neither a path nor a table.
    """
    options = DealOptions(mapping, outcomes, stage_dates, preset, currency)
    deals = read_deal_list(source, options, sheet=sheet, hidden_rows=hidden_rows, encoding=encoding)
    return deals if touches is None else replace(deals, touches=read_touches(touches, touch_mapping))


def _executor(accounts: AccountList, workers: int | None) -> ProcessExecutor:
    if not isinstance(accounts, AccountList):
        raise UsageError(
            f"a {type(accounts).__name__} is not an account list", "Read it with read_accounts first."
        )
    if workers is not None and workers < 1:
        raise UsageError(
            f"{workers} workers are too few", "Give at least one, or leave it out for one for each processor."
        )
    return ProcessExecutor(workers or (1 if len(accounts) < LONG_LIST else None))


SESSIONS_COMPARED: Final = 12
"""How many sessions a history goes back: a year, month by month."""


def read_account_map(workspace: Workspace, partner: str, weights: Weights = STANDARD_WEIGHTS) -> AccountMap:
    """Build the account map from the last finished session with a partner.

    It says what has changed since earlier sessions, and leaves out the matches that the user has rejected. A
    possible match that somebody has answered with *same* is in the overlap. The propensity model and the ideal
    customer profiles that the workspace keeps are applied to the last session.

    Args:
        weights: how the overlap is ranked.

    Raises:
        WorkspaceError: no session with this partner is finished, or a model or a profile is damaged.
    """
    finished = finished_sessions(workspace, workspace.partner(partner))
    if not finished:
        raise WorkspaceError(
            "no session with this partner is finished", f"Go on with: accountmap map --with {partner}"
        )
    latest, *earlier = finished[:SESSIONS_COMPARED]
    decisions = load_reviews(workspace, partner)
    answers = load_answers(workspace, workspace.partner(partner))
    qualifiers = read_qualifiers(workspace, workspace.partner(partner), latest)
    maps = [session_map(workspace, latest, decisions, answers, weights, qualifiers)]
    for session in earlier:
        # A list or result that cannot be read any more shortens the history, but must not prevent the report.
        with suppress(WorkspaceError, UsageError):
            before = session_map(workspace, session, decisions, answers, weights)
            # The clock may have been set back between two sessions.
            maps += [before] if before.finished < maps[-1].finished else []
    return with_history(maps[::-1])


def read_digest(
    workspace: Workspace, now: datetime, since: datetime | None = None, *, names: bool = False
) -> tuple[PartnerDigest, ...]:
    """Sum up what is new with each partner whose card was not revoked, and what waits for whom.

    Args:
        now: with a time zone; its date decides which agreements end soon or have ended.
        since: what came later is new; by default, what came after the last session but one with each partner.
        names: whether to name the accounts behind the counts.

    Raises:
        WorkspaceError: a list or the result of a last session cannot be read.
    """
    known = own_names(workspace) if names else None
    return tuple(
        partner_digest(workspace, each, _maps_to_compare(workspace, each, since), since, now, known)
        for each in workspace.partners()
        if each.revoked_at is None
    )


def _maps_to_compare(
    workspace: Workspace, partner: PartnerRecord, since: datetime | None
) -> tuple[AccountMap, ...]:
    """Return the map of the last session and, before it, that of the last one before `since`, if there is one."""
    finished = finished_sessions(workspace, partner)
    if not finished:
        return ()
    decisions, answers = load_reviews(workspace, partner.slug), load_answers(workspace, partner)
    latest = session_map(workspace, finished[0], decisions, answers)
    for session in finished[1:]:
        if since is None or (session.finished is not None and session.finished < since):
            with suppress(WorkspaceError, UsageError):  # as for read_account_map
                before = session_map(workspace, session, decisions, answers)
                if before.finished < latest.finished:
                    return (before, latest)
    return (latest,)
