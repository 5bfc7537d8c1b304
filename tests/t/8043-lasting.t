#!/bin/sh
# Trouble that lasts, under a daemon that runs: every call of its kind fails
# from some point on until it is over; then the desk goes on by itself. And
# what cannot be synced ends it: who asked for that writes nothing after it, no
# sync is tried again, and the next start makes up for it. Threads beside it,
# whose own syncs have not failed, are ended wherever they are.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/sweep.sh"
not_sanitized

day_before

compare() {
	# a box that was not seen for a while is met again, and gets its lists
	_lists='\.held\.\|/clients\.txt$\|/status\.txt$'
	grep -v "$_lists" "$BASE/expected" >"$T/wanted"
	outcome | grep -v "$_lists" | diff "$T/wanted" - >"$T/diff" ||
		complain "$1" "$2" "the outcome differs" "$T/diff"
	sound quickly >"$T/unsound"
	[ ! -s "$T/unsound" ] || complain "$1" "$2" "it is not sound" "$T/unsound"
}

# lasting ACTION CALLS N
lasting() {
	again
	: >"$T/trouble"
	: >"$T/log"
	: >"$T/hit"
	DOCKET_NOW=$NOW strike -p daemon -c "$2" -n "$3" -a "$1" \
	    -w "$T/trouble" -- "$DOCKET" run "$DESK" >"$T/log" 2>&1 &
	_pid=$!
	# before it has begun it says so itself
	waitfor -t 60 match "$T/log" level=error ||
		grep -q '^docket: ' "$T/log" ||
		{ tail "$T/log" >"$T/last"; complain "$1" "$3" \
		    "it says nothing" "$T/last"; }
	rm "$T/trouble"
	# the last things of that day; what has no name of its own is compared
	waitfor -t 120 there outbox/many.xml.batch.txt \
	    outbox/list.xml.decisions.txt outbox/bad.xml.refused.txt ||
		complain "$1" "$3" "it does not go on" "$T/log"
	kill -TERM "$(cat .docket/lock)" 2>/dev/null
	wait $_pid
	status=$?
	_pid=
	[ $status = 0 ] || complain "$1" "$3" "it ends with $status" "$T/log"
	once DOCKET_NOW=$NOW || complain "$1" "$3" "it does not end" "$T/once"
	compare "$1" "$3"
}

# unsynced N: the Nth sync fails
unsynced() {
	again
	DOCKET_NOW=$NOW strike -p daemon -c +change -s +sync -n "$1" -a EIO \
	    -l "$T/calls" -t -- "$DOCKET" run --once "$DESK" >"$T/first" 2>&1
	status=$?
	grep '^[0-9]* [0-9]*\*' "$T/calls" >"$T/hit" || return 0
	sed '1,/^[0-9]* [0-9]*\*/d' "$T/calls" |
	    grep "^$(cut -d ' ' -f 1 "$T/hit") " |
	    grep -v '/first$\|unlink .*/main\.lock$' >"$T/after"
	if grep -q 'index\.db\|/\.docket$' "$T/hit"; then
		# whatever SQLite tries then: it is thrown away and made anew
		: >"$T/after"
		[ $status = 0 ] || complain EIO "$1" "it ends" "$T/first"
	else
		[ $status = 4 ] || complain EIO "$1" "it goes on" "$T/first"
		grep -q 'may not be on the disk' "$T/first" ||
			complain EIO "$1" "it does not say why" "$T/first"
		[ "$(grep -cv 'test-clock\|event=deleted' "$T/first")" = 1 ] ||
			complain EIO "$1" "it says more" "$T/first"
	fi
	[ ! -s "$T/after" ] || complain EIO "$1" "it writes on" "$T/after"
	once DOCKET_NOW=$NOW || complain EIO "$1" "it does not start" "$T/once"
	compare EIO "$1"
}

again
DOCKET_NOW=$NOW strike -p daemon -c +sync -l "$T/calls" -- \
    "$DOCKET" run --once "$DESK" >/dev/null 2>&1
points=$(grep -c . "$T/calls")
[ -n "${CRASH:-}" ] && step=1 || step=$((points / 4 + 1))
seq $(($$ % step + 1)) $step "$points" >"$T/tries"
sweep unsynced <"$T/tries"
is "$(cat "$T/wrong")" "" \
    "each of $tried syncs failed, which ended it, and nothing was lost"

# the first is where the day's work begins
if [ -n "${CRASH:-}" ]; then
	some="ENOSPC:+space EDQUOT:+space EMFILE:+files EROFS:+frozen
	    EIO:write,pwrite64,openat,renameat2 ENOMEM:openat,openat2"
	each="60 160 260 360"
else
	some=ENOSPC:+space
	each=260
fi
for action in $some; do
	for n in $each; do
		echo "${action%%:*} ${action#*:} $n"
	done
done >"$T/tries"
sweep lasting <"$T/tries"
is "$(cat "$T/wrong")" "" \
    "trouble that lasted, of $tried kinds: when it was over, all went on"
done_testing
