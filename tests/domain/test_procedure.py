"""Un marché est le pli de ses publications : versions, rectificatifs, annulation, attribution, jumeaux."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import permutations

import pytest
from hypothesis import given

from matchmaker.domain.notice import Change, LotAward, Notice, NoticeKind, Place, Reservation, Winner
from matchmaker.domain.procedure import fold, preferred
from tests.domain.made_notices import call, dated, lot, of_one_procedure

LATER = datetime(2026, 3, 20, 12, tzinfo=UTC)


def correction(*changes: Change, day: int = 25, source: str = "ted", number: str = "r") -> Notice:
    notice = call(source, number, changes=changes, kind=NoticeKind.CORRECTION)
    return dated(notice, day)


def award(source: str = "ted", number: str = "f", *awards: LotAward, day: int = 30) -> Notice:
    return dated(call(source, number, kind=NoticeKind.AWARD, awards=awards), day)


# --- les lois ------------------------------------------------------------------------------------


@given(of_one_procedure)
def test_l_ordre_d_arrivée_ne_change_rien(publications: list[Notice]) -> None:
    folded = {repr(fold(order)) for order in permutations(publications)}
    assert len(folded) == 1


@given(of_one_procedure)
def test_deux_fois_les_mêmes_publications_disent_la_même_chose(publications: list[Notice]) -> None:
    assert fold(publications + publications) == fold(publications)


@given(of_one_procedure)
def test_une_publication_seule_se_dit_elle_même(publications: list[Notice]) -> None:
    [alone] = publications[:1]
    folded = fold([alone])
    assert replace(folded.notice, awards=(), changes=()) == replace(alone, awards=(), changes=())
    assert folded.history == ()


@given(of_one_procedure)
def test_de_deux_contenus_le_même_l_emporte_toujours(publications: list[Notice]) -> None:
    for one, other in permutations(publications[:2], 2):
        assert preferred(one, other) == preferred(other, one) in (one, other)


def test_sans_publication_il_n_y_a_pas_de_marché() -> None:
    with pytest.raises(ValueError, match="no publication"):
        fold([])


# --- versions et rectificatifs -------------------------------------------------------------------


def test_la_dernière_version_l_emporte_et_l_histoire_dit_ce_qui_a_changé() -> None:
    old, new = call(), replace(call(), version="2", lots=(lot(deadline=LATER),), published_on=date(2026, 1, 20))
    folded = fold([new, old])
    assert folded.notice == new
    [entry] = folded.history
    assert (entry.on, entry.source, entry.field, entry.lot) == (date(2026, 1, 20), "eforms", "deadline", "")
    assert (entry.old, entry.new) == ("2026-03-02T12:00:00+00:00", "2026-03-20T12:00:00+00:00")


def test_un_avis_modificatif_complet_remplace_le_premier() -> None:
    """eForms : un autre numéro d'avis, la même procédure."""
    changed = dated(call("eforms", "b", lot(amount_eur=120_000), refers_to=("eforms:a",)), 20)
    folded = fold([call(), changed])
    assert (folded.notice.id, folded.notice.lots[0].amount_eur) == ("b", 120_000)
    assert [(e.field, e.old, e.new) for e in folded.history] == [("amount_eur", "90000", "120000")]


def test_un_avis_modificatif_du_même_jour_vient_après_celui_qu_il_cite() -> None:
    changed = call("eforms", "a", lot(amount_eur=120_000), refers_to=("eforms:z",))
    assert fold([call("eforms", "z"), changed]).notice.lots[0].amount_eur == 120_000


def test_un_rectificatif_ne_change_que_ce_qu_il_nomme() -> None:
    folded = fold([call("ted", "a"), correction(Change("deadline", "2026-03-20T12:00:00+00:00"))])
    assert folded.notice.lots == (lot(deadline=LATER),)
    assert (folded.notice.id, folded.notice.kind) == ("a", "contract")


