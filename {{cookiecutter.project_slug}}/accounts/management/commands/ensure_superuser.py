"""Make the first superuser from the environment: `python manage.py ensure_superuser`."""

{% if cookiecutter.accounts == 'allauth' %}
from allauth.account.models import EmailAddress
{% endif %}
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand

from accounts.models import User
from config.environment import current


class Command(BaseCommand):
    """Makes the superuser that DJANGO_SUPERUSER_USERNAME names, once.

    Every release runs this, so it never fails one and never changes an account that is there: not
    its password, which its owner may have changed, nor its rights, since anybody may have signed
    up under that name.
    """

    help = "Makes the superuser of DJANGO_SUPERUSER_USERNAME, _EMAIL and _PASSWORD, once."

    def handle(self, *args, **options):
        """Make the superuser, or say in one sentence why not."""
        environment = current()
        username = environment["DJANGO_SUPERUSER_USERNAME"]
        email = environment["DJANGO_SUPERUSER_EMAIL"] or ""
        password = environment["DJANGO_SUPERUSER_PASSWORD"]
        if not username:
            self.stdout.write("DJANGO_SUPERUSER_USERNAME is not set, so no superuser is made.")
            return
        existing = User.objects.filter(username__iexact=username).first()
        if existing and existing.is_superuser:
            self.stdout.write(f"The superuser {existing.username} is there already.")
            return
        if existing:
            self.refuse(f"{existing.username} is somebody's account already; choose another name.")
            return
        if not password:
            self.refuse("DJANGO_SUPERUSER_PASSWORD is not set.")
            return
        user = User(username=username, email=email)
        try:
            user.full_clean(exclude=["password"])
            validate_password(password, user)
        except ValidationError as error:
            self.refuse(" ".join(error.messages))
            return
        user = User.objects.create_superuser(username, email, password)
{% if cookiecutter.accounts == 'allauth' %}
        if email:
            # Whoever sets the variables vouches for the address.
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
{% endif %}
        self.stdout.write(
            f"The superuser {user.username} is made. Its password is no longer needed here:\n"
            "heroku config:unset DJANGO_SUPERUSER_PASSWORD"
        )

    def refuse(self, reason):
        """Say why no superuser is made, and let the release go on."""
        self.stderr.write(f"No superuser is made: {reason}")
