"""Départements a firm declares it works in: noted when they change, as is the département of a lot."""

from importlib import import_module

import django.contrib.postgres.fields
from django.db import migrations, models

_first = import_module("matchmaker.migrations.0017_change_triggers")
_BEFORE_AREA = "'radius', f.declared_radius_km,"


def _function(name: str) -> str:
    start = _first.FUNCTIONS.index(f"CREATE FUNCTION matchmaker_{name}()")
    end = _first.FUNCTIONS.index("END $$;", start) + len("END $$;")
    return str(_first.FUNCTIONS[start:end]).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1)


BEFORE = [import_module("matchmaker.migrations.0020_opposed_triggers").AFTER, *map(_function, ("firm_removed", "lot_changed"))]
_CHANGES = (
    (_BEFORE_AREA, f"{_BEFORE_AREA} 'area', to_jsonb(f.declared_departements),"),
    ("o.declared_radius_km", "o.declared_radius_km, o.declared_departements"),
    ("n.declared_radius_km", "n.declared_radius_km, n.declared_departements"),
    ("o.uncertainty_km", "o.uncertainty_km, o.departement_id"),
    ("n.uncertainty_km", "n.uncertainty_km, n.departement_id"),
)


def _changed(function: str) -> str:
    for old, new in _CHANGES:
        function = function.replace(old, new)
    return function


AFTER = [_changed(function) for function in BEFORE]


class Migration(migrations.Migration):
    dependencies = [("matchmaker", "0020_opposed_triggers")]
    operations = [
        migrations.AddField(
            "firm",
            "declared_departements",
            django.contrib.postgres.fields.ArrayField(
                models.CharField(max_length=3), blank=True, db_default=[], default=list, size=None
            ),
        ),
        migrations.RunSQL(AFTER, BEFORE),
    ]
