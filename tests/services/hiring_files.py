"""Small files of bassins, hiring projects and jobseekers around Grenoble, in the shapes of France Travail."""

from __future__ import annotations

from pathlib import Path

from tests.sources.territory_files import text_file

COMMUNES = ("38185", "38421", "38151", "38169", "38229")  # Grenoble and its neighbours; Voiron is another bassin


def crosswalk(folder: Path, *more: str, year: int = 2024, name: str = "bassins") -> Path:
    rows = [*(f"{code},8421,GRENOBLE" for code in COMMUNES), "38563,8422,VOIRON", *more]
    head = f"code_commune,code_bassin_{year},lib_bassin_{year}"
    return text_file(folder / f"{name}_{year}.csv", "\n".join([head, *rows]) + "\n")


def survey(folder: Path, *rows: str, year: int = 2024) -> Path:
    """Rows: "fap,label,departement,bassin,name,met,xmet,smet"."""
    short = year % 100
    head = f"annee,Code métier BMO,Nom métier BMO,Dept,BE{short},NOMBE{short},met,xmet,smet"
    kept = rows or (
        "T4X60,Agents d'entretien de locaux,38,8421,GRENOBLE,120,60,20",
        "T4X60,Agents d'entretien de locaux,73,8421,GRENOBLE,*,*,*",
        "T4X61,Agents de service hospitaliers,38,8421,GRENOBLE,50,20,*",
        "B2X36,Ouvriers en peinture en bâtiment,38,8421,GRENOBLE,30,25,*",
        "T4X60,Agents d'entretien de locaux,38,8422,VOIRON,40,10,5",
        "T4X60,Agents d'entretien de locaux,971,104,ILES DU NORD,12,6,*",
    )
    return text_file(folder / f"bmo_{year}.csv", "\n".join([head, *(f"{year},{row}" for row in kept)]) + "\n")


def seekers(folder: Path) -> Path:
    text = (
        "annee;ROME;rome_label;cbassin;lib_bassin_bmo19;oee;defm_abc;ind_tension_d\n"
        "2020;K2204;Nettoyage de locaux;8421;GRENOBLE;40;300;2\n"
        "2020;F1606;Peinture en bâtiment;8421;GRENOBLE;4;3;5\n"
        "2020;K2204;Nettoyage de locaux;8422;VOIRON;7;80;3\n"
    )
    return text_file(folder / "demandeurs_2020.csv", text)
