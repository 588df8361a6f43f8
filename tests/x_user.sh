#!/bin/bash
# As a service user with five capabilities, as the service unit has it: jails like root's, devices
# by group, and what to do where the group is missing.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires root setpriv
port=$(pick_port)
user=23456 group=23457 first=1900000000
caps=+setuid,+setgid,+sys_chroot,+kill,+setpcap
via=(setpriv --reuid $user --regid $user --groups $group --inh-caps=-all,$caps
  --ambient-caps=-all,$caps --bounding-set=-all,$caps)
truncate -s 4M "$work/ours" "$work/others"
chgrp $group "$work/ours"
chmod 660 "$work/ours" "$work/others"
chgrp $user "$work"
chmod 775 "$work"
config <<YAML
  uid-range: $first-$((first + 2000))
listeners: [{address: 127.0.0.1:$port}]
limits: {controllers: 100, discovery-controllers: 20}
subsystems:
  - nqn: $nqn
    allow-any-host: true
    namespaces: [{nsid: 1, path: $work/ours}, {nsid: 2, path: $work/others}, {nsid: 3, ram: 4M}]
YAML
sed -i 's/sandbox: prefer/sandbox: require/' "$work/cellblock.yaml"

# status PID NAME: that line of it, without the name.
status() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | xargs; }
caps() { sed -n 's/^Cap...:[[:space:]]*//p' "/proc/$1/status" | sort -u | xargs; }
four() { echo "$1 $1 $1 $1"; }

check "the target starts, with every layer required" start_target -d -f "$work/cellblock.yaml"
check "the warden is the service user" same "$(status "$target" Uid)" "$(four $user)"
broker=$(pids_of broker)
check "the broker has a uid of its own" same "$(status "$broker" Uid)" "$(four $first)"
check "and the service's groups" same "$(status "$broker" Groups)" "$group"
check "so has the listener, without groups" same \
  "$(status "$(pids_of listener)" Uid)/$(status "$(pids_of listener)" Groups)" \
  "$(four $((first + 1)))/"
for pid in $(pids_of worker); do status "$pid" Uid; done >"$work/uids"
check "every worker has one" same "$(sort -u "$work/uids" | wc -l)" "$(pids_of worker | wc -l)"
check "from the range" not grep -qv '^19000[0-9]* ' "$work/uids"
for role in broker listener worker; do
  check "no $role has a capability" same "$(for p in $(pids_of $role); do caps "$p"; done |
    sort -u)" 0000000000000000
done
check "what the group may write is served" host --nsid 1 verify
check "a RAM disk, too" host --nsid 3 verify
check "the other is waiting" fails 0 '^ *2 waiting' ctl namespaces
check "and why is said, with the remedy" logged 'others cannot be opened: Permission.* group'
chgrp $group "$work/others"
check "when it is remedied, it is there" wait_for 30 host --nsid 2 verify
spawn load as a --queues 2 --nsid 1 --seconds 300 stress
wait_for 30 eval '[ "$(ctl sessions | grep -c host-a)" = 1 ]'
check "a worker is killed" pkill -KILL -P "$target" -f 'worker: nqn.*host-a'
check "its host is told" fails 1 closed joined load
check "the host comes back" as a --queues 2 --nsid 1 verify
check "the broker is killed" kill -KILL "$broker"
check "a new host is served" wait_for 30 as b --nsid 1 verify
check "a reservation that is to last is stored" as a --nsid 3 resv register 10 ptpl
check "the target stops" stop_target
check "it starts again" start_target -d -f "$work/cellblock.yaml"
check "and knows it" eval 'as a --nsid 3 resv report | grep -q "ptpl 1 registrants 1"'
check "the target stops" stop_target
finish
