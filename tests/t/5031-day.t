#!/bin/sh
# A day of a desk, by a test clock: forms for tomorrow, for today, expiring
# today; over midnight while it runs, sleeps or is not there.
. "$(dirname "$0")/lib.sh"
make_desk
sed -i 's/timezone = .*/timezone = Europe\/Berlin/' docket.conf

state() {
	"$DOCKET" list --format csv | sed -n "s/^$1,\([a-z]*\),\([a-z]*\),.*/\1 \2/p"
}

# when NUMBER EVENT: the time of its commits, on the desk's clock
when() {
	ledger log --grep="^Number: $1" --grep="^Event: $2" --all-match \
	    --date=format-local:'%F %H:%M' --format=%cd | tr '\n' ';'
}

# The 27th of March 2027; the clocks of Berlin go forward in the night, and
# at 23:00 UTC the 28th begins.
once DOCKET_NOW=2027-03-26T09:00:00Z
key_form acme "ends today" 2027-03-26 2027-03-27 | drop ends.xml
once DOCKET_NOW=2027-03-26T09:00:01Z
mv pending/AK-000001.xml approved/
once DOCKET_NOW=2027-03-26T09:00:02Z
is "$(state AK-000001)" "approved true" "one is in force since yesterday"
key_form acme "for today" 2027-03-27 2027-03-28 | drop today.xml
once DOCKET_NOW=2027-03-27T08:00:00Z
key_form acme "for tomorrow" 2027-03-28 2027-06-30 | drop tomorrow.xml
once DOCKET_NOW=2027-03-27T08:00:01Z
key_form acme "for nobody" 2027-03-27 2027-03-27 | drop nobody.xml
once DOCKET_NOW=2027-03-27T08:00:02Z
file_like outbox/nobody.xml.refused.txt "Expiry date" \
    "what ends on its first day is refused"
mv pending/AK-000002.xml pending/AK-000003.xml approved/
once DOCKET_NOW=2027-03-27T08:00:03Z
is "$(state AK-000002)" "approved true" "the form for today is in force"
is "$(state AK-000003)" "approved false" "that for tomorrow is not"
is "$(state AK-000001)" "approved true" \
    "that which expires today is good all day"
like "$("$DOCKET" list)" "AK-000003 +approved from 2027-03-28" \
    "the list says from when"

# midnight
start DOCKET_NOW=2027-03-27T22:59:57Z
forget
ok "at midnight the day of effect comes" waitfor -t 9 there \
    outbox/AK-000003.effective.txt
ok "and the day of expiry is over" waitfor -t 9 there \
    outbox/AK-000001.expired.txt revoked/AK-000001.xml
stop
is "$(TZ=Europe/Berlin when AK-000003 effect)" "2027-03-28 00:00;" \
    "within the first minute, once"
is "$(TZ=Europe/Berlin when AK-000001 expire)" "2027-03-28 00:00;" "both"
is "$(state AK-000003)" "approved true" "it is in force"
once DOCKET_NOW=2027-03-27T23:30:00Z
is "$(state AK-000002)" "approved true" "the other is good for another day"

# the clock is set back to the day before: what is done is done
commits=$(ledger rev-list --count main)
once DOCKET_NOW=2027-03-27T21:00:00Z
once DOCKET_NOW=2027-03-27T23:45:00Z
is "$(ledger rev-list --count main)" "$commits" \
    "a clock that steps back and forth changes nothing"
is "$(state AK-000003)" "approved true" "what was in force stays so"
is "$(state AK-000001)" "revoked false" "what expired stays so"

# a desk that sleeps over the end of summer time's first day, 22:00 UTC
start DOCKET_NOW=2027-03-28T21:59:58Z
kill -STOP "$_pid"
not_ok "in its sleep nothing happens" waitfor -t 4 there \
    outbox/AK-000002.expired.txt
kill -CONT "$_pid"
ok "it finds what has expired when it wakes" waitfor -t 15 there \
    outbox/AK-000002.expired.txt revoked/AK-000002.xml
stop
is "$(TZ=Europe/Berlin when AK-000002 expire)" "2027-03-29 00:00;" "once"

# one that was not there for months
once DOCKET_NOW=2027-07-02T00:00:00Z
is "$(state AK-000003)" "revoked false" "months later the last one"
like "$(ledger log --format=%s)" "AK-000003 expired" "a commit says so"
is "$(ledger log --format=%s --grep='^Event: notify')" "" \
    "and nobody was told afterwards that it would"
trays_equal_ledger
fsck_clean
done_testing
