"""Accounts of real applications move in, sign in with their old passwords, and have a hash of ours then: scenes.py BINARY"""

import sys
import tempfile
import time
from pathlib import Path

from stage import Databases, Instance, python

PASSWORD = "plum-harbor-velvet-signal"
WRONG = "plum-harbor-velvet-signa"
OURS = "$argon2id$v=19$m=19456,t=2,p=1$"
# As many as take a while, and a hash that costs nothing to make.
MANY = 50_000
# SQLite lets the one that writes go on, so that the other waits for all of them.
SOME = {"sqlite": 5_000, "postgres": 20_000}
CHEAP = "pbkdf2_sha256$1000$seasalt$" + "A" * 42 + "8="

CUSTOM = ["--table", "shop_customer", "--columns", "email=mail,superuser=boss,created_at=joined"]
FLASK = ["--table", "user", "--columns", "password_hash=pw_hash,superuser=is_admin"]


def whoever_moved_in_signs_in(instance, emails):
    """With the old password only, which is hashed anew by that and by nothing else."""
    before = instance.users()
    with instance:
        for email in emails:
            status, _ = instance.sign_in(email, WRONG)
            assert status == 401, (email, status)
            assert instance.users()[email]["password_hash"] == before[email]["password_hash"], email
            status, took = instance.sign_in(email, PASSWORD)
            assert status == 200, (email, status)
            after = instance.users()[email]["password_hash"]
            assert after.startswith(OURS) and after != before[email]["password_hash"], (email, after)
            again, then = instance.sign_in(email, PASSWORD)
            assert again == 200, (email, again)
            assert instance.sign_in(email, WRONG)[0] == 401, email
            kind = before[email]["password_hash"][:24]
            print(f"    {email:32} {kind:24} signed in after {took:5.0f} ms, then after {then:4.0f} ms", flush=True)


def django(binary, databases, folder):
    """The usual table, straight from the database, from its dump and from Django's own."""
    url, jsonl, csv = databases.make("django"), folder / "django.jsonl", folder / "django.csv"
    python("django_app.py", "plain", url, PASSWORD, str(jsonl))
    databases.dump(url, "auth_user", csv)
    before = databases.rows(url, "SELECT * FROM auth_user ORDER BY id")
    instance = Instance(binary, databases.make("from_django"), folder / "from_django")
    foreseen = instance.run("import", "--database", url, "--dry-run")
    assert "8 would be new (superusers: 1, locked: 1, without a password: 1)" in foreseen, foreseen
    assert "2 would be left out: another row has the same address in other letter case" in foreseen, foreseen
    assert "1 would be left out: it has no address" in foreseen, foreseen
    assert instance.users() == {}
    said = instance.run("import", "--database", url)
    assert said.splitlines()[-4:] == [line.replace("would be ", "") for line in foreseen.splitlines()[-5:-1]], said
    users = instance.users()
    assert databases.rows(url, "SELECT * FROM auth_user ORDER BY id") == before, "the old table was changed"
    user = users["pbkdf2_sha256@django.example"]
    assert (user["name"], user["username"], user["role"]) == ("Ann Lee", "pbkdf2_sha256", "superuser"), user
    assert users["without@django.example"]["password_hash"] is None
    assert users["away@django.example"]["locked_at"]
    for name, file in [("csv", csv), ("jsonl", jsonl)]:
        other = Instance(binary, databases.make(f"from_{name}"), folder / f"from_{name}")
        other.run("import", str(file))
        assert stable(other.users()) == stable(users), name
    whoever_moved_in_signs_in(instance, [f"{name}@django.example" for name in ["pbkdf2_sha256", "pbkdf2_sha1", "argon2", "bcrypt_sha256", "bcrypt", "scrypt"]])
    with instance:
        for email, password in [("without@django.example", ""), ("without@django.example", PASSWORD), ("away@django.example", PASSWORD)]:
            assert instance.sign_in(email, password)[0] == 401, email
    said = instance.run("import", "--database", url, "--allow-username-only")
    assert "3 new" in said and "8 here already" in said, said
    with instance:
        for username in ["nobody", "twin", "twin2"]:
            assert instance.sign_in(username, PASSWORD)[0] == 200, username


def stable(users):
    """Without what is made at the import itself."""
    made = ["id", "email_verified_at", "locked_at"]
    # SQLite and Django write more or fewer digits of a second.
    return {email: {name: value for name, value in user.items() if name not in made} for email, user in users.items()}


