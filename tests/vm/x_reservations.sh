#!/bin/bash
# Two hosts of a real Linux and one namespace: they reserve it, and one protects it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"
uuid=nqn.2014-08.org.nvmexpress:uuid
truncate -s 64M "$VM_WORK/disk1"
cat >"$VM_WORK/cellblock.yaml" <<YAML
service: {state-dir: $VM_WORK/state, control-socket: none}
listeners: [{address: $TARGET:$PORT}]
subsystems:
  - nqn: $NQN
    hosts:
      - {nqn: "$uuid:11111111-2222-3333-4444-555555555555", may-write-protect: true}
      - {nqn: "$uuid:22222222-2222-3333-4444-555555555555"}
    namespaces: [{nsid: 1, path: $VM_WORK/disk1}]
YAML
check "the target starts" target_start
story_vm "reservations protect" -n cbtap0 -c 2 -t 900
check "the target stops" target_end TERM
finish
