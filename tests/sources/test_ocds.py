"""OCDS 1.1 lu et écrit : d'un autre éditeur, et de Maillage sans rien perdre."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matchmaker.domain.canonical import from_json, to_json
from matchmaker.domain.notice import AwardOutcome, LotAward, Notice, Place, Reservation, Winner
from matchmaker.domain.procedure import fold
from matchmaker.sources.files import RawDocument, Unreadable, iter_documents
from matchmaker.sources.notices import parse_notice
from matchmaker.sources.ocds import merged, parse_ocds, read
from matchmaker.sources.ocds_out import to_ocds
from matchmaker.sources.xml import NoticeError
from tests.domain.made_notices import call, lot, notices
from tests.sources.notice_data import REAL, needs_real_notices, raw, real

EXAMPLES = REAL.parent / "awards" / "ocds_exemples"

RELEASE: dict[str, Any] = {
    "ocid": "ocds-abc-1",
    "id": "ocds-abc-1-2",
    "date": "2026-01-15T00:00:00Z",
    "tag": ["tender"],
    "language": "fr",
    "buyer": {"id": "b", "name": "Ville de Nantes"},
    "parties": [
        {
            "id": "b",
            "name": "Ville de Nantes",
            "roles": ["buyer"],
            "identifier": {"scheme": "FR-SIRET", "id": "35600000000048"},
            "address": {"locality": "Nantes", "postalCode": "44000", "countryName": "France"},
            "contactPoint": {"name": "Camille Personne", "email": "c@example.org"},
        }
    ],
    "tender": {
        "title": "Entretien des espaces verts",
        "description": "Écrire à c@example.org",
        "mainProcurementCategory": "services",
        "procurementMethod": "open",
        "lotDetails": {"maximumLotsBidPerSupplier": 2},
        "lots": [
            {
                "id": "1",
                "title": "Parcs",
                "value": {"amount": 90000.4, "currency": "EUR"},
                "contractPeriod": {"startDate": "2026-04-01T00:00:00Z", "durationInDays": 730},
                "tenderPeriod": {"endDate": "2026-03-02T12:00:00Z"},
                "otherRequirements": {"reservedParticipation": ["shelteredWorkshop"]},
                "suitability": {"sme": True},
            },
            {"id": "2", "title": "Écoles"},
        ],
        "items": [
            {
                "id": "1",
                "relatedLot": "1",
                "classification": {"scheme": "CPV", "id": "77310000-6"},
                "additionalClassifications": [{"scheme": "CPV", "id": "77313000"}],
                "deliveryAddresses": [{"locality": "Rezé", "postalCode": "44400", "countryName": "France"}],
            }
        ],
        "documents": [{"id": "d", "documentType": "biddingDocuments", "url": "https://exemple.fr/dce"}],
    },
}
AWARD = {
    "id": "a",
    "status": "active",
    "date": "2026-05-04T00:00:00Z",
    "value": {"amount": 80000, "currency": "EUR"},
    "suppliers": [{"id": "s", "name": "Les Jardins"}],
    "relatedLots": ["1"],
}


# --- l'aller et le retour ------------------------------------------------------------------------


@given(notices)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_un_avis_quelconque_écrit_en_ocds_se_relit_à_l_identique(notice: Notice) -> None:
    assert parse_ocds(json.loads(json.dumps(to_ocds(notice)))) == notice


@needs_real_notices
@pytest.mark.parametrize("source", ["ted_fr_r209.tar.gz", "eforms_real", "eforms_converted", "eforms_sdk_examples"])
def test_tout_avis_réel_écrit_en_ocds_se_relit_à_l_identique(source: str) -> None:
    for name, notice in real(source).items():
        assert parse_ocds(json.loads(json.dumps(to_ocds(notice)))) == notice, name


@needs_real_notices
@pytest.mark.parametrize("source", ["boamp_xml_2017", "boamp_json_2020"])
def test_tout_avis_réel_du_boamp_aussi(source: str) -> None:
    for name, notice in real(source).items():
        assert parse_ocds(json.loads(json.dumps(to_ocds(notice)))) == notice, name


def test_l_extension_ne_dit_que_ce_que_le_standard_ne_dit_pas() -> None:
    """Title, lots, codes, amounts, deadlines and buyers stay readable by anyone."""
    notice = call("boamp", "26-1", lot(places=(Place("FRG01", "44000", "Nantes", "FR"),)))
    release = to_ocds(notice)
    assert {"source", "id"} <= set(release["maillage"])
    assert not {"title", "buyer", "lots", "kind", "published_on"} & set(release["maillage"])
    assert "maillage" not in release["tender"]["lots"][0]
    assert read(release).lots == notice.lots


@pytest.mark.parametrize(
    "damage", [{"kind": "sorcellerie"}, {"title": 5}, {"lots": []}, {"lots": 3}, {"max_lots_bid": True}, {"buyer": []}]
)
def test_une_extension_abîmée_est_refusée(damage: dict[str, Any]) -> None:
    release = to_ocds(call())
    release["maillage"] |= damage
    with pytest.raises(NoticeError) as refusal:
        parse_ocds(release)
    assert refusal.value.reason_code == "extension_illisible"


# --- d'un autre éditeur --------------------------------------------------------------------------


def test_une_publication_est_comprise() -> None:
    notice = parse_notice(raw(json.dumps(RELEASE)))
    assert (notice.source, notice.id, notice.kind, notice.procedure_id) == (
        "ocds",
        "ocds-abc-1-2",
        "contract",
        "ocds-abc-1",
    )
    assert (notice.nature, notice.procedure, notice.published_on) == ("services", "open", date(2026, 1, 15))
    assert (notice.buyer.name, notice.buyer.national_id) == ("Ville de Nantes", "35600000000048")
    assert notice.buyer.place == Place("", "44000", "Nantes", "FR")
    assert notice.max_lots_bid == 2
    parks, schools = notice.lots
    assert (parks.cpvs, parks.amount_eur, parks.duration_months) == (("77310000", "77313000"), 90_000, 24)
    assert (parks.start, parks.deadline) == (date(2026, 4, 1), datetime(2026, 3, 2, 12, tzinfo=UTC))
    assert (parks.reservation, parks.sme_suitable) == (Reservation.EA_ESAT_SIAE, True)
    assert (parks.places, parks.documents_url) == ((Place("", "44400", "Rezé", "FR"),), "https://exemple.fr/dce")
    assert (schools.title, schools.cpvs) == ("Écoles", ())


def test_aucune_personne_n_est_gardée() -> None:
    kept = repr(parse_ocds(RELEASE))
    assert not any(trace in kept for trace in ("Camille", "@"))


def test_une_attribution_dit_ses_titulaires() -> None:
    supplier = {"id": "s", "name": "Les Jardins", "details": {"scale": "sme"}, "address": {"locality": "Rezé"}}
    notice = parse_ocds(
        {
            **RELEASE,
            "tag": ["award"],
            "parties": [*RELEASE["parties"], supplier],
            "awards": [AWARD, {**AWARD, "id": "z", "status": "unsuccessful", "suppliers": [], "relatedLots": ["2"]}],
            "contracts": [{"id": "M-1", "awardID": "a", "dateSigned": "2026-05-10T00:00:00Z"}],
            "bids": {"statistics": [{"measure": "bids", "value": 3, "relatedLot": "1"}]},
        }
    )
    won, lost = notice.awards
    assert won == LotAward(
        ("1",),
        contract_id="M-1",
        awarded_on=date(2026, 5, 10),
        amount_eur=80_000,
        offers=3,
        winners=(Winner("Les Jardins", place=Place(city="Rezé"), sme=True),),
    )
    assert (lost.outcome, lost.lot_ids) == (AwardOutcome.UNSUCCESSFUL, ("2",))


def test_plusieurs_fournisseurs_d_une_attribution_sont_un_groupement() -> None:
    award = {**AWARD, "suppliers": [{"id": "s", "name": "A"}, {"id": "t", "name": "B"}]}
    assert parse_ocds({**RELEASE, "tag": ["award"], "awards": [award]}).awards[0].group


def test_un_dossier_vaut_par_sa_publication_compilée() -> None:
    record = {
        "ocid": "ocds-abc-1",
        "releases": [{"url": "https://x", "date": "", "tag": []}],
        "compiledRelease": RELEASE,
    }
    assert parse_ocds(record) == parse_ocds(RELEASE)


def test_sans_compilation_les_publications_se_fondent_par_date() -> None:
    later = {
        "ocid": "ocds-abc-1",
        "id": "ocds-abc-1-3",
        "date": "2026-02-01T00:00:00Z",
        "tag": ["tenderUpdate"],
        "tender": {"lots": [{"id": "1", "value": {"amount": 70000, "currency": "EUR"}}]},
    }
    for releases in ([RELEASE, later], [later, RELEASE]):
        notice = parse_ocds({"ocid": "ocds-abc-1", "releases": releases})
        assert [one.amount_eur for one in notice.lots] == [70_000, None]
        assert (notice.title, notice.id) == ("Entretien des espaces verts", "ocds-abc-1-3")


def test_un_champ_mis_à_nul_disparaît_à_la_fusion() -> None:
    assert merged([{"date": "1", "a": {"b": 1, "c": 2}}, {"date": "2", "a": {"b": None}}])["a"] == {"c": 2}


def test_un_marché_annulé_est_dit_annulé() -> None:
    assert parse_ocds({**RELEASE, "tag": ["tenderCancellation"]}).cancelled
    assert parse_ocds({**RELEASE, "tender": {**RELEASE["tender"], "status": "withdrawn"}}).cancelled


@pytest.mark.parametrize("broken", [{"lots": "aucun"}, {"lots": [1, None]}, {"items": {"id": 1}}, {"documents": 3}])
def test_un_champ_d_une_forme_inattendue_est_passé(broken: dict[str, Any]) -> None:
    assert parse_ocds({**RELEASE, "tender": {**RELEASE["tender"], **broken}}).title == "Entretien des espaces verts"


_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_KEYS = """id lots items value amount parties suppliers awards contracts tender title status classification address tag
bids identifier tenderPeriod endDate documents relatedLots statistics contractPeriod durationInDays startDate url roles
maillage kind releases compiledRelease cpvs deadline buyer name winners"""
_keys = st.sampled_from(_KEYS.split())
_anything = st.recursive(
    _scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=5), max_leaves=25
)


@given(st.dictionaries(_keys, _anything, max_size=8))
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
def test_un_contenu_quelconque_est_compris_ou_refusé_jamais_plus(content: dict[str, Any]) -> None:
    try:
        notice = parse_ocds({"ocid": "ocds-abc-1", **content})
    except NoticeError as refusal:
        assert str(refusal).endswith(".")
    else:
        assert from_json(to_json(notice)) == notice


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        ({"publishedDate": "2026", "publisher": {}, "uri": "x"}, "paquet_vide"),
        ({"ocid": "ocds-abc-1", "releases": [{"url": "x", "date": "y", "tag": []}]}, "sans_lot"),
        ({"bonjour": 1}, "format_inconnu"),
        ([], "format_inconnu"),
    ],
)
def test_ce_qui_ne_dit_aucun_marché_est_refusé_avec_sa_raison(record: Any, reason: str) -> None:
    with pytest.raises(NoticeError) as refusal:
        parse_notice(raw(json.dumps(record)))
    assert refusal.value.reason_code == reason
    assert str(refusal.value).endswith(".")


# --- les fichiers --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("paquet.json", json.dumps({"version": "1.1", "releases": [RELEASE, {**RELEASE, "id": "ocds-abc-1-9"}]})),
        ("dossiers.json", json.dumps({"records": [{"ocid": "o", "compiledRelease": RELEASE}] * 2})),
        ("lignes.jsonl", f"{json.dumps(RELEASE)}\n\n{json.dumps(RELEASE)}\n"),
        ("liste.json", json.dumps([RELEASE, RELEASE])),
    ],
)
def test_paquets_dossiers_et_lignes_donnent_un_document_par_publication(
    tmp_path: Path, name: str, content: str
) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with gzip.open(tmp_path / f"{name}.gz", "wt", encoding="utf-8") as stream:
        stream.write(content)
    for path in (tmp_path / name, tmp_path / f"{name}.gz"):
        found = list(iter_documents([path]))
        assert [parse_notice(one).title for one in found if isinstance(one, RawDocument)] == [
            "Entretien des espaces verts"
        ] * 2
        assert not any(isinstance(one, Unreadable) for one in found)


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="exemples OCDS absents : ../shared/data/awards/ocds_exemples")
def test_les_exemples_du_ministère_sont_lus_ou_dits_vides() -> None:
    """Six packages of DECP turned into OCDS; those of a modification alone hold no release."""
    read_, refused = [], []
    for found in iter_documents(sorted(EXAMPLES.glob("expectedResult__*.json"))):
        assert isinstance(found, RawDocument)
        try:
            read_.append(parse_notice(found))
        except NoticeError as error:
            refused.append(error.reason_code)
    assert refused == ["paquet_vide"] * len(refused)
    assert len(read_) + len(refused) == 6
    assert len(read_) == 4
    first = read_[0]
    assert (first.buyer.name, first.lots[0].cpvs, first.lots[0].duration_months) == ("LASAT", ("38950000",), 39)
    assert [(award.amount_eur, [w.name for w in award.winners]) for award in first.awards] == [
        (80_000, ["TECAN FRANCE SASU"])
    ]


@pytest.mark.parametrize(
    ("update", "deadline", "cancelled"),
    [
        (
            {"tag": ["tenderUpdate"], "tender": {"id": "1", "tenderPeriod": {"endDate": "2026-03-09T12:00:00Z"}}},
            datetime(2026, 3, 9, 12, tzinfo=UTC),
            False,
        ),
        (
            {"tag": ["tenderCancellation"], "tender": {"id": "1", "status": "cancelled"}},
            datetime(2026, 3, 2, 12, tzinfo=UTC),
            True,
        ),
    ],
)
def test_une_publication_partielle_complète_celles_d_avant(
    update: dict[str, Any], deadline: datetime, cancelled: bool
) -> None:
    """Elle ne dit que ce qui change : titre, lots, codes et montants restent ceux de l'appel."""
    call_ = parse_ocds(RELEASE)
    later = parse_ocds({**RELEASE, "id": "ocds-abc-1-3", "date": "2026-02-01T00:00:00Z"} | update)
    procedure = fold([later, call_])
    assert (procedure.notice.title, len(procedure.notice.lots)) == (call_.title, 2)
    assert (procedure.notice.lots[0].deadline, procedure.cancelled) == (deadline, cancelled)
    assert procedure.notice.lots[0].cpvs == call_.lots[0].cpvs
