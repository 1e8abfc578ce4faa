"""What partners contribute to revenue, put together from everything in a workspace that tells."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, fields, replace
from datetime import UTC, date, datetime, timedelta
from os import PathLike
from pathlib import Path
from typing import Final

import pyarrow as pa

from accountmap.account_map.co_selling import CoSelling
from accountmap.account_map.own_accounts import entity_of_account
from accountmap.accounts.schema import TOUCH_SCHEMA
from accountmap.errors import TrustError, UsageError, WorkspaceError
from accountmap.influence import (
    SHARED_SCHEMA,
    AgreedRule,
    Influence,
    InfluenceRules,
    build_influence,
    credit_tables,
    read_rules,
)
from accountmap.influence.rules import INTRODUCTION, REGISTERED, Cost
from accountmap.influence.watch import ANSWERS, COMPANIES, LONGEST_WAIT, OBSERVED_SCHEMA
from accountmap.model import Leader, Step
from accountmap.session.co_selling import load_co_selling
from accountmap.session.portfolio import read_exchanges
from accountmap.session.questions import finished_sessions, load_answers, session_map
from accountmap.trust.conversation import Kind
from accountmap.trust.ledger import Facts
from accountmap.trust.sharing import CreditRule
from accountmap.workspace import PartnerRecord, Workspace
from accountmap.workspace.user_files import load_deals, load_profile, load_reviews


def read_influence(workspace: Workspace, rules: str | PathLike[str] | None = None) -> Influence:
    """Compute what partners contribute to our revenue, from the deals and accounts that were prepared last.

    Overlaps are those of the last finished session with each partner, without the matches that the user has
    rejected. Introductions and registered deals are those in messages that the sides have signed. The result is
    for our own company alone: no partner may learn from it what another one has.

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
    ledger = [entry.facts for entry in workspace.ledger().entries]
    touches = [
        co_selling_touches(partner.card.name, load_co_selling(workspace, partner), ledger) for partner in partners
    ]
    return build_influence(
        workspace.card.name,
        deals,
        accounts,
        as_of,
        rule,
        entity_of=entity_of,
        partners=[partner.card.name for partner in partners],
        touches=touches,
        shared=pa.concat_tables([SHARED_SCHEMA.empty_table(), *shared]),
        yearly_costs=_yearly_costs(workspace, partners),
        observed=pa.Table.from_pylist(
            [row for partner in partners for row in _observed(workspace, partner, as_of)], schema=OBSERVED_SCHEMA
        ),
        agreed=[each for partner in partners for each in _agreed(workspace, partner, rule, as_of)],
    )


def credit_rule(rules: InfluenceRules) -> CreditRule:
    """Return the part of a rule on which partners can agree, as a term of an agreement."""
    return CreditRule(**{each.name: getattr(rules, each.name) for each in fields(CreditRule)})


def read_credit_rule(file: Path) -> CreditRule:
    """Read the part of a rule on which partners can agree from its file.

    Raises:
        InputError: the rule is not usable.
    """
    return credit_rule(read_rules(file))


def agreed_rules(workspace: Workspace, partner: PartnerRecord, day: date) -> str:
    """Write the rule that is agreed with a partner on a day as TOML, for `read_rules`.

    Raises:
        TrustError: no agreement that both signed, and that has not ended, names one.
    """
    found = _agreed_rule(workspace, partner, day)
    if found is None:
        raise TrustError(
            f"no agreement with {partner.card.name} names a credit rule",
            "Propose one: accountmap agreement new --credit-rule influence.toml",
        )
    rule, signed = found
    return (
        f"# The rule of the agreement with {partner.card.name} of {signed}; credit rule {rule.digest}.\n"
        "# Periods, comparisons, names of partners and costs are your own business: accountmap influence rules\n"
        "# writes all tables, with explanations.\n"
    ) + credit_tables(replace(InfluenceRules(), **asdict(rule)))


def _agreed_rule(workspace: Workspace, partner: PartnerRecord, day: date) -> tuple[CreditRule, date] | None:
    """Return the rule of the newest agreement that both signed, and the day on which it was made.

    Returns:
        None if there is no such agreement, it has ended, it names no rule, or the partner's card was revoked.
    """
    signed = [
        each
        for each in workspace.agreement_records(partner)
        if each.agreement.complete and not each.agreement.is_preview
    ]
    if not signed or signed[0].ended or partner.revoked_at is not None:
        return None
    terms = signed[0].agreement.terms
    return (terms.credit[0], terms.created.date()) if terms.credit and terms.valid_until >= day else None


def _agreed(
    workspace: Workspace, partner: PartnerRecord, rules: InfluenceRules, day: date
) -> Iterator[AgreedRule]:
    """Yield the rule that is agreed with a partner, and how our own differs."""
    found = _agreed_rule(workspace, partner, day)
    if found is None:
        return
    agreed, signed = found
    own, theirs = asdict(credit_rule(rules)), asdict(agreed)
    differs = tuple(
        f"{name.replace('_', ' ')} {_shown(own[name])}, agreed {_shown(value)}"
        for name, value in theirs.items()
        if own[name] != value
    )
    yield AgreedRule(partner.card.name, signed, agreed.digest, differs)


