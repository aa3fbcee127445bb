{% if cookiecutter.accounts == 'django' %}
"""Views to sign up, to edit the profile and to delete the account."""

from django.contrib import messages
from django.contrib.auth import login, logout
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.messages.views import SuccessMessageMixin
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.generic import CreateView, FormView, UpdateView

from accounts.forms import DeleteAccountForm, ProfileForm, SignUpForm
from accounts.models import User


class SignUpView(SuccessMessageMixin, CreateView):
    """Create an account and log in."""

    form_class = SignUpForm
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
{% else %}
"""Views to edit the profile and to delete the account. The others come from django-allauth."""

from allauth.account.decorators import reauthentication_required
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
{% endif %}


class ProfileView(LoginRequiredMixin, SuccessMessageMixin, UpdateView):
    """Show and edit the profile of the user who is logged in."""

    form_class = ProfileForm
    template_name = "accounts/profile.html"
    # The default would be "user", which is the user who is logged in in every template.
    context_object_name = "account"
    success_url = reverse_lazy("profile")
    success_message = _("Your profile has been saved.")

    def get_object(self):
        """Return a copy of request.user, because a form with errors changes its object."""
        return User.objects.get(pk=self.request.user.pk)
{% if cookiecutter.accounts == 'django' %}


class DeleteAccountView(LoginRequiredMixin, FormView):
    """Delete the account of the user who is logged in."""

    form_class = DeleteAccountForm
    template_name = "accounts/delete.html"

    def get_form_kwargs(self):
        """Pass the request to the form, which checks the password."""
        return super().get_form_kwargs() | {"request": self.request}

    def form_valid(self, form):
        """Delete the account and everything that belongs to it."""
        user = self.request.user
        logout(self.request)
        user.delete()
        messages.success(self.request, _("Your account has been deleted."))
        return redirect("home")
{% else %}


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
