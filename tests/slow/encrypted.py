"""The port of a server that speaks TLS itself."""

import socket
import ssl
import subprocess
import tempfile
import time

import framing
from crowd import Failed
from server import Server

# A little more than the ten seconds that a handshake has.
PATIENCE = 15
CURVE = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"]


def look(binary):
    with tempfile.TemporaryDirectory(prefix="nightlatch-tls.") as folder:
        cert, key = f"{folder}/cert.pem", f"{folder}/key.pem"
        name = ["-subj", "/CN=localhost", "-addext", "subjectAltName = DNS:localhost"]
        openssl = ["openssl", "req", "-x509", *CURVE, "-days", "1", *name, "-keyout", key, "-out", cert]
        subprocess.run(openssl, check=True, capture_output=True)
        for more, version in [("", "TLSv1.3"), (',ciphers=["TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"]', "TLSv1.2")]:
            settings = {"ROCKET_TLS": f'{{certs="{cert}",key="{key}"{more}}}', "NIGHTLATCH_MAIL__SMTP_URL": "smtp://localhost:9"}
            with Server(binary, **settings) as server:
                place = framing.Place("localhost", server.port, f"localhost:{server.port}", cert)
                spoken(place, version)
                if not more:
                    framing.measure(place)
                    waiting(server)


def spoken(place, newest):
    """TLS 1.2 always, 1.3 where its ciphers are set, nothing older or weaker, and HTTP/1.1 in it."""
    versions = {"TLSv1.1": ssl.TLSVersion.TLSv1_1, "TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
    for name, version in versions.items():
        said = shake(place, version, "DEFAULT@SECLEVEL=0")
        print(f"  {name}: {said or 'refused'}")
        if bool(said) != ("TLSv1.2" <= name <= newest) or (said and "http/1.1" not in said):
            raise Failed(f"{name}: {said}")
    for weak in ["ECDHE-ECDSA-AES256-SHA384", "ECDHE-ECDSA-AES128-SHA", "AES256-SHA", "AES128-GCM-SHA256"]:
        if shake(place, ssl.TLSVersion.TLSv1_2, f"{weak}@SECLEVEL=0"):
            raise Failed(f"{weak} is spoken")
        print(f"  {weak}: refused")


def shake(place, version, ciphers):
    """What was agreed on, when a request over it was answered."""
    context = ssl.create_default_context(cafile=place.authority)
    context.set_alpn_protocols(["h2", "http/1.1"])
    context.set_ciphers(ciphers)
    context.minimum_version = context.maximum_version = version
    try:
        with socket.create_connection(("localhost", place.port), timeout=5) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as connection:
                agreed = f"{connection.version()} {connection.cipher()[0]} {connection.selected_alpn_protocol()}"
                connection.sendall(f"GET /health/live HTTP/1.1\r\nHost: {place.name}\r\nConnection: close\r\n\r\n".encode())
                return agreed if connection.recv(4096).startswith(b"HTTP/1.1 200") else None
    except (ssl.SSLError, ConnectionError):
        return None


def waiting(server):
    """A handshake that does not begin, or does not end, is let go; so is a client that speaks no TLS."""
    for what, begun in [("no handshake", b""), ("half a handshake", b"\x16\x03\x01\x02\x00\x01"), ("no TLS", b"GET / HTTP/1.1\r\n\r\n")]:
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE) as client:
            client.sendall(begun)
            try:
                while client.recv(4096):
                    pass
            except ConnectionError:
                pass
        print(f"  {what}: closed after {time.monotonic() - began:.1f} s")
