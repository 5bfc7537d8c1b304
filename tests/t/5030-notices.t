#!/bin/sh
# Notices before expiry: each threshold once, for ever; across restarts, steps
# of the clock and nights slept through; changed terms begin anew.
. "$(dirname "$0")/lib.sh"
make_desk

# at DAY [TIME]
at() {
	once DOCKET_NOW="$1T${2:-12:00:00}Z"
}

# told: the notices so far, the oldest first
told() {
	ledger log --reverse --grep='^Event: notify' \
	    --format='%(trailers:key=Number,valueonly,separator=) %(trailers:key=Notice,valueonly,separator=)' |
	    tr '\n' ';'
}

key_form acme long 2027-01-01 2027-12-31 | drop long.xml
at 2027-01-01
mv pending/AK-000001.xml approved/
at 2027-01-01
at 2027-11-30
is "$(told)" "" "31 days before nothing is said"
at 2027-12-01 00:00:00
is "$(told)" "AK-000001 30d;" "30 days before it is"
is "$(trailer State)" "approved -> approved" "the case stays where it is"
is "$(trailer Expiry)" "2027-12-31" "the commit names the last day"
is "$(ledger log -1 --format=%s)" "AK-000001 expiring: long (acme)" \
    "and says what it is about"
file_like outbox/AK-000001.expiring.txt "last day is 2027-12-31, in 30 days" \
    "the applicant is told the day, and how far away it is"
ok "its XML is valid" xmllint --noout --schema "$SRC/schemas/receipt.xsd" \
    outbox/AK-000001.expiring.xml
like "$("$DOCKET" show AK-000001)" "expiring .*notice of 30 days" \
    "docket show has it"
at 2027-12-01 23:59:00
at 2027-12-02
is "$(told)" "AK-000001 30d;" "once only"
ok "the index is made anew" "$DOCKET" rebuild index
at 2027-12-03
is "$(told)" "AK-000001 30d;" "and says the same"
at 2027-11-20
at 2027-12-04
is "$(told)" "AK-000001 30d;" "also when the clock steps back and forth"
at 2027-12-24
is "$(told)" "AK-000001 30d;AK-000001 7d;" "seven days before once more"
file_like outbox/AK-000001.expiring.txt "2027-12-31, in 7 days" \
    "in place of the one before"

# changed terms with the same last day are no news; with a later one they are
sed 's/<quota>100</<quota>200</' outbox/AK-000001.xml | drop change.xml
at 2027-12-25
mv pending/AK-000001.r2.xml approved/
at 2027-12-25
is "$(told)" "AK-000001 30d;AK-000001 7d;" "a change of other terms"
sed 's/2027-12-31/2028-12-31/' outbox/AK-000001.r2.xml | drop later.xml
at 2027-12-26
mv pending/AK-000001.r3.xml approved/
at 2027-12-26
at 2027-12-30
at 2028-01-01
is "$(told)" "AK-000001 30d;AK-000001 7d;" "a later last day is not near"
ok "and nothing has expired" test -e approved/AK-000001.r3.xml
at 2028-12-01
is "$(told)" "AK-000001 30d;AK-000001 7d;AK-000001 30d;" \
    "when it is, it is said anew"

# a machine that slept: of several the last; and none once it is over
at 2028-12-30
is "$(told)" "AK-000001 30d;AK-000001 7d;AK-000001 30d;AK-000001 1d;" \
    "of two that passed meanwhile the last"
file_like outbox/AK-000001.expiring.txt "2028-12-31, tomorrow" "and what is left"
key_form acme slept 2029-01-01 2029-03-31 | drop slept.xml
at 2029-01-01
is "$(trailer Event)" receive "the next one comes"
mv pending/AK-000002.xml approved/
at 2029-01-01
at 2029-04-01
is "$(ledger log -1 --format=%s)" "AK-000002 expired: slept (acme)" \
    "what is over expires"
unlike "$(told)" "AK-000002" "and is no more said to come near"

# what was known when it was approved is no news
key_form acme short 2029-05-01 2029-05-11 | drop short.xml
at 2029-05-01
mv pending/AK-000003.xml approved/
at 2029-05-01
at 2029-05-02
unlike "$(told)" "AK-000003" "ten days of a key, 30d is no news"
at 2029-05-04
like "$(told)" "AK-000003 7d;$" "7d is"

# while a request is open, and to the box that it came through
mkdir -p inbox/acme
key_form acme asked 2029-06-01 2029-06-20 | drop acme/asked.xml
at 2029-06-01
mv pending/AK-000004.xml approved/
at 2029-06-01
request revocation AK-000004 "No longer needed." | drop rev.xml
at 2029-06-02
at 2029-06-13
like "$(told)" "AK-000004 7d;$" "with a request that waits"
ok "it goes to the box" test -e outbox/acme/AK-000004.expiring.txt
ok "and to inbox, where the request came from" \
    test -e outbox/AK-000004.expiring.txt
mv pending/AK-000004.revocation.xml approved/
at 2029-06-14
ok "the request is granted all the same" test -e revoked/AK-000004.xml
at 2029-06-19
unlike "$(told)" "AK-000004 1d" "and then there is nothing to be said"

# the desk chooses: more of them, none, and what is none
conf '[expiry]' '	notify = 2w 3d,3d'
key_form acme chosen 2029-07-01 2029-08-01 | drop chosen.xml
at 2029-07-01
mv pending/AK-000005.xml approved/
at 2029-07-01
at 2029-07-18
like "$(told)" "AK-000005 14d;$" "two weeks"
sed -i 's/notify = .*/notify = never/' docket.conf
at 2029-07-19
at 2029-07-30
like "$(told)" "AK-000005 14d;$" "never is never"
sed -i 's/notify = .*/notify = 36h/' docket.conf
at 2029-07-30
file_like docket.conf.refused.txt "line [0-9]+.*36h.*whole days" \
    "half days are refused"
sed -i 's/notify = .*/notify = 3d/' docket.conf
at 2029-07-30 12:10:00
like "$(told)" "AK-000005 3d;$" "what is put right holds at once"

# many at once, more than the clock takes in one go, in a desk that runs
stop
for i in $(seq 300); do
	key_form acme "many $i" 2029-09-01 2029-09-30 | drop "many$i.xml"
done
conf '[review]' '	quorum = 0'
at 2029-09-01
is "$(find approved -name '*.xml' ! -name '*.key.xml' | wc -l)" 300 \
    "three hundred are in force"
at 2029-09-27
is "$(ledger log --grep='^Event: notify' --format=%s | grep -c ': many')" 300 \
    "each is said once"
at 2029-09-28
is "$(ledger log --grep='^Event: notify' --format=%s | grep -c ': many')" 300 \
    "and no more"

trays_equal_ledger
fsck_clean
index_dump >"$T/before"
ok "the index is rebuilt" "$DOCKET" rebuild index
index_dump >"$T/after"
ok "and is the same" cmp "$T/before" "$T/after"
done_testing
