"""The BOAMP's open data API (Opendatasoft explore v2.1): one day of publication at a time, whole and without repeats.

The API gives 100 records a page and 10,000 in all, and its pages move while one turns them: a record may come twice,
or another be skipped. A day (some hundreds of notices) is small enough to be gathered on disk first, read again
while some are missing, and handed over once, each notice in the last state seen.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import IO, Any, Final
from urllib.parse import urlencode

from matchmaker.sources.boamp_json import unwrapped
from matchmaker.sources.files import RawDocument, raw_document
from matchmaker.sources.http import Answer, GarbledAnswerError, Params, PoliteClient, SourceError
from matchmaker.sources.json_records import encoded

PAGE: Final = 100  # the most that the API gives at once
FARTHEST: Final = 10_000  # offset + limit beyond which it refuses
PASSES: Final = 3


@dataclass(frozen=True, slots=True)
class Page:
    total: int
    records: tuple[dict[str, Any], ...]


@dataclass(slots=True)
class BoampApi:
    """``for document in BoampApi(client, base_url).day(date(2026, 11, 23))``."""

    client: PoliteClient
    base_url: str  # of the dataset: ".../catalog/datasets/boamp"
    warnings: list[str] = field(default_factory=list)  # French sentences on days that stayed incomplete

    def day(self, day: date) -> Iterator[RawDocument]:
        """Every notice published that day, by number. Raises a ``SourceError``."""
        with tempfile.TemporaryFile() as spool:
            gathered = _Day(spool)
            for _ in range(PASSES):
                total = self._turn_pages(day, gathered)
                if gathered.seen >= total:
                    break
            else:
                self.warnings.append(
                    f"BOAMP du {day:%d/%m/%Y} : {gathered.seen} avis obtenus sur {total} annoncés ; "
                    "la prochaine collecte relira ce jour."
                )
            for idweb, content in gathered.notices():
                yield raw_document(f"boamp/{idweb}.json", content, url=self.address_of(idweb))

    def address_of(self, idweb: str) -> str:
        """Where the API gives this one record."""
        return f"{self.base_url}/records?{urlencode({'where': f'idweb = "{idweb}"'})}"

    def _turn_pages(self, day: date, gathered: _Day) -> int:
        """One pass over a day; how many records the API says it has."""
        offset = total = 0
        while offset == 0 or offset < total:
            if offset + PAGE > FARTHEST:
                raise SourceError(
                    f"Le BOAMP du {day:%d/%m/%Y} compte {total} avis, plus que l'API n'en donne : importez son export."
                )
            page = self._page(day, offset)
            total = page.total
            for record in page.records:
                gathered.add(record)
            if not page.records:
                break
            offset += PAGE
        return total

    def _page(self, day: date, offset: int) -> Page:
        asked: Params = {"where": f"dateparution = date'{day}'", "order_by": "idweb", "limit": PAGE, "offset": offset}
        return self.client.ask(f"{self.base_url}/records", _page, asked)


class _Day:
    """Records in a file, the last state of each notice first found by its number."""

    def __init__(self, spool: IO[bytes]) -> None:
        self.spool = spool
        self.ids: set[str] = set()  # of records: two may bear one notice's number
        self.places: dict[str, tuple[int, int]] = {}

    @property
    def seen(self) -> int:
        return len(self.ids)

    def add(self, record: dict[str, Any]) -> None:
        idweb = str(unwrapped(record).get("idweb") or record.get("id") or "")
        content = encoded(record)
        self.ids.add(str(record.get("id") or idweb or hash(content)))
        self.spool.seek(0, 2)
        self.places[idweb or str(hash(content))] = (self.spool.tell(), len(content))
        self.spool.write(content)

    def notices(self) -> Iterator[tuple[str, bytes]]:
        for idweb, (start, length) in sorted(self.places.items()):
            self.spool.seek(start)
            yield idweb, self.spool.read(length)


def _page(answer: Answer) -> Page:
    """A page, or :class:`GarbledAnswerError` when it is something else."""
    content = answer.json()
    records = content.get("results") if isinstance(content, dict) else None
    total = content.get("total_count") if isinstance(content, dict) else None
    if not isinstance(records, list) or not isinstance(total, int) or not all(isinstance(one, dict) for one in records):
        raise GarbledAnswerError(f"{answer.url} : la réponse n'est pas une page d'avis (results, total_count).")
    return Page(total, tuple(records))
