"""What a partner that cheats, or somebody who carries the messages, learns before anybody has consented."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from accountmap.session import propose_preview, sign_agreement
from accountmap.workspace import Workspace
from tests.adversary.stage import Attack, agreement_of, companies, name, parties, report, squashed
from tests.cli.running import accountmap
from tests.parties import account_list
from tests.workspace.conftest import save_prepared

VICTIM = companies(range(30), "v")
OTHERS = companies(range(500, 516), "c")


def test_growth_in_steps_needs_a_number_that_a_person_types(tmp_path: Path) -> None:
    """A cheat proposes ever larger sizes, whatever is on its list; the victim signs with --yes what comes."""
    both = parties(tmp_path, OTHERS, VICTIM)
    attack = Attack(tmp_path, "many rows", both.acme, both.globex)
    signed, smallest = 0, sum(agreement_of(both.globex).sizes[0].values())
    for rows in (48, 96, 144, 250, 1_000, 100_000_000):
        attack.tell(rows=rows)
        proposal = tmp_path / f"{rows}.toml"
        attack.cheat("-o", proposal, "--fields", "name", verb="agreement new")
        arguments = ("-w", both.globex.workspace.folder, "agreement", "sign", proposal, "--yes")
        if accountmap(*arguments, cwd=tmp_path, check=None).returncode == 0:
            signed = max(signed, rows + 32)
            accountmap("-w", both.acme.workspace.folder, "agreement", "sign", proposal, cwd=tmp_path)
    bound = min(10 * len(VICTIM), 4 * smallest)
    report("growth in steps", signed, f"fewer than {bound} rows without a number that a person types")
    assert 144 + 32 <= signed < bound


def test_two_filters_that_differ_by_a_country_meet_one_sketch(tmp_path: Path) -> None:
    """What leaves before consent is the same whatever the filter says, so its difference is nothing."""
    victims = [(f"v{n}", name(n), f"site{n}.{'de' if n % 3 else 'fr'}", "customer") for n in range(30)]
    cheats = [(f"c{n}", name(n), f"other{n}.de", "customer") for n in range(500, 516)]
    both = parties(tmp_path, cheats, victims)
    attack = Attack(tmp_path, "keep the sketch", both.acme, both.globex)
    for countries in (("DE", "FR"), ("DE",)):
        terms = tmp_path / f"{len(countries)}.toml"
        chosen = [option for country in countries for option in ("--country", country)]
        attack.cheat("-o", terms, *chosen, verb="agreement new")
        for party, options in ((both.globex, ["--yes"]), (both.acme, [])):
            accountmap("-w", party.workspace.folder, "agreement", "sign", terms, *options, cwd=tmp_path)
        attack.cheat("--json", "--new")
        attack.victim("--json")
        attack.cheat("--json")
        attack.cheat("--abandon")
        attack.victim("--abandon")
        for path in both.acme.folder.glob("*.amap"):
            path.unlink()
    copies = attack.notes["sketches"]
    report("two filters", 0, f"0: {len(copies)} copies differ in no bit")
    assert len(copies) >= 2
    assert len(set(copies)) == 1


def test_partners_that_put_their_copies_together_have_one(tmp_path: Path) -> None:
    both = parties(tmp_path, VICTIM, OTHERS)
    now = datetime.now(UTC)
    third = Workspace.create(tmp_path / "initech", "Initech", now, passphrase=None)
    victim = Workspace.open(both.acme.workspace.folder)
    with third, victim:
        save_prepared(third, account_list(OTHERS))
        known = third.add_partner(victim.card, "test", now)
        partner = victim.add_partner(third.card, "test", now)
        proposal = propose_preview(victim, partner, purpose="size it up", now=now)
        signed = sign_agreement(third, proposal.document.encode(), now, sizes_confirmed=True)
        sign_agreement(victim, signed.document.encode(), now, sizes_confirmed=True)
    one = Attack(tmp_path, "keep the sketch", both.globex, both.acme)
    one.victim("--json")
    one.cheat("--json")
    shared = tmp_path / "with initech"
    shared.mkdir()
    cheat = replace(both.globex, workspace=third, partner=known, folder=shared)
    other = Attack(shared, "keep the sketch", cheat, replace(both.acme, partner=partner, folder=shared))
    other.victim("--json", verb="preview")
    other.cheat("--json", verb="preview")
    copies = {sketch for each in (one, other) for sketch in each.notes["sketches"]}
    report("two partners together", 0, "0 beyond one copy")
    assert len(copies) == 1


STOP_BYTES = 1_440
"""An envelope around nothing (message-v2)."""


@pytest.mark.parametrize("crafted", ["full sketch", "copied sketch", "sketch of guesses"])
def test_a_crafted_sketch_tells_its_maker_nothing(tmp_path: Path, crafted: str) -> None:
    """Whatever array comes, the victim's program sends the same: only its own person sees an estimate."""
    both = parties(tmp_path, companies(range(110), "v"), OTHERS)
    attack = Attack(tmp_path, "keep the sketch and wait", both.globex, both.acme)
    attack.victim("--json")
    attack.cheat()
    rows = agreement_of(both.globex).sketches[1].rows[0]
    positions = max(4096, 1 << (16 * rows - 1).bit_length())
    attack.tell(
        sketch_bytes=positions // 8,
        names=[squashed(n) for n in range(110)],
        card=both.globex.workspace.card.digest.hex(),
        density=0.269 + 0.462 * rows / positions,
    )
    attack.program = crafted
    attack.cheat("--json")
    seen = attack.victim("--json", check=None)
    report(crafted, 0, "0: nothing leaves that depends on the estimate")
    assert attack.messages() == ["1"], "no consent without a person"
    if crafted == "full sketch":
        assert seen.returncode != 0
        assert "density" in seen.stderr
        return
    everything = next(each for each in json.loads(seen.stdout)["preview"] if not each["segment"])
    print(f"the victim's own screen: {everything['estimate']} of {everything['companies']} companies")
    if crafted == "copied sketch":
        assert everything["at_least"] < 55, "no full overlap"
    attack.victim("--decline")
    assert attack.messages() == ["1", "15"]
    (stop,) = (path for path in attack.files() if path.stem.endswith("-15"))
    assert stop.stat().st_size == STOP_BYTES, "a stop has no room for a reason"


def test_lengths_of_messages_say_padded_sizes_and_nothing_else(tmp_path: Path) -> None:
    """Somebody who carries the messages compares lists of two lengths, with websites and without."""
    lengths = []
    for folder, victims in (
        (tmp_path / "long", companies(range(8), "v")),
        (tmp_path / "short", [("v1", name(1), None, "prospect"), ("v2", name(2), None, "opportunity")]),
    ):
        folder.mkdir()
        both = parties(folder, victims, OTHERS)
        attack = Attack(folder, "honest", both.globex, both.acme)
        for _ in range(3):
            attack.victim()
            attack.cheat()
        lengths.append({path.stem.rpartition("-")[2]: path.stat().st_size for path in attack.files()})
    long, short = ({number: size for number, size in each.items() if number in "135"} for each in lengths)
    report("whoever carries the messages", 0, "0 before message 6")
    assert long == short
    assert len(long) == 3
