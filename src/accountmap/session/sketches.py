"""The frozen sketches of a workspace: from what and when one is made, and who gets which (account-psi-v2 §5).

One sketch serves all partners under all agreements: noise that was drawn again for each of them could be averaged
away. It is renewed after 184 days, whether the list has changed or not, and sooner only if a person insists.
"""

import hashlib
import json
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from accountmap.account_map.own_accounts import countries_of, entity_of_account
from accountmap.accounts.schema import SEGMENTS, AccountList
from accountmap.errors import NotNowError, TrustError
from accountmap.linkage.prepared import CANONICAL_VERSION, Prepared, data_digests
from accountmap.model import Epsilon, PreviewKind
from accountmap.psi.sketch import (
    SKETCH_ID_BYTES,
    VALUE_PREFIX,
    SketchParameters,
    SketchSecret,
    Values,
    make_sketch,
    sketch_inputs,
)
from accountmap.psi.suite import SEED_BYTES
from accountmap.session.own_list import freeze_list
from accountmap.session.own_side import Flags, left_out, padded_size, withheld
from accountmap.session.totals import noisy_totals
from accountmap.trust.agreement import Agreement
from accountmap.trust.limits import epsilon_needs_confirmation
from accountmap.trust.sharing import JointFilter
from accountmap.trust.terms import SketchTerms
from accountmap.workspace import PartnerRecord, Workspace
from accountmap.workspace.sealed_files import SealedFile
from accountmap.workspace.sketches import OwnSketch

FROZEN: Final = timedelta(days=184)
"""The least time for which a sketch is sent unchanged, and after which another one is accepted from a partner."""

_YEAR: Final = timedelta(days=365)

_LONGEST_FOR: Final = ((8_192, Epsilon.ONE), (131_072, Epsilon.HALF))


def sketch_terms(
    workspace: Workspace, kind: PreviewKind, countries: tuple[str, ...] = (), *, now: datetime
) -> SketchTerms:
    """Return what an agreement says about our sketch; if none is current, make one from the current list.

    Call inside a transaction.

    Raises:
        WorkspaceError: no list is prepared.
        NotNowError: with another sketch, ε would exceed what needs no confirmation by a person.
        TrustError: the workspace has sketches for other parts of its list, which overlap.
    """
    own = workspace.sketches.current(kind, countries)
    if own is None or is_due(workspace, own, now):
        own = renew_sketch(workspace, kind, countries, now=now)
    return SketchTerms(own.rows, own.epsilon, own.countries)


def is_due(workspace: Workspace, own: OwnSketch, now: datetime) -> bool:
    """Return whether a sketch has to be replaced: it is old, or was made for another card or by other rules."""
    made_for = own.card, own.canonical
    return own.created + FROZEN <= now or made_for != (workspace.card.digest, canonical_rules())


def canonical_rules() -> str:
    """Return what decides the names in a sketch: version and tables of the canonicaliser, in one digest."""
    rules = json.dumps([CANONICAL_VERSION, data_digests()], sort_keys=True)
    return hashlib.sha256(rules.encode()).hexdigest()


def renew_sketch(
    workspace: Workspace,
    kind: PreviewKind,
    countries: tuple[str, ...] = (),
    *,
    now: datetime,
    confirmed: bool = False,
) -> OwnSketch:
    """Make and store a sketch of the current list. Call inside a transaction.

    It has the rows and ε of the one that it replaces if the list fits: agreements name them.

    Args:
        confirmed: whether a person has confirmed that ε may exceed what needs no confirmation.

    Raises:
        NotNowError, TrustError, WorkspaceError: as `sketch_terms`.
    """
    _check_parts(workspace, countries, now)
    list_id = workspace.current_list().id
    accounts, prepared = workspace.load_list(list_id)
    taking_part = entities_of_sketch(accounts, prepared, countries, workspace.previews.left_out_segments())
    values = sketch_values(prepared, taking_part, SEGMENTS)
    parameters = _parameters(kind, values, workspace.sketches.current(kind, countries))
    spent = workspace.sketches.epsilon_spent(now)
    if not confirmed and epsilon_needs_confirmation(spent, parameters.epsilon.fraction):
        raise NotNowError(
            "another blurred copy of your list would give away more than the limit of a year",
            "If you want that: accountmap sketch renew",
        )
    secret = SketchSecret(
        workspace.card.digest, secrets.token_bytes(SKETCH_ID_BYTES), secrets.token_bytes(SEED_BYTES)
    )
    own = OwnSketch(
        id=secret.id,
        kind=kind,
        rows=parameters.rows,
        epsilon=parameters.epsilon,
        countries=countries,
        list_id=list_id,
        created=now,
        card=secret.card,
        canonical=canonical_rules(),
        seed=secret.seed,
        list_digest=freeze_list(workspace, list_id),
        keys_digest=values.digest(),
        totals=noisy_totals(accounts, prepared, taking_part, secret.seed, parameters.epsilon),
    )
    workspace.sketches.add(own, make_sketch(parameters, secret, values))
    values_file(workspace, own.id).write(values.dump())
    return own


