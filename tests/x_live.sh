#!/bin/bash
# What another configuration and another size change for hosts that are connected, under their I/O:
# namespaces come, go, grow, shrink and become read-only; hosts are removed. The others notice nothing.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires python3 flock
port=$(pick_port)
truncate -s 16M "$work/disk" "$work/gone" "$work/other"

# write_config NAMESPACES HOSTS: more of each.
write_config() {
  config <<YAML
listeners: [{address: 127.0.0.1:$port}]
subsystems:
  - nqn: $nqn
    namespaces:
      - {nsid: 1, path: $work/other}
      $1
    hosts:
      - {nqn: nqn.2026-01.example:host-a}
      - {nqn: nqn.2026-01.example:host-b}
      $2
YAML
}
two="- {nsid: 2, path: $work/disk}"
three="- {nsid: 3, path: $work/gone}"
c='- {nqn: nqn.2026-01.example:host-c}'
reload() {
  local old
  old=$(pids_of broker)
  kill -HUP "$target"
  wait_for 30 eval "is_gone $old && [ -n \"\$(pids_of broker)\" ]"
}
# most HOST KEY: the largest value of any of its sessions, as cellblockctl shows them.
most() {
  ctl sessions --json | python3 -c '
import json, sys
a = [s for s in json.load(sys.stdin) if s["host"].endswith("host-" + sys.argv[1])]
print(max(s[sys.argv[2]] for s in a))' "$1" "$2"
}
has() { [ "$(most "$1" namespaces)" = "$2" ]; }
works() { [ "$(most "$1" writes)" -gt 50 ]; }

write_config "$two" "$c"
check "the target starts" start_target -d -f "$work/cellblock.yaml"
hold still a --nsid 1 --io 500 --kato 1000
spawn load as b --nsid 1 --queues 2 --kato 1000 --seconds 300 stress
spawn events as c --kato 2000 events
check "a host waits for events" wait_for 30 said events '^events: '
check "another one is at work" wait_for 30 works b

write_config "$two
      $three" "$c"
check "a namespace is added" reload
check "who was there has it" wait_for 30 has c 3
check "and was told" wait_for 30 said events '^ns 3: 32768 blocks, nsattr 0, '
spawn three as c --nsid 3 --seconds 300 stress
check "it can be written to" wait_for 30 works c

write_config "$two" "$c"
check "it is removed under I/O" reload
check "who used it is told so" fails 1 '0x6002 ' joined three
check "nobody has it" wait_for 30 has c 2
check "who was there was told" wait_for 30 said events '^ns 3: 0 blocks'
check "its file is free" wait_for 30 flock -n "$work/gone" true

truncate -s 32M "$work/disk"
check "a file grows, and somebody asks" fails 0 '^ *2 online.* 32M ' ctl rescan
check "hosts are told its size" wait_for 30 said events '^ns 2: 65536 blocks'
check "what is new can be used" as a --nsid 2 --lba 60000 --bytes 64K verify
truncate -s 24M "$work/disk"
check "it shrinks, and nobody asks" wait_for 30 said events '^ns 2: 49152 blocks'
check "what is gone cannot be read" fails 1 '0x6080 ' as a --nsid 2 --lba 60000 read
check "nor written" fails 1 '0x6080 ' as a --nsid 2 --lba 60000 write

spawn two as c --nsid 2 --seconds 300 stress
check "a host writes" wait_for 30 works c
write_config "- {nsid: 2, path: $work/disk, read-only: true}" "$c"
check "the namespace becomes read-only" reload
check "it cannot write any more" fails 1 '0x6020 ' joined two
check "hosts were told" wait_for 30 said events '^ns 2: 49152 blocks, nsattr 0x1'
check "it can be read" as a --nsid 2 --lba 100 read
write_config "$two" "$c"
check "it can be written again" reload
check "hosts were told that" wait_for 30 eval \
  'grep "^ns 2: 49152" "$work/events.said" | tail -n 1 | grep "nsattr 0,"'
check "and it is true" as a --nsid 2 --bytes 64K verify

write_config "$two" ''
check "a host is removed" reload
check "it has to go" fails 1 'closed' joined events
check "and is not let in again" fails 3 'Invalid Host' as c list-ns
check "who only read was not disturbed" end still
check "nor was who wrote all the time" end load
check "the target stops" stop_target
finish
