#!/bin/sh
# The commands: what they print, as table and JSON, and their exit codes.
. "$(dirname "$0")/lib.sh"
make_desk
quick
start

json() {
	"$DOCKET" "$@" | perl -MJSON::PP -0777 -ne 'decode_json($_)'
}

# apply
exits 0 "apply by options" "$DOCKET" apply --client acme --name "By flags" \
    --effective 2099-01-01 --expiry 2099-06-30 --quota 5 \
    --description "For tests." --api orders --api stock
like "$OUT" "AK-000001 received: By flags \(acme\)" "it waits for the number"
exits 1 "what is wrong is said before it is dropped" "$DOCKET" apply \
    --client acme --name "Bad" --effective 2099-01-01 --expiry 2098-06-30 \
    --quota 0 --description "For tests." --api orders
like "$OUT" "2002 - line 7, Quota" "with line and field"
ok "nothing was dropped" waitfor empty inbox
exits 0 "a draft is kept" "$DOCKET" apply --client acme --name "Draft" \
    --effective 2099-01-01 --expiry 2099-06-30 --quota 5 \
    --description "a < b & c" --api orders -o "$T/draft.xml"
exits 0 "and is a good form" "$DOCKET" check "$T/draft.xml"
like "$OUT" "good: Application for an API key: Draft" "check says so"

# check
echo '<a>' >"$T/bad.xml"
exits 1 "check says what is wrong" "$DOCKET" check "$T/draft.xml" "$T/bad.xml"
like "$OUT" "bad.xml: 1 fault" "of which file"
like "$OUT" "2001 - line 2: The file ends before the tag <a> of line 1" \
    "where and what"
ok "check's JSON is JSON" sh -c \
    "'$DOCKET' check --format json '$T/bad.xml' '$T/draft.xml' |
    perl -MJSON::PP -0777 -ne 'my \$a = decode_json(\$_);
    exit !(\$a->[0]{faults}[0]{code} == 2001 && \$a->[1]{good})'"
exits 1 "a file that is not there" "$DOCKET" check "$T/nothing"
exits 0 "check needs no desk" env DOCKET_DIR="$T" "$DOCKET" check \
    "$T/draft.xml"
like "$OUT" "the schemas that come with docket are used" "and says so"
exits 0 "and reads standard input" sh -c "'$DOCKET' check - <'$T/draft.xml'"

# options that are none: which
exits 2 "a long option that is none" "$DOCKET" list --colour
like "$OUT" "1290 - --colour is not an option of this command" "by its name"
exits 2 "a letter" "$DOCKET" list -dZ
like "$OUT" "1290 - -Z is not an option" "by itself"
exits 2 "one that takes no value" "$DOCKET" list --due=7
like "$OUT" "1290 - --due=7 is not an option" "with it"
exits 2 "one that lacks its value" "$DOCKET" list --client
like "$OUT" "docket list: --client lacks its value" "by its name, too"
exits 2 "or by its letter" "$DOCKET" list -c
like "$OUT" "docket list: -c lacks its value" "as it was given"

# list, show, log, search, status
key_form beta "Second one" | drop second.xml
waitfor there outbox/AK-000002.received.txt
exits 0 "list" "$DOCKET" list
like "$OUT" "^NUMBER +STATE" "with a head"
like "$OUT" "^AK-000001 +pending" "and a row for each"
exits 0 "list by words" "$DOCKET" list second
unlike "$OUT" AK-000001 "finds what has them"
exits 0 "list by a value of a field" "$DOCKET" list stock
like "$OUT" AK-000001 "too"
exits 1 "not by what it is called" "$DOCKET" list description
exits 1 "or nothing" "$DOCKET" list nowhere
is "$OUT" "docket: 1298 - No information found" "and says so"
exits 0 "list by client" "$DOCKET" list --client beta --state pending
is "$(echo "$OUT" | grep -c AK-)" 1 "one"
exits 0 "list by form and due" "$DOCKET" list --form AK --due
like "$OUT" "AK-000001 +pending +[0-9]+ " "says for how long"
exits 2 "a state that is none" "$DOCKET" list --state nice
ok "list's JSON" json list --format json
ok "even of nothing" sh -c "'$DOCKET' list --format json nowhere |
    grep -qx '\[\]'"
like "$("$DOCKET" list --format csv)" "^AK-000001,pending,false,acme,By flags" \
    "list's CSV"
like "$("$DOCKET" list --format csv)" "^number,.*,quota,.*,apis/api" \
    "has every field"

exits 0 "show" "$DOCKET" show AK-000001
like "$OUT" "Quota +5" "shows the fields by their names"
like "$OUT" "pending/AK-000001.xml" "and the papers"
like "$OUT" "received" "and the history"
ok "show's JSON" json show --format json AK-000001
exits 1 "show what is not" "$DOCKET" show AK-000077
exits 2 "show nothing" "$DOCKET" show
exits 0 "log" "$DOCKET" log
like "$OUT" "AK-000002 +received" "the last first"
exits 0 "log of a case" "$DOCKET" log AK-000001
ok "log's JSON" json log --format json
ok "log's JSON of a case" json log --format json AK-000001
exits 0 "search clients" "$DOCKET" search clients bet
like "$OUT" "^beta +1" "finds by a part of the name"
exits 0 "search apis" "$DOCKET" search apis
like "$OUT" "^orders +2" "the most often named first"
exits 1 "or nothing" "$DOCKET" search clients zzz
like "$OUT" "1298 - No information found" "and says so"
exits 2 "search what" "$DOCKET" search things
ok "search's JSON" json search --format json apis
exits 0 "status" "$DOCKET" status
like "$OUT" "running \(process $_pid\)" "says that it is run"
like "$OUT" "pending 2" "how many"
like "$OUT" "Nothing is wrong" "and what is wrong"
is "$("$DOCKET" status | awk 'END { print NR < 30 }')" 1 "on one screen"
ok "status' JSON" json status --format json

