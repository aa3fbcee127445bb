"""URLs of this project."""

from django.conf import settings
{% if cookiecutter.storage != 'whitenoise' %}
from django.conf.urls.static import static
{% endif %}
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

# With DEBUG on, Django shows the exception instead.
handler500 = "pages.errors.server_error"

admin.site.site_header = admin.site.site_title = settings.SITE_NAME

urlpatterns = [
{% if cookiecutter.storage != 'whitenoise' %}
    # Uploads in MEDIA_ROOT. With DEBUG off, this adds nothing.
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
    path("accounts/picture/", include("pictures.urls")),
{% endif %}
    # The admin's own page does not count wrong passwords as failed logins.
{% if cookiecutter.accounts == 'allauth' %}
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password")),
{% else %}
    path("admin/password_change/", RedirectView.as_view(pattern_name="password_change")),
{% endif %}
    path("admin/", admin.site.urls),
    path("accounts/", include("accounts.urls")),
    path("", include("pages.urls")),
    # Your own apps:
]
