"""Reading the vectors of protocols/vectors."""

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
VECTORS = ROOT / "protocols" / "vectors"

Json = dict[str, Any]


def load(name: str) -> Json:
    content: Json = json.loads((VECTORS / name).read_text("utf-8"))
    return content


def cases(name: str) -> list[Json]:
    found: list[Json] = load(name)["cases"]
    return found


def comment(case: Any) -> str:
    """Name a case in pytest's output."""
    return case["comment"] if isinstance(case, dict) and "comment" in case else ""
