"""Jobs a firm means to fill; groupings follow when they change, as they do for all that decides of them."""

from importlib import import_module

from django.db import migrations, models

_first = import_module("matchmaker.migrations.0017_change_triggers")
_start = _first.FUNCTIONS.index("CREATE FUNCTION matchmaker_firm_changed")
BEFORE = _first.FUNCTIONS[_start : _first.FUNCTIONS.index("END $$;", _start) + len("END $$;")].replace(
    "CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1
)
AFTER = BEFORE.replace(
    _first.differs(_first.FIRM), _first.differs((*_first.FIRM, "declared_vacancies", "vacancies_on"))
)


class Migration(migrations.Migration):
    dependencies = [("matchmaker", "0018_map_masked")]
    operations = [
        migrations.AddField("firm", "declared_vacancies", models.PositiveIntegerField(blank=True, null=True)),
        migrations.AddField("firm", "vacancies_on", models.DateField(blank=True, null=True)),
        migrations.RunSQL(AFTER, BEFORE),
    ]
