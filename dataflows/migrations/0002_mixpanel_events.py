"""The schema the product ships."""

from django.conf import settings
from django.db import migrations

from dataflows.schemas import mixpanel_events


def add_schema(apps, schema_editor):
    document = mixpanel_events(tenant=settings.TENANT)
    values = {"description": document["description"], "document": document}
    apps.get_model("dataflows", "Schema").objects.get_or_create(title=document["title"], defaults=values)


class Migration(migrations.Migration):
    dependencies = [("dataflows", "0001_initial")]

    operations = [migrations.RunPython(add_schema, migrations.RunPython.noop)]
