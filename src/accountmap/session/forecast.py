"""What a partner will learn from a session, with numbers of the prepared list."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from accountmap.accounts.schema import AccountList
from accountmap.linkage.prepared import Prepared
from accountmap.model import Role, WeakSlots
from accountmap.psi.parameters import MessageType, Parameters
from accountmap.session.admission import admit, changed_since_earlier, recent_runs
from accountmap.session.decisions import Cell, own_fields, shown_fields
from accountmap.session.own_side import OwnSide
from accountmap.session.parameters import session_parameters
from accountmap.workspace import PartnerRecord, Workspace

OWN_MESSAGES: Final = {
    Role.INITIATOR: tuple(MessageType(n) for n in (1, 3, 5, 7, 9)),
    Role.RESPONDER: tuple(MessageType(n) for n in (2, 4, 6, 8, 10)),
}


@dataclass(frozen=True)
class Forecast:
    """What a session that began now would show, computed from the own files alone.

    Attributes:
        partner: its name.
        agreement: digest in hex.
        list_id: number of the prepared list.
        role: ours.
        messages: those that this side sends, in order.
        own_sizes, padded_sizes: own entities by segment that take part, and as the partner sees them.
        withheld: how many own entities take no part, by reason.
        named: the cells in which matches are revealed: own segment, the partner's.
        partner_sizes: the partner's padded entities by segment.
        epsilon: of the own sketch: "2", "1", "1/2" or "1/4".
        sketch_known: whether this partner has the own sketch already, so that it learns nothing new from it.
        comparable: own entities that some cell may name and that have a match key; no other can ever be named.
        filled: for each agreed field how many of these have a value.
        totals: whether noisy totals of the own list leave too.
        names_rest: whether the names of the own accounts without a match leave too.
        asks: whether possible matches are kept to be asked about.
        runs_left: sessions that the agreement still allows in these 30 days.
        changed: by segment, the entities that changed since the most similar list that this partner met.
        partner_keys: keys that a cheating partner can test in a session: rows by sent slots, of all rectangles.
        most_matches: the most own entities that can be named.
    """

    partner: str
    agreement: str
    list_id: int
    role: Role
    messages: tuple[MessageType, ...]
    own_sizes: dict[str, int]
    padded_sizes: dict[str, int]
    withheld: dict[str, int]
    named: frozenset[Cell]
    partner_sizes: dict[str, int]
    epsilon: str
    sketch_known: bool
    comparable: int
    filled: dict[str, int]
    totals: bool
    names_rest: bool
    asks: bool
    runs_left: int
    changed: dict[str, int]
    partner_keys: int
    most_matches: int


def forecast(workspace: Workspace, partner: PartnerRecord, list_id: int | None, now: datetime) -> Forecast:
    """Return what a session that began now would show. Writes nothing and sends nothing.

    Args:
        list_id: number of a prepared list, or None for the current one.

    Raises:
        TrustError: no session may begin now.
        WorkspaceError: there is no such list.
    """
    number = workspace.prepared_list(list_id).id
    agreement = admit(workspace, partner, number, now, few_changes=True)
    terms, role = agreement.terms, Role(agreement.role_of(workspace.card))
    accounts, prepared = workspace.load_list(number)
    parameters = session_parameters(agreement)
    own = OwnSide.of(agreement, role, accounts, prepared, parameters)
    comparable = _with_keys(prepared, parameters) & own.entities()
    return Forecast(
        partner=partner.card.name,
        agreement=agreement.digest.hex(),
        list_id=number,
        role=role,
        messages=OWN_MESSAGES[role],
        own_sizes=own.sizes,
        withheld=dict(Counter(own.withheld["reason"].to_pylist())),
        named=frozenset(shown_fields(agreement, role)),
        padded_sizes=agreement.sizes[role],
        partner_sizes=agreement.sizes[role.other],
        epsilon=str(agreement.sketches[role].epsilon),
        sketch_known=any(each.partner == partner.slug for each in workspace.sketches.disclosures()),
        comparable=len(comparable),
        filled=_filled(accounts, prepared, comparable, own_fields(agreement, role)),
        totals=role in terms.sharing.totals_shown_by,
        names_rest=role in terms.sharing.rest_named_by,
        asks=terms.weak != WeakSlots.NONE,
        runs_left=terms.runs_per_30_days - len(recent_runs(workspace, partner, now)),
        changed=changed_since_earlier(workspace, partner, agreement, number).by_segment,
        partner_keys=partner_keys(parameters, role),
        most_matches=_most_matches(own, parameters, role, comparable),
    )


def partner_keys(parameters: Parameters, role: Role) -> int:
    """Return how many keys the partner of a role can test in a session: rows by sent slots, of all rectangles."""
    rows = sum(parameters.rows(n, role.other) for n in range(len(parameters.rectangles)))
    return rows * len(parameters.sent)


def _most_matches(own: OwnSide, parameters: Parameters, role: Role, comparable: set[int]) -> int:
    """Bound the own entities that can match, rectangle by rectangle; one may match in several."""
    bound = sum(
        min(len(comparable & set(order.entity.tolist())), parameters.rows(number, role.other))
        for number, order in enumerate(own.orders)
    )
    return min(bound, len(comparable))


def _with_keys(prepared: Prepared, parameters: Parameters) -> set[int]:
    """Return the entities with a key in a slot that is sent."""
    keys = prepared.keys
    sent = pa.array(parameters.sent, keys["slot"].type)
    return set(keys.filter(pc.is_in(keys["slot"], value_set=sent))["entity"].to_pylist())


def _filled(
    accounts: AccountList, prepared: Prepared, comparable: set[int], fields: tuple[str, ...]
) -> dict[str, int]:
    """Count for each field the entities of which some account has a value."""
    members = zip(*(prepared.members[name].to_pylist() for name in ("account_id", "entity")), strict=True)
    entity_of = dict(members)
    entities = [entity_of.get(account) for account in accounts.table["account_id"].to_pylist()]
    return {
        name: len(
            {
                entity
                for entity, value in zip(entities, accounts.table[name].to_pylist(), strict=True)
                if value is not None and entity in comparable
            }
        )
        for name in fields
    }
