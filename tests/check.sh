#!/usr/bin/env bash
# Plants mistakes in an instance behind nginx, one at a time, and sees that `nightlatch check` names each of them with its fix:
#   scripts/postgres tests/check.sh
# NIGHTLATCH_BIN names a binary to use instead of building one.
set -euo pipefail

mistakes() {
  settings_that_stop_the_start
  places_and_secrets
  passwords
  databases
  audit_trail
  mail_servers
  brokers
  public_urls
  certificates
  proxies
  clocks
}

settings_that_stop_the_start() {
  mistake 'a setting that does not exist' 'settings: NIGHTLATCH_SESION' 'is not a setting' NIGHTLATCH_SESION__IDLE=10m
  mistake 'a public URL without TLS' 'settings: NIGHTLATCH_PUBLIC_URL' 'others need https' NIGHTLATCH_PUBLIC_URL=http://id.example.com
  mistake 'https with no word about the proxy' 'settings: NIGHTLATCH_PROXY__TRUSTED' 'must name your proxy' -u NIGHTLATCH_PROXY__TRUSTED
  mistake 'https with no mail server' 'settings: NIGHTLATCH_MAIL__SMTP_URL' 'must be set' -u NIGHTLATCH_MAIL__SMTP_URL
  mistake 'a broker elsewhere without TLS' 'settings: NIGHTLATCH_AMQP_URL' 'others need amqps' \
    NIGHTLATCH_AMQP_URL=amqp://nightlatch:hunter2@mq.example.com
  mistake 'a broker elsewhere with the password that it comes with' 'settings: NIGHTLATCH_AMQP_URL' 'set another' \
    NIGHTLATCH_AMQP_URL=amqps://mq.example.com
  mistake 'a PostgreSQL elsewhere that is not made sure of' 'settings: NIGHTLATCH_DATABASE_URL' 'write sslmode=verify-full' \
    NIGHTLATCH_DATABASE_URL='postgres://nightlatch:hunter2@db.example.com/nightlatch?sslmode=require'
  mistake 'a secret that is too short' 'secret: NIGHTLATCH_SECRET_KEY' 'openssl rand' NIGHTLATCH_SECRET_KEY=c2hvcnQ=
}

places_and_secrets() {
  local key=$work/secret.key
  (umask 077 && echo "$secret" >"$key")
  fine 'a secret in a file of its own' -u NIGHTLATCH_SECRET_KEY NIGHTLATCH_SECRET_KEY_FILE="$key"
  chmod 644 "$key"
  mistake 'a secret file that everybody may read' 'settings: NIGHTLATCH_SECRET_KEY_FILE' "chmod o= $key" \
    -u NIGHTLATCH_SECRET_KEY NIGHTLATCH_SECRET_KEY_FILE="$key"
  cp "$key" "$work/data0/secret.key"
  chmod 644 "$work/data0/secret.key"
  mistake 'the same in the data directory' 'secret: NIGHTLATCH_SECRET_KEY' 'chmod 600' -u NIGHTLATCH_SECRET_KEY
  rm "$work/data0/secret.key"
  mistake 'no secret at all' 'secret: NIGHTLATCH_SECRET_KEY' 'the secret the server runs with' -u NIGHTLATCH_SECRET_KEY
  mistake 'another secret than the database was begun with' 'signing keys' 'bring back the secret' \
    NIGHTLATCH_SECRET_KEY="$(openssl rand -base64 32)"
  mistake 'a data directory that is not there' 'data directory' 'NIGHTLATCH_DATA_DIR' NIGHTLATCH_DATA_DIR="$work/nowhere"
  chmod 500 "$work/data0"
  before=("${bound_by_modes[@]}")
  mistake 'a data directory that cannot be written' 'data directory' 'give it to the user'
  before=()
  chmod 700 "$work/data0"
}

