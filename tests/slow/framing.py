"""Requests whose end is in doubt, said byte by byte to a server or to a proxy in front of it, and the lengths of answers.

framing.py HOST PORT NAME [AUTHORITY]: with an authority over TLS
"""

import socket
import ssl
import sys
from dataclasses import dataclass

# Seconds of silence after which no more answers are waited for.
SILENCE = 1
# A request in another.
SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: {name}\r\n\r\n"
POST = "POST /api/auth/signin HTTP/1.1\r\nHost: {name}\r\nContent-Type: application/json\r\n"
GET = "GET /health/live HTTP/1.1\r\nHost: {name}\r\n"

# What may be answered once at most: more would be the answer to a request that somebody hid in another.
CASES = {
    "two ways to end, by length first": POST + "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two ways to end, chunked first": POST + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "two lengths": POST + "Content-Length: 2\r\nContent-Length: 50\r\n\r\n{}" + SMUGGLED,
    "two lengths in one line": POST + "Content-Length: 2, 50\r\n\r\n{}" + SMUGGLED,
    "a length with a sign": POST + "Content-Length: +2\r\n\r\n{}" + SMUGGLED,
    "a length in hexadecimal": POST + "Content-Length: 0x2\r\n\r\n{}" + SMUGGLED,
    "a length that is no number": POST + "Content-Length: two\r\n\r\n{}" + SMUGGLED,
    "a length beyond 64 bits": POST + "Content-Length: 18446744073709551618\r\n\r\n{}" + SMUGGLED,
    "a space before the colon": POST + "Content-Length : 2\r\n\r\n{}" + SMUGGLED,
    "a coding nobody knows": POST + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunked, and then another coding": POST + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunked in two lines, then identity": POST + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunked behind a vertical tab": POST + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "chunked in HTTP/1.0": POST.replace("1.1", "1.0") + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk longer than 64 bits": POST + "Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk of a length with a sign": POST + "Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk of a length in C's hexadecimal": POST + "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n" + SMUGGLED,
    "a chunk with more than it says": POST + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}XX0\r\n\r\n" + SMUGGLED,
    "a chunk's extension that ends in a bare LF": POST + "Transfer-Encoding: chunked\r\n\r\n2;a\n{}\r\n0\r\n\r\n" + SMUGGLED,
    "chunks that end in bare LF": POST + "Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n" + SMUGGLED,
    "a folded header": POST + "Content-Length: 2\r\nX-Folded: a\r\n Content-Length: 50\r\n\r\n{}" + SMUGGLED,
    "a folded coding": POST + "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    "a bare CR in a header": POST + "X-Bare: a\rContent-Length: 50\r\nContent-Length: 2\r\n\r\n{}" + SMUGGLED,
    "NUL in a header": POST + "X-Nul: a\x00b\r\nContent-Length: 50\r\n\r\n{}" + SMUGGLED,
    "a header without a colon": POST + "Content-Length\r\n\r\n{}" + SMUGGLED,
    "a header without a name": POST + ": 2\r\n\r\n{}" + SMUGGLED,
    "two hosts": GET + "Host: evil.test\r\n\r\n",
    "no host": "GET /health/live HTTP/1.1\r\n\r\n",
    "two spaces in the request line": GET.replace(" /", "  /") + "\r\n",
    "HTTP/0.9": "GET /health/live\r\n\r\n",
    "HTTP/2 by the side door": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a body nobody expects": GET + "Content-Length: {length}\r\n\r\n" + SMUGGLED,
    "a body that is too long for us": POST + "Content-Length: 100000\r\n\r\n" + "x" * 20_000 + SMUGGLED,
}