def values_file(workspace: Workspace, sketch: bytes) -> SealedFile:
    """Return where the values of a sketch are kept for an auditor."""
    return workspace.sealed(f"sketches/{sketch.hex()}-values")


def _check_parts(workspace: Workspace, countries: tuple[str, ...], now: datetime) -> None:
    """Refuse parts that overlap: an entity in two of them would be shown twice."""
    for other in workspace.sketches.own():
        overlaps = set(other.countries) & set(countries) or not (other.countries and countries)
        if other.countries != countries and overlaps and not is_due(workspace, other, now):
            raise TrustError(
                "your list has blurred copies for other countries: a company would be in two copies",
                "Use the countries of those: accountmap sketch show",
            )


def _parameters(kind: PreviewKind, values: Values, before: OwnSketch | None) -> SketchParameters:
    counted = _strongest(values) if kind is PreviewKind.SEGMENTS else [len(values.messages)]
    if before is not None and all(count <= rows for count, rows in zip(counted, before.rows, strict=True)):
        return SketchParameters(before.rows, before.epsilon)
    rows = tuple(padded_size(count) for count in counted)
    epsilon = next((epsilon for most, epsilon in _LONGEST_FOR if sum(rows) <= most), Epsilon.QUARTER)
    return SketchParameters(rows, epsilon)


def _strongest(values: Values) -> list[int]:
    """Count the values by the strongest segment that each is in."""
    counted = np.bincount(values.in_segment.argmax(axis=1), minlength=len(SEGMENTS))
    return [int(count) for count in counted]


KEPT_FOR_PARTNER: Final = FROZEN + timedelta(days=30)
"""How long a partner is sent the sketch that it has: it accepts no other sooner, and messages may be slow."""


def sketch_to_send(
    workspace: Workspace, partner: PartnerRecord, agreement: Agreement, now: datetime
) -> tuple[OwnSketch, bytes]:
    """Return the sketch that an agreement names, and its bytes for messages 1, 2, 11 and 12.

    It is the one that the partner has already, until the partner would accept another (account-psi-v2 §5.4) or a
    person has renewed it early.

    Raises:
        TrustError: the workspace has no sketch of the size that the agreement says.
    """
    own = _sketch_for(workspace, partner, agreement, now)
    if own is None:
        raise TrustError(
            "the blurred copy of your list has been renewed, and its size is not the one in this agreement",
            f"Make a new agreement with: accountmap agreement renew --with {partner.slug}",
        )
    return own, bytes(workspace.sketches.body(own.id))


def partner_has_sketch(workspace: Workspace, partner: PartnerRecord, agreement: Agreement, now: datetime) -> bool:
    """Return whether a partner already has what `sketch_to_send` would return now. Makes none."""
    own = _kept_sketch(workspace, partner, agreement, now)
    return own is not None and any(each.sketch == own.id for each in workspace.sketches.disclosures(partner.slug))


def _sketch_for(
    workspace: Workspace, partner: PartnerRecord, agreement: Agreement, now: datetime
) -> OwnSketch | None:
    kept = _kept_sketch(workspace, partner, agreement, now)
    if kept is not None:
        return kept
    terms, kind = agreement.sketches[agreement.role_of(workspace.card)], agreement.terms.preview
    sketch_terms(workspace, kind, terms.countries, now=now)
    made = workspace.sketches.current(kind, terms.countries)
    return made if made is not None and _made_as(made) == _agreed(workspace, agreement) else None


def _kept_sketch(
    workspace: Workspace, partner: PartnerRecord, agreement: Agreement, now: datetime
) -> OwnSketch | None:
    """Return the sketch to send if it exists; None if it has to be made, or none has the agreed size."""
    agreed = _agreed(workspace, agreement)
    fitting = [each for each in workspace.sketches.own() if _made_as(each) == agreed]
    sent = {each.sketch: each.at for each in workspace.sketches.disclosures(partner.slug)}
    theirs = (each for each in fitting if each.id in sent and now < sent[each.id] + KEPT_FOR_PARTNER)
    known = next(theirs, None)
    if known is not None:
        newer = fitting[: fitting.index(known)]
        insisted = (each for each in newer if each.created < known.created + FROZEN)
        return next(insisted, known)
    if not fitting:
        return None
    newest = fitting[0]
    is_current = newest == workspace.sketches.current(newest.kind, newest.countries)
    if is_current and not is_due(workspace, newest, now):
        return newest
    is_old = not is_current or not _can_be_renewed(workspace, newest, now)
    return newest if is_old and _may_go_on(workspace, partner, newest, now) else None


def _agreed(workspace: Workspace, agreement: Agreement) -> tuple[object, ...]:
    """Return what `_made_as` returns for sketches that are as an agreement says."""
    terms = agreement.sketches[agreement.role_of(workspace.card)]
    made_for = workspace.card.digest, canonical_rules()
    return agreement.terms.preview, terms.countries, terms.rows, terms.epsilon, *made_for


def _made_as(own: OwnSketch) -> tuple[object, ...]:
    return own.kind, own.countries, own.rows, own.epsilon, own.card, own.canonical


