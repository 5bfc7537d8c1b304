#!/bin/sh
# docket.conf and the schemas: a change is committed before it takes effect; a
# bad one is refused with line and reason, and the old rules stay.
. "$(dirname "$0")/lib.sh"
make_desk
quick
start
ok "what was changed while the desk was not run is committed" \
    waitfor match "$T/log" event=rules
is "$(trailer Path)" docket.conf "with the file's name"
is "$(trailer Submitted-by)" "uid $(id -u)" "and whose it is"

# a typing error
cp docket.conf "$T/good.conf"
sed -i 's/settle/setle/' docket.conf
ok "a wrong key is refused" waitfor there docket.conf.refused.txt
line=$(grep -n setle docket.conf | cut -d: -f1)
file_like docket.conf.refused.txt \
    "line $line: 1290 - .*setle is not a parameter.*mean settle" \
    "with line, reason and what was meant"
like "$("$DOCKET" status)" "setle is not a parameter" "status tells it too"
is "$(ledger show main:docket.conf)" "$(cat "$T/good.conf")" \
    "the ledger keeps the old one"
cp "$T/good.conf" docket.conf
ok "mended, the complaint goes" waitfor gone docket.conf.refused.txt

bad() {
	printf '%s\n' "$1" | cat "$T/good.conf" - >docket.conf.new
	mv docket.conf.new docket.conf
	waitfor match docket.conf.refused.txt "$2"
	_report $? "$3" || diag "$(cat docket.conf.refused.txt)"
}
bad '[review]
	evidence = move
	apart = true' "cannot go with" "evidence = move does not go with apart"
bad '[review]
	quorum = many' "a number of people" "a value that is none"
bad '[reviewer "x"]
	user = nobody-of-that-name' "no such user" "a user whom nobody knows"
bad '[reviewer "x"]
	user = 0
[reviewer "y"]
	user = root' "is that user already" "two reviewers who are one user"
bad '[check]
	memory = 32m' "from 64m to 256m" "a bound that no form keeps within"
bad '[limits]
	form = 2g' "a size up to 1m" "limits are set down, never up"
bad '[desk]
	id = other' "stays what it is" "the desk's id stays"
bad '[review' "closing bracket" "a broken line"
cp "$T/good.conf" docket.conf
waitfor gone docket.conf.refused.txt

# schemas
forget
cat >schemas/leave.xsd <<'EOF'
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
    targetNamespace="urn:example:leave" elementFormDefault="qualified">
  <xs:element name="leave">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="who" type="xs:string"/>
        <xs:element name="days" type="xs:positiveInteger"/>
      </xs:sequence>
    </xs:complexType>
  </xs:element>
</xs:schema>
EOF
ok "a new schema is committed" seen "event=rules about=schemas/leave.xsd"
leave() {
	printf '<leave xmlns="urn:example:leave"><who>%s</who><days>%s</days></leave>\n' \
	    "$1" "$2"
}
ok "it is in the ledger" ledger cat-file -e main:schemas/leave.xsd
leave Ann 3 | drop leave.xml
ok "and its forms are taken" waitfor there outbox/FM-000001.received.txt
leave Bob none | drop bad.xml
ok "or refused" waitfor there outbox/bad.xml.refused.txt
file_like outbox/bad.xml.refused.txt '2002 - line 1, days: "none" is not' \
    "with line and field"

cp schemas/leave.xsd "$T/leave.xsd"
sed -i 's/positiveInteger/positiveIntegr/' schemas/leave.xsd
ok "a schema that does not compile is refused" waitfor there \
    schemas/leave.xsd.refused.txt
file_like schemas/leave.xsd.refused.txt "line 7: .*positiveIntegr" \
    "with its line"
leave Cid 4 | drop cid.xml
ok "forms go on under the old one" waitfor there \
    outbox/FM-000002.received.txt
cp "$T/leave.xsd" schemas/leave.xsd
ok "mended, the complaint goes" waitfor gone schemas/leave.xsd.refused.txt

# a schema in a folder
forget
mkdir schemas/more
sed 's/urn:example:leave/urn:example:more/; s/"leave"/"more"/' \
    "$T/leave.xsd" >schemas/more/more.xsd
kill -HUP $_pid
ok "SIGHUP makes the desk look at once, into folders too" \
    seen "event=rules about=schemas/more/more.xsd"

# a case is decided under the rules of its day
forget
rm schemas/leave.xsd
ok "a schema that is removed" seen "event=rules about=schemas/leave.xsd"
not_ok "is removed in the ledger" \
    ledger cat-file -e main:schemas/leave.xsd
leave Dan 5 | drop dan.xml
ok "its forms are no longer taken" waitfor there outbox/dan.xml.refused.txt
file_like outbox/dan.xml.refused.txt "2006 - .*no form <leave>" \
    "and it says so"
mv pending/FM-000001.xml approved/
ok "what waits cannot be approved without its schema" \
    waitfor there pending/FM-000001.refused.txt
mv pending/FM-000001.xml rejected/
ok "but rejected" waitfor there outbox/FM-000001.rejected.txt

# no approval asked for
forget
printf '%s\n' '[review "AK"]' '	quorum = 0' >>docket.conf
key_form acme free >"$T/free.xml"
ok "a quorum of none is adopted" seen "event=rules about=docket.conf"
cp "$T/free.xml" inbox/free.xml
ok "then a form is approved on receipt" waitfor there \
    outbox/AK-000001.approved.txt
is "$(trailer Decided-by)" "nobody (policy)" "by nobody, as the policy has it"
is "$(ledger log --format=%s -2 | tr '\n' ';')" \
    "AK-000001 approved: free (acme);AK-000001 received: free (acme);" \
    "in two commits"
stop
trays_equal_ledger
fsck_clean
index_dump >"$T/before"
ok "the index is rebuilt with the schemas of each day" \
    "$DOCKET" rebuild index
index_dump >"$T/after"
ok "and is the same" cmp "$T/before" "$T/after"

# what was said of rules goes also if the desk was started anew since
cp docket.conf "$T/good.conf"
echo "nonsense = 1" >>docket.conf
once
ok "a set that is refused" test -e docket.conf.refused.txt
cp "$T/good.conf" docket.conf
echo "<no schema" >schemas/more/other.xsd
once
not_ok "of another file since" test -e docket.conf.refused.txt
ok "that one is told of" test -e schemas/more/other.xsd.refused.txt
echo "Mine." >schemas/more/README.refused.txt
rm schemas/more/other.xsd
once
not_ok "removed, the complaint goes" \
    test -e schemas/more/other.xsd.refused.txt
ok "and nothing else" test -e schemas/more/README.refused.txt
unlike "$("$DOCKET" status)" "old rules" "status has nothing to say of it"
done_testing
