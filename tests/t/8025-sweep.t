#!/bin/sh
# The desk, its workers and the tools that it calls are killed before every
# system call that changes anything, one after the other, on a day on which
# everything happens (sweep.sh); started again, the desk is as it would have
# been: every form once, every receipt, every key once.
#
# The whole of it takes minutes: make crash. Here, every so manieth.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/sweep.sh"

day_before
for event in receive revise approve withdraw return revoke effect expire \
    notify restore rules ask; do
	file_like "$T/expected" " $event " "on it: $event"
done
file_like "$T/expected" "alice \(signature" "a decision by signature"
file_like "$T/expected" "listed-reject reject" "one by a list"
file_like "$T/expected" "rotated\.r2\.key" "a key that is rotated"
file_like "$T/expected" "sealed\.key\.age" "and one that is encrypted"
again
once DOCKET_NOW=$NOW
is "$(outcome | diff "$T/expected" -)" "" "and is the same each time"

# What counts for each: a worker writes no files, and is killed on its way
# into the sandbox as well.
calls_of() {
	case $1 in
	worker) echo +change,read,recvmsg,prctl,seccomp,landlock_restrict_self,prlimit64,exit_group ;;
	*) echo +change ;;
	esac
}

# killed WHOM N: says what is wrong, if anything is
killed() {
	again
	DOCKET_NOW=$NOW strike -p "$1" -c "$(calls_of "$1")" -n "$2" -a kill \
	    -l "$T/calls" -- "$DOCKET" run --once "$DESK" >"$T/first" 2>&1
	status=$?
	grep '^[0-9]*\*' "$T/calls" >"$T/hit" || return 0
	cat "$T/hit" >>"$T/struck"
	case $1:$status in
	daemon:137 | worker:[04] | tool:[04]) ;;
	*) complain "$1" "$2" "it ends with $status" "$T/first" ;;
	esac
	if ! env DOCKET_NOW=$NOW "$DOCKET" run --once "$DESK" \
	    >"$T/once" 2>&1; then
		complain "$1" "$2" "it does not start again" "$T/once"
		return
	fi
	# who was told that his form must wait keeps what he was told
	outcome | grep -v '\.held\.' | diff "$BASE/expected" - >"$T/diff" ||
		complain "$1" "$2" "the outcome differs" "$T/diff"
	sound >"$T/unsound"
	[ ! -s "$T/unsound" ] || complain "$1" "$2" "it is not sound" "$T/unsound"
}

all=0
for whom in daemon worker tool; do
	again
	DOCKET_NOW=$NOW strike -p $whom -c "$(calls_of $whom)" \
	    -l "$T/calls" -- "$DOCKET" run --once "$DESK" >/dev/null 2>&1
	points=$(grep -c . "$T/calls")
	some "$points" 8 | sed "s/^/$whom /" >"$T/tries"
	sweep killed <"$T/tries"
	all=$((all + tried))
	is "$(cat "$T/wrong")" "" \
	    "killed before $tried of $points calls of the $whom, all is well"
	hit=$(grep -c . "$T/struck")
	rm -f "$T"/lane*/struck
	# a day may have fewer calls than the one that was counted: on a busy
	# machine there are more rounds
	ok "and was at $hit of them" test "$hit" -ge $((tried - tried / 4 - 1))
done
diag "$all points tried"
done_testing
