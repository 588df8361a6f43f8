#!/bin/bash
# The power fails at every moment: what was promised durable is there, whatever became of the rest.
# logfs lies below the page cache and records what reaches it; replay judges every subset of what no
# flush has made durable, and has to notice when flushes are taken for lies. From the environment:
# COUNT, commands per host; RECORD, a file to keep the record in.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
requires root losetup /dev/fuse "$PWD/tests/durable/logfs"
port=$(pick_port)
state=$work/mnt/state
mkdir "$work/backing" "$work/mnt"
truncate -s 1M "$work/backing/"{none,page,device,paged}
at_end+=("umount -l $work/mnt")
spawn logfs "$PWD/tests/durable/logfs" "$work/record" "$work/backing" "$work/mnt"
wait_for 30 test -e "$work/mnt/mark" || skip "no FUSE here: $(cat "$work/logfs.said")"
names=(none page device paged)
for name in device paged; do
  attach "$work/mnt/$name" || skip "no loop devices here"
  devices+=("$device")
done
# namespaces NAME...: a configuration with one for each. What is called more-... is a RAM disk.
namespaces() {
  local name nsid=0
  for name; do
    ((nsid += 1))
    case $name in
    none) echo "      - {nsid: $nsid, path: $work/mnt/none, cache: none}" ;;
    page) echo "      - {nsid: $nsid, path: $work/mnt/page, cache: page}" ;;
    device) echo "      - {nsid: $nsid, path: ${devices[0]}, cache: none}" ;;
    paged) echo "      - {nsid: $nsid, path: ${devices[1]}, cache: page}" ;;
    *) echo "      - {nsid: $nsid, ram: 1M}" ;;
    esac
  done >"$work/namespaces"
  config <<YAML
listeners: [{address: 127.0.0.1:$port}]
subsystems:
  - nqn: $nqn
    hosts:
      - nqn: nqn.2014-08.org.nvmexpress:uuid:63656c6c-626c-4f63-8b2d-746573740001
      - {nqn: nqn.2026-01.example:host-a, may-write-protect: true}
      - {nqn: nqn.2026-01.example:host-b}
    namespaces:
$(cat "$work/namespaces")
YAML
}

durable() {
  host --marks "$work/mnt/mark" --max 8K --count "${COUNT:-400}" --queues 2 "$@" durable
}
judge() { timeout 300 "$PWD/tests/durable/replay" -m "$work/record" "$@"; }
# The host, or the administrator, was answered: replay counts them from 0.
state_is_told() { echo state >"$work/mnt/mark"; }
told() { "$@" && state_is_told; }
takeovers() { grep -c ' is in charge, pid ' "$work/log"; }
has_taken_over() { [ "$(takeovers)" -gt "$1" ]; }
reload() {
  local before
  namespaces "${names[@]}" "$@"
  before=$(takeovers)
  kill -HUP "$target" && told wait_for 30 has_taken_over "$before"
}

namespaces "${names[@]}"
state_is_told
check "the target starts" start_target -d -f "$work/cellblock.yaml"
state_is_told
judged=()
for i in "${!names[@]}"; do
  nsid=$((i + 1)) name=${names[i]}
  check "$name changes" durable --nsid $nsid --seed $nsid
  check "$name changes, its write cache off for a while" \
    durable --nsid $nsid --seed 1$nsid --cache-off
  judged+=("$nsid=$name")
done
check "identities are added" reload more-1
check "and again" reload more-1 more-2 more-3
while read -r who what; do
  # shellcheck disable=SC2086
  check "state: $who, $what" told as "$who" $what
done <<STATES
a resv register 10 ptpl
b resv register 20 ptpl
a resv acquire 10 1
a protect 1
b resv preempt 20 3 10
a resv register 11 ptpl
a protect 0
b resv release 20 3
a resv acquire 11 2
b resv unregister 20
a resv clear 11
a protect 1
STATES
check "the target stops" stop_target
[ -z "${RECORD:-}" ] || cp "$work/record" "$RECORD"
for n in "${judged[@]}"; do
  check "nothing that was promised is lost: $n" judge "$n"
done
check "identities, reservations and write protection are the old ones or the new ones" judge state
finish