def _shown(value: object) -> str:
    return (", ".join(map(str, value)) or "none") if isinstance(value, tuple) else str(value)


def _observed(workspace: Workspace, partner: PartnerRecord, as_of: date) -> Iterator[dict[str, object]]:
    """Yield how many own companies each session revealed, and how long each answer to what we asked took."""
    name = partner.card.name
    for session in finished_sessions(workspace, partner):
        # What cannot be read any more shortens the series, but does not stop the report.
        with suppress(WorkspaceError, UsageError):
            shared = len(workspace.matches(session)["entity"].unique())
            day = (session.finished or session.created).date()
            yield {"partner": name, "series": COMPANIES, "day": day, "value": float(shared)}
    # In the order of match ids: which answer of a day comes first must not depend on how long it took.
    for each in sorted(read_exchanges(workspace, partner), key=lambda exchange: exchange.match_id):
        if each.ours and each.asked.date() <= as_of - timedelta(days=LONGEST_WAIT):
            took = (each.answered - each.asked) / timedelta(days=1) if each.answered else LONGEST_WAIT
            took = min(max(took, 0.0), LONGEST_WAIT)  # a clock may be set back
            yield {"partner": name, "series": ANSWERS, "day": each.asked.date(), "value": float(took)}


def _yearly_costs(workspace: Workspace, partners: Sequence[PartnerRecord]) -> dict[str, Cost]:
    """Return what the user noted in the profiles of partners about their costs and margins."""
    profiles = {partner.card.name: load_profile(workspace, partner.slug) for partner in partners}
    return {
        name: Cost(profile.currency, programme=profile.cost or 0.0, share=(profile.margin or 0.0) / 100)
        for name, profile in profiles.items()
        if profile.cost is not None or profile.margin is not None
    }


INTRODUCTION_ASKED: Final = "introduction, not accepted"
"""The kind of an introduction that was asked for or offered, but not accepted or not yet: it is listed, though no
rule counts it."""


def co_selling_touches(partner: str, found: CoSelling, ledger: Sequence[Facts]) -> pa.Table:
    """Return what a partner did with our accounts, as TOUCH_SCHEMA.

    An introduction to us is a touch on the day on which it was accepted, and a deal that the partner registered is
    one on the day on which it was registered. What the partner said counts from the day on which it came here: no
    clock of theirs can make it earlier.

    Args:
        ledger: facts of its entries, in their order; the records of the touches name entries.
    """
    rows: list[dict[str, object]] = []
    for each in found.introductions:
        if each.seeker is not Leader.ME:
            continue
        accepted = each.at(Step.ACCEPTED) if each.state is not Step.DECLINED else None
        step = next((s for s in each.steps if s.step is Step.ACCEPTED), None) if accepted else each.steps[0]
        if step is not None:
            kind = INTRODUCTION if accepted else INTRODUCTION_ASKED
            place = _place(ledger, partner, Kind.INTRODUCTIONS, step.known, ours=step.ours)
            rows.append(_touch(each.account_id, partner, kind, step.known, each.match_id, place))
    for deal in found.deals:
        if deal.ours or deal.state is Step.WITHDRAWN or deal.counts is False:
            continue
        came = deal.came or deal.registered
        place = _place(ledger, partner, Kind.DEALS, came, ours=False)
        rows.append(_touch(deal.account_id, partner, REGISTERED, came, deal.match_id, place))
    return pa.Table.from_pylist(rows, schema=TOUCH_SCHEMA)


def _touch(account: str, partner: str, kind: str, at: datetime, match_id: str, place: str) -> dict[str, object]:
    return {
        "account_id": account,
        "partner": partner,
        "kind": kind,
        "date": at.astimezone(UTC).date(),
        "record": f"{place} (match {match_id[:8]})",
    }


def _place(ledger: Sequence[Facts], partner: str, kind: Kind, at: datetime, *, ours: bool) -> str:
    """Name the ledger entry of a signed message: the first of its topic from a time on."""
    event, since = ("told" if ours else "was_told"), at.replace(microsecond=0)
    for facts in ledger:
        about = facts.get("event"), facts.get("topic"), facts.get("partner")
        if about == (event, kind.label, partner) and datetime.fromisoformat(facts["at"]) >= since:
            return f"ledger entry {facts['number']}"
    return "signed message"


def _shared(workspace: Workspace, partner: PartnerRecord) -> pa.Table:
    """Return the overlap of the last finished session with a partner, as SHARED_SCHEMA; empty without one."""
    finished_ones = finished_sessions(workspace, partner)
    if not finished_ones:
        return SHARED_SCHEMA.empty_table()
    last = finished_ones[0]
    decisions, answers = load_reviews(workspace, partner.slug), load_answers(workspace, partner)
    overlap = session_map(workspace, last, decisions, answers).overlap
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
