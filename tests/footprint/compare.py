"""Compares what was called with what may be: compare.py FOLDER NAME connect=NUMBER listen=NUMBER, and takes the calls in FOLDER away.

May be: connections to so many addresses of loopback (those of the settings: database, mail server, broker), so many listeners there
(callers, metrics), and files in the data directory. Nothing else is opened for writing, made, renamed or run.
"""

import re
import sys
from pathlib import Path

# The data directory is `data` in the folder of one run.
WRITTEN = re.compile(r"/nightlatch-[a-z]+\.\w+/data(/nightlatch\.db(-wal|-shm|-journal)?|/secret\.(key|\d+\.part)|/mail|/mail/\w+\.(part|eml))?$")
ADDRESS = re.compile(r"\{sa_family=AF_INET, sin_port=htons\((\d+)\), sin_addr=inet_addr\(\"127\.0\.0\.1\"\)\}")
WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND")


def main(folder, name, connect, listen):
    folder, connected, listened, written, wrong = Path(folder), set(), set(), set(), []
    calls = [call for file in folder.glob("calls.*") for call in file.read_text().splitlines()]
    for call in calls:
        match = re.match(r"\d+ +(\w+)\((.*)", call)
        if not match:
            continue
        kind, arguments = match.groups()
        if kind in ("connect", "bind"):
            address = ADDRESS.search(arguments)
            if address:
                (connected if kind == "connect" else listened).add(address[1])
            else:
                wrong.append(call)
        elif kind == "execve":
            if f'"{folder}/real"' not in arguments:
                wrong.append(call)
        elif kind not in ("open", "openat") or WRITES.search(arguments):
            paths = re.findall(r'"([^"]*)"', arguments)
            written.update(paths)
            if not paths or not all(path.startswith(str(folder)) and WRITTEN.search(path) for path in paths):
                wrong.append(call)
    if wrong:
        raise SystemExit(f"tests/footprint: {name}: this may not be:\n" + "\n".join(wrong))
    if not calls or [len(connected), len(listened)] != [connect, listen]:
        raise SystemExit(f"tests/footprint: {name}: of {len(calls)} calls, connections to {connected} and listeners at {listened}")
    for file in folder.glob("calls.*"):
        file.unlink()
    print(f"{name}: {connect} addresses connected to, {listen} listened at, {len(written)} files and folders written, all as they should be")


main(sys.argv[1], sys.argv[2], *(int(word.split("=")[1]) for word in sys.argv[3:]))
