"""Published values understood: amounts, durations, dates, codes, lot numbers. Shared by all notice parsers.

A value that cannot be used becomes None and leaves a French sentence in ``warnings``; nothing is invented.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Final
from zoneinfo import ZoneInfo

from matchmaker.domain.cpv import CpvError, normalise_cpv
from matchmaker.domain.siret import SiretError, normalise_siret

PARIS: Final = ZoneInfo("Europe/Paris")
SYMBOLIC_EUR: Final = 10  # below, the figure only fills a mandatory field ("1 EUR")
LARGEST_EUR: Final = 10**12
LONGEST_MONTHS: Final = 99 * 12
_YEARS: Final = range(1990, 2151)
LOT_ID_LENGTH: Final = 50

# --- text ----------------------------------------------------------------------------------------

# Windows-1252 characters that some platforms publish as Unicode control characters.
_CONTROL = re.compile(r"[\x80-\x9f]")
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+")  # from the start of a word: linear
_PHONE = re.compile(r"(?<![\d.])(?:\+33[ .]?(?:\(0\)[ .]?)?|0)[1-9](?:[ .]?\d{2}){4}(?![\d.]?\d)")


def tidy(text: str) -> str:
    """Readable text: blanks folded line by line, contact details of persons removed."""
    readable = _CONTROL.sub(lambda control: bytes([ord(control[0])]).decode("cp1252", "ignore"), text)
    lines = (" ".join(line.split()) for line in readable.splitlines())
    folded = "\n".join(line for line in lines if line)
    return _PHONE.sub("[téléphone retiré]", _MAIL.sub("[courriel retiré]", folded))


def web_address(text: str) -> str:
    """An http(s) address that a page may link to, or an empty text."""
    address = text.strip()
    if address.lower().startswith("www."):
        address = f"http://{address}"
    return address if re.match(r"https?://[^\s\"'<>]+$", address, re.IGNORECASE) else ""


# --- amounts -------------------------------------------------------------------------------------


def amount_eur(text: str, currency: str, label: str, warnings: list[str]) -> int | None:
    """Whole euros, or None with a warning if the figure is unusable."""
    if not text.strip():
        return None
    value = _number(text)
    if value is None:
        warnings.append(f"{label} : montant « {text.strip()} » illisible, ignoré.")
    elif currency.upper() != "EUR":
        warnings.append(f"{label} : montant en {currency or 'monnaie inconnue'}, non converti.")
    elif value < 0:
        warnings.append(f"{label} : montant négatif ({value}) ignoré.")
    elif value < SYMBOLIC_EUR:
        warnings.append(f"{label} : montant {'nul' if value == 0 else 'symbolique'} ({value} €) ignoré.")
    elif value > LARGEST_EUR:
        warnings.append(f"{label} : montant invraisemblable ({value} €) ignoré.")
    else:
        return int(value.quantize(Decimal(1), ROUND_HALF_UP))
    return None


def euros(amount: int) -> str:
    """``1 234 567 €``, for the warnings."""
    return f"{amount:,} €".replace(",", " ")


def _number(text: str) -> Decimal | None:
    figure = re.sub(r"\s", "", text)
    if "," in figure:
        whole, _, decimals = figure.rpartition(",")
        figure = f"{whole.replace('.', '').replace(',', '')}.{decimals}"
    try:
        value = Decimal(figure)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


# --- durations and dates -------------------------------------------------------------------------

_DAYS_PER_MONTH: Final = 365.25 / 12
_SLACK_DAYS: Final = 2  # "31 days" is a month, "366 days" a year
_DAYS: Final = {"DAY": 1, "CALENDAR_DAY": 1, "WEEK": 7, "WEE": 7}
_MONTHS: Final = {"MONTH": 1, "MON": 1, "YEAR": 12, "ANN": 12}


def duration_months(value: str, unit: str, label: str, warnings: list[str]) -> int | None:
    """Whole months, rounded up, at least one; days and weeks accepted."""
    number = _number(value) if value.strip() else None
    unit = unit.upper()
    if number is None or number <= 0 or (unit not in _DAYS and unit not in _MONTHS):
        if value.strip():
            warnings.append(f"{label} : durée « {value.strip()} {unit.lower()} » illisible, ignorée.")
        return None
    if unit in _DAYS:
        months = max(1, math.ceil((float(number) * _DAYS[unit] - _SLACK_DAYS) / _DAYS_PER_MONTH))
    else:
        months = math.ceil(number * _MONTHS[unit])
    return _plausible_months(months, label, warnings)


def months_between(start: date | None, end: date | None, label: str, warnings: list[str]) -> int | None:
    """Months from the first day to the last one, both included, rounded up."""
    if start is None or end is None:
        return None
    if end < start:
        warnings.append(f"{label} : la date de fin ({end}) précède la date de début ({start}), durée ignorée.")
        return None
    months = (end.year - start.year) * 12 + end.month - start.month
    if end.day >= start.day:
        months += 1
    return _plausible_months(max(1, months), label, warnings)


def duration(value: str, unit: str, dates: tuple[str, str], label: str, warnings: list[str]) -> int | None:
    """Whole months of a duration as published, else between the first and the last day published."""
    if value:
        return duration_months(value, unit, label, warnings)
    start, end = map(parse_date, dates)
    return months_between(start, end, label, warnings)


def _plausible_months(months: int, label: str, warnings: list[str]) -> int | None:
    if months <= LONGEST_MONTHS:
        return months
    warnings.append(f"{label} : durée invraisemblable ({months} mois), ignorée.")
    return None


_DATE = re.compile(r"\s*(\d{4})-?(\d{2})-?(\d{2})(?:T[\d:.]+)?\s*(Z|[+-]\d{2}:?\d{2})?")
_TIME = re.compile(r"\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?")


def parse_date(text: str) -> date | None:
    """``2024-01-24Z`` or ``20240124``; None if it is no date, or a year that no notice can mean."""
    match = _DATE.match(text)
    if match is None or int(match[1]) not in _YEARS:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None


def parse_deadline(day_text: str, time_text: str) -> datetime | None:
    """An aware moment: the published offset, else Paris time; without an hour, the end of the day."""
    day = parse_date(day_text)
    if day is None:
        return None
    match = _TIME.match(time_text)
    hour, minute, second = (int(match[1]), int(match[2]), int(match[3] or 0)) if match else (23, 59, 0)
    if hour > 23 or minute > 59 or second > 59:
        hour, minute, second = 23, 59, 0
    day_match = _DATE.match(day_text)
    zone = _zone(match[4] if match else None) or _zone(day_match[4] if day_match else None) or PARIS
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone)


def deadline(day_text: str, time_text: str, label: str, warnings: list[str]) -> datetime | None:
    """``parse_deadline``; a date that is published but cannot be read leaves a warning."""
    moment = parse_deadline(day_text, time_text)
    sentence = f"{label} : date limite illisible (« {day_text.strip()[:40]} »), laissée vide."
    if moment is None and day_text.strip() and sentence not in warnings:
        warnings.append(sentence)
    return moment


def _zone(offset: str | None) -> tzinfo | None:
    if not offset:
        return None
    if offset == "Z":
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[-2:])
    if minutes > 14 * 60:
        return None
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))


# --- codes ---------------------------------------------------------------------------------------


def cpv_codes(published: Iterable[str], label: str, warnings: list[str]) -> tuple[str, ...]:
    """Normalised codes in the published order, without duplicates; unknown ones leave a warning."""
    codes: dict[str, None] = {}
    for text in published:
        if not text.strip():
            continue
        try:
            codes[normalise_cpv(text)] = None
        except CpvError as error:
            warnings.append(f"{label} : {error}")
    return tuple(codes)


def siret_or_empty(published: str) -> str:
    """The SIRET if it is a valid one: other national numbers are of no use to us."""
    try:
        return normalise_siret(published)
    except SiretError:
        return ""


def positive_int(text: str) -> int | None:
    """A positive whole number, else None."""
    return int(text) if re.fullmatch(r"0*[1-9]\d{0,5}", text.strip()) else None


# --- lot numbers ---------------------------------------------------------------------------------

_LOT_WORD = re.compile(r"^(?:lot|par)s?\b[\s-]*(?:n[°ºo]\s*)?", re.IGNORECASE)
_LEADING_NUMBER = re.compile(r"0*(\d+[A-Za-z]{0,2})(?:\s*[:(].*|\s+[-–—].*)?\.?$")


def lot_id(published: str) -> str:
    """The number people use: ``LOT-0003``, ``Lot 03`` and ``3 (lot technique E)`` are all lot 3."""
    text = " ".join(published.split())
    bare = _LOT_WORD.sub("", text) or text
    match = _LEADING_NUMBER.match(bare)
    return (match[1] if match else text)[:LOT_ID_LENGTH].strip()


def distinct_lot_ids(published: list[str]) -> list[str]:
    """One identifier a lot: the published number, else its rank; a repeated number gets a suffix."""
    taken: set[str] = set()
    ids = []
    for rank, text in enumerate(published, start=1):
        name = lot_id(text) or str(rank)
        if len(published) == 1 and (name == "0" or name.lower() in {"unique", "1 unique"}):
            name = "1"
        candidate, copy = name, 2
        while candidate in taken:
            candidate = f"{name[: LOT_ID_LENGTH - 5]}-{copy}"
            copy += 1
        taken.add(candidate)
        ids.append(candidate)
    return ids
