"""Says what it reads over TLS and falls silent; prints after how many seconds the server ends the connection.

slow_client.py PORT AUTHORITY
"""

import socket
import ssl
import sys
import time

PATIENCE = 20

port, authority = sys.argv[1:3]
said = sys.stdin.buffer.read()
context = ssl.create_default_context(cafile=authority)
began = time.monotonic()
with socket.create_connection(("localhost", int(port)), timeout=PATIENCE) as plain:
    with context.wrap_socket(plain, server_hostname="localhost") as connection:
        connection.sendall(said)
        try:
            while connection.recv(4096):
                pass
        except (ConnectionError, ssl.SSLError) as end:
            # Time that ran out is an SSLError too in old versions.
            if isinstance(end, TimeoutError):
                raise
print(round(time.monotonic() - began))
