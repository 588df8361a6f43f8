#!/bin/bash
# Discovery by a real host: over IPv6, and by nvme-stas, with a second target that is referred to.
# x_stas.sh [STORY...]: only these of ipv6, stas.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
begin "$@"
target6=2001:db8:2::1 referred=8010 nqn3=nqn.2026-01.example:three nqn4=nqn.2026-01.example:four
target_config
mkdir "$VM_WORK/conf.d" "$VM_WORK/second"
cat >"$VM_WORK/conf.d/more.yaml" <<YAML
listeners:
  - address: '[$target6]:$PORT'
  - {address: '[::]:$DISCOVERY', discovery: true}
discovery:
  referrals: [{address: '$TARGET:$referred'}]
YAML
# A service of its own: nothing that the first one has.
cat >"$VM_WORK/second/cellblock.yaml" <<YAML
service: {uid-range: 1900000000-1900009999, state-dir: $VM_WORK/second/state, control-socket: none}
listeners: [{address: '$TARGET:4430'}, {address: '$TARGET:$referred', discovery: true}]
subsystems:
  - nqn: $nqn4
    namespaces: [{nsid: 1, ram: 16M}]
    hosts: [{nqn: 'nqn.2014-08.org.nvmexpress:uuid:11111111-2222-3333-4444-555555555555'}]
YAML
check "the target starts" target_start
"$CELLBLOCKD" -d -f "$VM_WORK/second/cellblock.yaml" </dev/null >>"$VM_WORK/target.log" 2>&1 &
second=$!
trap 'kill -TERM $second 2>/dev/null; target_kill; rm -rf "$VM_WORK"' EXIT
check "a second target starts" wait_for 60 bash -c "exec 3<>/dev/tcp/$TARGET/$referred"
story_vm "${*:-ipv6 stas}" -n cbtap0 -t 900 -e TARGET6=$target6 -e REFERRED=$referred -e NQN3=$nqn3 -e NQN4=$nqn4
check "the second target stops" kill -TERM $second
check "the target stops" target_end TERM
finish
