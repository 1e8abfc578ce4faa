"""The terms of an agreement: one field for each, with its place in the text, its range, default and words for
people.

What is compared, what both learn, who takes part, who leads, what may be audited, and the limits (trust-v2 §4).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Final

from accountmap.model import Assistants, Epsilon, Models, PreviewKind, Role, Says, Strength, WeakSlots
from accountmap.trust import terms_words as in_words
from accountmap.trust.match_rule import MOST_WEIGHT, ClassTerms, SlotTerms
from accountmap.trust.sealed import SUITE_NAME
from accountmap.trust.sharing import COUNTRIES, CreditRule, Lead, Sharing
from accountmap.trust.term import (
    choice,
    company,
    day,
    digests,
    fixed,
    flag,
    items,
    moment,
    out_of_range,
    part,
    pattern,
    share,
    tables,
    term,
    whole,
    words,
)
from accountmap.trust.toml_text import MAX_PURPOSE

AGREEMENT_FORMAT: Final = "accountmap-agreement-v2"
PREVIEW_FORMAT: Final = "accountmap-preview-v2"
MAX_ROWS: Final = 100_000_000
_ANSWERED_SEGMENTS: Final = 3
"""Segments that a sketch by segments tells apart (account-psi-v2 §5.2)."""


@dataclass(frozen=True)
class AuditTerms:
    """Whether an auditor may see what a session was made from, who that is, and for how many days it is kept."""

    required: bool = term(
        "audit.required",
        flag(),
        "Audit",
        default=True,
        comment="Whether each keeps, sealed, what an auditor whom both accept may ask for, never for the other.",
        say=in_words.audit,
    )
    auditor: str = term("audit.auditor", words(may_be_empty=True), default="an auditor whom both accept")
    keep_days: int = term("audit.keep_days", whole(0, 3_650), default=180)


@dataclass(frozen=True)
class ScoringTerms:
    """How each may rate the accounts of its own list.

    Attributes:
        models: what a model may learn from.
        ideal_customer: SHA-256, in hex, of the profile by which both score their lists; empty if there is none.
    """

    models: Models = term(
        "scoring.models",
        choice({each.value: each for each in Models}),
        "Models",
        default=Models.SEGMENT,
        comment="What a model that predicts who buys may learn from the matches: nothing (none), or the other's\n"
        "segment (segment), and never another field. And the digest of the file by which both score their own\n"
        "accounts, if there is one.",
        say=lambda terms: [in_words.MODELS[terms.scoring.models]],
    )
    ideal_customer: str = term(
        "scoring.ideal_customer",
        pattern("([0-9a-f]{64})?"),
        "Ideal customer",
        default="",
        say=in_words.ideal_customer,
    )


@dataclass(frozen=True)
class Protocol:
    """The versions of the protocols; this program knows one of each."""

    session: str = term("protocol.session", fixed("account-psi-v2"), default="account-psi-v2", in_preview=True)
    message: str = term("protocol.message", fixed("message-v2"), default="message-v2", in_preview=True)
    conversation: str = term("protocol.conversation", fixed("conversation-v1"), default="conversation-v1")
    sealing: str = term("protocol.sealing", fixed(SUITE_NAME), default=SUITE_NAME, in_preview=True)


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What both sign.

    A preview agreement has only some of the terms in its text; the others have their defaults, and there are no
    slots, classes or rectangles.

    Attributes:
        names, cards: of the initiator and of the responder: the name on the card, and the card's digest in hex.
        created: when the agreement was written, in UTC.
        valid_until: the last day, in UTC, on which a session may begin.
        segments: in the order in which they are numbered.
        canonical, data: the version of the canonicaliser, and the digests of its tables.
    """

    format: str = term(
        "format",
        choice({AGREEMENT_FORMAT: AGREEMENT_FORMAT, PREVIEW_FORMAT: PREVIEW_FORMAT}),
        default=AGREEMENT_FORMAT,
        comment="An accountmap agreement. Both partners sign it; a session under any other text is refused.",
        in_preview=True,
    )
    created: datetime = term("created", moment(), in_preview=True)
    valid_until: date = term(
        "valid_until",
        day(),
        "Until",
        in_preview=True,
        say=lambda terms: [f"{terms.valid_until}"],
    )
    purpose: str = term(
        "purpose", words(MAX_PURPOSE), "Purpose", in_preview=True, say=lambda terms: [terms.purpose]
    )
    names: tuple[str, str] = term("parties.names", items(company(), 2, 2), in_preview=True)
    cards: tuple[str, str] = term(
        "parties.cards",
        items(pattern("[0-9a-f]{64}"), 2, 2),
        in_preview=True,
        facts=lambda terms: {f"Card of {name}": card for name, card in zip(terms.names, terms.cards, strict=True)},
    )
    preview: PreviewKind = term(
        "preview.kind",
        choice({each.value: each for each in PreviewKind}),
        "Preview",
        default=PreviewKind.SKETCH,
        comment="Before anybody consents, each gets a blurred copy of the other's list: without segments\n"
        "(sketch), or with them (segments).",
        in_preview=True,
        say=in_words.preview,
    )
    segments: tuple[str, ...] = term(
        "disclosure.segments",
        items(words(), 1, 16),
        "Segments",
        comment="What is shown, and to whom.",
        in_preview=True,
    )
    automatic_share: float = term(
        "disclosure.automatic_share",
        share(),
        "Without a person",
        default=0.0,
        say=lambda terms: [in_words.automatic(terms.automatic_share)],
    )
    sessions_per_30_days: int = term(
        "disclosure.sessions_per_30_days",
        whole(1, 1_000),
        "Sessions",
        default=6,
        say=lambda terms: [f"at most {terms.sessions_per_30_days:,} in 30 days"],
    )
    assistants: Assistants = term(
        "disclosure.assistants",
        choice({each.value: each for each in Assistants}),
        "Assistants",
        default=Assistants.OWN,
        comment="What language models may read of the matches: nothing (none), which of their side's accounts\n"
        "match (own), or also what the other shows (shared).",
        say=lambda terms: [in_words.ASSISTANTS[terms.assistants]],
    )
    sharing: Sharing = part(Sharing)
    leads: tuple[Lead, ...] = term(
        "engagement.rules",
        tables(Lead, 0, 200, inline=True),
        "Who leads",
        default=(),
        comment="Who leads where both have an account. The first rule that fits decides.",
        say=in_words.leads,
        facts=lambda terms: {f"Who leads, rule {n}": text for n, text in enumerate(in_words.leads(terms), 1)},
    )
    credit: tuple[CreditRule, ...] = term(
        "credit.rule",
        tables(CreditRule, 0, 1, inline=True),
        "Credit",
        default=(),
        comment="The rule by which both credit each other for their deals, if there is one.",
        say=in_words.credit,
        facts=in_words.credit_facts,
    )
    audit: AuditTerms = part(AuditTerms)
    scoring: ScoringTerms = part(ScoringTerms)
    min_change: int = term(
        "limits.min_change",
        whole(0, 1_000_000),
        "Changed lists",
        default=5,
        comment="Two sessions whose lists differ by few companies give these away. So a list stays as it was, or\n"
        "at least so many companies of a segment change, unless its owner is told and goes on.",
        say=lambda terms: [in_words.change(terms.min_change)],
    )
    growth_alarm: int = term(
        "limits.growth_alarm",
        whole(2, 1_000),
        "Growth",
        default=4,
        comment="A list that grows to so many times its size may have companies on it that are not its owner's.",
        in_preview=True,
        say=lambda terms: [f"a person has to confirm a list that grows to {terms.growth_alarm:,} times its size"],
    )
    protocol: Protocol = part(Protocol)
    canonical: str = term(
        "canonical.version",
        words(),
        "Rules for match keys",
        comment="Version and tables of the canonicaliser: both sides must make the same match keys.",
        in_preview=True,
    )
    data: dict[str, str] = term(
        "canonical.data",
        digests(),
        in_preview=True,
        facts=lambda terms: {f"Table {name} for recognising companies": text for name, text in terms.data.items()},
    )
    profile: str = term(
        "matching.profile",
        words(),
        "Match rule",
        default="balanced",
        comment="Which match keys are compared, and what becomes of a match: `accountmap agreement show` says.",
        say=in_words.rule,
        facts=lambda terms: {"Match rule": terms.profile},
    )
    threshold: int = term("matching.threshold", whole(1, MOST_WEIGHT), "Evidence that makes a match", default=1)
    weak: WeakSlots = term(
        "matching.weak",
        choice({each.value: each for each in WeakSlots}),
        "Possible matches",
        default=WeakSlots.NONE,
        say=lambda terms: [in_words.WEAK[terms.weak]],
    )
    slots: tuple[SlotTerms, ...] = term(
        "slot",
        tables(SlotTerms, 1, 32),
        "Compared",
        default=(),
        say=lambda terms: [", ".join(terms.slots[n].name for n in terms.sent_slots).replace("_", " ")],
        facts=lambda terms: {f"Match key {slot.name}": in_words.slot(slot) for slot in terms.slots},
    )
    classes: tuple[ClassTerms, ...] = term(
        "class",
        tables(ClassTerms, 1, 64),
        default=(),
        facts=lambda terms: {
            f"Class {n} of matches": in_words.match_class(each) for n, each in enumerate(terms.classes, 1)
        },
    )

    @property
    def is_preview(self) -> bool:
        """Whether it is a preview agreement: sketches are exchanged under it, and nothing else."""
        return self.format == PREVIEW_FORMAT

    @property
    def sent_slots(self) -> tuple[int, ...]:
        """The numbers of the slots that have a column in a session."""
        return tuple(
            n
            for n, slot in enumerate(self.slots)
            if slot.strength is Strength.STRONG or self.weak is not WeakSlots.NONE
        )

    def mirrored(self) -> "Terms":
        """Return the same with initiator and responder exchanged."""
        return replace(
            self,
            names=self.names[::-1],
            cards=self.cards[::-1],
            sharing=self.sharing.mirrored(),
            leads=tuple(lead.mirrored() for lead in self.leads),
        )

    def check(self) -> None:
        """Refuse terms that are in range one by one, but contradict each other.

        Raises:
            TrustError: names what is out of range.
        """
        for what, holds in ({**_shared_rules(self), **({} if self.is_preview else _session_rules(self))}).items():
            if not holds:
                raise out_of_range(what, _HINTS.get(what, ""))


