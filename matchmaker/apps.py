from django.apps import AppConfig
from django.conf import settings

from matchmaker.domain import index


class MatchmakerConfig(AppConfig):
    name = "matchmaker"
    verbose_name = "Rapprochement"

    def ready(self) -> None:
        index.COMPILED = index.COMPILED and settings.NUMBA
