"""Everything in a workspace that says what partners do for revenue, put together."""

from datetime import date
from os import PathLike
from pathlib import Path

import pyarrow as pa

from accountmap.account_map import STANDARD_WEIGHTS, AccountMap, build_map
from accountmap.account_map.own_accounts import entity_of_account
from accountmap.influence import SHARED_SCHEMA, Influence, InfluenceRules, build_influence, read_rules
from accountmap.session.questions import finished_sessions, load_answers
from accountmap.workspace import PartnerRecord, SessionRecord, Workspace
from accountmap.workspace.deals import load_deals
from accountmap.workspace.stored import load_reviews


def read_influence(workspace: Workspace, rules: str | PathLike[str] | None = None) -> Influence:
    """Compute what partners do for the own revenue, from the deals and the account list that were prepared last.

    Overlaps are those of the last finished session with each partner, without the matches that the user has
    rejected. What it shows is for the own company alone: no partner may learn from it what another one has.

    Args:
        rules: TOML file with the rule (docs/influence.md); None for the standard one.

    Raises:
        InputError: the rule is not usable.
        WorkspaceError: no deals or no accounts are prepared, or something in the workspace cannot be read.
    """
    rule = read_rules(Path(rules)) if rules is not None else InfluenceRules()
    deals, as_of = load_deals(workspace)
    accounts, prepared = workspace.load_list(workspace.current_list().id)
    entity_of = entity_of_account(accounts, prepared)
    partners = workspace.partners()
    shared = [_shared(workspace, partner) for partner in partners]
    return build_influence(
        workspace.card.name,
        deals,
        accounts,
        as_of,
        rule,
        entity_of=entity_of,
        partners=[partner.card.name for partner in partners],
        shared=pa.concat_tables([SHARED_SCHEMA.empty_table(), *shared]),
    )


def _shared(workspace: Workspace, partner: PartnerRecord) -> pa.Table:
    """Return the overlap of the last finished session with a partner, as SHARED_SCHEMA; empty without one."""
    finished_ones = finished_sessions(workspace, partner)
    if not finished_ones:
        return SHARED_SCHEMA.empty_table()
    last = finished_ones[0]
    overlap = _map_of(workspace, partner, last).overlap
    rows = overlap.num_rows
    finished: date = (last.finished or last.created).date()
    columns = {
        "partner": pa.repeat(pa.scalar(partner.card.name), rows),
        "account_id": overlap["account_id"],
        "their_segment": overlap["their_segment"],
        "their_registered_deal": overlap["their_registered_deal"],
        "session_id": pa.repeat(pa.scalar(last.sid.hex()), rows),
        "finished": pa.repeat(pa.scalar(finished, pa.date32()), rows),
    }
    return pa.table(columns, schema=SHARED_SCHEMA)


def _map_of(workspace: Workspace, partner: PartnerRecord, session: SessionRecord) -> AccountMap:
    accounts, prepared = workspace.load_list(session.list_id)
    decisions, answers = load_reviews(workspace, partner.slug), load_answers(workspace, partner)
    return build_map(accounts, prepared, workspace.result(session), STANDARD_WEIGHTS, decisions, answers)
