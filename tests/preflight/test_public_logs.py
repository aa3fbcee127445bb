"""Test the explanations of logs that people have posted, and of others of the same families.

tests/preflight/public_logs contains what a program printed in public threads, with names, hosts and
keys replaced. An index names the thread, the cause that the thread shows, and the findings that are
right. `found` is what preflight reports instead, for the logs that it does not explain. How many
of 40 were right before rules were written for the others: 25 in `later`, 29 in `latest`, 35 in
`fifth`, 34 in `sixth`, 22 in `seventh`, and 24 in `eighth`.
"""

import json
import re
from pathlib import Path

import pytest

from preflight import explain, file_edits, findings, near_matches
from tests.preflight.test_explain import explain_it
from tools import list_log_findings

pytestmark = pytest.mark.fast
LOGS = Path(__file__).parent / "public_logs"


def public_logs():
    """Return a parameter for each public log: the file and its entry in the index."""
    for index in sorted(LOGS.glob("*/index.json")):
        for entry in json.loads(index.read_text(encoding="utf-8")):
            file = index.parent / entry["file"]
            yield pytest.param(file, entry, id=f"{index.parent.name}-{file.stem}")


@pytest.mark.parametrize(("file", "entry"), list(public_logs()))
def test_a_public_log_has_the_findings_of_its_label(file, entry):
    found = explain.explain_log(file.read_text(encoding="utf-8"))
    ids = [finding.id for finding in found if not finding.kind.symptom]
    assert ids == entry.get("found", entry["expected"])


@pytest.mark.parametrize(
    "part", ["seen", "held_out", "fresh", "later", "latest", "fifth", "sixth", "seventh", "eighth"]
)
def test_at_least_nine_of_ten_public_logs_are_explained(part):
    index = json.loads((LOGS / part / "index.json").read_text(encoding="utf-8"))
    right = [entry for entry in index if "found" not in entry]
    assert len(index) == 40 and len(right) >= 36


def log_lines():
    """Return a parameter for each log of log_lines.txt: the log and the names of its findings."""
    text = (LOGS.parent / "log_lines.txt").read_text(encoding="utf-8")
    for part in re.split(r"(?m)^===", text)[1:]:
        names, _, log = part.partition("\n")
        yield pytest.param(log, names.split(), id=log.strip()[:40])


@pytest.mark.parametrize(("log", "names"), list(log_lines()))
def test_a_line_of_each_family_is_recognized(log, names):
    known = vars(findings)
    expected = [known[name].id if name in known else f"heroku.{name}" for name in names]
    assert [finding.id for finding in explain.explain_log(log)] == expected


def test_an_edit_is_looked_for_whatever_a_program_prints(tmp_path):
    (tmp_path / "views.py").write_text("import blog\n", encoding="utf-8")
    known = near_matches.Known(tmp_path, ["views.py"], None, tmp_path / "site-packages")
    texts = [path.read_text(encoding="utf-8") for path in LOGS.glob("*/*.txt")]
    for text in texts + [parameter.values[0] for parameter in log_lines()]:
        for found in explain.diagnose(text) + explain.explain_log(text):
            refined = near_matches.refine(found, known)
            assert file_edits.add(refined, tmp_path).id == refined.id


def test_the_table_of_the_documentation_has_every_finding_of_explain():
    row = r"(?m)^\| `(heroku\.\w+)` \|"
    written = re.findall(row, list_log_findings.DOCUMENT.read_text(encoding="utf-8"))
    listed = re.findall(row, list_log_findings.table())
    assert written == listed, "python3 tools/list_log_findings.py"


@pytest.mark.parametrize(
    "log",
    [
        "Collecting backports.zoneinfo==0.2.1\nSuccessfully installed backports.zoneinfo-0.2.1",
        "error: failed to push some refs to 'https://github.com/me/blog.git'",
        "Process exited with status 137",
        "Killed by a villain: a review",
        "ERROR: shop 1.0 has requirement carts<2, but you'll have carts 2.0 which is incompatible.",
        "  ERROR: Failed building wheel for carts\nSuccessfully installed carts-2.0 shop-1.0",
        "dlerror: libcudart.so.11.0: cannot open shared object file: No such file or directory",
    ],
)
def test_words_of_a_known_error_in_another_place_are_not_explained(log):
    assert all(finding.kind is findings.GUESS for finding in explain.explain_log(log))


