"""How mature a partnership is: a short questionnaire that both sides answer, and what their answers say together.

Each question asks for evidence, and its five answers are what a side can show. Stages and topics are in our own
words; they were compared with three public models: the Partner Ecosystem Maturity Model of 76NORD
(https://www.76nord.vc/blog/20250523-ecosystem-maturity-model), that of WorkSpan, and the life cycle of ISO
44001:2017 (docs/portfolio.md says what corresponds to what).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Final

import pyarrow as pa
import tomlkit

from accountmap.errors import InputError


class Stage(IntEnum):
    """A stage of maturity, the lowest first."""

    AD_HOC = 1
    MANAGED = 2
    PROGRAMME = 3
    ECOSYSTEM = 4
    ORCHESTRATED = 5

    @property
    def label(self) -> str:
        """What people call it."""
        return self.name.lower().replace("_", " ")

    @classmethod
    def of(cls, label: str) -> "Stage":
        """Return the stage of that name.

        Raises:
            KeyError: there is none.
        """
        return cls[label.strip().upper().replace(" ", "_")]


@dataclass(frozen=True)
class Topic:
    """One question.

    Attributes:
        name: short, for files.
        title: what it is about.
        question: what to show.
        shown: what a side can show at each stage, the lowest first.
        steps: what to do next, from each stage but the last.
        builds_on: the topic that comes before it; empty if none does.
    """

    name: str
    title: str
    question: str
    shown: tuple[str, str, str, str, str]
    steps: tuple[str, str, str, str]
    builds_on: str = ""


TOPICS: Final = (
    Topic(
        "mapping",
        "Account mapping",
        "When did you last compare your lists, and when before that?",
        (
            "Never, or once, because somebody asked.",
            "At least twice in the last year.",
            "At least every quarter, on dates in a calendar.",
            "Every month, and what is new reaches the sellers.",
            "Whenever a list changes, without anybody having to remember.",
        ),
        (
            "Compare your lists now, and set the date of the next time.",
            "Put four dates a year into a calendar that both sides keep.",
            "Go monthly, and send each seller what is new.",
            "Let a program run it whenever a list changes.",
        ),
    ),
    Topic(
        "rules",
        "Shared rules",
        "Which document says what is compared, what is shown, and who leads on a shared account?",
        (
            "None; people decide case by case.",
            "A signed agreement on what is compared and shown.",
            "That agreement also says who leads where, and sellers know it.",
            "The same rules apply to all partners of a kind, and exceptions are on file.",
            "Programs apply the rules: what breaks one is refused, and both sides see why.",
        ),
        (
            "Sign an agreement on what is compared and shown.",
            "Add rules of engagement: who leads, by segment or country.",
            "Bring all partners of this kind under the same rules.",
            "Let programs check the rules before anything leaves.",
        ),
        "mapping",
    ),
    Topic(
        "owners",
        "People",
        "Who looks after the partnership on each side, and who does when they are away?",
        (
            "Whoever happens to know somebody.",
            "One named person on each side.",
            "A named person and a deputy on each side, with time set aside.",
            "A sponsor in the management of each side who meets the other twice a year.",
            "Sales, marketing and product each have a counterpart who plans with theirs.",
        ),
        (
            "Name one person on each side.",
            "Name deputies, and set time aside.",
            "Find a sponsor in the management of each side.",
            "Pair sales, marketing and product with their counterparts.",
        ),
    ),
    Topic(
        "goals",
        "Goals and plan",
        "What are the partnership's numbers for this year, and who agreed to them?",
        (
            "There are none.",
            "Each side has its own.",
            "Both signed the same numbers, and look at them every quarter.",
            "The numbers are part of both companies' plans, with a budget.",
            "Plan, budget and progress are one record that both keep up to date.",
        ),
        (
            "Write down what each side wants from this year.",
            "Agree on three numbers, and a date each quarter to look at them.",
            "Bring the numbers and a budget into both companies' plans.",
            "Keep plan and progress in one record on both sides.",
        ),
        "owners",
    ),
    Topic(
        "introductions",
        "Introductions",
        "Which introductions were asked for in the last quarter, and what became of each?",
        (
            "Nobody knows.",
            "There is a list of those that were asked for.",
            "Each has an owner, an answer within a week, and an outcome.",
            "Both sides ask and give in balance, and sellers ask without going through the alliance manager.",
            "Who should ask whom is suggested from the data, and the outcomes improve the suggestions.",
        ),
        (
            "Keep a list of introductions that were asked for.",
            "Give each an owner, and answer within a week.",
            "Balance what is asked and given, and let sellers ask directly.",
            "Rank who should ask whom by what worked before.",
        ),
        "owners",
    ),
    Topic(
        "attribution",
        "Measurement",
        "Which deals did the partnership bring or help, and do both sides count the same ones?",
        (
            "Nobody counts.",
            "One side counts, by its own rule.",
            "Both count by one written rule, and compare once a quarter.",
            "Sourced and helped deals are kept apart, and set against deals without a partner.",
            "Both sides' figures agree without anybody's help, with a comparison group.",
        ),
        (
            "Mark the deals that the partnership touched.",
            "Write one rule for what counts, and compare each quarter.",
            "Keep sourced and helped apart, and compare with deals without a partner.",
            "Reconcile both sides' figures by program, with a comparison group.",
        ),
        "introductions",
    ),
    Topic(
        "enablement",
        "Sellers",
        "What does a seller know about this partner before calling on a shared account?",
        (
            "That it exists.",
            "There is a page on what it offers, and whom to call.",
            "Sellers were trained within the last year, and see their shared accounts.",
            "Shared accounts and their plays are in the sellers' own CRM.",
            "The CRM proposes the partner and the next step, deal by deal.",
        ),
        (
            "Write a page on what the partner offers, and whom to call.",
            "Train the sellers, and give each their shared accounts.",
            "Bring shared accounts and plays into the CRM.",
            "Let the CRM propose partner and next step.",
        ),
        "mapping",
    ),
    Topic(
        "offer",
        "Joint offer",
        "What can a customer buy from both of you that neither sells alone?",
        (
            "Nothing that is written down.",
            "One case that both can tell.",
            "A described offer, with a price and who delivers what.",
            "Several customers who use it and speak for it.",
            "Both products are built and sold with it in mind.",
        ),
        (
            "Write down one case that worked.",
            "Describe an offer, with a price and who delivers what.",
            "Win customers who speak for it.",
            "Plan both products with it in mind.",
        ),
        "goals",
    ),
)
"""The questions, in the order in which they are asked."""

TOPIC: Final = {topic.name: topic for topic in TOPICS}

FAR_APART: Final = 2
"""With at least this many stages between two answers, the sides are far apart, or a side skips a stage."""

Answers = Mapping[str, Stage]
"""A stage for each topic, by its name."""


@dataclass(frozen=True)
class Assessment:
    """Both sides' answers to one round, opened together."""

    ours: Answers
    theirs: Answers
    opened: datetime


