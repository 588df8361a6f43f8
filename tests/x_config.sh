#!/bin/bash
# A configuration is checked before it is used: what is wrong, in which line, what was meant.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
port=$(pick_port)
yaml=$work/cellblock.yaml

daemon() { timeout 30 "$CELLBLOCKD" "$@"; }

good() {
  cat <<YAML
listeners:
  - address: 127.0.0.1:$port
subsystems:
  - nqn: $nqn
    allow-any-host: true
    namespaces:
      - nsid: 1
        ram: 4M
YAML
}

# wrong NAME LINE PATTERN SED: the good file, changed; the error names file, line (here without the
# service block) and pattern.
wrong() {
  local line
  good | config
  line=$(($(grep -n '^listeners' "$yaml" | cut -d: -f1) - 1 + $2))
  sed -i -e "$4" "$yaml"
  check "$1, by -n" fails 1 "cellblock.yaml:$line: .*$3" daemon -n -f "$yaml"
  check "$1, at the start" fails 1 "cellblock.yaml:$line: .*$3" daemon -d -f "$yaml"
}

good | config
check "-n says nothing about a good file" same "$(daemon -n -f "$yaml" 2>&1)" ""
check "-nv prints every default" fails 0 'greeting-timeout: 5s' daemon -nv -f "$yaml"
daemon -nv -f "$yaml" >"$work/again.yaml" 2>/dev/null
check "what -nv prints is a configuration" daemon -n -f "$work/again.yaml"
check "and the same one" same "$(daemon -nv -f "$work/again.yaml")" "$(cat "$work/again.yaml")"
check "-n does not listen" not listens "$port"

wrong "an unknown key" 5 "allow-any-host" 's/allow-any-host/allow-any-hots/'
wrong "a value that is none" 8 "size" 's/ram: 4M/ram: much/'
wrong "nobody said who may connect" 4 "hosts" '/allow-any-host/d'
wrong "an address without port" 2 "192.0.2.1:4420" 's/127.0.0.1:[0-9]*/127.0.0.1/'
wrong "a namespace twice" 9 "nsid" '$a\      - {nsid: 1, ram: 4M}'
check "a file that is not there" fails 1 "No such file" daemon -n -f "$work/none.yaml"
good | config
chmod 666 "$yaml"
check "a file that everybody may write" fails 1 "everybody|anybody|writ" daemon -n -f "$yaml"
chmod 644 "$yaml"
mkdir -m 755 "$work/conf.d"
printf 'subsystems:\n  - nqn: %s\n    namespace:\n' nqn.2026-01.example:two \
  >"$work/conf.d/two.yaml"
check "an error in conf.d" fails 1 "conf.d/two.yaml:3: .*namespaces" daemon -n -f "$yaml"
check "wrong usage" fails 2 "usage" daemon -x
finish
