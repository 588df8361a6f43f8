#!/bin/bash
# Discovery: what this host may reach, at addresses that are real, with a generation that means it.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires python3
port=$(pick_port)
only=$(pick_port "$port")
io=$port two=nqn.2026-01.example:two three=nqn.2026-01.example:three

subsystems() {
  cat <<YAML
listeners:
  - address: 0.0.0.0:$io
  - address: '*:$only'
    discovery: true
subsystems:
  - {nqn: $nqn, namespaces: [{nsid: 1, ram: 4M}], hosts: [{nqn: nqn.2026-01.example:host-a}]}
  - {nqn: $two, namespaces: [{nsid: 1, ram: 4M}], hosts: [{nqn: nqn.2026-01.example:host-b}]}
YAML
  [ "$#" = 0 ] ||
    echo "  - {nqn: $three, namespaces: [{nsid: 1, ram: 4M}], allow-any-host: true}"
}

discover() { as "$1" -n "$discovery" -s "${2:-$io}" discover; }
records() { discover "$@" | awk '$1 == "nvme" { print $3, $4, $5 }' | sort | xargs; }
generation() { discover a | sed -n 's/^genctr \([0-9]*\),.*/\1/p'; }
log() { as a -n "$discovery" log 0x70 --bytes "$1" --offset "$2"; }

subsystems | config
check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "host a sees its subsystem" same "$(records a)" "127.0.0.1 $io $nqn"
check "host b sees the other" same "$(records b)" "127.0.0.1 $io $two"
check "host c sees none" same "$(records c)" ""
check "the discovery port says the same" same "$(records a "$only")" "127.0.0.1 $io $nqn"
check "nothing else is at the discovery port" fails 3 'IATTR 1, IPO 256' as a -s "$only" list-ns
check "by another address, that address" same \
  "$(as a -a 127.0.0.2 -n "$discovery" discover | awk '$1 == "nvme" { print $3 }')" 127.0.0.2
as a -n "$discovery" --json discover >"$work/json"
check "the log as JSON" python3 -m json.tool "$work/json"

first=$(generation)
check "a generation" not same "${first:-0}" 0
check "the same when nothing changed" same "$(generation)" "$first"
log 3072 0 | cut -c9-56 | xargs >"$work/whole"
{ log 1024 0; log 1024 1024; log 1024 2048; } | cut -c9-56 | xargs >"$work/parts"
check "in pieces as in one" cmp "$work/whole" "$work/parts"
check "from the middle of a record" same "$(log 256 1280 | cut -c9-56 | xargs)" \
  "$(log 3072 0 | cut -c9-56 | xargs | cut -d' ' -f1281-1536)"
check "an offset beyond the end is refused" fails 1 'status' log 512 $((1 << 20))

spawn held as a -n "$discovery" --kato 1000 --queues 0 hold
check "a discovery controller with keep alive" wait_for 30 said held '^hold:'
sleep 2
check "keep alives are accepted" not is_gone "${job[held]}"
kill -STOP -- "-${job[held]}"
check "and missed" wait_for 30 logged 'keep alive time'
kill -CONT -- "-${job[held]}"
check "the host is told" fails 1 'closed|C2HTermReq' joined held

kill -KILL "$(pids_of broker)"
wait_for 30 serves
check "the same generation after a broker's end" same "$(generation)" "$first"
subsystems more | config
old=$(pids_of broker)
kill -HUP "$target"
wait_for 30 is_gone "$old"
check "after a reload the new subsystem" same "$(records c)" "127.0.0.1 $io $three"
check "and another generation" not same "$(generation)" "$first"
check "the target stops" stop_target
finish
