"""Stands between the program and the server, and lets through no more than so many bytes of the answers."""

import contextlib
import socket
import threading


class Relay:
    """After `most` bytes it hangs up, or with `hang` says nothing more."""

    def __init__(self, port, most, hang=False):
        self.target, self.most, self.hang = port, most, hang
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.spent = threading.Event()

    def __enter__(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.close()

    def serve(self):
        caller, _ = self.listener.accept()
        server = socket.create_connection(("127.0.0.1", self.target))
        threading.Thread(target=self.pump, args=(caller, server), daemon=True).start()
        with contextlib.suppress(OSError):
            while self.most > 0 and (some := server.recv(min(self.most, 4096))):
                caller.sendall(some)
                self.most -= len(some)
            self.spent.set()
            if not self.hang:
                caller.shutdown(socket.SHUT_RDWR)

    def pump(self, source, sink):
        with contextlib.suppress(OSError):
            while some := source.recv(4096):
                sink.sendall(some)
