from django.db import migrations, models
from django.db.models import F, Q

COUNTS = ("received", "loaded", "duplicate", "rejected", "filtered")


def count_what_was_not_loaded(apps, schema_editor):
    """Runs so far have only the days that they loaded in their counts; their windows know the others."""
    windows = apps.get_model("dataflows", "Window").objects.filter(
        run__status__in=("failed", "partial", "cancelled"),
    )
    Run = apps.get_model("dataflows", "Run")
    for window in windows.exclude(days=[]).values("run_id", "days").iterator(chunk_size=500):
        left_out = [day for day in window["days"] if day["status"] in ("failed", "held")]
        if left_out:
            more = {name: sum(int(day[name]) for day in left_out) for name in COUNTS}
            more["withheld"] = more.pop("loaded")
            Run.objects.filter(pk=window["run_id"]).update(**{name: F(name) + more[name] for name in more})


class Migration(migrations.Migration):
    dependencies = [("dataflows", "0014_remnant")]

    operations = [
        migrations.RemoveConstraint(model_name="run", name="run_balances"),
        migrations.AddField(model_name="run", name="withheld", field=models.BigIntegerField(default=0)),
        migrations.RunPython(count_what_was_not_loaded, migrations.RunPython.noop),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=Q(
                    received=F("loaded") + F("duplicate") + F("rejected") + F("filtered") + F("withheld"),
                ),
                name="run_balances",
            ),
        ),
    ]