@dataclass(frozen=True)
class SketchTerms:
    """The sketch that a party sends under an agreement.

    Attributes:
        rows: padded rows: one number, or one for each segment.
        countries: ISO 3166 codes of the part of the list that the sketch is of; empty for all of it.
    """

    rows: tuple[int, ...] = term("rows", items(whole(1, MAX_ROWS), 1, 16, distinct=False))
    epsilon: Epsilon = term("epsilon", choice({each.value: each for each in Epsilon}))
    countries: tuple[str, ...] = term("countries", COUNTRIES)

    @property
    def total(self) -> int:
        """Padded rows in all."""
        return sum(self.rows)


_ROUNDING: Final = 1e-9

_HINTS: Final = {
    "credit.position": "The shares of the position model add up to 1.",
    "unmatched_named_by": "A side can name its other accounts only if each of its segments reveals matches with "
    "all segments of the other, or with none: otherwise the names would show what a hidden pair is to hide.",
    "preview.kind": "A preview by segments needs exactly three segments.",
}


def _shared_rules(terms: Terms) -> Mapping[str, bool]:
    return {
        "preview.kind": terms.preview is not PreviewKind.SEGMENTS or len(terms.segments) == _ANSWERED_SEGMENTS,
    }


def _session_rules(terms: Terms) -> Mapping[str, bool]:
    sharing, weights = terms.sharing, [slot.weight for slot in terms.slots]
    names = [slot.name for slot in terms.slots]
    cells = [cell for each in sharing.rectangles for cell in each.cells]
    least, most = sharing.joint_filter.employees
    domains = {slot.space for slot in terms.slots if slot.says is Says.DOMAIN}
    others = {slot.space for slot in terms.slots if slot.says is not Says.DOMAIN}
    return {
        "slot": len(set(names)) == len(names) and sum(weights) <= MOST_WEIGHT and bool(terms.sent_slots),
        "slot.says": not domains & others,
        "class": all(_is_class(each, terms) for each in terms.classes),
        "rectangle": len(set(cells)) == len(cells)
        and all(_fits(each.segments, terms) for each in sharing.rectangles),
        "unmatched_named_by": all(_may_name_unmatched(role, terms) for role in sharing.unmatched_named_by),
        "employees": most == 0 or least <= most,
        "engagement": all(_fits(lead.segments, terms) for lead in terms.leads),
        "credit.position": all(abs(sum(rule.position) - 1) <= _ROUNDING for rule in terms.credit),
        "audit.auditor": bool(terms.audit.auditor) or not terms.audit.required,
        "audit.keep_days": terms.audit.keep_days >= 1 or not terms.audit.required,
    }


def _fits(sides: tuple[tuple[str, ...], ...], terms: Terms) -> bool:
    return all(set(side) <= set(terms.segments) for side in sides)


def _is_class(each: ClassTerms, terms: Terms) -> bool:
    strengths = {slot.name: slot.strength for slot in terms.slots}
    if not {*each.leads, *each.companions} <= strengths.keys():
        return False
    leads_weak = any(strengths[name] is Strength.WEAK for name in each.leads)
    reveals_weak = leads_weak and each.reveal_up_to > 0 and terms.weak is not WeakSlots.REVEAL
    return not reveals_weak and not (each.sure and leads_weak)


def _may_name_unmatched(role: Role, terms: Terms) -> bool:
    """Return whether naming what does not match cannot show what a hidden cell hides."""
    for own in terms.segments:
        cells = [(own, other) if role is Role.INITIATOR else (other, own) for other in terms.segments]
        shown = [terms.sharing.rectangle(cell) is not None for cell in cells]
        if any(shown) and not all(shown):
            return False
    return True
