"""A Flask application with users in SQLAlchemy: flask_app.py DATABASE_URL PASSWORD. Each account is named after how its password is hashed."""

import sys
from datetime import datetime, timezone

import argon2
import bcrypt
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from passlib.hash import pbkdf2_sha1, pbkdf2_sha256, pbkdf2_sha512, scrypt
from werkzeug.security import generate_password_hash

HASHES = {
    "werkzeug": generate_password_hash,
    "werkzeug.pbkdf2": lambda password: generate_password_hash(password, "pbkdf2:sha256"),
    "passlib.sha1": pbkdf2_sha1.hash,
    "passlib.sha256": pbkdf2_sha256.hash,
    "passlib.sha512": pbkdf2_sha512.hash,
    "passlib.scrypt": scrypt.hash,
    "bcrypt": lambda password: bcrypt.hashpw(password.encode(), bcrypt.gensalt()).decode(),
    "bcrypt.2a": lambda password: bcrypt.hashpw(password.encode(), bcrypt.gensalt(10, prefix=b"2a")).decode(),
    "argon2id": argon2.PasswordHasher().hash,
    "argon2i": argon2.PasswordHasher(type=argon2.Type.I).hash,
    "argon2d": argon2.PasswordHasher(type=argon2.Type.D).hash,
}

db = SQLAlchemy()


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    email_address = db.Column(db.String(120), unique=True)
    pw_hash = db.Column(db.String(250))
    is_admin = db.Column(db.Boolean, default=False)
    active = db.Column(db.Boolean, default=True)
    created = db.Column(db.DateTime, default=lambda: datetime.now(timezone.utc))


def spelt(url):
    return url.replace("sqlite:///", "sqlite:////").replace("postgres://", "postgresql+psycopg://")


def main(url, password):
    app = Flask(__name__)
    # SQLAlchemy's own spelling of both, which an import takes too.
    app.config["SQLALCHEMY_DATABASE_URI"] = spelt(url)
    db.init_app(app)
    with app.app_context():
        db.create_all()
        for name, make in HASHES.items():
            db.session.add(User(email_address=f"{name}@flask.example", pw_hash=make(password), is_admin=name == "werkzeug"))
        db.session.commit()


main(*sys.argv[1:])
