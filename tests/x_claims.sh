#!/bin/bash
# A device or file belongs to one at a time: who comes second waits, and is told why.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires root losetup flock python3
port=$(pick_port)
truncate -s 16M "$work/ours" "$work/busy" "$work/file"
attach "$work/ours" || skip "no loop devices here"
ours=$device
attach "$work/busy"
busy=$device
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
subsystems:
  - nqn: $nqn
    allow-any-host: true
    namespaces:
      - {nsid: 1, path: $ours}
      - {nsid: 4, path: $busy}
      - {nsid: 5, path: $work/file}
YAML

# claim DEVICE: as a mount would, until it is dropped.
claim() {
  python3 -c '
import os, sys, time
os.open(sys.argv[1], os.O_RDWR | os.O_EXCL)
print("claimed", flush=True)
time.sleep(300)' "$1"
}

state() { ctl namespaces | awk -v nsid="$1" '$1 == nsid { print $2 }'; }
is_state() { same "$(state "$1")" "$2"; }

spawn other claim "$busy"
spawn locker flock "$work/file" -c 'echo locked; sleep 300'
wait_for 30 said other claimed
wait_for 30 said locker locked

check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "a device in use waits" is_state 4 waiting
check "and why is said" logged "$busy is in use by somebody else.*lsof"
check "so does a file in use" is_state 5 waiting
check "and why is said, too" logged "$work/file is in use by somebody else"
drop other
drop locker
check "when it is free, it is there" wait_for 30 is_state 4 online
check "so is the file" wait_for 30 is_state 5 online
check "and serves" host --nsid 4 verify
check "nobody else can have it now" fails 1 'busy' claim "$busy"
check "nor the one that is used" fails 1 'busy' claim "$ours"
check "the broker is killed" kill -KILL "$(pids_of broker)"
check "nor then" fails 1 'busy' claim "$ours"
check "a new broker serves it" wait_for 30 as b --nsid 1 --bytes 1M verify
check "the target stops" stop_target
spawn other claim "$ours"
check "and leaves it to others" wait_for 30 said other claimed
finish
