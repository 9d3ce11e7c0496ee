"""Many clients that do not keep up, and one that does and is timed."""

import asyncio
import http.client
import multiprocessing
import resource
import time

# Seconds after which a half-open request must have been closed.
PATIENCE = 15
# Seconds within which 99 of 100 others must be answered, on a machine that is busy with 2,000 slow ones.
PROMPT = 0.5

HEAD = "POST /api/auth/signin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
# What each says first, and then says one byte of each second.
WAYS = {
    "silence": ("", ""),
    "half a request line": ("GET /sig", ""),
    "a head, byte by byte": ("GET /signin HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", "x" * 100),
    "a body, byte by byte": (HEAD + "Content-Length: 100\r\n\r\n", "{" * 100),
}


class Failed(Exception):
    """Somebody was not served, or not let go."""


def besiege(server, number, seconds, kept=True):
    """Holds so many half-open requests for so long, where `kept` each until the server ends it; checks that a visitor is served."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    before, cpu = server.resident(), server.used()
    theirs, ours = multiprocessing.Pipe()
    visitor = multiprocessing.Process(target=visit, args=(server.port, seconds, theirs))
    visitor.start()
    ages, peak = asyncio.run(crowd(server, number, seconds))
    times, wrong = ours.recv()
    visitor.join()
    cpu = server.used() - cpu
    times.sort()
    at = lambda share: 1000 * times[min(len(times) - 1, int(len(times) * share))]
    print(f"  others: {len(times)} answered, p50 {at(0.5):.1f} ms, p99 {at(0.99):.1f} ms, longest {at(1):.1f} ms; {len(wrong)} failed")
    for way, closed in ages.items():
        longest = max(closed, default=0)
        print(f"  {way}: {len(closed)} closed, the last after {longest:.1f} s")
        if longest > PATIENCE or (kept and not closed and seconds > PATIENCE):
            raise Failed(f"{way} is waited for too long")
    time.sleep(0.5)
    print(f"  memory: {before:.1f} MiB before, {peak:.1f} at most, {server.resident():.1f} after; CPU {cpu:.1f} s")
    if wrong or at(0.99) > 1000 * PROMPT:
        raise Failed(f"others were not served: {wrong[:3]}")
    # Half a core, on top of what the visitor costs: more would be spinning.
    if cpu > 0.5 * (seconds + PATIENCE) + 2:
        raise Failed("it spins")


async def crowd(server, number, seconds):
    end = time.monotonic() + seconds
    ages = {way: [] for way in WAYS}
    clients = []
    for index in range(number):
        way = list(WAYS)[index % len(WAYS)]
        clients.append(asyncio.create_task(dawdle(server.port, way, end, ages[way])))
        # All at once are more than the system keeps for a server: it forgets some, and those would wait for ever.
        await asyncio.sleep(0.001)
    peak = server.resident()
    while time.monotonic() < end:
        await asyncio.sleep(0.5)
        peak = max(peak, server.resident())
    await asyncio.gather(*clients)
    return ages, peak


async def dawdle(port, way, end, ages):
    """Comes again when it was sent away, until the end; the last time it stays until it is sent away."""
    while time.monotonic() < end:
        began = time.monotonic()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.2)
            continue
        talk = asyncio.create_task(drip(writer, *WAYS[way]))
        try:
            async with asyncio.timeout(2 * PATIENCE):
                while await reader.read(4096):
                    pass
        except OSError:
            # Time that ran out is one too.
            pass
        talk.cancel()
        writer.close()
        ages.append(time.monotonic() - began)
        # Whoever is sent away at once comes again after a while.
        await asyncio.sleep(max(0, 2 - ages[-1]))


async def drip(writer, first, rest):
    try:
        writer.write(first.encode())
        for byte in rest:
            await writer.drain()
            await asyncio.sleep(1)
            writer.write(byte.encode())
    except OSError:
        pass


def visit(port, seconds, pipe):
    """Asks again and again, on a connection of its own each time and on one that it keeps."""
    end, times, wrong = time.monotonic() + seconds, [], []
    kept = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    while time.monotonic() < end:
        for connection in (kept, http.client.HTTPConnection("127.0.0.1", port, timeout=10)):
            began = time.monotonic()
            try:
                connection.request("GET", "/signin", headers={"Host": f"localhost:{port}"})
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    wrong.append(answer.status)
            except (OSError, http.client.HTTPException) as error:
                wrong.append(repr(error))
            times.append(time.monotonic() - began)
            if connection is not kept:
                connection.close()
        time.sleep(0.02)
    pipe.send((times, wrong))


def stop(server, number):
    """Half-open requests are there when the server is told to stop."""

    async def hold():
        clients = []
        for index in range(number):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(list(WAYS.values())[index % 3][0].encode())
            clients.append((reader, writer))
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.5)
        return await asyncio.to_thread(server.stop)

    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    code, took = asyncio.run(hold())
    print(f"  gone after {took:.1f} s with exit code {code}")
    if code != 0 or took > 5:
        raise Failed("the stop was held up")
