{% if cookiecutter.accounts == 'django' %}
"""Forms to sign up, to edit the profile and to delete the account."""

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth.forms import UserCreationForm
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class SignUpForm(UserCreationForm):
    """Form to create an account.

    Two accounts can have the same email address. The site does not verify addresses, and an error
    would reveal who has an account.
    """

    # Required, because password reset links are sent to it.
    email = forms.EmailField(
        label=_("Email"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    class Meta(UserCreationForm.Meta):
        model = User
        fields = ["username", "email"]


class ProfileForm(forms.ModelForm):
    """Form for what users can change in their own account."""

    email = forms.EmailField(
        label=_("Email"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    class Meta:
        model = User
        fields = ["name", "email"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}


class DeleteAccountForm(forms.Form):
    """Form that asks for the password, so that an unattended session cannot delete the account."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args, request, **kwargs):
        super().__init__(*args, **kwargs)
        self.request = request

    def clean_password(self):
        """Refuse a wrong password. It counts as a failed login."""
        password = self.cleaned_data["password"]
        username = self.request.user.get_username()
        if not authenticate(self.request, username=username, password=password):
            raise forms.ValidationError(_("Your password is incorrect."))
        return password
{% else %}
"""Forms to log in, to sign up and to edit the profile. The others come from django-allauth."""

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import UsernameField
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class LoginForm(allauth_forms.LoginForm):
    """Login form with a label that says what to enter."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Username or email")


class SignUpForm(allauth_forms.SignupForm):
    """Form to create an account."""

    # Django's own field, so that phones do not capitalize the username.
    username = UsernameField()


class ProfileForm(forms.ModelForm):
    """Form for what users can change in their own account."""

    class Meta:
        model = User
        fields = ["name"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}


class AdminLoginForm(AdminAuthenticationForm):
    """Login form of the admin. Failed logins count together with those on the login page."""

    def clean(self):
        """Authenticate with allauth, which refuses after too many failed logins."""
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
{% endif %}
