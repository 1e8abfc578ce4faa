"""Make two account lists of any size, half of each on the other, from a table of company names.

    python benchmarks/lists.py NAMES.parquet FOLDER --size 1000000

NAMES has the columns name and country (alpha-2), such as those of GLEIF's LEI data. If more companies are asked
for than there are names, the first words of one name are joined with the other words of another name of its
country, so that words stay as frequent as they are. The other list writes the common companies in another way:
legal forms are dropped, letters change case, websites come or go. left.csv and right.csv are written to FOLDER.
With `--alone` only left.csv is written, row by row, for lists that do not fit into memory as objects.
"""

import argparse
import csv
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import pyarrow.parquet as pq

HEADINGS = ("Account ID", "Account Name", "Website", "Billing Country", "Billing City", "Type", "Account Owner")
SEGMENTS = ("Customer", "Opportunity", "Prospect", "Prospect", "Prospect")
CITIES = (
    "Ashton",
    "Berrow",
    "Caldwick",
    "Dunmere",
    "Elsby",
    "Farholt",
    "Gadebrück",
    "Hallevik",
    "Ironbank",
    "Jarlsby",
)


@dataclass(frozen=True)
class Company:
    name: str
    country: str
    website: str


def companies(names: Path, random_: random.Random) -> Iterator[Company]:
    """Yield companies, endlessly, each name once."""
    table = pq.read_table(names, columns=["name", "country"])
    of_country = defaultdict(list)
    for name, country in zip(*(table[column].to_pylist() for column in ("name", "country")), strict=True):
        of_country[country or ""].append(name)
    listed = [(name, country) for country, own in of_country.items() for name in own]
    random_.shuffle(listed)
    seen: set[str] = set()
    for number, (name, country) in enumerate(chain(listed, mixed(of_country, listed, random_))):
        if name not in seen:
            seen.add(name)
            yield Company(name, country, website(name, country, number))


def mixed(
    of_country: dict[str, list[str]], listed: list[tuple[str, str]], random_: random.Random
) -> Iterator[tuple[str, str]]:
    while True:
        name, country = random_.choice(listed)
        other = random_.choice(of_country[country])
        yield f"{' '.join(name.split()[:2])} {' '.join(other.split()[1:])}".strip(), country


def website(name: str, country: str, number: int) -> str:
    label = "".join(
        letter for letter in "".join(name.split()[:2]).lower() if letter.isascii() and letter.isalnum()
    )
    return f"https://www.{label or 'company'}{number % 31 or ''}.{country.lower() or 'com'}/"


def row(company: Company, account_id: str, random_: random.Random) -> list[str]:
    return [
        account_id,
        company.name,
        company.website if random_.random() < 0.8 else "",
        company.country,
        random_.choice(CITIES),
        random_.choice(SEGMENTS),
        f"Seller {random_.randrange(200)}",
    ]


def respelt(company: Company, random_: random.Random) -> Company:
    words = company.name.split()
    spellings = (company.name, company.name.upper(), company.name.title(), " ".join(words[:-1] or words))
    return Company(random_.choice(spellings), company.country, company.website)


def write(path: Path, listed: Iterable[Company], prefix: str, random_: random.Random) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        writer.writerows(row(company, f"{prefix}{at:09d}", random_) for at, company in enumerate(listed))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=100_000, help="accounts on each list")
    parser.add_argument("--alone", action="store_true", help="only left.csv, with companies as they are made")
    options = parser.parse_args()
    random_ = random.Random(20261122)  # noqa: S311 - the same lists each time
    source = companies(options.names, random_)
    options.folder.mkdir(parents=True, exist_ok=True)
    if options.alone:
        write(options.folder / "left.csv", islice(source, options.size), "L", random_)
        return
    common = list(islice(source, options.size // 2))
    for name, prefix in (("left", "L"), ("right", "R")):
        own = list(islice(source, options.size - len(common)))
        listed = own + (common if name == "left" else [respelt(company, random_) for company in common])
        random_.shuffle(listed)
        write(options.folder / f"{name}.csv", listed, prefix, random_)


if __name__ == "__main__":
    main()
