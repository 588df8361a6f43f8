#!/bin/bash
# doc/SUPPORTED.md is what the target says of itself. With --print, that page, for `make supported`.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)
page=${srcdir:-$(dirname "$0")/..}/doc/SUPPORTED.md
truncate -s 4M "$work/disk"
config <<YAML
listeners: [{address: 127.0.0.1:$port}]
subsystems:
  - nqn: $nqn
    hosts:
      - nqn: nqn.2014-08.org.nvmexpress:uuid:63656c6c-626c-4f63-8b2d-746573740001
        may-write-protect: true
    ana-groups: [{id: 1}]
    namespaces:
      - {nsid: 1, ram: 4M}
      - {nsid: 2, path: $work/disk, block-size: 4096}
YAML

as_written() { diff -u "$page" "$work/page"; }
start() { start_target -d -f "$work/cellblock.yaml" && host supported >"$work/page"; }

if [ "${1:-}" = --print ]; then
  start && stop_target && cat "$work/page"
  exit
fi
check "the target says what it has" start
check "doc/SUPPORTED.md says the same (make supported)" as_written
check "the target stops" stop_target
finish
