#!/bin/bash
# Everything that a host must not do, on a port of the real target: nobody else notices, and no
# process ends that did not have to.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
transport: {header-digest: permit, data-digest: permit, flow-control-off: permit}
limits: {greeting-timeout: 2s, transfer-timeout: 2s}
subsystems:
  - {nqn: $nqn, allow-any-host: true, namespaces: [{nsid: 1, ram: 16M}]}
YAML
mapfile -t tables < <("$NVMEHOST" misbehave list | cut -d/ -f1 | uniq)

check "the target starts" start_target -d -f "$work/cellblock.yaml"
before="$(pids_of broker) $(pids_of listener)"
spawn load as a --queues 2 --kato 5000 --lba 8192 --seconds 300 stress
for t in "${tables[@]}"; do check "$t" host misbehave "$t"; done
check "discovery, too" host -n "$discovery" misbehave all
check "broker and listener are the same" same "$(pids_of broker) $(pids_of listener)" "$before"
check "no worker crashed or broke a rule" not logged 'died of signal|broke a rule|report this'
check "nobody was disturbed" end load
check "the target stops" stop_target
finish
