"""A thousand sign-ins at once, and again; each line of its output is one answer: status, seconds, Retry-After, cookie.

flood.py PORT EMAIL PASSWORD CONNECTIONS SECONDS
"""

import asyncio
import json
import sys
import time

# Seconds: whoever waits longer hangs.
PATIENCE = 20


async def sign_in(number):
    """One after another on a connection of its own, until it is over."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /api/auth/signin HTTP/1.1\r\nHost: localhost:{port}\r\nContent-Type: application/json\r\n"
    request = f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()
    await everybody.wait()
    while time.monotonic() < end:
        began = time.monotonic()
        writer.write(request)
        try:
            status, headers = await asyncio.wait_for(answer(reader), PATIENCE)
        except (TimeoutError, asyncio.IncompleteReadError, ConnectionError) as error:
            print(0, f"{time.monotonic() - began:.3f}", type(error).__name__, "-")
            return
        after = headers.get("retry-after", "-")
        cookie = next((one for one in headers["set-cookie"] if one.startswith(f"nightlatch-{port}=")), "-")
        print(status, f"{time.monotonic() - began:.3f}", after, cookie)
        # As it was told to.
        await asyncio.sleep(int(after) if after.isdigit() else 0)
    writer.close()


async def answer(reader):
    status = int((await reader.readuntil(b"\r\n")).split()[1])
    headers = {"set-cookie": []}
    while (line := (await reader.readuntil(b"\r\n")).decode().strip()):
        name, value = line.split(": ", 1)
        if name.lower() == "set-cookie":
            headers["set-cookie"].append(value.split(";")[0])
        else:
            headers[name.lower()] = value
    await reader.readexactly(int(headers["content-length"]))
    return status, headers


async def flood():
    tasks = [asyncio.create_task(sign_in(number)) for number in range(connections)]
    # All are connected when the first one asks.
    await asyncio.sleep(1)
    everybody.set()
    await asyncio.gather(*tasks)


port, connections, seconds = int(sys.argv[1]), int(sys.argv[4]), float(sys.argv[5])
body = json.dumps({"email": sys.argv[2], "password": sys.argv[3]})
everybody, end = asyncio.Event(), time.monotonic() + 1 + seconds
asyncio.run(flood())