def custom(binary, databases, folder):
    """A user model of its own."""
    url = databases.make("custom")
    python("django_app.py", "custom", url, PASSWORD)
    instance = Instance(binary, databases.make("from_custom"), folder / "from_custom")
    said = instance.run("import", "--database", url, *CUSTOM)
    assert "6 new (superusers: 1, locked: 0, without a password: 0)" in said, said
    assert {user["name"] for user in instance.users().values()} == {"Ann Lee"}
    whoever_moved_in_signs_in(instance, ["argon2@custom.example", "scrypt@custom.example"])


def flask(binary, databases, folder):
    """Flask-SQLAlchemy's table."""
    url = databases.make("flask")
    python("flask_app.py", url, PASSWORD)
    instance = Instance(binary, databases.make("from_flask"), folder / "from_flask")
    spelt = url.replace("sqlite:///", "sqlite:////").replace("postgres://", "postgresql+psycopg://")
    said = instance.run("import", "--database", spelt, *FLASK)
    assert "11 new (superusers: 1, locked: 0, without a password: 0)" in said, said
    whoever_moved_in_signs_in(instance, sorted(instance.users()))


def killed(binary, databases, folder):
    """An import that was killed goes on where it was."""
    file = folder / "many.csv"
    with open(file, "w") as out:
        out.write("email,username,first_name,last_name,password\n")
        out.writelines(f"ann{i}@many.example,ann{i},Ann,Lee {i},{CHEAP}\n" for i in range(MANY))
    instance = Instance(binary, databases.make("from_many"), folder / "from_many")
    instance.run("migrate")
    count = lambda table: databases.rows(instance.url, f"SELECT COUNT(*) FROM {table}")[0][0]
    importing = instance.command("import", str(file))
    while count("users") < MANY // 3:
        assert importing.poll() is None, importing.communicate()
        time.sleep(0.05)
    importing.kill()
    importing.communicate()
    kept = count("users")
    assert 0 < kept < MANY and kept % 500 == 0 and count("events") == kept, (kept, count("events"))
    began = time.perf_counter()
    said = instance.run("import", str(file))
    took = time.perf_counter() - began
    assert f"{MANY - kept} new" in said and f"{kept} here already" in said, said
    assert (count("users"), count("events")) == (MANY, MANY)
    assert databases.rows(instance.url, "SELECT COUNT(*) FROM (SELECT user_id FROM user_words GROUP BY user_id HAVING COUNT(*) >= 5) AS found") == [(MANY,)]
    print(f"    killed after {kept}; the rest took {took:.1f} s")


def twice_at_once(binary, databases, folder):
    """Two imports of the same accounts at once make each account once."""
    some = SOME[databases.kind]
    lines = [f"ben{i}@many.example,ben{i}\n" for i in range(some)]
    for name, second in [("same", lines), ("backwards", lines[::-1])]:
        files = [folder / f"{name}.{number}.csv" for number in range(2)]
        for file, rows in zip(files, [lines, second]):
            file.write_text("email,username\n" + "".join(rows))
        instance = Instance(binary, databases.make(f"from_{name}"), folder / f"from_{name}")
        instance.run("migrate")
        both = [instance.command("import", str(file)) for file in files]
        said = [one.communicate() for one in both]
        # Whoever waits for the other for long may say so.
        assert [one.returncode for one in both] == [0, 0], said
        for what in ["FROM users", "FROM events", "FROM (SELECT user_id FROM events GROUP BY user_id) AS found", "FROM user_words WHERE word LIKE 'ben%@%'"]:
            count = databases.rows(instance.url, f"SELECT COUNT(*) {what}")[0][0]
            assert count == some, (what, count)
        new = [int(line.split()[0]) for out, _ in said for line in out.splitlines() if " new " in line]
        assert sum(new) == some, new
        # From both ends they meet where neither was first, where they take turns.
        assert databases.kind == "sqlite" or name == "same" or min(new) > 0, new
        print(f"    {name}: {new[0]} and {new[1]} of {some}")


def main(binary):
    for kind in ["sqlite", "postgres"]:
        with tempfile.TemporaryDirectory(prefix="nightlatch-import.") as folder:
            databases = Databases(kind, Path(folder))
            for scene in [django, custom, flask, killed, twice_at_once]:
                began = time.perf_counter()
                scene(binary, databases, Path(folder))
                print(f"ok  {kind}: {scene.__doc__.split('.')[0]}, {time.perf_counter() - began:.0f} s", flush=True)


main(sys.argv[1])
