"""User accounts in the admin."""

{% if cookiecutter.accounts != 'allauth' %}
from axes.admin import AccessAttemptAdmin
from axes.models import AccessAttempt
{% endif %}
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.utils.translation import gettext_lazy as _

{% if cookiecutter.accounts == 'allauth' %}
from accounts.forms import AdminLoginForm
{% endif %}
from accounts.models import User


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Django's pages for users, with the fields of this project."""

    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("Profile"), {"fields": ["name", "email"]}),
        (
            _("Permissions"),
            {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]},
        ),
        (_("Important dates"), {"fields": ["last_login", "date_joined"]}),
    ]
    list_display = ["username", "email", "name", "is_staff"]
    search_fields = ["username", "name", "email"]


{% if cookiecutter.accounts == 'allauth' %}
admin.site.login_form = AdminLoginForm
{% else %}
admin.site.register(AccessAttempt, AccessAttemptAdmin)
{% endif %}
