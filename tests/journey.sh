#!/usr/bin/env bash
# The whole journey by curl against a release server: on SQLite or, when TEST_DATABASE_URL is set, on PostgreSQL.
# NIGHTLATCH_BIN names a binary to use instead of building one.
set -euo pipefail

journey() {
  local request unknown first second
  step 'the process answers' 200 "$site/health/live"
  step 'the database answers' 200 "$site/health/ready"

  step 'nobody is signed in' 401 "$site/api/auth/session"
  holds '"code":"not_signed_in"'
  step 'the dashboard sends guests to the sign-in page' 303 "$site/dashboard"
  holds $'\nlocation: /signin?next='

  step 'a short password is refused' 422 "$(json "\"email\":\"$email\",\"password\":\"short\"")" "$site/api/auth/signup"
  holds '"field":"password"'
  step 'a field nobody knows is refused' 422 "$(json "\"email\":\"$email\",\"password\":\"$old\",\"role\":\"superuser\"")" \
    "$site/api/auth/signup"
  holds '"field":"role"'
  step 'sign up' 202 "$(json "\"email\":\"$email\",\"password\":\"$old\",\"name\":\"Ann\"")" "$site/api/auth/signup"
  request=$(member request)
  step 'no account before the address is proven' 401 "$(credentials "$old")" "$site/api/auth/signin"
  holds '"code":"invalid_credentials"'
  step 'a code of nine digits is refused' 422 "$(json "\"request\":\"$request\",\"code\":\"123456789\"")" "$site/api/auth/verify-email"
  holds '"field":"code"'
  code_in_letter 1
  step 'a wrong code is refused' 422 "$(json "\"request\":\"$request\",\"code\":\"$(wrong "$code")\"")" "$site/api/auth/verify-email"
  holds '"code":"invalid_code"'
  step 'ask for the code again' 202 "$(json "\"request\":\"$request\"")" "$site/api/auth/verify-email/resend"
  step 'the right code makes the account' 201 --cookie-jar "$jar" "$(json "\"request\":\"$request\",\"code\":\"$code\"")" \
    "$site/api/auth/verify-email"
  holds "\"email\":\"$email\""
  holds_cookie
  step 'a code works once' 422 "$(json "\"request\":\"$request\",\"code\":\"$code\"")" "$site/api/auth/verify-email"

  step 'the session goes on' 200 --cookie "$jar" --cookie-jar "$jar" "$site/api/auth/session"
  holds_cookie
  first=$(member expires_at)
  # Tokens count in seconds.
  sleep 1.1
  step 'use makes it last longer' 200 --cookie "$jar" --cookie-jar "$jar" "$site/api/auth/session"
  second=$(member expires_at)
  [[ $second > $first ]] || mismatch "an end later than $first" "$second"
  step 'looking does not' 200 --cookie "$jar" "$site/api/auth/session?passive"
  lacks 'set-cookie:'
  step 'the dashboard shows name and address' 200 --cookie "$jar" "$site/dashboard"
  holds 'Hello, Ann'
  holds "$email"

  step 'another site cannot sign her out' 403 --cookie "$jar" -H 'Sec-Fetch-Site: cross-site' -X POST "$site/api/auth/logout"
  holds '"code":"cross_site"'
  step 'nor another origin' 403 --cookie "$jar" -H 'Origin: https://evil.test' -X POST "$site/api/auth/logout"
  step 'nor a cookie without a word of its sender' 403 --cookie "$jar" -X POST "$site/api/auth/logout"
  step 'she is still signed in' 200 --cookie "$jar" "$site/api/auth/session"
  cp "$jar" "$jar.old"
  step 'sign out' 204 --cookie "$jar" --cookie-jar "$jar" -H 'X-Requested-With: curl' -X POST "$site/api/auth/logout"
  lacks '{'
  step 'the cookie is gone' 401 --cookie "$jar" "$site/api/auth/session"
  step 'a copy of it is refused, with the reason' 401 --cookie "$jar.old" "$site/api/auth/session"
  holds '"reason":"logged_out"'
  lacks 'set-cookie:'

  step 'a wrong password is refused' 401 "$(credentials "$new")" "$site/api/auth/signin"
  holds '"code":"invalid_credentials"'
  step 'so is an unknown address' 401 "$(json "\"email\":\"nobody-$email\",\"password\":\"$old\"")" "$site/api/auth/signin"
  holds '"code":"invalid_credentials"'
  step 'sign in' 200 --cookie-jar "$jar" "$(credentials "$old")" "$site/api/auth/signin"
  holds_cookie
  letter 2 'Somebody signed in to your account'
  step 'a taken address is told to nobody' 202 "$(json "\"email\":\"$email\",\"password\":\"$new\"")" "$site/api/auth/signup"
  letter 3 'already have an account'

  step 'forget the password of an unknown address' 202 "$(json "\"email\":\"nobody-$email\"")" "$site/api/auth/forgot-password"
  unknown=$(member request)
  step 'forget the password' 202 "$(json "\"email\":\"$email\"")" "$site/api/auth/forgot-password"
  request=$(member request)
  [ ${#request} = ${#unknown} ] || mismatch "a request of ${#unknown} characters, as for an unknown address" "$request"
  code_in_letter 4
  step 'a wrong code sets no password' 422 "$(reset "$request" "$(wrong "$code")" "$new")" "$site/api/auth/reset-password"
  holds '"code":"invalid_code"'
  step 'nor does a code without its request' 422 "$(reset "$unknown" "$code" "$new")" "$site/api/auth/reset-password"
  step 'a short one is refused, and costs no try' 422 "$(reset "$request" "$code" short)" "$site/api/auth/reset-password"
  holds '"field":"password"'
  step 'set a new password' 204 "$(reset "$request" "$code" "$new")" "$site/api/auth/reset-password"
  lacks 'set-cookie:'
  letter 5 'was changed'
  step 'every session of hers has ended' 401 --cookie "$jar" "$site/api/auth/session"
  holds '"reason":"password_reset"'
  step 'the old password is refused' 401 "$(credentials "$old")" "$site/api/auth/signin"
  step 'the new one is taken' 200 "$(credentials "$new")" "$site/api/auth/signin"

  step 'no such call' 404 "$site/api/no-such-call"
  holds '"code":"not_found"'
  step 'no such method' 405 -X DELETE "$site/api/auth/session"
  holds $'\nallow: GET, HEAD'
  holds '"code":"method_not_allowed"'
  step 'no such content type' 415 -d 'email=a' "$site/api/auth/signin"
  holds '"code":"unsupported_media_type"'
}

# Sends one request with curl and compares the status; an argument that begins with { is a JSON body.
step() { # name status curl-argument...
  local name=$1 expected=$2 argument status
  local arguments=()
  for argument in "${@:3}"; do
    case $argument in
      '{'*) arguments+=(-H 'Content-Type: application/json' --data-binary "$argument") ;;
      *) arguments+=("$argument") ;;
    esac
  done
  now=$name
  # Without a body curl leaves the file as it was.
  : >"$work/body"
  status=$(curl --silent --show-error --max-time 20 --dump-header "$work/headers" --output "$work/body" \
    --write-out '%{http_code}' "${arguments[@]}")
  # One text to look into: header names in small letters as some servers send them, then the body.
  answer=$(sed -e 's/\r$//' -e 's/^[^:]*:/\L&/' "$work/headers" && cat "$work/body")
  [ "$status" = "$expected" ] || mismatch "status $expected" "status $status"
  # Refusals of the API are problems in the one form.
  if [ "$status" -ge 400 ]; then
    holds $'\ncontent-type: application/problem+json'
    holds "\"status\":$status"
  fi
  steps=$((steps + 1))
  printf '%3d  %s  %s\n' "$steps" "$status" "$name"
}

