"""What is left to do from the decision to answer to the end of the contract, for one lot."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from consortia.documents import Dossier
from consortia.models import Proposal
from frontend import words


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the checklist: what to do, what comes out of it."""

    what: str
    output: str
    when: str = ""


def steps(file: Dossier, proposal: Proposal | None = None) -> tuple[Step, ...]:
    """In order. The steps tell a grouping's form where one is chosen."""
    return (
        Step(_("Décider d'y aller ou non"), _("Cette fiche, et ce qui manque"), _go_by(file)),
        Step(
            _("Réunir les partenaires : confidentialité, exclusivité"),
            _("Lettre d'intention signée de chacun ; aucun échange de prix avant elle (C2)"),
        ),
        Step(
            _("Fixer les rôles : mandataire, forme, répartition"),
            _("Tableau de répartition en euros, en parts et en heures, à modifier ensemble"),
        ),
        Step(_("Signer la convention de groupement"), _convention(file, proposal)),
        Step(
            _("Candidater"),
            _("Un DC1 pour le groupement, un DC2 par membre, les pouvoirs au mandataire ; ou le DUME"),
        ),
        Step(
            _("Remettre l'offre"),
            _("ATTRI1, mémoire technique, prix par membre ; un DC4 par sous-traitant éventuel"),
            _deadline(file),
        ),
        Step(
            _("De l'attribution à l'exécution"),
            _("Pouvoirs signés, NOTI1, relevé des heures d'insertion, bilan de clôture"),
        ),
    )


def _go_by(file: Dossier) -> str:
    if file.go_by is None:
        return ""
    if file.go_by < file.printed_on:
        return _("conseillé avant le %(day)s (%(n)d jours avant l'échéance, estimation) : date passée") % {
            "day": words.day(file.go_by),
            "n": file.rules.go_days,
        }
    return _("avant le %(day)s (%(n)d jours avant l'échéance, estimation)") % {
        "day": words.day(file.go_by),
        "n": file.rules.go_days,
    }


def _deadline(file: Dossier) -> str:
    moment = words.moment_in_words(file.lot.deadline, file.printed_on)
    return _("avant le %(moment)s") % {"moment": moment} if moment else ""


def _convention(file: Dossier, proposal: Proposal | None) -> str:
    fee = _("rémunération du mandataire (%(low)s à %(high)s, estimation)") % {
        "low": words.percent(file.rules.fee_low),
        "high": words.percent(file.rules.fee_high),
    }
    rest = _("défaillance d'un membre, assurances, pénalités, heures d'insertion par membre, litiges")
    return f"{_('Périmètre')}, {fee}, {_payment(proposal)}, {rest}"


def _payment(proposal: Proposal | None) -> str:
    if proposal is None:
        return _("mode de paiement")
    if proposal.form == Proposal.Form.SOLIDAIRE:
        return _("paiement sur un compte unique sauf accord contraire (solidaire)")
    return _("paiement sur des comptes séparés (conjoint)")
