#!/bin/bash
# The service manager: its sockets by name, and what it is told.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires python3 systemd-socket-activate
grep -q sd_listen_fds "$CELLBLOCKD" || skip "built without libsystemd"
port=$(pick_port)

write_config() {
  config <<YAML
listeners:
  - $1
subsystems:
  - {nqn: $nqn, allow-any-host: true, namespaces: [{nsid: 1, ram: 4M}]}
YAML
}

# What systemd would hear, a line each.
cat >"$work/notified.py" <<'PY'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True: print(s.recv(4096).decode(), flush=True)
PY

# activate: as systemd would, started by the first connection.
activate() {
  systemd-socket-activate -l "127.0.0.1:$port" --fdname=nvme-tcp -E "NOTIFY_SOCKET=$work/notify" \
    -E WATCHDOG_USEC=5000000 "$CELLBLOCKD" -d -f "$work/cellblock.yaml" \
    </dev/null >"$work/out" 2>>"$work/log" &
  target=$!
  wait_for 30 listens "$port"
  host list-ns
}

told() { grep -q "^$1" "$work/manager.said"; }
count() { grep -c "^$1" "$work/manager.said"; }

spawn manager python3 "$work/notified.py" "$work/notify"
wait_for 30 test -S "$work/notify"
write_config 'socket: nvme-tcp'
check "the first connection starts it, and is served" activate
check "the manager heard READY=1" wait_for 30 told READY=1
check "and a status" wait_for 30 told STATUS=
check "and WATCHDOG=1, more than once" wait_for 30 eval '[ "$(count WATCHDOG=1)" -gt 1 ]'
check "its socket serves" host --queues 2 verify
check "the broker ends" kill -KILL "$(pids_of broker)"
check "the next one finds the socket" wait_for 30 host list-ns
old=$(pids_of broker)
kill -HUP "$target"
check "a reload is told" wait_for 30 told RELOADING=1
check "and its end" wait_for 30 eval '[ "$(count READY=1)" -gt 1 ]'
check "the old broker is gone" wait_for 30 is_gone "$old"
check "the socket serves" host list-ns
check "it stops" stop_target
check "the manager heard STOPPING=1" wait_for 30 told STOPPING=1

write_config "{socket: nvme-tcp, address: '127.0.0.1:$port'}"
check "an address that is the socket's" activate
check "it stops again" stop_target
write_config "{socket: nvme-tcp, address: '127.0.0.1:4420'}"
check "another address is an error" not activate
check "and said" logged 'bound to another address'
wait_for 30 is_gone "$target"
write_config 'socket: nvme-other'
check "so is another name" not activate
check "which is said, with the remedy" logged 'no socket named nvme-other.*FileDescriptorName'
wait_for 30 is_gone "$target"
finish
