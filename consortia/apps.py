from django.apps import AppConfig


class ConsortiaConfig(AppConfig):
    name = "consortia"
    verbose_name = "Groupements"

    def ready(self) -> None:
        from consortia import hiding  # noqa: F401  its receiver, once models are there
