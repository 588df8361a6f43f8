#!/bin/bash
# ANA: states per group and listener, changed while the service runs, under I/O, seen by hosts in log
# page, events and statuses; kept when the configuration is read again.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires python3
port=$(pick_port)
second=$(pick_port "$port")
truncate -s 16M "$work/disk"

# write_config STATE: of group 1, through the first listener.
write_config() {
  config <<YAML
listeners: [{address: 127.0.0.1:$port}, {address: 127.0.0.1:$second}]
subsystems:
  - nqn: $nqn
    allow-any-host: true
    cntlids: 100-199
    anatt: 5s
    ana-groups:
      - {id: 1, state: $1, listeners: [{listener: 127.0.0.1:$second, state: non-optimized}]}
      - {id: 7}
    namespaces:
      - {nsid: 1, path: $work/disk, ana-group: 1}
      - {nsid: 2, ram: 4M, ana-group: 1}
      - {nsid: 3, ram: 4M, ana-group: 7}
YAML
}
two() { host -s "$second" "$@"; }
# states: of group 1 through both listeners, as cellblockctl shows them.
states() {
  ctl ana --json | python3 -c '
import json, sys
print(*[a["state"] for a in json.load(sys.stdin) if a["group"] == 1])'
}
reload() {
  local old
  old=$(pids_of broker)
  kill -HUP "$target"
  wait_for 30 eval "is_gone $old && [ -n \"\$(pids_of broker)\" ]"
}

write_config optimized
check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "states as configured" same "$(states)" "optimized non-optimized"
check "what Identify says" fails 0 '^cmic +0xb' host id-ctrl
check "log 0Ch through the first" fails 0 'ana: group 1 state 1 count 1: 1 2' host ana-log
check "and the other group" fails 0 'ana: group 7 state 1 count 1: 3' host ana-log
check "through the second" fails 0 'ana: group 1 state 2 count 1: 1 2' two ana-log
check "a controller id from the range" fails 0 'cntlid 1[0-9][0-9],' host events --seconds 1

hold other a --nsid 3 --io 200 --kato 1000
spawn events as b --kato 3000 events
check "a host waits for events" wait_for 30 said events '^events: '
spawn load as c --nsid 1 --queues 2 --seconds 300 stress
check "another one is at work" wait_for 30 eval \
  '[ "$(ctl sessions --json | grep -o "host-c[^}]*\"writes\":[0-9]*" | grep -o "[0-9]*$")" -gt 100 ]'
check "the first path is closed" ctl ana "$nqn" 1 inaccessible --listener "127.0.0.1:$port"
check "who was at work is told so" fails 1 '0x2302|0x2303' joined load
check "reads are refused, not for ever" fails 1 '0x2302 ' host --nsid 1 read
check "and writes" fails 1 '0x2302 ' host --nsid 2 write
check "and Flush" fails 1 '0x2302 ' host --nsid 2 flush
check "the other path is open" two --nsid 1 --bytes 64K verify
check "so is the other group" host --nsid 3 --bytes 64K verify
check "the event came" wait_for 30 said events '^event: type 2 info 0x3 log 0xc$'
check "with the new state" wait_for 30 said events '^ana: group 1 state 3 count 3: 1 2$'
check "cellblockctl shows it" same "$(states)" "inaccessible non-optimized"
check "persistent loss" ctl ana "$nqn" 1 persistent-loss --listener "127.0.0.1:$port"
check "has a status of its own" fails 1 '0x2301 ' host --nsid 1 read
check "so has a change" ctl ana "$nqn" 1 change --listener "127.0.0.1:$port"
check "which is tried again" fails 1 '0x2303 ' host --nsid 1 read
check "and does not last" wait_for 30 eval '[ "$(states)" = "inaccessible non-optimized" ]'
check "non-optimized" ctl ana "$nqn" 1 non-optimized --listener "127.0.0.1:$port"
check "can be reached" host --nsid 1 --bytes 64K verify
spawn load as c --nsid 1 --queues 2 --seconds 3 stress
check "optimized, under load" ctl ana "$nqn" 1 optimized
check "and back" ctl ana "$nqn" 1 non-optimized
check "no command fails for that" joined load

check "a reload" reload
check "what was set stays" same "$(states)" "non-optimized non-optimized"
check "for hosts, too" fails 0 'ana: group 1 state 2 count [0-9]+: 1 2' host ana-log
write_config inaccessible
check "a reload with another state" reload
check "that counts" same "$(states)" "inaccessible non-optimized"
last_state() { grep '^ana: group 1 ' "$work/events.said" | tail -n 1; }
check "also for who is there" wait_for 30 eval 'last_state | grep "state 3"'
check "as configured again" ctl ana "$nqn" 1 configured

check "no such group" fails 1 'no such ANA group' ctl ana "$nqn" 2 optimized
check "no such subsystem" fails 1 'no such subsystem' ctl ana "${nqn}x" 1 optimized
check "no such listener" fails 1 'no such listener' ctl ana "$nqn" 1 optimized --listener 10.0.0.1:1
check "no such state" fails 2 'is no state' ctl ana "$nqn" 1 optimised
check "one word too few" fails 2 'usage' ctl ana "$nqn" 1
check "who has the other group was not disturbed" end other
check "nor was who waited for events" end events
check "the target stops" stop_target
finish
