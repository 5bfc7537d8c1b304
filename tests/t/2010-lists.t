#!/bin/sh
# Lists of clients and APIs: forms like any other, and once approved they
# bind: by whatever way they were approved, at once, and as long as they are
# in force.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/signers.sh"

# clients ID ...; apis ID ...
clients() {
	echo '<clients xmlns="urn:docket:catalog:1">'
	printf '<client id="%s"><name>The client</name></client>\n' "$@"
	echo '</clients>'
}
apis() {
	echo '<apis xmlns="urn:docket:catalog:1">'
	printf '<api id="%s"><name>The API</name></api>\n' "$@"
	echo '</apis>'
}
# in_force LIST: the ids, as the index has them
in_force() {
	sqlite3 .docket/index.db "SELECT group_concat(id, ' ') FROM
	    (SELECT id FROM entries WHERE list = '$1' ORDER BY key)"
}
# unlisted CODE-NAME CLIENT API LINES: a form that is refused for that
unlisted() {
	key_form "$2" "${1#*-}" | sed "s,<api>orders</api>,$3," |
	    drop "$1.xml"
	once
	is "$(sed -nE 's/^  ([0-9]{4}) - line ([0-9]+).*/\1 \2/p' \
	    "outbox/$1.xml.refused.txt")" "$4" "$1: refused, where it is"
}
# taken CLIENT API NAME: a form that is received
taken() {
	_before=$(ledger rev-list --count main)
	key_form "$1" "$3" | sed "s,orders,$2," | drop "taken.xml"
	once
	is "$(ledger log -1 --format=%s) $(($(ledger rev-list --count main) - \
	    _before))" "$(ledger log -1 --format=%s | sed 's/ .*//') \
received: $3 ($1) 1" "$3: received"
}

make_desk
quick
once
taken anybody anything "no list is in force: anyone may apply"
clients acme globex | drop clients.xml
apis orders stock | drop apis.xml
once
taken nobody nothing "a list that waits does not bind"

# approved by moving it
mv pending/CL-000001.xml approved/
once
is "$(trailer Catalog)" clients "the commit says which list is in force"
is "$(in_force clients)" "acme globex" "its entries are known"
unlisted 1122-client-not-listed nobody '<api>whatever</api>' "1122 3"
taken acme whatever "the list of clients says nothing of APIs"
file_like outbox/1122-client-not-listed.xml.refused.txt \
    'There is no "nobody" in the list of clients' "the fault says who"

# approved by copying it
cp pending/AP-000001.xml approved/
once
is "$(in_force apis)" "orders stock" "the list of APIs is in force"
unlisted 1127-apis-not-listed acme \
    '<api>orders</api><api>none</api><api>nil</api>' "1127 10
1127 10"
file_like outbox/1127-apis-not-listed.xml.refused.txt \
    'There is no "nil" in the list of APIs' "each of them is named"
unlisted 1122-both nobody '<api>none</api>' "1122 3
1127 10"
unlisted 1122-capital-letters Acme '<api>orders</api>' "1122 3"
taken "acme" " orders " "blanks around an id do not count"

# what waits is looked at again when it is decided
mv pending/AK-000001.xml approved/
once
ok "what waited and is not listed is not approved" test -e pending/AK-000001.xml
file_like pending/AK-000001.refused.txt '^1122 - line 4' "and why"
mv pending/AK-000004.xml approved/
once
ok "what is listed is" test -e approved/AK-000004.xml

# a newer one
clients acme initech | drop more.xml
once
head=$(ledger rev-parse main)
key_form globex "before the newer one" | drop g.xml
once
mv pending/CL-000002.xml approved/
once
is "$(ledger log --reverse --format='%s' "$head..main" | tail -2)" \
    "CL-000002 approved: 2 clients
CL-000001 superseded: 2 clients" "a newer list takes the place of the old one"
ok "which is in revoked" test -e revoked/CL-000001.xml
is "$(ls approved/CL-*)" "approved/CL-000002.xml" "one is in force"
ok "its sender is told" test -e outbox/CL-000001.superseded.xml
ok "in a receipt that is valid" xmllint --noout --schema \
    "$SRC/schemas/receipt.xsd" outbox/CL-000001.superseded.xml
is "$(in_force clients)" "acme initech" "the entries are its own"
unlisted 1122-no-longer globex '<api>orders</api>' "1122 3"
ok "what was approved stays so" test -e approved/AK-000004.xml

# with an open request
request revocation CL-000002 "Too old" | drop r.xml
once
clients acme | drop c3.xml
once
mv pending/CL-000003.xml approved/
once
ok "an open request is rejected with the old list" \
    test -e rejected/CL-000002.revocation.xml
is "$(trailer Request)" "revocation pending -> rejected" "the commit says so"

# the terms of an approved list
sed 's/acme/hooli/' approved/CL-000003.xml | drop c4.xml
once
taken acme orders "a change of the list that waits does not bind"
mv pending/CL-000003.r2.xml approved/
once
is "$(in_force clients)" hooli "an approved change does"
is "$(trailer Catalog) $(trailer Revision)" "clients 2" "its commit says so"
unlisted 1122-changed acme '<api>orders</api>' "1122 3"

