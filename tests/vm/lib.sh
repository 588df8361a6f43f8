# shellcheck shell=bash
# The host side of the VM stories: the target under test, TAP lines, and the VM.
#
# A story (x_*.sh) sources this, calls "begin" first and "finish" last. From the environment:
# CELLBLOCKD, the program to test (default: the one of the build directory we are in).
vm=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
: "${CELLBLOCKD:=$PWD/broker/cellblockd}"
: "${TARGET:=192.0.2.1}" "${PORT:=4420}" "${DISCOVERY:=8009}"
: "${NQN:=nqn.2026-01.example:one}" "${NQN2:=nqn.2026-01.example:two}"
export CELLBLOCKD VM_WORK TARGET PORT DISCOVERY NQN NQN2

skip() {
  echo "1..0 # SKIP $*"
  exit 0
}

# begin "$@": what every story needs. It starts anew in a network of its own, where no package can be
# fetched: the images of $kernels are made before.
begin() {
  [ "$(uname -sm)" = "Linux x86_64" ] || skip "the VM is for Linux on x86_64"
  [ "$(id -u)" = 0 ] || skip "needs root, for a network of its own"
  [ -x "$CELLBLOCKD" ] || skip "no program $CELLBLOCKD (CELLBLOCKD=...)"
  if [ -z "${CELLBLOCK_NETNS:-}" ]; then
    for kernel in ${kernels:-6.12}; do
      "$vm/build" "$kernel" >/dev/null || { echo "Bail out! no image of $kernel"; exit 1; }
    done
    CELLBLOCK_NETNS=1 exec "$vm/netns" "$0" "$@"
  fi
  VM_WORK=$(mktemp -d "${TMPDIR:-/tmp}/cellblock-story.XXXXXX")
  chmod 755 "$VM_WORK"
  : >"$VM_WORK/tap"
  trap 'target_kill; rm -rf "$VM_WORK"' EXIT
  trap 'exit 143' HUP INT TERM
}

tap() { tee -a "$VM_WORK/tap"; }
note() { sed 's/^/# /' | tap; }

# check NAME COMMAND...: one TAP line, and what a failed command said as comments.
check() {
  local name=$1
  shift
  if "$@" >"$VM_WORK/said" 2>&1; then
    echo "ok - $name" | tap
  else
    echo "not ok - $name" | tap
    note <"$VM_WORK/said"
    return 1
  fi
}

# finish: the plan, the target's log if anything failed, and the exit status.
finish() {
  echo "1..$(grep -cE '^(not )?ok ' "$VM_WORK/tap")"
  grep -q '^not ok ' "$VM_WORK/tap" || exit 0
  [ ! -s "$VM_WORK/target.log" ] || tail -n 200 "$VM_WORK/target.log" | sed 's/^/# target: /'
  exit 1
}

# wait_for SECONDS COMMAND...: until it succeeds; the limit only ends what would hang.
wait_for() {
  local tries=$(($1 * 10))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $((tries -= 1)) -gt 0 ] || { echo "never came: $*"; return 1; }
    sleep 0.1
  done
}

# story_vm "STORIES" [run's options]...: these stories of guest/, one after the other in one VM.
story_vm() {
  local names=$1 status f files=()
  shift
  for f in "$vm"/guest/*.sh; do files+=(-a "$f"); done
  # shellcheck disable=SC2086
  "$vm/run" -m 1024 "${files[@]}" -r "$vm/host" -e TARGET="$TARGET" -e PORT="$PORT" \
    -e DISCOVERY="$DISCOVERY" -e NQN="$NQN" -e NQN2="$NQN2" "$@" \
    "$vm/guest/stories.sh" $names 2>"$VM_WORK/vm.err" | tap
  status=${PIPESTATUS[0]}
  note <"$VM_WORK/vm.err"
  check "the VM ends well, with $names" test "$status" = 0
}

# target_config: two subsystems on two files, each for one host, and a discovery port.
target_config() {
  local uuid=nqn.2014-08.org.nvmexpress:uuid
  truncate -s 128M "$VM_WORK/disk1"
  truncate -s 64M "$VM_WORK/disk2"
  cat >"$VM_WORK/cellblock.yaml" <<YAML
listeners:
  - address: $TARGET:$PORT
  - address: $TARGET:$DISCOVERY
    discovery: true
subsystems:
  - nqn: $NQN
    namespaces:
      - nsid: 1
        path: $VM_WORK/disk1
      - nsid: 2
        ram: 16M
    hosts:
      - nqn: $uuid:11111111-2222-3333-4444-555555555555
  - nqn: $NQN2
    namespaces:
      - nsid: 1
        path: $VM_WORK/disk2
    hosts:
      - nqn: $uuid:22222222-2222-3333-4444-555555555555
transport:
  header-digest: permit
  data-digest: permit
  flow-control-off: permit
YAML
}

accepts() { (exec 3<>"/dev/tcp/$TARGET/$PORT") 2>/dev/null; }
is_gone() { ! grep -q '^State:.[^Z]' "/proc/$1/status" 2>/dev/null; }
warden() { cat "$VM_WORK/target.pid" 2>/dev/null; }

# target_start: in the background, with the configuration; returns when it accepts.
target_start() {
  "$CELLBLOCKD" -d -f "$VM_WORK/cellblock.yaml" </dev/null >>"$VM_WORK/target.log" 2>&1 &
  echo $! >"$VM_WORK/target.pid"
  wait_for 60 accepts_or_ended
  ! is_gone "$(warden)"
}

accepts_or_ended() { accepts || is_gone "$(warden)"; }

# target_family: the warden and its children.
target_family() { warden && ps -o pid= --ppid "$(warden)"; }

# target_end SIGNAL: the warden gets it, and all of the family must end of itself.
target_end() {
  local family pid status=0
  family=$(target_family)
  kill "-$1" "$(warden)" || return
  rm "$VM_WORK/target.pid"
  for pid in $family; do
    wait_for 60 is_gone "$pid" && continue
    echo "left over: $(ps -o pid=,comm=,args= -p "$pid")"
    kill -KILL "$pid"
    status=1
  done
  return $status
}

# Whatever is left of it when a story ends.
target_kill() {
  [ -n "$(warden)" ] || return 0
  # shellcheck disable=SC2046
  kill -KILL $(target_family) 2>/dev/null
  rm -f "$VM_WORK/target.pid"
}

# role_pids ROLE: the warden's children that are brokers, listeners or workers.
role_pids() {
  local name=cellblock-$1
  ps -o pid=,comm= --ppid "$(warden)" | awk -v name="${name:0:15}" '$2 == name { print $1 }'
}

# worker_of ADDRESS: the one worker that serves connections from there.
worker_of() {
  local pids
  pids=$(ss -Htnp state established dst "$1" | grep -o 'pid=[0-9]*' | sort -u)
  [ "$(wc -l <<<"$pids")" = 1 ] && grep -x "${pids#pid=}" < <(role_pids worker | tr -d ' ')
}

has_new() { role_pids "$1" | grep -qvx "$2"; }
