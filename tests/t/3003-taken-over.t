#!/bin/sh
# A worker that a form has taken over: the real docket-check in its real
# sandbox, with an attacker where the parser would be (tests/taken). Nothing
# gets through, the desk says what happened, and goes on.
#
# HOSTILE=1: also those that are silent, which are waited for.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/faults.sh"
[ -z "$sanitized" ] || skip_all "there is no sandbox in this build"

mkdir "$T/bin"
cp "$DOCKET" "$BUILD/test/taken/docket-check" "$T/bin"
DOCKET=$T/bin/docket
make_desk
quick
conf '[check]' '	workers = 2'
for box in system words lies silent acme overlap outside never back; do
	mkdir "inbox/$box"
done
start

# taken WHAT ARG: a form that does so
taken() {
	printf '<form><?taken %s %s?></form>\n' "$1" "${2:-0}"
}
# the lines of the log that are about a form
said_of() {
	grep -F "form=$1.xml" "$T/log"
}
# held BOX WHAT WHY [ARG]: it ends its worker, and docket says why
held() {
	taken "$2" "${4:-}" | drop "$1/$2.xml"
	waitfor -t 60 there "outbox/$1/$2.xml.held.txt" ||
		diag "$(cat "$T/log")"
	is "$(said_of "$2" | grep -Fc "why=\"$3")" 3 "$2: $3" ||
		diag "$(said_of "$2")"
}
# refused BOX WHAT ERROR [ARG]: it gets this for an answer
refused() {
	taken "$2" "${4:-}" | drop "$1/$2.xml"
	waitfor -t 60 there "outbox/$1/$2.xml.refused.txt"
	file_like "outbox/$1/$2.xml.refused.txt" "taken: $2: $3" "$2: $3" ||
		diag "$(cat "$T/log")"
}

# what it tries of the system
sleep 600 &
victim=$!
for what in open write-file stat proc terminal descriptors; do
	refused system $what "Operation not permitted" $_pid
done
for what in openat2 unlink socket connect sendmsg exec fork clone3 unshare \
    exec-memory memfd io-uring bpf userfaultfd keyctl prctl seccomp \
    setrlimit dup; do
	held system $what "it made a system call that it may not make" 1
done
for what in ptrace vm-read vm-write kill tgkill pidfd; do
	held system $what "it made a system call that it may not make" $_pid
done
taken kill $victim | drop system/victim.xml
waitfor there outbox/system/victim.xml.held.txt
ok "who was to be killed lives" kill $victim
not_ok "none of it has done anything" grep -r "DONE" outbox "$T/log"
ok "docket.conf is there" test -s docket.conf
not_ok "no file was made" test -e taken

# what it says
for what in overlong endless noise ended forked type control left-over; do
	held words $what "what it said made no sense"
done
held words unfinished "it ended without an answer"
taken endless-verdicts | drop words/endless-verdicts.xml
ok "of many answers to one question one is taken" \
    waitfor there outbox/words/endless-verdicts.xml.refused.txt
file_like outbox/words/endless-verdicts.xml.refused.txt \
    "1219 - .*client words" "and judged as any other"
ok "the rest is told" waitfor match "$T/log" \
    "box=words why=\"what it said made no sense"
unlike "$(cat "$T/log" outbox/words/*.txt)" "$(printf '\033')" \
    "what it would do to a terminal does not get there"
unlike "$(cat "$T/log")" "^line" "nor a line that it has made up"

# what could be true, but is not
taken good beta | drop lies/other-client.xml
ok "a good form of another client" waitfor there \
    outbox/lies/other-client.xml.refused.txt
file_like outbox/lies/other-client.xml.refused.txt "1219 - " \
    "is not that box's to send, whatever the worker says"
