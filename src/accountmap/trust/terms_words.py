"""The terms of an agreement as people read them: short sentences, with the companies' names for the roles."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from accountmap.model import Assistants, Models, PreviewKind, Role, Sourcing, WeakSlots

if TYPE_CHECKING:
    from accountmap.trust.match_rule import ClassTerms, SlotTerms
    from accountmap.trust.sharing import CreditRule, Rectangle
    from accountmap.trust.terms import Terms

CELL: Final = "Matches of "
"""How a fact about a cell of the sharing matrix begins."""

_ALWAYS: Final = 2**63 - 1

WEAK: Final = {
    WeakSlots.NONE: "not looked for",
    WeakSlots.ASK: "listed as possible; no name leaves before one of your people asks and one of theirs answers",
    WeakSlots.REVEAL: "revealed like others",
}

ASSISTANTS: Final = {
    Assistants.NONE: "may read nothing about matches",
    Assistants.OWN: "may read which of your own accounts match, but nothing that your partner shows or writes",
    Assistants.SHARED: "may also read what your partner shows and writes",
}


MODELS: Final = {
    Models.NONE: "may learn nothing from matches",
    Models.SEGMENT: "may learn from the partner's segment of a match, but from no other field that it shows",
}


def ideal_customer(terms: "Terms") -> list[str]:
    """Name the profile by which both score their lists."""
    digest = terms.scoring.ideal_customer
    return (
        [f"both score their own accounts by the file with the digest {digest}; no score leaves"] if digest else []
    )


def _listed(fields: Sequence[str]) -> str:
    return ", ".join(fields).replace("_", " ") or "no field"


def cells(terms: "Terms") -> dict[str, str]:
    """Say for each cell what is shown in it. Companies are named in alphabetical order."""
    found = {}
    for one in terms.segments:
        for other in terms.segments:
            sides = sorted(zip(terms.names, (one, other), strict=True))
            place = " and ".join(f"{segment} of {name}" for name, segment in sides)
            found[f"{CELL}{place}"] = shown_in_words(terms.sharing.rectangle((one, other)), terms.names)
    return found


def shown_in_words(rectangle: "Rectangle | None", names: tuple[str, str]) -> str:
    """Say what a rectangle shows; None stands for cells in no rectangle."""
    if rectangle is None:
        return "not compared"
    ours, theirs = rectangle.fields
    if ours == theirs:
        return f"revealed; both show {_listed(ours)}"
    each = sorted(zip(names, rectangle.fields, strict=True))
    return "revealed; " + ", ".join(f"{name} shows {_listed(fields)}" for name, fields in each)


def totals(terms: "Terms") -> list[str]:
    """Say who shows noisy totals of its list."""
    shown = _companies(terms, terms.sharing.totals_shown_by)
    verb, has = ("show", "they have") if " and " in shown else ("shows", "it has")
    return (
        [f"{shown} also {verb} roughly how many companies {has}, by country, industry and size"] if shown else []
    )


def unmatched(terms: "Terms") -> list[str]:
    """Say who names the accounts that did not match."""
    named = _companies(terms, terms.sharing.unmatched_named_by)
    if not named:
        return ["nobody learns the name of an account that only the other has"]
    return [f"{named} also {'name' if ' and ' in named else 'names'} ALL ACCOUNTS THAT DID NOT MATCH"]


def _companies(terms: "Terms", roles: Sequence[Role]) -> str:
    return " and ".join(sorted(terms.names[role] for role in roles))


def who_takes_part(terms: "Terms") -> list[str]:
    """Say which accounts the filter lets in."""
    joint, parts = terms.sharing.joint_filter, []
    least, most = joint.employees
    if joint.countries:
        parts.append(f"in {', '.join(joint.countries)}")
    if joint.industries:
        parts.append(f"of the industries {', '.join(map(_quoted, joint.industries))}")
    if least or most:
        parts.append(f"with {f'{least:,} to {most:,}' if most else f'{least:,} or more'} employees")
    return [f"only accounts {', '.join(parts)}; the preview covers all accounts"] if parts else []


def _quoted(word: str) -> str:
    """Show where the partner's words begin and end: they could be a whole sentence."""
    return f"“{word.replace('“', chr(39)).replace('”', chr(39))}”"


