#!/usr/bin/env bash
# Two nodes on one PostgreSQL behind nginx: what one ends is refused by the other at once, with their database cut off, with nodes stopped
# and killed too:
#   scripts/postgres tests/cluster.sh [PHASE]...
# NIGHTLATCH_BIN names a binary to use instead of building one.
set -euo pipefail

if [ -z "${TEST_DATABASE_URL:-}" ]; then
  echo 'usage: scripts/postgres tests/cluster.sh [PHASE]...' >&2
  exit 2
fi
# shellcheck source=tests/proxy/stage.sh
. "$(dirname "$0")/proxy/stage.sh"
binary=$("$here/../../scripts/binary")
set_the_stage cluster
start_mail mail
draw_ports
start_nginx
await_proxy
DATABASE=$TEST_DATABASE_URL SECRET=$secret URL=$site python3 "$here/../cluster/cluster.py" "$binary" "$work" "$port" "${node_ports[@]}" \
  "$(<"$work/mail.port")" "$@"
