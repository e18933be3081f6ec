from django.apps import AppConfig


class AllotmentConfig(AppConfig):
    name = "allotment"
    verbose_name = "Allotissement"

    def ready(self) -> None:
        from allotment.reference import add_tables

        add_tables()
