"""Create the first superuser from environment variables: `python manage.py ensure_superuser`."""

{% if cookiecutter.accounts == 'allauth' %}
from allauth.account.models import EmailAddress
{% endif %}
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand

from accounts.models import User
from config.environment import get_environment


class Command(BaseCommand):
    """Create the superuser in DJANGO_SUPERUSER_USERNAME if it does not exist.

    Each release runs this command. It never makes a release fail, and never changes an existing
    account: the superuser may have changed the password, and a user may have signed up with that
    username.
    """

    help = "Create a superuser from DJANGO_SUPERUSER_USERNAME, _EMAIL and _PASSWORD."

    def handle(self, *args, **options):
        """Create the superuser, or say why not."""
        environment = get_environment()
        username = environment["DJANGO_SUPERUSER_USERNAME"]
        email = environment["DJANGO_SUPERUSER_EMAIL"] or ""
        password = environment["DJANGO_SUPERUSER_PASSWORD"]
        if not username:
            self.stdout.write("No superuser created: DJANGO_SUPERUSER_USERNAME is not set.")
            return
        existing = User.objects.filter(username__iexact=username).first()
        if existing and existing.is_superuser:
            self.stdout.write(f"The superuser {existing.username} already exists.")
            return
        if existing:
            return self.refuse(f"{existing.username} belongs to a user. Choose another username.")
        if not password:
            return self.refuse("DJANGO_SUPERUSER_PASSWORD is not set.")
        user = User(username=username, email=email)
        try:
            user.full_clean(exclude=["password"])
            validate_password(password, user)
        except ValidationError as error:
            return self.refuse(" ".join(error.messages))
        user = User.objects.create_superuser(username, email, password)
{% if cookiecutter.accounts == 'allauth' %}
        if email:
            EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
{% endif %}
        self.stdout.write(
            f"Created the superuser {user.username}. Now remove the password from the config vars:"
            "\nheroku config:unset DJANGO_SUPERUSER_PASSWORD"
        )

    def refuse(self, reason):
        """Print why no superuser was created."""
        self.stderr.write(f"No superuser created: {reason}")
