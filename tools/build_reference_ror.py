"""Write a table of companies and other organisations with their names and websites, from ROR.

    build_reference_ror.py RECORDS OUT.csv
    accountmap reference build --extract OUT.csv ... src/accountmap/linkage/data/reference.jsonl

RECORDS is the unpacked repository ror-community/ror-records (CC0): one folder a release, with the records that are
new or changed in it. The newest record of an organisation counts. Acronyms are left out, for most have several
owners, and so are organisations that ROR has withdrawn. The table has the columns that `read_extract` describes.
"""

import csv
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any


def release(folder: Path) -> tuple[int, ...]:
    """Return the number of a release: `v1.10` is later than `v1.9`."""
    return tuple(int(part) for part in re.findall(r"\d+", folder.name))


def plain(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record of the first schema in the form of the second, as far as it is read here."""
    if "names" in record:
        return record
    names = [record["name"], *record.get("aliases", ()), *(each["label"] for each in record.get("labels", ()))]
    return record | {
        "names": [{"value": name, "types": ["label"]} for name in names],
        "locations": [{"geonames_details": record["country"]}],
        "links": [{"value": link, "type": "website"} for link in record.get("links", ())],
    }


def newest(records: Path) -> dict[str, dict[str, Any]]:
    """Return the newest record of each organisation, by id."""
    found: dict[str, dict[str, Any]] = {}
    for folder in sorted((each for each in records.iterdir() if release(each)), key=release):
        for path in sorted(folder.rglob("*.json")):
            record = json.loads(path.read_text("utf-8"))
            if isinstance(record, dict) and "id" in record:
                found[record["id"].rpartition("/")[2]] = plain(record)
    return found


def is_company(record: dict[str, Any]) -> bool:
    """Return whether an organisation is a company; of universities and hospitals others write little else."""
    return "company" in map(str.lower, record["types"])


def rows(number: str, record: dict[str, Any]) -> Iterator[tuple[str, str, str, str, str]]:
    """Yield one row for each name that is not an acronym alone."""
    countries = [each["geonames_details"]["country_code"] for each in record["locations"]]
    websites = [
        *record.get("domains", ()),
        *(each["value"] for each in record["links"] if each["type"] == "website"),
    ]
    names = [each["value"] for each in record["names"] if each["types"] != ["acronym"]]
    country, website = next(iter(countries), ""), next(iter(websites), "")
    yield from ((f"ror:{number}", country, name, website, "") for name in names)


def main(records: Path, out: Path) -> None:
    """Write the rows of all active organisations."""
    found = newest(records).items()
    active = {number: each for number, each in found if each["status"] == "active" and is_company(each)}
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["id", "country", "name", "domain", "lei"])
        for number in sorted(active):
            writer.writerows(rows(number, active[number]))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
