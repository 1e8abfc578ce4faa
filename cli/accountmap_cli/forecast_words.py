"""What a session will show the partner, said before anything leaves."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from accountmap_cli.output import plural

if TYPE_CHECKING:
    from accountmap.exchange import Forecast


def in_words(about: "Forecast") -> Iterator[str]:
    """Say what the partner will learn at each step, and what it could learn at worst."""
    initiates = about.role == 0
    yield (
        f"A session with {about.partner} now, with list {about.list_id}, under agreement {about.agreement[:12]}…; "
        f"you {'begin' if initiates else 'answer'}."
    )
    yield f"What {about.partner} will learn, and by which of your messages:\n"
    for number, line in zip(about.messages, steps(about), strict=False):
        yield f"  {int(number):2}  {line}"
    yield from (f"      {line}" for line in kept_apart(about))
    if names_some(about):
        unasked, asked = ("Messages 1 and 3 leave", 5) if initiates else ("Message 2 leaves", 4)
        yield f"\n{unasked} without a question; you are asked before message {asked}, and may decline."
    else:
        yield "\nBoth leave without a question: the agreement has said that counts are all there is."
    yield "What it could learn at worst:\n"
    yield from (f"  -  {line}" for line in worst(about))
    yield "\nNothing was written and nothing has left."


def names_some(about: "Forecast") -> bool:
    """Tell whether any match is revealed at all."""
    return "names" in about.levels.values()


def kept_apart(about: "Forecast") -> Iterator[str]:
    """Say what takes no part, and which pairs of segments are hidden."""
    for reason, count in about.withheld.items():
        yield f"{plural(count, 'entity')} of yours {'takes' if count == 1 else 'take'} no part: {reason}."
    pairs = ((mine, theirs) for mine in about.own_sizes for theirs in about.partner_sizes)
    hidden = [f"your {mine} by their {theirs}" for mine, theirs in pairs if (mine, theirs) not in about.levels]
    if hidden:
        yield f"Never compared: {', '.join(hidden)}."


def steps(about: "Forecast") -> tuple[str, ...]:
    """Say what each own message shows."""
    padded = ", ".join(f"{size:,} {segment}" for segment, size in about.padded_sizes.items())
    own = ", ".join(f"{size:,}" for size in about.own_sizes.values())
    counts = (
        f"{plural(len(about.levels), 'count')}, one for each pair of segments that is compared: how many of your "
        f"{plural(about.in_preview, 'entity')} with one {about.preview_kind} it has too."
    )
    sizes = f"Padded sizes: {padded}. Not the true ones ({own})."
    if not names_some(about):
        return sizes, counts
    matches = (
        f"Which of its own entities are on your list, at most {about.most_matches:,}, and in which of your "
        f"segments. {plural(about.comparable, 'entity')} of yours can match at all."
    )
    shown = ", ".join(f"{name.replace('_', ' ')} (you have {n:,})" for name, n in about.filled.items())
    fields = f"Of those entities: {shown}." if shown else "No field of those entities."
    if about.rest:
        fields += " And how many other entities you have, by country, industry and size."
    if about.rest == "names":
        fields += " And their names: accounts that it does not have."
    links = "How keys of both lists are linked, without names; so how many entities match."
    return (
        (sizes, counts, links, matches, fields)
        if about.role == 0
        else (sizes, counts, matches, fields, "Nothing.")
    )


def worst(about: "Forecast") -> Iterator[str]:
    """Say what a partner could learn that does not play fair."""
    rows, sum_of_runs = about.partner_rows, about.partner_rows * about.runs_left
    named = names_some(about)
    yield (
        f"It announced up to {rows:,} entities. If they were names of its choice, not its own accounts, it would "
        f"learn {'which' if named else 'how many'} of these {rows:,} are on your list."
    )
    yield (
        f"{plural(about.runs_left, 'session')} may still show counts in these 30 days: {sum_of_runs:,} names, "
        "if it changed them each time."
    )
    if about.rest == "names":
        yield "The names of all your other entities leave to whoever signed, also if it lists nothing of its own."
    yield "A segment in which it lists one company alone makes the count a question about that company."
    if about.role == 0:
        yield "It sees the counts before you do, and may stop there: then you see none."
    elif named:
        yield "After both consent it learns its matches one message before you learn yours, and may stop there."
    if named:
        yield "A partner that crafts its keys can recognise its companies among near misses, after both consent."
    if about.changed:
        listed = ", ".join(f"{n:,} {segment}" for segment, n in about.changed.items())
        yield f"Since the last session of yours changed: {listed}. Comparing both results shows it among these."
    yield "What it keeps of this session a quantum computer could open one day; and it may tell others."
