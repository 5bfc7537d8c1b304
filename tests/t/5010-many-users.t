#!/bin/sh
# A desk of many users: who owns a copy is who decides.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip_all "needs root, to act as several users"
command -v setpriv >/dev/null || skip_all "needs setpriv"

DESK_UID=64001 ALICE=64002 BOB=64003 OUTSIDER=64004
STAFF=64100
as() {
	_uid=$1
	shift
	setpriv --reuid="$_uid" --regid=$STAFF --clear-groups "$@"
}
outsider() {
	setpriv --reuid=$OUTSIDER --regid=64200 --clear-groups "$@"
}
chmod 755 "$T"
mkdir "$T/home"
chown $DESK_UID:$STAFF "$T/home"
DESK=$T/home/desk

exits 0 "init for a group" as $DESK_UID "$DOCKET" init --group $STAFF "$DESK"
like "$OUT" "Others may write" "it sees that this is no desk of one user"
cd "$DESK" || exit 1
is "$(stat -c %a inbox)" 3775 "inbox is sticky"
is "$(stat -c %a:%g pending)" "3775:$STAFF" "so are the trays, for the group"
cat >>docket.conf <<EOF
[inbox]
	settle = 200ms
[reviewer "alice"]
	user = $ALICE
[reviewer "bob"]
	user = $BOB
EOF
: >"$T/log"
chown $DESK_UID "$T/log"
start_as() {
	setpriv --reuid=$DESK_UID --regid=$STAFF --clear-groups \
	    "$DOCKET" run "$DESK" >>"$T/log" 2>&1 &
	_pid=$!
	waitfor match "$T/log" event=ready
}
start_as
ok "docket.conf is taken over and committed" \
    waitfor match "$T/log" event=rules

key_form >"$T/form.xml"
chmod 644 "$T/form.xml"
as $BOB cp "$T/form.xml" inbox/key.xml
ok "bob's form is received" waitfor there pending/AK-000001.xml
like "$(git -c safe.directory='*' -C ledger.git log -1 --format=%b)" \
    "Submitted-by: uid $BOB" "with who sent it"

# what somebody else is still writing goes back to them
key_form acme slow >"$T/slow.xml"
chmod 644 "$T/slow.xml"
as $BOB sh -c "head -5 $T/slow.xml >inbox/slow.xml"
as $BOB sh -c "echo '<broken' | tee inbox/broken.xml >/dev/null"
ok "of two halves of bob's neither is judged yet" \
    waitfor match "$T/log" "event=put-back from=broken.xml"
not_ok "not the first" test -e outbox/slow.xml.refused.txt
is "$(stat -c '%u %h' inbox/slow.xml)" "$BOB 1" "it is his as before"
as $BOB sh -c "tail -n +6 $T/slow.xml >>inbox/slow.xml"
ok "completed, it is received" waitfor there pending/AK-000002.xml
rm -f inbox/broken.xml

not_ok "the kernel refuses a move out of a sticky tray" \
    as $ALICE mv pending/AK-000001.xml approved/

as $BOB cp pending/AK-000001.xml approved/
ok "what bob does with his own form is undone" \
    waitfor there pending/AK-000001.refused.txt
file_like pending/AK-000001.refused.txt "1219 - Nobody decides" \
    "and explained: nobody decides on their own"
ok "the copy is gone" waitfor gone approved/AK-000001.xml

not_ok "one who is not of the group cannot write there" \
    outsider cp pending/AK-000001.xml approved/

cp pending/AK-000001.xml approved/
ok "what root does is no evidence" \
    waitfor match pending/AK-000001.refused.txt "desk's own user or to root"
ok "and undone" waitfor gone approved/AK-000001.xml

as $ALICE sh -c 'sed s/Acme/Evil/ pending/AK-000001.xml >approved/AK-000001.xml'
ok "an altered copy is not the paper" \
    waitfor match pending/AK-000001.refused.txt "2024 - "
ok "it is kept among the strays" waitfor there \
    outbox/strays/AK-000001.xml
file_like outbox/strays/AK-000001.xml Evil "as it was"

as $ALICE cp pending/AK-000001.xml approved/
ok "alice's copy approves it" waitfor there outbox/AK-000001.approved.txt
like "$(git -c safe.directory='*' -C ledger.git log -1 --format='%an %b')" \
    "^alice" "she is the author"
like "$(git -c safe.directory='*' -C ledger.git log -1 --format=%b)" \
    "Decided-by: alice \(owner uid $ALICE\)" "with her uid as evidence"
is "$(stat -c %u approved/AK-000001.xml)" $DESK_UID \
    "the tray's file is the desk's again"
ok "the explanation has gone" waitfor gone pending/AK-000001.refused.txt

exits 1 "bob asks what revoking would do" as $BOB "$DOCKET" -C "$DESK" \
    revoke AK-000001 -m "leaked" --dry-run
like "$OUT" "would be undone" "nothing: it is his own"
exits 0 "alice asks too" as $ALICE "$DOCKET" -C "$DESK" revoke AK-000001 \
    -m "leaked" --dry-run
