"""The packages that contain a module, where their names differ."""

PACKAGES = {
    "PIL": "pillow",
    "allauth": "django-allauth",
    "bs4": "beautifulsoup4",
    "cloudinary_storage": "django-cloudinary-storage",
    "corsheaders": "django-cors-headers",
    "crispy_bootstrap4": "crispy-bootstrap4",
    "crispy_bootstrap5": "crispy-bootstrap5",
    "crispy_forms": "django-crispy-forms",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "debug_toolbar": "django-debug-toolbar",
    "decouple": "python-decouple",
    "django_extensions": "django-extensions",
    "django_filters": "django-filter",
    "django_summernote": "django-summernote",
    "dj_database_url": "dj-database-url",
    "dotenv": "python-dotenv",
    "environ": "django-environ",
    "jwt": "PyJWT",
    "psycopg2": "psycopg2-binary",
    "rest_framework": "djangorestframework",
    "sklearn": "scikit-learn",
    "storages": "django-storages",
    "waitress-serve": "waitress",
    "yaml": "PyYAML",
}


def package_of(module: str) -> str:
    """Return the name of the package on the index that contains a module."""
    first = module.partition(".")[0]
    return PACKAGES.get(module) or PACKAGES.get(first, first)
