"""Communes, départements and zones: where things are."""

from __future__ import annotations

from django.contrib.gis.db import models
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex


class Zone(models.Model):
    """A zoning's zone: zone d'emploi (or the arrondissement that stands in for it), BMO bassin of a year ..."""

    class Kind(models.TextChoices):
        ZONE_EMPLOI = "ze2020", "zone d'emploi 2020"
        ARRONDISSEMENT = "arrondissement", "arrondissement (à défaut de zone d'emploi)"
        BASSIN = "bmo", "bassin d'emploi de France Travail"
        BASSIN_DE_VIE = "bv2022", "bassin de vie 2022"
        EPCI = "epci", "intercommunalité"

    kind = models.CharField(max_length=20, choices=Kind)
    vintage = models.CharField(max_length=4, blank=True)  # year of a zoning that is revised, as the bassins are
    code = models.CharField(max_length=10)
    name = models.CharField(max_length=120)
    source = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "vintage", "code"], name="zone_unique")]

    def __str__(self) -> str:
        return self.name


class Departement(models.Model):
    code = models.CharField(max_length=3, primary_key=True)
    name = models.CharField(max_length=60)
    region_code = models.CharField(max_length=3)
    region_name = models.CharField(max_length=60)
    population = models.PositiveIntegerField(default=0)
    point = models.PointField(geography=True, null=True)
    # Population-weighted root mean square distance to ``point``: what "somewhere in the département" means.
    spread_km = models.FloatField(null=True)
    outline = models.GeometryField(null=True, spatial_index=False)  # for drawing only: see ``geo.ground``

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class Commune(models.Model):
    """A commune of the current code officiel géographique, or a former or partial one that points to it."""

    class Kind(models.TextChoices):
        COMMUNE = "commune", "commune"
        ARRONDISSEMENT = "arrondissement", "arrondissement municipal"
        FORMER = "former", "commune déléguée ou associée"

    code = models.CharField(max_length=5, primary_key=True)
    kind = models.CharField(max_length=20, choices=Kind)
    name = models.CharField(max_length=120)
    search_name = models.CharField(max_length=120, db_index=True)
    postcodes = ArrayField(models.CharField(max_length=5), default=list)
    population = models.PositiveIntegerField(null=True)
    departement = models.ForeignKey(Departement, on_delete=models.PROTECT, related_name="communes")
    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="parts")
    arrondissement_code = models.CharField(max_length=5, blank=True)
    epci_code = models.CharField(max_length=9, blank=True)
    epci_name = models.CharField(max_length=150, blank=True)
    point = models.PointField(geography=True, null=True)
    boundary = models.GeometryField(null=True, spatial_index=True)
    zone = models.ForeignKey(Zone, on_delete=models.PROTECT, null=True, related_name="communes")

    class Meta:
        ordering = ["code"]
        indexes = [GinIndex(fields=["postcodes"], name="commune_postcodes")]

    def __str__(self) -> str:
        return f"{self.name} ({self.departement_id})"


class ZoneCommune(models.Model):
    """Which communes a zone holds, for every zoning but the main one (``Commune.zone``)."""

    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="members")
    commune = models.ForeignKey(Commune, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["zone", "commune"], name="zone_commune_once")]

    def __str__(self) -> str:
        return f"{self.zone_id}/{self.commune_id}"


class HiringProjects(models.Model):
    """Hiring projects of a year in a BMO bassin and métier (FAP). A secret figure is null with its bounds."""

    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="hiring")
    year = models.PositiveSmallIntegerField()
    fap = models.CharField(max_length=8)  # FAP 2021, 228 métiers
    label = models.CharField(max_length=200)
    # A bassin across borders has one row a département, and since 2026 a CLPE: rows are kept as published.
    part = models.CharField(max_length=60, blank=True)
    projects = models.PositiveIntegerField(null=True)  # met
    projects_low = models.PositiveIntegerField()
    projects_high = models.PositiveIntegerField()
    hard = models.PositiveIntegerField(null=True)  # xmet
    hard_low = models.PositiveIntegerField()
    hard_high = models.PositiveIntegerField()
    seasonal = models.PositiveIntegerField(null=True)  # smet
    seasonal_low = models.PositiveIntegerField()
    seasonal_high = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["zone", "year", "fap", "part"], name="hiring_once")]

    def __str__(self) -> str:
        return f"{self.zone_id} {self.fap} {self.year}"


class JobSeekers(models.Model):
    """Jobseekers (DEFM, categories A, B, C) of a year in a zone and ROME; null where not published."""

    zone = models.ForeignKey(Zone, on_delete=models.CASCADE, related_name="jobseekers")
    year = models.PositiveSmallIntegerField()
    rome = models.CharField(max_length=5)
    label = models.CharField(max_length=200, blank=True)
    seekers = models.PositiveIntegerField(null=True)
    seekers_low = models.PositiveIntegerField()
    seekers_high = models.PositiveIntegerField()
    offers = models.PositiveIntegerField(null=True)
    tension = models.PositiveSmallIntegerField(null=True)  # decile

    class Meta:
        constraints = [models.UniqueConstraint(fields=["zone", "year", "rome"], name="jobseekers_once")]

    def __str__(self) -> str:
        return f"{self.zone_id} {self.rome} {self.year}"


class RomeFap(models.Model):
    """Which métiers of the BMO survey (FAP 2021) a ROME job belongs to; a mere family ("T4X") when approximate."""

    class Precision(models.TextChoices):
        EXACT = "exact", "publiée"
        OURS = "ours", "établie par Maillage"
        FAMILY = "family", "à la famille près"

    rome = models.CharField(max_length=5)
    fap = models.CharField(max_length=8)
    precision = models.CharField(max_length=10, choices=Precision, default=Precision.EXACT)
    source = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rome", "fap"], name="rome_fap_once")]

    def __str__(self) -> str:
        return f"{self.rome} {self.fap}"


class Vintage(models.Model):
    """Which edition of a territory table is in place; an unchanged one is not loaded again."""

    name = models.CharField(max_length=40, unique=True)
    fingerprint = models.CharField(max_length=64)
    source = models.CharField(max_length=300)
    rows = models.PositiveIntegerField()
    loaded_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.rows}"
