"""Asking public servers politely: one client for every source that comes by HTTP.

It names itself, waits between two requests to one host, and tries again after what passes by itself (a cut
connection, a timeout, a truncated body, 429, 5xx, an answer that makes no sense), longer each time, and at
least as long as the server asks. What will not pass by itself (404, too many redirects, an answer beyond the size
limit) is refused at once. Clock, sleep and dice come in as parameters.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, Self

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

USER_AGENT: Final = "Maillage/0.1 (rapprochement de marchés publics ; données ouvertes)".encode()
_PASSES_BY_ITSELF: Final = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})

type Params = Mapping[str, str | int]
type Headers = Mapping[str, str]


class SourceError(RuntimeError):
    """La source n'a pas donné de réponse utilisable ; réessayez plus tard."""


class SourceUnavailableError(SourceError):
    """La source ne répond pas pour le moment ; réessayez plus tard, la reprise se fait où l'import s'est arrêté."""


class GarbledAnswerError(SourceUnavailableError):
    """La source a envoyé une réponse incompréhensible ; réessayez plus tard."""


class SourceRefusedError(SourceError):
    """La source refuse cette demande ; vérifiez son adresse."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class AnswerTooBigError(SourceError):
    """La réponse de la source dépasse la taille admise ; demandez moins à la fois."""


@dataclass(frozen=True, slots=True)
class Politeness:
    """How long to wait, how often to insist. Seconds, attempts, bytes."""

    attempts: int = 7
    first_wait: float = 1.0  # doubled at each failure, with up to as much again at random
    longest_wait: float = 60.0
    longest_asked_wait: float = 600.0  # a Retry-After beyond is not obeyed to the end
    interval: float = 0.2  # between two requests to one host
    timeout: float = 30.0  # without any byte
    patience: float = 600.0  # for one whole answer of ``get``
    redirects: int = 5
    max_bytes: int = 64 * 1024 * 1024

    def __post_init__(self) -> None:
        if self.attempts < 1 or min(self.first_wait, self.longest_wait, self.interval) < 0:
            raise ValueError("politeness needs an attempt and no negative wait")


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, decompressed."""

    url: str  # after redirects
    status: int
    headers: httpx.Headers
    content: bytes

    def json(self) -> Any:
        """The content as JSON, or :class:`GarbledAnswerError`."""
        try:
            return json.loads(self.content)
        except ValueError as error:
            start = " ".join(self.content[:60].decode("utf-8", "replace").split())
            raise GarbledAnswerError(
                f"{self.url} : du JSON était attendu, la réponse commence par « {start} »."
            ) from error


@dataclass(slots=True)
class _AgainError(Exception):
    """Something that passes by itself: worth another attempt, not before ``after`` seconds."""

    why: str
    after: float = 0.0
    cause: SourceError | None = None


