#!/bin/bash
# Over IPv6: what the log of such a connection tells, and connecting to it; by a link-local address,
# too. Environment: TARGET6, DISCOVERY, where a wildcard listens, and NQN4, which is referred to.
# shellcheck source=lib.sh
. ./lib.sh
live() { is_live "$(controller "$1")"; }

# shown ADDRESS: addresses and ports where host A finds the subsystem from there.
shown() {
  # shellcheck disable=SC2046
  nvme discover -t tcp -a "$1" -s "$DISCOVERY" $(host_identity $host_a) -o json |
    jq -r --arg nqn "$NQN" '.records[] | select(.subnqn == $nqn) | [.adrfam, .traddr, .trsvcid] | join(" ")' |
    sort
}

must "an address" ip address add 2001:db8:2::2/64 dev eth0 nodad
both="ipv4 $TARGET $PORT ipv6 $TARGET6 $PORT"
is "the log over IPv4" "$(shown "$TARGET" | xargs)" "$both"
is "the log over IPv6" "$(shown "$TARGET6" | xargs)" "$both"
# shellcheck disable=SC2046
must "connect-all over IPv6" nvme connect-all -t tcp -a "$TARGET6" -s "$DISCOVERY" \
  $(host_identity $host_a) --nr-io-queues=2 "${patience[@]}"
must "the subsystem is there" wait_for 60 live "$NQN"
check "over IPv6, too" grep -qF "traddr=$TARGET6,trsvcid=$PORT" /sys/class/nvme/nvme*/address
must "it has its device" wait_for 60 block_device "$NQN" 1
check "it works" verify "$(block_device "$NQN" 1)" --size=4M
must "what the log refers to is there, too" wait_for 60 live "$NQN4"
must_disconnect
# The neighbour that speaks from such an address is the bridge.
near=$(ping -6 -c 2 -w 10 "ff02::1%eth0" | grep -oE 'from fe80[0-9a-f:]*' | sed 's/^from //; s/:$//' |
  grep -vxF "$(ip -6 -o address show dev eth0 scope link | grep -oE 'fe80[0-9a-f:]*')" | head -n 1)
must "the target has a link-local address" test -n "$near"
is "the log over the link" "$(shown "$near%eth0" | xargs)" \
  "$both"
finish
