"""What the fictitious lots ask for: families of needs, and their wording in French."""

from __future__ import annotations

from dataclasses import dataclass

LABEL = "Données fictives de démonstration Maillage."

BUILDINGS = (
    "du groupe scolaire {emblem}",
    "des écoles et de la médiathèque",
    "de l'hôtel de ville",
    "du lycée {emblem}",
    "du collège {emblem}",
    "de la salle polyvalente et des vestiaires",
    "du centre technique",
    "de la crèche {emblem}",
    "de la résidence autonomie {emblem}",
    "du pôle culturel {emblem}",
    "des locaux administratifs",
    "de la maison de santé",
    "du gymnase {emblem}",
    "de la maison des associations",
)
OUTDOORS = (
    "des parcs et squares",
    "des abords des écoles",
    "du cimetière et des terrains de sport",
    "du secteur nord",
    "du secteur sud",
    "des zones d'activités",
    "des résidences {emblem}",
    "du parc {emblem}",
    "des collèges",
    "des sites hospitaliers",
)
WILDS = (
    "des bords de rivière",
    "des chemins de randonnée",
    "des bassins d'orage et des fossés",
    "de l'espace naturel {place}",
    "du bois {place}",
    "des haies bocagères",
    "des zones humides",
)
STREETS = (
    "de la rue des Lavandières",
    "du quartier {emblem}",
    "du parvis de la gare",
    "de la zone d'activités {emblem}",
    "des cheminements piétons",
    "du hameau {place}",
    "de la cour d'école {emblem}",
)
AREAS = (
    "sur le territoire communautaire",
    "pour les services techniques",
    "pour les déchèteries",
    "en centre-ville",
    "pour les bâtiments publics",
    "pour les marchés et les manifestations",
)
MEALS = (
    "pour les écoles et l'accueil de loisirs",
    "pour la résidence autonomie {emblem}",
    "pour les réceptions",
    "pour le restaurant administratif",
    "pour le portage à domicile",
    "pour le lycée {emblem}",
)
OFFICES = (
    "pour les services de la collectivité",
    "pour le siège et les antennes",
    "pour les écoles",
    "pour la direction générale",
    "pour le pôle technique",
    "pour le réseau des médiathèques",
)
HOMES = (
    "pour les crèches et les résidences",
    "pour l'établissement {emblem}",
    "pour la cuisine centrale",
    "pour les agents des services techniques",
    "pour le centre de secours",
)
PEOPLE = (
    "dans le quartier {emblem}",
    "sur le territoire communautaire",
    "dans les quartiers prioritaires",
    "pour le centre communal d'action sociale",
    "pour le centre social {emblem}",
    "en zone rurale",
)


@dataclass(frozen=True, slots=True)
class Theme:
    """A family of needs that buyers put into one consultation."""

    title: str
    weight: float
    nature: str
    trades: dict[str, float]
    sites: tuple[str, ...]
    months: tuple[int, ...]
    yearly_eur: float  # median of a lot, before the local supply is looked at
    lots: dict[int, float]
    one_site: bool = False  # one building, a lot a trade
    social_services: bool = False  # eForms cn-social, subtype 20
    reserved: float = 0.0  # share of lots reserved to EA, ESAT and SIAE


FEW = {1: 5.0, 2: 3.0, 3: 2.0, 4: 1.0}
SOME = {1: 4.0, 2: 3.0, 3: 2.0, 4: 2.0, 5: 1.0, 6: 0.7}
MANY = {1: 2.0, 3: 2.0, 4: 2.0, 5: 2.0, 6: 2.0, 7: 1.5, 8: 1.5}
YEARS = (12, 12, 24, 24, 36, 48)