@dataclass(slots=True)
class PoliteClient:
    """``with PoliteClient() as client: client.get(url)``. Not to be shared by threads."""

    politeness: Politeness = field(default_factory=Politeness)
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    dice: Callable[[], float] = random.random  # 0..1
    _client: httpx.Client = field(init=False)
    _free_at: dict[str, float] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._client = httpx.Client(
            headers={b"User-Agent": USER_AGENT},
            timeout=self.politeness.timeout,
            follow_redirects=True,
            max_redirects=self.politeness.redirects,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def get(
        self, url: str, params: Params | None = None, headers: Headers | None = None, *, max_bytes: int | None = None
    ) -> Answer:
        """The whole answer. Raises a :class:`SourceError`."""
        return self.ask(url, lambda answer: answer, params, headers, max_bytes=max_bytes)

    def ask[T](
        self,
        url: str,
        understand: Callable[[Answer], T],
        params: Params | None = None,
        headers: Headers | None = None,
        *,
        max_bytes: int | None = None,
    ) -> T:
        """What ``understand`` makes of the answer; asked again when it raises :class:`GarbledAnswerError`."""
        limit = max_bytes or self.politeness.max_bytes
        return self.read(url, lambda response: understand(self._whole(response, limit)), params, headers)

    def read[T](
        self,
        url: str,
        consume: Callable[[httpx.Response], T],
        params: Params | None = None,
        headers: Headers | Callable[[], Headers] | None = None,
    ) -> T:
        """What ``consume`` makes of the open response (status below 400), its body still to be read.

        ``consume`` is called again at each attempt; ``headers`` may be a function, asked at each attempt, so
        that a download goes on from where the last attempt was cut (``Range``).
        """
        asked = headers if callable(headers) else lambda: headers or {}
        attempts = Retrying(
            stop=stop_after_attempt(self.politeness.attempts),
            wait=self._wait,
            retry=retry_if_exception_type(_AgainError),
            sleep=self.sleep,
            reraise=True,
        )
        try:
            result: T = attempts(self._once, url, consume, params, asked)
            return result
        except _AgainError as last:
            tries = f"après {self.politeness.attempts} essais"
            if last.cause:
                raise type(last.cause)(
                    f"{last.cause} La réponse est restée la même {tries} : réessayez plus tard."
                ) from last
            raise SourceUnavailableError(f"{_host(url)} : {last.why} ({tries}) ; réessayez plus tard.") from last

    # --- one attempt ---

    def _once[T](
        self,
        url: str,
        consume: Callable[[httpx.Response], T],
        params: Params | None,
        headers: Callable[[], Headers],
    ) -> T:
        self._take_turn(url)
        try:
            with self._client.stream(
                "GET", url, params=dict(params) if params else None, headers=dict(headers())
            ) as response:
                self._check(response)
                return consume(response)
        except GarbledAnswerError as error:
            raise _AgainError(str(error), cause=error) from error
        except httpx.TimeoutException as error:
            raise _AgainError("pas de réponse à temps") from error
        except httpx.TooManyRedirects as error:
            raise SourceRefusedError(f"{url} renvoie sans fin d'une adresse à l'autre : vérifiez-la.") from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise SourceRefusedError(f"« {url} » n'est pas une adresse http(s) : corrigez-la.") from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise _AgainError(
                "connexion impossible" if isinstance(error, httpx.ConnectError) else "réponse coupée"
            ) from error

    def _check(self, response: httpx.Response) -> None:
        status = response.status_code
        if status in _PASSES_BY_ITSELF:
            why = "trop de demandes pour l'instant" if status == 429 else f"panne de la source (code {status})"
            raise _AgainError(why, after=self._asked_wait(response.headers.get("Retry-After", "")))
        if status >= 400:
            raise SourceRefusedError(f"{response.url} : demande refusée (code {status}) ; vérifiez l'adresse.", status)

    def _whole(self, response: httpx.Response, limit: int) -> Answer:
        start, content = self.clock(), bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > limit:
                raise AnswerTooBigError(f"{response.url} : la réponse dépasse {limit} octets, elle n'a pas été lue.")
            if self.clock() - start > self.politeness.patience:
                raise _AgainError("réponse trop lente")
        return Answer(str(response.url), response.status_code, response.headers, bytes(content))

    # --- waiting ---

    def _take_turn(self, url: str) -> None:
        """Wait until the host was left alone for the interval."""
        host = _host(url)
        wait = self._free_at.get(host, 0.0) - self.clock()
        if wait > 0:
            self.sleep(wait)
        self._free_at[host] = self.clock() + self.politeness.interval

    def _wait(self, state: RetryCallState) -> float:
        """Twice as long each time, with a random part so that clients do not come back together."""
        polite = self.politeness
        base = min(polite.longest_wait, polite.first_wait * 2.0 ** (state.attempt_number - 1))
        error = state.outcome.exception() if state.outcome else None
        asked = error.after if isinstance(error, _AgainError) else 0.0
        return max(asked, min(polite.longest_wait, base * (1 + self.dice())))

    def _asked_wait(self, retry_after: str) -> float:
        """Seconds of a Retry-After given in seconds or as a date; 0 when there is none that can be read."""
        text = retry_after.strip()
        if text.isdecimal():
            seconds = float(text[:9])
        else:
            try:
                moment = parsedate_to_datetime(text)
            except ValueError:
                return 0.0
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            seconds = (aware - self.now()).total_seconds()
        return min(max(seconds, 0.0), self.politeness.longest_asked_wait)


def _host(url: str) -> str:
    try:
        return httpx.URL(url).netloc.decode("ascii", "replace") or url
    except httpx.InvalidURL:
        return url
