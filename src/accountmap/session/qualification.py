"""What a workspace qualifies accounts by: models of propensity, and profiles of the ideal customer."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from os import PathLike
from pathlib import Path

import numpy as np
import pyarrow as pa

from accountmap.account_map import IdealCustomer, Qualifiers, build_map
from accountmap.account_map.ideal import NO_PROFILE, VERDICTS, fit_accounts
from accountmap.account_map.own_accounts import entity_of_account, own_accounts
from accountmap.account_map.qualification import LIKELIHOOD_SCHEMA, Texts, their_segments
from accountmap.accounts.schema import AccountList
from accountmap.errors import InputError, TrustError, UsageError, WorkspaceError
from accountmap.influence import SHARED_SCHEMA, InfluenceRules, read_rules
from accountmap.influence.attribution import attribute
from accountmap.influence.evidence import PartnerNames, gather_touches
from accountmap.influence.facts import DealFacts, Ints, Mask, deal_facts
from accountmap.influence.matching import touched_by_landmark
from accountmap.linkage.prepared import Prepared
from accountmap.model import Models
from accountmap.propensity import Effort, Snapshot, Trained, accounts_as_of, examples_of, reasons, train
from accountmap.propensity.ideal_rules import check_in_words, learn_ideal_customer
from accountmap.session.agreements import binding_terms
from accountmap.session.co_selling import load_co_selling
from accountmap.session.influence import co_selling_touches
from accountmap.session.questions import finished_sessions
from accountmap.workspace import PartnerRecord, SessionRecord, Workspace
from accountmap.workspace.user_files import OWN, agreed_with, load_deals, load_ideal, save_ideal, used_by

HORIZON_DAYS = 180
"""Days from the creation of a deal within which it is to be won, by default."""

NOT_BETTER = "was no better than the base rate in the months that it was tested on"


@dataclass(frozen=True)
class KeptModel:
    """The model that was made for a partner, and when."""

    made: datetime
    trained: Trained


def allowed_to_models(workspace: Workspace, partner: PartnerRecord) -> Models:
    """Return the strictest clause that binds what models learn from (trust-v2 §4.9); NONE without an agreement."""
    clauses = [terms.scoring.models for terms in binding_terms(workspace, partner)]
    return Models.SEGMENT if clauses and Models.NONE not in clauses else Models.NONE


def train_propensity(
    workspace: Workspace,
    partner: str,
    now: datetime,
    *,
    horizon_days: int = HORIZON_DAYS,
    touched: bool = False,
    rules: str | PathLike[str] | None = None,
    effort: Effort | None = None,
    progress: Callable[[int, int], None] = lambda _done, _of: None,
) -> Trained:
    """Learn from the prepared deals how likely an account is to buy, test it, and keep the model.

    Args:
        horizon_days: from the creation of a deal, within which it is to be won.
        touched: learn only from deals that the partner touched early, by the influence rule's landmark_days.
        rules: that rule; None for the standard one.
        effort: how much work to put in.

    Raises:
        BackendError: interpret or scikit-learn is not installed.
        InputError: too few outcomes, the rule is not usable, or the agreement does not allow `touched`.
        WorkspaceError: no deals are prepared, or no session with the partner is finished.
    """
    record = workspace.partner(partner)
    if touched and allowed_to_models(workspace, record) is Models.NONE:
        raise InputError(
            "The agreement lets no model learn from the matches, nor from which deals the partner touched.",
            "Leave out --touched.",
        )
    deals, as_of = load_deals(workspace)
    snapshots = known_snapshots(workspace, record)
    accounts, prepared = workspace.load_list(workspace.current_list().id)
    entity_of = entity_of_account(accounts, prepared)
    facts = deal_facts(deals, accounts, as_of, entity_of)
    chosen = None
    if touched:
        rule = read_rules(Path(rules)) if rules is not None else InfluenceRules()
        chosen = _touched(workspace, record, facts, accounts, entity_of, rule)
    found = train(examples_of(facts, snapshots, horizon_days, chosen), effort or Effort(), progress)
    found = replace(found, touched=touched)
    with workspace.transaction():
        kept = {"made": now.isoformat(), "trained": found.to_json()}
        workspace.sealed(_file(record)).write_json(kept)
    return found


def _file(partner: PartnerRecord) -> str:
    return f"models/{partner.slug}"


def known_snapshots(workspace: Workspace, partner: PartnerRecord) -> list[Snapshot]:
    """Return what was known about our accounts when each session with a partner finished, oldest first.

    Answers and reviews of matches are left out: they came later. So are the partner's segments if the agreement
    lets no model learn from them, and everything else that the partner shows.

    Raises:
        WorkspaceError: no session with the partner is finished, or none can be read any more.
    """
    may_learn = allowed_to_models(workspace, partner) is Models.SEGMENT
    found = []
    for session in finished_sessions(workspace, partner):
        # A list or result that cannot be read any more shortens what is known, but does not stop the training.
        with suppress(WorkspaceError, UsageError):
            found.append(_snapshot(workspace, session, may_learn=may_learn))
    if not found:
        raise WorkspaceError(
            "no session with this partner is finished", f"Go on with: accountmap map --with {partner.slug}"
        )
    return sorted(found, key=lambda each: each.day)


def _snapshot(workspace: Workspace, session: SessionRecord, *, may_learn: bool) -> Snapshot:
    accounts, prepared = workspace.load_list(session.list_id)
    ids = accounts.table["account_id"]
    theirs = np.full(len(ids), "", object)
    if may_learn:
        found = build_map(accounts, prepared, workspace.result(session))
        theirs = their_segments(ids, found.overlap, found.whitespace)
    return Snapshot(_day(session), accounts.table.select(_DESCRIBING), theirs)


_DESCRIBING = ["account_id", "name", "country", "industry", "employees"]


def _day(session: SessionRecord) -> date:
    return (session.finished or session.created).date()


def _touched(
    workspace: Workspace,
    partner: PartnerRecord,
    facts: DealFacts,
    accounts: AccountList,
    entity_of: Ints,
    rules: InfluenceRules,
) -> Mask:
    """Return the deals that a partner had touched by their landmark."""
    deals, _ = load_deals(workspace)
    ledger = [entry.facts for entry in workspace.ledger().entries]
    said = co_selling_touches(partner.card.name, load_co_selling(workspace, partner), ledger)
    names = PartnerNames(rules.partners, [each.card.name for each in workspace.partners()])
    ids = accounts.table["account_id"]
    found = gather_touches(facts, [deals.touches, said], ids, entity_of, names, rules, deals.stages)
    attribution = attribute(facts, found, SHARED_SCHEMA.empty_table(), ids, entity_of, names)
    touched: Mask = touched_by_landmark(facts, attribution, rules)[:, names.number(partner.card.name)]
    return touched


def load_propensity(workspace: Workspace, partner: PartnerRecord) -> KeptModel | None:
    """Read the model that was made for a partner, if there is one.

    Raises:
        WorkspaceError: it is damaged.
    """
    file = workspace.sealed(_file(partner))
    if not file.exists():
        return None
    _ = workspace.identity  # a missing passphrase is another error than damage
    try:
        written = file.read_json()
        return KeptModel(datetime.fromisoformat(written["made"]), Trained.from_json(written["trained"]))
    except (WorkspaceError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkspaceError(
            "the model of a partner is damaged",
            f"Make it again: accountmap propensity train --with {partner.slug}",
        ) from error


def _why_not(workspace: Workspace, partner: PartnerRecord, trained: Trained) -> str:
    """Say why a model cannot be used; an empty text if it can."""
    if not trained.is_better:
        return f"the model {NOT_BETTER}"
    learned = "segments" if trained.uses_their_segment else "touches" if trained.touched else ""
    if learned and allowed_to_models(workspace, partner) is Models.NONE:
        return f"the model was made from the partner's {learned}, which the agreement does not allow any more"
    return ""


def likelihood(workspace: Workspace, partner: str) -> pa.Table:
    """Return how likely each account of the last session with a partner is to buy.

    Returns:
        LIKELIHOOD_SCHEMA.

    Raises:
        InputError: there is no model, it is no better than the base rate, or the agreement does not allow it.
        WorkspaceError: no session is finished, no deals are prepared, or something is damaged.
    """
    record = workspace.partner(partner)
    kept = load_propensity(workspace, record)
    again = f"accountmap propensity train --with {record.slug}"
    if kept is None:
        raise InputError("There is no model for this partner.", f"Make one with: {again}")
    if reason := _why_not(workspace, record, kept.trained):
        raise InputError(f"No probability is given: {reason}.", f"When there are more outcomes: {again}")
    last = finished_sessions(workspace, record)[0]
    accounts, prepared = workspace.load_list(last.list_id)
    found = build_map(accounts, prepared, workspace.result(last))
    theirs = their_segments(accounts.table["account_id"], found.overlap, found.whitespace)
    return _judge(workspace, record, kept.trained, last, accounts, prepared)(theirs)


def _judge(
    workspace: Workspace,
    partner: PartnerRecord,
    trained: Trained,
    session: SessionRecord,
    accounts: AccountList,
    prepared: Prepared,
) -> Callable[[Texts], pa.Table]:
    """Return a function that rates the accounts of a session, given the partner's segment for each."""
    deals, as_of = load_deals(workspace)

    def judge(theirs: Texts) -> pa.Table:
        entity_of = entity_of_account(accounts, prepared)
        facts = deal_facts(deals, accounts, as_of, entity_of)
        snapshot = Snapshot(_day(session), accounts.table, theirs)
        table = accounts_as_of(facts, snapshot, entity_of, max(_day(session), as_of))
        columns = {
            "account_id": accounts.table["account_id"],
            "probability": trained.model.probabilities(table),
            "reasons": reasons(trained.model, table, partner.card.name),
        }
        return pa.table(columns, schema=LIKELIHOOD_SCHEMA)

    return judge


