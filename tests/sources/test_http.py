"""The polite client, against a real server on this machine. Time is the test's own: nothing waits."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from matchmaker.sources.http import (
    Answer,
    AnswerTooBigError,
    GarbledAnswerError,
    PoliteClient,
    Politeness,
    SourceRefusedError,
    SourceUnavailableError,
)
from tests.http_server import Reply, Request, Server, serving

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class Hours:
    """A clock that only moves when somebody sleeps, and remembers how long."""

    def __init__(self) -> None:
        self.at = 100.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


@contextmanager
def client(hours: Hours, dice: float = 0.0, **polite: float) -> Iterator[PoliteClient]:
    politeness = Politeness(**{"interval": 0, "attempts": 4, **polite})  # type: ignore[arg-type]
    with PoliteClient(
        politeness, sleep=hours.sleep, clock=lambda: hours.at, now=lambda: NOON, dice=lambda: dice
    ) as made:
        yield made


@contextmanager
def asked(
    *replies: Reply | Callable[[Request], Reply], dice: float = 0.0, **polite: float
) -> Iterator[tuple[PoliteClient, Server, Hours]]:
    """A client and a server that gives these replies in turn, the last one for ever."""
    left = list(replies)

    def answering(request: Request) -> Reply:
        reply = left.pop(0) if len(left) > 1 else left[0]
        return reply(request) if callable(reply) else reply

    hours = Hours()
    with serving(answering) as server, client(hours, dice, **polite) as polite_client:
        yield polite_client, server, hours


WELL = Reply(b'{"a": 1}')


def test_an_answer_comes_back_whole_and_the_client_says_who_it_is() -> None:
    with asked(WELL) as (polite, server, _):
        answer = polite.get(f"{server.url}/avis", {"limit": 100, "where": 'date >= "2026"'})
    assert answer.json() == {"a": 1}
    assert server.requests[0].query == {"limit": "100", "where": 'date >= "2026"'}
    assert "Maillage" in server.requests[0].headers["user-agent"]


@pytest.mark.parametrize(
    "failure",
    [
        Reply(status=500),
        Reply(status=503),
        Reply(status=429),
        Reply(cut=0),
        Reply(b"x" * 1000, cut=10),
        Reply(b"x" * 1000, cut=10, chunked=True),
        Reply(b"not gzip", headers={"Content-Encoding": "gzip"}),
    ],
    ids=["500", "503", "429", "connexion coupée", "corps tronqué", "corps tronqué par morceaux", "gzip abîmé"],
)
def test_what_passes_by_itself_is_tried_again(failure: Reply) -> None:
    with asked(failure, failure, WELL) as (polite, server, hours):
        assert polite.get(server.url).json() == {"a": 1}
    assert len(server.requests) == 3
    assert hours.slept == [1, 2]


def test_a_server_that_says_nothing_is_left_after_the_timeout_and_asked_again() -> None:
    never = threading.Event()
    with asked(Reply(after=never), WELL, timeout=0.05) as (polite, server, _):
        assert polite.get(server.url).json() == {"a": 1}
        never.set()


def test_an_answer_that_drips_for_ever_is_given_up() -> None:
    with asked(WELL, patience=-1) as (polite, server, _), pytest.raises(SourceUnavailableError, match="trop lente"):
        polite.get(server.url)


def test_waits_double_up_to_the_longest_with_a_random_part() -> None:
    with asked(Reply(status=502), attempts=6, longest_wait=10) as (polite, server, hours):
        with pytest.raises(SourceUnavailableError):
            polite.get(server.url)
        assert hours.slept == [1, 2, 4, 8, 10]
    with asked(Reply(status=502), dice=0.5) as (polite, server, hours):
        with pytest.raises(SourceUnavailableError):
            polite.get(server.url)
        assert hours.slept == [1.5, 3, 6]


def test_the_server_that_asks_for_time_gets_it_in_seconds_or_until_a_date() -> None:
    later = (NOON + timedelta(seconds=90)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    busy = [Reply(status=429, headers={"Retry-After": text}) for text in ("17", later, "bientôt")]
    with asked(*busy, WELL) as (polite, server, hours):
        polite.get(server.url)
    assert hours.slept == [17, 90, 4]  # the unreadable one: what we would have waited anyway


def test_a_wait_asked_in_the_past_or_beyond_reason_is_bounded() -> None:
    past = (NOON - timedelta(days=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    busy = [Reply(status=503, headers={"Retry-After": text}) for text in (past, "9" * 400)]
    with asked(*busy, WELL, longest_asked_wait=300) as (polite, server, hours):
        polite.get(server.url)
    assert hours.slept == [1, 300]


def test_two_requests_to_one_host_are_spaced_and_two_hosts_are_not() -> None:
    with serving(lambda _: WELL) as other, asked(WELL, interval=3) as (polite, server, hours):
        polite.get(server.url)
        polite.get(other.url)
        assert hours.slept == []
        polite.get(server.url)
        assert hours.slept == [3]


def test_a_source_that_stays_down_is_told_in_one_french_sentence() -> None:
    with asked(Reply(status=503)) as (polite, server, _), pytest.raises(SourceUnavailableError) as caught:
        polite.get(server.url)
    host = server.url.removeprefix("http://")
    assert str(caught.value) == f"{host} : panne de la source (code 503) (après 4 essais) ; réessayez plus tard."


def test_a_closed_port_is_a_source_that_does_not_answer() -> None:
    with serving(lambda _: WELL) as gone:
        pass
    with client(Hours()) as polite, pytest.raises(SourceUnavailableError, match="connexion impossible"):
        polite.get(gone.url)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_refusal_is_not_insisted_upon(status: int) -> None:
    with asked(Reply(status=status)) as (polite, server, _), pytest.raises(SourceRefusedError) as caught:
        polite.get(server.url)
    assert caught.value.status == status
    assert len(server.requests) == 1


@pytest.mark.parametrize("address", ["ftp://example.org/a", "pas une adresse", "http://"])
def test_an_address_that_is_none_is_refused_at_once(address: str) -> None:
    with client(Hours()) as polite, pytest.raises(SourceRefusedError):
        polite.get(address)


def test_redirects_are_followed_but_not_for_ever() -> None:
    away = Reply(status=302, headers={"Location": "/ailleurs"})
    with asked(away, WELL) as (polite, server, _):
        assert polite.get(server.url).url == f"{server.url}/ailleurs"
    with asked(away) as (polite, server, _), pytest.raises(SourceRefusedError, match="sans fin"):
        polite.get(server.url)


def test_an_answer_beyond_the_limit_is_refused_even_when_compressed() -> None:
    zeros = Reply(gzip.compress(b"0" * 100_000), headers={"Content-Encoding": "gzip"})
    for big in (Reply(b"0" * 100_000), zeros):
        with asked(big) as (polite, server, _), pytest.raises(AnswerTooBigError):
            polite.get(server.url, max_bytes=50_000)
        assert len(server.requests) == 1


def test_an_answer_that_makes_no_sense_is_asked_again() -> None:
    with asked(Reply(b"<html>Maintenance</html>"), Reply(b'{"a"'), WELL) as (polite, server, _):
        assert polite.ask(server.url, Answer.json) == {"a": 1}


def test_an_answer_that_never_makes_sense_says_how_it_begins() -> None:
    with (
        asked(Reply(b"<html>Maintenance</html>")) as (polite, server, _),
        pytest.raises(GarbledAnswerError, match="<html>Maintenance"),
    ):
        polite.ask(server.url, Answer.json)


def test_a_download_goes_on_from_where_it_was_cut() -> None:
    whole, kept = bytes(range(256)) * 40, bytearray()

    def answering(request: Request) -> Reply:
        start = int(request.headers.get("range", "bytes=0-")[6:-1])
        return Reply(whole[start:], status=206 if start else 200, cut=3000)

    def keep(response: httpx.Response) -> None:
        for chunk in response.iter_raw():
            kept.extend(chunk)

    def headers() -> dict[str, str]:
        return {"Range": f"bytes={len(kept)}-"} if kept else {}

    with asked(answering) as (polite, server, _):
        polite.read(server.url, keep, headers=headers)
    assert bytes(kept) == whole
    assert len(server.requests) == 4
