#!/bin/bash
# A preempt is answered when the last write of the preempted host has landed, however late the device
# lets it: what the new holder writes then is never overwritten.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires root losetup /dev/fuse "$PWD/tests/hangfs"
port=$(pick_port)
mount_hangfs 16M || skip "no FUSE here"
attach "$work/mnt/disk" --direct-io=on || skip "no loop devices here"
config <<YAML
  uid-range: 1900000000-1900002000
listeners: [{address: 127.0.0.1:$port}]
limits: {change-timeout: 500ms}
subsystems:
  - nqn: $nqn
    namespaces: [{nsid: 1, path: $device}, {nsid: 2, ram: 4M}]
    hosts: [{nqn: nqn.2026-01.example:host-a}, {nqn: nqn.2026-01.example:host-b}]
YAML

demand() { touch "$work/demands/$1"; }
withdraw() { rm -f "$work/demands/$1"; }
refused() { fails 1 '0x6083 .Reservation Conflict' "$@"; }
write() { as "$1" --bytes 64K --seed "$2" write; }
worker_of() { ctl sessions | awk -v host="host-$1" '$0 ~ host { print $2; exit }'; }

check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "a host reserves" as a resv register 10
as b resv register 20 && as a resv acquire 10 1
demand hold
spawn late write a 2
check "a write of it is under way" wait_for 30 test -e "$work/demands/held"
withdraw hold
spawn preempt as b resv abort 20 1 10
check "it is preempted, and does not finish" wait_for 30 logged 'host-a.*worker killed|worker killed: it does not finish.*host-a'
drop late
check "another namespace is served meanwhile" as b --nsid 2 verify
check "the preempt is not answered" eval 'kill -0 -- "-${job[preempt]}"'
check "and other reservations of this namespace wait with it" eval 'spawn more as b resv register 20; sleep 1; kill -0 -- "-${job[more]}"'
demand release
check "it is answered when the write has landed" joined preempt
check "and so are those" joined more
check "the new holder writes" write b 3
check "and that lasts" as b --bytes 64K --seed 3 --no-write verify
check "the old one is shut out" wait_for 30 refused write a 4
check "the target stops" stop_target
finish
