#!/bin/sh
# A box whose answers cannot be given holds up itself, and for a while.
. "$(dirname "$0")/lib.sh"
make_desk
conf '[inbox]' '	grace = 0'
mkdir inbox/acme inbox/beta
echo "in the way" >outbox/acme
start

i=0
while [ $i -lt 70 ]; do
	echo "<broken $i" >"inbox/acme/$i.xml"
	i=$((i + 1))
done
ok "a box with many answers that cannot be given is stopped" \
    waitfor match .docket/notices "inbox/acme: 64 of its forms wait"
key_form acme late | drop acme/late.xml
key_form beta good | drop beta/good.xml
ok "others are served" waitfor there outbox/beta/AK-000001.received.txt
ok "it is not" test -e inbox/acme/late.xml
stop
start
ok "nor after another start" waitfor match .docket/notices \
    "inbox/acme: 64 of its forms wait"
key_form beta more | drop beta/more.xml
ok "others are" waitfor there outbox/beta/AK-000002.received.txt
rm outbox/acme
ok "when it can be written to, all is answered" waitfor there \
    outbox/acme/AK-000003.received.txt
i=0
while [ $i -lt 70 ]; do
	waitfor there "outbox/acme/$i.xml.refused.txt" "outbox/acme/$i.xml" ||
	    break
	i=$((i + 1))
done
is "$i" 70 "each of the refused"
ok "nothing is complained about" waitfor without .docket/notices acme
ok "and nothing left" waitfor empty .docket/claims

# a form that was sent twice
stop
mv outbox/acme "$T/acme"
echo "in the way" >outbox/acme
key_form acme late | drop acme/again.xml
once
is "$(find .docket/claims -name again.xml | wc -l)" 1 \
    "a duplicate is kept too, while it cannot be answered"
rm outbox/acme
ok "the next round" once
ok "answers it" test -e outbox/acme/again.xml.duplicate.txt
ok "and the first receipt is there" test -e outbox/acme/AK-000003.received.txt

# a mark that is none of this ledger's
echo "$(cat .docket/delivered) acme=1111111111111111111111111111111111111111" \
    >.docket/delivered
start
key_form acme marked | drop acme/marked.xml
ok "a box with a mark of another ledger is answered from now on" \
    waitfor there outbox/acme/AK-000004.received.txt
unlike "$(cat "$T/log")" event=trouble "without trouble"
stop

# private boxes stay so
rm -rf outbox/beta
chmod 2770 inbox/beta
start
ok "the answers of a private box are private" test \
    "$(stat -c %a outbox/beta)" = 2750
rm -rf outbox/beta
key_form beta third | drop beta/third.xml
ok "also in a folder that was lost" waitfor there \
    outbox/beta/AK-000005.received.txt outbox/beta/forms/api-key.xml
is "$(stat -c %a outbox/beta)" 2750 "and is made again"
mkdir inbox/gamma
waitfor there outbox/gamma/status.txt
is "$(stat -c %a outbox/gamma)" 755 "those of another are not"
chmod 2770 inbox/gamma
key_form gamma g | drop gamma/g.xml
waitfor there outbox/gamma/AK-000006.received.txt
is "$(stat -c %a outbox/gamma)" 2750 "until it is made private"
stop
mv inbox/gamma "$T/gamma"
rm -rf outbox/gamma
mv pending/AK-000006.xml rejected/
once
is "$(stat -c %a outbox/gamma)" 700 \
    "of a box that is gone nobody knows: it is closed"

# Batches: more of them than are worked on at a time, and two in one box.
batch() {
	echo '<batch xmlns="urn:docket:request:1">'
	key_form "$1" "$2" | sed 1d
	echo '</batch>'
}
for box in b1 b2 b3 b4 b5; do
	mkdir -p "inbox/$box" "outbox/$box"
	rmdir "outbox/$box"
	echo "in the way" >"outbox/$box"
	batch $box first | drop "$box/batch.xml"
done
batch b1 second | drop b1/second.xml
ok "batches that cannot be answered: a single round comes to its end" \
    timeout 60 "$DOCKET" run --once "$DESK"
is "$(find .docket/batches -name '*.mark' | wc -l)" 5 "one a box is in hand"
mkdir inbox/b9
batch b9 other | drop b9/batch.xml
once
ok "they hold up none of another box" test -e outbox/b9/batch.xml.batch.txt
for box in b1 b2 b3 b4 b5; do
	rm "outbox/$box"
done
once
is "$(ls outbox/b?/*.batch.txt | wc -l)" 7 "then all are answered"
is "$(ledger log --format=%s | grep -c ' received: \(first\|second\|other\)')" \
    7 "each form is received once"
fsck_clean
done_testing
