"""From an account list to a prepared one, and what there is to say of it before anything is shared."""

import logging
from collections.abc import Callable, Iterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Final, TypeVar

import pyarrow as pa

from accountmap.accounts.schema import AccountList
from accountmap.canonical.decisions import read_decisions
from accountmap.canonical.prepare import prepare_accounts as prepare_with
from accountmap.canonical.prepared import Prepared
from accountmap.canonical.profiles import DEFAULT_PROFILE, PROFILES
from accountmap.canonical.reference import load_reference
from accountmap.errors import InputError, UsageError
from accountmap.executors import ProcessExecutor
from accountmap.preflight import Preflight, check

_LOG: Final = logging.getLogger(__name__)

LONG_LIST: Final = 25_000
"""Accounts from which on all cores are worth the second that it takes to start them."""

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
        accounts: the own list.
        profile: which match keys to make: `eight`, or another of docs/matching.md.
        decisions: CSV file of pairs that are, or are not, one company (docs/duplicates.md).
        reference: reference list, for profiles that use one; by default the one in the package.
        workers: processes; by default one a processor, and none for short lists.
        progress: called with the parts of a long list that are done, and all.

    Raises:
        InputError: there is no such profile, or a file cannot be used.
        UsageError: `accounts` was not read by `read_accounts` or `read_sql`; fewer than one worker.
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
    """Judge a list before anything is shared: what is filled, what can match, what to mend first.

    Its examples are from the list: they are for the owner alone.

    Args:
        accounts: the own list.
        prepared: what `prepare_accounts` made of it.
        decisions: the file that it was made with.
        workers: as for `prepare_accounts`.

    Raises:
        InputError: the file cannot be used.
        UsageError: as for `prepare_accounts`.
    """
    executor = _executor(accounts, workers)
    decided = read_decisions(Path(decisions)) if decisions else ()
    return check(accounts, prepared, decided, executor.map)


def _executor(accounts: AccountList, workers: int | None) -> ProcessExecutor:
    if not isinstance(accounts, AccountList):
        raise UsageError(f"a {type(accounts).__name__} is no account list", "Read it with read_accounts first.")
    if workers is not None and workers < 1:
        raise UsageError(f"{workers} workers do no work", "Name one or more, or leave it out for one a processor.")
    return ProcessExecutor(workers or (1 if len(accounts) < LONG_LIST else None))
