"""What an auditor finds of a cheat, by the unmodified commands, in the files of both parties."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accountmap.trust.sharing import JointFilter
from accountmap.workspace import Workspace
from tests.adversary.stage import Attack, domain, name, parties, report
from tests.cli.running import accountmap
from tests.parties import share_all

INSIDE = [n for n in range(30) if n % 5]


@pytest.mark.parametrize(
    ("program", "failed"), [("no filter", ["its rows"]), ("no domain bits", ["its presence bits"])]
)
def test_an_auditor_finds_what_the_partner_cannot_see(tmp_path: Path, program: str, failed: list[str]) -> None:
    """More companies under an agreement that names one country; or bits that deny the own websites."""
    victims = [(f"v{n}", name(n), domain(n).replace(".com", ".de"), "customer") for n in range(10)]
    cheats = [
        (f"c{n}", name(n), domain(n).replace(".com", ".de" if n in INSIDE else ".fr"), "customer")
        for n in range(30)
    ]
    sharing = replace(share_all("name"), joint_filter=JointFilter(countries=("DE",)))
    both = parties(tmp_path, victims, cheats, sharing=sharing)
    attack = Attack(tmp_path, program, both.globex, both.acme)
    attack.turns(6)
    assert "9" in attack.messages(), "the partner saw nothing"
    card = tmp_path / "auditor.toml"
    with Workspace.create(tmp_path / "auditor", "Auditor", datetime.now(UTC), passphrase=None) as auditor:
        card.write_text(auditor.card.document, encoding="utf-8")
    files = []
    for party in (both.acme, both.globex):
        files.append(tmp_path / f"{party.workspace.short_name}.audit")
        options = ("--with", party.partner.slug, "--auditor", card, "--yes")
        accountmap("-w", party.workspace.folder, "audit", "export", files[-1], *options, cwd=tmp_path)
    verify = ("-w", tmp_path / "auditor", "audit", "verify", *files, "--json")
    found = json.loads(accountmap(*verify, cwd=tmp_path, check=9).stdout)
    faults = [[each for each in party["findings"] if not each["holds"]] for party in found["parties"]]
    assert faults[0] == []
    report(f"an auditor on {program!r}", len(attack.overlap()), "; ".join(each["detail"] for each in faults[1]))
    assert len(faults[1]) == len(failed)
    assert all(each["what"].startswith(what) for each, what in zip(faults[1], failed, strict=True))
    assert all(each["holds"] for each in found["both"])
