from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
{% if cookiecutter.accounts == 'allauth' %}
        ("accounts", "0002_cache_table"),
{% else %}
        ("accounts", "0001_initial"),
{% endif %}
    ]

    operations = [
        migrations.RemoveField(model_name="user", name="language"),
        migrations.RemoveField(model_name="user", name="time_zone"),
    ]
