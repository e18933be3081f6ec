from django.apps import AppConfig
from django.conf import settings

from consortia.domain import engine


class ConsortiaConfig(AppConfig):
    name = "consortia"
    verbose_name = "Groupements"

    def ready(self) -> None:
        from consortia import hiding  # noqa: F401  its receiver, once models are there

        engine.COMPILED = engine.COMPILED and settings.NUMBA