def read_qualifiers(workspace: Workspace, partner: PartnerRecord, session: SessionRecord) -> Qualifiers:
    """Return what qualifies the accounts of a session: the model, if it can be used, and the profiles."""
    agreed, notes = agreed_profile(workspace, partner), []
    judge = None
    kept = load_propensity(workspace, partner)
    if kept is not None:
        if reason := _why_not(workspace, partner, kept.trained):
            notes.append(f"No probability to buy is shown: {reason}.")
        else:
            accounts, prepared = workspace.load_list(session.list_id)
            judge = _judge(workspace, partner, kept.trained, session, accounts, prepared)
            notes.append(_worth(kept.trained))
    return Qualifiers(
        likelihood=judge,
        agreed=agreed,
        own=load_ideal(workspace, OWN),
        theirs=load_ideal(workspace, used_by(partner.slug)),
        notes=tuple(notes),
    )


def _worth(trained: Trained) -> str:
    """Say what a probability means, and how well it predicted later deals."""
    top = trained.reliability[-1]
    said = [
        f"The chance to buy within {trained.horizon_days} days was learned from {trained.deals:,} of your deals "
        f"and tested on {trained.tested:,} later ones.",
        f"Of the {top.deals:,} of these that it rated highest, on average {top.predicted:.0%}, "
        f"{top.won / top.deals:.0%} were won; in 90 of 100 cases, the rate of such deals lies between "
        f"{top.at_least:.0%} and {top.at_most:.0%}.",
        "Its probabilities were off: use them to rank accounts, not as chances." if trained.is_off else "",
        "It does not say that the partner makes the difference.",
    ]
    return " ".join(filter(None, said))


