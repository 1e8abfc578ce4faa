"""Imports go only downwards, and psi touches nothing but its arguments (CONTRIBUTING.md, "Layers")."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest

import accountmap

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "accountmap"

MAY_IMPORT = {
    "errors": set(),
    "model": set(),
    "files": set(),
    "parallel": {"errors", "model"},
    "databases": {"errors", "model"},
    "accounts": {"errors", "model", "databases"},
    "linkage": {"errors", "model", "accounts"},
    "preflight": {"errors", "model", "accounts", "linkage"},
    "psi": {"errors", "model"},
    "curve": {"errors", "model", "psi", "parallel"},
    "trust": {"errors", "model", "psi"},
    "channels": {"errors", "model", "files"},
    "account_map": {"errors", "model", "accounts", "linkage"},
    "influence": {"errors", "model", "accounts", "linkage", "account_map"},
    "propensity": {"errors", "model", "accounts", "linkage", "account_map", "influence"},
    "portfolio": {"errors", "model", "accounts", "linkage", "account_map"},
    "report": {
        "errors",
        "model",
        "files",
        "databases",
        "accounts",
        "linkage",
        "account_map",
        "influence",
        "portfolio",
    },
    "workspace": {"errors", "model", "files", "accounts", "linkage", "trust", "account_map", "portfolio"},
    "session": {
        "errors",
        "model",
        "files",
        "parallel",
        "accounts",
        "linkage",
        "psi",
        "curve",
        "trust",
        "channels",
        "account_map",
        "influence",
        "propensity",
        "portfolio",
        "workspace",
    },
    "spark": {"errors", "model", "accounts", "linkage", "psi", "curve", "trust", "session"},
}
"""Which parts each part may import, besides itself. `__init__`, `api` and `exchange` may import all."""

CLI_MAY_ALSO_IMPORT = {
    "account_map": {"EXAMPLE", "IdealCustomer", "STANDARD_WEIGHTS", "read_ideal_customer", "read_weights"},
    "account_map.co_selling": {"CoSelling", "DealRegistration", "Introduction", "LeadProposal"},
    "account_map.joint_plan": {"Assigning", "Changes", "Content", "Declining", "PlanKind", "PlanTerms"},
    "account_map.plan_results": {"LineReport", "decimal", "units"},
    "accounts.amounts": {"check_currency"},
    "accounts.deal_findings": {"count_outcomes", "deal_findings"},
    "accounts.deals": {"DealOptions", "read_deals", "read_deals_sql", "read_touches"},
    "accounts.schema": {"DealList", "Remark", "SEGMENTS"},
    "api": {"read_digest"},
    "channels": {"DirectChannel", "Endpoint", "open_channel"},
    "curve.backends": {"BackendState", "examine_backends", "make_curve"},
    "exchange": {"abandon_session", "direct_channel", "exchange_messages", "revoke_partner"},
    "files": {"write_atomic"},
    "influence": {"DEFAULT_RULES"},
    "linkage.keys": {"explain"},
    "linkage.prepared": {"PROFILES"},
    "linkage.reference": {"build_reference"},
    "model": {
        "Assistants",
        "LEADERS",
        "Leader",
        "Level",
        "MatchProfile",
        "Models",
        "PreviewKind",
        "Result",
        "SHARED_FIELDS",
        "Step",
        "Topic",
        "WHO",
        "segment_count",
        "segment_noun",
    },
    "portfolio": {"Goal", "PartnerProfile", "to_send"},
    "portfolio.maturity": {"compare", "read_questionnaire"},
    "preflight": {"Preflight"},
    "propensity": {"Trained"},
    "propensity.model": {"factor", "level_in_words"},
    "report": {"feeds", "influence_summary", "portfolio_sentences", "review_csv"},
    "report.feeds": {"feed_document", "feed_schema"},
    "report.files": {"to_csv", "write_portfolio_page"},
    "report.safe_text": {"spreadsheet_text"},
    "session": {
        "Capacity",
        "Change",
        "Claims",
        "Forecast",
        "capacity_of",
        "cards_of",
        "concerns_of",
        "end_agreement",
        "forecast",
        "partner_of",
        "propose_agreement",
        "propose_preview",
        "read_agreement",
        "renew_agreement",
        "sign_agreement",
        "too_few_changed",
        "write_agreement",
    },
    "session.agreements": {"allowed_to_assistants"},
    "session.audit": {"AuditedParty", "Finding", "tokens_finding"},
    "session.audit_file": {"AuditFile"},
    "session.audit_list": {"agreed_reference"},
    "session.co_selling": {
        "Statement",
        "check_statement",
        "find_match",
        "load_co_selling",
        "proposal",
        "what_may_be_shown",
    },
    "session.conversation": {"ConversationOutcome"},
    "session.digest": {"ENDED", "ENDS_SOON", "ME", "PartnerDigest"},
    "session.disclosure": {"describe_message"},
    "session.influence": {"agreed_rules", "read_credit_rule"},
    "session.ledger_entries": {"record_feed", "record_reading"},
    "session.maturity": {"FileToSend", "answer_questionnaire", "next_file", "receive_file", "write_questionnaire"},
    "session.plan_drafts": {
        "DraftLine",
        "PlanDraft",
        "check_free",
        "draft_terms",
        "make_change",
        "make_owner",
        "make_progress",
        "make_reconciling",
        "make_report",
        "make_signing",
        "prefilled",
    },
    "session.plans": {
        "KnownPlan",
        "PlanStatement",
        "check_not_held_out",
        "check_plan_statement",
        "find_line",
        "find_plan",
        "load_plans",
    },
    "session.portfolio": {"portfolio_of"},
    "session.preview": {"PartnerHolds"},
    "session.qualification": {
        "count_fitting",
        "drop_profile",
        "learn_ideal",
        "likelihood",
        "load_propensity",
        "train_propensity",
        "use_profile",
    },
    "session.questions": {"PossibleMatch", "SessionMatches", "session_matches"},
    "session.sharing_options": {"SharingOptions", "countries", "employees_band", "field_names", "read_leads"},
    "session.sketches": {"FROZEN", "renew_sketch"},
    "trust.agreement": {"Agreement", "differences", "sketch_in_words"},
    "trust.identity": {"Card", "Rotation"},
    "trust.key_file": {"PASSPHRASE_RULE", "check_passphrase"},
    "trust.ledger": {"Ledger"},
    "trust.limits": {"Concern", "PartnerBudget", "SizeConcern"},
    "trust.term": {"sentences_of"},
    "trust.terms": {"AuditTerms", "ScoringTerms"},
    "trust.terms_words": {"shown_in_words"},
    "trust.toml_text": {"MAX_PURPOSE", "check_line", "check_name"},
    "workspace": {"PartnerRecord", "SessionRecord", "Status"},
    "workspace.conversations": {"Question"},
    "workspace.estimates": {"Estimate"},
    "workspace.keys": {"DATABASE", "IDENTITY"},
    "workspace.user_files": {"add_reviews", "load_profile", "load_round", "save_deals", "save_profile"},
}
"""What the command line uses beyond the public names, which promise more than it needs (docs/adr/0009)."""

PURE_PSI = {
    "collections",
    "cryptography",
    "dataclasses",
    "enum",
    "functools",
    "gmpy2",
    "hashlib",
    "hmac",
    "itertools",
    "json",
    "math",
    "numpy",
    "struct",
    "typing",
}
"""What psi may import from outside: nothing that opens, asks the time, draws randomness or logs."""

CIPHERS = ("cryptography.exceptions.", "cryptography.hazmat.primitives.ciphers.")
"""What psi may import from cryptography: functions of key and text, like a hash."""

IMPURE_CALLS = {"open", "print", "input", "exec", "eval"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def test_imports_go_only_downwards() -> None:
    for path in modules():
        part, names = part_of(path), imported(path)
        if part in {"__init__", "api", "exchange"}:
            continue
        own = {name.split(".")[1] for name in names if name.startswith("accountmap.")}
        assert own - {part, "__version__"} <= MAY_IMPORT[part], path
        assert not [name for name in names if name.startswith("accountmap_cli")], path


@pytest.mark.parametrize("path", sorted((PACKAGE / "psi").rglob("*.py")), ids=lambda p: p.name)
def test_psi_is_pure(path: Path) -> None:
    outside = {name.split(".")[0] for name in imported(path)} - {"accountmap"}
    assert outside <= PURE_PSI
    assert not [name for name in imported(path) if name.startswith("numpy.random")]
    from_cryptography = [name for name in imported(path) if name.startswith("cryptography")]
    assert all(name.startswith(CIPHERS) for name in from_cryptography)
    calls = {
        node.func.id
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert not calls & IMPURE_CALLS


def test_the_cli_uses_public_names_and_few_others() -> None:
    for path in sorted((ROOT / "cli" / "accountmap_cli").rglob("*.py")):
        for name in imported(path):
            if name.split(".")[0] == "accountmap":
                home, _, imported_name = name.removeprefix("accountmap.").rpartition(".")
                public = home == "errors" or (not home and imported_name in accountmap.__all__)
                assert public or imported_name in CLI_MAY_ALSO_IMPORT.get(home, ()), f"{path.name}: {name}"


def test_every_public_name_is_there() -> None:
    for name in accountmap.__all__:
        assert getattr(accountmap, name) is not None
    assert set(accountmap.__all__) <= set(dir(accountmap))


def test_the_files_that_the_guide_for_contributors_names_are_there() -> None:
    named = re.findall(r"`([\w/]+\.py)`", (ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    assert named
    for name in named:
        assert [
            base for base in ("src", "cli", "tests") if any((ROOT / base).rglob(name.removeprefix("tests/")))
        ], name


EXTRAS = {
    "cli/accountmap_cli/assistant.py": {"mcp", "mcp_types"},
    "cli/accountmap_cli/digest.py": {"apprise"},
    "cli/accountmap_cli/passphrase.py": {"keyring"},
    "src/accountmap/channels/stores.py": {"fsspec", "paramiko", "s3fs"},
    "src/accountmap/databases.py": {"adbc_driver_manager"},
}
"""Modules that need a library of an extra, which others load only when they are asked for it."""

IMPORT_NAMES = {
    "phonenumberslite": "phonenumbers",
    "python-calamine": "python_calamine",
    "python-stdnum": "stdnum",
}


def test_the_plain_installation_has_all_that_is_imported() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    names = [re.split("[=>;]", dependency)[0] for dependency in project["dependencies"]]
    plain = {IMPORT_NAMES.get(name, name) for name in names}
    used = set()
    for path in [*modules(), *(ROOT / "cli").rglob("*.py")]:
        where = path.relative_to(ROOT).as_posix()
        found = {name.split(".")[0] for name in imported(path)} - sys.stdlib_module_names
        extra = {"pyspark"} if where.startswith("src/accountmap/spark/") else EXTRAS.get(where, set())
        assert found - extra <= plain | {"accountmap", "accountmap_cli"}, where
        used |= found
    assert plain <= used | {"tzdata"}, "data, which the standard library looks for on Windows"
