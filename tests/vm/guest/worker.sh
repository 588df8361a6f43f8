#!/bin/bash
# One host's worker is killed under load: that host reconnects, another one notices nothing.
# shellcheck source=lib.sh
. ./lib.sh
address_a=192.0.2.2 address_b=192.0.2.12
ip address add $address_b/24 dev eth0
must_connect "host A connects" $host_a "$NQN" --host-traddr=$address_a
ctrl_a=$ctrl dev_a=$dev
must_connect "host B connects" $host_b "$NQN2" --host-traddr=$address_b
ctrl_b=$ctrl cntlid_b=$(attribute "$ctrl" cntlid)
load_start a "$dev_a"
load_start b "$dev"
for n in 1 2 3; do
  check "A's load goes on" goes_on "$NQN"
  check "B's load goes on" goes_on "$NQN2"
  mark
  must "A's worker is killed, time $n" on_host kill-worker $address_a
  must "A reconnects" wait_for 120 reconnected "$ctrl_a"
  must "A is live" wait_for 60 is_live "$ctrl_a"
  check "B's kernel has nothing to say" nothing_said "$ctrl_b:"
done
check "A's load goes on" goes_on "$NQN"
check "B's load goes on" goes_on "$NQN2"
check "A's load met no error" load_stop a
check "B's load met no error" load_stop b
check "A verifies" verify "$dev_a" --size=8M
check "B is live" is_live "$ctrl_b"
is "B has the controller that it had" "$(attribute "$ctrl_b" cntlid)" "$cntlid_b"
must_disconnect
finish
