#!/bin/sh
# A batch whose desk is killed on the way goes on where it was: no form is
# lost, none is taken twice, and the one receipt tells of all.  (9010-batch.t
# has a long one.)
. "$(dirname "$0")/lib.sh"
NOW=2027-01-01T12:00:00Z

# batch N: every seventh has a quota of 0; the last is the first once more
batch() {
	echo '<batch xmlns="urn:docket:request:1">'
	awk -v n="$1" 'function form(i) {
		printf "<application xmlns=\"urn:docket:api-key:1\">\n"
		printf "<client>acme</client><name>many %d</name>\n", i
		print "<effective>2099-01-01</effective>"
		print "<expiry>2099-12-31</expiry>"
		printf "<quota>%d</quota>\n", i % 7 != 0
		print "<description>What it is for.</description>"
		print "<apis><api>orders</api></apis>"
		print "</application>"
	}
	BEGIN {
		for (i = 1; i < n; i++)
			form(i)
		form(1)
	}'
	echo '</batch>'
}

# Everything that must be the same, whatever happened on the way: numbers too,
# for the forms of a batch are taken in its order.
outcome() {
	sed 's/ at="[^"]*" desk="[^"]*"//' outbox/many.xml.batch.xml
	sed -e 1,2d -e '$d' outbox/many.xml.batch.txt
	ledger log --reverse --format='%s %(trailers:key=Intake,valueonly)' |
	    sed 's, [0-9a-f]*-[0-9a-f]*/, ,'
	(cd outbox && ls)
	find .docket/claims .docket/work .docket/answers .docket/batches \
	    -mindepth 1
	find inbox -type f ! -name 'README*'
}

prepare() {
	cd "$T" || exit 1
	rm -rf "$DESK"
	make_desk
	conf '[inbox]' '	grace = 0'
	batch "$1" | drop many.xml
}

sound() {
	[ "$(tray_papers)" = "$(ledger_papers)" ] &&
	    [ -z "$(ledger fsck --strict --no-dangling 2>&1)" ]
}

N=300
prepare $N
once DOCKET_NOW=$NOW
outcome >"$T/expected"
is "$(grep -c '<part' "$T/expected")" $N "a part for each form"
is "$(grep -c ' received: many' "$T/expected")" 514 \
    "received: in the receipt and in the ledger"
ok "the run that is not killed leaves everything sound" sound

# killed CALL NTH: before the NTH such call. 0: all is well after a restart;
# 1: it never came so far; 2: it is not.
killed() {
	prepare $N
	DOCKET_NOW=$NOW strace -qq -o /dev/null -e trace="$1" \
	    -e inject="$1:signal=KILL:when=$2" \
	    "$DOCKET" run --once "$DESK" >/dev/null 2>&1
	[ $? = 137 ] || return 1
	once DOCKET_NOW=$NOW || return 2
	outcome >"$T/outcome"
	sound && cmp "$T/expected" "$T/outcome" || return 2
}

if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	for point in fsync:1 fsync:2 renameat:1 renameat:2 renameat:3 \
	    syncfs:1 syncfs:2 syncfs:3 syncfs:5 ftruncate:1 ftruncate:4 \
	    fchmod:1 fchmod:150 fsync:9 fsync:12 unlinkat:1 unlinkat:3 \
	    unlinkat:5; do
		killed "${point%:*}" "${point#*:}"
		case $? in
		1) diag "there is no $point" ;;
		*) _report $? "killed before $point" ||
			diff "$T/expected" "$T/outcome" | head -20 | diag ;;
		esac
	done
else
	skip "strace may not trace here"
fi

# The machine may have lost what was not synced: only the copy is trusted.
prepare $N
start DOCKET_NOW=$NOW
waitfor -t 60 match "$T/log" "AK-000100 event=receive"
kill_hard
sed -i 's/^[^ ]*/another-boot/' .docket/batches/*.mark
once DOCKET_NOW=$NOW
outcome >"$T/outcome"
ok "after a crash of the machine it is gone over again" \
    cmp "$T/expected" "$T/outcome"

done_testing
