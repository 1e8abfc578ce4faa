"""`accountmap introduce` and `accountmap deal`: what people say about revealed matches."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click

from accountmap.errors import InputError
from accountmap.model import Leader, Result, Step, Topic
from accountmap_cli.ask import as_dict, tell, then
from accountmap_cli.context import open_place, pairs, partner_option, place_options, time_to_wait, workspace
from accountmap_cli.output import duration, emit, emit_json, is_interactive, plural, say, table, with_options

if TYPE_CHECKING:
    from accountmap import Workspace
    from accountmap.session.co_selling import Statement
    from accountmap.session.questions import SessionMatches
    from accountmap.workspace import PartnerRecord


SAID: Final = {
    Step.ASKED: "asks for an introduction",
    Step.OFFERED: "offers an introduction",
    Step.ACCEPTED: "accepts the introduction",
    Step.DECLINED: "declines",
    Step.MADE: "has made the introduction",
    Step.OUTCOME: "says what came of the introduction",
    Step.PROPOSED: "proposes who leads",
    Step.AGREED: "agrees on who leads",
    Step.REGISTERED: "registers a deal",
    Step.WITHDRAWN: "withdraws the deal",
    Step.NOTED: "writes a note",
}
"""What a step says, to be read after the name of the company that takes it."""


statement_options: Final = with_options(
    place_options,
    partner_option(),
    click.option(
        "--match",
        "wanted",
        multiple=True,
        required=True,
        metavar="ID",
        help="The match, as in the report; the first digits are enough.",
    ),
    click.option("--note", "text", default="", metavar="TEXT", help="A text for your partner to read with it."),
    click.option("-y", "--yes", is_flag=True, help="Send without confirmation."),
    click.option("--json", "as_json", is_flag=True, help="Print JSON."),
)
"""Adds the options of all commands that say something about matches."""


@dataclass(frozen=True)
class ToSay:
    """What a command says about each match that the user names.

    Attributes:
        leads: for a proposal, "me", "them" or "both".
        fields: agreed fields with the user's values; None for the fields and values that usually go with the step.
    """

    topic: Topic
    step: Step
    value: int = 0
    leads: str = ""
    fields: Mapping[str, str] | None = None


class Teller:
    """Says something about matches to a partner, after the user has seen what leaves."""

    def __init__(self, context: click.Context, what: ToSay, options: Mapping[str, Any]) -> None:
        self._context, self._what, self._options = context, what, options

    def run(self) -> None:
        """Find the matches, refuse what is not allowed, show what leaves, and send it."""
        options = self._options
        with workspace(self._context) as own:
            partner = own.partner(options["partner"])
            statements = self._statements(own, partner)
            for line in self._what_leaves(partner, statements):
                say(line)
            if not options["yes"] and not (
                is_interactive() and click.confirm(f"Send to {partner.card.name}?", err=True)
            ):
                emit("Nothing was sent.")
                return
            self._send(own, partner, statements)

    def _statements(self, own: "Workspace", partner: "PartnerRecord") -> "list[tuple[SessionMatches, Statement]]":
        from accountmap.session.co_selling import Statement, check_statement, find_match, proposal
        from accountmap.session.plans import check_not_held_out

        what, found = self._what, []
        for prefix in dict.fromkeys(self._options["wanted"]):
            matches, match_id = find_match(own, partner, prefix, what.topic, what.step)
            value = proposal(matches.role, Leader(what.leads)) if what.leads else what.value
            statement = Statement(match_id, what.topic, what.step, value, self._options["text"], what.fields)
            check_statement(own, partner, matches, statement)
            check_not_held_out(own, partner, matches, match_id, what.step, datetime.now(UTC).date())
            found.append((matches, statement))
        if len({statement.match_id for _, statement in found}) < len(found):
            raise InputError("the same match was named twice")
        return found

    def _what_leaves(
        self, partner: "PartnerRecord", statements: "Sequence[tuple[SessionMatches, Statement]]"
    ) -> Iterator[str]:
        from accountmap.session.co_selling import what_may_be_shown

        shown = [what_may_be_shown(matches, statement) for matches, statement in statements]
        names = list(dict.fromkeys(name for fields in shown for name in fields))
        rows = [
            (
                statement.match_id.hex()[:8],
                matches.own_name(statement.match_id),
                *(fields.get(name, "") for name in names),
            )
            for (matches, statement), fields in zip(statements, shown, strict=True)
        ]
        leads = {"me": ": you", "them": ": they", "both": ": both"}.get(self._what.leads, "")
        result = f": {Result(self._what.value).label}" if self._what.step is Step.OUTCOME else ""
        yield f"{partner.card.name} will see that your company {SAID[self._what.step]}{leads or result}, about:\n"
        yield table(["match", "your account (stays here)", *(name.replace("_", " ") for name in names)], rows)
        text = " ".join(self._options["text"].split())
        yield f"\nwith this note: {text}" if text else "\nwithout a note."

    def _send(
        self, own: "Workspace", partner: "PartnerRecord", statements: "Sequence[tuple[SessionMatches, Statement]]"
    ) -> None:
        from accountmap.exchange import exchange_messages

        options, name = self._options, partner.card.name
        patience = time_to_wait(options["wait"], options["listen"], options["connect"])
        by_session: dict[int, list[Statement]] = {}
        records = {matches.record.id: matches.record for matches, _ in statements}
        for matches, statement in statements:
            by_session.setdefault(matches.record.id, []).append(statement)
        folder, listen, connect = (options[key] for key in ("folder", "listen", "connect"))
        with open_place(own, options["partner"], folder, listen, connect, patience, command="inbox") as place:
            outcome = exchange_messages(
                own,
                options["partner"],
                place.target,
                say=[(records[number], said) for number, said in by_session.items()],
                wait=patience,
                waiting=lambda _: say(f"Waiting for {name}, {duration(patience)} at most. Ctrl-C loses nothing."),
            )
        if options["as_json"]:
            said = [statement.match_id.hex() for _, statement in statements]
            emit_json({"step": str(self._what.step), "matches": said, **as_dict(outcome, place)})
            return
        tell(outcome, place)
        next_step = then(outcome, place, name, options["partner"])
        emit(f"Done for {plural(len(statements), 'match')}. {next_step}")


@click.group()
def introduce() -> None:
    """Ask for introductions, offer them, and say what became of them.

    Each is about a match that both of you know. You see what leaves, and confirm it; what the agreement's rules of
    engagement do not allow is refused.
    """


def _step_command(step: Step, name: str, text: str, example: str = "") -> None:
    """Add a command that takes one step and needs nothing more."""

    @statement_options
    @click.pass_context
    def command(context: click.Context, /, **options: Any) -> None:
        Teller(context, ToSay(Topic.INTRODUCTION, step), options).run()

    example = f"accountmap introduce {name} --with globex --match 3fa9c1d2{example}"
    command.__doc__ = f"{text}\n\n    \b\n    Example:\n      {example}\n    "
    introduce.command(name)(command)


_step_command(
    Step.ASKED, "ask", "Ask to be introduced at a shared account.", ' --note "Who runs their data team?"'
)
_step_command(Step.OFFERED, "offer", "Offer to introduce your partner at a shared account.")
_step_command(Step.ACCEPTED, "accept", "Accept what your partner asked for or offered.")
_step_command(
    Step.DECLINED, "decline", "Decline what your partner asked for or offered, or what you had agreed to make."
)
_step_command(Step.MADE, "made", "Say that you have made an introduction.")


@introduce.command()
@click.option(
    "--result",
    required=True,
    type=click.Choice([each.label for each in Result]),
    help="What came of it; a later one replaces it.",
)
@statement_options
@click.pass_context
def outcome(context: click.Context, /, result: str, **options: Any) -> None:
    """Say what came of an introduction that was made for you.

    \b
    Example:
      accountmap introduce outcome --with globex --match 3fa9c1d2 --result meeting
    """
    Teller(context, ToSay(Topic.INTRODUCTION, Step.OUTCOME, Result[result.upper()]), options).run()


@click.group()
def deal() -> None:
    """Register deals with shared accounts, agree on who leads, and write notes."""


@deal.command()
@click.option(
    "--set",
    "values",
    multiple=True,
    metavar="FIELD=VALUE",
    help="Show this instead of what your list says: agreed fields only, such as amount=50000,stage=Proposal.",
)
@statement_options
@click.pass_context
def register(context: click.Context, /, values: tuple[str, ...], **options: Any) -> None:
    """Register a deal, so that your partner leaves it to you.

    If both of you register one for the same match, the first of these that applies decides which counts: a lead
    that both agreed on; who registered before having seen the other's; a rule of engagement; the earlier date, if
    the dates are more than a day apart. Otherwise agree on a lead.

    \b
    Examples:
      accountmap deal register --with globex --match 3fa9c1d2
      accountmap deal register --with globex --match 3fa9c1d2 --set amount=50000
    """
    fields = pairs(values, "A field") if values else None
    Teller(context, ToSay(Topic.DEAL, Step.REGISTERED, fields=fields), options).run()


@deal.command()
@statement_options
@click.pass_context
def withdraw(context: click.Context, /, **options: Any) -> None:
    """Withdraw a deal that you registered.

    \b
    Example:
      accountmap deal withdraw --with globex --match 3fa9c1d2
    """
    Teller(context, ToSay(Topic.DEAL, Step.WITHDRAWN), options).run()


@deal.command()
@click.option(
    "--propose", type=click.Choice(["me", "them", "both"]), help="Who should lead: you, your partner, or both."
)
@click.option("--agree", is_flag=True, help="Agree to what your partner proposed.")
@click.option("--decline", is_flag=True, help="Decline it.")
@statement_options
@click.pass_context
def lead(context: click.Context, /, propose: str | None, agree: bool, decline: bool, **options: Any) -> None:
    """Agree on who leads at a shared account. What you agree overrides the agreement's rules of engagement.

    A proposal stays open until your partner agrees or declines.

    \b
    Examples:
      accountmap deal lead --with globex --match 3fa9c1d2 --propose them
      accountmap deal lead --with globex --match 3fa9c1d2 --agree
    """
    if sum((propose is not None, agree, decline)) != 1:
        raise InputError("propose a lead, or agree, or decline", "Give one of --propose, --agree, --decline.")
    step = Step.PROPOSED if propose else Step.AGREED if agree else Step.DECLINED
    Teller(context, ToSay(Topic.LEAD, step, leads=propose or ""), options).run()


@deal.command()
@statement_options
@click.pass_context
def note(context: click.Context, /, **options: Any) -> None:
    """Write your partner a note about a shared account.

    \b
    Example:
      accountmap deal note --with globex --match 3fa9c1d2 --note "Their budget closes in March"
    """
    Teller(context, ToSay(Topic.NOTE, Step.NOTED), options).run()
