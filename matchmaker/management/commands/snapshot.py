"""``manage.py snapshot build|refresh|check|list``: the supply as the index reads it, on disk."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from matchmaker.domain.reference import InvalidReferenceError
from matchmaker.domain.store import Manifest, MissingError, SnapshotError, Store
from matchmaker.management.progress import on_terminal
from matchmaker.snapshot import Refreshed, build, refresh, store_of

POPULATIONS = {False: "entreprises réelles", True: "entreprises fictives"}


class Command(BaseCommand):
    help = "Construit, met à jour, vérifie ou montre l'instantané de l'offre que lit l'index."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("action", choices=["build", "refresh", "check", "list"])
        parser.add_argument("--fictitious", action="store_true", help="les entreprises fictives seulement")
        parser.add_argument("--real", action="store_true", help="les entreprises réelles seulement")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = [fictitious for fictitious, name in ((False, "real"), (True, "fictitious")) if options[name]]
        found = []
        for fictitious in asked or POPULATIONS:
            try:
                found += getattr(self, f"on_{options['action']}")(fictitious) or []
            except (SnapshotError, InvalidReferenceError) as error:
                raise CommandError(f"{POPULATIONS[fictitious].capitalize()} : {error}") from error
        if found:
            raise CommandError(" ".join(found))

    def on_build(self, fictitious: bool) -> None:
        begin = time.perf_counter()
        self._tell(fictitious, build(fictitious, on_terminal), begin)

    def on_refresh(self, fictitious: bool) -> None:
        begin = time.perf_counter()
        self._tell(fictitious, refresh(fictitious, on_terminal), begin)

    def on_check(self, fictitious: bool) -> list[str]:
        store = store_of(fictitious)
        try:
            manifest = store.current()
        except MissingError as error:
            self.stdout.write(f"{POPULATIONS[fictitious].capitalize()} : {error}")
            return []
        problems = store.problems(manifest)
        if not problems:
            self.stdout.write(f"{_described(manifest)} : {len(manifest.files)} fichiers, tous intacts.")
        return problems

    def on_list(self, fictitious: bool) -> None:
        store = store_of(fictitious)
        self.stdout.write(f"{POPULATIONS[fictitious].capitalize()}, dans {store.folder} :")
        in_force = _in_force(store)
        for manifest in store.versions():
            mark = " (en vigueur)" if manifest.version == in_force else ""
            size = sum(one.bytes for one in manifest.files) / 1e6
            made = timezone.localtime(datetime.fromisoformat(manifest.made_at))
            self.stdout.write(f"  {_described(manifest)}, {size:.1f} Mo, du {made:%d/%m/%Y à %H:%M:%S}{mark}")
        if in_force is None:
            self.stdout.write("  aucun : il sera construit à la première question, ou par « snapshot build ».")

    def _tell(self, fictitious: bool, done: Refreshed, begin: float) -> None:
        on_terminal("")
        manifest = store_of(fictitious).current()
        if done.changed is None:
            what = f"reconstruit ({done.reason.rstrip('.')})"
        else:
            what = f"{len(done.changed)} entreprises mises à jour" if done.changed else "rien n'a changé"
        seconds = f"{time.perf_counter() - begin:.1f}".replace(".", ",")
        self.stdout.write(f"{POPULATIONS[fictitious].capitalize()}, {_described(manifest)} : {what}, en {seconds} s.")


def _in_force(store: Store) -> int | None:
    try:
        return int(store.pointer()["version"])
    except SnapshotError:
        return None


def _described(manifest: Manifest) -> str:
    rows = sum(one.rows for one in manifest.segments.values())
    return (
        f"version {manifest.version} ({manifest.content}), {manifest.firms} entreprises, {rows} lignes, "
        f"{len(manifest.segments)} métiers"
    )
