"""Phone numbers in the form of ITU-T E.164, read by Google's libphonenumber; no match key is made of them."""

import re
from functools import lru_cache
from typing import Final

from phonenumbers import (
    NumberParseException,
    PhoneNumberFormat,
    format_number,
    is_valid_number,
    parse,
)

_LONGEST_TEXT: Final = 250
"""Characters of a cell that are looked at: libphonenumber reads no longer number."""

_VALUES: Final = re.compile(r"[;,|\n]")
"""What parts several numbers. (A stroke stands within German ones, before an extension and between two alike.)"""


@lru_cache(maxsize=1 << 14)
def phone(text: str | None, country: str | None = None) -> str | None:
    """Read a phone number: `+41 44 668 18 00`, `(044) 668 18 00 ext. 12` and `tel:+41446681800` are one.

    Args:
        text: a cell as it was written, with one number or several, of which the first usable one counts.
        country: alpha-2 code of the account, for numbers without the country's code.

    Returns:
        `+`, the country's code and the number, without extension; None if no number there can have been given to
        anybody, or nothing tells its country.
    """
    numbers = (_e164(part, country) for part in _VALUES.split((text or "")[:_LONGEST_TEXT]))
    return next((number for number in numbers if number), None)


def _e164(text: str, country: str | None) -> str | None:
    try:
        number = parse(text, country)
    except NumberParseException:
        return None
    return str(format_number(number, PhoneNumberFormat.E164)) if is_valid_number(number) else None
