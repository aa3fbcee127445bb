"""Addresses of the pages that every visitor sees."""

from django.urls import path
from django.views.generic import TemplateView

from pages import views
from pages.deployment import deployment

urlpatterns = [
    path("", TemplateView.as_view(template_name="pages/home.html"), name="home"),
    path("deployment/", deployment, name="deployment"),
    path("favicon.ico", views.favicon),
    path(
        "robots.txt",
        TemplateView.as_view(template_name="robots.txt", content_type="text/plain; charset=utf-8"),
    ),
]
