#!/bin/sh
# Answers: as XML and as text, again under the same names, and rebuilt.
. "$(dirname "$0")/lib.sh"
make_desk
quick
mkdir inbox/acme
start

key_form acme one >inbox/acme/one.xml
waitfor there outbox/acme/AK-000001.xml
key_form acme two | drop two.xml
waitfor there outbox/AK-000002.xml
mv pending/AK-000001.xml approved/
waitfor there outbox/acme/AK-000001.approved.txt
request revocation AK-000001 "Over." >inbox/acme/r.xml
waitfor there outbox/acme/AK-000001.revocation.received.txt
echo "Not yet." >pending/AK-000001.note.txt
mv pending/AK-000001.revocation.xml returned/
waitfor there outbox/acme/AK-000001.revocation.returned.txt
sed 's/one/uno/' outbox/acme/AK-000001.xml >inbox/acme/change.xml
waitfor there outbox/acme/AK-000001.r2.received.txt
mv pending/AK-000001.r2.xml approved/
waitfor there outbox/acme/AK-000001.r2.approved.txt
"$DOCKET" revoke AK-000001 -m "Ende." >/dev/null
waitfor there outbox/acme/AK-000001.revoked.txt
printf '<application xmlns="urn:docket:api-key:1"/>' >inbox/acme/bad.xml
waitfor there outbox/acme/bad.xml.refused.txt

for f in outbox/*.*.xml outbox/acme/*.*.xml; do
	case $f in
	*.r2.xml | */AK-00000?.revocation.xml) continue ;;
	esac
	ok "${f#outbox/} is valid" xmllint --noout --schema \
	    "$SRC/schemas/receipt.xsd" "$f"
	ok "and there as text" test -s "${f%.xml}.txt"
done
is "$(xmllint --xpath 'string(/*/@commit)' outbox/acme/AK-000001.revoked.xml)" \
    "$(ledger log --format='%H %s' | sed -n 's/ AK-000001 revoked.*//p')" \
    "a receipt names its commit"
is "$(xmllint --xpath \
    'string(//*[local-name()="fault"]/@field)' \
    outbox/acme/bad.xml.refused.xml)" "Application for an API key" \
    "faults name the field as a person calls it"
ok "status.txt lists the cases of the box" \
    waitfor match outbox/acme/status.txt "AK-000001     revoked"
unlike "$(cat outbox/acme/status.txt)" AK-000002 "and of no other"
ok "of inbox itself too" waitfor match outbox/status.txt "AK-000002     pending"

# blanks
for blank in api-key revocation withdrawal; do
	ok "there is a blank for $blank" xmllint --noout \
	    "outbox/forms/$blank.xml"
done
ok "and how to use them" test -s outbox/forms/README.txt
sed -e "s,<client></client>,<client>acme</client>," \
    -e "s,<name></name>,<name>By hand</name>," \
    -e "s,<quota></quota>,<quota>-1</quota>," \
    -e "s,<description></description>,<description>x</description>," \
    -e "s,<api></api>,<api>orders</api>," \
    outbox/acme/forms/api-key.xml >inbox/acme/filled.xml
ok "a blank that is filled in is a good form" waitfor there \
    outbox/acme/AK-000003.received.txt

# deleted by whoever fetched them: they do not come back by themselves
rm -f outbox/acme/AK-*
key_form acme four >inbox/acme/four.xml
waitfor there outbox/acme/AK-000004.received.txt
not_ok "answers that were fetched stay away" test -e \
    outbox/acme/AK-000001.approved.txt
stop
# but the desk can be asked to write them again, the same
mkdir "$T/kept"
cp outbox/AK-000002.* "$T/kept"
rm outbox/AK-000002.*
exits 0 "receipts of a case are written again" "$DOCKET" rebuild outbox \
    AK-000001 AK-000002
for f in "$T"/kept/*; do
	ok "${f##*/} is the same" cmp "$f" "outbox/${f##*/}"
done
ok "those of the other too" test -e outbox/acme/AK-000001.approved.txt \
    -a -e outbox/acme/AK-000001.revocation.returned.xml
rm -f outbox/acme/AK-*
since=$(ledger log --format='%H %s' | sed -n 's/ AK-000001 change approved.*//p')
exits 0 "or all since a commit" "$DOCKET" rebuild outbox --since \
    "$(echo "$since" | cut -c1-10)"
ok "those after it" test -e outbox/acme/AK-000001.revoked.txt
not_ok "not those before" test -e outbox/acme/AK-000001.approved.txt
rm -rf outbox/acme
exits 0 "or all there ever were" "$DOCKET" rebuild outbox
ok "also into a folder that was lost" test -e \
    outbox/acme/AK-000001.approved.txt
exits 4 "not a commit that is none" "$DOCKET" rebuild outbox --since 123456

# a mark that is lost, or of another ledger, does no harm
rm .docket/delivered
ok "without its mark the desk answers all again" once
echo 1234567890123456789012345678901234567890 >.docket/delivered
ok "a mark of another ledger is of no use" once
is "$(cut -c1-40 .docket/delivered)" "$(ledger rev-parse main)" "and is mended"

# index and trays as lost
rm -f .docket/index.db*
ok "without an index the desk makes one" once
echo garbage >.docket/index.db
ok "a damaged one too" once
index_dump >"$T/after"
"$DOCKET" rebuild index >/dev/null
index_dump >"$T/rebuilt"
ok "each is the same" cmp "$T/after" "$T/rebuilt"
echo 1234567890123456789012345678901234567890 >.docket/shown
ok "trays that show what is not of the ledger are reset" once
trays_equal_ledger
done_testing
