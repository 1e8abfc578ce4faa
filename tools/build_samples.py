"""Build samples/: the account lists of two invented companies, and the true overlap between them.

    python tools/build_samples.py DATA_DIR OUT_DIR

The companies on the lists are real (sample_companies.py); what the two invented owners know about them, segment,
owner, amount, industry and employees, is drawn at random. The same data give the same bytes.
"""

import csv
import random
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from sample_companies import Company, choose, host, rewrite

SEED: Final = 20261122
TWIN_SHARE: Final = 0.03
"""Of the accounts, those that stand twice on a list, as in every CRM."""

COUNTRY_NAMES: Final = """
AT:Austria:Österreich AU:Australia:Australien BE:Belgium:Belgien BR:Brazil:Brasilien CA:Canada:Kanada
CH:Switzerland:Schweiz CN:China:China CZ:Czechia:Tschechien DE:Germany:Deutschland DK:Denmark:Dänemark
ES:Spain:Spanien FI:Finland:Finnland FR:France:Frankreich GB:United_Kingdom:Vereinigtes_Königreich
GR:Greece:Griechenland HK:Hong_Kong:Hongkong IE:Ireland:Irland IN:India:Indien IT:Italy:Italien JP:Japan:Japan
KR:South_Korea:Südkorea LU:Luxembourg:Luxemburg MX:Mexico:Mexiko NL:Netherlands:Niederlande NO:Norway:Norwegen
PL:Poland:Polen PT:Portugal:Portugal RU:Russia:Russland SE:Sweden:Schweden SG:Singapore:Singapur TR:Turkey:Türkei
TW:Taiwan:Taiwan UA:Ukraine:Ukraine US:United_States:Vereinigte_Staaten ZA:South_Africa:Südafrika
"""
COUNTRIES: Final = {
    code: (english, german)
    for code, english, german in (entry.replace("_", " ").split(":") for entry in COUNTRY_NAMES.split())
}
"""ISO 3166-1 alpha-2 -> English and German name."""

INDUSTRIES: Final = (
    ("Banking", "Banken"),
    ("Construction", "Bauwesen"),
    ("Energy", "Energie"),
    ("Food & Beverage", "Lebensmittel"),
    ("Healthcare", "Gesundheitswesen"),
    ("Insurance", "Versicherungen"),
    ("Manufacturing", "Fertigung"),
    ("Retail", "Einzelhandel"),
    ("Technology", "Technologie"),
    ("Transportation", "Transport"),
)
ACME_OWNERS: Final = ("Ada Example", "Ben Sample", "Cleo Placeholder", "Dan Specimen", "Eve Dummy", "Finn Fiction")
GLOBEX_OWNERS: Final = ("Max Muster", "Erika Beispiel", "Otto Platzhalter", "Ida Vorlage", "Uwe Probe")
FREE_MAIL: Final = ("gmail.com", "outlook.com", "gmx.de", "yahoo.co.jp", "mail.ru", "163.com")
SIZE_RANGES: Final = ("1-10", "11-50", "51-200", "201-500", "501-1000", "1001-5000", "5001-10000")

ACME_TYPES: Final = {
    "customer": ("Customer - Direct", "Customer - Direct", "Customer - Channel"),
    "opportunity": ("Opportunity",),
    "prospect": ("Prospect", "Prospect", "Prospect", "Technology Partner", ""),
}
GLOBEX_PHASES: Final = {
    "customer": ("Kunde",),
    "opportunity": ("Opportunity", "Sales-Qualified-Lead"),
    "prospect": ("Lead", "Marketing-Qualified-Lead", "Abonnent", ""),
}
ACME_HEADINGS: Final = (
    "Account ID,Account Name,Type,Website,Billing Country,Industry,Employees,Amount,Account Owner,"
    "Account Owner: Email,LEI,Last Activity"
)
GLOBEX_HEADINGS: Final = (
    "Datensatz-ID;Unternehmensname;Domain-Name des Unternehmens;Land/Region;Lifecycle-Phase;Branche;"
    "Anzahl der Mitarbeiter;Betrag;Zuständiger Mitarbeiter;E-Mail Betreuer;LEI;Erstellungsdatum"
)
ToRow = Callable[[Company, int, random.Random], list[str]]


def web_address(website: str, draw: random.Random) -> str:
    """Write a website in one of the ways that people do."""
    bare = host(website)
    return draw.choice((website, bare, f"www.{bare}", f"https://www.{bare}/", f"http://{bare}"))


