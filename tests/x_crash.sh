#!/bin/bash
# kill -9 of any worker, of the broker, of the listener, again and again, under load: nobody else
# notices, and everything comes back.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires python3
port=$(pick_port)
truncate -s 32M "$work/a" "$work/b"
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
subsystems:
  - nqn: $nqn
    hosts: [{nqn: nqn.2026-01.example:host-a, namespaces: [1]},
      {nqn: nqn.2026-01.example:host-b, namespaces: [2]},
      {nqn: nqn.2026-01.example:host-c, namespaces: [3]}]
    namespaces: [{nsid: 1, path: $work/a}, {nsid: 2, path: $work/b}, {nsid: 3, ram: 4M}]
YAML

# sessions FIELD LETTER: of that host's controllers, as cellblockctl shows them.
sessions() {
  ctl sessions --json | python3 -c '
import json, sys
for s in sorted(json.load(sys.stdin), key=lambda s: s["cntlid"]):
    if s["host"].endswith("host-" + sys.argv[2]): print(s[sys.argv[1]])' "$1" "$2"
}

# kill_role ROLE...: all processes of them; waits until each has others.
kill_role() {
  local role pids=''
  for role; do pids+=" $(pids_of "$role" | xargs)"; done
  # shellcheck disable=SC2086
  kill -KILL $pids || return
  for role; do wait_for 30 others "$role" "$pids" || return; done
}

# others ROLE PIDS: is there one of that role that is none of these?
others() { pids_of "$1" | grep -qvwFf <(xargs -n1 <<<"$2"); }

# Spares, listener and broker; the worker of b stays.
kill_others() {
  # shellcheck disable=SC2046
  kill -KILL $(pgrep -P "$target" | grep -vx "$pid")
  wait_for 30 serves
}

said_queues() { [ "$(sessions queues "$1")" = 2 ]; }
newcomer() { as c --nsid 3 --no-write --bytes 256K verify; }
same_b() { same "$(sessions cntlid b)/$(sessions pid b)" "$id/$pid"; }

check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "a RAM disk is written to" as c --nsid 3 --bytes 256K verify
spawn a as a --nsid 1 --queues 2 --kato 10000 --seconds 300 stress
spawn b as b --nsid 2 --queues 2 --kato 10000 --seconds 300 stress
wait_for 30 said_queues a
check "two hosts have their controllers" wait_for 30 said_queues b
id=$(sessions cntlid b) pid=$(sessions pid b)

check "a worker is killed" kill -KILL "$(sessions pid a)"
check "its host notices" fails 1 'closed' joined a
check "it connects anew and verifies" as a --nsid 1 --queues 2 --seconds 2 stress
for n in 1 2 3; do
  check "the broker is killed, $n" kill_role broker
  check "a newcomer finds what was in the RAM disk, $n" newcomer
  check "the listener is killed, $n" kill_role listener
  check "a newcomer is served, $n" newcomer
  check "the old controller is shown as it was, $n" same_b
done
before=$(sessions reads b)
check "broker and listener are killed at once" kill_role broker listener
check "a newcomer is served after that" newcomer
check "the counters go on" test "$(sessions reads b)" -gt "$before"
check "all but that one controller are killed" kill_others
check "a newcomer is served even so" newcomer
check "it is still the same" same_b
check "its host noticed nothing" end b
check "the target stops" stop_target
finish
