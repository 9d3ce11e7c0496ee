"""Servers behind ours that take a connection and say nothing."""

import socket

from node import PASSWORD, Wrong, judge

# Seconds: nobody who asks for something waits for them. The processors may be busy.
PROMPT = 1
# Seconds: what a stop may take whatever hangs.
STOP = 25


def swallowed(node):
    """Neither requests nor a stop wait for a mail server or a RabbitMQ that swallows what it is sent."""
    with hole() as mail, hole() as broker:
        settings = {
            "NIGHTLATCH_MAIL__SMTP_URL": f"smtp://127.0.0.1:{mail.getsockname()[1]}",
            "NIGHTLATCH_AMQP_URL": f"amqp://guest:guest@127.0.0.1:{broker.getsockname()[1]}/%2f",
        }
        one = node(**settings)
        one.start()
        cookie = one.sign_up("vera")
        login = {"email": "vera@example.com", "password": PASSWORD}
        slowest = 0
        for _ in range(20):
            for what, body, held, status in [
                ("POST /api/auth/signin", login, None, 200),
                ("POST /api/auth/forgot-password", {"email": "vera@example.com"}, None, 202),
                ("GET /dashboard", None, cookie, 200),
                ("GET /health/ready", None, None, 200),
            ]:
                answer = one.ask(what, body, held)
                judge(answer, what, (status,))
                slowest = max(slowest, answer.seconds)
        if slowest > PROMPT:
            raise Wrong(f"a request took {slowest:.1f} s while mail server and RabbitMQ are silent")
        took = one.stop()
        if one.process.returncode != 0 or took > STOP:
            raise Wrong(f"the stop took {took:.1f} s, exit code {one.process.returncode}")
        return f"the slowest of 80 requests took {slowest * 1000:.0f} ms; stopped after {took:.1f} s"


def hole():
    """Connections are made, and nobody takes them."""
    return socket.create_server(("127.0.0.1", 0), backlog=100)
