#!/bin/sh
# Revisions of pending, returned and approved cases; requests about a case;
# withdrawal. A stamped form that comes again is a new revision.
. "$(dirname "$0")/lib.sh"
make_desk
quick
start

# pending: the new revision takes the place of the old one
key_form acme first | drop key.xml
waitfor there outbox/AK-000001.received.txt
sed 's/first/second/' outbox/AK-000001.xml | drop edited.xml
ok "a stamped form of a pending case is a revision" \
    waitfor there pending/AK-000001.r2.xml outbox/AK-000001.r2.received.txt
not_ok "which replaces the first" test -e pending/AK-000001.xml
is "$(trailer Event)" revise "the commit says revise"
like "$(sed -n 2p pending/AK-000001.r2.xml)" 'revision="2".*from="edited.xml"' \
    "its stamp is new"
is "$(grep -c '<?docket' pending/AK-000001.r2.xml)" 1 "and the only one"

sed 's/second/third/' outbox/AK-000001.xml | drop stale.xml
ok "an old revision is refused" waitfor there outbox/stale.xml.refused.txt
file_like outbox/stale.xml.refused.txt "1191 - .*revision 1 .* last one is 2" \
    "and told which is the last"

cat outbox/AK-000001.r2.xml | drop same.xml
ok "the same bytes again are a duplicate" \
    waitfor there outbox/same.xml.duplicate.txt
file_like outbox/same.xml.duplicate.txt "received before, as AK-000001" \
    "and answered so"

# a copy of the old revision, made by a reviewer who has not seen the new one
cp outbox/AK-000001.xml approved/AK-000001.xml
ok "nobody approves a text that is out of date" \
    waitfor there pending/AK-000001.refused.txt
file_like pending/AK-000001.refused.txt "1191 - .*AK-000001.r2.xml" \
    "and is told which one counts"
ok "the copy is taken away" waitfor gone approved/AK-000001.xml

mv pending/AK-000001.r2.xml approved/
ok "the new revision is approved" waitfor there outbox/AK-000001.r2.approved.txt
ok "the explanation goes" waitfor gone pending/AK-000001.refused.txt

# approved: a change of terms waits beside the terms in force
sed 's/second/changed/' outbox/AK-000001.r2.xml | drop change.xml
ok "of an approved case a revision asks for changed terms" \
    waitfor there pending/AK-000001.r3.xml
ok "the terms in force stay" test -e approved/AK-000001.r2.xml
is "$(trailer Request)" "change - -> pending" "the commit says what is asked"
like "$("$DOCKET" show AK-000001)" "Asked for instead" "docket show shows both"
request revocation AK-000001 "No use." | drop revoke.xml
ok "a second request is refused while one is open" \
    waitfor there outbox/revoke.xml.refused.txt
file_like outbox/revoke.xml.refused.txt "2011 - " "with its code"
sed 's/changed/changed more/' outbox/AK-000001.r3.xml | drop change2.xml
ok "but the change itself can be revised" \
    waitfor there pending/AK-000001.r4.xml
ok "which replaces it" waitfor gone pending/AK-000001.r3.xml
echo "Why?" >pending/AK-000001.note.txt
mv pending/AK-000001.r4.xml returned/
ok "the change can be returned" waitfor there \
    outbox/AK-000001.r4.returned.txt
ok "the terms in force stay" test -e approved/AK-000001.r2.xml
sed 's/changed more/changed well/' outbox/AK-000001.r4.xml | drop change3.xml
ok "and asked for again" waitfor there pending/AK-000001.r5.xml
ok "the returned one goes" waitfor gone returned/AK-000001.r4.xml
mv pending/AK-000001.r5.xml approved/
ok "approved, it takes the old one's place" waitfor there \
    outbox/AK-000001.r5.approved.txt approved/AK-000001.r5.xml
ok "which leaves the tray" waitfor gone approved/AK-000001.r2.xml
is "$(trailer Request)" "change pending -> approved" "the commit says so"
like "$("$DOCKET" show AK-000001)" "Name +changed well" "new terms are shown"

# revocation asked for
request revocation AK-000001 "No longer sold." | drop revoke2.xml
ok "revocation can be asked for" waitfor there \
    pending/AK-000001.revocation.xml \
    outbox/AK-000001.revocation.received.txt
