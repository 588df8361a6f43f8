#!/bin/bash
# Power cuts over dm-log-writes: see x_dmlog.sh. The log has what was durable, in the order in which
# it became so, and our marks between; replay judges every prefix of it.
# shellcheck source=lib.sh
. ./lib.sh
modprobe loop && modprobe dm-log-writes || { note "no dm-log-writes in this kernel"; exit 1; }
tar -C / -xf installed.tar && ldconfig
mkdir -p /dev/mapper
[ -e /dev/mapper/control ] ||
  mknod /dev/mapper/control c "$(awk '$2 == "misc" { print $1 }' /proc/devices)" \
    "$(awk '$2 == "device-mapper" { print $1 }' /proc/misc)"

# served CACHE COMMAND...: with a target whose namespace 1 is a fresh recorded device.
served() {
  local cache=$1 data log device status=0
  shift
  rm -f /tmp/data /tmp/record
  truncate -s 1M /tmp/data
  truncate -s 256M /tmp/record
  data=$(losetup -f --show /tmp/data) && log=$(losetup -f --show /tmp/record) &&
    device=$(./dmlog create recorded "$data" "$log") || return
  cat >/tmp/cellblock.yaml <<YAML
service: {control-socket: none, state-dir: none, sandbox: prefer}
listeners: [{address: 127.0.0.1:4421}]
subsystems:
  - nqn: $NQN
    allow-any-host: true
    namespaces: [{nsid: 1, path: $device, cache: $cache}]
YAML
  "$CELLBLOCKD" -d -f /tmp/cellblock.yaml </dev/null >/tmp/target.log 2>&1 &
  wait_for 60 host id-ns 1 && "$@" || status=1
  kill -TERM $!
  wait $! || status=1
  [ $status = 0 ] || cat /tmp/target.log
  ./dmlog remove recorded
  losetup -d "$data" "$log"
  return $status
}
host() { ./nvmehost -s 4421 -n "$NQN" --timeout 60000 "$@"; }
durable() { host --marks dm:recorded --max 8K --queues 2 --count 300 "$@" durable; }
both() { durable --seed 1 && durable --seed 2 --cache-off; }

for cache in none page; do
  check "cache $cache: a host's changes are recorded" served $cache both
  check "cache $cache: nothing that was promised is lost" ./replay -m /tmp/record 1=device
  note "$(./replay /tmp/record 1=device)"
done
exit $failed
