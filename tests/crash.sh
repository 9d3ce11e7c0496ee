#!/usr/bin/env bash
# Kills the server in the middle of sign-ups, sign-ins and sign-outs, 100 times or as often as the argument says, and looks
# whether everything it had answered is there. NIGHTLATCH_BIN names a binary to use instead of building one.
set -euo pipefail

here=$(dirname "$0")
binary=$("$here/../scripts/binary")
exec python3 "$here/crash/crash.py" "$binary" "${1:-100}"
