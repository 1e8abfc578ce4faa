"""The command `accountmap`: its verbs, its help and shell completion, and what happens when a verb fails."""

import errno
import sys
import traceback
import warnings
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Final, NoReturn

import click
from click.shell_completion import get_completion_class

from accountmap import __version__
from accountmap.errors import (
    AccountmapError,
    BackendError,
    ChannelError,
    InputError,
    PeerError,
    TrustError,
    UsageError,
    WorkspaceError,
)
from accountmap_cli.accounts import accounts, reference
from accountmap_cli.agreement import agreement
from accountmap_cli.ask import ask_command
from accountmap_cli.assistant import mcp_command
from accountmap_cli.audit import audit
from accountmap_cli.deals import deals
from accountmap_cli.demo import demo
from accountmap_cli.digest import digest
from accountmap_cli.doctor import backends, doctor
from accountmap_cli.feed import feed_command
from accountmap_cli.ideal import ideal
from accountmap_cli.inbox import inbox_command
from accountmap_cli.influence import influence
from accountmap_cli.introduce import deal, introduce
from accountmap_cli.ledger import ledger
from accountmap_cli.map import map_command
from accountmap_cli.maturity import maturity
from accountmap_cli.output import emit, say, write_all_letters
from accountmap_cli.partner import identity, init, partner
from accountmap_cli.plan import plan
from accountmap_cli.plan_progress import export, progress, reconcile
from accountmap_cli.portfolio import portfolio, profile
from accountmap_cli.preview import preview_command, sketch
from accountmap_cli.propensity import propensity
from accountmap_cli.report import report as report_group
from accountmap_cli.report import store
from accountmap_cli.status import inspect, status

TOPICS: Final = ("mapping", "files", "direct", "privacy", "month")
"""The topics in the order in which they are listed; each is the name of a text in `topics`."""

COMPLETE_VARIABLE: Final = "_ACCOUNTMAP_COMPLETE"
"""The environment variable that click derives from the program's name and looks for when it starts."""


def topic_text(topic: str) -> str:
    """Return the text of a topic; its first line is its title."""
    return (files("accountmap_cli") / "topics" / f"{topic}.txt").read_text("utf-8")


@click.command("help")
@click.argument("words", nargs=-1, metavar="[TOPIC|COMMAND]")
@click.pass_context
def help_command(context: click.Context, words: tuple[str, ...]) -> None:
    """Explain a topic, or a command.

    Without an argument, list the topics.

    \b
    Examples:
      accountmap help
      accountmap help month
      accountmap help accounts check
    """
    if not words:
        for line in _topics():
            emit(line)
        return
    if len(words) == 1 and words[0] in TOPICS:
        emit(topic_text(words[0]).rstrip("\n"))
        return
    emit(_help_of(context.find_root(), words))


def _topics() -> Iterator[str]:
    yield "Topics:"
    for topic in TOPICS:
        yield f"  {topic:9} {topic_text(topic).splitlines()[0]}"
    yield "Read one with: accountmap help TOPIC. Help on a command: accountmap help COMMAND"
    yield "All commands: accountmap --help"


