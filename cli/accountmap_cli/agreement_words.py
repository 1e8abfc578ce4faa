"""An agreement as people read it before they sign: a few lines, the sharing matrix, and who has signed."""

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from accountmap.errors import TrustError, WorkspaceError
from accountmap_cli.output import table
from accountmap_cli.session_words import segment_noun

if TYPE_CHECKING:
    import click

    from accountmap.trust.agreement import Agreement
    from accountmap.trust.limits import SizeConcern

_LABEL: Final = 18
_WIDTH: Final = 98


def checked_here(context: "click.Context", agreement: "Agreement") -> bool:
    """Verify the signatures with the cards of the workspace, if there is one of a party with its partner's card.

    Raises:
        TrustError: a signature does not hold.
    """
    from accountmap.session import cards_of, partner_of
    from accountmap_cli.context import workspace

    try:
        with workspace(context) as own:
            role, partner = agreement.role_of(own.card), partner_of(own, agreement)
            cards = cards_of(own, partner, role)
    except (WorkspaceError, TrustError):
        return False
    agreement.check_signatures(cards)
    return True


def in_words(agreement: "Agreement", *, checked: bool, own_name: str = "") -> list[str]:
    """Say what an agreement allows, and who has signed it.

    Args:
        checked: whether the signatures were verified. Without that nothing is said to be signed.
        own_name: company whose segments are the rows of the table; by default who begins.
    """
    from accountmap.trust.term import sentences_of

    terms = agreement.terms
    what = "Preview agreement" if agreement.is_preview else "Agreement"
    lines = [f"{what} between {terms.names[0]}, who begins, and {terms.names[1]}."]
    for label, said in sentences_of(terms, preview=agreement.is_preview):
        for n, sentence in enumerate(said):
            lines += _wrapped(label if n == 0 else "", sentence)
    if not agreement.is_preview:
        lines += ["", *_matrix(agreement, terms.names.index(own_name) if own_name in terms.names else 0)]
    return [*lines, "", *_sizes(agreement), signatures_in_words(agreement, checked=checked)]


def _wrapped(label: str, sentence: str) -> Iterator[str]:
    for n, line in enumerate(wrap(sentence, _WIDTH - _LABEL)):
        yield f"  {label if n == 0 else '':{_LABEL}}{line}"


def _matrix(agreement: "Agreement", own: int) -> Iterator[str]:
    """Show what is learned in each cell, three by three, and in words what the cells stand for."""
    from accountmap.trust.terms_words import shown_in_words

    terms, names = agreement.terms, agreement.terms.names
    cells = {
        (one, other): terms.sharing.rectangle((one, other) if own == 0 else (other, one))
        for one in terms.segments
        for other in terms.segments
    }
    kinds = list(dict.fromkeys(shown_in_words(each, names) for each in cells.values() if each is not None))
    marks = {kind: "revealed" if len(kinds) == 1 else f"revealed ({n})" for n, kind in enumerate(kinds, 1)}
    yield "  After both of you agree to reveal, each learns which of its own companies the other has too:"
    yield ""
    head = [f"{names[own]} | {names[1 - own]}", *map(segment_noun, terms.segments)]
    rows = [
        [
            segment_noun(one),
            *(marks.get(shown_in_words(cells[one, other], names), "-") for other in terms.segments),
        ]
        for one in terms.segments
    ]
    yield from (f"    {line}" for line in table(head, rows).splitlines())
    yield ""
    for kind, mark in marks.items():
        yield from (
            f"    {line}" for line in wrap(f"{mark}: {kind.partition('; ')[2]} of these companies", _WIDTH)
        )
    if None in cells.values():
        yield "    -: not compared"


def _sizes(agreement: "Agreement") -> Iterator[str]:
    from accountmap.trust.agreement import sketch_in_words

    for name, party in zip(agreement.terms.names, agreement.parties, strict=False):
        rows = ", ".join(f"{size:,} {segment_noun(segment)}" for segment, size in party.rows.items())
        brings = f"up to {rows}; " if rows else ""
        yield from (
            f"  {line}" for line in wrap(f"{name}: {brings}a blurred copy {sketch_in_words(party.sketch)}", _WIDTH)
        )


def signatures_in_words(agreement: "Agreement", *, checked: bool) -> str:
    """Say who has signed, and only if that was verified."""
    first, second = agreement.terms.names
    if not checked:
        return "  NOT CHECKED who has signed this. Run it in your workspace, with your partner's card added."
    if agreement.complete:
        return "  Signed by both; both signatures hold."
    return f"  Signed by {first}, and the signature holds; {second} has not signed yet."


def concern_in_words(concern: "SizeConcern", partner: str) -> str:
    """Say why a size of the partner needs a person."""
    from accountmap.trust.limits import Concern

    rows = f"{partner} may {'send a blurred copy of' if concern.of_sketch else 'bring'} {concern.rows:,} companies"
    why = {
        Concern.ABOVE_OWN: f"more than ten times your own {concern.compared_with:,}",
        Concern.ABOVE_LIMIT: f"above the limit of your workspace, {concern.compared_with:,}",
        Concern.GROWTH: f"and no more than {concern.compared_with:,} at some time in the last twelve months",
    }
    return f"{rows}, {why[concern.concern]}."


def concerns_in_words(concerns: Sequence["SizeConcern"], partner: str) -> list[str]:
    """Say what a person has to confirm, and what to do about it."""
    return [
        *(concern_in_words(each, partner) for each in concerns),
        f"With so many it could try out names that are not on its list. Ask {partner} by phone why it needs them.",
    ]
