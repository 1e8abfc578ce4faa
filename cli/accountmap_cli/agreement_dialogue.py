"""`agreement new --ask`: the same choices as the options, one question at a time."""

from dataclasses import replace
from typing import Final

import click

from accountmap.accounts.schema import SEGMENTS
from accountmap.errors import InputError
from accountmap.exchange.sharing_options import FIELDS, LEADERS, LEVELS, REST, SharingOptions, field_names
from accountmap_cli.output import say

_LEVEL_KEYS: Final = {name[0]: name for name in LEVELS}


def ask_sharing(partner: str, default: SharingOptions) -> SharingOptions:
    """Ask what each pair of segments shows, which fields, and who takes part."""
    say("\nWhat may each pair of segments show, after both have agreed to reveal?")
    say("  f  which accounts match, with the fields that follow")
    say("  n  which accounts match, and no field")
    say("  c  only how many match")
    say("  h  nothing: it is not compared")
    share = _ask_matrix(partner)
    options = replace(default, share=share)
    if any(typed.endswith(FIELDS) for typed in share):
        we_show = _ask_fields("Fields that you show of matches", default.we_show)
        they_show = _ask_fields(f"Fields that {partner} shows", we_show)
        options = replace(options, we_show=we_show, they_show=they_show)
    names = click.prompt("Only accounts in these countries (codes with commas, or all)", "all", err=True)
    industries = click.prompt("Only these industries (with commas, or all)", "all", err=True)
    return replace(
        options,
        countries=tuple(_listed(names)),
        industries=tuple(_listed(industries)),
        employees=_any(click.prompt("Only with so many employees (such as 50-5000, or all)", "all", err=True)),
        rest=click.prompt(
            "Who shows how many other accounts it has, by country, industry and size",
            default.rest,
            type=click.Choice(list(REST)),
            err=True,
        ),
        names_of_rest=click.prompt(
            "Who even names these other accounts",
            default.names_of_rest,
            type=click.Choice(list(REST)),
            err=True,
        ),
        smallest_cell=click.prompt(
            "Show counts from", default.smallest_cell, type=click.IntRange(1, 1_000), err=True
        ),
    )


def ask_leads() -> tuple[str, ...]:
    """Ask who leads where; several rules, the first that fits holds."""
    say("\nWho leads where both have an account? Rules are tried in order; an empty line ends them.")
    say("  Examples: customer:prospect=us    all:customer=them    all:all:DE,AT=both")
    rules: list[str] = []
    while rule := click.prompt("Rule", "", show_default=False, err=True):
        if rule.partition("=")[2] not in LEADERS:
            say(f"  End it with ={', ='.join(LEADERS)}.")
        else:
            rules.append(rule)
    return tuple(rules)


def _ask_matrix(partner: str) -> tuple[str, ...]:
    keys = click.Choice(list(_LEVEL_KEYS))
    first = click.prompt("All pairs, unless you say otherwise", "f", type=keys, err=True)
    share = [f"all:all={_LEVEL_KEYS[first]}"]
    if click.confirm("Do some pairs differ?", default=False, err=True):
        for mine in SEGMENTS:
            for theirs in SEGMENTS:
                level = click.prompt(f"Your {mine} by {partner}'s {theirs}", first, type=keys, err=True)
                share.append(f"{mine}:{theirs}={_LEVEL_KEYS[level]}")
    return tuple(share)


def _ask_fields(question: str, default: str) -> str:
    while True:
        typed = click.prompt(f"{question} (with commas, or none)", default or "none", err=True)
        try:
            field_names(typed)
        except InputError as error:
            say(f"  {error}. {error.hint}")
        else:
            return str(typed)


def _listed(typed: str) -> list[str]:
    return [word.strip() for word in typed.split(",") if word.strip() not in ("", "all")]


def _any(typed: str) -> str:
    return "" if typed.strip() == "all" else typed.strip()
