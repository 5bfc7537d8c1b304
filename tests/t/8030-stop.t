#!/bin/sh
# SIGTERM ends a desk within a second, whatever it is at; what was in hand is
# found again.  SIGHUP ends nothing.
. "$(dirname "$0")/lib.sh"
make_desk
quick

# a desk under a sanitizer, or one of many on a machine, takes longer
MOST=${STOP_MS:-1000}
case $BUILD in
*asan*) MOST=10000 ;;
esac
# what the machine gives to others is not the desk's: so much more, the more
# of them wait for a processor
load=$(awk -v n="$(nproc)" '{ print $1 <= n ? 1 : int($1 / n) + 1 }' /proc/loadavg)
MOST=$((MOST * load))
[ "$load" = 1 ] || diag "a busy machine: $MOST ms are allowed"

now() {
	echo $(($(date +%s%N) / 1000000))
}

# ends WHAT: it does in time, well
ends() {
	_from=$(now)
	stop
	_status=$?
	_took=$(($(now) - _from))
	diag "$1: $_took ms"
	is "$_status" 0 "$1: it ends well"
	ok "$1: in time" test "$_took" -lt "$MOST"
}

workers() {
	pgrep -P "$(pgrep -P "$_pid" -f docket-check | head -1)"
}

start
ends "at rest"

# forms NUMBER: so many applications in inbox, complete at once
forms() {
	rm -rf "$T/forms"
	mkdir "$T/forms"
	key_form acme NAME | awk -v n="$1" '{ text = text $0 "\n" }
	    END { for (i = 1; i <= n; i++) { copy = text
		sub(/NAME/, "app " i, copy); file = "'"$T"'/forms/" i ".xml"
		printf "%s", copy >file; close(file) } }'
	find "$T/forms" -name '*.xml' -exec mv -t inbox {} + 2>/dev/null
}

start
forms 10000
ok "10,000 forms come in" waitfor -t 30 match "$T/log" event=receive 100
ends "with 10,000 forms waiting"
left=$(find inbox -name '*.xml' | wc -l)
done=$(ledger log --oneline --grep=received main | wc -l)
claims=$(find .docket/claims -name '*.xml' | wc -l)
diag "$done received, $claims claimed, $left in inbox"
ok "some of them wait still" test "$left" -gt 0
# what was received may be among the claims still
is "$({
	find inbox .docket/claims -name '*.xml' -printf '%f\n'
	ledger log --format=%s main |
	    sed -n 's/.* received: app \([0-9]*\) .*/\1.xml/p'
} | sort -u | wc -l)" 10000 "and none is lost"
find inbox -name '*.xml' -delete

if command -v pgrep >/dev/null; then
	once
	start
	key_form acme first | drop first.xml
	waitfor match "$T/log" event=receive
	# the parent is stuck, and with it every worker to come
	# shellcheck disable=SC2046 # some numbers
	kill -STOP "$(pgrep -P "$_pid" -f docket-check | head -1)" $(workers)
	key_form acme stuck | drop stuck.xml
	ok "a form is with a worker that is stuck" waitfor gone inbox/stuck.xml
	# a reload is not an end; rules that change wait for that worker
	sed -i 's/settle = .*/settle = 201ms/' docket.conf
	kill -HUP "$_pid"
	ends "with a worker that is stuck"
	is "$(find .docket/claims -name stuck.xml | wc -l)" 1 \
	    "the form is kept"
	is "$(pgrep -c -f "docket-check.*$T" || :)" 0 "no worker is left"
	once
	like "$(ledger log -2 --format=%s)" "received: stuck" \
	    "and received at the next start"
	like "$(ledger log -2 --format=%s)" "rules changed" \
	    "which takes the rules too"
else
	skip "no pgrep here"
fi

# a batch in hand
before=$(ledger rev-list --count main)
{
	echo '<batch xmlns="urn:docket:request:1">'
	key_form acme NAME | sed 1d | awk '{ text = text $0 "\n" }
	    END { for (i = 1; i <= 3000; i++) { copy = text
		sub(/NAME/, "batched " i, copy); printf "%s", copy } }'
	echo '</batch>'
} >"$T/batch.xml"
start
mv "$T/batch.xml" inbox/batch.xml
ok "a batch comes in" waitfor -t 30 match "$T/log" event=receive 100
ends "with a batch in hand"
part=$(($(ledger rev-list --count main) - before))
diag "$part of 3000 were committed"
ok "it was not through" test "$part" -lt 3000
ok "the next start" once
is $(($(ledger rev-list --count main) - before)) 3000 \
    "goes on with it, each form once"

# before it has begun: an index to be made anew
rm .docket/index.db
: >"$T/log"
"$DOCKET" run "$DESK" >>"$T/log" 2>&1 &
_pid=$!
ok "it begins" waitfor -t 10 there .docket/index.db
ends "while it starts"
unlike "$(cat "$T/log")" "trouble" "which is no trouble"
once
trays_equal_ledger
fsck_clean
done_testing
