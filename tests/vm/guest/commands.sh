#!/bin/bash
# I/O commands as nvme-cli gives them, and what they do to the data. What the controller does not
# offer (ONCS) must be refused as an opcode that it does not have.
# shellcheck source=lib.sh
. ./lib.sh
at=4096 # first block of what is done here

# offered BIT NAME COMMAND...: it succeeds where ONCS has the bit, and is no opcode where not.
offered() {
  local bit=$1 name=$2
  shift 2
  if [ $((oncs >> bit & 1)) = 1 ]; then
    check "$name" "$@"
  else
    check "$name is not offered" says 1 "$@"
  fi
}

read_to() { rm -f "$1" && nvme read "$dev" -s "$2" -c $(($3 - 1)) -z $(($3 * lba)) -d "$1"; }
same_as() { read_to /tmp/read "$2" 8 && cmp /tmp/read "$1"; }
is_end_of() { read_to /tmp/read "$2" "$3" && cmp /tmp/read <(tail -c $(($3 * lba)) "$1"); }
is_zero() { read_to /tmp/read "$1" "$2" && cmp /tmp/read <(head -c $(($2 * lba)) /dev/zero); }
at_blocks() { nvme "$1" "$dev" -s "$2" -c "$3"; }

must_connect "connect" $host_a "$NQN" --nr-io-queues=2
oncs=$(nvme id-ctrl "/dev/$ctrl" -o json | jq .oncs)
lba=$(blockdev --getss "$dev")
end=$(nvme id-ns "$dev" -o json | jq .nsze)
head -c $((8 * lba)) /dev/urandom >/tmp/a
head -c $((8 * lba)) /dev/urandom >/tmp/b
size=(-c 7 -z $((8 * lba)))

check "write" nvme write "$dev" -s $at "${size[@]}" -d /tmp/a
check "read gives it back" same_as /tmp/a $at
check "write with force unit access" nvme write "$dev" -s $at "${size[@]}" -d /tmp/b -f
check "read gives that back" same_as /tmp/b $at
check "flush" nvme flush "$dev"
check "a read across the end" says 80 nvme read "$dev" -s $((end - 1)) -c 1 -z $((2 * lba)) -d /tmp/read
check "a write past the end" says 80 nvme write "$dev" -s "$end" -c 0 -z "$lba" -d /tmp/a
check "a read at 2^63" says 80 nvme read "$dev" -s $((1 << 62)) -c 0 -z "$lba" -d /tmp/read

offered 0 "compare with what is there" nvme compare "$dev" -s $at "${size[@]}" -d /tmp/b
[ $((oncs & 1)) = 0 ] ||
  check "compare with something else" says 285 nvme compare "$dev" -s $at "${size[@]}" -d /tmp/a
offered 7 "verify" at_blocks verify $at 7
[ $((oncs >> 7 & 1)) = 0 ] || check "verify past the end" says 80 at_blocks verify "$end" 0
offered 8 "copy" nvme copy "$dev" --sdlba=$((at + 64)) --slbs=$at --blocks=7 --format=0
if [ $((oncs >> 8 & 1)) = 1 ]; then
  check "what was copied" same_as /tmp/b $((at + 64))
  check "copy two ranges" nvme copy "$dev" --sdlba=$((at + 128)) \
    --slbs=$at,$((at + 4)) --blocks=3,3 --format=0
  check "both are there" same_as /tmp/b $((at + 128))
  check "copy from past the end" says 80 nvme copy "$dev" --sdlba=$at --slbs="$end" --blocks=0 \
    --format=0
fi
offered 3 "write zeroes" at_blocks write-zeroes $at 3
check "they are zeros" is_zero $at 4
check "and no more than that" is_end_of /tmp/b $((at + 4)) 4
check "write zeroes, deallocating" nvme write-zeroes "$dev" -s $at -c 7 -d
check "they are zeros, too" is_zero $at 8
check "write zeroes past the end" says 80 at_blocks write-zeroes "$end" 0
check "write again" nvme write "$dev" -s $at "${size[@]}" -d /tmp/a
offered 2 "dsm: deallocate two ranges" nvme dsm "$dev" --ad --slbs=$((at + 64)),$((at + 128)) \
  --blocks=8,8
check "dsm: what lies beside it is as before" same_as /tmp/a $at
check "dsm: a hint" nvme dsm "$dev" --idr --slbs=$at --blocks=8
check "dsm: past the end" says 80 nvme dsm "$dev" --ad --slbs="$end" --blocks=1
offered 1 "write uncorrectable" at_blocks write-uncor $((at + 256)) 0
check "blkdiscard" blkdiscard -o $((at * lba)) -l $((2 << 20)) "$dev"
check "blkdiscard -z" blkdiscard -z -o $((at * lba)) -l $((2 << 20)) "$dev"
check "they are zeros after that" is_zero $at 8
offered 5 "resv-report" nvme resv-report "$dev" -e
check "no zones" says 1 nvme io-passthru "$dev" --opcode=0x79 --namespace-id=1
check "an opcode of nobody" says 1 nvme io-passthru "$dev" --opcode=0x90 --namespace-id=1
check "the controller is still live" is_live "$ctrl"
must_disconnect
finish
