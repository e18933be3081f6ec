"""Each lot closes by its own award; what was closed stays so until its procedure is folded again."""

from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import OuterRef, Subquery


def as_their_tender(apps: Apps, _editor: BaseDatabaseSchemaEditor) -> None:
    tenders = apps.get_model("matchmaker", "Tender").objects.filter(pk=OuterRef("tender_id"))
    lots = apps.get_model("matchmaker", "Lot").objects.filter(tender__awarded_on__isnull=False)
    lots.update(awarded_on=Subquery(tenders.values("awarded_on")[:1]))


class Migration(migrations.Migration):
    dependencies = [("matchmaker", "0009_linkname_written")]

    operations = [
        migrations.AddField(model_name="lot", name="awarded_on", field=models.DateField(null=True)),
        migrations.RunPython(as_their_tender, migrations.RunPython.noop),
    ]
