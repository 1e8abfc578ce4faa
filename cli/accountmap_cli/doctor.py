"""`accountmap backends`: what does the curve arithmetic here, and how fast."""

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from accountmap_cli.output import emit, emit_json, say, table

if TYPE_CHECKING:
    from accountmap.curve.backends import BackendState


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def backends(as_json: bool) -> None:
    """Test what can do the curve arithmetic on this machine, measure it, and say which is used.

    All backends give the same bytes, so the partner may use another. The first that can be used is the default;
    accountmap map --backend NAME takes another.

    \b
    Examples:
      accountmap backends
      accountmap backends --json
    """
    from accountmap.curve.backends import examine_backends

    states = examine_backends()
    if as_json:
        emit_json([{**asdict(state), "usable": state.usable} for state in states])
        return
    emit(table(["backend", "", "points multiplied a second", "keys mapped a second"], [_row(s) for s in states]))
    say()
    for state in states:
        say(f"{state.name}: {state.about}. {_verdict(state)}")
    say("Speeds are those of one processor.")


def _row(state: "BackendState") -> tuple[object, ...]:
    if not state.usable:
        return state.name, "cannot be used", "", ""
    standing = "default" if state.default else "usable"
    return state.name, standing, round(state.multiply_per_second), round(state.hash_per_second)


def _verdict(state: "BackendState") -> str:
    if not state.usable:
        return " ".join(filter(None, (f"Not used: {state.reason}.", state.hint)))
    chosen = "Used unless another is asked for" if state.default else "Used if asked for"
    return f"{chosen}; its known-answer tests pass."
