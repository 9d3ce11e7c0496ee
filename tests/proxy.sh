#!/usr/bin/env bash
# Two nodes on one PostgreSQL behind the files of deploy/ as they are, but for addresses and paths; curl's journey over TLS:
#   scripts/postgres tests/proxy.sh [nginx|caddy]...
# NIGHTLATCH_BIN names a binary to use instead of building one.
set -euo pipefail

journey() {
  local id before gone
  step 'http leads to https' 308 "http://localhost:$plain_port/signin?next=%2Faccount"
  holds $'\nlocation: '"$site/signin?next=%2Faccount"
  step 'both nodes answer' 200 "$site/health/ready"

  step 'the sign-in page' 200 "$site/signin"
  holds_once strict-transport-security content-security-policy x-content-type-options x-frame-options referrer-policy cache-control
  lacks_name server
  step 'nobody is signed in' 401 "$site/api/auth/session"
  step 'the dashboard sends guests to the sign-in page' 303 "$site/dashboard"
  holds $'\nlocation: /signin?next='

  step 'sign up, by form' 303 --cookie-jar "$jar" -H "Origin: $site" --data-urlencode name=Ann --data-urlencode "email=$email" \
    --data-urlencode "password=$password" "$site/signup"
  holds $'\nlocation: /verify-email'
  holds_cookie __Host-nightlatch-flow
  step 'not from another site' 403 -H 'Origin: https://evil.test' --data-urlencode "email=$email" "$site/signup"
  code_in_letter "$email"
  step 'verify, by form' 303 --cookie "$jar" --cookie-jar "$jar" -H "Origin: $site" --data-urlencode "code=$code" "$site/verify-email"
  holds_cookie __Host-nightlatch
  step 'the dashboard' 200 --cookie "$jar" --cookie-jar "$jar" "$site/dashboard"
  holds 'Hello, Ann'
  holds_cookie __Host-nightlatch
  holds_once strict-transport-security content-security-policy cache-control

  # A node that is gone: whatever answers next comes from the other.
  for gone in 0 1; do
    stop_node "$gone"
    before=$(passive_end)
    # Tokens count in seconds.
    sleep 1.1
    step "the session goes on with node $((gone + 1)) gone" 200 --cookie "$jar" --cookie-jar "$jar" "$site/api/auth/session"
    holds_cookie __Host-nightlatch
    [[ $(member expires_at) > $before ]] || mismatch "an end later than $before" "$(member expires_at)"
    start_node "$gone"
    await_node "$gone"
  done

  # 127.0.0.2 is a caller from elsewhere: the nodes believe 127.0.0.1, which is the proxy.
  step 'sign in from another address, with a forged one' 200 --interface 127.0.0.2 -H 'X-Forwarded-For: 203.0.113.9' \
    -H 'Forwarded: for=203.0.113.9' -H 'X-Real-IP: 203.0.113.9' --cookie-jar "$jar" \
    --json "{\"email\":\"$email\",\"password\":\"$password\"}" "$site/api/auth/signin"
  id=$(member session_id)
  step 'what is stored of her' 200 --cookie "$jar" "$site/api/account/export"
  holds "$id"
  holds '"127.0.0.2"'
  lacks 203.0.113.9
  step 'a forged host changes no link' 303 -H 'X-Forwarded-Host: evil.test' "$site/dashboard"
  lacks evil.test

  step 'sign out' 204 --cookie "$jar" --cookie-jar "$jar" -H 'X-Requested-With: curl' -X POST "$site/api/auth/logout"
  step 'the browser has no session' 401 --cookie "$jar" "$site/api/auth/session"

  step 'a request for another name gets no answer' none --insecure "https://127.0.0.1:$port/"
  step 'a request for another name than its handshake was for' '42?1|403' -H 'Host: evil.test' "$site/"
  step 'a method nobody knows' 4.. -X FOO "$site/"
  holds_once strict-transport-security content-security-policy x-content-type-options
  head -c 100000 /dev/zero >"$work/zeros"
  step 'a body that is far too long' 413 -H 'Content-Type: application/json' --data-binary "@$work/zeros" "$site/api/auth/signin"
  holds_once strict-transport-security content-security-policy
  step 'one that does not say how long it is' 413 -H 'Content-Type: application/json' -H 'Transfer-Encoding: chunked' --http1.1 \
    --data-binary "@$work/zeros" "$site/api/auth/signin"
  slow_client 'a client that never finishes its headers is let go' 'GET / HTTP/1.1\r\nHost: localhost\r\n'
  slow_client 'a client that never finishes its body is let go' \
    'POST /signin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\na='
  stop_node 0
  stop_node 1
  step 'no node at all' 50. "$site/"
  holds_once strict-transport-security content-security-policy x-content-type-options x-frame-options referrer-policy cache-control
  start_node 0
  start_node 1
}

