"""Test edits that must not be offered where they would remove something that the site needs."""

import pytest

from preflight import file_edits, findings, heroku
from preflight.near_matches import Known, refine
from preflight.settings_checks import Facts
from tests.preflight.cures import make_edit

pytestmark = pytest.mark.fast
UTF8 = {"encoding": "utf-8"}


def put(tree, **files):
    """Write files whose names are given with __ for a slash and _ for a dot."""
    for name, text in files.items():
        path = tree / name.replace("__", "/").replace("_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, **UTF8)


def cure(tree, finding):
    """Make the edits of a finding; return the finding with them."""
    found = file_edits.add(finding, tree)
    for edit in found.edits:
        make_edit(vars(edit), tree)
    return found


def test_asgi_loads_django_before_the_imports_of_the_project(tmp_path):
    text = (
        "import os\n\nfrom django.core.asgi import get_asgi_application\n\n"
        "from chat import routing\nimport chat.models\n\n"
        'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")\n'
        "application = get_asgi_application()\n"
    )
    put(tmp_path, shop__asgi_py=text, chat__models_py="")
    cure(tmp_path, findings.MODELS_IN_ASGI("chat/models.py", 1))
    lines = (tmp_path / "shop/asgi.py").read_text(**UTF8).splitlines()
    loaded = lines.index("application = get_asgi_application()")
    assert lines[loaded + 2 :] == ["from chat import routing", "import chat.models"]
    assert lines[2] == "from django.core.asgi import get_asgi_application"
    assert "chat" not in "".join(lines[:loaded])


def test_an_import_in_the_settings_is_only_removed_if_nothing_uses_it(tmp_path):
    put(tmp_path, settings_py="from shop.models import Item\n")
    assert cure(tmp_path, findings.MODELS_IN_SETTINGS("settings.py", 1)).edits
    put(tmp_path, settings_py="from shop.models import Item\nCOUNT = Item.objects.count\n")
    assert not cure(tmp_path, findings.MODELS_IN_SETTINGS("settings.py", 1)).edits
    put(tmp_path, settings_py="from shop.constants import *\n")
    assert not cure(tmp_path, findings.MODELS_IN_SETTINGS("settings.py", 1)).edits


def media(tree, name):
    """Return the commands for a large medium."""
    (tree / name).parent.mkdir(parents=True, exist_ok=True)
    (tree / name).write_bytes(b"")
    return cure(tree, findings.LARGE_MEDIA(name, size=60, largest=name)).commands


def test_media_that_a_file_names_stay_in_git(tmp_path):
    put(tmp_path, templates__home_html='<video src="/media/named.mp4">')
    assert media(tmp_path, "media/named.mp4") == []
    assert media(tmp_path, "static/dynamic.mp4") == []
    assert media(tmp_path, "media/other.mp4") == ["git rm -r -q --cached -- media/other.mp4"]
    assert media(tmp_path, "uploads/one.mp4") == ["git rm -r -q --cached -- uploads"]
    assert (tmp_path / ".gitignore").read_text(**UTF8) == "/media/other.mp4\n/uploads/\n"


def test_a_style_sheet_is_not_led_to_a_file_of_another_kind(tmp_path):
    put(tmp_path, static__site_css="p { background: url(fonts/a.woff2) }\n")
    missing = findings.MISSING_REFERENCE(file_name="site.css", missing="fonts/a.woff2")
    found = cure(tmp_path, missing)
    assert (found.where, found.edits) == ("static/site.css, line 1", ())
    put(tmp_path, static__fonts__a_ttf="")
    assert not cure(tmp_path, missing).edits
    put(tmp_path, static__font__a_woff2="", staticfiles__font__a_woff2="")
    cure(tmp_path, missing)
    assert "url(font/a.woff2)" in (tmp_path / "static/site.css").read_text(**UTF8)


def test_uploads_move_to_a_bucket_without_storages_in_the_settings(tmp_path):
    put(tmp_path, settings_py="import os\n", requirements_txt="Django==5.2.19\n")
    cure(tmp_path, findings.LOCAL_UPLOADS("settings.py", field="shop.Item.picture"))
    settings: dict = {}
    text = (tmp_path / "settings.py").read_text(**UTF8)
    exec(compile(text, "settings.py", "exec"), settings)
    # Without the bucket, the disk is used as before.
    assert settings["STORAGES"]["default"]["BACKEND"].endswith("FileSystemStorage")
    assert "django-storages[s3]\n" in (tmp_path / "requirements.txt").read_text(**UTF8)
    assert heroku.PLACEHOLDER not in (tmp_path / "app.json").read_text(**UTF8)


@pytest.mark.parametrize(
    ("name", "templates", "meant"),
    [
        ("hom.html", ["home.html", "about.html"], "home.html"),
        ("HOME.html", ["home.html"], "home.html"),
        ("home.html", ["shop/home.html"], "shop/home.html"),
        ("home.html", ["shop/home.html", "blog/home.html"], ""),
        ("a.html", ["b.html"], ""),
        ("home.txt", ["home.html"], ""),
    ],
)
def test_a_template_is_only_proposed_if_its_name_is_near(tmp_path, name, templates, meant):
    put(tmp_path, shop__views_py=f'def home(request):\n    return render(request, "{name}")\n')
    names = [f"shop/templates/{template}" for template in templates]
    missing = findings.TEMPLATE_MISSING(name=name)
    found = cure(tmp_path, refine(missing, Known(tmp_path, names)))
    assert found.where == "shop/views.py, line 2"
    assert found.kind is (findings.TEMPLATE_SIMILAR if meant else findings.TEMPLATE_MISSING)
    assert f'"{meant or name}"' in (tmp_path / "shop/views.py").read_text(**UTF8)


@pytest.mark.parametrize(
    ("text", "used", "meant"),
    [
        ("'hom' not found. 'hom' is not a valid view function or pattern name.", "hom", "home"),
        ("'item' not found. 'item' is not a valid view function or pattern name.", "shop:item", ""),
        (
            "'lst' not found. 'lst' is not a valid view function or pattern name.",
            "shop:lst",
            "shop:list",
        ),
        ("'home' with arguments '(1,)' not found. 1 pattern(s) tried: ['$']", "home", ""),
    ],
)
def test_a_url_is_only_proposed_if_its_name_is_near(tmp_path, text, used, meant):
    page = f"<p>{used}</p>\n<a href=\"{{% url '{used}' %}}\">\n"
    put(tmp_path, templates__home_html=page, shop__views_py=f"NAMES = ['{used}']\n")
    facts = Facts(url_names=["home", "shop:list", "blog:items", "shop:items"])
    wrong = findings.NO_REVERSE(text=f"Reverse for {text}")
    found = cure(tmp_path, refine(wrong, Known(tmp_path, [], facts)))
    assert found.where == "templates/home.html, line 2"
    new = page.replace(f"'{used}'", f"'{meant or used}'")
    assert (tmp_path / "templates/home.html").read_text(**UTF8) == new
    assert f"'{used}'" in (tmp_path / "shop/views.py").read_text(**UTF8)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("from blogs.models import Post\n", findings.MODULE_SIMILAR),
        ("APPS = ['blogs']\n", findings.MODULE_SIMILAR),
        ("import blogs\n", findings.NOT_INSTALLED),
        ("from blogs import get\n", findings.NOT_INSTALLED),
    ],
)
def test_a_module_is_not_taken_for_a_package_with_a_similar_name(tmp_path, line, kind):
    put(tmp_path, blog__models_py="", shop__views_py=line)
    missing = findings.NOT_INSTALLED("shop/views.py", 1, module="blogs", package="blogs")
    known = Known(tmp_path, ["blog/models.py", "shop/views.py"])
    assert refine(missing, known).kind is kind
