#!/bin/sh
# Requests about what is in force: one open at a time, whatever it asks for;
# the terms in force stay until another decision; reasons are recorded.
. "$(dirname "$0")/lib.sh"
make_desk

at() {
	once DOCKET_NOW="$1T12:00:00Z"
}

key_form acme terms 2027-03-01 2027-12-31 | drop key.xml
at 2027-03-01
mv pending/AK-000001.xml approved/
at 2027-03-01

# changed terms of what began long ago
sed 's/<quota>100</<quota>500</' outbox/AK-000001.xml | drop quota.xml
at 2027-06-01
ok "changed terms keep the day on which they began" \
    test -e pending/AK-000001.r2.xml
exits 0 "docket check says the same" env DOCKET_NOW=2027-06-01T12:00:00Z \
    "$DOCKET" check outbox/AK-000001.xml
field() {
	"$DOCKET" list --format json |
	    grep -o "\"path\":\"$1\",[^}]*" | cut -d'"' -f12
}
is "$(field quota)" 100 "until somebody decides the old terms hold"
sed 's/2027-03-01/2027-02-01/' outbox/AK-000001.r2.xml | drop early.xml
at 2027-06-01
file_like outbox/early.xml.refused.txt "1227 - line .*Effective date" \
    "they cannot have begun before those"
mv pending/AK-000001.r2.xml approved/
at 2027-06-01
is "$(field quota)" 500 "approved, the new ones do"
is "$("$DOCKET" list --format json | grep -o '"in_force":[a-z]*')" \
    '"in_force":true' "without a day in between"

# what was never in force has no such day
key_form acme waits 2027-06-02 2027-12-31 | drop waits.xml
at 2027-06-01
cp outbox/AK-000002.xml "$T/waits.xml"
echo "Which APIs?" >pending/AK-000002.note.txt
mv pending/AK-000002.xml returned/
at 2027-06-02
sed 's/waits/waits on/' "$T/waits.xml" | drop waits2.xml
at 2027-06-03
file_like outbox/waits2.xml.refused.txt "1227 - " \
    "a form that was sent back needs a new first day"

# two requests at once, and each beside each
request revocation AK-000001 "No longer sold." | drop a.xml
sed 's/<quota>500</<quota>600</' outbox/AK-000001.r2.xml | drop b.xml
at 2027-06-03
is "$(find pending -name 'AK-000001*' | wc -l | tr -d ' ')" 1 \
    "of two at the same time one waits"
is "$(cat outbox/[ab].xml.refused.txt | grep -c '2011 - ')" 1 \
    "and the other is refused"
for open in revocation change; do
	request withdrawal AK-000001 "Not so." | drop w$open.xml
	at 2027-06-04
	ok "withdrawn ($open next)" test ! -e pending/AK-000001.revocation.xml
	case $open in
	revocation) request revocation AK-000001 "Sold after all." |
	    drop r.xml ;;
	change) sed 's/terms/names/' approved/AK-000001.r2.xml | drop r.xml ;;
	esac
	at 2027-06-04
	is "$("$DOCKET" list --format json | grep -o '"request":"[a-z]*"')" \
	    "\"request\":\"$open\"" "a $open is open"
	request revocation AK-000001 "And once more." | drop x$open.xml
	at 2027-06-05
	file_like "outbox/x$open.xml.refused.txt" "2011 - " \
	    "no revocation beside a $open"
	if [ $open = revocation ]; then
		sed 's/terms/others/' approved/AK-000001.r2.xml | drop y.xml
		at 2027-06-05
		file_like outbox/y.xml.refused.txt "2011 - " \
		    "no change beside a $open"
	fi
done
like "$(ledger log --format=%B --grep='AK-000001 revocation asked')" \
    "^Sold after all" "why it is to be revoked is in the history"
request withdrawal AK-000001 "Never mind." | drop last.xml
at 2027-06-06
ok "the terms in force outlast all of it" test -e approved/AK-000001.r2.xml

# revocation at once: with a reason, or not at all
mv approved/AK-000001.r2.xml revoked/
at 2027-06-07
note=$(sed -n 's/.*note = //p' docket.conf | cut -d' ' -f1)
is "$note" return "(a desk of one asks for no note to revoke)"
sed -i 's/note = return .*/note = return revoke/' docket.conf
key_form acme second 2027-06-08 2027-12-31 | drop second.xml
at 2027-06-08
mv pending/AK-000003.xml approved/
at 2027-06-08
mv approved/AK-000003.xml revoked/
at 2027-06-09
ok "without a reason it is undone" test -e approved/AK-000003.xml
file_like approved/AK-000003.refused.txt "note" "which is said beside it"
echo "The key was found on a forum." >approved/AK-000003.note.txt
mv approved/AK-000003.xml revoked/
at 2027-06-09
ok "with one it is done" test -e revoked/AK-000003.xml
like "$(ledger log -1 --format=%b)" "^The key was found on a forum" \
    "the history has it"
file_like outbox/AK-000003.revoked.txt "found on a forum" \
    "and the applicant is told"

# what is open when its case ends is told of
key_form acme fourth 2027-06-09 2027-12-31 | drop fourth.xml
at 2027-06-09
mv pending/AK-000004.xml approved/
at 2027-06-09
request revocation AK-000004 "Soon." | drop r.xml
at 2027-06-09
echo "At once." >approved/AK-000004.note.txt
mv approved/AK-000004.xml revoked/
at 2027-06-09
file_like outbox/AK-000004.revoked.txt \
    "The revocation that was asked for ends with it" \
    "the applicant need not wait for its answer"

# a revocation that was asked for is approved like any request; that it goes
# to revoked/ with its case is nobody's fault
for way in mv cp; do
	key_form acme "third by $way" 2027-06-10 2027-12-31 | drop third.xml
	at 2027-06-10
	n=$(cd pending && echo AK-*.xml)
	n=${n%.xml}
	mv "pending/$n.xml" approved/
	at 2027-06-10
	request revocation "$n" "Sold." | drop r.xml
	at 2027-06-10
	$way "pending/$n.revocation.xml" approved/
	# what a crash leaves: it is committed, and nothing is shown
	rm -rf "$T/crashed"
	cp -a "$DESK" "$T/crashed"
	at 2027-06-10
	is "$(cd revoked && echo "$n"*)" \
	    "$n.key.xml $n.revocation.xml $n.xml" "by $way: revoked"
	is "$(echo approved/"$n"* outbox/strays/*)" \
	    "approved/$n* outbox/strays/*" "and nothing is left"
	rm -rf "$T/crashed/ledger.git"
	cp -a ledger.git "$T/crashed/"
	mv "$DESK" "$T/good"
	mv "$T/crashed" "$DESK"
	cd "$DESK" || exit 1
	at 2027-06-10
	is "$(cd revoked && echo "$n"*)" \
	    "$n.key.xml $n.revocation.xml $n.xml" "after a crash too"
	is "$(echo approved/"$n"* outbox/strays/*)" \
	    "approved/$n* outbox/strays/*" "and nobody is told off"
	rm -rf "$T/good"
done
trays_equal_ledger
fsck_clean
index_dump >"$T/before"
ok "the index is rebuilt" "$DOCKET" rebuild index
index_dump >"$T/after"
ok "and is the same" cmp "$T/before" "$T/after"
done_testing
