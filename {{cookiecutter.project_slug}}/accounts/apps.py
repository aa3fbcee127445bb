from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """User accounts."""

    name = "accounts"
