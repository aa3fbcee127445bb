"""The addresses of this project."""

from django.contrib import admin
from django.urls import include, path

from config.environment import current

urlpatterns = [
    path("", include("pages.urls")),
{% if cookiecutter.accounts == 'allauth' %}
    path("accounts/", include("allauth.urls")),
{% else %}
    path("accounts/", include("accounts.urls")),
{% endif %}
    path(current()["ADMIN_PATH"], admin.site.urls),
]
