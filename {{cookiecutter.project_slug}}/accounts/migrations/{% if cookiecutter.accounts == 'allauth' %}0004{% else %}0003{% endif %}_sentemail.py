from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
{% if cookiecutter.accounts == 'allauth' %}
        ("accounts", "0003_remove_user_language_and_time_zone"),
{% else %}
        ("accounts", "0002_remove_user_language_and_time_zone"),
{% endif %}
    ]

    operations = [
        migrations.CreateModel(
            name="SentEmail",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=64, unique=True)),
                ("time", models.DateTimeField(auto_now_add=True, db_index=True)),
            ],
        ),
    ]
