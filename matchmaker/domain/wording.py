"""Words of French texts: folded, brought to their root, those that say nothing left out."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_WORD = re.compile(r"[a-z]{3,}")
_WRITTEN = re.compile(r"[^\W\d_]{3,}")
# A word and those made from it meet in its root: jardin, jardinage, jardinier. Longest first.
_DERIVED = """
    issements issement icienne ements ement ations ation iennes ienne atrices atrice ateurs ateur euses euse ieres
    iere iers ier eries erie istes iste ages age eurs eur ants ant iens ien aires aire ives ive ifs if ites ite ees ee
    er es e
"""
_ENDINGS = tuple(_DERIVED.split())
_ROOT = 5  # letters a root keeps at least
# Roots of their own: a caterer is no treatment, a plumber no lead, furniture no telephone, earthworks no terrace.
_OWN = {
    "traiteur": "traiteur",
    "plomberie": "plomberie",
    "plombier": "plomberie",
    "mobilier": "mobilier",
    "terrassement": "terrassement",
    "terrassier": "terrassement",
    "conditionnement": "conditionnement",
    "chantier": "chantier",
    "publicite": "publicite",
}
_TOOLS = """
    les des une aux sur sous par pour dans avec sans chez vers entre est son ses leur leurs nos vos notre votre mes mon
    qui que dont ont sont ete etre cette ces cet tout tous toute toutes autre autres ainsi selon lors afin plus non oui
    ils elle elles nous vous the and fait faire dessous dessus cas deux trois
"""
_FORMS = """
    sarl sas sasu eurl snc sci scop scic scea earl gaec gie selarl sam asso assoc ass association associations societe
    societes soc ste ets etablissement etablissements entreprise entreprises ent groupe groupement holding compagnie
    cie cooperative coop union federation fondation mutuelle comite centre agence cabinet atelier ateliers maison
    monsieur madame mme mlle france francaise francais sud nord est ouest
"""
_ANY_NOTICE = """
    marche marches lot lots accord cadre bons bon commande commandes consultation procedure avis publics public
    publique publiques prestation prestations travaux fourniture fournitures service services realisation mission
    missions relatif relatifs relative relatives concernant commune communes communal communale communaux ville villes
    mairie departement departemental departementale departementaux region regional regionale communaute metropole
    agglomeration syndicat annee annees mois execution titulaire tranche phase site sites divers diverses objet
"""
_STOP = frozenset(f"{_TOOLS} {_FORMS} {_ANY_NOTICE}".split())


def folded(text: str) -> str:
    """Small letters without accents.

    >>> folded("Maçonnerie GÉNÉRALE & Cœur")
    'maconnerie generale & coeur'
    """
    text = text.lower()
    if text.isascii():
        return text
    text = text.replace("œ", "oe").replace("æ", "ae")
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


@lru_cache(maxsize=1 << 17)
def root(word: str) -> str:
    """What a folded word shares with its plural and its kin; "" for a word that says nothing.

    >>> [root(word) for word in "jardins jardinage travaux locaux eaux maconnerie macons legumes sarl".split()]
    ['jardin', 'jardin', '', 'local', 'eau', 'macon', 'macon', 'legum', '']
    """
    if word in _STOP:
        return ""
    if len(word) > 3 and word[-1] in "sx":
        word = f"{word[:-3]}al" if word.endswith("aux") and not word.endswith("eaux") else word[:-1]
    if word in _OWN:
        return _OWN[word]
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _ROOT:
            word = word.removesuffix(ending)
            break
    return word[:-1] if len(word) > _ROOT and word[-1] == word[-2] else word


def words(text: str) -> list[str]:
    """The roots of a text, in order, repeated as they are.

    >>> words("SARL Les Jardins d'Éole : paysagistes, élagage")
    ['jardin', 'eole', 'paysag', 'elagag']
    """
    return [found for word in _WORD.findall(folded(text)) if (found := root(word))]


def spelled(text: str) -> dict[str, str]:
    """Each root of a text with the first word it came from, in small letters, accents kept.

    >>> spelled("Légumes et PEINTURES, une peinture")
    {'legum': 'légumes', 'peintur': 'peintures'}
    """
    found: dict[str, str] = {}
    for word in _WRITTEN.findall(text.lower()):
        if told := root(folded(word)):
            found.setdefault(told, word)
    return found


def without(text: str, names: str) -> str:
    """The folded words of a text but those of some names: where a lot is says nothing of what it asks for.

    >>> without("Nettoyage des écoles de NANTES", "Nantes (44)")
    'nettoyage des ecoles'
    """
    told = set(_WORD.findall(folded(names)))
    return " ".join(word for word in _WORD.findall(folded(text)) if word not in told) if told else text
