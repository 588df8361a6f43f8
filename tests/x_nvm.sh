#!/bin/bash
# Compare, Verify, Copy and Write Zeroes, over a file and a RAM disk: what they do, and what not.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires python3
port=$(pick_port)
truncate -s 32M "$work/file" "$work/4k" "$work/ro"
head -c 1M /dev/urandom >"$work/data"
dd if="$work/data" of="$work/ro" conv=notrunc status=none
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
subsystems:
  - nqn: $nqn
    hosts: [{nqn: nqn.2026-01.example:host-a, namespaces: [1, 2, 3, 4]},
      {nqn: nqn.2026-01.example:host-b, namespaces: [2]}]
    namespaces: [{nsid: 1, path: $work/file}, {nsid: 2, ram: 32M},
      {nsid: 3, path: $work/4k, block-size: 4096}, {nsid: 4, path: $work/ro, read-only: true}]
YAML

# part OFFSET LENGTH: of the data, in blocks of 512 bytes.
part() { tail -c +$(($1 * 512 + 1)) "$work/data" | head -c $(($2 * 512)); }
# holds NSID LBA: what is there, is it what comes in?
holds() {
  cat >"$work/want"
  as a --nsid "$1" --lba "$2" --bytes "$(stat -c %s "$work/want")" --file "$work/got" read &&
    cmp "$work/want" "$work/got"
}
zeros() { head -c $(($1 * 512)) /dev/zero; }
on() { as a --nsid "$ns" "$@"; }
used() { stat -c %b "$work/file"; }

check "the target starts" start_target -d -f "$work/cellblock.yaml"
for ns in 1 2; do
  name=$([ $ns = 1 ] && echo "file:" || echo "RAM disk:")
  check "$name a megabyte is written" on --lba 2048 --bytes 1M --file "$work/data" write
  check "$name Compare finds it equal" on --lba 2048 --bytes 1M --file "$work/data" compare
  check "$name ... with FUA, too" on --fua --lba 2048 --bytes 1M --file "$work/data" compare
  check "$name Compare in the capsule" on --lba 2048 --bytes 4K --file "$work/data" compare
  check "$name Compare one block further finds it different" \
    fails 1 'status 0x[46]285 .Compare Failure' on --lba 2049 --bytes 64K --file "$work/data" compare
  part 0 2047 >"$work/odd"
  head -c 512 /dev/zero >>"$work/odd"
  check "$name one block of 2048, and that the last one" fails 1 'status 0x[46]285' \
    on --lba 2048 --bytes 1M --file "$work/odd" compare
  check "$name a read with FUA" on --fua --lba 2048 --bytes 1M --file "$work/got" read
  check "$name brings it" cmp "$work/got" "$work/data"
  check "$name Verify" on --bytes 32M nvm-verify
  check "$name Verify behind the end" fails 1 'status 0x[46]080' on --lba 1 --bytes 32M nvm-verify
  check "$name Copy of three ranges" on --lba 40000 copy 2048+1000 4000+1 3000+600
  check "$name they are there, in order" holds $ns 40000 < <(part 0 1000; part 1952 1; part 952 600)
  check "$name Copy upwards, overlapping, with FUA" on --fua --lba 2100 copy 2048+1996
  check "$name is as if all was read first" holds $ns 2100 < <(part 0 1996)
  check "$name Copy downwards, overlapping" on --lba 2048 copy 2100+1996
  check "$name likewise" holds $ns 2048 < <(part 0 1996)
  check "$name a range that is too long" fails 1 'status 0x[46]183' on copy 0+32769
  check "$name ranges that are too many" fails 1 'status 0x[46]183' on copy $(yes 0+1 | head -n 129)
  check "$name ranges that are too long together" fails 1 'status 0x[46]183' \
    on copy $(yes 0+32768 | head -n 5)
  check "$name a second range behind the end" fails 1 'status 0x[46]080' on copy 2048+8 65536+1
  check "$name and the first one was not copied" holds $ns 0 < <(zeros 8)
  check "$name zeros" on --lba 2048 --bytes 512K zero
  check "$name are there" holds $ns 2048 < <(zeros 1024)
  before=$(used)
  check "$name zeros with DEAC" on --deac --fua --bytes 32M zero
  check "$name are there, too" holds $ns 40000 < <(zeros 1600)
  if [ $ns = 1 ] && [[ $(as a id-ns $ns) =~ dlfeat\ +(0x)?9 ]]; then
    check "and blocks of the file were given back" [ "$(used)" -lt "$before" ]
  fi
done
check "Copy from one namespace to another" as a --nsid 2 --lba 8 copy 4/0+1000 1/0+8 4/1000+1048
check "it is there" holds 2 8 < <(part 0 1000; zeros 8; part 1000 1048)
check "and back, from memory" as a --fua --nsid 1 --lba 4096 copy 2/1016+1048
check "it is there, too" cmp -n $((1048 * 512)) -i $((1000 * 512)):$((4096 * 512)) "$work/data" "$work/file"
check "not between blocks of two sizes" fails 1 'status 0x[46]185' as a --nsid 3 copy 1/0+1
check "nor where ranges overlap" fails 1 'status 0x[46]187' as a --nsid 1 --lba 7 copy 1/0+8
check "nor from what the host has not" fails 1 'status 0x[46]002' as b --nsid 2 copy 2/8+1 1/0+1
check "and nothing was written" fails 1 'copied: 0 ranges' as b --nsid 2 --lba 50000 copy 2/8+1 4/0+1
check "at all" holds 2 50000 < <(zeros 1)
check "nobody writes what is read-only" fails 1 'status 0x[46]020' as a --nsid 4 copy 0+1
check "but it is read with FUA" as a --fua --nsid 4 --bytes 1M --file "$work/got" read
check "and is what it is" cmp "$work/got" "$work/data"
check "and it is compared" as a --nsid 4 --bytes 1M --file "$work/data" compare
check "all stopped in order" stop_target
finish
