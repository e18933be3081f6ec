from django.apps import AppConfig


class AllotmentConfig(AppConfig):
    name = "allotment"
    verbose_name = "Allotissement"
