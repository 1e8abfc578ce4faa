"""What a partner will learn from a session, with numbers of the prepared list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from accountmap.accounts.schema import AccountList
from accountmap.canonical.prepared import Prepared
from accountmap.exchange.admission import admit, recent_runs
from accountmap.exchange.changes import changed_since_last
from accountmap.exchange.groups import group_order
from accountmap.psi.parameters import MessageType, Role
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
        own_sizes, padded_sizes: own entities by segment, as they are and as the partner sees them.
        partner_sizes: the partner's padded entities by segment.
        comparable: own entities with a match key at all; no other can ever show.
        preview_kind: name of the key that the preview compares.
        in_preview: own entities that have it.
        filled: for each field of the agreement, the comparable entities that have a value to show.
        runs_left: sessions that may still show counts in these 30 days, this one included.
        changed: entities that changed since the last session, by segment; empty if none did.
    """

    partner: str
    agreement: str
    list_id: int
    role: Role
    messages: tuple[MessageType, ...]
    own_sizes: dict[str, int]
    padded_sizes: dict[str, int]
    partner_sizes: dict[str, int]
    comparable: int
    preview_kind: str
    in_preview: int
    filled: dict[str, int]
    runs_left: int
    changed: dict[str, int]

    @property
    def partner_rows(self) -> int:
        """The most companies that the partner can have compared in one session."""
        return sum(self.partner_sizes.values())

    @property
    def most_matches(self) -> int:
        """The most of the own entities that the partner can learn of in one session."""
        return min(self.comparable, self.partner_rows)


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
    comparable = set(prepared.keys["entity"].to_pylist())
    slots = prepared.keys["slot"].to_pylist()
    return Forecast(
        partner=partner.card.name,
        agreement=agreement.digest.hex(),
        list_id=number,
        role=role,
        messages=OWN_MESSAGES[role],
        own_sizes=dict(zip(terms.segments, group_order(prepared, terms.segments).sizes, strict=True)),
        padded_sizes=agreement.sizes[role],
        partner_sizes=agreement.sizes[1 - role],
        comparable=len(comparable),
        preview_kind=terms.slots[0].name,
        in_preview=slots.count(0),
        filled=_filled(accounts, prepared, comparable, terms.fields),
        runs_left=terms.runs_per_30_days - len(recent_runs(workspace, partner, now)),
        changed=changed_since_last(workspace, partner, number),
    )


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