# What people paste

TRACEBACK = """
Traceback (most recent call last):
  File "/app/blog/settings.py", line 12, in <module>
    import crispy_forms
ModuleNotFoundError: No module named 'crispy_forms'
"""
STAMP = "2026-11-2{}T10:00:0{}.000000+00:00 app[web.1]: "


def test_a_windows_console_that_breaks_lines_is_restored():
    line = (
        'remote:          File "/app/.heroku/python/lib/python3.12/site-packages/django/apps/x.py"'
    )
    log = f"{line}, line 3\nremote:        ModuleNotFoundError: No module named 'a{'b' * 60}'\n"
    rows = [row[i : i + 80] for row in log.split("\n") for i in range(0, max(len(row), 1), 80)]
    [found] = explain.explain_log("\n".join(rows))
    assert found.kind is findings.NOT_INSTALLED and f"a{'b' * 60}" in found.message


def test_the_newest_line_may_be_the_first():
    lines = [STAMP.format(1, n) + line for n, line in enumerate(TRACEBACK.strip().split("\n"))]
    [found] = explain.explain_log("\n".join(lines[::-1]))
    assert found.kind is findings.NOT_INSTALLED
    assert found.where == "blog/settings.py, line 12"


@pytest.mark.parametrize(
    "prefix",
    [
        "remote:        ",
        STAMP.format(1, 1),
        "23:55:37 web.1  | ",
        "[OKAY] 5:17:50 PM web.1 |  ",
        "Nov 21 10:00:00 blog app/web.1 ",
        "web_1  | ",
        "2026-11-21T10:00:01.1234567Z ",
        "#12 6.840 ",
        "Nov 21 10:00:01 host gunicorn[123]: ",
        "[Fri Nov 21 10:00:01.123456 2026] [wsgi:error] [pid 12] ",
        "Nov 21 10:00:01 AM  ",
        "web       | ",
        "> ",
    ],
)
def test_a_prefix_of_any_kind_is_left_out(prefix):
    log = "\n".join(prefix + line for line in TRACEBACK.strip().split("\n"))
    [found] = explain.explain_log(log)
    assert (found.kind, found.where) == (findings.NOT_INSTALLED, "blog/settings.py, line 12")


def test_the_page_of_django_for_an_error_is_read():
    log = """
FieldError at /items/
Cannot resolve keyword 'titel' into field.
Request Method: GET
Traceback:
File "/app/shop/views.py" in items
  39.     return Item.objects.filter(titel="a")
Exception Type: FieldError at /items/
Exception Value: Cannot resolve keyword 'titel' into field.
"""
    [found] = explain.explain_log(log)
    assert found.cause == "FieldError: Cannot resolve keyword 'titel' into field."
    log = log.partition("Traceback:\n")[2]
    [found] = explain.explain_log(log)
    assert found.kind is findings.DJANGO_REFUSED and found.where == "shop/views.py, line 39"


def test_a_line_that_is_repeated_is_read_a_few_times_only():
    line = "Access to fetch at 'https://a.example' has been blocked by CORS policy: No header\n"
    log = explain.clean(line * 12_000)
    assert len(log) <= 2 * explain.LONGEST + 1
    assert len(explain.matches_in(log)) <= explain.MOST_MATCHES
    [found] = explain.explain_log(line * 12_000)
    assert found.kind is findings.CORS


@pytest.mark.parametrize("margin", ["- {}", "  {n}. {}", "{} | |"])
def test_what_a_page_for_pastes_adds_to_each_line_is_left_out(margin):
    lines = [line.strip() for line in TRACEBACK.strip().split("\n")]
    log = "\n".join(margin.format(line, n=n) for n, line in enumerate(lines, 1))
    [found] = explain.explain_log(log)
    assert (found.kind, found.where) == (findings.NOT_INSTALLED, "blog/settings.py, line 12")


def test_lines_that_were_joined_are_told_apart():
    frame = 'File "/app/.heroku/python/lib/python3.12/importlib/__init__.py", line 90, in f x '
    [found] = explain.explain_log(" ".join(TRACEBACK.replace("  File", frame * 2 + "File").split()))
    assert (found.kind, found.where) == (findings.NOT_INSTALLED, "blog/settings.py, line 12")


