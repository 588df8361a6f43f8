#!/bin/bash
# cellblockctl: who is connected, what is exported, as a table and as JSON.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires python3
port=$(pick_port)
truncate -s 8M "$work/a disk"
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
subsystems:
  - nqn: $nqn
    namespaces:
      - {nsid: 1, path: '$work/a disk', read-only: true, uuid: f81d4fae-7dec-11d0-a765-00a0c91e6bf6}
      - {nsid: 2, ram: 4M, block-size: 4096}
      - {nsid: 9, path: $work/missing}
    hosts: [{nqn: nqn.2026-01.example:host-a}]
  - {nqn: nqn.2026-01.example:two, namespaces: [{nsid: 1, ram: 4M}], allow-any-host: true}
YAML

# json COMMAND EXPRESSION: of the answer, called a; a list is printed with blanks.
json() {
  ctl "$1" --json | python3 -c '
import json, sys
a = json.load(sys.stdin)
r = eval(sys.argv[1])
print(*r if isinstance(r, list) else [r])' "$2"
}

check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "nobody is connected" same "$(json sessions a)" ""
check "a table without rows" same "$(ctl sessions | wc -l)" 1
check "namespaces of both subsystems" same "$(json namespaces '[n["nsid"] for n in a]')" "1 2 9 1"
check "their states" same "$(json namespaces '[n["state"] for n in a]')" \
  "online online waiting online"
check "their sizes" same "$(json namespaces '[n["blocks"] * n["block_size"] for n in a[:2]]')" \
  "8388608 4194304"
check "a file" same "$(json namespaces 'a[0]["kind"] + a[0]["backend"]')" "file$work/a disk"
check "which is read-only" same "$(json namespaces '[n["read_only"] for n in a[:2]]')" "True False"
check "the UUID of the file" same "$(json namespaces 'a[0]["uuid"]')" \
  f81d4fae-7dec-11d0-a765-00a0c91e6bf6
check "the table" fails 0 '^ *9 waiting .* nqn.2026-01.example:one' ctl namespaces

hold one a --queues 3 --io 100
hold two b -n nqn.2026-01.example:two
check "two are connected" same "$(json sessions 'len(a)')" 2
first='[s for s in a if s["host"].endswith("host-a")][0]'
check "with their queues" same "$(json sessions "${first}[\"queues\"]")" 3
check "from their address" fails 0 '127.0.0.1' json sessions "${first}[\"address\"]"
check "their cntlid" fails 0 "cntlid $(json sessions "${first}[\"cntlid\"]")," cat "$work/one.said"
check "a process of the target" fails 0 "^$(json sessions "${first}[\"pid\"]")\$" pids_of worker
check "the namespaces that are there" same "$(json sessions "${first}[\"namespaces\"]")" 2
reads() { [ "$(json sessions "${first}[\"reads\"]")" -gt "$1" ]; }
check "reads are counted" wait_for 30 reads 10
check "and their bytes" same "$(json sessions "${first}[\"read_bytes\"] // ${first}[\"reads\"]")" 512
check "their users" same "$(json namespaces '[n["users"] for n in a]')" "1 1 0 1"
check "the table of sessions" fails 0 'host-a nqn.2026-01.example:one' ctl sessions
check "one goes" end one
check "and is gone" wait_for 30 eval '[ "$(json sessions "len(a)")" = 1 ]'
truncate -s 4M "$work/missing"
check "a missing file comes" wait_for 30 fails 0 '^ *9 online' ctl namespaces

check "no command of that name" fails 2 "no command 'session'" ctl session
check "no service" fails 1 'is cellblockd running' "$CELLBLOCKCTL" -s "$work/none" sessions
for n in 1 2 3 4 5 6 7 8; do spawn "ask$n" ctl sessions --json; done
for n in 1 2 3 4 5 6 7 8; do check "eight at once, $n" joined "ask$n"; done
check "the target stops" stop_target

rm -f "$work/control"
echo precious >"$work/control"
check "a file has the socket's name" start_target -d -f "$work/cellblock.yaml"
check "it is said" logged 'control-socket: .*: cellblockctl will not work'
check "and left alone" grep precious "$work/control"
check "the target stops again" stop_target
finish
