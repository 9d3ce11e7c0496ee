"""Scenes with a mailbox; the names of those to play may follow the binary."""

import csv
import imaplib
import io
import os
import pty
import select
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

import banks
import fresh
import hard
import merchants
import near
from dovecot import PASSWORD, USER, Dovecot, free_port
from relay import Relay

BINARY = sys.argv[1]
MESSAGES = [*banks.MESSAGES, *near.MESSAGES, *merchants.MESSAGES, *hard.MESSAGES, *fresh.MESSAGES]
HEADER = ["date", "type", "amount", "currency", "counterparty", "subject", "message_id"]
PERIOD = {"--from": "2026-01-01", "--to": "2026-02-01"}
SECRET = PASSWORD.replace(" ", "")


class Run:
    """The program in an empty folder, with nothing in its environment."""

    def __init__(self, dovecot, *more, password=SECRET, stop_when=None, **changed):
        options = {"--host": "127.0.0.1", "--port": str(dovecot.port), "--ca-file": str(dovecot.folder / "ca.pem"), "--user": USER,
                   "--out": "out.csv", **PERIOD}
        options |= {"--" + name.replace("_", "-"): value for name, value in changed.items()}
        arguments = [part for option, value in options.items() if value is not None for part in (option, str(value))]
        with tempfile.TemporaryDirectory(prefix="nightlatch-out.") as folder:
            process = subprocess.Popen(
                [BINARY, "transactions", *arguments, "--password-stdin", *more], cwd=folder, env={}, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
            if stop_when:
                process.stdin.write(password + "\n")
                process.stdin.flush()
                assert stop_when.wait(20)
                process.send_signal(signal.SIGINT)
                password = ""
            self.said, self.errors = process.communicate(password + "\n" if password else None, timeout=60)
            self.code, self.left = process.returncode, sorted(os.listdir(folder))
            out = Path(folder) / "out.csv"
            self.table = out.read_bytes().decode() if out.exists() else None
            self.mode = stat.S_IMODE(out.stat().st_mode) if out.exists() else None

    def refused(self, *words):
        assert self.code == 1 and self.said == "" and self.left == [], vars(self)
        assert self.errors.count("\n") == 1 and all(word in self.errors for word in words), self.errors
        assert SECRET not in self.errors
        print("   ", self.errors.strip())


def append(dovecot, name, messages):
    """Puts (bytes, time) into a mailbox; every other one has been seen before."""
    client = dovecot.client()
    if name != "INBOX":
        client.create(name)
    for number, (raw, at) in enumerate(messages):
        code, said = client.append(name, r"(\Seen)" if number % 2 else None, at, raw)
        assert code == "OK", said
    client.logout()


def flags(dovecot):
    client = dovecot.client()
    client.select("INBOX", readonly=True)
    answer = client.fetch("1:*", "(UID FLAGS)")[1]
    client.logout()
    return answer


def a_month_becomes_a_table(dovecot):
    before = flags(dovecot)
    began = time.monotonic()
    run = Run(dovecot)
    took = time.monotonic() - began
    assert run.code == 0 and run.left == ["out.csv"] and run.mode == 0o600, vars(run)
    assert flags(dovecot) == before, "the mailbox was changed"
    found = list(csv.reader(io.StringIO(run.table)))
    expected = [HEADER, *sorted((m.written(m.got) for m in MESSAGES if m.got), key=lambda row: row[-1])]
    for row in expected:
        row[4:6] = ["'" + cell if cell.startswith("=") else cell for cell in row[4:6]]
    for wrong in [row for row in found if row not in expected]:
        print("    not expected:", wrong)
    for missing in [row for row in expected if row not in found]:
        print("    missing:     ", missing)
    score(found)
    assert found == expected
    assert run.errors == (
        f"out.csv: 2026-01-01 to 2026-01-31: {len(MESSAGES)} read, {len(found) - 1} written, 0 unreadable\n"
    ), run.errors
    print(f"    {len(MESSAGES)} messages in {took:.2f} s")


def score(found):
    """A row is right when kind, amount and currency are those of its message."""
    truth = {m.id: list(m.row[:3]) for m in MESSAGES if m.row}
    right = [row for row in found[1:] if truth.get(row[6]) == row[1:4]]
    precision, recall = len(right) / (len(found) - 1), len(right) / len(truth)
    wrote = {row[6] for row in found}
    correct = {row[6] for row in right} | {m.id for m in MESSAGES if not m.row and m.id not in wrote}
    unseen = sum(m.id in correct for m in fresh.MESSAGES)
    currencies = {m.row[2] for m in MESSAGES if m.row}
    print(f"    {len(MESSAGES)} messages, {len(MESSAGES) - len(truth)} of them near misses, {len(currencies)} currencies")
    print(f"    precision {precision:.3f}, recall {recall:.3f}; {unseen} of the {len(fresh.MESSAGES)} that the rules were not made with are right")
    assert precision >= 0.95 and recall >= 0.95


def only_the_days_asked_for_are_read(dovecot):
    run = Run(dovecot, **{"from": "2026-01-03", "to": "2026-01-04"})
    days = {row[0][:10] for row in list(csv.reader(io.StringIO(run.table)))[1:]}
    assert days == {"2026-01-03"}, days
    run = Run(dovecot, **{"from": "2025-01-03", "to": "2025-01-04"})
    assert run.table == ",".join(HEADER) + "\n", run.table


def what_cannot_be_read_is_named_and_the_rest_goes_on(dovecot):
    head = "From: Shop <shop@letters.example>\r\nDate: Mon, 5 Jan 2026 10:00:00 +0000\r\nMessage-ID: <%s@letters.example>\r\nSubject: %s\r\n"
    at = imaplib.Time2Internaldate(time.mktime((2026, 1, 5, 12, 0, 0, 0, 0, -1)))
    whole = (head % ("whole", "Receipt") + "\r\nYou paid $7.25.\r\n").encode()
    large = (head % ("large", "Film of our holiday") + "\r\n").encode() + b"You paid $9.00.\r\n" * (20 * 1024 * 1024 // 17)
    broken = b"\xff\xfe\x01\x02 no header at all \xff\r\n\r\nYou paid $8.00\r\n"
    encoding = (head % ("encoding", "Torn apart") + "Content-Transfer-Encoding: base64\r\n\r\n****not base64****\r\n").encode()
    append(dovecot, '"Gr&APYA3w-e"', [(large, at), (broken, at), (encoding, at), (whole, at)])
    run = Run(dovecot, mailbox="Größe")
    print("   ", run.errors.strip().replace("\n", "\n    "))
    assert run.code == 0 and run.table.splitlines()[1:] == ["2026-01-05T10:00:00Z,transaction,7.25,USD,Shop,Receipt,whole@letters.example"]
    lines = run.errors.splitlines()
    assert 'message 1 ("Film of our holiday"): is larger than 10 MiB' in lines[0], lines
    assert "message 2 (no subject): has neither sender nor date" in lines[1], lines
    assert 'message 3 ("Torn apart"): its encoding is broken' in lines[2], lines
    assert lines[3].endswith("1 read, 1 written, 3 unreadable") and len(lines) == 4, lines


def what_is_wrong_is_said_in_one_line(dovecot):
    Run(dovecot, password="wrong").refused(USER, "127.0.0.1 refuses: [AUTHENTICATIONFAILED]")
    Run(dovecot, password="").refused("password")
    Run(dovecot, mailbox="Nowhere").refused("--mailbox: Nowhere: 127.0.0.1 refuses: Mailbox doesn't exist")
    Run(dovecot, port=free_port()).refused("127.0.0.1", "cannot be reached")
    Run(dovecot, host="nowhere.invalid").refused("nowhere.invalid", "cannot be reached")
    Run(dovecot, ca_file=None).refused("127.0.0.1", "certificate")
    # The certificate is for the address alone.
    Run(dovecot, host="localhost").refused("localhost", "certificate")
    Run(dovecot, ca_file="/nowhere.pem").refused("--ca-file", "/nowhere.pem")
    Run(dovecot, **{"from": "2026-02-30"}).refused("--from", "2026-02-30")
    Run(dovecot, **{"to": "1.2.2026"}).refused("--to", "1.2.2026")
    Run(dovecot, **{"to": "2026-01-01"}).refused("--to", "2026-01-01")
    Run(dovecot, **{"from": None}).refused("--from")
    Run(dovecot, user=None).refused("--user")
    Run(dovecot, out="/nowhere/out.csv").refused("--out", "/nowhere/out.csv")
    Run(dovecot, out="/etc/passwd").refused("--out", "/etc/passwd", "there already")
    with socket.create_server(("127.0.0.1", 0)) as plain:
        # It takes the call and never speaks TLS.
        Run(dovecot, port=plain.getsockname()[1]).refused("no answer within 10 seconds")


def what_is_missing_is_asked_for_at_a_terminal(dovecot):
    with tempfile.TemporaryDirectory(prefix="nightlatch-out.") as folder:
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(folder)
            ca = str(dovecot.folder / "ca.pem")
            os.execve(BINARY, [BINARY, "transactions", "--host", "127.0.0.1", "--port", str(dovecot.port), "--ca-file", ca], {"TERM": "xterm"})
        said = ""
        for question, answer in [("sign in with: ", USER), ("First day", PERIOD["--from"]), ("after the last", PERIOD["--to"]), ("Password of", SECRET)]:
            said += until(terminal, question)
            # The prompt comes a moment before the terminal stops showing what is typed.
            while answer == SECRET and termios.tcgetattr(terminal)[3] & termios.ECHO:
                time.sleep(0.01)
            os.write(terminal, (answer + "\n").encode())
        said += until(terminal, "unreadable")
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, said
        assert os.listdir(folder) == ["transactions.csv"] and SECRET not in said, said
        assert f"of {len(MESSAGES)} messages" in said, said


def until(terminal, words):
    said = ""
    while words not in said:
        assert select.select([terminal], [], [], 20)[0], said
        said += os.read(terminal, 4096).decode(errors="replace")
    return said


def a_connection_that_is_cut_leaves_no_file(dovecot):
    for most in (500, 3000, 20_000, 40_000):
        with Relay(dovecot.port, most) as relay:
            Run(dovecot, port=relay.port).refused("127.0.0.1")


def who_stops_it_finds_no_file(dovecot):
    with Relay(dovecot.port, 20_000, hang=True) as relay:
        Run(dovecot, port=relay.port, stop_when=relay.spent).refused("stopped; nothing was written")


SCENES = [
    a_month_becomes_a_table,
    only_the_days_asked_for_are_read,
    what_cannot_be_read_is_named_and_the_rest_goes_on,
    what_is_wrong_is_said_in_one_line,
    what_is_missing_is_asked_for_at_a_terminal,
    a_connection_that_is_cut_leaves_no_file,
    who_stops_it_finds_no_file,
]

if __name__ == "__main__":
    for number, message in enumerate(MESSAGES):
        message.place(number)
    with Dovecot() as dovecot:
        append(dovecot, "INBOX", [(m.bytes(), m.time) for m in MESSAGES])
        for scene in SCENES:
            if len(sys.argv) == 2 or scene.__name__ in sys.argv[2:]:
                print(f"-- {scene.__name__.replace('_', ' ')}", flush=True)
                scene(dovecot)
