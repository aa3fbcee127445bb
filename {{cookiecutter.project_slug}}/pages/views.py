"""Public pages."""

from django.templatetags.static import static
from django.views.generic import RedirectView, TemplateView


class HomeView(TemplateView):
    """The home page."""

    template_name = "pages/home.html"


class FaviconView(RedirectView):
    """Redirect /favicon.ico, which some browsers request, to the icon in the static files."""

    def get_redirect_url(self, *args, **kwargs):
        """Return the URL of the icon."""
        return static("favicon.svg")
