"""`agreement new`: what is shared, from options and from a dialogue, and how it is shown."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from accountmap.errors import InputError
from accountmap.model import Level, Role
from accountmap.session.sharing_options import SharingOptions, read_leads
from accountmap.trust.agreement import Agreement
from accountmap_cli.main import cli
from tests.cli.running import accountmap
from tests.parties import Parties

NEW = ("agreement", "new", "--with", "globex", "-o", "out.toml")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"share": ("customer=names",)}, "not a pair of segments"),
        ({"share": ("customer:lead=names",)}, "not a segment"),
        ({"share": ("customer:prospect",)}, "--share"),
        ({"share": ("customer:prospect=all",)}, "--share"),
        ({"share": ("customer:prospect=counts",)}, "--share"),
        ({"share": ("all:all=hidden",)}, "nothing is shared"),
        ({"we_show": "revenue"}, "no field"),
        ({"countries": ("Atlantis",)}, "not a country"),
        ({"employees": "many"}, "not a range"),
        ({"employees": "9-8"}, "not a range"),
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
            "all:all=names",
            "customer:prospect,opportunity=fields",
            "prospect:prospect=hidden",
        ),
        we_show="name",
        they_show="none",
    )
    sharing = options.to_sharing()
    assert sharing.level(("opportunity", "customer")) is Level.NAMES
    found = sharing.rectangle(("customer", "prospect"))
    assert found is not None
    assert found.fields == (("name",), ())
    assert sharing.level(("prospect", "prospect")) is Level.HIDDEN


def test_options_stand_in_the_agreement_and_are_said(tmp_path: Path) -> None:
    Parties.make(tmp_path)
    acme = tmp_path / "acme"
    share = ("--share", "prospect:all=hidden", "--share", "customer:customer=names", "--totals", "them")
    who = ("--country", "Germany", "--country", "AT", "--industry", "Food", "--employees", "50-")
    leads = ("--lead", "customer:prospect:DE=us", "--lead", "all:all=them")
    rules = ("--we-show", "name", "--they-show", "none", "--growth-alarm", "3", "--auditor", "Cerberus LLP")
    said = accountmap(*NEW, *share, *who, *leads, *rules, cwd=acme).stderr
    shown = accountmap("agreement", "show", "out.toml", cwd=acme).stdout
    assert said.startswith(shown)
    flat = " ".join(shown.split())
    for sentence in (
        "Agreement between Acme Cloud, who begins, and Globex Data.",
        "Who takes part only accounts in AT, DE, of the industries “Food”, with 50 or more employees",
        "customer of Acme Cloud and prospect of Globex Data in DE: Acme Cloud leads",
        "any segment of Acme Cloud and any segment of Globex Data: Globex Data leads",
        "Globex Data also shows roughly how many companies it has, by country, industry and size",
        "nobody learns the name of an account that only the other has",
        "Cerberus LLP may check for 180 days",
        "Growth a person has to confirm a list that grows to 3 times its size",
        "Signed by Acme Cloud, and the signature is valid; Globex Data has not signed yet.",
    ):
        assert sentence in flat
    for line in (
        "Acme Cloud | Globex Data  customers     open opportunities  prospects",
        "customers                 revealed (1)  revealed (2)        revealed (2)",
        "open opportunities        revealed (2)  revealed (2)        revealed (2)",
        "prospects                 -             -                   -",
        "revealed (1): both show no field of these companies",
        "revealed (2): Acme Cloud shows name, Globex Data shows no field of these companies",
        "-: not compared",
    ):
        assert f"    {line}\n" in shown
    about = json.loads(accountmap("agreement", "show", "out.toml", "--json", cwd=acme).stdout)
    assert about["signatures"] == "hold"
    assert about["terms"]["growth_alarm"] == 3
    assert [lead["leads"] for lead in about["terms"]["leads"]] == [0, 1]


def test_the_table_is_read_from_the_own_side(tmp_path: Path) -> None:
    Parties.make(tmp_path)
    accountmap(*NEW, "--share", "customer:all=hidden", cwd=tmp_path / "acme")
    said = accountmap(
        "agreement",
        "sign",
        tmp_path / "acme" / "out.toml",
        "--confirm-rows",
        "48",
        "--yes",
        cwd=tmp_path / "globex",
    ).stderr
    assert "    Globex Data | Acme Cloud  customers  open opportunities  prospects\n" in said
    assert "    customers                 -          revealed            revealed\n" in said


def test_nothing_is_said_to_be_signed_that_was_not_verified(tmp_path: Path) -> None:
    Parties.make(tmp_path)
    acme, globex = tmp_path / "acme", tmp_path / "globex"
    accountmap(*NEW, cwd=acme)
    signed = (acme / "out.toml").read_text("utf-8")
    (tmp_path / "changed.toml").write_text(signed.replace("keep_days = 180", "keep_days = 10"), encoding="utf-8")
    for command in (
        ("agreement", "show", tmp_path / "changed.toml"),
        ("agreement", "show", tmp_path / "changed.toml", "--json"),
        ("agreement", "diff", acme / "out.toml", tmp_path / "changed.toml"),
        ("agreement", "sign", tmp_path / "changed.toml", "--yes", "--confirm-rows", "48"),
    ):
        done = accountmap(*command, cwd=globex, check=5)
        assert "is not valid" in done.stderr
        assert done.stdout == ""
        assert "igned by" not in done.stderr
    outside = accountmap("agreement", "show", acme / "out.toml", cwd=tmp_path).stdout
    assert "NOT CHECKED" in outside
    assert "igned by" not in outside


def test_a_large_partner_is_confirmed_by_its_number(tmp_path: Path) -> None:
    """Four accounts against 48 padded rows."""
    Parties.make(tmp_path)
    accountmap(*NEW, cwd=tmp_path / "acme")
    sign = ("agreement", "sign", tmp_path / "acme" / "out.toml", "--yes")
    refused = accountmap(*sign, cwd=tmp_path / "globex", check=5).stderr
    assert "Acme Cloud may bring 48 companies, more than ten times your own 4." in refused
    assert "--confirm-rows 48" in refused
    assert "not the number" in accountmap(*sign, "--confirm-rows", "47", cwd=tmp_path / "globex", check=5).stderr
    accountmap(*sign, "--confirm-rows", "48", cwd=tmp_path / "globex")


def test_a_preview_agreement_is_short(tmp_path: Path) -> None:
    Parties.make(tmp_path)
    made = accountmap("agreement", "new", "--with", "globex", "--preview", cwd=tmp_path / "acme")
    assert made.stdout == "acme-cloud-globex-data.preview.toml\n"
    assert "Preview agreement between Acme Cloud" in made.stderr
    assert "revealed" not in made.stderr
    assert Agreement.parse((tmp_path / "acme" / made.stdout.strip()).read_bytes()).is_preview


def test_a_dialogue_makes_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Parties.make(tmp_path)
    monkeypatch.chdir(tmp_path / "acme")
    cells = ["f", "n", "h", *["n"] * 6]
    answers = [
        *("events" + " " * 500, "events"),
        *("n", "y", *["h"] * 9),
        *("y", *cells),
        *("revenue", "name", "none"),
        *("Atlantis", "DE", "all", "many", "-200"),
        *("them", "nobody"),
        *("all:all=me", "all:all=us", "", ""),
    ]
    done = CliRunner().invoke(cli, [*NEW, "--ask"], input="\n".join(answers) + "\n")
    assert done.exit_code == 0, done.output
    terms = Agreement.parse(Path("out.toml").read_bytes()).terms
    assert terms.purpose == "events"
    assert terms.sharing.level(("customer", "customer")) is Level.FIELDS
    assert terms.sharing.level(("customer", "opportunity")) is Level.NAMES
    assert terms.sharing.level(("customer", "prospect")) is Level.HIDDEN
    assert terms.sharing.joint_filter.countries == ("DE",)
    assert terms.sharing.joint_filter.employees == (0, 200)
    assert terms.sharing.totals_shown_by == (Role.RESPONDER,)
    assert [lead.leads for lead in terms.leads] == [Role.INITIATOR]
    for said in (
        "no field 'revenue'",
        "Fields that can be shown: name, website",
        "Atlantis",
        "not a range",
        "who leads",
    ):
        assert said in done.output


def test_a_dialogue_whose_answers_cannot_be_kept_together_loses_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever names all that did not match must not hide a pair; all answers are the defaults of the next try."""
    Parties.make(tmp_path)
    monkeypatch.chdir(tmp_path / "acme")
    first = ["events", "n", "y", *["n"] * 8, "h", "DE", "all", "all", "both", "us", ""]
    second = ["", "", "", *[""] * 9, "", "", "", "", "nobody", ""]
    typed = "\n".join([*first, "y", *second]) + "\n"
    done = CliRunner().invoke(cli, [*NEW, "--ask"], input=typed)
    assert done.exit_code == 0, done.output
    assert "unmatched_named_by" in done.output
    terms = Agreement.parse(Path("out.toml").read_bytes()).terms
    assert (terms.purpose, terms.sharing.joint_filter.countries) == ("events", ("DE",))
    assert terms.sharing.level(("prospect", "prospect")) is Level.HIDDEN
    assert terms.sharing.level(("customer", "prospect")) is Level.NAMES
    assert not terms.sharing.unmatched_named_by
