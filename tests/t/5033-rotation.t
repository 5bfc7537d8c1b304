#!/bin/sh
# A new key in the place of the old one: asked for, reviewed, issued; the old
# one stays good for the overlap that was chosen, and not longer.
. "$(dirname "$0")/lib.sh"
make_desk
at() {
	once DOCKET_NOW="$1"
}
# the records of keys in force, by their names
records() {
	(cd approved && echo AK-000001.key*.xml)
}
# rotation NUMBER OVERLAP [REASON]
rotation() {
	request rotation "$1" "${3:-A new key every year.}" |
	    sed "s,</rotation>,<overlap>$2</overlap>&,"
}
D=2027-01
key_form acme one $D-10 2027-12-31 | drop one.xml
at $D-10T10:00:00Z

# What cannot be rotated.
rotation AK-000001 7d | drop early.xml
at $D-10T10:00:00Z
file_like outbox/early.xml.refused.txt "AK-000001 is pending: it cannot be given a new key" \
    "a case that is not approved has no key"
file_like outbox/early.xml.refused.txt "It has no key yet" \
    "and is told when it gets one"
rotation AK-000001 100d | drop long.xml
at $D-10T10:00:00Z
file_like outbox/long.xml.refused.txt 'Overlap: "100d" is not written' \
    "an overlap that is too long"
mv pending/AK-000001.xml approved/
at $D-10T11:00:00Z
cp schemas/api-key.xsd "$T/api-key.xsd"
sed -i 's/ issues="key"//; s/urn:docket:api-key:1/urn:other:1/g; s/prefix="AK"/prefix="NK"/' \
    "$T/api-key.xsd"
mv "$T/api-key.xsd" schemas/no-key.xsd
key_form acme plain $D-10 2027-12-31 |
    sed 's/urn:docket:api-key:1/urn:other:1/' | drop plain.xml
at $D-10T12:00:00Z
mv pending/NK-000001.xml approved/
at $D-10T12:00:00Z
is "$(trailer Key-SHA256)" "" "a form that is for no key gets none"
rotation NK-000001 0 | drop none.xml
at $D-10T12:00:00Z
file_like outbox/none.xml.refused.txt "NK-000001 has no key that another" \
    "and has none to rotate"

# With an overlap.
rotation AK-000001 36h | drop r.xml
at $D-11T10:00:00Z
is "$(trailer Event),$(trailer Request),$(trailer Overlap)" \
    "ask,rotation - -> pending,36h" "a rotation is asked for"
ok "it waits" test -e pending/AK-000001.rotation.xml
file_like outbox/AK-000001.rotation.received.txt \
    "The key that you have stays good meanwhile" "the applicant knows"
rotation AK-000001 7d | drop again.xml
# change DAY: other terms, from that day on
change() {
	sed "s/one/two/; s/$D-10/$D-$1/" outbox/AK-000001.xml
}
change 11 | drop change.xml
at $D-11T10:00:00Z
file_like outbox/again.xml.refused.txt "a rotation was asked for, and is not" \
    "one at a time"
file_like outbox/change.xml.refused.txt "a rotation was asked for, and is not" \
    "nor a change meanwhile"
sed 's/36h/2d/' outbox/AK-000001.rotation.xml | drop edited.xml
at $D-11T10:00:00Z
file_like outbox/edited.xml.refused.txt "or withdraw it first: use" \
    "nor is it revised, which nobody is told to do"
mv pending/AK-000001.rotation.xml revoked/
at $D-11T10:00:00Z
file_like pending/AK-000001.refused.txt "cannot go to revoked/" \
    "a rotation is not a revocation"
mv pending/AK-000001.rotation.xml approved/
at $D-11T10:00:00Z
is "$(trailer Event),$(trailer Request),$(trailer Overlap),$(trailer Key-Revision)" \
    "approve,rotation pending -> approved,36h,2" "it is approved"
is "$(echo approved/AK*)" \
    "approved/AK-000001.key.r2.xml approved/AK-000001.key.xml approved/AK-000001.rotation.xml approved/AK-000001.xml" \
    "both keys have their record"
not_ok "the two keys are not the same" cmp outbox/acme/AK-000001.key \
    outbox/acme/AK-000001.r2.key
file_like outbox/AK-000001.rotation.approved.txt \
    "The old key stays good until 2027-01-12 22:00" "the receipt says how long"
good() {
	DOCKET_NOW=$1 "$DOCKET" key <"outbox/acme/AK-000001.$2" >/dev/null
}
ok "the old one is good to the last second" good $D-12T21:59:58Z key
not_ok "and then no more" good $D-12T22:00:30Z key
ok "the new one is good" good $D-12T21:59:58Z r2.key
at $D-12T21:59:58Z
is "$(trailer Event)" approve "nothing is retired before its time"