def agreed_profile(workspace: Workspace, partner: PartnerRecord) -> IdealCustomer:
    """Return the profile that was agreed with a partner; an empty one if the agreement has another digest."""
    kept = load_ideal(workspace, agreed_with(partner.slug))
    return kept if kept and kept.digest == _agreed_digest(workspace, partner) else IdealCustomer()


def _agreed_digest(workspace: Workspace, partner: PartnerRecord) -> str:
    terms = binding_terms(workspace, partner)
    return terms[0].scoring.ideal_customer if terms else ""


def use_profile(workspace: Workspace, ideal: IdealCustomer, partner: str | None, *, theirs: bool) -> None:
    """Keep a profile: our own, or with a partner the agreed one or the one that the partner uses for itself.

    Raises:
        TrustError: there is no such partner, or the profile is not the one that the latest agreement names.
    """
    record = workspace.partner(partner) if partner is not None else None
    if record is not None and not theirs:
        _check_agreed(workspace, record, ideal)
    save_ideal(workspace, _name(record, theirs=theirs), ideal)


def drop_profile(workspace: Workspace, partner: str | None, *, theirs: bool) -> None:
    """Forget a profile.

    Raises:
        TrustError: there is no such partner.
    """
    record = workspace.partner(partner) if partner is not None else None
    save_ideal(workspace, _name(record, theirs=theirs), NO_PROFILE)


def _name(partner: PartnerRecord | None, *, theirs: bool) -> str:
    if partner is None:
        return OWN
    return used_by(partner.slug) if theirs else agreed_with(partner.slug)


def _check_agreed(workspace: Workspace, partner: PartnerRecord, ideal: IdealCustomer) -> None:
    digest = _agreed_digest(workspace, partner)
    if not digest:
        raise TrustError(
            f"no profile of the ideal customer is agreed with {partner.card.name}",
            f"Propose it: accountmap agreement new --with {partner.slug} --ideal-customer FILE",
        )
    if digest != ideal.digest:
        raise TrustError(
            f"this is not the profile that is agreed with {partner.card.name}: the digest of that one begins with "
            f"{digest[:16]}, and the digest of this file with {ideal.digest[:16]}",
            "Ask for the very file that was proposed; not even a comment may differ.",
        )


def count_fitting(workspace: Workspace, ideal: IdealCustomer) -> dict[str, int]:
    """Count the companies of the current list by verdict, each of VERDICTS.

    Raises:
        WorkspaceError: no list is prepared.
    """
    accounts, prepared = workspace.load_list(workspace.current_list().id)
    own = own_accounts(accounts, prepared)
    verdicts = fit_accounts(own.table, ideal).of_entities(own.entity, len(own.amount)).verdicts.to_pylist()
    return {verdict: verdicts.count(verdict) for verdict in VERDICTS}


def learn_ideal(workspace: Workspace) -> tuple[IdealCustomer, str]:
    """Learn rules from the prepared deals; return them, and a sentence on how good they are in later months.

    Raises:
        InputError: too few outcomes, or nothing by which companies differ.
        WorkspaceError: no deals or no accounts are prepared.
    """
    deals, as_of = load_deals(workspace)
    accounts, prepared = workspace.load_list(workspace.current_list().id)
    found = learn_ideal_customer(
        deal_facts(deals, accounts, as_of, entity_of_account(accounts, prepared)), accounts
    )
    return found.ideal, check_in_words(found)
