#!/bin/bash
# A discovery controller that stays, and a host that connects to all that it finds there.
# shellcheck source=lib.sh
. ./lib.sh
live() { is_live "$(controller "$1")"; }
fails() { ! "$@"; }

# records COMMAND...: subtype, NQN and port of each record of the log that it prints as JSON.
records() {
  "$@" -o json | jq -r '.records[] | [.subtype, .subnqn, .trsvcid] | join(" ")' | sort
}

# shellcheck disable=SC2046
must "connect-all" nvme connect-all -t tcp -a "$TARGET" -s "$DISCOVERY" \
  $(host_identity $host_a) --persistent --nr-io-queues=2 "${patience[@]}"
must "the subsystem of this host is there" wait_for 60 live "$NQN"
is "queues" "$(attribute "$(controller "$NQN")" queue_count)" 3
check "the one that is closed to it is not" bash -c "! nvme list-subsys | grep -F $NQN2"
must "the discovery controller stays" wait_for 60 discovery_at "$TARGET" "$DISCOVERY"
kept=$(discovery_at "$TARGET" "$DISCOVERY")
is "there is one of them" "$(grep -lx discovery /sys/class/nvme/nvme*/cntrltype | wc -l)" 1
is "it has the admin queue only" "$(attribute "$kept" queue_count)" 1
is "it has no device" "$(ls -d "/sys/class/nvme/$kept/nvme"*n* 2>/dev/null)" ""
own=$(attribute "$kept" subsysnqn)
check "it has a name of its own" grep -qE '^nqn\.2014-08\.org\.nvmexpress:uuid:[0-9a-f-]{36}$' <<<"$own"
check "its log names it, at both ports" test "$(records nvme discover -d "$kept" | grep -c "^current.* $own ")" = 2
# shellcheck disable=SC2046
check "by its own name it is found, too" test "$(records nvme discover -d "$kept")" = \
  "$(records nvme discover -t tcp -a "$TARGET" -s "$DISCOVERY" -n "$own" $(host_identity $host_a))"
must "its broker is killed" on_host kill-role broker
check "what stayed answers" jq -e '.records | length > 0' <(nvme discover -d "$kept" -o json 2>/dev/null)
must "the subsystem has its device" wait_for 60 block_device "$NQN" 1
check "it works" verify "$(block_device "$NQN" 1)" --size=4M
check "the discovery controller is still live" is_live "$kept"
must_disconnect
# shellcheck disable=SC2046
must "discover --persistent" nvme discover --persistent -t tcp -a "$TARGET" -s "$PORT" \
  $(host_identity $host_a)
must "stays, at a port for I/O too" wait_for 60 discovery_at "$TARGET" "$PORT"
kept=$(discovery_at "$TARGET" "$PORT")
is "with Linux's keep alive time" "$(attribute "$kept" kato)" 30
check "and connects to nothing" fails controller "$NQN"
must_disconnect "it"
finish
