"""Which files of a place are messages."""

from typing import Final

SUFFIX: Final = ".amap"
MAX_NAME: Final = 200


def is_message_name(name: str) -> bool:
    """Tell whether a file may be a message, by its name, which the partner may have chosen.

    Only names that are safe in a path and on a screen: no separators, nothing hidden, no control characters.
    """
    return (
        name.endswith(SUFFIX)
        and len(name) <= MAX_NAME
        and name.isprintable()
        and not name.startswith(".")
        and not set(name) & set("/\\:")
    )
