# shellcheck shell=bash
# shellcheck disable=SC2034  # the scripts that source this use the settings
# What the scripts of the private stack share: settings, processes and ports.
#
# A process of the stack is known by two things: its pid file (.lanting/run/<name>/pid, with the start time, so that a
# reused pid is never taken for ours) and its working directory, which lies in .lanting. The second finds it when the
# first is gone.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
# Never a path from outside: what lies in here is deleted and what runs in here is killed.
HOME_DIR=$ROOT/.lanting${LANTING_STACK:+-$LANTING_STACK}
PRESET=${LANTING_PRESET:-release}
BUILD=$ROOT/build/$PRESET
# Ports: those of the environment, or else those remembered, or else the defaults. `make up` remembers those of the last
# start that succeeded; the other commands speak with what runs, also after a start that failed.
remembered=$HOME_DIR/run/ports.env
[[ ${0##*/} != up && -e $remembered ]] || remembered=$HOME_DIR/ports.env
while IFS='=' read -r name value; do
  if [[ $name =~ ^LANTING_[A-Z_]+_PORT$ && $value =~ ^[0-9]+$ && -z ${!name:-} ]]; then declare "$name=$value"; fi
done < <(cat "$remembered" 2>/dev/null)
unset name value remembered
REST_PORT=${LANTING_REST_PORT:-8080}
PG_PORT=${LANTING_PG_PORT:-15432}
REDIS_PORT=${LANTING_REDIS_PORT:-16379}
GATEWAY_ADMIN_PORT=${LANTING_GATEWAY_ADMIN_PORT:-9200}
PG_BIN=${LANTING_PG_BIN:-/usr/lib/postgresql/15/bin}
PG_DIR=$HOME_DIR/pg
GATEWAY=$BUILD/gateway/lanting-gateway
CTL=$BUILD/tools/lantingctl/lantingctl

say() { printf '%s\n' "$*"; }
fail() {
  printf 'lanting: %s\n' "$1" >&2
  shift
  (($# == 0)) || printf '  %s\n' "$@" >&2
  exit 1
}
case ${LANTING_STACK:-} in *[!A-Za-z0-9]*) fail "LANTING_STACK is a name of letters and digits, not '$LANTING_STACK'" ;; esac
[[ ! -L $HOME_DIR ]] || fail "$HOME_DIR is a link; it has to be a directory"
now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }
seconds_since() {
  local ms=$(($(now_ms) - $1))
  printf '%d.%d s' $((ms / 1000)) $((ms % 1000 / 100))
}

# --- services ---------------------------------------------------------------------------------------------------------

# Lines "name grpc_port admin_port packages", with ports overridden by LANTING_<NAME>_GRPC_PORT and _ADMIN_PORT.
services() {
  local name grpc admin packages grpc_var admin_var
  while read -r name grpc admin packages; do
    grpc_var=LANTING_${name^^}_GRPC_PORT admin_var=LANTING_${name^^}_ADMIN_PORT
    echo "$name ${!grpc_var:-$grpc} ${!admin_var:-$admin} $packages"
  done < <(grep -Ev '^[[:space:]]*(#|$)' "$ROOT/infra/dev/services.txt")
}
binary_of() { echo "$BUILD/services/$1/lanting-$1"; }

# Lines "process port setting" of everything that listens.
ports() {
  local name grpc admin
  echo "postgres $PG_PORT LANTING_PG_PORT"
  echo "redis $REDIS_PORT LANTING_REDIS_PORT"
  services | while read -r name grpc admin _; do
    printf '%s %s LANTING_%s_PORT\n' "$name" "$grpc" "${name^^}_GRPC" "$name" "$admin" "${name^^}_ADMIN"
  done
  echo "gateway $REST_PORT LANTING_REST_PORT"
  echo "gateway $GATEWAY_ADMIN_PORT LANTING_GATEWAY_ADMIN_PORT"
}

# What .lanting keeps: kept NAME FILE; nothing when it is not there.
kept() { sed -n "s/^$1=//p" "$HOME_DIR/$2" 2>/dev/null || true; }
# pg_url SERVICE ROLE PASSWORD; roles: owner, app, relay.
pg_url() { echo "postgresql://$1_$2:$3@127.0.0.1:$PG_PORT/lanting"; }
redis_url() { echo "redis://127.0.0.1:$REDIS_PORT"; }

# --- the user PostgreSQL runs as --------------------------------------------------------------------------------------

# PostgreSQL refuses to run as root. For root it runs as LANTING_PG_USER, the owner of the data, `postgres` or `nobody`;
# everything else runs as the caller.
pg_user() {
  if ((EUID != 0)); then
    id -un
  elif [[ -n ${LANTING_PG_USER:-} ]]; then
    echo "$LANTING_PG_USER"
  elif [[ -e $PG_DIR/data ]]; then
    stat -L -c %U "$PG_DIR/data"
  elif id postgres >/dev/null 2>&1; then
    echo postgres
  else
    echo nobody
  fi
}
as_pg() {
  if ((EUID == 0)); then
    setpriv --reuid="$(pg_user)" --regid="$(id -g "$(pg_user)")" --init-groups -- "$@"
  else
    "$@"
  fi
}
# .lanting/pg, or the directory it links to (see prepare_pg_home); any other place is somebody else's.
pg_elsewhere() { echo "/var/tmp/lanting-$(cksum <<<"$HOME_DIR" | cut -d' ' -f1)"; }
pg_home() {
  local home
  home=$(readlink -f "$PG_DIR" || true)
  [[ -n $home ]] || home=$PG_DIR
  [[ $home == "$PG_DIR" || $home == "$(pg_elsewhere)" ]] || fail "$PG_DIR links to $home, which is not of this stack: remove the link"
  echo "$home"
}
pg_sql() { PGOPTIONS='-c client_min_messages=warning' psql -qX -v ON_ERROR_STOP=1 -h "$(pg_home)/run" -p "$PG_PORT" -U lanting "$@"; }

# --- processes --------------------------------------------------------------------------------------------------------

# Start time of a pid in clock ticks since boot; nothing for a process that is gone or a zombie.
start_time() {
  local stat
  { stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 0
  # shellcheck disable=SC2086  # the fields are split on purpose
  set -- ${stat##*) }
  [[ $1 == Z || $1 == X ]] || echo "${20}"
}
# The pid of a process of the stack if its pid file speaks of a living process.
pid_of() {
  local pid started
  read -r pid started 2>/dev/null <"$HOME_DIR/run/$1/pid" || return 0
  if [[ -n ${started:-} && $(start_time "$pid") == "$started" ]]; then echo "$pid"; fi
}
# Every process whose working directory lies in .lanting and which runs a program of the stack. Root may not look at
# PostgreSQL's processes everywhere (containers without SYS_PTRACE): the user they run as may.
stack_pids() {
  local home link directory pid look=(find /proc -maxdepth 2 -name cwd -printf '%p %l\n')
  home=$(pg_home) || return 1
  {
    "${look[@]}" 2>/dev/null || true
    if ((EUID == 0)); then (cd / && as_pg "${look[@]}" 2>/dev/null) || true; fi
  } | sort -u | while read -r link directory; do
    [[ $directory == "$HOME_DIR"/* || $directory/ == "$home"/* ]] || continue
    pid=${link#/proc/} pid=${pid%/cwd}
    [[ $pid =~ ^[0-9]+$ && -n $(start_time "$pid") ]] || continue
    case $(cat "/proc/$pid/comm" 2>/dev/null) in postgres | redis-server | lanting-*) echo "$pid" ;; esac
  done
}
# Its command line, on one line and cut.
describe() {
  local line
  line=$({ tr -s '\000-\040\177' ' ' <"/proc/$1/cmdline"; } 2>/dev/null)
  line=${line% }
  ((${#line} <= 100)) || line="${line:0:100}..."
  printf '%s (pid %s)' "$line" "$1"
}

# Sends a signal and waits until the pids are gone; SIGKILL after the deadline: end_pids SIGNAL SECONDS PID...
# A pid that has another start time than at first is another process by now, and none of ours.
end_pids() {
  local signal=$1 deadline=$(($(now_ms) + $2 * 1000)) pid left sent=''
  local -A started=()
  shift 2
  for pid in "$@"; do started[$pid]=$(start_time "$pid"); done
  while :; do
    left=()
    for pid in "$@"; do
      [[ -z ${started[$pid]} || $(start_time "$pid") != "${started[$pid]}" ]] || left+=("$pid")
    done
    ((${#left[@]})) || return 0
    if [[ -z $sent ]]; then
      kill -s "$signal" "${left[@]}" 2>/dev/null || true
      sent=$signal
    elif (($(now_ms) > deadline)); then
      [[ $sent != KILL ]] || fail "cannot stop pid ${left[*]}" "Was the stack started by another user?"
      signal=KILL sent='' deadline=$(($(now_ms) + 5000))
      continue
    fi
    sleep 0.05
  done
}
# Graceful end of one process of the stack, by name.
stop() {
  local pid signal=TERM seconds=20  # processes drain for up to 10 s
  pid=$(pid_of "$1")
  if [[ $1 == postgres ]]; then signal=INT seconds=30; fi  # INT: fast shutdown, does not wait for clients
  if [[ -n $pid ]]; then end_pids "$signal" "$seconds" "$pid"; fi
  rm -f "$HOME_DIR/run/$1/pid"
}

# --- ports ------------------------------------------------------------------------------------------------------------

# Lines "port pid" of every TCP listener, from /proc (no tool needed); pid is "?" when the holder cannot be seen.
listeners() {
  local look=(find /proc -maxdepth 3 -path '/proc/[0-9]*/fd/*' -lname 'socket:*' -printf 'fd %h %l\n')
  {
    "${look[@]}" 2>/dev/null || true
    if ((EUID == 0)); then (cd / && as_pg "${look[@]}" 2>/dev/null) || true; fi
    # local_address and inode of the sockets in state LISTEN
    awk '$4 == "0A" {n = split($2, a, ":"); print "listen", a[n], $10}' /proc/net/tcp /proc/net/tcp6 2>/dev/null || true
  } | awk '
    $1 == "fd" {split($2, path, "/"); gsub(/[^0-9]/, "", $3); if (!($3 in holder)) holder[$3] = path[3]}
    $1 == "listen" {print $2, ($3 in holder) ? holder[$3] : "?"}' |
    while read -r port pid; do echo "$((16#$port)) $pid"; done
}
# Refuses LANTING_..._PORT variables that no process has: a name mistyped is a port not set.
check_port_names() {
  local names name wrong=()
  names=$(ports | cut -d' ' -f3)
  while read -r name; do
    [[ $'\n'$names$'\n' == *$'\n'$name$'\n'* ]] || wrong+=("$name")
  done < <(compgen -e | grep -E '^LANTING_.*_PORT$' || true)
  ((${#wrong[@]} == 0)) || fail "there is no setting ${wrong[*]}; the ports are:" "${names//$'\n'/$'\n'  }"
}
# Refuses to go on with a port that is none, is used twice, or is held by anything but the stack itself.
check_ports() {
  local process port setting pid ours held wrong=()
  local -A taken=()
  check_port_names
  while read -r process port setting; do
    if ! [[ $port =~ ^[1-9][0-9]{0,4}$ ]] || ((port > 65535)); then fail "$setting=$port is not a port (for $process)"; fi
    if [[ -n ${taken[$port]:-} ]]; then wrong+=("${taken[$port]} and $setting are both $port"); else taken[$port]=$setting; fi
  done < <(ports)
  ((${#wrong[@]} == 0)) || fail "every port of a stack has to be another:" "${wrong[@]}"
  ours=" $(stack_pids | tr '\n' ' ')"
  held=$(listeners)
  while read -r process port _; do
    while read -r pid; do
      [[ $ours != *" $pid "* ]] || continue
      if [[ $pid == '?' ]]; then
        wrong+=("port $port (for $process) is held by a process of another user")
      else
        wrong+=("port $port (for $process) is held by $(describe "$pid")")
      fi
    done < <(awk -v p="$port" '$1 == p {print $2}' <<<"$held" | sort -u)
  done < <(ports)
  ((${#wrong[@]} == 0)) || fail "ports are in use:" "${wrong[@]}" \
    "Stop the holder, or choose others: $(ports | cut -d' ' -f3 | paste -sd ' ' | fold -sw 100 | sed '2,$s/^/    /')"
}

# remember_ports FILE
remember_ports() {
  ports | awk '{print $3 "=" $2}' >"$1.new"
  mv "$1.new" "$1"
}

# One starter or stopper at a time. The lock dies with its holder; processes of the stack are started without it.
take_lock() {
  mkdir -p "$HOME_DIR"
  exec 9>"$HOME_DIR/lock"
  if ! flock -n 9; then
    say "another make up or make down is at work; waiting for it ..."
    # It may be compiling everything.
    flock -w 3600 9 || fail "the other one still holds $HOME_DIR/lock after an hour"
  fi
}
