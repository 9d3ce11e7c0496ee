#!/usr/bin/env bash
# Two nodes on one PostgreSQL behind the files of deploy/ as they are, but for addresses and paths; curl's journey over TLS:
#   scripts/postgres tests/proxy.sh [nginx|caddy|rocket]...
# NIGHTLATCH_BIN names a binary to use instead of building one.
set -euo pipefail

journey() {
  local id before gone
  step 'http leads to https' 308 "http://localhost:$plain_port/signin?next=%2Faccount"
  holds $'\nlocation: '"$site/signin?next=%2Faccount"
  step 'but a call of the API is refused there' 403 -H 'Authorization: Bearer x' "http://localhost:$plain_port/api/auth/session"
  holds $'\ncontent-type: text/plain'
  lacks_line location
  holds 'The API is at https only.'
  step 'also when its path is written otherwise' 403 --path-as-is "http://localhost:$plain_port//%61pi/../api/auth/session"
  tls "$port"
  # Caddy proves the name by itself.
  if [ "$proxy" = nginx ]; then
    mkdir -p "$work/html/.well-known/acme-challenge"
    echo proof >"$work/html/.well-known/acme-challenge/token"
    step 'certbot can prove the name by http' 200 "http://localhost:$plain_port/.well-known/acme-challenge/token"
    holds proof
  fi
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
    start "$gone"
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
  step 'which takes no node away' 200 "$site/signin"
  framing
  slow_client 'a client that never finishes its headers is let go' 'GET / HTTP/1.1\r\nHost: localhost\r\n'
  slow_client 'a client that never finishes its body is let go' \
    'POST /signin HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 9\r\n\r\na='
  slow_stream 'nor one over HTTP/2, where that is spoken'
  step 'the next gets an answer' 200 "$site/signin"
  stop_node 0
  stop_node 1
  step 'no node at all' 50. "$site/"
  holds_once strict-transport-security content-security-policy x-content-type-options x-frame-options referrer-policy cache-control
}

# With their limits, both nodes count together, and by the address that the proxy saw.
guesses() {
  # Addresses of this walk alone: the one before is not over a minute ago.
  local count guesser=127.1.$((port / 256)).$((port % 256)) other=127.2.$((port / 256)).$((port % 256))
  start 0 NIGHTLATCH_LIMITS__ENABLED=true
  start 1 NIGHTLATCH_LIMITS__ENABLED=true
  await 'a node behind the proxy' curl --silent --fail --max-time 2 --cacert "$work/ca.pem" --output /dev/null "$site/health/ready"
  for ((count = 1; count <= 10; count++)); do
    guess "wrong password $count from one address" 401 "$guesser"
  done
  guess 'the next from there has to wait' 429 "$guesser"
  holds $'\nretry-after: '
  holds '"too_many_requests"'
  guess 'whatever address it claims' 429 "$guesser" -H "X-Forwarded-For: $other"
  guess 'another caller need not' 401 "$other"
}

