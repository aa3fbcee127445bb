{% if cookiecutter.accounts == 'django' %}
"""Forms to sign up, to edit the profile, to change or reset the password, and more."""

from django import forms
from django.contrib.auth import authenticate
from django.contrib.auth import forms as auth_forms
from django.utils.translation import gettext_lazy as _

from accounts.limits import may_send_email
from accounts.models import User


class SignUpForm(auth_forms.UserCreationForm):
    """Form to create an account.

    Two accounts can have the same email address. The site does not verify addresses, and an error
    would reveal who has an account.
    """

    # Required, because password reset links are sent to it.
    email = forms.EmailField(
        label=_("Email"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )

    class Meta(auth_forms.UserCreationForm.Meta):
        model = User
        fields = ["username", "email"]


class PasswordResetForm(auth_forms.PasswordResetForm):
    """Form to reset a forgotten password by email.

    It does not reveal who has an account. If several accounts have the address, one email contains
    the links of all. If none has, an email is prepared but not sent, so that the response takes as
    long.
    """

    def save(self, request, **options):
        """Send the email, unless the address or the visitor has reached a limit."""
        if may_send_email(request, self.cleaned_data["email"]):
            super().save(request=request, **options)

    def get_users(self, email):
        """Return the users with this address, or a user without an address."""
        users = sorted(super().get_users(email), key=lambda user: (user.email != email, user.pk))
        self.users = [user for user in users[:20] if user.email == users[0].email] or [User()]
        self.accounts = []
        return self.users

    def send_mail(self, subject, body, context, *args, **kwargs):
        """Send one email with the links of all users. Django calls this for each user."""
        self.accounts.append(context)
        if len(self.accounts) == len(self.users):
            super().send_mail(subject, body, context | {"accounts": self.accounts}, *args, **kwargs)


class CurrentPasswordMixin:
    """Form that asks for the current password, because someone else may be using the session."""

    def __init__(self, *args, request, **kwargs):
        super().__init__(*args, **kwargs)
        self.request = request

    def check_password(self, password):
        """Return the password, or refuse it if it is wrong. That counts as a failed login."""
        if not authenticate(self.request, username=self.request.user.username, password=password):
            raise forms.ValidationError(_("Your password is incorrect."))
        return password


class PasswordChangeForm(CurrentPasswordMixin, auth_forms.PasswordChangeForm):
    """Form to change the password."""

    def clean_old_password(self):
        """Check the current password."""
        return self.check_password(self.cleaned_data["old_password"])


class ProfileForm(CurrentPasswordMixin, forms.ModelForm):
    """Form to edit the profile."""

    email = forms.EmailField(
        label=_("Email"), widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    current_password = forms.CharField(
        label=_("Current password"),
        help_text=_("Only needed to change your email address."),
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    class Meta:
        model = User
        fields = ["name", "email"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    def clean_current_password(self):
        """Check the password if the email address changes, because that can reset the password."""
        password = self.cleaned_data["current_password"]
        if "email" not in self.changed_data:
            return password
        if not password:
            raise forms.ValidationError(_("Enter your current password to change your email."))
        return self.check_password(password)


class DeleteAccountForm(CurrentPasswordMixin, forms.Form):
    """Form to delete the account."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def clean_password(self):
        """Check the password."""
        return self.check_password(self.cleaned_data["password"])
{% else %}
"""Forms for accounts. The others come from django-allauth."""

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from allauth.account.utils import has_verified_email
from allauth.socialaccount import forms as socialaccount_forms
from django import forms
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth.forms import UsernameField
from django.db import connection, transaction
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

    def save(self, request):
        """Save the user, or only try to if the address already has an account."""
        already_exists, self.account_already_exists = self.account_already_exists, False
        with transaction.atomic():
            savepoint = connection.savepoint()
            user = super().save(request)
            if already_exists:
                # allauth makes these three queries before it sends an email to a new user.
                has_verified_email(user)
                EmailAddress.objects.get(user=user).user  # noqa: B018
                connection.savepoint_rollback(savepoint)
            else:
                connection.savepoint_commit(savepoint)
        self.account_already_exists = already_exists
        return user

    def try_save(self, request):
        """Save the user. If the address already has an account, send an email to its owner instead.

        This also takes as long, so that the time of the response does not reveal the account.
        """
        if self.account_already_exists:
            self.save(request)
        return super().try_save(request)


class PasswordResetForm(allauth_forms.ResetPasswordForm):
    """Form to reset a forgotten password by email."""

    def clean_email(self):
        """Find at most three accounts, with the same queries whether there are any or not."""
        email = self.cleaned_data["email"].lower()
        confirmed = EmailAddress.objects.filter(email=email, verified=True).select_related("user")
        owners = [address.user for address in confirmed]
        others = list(User.objects.filter(email=email)[:3])
        self.users = [user for user in owners or others if user.is_active]
        return email


class PasswordChangeForm(allauth_forms.ChangePasswordForm):
    """Form to change the password."""

    def clean_oldpassword(self):
        """Refuse a wrong password. It counts as a failed login."""
        adapter, password = get_adapter(), self.cleaned_data["oldpassword"]
        username = self.user.get_username()
        if not adapter.authenticate(adapter.request, username=username, password=password):
            raise adapter.validation_error("enter_current_password")
        return password


class SocialSignUpForm(socialaccount_forms.SignupForm):
    """Form to create an account after logging in with Google."""

    username = UsernameField()


class ProfileForm(forms.ModelForm):
    """Form to edit the profile."""

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
