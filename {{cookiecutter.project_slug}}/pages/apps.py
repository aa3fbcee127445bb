from django.apps import AppConfig


class PagesConfig(AppConfig):
    """The pages that every visitor sees."""

    name = "pages"

    def ready(self) -> None:
        """Register the system checks of the project."""
        from config import checks  # noqa: F401
