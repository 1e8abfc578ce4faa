"""Reports by one's own weights, and matches rejected from the command line."""

import csv
import json
from pathlib import Path

from tests.cli.running import accountmap
from tests.parties import Parties


def test_a_rejected_match_is_gone_from_the_reports_until_it_is_taken_back(tmp_path: Path) -> None:
    Parties.after_a_session(tmp_path)

    def overlap() -> list[dict[str, str]]:
        accountmap("-w", "acme", "report", "build", "--with", "globex", "-o", "reports", cwd=tmp_path)
        return list(csv.DictReader((tmp_path / "reports" / "overlap.csv").read_text("utf-8").splitlines()))

    def review(decision: str) -> str:
        rows = [{"account_id": first["account_id"], "evidence": first["evidence"], "decision": decision}]
        with (tmp_path / "review.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, ["account_id", "evidence", "their_segment", "decision"])
            writer.writeheader()
            writer.writerows(rows)
        return accountmap("-w", "acme", "report", "review", "--with", "globex", "review.csv", cwd=tmp_path).stderr

    first, *others = overlap()
    assert "0 kept, 1 rejected." in review("reject")
    assert [row["account_id"] for row in overlap()] == [row["account_id"] for row in others]
    assert "0 kept, 0 rejected." in review("open")
    assert len(overlap()) == len(others) + 1
    assert (tmp_path / "acme" / "reviews").stat().st_mode & 0o077 == 0


def test_the_matches_in_doubt_are_printed_to_be_filled_in(tmp_path: Path) -> None:
    Parties.after_a_session(tmp_path)
    printed = accountmap("-w", "acme", "report", "review", "--with", "globex", cwd=tmp_path).stdout
    assert "000d" not in printed
    assert printed.startswith("account_id,evidence,their_segment,decision,doubt,")


def test_weights_come_from_a_file(tmp_path: Path) -> None:
    Parties.after_a_session(tmp_path)
    (tmp_path / "weights.toml").write_text("[points]\nevidence = 0\nplay = 0\n", "utf-8")
    build = ("-w", "acme", "report", "build", "--with", "globex", "-o", "reports", "--weights", "weights.toml")
    accountmap(*build, cwd=tmp_path)
    model = json.loads((tmp_path / "reports" / "report.json").read_text("utf-8"))
    assert (model["weights"]["evidence"], model["weights"]["amount"]) == (0.0, 30.0)
    (tmp_path / "weights.toml").write_text("[points]\nluck = 1\n", "utf-8")
    assert "not a part of the score" in accountmap(*build, cwd=tmp_path, check=3).stderr
