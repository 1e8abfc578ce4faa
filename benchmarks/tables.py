"""Measure what each table used on names contributes, by leaving it empty.

python benchmarks/tables.py DATA_DIR --set dev_listed [--half 0|1]
"""

import subprocess
import sys

from accountmap.linkage import tables

GROUPS = {
    "nothing": (),
    "legal forms": ("legal_forms.tsv", "legal_forms_iso20275.tsv"),
    "forms of ISO 20275": ("legal_forms_iso20275.tsv",),
    "abbreviations": ("abbreviations.tsv",),
    "holding words": ("weak_words.tsv",),
    "generic and nameless words": ("generic_words.tsv", "nameless_words.tsv"),
    "counts of words": ("name_words.tsv",),
    "kinds of institutions": ("kind_words.txt",),
    "place words": ("place_words.txt", "region_words.txt"),
    "countries": ("countries.tsv",),
    "kana": ("kana.tsv",),
}


def score_without(emptied: tuple[str, ...]) -> None:
    """Score with some tables empty. They are read on import, so this must come before it."""
    full = tables.read_rows
    tables.read_rows = lambda file_name: iter(()) if file_name in emptied else full(file_name)
    import matching  # noqa: PLC0415 - see the docstring

    matching.main()


if __name__ == "__main__":
    if "--emptied" in sys.argv:
        at = sys.argv.index("--emptied")
        chosen = GROUPS[sys.argv[at + 1]]
        del sys.argv[at : at + 2]
        sys.argv.insert(1, "score")
        score_without(chosen)
    else:
        for name in GROUPS:
            print(f"without {name:28}", end="", flush=True)
            subprocess.run([sys.executable, __file__, *sys.argv[1:], "--emptied", name], check=True)
