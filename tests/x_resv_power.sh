#!/bin/bash
# Reservations outlive the broker always, and the service where PTPL is set. A file that is not as it
# was written is not believed: its namespace waits.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)
truncate -s 4M "$work/disk"
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
subsystems:
  - nqn: $nqn
    namespaces: [{nsid: 1, path: $work/disk}, {nsid: 2, ram: 1M}]
    hosts: [{nqn: nqn.2026-01.example:host-a}, {nqn: nqn.2026-01.example:host-b}]
YAML

refused() { fails 1 '0x6083 .Reservation Conflict' "$@"; }
reported() { as b --nsid "$1" resv report >"$work/report" && grep -qE "$2" "$work/report"; }
start() { start_target -d -f "$work/cellblock.yaml"; }
restart() { stop_target && start; }
is_another() { [ -n "$(pids_of broker)" ] && [ "$(pids_of broker)" != "$1" ]; }
kill_broker() {
  broker=$(pids_of broker)
  kill -KILL "$broker" && wait_for 30 is_another "$broker"
}

check "the target starts" start
hold held b
check "a host registers, to last" as a resv register 10 ptpl
check "and reserves" as a resv acquire 10 1
check "there is a file" test -s "$work"/state/reservation-*
check "another namespace is reserved for as long as the service runs" as a --nsid 2 resv register 10
as a --nsid 2 resv acquire 10 2
check "others are kept from it" refused as b --nsid 2 write

check "the broker is killed" kill_broker
check "the reservation stays" reported 1 'type 1 ptpl 1 registrants 1'
check "and that of the other one" reported 2 'type 2 ptpl 0 registrants 1'
check "who was kept out is kept out" refused as b write
kill -KILL "$(pids_of broker)"
check "a question while there is no broker is answered by the next" as b resv register 20
check "once" reported 1 'registrants 2'
check "a reload" eval 'broker=$(pids_of broker); kill -HUP "$target"; wait_for 30 is_another "$broker"'
check "changes nothing" reported 1 'type 1 ptpl 1 registrants 2'
check "the controller that was there all the time lives" end held

check "the service is started anew" restart
check "what was to last, lasts" reported 1 'gen [0-9]+ type 1 ptpl 1 registrants 2'
check "with who holds it" grep -q 'key 10 holds 1' "$work/report"
check "others are still kept out" refused as b write
check "what was not to last is gone" reported 2 'gen 0 type 0 ptpl 0 registrants 0'
check "Get Features says so" same "$(as a resv ptpl)" 'ptpl 1'

check "persistence is switched off" as a resv ptpl 0
check "for the time being nothing changes" reported 1 'type 1 ptpl 0 registrants 2'
check "the service is started anew" restart
check "and it is gone" reported 1 'gen 0 type 0 ptpl 0 registrants 0'

as a resv register 10 ptpl && as a resv acquire 10 1
check "the service stops" stop_target
file=$(echo "$work"/state/reservation-*)
cp "$file" "$work/copy"
truncate -s -1 "$file"
check "it starts with a file that was cut off" start
check "and says so" logged "namespace 1 of $nqn is waiting: .*cut off, altered or foreign"
check "nobody gets that namespace" fails 1 'Invalid Field' as a resv report
check "but all others" as b --nsid 2 write
cp "$work/copy" "$file"
check "the file is restored, and a reload" kill -HUP "$target"
check "brings it back" wait_for 30 reported 1 'type 1 ptpl 1 registrants 1'
check "with what was reserved" refused as b write

check "the service stops" stop_target
: >"$file"
check "an empty file is not believed" start
check "either" fails 1 'Invalid Field' as a resv report
check "the target stops" stop_target
finish
