#!/bin/bash
# What the stories share inside the guest. A story sources this, makes its checks, and ends with
# "finish". Every check prints one TAP line; what a failed command said follows as comments.
#
# From the environment: TARGET (address), PORT, DISCOVERY (port), NQN, NQN2 (subsystems),
# STANDIN (no Cellblock there: guest/standin.sh answers for the host).
: "${TARGET:=192.0.2.1}" "${PORT:=4420}" "${DISCOVERY:=8009}"
: "${NQN:=nqn.2026-01.example:one}" "${NQN2:=nqn.2026-01.example:two}"
host_a=11111111-2222-3333-4444-555555555555
host_b=22222222-2222-3333-4444-555555555555
uuid_nqn=nqn.2014-08.org.nvmexpress:uuid:
# Short delays, so that a story is quick; no deadline that a busy machine could miss.
patience=(--reconnect-delay=1 --ctrl-loss-tmo=600 --keep-alive-tmo=30)
story=${0##*/}
story=${story%.sh}
failed=0
exec 9>&1
[ -z "${STANDIN:-}" ] || . ./standin.sh

note() { echo "# ${*//$'\n'/$'\n# '}"; }

# check NAME COMMAND...: one TAP line; returns the command's success.
check() {
  local name=$1 output status
  shift
  output=$("$@" 2>&1)
  status=$?
  if [ $status = 0 ]; then
    echo "ok - $story: $name"
    return 0
  fi
  echo "not ok - $story: $name"
  note "status $status of: $*"
  [ -z "$output" ] || note "$(tail -n 25 <<<"$output")"
  failed=1
  return 1
}

# says STATUS COMMAND...: it fails, and nvme-cli names the status (hexadecimal, DNR does not count).
says() {
  local status=$1 said
  shift
  said=$("$@" 2>&1) && { echo "no failure: $said"; return 1; }
  grep -Eiq "\(0x[4-6]?0*$status\)" <<<"$said" || { echo "not status $status: $said"; return 1; }
}

# fails_with PATTERN COMMAND...: it fails, and says so.
fails_with() {
  local pattern=$1 said
  shift
  said=$("$@" 2>&1) && { echo "no failure: $said"; return 1; }
  grep -Eq "$pattern" <<<"$said" || { echo "not $pattern: $said"; return 1; }
}

# must NAME COMMAND...: the same, and the story ends here if it fails.
must() {
  check "$@" || finish
}

# is NAME GOT EXPECTED
is() {
  check "$1: $3" test "$2" = "$3" || note "got: $2"
}

finish() {
  nvme disconnect-all >/dev/null 2>&1
  exit "$failed"
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

# on_host WORDS...: something that only the host side can do; returns its status. The port of our
# output can be opened only once: what is said to the host goes there past check, through 9.
on_host() {
  local status
  if [ -n "${STANDIN:-}" ]; then
    standin "$@"
    return
  fi
  exec 7</dev/port-reply || return
  echo "@host $*" >&9
  read -r -t 400 status <&7 || echo "no answer from the host side"
  exec 7<&-
  return "${status:-1}"
}

# controller NQN: the name of the controller that is connected to it, such as nvme0.
controller() {
  local c
  for c in /sys/class/nvme/nvme*; do
    if [ "$(cat "$c/subsysnqn" 2>/dev/null)" = "$1" ]; then
      echo "${c##*/}"
      return
    fi
  done
  return 1
}

# block_device NQN NSID: by what the kernel says; the number in a device's name is not its NSID.
block_device() {
  local b
  for b in /sys/block/nvme*; do
    [[ ${b##*/} =~ ^nvme[0-9]+n[0-9]+$ && -b /dev/${b##*/} ]] || continue
    if [ "$(cat "$b/device/subsysnqn")" = "$1" ] && [ "$(cat "$b/nsid")" = "$2" ]; then
      echo "/dev/${b##*/}"
      return
    fi
  done
  return 1
}

# discovery_at ADDRESS PORT: the name of the discovery controller that stays there, and is live.
discovery_at() {
  local c
  for c in /sys/class/nvme/nvme*; do
    [ "$(cat "$c/cntrltype" 2>/dev/null)" = discovery ] || continue
    if grep -qF "traddr=$1,trsvcid=$2" "$c/address" && is_live "${c##*/}"; then
      echo "${c##*/}"
      return
    fi
  done
  return 1
}

attribute() { cat "/sys/class/nvme/$1/$2"; }
is_live() { [ "$(attribute "$1" state)" = live ]; }
all_gone() { [ -z "$(ls /sys/class/nvme)" ]; }

# host_identity UUID: the options that make nvme-cli speak as that host.
host_identity() { echo "--hostnqn=$uuid_nqn$1 --hostid=$1"; }

# connect UUID NQN [options]: connects and sets ctrl and dev (its namespace 1).
connect() {
  local uuid=$1 nqn=$2
  shift 2
  # shellcheck disable=SC2046
  nvme connect -t tcp -a "$TARGET" -s "$PORT" -n "$nqn" $(host_identity "$uuid") \
    "${patience[@]}" "$@" || return
  wait_for 60 controller "$nqn" && wait_for 60 block_device "$nqn" 1 || return
  ctrl=$(controller "$nqn")
  dev=$(block_device "$nqn" 1)
  wait_for 60 is_live "$ctrl"
}

# connect_in_time UUID NQN [options]: connect, which may be refused for a while.
connect_in_time() {
  local tries=30
  until connect "$@"; do
    [ $((tries -= 1)) -gt 0 ] || return
    sleep 1
  done
}

# Like must, for connect (or the function in $connect): it sets variables, so no subshell.
must_connect() {
  local name=$1
  shift
  if ${connect:-connect} "$@" >/tmp/connect.out 2>&1; then
    echo "ok - $story: $name"
  else
    echo "not ok - $story: $name"
    note "$(cat /tmp/connect.out)"
    note "$(dmesg | grep nvme | tail -n 5)"
    failed=1
    finish
  fi
}

# controller_of UUID: of that host, whatever other one the subsystem has.
controller_of() {
  local c
  for c in /sys/class/nvme/nvme*; do
    [ "$(cat "$c/hostid" 2>/dev/null)" != "$1" ] || echo "/dev/${c##*/}"
  done | grep .
}

# connect_second: host B to the subsystem where host A is; sets a and b, the controllers of both.
# shellcheck disable=SC2034
connect_second() {
  # shellcheck disable=SC2046
  must "host B connects" nvme connect -t tcp -a "$TARGET" -s "$PORT" -n "$NQN" \
    $(host_identity $host_b) "${patience[@]}" --nr-io-queues=1
  must "both are there" wait_for 30 controller_of $host_b
  a=$(controller_of $host_a) b=$(controller_of $host_b)
}

must_disconnect() {
  must "disconnect${1:+ $1}" nvme disconnect-all
  must "no controller is left" wait_for 30 all_gone
}

# verify DEVICE [fio options]: writes and reads back, sizes mixed, each block with its checksum.
verify() {
  local on=$1
  shift
  fio --name=verify --filename="$on" --direct=1 --ioengine=libaio --iodepth=16 --rw=randwrite \
    --bsrange=4k-512k --size=32M --verify=crc32c --verify_fatal=1 "$@"
}

# load_start NAME DEVICE [fio options]: the same without an end, in the background.
load_start() {
  local name=$1 on=$2
  shift 2
  fio --name="$name" --filename="$on" --direct=1 --ioengine=libaio --iodepth=8 --rw=randwrite \
    --bsrange=4k-64k --offset=32M --size=16M --verify=crc32c --verify_fatal=1 \
    --verify_backlog=64 --time_based --runtime=3600 --output-format=json \
    --output="/tmp/load-$name" "$@" >/dev/null 2>&1 &
  echo $! >"/tmp/load-$name.pid"
}

# Sectors that have gone through a subsystem's devices; the hidden paths count where the head
# of a multipath device does not.
sectors() {
  local b n=0
  for b in /sys/block/nvme*; do
    [ "$(cat "$b/device/subsysnqn")" = "$1" ] || continue
    n=$((n + $(awk '{ print $3 + $7 }' "$b/stat")))
  done
  echo $n
}

# moved NQN SECTORS: more than so many went through.
moved() { [ "$(sectors "$1")" -gt "$2" ]; }

# goes_on NQN: its load does something, from now on.
goes_on() { wait_for 120 moved "$1" $(($(sectors "$1") + 1024)); }

# load_stop NAME: fails unless the load was still running and met no error.
load_stop() {
  local pid
  pid=$(cat "/tmp/load-$1.pid")
  kill -INT "$pid" || return
  wait_for 120 is_dead "$pid" || return
  jq -e '.jobs | length == 1 and all(.error == 0)' <(sed -n '/^{/,$p' "/tmp/load-$1") ||
    { tail -n 20 "/tmp/load-$1"; return 1; }
}

is_dead() { ! grep -q '^State:.[^Z]' "/proc/$1/status" 2>/dev/null; }

# What the kernel has said about a controller (nvme: any) since "mark".
mark() { dmesg | wc -l >/tmp/mark; }
kernel_said() { dmesg | tail -n "+$(($(cat /tmp/mark) + 1))" | grep -F "nvme $1"; }
reconnected() { kernel_said "$1:" | grep -q "Successfully reconnected"; }
nothing_said() { ! kernel_said "$1"; }

modprobe nvme-tcp