holds() { # text
  [[ $answer == *"$1"* ]] || mismatch "$1" "$answer"
}

lacks() { # text
  [[ $answer != *"$1"* ]] || mismatch "nothing with $1" "$answer"
}

# A session cookie with every attribute, for ten minutes; browsers get `__Host-` where there is TLS.
holds_cookie() {
  local line
  line=$(grep '^set-cookie: nightlatch-[0-9]*=e' <<<"$answer") || mismatch 'a session cookie' "$answer"
  for attribute in HttpOnly SameSite=Lax Path=/ Max-Age=600; do
    [[ $line == *"; $attribute"* ]] || mismatch "a session cookie with $attribute" "$line"
  done
}

mismatch() { # expected actual
  printf '\ntests/journey.sh: %s\nexpected: %s\nactual:   %s\n' "$now" "$1" "$2" >&2
  exit 1
}

json() { # members
  printf '{%s}' "$1"
}

credentials() { # password
  json "\"email\":\"$email\",\"password\":\"$1\""
}

reset() { # request code password
  json "\"request\":\"$1\",\"code\":\"$2\",\"password\":\"$3\""
}

# The text that the last answer has for a member of its JSON.
member() { # name
  [[ $answer =~ \"$1\":\"([^\"]+)\" ]] || mismatch "a member \"$1\"" "$answer"
  printf '%s' "${BASH_REMATCH[1]}"
}

# Waits for the nth letter to her; letters leave after the answer.
letter() { # number text
  local files attempt
  for attempt in {1..100}; do
    mapfile -t files < <(grep -l "^To: $email" "$work"/data/mail/*.eml 2>/dev/null)
    if [ ${#files[@]} -ge "$1" ]; then
      text=$(<"${files[$1 - 1]}")
      [[ $text == *"$2"* ]] || mismatch "a letter with: $2" "$text"
      return
    fi
    sleep 0.05
  done
  mismatch "$1 letters to $email" "${#files[@]} after $attempt looks"
}

# The code of the nth letter, as it is printed there: the server takes it with its space.
code_in_letter() { # number
  letter "$1" 'This is the code'
  [[ $text =~ [0-9]{4}\ [0-9]{4} ]] || mismatch 'a code' "$text"
  code=${BASH_REMATCH[0]}
}

wrong() { # code
  [ "$1" = '0000 0000' ] && echo '0000 0001' || echo '0000 0000'
}

# Starts a server with nothing of the caller's settings, on a port of its own.
start() {
  # A minute of letters is hours of a person's.
  local settings=(NIGHTLATCH_DATA_DIR="$work/data" NIGHTLATCH_LOG__FORMAT=text NIGHTLATCH_LIMITS__ENABLED=false) attempt
  database=SQLite
  if [ -n "${TEST_DATABASE_URL:-}" ]; then
    database=PostgreSQL
    settings+=(NIGHTLATCH_DATABASE_URL="$TEST_DATABASE_URL" NIGHTLATCH_SECRET_KEY="$(head -c 32 /dev/urandom | base64)")
  fi
  for attempt in {1..20}; do
    # Below the ports that the system gives to outgoing connections.
    port=$((20000 + RANDOM % 12000))
    (cd "$work" && exec env -i "${settings[@]}" ROCKET_PORT=$port "$binary" >log 2>&1) &
    server=$!
    if is_up; then
      return
    fi
  done
  echo "tests/journey.sh: the server did not start in $attempt attempts; its log:" >&2
  cat "$work/log" >&2
  exit 1
}

is_up() {
  local attempt
  for attempt in {1..100}; do
    if ! kill -0 "$server" 2>/dev/null; then
      return 1
    fi
    if curl --silent --fail --max-time 2 --output /dev/null "http://localhost:$port/health/ready"; then
      # It may be somebody else's, and ours be gone by now.
      sleep 0.1
      kill -0 "$server" 2>/dev/null
      return
    fi
    sleep 0.05
  done
  echo "tests/journey.sh: no answer after $attempt looks" >&2
  return 1
}

# Stops the server as an operator does; it leaves nothing undone.
stop() {
  now='stopping leaves nothing undone'
  kill "$server"
  wait "$server" || mismatch 'exit code 0' "exit code $?"
  server=''
  if grep -E 'WARN|ERROR' "$work/log" | grep -v 'cross-site'; then
    mismatch 'no complaint' 'the lines above'
  fi
}

finish() {
  local code=$?
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  if [ "$code" != 0 ] && [ -f "$work/log" ]; then
    printf '\nthe log of the server:\n' >&2
    tail -n 20 "$work/log" >&2
  fi
  rm -rf "$work"
}

binary=$("$(dirname "$0")/../scripts/binary")
work=$(mktemp -d "${TMPDIR:-/tmp}/nightlatch-journey.XXXXXX")
server=''
trap finish EXIT
start
site=http://localhost:$port
jar=$work/jar
# A new address each time: a PostgreSQL database may have been used before.
email=ann-$RANDOM$RANDOM@example.com
old='copper kettle violin harbour'
new='lantern walnut drizzle compass'
steps=0
journey
stop
echo "$steps steps on $database as expected"
