"""A mail server for tests, on loopback: keeps each letter as a file, in the order they come in.

mail_server.py PORT_FILE FOLDER [--refuse-password]: writes the port it listens on to PORT_FILE.
"""

import itertools
import os
import socketserver
import sys


class Conversation(socketserver.StreamRequestHandler):
    timeout = 20

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        try:
            self.converse()
        except ConnectionError:
            # `nightlatch check` speaks TLS here once, to see it refused.
            pass

    def converse(self):
        self.say("220 localhost ESMTP")
        for line in self.rfile:
            verb = line.split(None, 1)[0].upper() if line.strip() else b""
            if verb == b"EHLO":
                self.say("250-localhost")
                self.say("250-AUTH PLAIN")
                self.say("250 8BITMIME")
            elif verb == b"AUTH":
                self.say("535 5.7.8 wrong password" if refuse_password else "235 2.7.0 welcome")
            elif verb == b"DATA":
                self.say("354 go on")
                self.keep()
                self.say("250 2.0.0 kept")
            elif verb == b"QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 2.0.0 ok")

    def keep(self):
        name = os.path.join(folder, f"{next(numbers):04d}")
        with open(name + ".part", "wb") as letter:
            for line in self.rfile:
                if line == b".\r\n":
                    break
                letter.write(line)
        os.rename(name + ".part", name + ".eml")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


port_file, folder = sys.argv[1:3]
refuse_password = "--refuse-password" in sys.argv[3:]
numbers = itertools.count(1)
os.makedirs(folder, exist_ok=True)
with Server(("127.0.0.1", 0), Conversation) as server:
    with open(port_file + ".part", "w") as file:
        file.write(str(server.server_address[1]))
    os.rename(port_file + ".part", port_file)
    server.serve_forever()
