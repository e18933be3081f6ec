"""A BOAMP on this machine: the API's pages over real HTTP, and every way it has of going wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from tests.http_server import Reply, Request, serving
from tests.sources.boamp_data import fnsimple, mapa, record

Fault = Callable[["FakeBoamp", Request], Reply | None]
PATH = "/catalog/datasets/boamp"


class FakeBoamp:
    """Serves ``records`` by day and page; each question first meets the next fault, if one is left."""

    def __init__(self, records: list[dict[str, Any]], faults: list[Fault | None] | None = None) -> None:
        self.records, self.faults = records, list(faults or [])
        self.url = ""
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Reply:
        self.asked.append(request)
        fault = self.faults.pop(0) if self.faults else None
        return (fault(self, request) if fault else None) or self.page(request)

    def page(self, request: Request) -> Reply:
        assert request.path == f"{PATH}/records", request.path
        found = re.fullmatch(r"dateparution = date'(\d{4}-\d{2}-\d{2})'", request.query["where"])
        assert found, request.query
        offset, limit = int(request.query["offset"]), int(request.query["limit"])
        if limit > 100 or offset + limit > 10_000:
            return Reply(b'{"error_code": "InvalidRESTParameterError"}', status=400)
        day = sorted((one for one in self.records if one["dateparution"] == found[1]), key=lambda one: one["idweb"])
        return answer(len(day), day[offset : offset + limit])

    def days_asked(self) -> list[str]:
        return [request.query["where"][-11:-1] for request in self.asked]

    @contextmanager
    def running(self) -> Iterator[FakeBoamp]:
        with serving(self) as server:
            self.url = server.url + PATH
            yield self


def answer(total: int, records: list[dict[str, Any]]) -> Reply:
    body = json.dumps({"total_count": total, "results": records}, ensure_ascii=False)
    return Reply(body.encode(), headers={"Content-Type": "application/json; charset=utf-8"})


def published(on: date, numbers: range, **fields: Any) -> list[dict[str, Any]]:
    """Notices of one day: calls in two forms, that close on different days."""
    return [
        record(
            f"26-{number:06d}",
            mapa(delais={"receptionOffres": closing(on, number)})
            if number % 3 == 0
            else fnsimple(procedure={"procedureAdapteeO": "", "dateReceptionOffres": closing(on, number)}),
            dateparution=on.isoformat(),
            objet=f"Avis numéro {number}",
            **fields,
        )
        for number in numbers
    ]


def closing(on: date, number: int) -> str:
    return f"{on + timedelta(days=20 + number)}T12:00:00"


# --- what goes wrong -----------------------------------------------------------------------------


def busy(wait: str) -> Fault:
    return lambda _fake, _request: Reply(status=429, headers={"Retry-After": wait})


def broken(status: int) -> Fault:
    return lambda _fake, _request: Reply(status=status)


def hung_up(_fake: FakeBoamp, _request: Request) -> Reply:
    return Reply(cut=0)


def cut_short(fake: FakeBoamp, request: Request) -> Reply:
    """The connection drops in the middle of the body."""
    page = fake.page(request)
    return Reply(page.body, headers=page.headers, cut=len(page.body) // 2)


def maintenance(_fake: FakeBoamp, _request: Request) -> Reply:
    return Reply(b"<html><h1>Maintenance en cours</h1></html>", headers={"Content-Type": "text/html"})


def half_json(fake: FakeBoamp, request: Request) -> Reply:
    """A whole answer, as far as HTTP can tell, whose JSON stops in the middle."""
    body = fake.page(request).body
    return Reply(body[: len(body) // 2])


def another_object(_fake: FakeBoamp, _request: Request) -> Reply:
    return Reply(b'{"message": "ok"}')


def shifted(fake: FakeBoamp, request: Request) -> Reply:
    """The page begins with the last record of the one before, and so leaves out its own last."""
    earlier = Request(request.path, request.query | {"offset": str(int(request.query["offset"]) - 1)}, {})
    return fake.page(earlier)


def changing(number: str, objet: str) -> Fault:
    """A record is rewritten while the pages are turned, and shown again beside the page asked."""

    def fault(fake: FakeBoamp, request: Request) -> Reply:
        changed = next(one for one in fake.records if one["idweb"] == number)
        changed["objet"] = objet
        page = json.loads(fake.page(request).body)
        return answer(page["total_count"], [*page["results"], changed])

    return fault


def yesterday(today: date, days: int = 1) -> date:
    return today - timedelta(days=days)
