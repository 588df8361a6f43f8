#!/bin/bash
# nvme-stas: stafd stays at the discovery service and follows its referral, stacd connects to all
# that is found, and both follow what the target's configuration becomes.
# Environment: NQN3 (to be revealed), NQN4, REFERRED (port), what the referral leads to.
# shellcheck source=lib.sh
. ./lib.sh
live() { is_live "$(controller "$1")"; }
gone() { ! controller "$1"; }
pids=()
note_logs() { [ "$failed" = 0 ] || note "$(tail -n 40 /tmp/stafd.log /tmp/stacd.log)"; }
trap note_logs EXIT

# start NAME: stafd or stacd, as systemd would; without mDNS.
start() {
  mkdir -p "/run/$1" "/var/cache/$1"
  RUNTIME_DIRECTORY=/run/$1 CACHE_DIRECTORY=/var/cache/$1 "/usr/sbin/$1" -f "/tmp/$1.conf" --tron \
    >"/tmp/$1.log" 2>&1 &
  pids+=($!)
}

echo "$uuid_nqn$host_a" >/etc/nvme/hostnqn
echo "$host_a" >/etc/nvme/hostid
cat >/tmp/stafd.conf <<CONF
[Service Discovery]
zeroconf=disabled
[Controllers]
controller=transport=tcp;traddr=$TARGET;trsvcid=$DISCOVERY
CONF
: >/tmp/stacd.conf
mkdir -p /run/dbus
must "the message bus" dbus-daemon --system --nopidfile --fork
must "udev" bash -c 'exec -a systemd-udevd /usr/bin/udevadm --daemon'
start stafd
start stacd
must "stafd stays at the discovery service" wait_for 60 discovery_at "$TARGET" "$DISCOVERY"
kept=$(discovery_at "$TARGET" "$DISCOVERY")
check "with a keep alive time" test "$(attribute "$kept" kato)" -gt 0
must "stacd connects to what is there" wait_for 60 live "$NQN"
must "stafd follows the referral" wait_for 60 discovery_at "$TARGET" "$REFERRED"
must "stacd connects to what is there" wait_for 60 live "$NQN4"
check "what is closed to this host is not connected" gone "$NQN2"
must "the target gets a subsystem more" on_host reveal "$NQN3"
must "stacd connects to it" wait_for 60 live "$NQN3"
must "its broker is killed" on_host kill-role broker
must "the subsystem is taken away" on_host hide
must "stacd disconnects from it" wait_for 60 gone "$NQN3"
check "and from nothing else" live "$NQN"
is "the discovery controller is the same" "$(discovery_at "$TARGET" "$DISCOVERY")" "$kept"
must "the target starts again" on_host restart
must "what stayed comes back" wait_for 60 discovery_at "$TARGET" "$DISCOVERY"
must "so does the subsystem" wait_for 60 live "$NQN"
check "both end" kill "${pids[@]}"
finish
