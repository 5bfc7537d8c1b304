#!/bin/sh
# SIGTERM ends a desk within a second, whatever it is at; what was in hand is
# found again.  SIGHUP ends nothing.
. "$(dirname "$0")/lib.sh"
make_desk
quick

# What else a machine does that tests a change is nobody's fault, and a group
# that is in the ledger is answered before the end; a desk under a sanitizer
# takes longer.
patience=2
case $BUILD in
*asan*) patience=10 ;;
esac

# ends WHAT: it does in time, well
ends() {
	_from=$(now_ms)
	stop
	_status=$?
	_took=$(($(now_ms) - _from))
	diag "$1: $_took ms of $((second * patience))"
	is "$_status" 0 "$1: it ends well"
	ok "$1: in time" test "$_took" -lt $((second * patience))
}

workers() {
	pgrep -P "$(pgrep -P "$_pid" -f docket-check | head -1)"
}

calibrate
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

calibrate
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

# schemas that take long to compile
slow_schema() {
	echo '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
	    targetNamespace="urn:example:slow"><xs:element name="slow">
	    <xs:complexType><xs:sequence>'
	seq -f '<xs:element name="a%.0f" type="xs:int" minOccurs="0"/>' 2000
	echo '</xs:sequence></xs:complexType></xs:element></xs:schema>'
}
# compiling: another docket-check has begun; that is no event for anybody
compiling() {
	_i=0
	until [ "$(pgrep -c -P "$_pid" -f docket-check)" = 2 ]; do
		_i=$((_i + 1))
		[ $_i -lt 600 ] || return 1
		sleep 0.05
	done
}

if command -v pgrep >/dev/null; then
	once
	calibrate
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

	calibrate
	start
	slow_schema >schemas/slow.xsd
	kill -HUP "$_pid"
	ok "schemas are compiled" compiling
	ends "while they are"
	unlike "$(cat "$T/log")" "trouble" "which is no trouble"
	not_ok "nor theirs" test -e schemas.refused.txt
	rm schemas/slow.xsd
	once
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
calibrate
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
calibrate
rm .docket/index.db
: >"$T/log"
"$DOCKET" run "$DESK" >>"$T/log" 2>&1 &
_pid=$!
ok "it begins" waitfor -t 10 there .docket/index.new
ends "while it starts"
not_ok "and leaves nothing half done" test -e .docket/index.new
unlike "$(cat "$T/log")" "trouble" "which is no trouble"
once
trays_equal_ledger
fsck_clean
done_testing
