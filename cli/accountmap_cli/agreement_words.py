"""An agreement in plain words, and a warning where the partner's list grew."""

from textwrap import wrap
from typing import TYPE_CHECKING

import click

from accountmap.errors import TrustError, WorkspaceError
from accountmap_cli.context import workspace

if TYPE_CHECKING:
    from accountmap import Workspace
    from accountmap.trust.agreement import Agreement


def growth_seen_here(context: click.Context, agreement: "Agreement") -> list[str]:
    """Warn as `growth_in_words`, if this folder is a workspace of one of the parties."""
    try:
        with workspace(context) as own:
            return growth_in_words(own, agreement)
    except (WorkspaceError, TrustError):
        return []


def change_rule(least: int) -> str:
    """Say how far a list may differ from those of earlier sessions."""
    if not least:
        return "may change by single accounts, which two sessions then give away"
    return f"stay as in an earlier session, or change by at least {least:,} entities in a segment"


def growth_in_words(own: "Workspace", agreement: "Agreement") -> list[str]:
    """Warn of a partner whose sizes grew many times over since the last agreement."""
    from accountmap.session import partner_growth

    return [
        f"  Take care: their sizes grew from {grown.before:,} to {grown.after:,} ({grown.segment}). A list that "
        "grows so may hold companies that are not theirs: ask them why."
        for grown in partner_growth(own, agreement)
    ]


def in_words(agreement: "Agreement") -> list[str]:
    """Say what an agreement allows."""
    from accountmap.trust.agreement_words import sharing_in_words

    terms = agreement.terms
    first, second = terms.names
    keys = ", ".join(slot.name for slot in terms.slots)
    sentences = sharing_in_words(terms.sharing, terms.leads, terms.names, terms.segments)
    shared = [line for sentence in sentences for line in wrap(sentence, 96)]
    lines = [
        f"Agreement between {first}, who begins sessions, and {second}.",
        f"  Purpose         {terms.purpose}",
        f"  Until           {terms.valid_until}; at most {terms.runs_per_30_days} sessions in 30 days",
        f"  Compared        {keys} (profile {terms.profile})",
        f"  Preview         both learn how many entities have one {terms.slots[0].name}, by pairs of segments",
        *(f"  {'Shared' if n == 0 else '      '}          {line}" for n, line in enumerate(shared)),
        f"  Lists           {change_rule(terms.min_change)}",
        *([] if terms.sharing.rest_named_by else ["  Never           an account that only one of you has"]),
        f"  With --yes      a program reveals if the counts are at most {terms.automatic_share:.0%} of its list",
    ]
    for name, sizes in zip(terms.names, agreement.sizes, strict=False):
        padded = ", ".join(f"{size:,} {segment}" for segment, size in sizes.items())
        lines.append(f"  {name} is padded to {padded}")
    lines.append(
        "  Signed by both." if agreement.complete else f"  Signed by {first}; {second} has not signed yet."
    )
    return lines
