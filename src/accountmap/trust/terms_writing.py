"""The terms of an agreement as TOML that people can read (trust-v1 §4.1)."""

from collections.abc import Iterable
from datetime import UTC

from accountmap.trust.sharing import JointFilter, Lead, Rectangle
from accountmap.trust.terms import AGREEMENT_FORMAT, PROTOCOL, SlotTerms, Terms
from accountmap.trust.text import quote as q


def write_terms(terms: Terms) -> str:
    """Write the terms as the first part of an agreement."""
    data = "".join(f"{q(name)} = {q(digest)}\n" for name, digest in terms.data.items())
    sharing = terms.sharing
    return f"""# An accountmap agreement. Both partners sign it; a session under any other text is refused.
format = {q(AGREEMENT_FORMAT)}
created = {terms.created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}
valid_until = {terms.valid_until.isoformat()}
purpose = {q(terms.purpose)}

[parties]
names = {q(list(terms.names))}
cards = {q(list(terms.cards))}

[protocol]
session = {q(PROTOCOL["session"])}
message = {q(PROTOCOL["message"])}
sealing = {q(PROTOCOL["sealing"])}

# Both sides must make the same keys: version and tables of the canonicaliser.
[canonical]
version = {q(terms.canonical)}

[canonical.data]
{data}
# What is compared. The first slot is the preview kind.
[matching]
profile = {q(terms.profile)}
threshold = {terms.threshold}
{"".join(map(_slot, terms.slots))}
# What is shown. Counts: how many entities match at least. Names: after both consent, each learns which of its own
# accounts the other has, and of these the fields that the other shows. A pair of segments that stands in no
# rectangle is hidden: it is never compared.
[disclosure]
segments = {q(list(terms.segments))}
rest_shown_by = {q(list(sharing.rest_shown_by))}
rest_named_by = {q(list(sharing.rest_named_by))}
smallest_cell = {sharing.smallest_cell}
automatic_share = {terms.automatic_share}
runs_per_30_days = {terms.runs_per_30_days}
{"".join(map(_rectangle, sharing.rectangles))}
# Which accounts of both lists take part; an empty list, or 0, lets all in.
[filter]
{_filter(sharing.joint_filter)}
# Who leads where both have an account: the first rule that fits.
[engagement]
rules = [{_rules(terms.leads)}]

# Two sessions whose lists differ by few entities give these away: a list stays as it was, or changes by so many.
# A list that grows so many times may hold companies that are not its owner's.
[limits]
min_change = {terms.min_change}
growth_alarm = {terms.growth_alarm}
"""


def _slot(slot: SlotTerms) -> str:
    return f"""
[[slot]]
name = {q(slot.name)}
space = {q(slot.space)}
weight = {slot.weight}
tier = {q(slot.tier)}
"""


def _rectangle(rectangle: Rectangle) -> str:
    shown = rectangle.disclosure
    return f"""
[[rectangle]]
level = {q(shown.level)}
initiator = {q(list(rectangle.segments[0]))}
responder = {q(list(rectangle.segments[1]))}
initiator_shows = {q(list(shown.fields[0]))}
responder_shows = {q(list(shown.fields[1]))}
"""


def _filter(joint: JointFilter) -> str:
    return f"""countries = {q(list(joint.countries))}
industries = {q(list(joint.industries))}
employees_from = {joint.employees[0]}
employees_to = {joint.employees[1]}
"""


def _rules(leads: Iterable[Lead]) -> str:
    rules = [
        f"  {{ initiator = {q(list(lead.segments[0]))}, responder = {q(list(lead.segments[1]))}, "
        f"countries = {q(list(lead.countries))}, leads = {q(lead.leads)} }},\n"
        for lead in leads
    ]
    return f"\n{''.join(rules)}" if rules else ""
