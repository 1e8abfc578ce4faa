"""How a term of an agreement is declared.

One field of a dataclass says where the term is in the text, which values it may have, and how people read it.
Reading, writing, comparing and showing follow from that (trust-v2 §4.1).
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, date, datetime
from typing import Any

from accountmap.errors import TrustError
from accountmap.trust import toml_text
from accountmap.trust.toml_text import MAX_NAME, check_line, check_name


def out_of_range(what: str, hint: str = "") -> TrustError:
    """Return the error for a value that no party could keep."""
    return TrustError(f"agreement: {what} is out of range", hint)


@dataclass(frozen=True)
class Kind:
    """A type of value with its range.

    Attributes:
        toml: its type in TOML.
        read: returns the value for that in TOML; raises TrustError, with the name of the term, if it is out of
        range.
        write: writes the value as TOML.
        show: writes the value for people.
        is_table: whether the value is a table of its own.
        blocks: whether each item of the value is a block of its own.
    """

    toml: type
    read: Callable[[Any, str], Any]
    write: Callable[[Any], str] = toml_text.quote
    show: Callable[[Any], str] = str
    is_table: bool = False
    blocks: bool = False


def words(most: int = MAX_NAME, most_bytes: int | None = None, *, may_be_empty: bool = False) -> Kind:
    """Return the kind of a text that people read before they sign (trust-v2 §2)."""

    def read_words(value: str, what: str) -> str:
        if may_be_empty and not value:
            return value
        check_line(value, f"agreement: {what}", most)
        if most_bytes is not None and len(value.encode()) > most_bytes:
            raise out_of_range(what)
        return value

    return Kind(str, read_words)


def company() -> Kind:
    """Return the kind of a company's name."""
    return Kind(str, lambda value, _: check_name(value))


def pattern(form: str) -> Kind:
    """Return the kind of a text that matches a regular expression."""
    compiled = re.compile(form)
    return Kind(str, _checked(lambda value: compiled.fullmatch(value) is not None))


def choice(values: Mapping[str, Any]) -> Kind:
    """Return the kind of a choice between values, each with its name in the text."""

    def name(value: Any) -> str:
        return next(name for name, each in values.items() if each == value)

    def read_choice(value: str, what: str) -> Any:
        if value not in values:
            raise out_of_range(what)
        return values[value]

    return Kind(str, read_choice, lambda value: toml_text.quote(name(value)), name)


def fixed(only: str) -> Kind:
    """Return the kind of a text that must be this one."""

    def read_fixed(value: str, what: str) -> str:
        if value != only:
            raise TrustError(
                f"the agreement asks for a protocol that this version does not have: {what}",
                "Use the same version of accountmap on both sides.",
            )
        return value

    return Kind(str, read_fixed)


def whole(least: int, most: int) -> Kind:
    """Return the kind of a whole number."""
    return Kind(int, _checked(lambda value: least <= value <= most), show=lambda value: f"{value:,}")


def share() -> Kind:
    """Return the kind of a number from 0 to 1."""
    return Kind(float, _checked(lambda value: 0 <= value <= 1), show=lambda value: f"{value:.0%}")


def flag() -> Kind:
    """Return the kind of a yes or no."""
    return Kind(bool, _checked(lambda _: True), show=lambda value: "yes" if value else "no")


