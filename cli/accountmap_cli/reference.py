"""`accountmap reference`: building a public list of companies, matched locally."""

from pathlib import Path

import click

from accountmap.errors import InputError
from accountmap_cli.context import existing_file
from accountmap_cli.output import emit, say


@click.group()
def reference() -> None:
    """Build a reference list, so that different names of one company meet."""


@reference.command()
@click.argument("output", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--gleif", type=existing_file(), help="GLEIF golden copy, Level 1, as CSV.")
@click.option("--extract", "extracts", multiple=True, type=existing_file(), help="Table of names, as documented.")
def build(output: Path, gleif: Path | None, extracts: tuple[Path, ...]) -> None:
    """Build a reference list from public files.

    Both partners need the same list: its digest stands in the agreement. docs/matching.md says where the files are
    found and what an extract looks like.

    \b
    Example:
      accountmap reference build reference.jsonl --gleif lei2-golden-copy.csv --extract wikidata.csv
      accountmap accounts prepare accounts.csv --profile nine --reference reference.jsonl
    """
    from accountmap.canonical.reference_build import build_reference

    if gleif is None and not extracts:
        raise InputError("there is nothing to build from", "Give --gleif or --extract.")
    built = build_reference(output, gleif, extracts)
    emit(str(output))
    say(f"{built.entries:,} companies; digest {built.digest}")
