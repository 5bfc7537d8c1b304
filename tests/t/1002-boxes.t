#!/bin/sh
# Drop boxes: folders in inbox, each for one client, each with its answers.
. "$(dirname "$0")/lib.sh"
make_desk
quick
conf '[box "corner"]' '	client = beta'
mkdir inbox/acme inbox/corner inbox/gateway 'inbox/no box'
start

key_form acme mine >inbox/acme/key.xml
ok "what comes through a box is answered in its folder" waitfor there \
    outbox/acme/AK-000001.received.txt outbox/acme/AK-000001.xml
is "$(trailer Submitted-by)" "uid $(id -u) (box acme)" "and recorded so"
not_ok "and nowhere else" test -e outbox/AK-000001.received.txt
ok "there are blanks in it" test -e outbox/acme/forms/api-key.xml
ok "and a list of its cases" waitfor match outbox/acme/status.txt AK-000001
file_like outbox/acme/AK-000001.received.txt "inbox/acme" \
    "the receipt names the box"

key_form beta theirs >inbox/acme/other.xml
ok "a box speaks for its own client only" waitfor there \
    outbox/acme/other.xml.refused.txt
file_like outbox/acme/other.xml.refused.txt "1219 - .*client acme" "1219"
key_form beta corner >inbox/corner/key.xml
ok "a box may be for a client of another name" waitfor there \
    outbox/corner/AK-000002.received.txt

request withdrawal AK-000001 "Not yours." >inbox/corner/w.xml
ok "a box cannot touch another's case" waitfor there \
    outbox/corner/w.xml.refused.txt
file_like outbox/corner/w.xml.refused.txt "1219 - " "1219"
sed 's/mine/stolen/' outbox/acme/AK-000001.xml >inbox/corner/s.xml
ok "not with its stamped form either" waitfor there \
    outbox/corner/s.xml.refused.txt
request withdrawal AK-000002 "Ours." >inbox/corner/w2.xml
ok "but its own" waitfor there outbox/corner/AK-000002.withdrawn.txt

key_form acme staff | drop staff.xml
ok "staff may send for anyone, through inbox itself" waitfor there \
    outbox/AK-000003.received.txt
mv pending/AK-000003.xml approved/
waitfor there outbox/AK-000003.approved.txt
request revocation AK-000003 "Ours too." >inbox/acme/r.xml
ok "the client's box may speak about that" waitfor there \
    outbox/acme/AK-000003.revocation.received.txt
mv pending/AK-000003.revocation.xml revoked/
ok "then both are answered" waitfor there \
    outbox/AK-000003.revocation.revoked.txt \
    outbox/acme/AK-000003.revocation.revoked.txt

key_form acme mine | drop again.xml
ok "duplicates are looked for in a box only" waitfor there \
    outbox/AK-000004.received.txt

# boxes that come and go
mkdir inbox/late
ok "a box that is made later has its folder" waitfor there \
    outbox/late/forms/api-key.xml
key_form late l >inbox/late/l.xml
ok "and is served" waitfor there outbox/late/AK-000005.received.txt
rmdir inbox/late
mv pending/AK-000005.xml approved/
ok "a box that is gone is still answered" waitfor there \
    outbox/late/AK-000005.approved.txt
mkdir inbox/late
key_form late again >inbox/late/a.xml
ok "and may come again" waitfor there outbox/late/AK-000006.received.txt

like "$("$DOCKET" status)" "inbox/gateway is not a name for a drop box" \
    "reserved names are no boxes"
like "$("$DOCKET" status)" "inbox/no box is not a name" "nor odd ones"
rmdir 'inbox/no box'
ok "what is gone is no longer complained about" sh -c "
    key=0; while '$DOCKET' status | grep -q 'no box is not' &&
    [ \$key -lt 100 ]; do key=\$((key + 1)); done
    ! '$DOCKET' status | grep -q 'no box is not'"
key_form acme x >inbox/gateway/x.xml

# a box that cannot be written to holds up itself only
rm -f outbox/acme/status.txt
mkdir outbox/acme/AK-000007.received.txt outbox/acme/AK-000007.received.txt/x
key_form acme held >inbox/acme/held.xml
ok "the form is taken all the same" waitfor there pending/AK-000007.xml
key_form beta free >inbox/corner/free.xml
ok "others are answered" waitfor there outbox/corner/AK-000008.received.txt
like "$("$DOCKET" status)" "outbox/acme/AK-000007.received.txt cannot be written" \
    "docket status tells"
rm -rf outbox/acme/AK-000007.received.txt
ok "when it can be written to again, the answer comes" \
    waitfor there outbox/acme/AK-000007.received.txt
ok "and it is no longer complained about" sh -c \
    "! '$DOCKET' status | grep -q 'cannot be written'"
ok "what lies in a folder that is no box stays" test -e inbox/gateway/x.xml

# nobody gets a name of ours by sending a file of it
echo junk >"$T/junk"
touch -d '1 hour ago' "$T/junk"
cp -p "$T/junk" "$T/status.txt"
cp -p "$T/junk" "$T/AK-000007.approved.txt"
cp -p "$T/junk" "$T/acme"
mv "$T/status.txt" "$T/AK-000007.approved.txt" inbox/acme/
mv "$T/acme" inbox/xacme
ok "nor the name of a box that there may be one day" waitfor there \
    outbox/xacme.sent outbox/xacme.refused.txt
ok "a refused file does not become an answer" waitfor there \
    outbox/acme/AK-000007.approved.txt.sent \
    outbox/acme/status.txt.sent
not_ok "whatever it is called" test -e outbox/acme/AK-000007.approved.txt

stop
trays_equal_ledger
fsck_clean
done_testing
