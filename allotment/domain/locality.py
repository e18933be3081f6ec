"""S5: where a firm comes from is never a condition nor a criterion. What would make it one is found in any text."""

from __future__ import annotations

import re
import unicodedata

_WHO = (
    r"(?:entreprise|societe|prestataire|fournisseur|producteur|artisan|acteur|candidat|operateur|soumissionnaire|"
    r"titulaire|attributaire|groupement|pme|tpe|structure|association|commercant|sous-traitant|cotraitant|maraicher|"
    r"agriculteur|exploitation)s?"
)
_PEOPLE = (
    r"(?:personne|salarie|demandeur|beneficiaire|travailleur|candidat|jeune|public|intervenant|equipe|personnel)s?"
)
_WHAT = (
    r"(?:emploi|recrutement|fourniture|ressource|competence|main[- ]d'oeuvre|produit|achat|embauche|salarie|"
    r"approvisionnement|savoir-faire|economie|tissu economique)s?"
)
_ROOMS = "".join(f"(?<!{word} )" for word in ("ses", "les", "des", "aux", "leurs", "vos", "nos", "de", "ces"))
_LOCAL = rf"(?:locale?s?|{_ROOMS}locaux|regionale?s?|regionaux|departementale?s?|departementaux)"
_FROM = r"(?:du (?:territoire|cru|pays|departement|bassin)|de la (?:region|commune|communaute))"
_LAND = (
    r"(?:du (?:territoire|cru|pays|departement)|de la (?:region|commune|communaute))"  # a bassin hires: no preference
)
_SEATED = r"(?<!la )(?<!une )(?<!de )(?:implante|installe|situe|base|domicilie|etabli|localise|ancre|originaire)\w*"
_PREFERENCE = (
    r"(?:preference|priorite|ancrage|implantation|presence|origine|provenance|proximite|production|fabrication)"
)
_SEAT = r"(?:siege|agence|depot|atelier|etablissement|exploitation)s?"
_PATTERNS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b{_WHO}(?: [\w'-]+){{0,2}} {_LOCAL}\b",
        rf"\b{_WHO}(?: [\w'-]+)? {_FROM}\b",
        rf"\b{_WHAT} (?:{_LOCAL}|{_LAND})\b",
        rf"\b{_WHO}(?: [\w',-]+){{0,4}} {_SEATED} (?:dans|sur|a|en|au|aux|de|du|pres)\b",
        rf"\b{_PEOPLE}(?: [\w',-]+){{0,3}} (?:{_SEATED}|resid\w*|habitant|demeurant|vivant) "
        r"(?:dans|sur|a|en|au|aux|de|du)\b",
        rf"\b{_WHO} de proximite\b",
        rf"\b{_SEATED} localement\b",
        rf"\b(?:dispose\w*|possede\w*|justifie\w*|avoir|ouvrir)(?: [\w'-]+){{0,3}} (?:une? |d'une? )?{_SEAT}"
        r"(?: [\w'-]+)? (?:dans|sur) (?:le|la|l'|un|une)\b",
        r"\bpresen(?:te?s?|ce) (?:sur|dans) (?:le|la|l') ?(?:territoire|departement|region|commune|agglomeration)\b",
        r"\b(?:kilometres|km) parcourus\b",
        rf"\b{_PREFERENCE} (?:geographique|territoriale?|{_LOCAL})\b",
        rf"\b(?:proximite|distance|eloignement|localisation)(?: [\w'-]+){{0,3}} (?:du|des|de l'|de la|de) ?"
        rf"(?:{_WHO}|{_SEAT}|locaux)\b",
        rf"\b{_SEAT}(?: [\w'-]+){{0,3}} {_SEATED} (?:dans|sur|a|en|au|aux)\b",
        r"\b(?:rayon|moins|perimetre) (?:de |d'environ )?\d+ ?(?:km|kilometres?)\b",
        r"\ba moins de \d+ ?(?:min|minutes?|heures?|h)\b",
        r"\bcircuits? (?:local|locaux)\b",
        r"\blocal (?:suppliers?|firms?|compan(?:y|ies)|business(?:es)?|bidders?|workers?|jobs?)\b",
    )
)

# Institutions whose name holds the word.
_NAMES = re.compile(
    r"\b(?:missions?|societes? publiques?|etablissements? publics?|collectivites?|autorites?) (?:locale?s?|locaux)\b"
)


def plain(text: str) -> str:
    """Lower case without accents, ligatures nor line breaks; straight apostrophes."""
    flat = text.lower().replace("œ", "oe").replace("æ", "ae").replace("’", "'")
    bare = "".join(char for char in unicodedata.normalize("NFD", flat) if not unicodedata.combining(char))
    return re.sub(r"\s+", " ", bare)


def asks_for_local(text: str) -> tuple[str, ...]:
    """Wordings that would make locality a condition or a criterion, as found (without accents); () when none."""
    told = _NAMES.sub("·", plain(text))
    found = {match.start(): match[0].strip() for pattern in _PATTERNS for match in pattern.finditer(told)}
    return tuple(dict.fromkeys(found[at] for at in sorted(found)))
