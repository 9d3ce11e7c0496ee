"""Verifies access tokens as any service does that uses PyJWT, with what is published.

verify.py SITE accept KID TOKEN [KID TOKEN]...: they are good, and signed with these keys
verify.py SITE refuse TOKEN...: none of them is
"""

import sys

import jwt


def verify(token):
    key = jwt.PyJWKClient(f"{site}/.well-known/jwks.json").get_signing_key_from_jwt(token)
    required = {"require": ["exp", "iat", "iss", "aud", "sub"]}
    whole = jwt.decode_complete(token, key, ["EdDSA"], required, issuer=site, audience=f"{site}/api")
    header = whole["header"]
    if header["typ"] != "access+jwt":
        raise jwt.InvalidTokenError(f"typ is {header['typ']}")
    return header["kid"]


site, command, *words = sys.argv[1:]
if command == "accept":
    for kid, token in zip(words[::2], words[1::2], strict=True):
        assert verify(token) == kid, f"signed with another key than {kid}"
else:
    for token in words:
        try:
            verify(token)
        except jwt.PyJWTError:
            continue
        sys.exit(f"PyJWT takes {token}")