passwords() {
  doubt 'passwords that take long to hash' 'password hashing' 'lower NIGHTLATCH_PASSWORD__MEMORY_KIB' \
    NIGHTLATCH_PASSWORD__ITERATIONS=64 NIGHTLATCH_PASSWORD__MEMORY_KIB=65536
}

databases() {
  local copy=$work/copy.db
  mistake 'a database that is not there' 'database: .*/nowhere.db' 'start the server once' NIGHTLATCH_DATABASE_URL="sqlite://$work/nowhere.db"
  mistake 'a database server that is not there' 'database' 'start PostgreSQL' \
    NIGHTLATCH_DATABASE_URL="postgres://nightlatch@127.0.0.1:1/nightlatch"
  sqlite3 "$copy" 'CREATE TABLE something (else_entirely TEXT)'
  mistake 'a database that was never migrated' 'schema' 'nightlatch migrate' NIGHTLATCH_DATABASE_URL="sqlite://$copy"
  rm "$copy"
  as_set "$binary" backup "$copy" >/dev/null
  fine 'a copy of the database' NIGHTLATCH_DATABASE_URL="sqlite://$copy"
  chmod 400 "$copy"
  before=("${bound_by_modes[@]}")
  mistake 'a database that cannot be written' 'writing' 'a user who may write' NIGHTLATCH_DATABASE_URL="sqlite://$copy"
  before=()
  chmod 600 "$copy"
  sqlite3 "$copy" "INSERT INTO _sqlx_migrations SELECT version + 1000, description, installed_on, success, checksum, execution_time
    FROM _sqlx_migrations ORDER BY version LIMIT 1"
  mistake 'a schema of a newer program' 'schema: newer' 'run the newer program' NIGHTLATCH_DATABASE_URL="sqlite://$copy"
  sqlite3 "$copy" 'DELETE FROM _sqlx_migrations'
  mistake 'a schema of an older one' 'schema: older' 'nightlatch migrate' NIGHTLATCH_DATABASE_URL="sqlite://$copy"
  as_set NIGHTLATCH_DATABASE_URL="$TEST_DATABASE_URL" "$binary" migrate >/dev/null
  fine 'PostgreSQL' NIGHTLATCH_DATABASE_URL="$TEST_DATABASE_URL"
  mistake 'a user of PostgreSQL who may only read' 'writing' 'must lead to a primary' \
    NIGHTLATCH_DATABASE_URL="$TEST_DATABASE_URL?options[default_transaction_read_only]=on"
}

audit_trail() {
  local file=$work/data0/nightlatch.db
  sqlite3 "$file" "INSERT INTO events (id, type, data, created_at)
    VALUES ('row1', 'user.created', '{}', 1), ('row2', 'session.started', '{}', 2), ('row3', 'session.ended', '{}', 3)"
  await_seals "$file" 3
  more=(--audit)
  fine 'a sealed audit trail'
  tampered 'a row of the audit trail that was edited' 'row row2 was changed' "UPDATE events SET type = 'token.issued' WHERE id = 'row2'"
  tampered 'a row of the audit trail that was deleted' 'row row2 was removed' "DELETE FROM events WHERE id = 'row2'"
  tampered 'a row of the audit trail that was deleted with its seal' '1 row removed behind row row1' \
    "DELETE FROM events WHERE id = 'row2'; DELETE FROM seals WHERE event_id = 'row2'"
  tampered 'two rows of the audit trail that were exchanged' 'row row1 was moved' \
    "UPDATE events SET id = CASE id WHEN 'row1' THEN 'x' WHEN 'row3' THEN 'row1' END WHERE id <> 'row2';
    UPDATE events SET id = 'row3' WHERE id = 'x'"
  mistake 'an audit trail sealed with another secret' 'audit trail: the note' 'with a backup' \
    NIGHTLATCH_SECRET_KEY="$(openssl rand -base64 32)"
  more=()
}

# Does this to a copy of the database.
tampered() { # name what sql
  as_set "$binary" backup "$work/tampered.db" >/dev/null
  sqlite3 "$work/tampered.db" "$3"
  mistake "$1" "audit trail: $2" 'compare it with a backup' NIGHTLATCH_DATABASE_URL="sqlite://$work/tampered.db"
  rm "$work/tampered.db"
}

