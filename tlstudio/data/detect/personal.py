"""Personal data in texts: e-mail addresses, phone, card, account and identity numbers, with their check digits.

What has a check digit is believed only if that is right, so that order numbers and prices are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

KINDS = ("email", "iban", "card", "id", "phone")  # where two overlap, the first wins
_EMAIL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._%+\-]{0,63}@(?:[A-Za-z0-9](?:[A-Za-z0-9\-]{0,61}[A-Za-z0-9])?\.){1,5}"
                    r"[A-Za-z]{2,24}(?![A-Za-z0-9])")  # fmt: skip
_DIGITS = re.compile(r"\d(?:[ \-./()\u00a0]{0,2}\d){5}")  # a text without six digits together has no number
_CARD = re.compile(r"(?<![\w.\-])(?:\d{4}([ \-]?)\d{4}\1\d{4}\1\d{4}|3[47]\d{2}([ \-]?)\d{6}\2\d{5}"
                   r"|3(?:0[0-5]|[68]\d)\d([ \-]?)\d{6}\3\d{4})(?![\w\-]|\.\d)")  # fmt: skip
_CARD_START = re.compile(r"4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47068]|35(?:2[89]|[3-8])|6(?:011|5|4[4-9]|2)")
_IBAN = re.compile(r"(?<![A-Za-z0-9])([A-Z]{2})\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_IBAN_LENGTH = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20,
    "LU": 20, "LV": 21, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15,
    "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19,
    "SK": 24, "SM": 27, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
_SSN = re.compile(r"(?<![\w\-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w\-])")
_CHINESE = re.compile(r"(?<!\w)[1-8]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\w)")
_FRENCH = re.compile(r"(?<!\w)[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}(?!\w)")
_BRITISH = re.compile(r"(?<!\w)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D](?!\w)")
_AMERICAN = re.compile(r"(?<![\w.\-/])(?:\+?1[ .\-])?(?:\(\d{3}\) ?|\d{3}([ .\-]))\d{3}[ .\-]\d{4}(?![\w\-/]|\.\d)")
_CHINESE_MOBILE = re.compile(r"(?<!\w)1[3-9]\d{9}(?!\w)")
_HAN = re.compile("[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Found:
    """A piece of a text."""

    start: int
    end: int
    kind: str


def find(text: str, kinds: Iterable[str] = KINDS, country: str = "") -> list[Found]:
    """Personal data in a text, in order, without overlaps.

    Args:
        kinds: of :data:`KINDS`.
        country: ISO 3166 code such as DE, whose phone numbers are known without a country code as well.
    """
    wanted = set(kinds)
    found: list[Found] = []
    digits = _DIGITS.search(text) is not None
    for kind in KINDS:
        if kind not in wanted or not ("@" in text if kind == "email" else digits):
            continue
        for start, end in _FINDERS[kind](text, country):
            if all(end <= other.start or other.end <= start for other in found):
                found.append(Found(start, end, kind))
    return sorted(found, key=lambda item: item.start)


def masked(text: str, kinds: Iterable[str] = KINDS, country: str = "") -> str:
    """The text with ``[EMAIL]``, ``[PHONE]`` … in the place of what was found."""
    parts, last = [], 0
    for item in find(text, kinds, country):
        parts += [text[last : item.start], f"[{item.kind.upper()}]"]
        last = item.end
    return "".join([*parts, text[last:]]) if parts else text


# --- inside


def _emails(text: str, _country: str) -> Iterator[tuple[int, int]]:
    return (found.span() for found in _EMAIL.finditer(text))


def _ibans(text: str, _country: str) -> Iterator[tuple[int, int]]:
    for found in _IBAN.finditer(text):
        length = _IBAN_LENGTH.get(found[1], 0)
        end = _end_of(text, found.start(), length)
        if length and end <= found.end() and _mod_97(text[found.start() : end].replace(" ", "")):
            yield found.start(), end


def _end_of(text: str, start: int, length: int) -> int:
    """Where ``length`` characters other than spaces end."""
    end, left = start, length
    while left and end < len(text):
        left -= text[end] != " "
        end += 1
    return end if not left else len(text) + 1


def _mod_97(number: str) -> bool:
    """ISO 7064 MOD 97-10, as ISO 13616 asks of an IBAN."""
    return int("".join(str(int(character, 36)) for character in number[4:] + number[:4])) % 97 == 1


def _cards(text: str, _country: str) -> Iterator[tuple[int, int]]:
    for found in _CARD.finditer(text):
        number = re.sub(r"\D", "", found[0])
        if _CARD_START.match(number) and _luhn(number):
            yield found.span()


def _luhn(number: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    digits = [int(digit) for digit in reversed(number)]
    return (sum(digits[0::2]) + sum(sum(divmod(2 * digit, 10)) for digit in digits[1::2])) % 10 == 0


def _identities(text: str, _country: str) -> Iterator[tuple[int, int]]:
    """US social security, British national insurance, Chinese resident and French social security numbers."""
    for pattern, right in ((_SSN, None), (_BRITISH, None), (_CHINESE, _chinese), (_FRENCH, _french)):
        for found in pattern.finditer(text):
            if right is None or right(found[0].replace(" ", "")):
                yield found.span()


def _chinese(number: str) -> bool:
    """GB 11643-1999: ISO 7064 MOD 11-2."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(number[:17]))
    return "10X98765432"[total % 11] == number[17].upper()


def _french(number: str) -> bool:
    """NIR: the last two digits are 97 less the rest of the others; Corsica's letters stand for 19 and 18."""
    if len(number) != 15:
        return False
    digits = number[:13].replace("2A", "19").replace("2B", "18")
    return 97 - int(digits) % 97 == int(number[13:])


def _phones(text: str, country: str) -> Iterator[tuple[int, int]]:
    """Numbers with ``+`` and those of the country, as Google's libphonenumber sees them; American and Chinese ones."""
    from phonenumbers import Leniency, PhoneNumberMatcher, is_valid_number, parse

    if "+" in text:
        yield from ((found.start, found.end) for found in PhoneNumberMatcher(text, None, Leniency.VALID))
    if country:
        # without a country code nearly any long number is valid somewhere: the grouping must fit as well
        for found in PhoneNumberMatcher(text, country, Leniency.STRICT_GROUPING):
            yield found.start, found.end
    for match in _AMERICAN.finditer(text):
        if is_valid_number(parse(match[0], "US")):
            yield match.span()
    if _HAN.search(text):
        yield from (match.span() for match in _CHINESE_MOBILE.finditer(text))


_FINDERS: dict[str, Callable[[str, str], Iterator[tuple[int, int]]]] = {
    "email": _emails,
    "iban": _ibans,
    "card": _cards,
    "id": _identities,
    "phone": _phones,
}
