#!/bin/bash
# Discovery in full: a name of its own, its other ports, referrals, forms of the log, IPv6, and
# hosts that stay and are told when their list changes.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires python3
port=$(pick_port)
only=$(pick_port "$port")
other=$(pick_port "$port" "$only")
ours=nqn.2026-01.example:discovery theirs=nqn.2026-01.example:discovery-two
two=nqn.2026-01.example:two three=nqn.2026-01.example:three

# subsystems [HOST-LETTER]: one more subsystem, for that host.
subsystems() {
  cat <<YAML
listeners:
  - address: '*:$port'
  - {address: '*:$only', discovery: true}
  - address: 127.0.0.2:$other
discovery:
  nqn: $ours
  referrals:
    - {address: '192.0.2.9:8009'}
    - {address: '[2001:db8::9]:8010', nqn: $theirs}
subsystems:
  - {nqn: $nqn, namespaces: [{nsid: 1, ram: 4M}], hosts: [{nqn: nqn.2026-01.example:host-a}]}
  - {nqn: $two, namespaces: [{nsid: 1, ram: 4M}], hosts: [{nqn: nqn.2026-01.example:host-b}]}
YAML
  [ "$#" = 0 ] || echo "  - {nqn: $three, namespaces: [{nsid: 1, ram: 4M}]," \
    "hosts: [{nqn: nqn.2026-01.example:host-$1}]}"
}

# entries OPTION...: of host a, sorted: subtype, address, port, NQN, EFLAGS.
entries() {
  as a "$@" --json discover | python3 -c '
import json, sys
for r in json.load(sys.stdin)["records"]:
    print(r["subtype"], r["traddr"], r["trsvcid"], r["subnqn"], r["eflags"])' | sort
}

# expected ADDRESS EFLAGS: where the host is, and whether 127.0.0.2 shows the same.
expected() {
  sort <<LINES
current $1 $port $ours 3
current $1 $only $ours 3
current 127.0.0.2 $other $ours $2
nvme 127.0.0.2 $other $nqn 0
nvme $1 $port $nqn 0
referral 192.0.2.9 8009 $discovery 0
referral 2001:db8::9 8010 $theirs 0
LINES
}

subnqn() { as a "$@" id-ctrl | awk '$1 == "subnqn" { print $2 }'; }

# bytes LSP OFFSET LENGTH [LID]
bytes() {
  as a -n "$discovery" --lsp "$1" --offset "$2" --bytes "$3" log "${4:-0x70}" | cut -c9-56 | xargs
}

reload() {
  local old
  subsystems "$@" | config
  old=$(pids_of broker)
  kill -HUP "$target"
  wait_for 30 is_gone "$old"
}

subsystems | config
check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "by the well-known name" same "$(entries -n "$discovery")" "$(expected 127.0.0.1 2)"
check "by its own name the same" same "$(entries -n "$ours")" "$(expected 127.0.0.1 2)"
check "on its port the same" same "$(entries -n "$ours" -s "$only")" "$(expected 127.0.0.1 2)"
check "it says its own name" same "$(subnqn -n "$discovery") $(subnqn -n "$ours")" "$ours $ours"
if grep -q '^0\{31\}1 ' /proc/net/if_inet6 2>/dev/null; then
  check "over IPv6 the wildcards are there" same "$(entries -n "$discovery" -a ::1)" "$(expected ::1 2)"
fi

check "log 00h says the forms" same "$(bytes 0 $((4 * 0x70)) 4 0)" "01 00 03 00"
check "seven entries, no form" same "$(bytes 0 8 16)" "07 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
check "of this address, and referrals" same "$(bytes 2 8 16)" \
  "05 00 00 00 00 00 00 00 00 00 02 00 00 00 00 00"
check "extended entries, and their length" same "$(bytes 1 8 16)" \
  "07 00 00 00 00 00 00 00 00 00 01 00 38 20 00 00"
check "where an extended entry ends" same "$(bytes 1 2048 8)" "08 04 00 00 00 00 00 00"
check "not the lists of all hosts" same "$(bytes 4 8 16)" "$(bytes 0 8 16)"
check "beyond the end of a form" fails 1 'Invalid Field' as a -n "$discovery" --lsp 2 \
  --offset $((6 * 1024)) --bytes 16 log 0x70

spawn watch as a -n "$ours" --kato 10000 watch
check "a host stays" wait_for 30 said watch '^watch:'
reload b
check "another host has a subsystem more" same "$(as b -n "$discovery" discover | grep -c "$three")" 2
check "what is another's is no event" not said watch '^event'
reload a
check "what is its own is" joined watch
check "notice, discovery log" said watch '^event 0x70f002, status 0$'
check "and the list has it" same "$(grep -c "^nvme .*$three" "$work/watch.said")" 2
check "the target stops" stop_target
check "the Avahi example is what hosts look for" python3 - "$(dirname "$0")/../contrib/avahi/cellblock.service" <<'PY'
import sys, xml.etree.ElementTree as tree
service = tree.parse(sys.argv[1]).getroot().find("service")
assert service.findtext("type") == "_nvme-disc._tcp" and service.findtext("port") == "8009"
txt = [t.text for t in service.findall("txt-record")]
assert txt == ["p=tcp", "nqn=nqn.2014-08.org.nvmexpress.discovery"], txt
PY
finish
