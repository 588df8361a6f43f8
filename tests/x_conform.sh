#!/bin/bash
# Every command and every rule for its fields, row by row, judged by what the specification says;
# see tests/host/conform.h. One line of TAP per row.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)
truncate -s 16M "$work/fixed"
truncate -s 48M "$work/disk"	# more than Identify recommends for a Verify or a Write Zeroes
config <<YAML
listeners:
  - {address: 127.0.0.1:$port}
transport: {header-digest: permit, data-digest: permit, flow-control-off: permit}
subsystems:
  - nqn: $nqn
    hosts:
      - nqn: nqn.2014-08.org.nvmexpress:uuid:63656c6c-626c-4f63-8b2d-746573740001
        may-write-protect: true
      - {nqn: nqn.2026-01.example:second-host}
    ana-groups: [{id: 1}]
    namespaces:
      - {nsid: 1, ram: 48M}
      - {nsid: 2, path: $work/disk, block-size: 4096}
      - {nsid: 3, path: $work/fixed, read-only: true}
      - {nsid: 5, ram: 1M}
YAML

# rows NAME ARGUMENT...: nvmehost's lines become ours.
rows() {
  local what=$1 line
  shift
  host "$@" conform >"$work/rows" 2>&1 || true
  while IFS= read -r line; do
    case $line in
    "ok "* | "not ok "*)
      ((tests += 1))
      [[ $line != not* ]] || ((failures += 1))
      echo "${line%%ok*}ok $tests - $what: ${line#*ok * - }"
      ;;
    1..*) ;;
    *) echo "# ${line#\# }" ;;
    esac
  done <"$work/rows"
  check "$what: all of them were run" grep -q '^1\.\.[1-9]' "$work/rows"
}

check "the target starts" start_target -d -f "$work/cellblock.yaml"
rows "I/O controller"
rows "discovery" -n "$discovery"
check "no worker died" not logged 'died of signal|broke a rule|report this'
check "the target stops" stop_target
finish