def moment() -> Kind:
    """Return the kind of a date and time with an offset, written in UTC."""
    return Kind(datetime, _checked(lambda _: True), lambda value: f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


def day() -> Kind:
    """Return the kind of a date."""
    return Kind(date, _checked(lambda _: True), lambda value: str(value.isoformat()))


def _checked(holds: Callable[[Any], bool]) -> Callable[[Any, str], Any]:
    def read_checked(value: Any, what: str) -> Any:
        if not holds(value):
            raise out_of_range(what)
        return value

    return read_checked


def items(each: Kind, least: int = 0, most: int = 1_000, *, distinct: bool = True) -> Kind:
    """Return the kind of a list of values of one kind, each only once unless `distinct` is false."""

    def read_items(values: list[Any], what: str) -> tuple[Any, ...]:
        if not all(type(value) is each.toml for value in values):
            raise TrustError(f"agreement: {what} holds a value of another type")
        found = tuple(each.read(value, what) for value in values)
        if not least <= len(found) <= most or (distinct and len(set(found)) < len(found)):
            raise out_of_range(what)
        return found

    return Kind(
        list,
        read_items,
        lambda values: f"[{', '.join(map(each.write, values))}]",
        lambda values: ", ".join(map(each.show, values)).replace("_", " ") or "none",
    )


def digests() -> Kind:
    """Return the kind of a table of its own whose keys and values are words."""

    def read_digests(table: dict[str, Any], what: str) -> dict[str, str]:
        for words_of_both in table.items():
            for text in words_of_both:
                if type(text) is not str:
                    raise TrustError(f"agreement: {what} holds a value of another type")
                check_line(text, f"agreement: {what}")
        return dict(table)

    return Kind(
        dict,
        read_digests,
        lambda table: "".join(f"{toml_text.quote(k)} = {toml_text.quote(v)}\n" for k, v in table.items()),
        is_table=True,
    )


def tables(of: type[Any], least: int, most: int, *, inline: bool = False) -> Kind:
    """Return the kind of an array of tables, each of which is a dataclass of terms.

    Args:
        inline: write each on one line, not as a block.
    """

    def read_tables(values: list[Any], what: str) -> tuple[Any, ...]:
        if not least <= len(values) <= most:
            raise out_of_range(what)
        return tuple(read(of, value, f"agreement, {what}") for value in values)

    def write_tables(values: Sequence[Any]) -> str:
        lines = "".join(f"  {{ {', '.join(_lines(each))} }},\n" for each in values)
        return f"[\n{lines}]" if lines else "[]"

    return Kind(list, read_tables, write_tables, lambda values: f"{len(values):,}", blocks=not inline)


@dataclass(frozen=True)
class Term:
    """One term.

    Attributes:
        path: where it is in the text, such as "limits.min_change"; in a table of its own, the name alone.
        kind: its type and range.
        label: what people call it; without a label or `facts` it is not compared.
        comment: written above it, for people who read the text itself.
        say: returns sentences for people that sum up this term, given all terms; none by default.
        facts: returns what to compare in two agreements, each fact under its name; by default the sentences of
        `say`,
            or else the value, under the label.
        in_preview: whether a preview agreement has it too.
    """

    path: str
    kind: Kind
    label: str = ""
    comment: str = ""
    say: Callable[[Any], Sequence[str]] | None = None
    facts: Callable[[Any], Mapping[str, str]] | None = None
    in_preview: bool = False

    @property
    def section(self) -> str:
        """The table that it is in; empty at the top."""
        return self.path if self.kind.is_table else self.path.rpartition(".")[0]

    @property
    def key(self) -> str:
        """Its name in that table."""
        return self.path.rpartition(".")[2]


def term(path: str, kind: Kind, label: str = "", *, default: Any = MISSING, **about: Any) -> Any:
    """Declare a field of a dataclass as a term."""
    declared = Term(path, kind, label, **about)
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata={"term": declared})
    return field(default=default, metadata={"term": declared})


def part(of: type[Any]) -> Any:
    """Declare a field that groups terms of the text in a dataclass of its own."""
    return field(default_factory=of, metadata={"part": of})


def terms_of(of: type[Any]) -> Iterator[Term]:
    """Yield all terms of a dataclass and of its parts, in the order of the text."""
    for each in fields(of):
        if "part" in each.metadata:
            yield from terms_of(each.metadata["part"])
        else:
            yield each.metadata["term"]


def values_of(terms: Any) -> Iterator[tuple[Term, Any]]:
    """Yield all terms with their values."""
    for each in fields(terms):
        value = getattr(terms, each.name)
        if "part" in each.metadata:
            yield from values_of(value)
        else:
            yield each.metadata["term"], value


