"""The addresses of this project."""

{% if cookiecutter.storage == 'whitenoise' %}
from django.contrib import admin
from django.urls import include, path

from config.environment import current
{% else %}
from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import include, path

from config.environment import current
from pictures.views import PictureView
{% endif %}

urlpatterns = [
    path("", include("pages.urls")),
{% if cookiecutter.storage != 'whitenoise' %}
    path("accounts/picture/", PictureView.as_view(), name="picture"),
{% endif %}
    path("accounts/", include("accounts.urls")),
    path(current()["ADMIN_PATH"], admin.site.urls),
]
{% if cookiecutter.storage != 'whitenoise' %}
# Without a storage on this machine, uploads are in a folder; with DEBUG off this adds nothing.
urlpatterns += static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT)
{% endif %}