# an empty one: nobody may
echo '<clients xmlns="urn:docket:catalog:1"/>' | drop none.xml
once
mv pending/CL-000004.xml approved/
once
is "$(in_force clients)" "" "a list may be empty"
unlisted 1122-empty hooli '<api>orders</api>' "1122 3"

# revoked
echo "Not any more" >revoked/CL-000004.note.txt
mv approved/CL-000004.xml revoked/
once
taken stranger orders "once it is revoked, no list of clients binds"
unlisted 1127-alone stranger '<api>none</api>' "1127 10"

# the index, made anew
clients acme stranger | drop c5.xml
once
mv pending/CL-000005.xml approved/
once
dump=$(sqlite3 .docket/index.db "SELECT list, id, name FROM entries
    ORDER BY list, key" "SELECT * FROM lists" "SELECT number, catalog FROM
    cases WHERE catalog IS NOT NULL ORDER BY number")
ok "the index is made anew" "$DOCKET" rebuild index
is "$(sqlite3 .docket/index.db "SELECT list, id, name FROM entries
    ORDER BY list, key" "SELECT * FROM lists" "SELECT number, catalog FROM
    cases WHERE catalog IS NOT NULL ORDER BY number")" "$dump" \
    "with the same lists"
rm .docket/index.db
unlisted 1122-anew hooli '<api>orders</api>' "1122 3"
exits 0 "the audit proves what was refused nothing" "$DOCKET" audit ledger.git

# a box speaks for its client only
mkdir inbox/acme
clients acme | drop acme/mine.xml
once
file_like outbox/acme/mine.xml.refused.txt '1219 - The list of clients is that of the whole desk' \
    "a drop box cannot send a list"
trays_equal_ledger
fsck_clean

# Approved on receipt; and by a signature.
DESK=$T/desk2
make_desk
conf '[review "CL"]' '	quorum = 0'
quick
clients acme | drop a.xml
once
clients globex | drop b.xml
once
is "$(ledger log --reverse --format=%s | tail -5)" \
    "CL-000001 received: 1 client
CL-000001 approved: 1 client
CL-000002 received: 1 client
CL-000002 approved: 1 client
CL-000001 superseded: 1 client" "approved on receipt, one after the other"
is "$(in_force clients)" globex "the last one is in force"
clients one | drop c.xml
clients two | drop d.xml
key_form globex | drop e.xml
key_form two | drop f.xml
once
is "$(ls approved/CL-* | wc -l)" 1 "of two at once one is in force"
is "$(in_force clients)" "$(sed -n 's/.*id="\([^"]*\)".*/\1/p' \
    approved/CL-*)" "and its entries are known"
fsck_clean "two at once: git fsck has nothing to say"

if command -v ssh-keygen >/dev/null; then
	DESK=$T/desk3
	key alice
	make_desk
	sed -i '/evidence =/d' docket.conf
	conf '[review]' '	evidence = signature' '[reviewer "alice"]' \
	    '	group = desk'
	signer alice >allowed_signers
	quick
	once
	clients acme | drop a.xml
	apis orders | drop b.xml
	once
	sign alice approve pending/CL-000001.xml
	once
	is "$(in_force clients)" acme "approved by a signature"
	unlisted 1122-signed globex '<api>orders</api>' "1122 3"
	{
		echo '<decisions xmlns="urn:docket:request:1">'
		echo "<decision number=\"AP-000001\" revision=\"1\" event=\
\"approve\" sha256=\"$(sha256sum <pending/AP-000001.xml | cut -d' ' -f1)\"/>"
		echo '</decisions>'
	} >"$T/all.xml"
	ssh-keygen -q -Y sign -n decisions@docket -f "$T/alice" "$T/all.xml"
	cp "$T/all.xml" "$T/all.xml.sig" inbox/
	once
	is "$(in_force apis)" orders "approved by a signed list of decisions"
	fsck_clean "signed: git fsck has nothing to say"
else
	skip "no ssh-keygen here"
fi

# A desk whose schemas are older: nothing is different.
# shellcheck disable=SC2034 # of lib.sh
DESK=$T/desk4
make_desk
rm schemas/catalog.xsd
sed -i '/fault="1122"/,/<\/d:rule>/d; /fault="1127"/,/<\/d:rule>/d' \
    schemas/api-key.xsd
quick
once
clients acme | drop a.xml
once
file_like outbox/a.xml.refused.txt '2006 - ' "without the schema there is no list"
taken anybody anything "and none is missed"
# it gets them
cp "$SRC/schemas/catalog.xsd" "$SRC/schemas/api-key.xsd" schemas/
once
once
clients acme | drop b.xml
once
mv pending/CL-000001.xml approved/
once
unlisted 1122-since anybody '<api>orders</api>' "1122 3"
# and loses them again
rm schemas/catalog.xsd
once
once
taken anybody orders "a list that is none by the schemas does not bind"
cp "$SRC/schemas/catalog.xsd" schemas/
once
once
unlisted 1122-again anybody '<api>orders</api>' "1122 3"
fsck_clean "other schemas: git fsck has nothing to say"

done_testing
