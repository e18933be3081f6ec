"""Parcourir fichiers, dossiers et archives : rien n'est perdu, rien n'explose, la suite est lue."""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matchmaker.sources.files import InputNotFoundError, RawDocument, Unreadable, iter_documents
from matchmaker.sources.notices import parse_notice
from matchmaker.sources.xml import NoticeError, parse_xml
from tests.sources.notice_data import WRITTEN, raw

XML = b"<?xml version='1.0'?><avis/>"
MEGA = 1024 * 1024


def tar_with(path: Path, members: dict[str, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def names(*paths: Path) -> list[str]:
    return [found.name for found in iter_documents(paths)]


def only(path: Path, **options: int) -> Unreadable:
    [found] = iter_documents([path], **options)
    assert isinstance(found, Unreadable)
    assert found.message.endswith(".")
    return found


# --- ce qui est lu -------------------------------------------------------------------------------


def test_un_fichier_nommé_est_lu_avec_son_empreinte(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_bytes(XML)
    assert list(iter_documents([tmp_path / "a.xml"])) == [raw(XML, "a.xml")]


def test_un_dossier_est_parcouru_dans_l_ordre_et_en_profondeur(tmp_path: Path) -> None:
    folder = tmp_path / "avis"
    for name in ("b/2.xml", "a/9.xml", "1.xml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(XML)
    assert names(folder) == ["avis/1.xml", "avis/a/9.xml", "avis/b/2.xml"]


def test_dans_un_dossier_les_autres_fichiers_et_les_fichiers_cachés_sont_passés(tmp_path: Path) -> None:
    for name in ("a.xml", ".caché.xml", "index.csv", "lisez-moi.md", "index.csv.gz"):
        (tmp_path / name).write_bytes(XML)
    assert names(tmp_path) == [f"{tmp_path.name}/a.xml"]


@pytest.mark.parametrize(("suffix", "mode"), [(".tar.gz", "w:gz"), (".tgz", "w:gz"), (".tar", "w")])
def test_une_archive_tar_est_lue_sans_être_extraite(tmp_path: Path, suffix: str, mode: str) -> None:
    path = tar_with(tmp_path / f"lot{suffix}", {"d/a.xml": XML, "b.xml": XML, "index.csv": b"x"}, mode)
    assert names(path) == [f"lot{suffix}::d/a.xml", f"lot{suffix}::b.xml"]
    assert list(tmp_path.iterdir()) == [path]


def test_une_archive_zip_et_un_gz_sont_lus(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("d/a.xml", XML)
    with gzip.open(tmp_path / "y.xml.gz", "wb") as stream:
        stream.write(XML)
    assert names(tmp_path) == [f"{tmp_path.name}/y.xml.gz", f"{tmp_path.name}/z.zip::d/a.xml"]


def test_un_chemin_absolu_dans_une_archive_n_est_qu_un_nom(tmp_path: Path) -> None:
    path = tar_with(tmp_path / "x.tar", {"/etc/passwd.xml": XML, "../../dehors.xml": XML}, "w")
    assert names(path) == ["x.tar::/etc/passwd.xml", "x.tar::../../dehors.xml"]
    assert not (tmp_path.parent.parent / "dehors.xml").exists()


def test_un_lien_d_archive_n_est_pas_suivi(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x.tar", "w") as tar:
        link = tarfile.TarInfo("lien.xml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        tar.addfile(link)
    assert only(tmp_path / "x.tar").reason_code == "archive_vide"


def test_un_lien_qui_sort_du_dossier_n_est_pas_suivi(tmp_path: Path) -> None:
    folder = tmp_path / "avis"
    folder.mkdir()
    (tmp_path / "secret.xml").write_bytes(XML)
    (folder / "lien.xml").symlink_to(tmp_path / "secret.xml")
    assert only(folder).reason_code == "dossier_vide"


# --- ce qui ne peut pas l'être -------------------------------------------------------------------


def test_un_chemin_absent_est_une_erreur_dite_tout_de_suite(tmp_path: Path) -> None:
    with pytest.raises(InputNotFoundError, match="n'existe pas"):
        iter_documents([tmp_path / "absent"])


def test_un_dossier_vide_est_signalé(tmp_path: Path) -> None:
    assert only(tmp_path).reason_code == "dossier_vide"


def test_un_fichier_nommé_qui_n_est_pas_du_xml_est_signalé(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_bytes(b"a;b\n1;2\n")
    assert only(tmp_path / "index.csv").reason_code == "pas_xml"


def test_une_archive_tronquée_livre_ce_qui_précède_puis_le_dit(tmp_path: Path) -> None:
    noise = os.urandom(200_000)
    whole = tar_with(tmp_path / "x.tar.gz", {"a.xml": XML, "b.xml": b"<b>" + noise, "c.xml": XML}).read_bytes()
    (tmp_path / "x.tar.gz").write_bytes(whole[: len(whole) // 2])
    first, last = iter_documents([tmp_path / "x.tar.gz"])
    assert first.name == "x.tar.gz::a.xml"
    assert isinstance(last, Unreadable) and last.reason_code == "archive_tronquee"


def test_un_tar_coupé_entre_deux_fichiers_est_signalé(tmp_path: Path) -> None:
    path = tar_with(tmp_path / "x.tar", {"a.xml": XML, "b.xml": XML}, "w")
    path.write_bytes(path.read_bytes()[:1024])
    assert [getattr(found, "reason_code", "") for found in iter_documents([path])] == ["", "archive_tronquee"]


def test_une_archive_qui_n_en_est_pas_une_est_signalée_et_la_suite_est_lue(tmp_path: Path) -> None:
    for name in ("a.tar.gz", "b.tar", "c.zip", "d.xml.gz"):
        (tmp_path / name).write_bytes(b"pas une archive")
    (tmp_path / "e.xml").write_bytes(XML)
    *broken, last = iter_documents([tmp_path])
    assert [getattr(found, "reason_code", "") for found in broken] == ["archive_illisible"] * 4
    assert isinstance(last, RawDocument)


def test_une_archive_dans_une_archive_est_signalée(tmp_path: Path) -> None:
    path = tar_with(tmp_path / "x.tar", {"y.tar.gz": b"..."}, "w")
    assert only(path).reason_code == "archive_imbriquee"


def test_un_fichier_de_200_mo_est_refusé_sans_être_lu(tmp_path: Path) -> None:
    path = tmp_path / "gros.xml"
    with path.open("wb") as stream:
        stream.write(b"<avis>")
        stream.truncate(200 * MEGA)
    tracemalloc.start()
    refusal = only(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert refusal.reason_code == "trop_gros"
    assert peak < 60 * MEGA


@pytest.mark.parametrize("kind", ["gz", "tar.gz", "zip"])
def test_une_bombe_de_compression_est_refusée_à_mémoire_bornée(tmp_path: Path, kind: str) -> None:
    bomb = b"<a>" + bytes(64 * MEGA)
    path = tmp_path / f"bombe.xml.{kind}" if kind == "gz" else tmp_path / f"bombe.{kind}"
    if kind == "gz":
        path.write_bytes(gzip.compress(bomb, 1))
    elif kind == "tar.gz":
        tar_with(path, {"a.xml": bomb, "b.xml": XML})
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.xml", bomb)
            archive.writestr("b.xml", XML)
    tracemalloc.start()
    first, *others = iter_documents([path], max_bytes=MEGA)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert isinstance(first, Unreadable) and first.reason_code == "trop_gros"
    assert [found.name.rpartition("::")[2] for found in others] == ([] if kind == "gz" else ["b.xml"])
    assert peak < 8 * MEGA


def test_un_en_tête_tar_qui_prétend_à_des_gigaoctets_est_refusé(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 5 * 1024 * MEGA
    path = tmp_path / "x.tar.gz"
    with gzip.open(path, "wb") as stream:
        stream.write(header.tobuf(tarfile.GNU_FORMAT) + bytes(10_000))
    assert only(path).reason_code == "archive_illisible"


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.sampled_from(["x.tar", "x.tar.gz", "x.zip", "x.xml.gz", "x.xml"]))
def test_aucun_octet_ne_fait_tomber_la_marche(tmp_path_factory: pytest.TempPathFactory, data: bytes, name: str) -> None:
    path = tmp_path_factory.mktemp("n") / name
    path.write_bytes(data)
    assert len(list(iter_documents([path]))) == 1


# --- le XML --------------------------------------------------------------------------------------

BILLION_LAUGHS = (
    '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "' + "&b;" * 10 + '"><!ENTITY d "' + "&c;" * 10 + '">]><a>&d;</a>'
)
EXTERNAL = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'
PARAMETER = '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://example.org/x.dtd"> %x;]><a/>'
NOTICE = (WRITTEN / "ted_f02_deux_lots.xml").read_bytes()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "vide"),
        (b" \n ", "vide"),
        (b"bonjour", "pas_xml"),
        (b"\x1f\x8b\x08", "pas_xml"),
        (NOTICE[: len(NOTICE) // 2], "xml_tronque"),
        (b"<avis>", "xml_tronque"),
        (b"<avis></lot>", "xml_invalide"),
        (b"<avis>&nbsp;</avis>", "xml_invalide"),
        ("<avis>é</avis>".encode("latin-1"), "encodage"),
        (b'<?xml version="1.0" encoding="klingon"?><avis/>', "encodage"),
        (b'<?xml version="1.0" encoding="UTF-16"?><avis/>', "encodage"),
        (BILLION_LAUGHS.encode(), "entites_interdites"),
        (BILLION_LAUGHS.encode("utf-16"), "entites_interdites"),
        (EXTERNAL.encode(), "entites_interdites"),
        (PARAMETER.encode(), "entites_interdites"),
        (b"<a>" * 5000 + b"</a>" * 5000, "trop_profond"),
        (b"<r>" + b"<a/>" * 500_001 + b"</r>", "trop_gros"),
        (b"<r>" + b"x" * (20 * MEGA) + b"</r>", "trop_gros"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_un_mauvais_xml_est_refusé_avec_son_motif_et_une_phrase(content: bytes, reason: str) -> None:
    with pytest.raises(NoticeError) as refusal:
        parse_xml(content)
    assert refusal.value.reason_code == reason
    assert refusal.value.message.endswith((".", "pas été lu."))


def test_un_doctype_sans_déclaration_est_lu_sans_chercher_sa_dtd() -> None:
    assert parse_xml(b'<!DOCTYPE avis SYSTEM "http://127.0.0.1:1/x.dtd"><avis>ok</avis>').text == "ok"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_un_encodage_annoncé_est_respecté(encoding: str) -> None:
    declared = encoding.removesuffix("-sig")
    content = f'<?xml version="1.0" encoding="{declared}"?><avis>été</avis>'.encode(encoding)
    assert parse_xml(content).text == "été"


def test_une_racine_inconnue_est_refusée() -> None:
    with pytest.raises(NoticeError, match="non pris en charge") as refusal:
        parse_notice(raw("<BusinessRegistrationInformationNotice/>"))
    assert refusal.value.reason_code == "format_inconnu"


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(path.name for path in WRITTEN.glob("*.xml"))),
    st.integers(0, 12_000),
    st.integers(0, 300),
    st.text("<>/&\"' =09aZé-", max_size=8),
)
def test_un_avis_abîmé_donne_un_avis_ou_un_refus_jamais_une_panne(name: str, start: int, cut: int, put: str) -> None:
    content = (WRITTEN / name).read_text(encoding="utf-8")
    damaged = content[:start] + put + content[start + cut :]
    try:
        assert parse_notice(raw(damaged)).lots
    except NoticeError as refusal:
        assert refusal.reason_code and refusal.message