def _can_be_renewed(workspace: Workspace, own: OwnSketch, now: datetime) -> bool:
    """Return whether a sketch that is due can be made again in its size, without asking a person.

    If the list has outgrown it, or ε of the year is spent, the old one is still sent: that reveals less, and the
    agreement that names its size stays usable.
    """
    accounts, prepared = workspace.load_list(workspace.current_list().id)
    taking_part = entities_of_sketch(accounts, prepared, own.countries, workspace.previews.left_out_segments())
    parameters = _parameters(own.kind, sketch_values(prepared, taking_part, SEGMENTS), own)
    spent = workspace.sketches.epsilon_spent(now)
    return parameters.rows == own.rows and not epsilon_needs_confirmation(spent, own.epsilon.fraction)


def _may_go_on(workspace: Workspace, partner: PartnerRecord, own: OwnSketch, now: datetime) -> bool:
    """Return whether an old sketch may leave without asking a person.

    It may if the partner has it, or if it is counted in ε of the year already or fits in it.
    """
    sent = [each for each in workspace.sketches.disclosures() if each.sketch == own.id]
    counts = any(each.partner == partner.slug or each.at > now - _YEAR for each in sent)
    spent = workspace.sketches.epsilon_spent(now)
    return counts or not epsilon_needs_confirmation(spent, own.epsilon.fraction)


def sketch_secret(own: OwnSketch) -> SketchSecret:
    """Return what a sketch was made with."""
    return SketchSecret(own.card, own.id, own.seed)


def commitment_part(own: OwnSketch) -> bytes:
    """Return what an input commitment binds about a sketch (account-psi-v2 §6.2)."""
    return sketch_inputs(sketch_secret(own), own.list_digest, own.keys_digest)


def record_sketch_sent(
    workspace: Workspace, own: OwnSketch, partner: PartnerRecord, session: int | None, now: datetime
) -> None:
    """Note that a sketch is sent to a partner. Call inside the transaction that stores the message.

    Args:
        session: its number, or None for a preview on its own.
    """
    workspace.sketches.sent(own.id, partner.slug, session, now)


def entities_of_sketch(
    accounts: AccountList, prepared: Prepared, countries: Collection[str], left_out_segments: Collection[str]
) -> Flags:
    """Return which entities are in a sketch, one flag each, whatever an agreement filters.

    Args:
        countries: ISO 3166 codes of those that it covers; empty for the whole list.
        left_out_segments: those that the owner never previews.
    """
    off_limits = left_out(prepared, withheld(accounts, prepared, JointFilter()))
    hidden = pc.is_in(prepared.entities["segment"], value_set=pa.array(list(left_out_segments), pa.string()))
    chosen: Flags = ~off_limits & ~hidden.to_numpy() & in_countries(accounts, prepared, countries)
    return chosen


def in_countries(accounts: AccountList, prepared: Prepared, countries: Collection[str]) -> Flags:
    """Return which entities are in one of some countries, or all if there are none.

    If the accounts of an entity differ, the one with the smallest id decides, so each entity is in one country.
    """
    if not countries:
        return np.ones(prepared.entities.num_rows, np.bool_)
    first = pc.index_in(prepared.entities["entity_id"], value_set=accounts.table["account_id"])
    country = countries_of(accounts.table).take(first)
    inside: Flags = pc.is_in(country, value_set=pa.array(list(countries), pa.string())).to_numpy()
    return inside


def sketch_values(prepared: Prepared, taking_part: Flags, segments: Sequence[str]) -> Values:
    """Return the different full names of some entities, each with the segments that it is in.

    Args:
        taking_part: one flag for each entity.
        segments: in the order of the agreement.
    """
    name = prepared.entities["full_name"].combine_chunks()
    rows = np.flatnonzero(taking_part & name.is_valid().to_numpy(zero_copy_only=False))
    coded = name.take(pa.array(rows)).dictionary_encode()
    segment = pc.index_in(prepared.entities["segment"], value_set=pa.array(segments)).to_numpy()[rows]
    in_segment = np.zeros((len(coded.dictionary), len(segments)), np.bool_)
    in_segment[coded.indices.to_numpy(), segment.astype(np.int64)] = True
    values = coded.dictionary.cast(pa.binary()).to_pylist()
    return Values([VALUE_PREFIX + value for value in values], in_segment)


def amounts_by_segment(accounts: AccountList, prepared: Prepared, taking_part: Flags) -> dict[str, float]:
    """Add up the amounts of some entities by segment; a segment without any is left out.

    Args:
        taking_part: one flag an entity.
    """
    entity = entity_of_account(accounts, prepared)
    amount = accounts.table["amount"]
    counted = pc.and_(pc.is_finite(amount).fill_null(False), pa.chunked_array([taking_part[entity]]))
    rows = pa.table({"segment": prepared.entities["segment"].take(pa.array(entity)), "amount": amount})
    sums = rows.filter(counted).group_by("segment").aggregate([("amount", "sum")])
    return dict(zip(sums["segment"].to_pylist(), sums["amount_sum"].to_pylist(), strict=True))
