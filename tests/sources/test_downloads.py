"""Downloads from a real server that cuts, changes its mind and lies."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator
from datetime import date
from itertools import repeat
from pathlib import Path

import pytest

from matchmaker.sources.downloads import (
    Download,
    FileTooBigError,
    Limits,
    NoRoomError,
    NoSuchResourceError,
    download,
)
from matchmaker.sources.http import PoliteClient, Politeness, SourceRefusedError, SourceUnavailableError
from tests.http_server import Reply, Request, Server, serving

BODY = bytes(range(256)) * 4_000  # a megabyte
MODIFIED = "Sun, 01 Nov 2026 03:00:00 GMT"


class Shelf:
    """A file on a server, with ranges and validators; ``cuts`` are bytes after which the next answers stop."""

    def __init__(self, body: bytes = BODY, etag: str = '"un"', modified: str = MODIFIED) -> None:
        self.body, self.etag, self.modified = body, etag, modified
        self.cuts: list[int] = []
        self.more: dict[str, str] = {}

    def __call__(self, request: Request) -> Reply:
        validators = {"ETag": self.etag} if self.etag else {}
        validators |= {"Last-Modified": self.modified} if self.modified else {}
        headers = validators | self.more
        cut = self.cuts.pop(0) if self.cuts else None
        if self.etag and request.headers.get("if-none-match") == self.etag:
            return Reply(status=304, headers=headers)
        start = request.headers.get("range", "").removeprefix("bytes=").removesuffix("-")
        if start and request.headers.get("if-range") in (self.etag, self.modified):
            if int(start) >= len(self.body):
                return Reply(status=416, headers=headers)
            part = self.body[int(start) :]
            headers["Content-Range"] = f"bytes {start}-{len(self.body) - 1}/{len(self.body)}"
            return Reply(part, 206, headers, cut=cut)
        return Reply(self.body, 200, headers, cut=cut)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def server(shelf: Shelf) -> Iterator[Server]:
    with serving(shelf) as started:
        yield started


def fetch(server: Server, folder: Path, name: str = "liste.csv", **more: object) -> Download:
    with PoliteClient(Politeness(interval=0, first_wait=0, attempts=4), sleep=lambda seconds: None) as client:
        return download(client, f"{server.url}/{name}", folder, **more)  # type: ignore[arg-type]


def ranges(server: Server) -> list[str]:
    return [request.headers.get("range", "") for request in server.requests]


def test_a_file_comes_whole_with_its_hash_and_its_date(server: Server, tmp_path: Path) -> None:
    got = fetch(server, tmp_path)
    assert got.path == tmp_path / "liste.csv"
    assert got.path.read_bytes() == BODY
    assert got.sha256 == hashlib.sha256(BODY).hexdigest()
    assert (got.size, got.modified, got.unchanged) == (len(BODY), date(2026, 11, 1), False)
    assert not list(tmp_path.glob("*.part*"))


def test_an_unchanged_file_is_not_sent_again(server: Server, tmp_path: Path) -> None:
    first = fetch(server, tmp_path)
    again = fetch(server, tmp_path)
    assert again.unchanged
    assert (again.path, again.sha256, again.modified) == (first.path, first.sha256, first.modified)
    assert server.requests[1].headers["if-none-match"] == '"un"'
    assert server.requests[1].headers["if-modified-since"] == MODIFIED


def test_the_same_bytes_under_another_etag_are_unchanged(server: Server, shelf: Shelf, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    shelf.etag = '"deux"'
    assert fetch(server, tmp_path).unchanged


def test_a_changed_file_replaces_the_one_before(server: Server, shelf: Shelf, tmp_path: Path) -> None:
    fetch(server, tmp_path)
    shelf.body, shelf.etag = b"nouveau;contenu\n", '"deux"'
    got = fetch(server, tmp_path)
    assert not got.unchanged
    assert got.path.read_bytes() == shelf.body


def test_a_cut_download_goes_on_where_it_stopped(server: Server, shelf: Shelf, tmp_path: Path) -> None:
    shelf.cuts = [300_000, 200_000]
    got = fetch(server, tmp_path)
    assert got.path.read_bytes() == BODY
    assert ranges(server)[0] == ""
    starts = [int(said.removeprefix("bytes=").removesuffix("-")) for said in ranges(server)[1:]]
    assert len(starts) == 2
    assert 0 < starts[0] < starts[1] <= 500_000


def test_a_later_process_goes_on_too(server: Server, shelf: Shelf, tmp_path: Path) -> None:
    shelf.cuts = [300_000, 0, 0, 0]
    with pytest.raises(SourceUnavailableError):
        fetch(server, tmp_path)
    assert fetch(server, tmp_path).path.read_bytes() == BODY
    assert ranges(server)[-1].startswith("bytes=")


def test_a_file_changed_in_between_is_taken_anew(server: Server, shelf: Shelf, tmp_path: Path) -> None:
    """Never half of one and half of the other."""
    shelf.cuts = [300_000, 0, 0, 0]
    with pytest.raises(SourceUnavailableError):
        fetch(server, tmp_path)
    shelf.body, shelf.etag, shelf.modified = b"x" * 900_000, '"deux"', "Mon, 02 Nov 2026 03:00:00 GMT"
    assert fetch(server, tmp_path).path.read_bytes() == shelf.body


def test_a_weak_etag_does_not_vouch_for_bytes(server: Server, shelf: Shelf, tmp_path: Path) -> None:
    shelf.etag, shelf.cuts = 'W/"un"', [300_000]
    assert fetch(server, tmp_path).path.read_bytes() == BODY
    assert server.requests[1].headers["if-range"] == MODIFIED


def test_without_any_validator_a_cut_download_starts_again(server: Server, shelf: Shelf, tmp_path: Path) -> None:
    shelf.etag = shelf.modified = ""
    shelf.cuts = [300_000]
    got = fetch(server, tmp_path)
    assert got.path.read_bytes() == BODY
    assert ranges(server) == ["", ""]
    assert got.modified is None


def test_a_shorter_file_than_what_was_held_is_taken_anew(server: Server, shelf: Shelf, tmp_path: Path) -> None:
    """Same validator, which is a lie: the server answers 416."""
    shelf.cuts = [300_000, 0, 0, 0]
    with pytest.raises(SourceUnavailableError):
        fetch(server, tmp_path)
    shelf.body = BODY[:1000]
    assert fetch(server, tmp_path).path.read_bytes() == BODY[:1000]


def test_a_partial_answer_from_elsewhere_is_not_glued(tmp_path: Path) -> None:
    answers = iter([Reply(BODY, headers={"ETag": '"un"'}, cut=300_000)])

    def answering(request: Request) -> Reply:
        wrong = Reply(BODY[9:], 206, {"ETag": '"un"', "Content-Range": f"bytes 9-{len(BODY) - 1}/{len(BODY)}"})
        return next(answers, wrong if "range" in request.headers else Reply(BODY))

    with serving(answering) as server:
        assert fetch(server, tmp_path).path.read_bytes() == BODY


# ---------------------------------------------------------------- what a name promises

WHOLE_GZIP = gzip.compress(b"siret;nom\n" * 1000)


@pytest.mark.parametrize(
    ("name", "bad", "good", "words"),
    [
        ("liste.csv.gz", WHOLE_GZIP[:-200], WHOLE_GZIP, "gzip est abîmé"),
        ("liste.csv.gz", WHOLE_GZIP[:-6] + b"abcdef", WHOLE_GZIP, "gzip est abîmé"),
        ("stock.parquet", b"PAR1" + BODY, b"PAR1" + BODY + b"PAR1", "Parquet est incomplet"),
        ("liste.csv", b"<!DOCTYPE html><html>Maintenance", b"siret;nom\n", "une page web"),
        ("liste.xlsx", b"PK\x03\x04 coupe", None, "archive est incomplète"),
        ("liste.csv", b"   ", b"siret;nom\n", "vide"),
    ],
    ids=["gzip coupé", "gzip faux", "parquet coupé", "page de maintenance", "xlsx coupé", "vide"],
)
def test_what_cannot_be_the_file_is_fetched_again_and_never_kept(
    tmp_path: Path, name: str, bad: bytes, good: bytes | None, words: str
) -> None:
    bodies = iter([bad, bad, good] if good else repeat(bad))
    with serving(lambda request: Reply(next(bodies), headers={"ETag": '"un"'})) as server:
        if good:
            assert fetch(server, tmp_path, name).path.read_bytes() == good
        else:
            with pytest.raises(SourceUnavailableError, match=words):
                fetch(server, tmp_path, name)
            assert not (tmp_path / name).exists()
        assert "range" not in server.requests[-1].headers


def test_a_refused_address_is_said_at_once(tmp_path: Path) -> None:
    with serving(lambda request: Reply(status=404)) as server:
        with pytest.raises(SourceRefusedError, match="vérifiez l'adresse"):
            fetch(server, tmp_path)
        assert len(server.requests) == 1


def test_a_file_beyond_the_limit_is_not_downloaded(server: Server, tmp_path: Path) -> None:
    with pytest.raises(FileTooBigError, match="1,0 Mo, au-delà des 500 ko admis"):
        fetch(server, tmp_path, limits=Limits(max_bytes=500_000))
    assert not list(tmp_path.glob("*.part"))


def test_a_length_that_is_not_said_is_limited_too(tmp_path: Path) -> None:
    with (
        serving(lambda request: Reply(BODY, chunked=True)) as server,
        pytest.raises(FileTooBigError, match="arrêté là"),
    ):
        fetch(server, tmp_path, limits=Limits(max_bytes=500_000))


def test_a_disk_too_small_is_said_before_it_is_filled(server: Server, tmp_path: Path) -> None:
    with pytest.raises(NoRoomError, match="libérez-en"):
        fetch(server, tmp_path, limits=Limits(keep_free=10**18))


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ('attachment; filename="../../etc/liste 1.csv"', "liste_1.csv"),
        ("attachment; filename=stock.parquet.csv", "stock.parquet.csv"),
        ("", "telecharger"),
        ('attachment; filename=".cache"', "cache"),
    ],
)
def test_a_name_from_the_network_never_leaves_the_folder(
    server: Server, shelf: Shelf, tmp_path: Path, said: str, kept: str
) -> None:
    shelf.more = {"Content-Disposition": said} if said else {}
    assert fetch(server, tmp_path, "a/b/telecharger").path == tmp_path / kept


# ---------------------------------------------------------------- data.gouv.fr


def catalogue(server: Server, **more: object) -> bytes:
    def resource(title: str, name: str, day: str) -> dict[str, object]:
        return {"title": title, "url": f"{server.url}/{name}", "last_modified": f"2026-{day}T00:00:00+00:00"}

    listed = [
        resource("Stock des établissements (octobre)", "octobre.csv", "10-01"),
        resource("Stock des établissements (novembre)", "novembre.csv", "11-01") | more,
        resource("Documentation", "notice.pdf", "11-20"),
    ]
    return json.dumps({"resources": listed}).encode()


def dataset(server: Server, folder: Path, pattern: str) -> Download:
    return fetch(server, folder, f"api/1/datasets/base-sirene/#{pattern}")


@pytest.fixture
def gouv() -> Iterator[tuple[Server, dict[str, bytes]]]:
    files = {"/octobre.csv": b"octobre", "/novembre.csv": b"novembre"}

    def answering(request: Request) -> Reply:
        return Reply(files.get(request.path) or catalogue(server))

    with serving(answering) as server:
        yield server, files


def test_the_latest_matching_resource_of_a_dataset_is_taken(
    gouv: tuple[Server, dict[str, bytes]], tmp_path: Path
) -> None:
    server, _ = gouv
    got = dataset(server, tmp_path, "stock des établissements")
    assert got.path.read_bytes() == b"novembre"
    assert got.url == f"{server.url}/novembre.csv"


def test_a_dataset_without_the_resource_is_said(gouv: tuple[Server, dict[str, bytes]], tmp_path: Path) -> None:
    with pytest.raises(NoSuchResourceError, match="aucune ressource ne correspond à « geoloc »"):
        dataset(gouv[0], tmp_path, "geoloc")


def test_the_published_checksum_is_checked(gouv: tuple[Server, dict[str, bytes]], tmp_path: Path) -> None:
    server, files = gouv
    right = hashlib.sha1(b"novembre").hexdigest()
    files["/api/1/datasets/base-sirene/"] = catalogue(server, checksum={"type": "sha1", "value": right})
    assert dataset(server, tmp_path, "novembre").size == 8
    files["/api/1/datasets/base-sirene/"] = catalogue(server, checksum={"type": "sha1", "value": "0" * 40})
    files["/novembre.csv"] = b"autre"
    with pytest.raises(SourceUnavailableError, match="somme de contrôle publiée diffère"):
        dataset(server, tmp_path, "novembre")
    assert (tmp_path / "novembre.csv").read_bytes() == b"novembre"  # the good one stays
