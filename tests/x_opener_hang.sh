#!/bin/bash
# A device whose open does not return stops nobody: its namespace waits, the others are served, and
# when it returns the namespace is there.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires root /dev/fuse "$PWD/tests/hangfs"
port=$(pick_port)
mount_hangfs 16M || skip "no FUSE here"
truncate -s 16M "$work/file"
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
subsystems:
  - nqn: $nqn
    allow-any-host: true
    namespaces:
      - {nsid: 1, path: $work/mnt/disk}
      - {nsid: 2, path: $work/file}
      - {nsid: 3, ram: 4M}
YAML
demand() { touch "$work/demands/$1"; }
withdraw() { rm -f "$work/demands/$1"; }
is_state() { same "$(ctl namespaces | awk '$1 == 1 { print $2 }')" "$1"; }

demand hang
check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "the namespace waits" is_state waiting
check "the others are served" host --nsid 2 verify
check "all the time" as a --nsid 3 --seconds 2 stress
check "why is in the log" wait_for 30 logged 'mnt/disk does not answer'
check "few processes wait for it" test "$(pids_of opener | wc -l)" -le 2
check "the broker is killed" kill -KILL "$(pids_of broker)"
check "the next one comes in spite of it" wait_for 30 host --nsid 3 list-ns
old=$(pids_of broker)
kill -HUP "$target"
check "so does a reload" wait_for 30 is_gone "$old"
check "and the others are served" host --nsid 2 --bytes 1M verify
withdraw hang
check "when it is well again, it is there" wait_for 60 is_state online
check "and serves" host --nsid 1 verify

demand hang
check "a host that comes when it hangs again is admitted" \
  same "$(as a --timeout 30000 list-ns | xargs)" "2 3"
check "the others are served even then" as a --nsid 3 --bytes 1M verify
withdraw hang
check "it comes back" wait_for 60 is_state online
check "and with it its data" host --nsid 1 --no-write verify
check "the target stops" stop_target
finish
