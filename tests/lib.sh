# shellcheck shell=bash
# Stories against the running target: TAP lines, the target, the test host, and an end to all that
# was started. A story (x_*.sh) runs in the build directory, sources this first and calls "finish"
# last. From the environment: CELLBLOCKD, CELLBLOCKCTL, NVMEHOST, the programs to test; ENGINE, with
# what workers read and write: auto, uring, threads, or forbidden (auto, but there is no io_uring);
# LANES, how many each worker has.
set -um		# -m: what runs in the background is a process group, and can be ended as one
: "${CELLBLOCKD:=$PWD/broker/cellblockd}" "${CELLBLOCKCTL:=$PWD/broker/cellblockctl}"
: "${NVMEHOST:=$PWD/tests/host/nvmehost}"
work=$(mktemp -d "${TMPDIR:-/tmp}/cellblock-story.XXXXXX") || exit 99
chmod 755 "$work"
export XDG_RUNTIME_DIR=$work
# shellcheck disable=SC2034
nqn=nqn.2026-01.example:one
# shellcheck disable=SC2034
discovery=nqn.2014-08.org.nvmexpress.discovery
tests=0 failures=0 target='' port=''
state=$work/state	# the service's
declare -A job=()	# of spawn: its process group
via=()			# what starts the target
engine=(auto '')	# as configured; what the log must say then
at_end=()		# commands for cleanup, last one first

