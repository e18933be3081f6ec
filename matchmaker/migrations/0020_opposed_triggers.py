"""A firm that opposes diffusion is noted even when it is closed: old matches still tell where it is."""

from importlib import import_module

from django.db import migrations

_before = import_module("matchmaker.migrations.0017_change_triggers")
_NAME = "CREATE FUNCTION matchmaker_firm_changed"
_OLD = "n.active AND n.trades <> '{}') AND"
_NEW = "n.active AND n.trades <> '{}' OR o.diffusion <> n.diffusion) AND"


def _changed() -> str:
    """The function as 0017 made it."""
    start = _before.FUNCTIONS.index(_NAME)
    made: str = _before.FUNCTIONS[start : _before.FUNCTIONS.index("END $$;", start)] + "END $$;"
    return made.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("matchmaker", "0019_vacancies")]
    operations = [migrations.RunSQL(_changed().replace(_OLD, _NEW), _changed())]