await_seals() { # file count
  local attempt
  for attempt in {1..40}; do
    [ "$(sqlite3 "$1" 'SELECT COUNT(*) FROM seals')" != "$2" ] || return 0
    sleep 0.1
  done
  mismatch "$2 seals" "after $attempt tries: $(sqlite3 "$1" 'SELECT COUNT(*) FROM seals')"
}

mail_servers() {
  start_mail refusing --refuse-password
  mistake 'a mail server that is not there' 'mail' 'no firewall is between' NIGHTLATCH_MAIL__SMTP_URL="smtp://127.0.0.1:1"
  mistake 'a mail server that refuses the password' 'mail' 'user and password' \
    NIGHTLATCH_MAIL__SMTP_URL="smtp://ann:hunter2@127.0.0.1:$(<"$work/refusing.port")"
  mistake 'a mail server without the TLS that was set' 'mail' 'host, port and TLS' \
    NIGHTLATCH_MAIL__SMTP_URL="smtps://127.0.0.1:$(<"$work/mail.port")"
  more=(--letter nobody)
  mistake 'a test letter to no address' 'letter' 'the address after --letter'
  more=(--letter ann@example.com)
  fine 'a test letter'
  more=()
  grep -q '^To: ann@example.com' "$work"/mail.letters/*.eml || mismatch 'the test letter among the letters' 'none'
}

brokers() {
  local url file=$work/amqp-url
  mistake 'a broker that is not there' 'events: the broker cannot be reached' 'start RabbitMQ' NIGHTLATCH_AMQP_URL=amqp://127.0.0.1:1
  start_broker
  url=127.0.0.1:$(<"$work/broker/broker.port")
  (umask 077 && echo "amqp://nightlatch:hunter2@$url/events" >"$file")
  fine 'a broker' NIGHTLATCH_AMQP_URL_FILE="$file"
  chmod 644 "$file"
  mistake 'a file with its password that everybody may read' 'settings: NIGHTLATCH_AMQP_URL_FILE' "chmod o= $file" NIGHTLATCH_AMQP_URL_FILE="$file"
  mistake 'a wrong password for the broker' 'events: signing in' 'user and password' \
    NIGHTLATCH_AMQP_URL="amqp://nightlatch:hunter3@$url/events"
  mistake 'a virtual host that the broker does not have' 'events: the virtual host' 'set_permissions' \
    NIGHTLATCH_AMQP_URL="amqp://nightlatch:hunter2@$url/nowhere"
  mistake 'a broker without the TLS that was set' 'events: TLS' 'a listener with TLS' \
    NIGHTLATCH_AMQP_URL="amqps://nightlatch:hunter2@$url/events"
  sqlite3 "$work/data0/nightlatch.db" "INSERT INTO events (id, type, data, created_at, publish_after) VALUES ('waiting', 'x', '{}', 1, 1)"
  now='an event that nobody publishes'
  check NIGHTLATCH_AMQP_URL="amqp://nightlatch:hunter2@$url/events"
  grep '^warning  outbox: 1 waiting' <<<"$said" || mismatch 'warning  outbox' "$said"
  sqlite3 "$work/data0/nightlatch.db" "DELETE FROM events WHERE id = 'waiting'"
}

start_broker() {
  mkdir "$work/broker"
  cp "$work"/{ca,cert,key}.pem "$work/broker"
  python3 -B "$here/../rabbitmq/broker.py" "$work/broker" >"$work/broker.log" 2>&1 &
  pids+=($!)
  # It gives up by itself; Erlang needs its time.
  until [ -s "$work/broker/broker.port" ]; do
    kill -0 $! || exit
    sleep 0.1
  done
}

public_urls() {
  mistake 'a public URL where nobody answers' 'public URL' 'the right name and port' NIGHTLATCH_PUBLIC_URL="https://localhost:1"
  mistake 'a public URL that leads on to another' 'public URL' 'the address that people end up at' \
    NIGHTLATCH_PUBLIC_URL="http://localhost:$plain_port"
  restart_node NIGHTLATCH_PUBLIC_URL="http://localhost:${node_ports[0]}"
  mistake 'cookies for a site without TLS, behind a proxy with it' 'public URL' 'the same value here and there'
  restart_node NIGHTLATCH_SECRET_KEY="$(openssl rand -base64 32)" NIGHTLATCH_DATABASE_URL="sqlite://$work/other.db"
  mistake 'a proxy that leads to another instance' 'public URL' 'where the proxy leads to'
  stop_node 0
  mistake 'a server that is not running' 'public URL' 'start the server'
  restart_node
}

certificates() {
  cp "$work/cert.pem" "$work/good.pem"
  certificate "$work/cert.pem" localhost faketime -f -3d
  proxy ''
  mistake 'a certificate that has expired' 'certificate' 'renew it'
  certificate "$work/cert.pem" id.example.com
  proxy ''
  mistake 'a certificate for another name' 'certificate' 'get one for this name'
  cp "$work/good.pem" "$work/cert.pem"
  proxy ''
  mistake 'a certificate of an authority that nobody knows' 'certificate' 'authority that browsers trust' -u SSL_CERT_FILE
}

proxies() {
  restart_node NIGHTLATCH_PROXY__TRUSTED=none
  mistake 'a proxy that is not trusted' "caller's address" 'set NIGHTLATCH_PROXY__TRUSTED=127.0.0.1' NIGHTLATCH_PROXY__TRUSTED=none
  restart_node NIGHTLATCH_PROXY__TRUSTED=0.0.0.0/0
  mistake 'everybody trusted as a proxy' "caller's address" 'name the proxy only: 127.0.0.1' NIGHTLATCH_PROXY__TRUSTED=0.0.0.0/0
  restart_node
  # shellcheck disable=SC2016
  proxy 's/X-Forwarded-For .*/X-Forwarded-For $http_x_forwarded_for;/'
  mistake 'a proxy that hands on what callers claim' "caller's address" 'set X-Forwarded-For to the address it sees'
  proxy "s/X-Forwarded-For .*/X-Forwarded-For '';/"
  mistake 'a proxy that does not say who calls' "caller's address" 'set X-Forwarded-For to the address it sees'
  proxy 's/^ *proxy_pass .*/&\nproxy_cookie_flags ~ nosecure;/'
  mistake 'a proxy that takes Secure from cookies' 'cookies' 'hand on Set-Cookie as it is'
  proxy 's/^ *proxy_pass .*/&\nproxy_cookie_path \/ "\/; Domain=localhost";/'
  mistake 'a proxy that gives cookies a domain' 'cookies' 'hand on Set-Cookie as it is'
  proxy 's/^ *proxy_pass .*/&\nproxy_hide_header Set-Cookie;/'
  mistake 'a proxy that takes cookies away' 'cookies: the proxy takes them away' 'hand on Set-Cookie as it is'
  proxy 's/add_header Strict-Transport-Security .*/add_header Strict-Transport-Security max-age=0 always;/'
  mistake 'a proxy that adds a header twice' 'headers: Strict-Transport-Security more than once' 'add nothing to it'
  proxy 's/^ *proxy_pass .*/&\nproxy_hide_header Content-Security-Policy;/'
  mistake 'a proxy that takes a header away' 'headers: Content-Security-Policy missing' 'hand on what Nightlatch sends'
  proxy ''
}

