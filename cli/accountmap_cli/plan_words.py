"""Joint plans with one partner, as people and programs read them."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from accountmap.model import Leader
from accountmap_cli.output import harmless, plural, table

if TYPE_CHECKING:
    from accountmap.account_map.joint_plan import PlanTerms
    from accountmap.session.plans import KnownPlan
    from accountmap.session.questions import SessionMatches

DIGITS: Final = 8
"""Number of digits of the id of a plan or match that are shown."""

_NEXT: Final = {
    "proposed": "sign|decline",
    "running": "reconcile",
}
_VERDICTS: Final = {
    "higher": "more than in the holdout",
    "lower": "less than in the holdout",
    "no difference shown": "no difference shown",
    "too few": "too few to say",
    "not all reported": "not every account is reported",
}


class PlanWords:
    """Describes plans as one side sees them.

    Args:
        slug, name: of the partner.
    """

    def __init__(self, slug: str, name: str) -> None:
        self._slug, self._name = slug, name

    def side(self, matches: "SessionMatches", value: int) -> str:
        """Say which side a value stands for: role + 1, or 3 for both."""
        return {matches.role + 1: "you", matches.role.other + 1: self._name}.get(value, "both")

    def list(self, plans: Sequence["KnownPlan"]) -> Iterator[str]:
        """List plans with what to type next."""
        if plans:
            yield f"\nPlans with {self._name}:\n"
            yield table(
                ["plan", "title", "matches", "until", "state", "since", "next"],
                [
                    (
                        each.id[:DIGITS],
                        each.plan.terms.title,
                        len(each.plan.match_ids),
                        str(each.plan.terms.ends),
                        each.plan.state.value,
                        f"{each.since:%Y-%m-%d}",
                        self.next(each),
                    )
                    for each in plans
                ],
            )
        for each in plans:
            yield from self.warnings(each)

    def next(self, known: "KnownPlan") -> str:
        """Say who has to do what."""
        state = known.plan.state.value
        if known.waits_for is Leader.THEM:
            return f"waits for {self._name}"
        if known.waits_for is Leader.ME:
            if state == "signed":
                return f"accountmap inbox --with {self._slug}"
            return f"accountmap plan {_NEXT[state]} --with {self._slug} --plan {known.id[:DIGITS]}"
        return "work, report, reconcile" if state == "running" else ""

    def warnings(self, known: "KnownPlan") -> Iterator[str]:
        """Say why a plan was declined, and what is wrong with it."""
        plan, number = known.plan, known.id[:DIGITS]
        if words := known.declined_with:
            who = self._name if known.ours else "You"
            yield f"{who} declined plan {number}: {harmless(words, lines=False)}"
        if plan.state.value == "spoilt":
            yield f"Plan {number} is spoilt: the seed that was opened is not the one that was fixed."
        elif known.is_unopened:
            yield (
                f"Plan {number} has waited since {known.since:%Y-%m-%d} for {self._name} to open its seed, which "
                "its program does automatically. They can see the draw and you cannot, so the draw does not count."
            )
        for role, (_, holds) in plan.reconciled.items():
            if not holds:
                who = "You" if role is known.matches.role else self._name
                yield f"{who} signed results of plan {number} that do not follow from what was reported."

    def terms(self, terms: "PlanTerms", matches: "SessionMatches") -> Iterator[str]:
        """Say what is proposed, line by line."""
        yield f"{_titled(terms)}, {terms.begins} to {terms.ends}\n"
        yield table(
            ["match", "your account (stays here)", "leads", "next step", "by", "due", "owner"],
            [
                (
                    each.match_id.hex()[:DIGITS],
                    matches.own_name(each.match_id),
                    self.side(matches, each.leads),
                    each.next_step,
                    self.side(matches, each.acts),
                    str(each.due),
                    each.owner,
                )
                for each in terms.lines
            ],
        )
        yield f"\nBudget: {self._budget(terms, matches)}"
        yield holdout_in_words(terms.holdout, len(terms.lines))

    def _budget(self, terms: "PlanTerms", matches: "SessionMatches") -> str:
        from accountmap.account_map.plan_results import decimal

        if not terms.currency:
            return "none"
        ours, theirs = (decimal(terms.budget[each]) for each in (matches.role, matches.role.other))
        return f"{ours} {terms.currency} by you, {theirs} {terms.currency} by {self._name}."

    def plan(self, known: "KnownPlan") -> Iterator[str]:
        """Describe one plan."""
        plan, matches = known.plan, known.matches
        role, results = matches.role, known.plan.results()
        yield f"Plan {known.id[:DIGITS]} with {self._name}: {_titled(plan.terms)}"
        yield f"{plan.terms.begins} to {plan.terms.ends}; {plan.state.value} since {known.since:%Y-%m-%d}."
        yield f"Budget: {self._budget(plan.terms, matches)}"
        rows = []
        for line in results.lines:
            now = plan.lines[line.match_id]
            rows.append(
                (
                    line.match_id.hex()[:DIGITS],
                    matches.own_name(line.match_id),
                    "holdout" if line.held_out else self.side(matches, now.leads),
                    "" if line.held_out else now.next_step,
                    "" if line.held_out else self.side(matches, now.acts),
                    "" if line.held_out else str(now.due),
                    plan.owners[role].get(line.match_id, ""),
                    plan.owners[role.other].get(line.match_id, ""),
                    "" if line.meetings is None else line.meetings,
                    line.result.label if line.result else "",
                    ", ".join(line.differences),
                )
            )
        head = ["match", "your account", "leads", "next step", "by", "due", "your owner", "their owner"]
        yield table([*head, "meetings", "result", "you differ in"], rows)
        yield from self.comparison(known)
        yield from self.warnings(known)

    def comparison(self, known: "KnownPlan") -> Iterator[str]:
        """Compare the results of the accounts worked on with those left alone."""
        plan = known.plan
        if plan.holdout is None:
            yield holdout_in_words(plan.terms.holdout, len(plan.match_ids)) + " They are not drawn yet."
            return
        if not plan.holdout:
            yield "There is no holdout, so nothing shows what would have happened without the plan."
            return
        rows = [line.split(",") for line in plan.results().tables["comparison"].decode().splitlines()[1:]]
        yield f"\n{plural(len(plan.holdout), 'account')} left alone, drawn by both seeds. As both report so far:\n"
        yield table(
            ["result", "worked on", "left alone", "difference", "95 % interval", "finding"],
            [
                (
                    row[0],
                    f"{row[1]} of {row[2]}",
                    f"{row[3]} of {row[4]}",
                    row[5],
                    f"{row[6]} to {row[7]}" if row[5] else "",
                    _VERDICTS[row[8]],
                )
                for row in rows
            ],
        )


def _titled(terms: "PlanTerms") -> str:
    """Name a plan on one line: a partner's title could write lines that look like the program's own."""
    return f"{harmless(terms.title, lines=False)} ({terms.kind.label})"


def holdout_in_words(count: int, of: int) -> str:
    """Say what a holdout is."""
    if not count:
        return "No account is left alone."
    return (
        f"Of {plural(of, 'account')}, both of you leave {count} alone, to show what happens without the plan. "
        "Both programs draw them together: neither of you can choose."
    )


def plan_as_dict(known: "KnownPlan") -> dict[str, Any]:
    """Describe a plan for a machine."""
    from accountmap.account_map.plan_results import decimal

    plan, role, terms = known.plan, known.matches.role, known.plan.terms
    results = plan.results()
    held = plan.holdout
    return {
        "plan": known.id,
        "title": terms.title,
        "type": terms.kind.label,
        "ours": known.ours,
        "state": plan.state.value,
        "waits_for": known.waits_for.value if known.waits_for else None,
        "since": known.since.isoformat(),
        "changed": known.changed.isoformat(),
        "declined_with": known.declined_with or None,
        "unopened": known.is_unopened,
        "begins": str(terms.begins),
        "ends": str(terms.ends),
        "currency": terms.currency or None,
        "budget": decimal(terms.budget[role]),
        "their_budget": decimal(terms.budget[role.other]),
        "spent": _amount(results.spent[role]),
        "their_spent": _amount(results.spent[role.other]),
        "holdout": terms.holdout,
        "drawn": held is not None,
        "digest": results.digest.hex(),
        "lines": [
            {
                "match_id": line.match_id.hex(),
                "account_id": known.matches.account_ids(line.match_id)[0],
                "held_out": line.held_out if held is not None else None,
                "leads": _side(plan.lines[line.match_id].leads, known.matches),
                "acts": _side(plan.lines[line.match_id].acts, known.matches),
                "due": str(plan.lines[line.match_id].due),
                "next_step": plan.lines[line.match_id].next_step,
                "owner": plan.owners[role].get(line.match_id, ""),
                "their_owner": plan.owners[role.other].get(line.match_id, ""),
                "meetings": line.meetings,
                "result": line.result.label if line.result else None,
                "differences": list(line.differences),
            }
            for line in results.lines
        ],
    }


def _side(value: int, matches: "SessionMatches") -> str:
    return {matches.role + 1: "me", matches.role.other + 1: "them"}.get(value, "both")


def _amount(amount: int | None) -> str | None:
    from accountmap.account_map.plan_results import decimal

    return None if amount is None else decimal(amount)
