"""Names of firms and streets: readable, invented, and marked as fictitious."""

from __future__ import annotations

from matchmaker.demo.dice import Dice
from matchmaker.demo.places import Town

MARK = "(fictif)"

# Family names are put together from syllables, so that none is taken from a register.
STARTS = (
    "Bar",
    "Brin",
    "Cal",
    "Cor",
    "Dar",
    "Del",
    "Fan",
    "Gor",
    "Jal",
    "Ker",
    "Lam",
    "Mar",
    "Nor",
    "Oré",
    "Pel",
    "Quin",
    "Rav",
    "Sal",
    "Tar",
    "Val",
    "Vir",
    "Zel",
)
ENDS = (
    "beau",
    "celin",
    "daux",
    "flet",
    "gault",
    "lier",
    "mond",
    "nelec",
    "pin",
    "quet",
    "rand",
    "sot",
    "thier",
    "vaux",
    "zac",
)

# "de" is already said, so that any name can follow "Régie de quartier".
PLACES = (
    "des Trois Rivières",
    "du Grand Chêne",
    "de l'Estuaire",
    "des Quatre Vents",
    "du Vieux Port",
    "des Deux Rives",
    "de la Belle Étoile",
    "du Petit Moulin",
    "des Hauts Jardins",
    "de la Levée",
    "du Bocage",
    "des Tilleuls",
    "du Phare",
    "de la Clairière",
    "des Coteaux",
    "du Pont Neuf",
    "de l'Horizon",
    "des Passerelles",
    "du Verger",
    "de la Source",
    "des Ardoisières",
    "du Halage",
    "de la Prairie",
    "des Genêts",
    "du Soleil Levant",
    "des Alizés",
    "de la Ravine Claire",
    "du Marais Bleu",
    "de la Forge",
    "des Lavoirs",
)
EMBLEMS = (
    "Les Tilleuls",
    "Le Trèfle",
    "L'Élan",
    "La Passerelle",
    "Les Ateliers Réunis",
    "Le Cap",
    "L'Escale",
    "La Ruche",
    "Les Genêts",
    "L'Envol",
    "La Vigie",
    "Le Gué",
    "Les Alizés",
    "L'Avenir",
    "La Boussole",
    "Le Sémaphore",
    "Les Compagnons",
    "L'Ancrage",
    "La Clé des Champs",
    "Le Relais",
    "Les Hirondelles",
    "L'Arbre Vert",
    "La Fabrique",
    "Le Fil",
    "Les Quatre Saisons",
)

