#!/bin/bash
# Reservations of several hosts: who may read and write under each type, what a preempted host has
# under way, a worker that does not answer, and what each host is told.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)
truncate -s 8M "$work/disk"
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
limits: {change-timeout: 1s}
subsystems:
  - nqn: $nqn
    namespaces: [{nsid: 1, path: $work/disk}, {nsid: 2, ram: 1M}]
    hosts:
      - {nqn: nqn.2026-01.example:host-a}
      - {nqn: nqn.2026-01.example:host-b}
      - {nqn: nqn.2026-01.example:host-c}
      - {nqn: nqn.2026-01.example:host-d, read-only: true}
YAML

worker_of() { ctl sessions | awk -v host="host-$1" '$0 ~ host { print $2; exit }'; }
refused() { fails 1 '0x6083 .Reservation Conflict' "$@"; }
reported() { as c resv report | grep -qE "$1"; }
# may HOST WHAT: rw, r or none, and nothing more
may() {
  case $2 in
  rw) as "$1" --file /dev/null read && as "$1" write && as "$1" flush && as "$1" zero ;;
  r) as "$1" --file /dev/null read && refused as "$1" write && refused as "$1" flush &&
    refused as "$1" zero && refused as "$1" deallocate ;;
  none) refused as "$1" --file /dev/null read && refused as "$1" write && refused as "$1" flush ;;
  esac
}

check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "nobody is registered" reported 'gen 0 type 0 ptpl 0 registrants 0'
n=0
while read -r type a b c; do
  check "type $type: two hosts register" as a resv register 10
  check "type $type: with keys of their own" as b resv register 20
  check "type $type: one acquires it" as a resv acquire 10 "$type"
  check "type $type: it is reported" reported "type $type ptpl 0 registrants 2"
  check "type $type: its holder" may a "$a"
  check "type $type: another registrant" may b "$b"
  check "type $type: somebody else" may c "$c"
  check "type $type: who is not registered acquires nothing" refused as c resv acquire 30 "$type"
  check "type $type: released" as a resv release 10 "$type"
  check "type $type: everybody again" may c rw
  check "type $type: cleared" as b resv clear 20
  ((n += 1))
done <<TYPES
1 rw r r
2 rw none none
3 rw rw r
4 rw rw none
5 rw rw r
6 rw rw none
TYPES
check "all six types" same "$n" 6

check "who may only read reserves nothing" fails 1 'Operation Denied' as d resv register 40
check "but sees what is reserved" as d resv report
check "another namespace knows nothing of it" may b rw

# what a preempted host has under way is finished, and nothing of it comes later
as a resv register 10 && as b resv register 20 && as b resv acquire 20 1
spawn load as b --seconds 60 --writes 100 --max 64K stress
check "a host writes" wait_for 30 eval '[ -n "$(worker_of b)" ]'
check "it is preempted" as a resv preempt 10 1 20
check "what comes after is what lasts" as a --bytes 8M --seed 7 verify
check "its writes were refused from then on" fails 1 '0x6083' joined load
check "and stay refused" refused as b write
check "the data is the new holder's" as a --bytes 8M --seed 7 --no-write verify

# a worker that is stopped is ended before the answer
as a resv clear 10
as a resv register 10 && as b resv register 20 && as b resv acquire 20 2
hold stopped b
pid=$(worker_of b)
check "its worker is stopped" kill -STOP "$pid"
check "preempt and abort is answered all the same" as a resv abort 10 2 20
check "when the worker is gone" is_gone "$pid"
drop stopped
check "the host comes back, and may nothing" may b none

# notices
as a resv clear 10
as a resv register 10 && as b resv register 20 && as a resv acquire 10 3
spawn released as b resv watch 1
check "a host watches" wait_for 30 said released watching
check "a reservation of registrants is released" as a resv release 10 3
check "and the other one is told" wait_for 30 said released 'reservation released, namespace 1, number 1'
joined released >/dev/null
spawn masked as b resv watch 2 4
wait_for 30 said masked watching
as a resv acquire 10 3 && as a resv release 10 3 && as a resv preempt 10 1 20 && as b resv register 20
check "a masked notice is not told" as a resv clear 10
check "others are" joined masked
check "in their order" same "$(grep -c 'notice: re.* preempted, namespace 1' "$work/masked.said")" 2
check "the target stops" stop_target
finish
