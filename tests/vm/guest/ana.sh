#!/bin/bash
# Two paths to one namespace with ANA: whichever is closed, the load goes on through the other; what
# grows is seen. PATH2: the address of the second listener.
# shellcheck source=lib.sh
. ./lib.sh
# path_state ADDRESS: the ANA state of the path that goes there, as the kernel says it.
path_state() {
  local p c
  for p in /sys/class/nvme/nvme*/nvme*c*n*; do
    c=${p%/*}
    grep -q "traddr=$1," "$c/address" && cat "$p/ana_state"
  done
}
has_state() { [ "$(path_state "$1")" = "$2" ]; }
paths() { nvme list-subsys | grep -c ' live'; }
size() { [ "$(blockdev --getsize64 "$dev")" = "$1" ]; }

must_connect "the first path" $host_a "$NQN"
# shellcheck disable=SC2046
must "the second path" nvme connect -t tcp -a "$PATH2" -s "$PORT" -n "$NQN" \
  $(host_identity $host_a) "${patience[@]}"
must "both are live" wait_for 60 eval '[ "$(paths)" = 2 ]'
must "the first is optimized" wait_for 60 has_state "$TARGET" optimized
must "the second is not" wait_for 60 has_state "$PATH2" non-optimized
check "the log has both groups" eval "nvme ana-log /dev/$ctrl | grep -i optimized"
must "write" verify "$dev" --do_verify=0
load_start paths "$dev"
check "the load goes on" goes_on "$NQN"
mark
check "the first path is closed" on_host ana 1 inaccessible "$TARGET"
check "the host sees it" wait_for 60 has_state "$TARGET" inaccessible
check "the load goes on through the second" goes_on "$NQN"
check "the first is opened, the second closed" \
  eval 'on_host ana 1 optimized "$TARGET" && on_host ana 1 inaccessible "$PATH2"'
check "the host sees that" \
  eval 'wait_for 60 has_state "$TARGET" optimized && wait_for 60 has_state "$PATH2" inaccessible'
check "the load goes on through the first" goes_on "$NQN"
check "both are closed, one after the other" on_host ana 1 inaccessible "$TARGET"
check "the second is opened" on_host ana 1 non-optimized "$PATH2"
check "the load goes on through it" goes_on "$NQN"
check "no connection was lost" eval '! kernel_said "" | grep -i reconnect'
check "the disk grows" on_host grow disk1 160M
check "the host sees its size" wait_for 60 size $((160 << 20))
check "the load met no error" load_stop paths
check "what was written first is there" verify "$dev" --verify_only
must_disconnect
finish
