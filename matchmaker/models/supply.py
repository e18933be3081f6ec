"""Where the supply is: counts of firms by square of the map and by département, kept by ``matchmaker.supply_cells``."""

from __future__ import annotations

from django.db import models

from geo.models import Departement


class Supply(models.Model):
    """Firms of one trade somewhere. ``social`` = ESS or inclusive; ``siae``, ``adapted``: kinds of R2 and of R1."""

    trade = models.CharField(max_length=3)  # "" = all trades, each firm once
    fictitious = models.BooleanField(default=False)
    firms = models.PositiveIntegerField()
    social = models.PositiveIntegerField()
    siae = models.PositiveIntegerField(default=0, db_default=0)
    adapted = models.PositiveIntegerField(default=0, db_default=0)
    capacity_eur = models.BigIntegerField()  # middle estimates, a year
    social_eur = models.BigIntegerField(default=0, db_default=0)
    siae_eur = models.BigIntegerField(default=0, db_default=0)
    adapted_eur = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        abstract = True


class SupplyCell(Supply):
    """Firms of one trade in one square of the web-mercator grid of a zoom: what the supply map draws from afar."""

    zoom = models.PositiveSmallIntegerField()  # the grid is 2**zoom cells wide
    x = models.PositiveIntegerField()
    y = models.PositiveIntegerField()
    lon = models.FloatField()  # centre of gravity of its firms, where the mark is drawn
    lat = models.FloatField()

    class Meta:
        ordering = ["zoom", "trade", "x", "y"]
        constraints = [
            models.UniqueConstraint(fields=["fictitious", "trade", "zoom", "x", "y"], name="supply_cell_once")
        ]

    def __str__(self) -> str:
        return f"{self.zoom}/{self.x}/{self.y} {self.trade}"


class SupplyTotal(Supply):
    """The same by département: what the table beside the map says."""

    departement = models.ForeignKey(Departement, on_delete=models.CASCADE, null=True, related_name="supply")
    low_eur = models.BigIntegerField()
    high_eur = models.BigIntegerField()

    class Meta:
        ordering = ["trade", "departement"]
        constraints = [
            models.UniqueConstraint(
                fields=["fictitious", "trade", "departement"], name="supply_total_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.departement_id} {self.trade}"


class SupplyState(models.Model):
    """Which state of the firms the cells and totals were counted from."""

    fictitious = models.BooleanField(unique=True)
    version = models.CharField(max_length=40)
    built_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.version