def segment_and_amount(draw: random.Random) -> tuple[str, str]:
    """Draw a segment, and a contract value or open deal in English writing; prospects have none."""
    segment = draw.choices(("customer", "opportunity", "prospect"), (28, 17, 55))[0]
    value = max(100.0, round(draw.lognormvariate(10, 1.1), -2))
    return segment, "" if segment == "prospect" else f"{value:,.2f}"


def sometimes(value: str, share: float, draw: random.Random) -> str:
    """Return the value in that share of cases, otherwise a blank."""
    return value if draw.random() < share else ""


def email(owner: str, company: str) -> str:
    """Make an address for an invented owner, in the domain that RFC 2606 keeps for examples."""
    return f"{owner.lower().replace(' ', '.')}@{company}.example.com"


def acme_row(company: Company, number: int, draw: random.Random) -> list[str]:
    """Write a company as a row of a Salesforce report."""
    segment, amount = segment_and_amount(draw)
    owner = draw.choice(ACME_OWNERS)
    website = web_address(company.website, draw) if company.website else sometimes("n/a", 0.05, draw)
    return [
        f"001Qw{number:010d}",
        company.left,
        draw.choice(ACME_TYPES[segment]),
        sometimes(website, 0.85, draw),
        sometimes(COUNTRIES.get(company.country, ("", ""))[0], 0.85, draw),
        sometimes(draw.choice(INDUSTRIES)[0], 0.8, draw),
        sometimes(str(int(draw.lognormvariate(5.5, 1.6)) + 1), 0.7, draw),
        amount,
        owner,
        email(owner, "acme"),
        sometimes(company.lei, 0.25, draw),
        f"{draw.randint(1, 12)}/{draw.randint(1, 28)}/{draw.randint(2024, 2026)}",
    ]


def globex_row(company: Company, number: int, draw: random.Random) -> list[str]:
    """Write a company as a row of a German HubSpot export that went through Excel."""
    segment, amount = segment_and_amount(draw)
    owner = draw.choice(GLOBEX_OWNERS)
    domain = host(company.website) or sometimes(draw.choice(FREE_MAIL), 0.03, draw)
    return [
        str(18_000_000_000 + number * 37),
        company.right,
        sometimes(domain, 0.75, draw),
        sometimes(COUNTRIES.get(company.country, ("", ""))[1], 0.75, draw),
        draw.choice(GLOBEX_PHASES[segment]),
        sometimes(draw.choice(INDUSTRIES)[1], 0.7, draw),
        sometimes(draw.choice(SIZE_RANGES), 0.6, draw),
        amount.translate(str.maketrans(",.", ".,")),
        owner,
        email(owner, "globex"),
        sometimes(company.lei, 0.2, draw),
        f"{draw.randint(1, 28):02}.{draw.randint(1, 12):02}.{draw.randint(2024, 2026)}",
    ]


def with_twins(companies: Sequence[Company], draw: random.Random) -> list[tuple[int, Company]]:
    """Number the companies, write some a second time as another colleague would, and shuffle them."""
    entered = list(enumerate(companies))
    twins = draw.sample(entered, round(len(entered) * TWIN_SHARE))
    entered += [
        (at, replace(each, left=rewrite(each.left, draw), right=rewrite(each.right, draw))) for at, each in twins
    ]
    draw.shuffle(entered)
    return entered


def write_csv(
    path: Path, headings: Sequence[str], rows: Iterable[Sequence[str]], encoding: str, delimiter: str
) -> None:
    """Write a CSV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding=encoding, newline="") as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(headings)
        writer.writerows(rows)


def main(data: Path, out: Path) -> None:
    """Write both lists and the truth."""
    draw = random.Random(SEED)  # noqa: S311  Samples need the same draw each time, not secrecy.
    both, left_only, right_only = choose(data, draw)
    left, right = with_twins(both + left_only, draw), with_twins(both + right_only, draw)
    acme = [acme_row(company, number, draw) for number, (_, company) in enumerate(left, start=1)]
    globex = [globex_row(company, number, draw) for number, (_, company) in enumerate(right, start=1)]
    truth = sorted(
        (acme[i][0], globex[j][0], company.kind)
        for i, (at, company) in enumerate(left)
        if at < len(both)
        for j, (other, _) in enumerate(right)
        if other == at
    )
    write_csv(out / "acme" / "accounts.csv", ACME_HEADINGS.split(","), acme, "utf-8", ",")
    write_csv(out / "globex" / "accounts.csv", GLOBEX_HEADINGS.split(";"), globex, "utf-8-sig", ";")
    write_csv(out / "true_overlap.csv", ("left_id", "right_id", "kind"), truth, "utf-8", ",")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