cleanup() {
  local i pid
  trap '' HUP INT TERM
  exec 2>/dev/null
  for pid in "${job[@]}" ${target:+"$target"}; do kill -KILL -- "-$pid" 2>/dev/null; done
  for ((i = ${#at_end[@]} - 1; i >= 0; i--)); do eval "${at_end[i]}"; done >/dev/null 2>&1
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 143' HUP INT TERM

skip() {
  echo "1..0 # SKIP $*"
  exit 0
}

# requires WHAT...: root, a path, or a command; without it the story is skipped.
requires() {
  local what
  for what; do
    case $what in
    root) [ "$(id -u)" = 0 ] || skip "needs root" ;;
    /*) [ -e "$what" ] || skip "needs $what" ;;
    *) command -v "$what" >/dev/null || skip "needs the command $what" ;;
    esac
  done
}
requires "$CELLBLOCKD" "$NVMEHOST" timeout pgrep
case ${ENGINE:=auto} in
auto) ;;
threads) engine=(threads 'with threads$') ;;
uring)
  "$PWD/tests/forbid" -p >"$work/forbid" || skip "$(cat "$work/forbid")"
  engine=(uring 'through io_uring$')
  ;;
forbidden)
  engine=(auto 'with threads; io_uring: Operation not permitted$')
  via=("$PWD/tests/forbid")
  ;;
*) echo "ENGINE=$ENGINE?"; exit 99 ;;
esac

# check NAME COMMAND...: one TAP line, and what a failed command said as comments.
check() {
  local name=$1
  shift
  ((tests += 1))
  if "$@" >"$work/said" 2>&1; then
    echo "ok $tests - $name"
  else
    echo "not ok $tests - $name"
    tail -n 40 "$work/said" | sed 's/^/# /'
    ((failures += 1))
    return 1
  fi
}

# check_as_root: what an ordinary user may not see is checked only by root.
check_as_root() {
  if [ "$(id -u)" = 0 ]; then
    check "$@"
    return
  fi
  ((tests += 1))
  echo "ok $tests - $1 # SKIP needs root"
}

# fails STATUS PATTERN COMMAND...: it ends with this status and says this (extended expression).
fails() {
  local want=$1 pattern=$2 status=0
  shift 2
  "$@" >"$work/failed" 2>&1 || status=$?
  cat "$work/failed"
  [ "$status" = "$want" ] || { echo "status $status, not $want"; return 1; }
  grep -qE -- "$pattern" "$work/failed" || { echo "did not say: $pattern"; return 1; }
}

same() { [ "$1" = "$2" ] || { echo "'$1' is not '$2'"; return 1; }; }
not() { ! "$@"; }

# What a sanitizer said, in any process of the target: in such a build all of them have our stderr.
reports() { cat "$work"/log* 2>/dev/null | grep -E 'runtime error:|Sanitizer'; }

# The last that the log has of it, if anything.
engine_in_log() { grep -h 'workers read and write' "$work"/log* | tail -n 1; }
has_ring() { engine_in_log | grep -q 'through io_uring$'; }
# "serve" has no configuration, so it takes what there is.
is_the_engine() {
  engine_in_log
  [ -z "$(engine_in_log)" ] || [ ! -e "$work/cellblock.yaml" ] || engine_in_log | grep -qE "${engine[1]}"
}

# finish: the plan, the target's log if anything failed, and the exit status.
finish() {
  [ "$ENGINE" = auto ] || check "workers have the engine that this is about" is_the_engine
  ! reports >/dev/null || check "no sanitizer reports anything" not reports
  echo "1..$tests"
  [ "$failures" != 0 ] || exit 0
  [ ! -s "$work/log" ] || tail -n "${LOG_LINES:-100}" "$work/log" | sed 's/^/# target: /'
  exit 1
}

# wait_for SECONDS COMMAND...: until it succeeds; the limit only ends what would hang.
wait_for() {
  local tries=$(($1 * 20))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $((tries -= 1)) -gt 0 ] || { echo "never came: $*"; return 1; }
    sleep 0.05
  done
}

# pick_port [PORT...]: one below the ephemeral ports that nobody listens on, and none of these.
pick_port() {
  local p tries
  for ((tries = 0; tries < 100; tries++)); do
    p=$((20000 + RANDOM % 12000))
    listens "$p" || [[ " $* " == *" $p "* ]] || { echo "$p"; return; }
  done
  return 1
}

listens() { grep -qi ":$(printf %04X "$1") 0*:0000 0A" /proc/net/tcp /proc/net/tcp6 2>/dev/null; }
is_gone() { ! grep -q '^State:.[^Z]' "/proc/$1/status" 2>/dev/null; }

# config <<YAML: a configuration file of the work directory; the service block is ours.
config() {
  cat - /dev/fd/3 >"$work/cellblock.yaml" 3<&0 <<YAML
service:
  control-socket: $work/control
  state-dir: $state
  sandbox: prefer
  engine: ${engine[0]}
  lanes: ${LANES:-1}
YAML
}

# start_target ARGUMENT...: cellblockd; returns when it listens on $port and has workers ready.
start_target() {
  "${via[@]}" "$CELLBLOCKD" "$@" </dev/null >"$work/out" 2>>"$work/log" &
  target=$!
  wait_for 60 serves_or_ended
  serves || { cat "$work/log"; return 1; }
}

serves() { listens "$port" && [ -n "$(pids_of listener)" ] && [ -n "$(pids_of worker)" ]; }
serves_or_ended() { serves || is_gone "$target"; }

# stop_target [SIGNAL]: all of the family must end of itself; the status is the warden's.
stop_target() {
  local pid family=() status=0
  mapfile -t family < <(pgrep -P "$target")
  kill "-${1:-TERM}" "$target" || return
  for pid in "$target" "${family[@]}"; do
    wait_for 60 is_gone "$pid" && continue
    echo "left over: $(tr '\0' ' ' <"/proc/$pid/cmdline")"
    kill -KILL -- "-$target"
    status=1
  done
  wait "$target" || status=$?
  target=''
  ! grep -E 'Sanitizer|runtime error:' "$work/log" || return
  return "$status"
}

# pids_of ROLE: the warden's children that are brokers, listeners, workers or openers.
pids_of() {
  local name=cellblock-$1
  pgrep -P "$target" -x "${name:0:15}"
}

host() {
  timeout --foreground -k 5 "${LIMIT:-120}" "$NVMEHOST" -a 127.0.0.1 -s "$port" -n "$nqn" "$@"
}

# as LETTER ARGUMENT...: this host, of a name and an identifier of its own (a to f).
as() {
  local who=$1
  shift
  host -q "nqn.2026-01.example:host-$who" -i "$(printf "%.0s$who" {1..32})" "$@"
}

ctl() { timeout --foreground 30 "$CELLBLOCKCTL" -s "$work/control" "$@"; }

# hold NAME LETTER ARGUMENT...: a controller that stays; waits until it is there.
hold() {
  local name=$1 who=$2
  shift 2
  spawn "$name" as "$who" "$@" hold
  wait_for 30 said "$name" '^hold:'
}

# spawn NAME COMMAND...: in the background. joined NAME: wait for it; its status, its words.
spawn() {
  local name=$1
  shift
  "$@" </dev/null >"$work/$name.said" 2>&1 &
  job[$name]=$!
}

joined() {
  local status=0
  wait "${job[$1]}" || status=$?
  unset "job[$1]"
  cat "$work/$1.said"
  return "$status"
}

# end NAME: the hold of that name ends in order.
end() {
  pkill -TERM -g "${job[$1]}" -x nvmehost
  joined "$1"
}

# drop NAME: at once, without a word.
drop() {
  kill -KILL -- "-${job[$1]}"
  joined "$1" >/dev/null 2>&1
  return 0
}

said() { grep -qE -- "$2" "$work/$1.said"; }
logged() { grep -qE -- "$1" "$work/log"; }

# mount_hangfs SIZE: $work/mnt/disk, with $work/demands for what it shall do (hangfs.c).
mount_hangfs() {
  mkdir "$work/demands" "$work/mnt"
  truncate -s "$1" "$work/backing"
  at_end+=("umount -l $work/mnt")
  spawn hangfs "$PWD/tests/hangfs" "$work/demands" "$work/backing" "$work/mnt"
  wait_for 30 test -e "$work/mnt/disk"
}

# attach FILE [OPTION...]: $device becomes a loop device of it.
attach() {
  device=$(losetup -f --show "$@") || return
  at_end+=("losetup -d $device")
}
