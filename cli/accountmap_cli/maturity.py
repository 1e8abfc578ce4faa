"""`accountmap maturity`: how mature a partnership is, as both sides see it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from accountmap.errors import InputError
from accountmap_cli.context import existing_file, workspace
from accountmap_cli.output import emit, emit_json, say, table

if TYPE_CHECKING:
    from accountmap import Workspace
    from accountmap.session.maturity import FileToSend


@click.group()
def maturity() -> None:
    """Answer eight questions about a partnership, and compare with your partner's answers.

    Neither of you sees the other's answers before both are fixed: first you exchange files that fix them, then
    files that open them.
    """


@maturity.command()
@click.option("--with", "partner", required=True, help="Your partner.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.pass_context
def ask(context: click.Context, partner: str, output: Path | None) -> None:
    """Write the questionnaire, with the answers that your own records give.

    \b
    Example:
      accountmap maturity ask --with globex
    """
    from accountmap.files import write_atomic
    from accountmap.session.maturity import write_questionnaire

    with workspace(context) as own:
        slug = own.partner(partner).slug
        file = output or Path(f"{slug}.maturity.toml")
        if file.exists():
            raise InputError(f"{file} is there already", "Name another file with -o, or answer that one.")
        write_atomic(file, write_questionnaire(own, partner, datetime.now(UTC)).encode())
    emit(str(file))
    say(f"Fill it in, then: accountmap maturity answer --with {slug} {file}")


@maturity.command()
@click.option("--with", "partner", required=True, help="Your partner.")
@click.option("--new", is_flag=True, help="Give up the round that is under way, and begin another.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.argument("file", type=existing_file())
@click.pass_context
def answer(context: click.Context, partner: str, new: bool, output: Path | None, file: Path) -> None:
    """Fix your answers, and write the file that tells your partner so without showing them.

    \b
    Example:
      accountmap maturity answer --with globex globex.maturity.toml
    """
    from accountmap.portfolio.maturity import read_questionnaire
    from accountmap.session.maturity import answer_questionnaire

    try:
        answers = read_questionnaire(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        raise InputError("The questionnaire cannot be read.", "It is a text file in UTF-8.") from None
    with workspace(context) as own:
        made = answer_questionnaire(own, partner, answers, datetime.now(UTC), new=new)
        _write(own, partner, made, output)
    say("It fixes your answers and shows none. When theirs is here: accountmap maturity receive FILE")


@maturity.command()
@click.option("--with", "partner", required=True, help="Your partner.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="File to write.")
@click.pass_context
def send(context: click.Context, partner: str, output: Path | None) -> None:
    """Write the file that your partner needs next: your answers, once theirs are fixed too.

    \b
    Example:
      accountmap maturity send --with globex
    """
    from accountmap.session.maturity import next_file

    with workspace(context) as own:
        made = next_file(own, partner, datetime.now(UTC))
        _write(own, partner, made, output)
    if made.shows:
        say("It shows your eight stages to your partner, sealed, and nothing of what you noted as evidence.")
    else:
        say("Your partner's answers are not fixed yet, so this file shows none of yours.")


@maturity.command()
@click.argument("file", type=click.File("rb"))
@click.pass_context
def receive(context: click.Context, file: BinaryIO) -> None:
    """Read a maturity file that a partner sent you.

    \b
    Example:
      accountmap maturity receive globex-data-for-acme-cloud.maturity-1.toml
    """
    from accountmap.session.maturity import receive_file

    with workspace(context) as own:
        record, state = receive_file(own, file.read(), datetime.now(UTC))
    if state.their_answers is None:
        begin = "accountmap maturity ask" if state.secret is None else "accountmap maturity send"
        say(f"{record.card.name} has fixed its answers. Next: {begin} --with {record.slug}")
    elif state.opened:
        say(f"Both sides' answers are open: accountmap maturity show --with {record.slug}")
    else:
        say(f"Their answers are here, and they wait for yours: accountmap maturity send --with {record.slug}")


@maturity.command()
@click.option("--with", "partner", required=True, help="Your partner.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def show(context: click.Context, partner: str, as_json: bool) -> None:
    """Show both sides' answers of the last round, where you are far apart, and the next steps.

    \b
    Example:
      accountmap maturity show --with globex
    """
    from accountmap.portfolio.maturity import compare
    from accountmap.workspace.user_files import load_round

    with workspace(context) as own:
        record = own.partner(partner)
        last = load_round(own, record.slug).last
    rows = compare(record.slug, record.card.name, last) if last else []
    if as_json:
        emit_json(rows)
    elif not rows:
        say(f"No round is open yet. Begin with: accountmap maturity ask --with {record.slug}")
    else:
        head = ["topic", "you", "they", "what stands out", "next step"]
        cells = [(r["topic"], r["ours"], r["theirs"], r["finding"] or "", _step(r)) for r in rows]
        emit(table(head, cells))


def _step(row: dict[str, str | None]) -> str:
    return f"{row['whose_step']}: {row['next_step']}" if row["next_step"] else ""


def _write(own: "Workspace", partner: str, made: "FileToSend", output: Path | None) -> None:
    from accountmap.files import write_atomic

    slug = own.partner(partner).slug
    file = output or Path(f"{own.short_name}-for-{slug}.maturity-{2 if made.shows else 1}.toml")
    write_atomic(file, made.document.encode(), mode=0o644)
    emit(str(file))
    say(f"Send it to {own.partner(partner).card.name}.")
