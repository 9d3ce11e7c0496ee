# shellcheck shell=bash disable=SC2034,SC2154 # Some of it is for the script that sourced it, and comes from there.
# The stage of tests/proxy.sh, tests/check.sh and tests/cluster.sh: a certificate, a mail server, nodes and a proxy, on ports of their own.
# It is sourced, and everything on it is gone when the script that sourced it ends.
here=$(realpath "$(dirname "${BASH_SOURCE[0]}")")

set_the_stage() { # name
  work=$(mktemp -d "${TMPDIR:-/tmp}/nightlatch-$1.XXXXXX")
  pids=() nodes=('' '') proxy_pid=''
  trap clear_the_stage EXIT
  secret=$(openssl rand -base64 32)
  certify
}

clear_the_stage() {
  local code=$? pid
  for pid in "${pids[@]}" "${nodes[@]}" "$proxy_pid"; do
    if [ -n "$pid" ]; then
      kill "$pid" 2>/dev/null || true
      wait "$pid" 2>/dev/null || true
    fi
  done
  if [ "$code" != 0 ]; then
    tail -n 20 "$work"/*.log >&2 || true
  fi
  rm -rf "$work"
}

# An authority that lives as long as this run, and its certificate for localhost.
certify() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 1 -subj '/CN=Nightlatch test authority' \
    -keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
  certificate "$work/cert.pem" localhost
}

# Its key is key.pem, whichever the certificate.
certificate() { # file name command-to-run-openssl-with...
  if [ ! -e "$work/key.pem" ]; then
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj '/CN=localhost' \
      -keyout "$work/key.pem" -out "$work/request.pem" 2>/dev/null
  fi
  "${@:3}" openssl x509 -req -in "$work/request.pem" -CA "$work/ca.pem" -CAkey "$work/ca.key" -days 1 -out "$1" \
    -extfile <(echo "subjectAltName = DNS:$2") 2>/dev/null
}

start_mail() { # name mail_server-argument...
  python3 "$here/mail_server.py" "$work/$1.port" "$work/$1.letters" "${@:2}" >"$work/$1.log" 2>&1 &
  pids+=($!)
  await 'the mail server' test -s "$work/$1.port"
}

# Below the ports that the system gives to outgoing connections.
draw_ports() {
  local base=$((20000 + RANDOM % 11990))
  port=$base plain_port=$((base + 1)) node_ports=($((base + 2)) $((base + 3)))
  site=https://localhost:$port
}

start_node() { # 0 or 1, command and variables...
  (cd "$work" && exec env -i ROCKET_PORT="${node_ports[$1]}" NIGHTLATCH_LOG__FORMAT=text "${@:2}" "$binary" >>"$work/node$1.log" 2>&1) &
  nodes[$1]=$!
}

await_node() { # 0 or 1
  await "node $(($1 + 1))" curl --silent --fail --max-time 2 --output /dev/null "http://127.0.0.1:${node_ports[$1]}/health/ready"
}

stop_node() { # 0 or 1
  if [ -n "${nodes[$1]}" ]; then
    kill "${nodes[$1]}" 2>/dev/null || true
    wait "${nodes[$1]}" 2>/dev/null || true
    nodes[$1]=''
  fi
}

# The committed files with other addresses and paths, and nothing else, unless the caller names more for sed.
start_nginx() { # sed-argument...
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
    -e "s|/var/www/html|$work/html|" -e "s|/run/nginx.pid|$work/nginx.pid|" -e "s|/var/log/nginx|$work|" \
    -e "s|^http {|&\n$(printf '%s_temp_path %s;' client_body "$work/body.tmp" proxy "$work/proxy.tmp" fastcgi "$work/fastcgi.tmp" \
      uwsgi "$work/uwsgi.tmp" scgi "$work/scgi.tmp")|" \
    "$@" "$here/../../deploy/nginx.conf" >"$work/nginx.conf"
  PATH=$PATH:/usr/sbin nginx -p "$work" -e "$work/error.log" -c "$work/nginx.conf" -g 'daemon off;' >"$work/proxy.log" 2>&1 &
  proxy_pid=$!
}

start_caddy() {
  sed -e "s|^http://.* {|http://localhost:$plain_port {|" -e "s|# tls .*|tls $work/cert.pem $work/key.pem|" \
    -e "s|admin off|&\n\thttp_port $plain_port\n\thttps_port $port\n\tdefault_bind 127.0.0.1|" \
    "$here/../../deploy/Caddyfile" >"$work/Caddyfile"
  env SITE="localhost:$port" NODES="127.0.0.1:${node_ports[0]} 127.0.0.1:${node_ports[1]}" \
    XDG_DATA_HOME="$work/caddy" XDG_CONFIG_HOME="$work/caddy" HOME="$work" \
    caddy run --config "$work/Caddyfile" --adapter caddyfile >"$work/proxy.log" 2>&1 &
  proxy_pid=$!
}

# Whatever it answers: the handshake is enough.
await_proxy() {
  await 'the proxy' curl --silent --insecure --max-time 2 --output /dev/null "$site/health/live"
}

stop_proxy() {
  kill "$proxy_pid" 2>/dev/null || true
  wait "$proxy_pid" 2>/dev/null || true
  proxy_pid=''
}

await() { # name command...
  local attempt
  for attempt in {1..200}; do
    if "${@:2}" 2>/dev/null; then
      return
    fi
    sleep 0.05
  done
  echo "$0: $1 did not start in $attempt looks" >&2
  exit 1
}
