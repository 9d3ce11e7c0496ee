"""A mail server for tests, on loopback: keeps each letter as a file, in the order they come in.

mail_server.py PORT_FILE FOLDER [--refuse-password] [--tls CHAIN KEY | --starttls CHAIN KEY]: writes the port it listens on to PORT_FILE,
and what it is told in plain text to standard output.
"""

import argparse
import itertools
import os
import socketserver
import ssl


class Conversation(socketserver.StreamRequestHandler):
    timeout = 20

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.encrypted = False
        try:
            if options.tls:
                self.encrypt(options.tls)
            self.converse()
        except OSError:
            # `nightlatch check` speaks TLS here to see it refused, and ends it where the certificate is wrong.
            pass

    def encrypt(self, files):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*files)
        self.request = context.wrap_socket(self.request, server_side=True)
        self.setup()
        self.encrypted = True

    def converse(self):
        self.say("220 localhost ESMTP")
        # Not `for`: what is read from is another after STARTTLS.
        while line := self.rfile.readline():
            if not self.encrypted:
                print(line.decode(errors="replace").rstrip(), flush=True)
            verb = line.split(None, 1)[0].upper() if line.strip() else b""
            if verb == b"EHLO":
                self.say("250-localhost")
                if options.starttls and not self.encrypted:
                    self.say("250-STARTTLS")
                self.say("250-AUTH PLAIN")
                self.say("250 8BITMIME")
            elif verb == b"STARTTLS" and options.starttls:
                self.say("220 2.0.0 go ahead")
                self.encrypt(options.starttls)
            elif verb == b"AUTH":
                self.say("535 5.7.8 wrong password" if options.refuse_password else "235 2.7.0 welcome")
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
        name = os.path.join(options.folder, f"{next(numbers):04d}")
        with open(name + ".part", "wb") as letter:
            for line in self.rfile:
                if line == b".\r\n":
                    break
                letter.write(line)
        os.rename(name + ".part", name + ".eml")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


parser = argparse.ArgumentParser()
parser.add_argument("port_file")
parser.add_argument("folder")
parser.add_argument("--refuse-password", action="store_true")
parser.add_argument("--tls", nargs=2)
parser.add_argument("--starttls", nargs=2)
options = parser.parse_args()
numbers = itertools.count(1)
os.makedirs(options.folder, exist_ok=True)
with Server(("127.0.0.1", 0), Conversation) as server:
    with open(options.port_file + ".part", "w") as file:
        file.write(str(server.server_address[1]))
    os.rename(options.port_file + ".part", options.port_file)
    server.serve_forever()
