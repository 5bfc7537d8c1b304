#!/bin/sh
# docket import and docket search; clients.txt and apis.txt; a list that is
# approved, but not yet read, when the desk is killed.
. "$(dirname "$0")/lib.sh"
make_desk
quick
mkdir inbox/acme
once

cat >"$T/clients.csv" <<'EOT'
name,id,contact,recipient
"Acme, ""the"" Inc. & Co",acme,it@acme.example,
Globex Ltd,globex,,age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p
EOT
printf 'id,name\norders,Orders\n,x\nor ders,\norders,Again\n"a' >"$T/bad.csv"
exits 1 "a table with faults is not imported" \
    "$DOCKET" import apis "$T/bad.csv"
like "$OUT" '^2002 - line 3, id: It is empty' "a row without an id"
like "$OUT" '^2002 - line 4, id: An id has' "one with a bad id"
like "$OUT" '^2026 - line 5, id: The id "orders" stands in line 2' "one twice"
like "$OUT" '^2002 - line 6: .* a quote is not closed' "one that is none"
is "$(ls inbox)" acme "nothing of it comes into inbox"
exits 1 "a column that there is not" sh -c \
    "printf 'id,name,colour\na,b,c\n' | '$DOCKET' import clients -"
like "$OUT" \
    '^1290 - line 1: "colour" .* which has id,name,recipient,contact' \
    "is named, and those that there are"
exits 2 "a list of something else is usage" "$DOCKET" import cars x.csv

ok "a form is written" "$DOCKET" import clients "$T/clients.csv" \
    -o "$T/clients.xml"
is "$("$DOCKET" check "$T/clients.xml")" \
    "$T/clients.xml: good: List of clients: 2 clients" "which is good"
exits 1 "before a list is in force nobody is found" "$DOCKET" search clients a
start
ok "a list is sent" "$DOCKET" import clients "$T/clients.csv"
exits 0 "once more" "$DOCKET" import clients "$T/clients.csv"
like "$OUT" 'is here already' "it is known"
cp "$SRC/schemas/examples/apis.xml" inbox/
waitfor there pending/AP-000001.xml
mv pending/AP-000001.xml pending/CL-000001.xml approved/
waitfor match outbox/acme/clients.txt acme
waitfor match outbox/acme/apis.txt stock
waitfor match outbox/clients.txt globex
file_like outbox/clients.txt '^acme +Acme, "the" Inc. & Co$' \
    "clients.txt has id and name"
not_ok "a drop box is told of its own client only" grep -q globex \
    outbox/acme/clients.txt
file_like outbox/acme/apis.txt '^orders ' "and of all APIs"
stop

is "$("$DOCKET" search clients --format csv | tr -d '\r')" \
    'id,name,recipient,contact
acme,"Acme, ""the"" Inc. & Co",,it@acme.example
globex,Globex Ltd,age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p,' \
    "all of a list, as a table"
like "$("$DOCKET" search clients INC acm)" '^acme ' "by beginnings of words"
is "$("$DOCKET" search apis follow --format json)" \
    '[{"id":"orders","name":"Orders: place, change and follow them","recipient":null,"contact":null}]' \
    "by a word of the name"
if command -v script >/dev/null; then
	printf '?inc acm\n?zzz\n' | script -qec "'$DOCKET' apply" /dev/null |
	    tr -d '\r' >"$T/terminal"
	file_like "$T/terminal" ' acme  Acme, "the" Inc. & Co$' \
	    "docket apply searches the list for ?WORD"
	file_like "$T/terminal" '1298 - No information found' "or finds none"
else
	skip "no script(1) for a terminal"
fi
exits 1 "nothing found" "$DOCKET" search apis zzz
like "$OUT" '1298 - No information found' "is said so"
exits 1 "docket check knows the lists" sh -c \
    "sed s/acme/nobody/ '$SRC/schemas/examples/api-key.xml' | '$DOCKET' check -"
like "$OUT" '1122 - line 5' "and says who is in none"
key_form acme "The key" | drop k.xml
once
like "$("$DOCKET" list --client acme)" '2099-01-01 +2099-12-31 +The key$' \
    "the keys of a client, with their days"

# killed between the commit and the entries
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	sed 's/globex/initech/' "$T/clients.xml" | drop new.xml
	once
	mv pending/CL-000002.xml approved/
	strace -f -qq -o /dev/null -e trace=renameat2 -P "$DESK/approved" \
	    -e inject=renameat2:signal=KILL:when=1 \
	    "$DOCKET" run --once "$DESK" >/dev/null 2>&1
	is $? 137 "a desk that is killed"
	is "$(sqlite3 .docket/index.db "SELECT count(*) FROM entries
	    WHERE id = 'initech'")" 0 "has not read the new list"
	is "$(ledger log -1 --format=%s)" "CL-000001 superseded: 2 clients" \
	    "killed once the list is in force"
	key_form globex late | drop late.xml
	key_form initech new | drop new-key.xml
	once
	file_like outbox/late.xml.refused.txt 1122 "it binds at the next start"
	like "$("$DOCKET" list new)" initech "and knows its entries"
	trays_equal_ledger
else
	skip "needs strace"
fi
fsck_clean
done_testing
