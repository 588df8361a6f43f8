#!/bin/bash
# Who gets in, from where, and to what. What a host may only read, it cannot write to. With threads:
# what a ring has open is in no /proc.
ENGINE=threads
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)
two=nqn.2026-01.example:two any=nqn.2026-01.example:any
truncate -s 4M "$work/disk"
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
transport: {header-digest: permit, data-digest: permit}
subsystems:
  - nqn: $nqn
    namespaces: [{nsid: 1, path: $work/disk}, {nsid: 2, ram: 4M}, {nsid: 7, ram: 4M}]
    hosts:
      - {nqn: nqn.2026-01.example:host-a}
      - {nqn: nqn.2026-01.example:host-b, namespaces: [2, 7], read-only: [7]}
      - {nqn: nqn.2026-01.example:host-c, read-only: true}
      - {nqn: nqn.2026-01.example:host-d, addresses: [127.0.0.2/31]}
      - {nqn: nqn.2026-01.example:host-f, require-digests: both}
  - {nqn: $two, namespaces: [{nsid: 1, ram: 4M}], hosts: []}
  - {nqn: $any, namespaces: [{nsid: 1, ram: 4M}], allow-any-host: true}
YAML

# opened HOW FILE: does a worker have this file open so (0: O_RDONLY, 2: O_RDWR)?
opened() {
  local fd
  for fd in $(pids_of worker | xargs -I% find /proc/%/fd -lname "$2"); do
    grep "^flags:.*$1\$" "${fd/fd/fdinfo}" && return
  done
  return 1
}

refused='IATTR 0, IPO 0' invalid='0x4182 .*' host='Invalid Host'
check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "a host that is named" same "$(as a list-ns | xargs)" "1 2 7"
check "only the namespaces that are its own" same "$(as b list-ns | xargs)" "2 7"
check "one that is not named" fails 3 "$host.*$refused" as e list-ns
check "no other by a longer name" fails 3 "$host" host -q nqn.2026-01.example:host-aa list-ns
check "an empty list admits nobody" fails 3 "$host" as a -n "$two" list-ns
check "any host where that is written out" as e -n "$any" --bytes 1M verify
check "no such subsystem" fails 3 "$invalid IATTR 1, IPO 256" as a -n "$nqn-not" list-ns
check "a namespace of others is none" fails 0 'nsze *0$' as b id-ns 1
check "the wrong address" fails 3 "$host" as d list-ns
check "the right one" as d --source 127.0.0.3 list-ns

check "a host without its digests" fails 3 "$host.*$refused" as f list-ns
check "with one of two" fails 3 "$host" as f -g list-ns
check "it is said what is missing" logged 'data digests are required.*--data-digest'
check "with both" as f -g -G --bytes 1M verify
check "discovery needs none" as f -n "$discovery" discover

check "a read-only host reads" as c read
check "and does not write" fails 1 'Write Protected' as c write
check "nor to the one that it may only read" fails 1 'Write Protected' as b --nsid 7 write
check "but to the other" as b --nsid 2 write
hold one c
check_as_root "its worker has it open for reading only" opened 0 "$work/disk"
check_as_root "and not for writing" not opened 2 "$work/disk"
hold two a
check_as_root "one that may write has it for writing" opened 2 "$work/disk"

for n in one two; do check "who stays is not disturbed, $n" end $n; done
check "the target stops" stop_target
finish
