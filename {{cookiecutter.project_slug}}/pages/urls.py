"""URLs of the public pages."""

from django.urls import path

from pages import views

urlpatterns = [
    path("", views.HomeView.as_view(), name="home"),
    path("favicon.ico", views.FaviconView.as_view()),
    path("robots.txt", views.RobotsView.as_view()),
]
