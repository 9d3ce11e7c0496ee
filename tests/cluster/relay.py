"""A line between a node and its database that can be cut, in several ways.

relay.py PORT HOST PORT: listens on the first port and leads to the second. Each line on standard input is what happens
from then on, answered by the same line when it does:
  pass    bytes go both ways; what was held is let go
  cut     every connection ends; new ones pass
  refuse  every connection ends, and new ones at once
  hold    nothing moves, in either direction, in old connections or new
  deaf    what the node says arrives, and no answer comes back
  lose    the next statement is never answered, and its connection silent for ever
"""

import asyncio
import sys

# How what runs a statement begins (Bind in PostgreSQL's protocol); what only asks for a sign of life begins otherwise.
STATEMENT = b"B"


class Line:
    """What all connections have in common, and those that there are."""

    def __init__(self):
        self.refused, self.loses, self.connections, self.never = False, False, set(), asyncio.Event()
        self.to_database, self.to_node = asyncio.Event(), asyncio.Event()
        self.pass_all()

    def pass_all(self):
        self.refused = False
        self.to_database.set()
        self.to_node.set()

    def obey(self, command):
        if command == "pass":
            self.pass_all()
        elif command in ("cut", "refuse"):
            self.refused = command == "refuse"
            for connection in self.connections:
                connection.end()
        elif command == "hold":
            self.to_database.clear()
            self.to_node.clear()
        elif command == "deaf":
            self.to_node.clear()
        elif command == "lose":
            self.loses = True
        else:
            raise ValueError(command)

    async def connect(self, reader, writer):
        if self.refused:
            writer.transport.abort()
            return
        await self.to_database.wait()
        connection = Connection(self, (reader, writer), await asyncio.open_connection(host, int(far_port)))
        self.connections.add(connection)
        await connection.run()
        self.connections.discard(connection)


class Connection:
    """One connection of the node, and the one to the database that belongs to it."""

    def __init__(self, line, node, database):
        self.line, self.node, self.database = line, node, database

    async def run(self):
        there = self.carry(self.node, self.database, self.line.to_database)
        back = self.carry(self.database, self.node, self.line.to_node)
        try:
            await asyncio.gather(there, back)
        except ConnectionError:
            pass
        self.end()

    async def carry(self, origin, destination, gate):
        while data := await origin[0].read(65536):
            if self.line.loses and data.startswith(STATEMENT):
                self.line.loses = False
                await self.line.never.wait()
            await gate.wait()
            destination[1].write(data)
            await destination[1].drain()
        # What was held must not be lost with the end.
        await gate.wait()
        destination[1].close()

    def end(self):
        for _, writer in (self.node, self.database):
            writer.transport.abort()


async def listen():
    line = Line()
    server = await asyncio.start_server(line.connect, "127.0.0.1", int(port))
    print("pass", flush=True)
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    async with server:
        while command := (await commands.readline()).decode().strip():
            line.obey(command)
            print(command, flush=True)


port, host, far_port = sys.argv[1:4]
asyncio.run(listen())