# Sends one request with curl and compares the status with a pattern; `none` is no answer at all.
step() { # name status curl-argument...
  local status
  now=$1
  : >"$work/body"
  : >"$work/headers"
  status=$(curl --silent --show-error --max-time 20 --cacert "$work/ca.pem" --dump-header "$work/headers" --output "$work/body" \
    --write-out '%{http_code}' "${@:3}" 2>"$work/curl") || status=none
  # One text to look into: header names in small letters, then the body.
  sed -e 's/\r$//' -e 's/^[^:]*:/\L&/' "$work/headers" >"$work/headers.lower"
  answer=$(cat "$work/headers.lower" "$work/body")
  [[ $status =~ ^$2$ ]] || mismatch "status $2" "status $status $(<"$work/curl")"
  steps=$((steps + 1))
  printf '%3d  %-4s  %s\n' "$steps" "$status" "$now"
}

holds() { # text
  [[ $answer == *"$1"* ]] || mismatch "$1" "$answer"
}

lacks() { # text
  [[ $answer != *"$1"* ]] || mismatch "nothing with $1" "$answer"
}

lacks_name() { # header
  ! grep -q "^$1: Rocket\|^$1:.*[0-9]" <<<"$answer" || mismatch "no version in $1" "$answer"
}

# From the node or from the proxy, but never from both.
holds_once() { # header...
  local name count
  for name in "$@"; do
    count=$(grep -c "^$name: " "$work/headers.lower") || true
    [ "$count" = 1 ] || mismatch "one $name" "$count in: $answer"
  done
}

holds_cookie() { # name
  local line attribute
  line=$(grep "^set-cookie: $1=." <<<"$answer") || mismatch "a cookie $1" "$answer"
  for attribute in Secure HttpOnly SameSite=Lax Path=/; do
    [[ "$line;" == *"; $attribute;"* ]] || mismatch "a cookie with $attribute" "$line"
  done
  [[ $line != *Domain=* ]] || mismatch 'a cookie without Domain' "$line"
}

mismatch() { # expected actual
  printf '\ntests/proxy.sh: %s: %s\nexpected: %s\nactual:   %s\n' "$proxy" "$now" "$1" "$2" >&2
  exit 1
}

