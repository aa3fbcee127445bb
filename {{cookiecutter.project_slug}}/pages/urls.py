"""URLs of the public pages."""

from django.urls import path
from django.views.generic import TemplateView

from pages import views

urlpatterns = [
    path("", views.HomeView.as_view(), name="home"),
    path("favicon.ico", views.FaviconView.as_view()),
    # Tells search engines what they may index.
    path("robots.txt", TemplateView.as_view(template_name="robots.txt", content_type="text/plain")),
]
