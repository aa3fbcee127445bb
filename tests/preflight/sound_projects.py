"""Sound projects of different shapes, which preflight must not call failed.

The list was written before the engine that it tests. Each project deploys to Heroku as it is, so a
rehearsal either proves it, or says why it cannot prove it on this machine. Any two differ in at
least two of: settings layout, database, static files, server, package manager.
"""

from dataclasses import dataclass

# Why a rehearsal proves nothing about a sound project.
NO_PIPENV = "preflight installs with pip or uv, and this project is locked with Pipenv"
NO_POETRY = "preflight installs with pip or uv, and this project is locked with Poetry"
OTHER_BUILDPACK = "bin/start-nginx comes with another buildpack, which preflight does not run"
GDAL = "GeoDjango needs libgdal, which Heroku gets from another buildpack"


@dataclass(frozen=True)
class Sound:
    """One sound project: what makes it different, and what a rehearsal has to say about it.

    `model` is the public repository on GitHub whose shape it has, as owner/name, if there is one.
    `not_proved` is the reason why the outcome is not-proved. Without one, it has to be proved.
    """

    name: str
    settings: str
    database: str
    static: str
    server: str
    packages: str
    procfile: str
    model: str = ""
    not_proved: str = ""

    @property
    def shape(self) -> tuple[str, ...]:
        """The five properties in which the projects differ."""
        return self.settings, self.database, self.static, self.server, self.packages


