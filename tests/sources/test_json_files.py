"""Les fichiers JSON : un document par enregistrement, lus au fil de l'eau, quels que soient leur forme et leur état."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.sources.files import RawDocument, Unreadable, iter_documents
from matchmaker.sources.json_records import BrokenJsonError, encoded, records
from matchmaker.sources.tables import read_rows

RECORDS = [{"idweb": "26-1", "objet": "é"}, {"idweb": "26-2", "valeur": 1.5}, {"rien": None}]
MEGA = 1024 * 1024


def found(path: Path, **options: int) -> list[tuple[str, Any]]:
    """Nom et contenu de chaque document, ou raison de ce qui n'a pas été lu."""
    return [
        (one.name, json.loads(one.content) if isinstance(one, RawDocument) else one.reason_code)
        for one in iter_documents([path], **options)
    ]


@pytest.mark.parametrize(
    "content",
    [
        RECORDS,
        {"total_count": 3, "results": RECORDS},
        {"results": RECORDS, "total_count": 3, "links": [{"rel": "self"}]},
        {"releases": RECORDS, "publisher": {"name": "x"}},
    ],
)
def test_une_liste_donne_un_document_par_enregistrement(tmp_path: Path, content: Any) -> None:
    (tmp_path / "a.json").write_text(json.dumps(content, indent=1), "utf-8")
    names = ["a.json::26-1", "a.json::26-2", "a.json::3"]
    assert found(tmp_path / "a.json") == list(zip(names, RECORDS, strict=True))


def test_la_marque_d_octets_d_un_fichier_windows_est_passée(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(RECORDS[:1]), "utf-8-sig")
    assert found(tmp_path / "a.json") == [("a.json::26-1", RECORDS[0])]


def test_deux_publications_ocds_de_même_numéro_ont_deux_noms(tmp_path: Path) -> None:
    """L'une en quarantaine n'en sort pas parce que l'autre se lit."""
    releases = [
        {"ocid": "ocds-a-1", "id": "1"},
        {"ocid": "ocds-a-2", "id": 1},
        {"ocid": "ocds-a-3", "id": "ocds-a-3-1"},
    ]
    (tmp_path / "a.json").write_text(json.dumps({"releases": releases}), "utf-8")
    assert [name for name, _ in found(tmp_path / "a.json")] == [
        "a.json::ocds-a-1 1",
        "a.json::ocds-a-2 1",
        "a.json::ocds-a-3-1",
    ]


def test_un_objet_sans_liste_est_un_enregistrement(tmp_path: Path) -> None:
    one = {"gestion": {"reference": {"idweb": "20-1"}}, "donnees": {"lots": [1, 2]}}
    (tmp_path / "a.json").write_text(json.dumps(one))
    assert found(tmp_path / "a.json") == [("a.json::20-1", one)]


def test_des_lignes_de_json_se_lisent_une_à_une_et_une_ligne_abîmée_n_arrête_rien(tmp_path: Path) -> None:
    lines = [*map(json.dumps, RECORDS[:1]), "{coupée", "", *map(json.dumps, RECORDS[1:2])]
    with gzip.open(tmp_path / "a.jsonl.gz", "wt") as file:
        file.write("\n".join(lines))
    assert found(tmp_path / "a.jsonl.gz") == [
        ("a.jsonl.gz::26-1", RECORDS[0]),
        ("a.jsonl.gz::2", "json_invalide"),
        ("a.jsonl.gz::26-2", RECORDS[1]),
    ]


HALVES = [rb"\ud83d", rb"\udc00", rb"\uD83D\u0041", rb"\ud83d\ud83d\ude00", b"\xed\xa0\x80", rb"\\\udc00"]


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("shape", [b"[%b]", b'{"releases":[%b]}', b'{"results":[%b]}', b"lines"])
def test_une_moitié_de_caractère_ne_perd_que_son_enregistrement(tmp_path: Path, shape: bytes, half: bytes) -> None:
    written = [b'{"id":"1"}', b'{"id":"2","t":"a%bz"}' % half, b'{"id":"3"}']
    lines = shape == b"lines"
    path = tmp_path / ("avis.jsonl" if lines else "avis.json")
    path.write_bytes(b"\n".join(written) if lines else shape % b",".join(written))
    first, bad, last = found(path)
    assert (first[1], bad[1], last[1]) == ({"id": "1"}, "json_invalide", {"id": "3"})


