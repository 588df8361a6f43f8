#!/bin/bash
# What the system says, from outside, of every process of a target that is serving: ids,
# capabilities, filter, root, namespaces, limits, memory, and each descriptor that it holds.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires root
port=$(pick_port)
truncate -s 32M "$work/disk"
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
subsystems:
  - nqn: $nqn
    allow-any-host: true
    namespaces: [{nsid: 1, path: $work/disk}, {nsid: 2, ram: 4M}]
YAML

# statuses PID KEY: that line of every thread, each different one once.
statuses() { sed -n "s/^$2:[[:space:]]*//p" /proc/"$1"/task/*/status | sort -u; }

narrowed() {
  local set
  same "$(statuses "$1" Seccomp)" 2 && same "$(statuses "$1" NoNewPrivs)" 1 || return
  for set in Inh Prm Eff Bnd Amb; do
    same "$(statuses "$1" "Cap$set")" 0000000000000000 || return
  done
  same "$(statuses "$1" Groups | xargs)" "" && same "$(stat -c %u "/proc/$1/environ")" 0
}

# has_ids PID UID: the four of each kind.
has_ids() {
  same "$(statuses "$1" Uid | xargs)" "$2 $2 $2 $2" && same "$(statuses "$1" Gid | xargs)" "$2 $2 $2 $2"
}

has_empty_root() {
  same "$(ls -A "/proc/$1/root/")" "" && [[ $(readlink "/proc/$1/root") == *'(deleted)' ]]
}

is_apart() {
  local ns
  for ns in net ipc uts; do
    not same "$(readlink "/proc/$1/ns/$ns")" "$(readlink "/proc/self/ns/$ns")" || return
  done
}

limit() { sed -nE "s/^$2 +([0-9a-z]+) +([0-9a-z]+).*/\1 \2/p" "/proc/$1/limits"; }
# With a ring the kernel starts threads, a bounded number: for who has one.
has_limits() {
  local name processes
  for name in 'Max core file size' 'Max msgqueue size' 'Max locked memory'; do
    same "$(limit "$1" "$name")" "0 0" || return
  done
  processes=$(limit "$1" 'Max processes')
  if has_ring && pids_of worker | grep -qx "$1"; then
    test "${processes% *}" -gt 0 && test "${processes#* }" -lt $((100 * ${LANES:-1})) || return
  else
    same "$processes" "0 0" || return
  fi
  test "$(limit "$1" 'Max open files' | cut -d' ' -f2)" -lt 100000
}

has_no_writable_code() { not grep -E '^[^ ]+ .wx' "/proc/$1/maps"; }

# holds PID WHAT...: these descriptors and no other; numbers that the kernel gave are left out.
holds() {
  local pid=$1 fd
  shift
  same "$(for fd in /proc/"$pid"/fd/*; do readlink "$fd" | sed 's/:\[[0-9]*\]$//'; done | sort | xargs)" \
    "$(printf '%s\n' "$@" | sort | xargs)"
}

is_older_than() { not same "$(printf '%s\n' "$1" "$(uname -r)" | sort -V | head -n 1)" "$1" >/dev/null; }
times() { for ((i = 0; i < $2; i++)); do echo "$1"; done; }
count() { pids_of "$1" | wc -l; }
controller() { for pid in $(pids_of worker); do grep -q "cntlid" "/proc/$pid/cmdline" && echo "$pid"; done; }
spare() { for pid in $(pids_of worker); do grep -q "spare" "/proc/$pid/cmdline" && echo "$pid"; done; }
has_queues() { grep -q "2 queues" "/proc/$(controller)/cmdline"; }

listener_holds() {	# doors come and go while spares are started
  # shellcheck disable=SC2046
  holds "$listener" "${nulls[@]}" socket socket $(times socket "$(spare | wc -l)")
}

look_at() {
  local name=$1 pid=$2
  check "$name: filter, no_new_privs, capabilities, groups, dumpable" narrowed "$pid"
  check "$name: an empty root without a name" has_empty_root "$pid"
  check "$name: namespaces of its own" is_apart "$pid"
  check "$name: limits" has_limits "$pid"
  check "$name: nothing writable can be executed" has_no_writable_code "$pid"
}

check "the target starts" start_target -d -f "$work/cellblock.yaml"
spawn load host --queues 2 --seconds 100 stress
check "a host has its controller" wait_for 30 has_queues
broker=$(pids_of broker) listener=$(pids_of listener) worker=$(controller)
base=$(statuses "$broker" Uid | cut -f1)
nulls=(/dev/null /dev/null /dev/null)
wait_for 10 test "$(count worker)" -gt 1
idle=$(spare | head -n 1)

look_at broker "$broker"
look_at listener "$listener"
look_at controller "$worker"
look_at spare "$idle"
check "the broker's uid is no system uid" test "$base" -ge 65536
check "the broker's ids" has_ids "$broker" "$base"
check "the listener's ids" has_ids "$listener" "$((base + 1))"
check "the controller's ids" has_ids "$worker" "$(statuses "$worker" Uid | cut -f1)"
check "workers' ids are beyond the system's" test "$(statuses "$worker" Uid | cut -f1)" -ge $((base + 16))
check "no two workers share a uid" same "$(for p in $(pids_of worker); do statuses "$p" Uid; done | sort | uniq -d)" ""
if ! grep -q __asan_init "$CELLBLOCKD"; then	# in such a build everybody has a stderr
  lane=('anon_inode:[eventpoll]' 'anon_inode:[eventfd]')
  namespaces=("$work/disk" '/memfd:cellblock-ram (deleted)')
  ! has_ring || namespaces=()	# they are in the ring
  ! has_ring || ! is_older_than 6.3 || lane+=('anon_inode:[io_uring]')
  lanes=()
  for ((i = 0; i < ${LANES:-1}; i++)); do lanes+=("${lane[@]}"); done
  check "a spare worker holds its channel and its door" holds "$idle" "${nulls[@]}" socket socket \
    "${lanes[@]}"
  # shellcheck disable=SC2046
  check "a controller holds three connections and its namespaces" holds "$worker" "${nulls[@]}" \
    socket $(times socket 3) "${namespaces[@]}" "${lanes[@]}"
  check "the listener holds its channel, a socket and the spares' doors" wait_for 10 listener_holds
fi
check "the load goes on" not is_gone "${job[load]}"
check "the target stops" stop_target
finish
