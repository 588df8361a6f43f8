#!/bin/bash
# Devices and files that fail: every failure has its status, and nothing else ends for it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires root losetup mount /dev/fuse "$PWD/tests/hangfs"
port=$(pick_port)
mount_hangfs 16M || skip "no FUSE here"
attach "$work/mnt/disk" --direct-io=on || skip "no loop devices here"
mkdir "$work/small"
mount -t tmpfs -o size=2M,mode=755 none "$work/small" || skip "no tmpfs here"
at_end+=("umount -l $work/small")
truncate -s 16M "$work/small/sparse"
truncate -s 16M "$work/short"
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
subsystems:
  - nqn: $nqn
    allow-any-host: true
    namespaces:
      - {nsid: 1, path: $work/small/sparse}
      - {nsid: 2, path: $work/short}
      - {nsid: 3, path: $device}
      - {nsid: 4, path: $work/mnt/disk}
YAML
demand() { touch "$work/demands/$1"; }
withdraw() { rm -f "$work/demands/$1"; }

check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "all are there" fails 0 '^ *3 online' ctl namespaces
before="$(pids_of broker) $(pids_of listener)"
hold witness b --nsid 2 --io 50

check "a sparse file on a full file system" fails 1 '0x.*Capacity Exceeded' \
  as a --nsid 1 --bytes 8M --file /dev/urandom write
check "what fitted is there" as a --nsid 1 --bytes 64K --lba 0 read
check "so are holes" as a --nsid 1 --bytes 64K --lba 16384 read
check "zeros where there is no room" eval 'as a --nsid 1 --lba 28672 --bytes 64K zero ||
  fails 1 "Capacity Exceeded" as a --nsid 1 --lba 28672 --bytes 64K zero'
check "room can be made again" as a --nsid 1 --lba 0 --bytes 1M deallocate
check "and used" as a --nsid 1 --bytes 256K --lba 0 write

hold early a --nsid 2 --io 20 --lba 16384
truncate -s 8M "$work/short"
check "a file that is cut under a controller fails the read" \
  wait_for 30 said early 'Unrecovered Read'
check "what is left of it is read" as a --nsid 2 --bytes 64K --lba 16256 read
check "who comes later sees its size" fails 1 'LBA Out of Range' \
  as a --nsid 2 --bytes 64K --lba 16384 read
truncate -s 16M "$work/short"

for n in 3 4; do
  what=$([ $n = 3 ] && echo device || echo file)
  demand eio
  check "a $what that cannot be read" fails 1 'Unrecovered Read' as a --nsid $n --bytes 64K read
  check "nor written" fails 1 'Write Fault' as a --nsid $n --bytes 64K write
  withdraw eio
  demand enospc
  check "a $what without room" fails 1 'Capacity Exceeded' as a --nsid $n --bytes 64K write
  withdraw enospc
  check "a $what that is well again" as a --nsid $n --bytes 1M verify
done
demand eio
check "a flush that fails" fails 1 'Write Fault|Internal' as a --nsid 4 flush
withdraw eio
check "nobody was disturbed" end witness
check "broker and listener are the same" same "$(pids_of broker) $(pids_of listener)" "$before"
check "no worker died" not logged 'died of signal|broke a rule'
check "the target stops" stop_target
finish
