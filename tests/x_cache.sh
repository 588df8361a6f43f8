#!/bin/bash
# Past the page cache or through it: block devices and files, what cannot be, and that Flush and
# FUA reach the device either way, and every write where the write cache is switched off.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires root losetup mkfs.ext4
port=$(pick_port)
truncate -s 16M "$work/512" "$work/4096" "$work/paged"
truncate -s 64M "$work/fs"
attach "$work/512" || skip "no loop devices here"
d512=$device
attach "$work/4096" --sector-size 4096 || skip "no loop devices with large sectors"
d4096=$device
attach "$work/paged"
paged=$device
# A file system that takes direct I/O in blocks of 4096 only.
attach "$work/fs" --sector-size 4096
mkdir "$work/mnt"
mkfs.ext4 -q "$device"
mount "$device" "$work/mnt" || skip "no ext4 here"
at_end+=("umount -l $work/mnt")
for file in default small large paged; do truncate -s 16M "$work/mnt/$file"; done
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
subsystems:
  - nqn: $nqn
    allow-any-host: true
    namespaces:
      - {nsid: 1, path: $d512, cache: none}
      - {nsid: 2, path: $d4096}
      - {nsid: 3, path: $paged, cache: page}
      - {nsid: 4, path: $work/mnt/default}
      - {nsid: 5, path: $work/mnt/small, cache: none}
      - {nsid: 6, path: $work/mnt/large, cache: none, block-size: 4096}
      - {nsid: 7, path: $work/mnt/paged, cache: page, block-size: 512}
  - {nqn: $nqn-ram, allow-any-host: true, namespaces: [{nsid: 1, ram: 1M}]}
YAML

# flags PATH: how the first worker that has it has it open, as open(2) has them.
flags() {
  local fd
  fd=$(pids_of worker | xargs -I% find /proc/%/fd -lname "$1" | head -n 1)
  printf '%o\n' $(($(awk '/^flags/ { print $2 }' "${fd/fd/fdinfo}") & 040003))
}
# flushes DEVICE: how many it has seen.
flushes() { awk '{ print $16 }' "/sys/block/${1#/dev/}/stat"; }
# flushed HOW DEVICE COMMAND...: the command makes the device see one at the "end", when the
# controller shuts down, or "before" that, too.
flushed() {
  local before device=$2 how=$1 seen=before
  before=$(flushes "$device")
  shift 2
  "$@" || return
  [ "$(($(flushes "$device") - before))" != 1 ] || seen=end
  same "$seen" "$how"
}
# holds FILE BLOCK NSID: what a read of the block says is what lies in the file.
holds() {
  host --nsid "$3" --lba "$2" --bytes 512 --file "$work/read" read &&
    ! cmp -s -n 512 "$work/read" /dev/zero &&
    cmp -n 512 -i "0:$(($2 * 512))" "$work/read" "$1"
}

check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "who wants direct I/O in blocks that are too small is told so" wait_for 10 \
  logged 'namespace 5 .* waiting: .* 4096 bytes only; set block-size: 4096 or cache: page'
check "and has no namespace" fails 1 'nsid 5: .* LBADS 0' host --nsid 5 read
hold one a
if ! has_ring; then	# which keeps no descriptor to look at
  check "a device, none" same "$(flags "$d512")" 40002
  check "a device, by default" same "$(flags "$d4096")" 40002
  check "a device, page" same "$(flags "$paged")" 2
  check "a file, by default" same "$(flags "$work/mnt/default")" 2
  check "a file, none" same "$(flags "$work/mnt/large")" 40002
  check "a file, page" same "$(flags "$work/mnt/paged")" 2
fi
end one >/dev/null
for nsid in 1 2 3 4 6 7; do
  check "namespace $nsid is right" as b --nsid $nsid --queues 2 --max 256K verify
done

check "past the cache a write is not flushed" flushed end "$d512" host --nsid 1 write
check "but on demand" flushed before "$d512" host --nsid 1 flush
check "or with FUA" flushed before "$d512" host --nsid 1 --lba 8 --fua --seed 2 write
check "and is there" holds "$work/512" 8 1
check "through the cache a write is not flushed" flushed end "$paged" host --nsid 3 --lba 8 write
check "but on demand" flushed before "$paged" host --nsid 3 flush
check "and is there" holds "$work/paged" 8 3
check "or with FUA" flushed before "$paged" host --nsid 3 --lba 16 --fua --seed 4 write
check "and is there" holds "$work/paged" 16 3

# seen DEVICE COMMAND...: how many flushes the device sees of it, over all.
seen() {
  local before device=$1
  before=$(flushes "$device")
  shift
  "$@" >/dev/null && echo $(($(flushes "$device") - before))
}
# Each write is a flush, or more of them, beside those of switching it off and of the end.
at_least() { [ "$1" -ge "$2" ] || { echo "$1 is less than $2"; return 1; }; }
for nsid in 1 3; do
  device=$d512
  [ $nsid = 1 ] || device=$paged
  quiet=$(seen "$device" host --nsid $nsid --cache-off read)
  check "switching the cache off flushes namespace $nsid" same "$quiet" 2
  check "and every write of it" at_least "$(seen "$device" \
    host --nsid $nsid --cache-off --max 4096 --bytes 16384 --lba 64 --seed 5 write)" $((quiet + 4))
  check "and zeroes" at_least "$(seen "$device" \
    host --nsid $nsid --cache-off --bytes 4096 --lba 64 zero)" $((quiet + 1))
done
check "who has it on is not slowed" flushed end "$d512" host --nsid 1 write

vwc() { host "$@" id-ctrl | awk '$1 == "vwc" { print $2 }'; }
check "there is a volatile cache" same "$(vwc)" 0x7
check "but not of a RAM disk" same "$(vwc -n "$nqn-ram")" 0x6
check "which can be flushed" host -n "$nqn-ram" flush
check "the target stops" stop_target
finish
