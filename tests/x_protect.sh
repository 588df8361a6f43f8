#!/bin/bash
# Namespace write protection: a host that may sets it for all, it outlives the broker and the service,
# what was under way is finished before the answer, and a host that may not has nothing of it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)
truncate -s 8M "$work/disk"
write_config() {
  config <<YAML
listeners: [{address: 127.0.0.1:$port}]
limits: {change-timeout: 1s}
subsystems:
  - nqn: $nqn
    namespaces: [{nsid: 1, path: $work/disk}, {nsid: 2, ram: 1M}]
    hosts:
      - {nqn: nqn.2026-01.example:host-a, may-write-protect: $1}
      - {nqn: nqn.2026-01.example:host-b}
      - {nqn: nqn.2026-01.example:host-c, read-only: [1], may-write-protect: true}
YAML
}
write_config true

worker_of() { ctl sessions | awk -v host="host-$1" '$0 ~ host { print $2; exit }'; }
protected() { fails 1 '0x[46]020 .Namespace is Write Protected' "$@"; }
is() { same "$(as "${2:-a}" --nsid "${3:-1}" protect | tr '\n' ' ')" "$1 "; }
start() { start_target -d -f "$work/cellblock.yaml"; }
restart() { stop_target && start; }
is_another() { [ -n "$(pids_of broker)" ] && [ "$(pids_of broker)" != "$1" ]; }
kill_broker() {
  broker=$(pids_of broker)
  kill -KILL "$broker" && wait_for 30 is_another "$broker"
}
reload() {
  broker=$(pids_of broker)
  kill -HUP "$target" && wait_for 30 is_another "$broker"
}

check "the target starts" start
check "a host that may protect is told so" is 'nwpc 1 nsattr 0 state 0'
check "one that may not is told that" fails 1 'Invalid Field' as b protect
check "in Identify, too" same "$(head -n 1 "$work/failed")" 'nwpc 0 nsattr 0'
check "and it sets nothing" fails 1 'Invalid Field' as b protect 1
check "who may only read a namespace does not protect it" fails 1 '0x410e|Feature Not Changeable' \
  as c protect 1
check "but another one" as c --nsid 2 protect 1
check "which then holds for all" protected as b --nsid 2 write
check "and can be lifted by another one who may" as a --nsid 2 protect 0
check "until power cycle is not offered" fails 1 'Invalid Field' as a protect 2
check "permanent is not offered" fails 1 'Invalid Field' as a protect 3
check "nothing was stored so far that is not so" is 'nwpc 1 nsattr 0 state 0'

check "data is written" as b --bytes 8M --seed 5 verify
spawn told as b events
check "a host waits for events" wait_for 30 said told '^events: '
check "the namespace is protected" as a protect 1
check "the other host is told" wait_for 30 said told '^ns 1: 16384 blocks, nsattr 0x1'
check "there are files" eval 'ls "$work"/state/reservation-*'
check "it is so" is 'nwpc 1 nsattr 1 state 1'
check "who protected it does not write" protected as a write
check "nor another one" protected as b write
check "no zeroes" protected as b zero
check "nothing is deallocated" protected as b deallocate
check "nothing is copied" protected as b --lba 0 copy 64+1
check "Flush is no write" as b flush
check "it is read as it was" as b --bytes 8M --seed 5 --no-write verify
check "another namespace is written" as b --nsid 2 write
check "cellblockctl shows it" eval 'ctl namespaces | grep -E "^ *1 .* ro "'

check "the broker is killed" kill_broker
check "it is still protected" protected as b write
check "and said so" is 'nwpc 1 nsattr 1 state 1'
check "a reload" reload
check "changes nothing" protected as b write
check "the service is started anew" restart
check "it is still protected" protected as b write
check "and said so" is 'nwpc 1 nsattr 1 state 1'
check "in the log" logged "namespace 1 of $nqn: write protected, from before"

check "a reservation of a protected namespace" as b resv register 20
check "is acquired" as b resv acquire 20 1
check "who may not write because of it does not lift the protection" fails 1 '0x[46]083' \
  as a protect 0
check "the reservation is cleared" as b resv clear 20
check "the protection is lifted" as a protect 0
check "it is written at once" as b --bytes 8M --seed 6 verify
check "it is so" is 'nwpc 1 nsattr 0 state 0'
check "the service is started anew" restart
check "it is still lifted" as b write

# what is under way when it is protected is finished, and nothing comes later
spawn load as b --seconds 60 --writes 100 --max 64K stress
check "a host writes" wait_for 30 eval '[ -n "$(worker_of b)" ]'
check "it is protected meanwhile" as a protect 1
sum=$(sha256sum <"$work/disk")
check "its writes are refused from then on" fails 1 'Write Protected' joined load
check "nothing has come after the answer" same "$(sha256sum <"$work/disk")" "$sum"
check "lifted" as a protect 0

# a worker that is stopped is ended before the answer
hold stopped b
pid=$(worker_of b)
check "a worker is stopped" kill -STOP "$pid"
check "protecting is answered all the same" as a protect 1
check "when the worker is gone" is_gone "$pid"
drop stopped

# a question while there is no broker
kill -KILL "$(pids_of broker)"
check "a question while there is no broker is answered by the next" as a protect 0
check "and is so" is 'nwpc 1 nsattr 0 state 0'

check "all namespaces at once" as a --nsid 4294967295 protect 1
check "the one is protected" protected as b write
check "and the other" protected as b --nsid 2 write
check "all are lifted" as a --nsid 4294967295 protect 0
check "and written" eval 'as b write && as b --nsid 2 write'

hold held a
as a protect 1
write_config false
check "the permission is taken" reload
check "the host has it no more" wait_for 30 fails 1 'nwpc 0 nsattr 1' as a protect
check "it lifts nothing" fails 1 'Invalid Field' as a protect 0
check "the protection stays" protected as b write
check "the controller that was there all the time lives" end held
kill -HUP "$target"

check "the service stops" stop_target
for f in "$work"/state/reservation-*; do truncate -s -1 "$f"; done
check "it starts with a file that was cut off" start
check "and says so" logged "namespace 1 of $nqn is waiting: .*cut off, altered or foreign"
check "the namespace is not written: nobody gets it" fails 1 'nsid 1: FLBAS 0, NLBAF 0, LBADS 0' as b write
check "the service stops" stop_target
rm -f "$work"/state/reservation-*
write_config true
sed -i "s,state-dir: .*,state-dir: none," "$work/cellblock.yaml"
check "a target without a state directory" start
check "offers no protection" fails 1 'nwpc 0 nsattr 0' as a protect
check "the target stops" stop_target
finish
