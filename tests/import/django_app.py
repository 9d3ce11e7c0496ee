"""A Django application with users: django_app.py plain|custom DATABASE_URL PASSWORD [DUMP], the last for its own JSON lines."""

import sys
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings
from django.core.management import call_command

HASHERS = ["PBKDF2", "PBKDF2SHA1", "Argon2", "BCryptSHA256", "BCrypt", "Scrypt"]
ALGORITHMS = ["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "bcrypt", "scrypt"]


def database(url):
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": parts.path}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.removeprefix("/"),
        "USER": parts.username,
        "PASSWORD": unquote(parts.password),
        "HOST": parts.hostname,
        "PORT": parts.port,
    }


def main(kind, url, password, dump=None):
    custom = kind == "custom"
    settings.configure(
        DATABASES={"default": database(url)},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", *(["shop"] if custom else [])],
        PASSWORD_HASHERS=[f"django.contrib.auth.hashers.{name}PasswordHasher" for name in HASHERS],
        USE_TZ=True,
        **({"AUTH_USER_MODEL": "shop.Customer"} if custom else {}),
    )
    django.setup()
    from django.contrib.auth import get_user_model
    from django.contrib.auth.hashers import make_password

    call_command("migrate", run_syncdb=True, verbosity=0)
    User = get_user_model()
    for algorithm in ALGORITHMS:
        hashed = make_password(password, hasher=algorithm)
        if custom:
            User.objects.create(mail=f"{algorithm}@custom.example", full_name="Ann Lee", boss=algorithm == "scrypt", password=hashed)
        else:
            user = User(username=algorithm, email=f"{algorithm.upper()}@Django.example", first_name="Ann", last_name="Lee", password=hashed)
            user.is_superuser = algorithm == "pbkdf2_sha256"
            user.save()
    if not custom:
        # Whoever signs in elsewhere has none, and one was sent away.
        user = User(username="without", email="without@django.example")
        user.set_unusable_password()
        user.save()
        User.objects.create_user("away", "away@django.example", password, is_active=False)
        # These have no address of their own.
        for username, email in [("nobody", ""), ("twin", "twin@django.example"), ("Twin2", "Twin@django.example")]:
            User.objects.create_user(username, email, password)
    if dump:
        call_command("dumpdata", "auth.user", format="jsonl", output=dump, verbosity=0)


main(*sys.argv[1:])
