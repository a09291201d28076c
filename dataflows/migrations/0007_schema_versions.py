import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def first_versions(apps, schema_editor):
    """Every schema that is there gets the version that it says it has."""
    version = apps.get_model("dataflows", "SchemaVersion")
    for schema in apps.get_model("dataflows", "Schema").objects.all():
        version.objects.create(
            schema=schema, number=schema.version, document=schema.document, created_by=schema.created_by
        )


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("dataflows", "0012_hash_key"),
    ]

    operations = [
        migrations.CreateModel(
            name="SchemaVersion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("document", models.JSONField()),
                ("note", models.CharField(blank=True, max_length=255)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "schema",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="versions", to="dataflows.schema"
                    ),
                ),
            ],
            options={"ordering": ["-number"]},
        ),
        migrations.AddConstraint(
            model_name="schemaversion",
            constraint=models.UniqueConstraint(fields=("schema", "number"), name="one_schema_version_per_number"),
        ),
        migrations.CreateModel(
            name="SourceProperty",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("path", models.CharField(max_length=500)),
                ("names", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[("known", "Known"), ("new", "New"), ("dismissed", "Dismissed")],
                        default="new",
                        max_length=10,
                    ),
                ),
                ("types", models.JSONField(default=dict)),
                ("seen", models.PositiveIntegerField(default=0)),
                ("looked_at", models.PositiveIntegerField(default=0)),
                ("values", models.JSONField(default=list)),
                ("first_seen_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField()),
                (
                    "dataflow",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="properties", to="dataflows.dataflow"
                    ),
                ),
            ],
            options={"ordering": ["first_seen_at", "pk"]},
        ),
        migrations.AddConstraint(
            model_name="sourceproperty",
            constraint=models.UniqueConstraint(fields=("dataflow", "path"), name="one_source_property_per_path"),
        ),
        migrations.RunPython(first_versions, migrations.RunPython.noop),
    ]
