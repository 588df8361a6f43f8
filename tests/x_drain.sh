#!/bin/bash
# What a killed worker has written reaches the device late, and never over newer data: its host
# gets the namespace again when the last of it has landed. Others are served meanwhile.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires root losetup /dev/fuse "$PWD/tests/hangfs"
port=$(pick_port)
mount_hangfs 16M || skip "no FUSE here"
attach "$work/mnt/disk" --direct-io=on || skip "no loop devices here"
config <<YAML
  uid-range: 1900000000-1900002000
listeners: [{address: 127.0.0.1:$port}]
limits: {greeting-timeout: 2s}
subsystems:
  - nqn: $nqn
    namespaces: [{nsid: 1, path: $device}, {nsid: 2, ram: 4M}]
    hosts:
      - {nqn: nqn.2026-01.example:host-a}
      - {nqn: nqn.2026-01.example:host-b}
      - {nqn: nqn.2026-01.example:host-c, namespaces: [2]}
YAML

demand() { touch "$work/demands/$1"; }
withdraw() { rm -f "$work/demands/$1"; }
worker_of() { ctl sessions | awk -v host="host-$1" '$0 ~ host { print $2 }'; }
# Data of 64 KiB at the beginning: written with this seed?
is_written() { as "$1" --bytes 64K --seed "$2" --no-write verify; }
write() { as "$1" --bytes 64K --seed "$2" write; }

check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "data is written" write a 1
check "and found" is_written a 1
demand hold
spawn late write a 2
check "a write is under way" wait_for 30 test -e "$work/demands/held"
withdraw hold
pid=$(worker_of a)
uid=$(awk '/^Uid/ { print $2 }' "/proc/$pid/status")
check "its worker is killed" kill -KILL "$pid"
drop late
! has_ring || check "a ring's writes outlive it" wait_for 10 is_gone "$pid"
check "the host comes back, and has to wait" fails 3 'Busy' write a 3
check "it is said that this will pass" fails 3 '0x181 ' write a 3 # no DNR
check "who does not have the namespace is served" as c --nsid 2 verify
check "nobody else gets its uid" same "$(pgrep -U "$uid" | grep -vx "$pid")" ""
demand release
check "the late write lands, and the host is let in" wait_for 30 write a 3
check "its data is what it wrote last" is_written a 3
check "the killed worker is gone" is_gone "$pid"

withdraw release
withdraw held
demand hold
spawn late write a 4
check "another write is under way" wait_for 30 test -e "$work/demands/held"
withdraw hold
check "worker and broker are killed" kill -KILL "$(worker_of a)" "$(pids_of broker)"
drop late
check "a new broker knows" wait_for 30 fails 3 'Busy' write a 5
demand release
check "and lets the host in when it has landed" wait_for 30 write a 5
check "again its data is what it wrote last" is_written a 5
check "the target stops" stop_target
finish
