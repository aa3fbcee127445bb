{% if cookiecutter.accounts == 'django' %}
"""Views to sign up, to edit the profile, to change or reset the password, and more."""

from axes.utils import reset as end_lockout
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth import views as auth_views
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.messages.views import SuccessMessageMixin
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.generic import CreateView, FormView, UpdateView

from accounts import forms
from accounts.limits import may_send_email
from accounts.models import User
from accounts.throttling import get_username


class SignUpView(SuccessMessageMixin, CreateView):
    """Create an account and log in."""

    form_class = forms.SignUpForm
    template_name = "accounts/signup.html"
    success_url = reverse_lazy("home")
    success_message = _("Welcome! Your account has been created.")

    def dispatch(self, request, *args, **kwargs):
        """Redirect users who are already logged in."""
        if request.user.is_authenticated:
            return redirect("home")
        return super().dispatch(request, *args, **kwargs)

    def form_valid(self, form):
        """Save the account and log in."""
        response = super().form_valid(form)
        login(self.request, self.object, "django.contrib.auth.backends.ModelBackend")
        return response


class RequestFormMixin(LoginRequiredMixin):
    """View for users who are logged in, with a form that checks the current password."""

    def get_form_kwargs(self):
        """Pass the request to the form."""
        return super().get_form_kwargs() | {"request": self.request}


class ProfileView(RequestFormMixin, SuccessMessageMixin, UpdateView):
    """Show and edit the profile of the user who is logged in."""

    form_class = forms.ProfileForm
    template_name = "accounts/profile.html"
    # The default would be "user", which templates need for the user who is logged in.
    context_object_name = "account"
    success_url = reverse_lazy("profile")
    success_message = _("Your profile has been saved.")

    def get_object(self):
        """Return a copy of request.user, because a form with errors changes its object."""
        return User.objects.get(pk=self.request.user.pk)

    def form_valid(self, form):
        """Save the profile. If the email address changes, send an email to the old address."""
        response = super().form_valid(form)
        user = self.request.user
        if "email" in form.changed_data and may_send_email(self.request, user.email, warning=True):
            context = {"account": self.object, "site_name": settings.SITE_NAME}
            subject = _("Your email address for %(site_name)s has been changed") % context
            user.email_user(subject, render_to_string("accounts/email_changed.txt", context))
        return response


class PasswordChangeView(RequestFormMixin, SuccessMessageMixin, auth_views.PasswordChangeView):
    """Change the password of the user who is logged in."""

    form_class = forms.PasswordChangeForm
    template_name = "accounts/password_change.html"
    success_url = reverse_lazy("profile")
    success_message = _("Your password has been changed.")


class PasswordResetView(auth_views.PasswordResetView):
    """Send a link to choose a new password."""

    form_class = forms.PasswordResetForm
    template_name = "accounts/password_reset.html"
    email_template_name = "accounts/password_reset_email.txt"
    subject_template_name = "accounts/password_reset_subject.txt"
    extra_email_context = {"site_name": settings.SITE_NAME}


class PasswordResetConfirmView(auth_views.PasswordResetConfirmView):
    """Let users choose a new password after they have opened the link in an email."""

    template_name = "accounts/password_reset_new.html"

    def form_valid(self, form):
        """Save the password. If failed logins have locked the username out, unlock it."""
        end_lockout(username=get_username(None, {"username": form.user.get_username()}))
        return super().form_valid(form)


class DeleteAccountView(RequestFormMixin, FormView):
    """Delete the account of the user who is logged in."""

    form_class = forms.DeleteAccountForm
    template_name = "accounts/delete.html"

    def form_valid(self, form):
        """Delete the account and everything that belongs to it."""
        user = self.request.user
        logout(self.request)
        user.delete()
        messages.success(self.request, _("Your account has been deleted."))
        return redirect("home")
{% else %}
"""Views for accounts. The others come from django-allauth."""

from allauth.account import views as allauth_views
from allauth.account.decorators import reauthentication_required
from allauth.account.stages import EmailVerificationStage, LoginStageController
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.messages.views import SuccessMessageMixin
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView, UpdateView

from accounts.forms import ProfileForm
from accounts.models import User


class EmailVerificationSentView(allauth_views.EmailVerificationSentView):
    """Ask the user to open the link in the email, or send it again."""

    def post(self, request):
        """Send the email again, if the user has just signed up or logged in with this browser."""
        stage = LoginStageController.enter(request, EmailVerificationStage.key)
        if stage:
            stage.handle()
        return redirect("account_email_verification_sent")


class ProfileView(LoginRequiredMixin, SuccessMessageMixin, UpdateView):
    """Show and edit the profile of the user who is logged in."""

    form_class = ProfileForm
    template_name = "accounts/profile.html"
    # The default would be "user", which templates need for the user who is logged in.
    context_object_name = "account"
    success_url = reverse_lazy("profile")
    success_message = _("Your profile has been saved.")

    def get_object(self):
        """Return a copy of request.user, because a form with errors changes its object."""
        return User.objects.get(pk=self.request.user.pk)


@method_decorator(reauthentication_required, name="post")
class DeleteAccountView(LoginRequiredMixin, TemplateView):
    """Delete the account of the user who is logged in.

    allauth asks for the password first, so that an unattended session cannot delete the account.
    """

    template_name = "accounts/delete.html"

    def post(self, request):
        """Delete the account and everything that belongs to it."""
        user = request.user
        logout(request)
        user.delete()
        messages.success(request, _("Your account has been deleted."))
        return redirect("home")
{% endif %}