like "$OUT" "would be revoked, by alice \(owner\)" "she could"
ok "nothing was done" test -e approved/AK-000001.xml
exits 1 "and he may not: it is his own" as $BOB "$DOCKET" -C "$DESK" revoke \
    AK-000001 -m "leaked"
like "$OUT" "Nobody decides on what they have submitted" "it says why"
exits 1 "alice needs a note" as $ALICE "$DOCKET" -C "$DESK" revoke AK-000001
like "$OUT" "needs a note" "it says so"
exits 0 "with one she may" as $ALICE "$DOCKET" -C "$DESK" revoke AK-000001 \
    -m "leaked"
like "$OUT" "AK-000001 revoked" "the command waits for the ruling"
ok "the applicant is told why" waitfor match outbox/AK-000001.revoked.txt \
    leaked

exits 0 "anybody of the group may look" as $BOB "$DOCKET" status
like "$OUT" "many users" "status tells the kind of desk"
exits 0 "and list" as $BOB "$DOCKET" list

# somebody's own folder in the place of what is to be shown
key_form acme again >"$T/form.xml"
as $ALICE mkdir pending/AK-000003.xml
as $ALICE touch pending/AK-000003.xml/mine
as $BOB cp "$T/form.xml" inbox/again.xml
ok "a folder in a paper's place is put aside" \
    waitfor there "pending/AK-000003.xml.~1~/mine"
ok "and the paper shown" waitfor match pending/AK-000003.xml again
as $ALICE mkdir pending/AK-000003.refused.txt
as $ALICE touch pending/AK-000003.refused.txt/mine
as $BOB cp pending/AK-000003.xml approved/
ok "so is one in an explanation's place" \
    waitfor match pending/AK-000003.refused.txt "1219 - Nobody decides"
ok "the copy is taken away" waitfor gone approved/AK-000003.xml

# a tray that the desk cannot write to holds up nothing but itself
chmod 1555 pending
as $ALICE cp pending/AK-000003.xml approved/
ok "what cannot leave its tray is decided on all the same" \
    waitfor there outbox/AK-000003.approved.txt
key_form acme third >"$T/form.xml"
as $BOB cp "$T/form.xml" inbox/third.xml
ok "and what cannot be shown received" \
    waitfor there outbox/AK-000004.received.txt
like "$("$DOCKET" -C "$DESK" status)" "pending/AK-00000[34].xml cannot be shown" \
    "status tells it"
chmod 3775 pending
ok "once it can be written to, it is as it should be" \
    waitfor there pending/AK-000004.xml
ok "without what has left" waitfor gone pending/AK-000003.xml
unlike "$(git -c safe.directory='*' -C ledger.git log --format=%s)" restored \
    "nothing of it is taken for damage"

# two people decide in the same instant: whoever is first stands, and the other
# is told that it is so
key_form acme race >"$T/form.xml"
cp "$T/form.xml" inbox/race.xml
ok "one for two" waitfor there pending/AK-000005.xml
kill -STOP $_pid
as $ALICE cp pending/AK-000005.xml approved/
as $BOB cp pending/AK-000005.xml rejected/
kill -CONT $_pid
told() {
	waitfor match approved/AK-000005.refused.txt 1191 ||
	    waitfor match rejected/AK-000005.refused.txt 1191
}
ok "the second is told" told
file_like "$(echo ./*ed/AK-000005.refused.txt)" "1191 - " \
    "that somebody was faster"

# The same second is the same instant, also if another has begun before the
# desk looks.
key_form acme cut >"$T/form.xml"
cp "$T/form.xml" inbox/cut.xml
ok "another" waitfor there pending/AK-000006.xml
next_second() {
	# times of files are up to 10 ms behind
	perl -MTime::HiRes=time,sleep -e 'sleep(1.02 - time + int time)'
}
next_second
as $ALICE cp pending/AK-000006.xml approved/
ok "is approved" waitfor there outbox/AK-000006.approved.txt
kill -STOP $_pid
as $BOB cp approved/AK-000006.xml rejected/
if [ "$(date -d "$(git -c safe.directory='*' -C ledger.git log -1 \
    --format=%aI)" +%s)" = "$(stat -c %Z rejected/AK-000006.xml)" ]; then
	next_second
	kill -CONT $_pid
	ok "who comes in the same second" waitfor gone rejected/AK-000006.xml
	file_like approved/AK-000006.refused.txt "1191 - " \
	    "is told by seconds of the clock, not by ages"
else
	kill -CONT $_pid
	skip "this machine takes longer than a second"
	skip "the same"
fi

# a group-writable desk directory, and owners are no evidence any more
chmod g+w "$DESK"
as $ALICE cp pending/AK-000004.xml approved/
ok "on a desk that others may write to nothing is decided" \
    waitfor there pending/AK-000004.refused.txt
file_like pending/AK-000004.refused.txt "others may write to the desk" \
    "and it says why"
done_testing
