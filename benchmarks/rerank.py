"""Claim: a filter or a slider of the lot page shows the new exact ranking in less than 300 ms, in the browser.

Run by ``./run bench rerank`` beside a running site (``./run demo`` or ``./run serve``); BENCH_SITE is its address,
BENCH_LOT a lot (else the open lot with most firms in reach), BENCH_CHANGES how many changes of each kind. Measured in
Chromium, from the gesture to the list redrawn, the pause that gathers quick gestures (90 ms) included; beside it, the
answer of the server alone.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.request
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.table import median, percentile, show

SITE = os.environ.get("BENCH_SITE", "http://127.0.0.1:8000").rstrip("/")
CHANGES = int(os.environ.get("BENCH_CHANGES", "30"))
CHROMIUM = os.environ.get("MAILLAGE_CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic"]

# One change, timed in the page: the value set, the event a hand would cause, the list replaced and painted.
CHANGE = """([id, value]) => new Promise((done, fail) => {
  const field = document.getElementById(id) ?? document.querySelector(`[name="${id}"]`);
  const old = document.querySelector('#ranking-results');
  const late = setTimeout(() => fail(new Error('no answer to ' + id)), 10000);
  const watch = new MutationObserver(() => {
    if (old.isConnected) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => {
      clearTimeout(late);
      const asked = performance.getEntriesByType('resource').filter(one => one.name.includes('/ranking/')).at(-1);
      done({total: performance.now() - start, server: asked ? asked.responseEnd - asked.startTime : 0});
    }));
  });
  watch.observe(document.querySelector('#ranking'), {childList: true, subtree: true});
  performance.clearResourceTimings();
  const start = performance.now();
  if (field.type === 'checkbox') field.checked = value; else field.value = value;
  field.dispatchEvent(new Event('input', {bubbles: true}));
})"""


def busiest_lot() -> dict[str, Any]:
    with urllib.request.urlopen(f"{SITE}/api/lots?limit=200", timeout=60) as answer:
        found: list[dict[str, Any]] = json.load(answer)["results"]
    wanted = os.environ.get("BENCH_LOT")
    return max(
        (lot for lot in found if not wanted or str(lot["id"]) == wanted), key=lambda lot: int(lot["supply_count"])
    )


def changes(kind: str) -> list[tuple[str, object]]:
    """(field, value), each unlike the one before."""
    if kind == "curseurs":
        names = ("w_trade", "w_text", "w_distance", "w_capacity", "w_evidence", "w_ess")
        return [(names[n % 6], str((37 * n + 11) % 101)) for n in range(CHANGES)]
    filters = [
        ("rank-within", "30"),
        ("ess", True),
        ("ess", False),
        ("rank-least", "40"),
        ("rank-least", ""),
        ("rank-within", ""),
    ]
    return [filters[n % 6] for n in range(CHANGES)]


def measured(page: Page, kind: str) -> list[object]:
    timed = [page.evaluate(CHANGE, list(change)) for change in changes(kind)]
    total, server = ([one[key] for one in timed] for key in ("total", "server"))
    return [
        kind,
        len(timed),
        *(f"{figure:.0f}" for figure in (median(total), percentile(total, 95), median(server), percentile(server, 95))),
    ]


def main() -> int:
    try:
        lot = busiest_lot()
    except OSError as error:
        print(f"Aucun site à {SITE} ({error}) : lancez « ./run serve », puis BENCH_SITE=http://... ./run bench rerank.")
        return 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page()
        page.goto(f"{SITE}/lots/{lot['id']}/")
        page.evaluate(CHANGE, ["ess", True])  # the index is read once a process
        page.evaluate(CHANGE, ["ess", False])
        rows = [measured(page, kind) for kind in ("curseurs", "filtres")]
        browser.close()
    show(
        f"Reclasser le lot {lot['id']} ({lot['supply_count']} entreprises à portée)",
        ["changement", "n", "p50 ms", "p95 ms", "serveur p50 ms", "serveur p95 ms"],
        rows,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
