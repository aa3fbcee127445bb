"""What a person says of themselves: the form and its page."""

from django import forms
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.messages.views import SuccessMessageMixin
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _
from django.views.generic import UpdateView

from accounts.models import User


class ProfileForm(forms.ModelForm):
    """The fields that everybody may change of their own account."""

    class Meta:
        model = User
{% if cookiecutter.accounts == 'django' %}
        fields = ["name", "email", "language", "time_zone"]
{% else %}
        fields = ["name", "language", "time_zone"]
{% endif %}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].widget.attrs["autocomplete"] = "name"
{% if cookiecutter.accounts == 'django' %}
        self.fields["email"].widget.attrs["autocomplete"] = "email"
        # The way back for somebody who has forgotten the password.
        self.fields["email"].required = True
{% endif %}
        self.name_the_blank("language", _("As my browser asks"))
        self.name_the_blank("time_zone", _("The time zone of the site"))

    def name_the_blank(self, field, label):
        """Say what the empty choice of a field means, in place of Django's dashes."""
        _blank, *choices = self.fields[field].choices
        self.fields[field].choices = [("", label), *choices]


class ProfileView(LoginRequiredMixin, SuccessMessageMixin, UpdateView):
    """Show and change the profile of the person who is signed in."""

    form_class = ProfileForm
    template_name = "accounts/profile.html"
    # Not "user", which every template knows as the person who is signed in.
    context_object_name = "account"
    success_url = reverse_lazy("profile")
    success_message = _("Your profile is saved.")

    def get_object(self):
        """Return the person's own account, read anew: a form with errors changes its object."""
        return User.objects.get(pk=self.request.user.pk)