# The overlap is over while the desk sleeps, and something else is asked for.
change 20 | drop change.xml
at $D-12T21:59:58Z
at $D-20T08:00:00Z
is "$(trailer Event),$(trailer Key-Revision),$(trailer State)" \
    "retire,1,approved -> approved" "the old key is retired by the clock"
is "$(trailer Key-SHA256)" \
    "$(head -c 66 outbox/acme/AK-000001.key | sha256sum | cut -c1-64)" \
    "that one"
like "$("$DOCKET" log AK-000001)" " retired: key 1 " \
    "the history says which, whatever the revision"
ok "its record goes" test -e revoked/AK-000001.key.xml
ok "the other's stays" test -e approved/AK-000001.key.r2.xml
ok "and so does what is asked for" test -e pending/AK-000001.r2.xml
file_like outbox/AK-000001.key.retired.txt "is good no more" "it is told"
at $D-20T08:00:00Z
is "$(ledger log --format=%s | grep -c retired)" 1 "once"
mv pending/AK-000001.r2.xml approved/
at $D-20T08:00:00Z

# A clock that steps back changes nothing.
at $D-12T08:00:00Z
not_ok "what was retired stays so" test -e approved/AK-000001.key.xml

# Two rotations that overlap: the earlier end counts.
rotation AK-000001 10d | drop r2.xml
at $D-21T10:00:00Z
mv pending/AK-000001.rotation.r2.xml approved/
at $D-21T10:00:00Z
rotation AK-000001 2d | drop r3.xml
at $D-22T10:00:00Z
mv pending/AK-000001.rotation.r3.xml approved/
at $D-22T10:00:00Z
is "$(DOCKET_NOW=$D-22T10:00:00Z "$DOCKET" show AK-000001 |
    grep -c "good until 2027-01-24 10:00")" 2 "both end with the shorter one"
rotation AK-000001 5d | drop r4.xml
at $D-23T10:00:00Z
mv pending/AK-000001.rotation.r4.xml approved/
at $D-23T10:00:00Z
is "$(DOCKET_NOW=$D-23T10:00:00Z "$DOCKET" show AK-000001 |
    grep -c "good until 2027-01-24 10:00")" 2 "no rotation lengthens a life"
at $D-29T10:00:00Z
is "$(records | wc -w | tr -d ' ')" 1 "in the end one is left"

# A leak: at once, and everything before it.
rotation AK-000001 9d | drop r5.xml
at $D-30T10:00:00Z
mv pending/AK-000001.rotation.r5.xml approved/
at $D-30T10:00:00Z
rotation AK-000001 0 "It has leaked." | drop r6.xml
at $D-30T11:00:00Z
mv pending/AK-000001.rotation.r6.xml approved/
at $D-30T11:00:00Z
is "$(records)" AK-000001.key.r7.xml \
    "the keys before one that leaked go in the same commit"
not_ok "and are good no more" good $D-30T11:00:01Z r6.key
ok "but the new one" good $D-30T11:00:01Z r7.key
file_like outbox/AK-000001.rotation.r6.approved.txt \
    "The old key is good no more, from now on" "as the receipt says"

# Sent back, refused, withdrawn: the key stays.
rotation AK-000001 7d | drop r7.xml
at $D-31T10:00:00Z
echo "Why?" >pending/AK-000001.note.txt
mv pending/AK-000001.rotation.r7.xml returned/
at $D-31T10:00:00Z
ok "a rotation that is sent back" test -e returned/AK-000001.rotation.r7.xml
rotation AK-000001 7d | drop r8.xml
at $D-31T10:00:00Z
request withdrawal AK-000001 "Never mind." | drop w.xml
at $D-31T10:00:00Z
is "$(trailer Event),$(trailer Request)" \
    "withdraw,rotation pending -> rejected" "one that is withdrawn"
is "$(records)" AK-000001.key.r7.xml \
    "leave the key as it is"

# With the case all keys end.
rotation AK-000001 7d | drop r9.xml
at $D-31T11:00:00Z
mv pending/AK-000001.rotation.r9.xml approved/
at $D-31T11:00:00Z
at 2028-01-02T10:00:00Z
is "$(trailer Event)" expire "the case expires"
is "$(find approved -name 'AK*')" "" "nothing of it is in force"
not_ok "its key is good no more" good 2028-01-02T10:00:00Z r8.key
at 2028-01-02T10:00:00Z
fsck_clean
trays_equal_ledger
index_dump >"$T/was"
DOCKET_NOW=2028-01-02T10:00:00Z "$DOCKET" rebuild index >/dev/null
index_dump >"$T/is"
ok "the index is made anew with all of it" cmp "$T/was" "$T/is"
done_testing
