"""The last page of every document: where its figures come from, at what date, and the law it rests on."""

from __future__ import annotations

from django.utils.translation import gettext as _

from consortia.documents import Dossier, Origin
from frontend import words


def origins(file: Dossier) -> list[tuple[str, str]]:
    """(what, where it comes from and when), for any format."""
    tender = file.lot.tender
    found = [(_("Avis"), _notice(file))]
    if tender.url:
        found.append((_("Adresse de l'avis"), tender.url))
    found += [(origin.title, _dated(origin)) for origin in file.origins]
    matched = file.lot.matched_at
    found.append((_("Rapprochement"), words.situation(file.as_of, file.printed_on)))
    if matched:
        found.append((_("Calculé le"), f"{words.day(matched.date())}, {words.hour_of(matched)}"))
    found.append((_("Tables de référence"), _("version %(v)s") % {"v": file.version}))
    found.append((_("Document établi le"), words.day(file.printed_on)))
    return found


def _notice(file: Dossier) -> str:
    tender = file.lot.tender
    text = f"{tender.source} {tender.notice_id}"
    return f"{text}, {_('publié le %(d)s') % {'d': words.day(tender.published_on)}}" if tender.published_on else text


def _dated(origin: Origin) -> str:
    day = _("données du %(d)s") % {"d": words.day(origin.day)} if origin.day else ""
    return ", ".join(filter(None, (origin.producer, day, origin.licence)))


def law(file: Dossier) -> list[tuple[str, str]]:
    """(rule, article) a grouping must respect, in plain words."""
    rules = file.rules
    share = {"m": words.percent(rules.mandataire_share), "s": words.percent(rules.min_share)}
    return [
        (_("Conjoint : chacun répond de sa part. Solidaire : chacun répond de tout."), "R2142-20, R2142-24 CCP"),
        (
            _(
                "L'acheteur n'impose aucune forme à la candidature ; après l'attribution, seulement si c'est "
                "nécessaire."
            ),
            "R2142-22 CCP",
        ),
        (_("Le règlement peut interdire de candidater deux fois : à lire lot par lot."), "R2142-21 CCP"),
        (_("Le mandataire ne l'est que d'un seul groupement par marché."), "R2142-23 CCP"),
        (_("Capacités et références s'apprécient pour le groupement entier."), "R2142-25 CCP"),
        (_("La composition ne change plus de la candidature à la signature."), "R2142-26 CCP"),
        (
            _("Chiffre d'affaires exigible : %(x)s fois le montant annuel au plus, sauf justification.")
            % {"x": f"{rules.turnover_multiple:g}".replace(".", "," if words.french() else ".")},
            "R2142-7 CCP",
        ),
        (
            _("Un groupement répond à un besoin technique ou économique, sans réunir l'essentiel de l'offre."),
            "L420-1 C. com.",
        ),
        (
            _("Mandataire : %(m)s au moins ; chaque membre : %(s)s au moins (estimations).") % share,
            _("choix du service"),
        ),
    ]
