#!/bin/bash
# Every worker has a uid of its own out of the range, and one that was used rests.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires root python3
port=$(pick_port)
first=1900010000
# range COUNT: with so many uids.
range() {
  config <<YAML
  uid-range: $first-$((first + $1 - 1))
  spares: 2
listeners: [{address: 127.0.0.1:$port}]
limits: {controllers: 6, discovery-controllers: 4, greetings: 8, greetings-per-source: 8}
subsystems:
  - {nqn: $nqn, allow-any-host: true, namespaces: [{nsid: 1, ram: 4M}]}
YAML
}
uids() { ps -o uid= -p "$(pids_of "$1" | paste -sd,)" | sort -n | xargs; }
of_session() { ctl sessions --json | python3 -c '
import json, sys
print(*[s["uid"] for s in json.load(sys.stdin) if s["host"].endswith(sys.argv[1])])' "host-$1"; }

range 20
check "a range that is too small is refused" fails 1 'uid-range' \
  timeout 30 "$CELLBLOCKD" -n -f "$work/cellblock.yaml"
range 48
check "the target starts" start_target -d -f "$work/cellblock.yaml"
check "the broker has the first" same "$(uids broker)" $first
check "the listener the second" same "$(uids listener)" $((first + 1))
for n in a b c d e f; do hold $n $n; done
check "six controllers have six" same "$(ctl sessions --json | grep -o '"uid":[0-9]*' |
  sort -u | wc -l)" 6
check "all workers have as many as they are" same \
  "$(uids worker | xargs -n1 | sort -u | wc -l)" "$(pids_of worker | wc -l)"
check "none is below the sixteenth" test "$(uids worker | cut -d' ' -f1)" -ge $((first + 16))
check "none is beyond the last" test "$(uids worker | xargs -n1 | tail -n 1)" -lt $((first + 48))
old=$(of_session f)
check "one goes" end f
for n in 1 2 3 4 5; do
  wait_for 30 eval '[ -z "$(of_session f)" ]'
  hold f f
  check "its uid rests, $n" not same "$(of_session f)" "$old"
  end f >/dev/null
done
for n in $(seq 60); do wait_for 30 host list-ns >/dev/null || break; done
check "more connections than uids, one after the other" same "$n" 60
for n in a b c d e; do check "nobody was disturbed, $n" end $n; done
check "the target stops" stop_target
check "no process has a uid of the range" not pgrep -U "$(seq -s, $first $((first + 47)))"
finish
