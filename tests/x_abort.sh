#!/bin/bash
# Abort of writes that a device does not finish, of zeros, of reads: what only waits is taken back, what
# is being done is not, and the answers say which is which.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires root mount /dev/fuse "$PWD/tests/hangfs"
port=$(pick_port)
mount_hangfs 64M || skip "no FUSE here"

config <<YAML
  engine-threads: 2
listeners: [{address: 127.0.0.1:$port}]
limits: {memory: 32M}
subsystems:
  - nqn: $nqn
    allow-any-host: true
    namespaces: [{nsid: 1, path: $work/mnt/disk}, {nsid: 2, ram: 64M}]
YAML
demand() { touch "$work/demands/$1"; }

# aborts NAME OPTION...: while writes are held; they are released when it has said how many
aborts() {
  local name=$1
  rm -f "$work/demands/"*
  demand hold
  spawn "$name" as a --timeout 30000 --depth 17 "${@:2}"
  wait_for 30 said "$name" '^abort: '
  demand release
  joined "$name"
}
# At least so many of 16, and not all: the device had some.
some() {
  cat "$work/$1.said"
  local n
  n=$(sed -n 's/^abort: \([0-9]*\) of 16$/\1/p' "$work/$1.said")
  [ -n "$n" ] && [ "$n" -ge "$2" ] && [ "$n" -lt 16 ]
}

check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "writes that a device holds" aborts writes --nsid 1 abort write
# what the kernel has of a ring is not taken back
has_ring || check "what waited was taken back" some writes 8
check "the device is as it was before" as a --nsid 1 --bytes 1M verify
check "zeros in memory" fails 0 "^abort: [1-9]" as a --nsid 2 --depth 65 --bytes 32M --lba 0 abort zero
check "reads" as a --nsid 1 --depth 33 abort read
check "no worker crashed or broke a rule" not logged 'died of signal|broke a rule|report this'
check "the target stops" stop_target
finish