THEMES = (
    Theme(
        "Prestations de nettoyage",
        20,
        "services",
        {"T01": 80, "T02": 20},
        BUILDINGS,
        YEARS,
        110_000,
        SOME,
        reserved=0.18,
    ),
    Theme(
        "Travaux de rénovation",
        7,
        "works",
        {"T07": 18, "T08": 11, "T09": 11, "T10": 11, "T11": 12, "T12": 9, "T13": 12, "T14": 11, "T16": 7},
        BUILDINGS,
        (6, 8, 10, 12, 15, 18),
        160_000,
        MANY,
        one_site=True,
        reserved=0.04,
    ),
    Theme(
        "Entretien et petite maintenance des bâtiments",
        8,
        "services",
        {"T17": 55, "T07": 20, "T13": 12, "T14": 13},
        BUILDINGS,
        YEARS,
        80_000,
        FEW,
        reserved=0.12,
    ),
    Theme(
        "Entretien des espaces verts",
        12,
        "services",
        {"T04": 78, "T06": 22},
        OUTDOORS,
        YEARS,
        90_000,
        SOME,
        reserved=0.25,
    ),
    Theme(
        "Entretien des espaces naturels",
        5,
        "services",
        {"T05": 65, "T06": 35},
        WILDS,
        (12, 24, 36),
        70_000,
        FEW,
        reserved=0.25,
    ),
    Theme("Travaux de voirie et réseaux", 4, "works", {"T15": 100}, STREETS, (6, 9, 12, 18, 24), 350_000, FEW),
    Theme(
        "Collecte, tri et propreté urbaine",
        7,
        "services",
        {"T18": 38, "T19": 34, "T03": 28},
        AREAS,
        (24, 36, 36, 48),
        180_000,
        SOME,
        reserved=0.15,
    ),
    Theme(
        "Restauration et traiteur",
        8,
        "services",
        {"T24": 30, "T25": 45, "T26": 25},
        MEALS,
        (12, 24, 36),
        120_000,
        FEW,
        reserved=0.12,
    ),
    Theme(
        "Mobilier et matériel issus du réemploi",
        4,
        "supplies",
        {"T20": 55, "T21": 45},
        OFFICES,
        (12, 24, 36),
        60_000,
        FEW,
        reserved=0.12,
    ),
    Theme(
        "Services numériques et documentaires",
        4,
        "services",
        {"T22": 34, "T23": 33, "T35": 33},
        OFFICES,
        (12, 24, 36, 48),
        90_000,
        FEW,
        reserved=0.08,
    ),
    Theme(
        "Linge et habillement",
        4,
        "services",
        {"T27": 70, "T28": 30},
        HOMES,
        (12, 24, 36),
        80_000,
        FEW,
        reserved=0.25,
    ),
    Theme(
        "Transport et logistique",
        5,
        "services",
        {"T29": 20, "T30": 20, "T31": 28, "T32": 14, "T45": 18},
        OFFICES,
        (12, 24, 36, 48),
        100_000,
        FEW,
        reserved=0.05,
    ),
    Theme(
        "Prestations de soutien",
        6,
        "services",
        {"T33": 17, "T34": 8, "T36": 18, "T37": 13, "T38": 24, "T46": 20},
        OFFICES,
        (12, 24, 36),
        90_000,
        FEW,
        reserved=0.08,
    ),
    Theme(
        "Services sociaux, éducatifs et culturels",
        9,
        "services",
        {"T39": 28, "T40": 18, "T41": 22, "T42": 12, "T43": 20},
        PEOPLE,
        (12, 24, 36),
        110_000,
        FEW,
        social_services=True,
    ),
    Theme(
        "Mise à disposition de personnel",
        2,
        "services",
        {"T44": 100},
        OFFICES,
        (12, 24),
        120_000,
        FEW,
        reserved=0.25,
    ),
)
ESS_SHARE = 0.55  # of the social services whose code may be reserved to the ESS (rule R5)

