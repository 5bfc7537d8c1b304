#!/bin/sh
# What the clock brings: in force, expired, lapsed; across restarts and steps
# of the clock.
. "$(dirname "$0")/lib.sh"
make_desk
conf '[review]' '	lapse = 10d'

at() {
	once DOCKET_NOW="$1T12:00:00Z"
}

key_form acme soon 2027-03-10 2027-03-20 | drop soon.xml
key_form acme now 2027-03-01 2027-03-05 | drop now.xml
at 2027-03-01
ok "two forms are received" test -e pending/AK-000002.xml
mv pending/AK-000001.xml pending/AK-000002.xml approved/
at 2027-03-01
like "$("$DOCKET" list)" "AK-000001 .*approved from 2027-03-10|AK-000002 .*approved from 2027-03-10" \
    "one waits for its day"
soon=$("$DOCKET" list soon --format csv | sed -n 's/^\(AK-[0-9]*\),.*/\1/p')
now=$("$DOCKET" list now --format csv | sed -n 's/^\(AK-[0-9]*\),.*/\1/p')
like "$("$DOCKET" show "$now")" "in force until 2027-03-05" \
    "the other is in force"

at 2027-03-05
ok "on its last day it is good" test -e "approved/$now.xml"
at 2027-03-06
ok "the day after it has expired" test -e "revoked/$now.xml"
is "$(trailer Event)" expire "a commit says so"
ok "the applicant is told" test -e "outbox/$now.expired.txt"
at 2027-03-09
not_ok "before its day nothing happens" test -e "outbox/$soon.effective.txt"
at 2027-03-10
ok "when its day comes it is in force" test -e "outbox/$soon.effective.txt"
is "$(trailer Event)" effect "a commit says so"
at 2027-03-10
is "$(ledger log --format=%s | grep -c effective)" 1 "once only"

# the clock steps back: dates in the ledger never do
key_form acme back 2027-04-01 2027-04-30 | drop back.xml
at 2027-03-08
is "$(ledger log --format=%ct | sort -rn | tr '\n' ' ')" \
    "$(ledger log --format=%ct | tr '\n' ' ')" \
    "commit dates do not step back with the clock"
not_ok "and nothing is undone by it" test -e "approved/$now.xml"

# lapse
back=$("$DOCKET" list back --format csv | sed -n 's/^\(AK-[0-9]*\),.*/\1/p')
at 2027-03-17
ok "nine days are not ten" test -e "pending/$back.xml"
at 2027-03-22
ok "what nobody decided on is sent back" test -e "returned/$back.xml"
like "$(ledger log --format=%s)" "^$back lapsed: " "a commit says so"
file_like "outbox/$back.returned.txt" "not your fault" "and the applicant why"
cp "outbox/$back.xml" inbox/again.xml
at 2027-03-22
ok "dropped again, unchanged, it is for review again" \
    test -e "pending/$back.r2.xml"

# an expired request goes with its case
mv "pending/$back.r2.xml" approved/
at 2027-03-22
request revocation "$back" "Soon over." | drop rev.xml
at 2027-04-25
ok "a request waits" test -e "pending/$back.revocation.xml"
is "$(ledger log --format=%s | grep -c "^$back effective")" 1 \
    "the day of effect comes once, a request beside it or not"
at 2027-05-01
ok "with the case that expires" test -e "revoked/$back.r2.xml"
ok "its open request is rejected" test -e "rejected/$back.revocation.xml"

# a form whose effective day is over, whose expiry is over
key_form acme past 2027-04-30 2027-12-31 | drop past.xml
at 2027-05-01
file_like outbox/past.xml.refused.txt "1227 - line 5, Effective date" \
    "an effective day in the past is refused"
key_form acme late 2027-05-02 2027-05-08 | drop late.xml
at 2027-05-01
late=$("$DOCKET" list late --format csv | sed -n 's/^\(AK-[0-9]*\),.*/\1/p')
mv "pending/$late.xml" approved/
at 2027-05-09
ok "what has expired while it waited cannot be approved" \
    test -e "pending/$late.xml"
file_like "pending/$late.refused.txt" "2010 - .*expiry date is over" \
    "and the reviewer is told why"

# the desk's time zone tells when a day begins
sed -i 's/timezone = .*/timezone = Pacific\/Auckland/' docket.conf
once DOCKET_NOW=2027-05-11T13:00:00Z
key_form acme zone 2027-05-12 2027-05-20 | drop zone.xml
once DOCKET_NOW=2027-05-11T13:00:00Z
zone=$("$DOCKET" list zone --format csv | sed -n 's/^\(AK-[0-9]*\),.*/\1/p')
mv "pending/$zone.xml" approved/
once DOCKET_NOW=2027-05-11T13:00:00Z
like "$("$DOCKET" show "$zone")" "in force until" \
    "in Auckland the twelfth has begun"

trays_equal_ledger
fsck_clean
index_dump >"$T/before"
ok "the index is rebuilt" "$DOCKET" rebuild index
index_dump >"$T/after"
ok "and is the same" cmp "$T/before" "$T/after"
done_testing
