#!/usr/bin/env bash
# PostgreSQL and mail servers with TLS: which Nightlatch talks to, which it does not, and what those hear of it:
#   scripts/postgres tests/backends.sh
# The address 0.0.0.0 leads to this machine too, but is none of its names: what holds for servers elsewhere holds for it. RabbitMQ has its
# own scenes (tests/rabbitmq). NIGHTLATCH_BIN names a binary to use instead of building one.
set -euo pipefail

databases() {
  local url=${TEST_DATABASE_URL/127.0.0.1/0.0.0.0}
  refused 'a PostgreSQL without TLS' 'server does not support TLS' "$url"
  listen_in
  refused 'and it hears nothing but the question for TLS' 'server does not support TLS' "${url/:$postgres_port/:$(<"$work/ear.port")}"
  [ "$(<"$work/ear.heard")" = '00 00 00 08 04 d2 16 2f' ] || mismatch 'the eight bytes of that question' "$(<"$work/ear.heard")"

  encrypt "$work/cert.pem"
  taken 'a PostgreSQL with a certificate of the authority that is named' "$url?sslrootcert=$work/ca.pem"
  taken 'one of an authority that this machine trusts' "$url" SSL_CERT_FILE="$work/ca.pem"
  refused 'one of an authority that nobody named' UnknownIssuer "$url"
  refused 'one of another than the one that is named' UnknownIssuer "$url?sslrootcert=$work/other.pem"
  refused 'less than verify-full' 'write sslmode=verify-full' "$url?sslmode=require&sslrootcert=$work/ca.pem"
  encrypt "$work/self.pem"
  refused 'a certificate that the server signed itself' 'UnknownIssuer\|CaUsedAsEndEntity' "$url?sslrootcert=$work/ca.pem"
  encrypt "$work/wrong.pem"
  refused 'a certificate for another name' 'not valid for' "$url?sslrootcert=$work/ca.pem"

  encrypt "$work/cert.pem" clientcert=verify-ca
  refused 'a PostgreSQL that asks for our certificate, and gets none' 'client certificate' "$url?sslrootcert=$work/ca.pem"
  taken 'the same with one' "$url?sslrootcert=$work/ca.pem&sslcert=$work/cert.pem&sslkey=$work/key.pem"
  chmod 644 "$work/key.pem"
  refused 'a key that everybody may read' 'chmod o=' "$url?sslrootcert=$work/ca.pem&sslcert=$work/cert.pem&sslkey=$work/key.pem"
  chmod 600 "$work/key.pem"
}

# Lets the cluster show this certificate, and take connections with TLS only.
encrypt() { # certificate pg_hba-option
  local data
  data=$(sql 'SHOW data_directory')
  install --mode=600 --owner="$(stat -c %U "$data")" "$work/key.pem" "$data/server.key"
  install --mode=600 --owner="$(stat -c %U "$data")" "$work/ca.pem" "$data/ca.crt"
  install --mode=600 --owner="$(stat -c %U "$data")" "$1" "$data/server.crt"
  echo "hostssl all all 127.0.0.1/32 scram-sha-256 ${2:-}" >"$(sql 'SHOW hba_file')"
  sql 'ALTER SYSTEM SET ssl = on' "ALTER SYSTEM SET ssl_ca_file = 'ca.crt'" 'SELECT pg_reload_conf()' >/dev/null
  # It reads them when it gets to it.
  await 'the certificate' shows "$1"
}

shows() { # certificate
  local shown
  shown=$(openssl s_client -starttls postgres -connect "127.0.0.1:$postgres_port" </dev/null 2>/dev/null | openssl x509 -noout -serial)
  [ "$shown" = "$(openssl x509 -noout -serial -in "$1")" ]
}

sql() { # statement...
  local statement
  for statement in "$@"; do
    PGSSLCERT="$work/cert.pem" PGSSLKEY="$work/key.pem" psql "$TEST_DATABASE_URL" -XAtqc "$statement"
  done
}

# Says that it has no TLS, as a PostgreSQL does, and writes down what it hears.
listen_in() {
  python3 -c '
import socket, sys

with socket.create_server(("127.0.0.1", 0)) as server:
    open(sys.argv[1] + ".port", "w").write(str(server.getsockname()[1]))
    caller, _ = server.accept()
    with caller:
        caller.settimeout(5)
        heard = caller.recv(100)
        caller.sendall(b"N")
        while more := caller.recv(100):
            heard += more
    open(sys.argv[1] + ".heard", "w").write(heard.hex(" "))
' "$work/ear" 2>"$work/ear.log" &
  pids+=($!)
  await 'who listens in' test -s "$work/ear.port"
}

