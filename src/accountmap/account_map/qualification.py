"""Which shared accounts are worth the effort: how likely each is to buy, how well it fits the ideal customer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.ideal import FITS, MAY_FIT, NO_FIT, NO_PROFILE, Fit, IdealCustomer, fit_accounts
from accountmap.account_map.own_accounts import OwnAccounts, Rows, first_of_each
from accountmap.account_map.schema import NOT_ON_THEIR_LIST
from accountmap.account_map.scoring import Points
from accountmap.accounts.schema import SEGMENTS

LIKELIHOOD_SCHEMA: Final = pa.schema(
    [
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("probability", pa.float64(), nullable=False),
        pa.field("reasons", pa.string()),
    ]
)
"""One row per own account: the probability that a deal opened with it now is won, and what raises or lowers it
most."""

QUALIFICATION_SCHEMA: Final = pa.schema(
    [
        pa.field("match_id", pa.string(), nullable=False),
        pa.field("account_id", pa.string(), nullable=False),
        pa.field("entity_id", pa.string(), nullable=False),
        pa.field("probability", pa.float64()),
        pa.field("reasons", pa.string()),
        pa.field("agreed_fit", pa.string()),
        pa.field("agreed_points", pa.int64()),
        pa.field("own_fit", pa.string()),
        pa.field("own_points", pa.int64()),
        pa.field("their_fit", pa.string()),
        pa.field("their_points", pa.int64()),
        pa.field("disagreement", pa.string()),
    ]
)
"""One row per shared account, in the order of the overlap, for its first match. The probability is the account's;
fit and points are those of its company, by the profile that both agreed on, by the own one and by the partner's:
one of VERDICTS, and 0 to 100. `disagreement` is one of DISAGREEMENTS, null where the profiles that each side
uses by itself do not disagree."""

ONLY_OWN: Final = "fits your profile only"
ONLY_THEIRS: Final = "fits their profile only"
DISAGREEMENTS: Final = (ONLY_OWN, ONLY_THEIRS)


Texts = npt.NDArray[np.object_]


def their_segments(account_id: pa.ChunkedArray, shared: pa.Table, unmatched: pa.Table) -> Texts:
    """Return what each account is to the partner: a segment, NOT_ON_THEIR_LIST, or "" where that is not known.

    Args:
        shared: matches with account_id and their_segment; of several segments the strongest counts.
        unmatched: WHITESPACE_SCHEMA.
    """
    found = np.full(len(account_id), "", object)
    absent = unmatched.filter(pc.equal(unmatched["status"], NOT_ON_THEIR_LIST))["account_id"]
    found[pc.is_in(account_id, value_set=absent.combine_chunks()).to_numpy()] = NOT_ON_THEIR_LIST
    for segment in reversed(SEGMENTS):
        rows = shared.filter(pc.equal(shared["their_segment"], segment))["account_id"]
        found[pc.is_in(account_id, value_set=rows.combine_chunks()).to_numpy()] = segment
    return found


@dataclass(frozen=True, repr=False)
class Qualifiers:
    """What accounts are qualified by; nothing by default.

    Attributes:
        likelihood: given what each own account is to the partner, returns LIKELIHOOD_SCHEMA; None without a model
            that is better than the base rate.
        notes: why something is not used, one sentence each.
        agreed: the profile whose digest is in the agreement.
        own, theirs: the profiles that each side uses by itself.
    """

    likelihood: Callable[[Texts], pa.Table] | None = None
    agreed: IdealCustomer = NO_PROFILE
    own: IdealCustomer = NO_PROFILE
    theirs: IdealCustomer = NO_PROFILE
    notes: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.likelihood is not None or any((self.agreed, self.own, self.theirs))


NOTHING: Final = Qualifiers()


def qualified_shares(
    own: OwnAccounts, qualifiers: Qualifiers, likelihood: pa.Table | None, shared: Rows
) -> dict[str, Points]:
    """Return for each entity the share of the points that it gets for fit and propensity, 0 to 1.

    Fit is by the agreed profile, or by the own one if none is agreed. A company gets the share of its best
    account. For propensity, that is its probability divided by the highest among the shared companies.

    Args:
        likelihood: LIKELIHOOD_SCHEMA.
        shared: rows of the entities that have a match.
    """
    parts: dict[str, Points] = {}
    ideal = qualifiers.agreed or qualifiers.own
    if ideal:
        most = sum(rule.points for rule in ideal.rules)
        parts["fit"] = _of_companies(own, ideal).points / most
    if likelihood is not None:
        best = np.zeros(len(own.amount))
        at = pc.index_in(own.table["account_id"], value_set=likelihood["account_id"].combine_chunks())
        np.maximum.at(best, own.entity, pc.fill_null(likelihood["probability"].take(at), 0.0).to_numpy())
        highest = best[shared].max(initial=0.0)
        parts["propensity"] = np.minimum(best / highest, 1.0) if highest else best
    return parts


def _of_companies(own: OwnAccounts, ideal: IdealCustomer) -> Fit:
    return fit_accounts(own.table, ideal).of_entities(own.entity, len(own.amount))


def qualification(
    own: OwnAccounts, overlap: pa.Table, qualifiers: Qualifiers, likelihood: pa.Table | None
) -> pa.Table:
    """Say of each shared account how likely it is to buy, and whether it fits; returns QUALIFICATION_SCHEMA."""
    if not qualifiers:
        return QUALIFICATION_SCHEMA.empty_table()
    rows = overlap.take(pa.array(first_of_each(overlap["account_id"])))
    account = pc.index_in(rows["account_id"], value_set=own.table["account_id"].combine_chunks()).to_numpy()
    columns: dict[str, object] = {name: rows[name] for name in ("match_id", "account_id", "entity_id")}
    if likelihood is not None:
        at = pc.index_in(rows["account_id"], value_set=likelihood["account_id"].combine_chunks())
        columns |= {name: likelihood[name].take(at) for name in ("probability", "reasons")}
    profiles = {"agreed": qualifiers.agreed, "own": qualifiers.own, "their": qualifiers.theirs}
    for name, ideal in profiles.items():
        if ideal:
            fit = _of_companies(own, ideal).take(own.entity[account])
            columns |= {f"{name}_fit": fit.verdicts, f"{name}_points": pa.array(fit.points)}
    if qualifiers.own and qualifiers.theirs:
        columns["disagreement"] = _disagreement(columns["own_fit"], columns["their_fit"])
    blank = {f.name: pa.nulls(len(rows), f.type) for f in QUALIFICATION_SCHEMA}
    whole = blank | columns
    return pa.table({name: whole[name] for name in QUALIFICATION_SCHEMA.names}, schema=QUALIFICATION_SCHEMA)


def _disagreement(own: object, theirs: object) -> pa.Array:
    only_own = pc.and_(pc.equal(own, FITS), pc.equal(theirs, NO_FIT))
    only_theirs = pc.and_(pc.equal(own, NO_FIT), pc.equal(theirs, FITS))
    nothing = pa.scalar(None, pa.string())
    return pc.if_else(only_own, ONLY_OWN, pc.if_else(only_theirs, ONLY_THEIRS, nothing))


def qualification_sentences(found: pa.Table, partner: str) -> list[str]:
    """Say how many of the shared companies fit, and where the profiles disagree."""
    firsts = found.take(pa.array(first_of_each(found["entity_id"]))) if found.num_rows else found
    said = []
    for name, whose in (("agreed", "the profile that you agreed on"), ("own", "your own profile")):
        column = firsts[f"{name}_fit"]
        if column.null_count < len(column):
            fits, may = (int(pc.sum(pc.equal(column, each)).as_py() or 0) for each in (FITS, MAY_FIT))
            more = f"; {may:,} more may fit, but too little is known about them" if may else ""
            said.append(f"{fits:,} of {len(column):,} shared companies fit {whose}{more}.")
    own, theirs = (int(pc.sum(pc.equal(firsts["disagreement"], each)).as_py() or 0) for each in DISAGREEMENTS)
    if own or theirs:
        said.append(
            f"Your own profile and that of {partner} disagree on {own + theirs:,} companies: {own:,} fit only "
            f"yours, {theirs:,} only theirs."
        )
    return said
