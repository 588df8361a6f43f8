#!/bin/bash
# A real host with two paths, whose states change under its load.
# x_ana.sh [STORY...]: only these of ana.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"
PATH2=192.0.3.1
truncate -s 128M "$VM_WORK/disk1"
cat >"$VM_WORK/cellblock.yaml" <<YAML
service: {control-socket: $VM_WORK/control}
listeners:
  - address: $TARGET:$PORT
  - address: $PATH2:$PORT
subsystems:
  - nqn: $NQN
    ana-groups:
      - {id: 1, listeners: [{listener: $PATH2:$PORT, state: non-optimized}]}
    namespaces:
      - {nsid: 1, path: $VM_WORK/disk1}
    hosts:
      - nqn: nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555
YAML
check "the target starts" target_start
story_vm "${*:-ana}" -n cbtap0,cbtap2 -c 4 -t 900 -e PATH2=$PATH2
check "the target stops" target_end TERM
finish