# The text that the last answer has for a member of its JSON.
member() { # name
  [[ $answer =~ \"$1\":\"([^\"]+)\" ]] || mismatch "a member \"$1\"" "$answer"
  printf '%s' "${BASH_REMATCH[1]}"
}

# The session's end, by a request that does not move it.
passive_end() {
  curl --silent --show-error --fail --max-time 20 --cacert "$work/ca.pem" --cookie "$jar" "$site/api/auth/session?passive" |
    sed 's/.*"expires_at":"\([^"]*\)".*/\1/'
}

code_in_letter() { # address
  local file attempt
  for attempt in {1..200}; do
    file=$(grep -l "^To: $1" "$work"/letters/*.eml 2>/dev/null | tail -n 1) || true
    if [ -n "$file" ] && [[ $(<"$file") =~ [0-9]{4}\ [0-9]{4} ]]; then
      code=${BASH_REMATCH[0]}
      return
    fi
    sleep 0.05
  done
  mismatch "a letter with a code for $1" "none after $attempt looks"
}

# Rocket by itself would wait for ever.
slow_client() { # name what-it-sends-before-it-falls-silent
  local seconds
  now=$1
  seconds=$(printf '%b' "$2" | python3 "$here/proxy/slow_client.py" "$port" "$work/ca.pem") || mismatch 'an end within 20 s' 'none'
  steps=$((steps + 1))
  printf '%3d  %-4s  %s\n' "$steps" "$seconds s" "$now"
}

# An authority that lives as long as this run, and its certificate for localhost.
certify() {
  local key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc)
  openssl req -x509 "${key[@]}" -days 1 -subj '/CN=Nightlatch test authority' -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
  openssl req "${key[@]}" -subj '/CN=localhost' -keyout "$work/key.pem" -out "$work/request.pem" 2>/dev/null
  openssl x509 -req -in "$work/request.pem" -CA "$work/ca.pem" -CAkey "$work/ca.key" -days 1 -out "$work/cert.pem" \
    -extfile <(echo 'subjectAltName = DNS:localhost') 2>/dev/null
}

start_mail() {
  python3 "$here/proxy/mail_server.py" "$work/mail_port" "$work/letters" >"$work/mail.log" 2>&1 &
  pids+=($!)
  await 'the mail server' test -s "$work/mail_port"
}

start_node() { # 0 or 1
  local settings=(NIGHTLATCH_DATA_DIR="$work/data$1" NIGHTLATCH_LOG__FORMAT=text NIGHTLATCH_SECRET_KEY="$secret"
    NIGHTLATCH_DATABASE_URL="$TEST_DATABASE_URL" NIGHTLATCH_PUBLIC_URL="$site" NIGHTLATCH_PROXY__TRUSTED=127.0.0.1
    NIGHTLATCH_MAIL__SMTP_URL="smtp://127.0.0.1:$(<"$work/mail_port")" ROCKET_PORT="${node_ports[$1]}")
  (cd "$work" && exec env -i "${settings[@]}" "$binary" >>"$work/node$1.log" 2>&1) &
  nodes[$1]=$!
}

await_node() { # 0 or 1
  await "node $(($1 + 1))" curl --silent --fail --max-time 2 --output /dev/null "http://127.0.0.1:${node_ports[$1]}/health/ready"
}

stop_node() { # 0 or 1
  if [ -n "${nodes[$1]:-}" ]; then
    kill "${nodes[$1]}" 2>/dev/null || true
    wait "${nodes[$1]}" 2>/dev/null || true
    nodes[$1]=''
  fi
}

await() { # name command...
  local attempt
  for attempt in {1..200}; do
    if "${@:2}" 2>/dev/null; then
      return
    fi
    sleep 0.05
  done
  echo "tests/proxy.sh: $1 did not start in $attempt looks" >&2
  exit 1
}

# The committed files with other addresses and paths, and nothing else.
start_nginx() {
  local six=''
  # A machine without IPv6.
  [ -s /proc/net/if_inet6 ] || six='/listen \[::\]/d'
  sed -e "s/^user .*/user $(id -un) $(id -gn);/" \
    -e "s|listen 80;|listen 127.0.0.1:$plain_port;|" -e "s|listen 443 |listen 127.0.0.1:$port |" \
    -e "$six" -e "s|\[::\]:80;|[::1]:$plain_port;|" -e "s|\[::\]:443 |[::1]:$port |" \
    -e "s|https://id.example.com|$site|" -e 's|server_name id.example.com;|server_name localhost;|' \
    -e "s|127.0.0.1:8000|127.0.0.1:${node_ports[0]}|" -e "s|127.0.0.1:8001|127.0.0.1:${node_ports[1]}|" \
    -e "s|/etc/letsencrypt/live/id.example.com/fullchain.pem|$work/cert.pem|" \
    -e "s|/etc/letsencrypt/live/id.example.com/privkey.pem|$work/key.pem|" \
    -e "s|/run/nginx.pid|$work/nginx.pid|" -e "s|/var/log/nginx|$work|" \
    -e "s|^http {|&\n$(printf '%s_temp_path %s;' client_body "$work/body.tmp" proxy "$work/proxy.tmp" fastcgi "$work/fastcgi.tmp" \
      uwsgi "$work/uwsgi.tmp" scgi "$work/scgi.tmp")|" \
    "$here/../deploy/nginx.conf" >"$work/nginx.conf"
  PATH=$PATH:/usr/sbin nginx -p "$work" -e "$work/error.log" -c "$work/nginx.conf" -g 'daemon off;' >"$work/proxy.log" 2>&1 &
}

start_caddy() {
  sed -e "s|^id.example.com {|localhost:$port {|" -e "s|^http://id.example.com {|http://localhost:$plain_port {|" \
    -e "s|https://id.example.com|$site|" -e "s|# tls .*|tls $work/cert.pem $work/key.pem|" \
    -e "s|127.0.0.1:8000 127.0.0.1:8001|127.0.0.1:${node_ports[0]} 127.0.0.1:${node_ports[1]}|" \
    -e "s|admin off|&\n\thttp_port $plain_port\n\thttps_port $port\n\tdefault_bind 127.0.0.1|" \
    "$here/../deploy/Caddyfile" >"$work/Caddyfile"
  env XDG_DATA_HOME="$work/caddy" XDG_CONFIG_HOME="$work/caddy" HOME="$work" \
    caddy run --config "$work/Caddyfile" --adapter caddyfile >"$work/proxy.log" 2>&1 &
}

# Below the ports that the system gives to outgoing connections.
draw_ports() {
  local base=$((20000 + RANDOM % 11990))
  port=$base plain_port=$((base + 1)) node_ports=($((base + 2)) $((base + 3)))
  site=https://localhost:$port
}

finish() {
  local code=$? pid
  for pid in "${pids[@]}" "${nodes[@]}" "${proxy_pid:-}"; do
    if [ -n "$pid" ]; then
      kill "$pid" 2>/dev/null || true
      wait "$pid" 2>/dev/null || true
    fi
  done
  if [ "$code" != 0 ]; then
    tail -n 20 "$work"/{node0,node1,proxy,error}.log >&2 2>/dev/null || true
  fi
  rm -rf "$work"
}

walk() { # nginx or caddy
  proxy=$1
  draw_ports
  start_node 0
  start_node 1
  await_node 0
  await_node 1
  "start_$proxy"
  proxy_pid=$!
  await "$proxy" curl --silent --fail --max-time 2 --cacert "$work/ca.pem" --output /dev/null "$site/health/live"
  email=ann-$RANDOM$RANDOM@example.com
  steps=0
  journey
  kill "$proxy_pid"
  wait "$proxy_pid" 2>/dev/null || true
  proxy_pid=''
  stop_node 0
  stop_node 1
  echo "$steps steps behind $proxy as expected"
}

if [ -z "${TEST_DATABASE_URL:-}" ]; then
  echo 'usage: scripts/postgres tests/proxy.sh [nginx|caddy]...' >&2
  exit 2
fi
here=$(realpath "$(dirname "$0")")
binary=$("$here/../scripts/binary")
work=$(mktemp -d "${TMPDIR:-/tmp}/nightlatch-proxy.XXXXXX")
pids=() nodes=('' '') proxy_pid=''
trap finish EXIT
jar=$work/jar
password='copper kettle violin harbour'
secret=$(openssl rand -base64 32)
certify
start_mail
if [ $# = 0 ]; then
  set -- nginx caddy
fi
for name in "$@"; do
  walk "$name"
done
