"""The packages that contain a module, where their names differ."""

# Apps of Django, which are in the package django-NAME.
DJANGO_APPS = frozenset(
    """
    allauth anymail auditlog autoslug avatar axes bootstrap3 bootstrap4 bootstrap5
    bootstrap_datepicker_plus bootstrap_modal_forms cachalot ckeditor cloudinary_storage cms
    colorfield compressor configurations constance crispy_forms debug_toolbar
    embed_video environ extra_views filer floppyforms formtools grappelli guardian
    hashid_field haystack health_check hijack hitcount import_export imagekit impersonate
    invitations jazzmin jet leaflet localflavor lockdown markdownify markdownx mathfilters mdeditor
    modelcluster model_utils modeltranslation mptt multiselectfield nested_admin ninja
    ordered_model organizations oscar parler phonenumber_field picklefield pipeline polymorphic
    qr_code ratelimit recurrence reversion robots rosetta s3direct sass_processor
    silk simple_history smart_selects solo star_ratings stdimage
    suit tagging taggit tailwind tenant_schemas timezone_field tinymce
    user_sessions versatileimagefield waffle webpack_loader widget_tweaks wkhtmltopdf
    """.split()
)
PACKAGES = {
    "Crypto": "pycryptodome",
    "Levenshtein": "python-Levenshtein",
    "MySQLdb": "mysqlclient",
    "OpenSSL": "pyOpenSSL",
    "PIL": "pillow",
    "actstream": "django-activity-stream",
    "attr": "attrs",
    "background_task": "django-background-tasks",
    "barcode": "python-barcode",
    "bmemcached": "python-binary-memcached",
    "bs4": "beautifulsoup4",
    "bson": "pymongo",
    "ckeditor_uploader": "django-ckeditor",
    "corsheaders": "django-cors-headers",
    "crispy_bootstrap4": "crispy-bootstrap4",
    "crispy_bootstrap5": "crispy-bootstrap5",
    "cv2": "opencv-python-headless",
    "dal": "django-autocomplete-light",
    "dal_select2": "django-autocomplete-light",
    "dateutil": "python-dateutil",
    "decouple": "python-decouple",
    "discord": "discord.py",
    "djmoney": "django-money",
    "djstripe": "dj-stripe",
    "django_comments": "django-contrib-comments",
    "django_extensions": "django-extensions",
    "django_filters": "django-filter",
    "django_summernote": "django-summernote",
    "dj_database_url": "dj-database-url",
    "dns": "dnspython",
    "docx": "python-docx",
    "dotenv": "python-dotenv",
    "facebook": "facebook-sdk",
    "faiss": "faiss-cpu",
    "ffmpeg": "ffmpeg-python",
    "fitz": "PyMuPDF",
    "git": "GitPython",
    "github": "PyGithub",
    "google.auth": "google-auth",
    "google.oauth2": "google-auth",
    "google.cloud.storage": "google-cloud-storage",
    "google.generativeai": "google-generativeai",
    "google.protobuf": "protobuf",
    "googleapiclient": "google-api-python-client",
    "graphql_jwt": "django-graphql-jwt",
    "jose": "python-jose",
    "jwt": "PyJWT",
    "ldap": "python-ldap",
    "linebot": "line-bot-sdk",
    "magic": "python-magic",
    "memcache": "python-memcached",
    "memcacheify": "django-heroku-memcacheify",
    "mpl_toolkits": "matplotlib",
    "multipart": "python-multipart",
    "nacl": "PyNaCl",
    "notifications": "django-notifications-hq",
    "oauth2_provider": "django-oauth-toolkit",
    "pdfminer": "pdfminer.six",
    "postgresify": "django-heroku-postgresify",
    "pptx": "python-pptx",
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "psycopg_binary": "psycopg[binary]",
    "psycopg_c": "psycopg[binary]",
    "pylab": "matplotlib",
    "rest_auth": "django-rest-auth",
    "rest_framework": "djangorestframework",
    "rest_framework_gis": "djangorestframework-gis",
    "rest_framework_jwt": "djangorestframework-jwt",
    "rest_framework_simplejwt": "djangorestframework-simplejwt",
    "rest_framework_swagger": "django-rest-swagger",
    "sendgrid_backend": "django-sendgrid-v5",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "slack": "slackclient",
    "slugify": "python-slugify",
    "social_core": "social-auth-core",
    "social_django": "social-auth-app-django",
    "sorl": "sorl-thumbnail",
    "speech_recognition": "SpeechRecognition",
    "storages": "django-storages",
    "telebot": "pyTelegramBotAPI",
    "telegram": "python-telegram-bot",
    "two_factor": "django-two-factor-auth",
    "umap": "umap-learn",
    "waitress-serve": "waitress",
    "win32api": "pywin32",
    "yaml": "PyYAML",
    "zmq": "pyzmq",
}


# Packages of this name that settings name without importing them.
SAME_NAME = frozenset(
    "celery channels cloudinary daphne drf_spectacular drf_yasg redis whitenoise".split()
)


def is_known(module: str) -> bool:
    """Return whether it is certain which package contains a module."""
    return module in SAME_NAME or package_of(module) != module


def package_of(module: str) -> str:
    """Return the name of the package on the index that contains a module."""
    first = module.partition(".")[0]
    for name in (module, ".".join(module.split(".")[:3]), ".".join(module.split(".")[:2]), first):
        if name in PACKAGES:
            return PACKAGES[name]
    return f"django-{first.replace('_', '-')}" if first in DJANGO_APPS else first