def read(
    of: type[Any], table: object, what: str, *, preview: bool = False, beside: Mapping[str, type] | None = None
) -> Any:
    """Read a dataclass of terms from parsed TOML, strictly.

    Args:
        table: the value in TOML.
        preview: only the terms of a preview agreement are there; others get their defaults.
        beside: further keys at the top, which are not read here.

    Raises:
        TrustError: a key is missing, unknown, of another type or out of range, or words could mislead on a screen.
    """
    present = [each for each in terms_of(of) if each.in_preview or not preview]
    sections = _sections(present, beside or {})
    tables = {"": table}
    for section in sorted(sections):
        above, _, name = section.rpartition(".")
        holder = tables[above]
        tables[section] = holder.get(name) if section and isinstance(holder, dict) else holder
        if sections[section] is not None:
            toml_text.check_keys(tables[section], sections[section], ", ".join(filter(None, (what, section))))
    return _build(of, tables, present)


def _sections(present: Sequence[Term], beside: Mapping[str, type]) -> dict[str, Any]:
    """Return for each table of the text the types of its keys, or None if its keys are free."""
    found: dict[str, Any] = {"": dict(beside)}
    for each in present:
        above = ""
        for name in filter(None, each.section.split(".")):
            path = f"{above}.{name}" if above else name
            if found.get(above) is not None:
                found[above][name] = dict
            found.setdefault(path, {})
            above = path
        if each.kind.is_table:
            found[each.section] = None
        else:
            found[each.section][each.key] = each.kind.toml
    return found


def _build(of: type[Any], tables: Mapping[str, Any], present: Sequence[Term]) -> Any:
    values = {}
    for each in fields(of):
        if "part" in each.metadata:
            values[each.name] = _build(each.metadata["part"], tables, present)
            continue
        declared: Term = each.metadata["term"]
        if declared in present:
            table = tables[declared.section]
            value = table if declared.kind.is_table else table[declared.key]
            values[each.name] = declared.kind.read(value, declared.key)
    return of(**values)


def write(terms: Any, *, preview: bool = False) -> str:
    """Write a dataclass of terms as TOML: keys at the top, then tables in the order of the terms."""
    text, section = "", ""
    for declared, value in values_of(terms):
        if preview and not declared.in_preview:
            continue
        comment = "".join(f"# {line}\n" for line in declared.comment.splitlines())
        if declared.kind.blocks:
            text += f"\n{comment}" + "\n".join(_block(declared.path, each) for each in value)
            section = declared.path
            continue
        if declared.section != section:
            section = declared.section
            text += f"\n{comment}[{section}]\n"
        else:
            text += comment
        is_table = declared.kind.is_table
        written = declared.kind.write(value)
        text += written if is_table else f"{declared.key} = {written}\n"
    return text


def _block(path: str, value: Any) -> str:
    return f"[[{path}]]\n" + "".join(f"{line}\n" for line in _lines(value))


def _lines(value: Any) -> list[str]:
    return [f"{declared.key} = {declared.kind.write(each)}" for declared, each in values_of(value)]


def facts_of(terms: Any, *, preview: bool = False) -> dict[str, str]:
    """Return the facts by which two agreements are compared."""
    found: dict[str, str] = {}
    for declared, value in values_of(terms):
        if preview and not declared.in_preview:
            continue
        if declared.facts:
            found |= declared.facts(terms)
        elif declared.label:
            found[declared.label] = "; ".join(declared.say(terms)) if declared.say else declared.kind.show(value)
    return {what: said for what, said in found.items() if said}


def sentences_of(terms: Any, *, preview: bool = False) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield the label and the sentences of each term that has any."""
    for declared in terms_of(type(terms)):
        said = declared.say(terms) if declared.say and (declared.in_preview or not preview) else ()
        if said:
            yield declared.label, said
