#!/bin/sh
# What happens while a form or a decision is with a worker.
. "$(dirname "$0")/lib.sh"
command -v pgrep >/dev/null || skip_all "needs pgrep"
make_desk
quick
conf '[check]' '	workers = 2'
mkdir inbox/acme

# the workers of the running desk: stopped, they have whatever they are given
workers() {
	pkill -"$1" -P "$(pgrep -P "$_pid" docket-check)"
}

# in nine seconds it is midnight
start DOCKET_NOW=2027-01-01T23:59:51Z
key_form acme tomorrow 2027-01-02 2027-12-31 | drop one.xml
waitfor there outbox/AK-000001.received.txt
mv pending/AK-000001.xml approved/
waitfor there outbox/AK-000001.approved.txt
workers STOP
key_form acme today 2027-01-01 2027-12-31 | drop two.xml
ok "while a worker is busy, an effective day comes" \
    waitfor -t 30 there outbox/AK-000001.effective.txt
workers CONT
ok "a form that was checked yesterday is checked again" \
    waitfor there outbox/two.xml.refused.txt
file_like outbox/two.xml.refused.txt "1227 - " "as of the day of its stamp"
is "$(ledger log --format=%s | grep -c effective)" 1 \
    "the case was made effective once"

# a decision that is with a worker, and a withdrawal that is faster
key_form acme three | drop three.xml
waitfor there outbox/AK-000002.received.txt
workers STOP
mv pending/AK-000002.xml approved/
key_form acme four | drop acme/four.xml
# answered by another worker, in a round after the decision was found
waitfor there outbox/acme/AK-000003.received.txt
request withdrawal AK-000002 "No use." | drop acme/withdraw.xml
ok "a case is withdrawn while its approval is being checked" \
    waitfor there rejected/AK-000002.xml
workers CONT
ok "the approval is undone" waitfor there rejected/AK-000002.refused.txt
file_like rejected/AK-000002.refused.txt "AK-000002 is rejected" \
    "it says where the case is now"
ok "the moved file is taken away" waitfor gone approved/AK-000002.xml
not_ok "and not put back" test -e pending/AK-000002.xml
unlike "$(cat "$T/log")" event=trouble "the desk did not restart"

stop
trays_equal_ledger
fsck_clean
done_testing