# What has one meaning, with the status of each answer.
PLAIN = {
    "one after the other": ((GET + "\r\n") * 3, [200, 200, 200]),
    "a length, and the next": (POST + "Content-Length: 2\r\n\r\n{}" + GET + "\r\n", [422, 200]),
    "chunks, and the next": (POST + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + GET + "\r\n", [422, 200]),
    "a chunk's extension": (POST + "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n" + GET + "\r\n", [422, 200]),
    "trailers": (POST + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nContent-Length: 9\r\n\r\n" + GET + "\r\n", [422, 200]),
    "lines that end in bare LF": ((GET + "\r\n").replace("\r\n", "\n") + GET + "\r\n", [200, 200]),
}


class Failed(Exception):
    """A request was answered twice, or an answer is not as long as it says."""


@dataclass
class Place:
    """Whom to talk to, and by which name."""

    host: str
    port: int
    name: str
    authority: str | None = None

    def say(self, text):
        """Everything that is answered until the other side closes or falls silent."""
        with socket.create_connection((self.host, self.port), timeout=10) as plain:
            if self.authority:
                context = ssl.create_default_context(cafile=self.authority)
                with context.wrap_socket(plain, server_hostname=self.host) as connection:
                    return talk(connection, text)
            return talk(plain, text)


def talk(connection, text):
    heard = b""
    try:
        connection.sendall(text.encode("latin-1"))
        connection.settimeout(SILENCE)
        while said := connection.recv(65536):
            heard += said
    except (TimeoutError, ConnectionError, ssl.SSLError):
        pass
    return heard


def statuses(heard):
    """Of one answer after the other, each as long as it says; what is left over is a fault."""
    found = []
    while heard:
        if not found and heard.startswith(b"<"):
            # HTTP/0.9 has no head, and ends with the connection.
            return [None]
        head, found_end, rest = heard.partition(b"\r\n\r\n")
        if not found_end or not head.startswith(b"HTTP/1."):
            raise Failed(f"no answer: {heard[:200]}")
        fields = {line.split(b":", 1)[0].lower(): line.split(b":", 1)[1].strip() for line in head.split(b"\r\n")[1:]}
        found.append(int(head.split()[1]))
        # Without a length an answer ends with the connection.
        heard = rest[int(fields[b"content-length"]) :] if b"content-length" in fields else b""
    return found


def look(place):
    """Nobody gets an answer to a request that another reader would not see."""
    for case, text in CASES.items():
        hidden = len(SMUGGLED.replace("{name}", place.name))
        heard = place.say(text.replace("{name}", place.name).replace("{length}", str(hidden)))
        found = statuses(heard)
        print(f"  {case}: {' '.join(map(str, found)) or 'closed'}")
        if place.authority:
            # A proxy may take it for two requests, if so does the node: then nobody else gets the answer to the second.
            others = [statuses(place.say(GET.replace("{name}", place.name) + "Connection: close\r\n\r\n")) for _ in range(4)]
            if found[1:] not in ([], [404], [400]) or others != [[200]] * 4:
                raise Failed(f"{case}: {others} after {heard}")
        elif len(found) > 1 or 404 in found:
            raise Failed(f"{case}: {heard}")
    for case, (text, wanted) in PLAIN.items():
        found = statuses(place.say(text.replace("{name}", place.name)))
        print(f"  {case}: {' '.join(map(str, found))}")
        if found != wanted:
            raise Failed(f"{case}: {found} and not {wanted}")


def measure(place):
    """Every answer is as long as it says: without a body where there can be none."""
    number = 0
    for path in ["/", "/signin", "/nowhere", "/dashboard", "/api/auth/session", "/api/openapi.json", "/health/live", "/static/app.css"]:
        for method in ["GET", "HEAD", "POST", "OPTIONS", "FOO"]:
            for more in ["", "Accept-Encoding: gzip\r\n"]:
                request = f"{method} {path} HTTP/1.1\r\nHost: {place.name}\r\n{more}Connection: close\r\n\r\n"
                heard = place.say(request)
                head, _, body = heard.partition(b"\r\n\r\n")
                fields = [line.lower() for line in head.split(b"\r\n")[1:]]
                lengths = [int(line.split(b":")[1]) for line in fields if line.startswith(b"content-length:")]
                number += 1
                if len(body) != (0 if method == "HEAD" else lengths[0]) or len(lengths) > 1:
                    raise Failed(f"{method} {path}: {lengths} and {len(body)} bytes of body: {head}")
    number += no_content(place)
    print(f"  {number} answers as long as they say")


def no_content(place):
    body = '{"email":"ann@example.com","password":"plum-harbor-velvet-signal"}'
    head = f"HTTP/1.1\r\nHost: {place.name}\r\nContent-Type: application/json\r\nConnection: close\r\nX-Requested-With: lengths\r\n"
    heard = place.say(f"POST /api/auth/signup {head}Content-Length: {len(body)}\r\n\r\n{body}").decode()
    lines = [line[12:].split(";")[0] for line in heard.split("\r\n") if line.startswith("set-cookie: ")]
    heard = place.say(f"POST /api/auth/logout {head}Cookie: {'; '.join(lines)}\r\nContent-Length: 0\r\n\r\n")
    head, _, body = heard.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 204") or body or b"content-length" in head or b"transfer-encoding" in head:
        raise Failed(f"204: {heard}")
    return 1


if __name__ == "__main__":
    look(Place(sys.argv[1], int(sys.argv[2]), *sys.argv[3:]))
