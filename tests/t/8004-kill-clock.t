#!/bin/sh
# What a day brings, killed on the way: a key that comes into force, one that
# expires, one whose applicant is told that it will: each once, whenever the
# desk is killed before any call that changes something.
. "$(dirname "$0")/lib.sh"
command -v strace >/dev/null || skip_all "needs strace"
strace -o /dev/null true 2>/dev/null || skip_all "strace may not trace here"

make_desk
key_form acme begins 2027-03-02 2027-12-31 | drop a.xml
once DOCKET_NOW=2027-03-01T12:00:00Z
key_form acme ends 2027-03-01 2027-03-07 | drop b.xml
once DOCKET_NOW=2027-03-01T12:00:01Z
key_form acme nears 2027-03-01 2027-03-15 | drop c.xml
once DOCKET_NOW=2027-03-01T12:00:02Z
mv pending/*.xml approved/
once DOCKET_NOW=2027-03-01T12:00:03Z
cd "$T" && mv "$DESK" before || exit 1

NOW=2027-03-08T00:00:00Z
again() {
	rm -rf "$DESK"
	cp -a "$T/before" "$DESK"
	cd "$DESK" || exit 1
}

outcome() {
	ledger log --format='%s %(trailers:key=State,valueonly,separator=)' |
	    grep -E 'effective|expired|expiring' | sort
	tray_papers
	(cd outbox && ls)
	find .docket/claims .docket/work .docket/answers -mindepth 1
}

again
once DOCKET_NOW=$NOW
outcome >"$T/expected"
is "$(grep -cE '^AK-00000(1 effective|2 expired|3 expiring): ' "$T/expected")" \
    3 "a day with three events"
fsck_clean

# killed CALL NTH: 0: all is well after a restart; 1: it never came so far
killed() {
	again
	DOCKET_NOW=$NOW strace -qq -o /dev/null -e trace="$1" \
	    -e inject="$1:signal=KILL:when=$2" \
	    "$DOCKET" run --once "$DESK" >/dev/null 2>&1
	[ $? = 137 ] || return 1
	once DOCKET_NOW=$NOW || return 2
	outcome >"$T/got"
	cmp -s "$T/expected" "$T/got" &&
	    "$DOCKET" audit ledger.git >/dev/null 2>&1 && return 0
	diag "$*:" "$(diff "$T/expected" "$T/got")" "$(cat "$T/once")"
	return 2
}

# with those of the index too, on request: make crash
for call in renameat renameat2 rename unlinkat fsync ${CRASH:+pwrite64}; do
	nth=0
	bad=
	while :; do
		nth=$((nth + 1))
		killed $call $nth
		case $? in
		1) break ;;
		2) bad="$bad $nth" ;;
		esac
	done
	is "$bad" "" "killed before any of $((nth - 1)) calls of $call"
done
done_testing