def test_un_rectificatif_d_un_seul_lot_laisse_les_autres() -> None:
    both = call("ted", "a", lot("1"), lot("2"))
    folded = fold([both, correction(Change("deadline", "2026-03-20T12:00:00+00:00", lot_id="2"))])
    assert [one.deadline == LATER for one in folded.notice.lots] == [False, True]
    assert [entry.lot for entry in folded.history] == ["2"]


def test_deux_rectificatifs_s_appliquent_dans_l_ordre_des_dates() -> None:
    first = correction(Change("amount_eur", "50000"), day=20)
    second = correction(Change("amount_eur", "70000"), day=22, number="s")
    folded = fold([second, call("ted"), first])
    assert folded.notice.lots[0].amount_eur == 70_000
    assert [(entry.old, entry.new) for entry in folded.history] == [("90000", "50000"), ("50000", "70000")]


def test_un_rectificatif_plus_ancien_que_l_avis_est_déjà_dans_l_avis() -> None:
    folded = fold([call("ted"), correction(Change("amount_eur", "5"), day=10)])
    assert (folded.notice.lots[0].amount_eur, folded.history) == (90_000, ())


def test_un_rectificatif_dit_en_mots_est_rapporté_tel_quel() -> None:
    folded = fold([call("ted"), correction(Change("", "Lire : offres par voie électronique", "Lire : papier"))])
    [entry] = folded.history
    assert (entry.field, entry.old, entry.new) == ("", "Lire : papier", "Lire : offres par voie électronique")


def test_la_même_correction_au_boamp_et_au_ted_est_dite_une_fois() -> None:
    change = Change("deadline", "2026-03-20T12:00:00+00:00")
    folded = fold([call("ted"), call("boamp"), correction(change), correction(change, source="boamp")])
    assert len(folded.history) == 1


# --- annulation, attribution ---------------------------------------------------------------------


def test_une_annulation_ferme_le_marché() -> None:
    assert fold([call(), dated(call("eforms", "b", cancelled=True), 20)]).cancelled


def test_un_nouvel_appel_après_une_annulation_rouvre_le_marché() -> None:
    cancelled = dated(call("eforms", "b", cancelled=True), 20)
    assert not fold([call(), cancelled, dated(call("eforms", "c"), 28)]).cancelled


def test_l_avis_d_attribution_dit_comment_le_marché_a_fini() -> None:
    won = LotAward(("1",), amount_eur=80_000, winners=(Winner("Les Jardins"),))
    folded = fold([award("ted", "f", won), call("ted")])
    assert (folded.notice.kind, folded.awarded_on) == ("contract", date(2026, 1, 30))
    assert folded.notice.lots[0].amount_eur == 90_000  # the estimate stays the estimate
    [result] = folded.results
    assert (result.source, result.notice_id, result.award) == ("ted", "f", won)


TWO = call("ted", "a", lot("1", "Parcs"), lot("2", "Voirie"))


def test_une_attribution_ne_ferme_que_les_lots_qu_elle_nomme() -> None:
    won = dated(award("ted", "f", LotAward(("2",)), LotAward(("2",))), 28)
    assert fold([TWO, won]).lots_awarded == (("2", date(2026, 1, 28)),)
    rest = award("ted", "g", LotAward(("1", "2")))
    assert fold([rest, TWO, won]).lots_awarded == (("1", date(2026, 1, 30)), ("2", date(2026, 1, 28)))


def test_les_lots_d_une_attribution_se_reconnaissent_à_leur_titre() -> None:
    won = dated(call("ted", "f", lot("LOT-9", "Voirie"), kind=NoticeKind.AWARD, awards=(LotAward(("LOT-9",)),)), 30)
    assert [number for number, _ in fold([TWO, won]).lots_awarded] == ["2"]


@pytest.mark.parametrize("told", [(), ("77",)], ids=["aucun lot nommé", "un lot inconnu de l'appel"])
def test_une_attribution_qui_ne_nomme_aucun_lot_de_l_appel_les_ferme_tous(told: tuple[str, ...]) -> None:
    assert len(fold([TWO, award("ted", "f", LotAward(told))]).lots_awarded) == 2


