"""Addresses of the pages."""

from django.contrib.auth.views import LoginView, LogoutView
from django.urls import path

from frontend.pages import directories, expiring, firms, imports, lots, ranking, runs, sources, supply

urlpatterns = [
    path("", lots.home, name="home"),
    path("lots/", lots.lots, name="lots"),
    path("lots/export.csv", lots.lots_csv, name="lots-csv"),
    path("lots/<int:lot_id>/", lots.lot, name="lot"),
    path("lots/<int:lot_id>/ranking/", ranking.part, name="lot-ranking"),
    path("lots/<int:lot_id>/ranking.csv", ranking.ranking_csv, name="lot-ranking-csv"),
    path("lots/<int:lot_id>/map.json", ranking.lot_map, name="lot-map"),
    path("lots/<int:lot_id>/context.json", lots.lot_context, name="lot-context"),
    path("firms/<str:siret>/", firms.firm, name="firm"),
    path("firms/<str:siret>/map.json", firms.firm_map, name="firm-map"),
    path("firms/<str:siret>/context.json", firms.firm_context, name="firm-context"),
    path("expiring/", expiring.expiring, name="expiring"),
    path("expiring/export.csv", expiring.expiring_csv, name="expiring-csv"),
    path("supply/", supply.supply, name="supply"),
    path("supply/export.csv", supply.supply_csv, name="supply-csv"),
    path("supply/gaps.json", supply.supply_gaps, name="supply-gaps"),
    path("supply/mark/<int:zoom>/<int:x>/<int:y>/", supply.supply_mark, name="supply-mark"),
    path("supply/tiles/<int:zoom>/<int:x>/<int:y>.mvt", supply.supply_tile, name="supply-tile"),
    path("ground/tiles/<int:zoom>/<int:x>/<int:y>.mvt", supply.ground_tile, name="ground-tile"),
    path("runs/", runs.runs, name="runs"),
    path("sources/", sources.sources, name="sources"),
    path("sources/<slug:key>/", imports.source, name="source"),
    path("sources/<slug:key>/sync/", imports.sync_now, name="source-sync"),
    path("imports/", imports.imports, name="imports"),
    path("quarantine/", imports.quarantined, name="quarantine"),
    path("quarantine/export.csv", imports.quarantine_csv, name="quarantine-csv"),
    path("quarantine/retry/", imports.retry_quarantine, name="quarantine-retry"),
    path("directories/", directories.directories, name="directories"),
    path("directories/<int:directory_id>/", directories.directory, name="directory"),
    path("directories/<int:directory_id>/columns/", directories.columns, name="directory-columns"),
    path("directories/<int:directory_id>/review/", directories.review, name="directory-review"),
    path("directories/<int:directory_id>/link/", directories.relink, name="directory-link"),
    path("directories/<int:directory_id>/delete/", directories.delete, name="directory-delete"),
    path("directories/<int:directory_id>/export.csv", directories.directory_csv, name="directory-csv"),
    path("login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
]
