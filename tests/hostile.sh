#!/bin/sh
# Everything that is made to harm, with counts: what was tried, and how much
# of it was lost or got through. Exits 1 if anything did.
set -u

cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-$PWD/build}
out=$BUILD/hostile
mkdir -p "$out"
failed=0

# tried WHAT FILE [PATTERN]: runs a test, and counts its assertions
tried() {
	log=$out/${2##*/}.log
	case $2 in
	*.t) sh "$2" >"$log" 2>&1 ;;
	*) "$2" >"$log" 2>&1 ;;
	esac
	status=$?
	[ $status = 0 ] || failed=1
	printf '%-44s %5d tried, %3d skipped, %d lost%s\n' "$1" \
	    "$(grep -c "^ok \|^not ok " "$log")" \
	    "$(grep -c "^ok .*# SKIP\|^1..0 # SKIP" "$log")" \
	    "$(grep -c "^not ok " "$log")" \
	    "$([ $status = 0 ] || echo ", see $log")"
	grep "^# .*: [0-9]* system calls\|at most [0-9]* ms" "$log" |
	    sed 's/^\(# \|ok [0-9]* - \)/    /'
}

echo "forms: $(find tests/form/hostile -name '*.xml' | wc -l) kept, others made"
tried "forms, each before a good one" tests/t/2002-hostile.t
tried "schemas, a good form beside each" tests/t/2004-hostile-schemas.t
tried "floods of inbox, good forms beside them" tests/t/1008-flood.t
tried "boxes and folders" tests/t/1002-boxes.t
tried "boxes that cannot be answered" tests/t/1005-held-boxes.t
tried "folders and files, by another user" tests/t/5011-hostile-folders.t
tried "decisions, by other users" tests/t/5010-many-users.t
tried "signatures" tests/t/3010-signatures.t
tried "system calls, from inside the sandbox" "$BUILD/test/unit/sandbox_test"
tried "workers that are taken over" tests/t/3003-taken-over.t
tried "workers that fail" tests/t/3002-worker-fails.t
tried "workers that hang" tests/t/1007-workers.t
tried "what fuzzers have found, once more" tests/t/2090-fuzz-corpus.t
exit $failed
