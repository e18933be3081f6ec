"""Who is ESS, and how we know (domain guide, section 3; law 2014-856, article 1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from matchmaker.domain.reference import LegalForm

# Conventioned kinds are run by ESS structures or commercial firms alike: the kind proves nothing.
_KIND_IS_ASSOCIATION = frozenset({"ACI", "AI"})

BY_PERSON, BY_LIST = "vérifié par une personne", "liste ESS France"
BY_FLAG, BY_FORM = "indicateur SIRENE", "catégorie juridique"
BY_ESUS = "agrément ESUS, forme à vérifier"


@dataclass(frozen=True, slots=True)
class EssStatus:
    """``status`` is "yes", "no" or "verify"; ``provenance`` says on what it rests."""

    status: str
    family: str
    provenance: str


def ess_status(
    legal_form: str,
    flag: bool | None,
    table: Mapping[str, LegalForm],
    *,
    inclusive_kind: str = "",
    verified: bool | None = None,
    listed: bool = False,
    esus: bool = False,
) -> EssStatus:
    """Decide with the precedence human-verified > ESS France list > SIRENE flag 'O' > legal form.

    A SIRENE flag that is absent or 'N' does not contradict an association: many ESS units never
    asked for the flag. A kind of SIAE without a known legal form stays "verify": an ACI or AI is
    nearly always an association, an EI or ETTI may be a plain company. An ESUS agrément supposes ESS
    but is not in the order of proofs: it only turns a "no" into "verify".
    """
    form = table.get(legal_form)
    family = form.family if form else ""
    if verified is not None:
        return EssStatus("yes" if verified else "no", family, BY_PERSON)
    if listed or flag:
        return EssStatus("yes", family or "société commerciale de l'ESS", BY_LIST if listed else BY_FLAG)
    if esus and (form is None or form.result == "no"):
        return EssStatus("verify", family, BY_ESUS)
    if form is not None:
        return EssStatus(form.result, family, BY_FORM)
    if legal_form:
        return EssStatus("no", "", BY_FORM)
    if inclusive_kind in _KIND_IS_ASSOCIATION or inclusive_kind in ("ESAT", "EI", "EA", "GEIQ"):
        return EssStatus("verify", "", "type de structure, forme juridique inconnue")
    return EssStatus("verify" if inclusive_kind else "no", "", "forme juridique inconnue")
