#!/bin/bash
# Many hosts at once: all come in, each has its own worker, and nobody is woken while they do nothing.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
limits: {controllers-per-host: 100, greetings-per-source: 100}
subsystems:
  - {nqn: $nqn, allow-any-host: true, namespaces: [{nsid: 1, ram: 1M}]}
YAML

count() { ctl sessions --json | grep -o '"cntlid"' | wc -l; }
# switches PID: how often its threads have slept or were made to.
switches() { cat "/proc/$1"/task/*/status | awk '/ctxt_switches/ { n += $2 } END { print n }'; }
# sleeps PID: it is not woken for three seconds. Its buffers go back within six after its work.
sleeps() {
  local before
  sleep 7
  before=$(switches "$1")
  sleep 3
  same "$(switches "$1")" "$before"
}

check "the target starts" start_target -d -f "$work/cellblock.yaml"
spawn crowd host --count 30 --parallel 8 --queues 2 --depth 128 --seconds 100 crowd
check "thirty hosts connect" wait_for 60 said crowd '^crowd: 30 controllers with 2 queues'
check "and are there" same "$(count)" 30
check "each is a worker of its own" wait_for 30 \
  eval '[ "$(ctl sessions --json | grep -o "\"pid\": *[0-9]*" | sort -u | wc -l)" = 30 ]'
check "an idle one sleeps" sleeps "$(pids_of worker | head -n 1)"
end crowd >/dev/null
check "they leave" wait_for 30 eval '[ "$(count)" = 0 ]'
check "the target stops" stop_target
finish
