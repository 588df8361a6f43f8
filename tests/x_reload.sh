#!/bin/bash
# SIGHUP is a new broker with the file as it is now, if that can be used; controllers never notice.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires python3
port=$(pick_port)
second=$(pick_port "$port")
two=nqn.2026-01.example:two
truncate -s 16M "$work/disk" "$work/disk2"

# write_config [LINES]: the first subsystem, and more.
write_config() {
  config <<YAML
listeners:
  - address: 127.0.0.1:$port
  ${2:-}
subsystems:
  - nqn: $nqn
    allow-any-host: true
    namespaces: [{nsid: 1, path: $work/disk}, {nsid: 2, ram: 4M}]
  ${1:-}
YAML
}

# reload: SIGHUP; returns when another broker than before is in charge.
reload() {
  local old
  old=$(pids_of broker)
  kill -HUP "$target"
  wait_for 30 replaced "$old"
}

replaced() { is_gone "$1" && [ -n "$(pids_of broker)" ]; }
uuid() { ctl namespaces --json | python3 -c 'import json, sys; print(json.load(sys.stdin)[0]["uuid"])'; }

write_config
check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "the RAM disk is written to" host --nsid 2 --bytes 1M verify
first=$(uuid)
spawn load as a --queues 2 --kato 10000 --seconds 300 stress
hold idle b --kato 5000

check "not yet there" fails 3 'IPO 256' host -n "$two" list-ns
write_config "- {nqn: $two, allow-any-host: true, namespaces: [{nsid: 5, path: $work/disk2}]}" \
  "- address: 127.0.0.1:$second"
check "a reload" reload
check "the new subsystem" wait_for 30 host -n "$two" --nsid 5 --bytes 1M verify
check "at the new address, too" host -s "$second" -n "$two" list-ns
check "the old one as it was" same "$(uuid)" "$first"
check "with the same RAM disk" host --nsid 2 --bytes 1M --no-write verify

broker=$(pids_of broker)
write_config "- {nqn: $two, allow-any-hots: true}"
kill -HUP "$target"
check "a broken file is complained about" wait_for 30 logged "did you mean 'allow-any-host'"
check "and the old configuration stays" wait_for 30 logged 'reload failed'
check "with its broker" same "$(pids_of broker)" "$broker"
check "which still admits" host -n "$two" --nsid 5 --bytes 1M verify

hold gone c -n "$two" --nsid 5 --io 10
write_config
check "a reload without the second subsystem" reload
check "nobody gets in there" wait_for 30 fails 3 'IPO 256' host -n "$two" list-ns
check "nor at its address" not listens "$second"
check "who was in has to go" fails 1 'closed' joined gone
write_config "- {nqn: $two, allow-any-host: true, namespaces: [{nsid: 5, path: $work/disk2}]}"
for _ in 1 2 3; do kill -HUP "$target"; done
check "three reloads at once" wait_for 30 host -n "$two" --nsid 5 --bytes 1M verify
check "who did nothing was not disturbed" end idle
check "nor was who worked all the time" end load
check "the target stops" stop_target
finish
