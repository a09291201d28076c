from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("dataflows", "0015_withheld")]

    operations = [
        migrations.AddField(model_name="dataflow", name="lacking_days", field=models.PositiveIntegerField(default=0)),
        migrations.AddField(model_name="dataflow", name="lacking_first", field=models.DateField(null=True)),
        migrations.AddField(model_name="dataflow", name="lacking_last", field=models.DateField(null=True)),
    ]
