"""`accountmap help`: short texts, or the help of a command. `accountmap completion`: for shells."""

from collections.abc import Iterator
from importlib.resources import files
from typing import Final

import click
from click.shell_completion import get_completion_class

from accountmap.errors import InputError
from accountmap_cli.output import emit

TOPICS: Final = ("mapping", "files", "direct", "privacy", "month")
"""In the order in which they are listed; each is a text of that name in `topics`."""

COMPLETE_VARIABLE: Final = "_ACCOUNTMAP_COMPLETE"
"""What click makes of the program's name, and looks for when it starts."""


def topic_text(topic: str) -> str:
    """Return the text of a topic; its first line is its title."""
    return (files("accountmap_cli") / "topics" / f"{topic}.txt").read_text("utf-8")


@click.command("help")
@click.argument("words", nargs=-1, metavar="[TOPIC|COMMAND]")
@click.pass_context
def help_command(context: click.Context, words: tuple[str, ...]) -> None:
    """Explain a topic, or a command.

    Without a topic it lists them.

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
    yield "Read one with: accountmap help TOPIC. Of a command: accountmap help COMMAND"
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
    """Print what makes a shell complete commands, options and names of partners.

    For bash, add the line of the example to ~/.bashrc; for zsh the same with zsh to ~/.zshrc, after compinit; for
    fish, write what it prints to ~/.config/fish/completions/accountmap.fish.

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
