"""`accountmap inbox`: what partners ask and say about single matches, and the answers to their questions."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from accountmap.errors import InputError
from accountmap_cli.ask import as_dict, named, tell, then
from accountmap_cli.co_selling_words import SaidOf
from accountmap_cli.context import (
    Place,
    existing_file,
    open_place,
    partner_option,
    place_options,
    time_to_wait,
    workspace,
)
from accountmap_cli.output import duration, emit, emit_json, is_interactive, plural, say, table
from accountmap_cli.plan_words import PlanWords, plan_as_dict

if TYPE_CHECKING:
    from accountmap import Workspace
    from accountmap.session.conversation import ConversationOutcome
    from accountmap.workspace.conversations import Question

TABLE_COLUMNS: Final = (
    "match_id",
    "account_id",
    "segment",
    "their_name",
    "their_website",
    "their_country",
    "evidence",
    "answer",
)


@click.command("inbox")
@partner_option("One partner. [default: all]", required=False)
@click.option(
    "--write", "written", type=click.Path(dir_okay=False, path_type=Path), help="Write open questions as CSV."
)
@click.option(
    "--answers", "answered", type=existing_file(), help="Take answers from that CSV, once it is filled in."
)
@click.option("-y", "--yes", is_flag=True, help="With --answers: send without asking you.")
@click.option(
    "--open-asking", is_flag=True, help="Show questions of a partner again after too many were answered no."
)
@place_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def inbox_command(
    context: click.Context,
    partner: str | None,
    written: Path | None,
    answered: Path | None,
    yes: bool,
    open_asking: bool,
    folder: str | None,
    listen: str | None,
    connect: str | None,
    wait: float | None,
    as_json: bool,
) -> None:
    """Take in what partners ask and say about single matches, and answer what they ask.

    It lists introductions, leads, registered deals, notes and plans, with the command that comes next. A question
    shows an account of theirs that may be one of yours. If you call it the same, they get name, website and
    country of yours, and the agreed fields go both ways. "No" also means that you would rather not say. In a
    terminal it asks you; elsewhere, write the questions into a table, fill it in, and give it back.

    \b
    Examples:
      accountmap inbox
      accountmap inbox --with globex --folder "/Shared/acme and globex"
      accountmap inbox --with globex --write questions.csv
      accountmap inbox --with globex --answers questions.csv
    """
    if partner is None and any((written, answered, open_asking, listen, connect)):
        raise InputError("which partner?", "Add --with NAME.")
    with workspace(context) as own:
        names = [partner] if partner else [each.slug for each in own.partners() if own.sessions(each)]
        patience = time_to_wait(wait, listen, connect)
        results = []
        for slug in names:
            if open_asking:
                reopen(own, slug)
            with open_place(own, slug, folder, listen, connect, patience, command="inbox") as place:
                results.append(Inbox(own, slug, place, patience).go(written, answered, yes=yes, quiet=as_json))
    if as_json:
        emit_json(results)


def reopen(own: "Workspace", partner: str) -> None:
    """Show the partner's questions again."""
    record = own.partner(partner)
    with own.transaction():
        own.conversations.reopen(record.slug, datetime.now(UTC))
    say(f"Questions of {record.card.name} are shown again.")