@dataclass(frozen=True)
class Practice:
    """What this side's own records say about a partnership.

    Attributes:
        sessions: how many there were with this partner in the last twelve months.
        agreed: whether an agreement that both signed is in force.
        rules: whether it says who leads.
        introductions: how many introductions and questions this side asked for, by its records.
        answered_in_time: how many of these were answered within a week.
    """

    sessions: int = 0
    agreed: bool = False
    rules: bool = False
    introductions: int = 0
    answered_in_time: int = 0


@dataclass(frozen=True)
class Prefilled:
    """An answer that the records give, and why."""

    stage: Stage
    evidence: str


_BY_SESSIONS: Final = ((10, Stage.ECOSYSTEM), (4, Stage.PROGRAMME), (2, Stage.MANAGED), (0, Stage.AD_HOC))


def prefill(practice: Practice) -> dict[str, Prefilled]:
    """Answer the questions that the records say something about; a person may correct the answers."""
    counted = practice.sessions
    mapping = next(stage for least, stage in _BY_SESSIONS if counted >= least)
    sessions = f"{counted} session{'' if counted == 1 else 's'} in the last twelve months"
    rules = Prefilled(Stage.AD_HOC, "no signed agreement in force today")
    if practice.rules:
        rules = Prefilled(Stage.PROGRAMME, "a signed agreement that says who leads")
    elif practice.agreed:
        rules = Prefilled(Stage.MANAGED, "a signed agreement, without rules of engagement")
    found = {"mapping": Prefilled(mapping, sessions), "rules": rules}
    if practice.introductions:
        in_time = practice.answered_in_time >= 0.8 * practice.introductions
        stage = Stage.PROGRAMME if in_time else Stage.MANAGED
        asked = f"{practice.introductions} on file, {practice.answered_in_time} answered within a week"
        found["introductions"] = Prefilled(stage, asked)
    return found


