#!/bin/bash
# Two hosts of a real Linux reserve one namespace.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"
truncate -s 64M "$VM_WORK/disk1"
cat >"$VM_WORK/cellblock.yaml" <<YAML
listeners: [{address: $TARGET:$PORT}]
subsystems:
  - nqn: $NQN
    allow-any-host: true
    namespaces: [{nsid: 1, path: $VM_WORK/disk1}]
YAML
check "the target starts" target_start
story_vm reservations -n cbtap0 -c 2 -t 900
check "the target stops" target_end TERM
finish
