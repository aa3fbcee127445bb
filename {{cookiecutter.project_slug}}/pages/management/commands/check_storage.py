"""Try the storage of the uploads with a small file: `python manage.py check_storage`."""

import secrets
import ssl
import time
from urllib.error import HTTPError
from urllib.request import urlopen

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages
from django.core.management.base import BaseCommand, CommandError

from config.environment import current

# What it would mean for the site, by the step that fails.
MEANINGS = {
    "write": "Without this nobody can upload anything.",
    "read": "The site cannot read what it has written.",
    "fetch": "Browsers would show a broken picture.",
    "delete": "Files of deleted rows would stay, and cost money.",
}


class Command(BaseCommand):
    """Write, read, fetch and delete one small file, with the credentials that are there."""

    help = "Writes, reads, fetches through its address, and deletes one small file in the storage."
    requires_system_checks = []

    def handle(self, *args, **options):
        """Try every storage that files are sent to; fail if one of them does."""
        environment = current()
        for problem in [*environment.problems, *environment.missing()]:
            self.stdout.write(f"{problem.sentence}\n  {problem.command}")
        failed = [alias for alias in self.find_storages() if not self.try_storage(alias)]
        if failed:
            raise CommandError("The storage does not work yet.")
        self.stdout.write(self.style.SUCCESS("The storage works."))

    def find_storages(self):
        """Return the names of the storages for uploads and, where they are sent, static files."""
        return [alias for alias in ("default", "static") if alias in settings.STORAGES]

    def try_storage(self, alias):
        """Try one storage; return whether it works."""
        backend = settings.STORAGES[alias]["BACKEND"]
        purpose = {"default": "uploads", "static": "static files"}[alias]
        self.stdout.write(f"Storage of the {purpose}: {backend}")
        name, content = f"check-storage/{secrets.token_hex(8)}.txt", secrets.token_bytes(32).hex()
        self.name = None
        storage = self.step("connect", lambda: storages[alias])
        if storage is None:
            return False
        if isinstance(storage, FileSystemStorage):
            return self.explain_disk()
        # First, because of all answers this one says most clearly what is wrong.
        if self.step("list", lambda: storage.listdir("check-storage")) is None:
            return False
        works = False
        try:
            works = self.step("write", lambda: self.write(storage, name, content))
            works = works and self.step("read", lambda: self.read(storage, content))
            works = works and self.step("fetch", lambda: self.fetch(storage, content))
        finally:
            if self.name:
                works = self.step("delete", lambda: self.delete(storage)) and works
        return bool(works)

    def explain_disk(self):
        """Say that nothing is sent anywhere; fail where the disk is a dyno's."""
        if settings.DEBUG:
            self.stdout.write(f"  Uploads go to {settings.MEDIA_ROOT}, which is fine here.")
            return True
        self.stdout.write(
            "  Uploads go to the disk of this machine, which a dyno empties at every restart.\n"
            '  README.md says under "Uploads" how to give them a storage that lasts.'
        )
        return False

    def step(self, title, work):
        """Do one step and tell how it went; return what it returns, or None if it fails."""
        began = time.monotonic()
        try:
            result = work()
        except Exception as error:
            # Whatever it is, it is told in a sentence: the owner wants to know what to change.
            self.stdout.write(self.style.ERROR(f"  failed  {title:<7} {error}"))
            if title in MEANINGS:
                self.stdout.write(f"          {MEANINGS[title]}")
            return None
        self.stdout.write(f"  ok      {title:<7} {time.monotonic() - began:.2f} s")
        return result

    def write(self, storage, name, content):
        """Save the file."""
        self.name = storage.save(name, ContentFile(content.encode()))
        return True

    def read(self, storage, content):
        """Open the file and compare."""
        with storage.open(self.name) as file:
            if file.read().decode() != content:
                raise OSError("what was read is not what was written")
        return True

    def fetch(self, storage, content):
        """Fetch the file as a browser would; where links are signed, try without, too."""
        url = storage.url(self.name)
        try:
            with urlopen(url, timeout=20, context=ssl.create_default_context()) as answer:
                fetched = answer.read().decode()
        except HTTPError as error:
            with error:
                raise OSError(
                    f"{url.partition('?')[0]} is answered with {error.code} {error.reason}"
                ) from None
        if fetched != content:
            raise OSError("what the address delivers is not what was written")
        if "Signature=" in url:
            self.refuse_public(url.partition("?")[0])
        return True

    def refuse_public(self, url):
        """Fail if everybody can fetch what should be private."""
        try:
            urlopen(url, timeout=20, context=ssl.create_default_context()).close()
        except HTTPError as error:
            error.close()
            return
        raise OSError("the file is public, and only a signed link should open it")

    def delete(self, storage):
        """Remove the file and look whether it is gone."""
        storage.delete(self.name)
        if storage.exists(self.name):
            raise OSError(f"{self.name} is still there")
        return True
