"""A firm that opposes diffusion is noted even when it is closed: old matches still tell where it is."""

from importlib import import_module

from django.db import migrations

BEFORE: str = import_module("matchmaker.migrations.0019_vacancies").AFTER
AFTER = BEFORE.replace(
    "n.active AND n.trades <> '{}') AND", "n.active AND n.trades <> '{}' OR o.diffusion <> n.diffusion) AND"
)


class Migration(migrations.Migration):
    dependencies = [("matchmaker", "0019_vacancies")]
    operations = [migrations.RunSQL(AFTER, BEFORE)]
