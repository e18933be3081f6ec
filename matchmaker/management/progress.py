"""How commands speak while they work, and what they say of an import once it is over."""

from __future__ import annotations

import sys
from typing import Protocol

from matchmaker.models import ImportRun

LABELS = {
    "read": "lus",
    "new": "nouveaux",
    "changed": "changés",
    "unchanged": "inchangés",
    "retired": "retirés",
    "quarantined": "en quarantaine",
}


class Out(Protocol):
    def write(self, msg: str) -> None: ...


def on_terminal(words: str) -> None:
    """One line rewritten in place on a terminal, nothing in a log."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{words}")
        sys.stderr.flush()


def show_run(out: Out, run: ImportRun) -> None:
    counts = ", ".join(f"{getattr(run, name)} {label}" for name, label in LABELS.items() if getattr(run, name))
    lasted = f", en {run.duration.total_seconds():.1f} s".replace(".", ",") if run.duration else ""
    out.write(f"  {counts or 'rien à lire'}{lasted}.")
    if run.error:
        out.write(f"  {run.error}")
    for words, count in run.details.get("facts", {}).items():
        out.write(f"  {words} : {count}")
    for reason, count in run.details.get("reasons", {}).items():
        out.write(f"  quarantaine — {reason} : {count}")
    warnings = list(run.details.get("warnings", {}).items())
    for sentence, count in warnings[:8]:
        out.write(f"  avertissement — {sentence} ({count})")
    if len(warnings) > 8:
        out.write(f"  et {len(warnings) - 8} autres sortes d'avertissement (page des imports).")