class Drops(io.BytesIO):
    """Donne quelques octets à la fois."""

    step = 1

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self.step if size else 0)


@given(
    st.lists(st.sampled_from(["\\", "ud800", "u", "\U0001f600", "é", '"', "\n", "a", "\ud7ff", "\ue000"]), max_size=8),
    st.booleans(),
    st.integers(1, 13),
)
def test_les_caractères_entiers_restent_ce_qu_ils_sont(parts: list[str], ascii_only: bool, step: int) -> None:
    value = {"t": "".join(parts)}
    stream = Drops(json.dumps([value], ensure_ascii=ascii_only).encode())
    stream.step = step
    assert list(records(stream, MEGA)) == [value]


def test_des_enregistrements_à_la_suite_se_lisent_même_sans_le_bon_nom(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("\n".join(map(json.dumps, RECORDS)))
    assert [content for _, content in found(tmp_path / "a.json")] == RECORDS


@pytest.mark.parametrize("end", [60, 90])
def test_d_un_fichier_coupé_ce_qui_précède_est_lu(tmp_path: Path, end: int) -> None:
    (tmp_path / "a.json").write_bytes(json.dumps({"results": RECORDS}).encode()[:end])
    *read, last = found(tmp_path / "a.json")
    assert [content for _, content in read] == RECORDS[: len(read)]
    assert last == ("a.json", "json_invalide")


def test_dossiers_et_archives_donnent_leurs_json(tmp_path: Path) -> None:
    content = json.dumps(RECORDS[:1]).encode()
    folder = tmp_path / "avis"
    folder.mkdir()
    (folder / "b.json").write_bytes(content)
    with zipfile.ZipFile(folder / "z.zip", "w") as archive:
        archive.writestr("d/a.json", content)
    with tarfile.open(folder / "t.tar.gz", "w:gz") as tar:
        info = tarfile.TarInfo("c.jsonl")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    assert [name for name, _ in found(folder)] == [
        "avis/b.json::26-1",
        "avis/t.tar.gz::c.jsonl::1",
        "avis/z.zip::d/a.json::26-1",
    ]


def test_un_enregistrement_trop_gros_est_refusé(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{"idweb": "26-1"}, {"texte": ["x" * 1000] * 3000}]))
    *_, last = found(tmp_path / "a.json", max_bytes=MEGA)
    assert last == ("a.json", "trop_gros")


def test_la_mémoire_tient_un_enregistrement_pas_le_fichier(tmp_path: Path) -> None:
    with (tmp_path / "a.json").open("w") as file:
        file.write('{"results": [')
        for number in range(40):
            file.write(("," if number else "") + json.dumps({"idweb": str(number), "donnees": "x" * MEGA}))
        file.write("]}")
    tracemalloc.start()
    count = sum(isinstance(one, RawDocument) for one in iter_documents([tmp_path / "a.json"]))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 40
    assert peak < 12 * MEGA


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.lists(VALUES, max_size=4))
def test_ce_qui_est_écrit_est_relu(values: list[Any]) -> None:
    for content in (values, {"total_count": 1, "results": values}):
        assert list(records(io.BytesIO(encoded(content)), MEGA)) == values


@given(st.binary(max_size=60))
def test_aucun_octet_ne_provoque_de_panne(content: bytes) -> None:
    try:
        list(records(io.BytesIO(b"[" + content), MEGA))
    except BrokenJsonError as error:
        assert str(error).endswith(".")


def test_un_document_illisible_garde_une_phrase(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[")
    [one] = iter_documents([tmp_path / "a.json"])
    assert isinstance(one, Unreadable)
    assert one.message.endswith(".")


def test_a_nul_leaves_the_texts_of_a_json_table(tmp_path: Path) -> None:
    path = tmp_path / "liste.json"
    path.write_text('[{"siret": "1\\u0000", "nom": "A\\u0000B"}]', "utf-8")
    (row,) = read_rows(path)
    assert row.values == {"siret": "1", "nom": "AB"}
