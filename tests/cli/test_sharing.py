"""`agreement new`: what is shared, from options and from a dialogue, and how it is shown."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from accountmap.errors import InputError
from accountmap.session.agreements import SharingOptions, read_leads
from accountmap.trust.agreement import Agreement
from accountmap.trust.terms import COUNTS, NAMES, Disclosure
from accountmap_cli.main import cli
from tests.cli.running import accountmap
from tests.parties import Parties

NEW = ("agreement", "new", "--with", "globex", "-o", "out.toml")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"share": ("customer=names",)}, "no pair of segments"),
        ({"share": ("customer:lead=names",)}, "no segment"),
        ({"share": ("customer:prospect",)}, "--share"),
        ({"share": ("customer:prospect=all",)}, "--share"),
        ({"share": ("all:all=hidden",)}, "nothing is shared"),
        ({"we_show": "revenue"}, "no field"),
        ({"countries": ("Atlantis",)}, "no country"),
        ({"employees": "many"}, "no range"),
        ({"employees": "9-8"}, "no range"),
    ],
)
def test_what_cannot_be_kept_is_refused(options: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        SharingOptions(**options).to_sharing()
    assert refused.value.hint


@pytest.mark.parametrize(
    "typed", ["customer:prospect", "customer:prospect=me", "customer=us", "all:all:Atlantis=us"]
)
def test_leads_that_say_nothing_are_refused(typed: str) -> None:
    with pytest.raises(InputError):
        read_leads([typed])


def test_later_options_override_earlier_ones() -> None:
    options = SharingOptions(
        share=(
            "all:all=counts",
            "customer:all=names",
            "customer:prospect,opportunity=fields",
            "prospect:prospect=hidden",
        ),
        we_show="name",
    )
    sharing = options.to_sharing()
    assert sharing.disclosure(("opportunity", "customer")) == Disclosure(COUNTS)
    assert sharing.disclosure(("customer", "customer")) == Disclosure(NAMES)
    assert sharing.disclosure(("customer", "prospect")) == Disclosure(NAMES, (("name",), ()))
    assert sharing.disclosure(("prospect", "prospect")) is None


def test_options_stand_in_the_agreement_and_are_said(tmp_path: Path) -> None:
    Parties.make(tmp_path)
    acme = tmp_path / "acme"
    share = ("--share", "all:all=counts", "--share", "customer:prospect=fields", "--show-rest", "both")
    who = ("--country", "Germany", "--country", "AT", "--industry", "Food", "--employees", "50-")
    leads = ("--lead", "customer:prospect:DE=us", "--lead", "all:all=them")
    fields = ("--we-show", "name", "--they-show", "none", "--smallest-cell", "4", "--growth-alarm", "3")
    said = accountmap(*NEW, *share, *who, *leads, *fields, cwd=acme).stderr
    shown = " ".join(accountmap("agreement", "show", "out.toml", cwd=acme).stdout.split())
    assert " ".join(said.split()).startswith(shown.split(" Signed by")[0])
    for sentence in (
        "customer of Acme Cloud by prospect of Globex Data: after both agree, each learns which of its own "
        "accounts the other has and in which segment; not the same both ways: of these shows Acme Cloud name and "
        "Globex Data nothing more.",
        "opportunity and prospect of Acme Cloud by every segment of Globex Data: only how many entities match, by "
        "the preview kind alone.",
        "Of both lists only accounts in AT, DE, of the industries “Food”, with 50 or more employees take part.",
        "customer of Acme Cloud by prospect of Globex Data in DE: Acme Cloud leads.",
        "Where none of the rules before fits: All segments by all segments: Globex Data leads.",
        "Globex Data also shows how many other entities it has",
    ):
        assert sentence in shown
    about = json.loads(accountmap("agreement", "show", "out.toml", "--json", cwd=acme).stdout)
    assert about["sharing"]["smallest_cell"] == 4
    assert about["growth_alarm"] == 3
    assert [lead["leads"] for lead in about["leads"]] == ["initiator", "responder"]


def test_a_dialogue_makes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Parties.make(tmp_path)
    monkeypatch.chdir(tmp_path / "acme")
    cells = ["f", "c", "h", *["c"] * 6]
    answers = [
        "events",
        "c",
        "y",
        *cells,
        "revenue",
        "name",
        "none",
        "DE",
        "all",
        "-200",
        "them",
        "nobody",
        "7",
        "all:all=us",
        "x",
        "",
    ]
    done = CliRunner().invoke(cli, [*NEW, "--ask"], input="\n".join(answers) + "\n")
    assert done.exit_code == 0, done.output
    terms = Agreement.parse(Path("out.toml").read_bytes()).terms
    assert terms.purpose == "events"
    assert terms.sharing.disclosure(("customer", "customer")) == Disclosure(NAMES, (("name",), ()))
    assert terms.sharing.disclosure(("customer", "opportunity")) == Disclosure(COUNTS)
    assert terms.sharing.disclosure(("customer", "prospect")) is None
    assert terms.sharing.joint_filter.countries == ("DE",)
    assert terms.sharing.joint_filter.employees == (0, 200)
    assert terms.sharing.rest_shown_by == ("responder",)
    assert terms.sharing.smallest_cell == 7
    assert [lead.leads for lead in terms.leads] == ["initiator"]
    assert "there is no field 'revenue'" in done.output
