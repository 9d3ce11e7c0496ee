#!/usr/bin/env bash
# What systemd says of deploy/nightlatch.service, and Nightlatch of its settings, without starting either.
# NIGHTLATCH_BIN names a binary to use instead of building one.
set -euo pipefail

# The exposure that `systemd-analyze security` counts, in tenths: AF_UNIX, the network and no root directory of its own are left.
most_exposure=15

here=$(realpath "$(dirname "$0")")
binary=$("$here/../scripts/binary")
work=$(mktemp -d "${TMPDIR:-/tmp}/nightlatch-unit.XXXXXX")
trap 'rm -rf "$work"' EXIT

# The program need not be installed here.
sed "s|/usr/local/bin/nightlatch|$binary|" "$here/../deploy/nightlatch.service" >"$work/nightlatch.service"
said=$(systemd-analyze verify "$work/nightlatch.service" 2>&1) || { echo "$said" >&2 && exit 1; }
if [ -n "$said" ]; then
  echo "tests/unit.sh: systemd ignores a part of the unit: $said" >&2
  exit 1
fi
systemd-analyze security --offline=true --threshold=$most_exposure "$work/nightlatch.service" | tail -n 1

# The settings that the unit reads, but for the paths that exist only where it runs.
(umask 077 && echo smtp://127.0.0.1:1 >"$work/smtp-url")
sed -e "s|/run/credentials/nightlatch.service|$work|" -e "s|/var/lib/nightlatch|$work|" "$here/../deploy/nightlatch.env" >"$work/env"
# shellcheck disable=SC2016 # Those are the inner shell's.
said=$(env -i sh -c 'cd "$1" && set -a && . ./env && exec "$2" check' sh "$work" "$binary" 2>&1) || true
if ! grep '^ok  *settings:' <<<"$said"; then
  echo "tests/unit.sh: the settings in deploy/nightlatch.env are refused: $said" >&2
  exit 1
fi
