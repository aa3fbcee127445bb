"""The addresses of this project."""

from django.contrib import admin
from django.urls import include, path

from config.environment import current

urlpatterns = [
    path("", include("pages.urls")),
    path("accounts/", include("accounts.urls")),
    path(current()["ADMIN_PATH"], admin.site.urls),
]
