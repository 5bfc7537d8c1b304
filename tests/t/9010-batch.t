#!/bin/sh
# A long batch, one in a hundred of it bad, whose desk is killed twice on the
# way: each good form becomes one case and one commit, the one receipt lists
# all, and memory does not grow with the file. Plain, and compressed.
# LOAD=1 (make load): 100,000 forms; else 2,000.
. "$(dirname "$0")/lib.sh"
N=2000
[ -z "${LOAD:-}" ] || N=100000
NOW=2027-01-01T12:00:00Z

batch() {
	awk -v n="$N" 'BEGIN {
		print "<batch xmlns=\"urn:docket:request:1\">"
		for (i = 1; i <= n; i++) {
			printf "<application xmlns=\"urn:docket:api-key:1\">\n"
			printf "<client>c%d</client>\n", i % 500
			printf "<name>many %d</name>\n", i
			print "<effective>2099-01-01</effective>"
			print "<expiry>2099-12-31</expiry>"
			printf "<quota>%d</quota>\n", i % 100 != 0
			print "<description>What it is for.</description>"
			print "<apis><api>orders</api></apis>"
			print "</application>"
		}
		print "</batch>"
	}'
}

# What the desk and its workers take of memory for themselves, and (all) with
# the files that they have mapped, which is the packs of the ledger: kB, the
# most of what is seen while it runs.
sample() {
	for _p in "$1" $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		_who=$(cat "/proc/$_p/comm" 2>/dev/null)
		for _q in $_p $(cat "/proc/$_p/task/$_p/children" 2>/dev/null)
		do
			sed -n "s/^RssAnon:[^0-9]*/$_who own /p;
			    s/^VmHWM:[^0-9]*/$_who all /p" \
			    "/proc/$_q/status" 2>/dev/null
		done
	done
}
watch_memory() {
	while kill -0 "$1" 2>/dev/null; do
		sample "$1"
		sleep 0.1
	done >>"$T/memory" &
}
# peak PROGRAM own|all
peak() {
	awk -v who="$1" -v what="$2" '$1 == who && $2 == what && $3 > max {
		max = $3 } END { print max + 0 }' "$T/memory"
}

seconds() {
	date +%s.%N
}

# run NAME: drops $T/NAME, kills twice, and looks at what came of it
run() {
	# shellcheck disable=SC2034 # of lib.sh
	DESK=$T/desk-$1
	make_desk
	: >"$T/memory"
	start DOCKET_NOW=$NOW
	watch_memory "$_pid"
	mkdir inbox/other
	_began=$(seconds)
	mv "$T/$1" inbox/
	ok "$1: its forms are counted" \
	    waitfor -t 600 match .docket/progress "of $N forms"
	like "$("$DOCKET" status)" "inbox/$1: [0-9]+ of $N forms, [0-9]+%" \
	    "$1: docket status says how far it is"
	for _part in 3 2; do
		waitfor -t 900 there \
		    "pending/$(printf 'AK-%06d' $((N / _part))).xml"
		kill_hard
		is "$(ls outbox/*.batch.* 2>/dev/null)" "" \
		    "$1: killed on its way"
		start DOCKET_NOW=$NOW
		watch_memory "$_pid"
	done
	key_form other "in between" | drop other/between.xml
	ok "$1: another box is served meanwhile" \
	    waitfor -t 60 there outbox/other/status.txt
	ok "$1: the batch goes on to its end" \
	    waitfor -t 1800 there "outbox/$1.batch.xml" "outbox/$1.batch.txt"
	_ended=$(seconds)
	unlike "$("$DOCKET" status)" "Batches" "$1: then docket status says no more"
	ok "$1: the desk ends" stop
	echo "$_began $_ended" | awk -v n="$N" -v name="$1" '{
		printf "# %s: %d forms in %.1f s, with two kills: %d a second\n",
		    name, n, $2 - $1, n / ($2 - $1) }'
	diag "$1: most memory, kB: desk $(peak docket own) of its own" \
	    "($(peak docket all) with the packs that are mapped), a worker" \
	    "$(peak docket-check own) ($(peak docket-check all))"
	judge "$1"
}

judge() {
	_good=$((N - N / 100))
	is "$(sed -n 's/.*<part n="\([0-9]*\)".*/\1/p' "outbox/$1.batch.xml" |
	    awk '$1 != NR { bad++ } END { print NR, bad + 0 }')" "$N 0" \
	    "$1: every form is in the receipt, in order"
	is "$(sed -n 's/.*<total \(.*\)\/>/\1/p' "outbox/$1.batch.xml")" \
	    "forms=\"$N\" received=\"$_good\" refused=\"$((N / 100))\" repeated=\"0\"" \
	    "$1: the sums"
	ok "$1: the receipt is valid" xmllint --noout --stream \
	    --schema "$SRC/schemas/receipt.xsd" "outbox/$1.batch.xml"
	ledger log --format='%(trailers:key=Intake,valueonly,separator=)' |
	    sed -n 's,.*/,,p' | sort -n >"$T/places"
	is "$(uniq "$T/places" | wc -l) $(wc -l <"$T/places")" "$N $N" \
	    "$1: each has one commit"
	ledger log --format=%s | sed -n 's/^AK.* received: many \([0-9]*\) .*/\1/p' |
	    sort -n >"$T/received"
	seq "$N" | awk '$1 % 100' >"$T/good"
	ok "$1: each good one is received, once" cmp "$T/good" "$T/received"
	is "$(find pending -name 'AK-*.xml' -exec sed -n \
	    's,.*<name>many \([0-9]*\)</name>.*,\1,p' {} + | sort -n |
	    cmp - "$T/good")" "" "$1: and is a case of its own"
	is "$(find .docket/batches .docket/claims -mindepth 1)" "" \
	    "$1: nothing is left in hand"
	case $BUILD in
	*asan*) skip "memory, under a sanitizer" ;;
	*)
		ok "$1: the desk takes less than 64 MB for itself" \
		    test "$(peak docket own)" -lt 65536
		ok "$1: and a worker less than 32 MB" \
		    test "$(peak docket-check all)" -lt 32768 ;;
	esac
	ok "$1: which was looked at" test "$(peak docket own)" -gt 1000
	trays_equal_ledger "$1: the trays show the ledger"
	_began=$(seconds)
	fsck_clean "$1: git fsck --strict has nothing to say"
	diag "$1: fsck and audit took $(echo "$_began $(seconds)" |
	    awk '{ printf "%.1f", $2 - $1 }') s"
}

batch >"$T/plain.xml"
gzip -c "$T/plain.xml" >"$T/packed.xml.gz"
diag "$N forms, $(wc -c <"$T/plain.xml") bytes, $(wc -c <"$T/packed.xml.gz") compressed"
run plain.xml
run packed.xml.gz
done_testing
