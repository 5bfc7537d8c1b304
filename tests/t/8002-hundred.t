#!/bin/sh
# A hundred forms at once, the desk killed in the middle: all are there, once.
# Workers that are killed harm nobody.
. "$(dirname "$0")/lib.sh"
make_desk
quick
start

i=0
mkdir "$T/many"
while [ $i -lt 100 ]; do
	i=$((i + 1))
	key_form acme "form $i" >"$T/many/form-$i.xml"
done
mv "$T"/many/*.xml inbox/
waitfor there outbox/AK-000010.received.txt
kill_hard
start
ok "after a kill and a restart all are taken" waitfor count pending 100
ok "the last one too" waitfor there outbox/AK-000100.received.txt
is "$(ledger log --format=%s | grep -c received)" 100 "a commit for each"
is "$(ledger log --format='%(trailers:key=Intake,valueonly)' | sort |
    uniq -d | grep -c .)" 0 "none is there twice"
is "$(cat pending/*.xml | sed -n 's/.*<name>\(.*\)<.*/\1/p' | sort -u |
    wc -l)" 100 "every one of them"
is "$(ledger log --format='%(trailers:key=Number,valueonly)' |
    grep -c .)" 100 "numbers are unbroken"
ok "inbox is empty" waitfor empty inbox
ok "nothing is left in hand" waitfor empty .docket/claims
ok "nor at work" waitfor empty .docket/work
ok "nor on its way out" waitfor empty .docket/answers
is "$(find outbox -name '*.received.xml' | wc -l)" 100 "a receipt for each"

# workers
forget
pkill -KILL -P "$_pid" docket-check
key_form acme "after the workers" | drop after.xml
ok "when its workers are killed the desk goes on" waitfor there \
    outbox/AK-000101.received.txt
ok "through recovery" seen event=trouble
like "$("$DOCKET" list after)" "AK-000101" "and loses nothing"

# the desk is told to end in the middle
mkdir "$T/more"
i=0
while [ $i -lt 60 ]; do
	i=$((i + 1))
	key_form acme "more $i" >"$T/more/more-$i.xml"
done
mv "$T"/more/*.xml inbox/
waitfor there outbox/AK-000105.received.txt
ok "told to end, it ends in order" stop
is "$(find .docket/claims -mindepth 1 | wc -l)" 0 "with nothing in hand"
ok "once takes the rest" once
is "$(find pending -name '*.xml' | wc -l)" 161 "all are there"
trays_equal_ledger
fsck_clean
index_dump >"$T/before"
"$DOCKET" rebuild index >/dev/null
index_dump >"$T/after"
ok "the index is what the ledger says" cmp "$T/before" "$T/after"
done_testing
