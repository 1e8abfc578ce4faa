"""Draw docs/end-to-end.svg from benchmarks/results/end_to_end.jsonl: processor time by stage of both parties.

    python benchmarks/end_to_end.py lists --json >> benchmarks/results/end_to_end.jsonl
    python benchmarks/stages.py

It draws the largest lists that were measured, and the last run if there are several.
"""

import json
from pathlib import Path

HERE = Path(__file__).parent
RESULTS, DRAWING = HERE / "results" / "end_to_end.jsonl", HERE.parent / "docs" / "end-to-end.svg"

WIDTH, LEFT, TOP, BAR, GAP, LONGEST = 760, 300, 34, 20, 8, 360
COLOURS = {"left": "#1f5fa8", "right": "#c2571a"}

WHAT = {
    ("prepare", "left"): "read and prepare",
    ("prepare", "right"): "read and prepare",
    ("map, call 1", "left"): "sketch: message 1",
    ("map, call 1", "right"): "sketch, estimates: message 2",
    ("map, call 2", "left"): "estimates, own points blinded: message 3",
    ("map, call 2", "right"): "theirs multiplied, own blinded: message 4",
    ("map, call 3", "left"): "theirs multiplied, tokens: message 5",
    ("map, call 3", "right"): "matching, claims: message 6",
    ("map, call 4", "left"): "shares of keys: message 7",
    ("map, call 4", "right"): "shares, keys, fields: message 8",
    ("map, call 5", "left"): "keys, fields: message 9",
    ("map, call 5", "right"): "fields opened: message 10; reports",
    ("map, call 6", "left"): "receipt; reports",
    ("report, again", "left"): "report build, nothing new",
    ("report, again", "right"): "report build, nothing new",
}
"""What the commands of a run do, in their order."""


def last_run(lines: list[dict]) -> dict[tuple[str, str], dict]:
    accounts = max(line["accounts"] for line in lines)
    return {(line["stage"], line["party"]): line for line in lines if line["accounts"] == accounts}


def bar(n: int, label: str, stage: dict, longest: float) -> list[str]:
    y = TOP + n * (BAR + GAP)
    width = LONGEST * stage["cpu_seconds"] / longest
    colour = COLOURS[stage["party"]]
    return [
        f'<text x="{LEFT - 8}" y="{y + 15}" text-anchor="end">{label}</text>',
        f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{colour}"/>',
        f'<text x="{LEFT + width + 6:.1f}" y="{y + 15}" fill="{colour}">{stage["cpu_seconds"]:.1f} s</text>',
    ]


def main() -> None:
    stages = last_run([json.loads(text) for text in RESULTS.read_text(encoding="utf-8").splitlines()])
    shown = [(label, stages[key]) for key, label in WHAT.items() if key in stages]
    longest = max(stage["cpu_seconds"] for _, stage in shown)
    first = shown[0][1]
    height = TOP + len(shown) * (BAR + GAP) + 8
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        'font-size="12" role="img" aria-label="Processor time of each stage from CSV to HTML">',
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<text x="20" y="20" font-weight="bold">{first["accounts"]:,} accounts a side, profile '
        f"{first['profile']}: processor time; initiator blue, responder orange</text>",
        *(part for n, (label, stage) in enumerate(shown) for part in bar(n, label, stage, longest)),
        "</svg>",
    ]
    DRAWING.write_text("\n".join(drawn) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
