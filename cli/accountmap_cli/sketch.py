"""`accountmap sketch`: the blurred copies of the own list that partners get, and what they add up to."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from accountmap.errors import InputError, TrustError
from accountmap_cli.context import workspace
from accountmap_cli.output import emit, emit_json, is_interactive, say, table

if TYPE_CHECKING:
    from accountmap import Workspace

PHRASE: Final = "make another copy"


class SketchLine(NamedTuple):
    """What is shown of a copy."""

    made: str
    renewed_from: str
    epsilon: str
    padded_rows: int
    countries: tuple[str, ...]
    partners: tuple[str, ...]


@click.group()
def sketch() -> None:
    """See and renew the blurred copies of your list that partners get before anything is revealed."""


@sketch.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show(context: click.Context, as_json: bool) -> None:
    """Say which blurred copies there are, who has them, and what they add up to.

    \b
    Example:
      accountmap sketch show
    """
    from accountmap.session.sketches import FROZEN

    now = datetime.now(UTC)
    with workspace(context) as own:
        sent = own.sketches.disclosures()
        rows = [
            SketchLine(
                made=each.created.date().isoformat(),
                renewed_from=(each.created + FROZEN).date().isoformat(),
                epsilon=str(each.epsilon),
                padded_rows=sum(each.rows),
                countries=each.countries,
                partners=tuple(one.partner for one in sent if one.sketch == each.id),
            )
            for each in own.sketches.own()
        ]
        spent, hidden = own.sketches.epsilon_spent(now), sorted(own.previews.left_out_segments())
    if as_json:
        emit_json(
            {
                "sketches": [row._asdict() for row in rows],
                "epsilon_in_365_days": str(spent),
                "never_previewed": hidden,
            }
        )
        return
    if not rows:
        emit("There is no blurred copy yet. It is made with the first agreement.")
        return
    head = ["made", "renewed from", "ε", "padded to", "countries", "partners that have it"]
    cells = [(*row[:4], ", ".join(row.countries) or "all", ", ".join(row.partners) or "none") for row in rows]
    emit(table(head, cells))
    emit(f"\nIn 365 days they come to ε = {spent}; above 2 you are asked to type a confirmation.")
    if hidden:
        emit(f"Never in a copy: {', '.join(hidden)}.")


@sketch.command()
@click.option("--segments", is_flag=True, help="The copy that also says in which segment a company is.")
@click.option("--country", "countries", multiple=True, metavar="CC", help="Only accounts of these countries.")
@click.option("--confirm", "typed", metavar="PHRASE", help=f"Confirm without a terminal: {PHRASE!r}.")
@click.pass_context
def renew(context: click.Context, segments: bool, countries: tuple[str, ...], typed: str | None) -> None:
    """Make another blurred copy before its time, of the current list.

    Two copies say more about each company than one, and every partner that got the first can compare them. A copy
    is renewed by itself half a year after it was made. Agreements that name another size need to be made again.

    \b
    Example:
      accountmap sketch renew
    """
    from accountmap.model import PreviewKind
    from accountmap.session.sketches import renew_sketch

    kind, now = PreviewKind.SEGMENTS if segments else PreviewKind.SKETCH, datetime.now(UTC)
    with workspace(context) as own:
        warn(own, now)
        if typed is None and is_interactive():
            typed = click.prompt(f"Type {PHRASE!r} to go on", default="", show_default=False, err=True)
        if typed != PHRASE:
            raise TrustError("no other copy was made", f"It takes the words {PHRASE!r}, typed by a person.")
        with own.transaction():
            made = renew_sketch(
                own, kind, tuple(sorted(code.upper() for code in countries)), now=now, confirmed=True
            )
    emit(f"Made another copy: ε = {made.epsilon}, padded to {sum(made.rows):,} companies.")


def warn(own: "Workspace", now: datetime) -> None:
    """Say what another copy adds up to."""
    partners = {each.partner for each in own.sketches.disclosures()}
    spent = own.sketches.epsilon_spent(now)
    say(f"In 365 days ε = {spent} has left. Another copy adds its own to that once it is sent.")
    if partners:
        say(f"These partners have a copy already: {', '.join(sorted(partners))}.")


@sketch.command("never")
@click.argument("segments", nargs=-1)
@click.pass_context
def never(context: click.Context, segments: tuple[str, ...]) -> None:
    """Say which segments are never in a copy that is made from now on; none for all of them again.

    \b
    Examples:
      accountmap sketch never prospect
      accountmap sketch never
    """
    from accountmap.accounts.schema import SEGMENTS

    if not set(segments) < set(SEGMENTS):
        raise InputError(
            f"these are not some of the segments: {', '.join(segments)}", f"Segments: {', '.join(SEGMENTS)}."
        )
    with workspace(context) as own, own.transaction():
        own.previews.leave_out(segments)
    left = ", ".join(segments) or "no segment"
    emit(f"Left out of copies that are made from now on: {left}. Copies that partners have stay as they are.")
