#!/bin/sh
# make bench, so small that its figures say nothing: that all of it still
# works, and each thing that is measured comes out as a row.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/faults.sh"
[ -z "$sanitized" ] || skip_all "figures of a sanitizer say nothing"
command -v python3 >/dev/null || skip_all "no python3"
command -v strace >/dev/null || skip_all "no strace"
command -v xmllint >/dev/null || skip_all "no xmllint"

# the run writes to a build of its own, by links to the real one
mkdir "$T/build"
ln -s "$BUILD"/docket "$BUILD"/docket-check "$T/build/"
mkdir "$T/build/bench"
for tool in "$BUILD"/bench/*; do
	[ -f "$tool" ] && ln -s "$tool" "$T/build/bench/"
done
ok "all of it is measured" env TINY=1 BENCH_DIR="$T" \
    python3 -B "$SRC/tests/bench/bench.py" "$T/build"
OUT=$(cat "$T/.out")
for row in 'inbox to receipt.* floor: ' 'run --once.* floor: ' \
    'shell script.* desk.sh: ' 'waiting for syncs' \
    'ledger alone.* git fast-import: ' 'checker.* xmllint' \
    'lone form.* its syncs: ' 'start, ' 'docket list' 'search clients' \
    'rebuild index' 'docket audit' 'memory, the daemon' \
    'memory, a checker child' 'flood another'; do
	like "$OUT" "$row" "there is a row: $row"
done
unlike "$OUT" 'Traceback' "nothing went wrong on the way"
ok "the figures are there for programs" python3 -c '
import json, sys
found = json.load(open(sys.argv[1]))
assert found["kind"] == "tiny" and len(found["rows"]) > 30
assert all(r["figure"] is not None for r in found["rows"])
' "$T/build/bench/bench.json"
for plot in growth latency; do
	ok "$plot.svg is a picture" xmllint --noout --nonet \
	    "$T/build/bench/$plot.svg"
	file_like "$T/build/bench/$plot.svg" "<polyline" "with a line in it"
done
ok "nothing is left behind" test ! -e "$T/docket-bench"

# what the bench measures on is a desk like any other
"$DOCKET" init "$DESK" >/dev/null
ok "a desk with a past is made" "$BUILD/bench/makedesk" "$DESK" 300
fsck_clean
trays_equal_ledger
done_testing
