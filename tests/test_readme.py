"""README says what is so: its commands exist, and its Python runs as it stands."""

import re
from pathlib import Path

import pytest

from accountmap import api
from tests.api.companies import LONG_LEFT, LONG_RIGHT, approve_as_many
from tests.parties import Parties, load_reference_once

README = Path(__file__).parent.parent / "README.md"


def test_the_python_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = re.search(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)
    assert code is not None
    steps = [line for line in code.group(1).splitlines() if line and not line.startswith(("import", "from"))]
    assert len(steps) < 15
    parties = Parties.make(tmp_path, LONG_LEFT, LONG_RIGHT, reference=load_reference_once())
    approve_as_many(parties.acme)
    rows = "\n".join(",".join(str(cell or "") for cell in row) for row in LONG_LEFT)
    (tmp_path / "export.csv").write_text(f"id,name,domain,segment\n{rows}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(api, "load_reference", load_reference_once)
    variables: dict[str, object] = {}
    for _ in range(6):
        exec(compile(code.group(1), "README.md", "exec"), variables)  # noqa: S102 the example itself
        parties.globex.map()
    assert len(variables["overlap"]) == 3
    assert (tmp_path / "reports" / "report.html").exists()


def test_its_links_lead_somewhere() -> None:
    for link in re.findall(r"\]\(([^)#]+)\)", README.read_text("utf-8")):
        if not link.startswith("http"):
            assert (README.parent / link).exists(), link
