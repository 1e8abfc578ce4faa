"""Introductions, leads, registered deals and notes with one partner, as people and programs read them."""

from collections.abc import Iterator
from dataclasses import asdict
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from accountmap.model import Leader, Result, Step
from accountmap_cli.output import plural, table

if TYPE_CHECKING:
    from accountmap import Workspace
    from accountmap.account_map.co_selling import CoSelling, DealRegistration, Introduction, LeadProposal

DIGITS: Final = 8
"""Of a match id, enough to name it."""

_MOST_NOTES: Final = 20
_WHY: Final = {
    "no other is registered": "no other is registered",
    "agreed lead": "both agreed who leads",
    "registered first": "it was registered before the other was known",
    "rule of engagement": "a rule of engagement names who leads",
    "earlier date": "its date is earlier, by more than a day",
    "dates within a day": "the dates are within a day, which clocks do not tell apart",
}


class SaidOf:
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
                f"\n{plural(len(found.passed_over), 'step')} had no effect: both of you said something at once, "
                "or a rule of engagement did not allow it."
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
