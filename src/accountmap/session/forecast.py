"""What a partner will learn from a session, with numbers of the prepared list."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pyarrow.compute as pc

from accountmap.accounts.schema import AccountList
from accountmap.linkage.prepared import Prepared
from accountmap.psi.parameters import MessageType, Role
from accountmap.session.admission import admit, changed_since_earlier, recent_runs
from accountmap.session.rectangles import OwnSide, run_parameters
from accountmap.session.result import Cell, shown_fields
from accountmap.trust.agreement import Agreement
from accountmap.trust.roles import ROLES
from accountmap.trust.terms import COUNTS, NAMES
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
        messages: those that this side sends, in order.
        own_sizes, padded_sizes: own entities by segment that take part, and as the partner sees them.
        withheld: how many own entities take no part, by reason.
        levels: what each cell shows, "counts" or "names", by (own segment, partner's); a hidden one is absent.
        partner_sizes: the partner's padded entities by segment.
        comparable: own entities that some cell may name and that have a match key; no other can ever be named.
        preview_kind: name of the key that the preview compares.
        in_preview: own entities that have it.
        filled: for each field that the partner may see, the comparable entities that have a value to show.
        rest: what the partner learns of the other entities: "counts" by country and so on, "names", or nothing.
        runs_left: sessions that may still show counts in these 30 days, this one included.
        changed: entities that changed since an earlier session, by segment; empty if none did.
        partner_rows: the most companies that the partner can have compared in one session: it may list other ones
            in each rectangle.
        most_matches: the most of the own entities that the partner can learn of in one session.
    """

    partner: str
    agreement: str
    list_id: int
    role: Role
    messages: tuple[MessageType, ...]
    own_sizes: dict[str, int]
    padded_sizes: dict[str, int]
    withheld: dict[str, int]
    levels: dict[Cell, str]
    partner_sizes: dict[str, int]
    comparable: int
    preview_kind: str
    in_preview: int
    filled: dict[str, int]
    rest: str
    runs_left: int
    changed: dict[str, int]
    partner_rows: int
    most_matches: int


def forecast(workspace: Workspace, partner: PartnerRecord, list_id: int | None, now: datetime) -> Forecast:
    """Say what a session that began now would show. Writes nothing, sends nothing, needs no private key.

    Args:
        list_id: number of a prepared list, or None for the current one.

    Raises:
        TrustError: no session may begin now.
        WorkspaceError: there is no such list.
    """
    number = workspace.prepared_list(list_id).id
    agreement = admit(workspace, partner, number, now)
    terms, role = agreement.terms, Role(agreement.role_of(workspace.card))
    accounts, prepared = workspace.load_list(number)
    own = OwnSide.of(agreement, role, accounts, prepared)
    shown = shown_fields(agreement, role)
    keyed = set(prepared.keys["entity"].to_pylist())
    comparable = keyed & own.entities(NAMES)
    return Forecast(
        partner=partner.card.name,
        agreement=agreement.digest.hex(),
        list_id=number,
        role=role,
        messages=OWN_MESSAGES[role],
        own_sizes=own.sizes,
        withheld=dict(Counter(own.withheld["reason"].to_pylist())),
        levels=_levels(agreement, role),
        padded_sizes=agreement.sizes[role],
        partner_sizes=agreement.sizes[1 - role],
        comparable=len(comparable),
        preview_kind=terms.slots[0].name,
        in_preview=len(own.entities(NAMES, COUNTS) & _with_preview_kind(prepared)),
        filled=_filled(
            accounts, prepared, comparable, tuple(dict.fromkeys(n for f, _ in shown.values() for n in f))
        ),
        rest=terms.sharing.rest_of(ROLES[role]),
        runs_left=terms.runs_per_30_days - len(recent_runs(workspace, partner, now)),
        changed=changed_since_earlier(workspace, partner, agreement, number).by_segment,
        partner_rows=sum(parameters.rows(Role(1 - role)) for parameters in run_parameters(agreement).sessions),
        most_matches=_most_matches(own, agreement, role, comparable),
    )


def _most_matches(own: OwnSide, agreement: Agreement, role: Role, comparable: set[int]) -> int:
    """Bound the own entities that can match, rectangle by rectangle; one may match in several."""
    bound = 0
    sessions = zip(own.orders, run_parameters(agreement).sessions, strict=True)
    for order, parameters in sessions:
        if parameters.reveals:
            bound += min(len(comparable & set(order.entity.tolist())), parameters.rows(Role(1 - role)))
    return min(bound, len(comparable))


def _levels(agreement: Agreement, role: int) -> dict[Cell, str]:
    return {
        (cell[role], cell[1 - role]): rectangle.disclosure.level
        for rectangle in agreement.terms.sharing.rectangles
        for cell in rectangle.cells
    }


def _with_preview_kind(prepared: Prepared) -> set[int]:
    keys = prepared.keys
    return set(keys.filter(pc.equal(keys["slot"], 0))["entity"].to_pylist())


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
