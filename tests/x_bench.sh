#!/bin/bash
# The benchmark runs, and says what it promises to say. What the numbers are is no matter here.
# shellcheck source=lib.sh
. "$(dirname "$0")/lib.sh"
bench=$PWD/tests/bench/bench
requires "$bench" python3
[ "$(nproc)" -ge 2 ] || skip "needs two processors"

# As little as there can be, whoever else is busy here.
tiny() {
  timeout --foreground -k 5 120 "$bench" --windows 1 --seconds 0.05 --ram 16 --wait 10000 \
    --out "$work" --backends ram,file --cases "$@"
}

# lines EXPRESSION: it holds for the JSON lines, called a.
lines() {
  python3 -c '
import json, sys
a = [json.loads(l) for l in open(sys.argv[1])]
sys.exit(not eval(sys.argv[2]))' "$work/bench.jsonl" "$1" || { cat "$work/bench.jsonl"; return 1; }
}

check "reads, writes and nothing at all" tiny r4k-d32,w4k-d8,w128k-d16,r4k-d32-crc,r4k-rate0
check "each case has a ceiling and a target" lines \
  'all({r["server"] for r in a if r.get("case") == c} == {"ceiling", "target"}
    for c in ["r4k-d32", "w4k-d8", "w128k-d16", "r4k-d32-crc", "r4k-rate0"])'
check "rates, and none where none is offered" lines \
  'all((r["iops"] > 0) == (r["case"] != "r4k-rate0") for r in a if "case" in r)'
check "a state for each" lines 'all(r["state"] in ["near", "far"] for r in a if "case" in r)'
check "latencies in order" lines \
  'all(0 < r["p50_us"] <= r["p99_us"] <= r["p999_us"] for r in a if r.get("iops", 0) > 0)'
check "processor time and memory" lines \
  'all(r["cpu_s_per_mio"] > 0 and r["rss_mib"] > 0 for r in a if r.get("iops", 0) > 0)'
check "a file beside the RAM disk" lines \
  '{r["backend"] for r in a if r.get("server") == "target"} == {"ram", "file"}'
check "bars are judged" lines 'len([r for r in a if "bar" in r and "ok" in r]) > 0'
check "two hosts that are not alike" tiny fairness
check "as controllers and as queues" lines \
  'len([r for r in a if r.get("group") == "fairness"]) == 10'
check "no disk is left behind" same "$(find "$work" -name 'bench-*')" ""
finish
