#!/bin/sh
# The life of a case by moving files, with a commit and an answer each.
. "$(dirname "$0")/lib.sh"
make_desk
start

key_form | drop key.xml
ok "a form is received" waitfor there pending/AK-000001.xml \
    outbox/AK-000001.received.txt
is "$(trailer Event)" receive "a commit says so"
is "$(trailer State)" "- -> pending" "with the states"
is "$(trailer File)" key.xml "and the file's name"
is "$(stat -c %a pending/AK-000001.xml)" 444 "the paper is read-only"
ok "the receipt is valid" xmllint --noout --schema \
    "$SRC/schemas/receipt.xsd" outbox/AK-000001.received.xml
ok "the stamped form is there too" cmp outbox/AK-000001.xml \
    pending/AK-000001.xml
file_like pending/AK-000001.xml \
    '^<\?docket desk="[0-9a-f]+" number="AK-000001" revision="1" .*\?>$' \
    "it bears the stamp"
key_form >"$T/sent"
sed '2d' pending/AK-000001.xml | cmp -s - "$T/sent"
is $? 0 "all other bytes are as they were"
ok "and valid all the same" xmllint --noout --schema \
    "$SRC/schemas/api-key.xsd" pending/AK-000001.xml

mv pending/AK-000001.xml approved/
ok "moved to approved, it is approved" waitfor there \
    outbox/AK-000001.approved.txt
is "$(trailer Event)" approve "a commit says so"
is "$(trailer Decided-by)" "$(id -un) (owner uid $(id -u))" "and by whom"
is "$(trailer Checked)" "$(ledger log -1 --date=format-local:%F --format=%cd)" \
    "and of what day the check was"
like "$(ledger log -1 --stat -M --format=)" '\{pending => approved\}/AK/00/00' \
    "git shows a rename"

mv approved/AK-000001.xml revoked/
ok "moved to revoked, it is revoked" waitfor there \
    outbox/AK-000001.revoked.txt
is "$(trailer State)" "approved -> revoked" "a commit says so"

key_form acme second | drop second.xml
waitfor there pending/AK-000002.xml
echo "Which APIs?" >pending/AK-000002.note.txt
mv pending/AK-000002.xml returned/
ok "with a note it can be returned" waitfor there \
    outbox/AK-000002.returned.txt
file_like outbox/AK-000002.returned.txt "Which APIs" \
    "the applicant reads the note"
like "$(ledger log -1 --format=%b)" "^Which APIs" "it is in the commit"
ok "the note is put away" waitfor gone pending/AK-000002.note.txt

sed 's/second/second, corrected/' outbox/AK-000002.xml | drop again.xml
ok "the corrected form is revision 2" waitfor there \
    pending/AK-000002.r2.xml outbox/AK-000002.r2.received.txt
not_ok "the old one is gone" test -e returned/AK-000002.xml
is "$(trailer Event)" resubmit "the commit says resubmit"
is "$(trailer Revision)" 2 "and which revision"

mv pending/AK-000002.r2.xml rejected/
ok "it is rejected" waitfor there outbox/AK-000002.r2.rejected.txt

trays_equal_ledger
fsck_clean
is "$(ledger rev-list --count main)" 8 "one commit for each change"
ok "it stops when told to" stop
exits 0 "what was shown is the head" cmp .docket/shown \
    ledger.git/refs/heads/main

# The lock of one who has gone may outlast them a little, by a child.
if command -v flock >/dev/null; then
	mkfifo "$T/go"
	flock .docket/lock sh -c ": >'$T/held'; read -r x <'$T/go'" &
	waitfor there "$T/held"
	echo $$ >.docket/lock
	exits 3 "a desk that is run is left alone" "$DOCKET" run --once "$DESK"
	like "$OUT" "is run by process $$ already" "which is said"
	sh -c 'echo $$' >.docket/lock
	"$DOCKET" run --once "$DESK" >"$T/once" 2>&1 &
	once=$!
	while [ -e "/proc/$once/fd/0" ] && ! find "/proc/$once/fd" \
	    -lname '*/.docket/lock' 2>/dev/null | grep -q .; do
		:
	done
	echo >"$T/go"
	ok "whoever has gone is waited for" wait $once
else
	skip "no flock"
	skip "no flock"
	skip "no flock"
fi
done_testing
