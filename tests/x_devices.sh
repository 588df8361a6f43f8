#!/bin/bash
# Block devices: their sectors, their protection, direct I/O.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires root losetup
port=$(pick_port)
head -c 16M /dev/urandom >"$work/ro"
truncate -s 16M "$work/512" "$work/4096" "$work/large"
attach "$work/512" || skip "no loop devices here"
d512=$device
attach "$work/4096" --sector-size 4096 || skip "no loop devices with large sectors"
d4096=$device
attach "$work/ro" --read-only
ro=$device
attach "$work/large"
large=$device
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
subsystems:
  - nqn: $nqn
    allow-any-host: true
    namespaces:
      - {nsid: 1, path: $d512}
      - {nsid: 2, path: $d4096}
      - {nsid: 3, path: $ro}
      - {nsid: 4, path: $large, block-size: 4096}
YAML

field() { host id-ns "$1" | awk -v name="$2" '$1 == name { print $2 }'; }
# flags DEVICE: how the first worker that has it has it open, as open(2) has them.
flags() {
  local fd
  fd=$(pids_of worker | xargs -I% find /proc/%/fd -lname "$1" | head -n 1)
  echo $(($(awk '/^flags/ { print $2 }' "${fd/fd/fdinfo}") & 040003))
}

check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "sectors of 512 bytes" same "$(field 1 lbads)/$(field 1 nsze)" 9/32768
check "sectors of 4096 bytes" same "$(field 2 lbads)/$(field 2 nsze)" 12/4096
check "a device with small ones" host --nsid 1 --queues 2 verify
check "a device with large ones" host --nsid 2 --queues 2 verify
check "the data is on the device" not cmp -s -n $((16 << 20)) "$work/512" /dev/zero
check "large commands" as a --nsid 1 --queues 4 --seconds 2 --max 1M stress
check "deallocating" as a --nsid 1 --bytes 1M deallocate
check "zeroes" as a --nsid 2 --bytes 1M zero
check "are zeroes" eval 'as a --nsid 2 --bytes 1M --file "$work/z" read && cmp -n 1M "$work/z" /dev/zero'

check "a read-only device is read" host --nsid 3 --bytes 16M --file "$work/copy" read
check "as it is" cmp "$work/ro" "$work/copy"
check "and not written" fails 1 'Write Protected' host --nsid 3 write
hold one a
if ! has_ring; then	# which keeps no descriptor to look at
  check "direct I/O, for reading and writing" same "$(flags "$d512")" $((040002))
  check "direct I/O, for reading only" same "$(flags "$ro")" $((040000))
fi
end one >/dev/null
check "blocks that are larger than sectors" same "$(field 4 lbads)" 12
check "serve" host --nsid 4 --queues 2 verify
check "the target stops" stop_target
finish
