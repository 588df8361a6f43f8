#!/bin/bash
# The warden's own end: in order, at once, and by violence; and a start in the background.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)
truncate -s 16M "$work/disk"
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
limits: {shutdown-timeout: 60s}
subsystems:
  - {nqn: $nqn, allow-any-host: true, namespaces: [{nsid: 1, path: $work/disk}]}
YAML
start() { start_target -d -f "$work/cellblock.yaml"; }

# all_gone PID...: nobody of these is left, and nobody listens.
all_gone() {
  local pid
  for pid; do is_gone "$pid" || return; done
  not listens "$port"
}

check "the target starts" start
spawn load as a --queues 2 --seconds 300 stress
hold idle b
mapfile -t family < <(pgrep -P "$target")
check "the warden is killed" eval '{ kill -KILL "$target"; wait "$target"; } 2>/dev/null
  [ $? = 137 ]'
check "all of its family end of themselves" wait_for 60 all_gone "${family[@]}"
check "their hosts are told" fails 1 'closed' joined load
check "all of them" fails 1 'closed' joined idle
check "it starts again, with the same file" start
check "which serves" host --bytes 1M verify
check "SIGINT is the end, too" stop_target INT

check "another start" start
hold idle b
kill -STOP -- "-${job[idle]}"
kill -STOP "$(pids_of broker)"
kill -TERM "$target"
check "one that cannot stop in order" not wait_for 1 is_gone "$target"
check "stops at once when told twice" stop_target
drop idle

check "another one" start
check "does not start twice" fails 1 'in use|listeners' \
  timeout 60 "$CELLBLOCKD" -d -f "$work/cellblock.yaml"
check "and the first goes on" host --bytes 1M verify
check "cellblockctl, too" ctl sessions
check "it stops" stop_target

# Without -d: the status is that of the start, the service goes on behind it.
background() { timeout --foreground 60 "$CELLBLOCKD" -f "$work/cellblock.yaml"; }
if [ -e /run/cellblockd.pid ]; then
  echo "# a cellblockd runs in the background already: its pidfile would be in the way"
else
  check "a start in the background" background
  # the oldest: a child may not have become its program yet
  target=$(pgrep -o -f "^[^ ]*cellblockd -f $work/cellblock.yaml")
  check "serves" host --bytes 1M verify
  mapfile -t family < <(pgrep -P "$target")
  check "and ends" kill -TERM "$target"
  check "with all of its family" wait_for 60 all_gone "$target" "${family[@]}"
  target=''
fi
sed -i 's/ram/mar/; s/allow-any-host/allow-any-hots/' "$work/cellblock.yaml"
check "a start that fails says so, and why" fails 1 "did you mean 'allow-any-host'" background
finish
