"""`accountmap inbox`: what partners ask and say about single matches, and the answers to their questions.

Introductions, leads, registered deals and notes are shown to people and to programs.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from accountmap.errors import InputError
from accountmap.model import Leader, Result, Step
from accountmap_cli.ask import as_dict, named, tell, then
from accountmap_cli.context import (
    Place,
    existing_file,
    open_place,
    partner_option,
    place_options,
    time_to_wait,
    workspace,
)
from accountmap_cli.output import duration, emit, emit_json, is_interactive, plural, read_table, say, table
from accountmap_cli.plan_words import DIGITS, PlanWords, plan_as_dict

if TYPE_CHECKING:
    from accountmap import Workspace
    from accountmap.account_map.co_selling import CoSelling, DealRegistration, Introduction, LeadProposal
    from accountmap.session.conversation import ConversationOutcome
    from accountmap.workspace.conversations import Question

_MOST_NOTES: Final = 20
_WHY: Final = {
    "no other is registered": "no other is registered",
    "agreed lead": "both agreed who leads",
    "registered first": "it was registered before the other was known",
    "rule of engagement": "a rule of engagement names who leads",
    "earlier date": "its date is earlier, by more than a day",
    "dates within a day": "the dates are within a day of each other, too close to go by clocks",
}


class CoSellingTexts:
    """What this side and a partner have told each other about single matches."""

    def __init__(self, own: "Workspace", partner: str) -> None:
        self._own, self._partner = own, partner
        record = own.partner(partner)
        self._name, self._slug = record.card.name, record.slug

    @cached_property
    def found(self) -> "CoSelling":
        """All of it."""
        from accountmap.session.co_selling import load_co_selling

        return load_co_selling(self._own, self._own.partner(self._partner))

    @cached_property
    def _accounts(self) -> dict[str, str]:
        """Names of the own accounts, by id, as the last list has them."""
        accounts, _ = self._own.load_list(self._own.current_list().id)
        ids, names = (accounts.table[name].to_pylist() for name in ("account_id", "name"))
        return {key: name or "" for key, name in zip(ids, names, strict=True)}

    def as_dict(self) -> dict[str, Any]:
        """Describe all of it for a machine."""
        return asdict(self.found)

    def in_words(self) -> Iterator[str]:
        """Say where each introduction, lead and deal is, and what to type next."""
        found = self.found
        yield from self._table(
            "Introductions", "introduction", [self._introduction(each) for each in found.introductions]
        )
        yield from self._table("Who leads", "lead", [self._lead(each) for each in found.leads])
        yield from self._table("Registered deals", "deal", [self._deal(each) for each in found.deals])
        notes = found.notes[-_MOST_NOTES:]
        if notes:
            yield f"\nNotes, the last {plural(len(notes), 'note')}:\n"
            rows = [
                (each.match_id[:DIGITS], self._account(each.account_id), f"{each.written:%Y-%m-%d}",
                 "you" if each.ours else self._name, each.text)
                for each in notes
            ]  # fmt: skip
            yield table(["match", "your account", "date", "from", "note"], rows)
        if found.passed_over:
            yield (
                f"\n{plural(len(found.passed_over), 'step')} had no effect: you both said something at the same "
                "time, or a rule of engagement did not allow it."
            )

    def _table(self, title: str, what: str, rows: list[tuple[str, ...]]) -> Iterator[str]:
        if rows:
            yield f"\n{title}:\n"
            yield table(["match", "your account", what, "since", "words", "next"], rows)

    def _introduction(self, each: "Introduction") -> tuple[str, ...]:
        last = each.steps[-1]
        who = "you" if last.ours else self._name
        wants = "for you" if each.seeker is Leader.ME else f"for {self._name}"
        result = f": {Result(each.result).label}" if each.result else ""
        next_step = ""
        if each.waits_for is Leader.ME:
            verbs = {Step.ACCEPTED: ("made",), Step.MADE: ("outcome",)}.get(each.state, ("accept", "decline"))
            more = f" --result {'|'.join(r.label for r in Result)}" if verbs == ("outcome",) else ""
            next_step = self._command(f"introduce {'|'.join(verbs)}", each.match_id) + more
        elif each.waits_for is Leader.THEM:
            next_step = f"waits for {self._name}"
        said = f"{wants}, {each.state} by {who}{result}"
        return (*self._which(each), said, f"{last.at:%Y-%m-%d}", self._words(last.text, last.fields), next_step)

    def _lead(self, each: "LeadProposal") -> tuple[str, ...]:
        who = {Leader.ME: "you", Leader.THEM: self._name, Leader.BOTH: "both"}[each.leads]
        last = each.steps[-1]
        said = f"{who}, {each.state} by {'you' if last.ours else self._name}"
        next_step = ""
        if each.waits_for is Leader.ME:
            next_step = self._command("deal lead", each.match_id) + " --agree|--decline"
        elif each.waits_for is Leader.THEM:
            next_step = f"waits for {self._name}"
        return (*self._which(each), said, f"{last.at:%Y-%m-%d}", self._words(last.text, last.fields), next_step)

    def _deal(self, each: "DealRegistration") -> tuple[str, ...]:
        who = "yours" if each.ours else f"of {self._name}"
        counts = {True: "counts", False: "does not count", None: "undecided"}[each.counts]
        said = f"{who}, withdrawn" if each.decided is None else f"{who}, {counts}: {_WHY[each.decided]}"
        dated = f"{each.registered:%Y-%m-%d %H:%M}"
        if each.came is not None and abs(each.came - each.registered).total_seconds() > 86400:
            dated += f", came {each.came:%Y-%m-%d %H:%M}"
        undecided = each.decided is not None and each.counts is None
        next_step = self._command("deal lead", each.match_id) + " --propose me|them|both" if undecided else ""
        return (*self._which(each), said, dated, self._words(each.text, each.fields), next_step)

    def _which(self, each: "Introduction | LeadProposal | DealRegistration") -> tuple[str, str]:
        return each.match_id[:DIGITS], self._account(each.account_id)

    def _account(self, account_id: str) -> str:
        return self._accounts.get(account_id) or account_id

    def _words(self, text: str, fields: tuple[tuple[str, str], ...]) -> str:
        shown = "; ".join(f"{name.replace('_', ' ')}: {value}" for name, value in fields)
        return " / ".join(filter(None, (text, shown)))

    def _command(self, verb: str, match_id: str) -> str:
        return f"accountmap {verb} --with {self._slug} --match {match_id[:DIGITS]}"


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
    "--answers", "answered", type=existing_file(), help="Read answers from that CSV, once it is filled in."
)
@click.option("-y", "--yes", is_flag=True, help="With --answers: send without confirmation.")
@click.option(
    "--open-asking", is_flag=True, help="Show a partner's questions again after you have answered no to too many."
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
    """Read what partners ask and say about single matches, and answer their questions.

    It lists introductions, leads, registered deals, notes and plans, with the command that comes next. A question
    shows an account of theirs that may be one of yours. If you answer that it is the same, they get the name,
    website and country of yours, and the agreed fields go both ways. "No" can also mean that you would rather not
    say. In a terminal it asks you; elsewhere, write the questions into a table with --write, fill it in, and pass
    it to --answers.

    \b
    Examples:
      accountmap inbox
      accountmap inbox --with globex --folder "/Shared/acme and globex"
      accountmap inbox --with globex --write questions.csv
      accountmap inbox --with globex --answers questions.csv
    """
    if partner is None and any((written, answered, open_asking, listen, connect)):
        raise InputError("these options need a partner", "Add --with NAME.")
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
    say(f"Questions from {record.card.name} are shown again.")


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
        said, plans = CoSellingTexts(self._own, self._partner), load_plans(self._own, self._record)
        if not quiet:
            tell(outcome, self._place)
            self._show(waiting)
            for line in (*said.in_words(), *PlanWords(self._record.slug, self._name).list(plans)):
                emit(line)
        if written is not None:
            written.write_text(self._as_csv(waiting), encoding="utf-8-sig", newline="")  # Excel needs the mark
            say(f"Wrote {plural(len(waiting), 'question')} to {written}. Write same or no in the column answer.")
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
                emit(f"{self._name} confirms that your account {each.account_id} is theirs: {each.reply[0]}")
        counts = {answer: sum(each.answer == answer for each in ours) for answer in ("open", "no")}
        if ours:
            emit(f"Of your questions, {counts['open']} wait for an answer and {counts['no']} were answered no.")
        if not waiting:
            emit(f"No question from {self._name} waits for you.")
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
            yield f"{self._name} will see this of your accounts:\n"
            rows = [tuple(matches.account_to_return(match_id)) for matches, match_id in asked]
            yield table(["name", "website", "country"], rows)
            yield (
                f"\nand your {fields} for each, as agreed; theirs come back." if fields else "\nand nothing else."
            )
        if no:
            yield f"{plural(len(no), 'question')} answered no, which tells them nothing."

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
    """Ask about each question in a terminal; one left for later stays open, and counts as no for now."""
    say(f"\n  same   it is: {partner} gets the name, website and country of yours, and the agreed fields follow")
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
    rows = read_table(file, ["match_id", "answer"], "Write one with: accountmap inbox --write FILE")
    given = {row["match_id"].strip().lower(): row["answer"].strip().lower() for row in rows}
    odd = sorted(set(given.values()) - {"same", "no", ""})
    if odd:
        raise InputError(f"{file} has an answer {odd[0]!r}", "Answers are same, no, or nothing for later.")
    same = [each for each in waiting if given.get(each.match_id.hex()) == "same"]
    no = [each for each in waiting if given.get(each.match_id.hex()) == "no"]
    return same, no