# decisions
exits 1 "return needs a note" "$DOCKET" return AK-000001
like "$OUT" "2023 - This decision needs a note" "says so"
exits 0 "and takes one" "$DOCKET" return AK-000001 -m "Which stock?"
like "$OUT" "AK-000001 returned" "and says what came of it"
ok "for the applicant" waitfor match outbox/AK-000001.returned.txt \
    "Which stock"
exits 1 "what is not there cannot be approved" "$DOCKET" approve AK-000001
like "$OUT" "1218 - it is returned" "says so"
exits 1 "nor what was never" "$DOCKET" approve AK-000055
like "$OUT" "2013 - there is no such case" "says so"
exits 0 "a dry run" "$DOCKET" approve --dry-run AK-000002
like "$OUT" "would be approved, by $(id -un) \(owner\)" "says what would be"
ok "and does nothing" test -e pending/AK-000002.xml
exits 0 "approve" "$DOCKET" approve -m "Welcome." AK-000002
is "$(ledger log -1 --format=%b | head -1)" Welcome. "with a note"
exits 0 "apply for a change" "$DOCKET" apply --change AK-000002 \
    --name "Second, renamed"
like "$OUT" "AK-000002 change asked" "says its kind"
ok "only what was given changes" sh -c "diff approved/AK-000002.xml \
    pending/AK-000002.r2.xml | grep '^>' | grep -v docket | grep name"
exits 1 "of a case with a request the request is meant" "$DOCKET" approve \
    AK-000002.r3
exits 0 "by its revision" "$DOCKET" approve AK-000002.r2
like "$("$DOCKET" show AK-000002)" "Second, renamed" "the new terms"
exits 0 "apply for revocation" "$DOCKET" apply --revocation AK-000002 \
    --reason "Done."
exits 0 "and reject that" "$DOCKET" reject AK-000002 -m "No."
exits 0 "revoke" "$DOCKET" revoke AK-000002 -m "Now."
exits 0 "apply for withdrawal" "$DOCKET" apply --withdrawal AK-000001 \
    --reason "Never mind."
like "$OUT" "AK-000001 withdrawn" "at once"
exits 0 "why" "$DOCKET" why AK-000002
like "$OUT" "Now\." "gives the reason"
exits 0 "why a paper" "$DOCKET" why revoked/AK-000002.r2.xml
like "$OUT" "Now\." "gives that of its case"
exits 0 "why an answer" "$DOCKET" why outbox/AK-000002.revoked.txt
like "$OUT" "Now\." "too"
mkdir inbox/gone
echo '<broken' >inbox/gone/why.xml
waitfor there outbox/gone/why.xml.refused.txt
for name in gone/why.xml inbox/gone/why.xml outbox/gone/why.xml \
    outbox/gone/why.xml.refused.txt; do
	exits 0 "why $name" "$DOCKET" why "$name"
	like "$OUT" "2001 - line 2" "says what is wrong with it"
done
exits 1 "why what never was" "$DOCKET" why outbox/never.txt
key_form acme again | tee "$T/again.xml" | drop again.xml
waitfor there outbox/AK-000003.received.txt
cp "$T/again.xml" inbox/twice.xml
waitfor there outbox/twice.xml.duplicate.txt
exits 0 "why what was received before" "$DOCKET" why twice.xml
like "$OUT" "AK-000003" "says as what"
{
	echo '<batch xmlns="urn:docket:request:1">'
	key_form acme in-a-batch | sed 1d
	echo '</batch>'
} | drop many.xml
waitfor there outbox/many.xml.batch.txt
exits 0 "why a batch" "$DOCKET" why inbox/many.xml
like "$OUT" "AK-000004" "tells what came of it"
exits 0 "why its answer" "$DOCKET" why outbox/many.xml.batch.txt
like "$OUT" "AK-000004" "too"
exits 3 "nothing is rebuilt while it is run" "$DOCKET" rebuild trays
stop
key_form acme third | drop third.xml
once
exits 4 "a decision is left for a desk that is not run" "$DOCKET" approve \
    AK-000003
like "$OUT" "left in approved/ for the desk, which is not run" "says so"
once
ok "which carries it out later" test -e outbox/AK-000003.approved.txt
like "$("$DOCKET" status)" "not run: nothing is taken in" \
    "status says that it is not run"

for c in init run check apply status list show diff log why search approve return \
    reject revoke rebuild; do
	exits 0 "$c --help" "$DOCKET" "$c" --help
	like "$OUT" "^usage: docket $c" "tells its usage"
	exits 2 "$c with a wrong option" "$DOCKET" "$c" --no-such-option
done
exits 3 "no desk" "$DOCKET" -C "$T" list
like "$OUT" "not a desk" "says so"
exits 0 "-C behind the command" "$DOCKET" list -C "$DESK"
unlike "$("$DOCKET" list)" "$(printf '\033')" "no colours but on a terminal"
done_testing
