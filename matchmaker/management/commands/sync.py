"""``manage.py sync [SOURCE [FILE...]] [--since DATE] | --all``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from matchmaker.management.progress import on_terminal, show_run
from matchmaker.sources.catalogue import BY_KEY, Source, UnknownSourceError, source
from matchmaker.stand import Stand, standing
from matchmaker.sync import in_one_sentence, sync


class Command(BaseCommand):
    help = (
        "Met à jour une source de données ouvertes, depuis le réseau ou depuis des fichiers ; sans argument, les liste."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", nargs="?", help="clé de la source, telle que la liste la donne")
        parser.add_argument("files", nargs="*", type=Path, metavar="FICHIER", help="au lieu de la télécharger")
        parser.add_argument("--since", type=date.fromisoformat, metavar="AAAA-MM-JJ", help="redemander depuis ce jour")
        parser.add_argument("--all", action="store_true", help="toutes les sources automatiques, l'une après l'autre")

    def handle(self, *args: Any, **options: Any) -> None:
        key, files = options["source"], options["files"]
        if options["all"]:
            if key:
                raise CommandError("Donnez une source, ou --all, pas les deux.")
            self._all()
        elif key:
            self._one(_known(key), files, options["since"])
        else:
            self._list()

    def _list(self) -> None:
        for stand in standing():
            self.stdout.write(f"{stand.source.key:22} {_freshness(stand)}")
            self.stdout.write(f"{'':22} {stand.source.title} — {stand.source.producer}. {stand.source.help}".rstrip())

    def _one(self, wanted: Source, files: Sequence[Path], since: date | None) -> None:
        for path in files:
            if not path.exists():
                raise CommandError(f"« {path} » n'existe pas : vérifiez le chemin.")
        try:
            runs = sync(wanted.key, files, on_terminal, since=since)
        except Exception as error:
            on_terminal("")
            raise CommandError(in_one_sentence(error, wanted)) from error
        on_terminal("")
        for run in runs:
            self.stdout.write(f"{run.source} :")
            show_run(self.stdout, run)
        if not runs:
            self.stdout.write(f"{wanted.title} : rien de nouveau depuis le dernier import.")

    def _all(self) -> None:
        """Each in its turn; those that failed are told at the end too."""
        failed = []
        for wanted in (one for one in BY_KEY.values() if one.automatic):
            try:
                self._one(wanted, (), None)
            except CommandError as error:
                failed.append(wanted.key)
                self.stderr.write(str(error))
        if failed:
            raise CommandError(f"Sources en échec : {', '.join(failed)} ; les autres sont à jour.")


def _known(key: str) -> Source:
    try:
        return source(key)
    except UnknownSourceError as error:
        raise CommandError(str(error)) from error


def _freshness(stand: Stand) -> str:
    words = {"never": "jamais importée", "fresh": "à jour", "stale": "à rafraîchir"}[stand.freshness]
    day = f" (importée le {stand.imported_on:%d/%m/%Y})" if stand.imported_on else ""
    day = f" (données du {stand.dated:%d/%m/%Y})" if stand.dated else day
    waiting = f", {stand.waiting} en quarantaine" if stand.waiting else ""
    return f"{words}{day}{waiting}"
