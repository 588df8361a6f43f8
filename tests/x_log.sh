#!/bin/bash
# What a host can make the log say: one line for an event, under its own name, and not without end.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
subsystems:
  - {nqn: $nqn, namespaces: [{nsid: 1, ram: 4M}], hosts: []}
YAML
times=60

nonsense() { for ((i = 0; i < times; i++)); do host raw 4242424242424242; done; }
lines() { grep -c "protocol error .*addr=127.0.0.1" "$work/log"; }

check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "a stranger is refused" fails 3 . host -q "nqn.x:a addr=10.9.9.9 cntlid=7; b" id-ctrl
check "under its name" wait_for 30 logged \
  'host=nqn\.x:a\\x20addr=10\.9\.9\.9\\x20cntlid=7\\x3b\\x20b addr=127\.0\.0\.1'
check "nonsense, again and again" nonsense
check "is said" wait_for 30 logged 'protocol error .*addr=127.0.0.1'
check "but not each time" test "$(lines)" -lt "$times"
check "the target stops" stop_target
finish
