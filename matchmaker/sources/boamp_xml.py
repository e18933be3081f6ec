"""BOAMP as XML: ANNONCE, with its card in GESTION and its body in DONNEES (schema 2.3.0, and those after it)."""

from __future__ import annotations

from collections.abc import Iterator

from matchmaker.domain.notice import Notice
from matchmaker.sources import boamp_terms
from matchmaker.sources.boamp import Card, understand
from matchmaker.sources.boamp_body import code, every, first, names_under
from matchmaker.sources.json_trees import fold
from matchmaker.sources.xml import Element, NoticeError, child, descendants

ROOT = "ANNONCE"


def parse_annonce(root: Element) -> Notice:
    """The notice in an ANNONCE; raise ``NoticeError`` if it has no number or no body."""
    management, data = child(root, "GESTION"), child(root, "DONNEES")
    if management is None or data is None:
        raise NoticeError("sans_contenu", "L'annonce BOAMP n'a pas de bloc GESTION ou DONNEES : elle est écartée.")
    if child(data, "EFORMS") is None:
        fold(data)
    return understand(card(fold(management)), data)


def card(management: Element) -> Card:
    """The index card in a folded GESTION."""
    idweb = code(management, "reference/idweb")
    if not idweb:
        raise NoticeError("sans_numero", "L'annonce BOAMP n'a pas de numéro (IDWEB) : demandez le fichier d'origine.")
    index = child(management, "indexation")
    kind_of_notice = child(management, "reference", "typeavis")
    natures = names_under(kind_of_notice, "nature")
    state = names_under(kind_of_notice, "statut")
    family = names_under(kind_of_notice, "famille")
    sub_nature = names_under(child(kind_of_notice, "nature", *natures[:1]))
    criteria = names_under(index, "criteressociauxenv")
    return Card(
        idweb=idweb,
        kind=boamp_terms.kind_of(natures, (), next(iter(sub_nature), "")),
        cancelled=boamp_terms.is_cancelled(*natures, *state),
        form="/".join([*family[:1], *natures[:1]]),
        title=first(index, "resumeobjet"),
        buyer=first(index, "nomorganisme"),
        published_on=boamp_terms.day(code(index, "datepublication")),
        deadline=code(index, "datelimitereponse"),
        departements=tuple(every(index, "depprestation")),
        publication_departements=tuple(every(index, "deppublication")),
        descriptors=tuple(every(index, "descripteurs/descripteur/libelle")),
        refers_to=tuple(earlier(child(management, "marche"))),
        social="sociaux" in criteria,
        green="environnementaux" in criteria,
    )


def earlier(holder: Element | None) -> Iterator[str]:
    """The earlier notices of the procedure that are named below ``holder``: of the BOAMP, of the OJ."""
    for reference in descendants(holder, "reference"):
        if idweb := code(reference, "idweb"):
            yield f"boamp:{idweb}"
    for journal in descendants(holder, "publicationjoue"):
        year, number, notice = (code(journal, name) for name in ("annee", "numparution", "numannonce"))
        if year.isdigit() and number.isdigit() and notice.isdigit():
            yield f"ted-oj:{year}/S {int(number):03d}-{int(notice):06d}"
