"""The public names, written down as one line each: what tests compare with tests/api/surface.txt.

    python -m tests.api.surface > tests/api/surface.txt

writes them anew, for a change that is meant. Types are taken as they are written in the source, for no two
versions of Python show them alike.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import Final

import accountmap
from accountmap import errors

SHOWN: Final = {
    "AccountMap": {
        "finished",
        "history",
        "matrix",
        "overlap",
        "own_name",
        "partner_name",
        "session_id",
        "summary",
        "whitespace",
    },
    "DealList": {"notes", "remarks", "source", "source_columns", "stages", "table", "touches"},
    "Influence": {
        "agreed",
        "as_of",
        "by_model",
        "comparison",
        "credits",
        "currency",
        "deals",
        "notes",
        "partner_deals",
        "period",
        "rules",
        "totals",
        "touches",
    },
    "Portfolio": {
        "accounts",
        "currency",
        "made",
        "notes",
        "own_name",
        "partners",
        "reach",
        "shared",
        "totals",
        "uncovered",
    },
    "Session": {"__init__", "step", "step_async"},
    "Weights": {"amount", "evidence", "fit", "play", "propensity", "recency", "stage", "stages", "worth"},
    "Workspace": {"close", "create", "folder", "open", "save_list"},
}
"""The members that docs/library.md shows of classes with more of them; of the other classes all are promised."""


def node_of(thing: object) -> ast.stmt:
    source = textwrap.dedent(inspect.getsource(thing))
    return ast.parse(source).body[0]


def signature(node: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    returns = "" if node.returns is None else f" -> {ast.unparse(node.returns)}"
    return f"{node.name}({ast.unparse(node.args)}){returns}"


def members(name: str, body: list[ast.stmt]) -> Iterator[str]:
    """Describe the attributes and methods of a class."""
    for node in body:
        if isinstance(node, ast.AnnAssign):
            member, line = ast.unparse(node.target), f"{ast.unparse(node.target)}: {ast.unparse(node.annotation)}"
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            member, line = node.name, signature(node)
        else:
            continue
        if member in SHOWN[name] if name in SHOWN else not member.startswith("_"):
            yield f"{name}.{line}"


def surface() -> list[str]:
    """Return all lines, sorted."""
    lines = [
        f"errors.{name}({value.__base__.__name__})"
        for name, value in vars(errors).items()
        if isinstance(value, type)
    ]
    for name in set(accountmap.__all__) - {"__version__", "errors"}:
        node = node_of(getattr(accountmap, name))
        if isinstance(node, ast.ClassDef):
            lines += [f"class {name}", *members(name, node.body)]
        elif isinstance(node, ast.FunctionDef):
            lines.append(signature(node))
    return sorted(lines)


if __name__ == "__main__":
    print("\n".join(surface()))
