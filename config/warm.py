"""The compiled searches, of firms and of groupings, loaded before the first question.

``python -m config.warm`` compiles them once a machine. Needs no database, so that it is done beside the set-up of one;
processes that follow load what it compiled.
"""

from __future__ import annotations

import os
import threading


def warm() -> None:
    """Load the compiled searches, or compile them. Any tables will do. Django is set up."""
    from django.conf import settings

    if settings.NUMBA:
        from consortia.domain import solver
        from matchmaker.domain import index
        from matchmaker.reference import build_reference, shipped_tables

        index.warm(build_reference("shipped", shipped_tables()))
        solver.warm()


def warm_aside() -> None:
    """The same, with the pages and the supply in force, while the process already answers."""
    threading.Thread(target=_warm_all, name="warm", daemon=True).start()


def _warm_all() -> None:
    from django.db import connection
    from django.urls import get_resolver

    from matchmaker.snapshot import open_early

    _ = get_resolver().url_patterns  # the pages' own code, else imported by the first visitor
    warm()
    try:
        open_early()
    finally:
        connection.close()  # the thread's own


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    warm()
