from django.db import migrations


def join(apps, schema_editor):
    """Every dataflow that is set up gets the source and the target connection it would have been made with."""
    get = apps.get_model
    flows = get("dataflows", "Dataflow").objects.exclude(status="draft")
    for flow in flows.exclude(account=None).exclude(dataset=None).iterator():
        shared = {"name": flow.name, "implicit": True, "created_by": flow.created_by}
        flow.source_connection = get("dataflows", "SourceConnection").objects.create(
            account_id=flow.account_id,
            project_id=flow.project_id,
            timezone=flow.timezone,
            time_semantic=flow.time_semantic,
            **shared,
        )
        flow.target_connection = get("dataflows", "TargetConnection").objects.create(
            dataset_id=flow.dataset_id, data={"format": "json"}, **shared
        )
        flow.save(update_fields=["source_connection", "target_connection"])


class Migration(migrations.Migration):
    dependencies = [("dataflows", "0010_api_clients")]

    operations = [migrations.RunPython(join, migrations.RunPython.noop)]
