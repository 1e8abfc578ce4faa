"""`accountmap plan`: what two companies plan for shared accounts, and what came of it."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from accountmap.errors import InputError
from accountmap.model import Leader
from accountmap_cli.ask import as_dict, tell, then
from accountmap_cli.context import (
    existing_file,
    open_place,
    partner_option,
    place_options,
    time_to_wait,
    workspace,
)
from accountmap_cli.output import duration, emit, emit_json, is_interactive, read_table, say, with_options
from accountmap_cli.plan_words import PlanWords, plan_as_dict

if TYPE_CHECKING:
    from accountmap import Workspace
    from accountmap.account_map.joint_plan import Content
    from accountmap.session.plan_drafts import DraftLine
    from accountmap.session.plans import KnownPlan, PlanStatement
    from accountmap.workspace import PartnerRecord

Options = Mapping[str, Any]
_WHO: Final = [each.value for each in Leader]


def day_of(text: str) -> date:
    """Read a day.

    Raises:
        click.BadParameter: it is not a day.
    """
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter("A date is written as 2027-03-31.") from error


def _day(_context: click.Context, _option: click.Parameter, value: str | None) -> date | None:
    return None if value is None else day_of(value)


def read_amount(_context: click.Context, _option: click.Parameter, value: str | None) -> int | None:
    """Read an amount that the user types."""
    from accountmap.account_map.plan_results import units

    try:
        return None if value is None else units(value)
    except ValueError as error:
        raise click.BadParameter("An amount is written as 2500 or 2500.50, without its currency.") from error


sending: Final = with_options(
    place_options,
    partner_option(),
    click.option("-y", "--yes", is_flag=True, help="Send without confirmation."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
)
"""Adds the options of all commands that send something."""

naming: Final = click.option(
    "--plan",
    "plan_id",
    metavar="ID",
    help="The plan; the first digits are enough. [default: the open one, or else the last]",
)
"""Adds the option that names a plan."""


class PlanTeller:
    """Says something about a plan to a partner, after the user has seen what leaves."""

    def __init__(self, own: "Workspace", options: Options) -> None:
        from accountmap.session.plans import load_plans

        self.own, self.options = own, options
        self.partner: PartnerRecord = own.partner(options["partner"])
        self.plans: tuple[KnownPlan, ...] = load_plans(own, self.partner)
        self.name = self.partner.card.name
        self.words = PlanWords(self.partner.slug, self.name)

    def known(self) -> "KnownPlan":
        """Return the plan that the user names."""
        from accountmap.session.plans import find_plan

        return find_plan(self.plans, self.options.get("plan_id"))

    def say(self, known: "KnownPlan", contents: Sequence["Content"], leaves: Sequence[str]) -> None:
        """Say something about a known plan."""
        from accountmap.session.plans import PlanStatement, check_plan_statement

        for each in contents:
            check_plan_statement(known.plan, known.matches.role, each)
        record, plan_id = known.matches.record, known.plan.plan_id
        self.send([PlanStatement(record, plan_id, each) for each in contents], leaves)

    def send(self, statements: Sequence["PlanStatement"], leaves: Sequence[str]) -> None:
        """Show what leaves, ask, and send it."""
        from accountmap.exchange import exchange_messages

        options = self.options
        for line in leaves:
            say(line)
        if not options["yes"] and not (is_interactive() and click.confirm(f"Send to {self.name}?", err=True)):
            emit("Nothing was sent.")
            return
        patience = time_to_wait(options["wait"], options["listen"], options["connect"])
        folder, listen, connect = (options[key] for key in ("folder", "listen", "connect"))
        partner = self.partner.slug
        with open_place(self.own, partner, folder, listen, connect, patience, command="inbox") as place:
            outcome = exchange_messages(
                self.own,
                partner,
                place.target,
                plan=statements,
                wait=patience,
                waiting=lambda _: say(
                    f"Waiting for {self.name}, {duration(patience)} at most. Ctrl-C loses nothing."
                ),
            )
        if options["as_json"]:
            emit_json({"steps": [each.facts["step"] for each in statements], **as_dict(outcome, place)})
            return
        tell(outcome, place)
        emit(f"Done. {then(outcome, place, self.name, partner)}")


@contextmanager
def open_plan(context: click.Context, options: Options) -> "Iterator[tuple[PlanTeller, KnownPlan]]":
    """Open the workspace, and find the plan that the user names."""
    with workspace(context) as own:
        teller = PlanTeller(own, options)
        yield teller, teller.known()


@click.group()
def plan() -> None:
    """Plan with a partner what to do with shared accounts, and see together what came of it.

    Both of you sign a list of matches with owners, next steps, dates and budgets. Some accounts may be left alone,
    drawn by both programs so that neither of you chose them. Both report, and reconcile to the same numbers.
    """


@plan.command()
@click.option("--title", required=True, help="Name of the plan; your partner sees it.")
@click.option(
    "--type", "kind", type=click.Choice(["campaign", "accounts"]), default="campaign", show_default=True,
    help="A campaign, or accounts that you work on together.",
)  # fmt: skip
@click.option("--match", "wanted", multiple=True, metavar="ID", help="A match, as in the report.")
@click.option(
    "--file", "listed", type=existing_file(),
    help="CSV with a column match_id, such as overlap.csv of the report; also next_step, due and who.",
)  # fmt: skip
@click.option("--starts", metavar="DATE", callback=_day, help="First day. [default: today]")
@click.option("--until", metavar="DATE", callback=_day, required=True, help="Last day.")
@click.option("--next-step", default="", help="The next step, for matches for which the file has none.")
@click.option("--due", metavar="DATE", callback=_day, help="When it is to be done. [default: the last day]")
@click.option("--who", type=click.Choice(_WHO), help="Who does it. [default: whoever leads]")
@click.option("--lead", type=click.Choice(_WHO), help="Who leads. [default: as agreed, or by the rules, or both]")
@click.option("--budget", metavar="AMOUNT", callback=read_amount, default="0", help="What you spend.")
@click.option(
    "--their-budget", metavar="AMOUNT", callback=read_amount, default="0", help="What your partner spends."
)
@click.option("--currency", default="", help="Currency of budgets and amounts, such as EUR.")
@click.option("--holdout", default="0", metavar="N|N%", help="How many accounts are left alone. [default: none]")
@click.option("--redraw", is_flag=True, help="Draw again, although your partner has not opened an earlier draw.")
@sending
@click.pass_context
def new(context: click.Context, /, **options: Any) -> None:
    """Propose a plan to a partner: a list of matches that both of you sign.

    \b
    Examples:
      accountmap plan new --with globex --title "Spring campaign" --until 2027-03-31 --file overlap.csv \\
        --next-step "Invite to the webinar" --budget 2500 --their-budget 1250 --currency EUR --holdout 20%
      accountmap plan new --with globex --title "Big three" --type accounts --match 3fa9c1d2 --until 2027-06-30
    """
    from accountmap.session.plan_drafts import check_free, draft_terms
    from accountmap.session.plans import PlanStatement
    from accountmap.session.questions import session_matches

    with workspace(context) as own:
        teller = PlanTeller(own, options)
        matches = session_matches(own, teller.partner.slug)
        draft = _draft(options, matches.revealed())
        today = datetime.now(UTC).date()
        terms, seed = draft_terms(own, teller.partner, matches, draft, today)
        accounts = {account for each in terms.lines for account in matches.account_ids(each.match_id)}
        check_free(teller.plans, accounts, today, redraw=options["redraw"])
        leaves = [f"{teller.name} will see this plan, and may sign it:\n", *teller.words.terms(terms, matches)]
        teller.send([PlanStatement(matches.record, None, terms, seed)], leaves)


def _draft(options: Options, revealed: set[bytes]) -> Any:
    from accountmap.account_map.joint_plan import PlanKind
    from accountmap.accounts.amounts import check_currency
    from accountmap.session.plan_drafts import PlanDraft

    lines = [_draft_line(options, revealed, row) for row in _rows(options)]
    if not lines:
        raise InputError("a plan needs matches", "Add --match ID, or --file with a column match_id.")
    return PlanDraft(
        kind=PlanKind[options["kind"].upper()],
        title=options["title"],
        begins=options["starts"] or datetime.now(UTC).date(),
        ends=options["until"],
        lines=lines,
        currency=check_currency(options["currency"] or None) or "",
        budget=(options["budget"], options["their_budget"]),
        holdout=_holdout(options["holdout"], len(lines)),
    )


def _rows(options: Options) -> Iterator[Mapping[str, str]]:
    yield from ({"match_id": each} for each in dict.fromkeys(options["wanted"]))
    if options["listed"]:
        yield from read_table(options["listed"], ["match_id"], "Take it from a report.")


def _draft_line(options: Options, revealed: set[bytes], row: Mapping[str, str]) -> "DraftLine":
    from accountmap.session.plan_drafts import DraftLine
    from accountmap.session.plans import find_line

    who = row.get("who") or options["who"]
    if who not in (None, *_WHO):
        raise InputError(f"the file has {who!r} in the column who", f"Write {', '.join(_WHO)}, or nothing.")
    due = day_of(row["due"].strip()) if row.get("due") else options["due"]
    return DraftLine(
        match_id=find_line(revealed, row["match_id"].strip()),
        next_step=row.get("next_step") or options["next_step"],
        due=due,
        acts=Leader(who) if who else None,
        leads=Leader(options["lead"]) if options["lead"] else None,
    )


def _holdout(text: str, of: int) -> int:
    number = text.strip().removesuffix("%")
    if not number.isdecimal():
        raise InputError("the holdout must be a number of accounts, or a share", "Write it as 12, or as 20%.")
    return max(1, of * int(number) // 100) if text.strip().endswith("%") and int(number) else int(number)


@plan.command()
@partner_option("One partner. [default: all]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def status(context: click.Context, partner: str | None, as_json: bool) -> None:
    """List plans, how far each is, and what to type next.

    \b
    Example:
      accountmap plan status
    """
    from accountmap.session.plans import load_plans

    with workspace(context) as own:
        records = [own.partner(partner)] if partner else own.partners()
        found = [(each, load_plans(own, each)) for each in records]
        if as_json:
            emit_json([plan_as_dict(p) | {"partner": e.card.name} for e, plans in found for p in plans])
        elif not any(plans for _, plans in found):
            emit("There is no plan yet: accountmap plan new --help")
        else:
            for each, plans in found:
                for line in PlanWords(each.slug, each.card.name).list(plans):
                    emit(line)


@plan.command()
@partner_option()
@naming
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show(context: click.Context, /, **options: Any) -> None:
    """Show one plan: accounts, next steps, the holdout, and what both sides report.

    \b
    Example:
      accountmap plan show --with globex
    """
    with open_plan(context, options) as (teller, known):
        if options["as_json"]:
            emit_json(plan_as_dict(known))
            return
        for line in teller.words.plan(known):
            emit(line)


@plan.command()
@naming
@click.option("--redraw", is_flag=True, help="Draw again, although your partner has not opened an earlier draw.")
@sending
@click.pass_context
def sign(context: click.Context, /, **options: Any) -> None:
    """Sign a plan that your partner proposed. Neither of you can change its list afterwards.

    \b
    Example:
      accountmap plan sign --with acme
    """
    from accountmap.session.plan_drafts import make_signing

    with open_plan(context, options) as (teller, known):
        today = datetime.now(UTC).date()
        signing = make_signing(teller.own, teller.partner, known, teller.plans, today, redraw=options["redraw"])
        owners = sorted(set(filter(None, signing.owners)))
        leaves = [
            f"{teller.name} proposes:\n",
            *teller.words.terms(known.plan.terms, known.matches),
            f"They will see that you sign it, and your owners: {', '.join(owners) or 'none'}.",
        ]
        teller.say(known, [signing], leaves)


@plan.command()
@naming
@click.option("--note", default="", metavar="TEXT", help="A text for your partner to read with it.")
@sending
@click.pass_context
def decline(context: click.Context, /, **options: Any) -> None:
    """Decline a plan that your partner proposed.

    \b
    Example:
      accountmap plan decline --with acme --note "Not this quarter"
    """
    from accountmap.account_map.joint_plan import Declining

    words = Declining(" ".join(options["note"].split()))
    said = f", with this note: {words.text}" if words.text else ""
    with open_plan(context, options) as (teller, known):
        teller.say(known, [words], [f"{teller.name} will see that you decline the plan{said}."])


@plan.command()
@naming
@click.option("--match", "wanted", multiple=True, required=True, metavar="ID", help="A match of the plan.")
@click.option("--next-step", help="What is to be done next.")
@click.option("--due", metavar="DATE", callback=_day, help="When it is to be done.")
@click.option("--who", type=click.Choice(_WHO), help="Who does it.")
@click.option("--owner", help="Who owns the account on your side.")
@sending
@click.pass_context
def update(context: click.Context, /, **options: Any) -> None:
    """Change the next step of accounts of a plan, or your owner. Only the side that leads changes next steps.

    \b
    Example:
      accountmap plan update --with globex --match 3fa9c1d2 --next-step "Send the offer" --due 2027-02-01 --who me
    """
    from accountmap.account_map.joint_plan import Assigning, Changes
    from accountmap.session.plan_drafts import make_change, make_owner
    from accountmap.session.plans import find_line

    step, due, who, owner = (options[name] for name in ("next_step", "due", "who", "owner"))
    if all(each is None for each in (step, due, who, owner)):
        raise InputError("nothing was said to change", "Give --next-step, --due, --who or --owner.")
    with open_plan(context, options) as (teller, known):
        chosen = sorted({find_line(known.plan.match_ids, each) for each in options["wanted"]})
        contents: list[Content] = []
        if any(each is not None for each in (step, due, who)):
            acts = Leader(who) if who else None
            changed = [make_change(known, each, next_step=step, due=due, acts=acts) for each in chosen]
            contents.append(Changes(tuple(changed)))
        if owner is not None:
            contents.append(Assigning(tuple(make_owner(known, each, owner) for each in chosen)))
        said = [f"{name.replace('_', ' ')} {options[name]}" for name in ("next_step", "due", "who", "owner")
                if options[name] is not None]  # fmt: skip
        names = ", ".join(known.matches.own_name(each) for each in chosen)
        teller.say(known, contents, [f"{teller.name} will see this about {names}: {'; '.join(said)}."])