def _help_of(root: click.Context, words: tuple[str, ...]) -> str:
    """Return the help of a command.

    Raises:
        InputError: there is no such topic or command.
    """
    context, command = root, root.command
    for word in words:
        found = command.get_command(context, word) if isinstance(command, click.Group) else None
        if found is None:
            raise InputError(
                f"There is no topic or command {' '.join(words)!r}.",
                f"Topics: {', '.join(TOPICS)}. All commands: accountmap --help",
            )
        command, context = found, click.Context(found, parent=context, info_name=word)
    return command.get_help(context)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the script that lets a shell complete commands, options and names of partners.

    For bash, add the second line of the examples to ~/.bashrc. For zsh, add that line with zsh instead of bash to
    ~/.zshrc, after compinit. For fish, save the output as ~/.config/fish/completions/accountmap.fish.

    \b
    Examples:
      accountmap completion bash
      eval "$(accountmap completion bash)"
    """
    found = get_completion_class(shell)
    if found is None:
        raise click.BadParameter(f"click does not know {shell}.")
    root = click.get_current_context().find_root()
    emit(found(root.command, {}, "accountmap", COMPLETE_VARIABLE).source().rstrip("\n"))


EXIT_CODES: Final = {
    InputError: 3,
    WorkspaceError: 4,
    TrustError: 5,
    ChannelError: 6,
    PeerError: 7,
    BackendError: 8,
    UsageError: 70,
    AccountmapError: 1,
}
"""1 is also used for anything unexpected, 2 for a wrong command line, 130 for an interruption."""


OF_THE_SYSTEM: Final = {
    errno.ENOSPC: "Make room, then run this again; nothing is lost.",
    errno.EDQUOT: "Make room, then run this again; nothing is lost.",
    errno.EROFS: "Choose a folder in which you may write.",
    errno.EACCES: "Give yourself permission, or choose another file or folder.",
    errno.EPERM: "Give yourself permission, or choose another file or folder.",
    errno.ENOENT: "Check the path.",
    errno.ENOTDIR: "Check the path: a part of it is a file.",
    errno.EISDIR: "Name a file; this is a folder.",
}
"""Errors of the operating system that are not bugs, and what to do about them."""


def no_access(error: OSError) -> WorkspaceError:
    """Return an error for people from one of the operating system, about a file that cannot be read or written."""
    place = f" in {Path(error.filename).parent.resolve()}" if isinstance(error.filename, str) else ""
    what = f"a file{place} cannot be read or written: {error.strerror}"
    return WorkspaceError(what, OF_THE_SYSTEM[error.errno or 0])


def report(error: AccountmapError) -> NoReturn:
    """Show an error with its hint and end the program."""
    message = str(error)
    if message.partition(" ")[0].isalpha():  # a word, and not the name of a file
        message = message[:1].upper() + message[1:]
    say(f"accountmap: {message}")
    if error.hint:
        say(f"  {error.hint}")
    sys.exit(next(code for kind, code in EXIT_CODES.items() if isinstance(error, kind)))


def report_unexpected(error: Exception, *, debug: bool) -> NoReturn:
    """Show where an unexpected error arose, but not its text, which may hold account data."""
    if debug:
        traceback.print_exception(error)
    else:
        place = traceback.extract_tb(error.__traceback__)[-1]
        file = place.filename.replace("\\", "/").rpartition("/")[2]
        say(f"accountmap: an internal error: {type(error).__name__} in {file}, line {place.lineno}")
        say("  This is a bug. Run again with --debug for the details; they may show account data.")
    sys.exit(1)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="accountmap")
@click.option(
    "-w",
    "--workspace",
    type=click.Path(file_okay=False, path_type=Path),
    default=".",
    envvar="ACCOUNTMAP_WORKSPACE",
    help="Folder of the workspace. [default: this folder]",
)
@click.option(
    "--passphrase-fd",
    type=click.IntRange(0),
    help="Read the passphrase of your keys from this file descriptor. [default: keyring, or ask]",
)
@click.option("--debug", is_flag=True, help="Show details of unexpected errors; they may contain account data.")
def cli(workspace: Path, passphrase_fd: int | None, debug: bool) -> None:
    """Find the accounts that two companies share, without either of them showing its list.

    \b
    See it work on sample lists:       accountmap demo
    Map with a partner:
      1. accountmap init               once
      2. accountmap partner card       send yours, add theirs
      3. accountmap accounts check     see what will be matched; nothing leaves this machine
      4. accountmap accounts prepare
      5. accountmap agreement new      one of you; the other signs
      6. accountmap map                both, repeated until it is done; accountmap status says where you are
      7. accountmap report open
    Each step in detail:               accountmap help mapping
    """


for command in (
    init,
    partner,
    accounts,
    agreement,
    preview_command,
    sketch,
    map_command,
    ask_command,
    inbox_command,
    introduce,
    deal,
    plan,
    status,
    digest,
    report_group,
    portfolio,
    maturity,
    deals,
    influence,
    feed_command,
    ideal,
    propensity,
    reference,
    inspect,
    identity,
    ledger,
    mcp_command,
    audit,
    doctor,
    backends,
    demo,
    help_command,
    completion,
):
    cli.add_command(command)
for name, in_short in {
    "agreement": "Make, read, sign and end agreements.",
    "audit": "Show an auditor what a session was made from, or check it.",
    "backends": "Test the curve arithmetic of this machine.",
    "completion": "Make your shell complete commands and names.",
    "deal": "Register deals with shared accounts, and agree who leads.",
    "deals": "Read, check and prepare your own deals.",
    "demo": "Run both sides here, on samples or on your own lists.",
    "doctor": "Check that this machine has what a session needs.",
    "feed": "Write files that your partner systems import.",
    "ideal": "Describe the ideal customer by rules.",
    "inbox": "Read what partners ask and say, and answer.",
    "influence": "Show what partners contribute to your revenue.",
    "init": "Create a workspace, the folder for all that is kept.",
    "inspect": "Say what a message file contains, without opening it.",
    "introduce": "Ask for introductions, and offer them.",
    "map": "Map accounts with a partner: take the next step.",
    "maturity": "Answer eight questions about a partnership.",
    "mcp": "Let an assistant read this workspace.",
    "propensity": "Say how likely each account is to buy.",
    "plan": "Plan with a partner what to do with shared accounts.",
    "portfolio": "See all partners at once.",
    "reference": "Build a reference list of companies with several names.",
    "sketch": "See and renew the blurred copies of your list.",
    "status": "Show where you are with each partner, and what to type.",
}.items():
    cli.commands[name].short_help = in_short
report_group.add_command(store)
partner.add_command(profile)
for command in (progress, reconcile, export):
    plan.add_command(command)


def run() -> None:
    """Run the program and turn errors into messages and exit codes."""
    for stream in (sys.stdout, sys.stderr):
        write_all_letters(stream)
    # loky warns when an idle worker ends just as work arrives; it starts another, so there is nothing to do.
    warnings.filterwarnings("ignore", "A worker stopped while some jobs were given", UserWarning)
    try:
        code = cli.main(prog_name="accountmap", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("accountmap: Stopped. Nothing is lost.", err=True)
        sys.exit(130)
    except AccountmapError as error:
        report(error)
    except OSError as error:
        if error.errno not in OF_THE_SYSTEM:
            report_unexpected(error, debug="--debug" in sys.argv)
        report(no_access(error))
    except Exception as error:
        report_unexpected(error, debug="--debug" in sys.argv)
    if code:  # a command raised click's Exit, and main returns its code
        sys.exit(code)