def leads(terms: "Terms") -> list[str]:
    """Say who leads where, in one sentence for each rule."""
    said = []
    for lead in terms.leads:
        who = "both may call" if lead.leads is None else f"{terms.names[lead.leads]} leads"
        where = f" in {', '.join(lead.countries)}" if lead.countries else ""
        sides = sorted(zip(terms.names, lead.segments, strict=True))
        place = " and ".join(
            f"{'any segment' if set(side) == set(terms.segments) else ' or '.join(side)} of {name}"
            for name, side in sides
        )
        said.append(f"{place}{where}: {who}")
    return said


def credit_facts(terms: "Terms") -> dict[str, str]:
    """Say how a partner brings and touches a deal, and how models divide credit; nothing without a rule."""
    return {
        f"Credit: {what}": said
        for rule in terms.credit
        for what, said in (("brought", _brought(rule)), ("touched", _touched(rule)), ("models", _divided(rule)))
    }


def credit(terms: "Terms") -> list[str]:
    """Say the same in sentences."""
    return [said for rule in terms.credit for said in (_brought(rule), _touched(rule), _divided(rule))]


def _brought(rule: "CreditRule") -> str:
    before, after = f"{rule.introduction_days:,} days before", f"{rule.registration_days:,} days after"
    windows = {
        Sourcing.INTRODUCTION: f"an introduction accepted at most {before} its creation",
        Sourcing.REGISTERED: f"a registration at most {after} its creation",
        Sourcing.SOURCE_FIELD: f"a source field that says {_either(rule.source_values)}",
    }
    ways = [windows[Sourcing(each)] for each in rule.sourced_by]
    return f"a partner brings a deal by {', or '.join(ways)}" if ways else "no deal counts as brought"


def _touched(rule: "CreditRule") -> str:
    stages = f" or enters {_either(rule.not_after_stages)}" if rule.not_after_stages else ""
    return (
        f"a partner touches a deal by {_either(rule.kinds)}, from {rule.before_days:,} days before it is created "
        f"until it closes{stages}"
        if rule.kinds
        else "no deal counts as touched"
    )


def _divided(rule: "CreditRule") -> str:
    first, between, last = rule.position
    return (
        f"time decay: a touch counts half as much if it is {rule.half_life_days:,} days older; position: {first} "
        f"for the first touch, {between} for all in between, {last} for the last"
    )


def _either(listed: Sequence[str]) -> str:
    *most, last = map(_quoted, listed) if listed else ("nothing",)
    return f"{', '.join(most)} or {last}" if most else last


def audit(terms: "Terms") -> list[str]:
    """Say who may check what each side put into a session."""
    audit = terms.audit
    if not audit.required:
        return ["none: nobody can check afterwards what either side put in"]
    return [f"{audit.auditor} may check for {audit.keep_days} days what each side put in"]


def preview(terms: "Terms") -> list[str]:
    """Say what leaves before consent."""
    what = "without segments" if terms.preview is PreviewKind.SKETCH else "with segments"
    return [f"before anybody consents, each gets a blurred copy of the other's list, {what}, to keep"]


def automatic(share: float) -> str:
    """Say what a program may reveal without asking a person."""
    return f"a program may reveal up to {share:.0%} of its list" if share else "nothing is revealed"


def change(least: int) -> str:
    """Say by how much a list has to change between sessions."""
    if not least:
        return "no rule: two sessions can give single accounts away"
    if least == 1:
        return "a list may change by any number of companies"
    return f"if fewer than {least:,} companies of a segment changed since a session, only a person may go on"


def rule(terms: "Terms") -> list[str]:
    """Name the match rule."""
    return [f"{terms.profile}, with {len(terms.classes)} classes of matches"]


def slot(slot: "SlotTerms") -> str:
    """Describe a match key."""
    itself = "" if slot.meets_itself else ", does not meet itself"
    return f"{slot.strength.label}, name space {slot.space}, weight {slot.weight:,}, says {slot.says}{itself}"


def _limit(what: str, room: int) -> str:
    return f"always {what}" if room == _ALWAYS else f"{what} up to room {room:,}" if room else f"never {what}"


def match_class(each: "ClassTerms") -> str:
    """Describe a class of matches."""
    companions = f" with {', '.join(each.companions)}" if each.companions else ""
    despite = [str(one.name).lower() for one in each.tolerates]
    although = f" despite a different {' or '.join(despite)}" if despite else ""
    sure = ", sure" if each.sure else ""
    limits = f"{_limit('revealed', each.reveal_up_to)}, {_limit('asked about', each.ask_up_to)}"
    return f"{', '.join(each.leads)}{companions}{although}: {limits}{sure}"
