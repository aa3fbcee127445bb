"""Accounts in Django's admin."""

{% if cookiecutter.accounts == 'allauth' %}
from allauth.account.adapter import get_adapter
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
{% else %}
from django.contrib import admin
{% endif %}
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.utils.translation import gettext_lazy as _

from accounts.models import User


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Django's own pages for users, with the fields of this project."""

    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Profile"), {"fields": ["name", "email", "language", "time_zone"]}),
        (
            _("Permissions"),
            {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        (_("Important dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    list_display = ["username", "email", "name", "is_staff"]
    search_fields = ["username", "name", "email"]
{% if cookiecutter.accounts == 'allauth' %}


class LoginForm(AdminAuthenticationForm):
    """The admin's log-in, whose failures count together with those of the site's own page."""

    def clean(self):
        """Authenticate through allauth, which refuses after too many failures."""
        username = self.cleaned_data.get("username")
        password = self.cleaned_data.get("password")
        if username and password:
            self.user_cache = get_adapter(self.request).authenticate(
                self.request, username=username, password=password
            )
            if self.user_cache is None:
                raise self.get_invalid_login_error()
            self.confirm_login_allowed(self.user_cache)
        return self.cleaned_data


admin.site.login_form = LoginForm
{% endif %}