clocks() {
  local ahead
  # faketime itself stays between us and the server, and would take the end that is meant for it.
  mapfile -t ahead < <(faketime -f +1h env | grep '^LD_PRELOAD=\|^FAKETIME=')
  restart_node "${ahead[@]}"
  mistake 'a server whose clock is an hour ahead' 'clock of the server' 'by NTP'
  restart_node
  before=(faketime -f +40s)
  mistake 'a clock here that is ahead of the database' 'clock of the database' 'by NTP' NIGHTLATCH_DATABASE_URL="$TEST_DATABASE_URL"
  before=()
}

# Nothing is wrong, and nothing is said to be.
fine() { # name env-argument...
  now=$1
  check "${@:2}"
  [ "$code" = 0 ] || mismatch 'exit code 0' "$code: $said"
  ! grep -q '^problem\|^warning' <<<"$said" || mismatch 'no finding' "$said"
  fines=$((fines + 1))
  printf 'ok  %s\n' "$now"
}

# It works, and one line says what would be better.
doubt() { # name what fix env-argument...
  now=$1
  check "${@:4}"
  [ "$code" = 0 ] || mismatch 'exit code 0' "$code: $said"
  grep -q "^warning  $2.*$3" <<<"$said" || mismatch "warning  $2 … $3" "$said"
  planted=$((planted + 1))
  printf '%2d  %s\n' "$planted" "$now"
}