mv pending/AK-000001.revocation.xml rejected/
ok "and rejected" waitfor there outbox/AK-000001.revocation.rejected.txt
ok "the case stays approved" test -e approved/AK-000001.r5.xml
request revocation AK-000001 "Really not." | drop revoke3.xml
ok "asked once more it has a name of its own" waitfor there \
    pending/AK-000001.revocation.r2.xml
mv pending/AK-000001.revocation.r2.xml revoked/
ok "moved to revoked it is granted" waitfor there \
    outbox/AK-000001.revocation.r2.revoked.txt revoked/AK-000001.r5.xml \
    revoked/AK-000001.revocation.r2.xml
is "$(trailer State)" "approved -> revoked" "in one commit with the case"
is "$(trailer Request)" "revocation pending -> revoked" "and its request"
cat outbox/AK-000001.r5.xml | drop late.xml
ok "a closed case takes no revision" waitfor there \
    outbox/late.xml.refused.txt
file_like outbox/late.xml.refused.txt "1218 - .*closed" "and says so"

# withdrawal
key_form acme wrong | drop wrong.xml
waitfor there outbox/AK-000002.xml
request withdrawal AK-000002 "Wrong form." | drop withdraw.xml
ok "a pending case can be withdrawn" waitfor there \
    outbox/AK-000002.withdrawn.txt rejected/AK-000002.xml \
    rejected/AK-000002.withdrawal.xml
like "$(ledger log -1 --format=%b)" "Wrong form." "with the reason"
request withdrawal AK-000002 "Again." | drop withdraw2.xml
ok "once only" waitfor there outbox/withdraw2.xml.refused.txt
file_like outbox/withdraw2.xml.refused.txt "1218 - " "with its code"
request withdrawal AK-000099 "What?" | drop nocase.xml
ok "not what does not exist" waitfor there outbox/nocase.xml.refused.txt
file_like outbox/nocase.xml.refused.txt "2013 - " "with its code"
key_form acme third | drop third.xml
waitfor there outbox/AK-000003.xml
request revocation AK-000003 "Early." | drop early.xml
ok "what is pending is not revoked" waitfor there \
    outbox/early.xml.refused.txt
file_like outbox/early.xml.refused.txt "withdrawn" "but withdrawn"
mv pending/AK-000003.xml approved/
waitfor there outbox/AK-000003.approved.txt
sed 's/third/fourth/' outbox/AK-000003.xml | drop ch.xml
waitfor there pending/AK-000003.r2.xml
request withdrawal AK-000003 "Changed our mind." | drop wd.xml
ok "an open change can be withdrawn" waitfor there \
    rejected/AK-000003.r2.xml outbox/AK-000003.r2.withdrawn.txt
ok "the case stays approved" test -e approved/AK-000003.xml
sed 's/third/fifth/' outbox/AK-000003.xml | drop ch2.xml
ok "from the terms in force another can be asked for" waitfor there \
    pending/AK-000003.r3.xml
"$DOCKET" revoke AK-000003 -m "Leaked." >/dev/null
ok "revoking at once ends the open change too" waitfor there \
    revoked/AK-000003.xml rejected/AK-000003.r3.xml
is "$(ledger log -1 --format=%s)" "AK-000003 revoked: third (acme)" \
    "in one commit"

# stamps of others
key_form acme other | drop other.xml
waitfor there outbox/AK-000004.xml
sed 's/desk="[0-9a-f]*"/desk="elsewhere"/' outbox/AK-000004.xml | drop d.xml
ok "another desk's stamp is refused" waitfor there outbox/d.xml.refused.txt
file_like outbox/d.xml.refused.txt "2021 - .*another desk" "and says so"
sed 's/number="AK-000004"/number="AK-000077"/' outbox/AK-000004.xml |
    drop n.xml
ok "a stamp with a number that is not" waitfor there outbox/n.xml.refused.txt
sed 's/<client>acme/<client>other/' outbox/AK-000004.xml | drop c.xml
ok "a revision for another client" waitfor there outbox/c.xml.refused.txt
file_like outbox/c.xml.refused.txt "1219 - .*client acme" "is not permitted"

stop
trays_equal_ledger
fsck_clean
done_testing