mail_servers() {
  local url ca=NIGHTLATCH_MAIL__CA_FILE=$work/ca.pem
  start_mail plain
  unmailed 'a mail server elsewhere without TLS' STARTTLS "smtp://ann:hunter2@0.0.0.0:$(<"$work/plain.port")"
  unmailed 'one here, where its authority is named' STARTTLS "smtp://ann:hunter2@127.0.0.1:$(<"$work/plain.port")" "$ca"
  hears_nothing plain
  mailed 'one here, where none is' "smtp://ann:hunter2@127.0.0.1:$(<"$work/plain.port")"
  grep -q '^AUTH' "$work/plain.log" || mismatch 'name and password, in plain text' "$(<"$work/plain.log")"

  start_mail starttls --starttls "$work/cert.pem" "$work/key.pem"
  url=smtp://ann:hunter2@0.0.0.0:$(<"$work/starttls.port")
  mailed 'a mail server with STARTTLS, of the authority that is named' "$url" "$ca"
  mailed 'one of an authority that this machine trusts' "$url" SSL_CERT_FILE="$work/ca.pem"
  unmailed 'one of an authority that nobody named' UnknownIssuer "$url"
  unmailed 'one of another than the one that is named' UnknownIssuer "$url" NIGHTLATCH_MAIL__CA_FILE="$work/other.pem"
  unmailed 'one that this machine trusts, and the setting does not name' UnknownIssuer "$url" SSL_CERT_FILE="$work/ca.pem" \
    NIGHTLATCH_MAIL__CA_FILE="$work/other.pem"
  hears_nothing starttls

  start_mail tls --tls "$work/cert.pem" "$work/key.pem"
  mailed 'a mail server with TLS from the first byte' "smtps://ann:hunter2@0.0.0.0:$(<"$work/tls.port")" "$ca"
  unmailed 'the same, with nothing said of its authority' UnknownIssuer "smtps://ann:hunter2@0.0.0.0:$(<"$work/tls.port")"

  start_mail wrong --starttls "$work/wrong.pem" "$work/key.pem"
  unmailed 'a certificate for another name' 'not valid for' "smtp://ann:hunter2@0.0.0.0:$(<"$work/wrong.port")" "$ca"
  hears_nothing wrong
  start_mail self --tls "$work/self.pem" "$work/key.pem"
  unmailed 'a certificate that the server signed itself' 'UnknownIssuer\|CaUsedAsEndEntity' \
    "smtps://ann:hunter2@0.0.0.0:$(<"$work/self.port")" "$ca"
  hears_nothing self
}

# Neither who writes, nor to whom, nor a password.
hears_nothing() { # server
  ! grep -i 'auth\|mail\|rcpt\|data\|hunter2' "$work/$1.log" >&2 || mismatch 'greetings in plain text only' 'the lines above'
}

taken() { # name url variable...
  migrate "${@:2}"
  [ "$code" = 0 ] || mismatch 'exit code 0' "$code: $said"
  told "$1" ok
}

refused() { # name why url variable...
  migrate "${@:3}"
  [ "$code" = 1 ] || mismatch 'exit code 1' "$code: $said"
  grep -q "NIGHTLATCH_DATABASE_URL: .*\($2\)" <<<"$said" || mismatch "$2" "$said"
  told "$1" "${said#*NIGHTLATCH_DATABASE_URL: }"
}

migrate() { # url variable...
  code=0
  said=$(env -i "${settings[@]}" NIGHTLATCH_DATABASE_URL="$1" "${@:2}" "$binary" migrate 2>&1) || code=$?
}

mailed() { # name url variable...
  write "${@:2}"
  grep -q '^ok  *letter:' <<<"$said" || mismatch 'a letter that left' "$said"
  told "$1" ok
}

unmailed() { # name why url variable...
  local line
  write "${@:3}"
  line=$(grep '^problem  mail:' <<<"$said") || mismatch 'problem  mail' "$said"
  grep -q "$2" <<<"$line" || mismatch "$2" "$line"
  told "$1" "${line#problem  mail: }"
}

write() { # url variable...
  said=$(env -i "${settings[@]}" NIGHTLATCH_MAIL__SMTP_URL="$1" "${@:2}" "$binary" check --letter ann@example.com 2>&1) || true
}

told() { # name what
  now=$1
  [[ $2 != *hunter2* ]] || mismatch 'no password told' "$2"
  count=$((count + 1))
  printf '%2d  %s\n      %s\n' "$count" "$1" "${2//$work/…}"
}

mismatch() { # expected actual
  printf '\ntests/backends.sh: after "%s"\nexpected: %s\nactual:   %s\n' "$now" "$1" "$2" >&2
  exit 1
}

if [ -z "${TEST_DATABASE_URL:-}" ]; then
  echo 'usage: scripts/postgres tests/backends.sh' >&2
  exit 2
fi
# shellcheck source=tests/proxy/stage.sh
. "$(dirname "$0")/proxy/stage.sh"
binary=$("$here/../../scripts/binary")
set_the_stage backends
now='nothing yet' count=0
postgres_port=${TEST_DATABASE_URL##*:} postgres_port=${postgres_port%%/*}
certificate "$work/cert.pem" localhost,IP:0.0.0.0
certificate "$work/wrong.pem" id.example.com
openssl req -x509 -key "$work/key.pem" -days 1 -subj /CN=0.0.0.0 -addext 'subjectAltName = IP:0.0.0.0' -out "$work/self.pem"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 1 -subj '/CN=another authority' \
  -keyout "$work/other.key" -out "$work/other.pem" 2>/dev/null
settings=(NIGHTLATCH_DATA_DIR="$work/data" NIGHTLATCH_SECRET_KEY="$secret" NIGHTLATCH_MAIL__FROM='Example <no-reply@example.com>')
mkdir -m 700 "$work/data"
mail_servers
databases
echo "$count servers were taken or refused as they should be"