WORDS: dict[str, str] = {
    "T01": "Propreté|Clair et Net|Hygiène Services|Nettoyage",
    "T02": "Vitrerie Propre|Altitude Nettoyage|Façades Nettes",
    "T03": "Voirie Propre|Balayage|Propreté Urbaine",
    "T04": "Paysages|Espaces Verts|Jardins|Parcs et Jardins",
    "T05": "Rivières et Milieux|Génie Écologique|Nature et Sentiers",
    "T06": "Élagage|Forêt Services|Arbres et Forêts",
    "T07": "Peintures|Décor Peinture|Peinture et Ravalement",
    "T08": "Sols et Carrelages|Carrelage|Revêtements",
    "T09": "Maçonnerie|Construction|Bâtisseurs",
    "T10": "Plâtrerie|Isolation|Cloisons et Plafonds",
    "T11": "Menuiserie|Ébénisterie et Agencement|Menuiseries",
    "T12": "Couverture|Charpente|Toitures",
    "T13": "Électricité|Élec Services|Courants Forts et Faibles",
    "T14": "Plomberie|Chauffage|Génie Climatique",
    "T15": "Travaux Publics|Terrassement|Voirie et Réseaux",
    "T16": "Démolition|Curage et Dépose|Déconstruction",
    "T17": "Multiservice|Dépannage Bâtiment|Petits Travaux",
    "T18": "Collecte|Bennes Services|Ramassage",
    "T19": "Tri et Valorisation|Recyclage|Matières Recyclées",
    "T20": "Ressourcerie|Mobilier Second Souffle|Réemploi",
    "T21": "Informatique Reconditionnée|Ordis Solides|Parc Informatique",
    "T22": "Logiciels|Studio Web|Code et Données",
    "T23": "Assistance Informatique|Support Numérique|Infogérance",
    "T24": "Traiteur|Réceptions|Cuisine et Saveurs",
    "T25": "Restauration|Cuisine Centrale|Tables Collectives",
    "T26": "Maraîchers|Légumerie|Fermes",
    "T27": "Blanchisserie|Linge Services|Pressing et Linge",
    "T28": "Couture|Atelier Textile|Confection",
    "T29": "Déménagements|Transferts et Manutention|Garde-Meubles",
    "T30": "Coursiers|Vélo Cargo|Livraison Express",
    "T31": "Autocars|Mobilités|Transport de Voyageurs",
    "T32": "Logistique|Entrepôts|Stock et Quais",
    "T33": "Conditionnement|Routage|Façonnage et Mailing",
    "T34": "Mécanique de Précision|Sous-traitance Industrielle|Montage Industriel",
    "T35": "Numérisation|Archives Services|Gestion Documentaire",
    "T36": "Imprimerie|Impressions|Arts Graphiques",
    "T37": "Accueil et Standard|Centre d'Appels|Relation Usagers",
    "T38": "Sécurité|Gardiennage|Veille et Protection",
    "T39": "Médiation|Liens de Quartier|Présence Sociale",
    "T40": "Aide à Domicile|Maintien à Domicile|Services à la Personne",
    "T41": "Crèche|Petite Enfance|Jardin d'Enfants",
    "T42": "Animation|Scènes et Cultures|Spectacles",
    "T43": "Formation|Compétences|Conseil et Insertion",
    "T44": "Intérim|Travail Temporaire|Emploi Services",
    "T45": "Garage|Atelier Vélo|Mécanique Auto",
    "T46": "Communication|Agence Conseil|Événements",
}
TEMPLATES: dict[str, tuple[str, ...]] = {
    "ordinary": (
        "{word} {family}",
        "{word} {family} et Fils",
        "Établissements {family} {word}",
        "{family} {word}",
    ),
    "association": ("Association {emblem}", "{word} {place}", "Collectif {emblem}", "Maison {place}"),
    "SCOP": ("SCOP {word} {family}", "{word} {place} SCOP", "Coopérative {emblem}"),
    "SCIC": ("SCIC {emblem}", "{word} {place} SCIC"),
    "social company": ("{word} Solidaires {place}", "{emblem} {word}"),
    "foundation": ("Fondation {emblem}", "Mutuelle {place}"),
    "EI": ("Régie de quartier {place}", "{word} Insertion {place}", "{emblem} Entreprise d'insertion"),
    "ACI": (
        "Chantier d'insertion {place}",
        "Ateliers solidaires {place}",
        "Jardins solidaires {place}",
        "{emblem} Chantier {word}",
    ),
    "AI": ("Association intermédiaire {place}", "Coup de Pouce Emploi {place}", "{emblem} Services"),
    "ETTI": ("Intérim d'insertion {place}", "{emblem} Intérim"),
    "EA": ("Entreprise adaptée {emblem}", "Ateliers adaptés {place}", "{word} Adapté {place}"),
    "EATT": ("Travail temporaire adapté {place}",),
    "ESAT": ("ESAT {emblem}", "ESAT {place}"),
    "GEIQ": ("GEIQ {word} {place}", "GEIQ Emploi {place}"),
}
STREETS = (
    "des Lavandières",
    "du Four à Chaux",
    "des Artisans",
    "de la Gare",
    "des Fontaines",
    "du Général Inventé",
    "des Acacias",
    "de la Mairie",
    "du Moulin",
    "des Peupliers",
    "de l'Industrie",
    "des Compagnons",
    "du Stade",
    "de la Vallée",
    "des Écoles",
    "du Champ de Foire",
    "de la Liberté",
    "des Mimosas",
    "du Petit Bois",
    "de la Croix Blanche",
)
STREET_TYPES = {"RUE": 60.0, "AV": 8.0, "CHE": 7.0, "ZA": 9.0, "IMP": 6.0, "BD": 5.0, "ALL": 5.0}


class Namer:
    """Gives each firm a name nobody else has: the commune is added when a name comes twice."""

    def __init__(self, dice: Dice) -> None:
        self.dice = dice
        self.used: dict[str, int] = {}

    def name(self, profile: str, trade: str, town: Town) -> str:
        bare = self.dice.pick(TEMPLATES[profile]).format(
            word=self.dice.pick(WORDS[trade].split("|")),
            family=family(self.dice),
            place=self.dice.pick(PLACES),
            emblem=self.dice.pick(EMBLEMS),
        )
        for candidate in (bare, f"{bare} – {town.name}"):
            if candidate not in self.used:
                self.used[candidate] = 1
                return f"{candidate} {MARK}"
        self.used[candidate] += 1
        return f"{candidate} n° {self.used[candidate]} {MARK}"


def family(dice: Dice) -> str:
    return dice.pick(STARTS) + dice.pick(ENDS)


def street(dice: Dice) -> tuple[str, str, str]:
    """Number, type and name of a street, as SIRENE keeps them apart (capitals)."""
    return str(dice.between(1, 160)), dice.weighted(STREET_TYPES), dice.pick(STREETS).upper()


def of(name: str) -> str:
    """A town's name after "de", with the French elisions: d'Angers, du Mans, des Herbiers."""
    if name.startswith("Le "):
        return f"du {name[3:]}"
    if name.startswith("Les "):
        return f"des {name[4:]}"
    return f"d'{name}" if name[0] in "AEIOUYÉÈÊÎÂHaeiou" else f"de {name}"
