from django.apps import AppConfig


class ProjectConfig(AppConfig):
    """The project itself. Its checks run with `manage.py check`."""

    name = "config"

    def ready(self):
        """Register the checks."""
        from config import checks  # noqa: F401
