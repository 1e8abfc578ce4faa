"""The vectors of canonical-v2, section 10: what goes in stands in the files, and what comes out is made anew."""

import json
from typing import Any

from protocols.reference.canonical.account import Account, keys_of
from protocols.reference.canonical.characters import UNKNOWN, known, read_cell
from protocols.reference.canonical.one_list import SLOTS, keys_of_list

Json = dict[str, Any]


def _keys(account: Account) -> dict[str, str]:
    found = keys_of(account)
    return {slot: found[slot][0] for slot in SLOTS if slot in found}


def _keys_of_case(case: Json) -> list[list[str]]:
    smallest = {account: min(joined) for joined in case.get("entities", []) for account in joined}
    entities: dict[str, list[Account]] = {}
    for account in case["accounts"]:
        own = account["account_id"]
        entities.setdefault(smallest.get(own, own), []).append(account)
    return [list(key) for key in keys_of_list(entities, case.get("reference", []))]


def made_anew(vector: Json) -> Json:
    """Return a file's content with what the reference makes of its cells, accounts and lists."""
    made = {
        "cells": lambda case: {**case, "read": read_cell(case["written"])},
        "accounts": lambda case: {**case, "keys": _keys(case["account"])},
        "lists": lambda case: {**case, "keys": _keys_of_case(case)},
    }
    return {
        part: [made[part](case) for case in cases] if part in made else cases for part, cases in vector.items()
    }


def _visible(char: str) -> str:
    return char if char == "\n" or (char.isprintable() and known(char) != UNKNOWN) else json.dumps(char)[1:-1]


def text_of(vector: Json) -> str:
    """Write a file's text; characters that are not seen are escaped."""
    return "".join(map(_visible, json.dumps(vector, indent=1, ensure_ascii=False))) + "\n"