class Inbox:
    """What came from one partner, and what a person answers."""

    def __init__(self, own: "Workspace", partner: str, place: Place, patience: float) -> None:
        self._own, self._partner, self._place, self._patience = own, partner, place, patience
        self._record = own.partner(partner)
        self._name = self._record.card.name

    def go(self, written: Path | None, answered: Path | None, *, yes: bool, quiet: bool) -> dict[str, object]:
        """Exchange messages, show what came, and take answers."""
        from accountmap.session.plans import load_plans

        outcome = self._exchange()
        waiting = self._waiting()
        said, plans = SaidOf(self._own, self._partner), load_plans(self._own, self._record)
        if not quiet:
            tell(outcome, self._place)
            self._show(waiting)
            for line in (*said.in_words(), *PlanWords(self._record.slug, self._name).list(plans)):
                emit(line)
        if written is not None:
            written.write_text(self._as_csv(waiting), encoding="utf-8-sig", newline="")  # Excel needs the mark
            say(f"Wrote {plural(len(waiting), 'question')} to {written}. Fill the column answer with same or no.")
        elif answered is not None:
            outcome = self._answer(*read_answers(answered, waiting), yes=yes) or outcome
        elif waiting and is_interactive() and not quiet:
            outcome = self._answer(*ask_person(waiting, self._name), yes=False) or outcome
        return {
            "partner": self._name,
            "questions": len(waiting),
            **as_dict(outcome, self._place),
            **said.as_dict(),
            "plans": list(map(plan_as_dict, plans)),
        }

    def _exchange(self, same: Sequence["Question"] = (), no: Sequence["Question"] = ()) -> "ConversationOutcome":
        from accountmap.exchange import exchange_messages

        return exchange_messages(
            self._own,
            self._partner,
            self._place.target,
            same=same,
            no=no,
            wait=0 if same or no else self._patience,
            waiting=lambda _: say(f"Waiting for {self._name}, {duration(self._patience)} at most."),
        )

    def _waiting(self) -> list["Question"]:
        asked = self._own.conversations.questions(self._record.slug, ours=False)
        return [each for each in asked if each.shown and each.answer == "open"]

    def _show(self, waiting: Sequence["Question"]) -> None:
        ours = self._own.conversations.questions(self._record.slug, ours=True)
        for each in ours:
            if each.answer == "same" and each.reply:
                emit(f"{self._name} says the same: your account {each.account_id} is theirs: {each.reply[0]}")
        counts = {answer: sum(each.answer == answer for each in ours) for answer in ("open", "no")}
        if ours:
            emit(f"Of your questions {counts['open']} wait for an answer, and {counts['no']} were answered no.")
        if not waiting:
            emit(f"No question of {self._name} waits for you.")
            return
        emit(f"{self._name} asks about {plural(len(waiting), 'account')}:\n")
        emit(
            table(
                ["their account", "website", "country", "may be your account", "segment"],
                [(*(each.text or ("", "", "")), each.account_id, each.segment) for each in waiting],
            )
        )

    def _answer(self, same: list["Question"], no: list["Question"], *, yes: bool) -> "ConversationOutcome | None":
        """Show what leaves, and send the answers if the person agrees."""
        if not same and not no:
            say("Nothing was answered, and nothing is sent.")
            return None
        for line in self._what_leaves(same, no):
            say(line)
        if not yes and not (is_interactive() and click.confirm(f"Send to {self._name}?", err=True)):
            say("Nothing was sent.")
            return None
        outcome = self._exchange(same, no)
        tell(outcome, self._place)
        next_step = then(outcome, self._place, self._name, self._partner)
        emit(f"Answered {plural(len(same) + len(no), 'question')}. {next_step}")
        return outcome

    def _what_leaves(self, same: Sequence["Question"], no: Sequence["Question"]) -> Iterator[str]:
        from accountmap.session.questions import session_matches

        if same:
            asked = [(session_matches(self._own, self._partner, each.session), each.match_id) for each in same]
            fields = named(matches.own_fields(match_id) for matches, match_id in asked)
            yield f"{self._name} will see of your accounts:\n"
            rows = [tuple(matches.account_to_return(match_id)) for matches, match_id in asked]
            yield table(["name", "website", "country"], rows)
            yield f"\nand of each your {fields}, as agreed; theirs come back." if fields else "\nand nothing else."
        if no:
            yield f"{plural(len(no), 'question')} answered no: which tells them nothing."

    def _as_csv(self, waiting: Sequence["Question"]) -> str:
        from accountmap.report.safe_text import spreadsheet_text
        from accountmap.session.questions import session_matches

        out = io.StringIO()
        writer = csv.writer(out)
        writer.writerow(TABLE_COLUMNS)
        for each in waiting:
            evidence = session_matches(self._own, self._partner, each.session).evidence(each.match_id)
            shown = (*(each.text or ("", "", "")), "+".join(evidence), "")
            cells = (each.match_id.hex(), each.account_id, each.segment, *shown)
            writer.writerow([spreadsheet_text(cell) for cell in cells])
        return out.getvalue()


def ask_person(waiting: Sequence["Question"], partner: str) -> tuple[list["Question"], list["Question"]]:
    """Ask about each question in a terminal; what is left out stays open, and counts as no for now."""
    say(f"\n  same   it is: {partner} gets name, website and country of yours, and the agreed fields follow")
    say("  no     it is not, or you would rather not say\n  later  leave it for another day\n")
    options = click.Choice(["same", "no", "later"])
    given: dict[str, list[Question]] = {"same": [], "no": [], "later": []}
    for each in waiting:
        question = f"{each.text[0] if each.text else ''}: is it your account {each.account_id}?"
        given[click.prompt(question, type=options, default="later", err=True)].append(each)
    return given["same"], given["no"]


def read_answers(file: Path, waiting: Sequence["Question"]) -> tuple[list["Question"], list["Question"]]:
    """Read a filled-in table.

    Raises:
        InputError: it is not such a table, or has other words in it.
    """
    try:
        text = file.read_text("utf-8-sig")
        separator = max(",;\t", key=text.partition("\n")[0].count)  # Excel writes what its language uses
        rows = list(csv.DictReader(io.StringIO(text), delimiter=separator))
        given = {row["match_id"].strip().lower(): (row["answer"] or "").strip().lower() for row in rows}
    except (OSError, UnicodeDecodeError, KeyError, AttributeError, csv.Error) as error:
        raise InputError(
            f"{file} is not a table of questions", "Write one with: accountmap inbox --write FILE"
        ) from error
    odd = sorted(set(given.values()) - {"same", "no", ""})
    if odd:
        raise InputError(f"{file} has an answer {odd[0]!r}", "Answers are same, no, or nothing for later.")
    same = [each for each in waiting if given.get(each.match_id.hex()) == "same"]
    no = [each for each in waiting if given.get(each.match_id.hex()) == "no"]
    return same, no
