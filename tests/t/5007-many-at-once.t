#!/bin/sh
# Papers of many forms that come at once are shown while the desk goes on: what
# lies in the place of one, and what is done to one as soon as it is there.
. "$(dirname "$0")/lib.sh"
make_desk
quick
conf '[trays]' '	strays = 600s'
start

# somebody has put something where a paper will be
echo "a stranger's" >pending/AK-000030.xml
for i in $(seq 60); do
	key_form acme "application $i" >"$T/$i.xml"
done
# moved, and deleted, the moment that they are there
waitfor -t 60 there pending/AK-000001.xml &&
    mv pending/AK-000001.xml approved/ && echo moved >"$T/moved" &
waitfor -t 60 there pending/AK-000002.xml &&
    rm -f pending/AK-000002.xml && echo deleted >"$T/deleted" &
kill -STOP "$_pid"
mv "$T"/*.xml inbox/
kill -CONT "$_pid"

ok "all are answered" waitfor -t 60 match "$T/log" event=receive 60
ok "what was in a paper's place is kept" waitfor -t 60 there \
    outbox/strays/AK-000030.xml
file_like outbox/strays/AK-000030.xml "a stranger's" "as it was"
ok "the paper is where it belongs" waitfor match pending/AK-000030.xml \
    AK-000030
ok "one is taken into approved/ at once" waitfor -t 60 there "$T/moved"
ok "and is approved" waitfor -t 60 there outbox/AK-000001.approved.txt \
    approved/AK-000001.xml
is "$(ledger log --format=%s | grep -c 'AK-000001.*approve')" 1 "once"
ok "one is deleted at once" waitfor -t 60 there "$T/deleted"
ok "and is put back" waitfor -t 60 there pending/AK-000002.xml
ok "which the ledger knows" waitfor match "$T/log" \
    "AK-000002.xml (deleted)"
is "$(ledger log --format=%B | grep -c '^Event: restore')" 1 \
    "nothing else was taken for anybody's doing"
is "$(ls outbox/AK-*.received.txt | wc -l)" 60 "each has its receipt"

stop
unlike "$(cat "$T/log")" event=trouble "the desk did not restart"
is "$(cat .docket/shown)" "$(ledger rev-parse main)" "the trays are shown"
trays_equal_ledger
fsck_clean
done_testing
