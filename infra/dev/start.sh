# shellcheck shell=bash
# Starting a process of the stack and waiting for it; used by `up` only.
#
# ENVIRON holds the environment of the next process, so that no secret is ever on a command line.
ENVIRON=()

# secret NAME [BYTES]: a value made once, in hex, and kept in .lanting/secrets.env (mode 600).
secret() {
  local file=$HOME_DIR/secrets.env value
  value=$(kept "$1" secrets.env)
  if [[ -z $value ]]; then
    value=$(od -An -N"${2:-24}" -tx1 /dev/urandom | tr -d ' \n')
    (umask 077 && echo "$1=$value" >>"$file")
  fi
  echo "$value"
}

show_log() {
  printf -- '--- last lines of %s\n' "$HOME_DIR/log/$1.log" >&2
  tail -n 25 "$HOME_DIR/log/$1.log" >&2 2>/dev/null || true
  printf -- '---\n' >&2
}

# ready NAME: asks the process itself.
ready() {
  case $1 in
    postgres) pg_isready -q -t 1 -U lanting -d postgres -h "$(pg_home)/run" -p "$PG_PORT" ;;
    redis) [[ $(redis-cli -h 127.0.0.1 -p "$REDIS_PORT" ping 2>/dev/null) == PONG ]] ;;
    *) curl -fs -o /dev/null --max-time 1 "http://127.0.0.1:$(admin_port "$1")/readyz" ;;
  esac
}
admin_port() {
  if [[ $1 == gateway ]]; then echo "$GATEWAY_ADMIN_PORT"; else services | awk -v n="$1" '$1 == n {print $3}'; fi
}

# poll_ready NAME SECONDS: false when the process is gone or the time is over.
poll_ready() {
  local deadline=$(($(now_ms) + $2 * 1000))
  while ! ready "$1"; do
    [[ -n $(pid_of "$1") ]] && (($(now_ms) < deadline)) || return 1
    sleep 0.05
  done
}

# ensure NAME BINARY DIRECTORY COMMAND...: leaves a healthy process alone when its program and settings are unchanged;
# otherwise starts it (again).
ensure() {
  local name=$1 binary=$2 directory=$3 run=$HOME_DIR/run/$1 log=$HOME_DIR/log/$1.log pid settings
  shift 3
  [[ -x $binary ]] || fail "$binary is missing"
  # What it inherits counts too; the names of the stack and its ports are in the rest already.
  settings=$(printf '%s\n' "$@" "${ENVIRON[@]}" "$(env | grep '^LANTING_' | grep -vE '^LANTING_(STACK|PRESET|PG_BIN|PG_USER|[A-Z_]*_PORT)=' | sort)" | sha256sum)
  pid=$(pid_of "$name")
  # A program that may not be looked at (another user's, in a container) counts as unchanged.
  if [[ -n $pid && $(cat "$run/settings" 2>/dev/null) == "$settings" ]] &&
    [[ ! -e /proc/$pid/exe || /proc/$pid/exe -ef $binary ]] && poll_ready "$name" 3; then
    return
  fi
  stop "$name"
  mkdir -p "$run" "$HOME_DIR/log"
  if [[ -e $log && $(stat -c %s "$log") -gt 50000000 ]]; then mv "$log" "$log.1"; fi
  (
    cd "$directory" || exit
    if ((${#ENVIRON[@]})); then export "${ENVIRON[@]}"; fi
    exec setsid "$@" </dev/null >>"$log" 2>&1 9>&-
  ) &
  pid=$!
  disown "$pid"
  echo "$pid $(start_time "$pid")" >"$run/pid"
  echo "$settings" >"$run/settings"
}

# await NAME SECONDS ADDRESS: waits for what `ensure` started and says so.
await() {
  if ! poll_ready "$1" "$2"; then
    show_log "$1"
    if [[ -z $(pid_of "$1") ]]; then fail "$1 did not start: see its log above"; fi
    fail "$1 is not ready after $2 s: see its log above" "It still runs; \`make down\` stops everything."
  fi
  printf '  %-12s %-24s pid %s\n' "$1" "$3" "$(pid_of "$1")"
}

# Where PostgreSQL lives: .lanting/pg, unless its user cannot reach that (a checkout under /root) or the path is too
# long for a socket; then a directory under /var/tmp that .lanting/pg links to.
prepare_pg_home() {
  local target
  if [[ -L $PG_DIR && ! -e $PG_DIR ]]; then rm "$PG_DIR"; fi
  [[ ! -e $PG_DIR ]] || return 0
  if (cd / && as_pg test -x "$HOME_DIR") && ((${#PG_DIR} < 75)); then
    target=$PG_DIR
    mkdir "$target"
  else
    target=$(pg_elsewhere)
    say "  user $(pg_user) cannot use $HOME_DIR: PostgreSQL's files go to $target"
    mkdir "$target" 2>/dev/null || [[ $(stat -c %U "$target") == "$(pg_user)" ]] || fail "$target belongs to somebody else"
    ln -s "$target" "$PG_DIR"
  fi
  chmod 700 "$target"
  if ((EUID == 0)); then chown "$(pg_user)" "$target"; fi
}

# A new cluster appears at once or not at all. Over TCP only with a password; the socket's directory is ours alone.
prepare_cluster() {
  local home
  home=$(pg_home)
  as_pg mkdir -p -m 700 "$home/run"
  [[ ! -e $home/data ]] || return 0
  rm -rf "$home/data.new"
  (cd / && as_pg "$PG_BIN/initdb" --no-sync -D "$home/data.new" -U lanting -A trust -E UTF8 --lc-collate=C --lc-ctype=C.UTF-8 \
    --lc-messages=C --lc-monetary=C --lc-numeric=C --lc-time=C) >"$HOME_DIR/log/initdb.log" 2>&1 || {
    show_log initdb
    fail "initdb failed"
  }
  printf '%s\n' 'local all all trust' 'host all all 127.0.0.1/32 scram-sha-256' >"$home/data.new/pg_hba.conf"
  sync -f "$home/data.new"
  mv "$home/data.new" "$home/data"
}

start_postgres() {
  local home as=()
  prepare_pg_home
  prepare_cluster
  home=$(pg_home)
  if ((EUID == 0)); then as=(setpriv "--reuid=$(pg_user)" "--regid=$(id -g "$(pg_user)")" --init-groups --); fi
  # When no PostgreSQL of ours runs, lock files left by a kill -9 can only mislead (their pid may be reused).
  if [[ -z $(pid_of postgres) ]]; then rm -f "$home/data/postmaster.pid" "$home"/run/.s.PGSQL.*; fi
  ENVIRON=()
  ensure postgres "$PG_BIN/postgres" "$home" "${as[@]}" "$PG_BIN/postgres" -D "$home/data" \
    -c "port=$PG_PORT" -c listen_addresses=127.0.0.1 -c "unix_socket_directories=$home/run" \
    -c fsync=on -c synchronous_commit=on -c shared_buffers=256MB -c max_connections=200 -c max_wal_size=2GB \
    -c checkpoint_timeout=15min -c jit=off -c "log_line_prefix=%m [%p] %u@%d " -c idle_in_transaction_session_timeout=60s
}

start_redis() {
  local redis
  redis=$(command -v redis-server) || fail "redis-server is missing"
  mkdir -p "$HOME_DIR/redis"
  ENVIRON=()
  ensure redis "$redis" "$HOME_DIR/redis" "$redis" --port "$REDIS_PORT" --bind 127.0.0.1 --dir "$HOME_DIR/redis" \
    --appendonly yes --appendfsync everysec --save '' --maxmemory-policy noeviction
}
