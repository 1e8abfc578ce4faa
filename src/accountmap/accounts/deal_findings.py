"""What the owner of a list of deals should see before anything is computed from it."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.cells import count_true
from accountmap.accounts.schema import LOST, OPEN, OUTCOMES, WON, AccountList, DealList, Remark, currencies

_LONG_ID: Final = 18
_SHORT_ID: Final = 15
"""Length of a Salesforce id, with and without its checksum."""

_EXAMPLES: Final = 5
_OLD: Final = timedelta(days=730)


def account_rows(deals: pa.Table, accounts: pa.Table) -> pa.Array:
    """Find the account of each deal: by its id, a Salesforce id of either length, or a name that only one has.

    Args:
        deals: with account_id and account_name.
        accounts: with account_id and name.

    Returns:
        Rows of `accounts`, null where there is none.
    """
    ids = accounts["account_id"].combine_chunks()
    by_id = pc.index_in(deals["account_id"], value_set=ids)
    by_short = pc.index_in(_short(deals["account_id"]), value_set=_short(ids))
    names = pc.utf8_lower(accounts["name"]).combine_chunks()
    counted = names.drop_null().value_counts()
    once = counted.filter(pc.equal(counted.field("counts"), 1)).field("values")
    wanted = pc.utf8_lower(deals["account_name"])
    wanted = pc.if_else(pc.is_in(wanted, value_set=once), wanted, pa.scalar(None, pa.string()))
    found = pc.coalesce(
        _where_known(by_id, deals["account_id"]),
        _where_known(by_short, _short(deals["account_id"])),
        _where_known(pc.index_in(wanted, value_set=names), wanted),
    )
    return found.combine_chunks() if isinstance(found, pa.ChunkedArray) else found


def _where_known(found: pa.ChunkedArray, key: pa.ChunkedArray) -> pa.ChunkedArray:
    """Blank what was found for a null key, which would equal another null."""
    return pc.if_else(pc.is_valid(key), found, pa.scalar(None, pa.int32()))


def _short(ids: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Cut Salesforce ids to 15 characters; other ids are null."""
    is_one = pc.match_substring_regex(ids, rf"^[a-zA-Z0-9]{{{_SHORT_ID}}}(?:[A-Z0-5]{{{_LONG_ID - _SHORT_ID}}})?$")
    return pc.if_else(is_one, pc.utf8_slice_codeunits(ids, 0, _SHORT_ID), pa.scalar(None, pa.string()))


def deal_findings(deals: DealList, accounts: AccountList | None, today: date) -> tuple[Remark, ...]:
    """Judge a list of deals.

    Args:
        accounts: the company's own account list, or None if there is none yet.
        today: no deal can have been created or closed after this day.
    """
    return (*deals.remarks, *_of_outcomes(deals), *_of_dates(deals, today), *_of_amounts(deals),
            *_of_accounts(deals, accounts), *_of_partners(deals))  # fmt: skip


def _remark(kind: str, what: str, advice: str, deals: DealList, which: pa.ChunkedArray) -> Iterator[Remark]:
    """Make a remark about the deals for which `which` is true, if there are any; its examples are their ids."""
    which = pc.fill_null(which, False)
    if count := count_true(which):
        examples = deals.table["deal_id"].filter(which).slice(0, _EXAMPLES).to_pylist()
        yield Remark(kind, what, advice, count, tuple(examples))


def _is(deals: DealList, outcome: str) -> pa.ChunkedArray:
    return pc.equal(deals.table["outcome"], outcome)


def _of_outcomes(deals: DealList) -> Iterator[Remark]:
    found = set(deals.table["outcome"].unique().to_pylist())
    if missing := [outcome for outcome in OUTCOMES if outcome not in found]:
        yield Remark(
            "no_outcome",
            f"No deal is {' or '.join(missing)}.",
            "Check the filter of the export: every rate needs won, lost and open deals together. "
            "--outcome 'VALUE=won' says what a word in your list means.",
            len(deals),
        )


def _of_dates(deals: DealList, today: date) -> Iterator[Remark]:
    table = deals.table
    created, closed = table["created"], table["closed"]
    yield from _remark(
        "created_missing",
        "Deals without the day on which they were created; no introduction can be shown to be earlier, so only a "
        "field can say that they are sourced.",
        "Export the day of creation.",
        deals,
        pc.is_null(created),
    )
    yield from _remark(
        "closed_missing",
        "Won or lost deals without the day on which they closed; they are left out of every period.",
        "Export the day of closing.",
        deals,
        pc.and_(pc.invert(_is(deals, OPEN)), pc.is_null(closed)),
    )
    yield from _remark(
        "closed_before_created",
        "Deals that closed before they were created, as when they are entered after the signature.",
        "Look at them: a touch between the two days does not count.",
        deals,
        pc.less(closed, created),
    )
    yield from _remark(
        "in_future",
        "Deals that were created or closed after today.",
        "Correct the days; a won deal whose day of closing is only expected is counted on that day.",
        deals,
        pc.or_kleene(pc.greater(created, pa.scalar(today)), pc.greater(closed, pa.scalar(today))),
    )
    yield from _remark(
        "old_open",
        "Open deals that were created more than two years ago.",
        "Close those that are dead: they count as pipeline.",
        deals,
        pc.and_kleene(_is(deals, OPEN), pc.less(created, pa.scalar(today - _OLD))),
    )


def _of_amounts(deals: DealList) -> Iterator[Remark]:
    table = deals.table
    yield from _remark(
        "amount_missing",
        "Deals that are not lost and have no amount; they count as deals and add no money.",
        "Fill in the amount.",
        deals,
        pc.and_(pc.is_null(table["amount"]), pc.invert(_is(deals, LOST))),
    )
    yield from _remark(
        "amount_negative",
        "Deals with a negative amount, such as credit notes; they are left out of the money.",
        "Check whether they belong in the list.",
        deals,
        pc.less(table["amount"], 0.0),
    )
    found = currencies(table)
    if len(found) > 1 or "" in found:
        yield Remark(
            "currencies",
            "Amounts in several currencies, or partly in an unknown one; they are never added up.",
            "Name the unknown one with --currency, or export amounts converted to one currency.",
            int(pc.count(table["amount"]).as_py()),
            tuple(each or "unknown" for each in found),
        )


def _of_accounts(deals: DealList, accounts: AccountList | None) -> Iterator[Remark]:
    if accounts is None:
        return
    yield from _remark(
        "account_unknown",
        "Deals whose account is not on the prepared list; no shared account and no introduction leads to them.",
        "Export both lists from the same system, with the account's id in the list of deals.",
        deals,
        pa.chunked_array([pc.is_null(account_rows(deals.table, accounts.table))]),
    )


def _of_partners(deals: DealList) -> Iterator[Remark]:
    table = deals.table
    if not any(pc.count(table[name]).as_py() for name in ("source", "partner", "registered_deal")):
        yield Remark(
            "no_partner_fields",
            "No deal names a source, a partner or a registration.",
            "So only introductions and touches can count; export these fields if your CRM has them.",
            len(deals),
        )
    yield from _remark(
        "won_by_partner_unnamed",
        "Deals with a registration that names no partner; it is credited to nobody.",
        "Export the partner of each registered deal.",
        deals,
        pc.and_(pc.is_valid(table["registered_deal"]), pc.is_null(table["partner"])),
    )


def count_outcomes(deals: DealList) -> dict[str, int]:
    """Count the deals that are won, lost and open."""
    return {outcome: count_true(_is(deals, outcome)) for outcome in (WON, LOST, OPEN)}