def test_a_failed_check_is_recognized_without_its_heading():
    log = "shop.Item.photo: (fields.E210) Cannot use ImageField because Pillow is not installed."
    [found] = explain.explain_log(log)
    assert found.kind is findings.CHECK and found.message.endswith("(fields.E210)")


@pytest.mark.parametrize("text", [" ", "\t", "\n", "> ", 'File "', "- "])
def test_a_long_text_without_a_message_is_read_once(text):
    """A pattern that looks back from every character would not end."""
    assert explain.explain_log(text * 300_000) == []


def test_html_is_turned_into_text():
    log = TRACEBACK.replace("'", "&#x27;").replace('"', "&quot;").replace("<", "&lt;")
    [found] = explain.explain_log(f"<pre>{log}</pre>")
    assert (found.kind, found.where) == (findings.NOT_INSTALLED, "blog/settings.py, line 12")


def test_all_errors_of_a_log_are_explained_in_order():
    log = f"""
remote:  !     Error: Multiple Python package manager files were found.
remote:  !     Push rejected, failed to compile Python app.
{TRACEBACK}
Traceback (most recent call last):
  File "/app/blog/views.py", line 3, in home
    Post.objects.count()
django.db.utils.ProgrammingError: relation "blog_post" does not exist
LINE 1: SELECT COUNT(*) AS "__count" FROM "blog_post"

Process exited with status 3
at=error code=H10 desc="App crashed"
"""
    found = [finding.id for finding in explain.explain_log(log)]
    assert found == ["heroku.E713", "heroku.E221", "heroku.E414"]


def test_six_missing_variables_are_six_findings_even_without_their_heading():
    names = ["SECRET_KEY", "DATABASE_URL", "A_KEY", "B_KEY", "C_KEY", "D_KEY"]
    log = "\n".join(f"?: (heroku.E002) {name} is not set.\n\tHINT: Set it." for name in names)
    log += "\n\nSystem check identified 6 issues (0 silenced).\n !     Push rejected"
    assert [found.values["name"] for found in explain.explain_log(log)] == names


def test_the_last_box_alone_is_not_an_explanation(tmp_path):
    box = " !     Error while running '$ python manage.py collectstatic --noinput'.\n"
    status, said = explain_it(
        tmp_path, f"{box} !     Push rejected, failed to compile Python app.\n"
    )
    assert status == 3 and "(heroku.E711)" in said


def test_an_exception_that_no_rule_knows_has_its_place_and_what_its_class_says(tmp_path):
    log = TRACEBACK.replace("ModuleNotFoundError: No module", "shop.OddError: no")
    status, said = explain_it(tmp_path, f"{log}\n !     Push rejected, failed to compile.\n")
    assert status == 0 and "(heroku.E370)" in said and "shop.OddError" in said
    assert "blog/settings.py, line 12" in said and "Push rejected" not in said


def test_the_package_that_raised_an_unknown_exception_is_named():
    log = """
Traceback (most recent call last):
  File "/app/shop/views.py", line 3, in pay
  File "/app/.heroku/python/lib/python3.12/site-packages/rest_framework/fields.py", line 9, in f
shop.OddError: card
"""
    [found] = explain.explain_log(log)
    assert "djangorestframework" in found.cure and found.where == "shop/views.py, line 3"


def test_the_last_exception_counts_if_others_led_to_it():
    log = f"""{TRACEBACK.replace("ModuleNotFoundError: No module", "KeyError: no")}
During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/shop/views.py", line 3, in pay
shop.OddError: card
"""
    [found] = explain.explain_log(log)
    assert found.cause == "shop.OddError: card" and found.where == "shop/views.py, line 3"


def test_an_unknown_error_is_a_guess_with_the_lines_that_look_most_like_the_cause(tmp_path):
    log = "The wheel failed to turn\n !     Push rejected, failed to compile.\n"
    status, said = explain_it(tmp_path, log)
    assert status == 3 and "(heroku.E711)" in said
    status, said = explain_it(tmp_path, "The wheel failed to turn\nAll is lost\n")
    assert status == 3 and "This is a guess" in said and "failed to turn" in said
