#!/bin/bash
# How often a host may come, with how many queues, and how long it may say nothing.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)
any=nqn.2026-01.example:any
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
limits:
  controllers: 5
  controllers-per-host: 3
  queues: 2
  greetings: 12
  greetings-per-source: 8
  greeting-timeout: 3s
subsystems:
  - nqn: $nqn
    namespaces: [{nsid: 1, ram: 4M}]
    hosts:
      - {nqn: nqn.2026-01.example:host-a}
      - {nqn: nqn.2026-01.example:host-b}
      - {nqn: nqn.2026-01.example:host-c, max-controllers: 1}
  - {nqn: $any, namespaces: [{nsid: 1, ram: 4M}], allow-any-host: true}
YAML
counted() { [ "$(ctl sessions | grep -c "host-$2 ")" = "$1" ]; }

check "the target starts" start_target -d -f "$work/cellblock.yaml"
hold one c
hold two a
check "one controller, if that is its limit" fails 3 'Busy' as c list-ns
hold three a --queues 2
check "more queues than the limit" fails 1 'asked' as a --queues 3 hold
wait_for 30 counted 2 a # the refused one is gone
hold four a
check "controllers of one host" fails 3 'Busy' as a list-ns
hold five e --source 127.0.0.2 -n "$any" # the nameless have a share per source
check "controllers in all" fails 3 'Busy' as b list-ns
check "the limit is in the log" logged 'raise limits: controllers'
check "one goes" end four
check "another comes" as b list-ns

# Nine that say nothing: eight are heard until the deadline ends them, the last one is not.
for n in 1 2 3 4 5 6 7 8 9; do spawn "mute$n" host --timeout 20000 raw ""; done
check "one is closed unheard, and that is said" wait_for 20 logged 'closed unheard.* 1 for too'
check "so is the next" fails 1 'closed' as b list-ns
for n in 1 2 3 4 5 6 7 8 9; do check "silence is ended" joined "mute$n"; done
check "and said" logged 'greeting not finished in time'
check "who waited comes in" as b list-ns
for n in one two three five; do check "the others noticed nothing, $n" end "$n"; done
check "the target stops" stop_target
finish