def test_une_attribution_sans_date_compte_du_jour_de_son_dernier_contrat() -> None:
    signed = replace(award("ted", "f", LotAward(("1",), awarded_on=date(2026, 2, 3))), published_on=None)
    assert fold([TWO, signed]).awarded_on == date(2026, 2, 3)


def test_une_attribution_sans_aucune_date_n_en_invente_pas() -> None:
    undated = replace(award("ted", "f", LotAward(("1",))), published_on=None)
    for notices in ([undated], [TWO, undated], [replace(TWO, published_on=None), undated]):
        folded = fold(notices)
        assert (folded.awarded_on, folded.lots_awarded) == (None, ())


def test_une_attribution_publiée_deux_fois_compte_une_fois() -> None:
    won = LotAward(("1",), winners=(Winner("Les Jardins"),))
    folded = fold([call(), award("eforms", "f", won), award("boamp", "g", won)])
    assert [result.source for result in folded.results] == ["eforms"]


def test_les_lots_attribués_par_un_second_avis_s_ajoutent() -> None:
    first, second = LotAward(("1",), winners=(Winner("A"),)), LotAward(("2",), winners=(Winner("B"),))
    folded = fold([call("ted", "a", lot("1"), lot("2")), award("ted", "f", first), award("ted", "g", second, day=31)])
    assert [result.award for result in folded.results] == [first, second]


def test_une_modification_donne_le_montant_d_aujourd_hui() -> None:
    won = LotAward(("1",), contract_id="M1", amount_eur=80_000, winners=(Winner("A"),))
    more = dated(call("ted", "m", kind=NoticeKind.MODIFICATION, awards=(replace(won, amount_eur=95_000),)), 31)
    [result] = fold([call("ted"), award("ted", "f", won), more]).results
    assert (result.notice_id, result.award.amount_eur) == ("f", 95_000)


def test_la_préinformation_cède_la_place_à_l_appel() -> None:
    prior = dated(call("ted", "p", lot(deadline=None), kind=NoticeKind.PRIOR_INFORMATION), 2)
    folded = fold([call("ted"), prior])
    assert (folded.notice.id, folded.notice.kind) == ("a", "contract")


# --- jumeaux -------------------------------------------------------------------------------------


def test_le_plus_officiel_mène_et_l_autre_complète() -> None:
    european = call("ted", "a", lot(amount_eur=None, cpvs=(), places=(Place(nuts="FRG01"),)))
    national = call("boamp", "26-1", lot(documents_url="https://exemple.fr/dce", places=(Place(city="Nantes"),)))
    notice = fold([national, european]).notice
    assert (notice.source, notice.id) == ("ted", "a")
    [one] = notice.lots
    assert (one.amount_eur, one.cpvs, one.documents_url) == (90_000, ("77310000",), "https://exemple.fr/dce")
    assert one.places == (Place(city="Nantes"),)


def test_l_avis_qui_distingue_les_lots_mène() -> None:
    lots = (lot("1", "Parcs"), lot("2", "Écoles"))
    assert fold([call("eforms"), call("boamp", "26-1", *lots)]).notice.lots == lots


def test_les_lots_jumeaux_se_trouvent_par_numéro_puis_par_titre() -> None:
    european = call("ted", "a", lot("1", "Parcs", amount_eur=None), lot("2", "Écoles du sud", amount_eur=None))
    national = call("boamp", "b", lot("1", "Parcs", amount_eur=1_000), lot("02 B", "Écoles du Sud", amount_eur=2_000))
    assert [one.amount_eur for one in fold([european, national]).notice.lots] == [1_000, 2_000]


def test_une_réservation_dite_par_un_seul_des_deux_vaut() -> None:
    reserved = call("boamp", "b", lot(reservation=Reservation.SIAE))
    assert fold([call(), reserved]).notice.lots[0].reservation is Reservation.SIAE
