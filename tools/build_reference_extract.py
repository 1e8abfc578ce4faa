"""Write the table from which the shipped reference list is built.

    build_reference_extract.py PACKAGE OUTPUT
    accountmap reference build --extract OUTPUT src/accountmap/linkage/data/reference.jsonl

PACKAGE is the unpacked npm package name-suggestion-index 8.0.20260918: brands of OpenStreetMap (BSD-3-Clause)
with labels and websites from Wikidata (CC0). The table has the columns that `read_extract` describes.
"""

import csv
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

NO_COMPANY = ("transit/", "flags/")
NAME_TAGS = {"brand", "name", "official_name", "short_name", "alt_name"}


def items(package: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of all categories of companies."""
    categories = json.loads((package / "dist" / "json" / "nsi.json").read_text("utf-8"))["nsi"]
    for path, category in categories.items():
        if not path.startswith(NO_COMPANY):
            yield from category["items"]


def names(item: dict[str, Any]) -> Iterator[str]:
    """Yield the names of an entry in all languages."""
    for tag, value in item["tags"].items():
        key, _, detail = tag.partition(":")
        if key in NAME_TAGS and detail not in ("wikidata", "wikipedia"):
            yield value
    yield from item.get("matchNames", ())


def places(item: dict[str, Any]) -> Iterator[str]:
    """Yield the country of each place where an entry is found, and nothing for regions of the world."""
    for place in item["locationSet"].get("include", ()):
        country = re.fullmatch(r"([a-z]{2})(?:-.+)?(?:\.geojson)?", str(place))
        yield country.group(1).upper() if country else ""


def main(package: Path, output: Path) -> None:
    """Write one row for each name of each company that Wikidata knows."""
    facts = json.loads((package / "dist" / "wikidata" / "wikidata.json").read_text("utf-8"))["wikidata"]
    named: dict[str, dict[str, None]] = defaultdict(dict)
    placed: dict[str, set[str]] = defaultdict(set)
    for item in items(package):
        company = item["tags"].get("brand:wikidata") or item["tags"].get("operator:wikidata", "")
        if re.fullmatch(r"Q\d+", company):
            named[company].update(dict.fromkeys(names(item)))
            placed[company].update(places(item))
    with output.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "country", "name", "domain", "lei"])
        for company in sorted(named):
            known = facts.get(company, {})
            country = next(iter(placed[company])) if len(placed[company]) == 1 else ""
            website = next(iter(known.get("officialWebsites", ())), "")
            aliases = named[company] | dict.fromkeys([known["label"]] if "label" in known else [])
            writer.writerows([f"wd:{company}", country, name, website, ""] for name in aliases)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
