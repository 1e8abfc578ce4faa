"""Draw docs/performance.svg from benchmarks/results/sizes.jsonl: time and memory against the number of accounts.

    python benchmarks/psi.py --size 100000 --json >> benchmarks/results/sizes.jsonl
    python benchmarks/curve.py

If a size was measured several times, the fastest is drawn: other work on the machine only ever adds time.
"""

import json
import math
from pathlib import Path

HERE = Path(__file__).parent
RESULTS, DRAWING = HERE / "results" / "sizes.jsonl", HERE.parent / "docs" / "performance.svg"

WIDTH, HEIGHT, LEFT, TOP, SIDE = 760, 350, 70, 40, 260
TIME = {"wall_seconds": ("#1f5fa8", "matched rows known"), "sealed_seconds": ("#c2571a", "fields sealed")}
MEMORY = {"peak_mb": ("#1f5fa8", "one party")}
PANELS = (
    ("seconds", TIME, (0, 4), LEFT),
    ("most memory of a party, in MB, without workers", MEMORY, (1, 4), LEFT + SIDE + 110),
)
SIZES = (4, 7)
"""Powers of ten on the horizontal axes."""


def position(value: float, powers: tuple[int, int]) -> float:
    """Return where a value lies on a logarithmic axis, from 0 to 1."""
    return (math.log10(value) - powers[0]) / (powers[1] - powers[0])


def axes(title: str, powers: tuple[int, int], left: int) -> list[str]:
    bottom = TOP + SIDE
    drawn = [f'<text x="{left}" y="{TOP - 14}" font-weight="bold">{title}</text>']
    for power in range(powers[0], powers[1] + 1):
        y = bottom - SIDE * position(10**power, powers)
        drawn.append(f'<line x1="{left}" x2="{left + SIDE}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>')
        drawn.append(f'<text x="{left - 8}" y="{y + 4:.1f}" text-anchor="end">{10**power:,}</text>')
    for power in range(SIZES[0], SIZES[1] + 1):
        x = left + SIDE * position(10**power, SIZES)
        drawn.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}" stroke="#ddd"/>')
        drawn.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{10**power:,}</text>')
    return drawn


def line(values: dict[int, float], powers: tuple[int, int], left: int, colour: str, below: int) -> list[str]:
    points = [
        (left + SIDE * position(size, SIZES), TOP + SIDE * (1 - position(value, powers)), value)
        for size, value in sorted(values.items())
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _ in points)
    drawn = [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>']
    for x, y, value in points:
        drawn.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>')
        drawn.append(f'<text x="{x + 8:.1f}" y="{y + below:.1f}" fill="{colour}">{shown(value)}</text>')
    return drawn


def shown(value: float) -> str:
    """Write a number with three digits, or all before the point."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def panel(title: str, series: dict, powers: tuple[int, int], left: int, best: dict[int, dict]) -> list[str]:
    drawn = axes(title, powers, left)
    for n, (name, (colour, label)) in enumerate(series.items()):
        drawn += line({size: measured[name] for size, measured in best.items()}, powers, left, colour, 16 - 30 * n)
        drawn.append(f'<text x="{left + 12}" y="{TOP + 22 + 18 * n}" fill="{colour}">{label}</text>')
    return drawn


def main() -> None:
    lines = [json.loads(text) for text in RESULTS.read_text(encoding="utf-8").splitlines()]
    plain = [m for m in lines if m["slots"] == 1 and not m["cached"] and m["size"] >= 10 ** SIZES[0]]
    best = {m["size"]: m for m in sorted(plain, key=lambda m: -m["wall_seconds"])}
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" '
        'font-size="12" role="img" aria-label="Time and memory grow linearly with the number of accounts">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        *(part for title, series, powers, left in PANELS for part in panel(title, series, powers, left, best)),
        f'<text x="{LEFT}" y="{HEIGHT - 8}">accounts on each side, half in common, one slot</text>',
        "</svg>",
    ]
    DRAWING.write_text("\n".join(drawn) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