SOUND = [
    Sound(
        "getting-started",
        settings="one module",
        database="none without DATABASE_URL",
        static="WhiteNoise, compressed manifest",
        server="gunicorn with a configuration file",
        packages="pip and .python-version",
        procfile="web: gunicorn --config gunicorn.conf.py gettingstarted.wsgi",
        model="heroku/python-getting-started",
    ),
    Sound(
        "cookiecutter-django",
        settings="package with base, local and production, chosen by DJANGO_SETTINGS_MODULE",
        database="django-environ, env.db",
        static="WhiteNoise, compressed manifest",
        server="gunicorn",
        packages="requirements.txt that includes requirements/production.txt",
        procfile="release: python manage.py migrate\nweb: gunicorn config.wsgi:application",
        model="cookiecutter/cookiecutter-django",
    ),
    Sound(
        "bakerydemo",
        settings="package, chosen in app.json",
        database="dj_database_url with a SQLite default",
        static="WhiteNoise, manifest without compression",
        server="uWSGI",
        packages="requirements.txt that includes requirements/production.txt",
        procfile="web: uwsgi --http :$PORT --module bakerydemo.wsgi --master",
        model="wagtail/bakerydemo",
    ),
    Sound(
        "pythondotorg",
        settings="package, chosen in the process lines",
        database="dj_database_url with ssl_require",
        static="Django's manifest, served by nginx",
        server="gunicorn behind bin/start-nginx",
        packages="requirements.txt that includes prod-requirements.txt",
        procfile="release: python manage.py migrate --noinput\n"
        "web: bin/start-nginx gunicorn -c gunicorn.conf pydotorg.wsgi",
        model="python/pythondotorg",
        not_proved=OTHER_BUILDPACK,
    ),
    Sound(
        "pontoon",
        settings="package with one module, settings/base.py",
        database="dj_database_url, required",
        static="WhiteNoise, compressed manifest",
        server="gunicorn under another program (newrelic-admin)",
        packages="pip and runtime.txt",
        procfile="web: newrelic-admin run-program gunicorn pontoon.wsgi:application -t 120",
        model="mozilla/pontoon",
    ),
    Sound(
        "styleguide",
        settings="config/django/ with base and production, chosen in wsgi.py",
        database="django-environ, env.db",
        static="WhiteNoise, compressed without a manifest",
        server="gunicorn, and a worker",
        packages="pip and .python-version",
        procfile="release: python manage.py migrate\nweb: gunicorn config.wsgi:application\n"
        "worker: REMAP_SIGTERM=SIGQUIT python manage.py work",
        model="HackSoftware/Django-Styleguide-Example",
    ),
    Sound(
        "react-boilerplate",
        settings="in a folder below the root, backend/",
        database="dj_database_url through decouple",
        static="WhiteNoise, and bundles of another build",
        server="gunicorn with --chdir",
        packages="Poetry",
        procfile="web: gunicorn project.wsgi --chdir backend --limit-request-line 8188",
        model="vintasoftware/django-react-boilerplate",
        not_proved=NO_POETRY,
    ),
    Sound(
        "locallibrary",
        settings="one module",
        database="dj_database_url with a SQLite default",
        static="WhiteNoise, compressed manifest",
        server="gunicorn with --log-file -",
        packages="pip and runtime.txt",
        procfile="web: gunicorn locallibrary.wsgi --log-file -",
        model="mdn/django-locallibrary-tutorial",
    ),
    Sound(
        "djangogirls",
        settings="one module with `if DEBUG` branches",
        database="dj_database_url, required",
        static="S3 through django-storages, collected at the build",
        server="gunicorn",
        packages="uv",
        procfile="web: gunicorn djangogirls.wsgi",
        model="DjangoGirls/djangogirls",
    ),
    Sound(
        "project-template",
        settings="classes of django-configurations",
        database="dj_database_url through a Value",
        static="WhiteNoise, compressed manifest",
        server="gunicorn",
        packages="Pipenv",
        procfile="web: gunicorn project_name.wsgi",
        model="jpadilla/django-project-template",
        not_proved=NO_PIPENV,
    ),
    Sound(
        "bootcamp",
        settings="package with base, local and production, chosen by DJANGO_SETTINGS_MODULE",
        database="dj_database_url with conn_max_age",
        static="none: pages without a static file",
        server="daphne",
        packages="pip and runtime.txt",
        procfile="web: daphne config.asgi:application --port $PORT --bind 0.0.0.0",
        model="vitorfs/bootcamp",
    ),
    Sound(
        "blog-project",
        settings="one module, with settings for Heroku at its end",
        database="dj_database_url with ssl_require",
        static="collected without a hash, served by WhiteNoise",
        server="gunicorn",
        packages="pip without a Python version",
        procfile="web: gunicorn blog.wsgi --log-file -",
        model="ehmatthes/django-simple-deploy",
    ),
    Sound(
        "uvicorn",
        settings="one module",
        database="dj_database_url with conn_max_age",
        static="served by Django's ASGI application with WhiteNoise",
        server="uvicorn",
        packages="uv",
        procfile="web: uvicorn site.asgi:application --host 0.0.0.0 --port $PORT",
    ),
    Sound(
        "gunicorn-asgi",
        settings="src/ layout, with a package that is installed by `-e .`",
        database="DATABASES written by hand from os.environ",
        static="WhiteNoise, compressed manifest",
        server="gunicorn with an uvicorn worker",
        packages="pip and .python-version",
        procfile="web: gunicorn -k uvicorn_worker.UvicornWorker shop.asgi",
    ),
    Sound(
        "no-database",
        settings="one module in the root, settings.py",
        database="none: DATABASES = {}",
        static="Django's manifest, served by WhiteNoise",
        server="gunicorn with threads on the command line",
        packages="pip and .python-version",
        procfile="web: gunicorn wsgi --threads 8",
    ),
    Sound(
        "single-file",
        settings="settings.configure() in one file with the views",
        database="none: DATABASES = {}",
        static="none: pages without a static file",
        server="gunicorn",
        packages="uv",
        procfile="web: gunicorn app:application",
    ),
    Sound(
        "waitress",
        settings="local_settings.py that git ignores, imported if it exists",
        database="django-environ, env.db",
        static="WhiteNoise, compressed without a manifest",
        server="waitress",
        packages="pip without a Python version",
        procfile="web: waitress-serve --port=$PORT shop.wsgi:application",
    ),
    Sound(
        "api",
        settings="package, chosen in the process lines",
        database="dj_database_url with conn_max_age",
        static="none: an API that answers / with 404",
        server="gunicorn with gevent workers",
        packages="uv",
        procfile="release: DJANGO_SETTINGS_MODULE=api.settings.heroku python manage.py migrate\n"
        "web: DJANGO_SETTINGS_MODULE=api.settings.heroku gunicorn -k gevent api.wsgi",
    ),
    Sound(
        "login-only",
        settings="toml file that the settings read",
        database="two databases, the second one for reports",
        static="WhiteNoise, with a prefix of another host (a CDN)",
        server="granian",
        packages="uv",
        procfile="release: ./release.sh\n"
        "web: granian --interface wsgi --host 0.0.0.0 --port $PORT portal.wsgi:application",
    ),
    Sound(
        "maps",
        settings="one module",
        database="PostGIS through dj_database_url",
        static="WhiteNoise, compressed manifest",
        server="hypercorn",
        packages="pip and .python-version",
        procfile="web: hypercorn --bind 0.0.0.0:$PORT maps.asgi:application",
        not_proved=GDAL,
    ),
]