guess() { # name status interface curl-argument...
  step "$1" "$2" --interface "$3" --json '{"email":"nobody@example.com","password":"copper kettle violin orchard"}' "${@:4}" \
    "$site/api/auth/signin"
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

lacks_line() { # header
  ! grep -q "^$1:" "$work/headers.lower" || mismatch "no $1" "$answer"
}

# Which versions and suites of TLS are spoken at a port, and that no weak one is.
tls() { # port
  local suite version
  for version in tls1_3 tls1_2; do
    handshake "$1" "-$version" || mismatch "a handshake with $version" 'none'
  done
  for version in tls1_1 tls1; do
    ! handshake "$1" "-$version" -cipher ALL:@SECLEVEL=0 || mismatch "no handshake with $version" 'one'
  done
  # What this client can, and only what begins with ECDHE and is no CBC, is taken: forward secrecy and a cipher that seals.
  for suite in $(openssl ciphers -s -tls1_2 'ALL:@SECLEVEL=0' | tr : ' '); do
    if [[ $suite == ECDHE-ECDSA-* && $suite =~ AES(128|256)-GCM|CHACHA20 ]]; then
      handshake "$1" -tls1_2 -cipher "$suite:@SECLEVEL=0" || mismatch "a handshake with $suite" 'none'
    else
      ! handshake "$1" -tls1_2 -cipher "$suite:@SECLEVEL=0" || mismatch "no handshake with $suite" 'one'
    fi
  done
  now='TLS 1.3 and 1.2 with strong suites, and nothing else'
  steps=$((steps + 1))
  printf '%3d  %-4s  %s\n' "$steps" TLS "$now"
}

# The client that is turned away elsewhere speaks all that with a server that does.
weak_tls_is_spoken_here() {
  openssl s_server -www -accept 127.0.0.1:0 -cert "$work/cert.pem" -key "$work/key.pem" -min_protocol TLSv1 -cipher ALL:@SECLEVEL=0 \
    >"$work/weak" 2>&1 &
  pids+=($!)
  await 'a server with weak TLS' grep -q '^ACCEPT' "$work/weak"
  local weak
  weak=$(sed -n 's/^ACCEPT .*://p' "$work/weak")
  handshake "$weak" -tls1 -cipher ALL:@SECLEVEL=0 || mismatch 'a handshake' 'none'
  handshake "$weak" -tls1_1 -cipher ALL:@SECLEVEL=0 || mismatch 'a handshake' 'none'
  handshake "$weak" -tls1_2 -cipher ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0 || mismatch 'a handshake' 'none'
}

handshake() { # port s_client-argument...
  now="TLS: ${*:2}"
  openssl s_client -connect "localhost:$1" -servername localhost -CAfile "$work/ca.pem" -verify_return_error "${@:2}" </dev/null >"$work/handshake" 2>&1
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
    file=$(grep -l "^To: $1" "$work"/mail.letters/*.eml 2>/dev/null | tail -n 1) || true
    if [ -n "$file" ] && [[ $(<"$file") =~ [0-9]{4}\ [0-9]{4} ]]; then
      code=${BASH_REMATCH[0]}
      return
    fi
    sleep 0.05
  done
  mismatch "a letter with a code for $1" "none after $attempt looks"
}

# What two readers could take for different requests: the proxy is one, the node the other.
framing() {
  now='requests whose end is in doubt'
  python3 -B "$here/../slow/framing.py" localhost "$port" "localhost:$port" "$work/ca.pem" >"$work/framing" 2>&1 ||
    mismatch 'one answer at most' "$(tail -n 3 "$work/framing")"
  steps=$((steps + 1))
  printf '%3d  %-4s  %s\n' "$steps" "$(grep -c . "$work/framing")" "$now"
}

# The proxy lets go before a node does.
slow_client() { # name what-it-sends-before-it-falls-silent
  local seconds
  now=$1
  seconds=$(printf '%b' "$2" | python3 "$here/slow_client.py" "$port" "$work/ca.pem") || mismatch 'an end within 20 s' 'none'
  let_go "$seconds"
}

slow_stream() { # name
  local seconds
  now=$1
  seconds=$(node "$here/slow_stream.mjs" "$site" "$work/ca.pem") || mismatch 'an end within 20 s' 'none'
  let_go "$seconds"
}

let_go() { # seconds
  steps=$((steps + 1))
  printf '%3d  %-4s  %s\n' "$steps" "$1 s" "$now"
}

# Nightlatch's own TLS.
walk_rocket() {
  proxy=none steps=0
  draw_ports
  port=${node_ports[0]} site=https://localhost:${node_ports[0]}
  start_node 0 NIGHTLATCH_DATA_DIR="$work/own" NIGHTLATCH_MAIL__SMTP_URL="smtp://127.0.0.1:$(<"$work/mail.port")" \
    ROCKET_TLS="{certs=\"$work/cert.pem\",key=\"$work/key.pem\"}"
  await 'the node' curl --silent --fail --cacert "$work/ca.pem" --max-time 2 --output /dev/null "$site/health/ready"
  tls "$port"
  stop_node 0
  echo "$steps step without a proxy as expected"
}

walk() { # nginx, caddy or rocket
  if [ "$1" = rocket ]; then
    walk_rocket
    return
  fi
  proxy=$1
  draw_ports
  start 0
  start 1
  "start_$proxy"
  await_proxy
  email=ann-$RANDOM$RANDOM@example.com
  steps=0
  journey
  guesses
  stop_proxy
  stop_node 0
  stop_node 1
  echo "$steps steps behind $proxy as expected"
}

start() { # 0 or 1, settings...
  start_node "$1" NIGHTLATCH_DATA_DIR="$work/data$1" NIGHTLATCH_SECRET_KEY="$secret" NIGHTLATCH_DATABASE_URL="$TEST_DATABASE_URL" \
    NIGHTLATCH_PUBLIC_URL="$site" NIGHTLATCH_PROXY__TRUSTED=127.0.0.1 NIGHTLATCH_LIMITS__ENABLED=false \
    NIGHTLATCH_MAIL__SMTP_URL="smtp://127.0.0.1:$(<"$work/mail.port")" "${@:2}"
  await_node "$1"
}

if [ -z "${TEST_DATABASE_URL:-}" ]; then
  echo 'usage: scripts/postgres tests/proxy.sh [nginx|caddy|rocket]...' >&2
  exit 2
fi
# shellcheck source=tests/proxy/stage.sh
. "$(dirname "$0")/proxy/stage.sh"
binary=$("$here/../../scripts/binary")
set_the_stage proxy
jar=$work/jar
password='copper kettle violin harbour'
start_mail mail
proxy=none
weak_tls_is_spoken_here
if [ $# = 0 ]; then
  set -- nginx caddy rocket
fi
for name in "$@"; do
  walk "$name"
done
