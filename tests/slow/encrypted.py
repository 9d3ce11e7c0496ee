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
            with Server(binary, ROCKET_TLS=f'{{certs="{cert}",key="{key}"{more}}}') as server:
                place = framing.Place("localhost", server.port, f"localhost:{server.port}", cert)
                spoken(place, version)
                if not more:
                    framing.measure(place)
                    waiting(server)


def spoken(place, newest):
    """TLS 1.2 always, 1.3 where its ciphers are set, nothing older, and HTTP/1.1 in it."""
    versions = {"TLSv1.1": ssl.TLSVersion.TLSv1_1, "TLSv1.2": ssl.TLSVersion.TLSv1_2, "TLSv1.3": ssl.TLSVersion.TLSv1_3}
    for name, version in versions.items():
        context = ssl.create_default_context(cafile=place.authority)
        context.set_alpn_protocols(["h2", "http/1.1"])
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        try:
            with socket.create_connection(("localhost", place.port), timeout=5) as plain:
                with context.wrap_socket(plain, server_hostname="localhost") as connection:
                    said = f"{connection.version()} {connection.cipher()[0]} {connection.selected_alpn_protocol()}"
                    connection.sendall(f"GET /health/live HTTP/1.1\r\nHost: {place.name}\r\nConnection: close\r\n\r\n".encode())
                    answered = connection.recv(4096).startswith(b"HTTP/1.1 200")
        except (ssl.SSLError, ConnectionError) as error:
            said, answered = f"refused ({getattr(error, 'reason', error)})", False
        print(f"  {name}: {said}")
        if answered != ("TLSv1.2" <= name <= newest) or (answered and "http/1.1" not in said):
            raise Failed(f"{name} is spoken: {answered}")


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
