"""URLs of this project."""

from django.conf import settings
{% if cookiecutter.storage != 'whitenoise' %}
from django.conf.urls.static import static
{% endif %}
from django.contrib import admin
from django.urls import include, path

admin.site.site_header = settings.SITE_NAME
admin.site.site_title = settings.SITE_NAME

urlpatterns = [
{% if cookiecutter.storage != 'whitenoise' %}
    # Uploads in MEDIA_ROOT. With DEBUG off, this adds nothing.
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
    path("accounts/picture/", include("pictures.urls")),
{% endif %}
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.urls")),
    path("", include("pages.urls")),
    # Your own apps:
]
