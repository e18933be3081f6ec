"""Files of a snapshot: whole or not there, whatever happens to who writes them."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from matchmaker.domain.store import DamagedError, FullError, Manifest, MissingError, Store

ROOT = Path(__file__).parents[2]
SIZE = 40_000  # numbers a file: writing it takes long enough to be killed within

WRITER = """
import sys
from pathlib import Path
from tests.domain.test_store import publish
from matchmaker.domain.store import Store, SnapshotError
store = Store(Path(sys.argv[1]), grace_s=0.05)
print("ready", flush=True)
for number in range(int(sys.argv[2]), int(sys.argv[3])):
    with store.locked():
        publish(store, number)
    print(number, flush=True)
"""


def manifest(store: Store, files: dict[str, object], number: int) -> Manifest:
    return Manifest(
        version=store.last_version() + 1,
        parent=None,
        made_at="2026-11-23T10:00:00+00:00",
        fictitious=False,
        basis="essai",
        reference="essai",
        until="2026-11-23T10:00:00+00:00",
        firms=number,
        segments=files,  # type: ignore[arg-type]
    )


def publish(store: Store, number: int, size: int = SIZE) -> Manifest:
    """A version of three files, all full of one number."""
    files = {}
    for trade, kind in (("T01", "i8"), ("T02", "f8"), ("T03", "u4")):
        files[trade] = store.write({"value": np.full(size, number, kind), "none": np.zeros(0, kind)}, size)
    whole = manifest(store, dict(files), number)
    store.publish(whole)
    store.clean(time.time())
    return whole


def read(store: Store) -> int:
    """The one number of the version in force; fails when anything else is met."""
    for _ in range(20):
        whole = store.current()
        try:
            columns = [store.open(stored) for stored in whole.segments.values()]
        except DamagedError:  # replaced, and its grace over, between the two
            continue
        found = {value for one in columns for value in np.unique(one["value"]).tolist()}
        assert found == {whole.firms}
        return whole.firms
    raise AssertionError("la version en vigueur n'est jamais entière")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_columns_come_back_bit_for_bit_and_cannot_be_written(store: Store) -> None:
    arrays = {"a": np.array([1.5, -0.0, np.inf]), "b": np.array([], "u4"), "c": np.arange(7, dtype="u1")}
    with store.locked():
        kept = store.write(arrays, 3)
    back = store.open(kept)
    assert {name: (array.dtype, array.tobytes()) for name, array in back.items()} == {
        name: (array.dtype, array.tobytes()) for name, array in arrays.items()
    }
    with pytest.raises(ValueError, match="read-only"):
        back["a"][0] = 1.0


def test_the_same_columns_are_one_file(store: Store) -> None:
    with store.locked():
        first, second = (store.write({"a": np.arange(5)}, 5) for _ in range(2))
    assert first == second
    assert len(list(store.folder.glob("*.bin"))) == 1


def test_nothing_built_says_what_to_do(store: Store) -> None:
    with pytest.raises(MissingError, match="snapshot build"):
        store.current()


def test_a_version_replaced_stays_readable_for_who_holds_it_and_goes_after_its_grace(tmp_path: Path) -> None:
    store = Store(tmp_path, grace_s=0.2)
    with store.locked():
        held = store.open(publish(store, 1, size=1000).segments["T01"])
        publish(store, 2, size=1000)
        assert len(store.versions()) == 2  # someone may have read the first manifest a moment ago
        time.sleep(0.3)
        store.clean(time.time())
    assert [whole.firms for whole in store.versions()] == [2]
    assert len(list(tmp_path.glob("*.bin"))) == 3
    assert held["value"].tolist() == [1] * 1000


@pytest.mark.parametrize("spoiled", ["CURRENT", "manifest", "file", "short", "gone"])
def test_damage_is_told_with_what_to_do(store: Store, spoiled: str) -> None:
    with store.locked():
        whole = publish(store, 3)
    path = store.folder / whole.segments["T02"].file
    match spoiled:
        case "CURRENT":
            (store.folder / "CURRENT").write_text("{")
        case "manifest":
            target = store.folder / "v00000001.json"
            target.write_text(target.read_text().replace("essai", "autre"))
        case "file":
            path.write_bytes(b"\x01" + path.read_bytes()[1:])
        case "short":
            path.write_bytes(path.read_bytes()[:100])
        case "gone":
            path.unlink()
    with pytest.raises(DamagedError, match="snapshot build"):
        for stored in store.current().segments.values():
            store.open(stored)
    if spoiled in ("file", "short", "gone"):
        (problem,) = store.problems(whole)
        assert path.name in problem
    with store.locked():
        publish(store, 3)
    assert read(store) == 3


def test_what_changes_on_disk_after_it_was_verified_is_found_on_demand(store: Store) -> None:
    with store.locked():
        whole = publish(store, 3)
    assert store.problems(whole) == []
    path = store.folder / whole.segments["T01"].file
    seen = path.stat()
    with path.open("r+b") as file:
        file.write(b"\x09")
    os.utime(path, ns=(seen.st_atime_ns, seen.st_mtime_ns))  # as a failing disk: nothing shows it
    assert len(store.problems(whole)) == 1


def test_killed_anywhere_it_leaves_a_whole_version_and_the_next_one_goes_on(tmp_path: Path) -> None:
    """Six writers, one after the other, each killed by SIGKILL at a moment drawn; readers read all along."""
    store, dice = Store(tmp_path, grace_s=0.05), random.Random(9)
    with store.locked():
        publish(store, 0)
    seen: set[int] = set()
    stop, failed = threading.Event(), []

    def reading() -> None:
        try:
            while not stop.is_set():
                seen.add(read(store))
        except BaseException as error:
            failed.append(error)

    reader = threading.Thread(target=reading)
    reader.start()
    try:
        for turn in range(1, 7):
            first = turn * 1000
            with subprocess.Popen(
                [sys.executable, "-W", "ignore", "-c", WRITER, str(tmp_path), str(first), str(first + 1000)],
                cwd=ROOT,
                stdout=subprocess.PIPE,
            ) as writer:
                assert writer.stdout
                assert writer.stdout.readline() == b"ready\n"
                assert int(writer.stdout.readline()) == first  # one version is in force, the next under way
                time.sleep(dice.uniform(0.005, 0.15))
                writer.send_signal(signal.SIGKILL)
            assert writer.returncode == -signal.SIGKILL
            whole = store.current()
            assert store.problems(whole) == []
    finally:
        stop.set()
        reader.join()
    assert failed == []
    assert store.last_version() > 6
    assert len(seen) > 1
    with store.locked():
        publish(store, 99_999)
        time.sleep(0.1)
        store.clean(time.time())
    assert read(store) == 99_999
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {
        "lock",
        "CURRENT",
        ".cleaned",
        f"v{store.last_version():08d}.json",
        *(one.file for one in store.current().files),
    }


def test_two_writers_at_once_take_turns(tmp_path: Path) -> None:
    store = Store(tmp_path)
    writers = [
        subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", WRITER, str(tmp_path), str(at), str(at + 8)],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        for at in (100, 200)
    ]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert store.current().version == 16
    assert read(store) in (107, 207)


def test_a_full_disk_publishes_nothing_and_says_so(tmp_path: Path) -> None:
    """A process that may write no file beyond 100 kB; the version before stays in force."""
    store = Store(tmp_path)
    with store.locked():
        publish(store, 1, size=1000)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", f"{limit}\n{WRITER}", str(tmp_path), "2", "3"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "La place manque pour écrire l'instantané" in done.stderr
    assert FullError.__name__ in done.stderr
    assert read(store) == 1
    with store.locked():
        publish(store, 3)
    assert read(store) == 3
    assert not list(tmp_path.glob(".*.part"))


@pytest.mark.parametrize("name", ["CURRENT", "manifest", "columns"])
def test_a_file_that_cannot_be_read_is_told_as_damaged(tmp_path: Path, name: str) -> None:
    """A folder in its place, as any refusal of the system: one sentence, never the system's own error."""
    store = Store(tmp_path)
    whole = publish(store, 1, size=10)
    stored = whole.segments["T01"]
    path = tmp_path / {"CURRENT": name, "manifest": "v00000001.json", "columns": stored.file}[name]
    path.unlink()
    path.mkdir()
    with pytest.raises(DamagedError, match=path.name):
        store.open(stored) if name == "columns" else store.current()