# One thing is wrong; the line that says so names what it is about and how to mend it.
mistake() { # name what fix env-argument...
  local line
  now=$1
  check "${@:4}"
  [ "$code" = 1 ] || mismatch 'exit code 1' "$code: $said"
  line=$(grep "^problem  $2" <<<"$said") || mismatch "problem  $2" "$said"
  [[ $line == *"$3"* ]] || mismatch "$3" "$line"
  [[ $said != *hunter2* && $said != *"$secret"* ]] || mismatch 'no secret told' "$said"
  planted=$((planted + 1))
  printf '%2d  %s\n    %s\n' "$planted" "$now" "${line//$work/…}"
}

mismatch() { # expected actual
  printf '\ntests/check.sh: %s\nexpected: %s\nactual:   %s\n' "$now" "$1" "$2" >&2
  exit 1
}

check() { # env-argument...
  code=0
  said=$(as_set "$@" "$binary" check "${more[@]}" 2>&1) || code=$?
}

# Runs env with what is set where nothing is wrong.
as_set() { # env-argument...
  env -i "${settings[@]}" "${before[@]}" env "$@"
}

restart_node() { # variable... command...
  stop_node 0
  start_node 0 "${settings[@]}" "$@"
  await_node 0
}

# A proxy after deploy/nginx.conf, with this mistake in it.
proxy() { # sed-command
  stop_proxy
  start_nginx -e "$1"
  await_proxy
}

if [ -z "${TEST_DATABASE_URL:-}" ]; then
  echo 'usage: scripts/postgres tests/check.sh' >&2
  exit 2
fi
# shellcheck source=tests/proxy/stage.sh
. "$(dirname "$0")/proxy/stage.sh"
binary=$("$here/../../scripts/binary")
set_the_stage check
before=() more=() planted=0 fines=0
# Root may write what the modes forbid, unless it is told not to.
bound_by_modes=()
if [ "$(id -u)" = 0 ]; then
  bound_by_modes=(setpriv '--bounding-set=-dac_override,-dac_read_search')
fi
start_mail mail
draw_ports
node_ports[1]=${node_ports[0]}
settings=(NIGHTLATCH_DATA_DIR="$work/data0" NIGHTLATCH_SECRET_KEY="$secret" NIGHTLATCH_PUBLIC_URL="$site"
  NIGHTLATCH_PROXY__TRUSTED=127.0.0.1 NIGHTLATCH_MAIL__SMTP_URL="smtp://127.0.0.1:$(<"$work/mail.port")"
  NIGHTLATCH_MAIL__FROM='Example <no-reply@example.com>' SSL_CERT_FILE="$work/ca.pem" PATH="$PATH")
restart_node
start_nginx
await_proxy
fine 'an instance behind nginx'
mistakes
fine 'the same instance, with every mistake undone'
printf '%d mistakes were named with their fix, %d times nothing was wrong and nothing was said\n' "$planted" "$fines"