taken list lies | drop lies/list.xml
ok "a list of clients" waitfor there outbox/lies/list.xml.refused.txt
file_like outbox/lies/list.xml.refused.txt "1219 - " "neither"
key_form acme one | drop acme/one.xml
waitfor there outbox/acme/AK-000001.received.txt
mv pending/AK-000001.xml approved/
waitfor there outbox/acme/AK-000001.approved.txt
taken revoke AK-000001 | drop lies/revoke.xml
ok "a request for the end of another's key" waitfor there \
    outbox/lies/revoke.xml.refused.txt
file_like outbox/lies/revoke.xml.refused.txt "1219 - " "nor that"

# a form that is none: the one lie that docket takes, for a while
taken good lies | drop lies/none.xml
ok "what is no form, called a good one, waits" waitfor there \
    pending/AK-000002.xml
is "$(ledger show main:pending/AK/00/00/AK-000002.xml | sed 's/<?docket [^>]*>//' |
    tail -n 1)" "$(taken good lies)" "with its own bytes, whatever was said"
mv pending/AK-000002.xml approved/
ok "another worker finds that it is none" waitfor there \
    pending/AK-000002.refused.txt
file_like pending/AK-000002.refused.txt "2006|2002|2010" "and it says why"
ok "it is undone" waitfor gone approved/AK-000002.xml
exits 1 "an audit finds it as well" "$BUILD/docket" audit ledger.git
mv pending/AK-000002.xml rejected/
printf 'None.\n' >rejected/AK-000002.note.txt
waitfor there outbox/lies/AK-000002.rejected.txt

# a batch, cut where it is not, or for ever
for how in overlap outside never back; do
	taken cuts $how | drop $how/batch.xml
done
for how in outside never; do
	ok "a batch that is cut $how is kept" waitfor match .docket/notices \
	    "$how/batch.xml: what a worker says of it makes no sense" ||
	    diag "$(cat .docket/notices)"
done
for how in overlap back; do
	ok "a batch that is cut $how is kept" waitfor match .docket/notices \
	    "$how/batch.xml: it could not be read" ||
	    diag "$(cat .docket/notices)"
done
is "$(find pending -name '*.xml')" "" "nothing came of them"

# and all the while
key_form acme two | drop acme/two.xml
ok "a good form is received" waitfor there outbox/acme/AK-000003.received.txt
unlike "$(cat "$T/log")" event=trouble "the desk was never in trouble"
is "$(pgrep -P $_pid -x docket-check | wc -l)" 1 "its worker is the first one"

# A parent that schemas have taken over: they are refused.
schema() {
	printf '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
	    targetNamespace="urn:example:taken"><?taken %s %s?>
	<xs:element name="taken"/></xs:schema>\n' "$1" "$2" >schemas/taken.xsd
}
for what in exec ptrace socket unlink overlong noise; do
	schema $what $_pid
	ok "schemas that try $what are refused" \
	    waitfor match schemas.refused.txt "could not be compiled" ||
	    diag "$(cat "$T/log")"
	rm schemas/taken.xsd
	ok "$what: they go" waitfor gone schemas.refused.txt
done
key_form acme three | drop acme/three.xml
ok "the desk goes on" waitfor there outbox/acme/AK-000004.received.txt

# A worker that says nothing is not waited for for ever, and nobody else
# waits for it.
if [ -n "${HOSTILE:-}" ]; then
	taken silent | drop silent/silent.xml
	waitfor empty inbox/silent
	forget
	conf '[check]' '	cpu = 1s'
	ok "while one is silent, rules can change" seen event=rules
	for i in 5 6 7 8; do
		key_form acme "form $i" | drop acme/$i.xml
		ok "form $i goes by" waitfor there \
		    outbox/acme/AK-00000$i.received.txt
	done
	ok "silence ends" waitfor -t 120 there outbox/silent/silent.xml.held.txt
	is "$(said_of silent | grep -c "did not answer in time")" 3 "silent"
else
	skip "silence is waited for by make hostile"
fi
stop
trays_equal_ledger
is "$(ledger fsck --strict --no-dangling 2>&1)" "" "git fsck has nothing to say"
done_testing