ACTS: dict[str, tuple[str, ...]] = {
    "T01": ("Entretien ménager", "Nettoyage des locaux", "Nettoyage et hygiène courante"),
    "T02": ("Nettoyage de la vitrerie", "Nettoyage des vitres et surfaces en hauteur"),
    "T03": ("Balayage et propreté urbaine", "Désherbage manuel et propreté des espaces publics"),
    "T04": ("Entretien des espaces verts", "Tonte, taille et fleurissement", "Aménagement paysager"),
    "T05": (
        "Entretien des milieux naturels",
        "Lutte contre les plantes envahissantes",
        "Restauration écologique",
    ),
    "T06": (
        "Élagage et abattage",
        "Taille des haies et des arbres d'alignement",
        "Débroussaillage et sylviculture",
    ),
    "T07": ("Réfection des peintures", "Peintures intérieures et ravalement", "Remise en peinture"),
    "T08": ("Remplacement des sols souples", "Carrelage et faïence", "Revêtements de sols"),
    "T09": ("Maçonnerie et gros œuvre", "Reprises de maçonnerie"),
    "T10": ("Plâtrerie et isolation", "Cloisons, doublages et plafonds"),
    "T11": ("Menuiseries intérieures", "Remplacement des menuiseries extérieures"),
    "T12": ("Réfection de la couverture", "Charpente et couverture"),
    "T13": ("Rénovation de l'éclairage et de l'électricité", "Courants forts et faibles"),
    "T14": ("Plomberie, chauffage et ventilation", "Remplacement de la production de chaleur"),
    "T15": ("Réfection de la voirie", "Aménagement et réseaux", "Terrassement et désimperméabilisation"),
    "T16": ("Curage et démolition intérieure", "Dépose sélective"),
    "T17": ("Petite maintenance", "Interventions multiservices", "Petits travaux d'entretien"),
    "T18": ("Collecte des déchets", "Collecte des biodéchets", "Collecte des papiers et cartons"),
    "T19": ("Tri et valorisation des matières", "Gestion du haut de quai et recyclage"),
    "T20": ("Fourniture de mobilier issu du réemploi", "Rénovation et réparation de mobilier"),
    "T21": ("Fourniture d'ordinateurs reconditionnés", "Collecte et reconditionnement du parc informatique"),
    "T22": ("Refonte du site internet", "Développement d'une application métier"),
    "T23": ("Assistance aux utilisateurs", "Support informatique de proximité"),
    "T24": ("Prestations de traiteur", "Buffets et cocktails"),
    "T25": ("Confection et livraison de repas", "Exploitation de la restauration collective"),
    "T26": ("Fourniture de légumes bruts et préparés", "Légumes biologiques de légumerie"),
    "T27": ("Location et entretien du linge", "Blanchisserie des tenues et du linge plat"),
    "T28": ("Confection de textiles et retouches", "Réparation de vêtements de travail"),
    "T29": ("Transferts de bureaux et manutention", "Déménagement et garde-meubles"),
    "T30": ("Livraison de plis et colis à vélo", "Navettes et courses de proximité"),
    "T31": ("Transport d'élèves et de personnes", "Transport adapté"),
    "T32": ("Stockage et préparation de commandes", "Gestion d'un magasin"),
    "T33": ("Conditionnement et mise sous pli", "Routage et façonnage"),
    "T34": ("Montage et sous-traitance d'ateliers", "Réparation de mobilier urbain métallique"),
    "T35": ("Numérisation de dossiers", "Traitement et archivage documentaire"),
    "T36": ("Travaux d'impression", "Impression du magazine et des affiches"),
    "T37": ("Accueil physique et téléphonique", "Centre d'appels et standard"),
    "T38": ("Gardiennage et surveillance", "Sécurité des manifestations"),
    "T39": ("Médiation sociale", "Présence sociale et médiation de tranquillité"),
    "T40": ("Aide et accompagnement à domicile", "Interventions d'aide à domicile"),
    "T41": ("Gestion de places en crèche", "Exploitation d'un multi-accueil"),
    "T42": ("Animation culturelle", "Ateliers et spectacles"),
    "T43": ("Accompagnement socioprofessionnel", "Actions de formation et d'insertion"),
    "T44": ("Mise à disposition de personnel", "Remplacement d'agents"),
    "T45": ("Entretien du parc de véhicules et de cycles", "Réparation de vélos et de véhicules légers"),
    "T46": ("Conseil en communication", "Organisation d'événements"),
}
SCOPES = (
    "Les prestations sont décrites au cahier des clauses techniques particulières.",
    "Le marché est conclu à prix mixtes : une part forfaitaire et une part à bons de commande.",
    "Une visite des sites est possible sur rendez-vous.",
    "Les groupements d'entreprises sont admis, sous toute forme.",
    "Les interventions ont lieu en site occupé.",
    "Les variantes ne sont pas admises.",
)
CLAUSES = (
    "Clause sociale : le titulaire réalise au moins {hours} heures d'insertion sur la durée du marché.",
    "Le titulaire s'engage à réserver {hours} heures d'insertion à des personnes éloignées de l'emploi.",
    "Condition d'exécution obligatoire : {hours} heures d'insertion.",
)
CLAUSE_WITHOUT_HOURS = "Une clause d'insertion figure parmi les conditions d'exécution."
RESERVED_SENTENCE = "Lot réservé en application des articles L2113-12 à L2113-14 du code de la commande publique."
ESS_SENTENCE = "Lot réservé aux entreprises de l'économie sociale et solidaire (article L2113-15)."
EXCLUSIVE_SENTENCE = (
    "Il est interdit de présenter plusieurs offres en agissant à la fois en qualité de candidat individuel "
    "et de membre d'un ou plusieurs groupements."
)
GREEN_SENTENCES = (
    "Les offres sont aussi jugées sur leur performance environnementale.",
    "Le titulaire limite ses déplacements et trie ses déchets.",
    "Des produits écolabellisés sont exigés.",
)
