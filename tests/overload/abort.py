"""Callers who go away in the middle of a request."""

import asyncio
import json
import socket
import struct
from collections import Counter

from node import PASSWORD

AT_ONCE = 50
# Ends a connection with a reset, as a caller does that crashes.
RESET = struct.pack("ii", 1, 0)


def requests(node, cookie):
    """By name: what is sent, and for how long the caller stays then, in seconds."""
    anybody = f"Host: localhost:{node.port}\r\nX-Requested-With: overload\r\n"
    host = f"{anybody}Cookie: {cookie}\r\n"
    signin = json.dumps({"email": "vera@example.com", "password": PASSWORD})

    def post(path, body, who=host):
        kind = "application/json" if body.startswith("{") else "application/x-www-form-urlencoded"
        return f"POST {path} HTTP/1.1\r\n{who}Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n{body}"

    return {
        "headers": (f"GET /dashboard HTTP/1.1\r\n{host}"[:-9], 0),
        "body": (post("/api/auth/signin", signin, anybody)[:-9], 0),
        "sign-in": (post("/api/auth/signin", signin, anybody), 0.01),
        "page": (f"GET /dashboard HTTP/1.1\r\n{host}\r\n", 0.001),
        "page at once": (f"GET /account HTTP/1.1\r\n{host}\r\n", 0),
        "write": (post("/account/name", "name=Vera"), 0.001),
        "write at once": (post("/account/name", "name=Vera+V."), 0),
    }


def run(node, cookie, number):
    """So many of them; gives how many of each kind."""
    return asyncio.run(storm(node, requests(node, cookie), number))


async def storm(node, kinds, number):
    done, names = Counter(), iter(list(kinds) * (number // len(kinds) + 1))

    async def callers():
        while done.total() < number:
            name = next(names)
            done[name] += 1
            await go_away(node.port, *kinds[name])

    await asyncio.gather(*(callers() for _ in range(AT_ONCE)))
    return f"{done.total()} gone: " + ", ".join(f"{count} {name}" for name, count in done.items())


async def go_away(port, text, seconds):
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return
    writer.write(text.encode())
    await asyncio.sleep(seconds)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
