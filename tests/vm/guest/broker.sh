#!/bin/bash
# The broker and the listener are killed under load: no host notices, and new hosts are let in.
# shellcheck source=lib.sh
. ./lib.sh
must_connect "host A connects" $host_a "$NQN"
ctrl_a=$ctrl cntlid_a=$(attribute "$ctrl" cntlid)
load_start a "$dev"
for role in broker listener broker; do
  check "A's load goes on" goes_on "$NQN"
  mark
  must "the $role is killed and comes back" on_host kill-role $role
  check "A's load still goes on" goes_on "$NQN"
  check "A's kernel has nothing to say" nothing_said "$ctrl_a:"
  connect=connect_in_time must_connect "host B connects after the $role's death" $host_b "$NQN2"
  check "B verifies" verify "$dev" --size=4M
  check "B disconnects" nvme disconnect -n "$NQN2"
done
check "A's load met no error" load_stop a
check "A is live" is_live "$ctrl_a"
is "A has the controller that it had" "$(attribute "$ctrl_a" cntlid)" "$cntlid_a"
must_disconnect
finish