def questionnaire(prefilled: Mapping[str, Prefilled]) -> str:
    """Write the questionnaire as TOML for a person to fill in, with the answers that are known already."""
    parts = [
        "# How mature is this partnership? Give each topic the highest stage whose evidence you can show today.",
        f"# Stages: {', '.join(stage.label for stage in Stage)}.",
        "# Only the stages go to your partner, after theirs are fixed. What you note as evidence stays here.",
    ]
    for topic in TOPICS:
        known = prefilled.get(topic.name)
        shown = [f"#   {stage.label:13} {text}" for stage, text in zip(Stage, topic.shown, strict=True)]
        parts += [
            "",
            f"[{topic.name}]",
            f"# {topic.title}. {topic.question}",
            *shown,
            f"stage = {_quoted(known.stage.label if known else '')}",
            f"evidence = {_quoted(known.evidence if known else '')}",
        ]
    return "\n".join(parts) + "\n"


def read_questionnaire(text: str) -> dict[str, Stage]:
    """Read a questionnaire that was filled in.

    Raises:
        InputError: it is not of this form, or a topic has no stage.
    """
    try:
        written = tomllib.loads(text)
    except (ValueError, RecursionError):
        raise InputError("The questionnaire cannot be read as TOML.", "Change only what is in quotes.") from None
    if set(written) != set(TOPIC):
        raise InputError("The questionnaire does not have its topics.", "Write it again, and answer all of it.")
    return {name: _stage(name, written[name]) for name in TOPIC}


def _stage(name: str, table: object) -> Stage:
    label = table.get("stage") if isinstance(table, dict) else None
    try:
        return Stage.of(label if isinstance(label, str) else "")
    except KeyError:
        raise InputError(
            f"The topic {name} has no stage.", f"Write one of: {', '.join(stage.label for stage in Stage)}."
        ) from None


def _quoted(text: str) -> str:
    return str(tomlkit.item(text).as_string())


ENOUGH: Final = 2 / 3
"""The share of the topics that a side must have at a stage, or above, to be there."""


def stage_of(answers: Answers) -> Stage:
    """Return the stage of a side: the highest that two thirds of its answers reach."""
    reached = [s for s in Stage if sum(each >= s for each in answers.values()) >= ENOUGH * len(answers)]
    return max(reached, default=Stage.AD_HOC)


def skipped(answers: Answers) -> dict[str, str]:
    """Return the topics that are two stages or more ahead of the one that they build on, with that one."""
    return {
        topic.name: topic.builds_on
        for topic in TOPICS
        if topic.builds_on and answers[topic.name] - answers[topic.builds_on] >= FAR_APART
    }


MATURITY_SCHEMA: Final = pa.schema(
    [
        pa.field("partner", pa.string(), nullable=False),
        pa.field("partner_name", pa.string(), nullable=False),
        pa.field("topic", pa.string(), nullable=False),
        pa.field("ours", pa.string(), nullable=False),
        pa.field("theirs", pa.string(), nullable=False),
        pa.field("apart", pa.int64(), nullable=False),
        pa.field("finding", pa.string()),
        pa.field("whose_step", pa.string()),
        pa.field("next_step", pa.string()),
        pa.field("opened", pa.date32(), nullable=False),
    ]
)
"""One row for each partner and topic, of those whose answers were opened: the two stages, by how many they are
apart (ours above theirs is positive), what is remarkable, and the next step of the lower one, or of both if they
are level. Null where there is nothing left to do."""


def compare(partner: str, name: str, assessment: Assessment) -> list[dict[str, Any]]:
    """Put both sides' answers beside each other: rows of MATURITY_SCHEMA."""
    skips = {"you": skipped(assessment.ours), "they": skipped(assessment.theirs)}
    return [_row(topic, assessment, skips) | {"partner": partner, "partner_name": name} for topic in TOPICS]


def _row(topic: Topic, assessment: Assessment, skips: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    ours, theirs = assessment.ours[topic.name], assessment.theirs[topic.name]
    lower = min(ours, theirs)
    findings = ["far apart"] if abs(ours - theirs) >= FAR_APART else []
    for who, found in skips.items():
        if topic.name in found:
            findings.append(f"{who} skip a stage: {TOPIC[found[topic.name]].title.lower()} first")
    done = lower is Stage.ORCHESTRATED
    whose = "both" if ours == theirs else "you" if ours < theirs else "they"
    return {
        "topic": topic.title,
        "ours": ours.label,
        "theirs": theirs.label,
        "apart": int(ours) - int(theirs),
        "finding": "; ".join(findings) or None,
        "whose_step": None if done else whose,
        "next_step": None if done else topic.steps[lower - 1],
        "opened": assessment.opened.date(),
    }
