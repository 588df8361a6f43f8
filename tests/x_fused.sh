#!/bin/bash
# Fused Compare and Write of several hosts on the same blocks: nothing that was answered is lost,
# nothing is mixed, and who hangs or dies in the middle holds the others up for a while only.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)
truncate -s 16M "$work/disk"
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
limits: {change-timeout: 3s}
subsystems:
  - nqn: $nqn
    allow-any-host: true
    namespaces: [{nsid: 1, path: $work/disk}, {nsid: 2, ram: 16M}]
YAML

# race NAME LETTER NSID LBA ARGUMENT...
race() {
  local name=$1 who=$2 nsid=$3 lba=$4
  shift 4
  spawn "$name" as "$who" --nsid "$nsid" --lba "$lba" "$@"
}
value() { as f --nsid "$1" --lba "$2" "${@:3}" race check | sed -n 's/^value: //p'; }
of() { sed -n "s/^race:.* \([0-9]*\) $2.*/\1/p" "$work/$1.said"; }
worker_of() { ctl sessions | awk -v host="host-$1" '$0 ~ host { print $2 }'; }
has_begun() { not same "$(value "$@")" "tag 0 count 0"; }
broker_is_new() { is_gone "$1" && [ -n "$(pids_of broker)" ]; }
is_between() { echo "$2"; [ "$1" -le "$2" ] && [ "$2" -le "$3" ]; }

check "the target starts" start_target -d -f "$work/cellblock.yaml"
for nsid in 1 2; do
  race x a $nsid 0 --queues 4 --count 400 race count
  race y b $nsid 0 --queues 4 --count 400 race count
  check "nsid $nsid: a host counts" joined x
  check "nsid $nsid: so does another one" joined y
  check "nsid $nsid: every increment is there once" same "$(value $nsid 0)" "tag 0 count 800"
  check "nsid $nsid: they met" [ "$(of x missed)" -gt 0 ]

  race x a $nsid 64 --queues 2 --count 700 --bytes 4096 race count
  race y b $nsid 64 --queues 2 --count 700 --bytes 4096 race count
  race z c $nsid 64 --count 3000 --bytes 4096 race tag
  check "nsid $nsid: a host counts, one writes plainly" joined x
  check "nsid $nsid: and another one counts" joined y
  check "nsid $nsid: no plain write is lost" joined z
  check "nsid $nsid: no value is mixed" value $nsid 64 --bytes 4096
  check "nsid $nsid: the last tag is there" fails 0 '^tag 3000 ' value $nsid 64 --bytes 4096
done

for try in 1 2 3; do
  race x a 1 128 --queues 4 --count 300 race count
  race y b 2 128 --queues 4 --count 300 race count
  race z c 1 128 --queues 4 --count 300 race count
  sleep 0.3
  broker=$(pids_of broker)
  check "the broker is killed in the middle, $try" kill -KILL "$broker"
  check "there is another one, $try" wait_for 30 broker_is_new "$broker"
  for n in x y z; do check "a host goes on, $try" joined $n; done
  check "nothing is lost, $try" same "$(value 1 128) $(value 2 128)" \
    "tag 0 count $((try * 600)) tag 0 count $((try * 300))"
done

hold idle d
pid=$(worker_of d)
check "a worker is stopped that has nothing to do with it" kill -STOP "$pid"
race x a 1 256 --queues 2 --count 50 race count
race y b 1 256 --queues 2 --count 50 race count
check "the others go on" joined x
check "both of them" joined y
check "nothing is lost" same "$(value 1 256)" "tag 0 count 100"
check "it was ended" is_gone "$pid"
check "and it is said why" logged 'worker killed: its writes to a range do not end'
check "and its host told" not joined idle

race x a 1 512 --queues 4 --count 1000000 race count
check "a host counts" wait_for 30 has_begun 1 512
check "a worker is stopped in the middle of it" kill -STOP "$(worker_of a)"
race y b 1 512 --queues 2 --count 50 race count
check "another host goes on" joined y
check "that of the worker is told" not joined x
least=$((50 + $(of x done)))
value=$(value 1 512)
check "what was answered is there" is_between $least "${value#tag 0 count }" $((least + $(of x unknown)))
check "the target stops" stop_target
finish
