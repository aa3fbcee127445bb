"""Test which new migrations the release on Heroku cannot live with."""

import pytest

from preflight import findings, live_migrations
from tests.helpers import caller_environment, run
from tests.preflight.rehearsal import rehearse

pytestmark = pytest.mark.fast

MIGRATION = """\
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = []
    operations = [
        {}
    ]
"""
REMOVED, REQUIRED = findings.REMOVED_FROM_LIVE, findings.REQUIRED_FROM_LIVE


@pytest.mark.row(192)
@pytest.mark.parametrize(
    ("operation", "kind", "words"),
    [
        ('migrations.RemoveField("item", "name")', REMOVED, "removes item.name"),
        ('migrations.RemoveField(model_name="item", name="name")', REMOVED, "removes item.name"),
        ('migrations.RenameField("item", "name", "title")', REMOVED, "renames item.name"),
        ('migrations.DeleteModel(name="Item")', REMOVED, "removes the table of Item"),
        ('migrations.RenameModel("Item", "Thing")', REMOVED, "renames Item"),
        ('migrations.AlterModelTable("item", "things")', REMOVED, "renames the table of item"),
        (
            'migrations.AddField("item", "price", models.IntegerField(default=0))',
            REQUIRED,
            "adds item.price",
        ),
        ('migrations.AddField("item", "price", models.IntegerField(db_default=0))', None, ""),
        ('migrations.AddField("item", "price", models.IntegerField(null=True))', None, ""),
        ('migrations.AddField("item", "tags", models.ManyToManyField("shop.Tag"))', None, ""),
        ('migrations.CreateModel("Item", [("name", models.TextField())])', None, ""),
        (
            'migrations.CreateModel("Item", []), '
            'migrations.AddField("item", "price", models.IntegerField())',
            None,
            "",
        ),
        ("migrations.RunPython(print)", None, ""),
    ],
)
def test_what_the_running_release_cannot_live_with_is_a_note(tmp_path, operation, kind, words):
    name = "shop/migrations/0002_next.py"
    path = tmp_path / name
    path.parent.mkdir(parents=True)
    path.write_text(MIGRATION.format(operation), encoding="utf-8")
    found = list(live_migrations.check(tmp_path, [name, "manage.py"], {"manage.py"}))
    assert [f.kind for f in found] == ([kind] if kind else [])
    assert all((f.file, f.line) == (name, 7) and words in f.message for f in found)
    # It is part of the running release, or there is none.
    assert not list(live_migrations.check(tmp_path, [name], {name}))
    assert not list(live_migrations.check(tmp_path, [name, "manage.py"], {"README.md"}))


@pytest.mark.row(192)
def test_only_migrations_that_are_not_on_heroku_are_read(committed):
    env = caller_environment(committed.parent / "home")

    def git(*arguments):
        ended = run(["git", *arguments], committed, env)
        assert ended.status == 0, ended.output

    path = committed / "accounts/migrations/0099_remove.py"
    path.write_text(MIGRATION.format('migrations.DeleteModel("User")'), encoding="utf-8")
    before = rehearse(committed, "--uncommitted", "--only", "source")
    assert REMOVED.id not in before.ids
    git("update-ref", "refs/remotes/heroku/main", "HEAD")
    told = rehearse(committed, "--uncommitted", "--only", "source")
    assert told.find(REMOVED)["file"] == "accounts/migrations/0099_remove.py"
    assert (told.status, told.find(REMOVED)["weight"]) == (0, "note")
