#!/bin/bash
# A discovery controller that stays, and a host that connects to all that it finds there.
# shellcheck source=lib.sh
. ./lib.sh
service=nqn.2014-08.org.nvmexpress.discovery
live() { is_live "$(controller "$1")"; }

# shellcheck disable=SC2046
must "connect-all" nvme connect-all -t tcp -a "$TARGET" -s "$DISCOVERY" \
  $(host_identity $host_a) --persistent --nr-io-queues=2 "${patience[@]}"
must "the subsystem of this host is there" wait_for 60 live "$NQN"
is "queues" "$(attribute "$(controller "$NQN")" queue_count)" 3
check "the one that is closed to it is not" bash -c "! nvme list-subsys | grep -F $NQN2"
must "the discovery controller stays" wait_for 60 live "$service"
kept=$(controller "$service")
is "it has the admin queue only" "$(attribute "$kept" queue_count)" 1
is "it has no device" "$(block_device "$service" 1)" ""
must "its broker is killed" on_host kill-role broker
check "what stayed answers" jq -e '.records | length > 0' <(nvme discover -d "$kept" -o json 2>/dev/null)
must "the subsystem has its device" wait_for 60 block_device "$NQN" 1
check "it works" verify "$(block_device "$NQN" 1)" --size=4M
check "the discovery controller is still live" live "$service"
must_disconnect
finish
