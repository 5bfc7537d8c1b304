#!/bin/sh
# Signed decision lists: one signature, many decisions.
. "$(dirname "$0")/lib.sh"
command -v ssh-keygen >/dev/null || skip_all "needs ssh-keygen"

for who in alice bob carol mallory; do
	ssh-keygen -q -t ed25519 -N '' -C $who -f "$T/$who"
done
signer() {
	printf '%s %s\n' "$1" "$(cut -d' ' -f1,2 "$T/$1.pub")"
}
# entry NUMBER REVISION EVENT PAPER [NOTE]
entry() {
	printf '<decision number="%s" revision="%s" event="%s" sha256="%s">' \
	    "$1" "$2" "$3" "$(sha256sum "$4" | cut -c1-64)"
	[ -z "${5:-}" ] || printf '<note>%s</note>' "$5"
	echo '</decision>'
}
# list: entries from standard input
list() {
	echo '<decisions xmlns="urn:docket:request:1">'
	cat
	echo '</decisions>'
}
# sign KEY FILE [NAMESPACE]
sign() {
	rm -f "$2.sig"
	ssh-keygen -q -Y sign -f "$T/$1" -n "${3:-decisions@docket}" "$2" \
	    2>/dev/null
}
send() {
	mv "$1" "$DESK/inbox/"
}

make_desk
quick
sed -i '/^\[reviewer/,/^$/d' docket.conf
conf '[review]' '	evidence = signature' '	apart = false' \
    '	stage = desk:1' '	stage = security:1' \
    '[review "return"]' '	quorum = 1' \
    '[review "reject"]' '	quorum = 1' \
    '[reviewer "alice"]' '	group = desk' \
    '[reviewer "bob"]' '	group = desk' \
    '[reviewer "carol"]' '	group = security'
{
	signer alice
	signer bob
	signer carol
} >allowed_signers
mkdir inbox/acme
start
ok "the policy is taken over" waitfor match "$T/log" event=rules
n=0
receive() {
	n=$((n + 1))
	key_form acme "form $n" | drop "acme/k$n.xml"
	waitfor there "pending/$(printf 'AK-%06d' $n).xml"
}
for _ in 1 2 3 4 5 6; do
	receive
done

# one signature, several cases, each judged by itself
{
	entry AK-000001 1 approve pending/AK-000001.xml "Good."
	entry AK-000002 1 approve pending/AK-000002.xml
	entry AK-000003 1 return pending/AK-000003.xml "Which API?"
	entry AK-000004 1 return pending/AK-000004.xml
	entry AK-000005 2 approve pending/AK-000005.xml
	entry AK-000006 1 approve pending/AK-000005.xml
	entry AK-000009 1 reject pending/AK-000001.xml
} | list >"$T/first.xml"
digest=$(sha256sum "$T/first.xml" | cut -c1-64)
cp "$T/first.xml" "$T/keep.xml"
sign alice "$T/first.xml"
cp "$T/first.xml.sig" "$T/keep.xml.sig"
before=$(ledger rev-list --count main)
send "$T/first.xml"
send "$T/first.xml.sig"
ok "the answer names every entry" \
    waitfor there outbox/first.xml.decisions.txt
A=outbox/first.xml.decisions.txt
file_like $A "^Signed by alice \\(SHA256:" "and who signed"
file_like $A "^  AK-000001 +approve  counted  1 of 2: alice; waiting for security" \
    "what was counted"
file_like $A "^  AK-000003 +return   decided  AK-000003 returned: form 3" \
    "what was decided"
file_like $A "2023 - This decision needs a note" "what wants a note"
file_like $A "1191 - The list is about revision 2 with" \
    "what is not about the revision now"
file_like $A "1191 - The list is about revision 1 " \
    "nor the paper now"
file_like $A "2013 - " "what is no case"
is "$(grep -c 'refused' $A)" 4 "four are refused"
is "$(($(ledger rev-list --count main) - before))" 3 \
    "the others are a commit each"
exits 0 "the answer is valid" xmllint --noout --schema schemas/receipt.xsd \
    outbox/first.xml.decisions.xml
is "$(xmllint --xpath 'count(//*[local-name()="entry"])' \
    outbox/first.xml.decisions.xml)" 7 "and as XML names every entry too"
ok "the applicant is answered" waitfor match \
    outbox/acme/AK-000003.returned.txt "Which API"
ok "inbox is empty" sh -c '! ls inbox/*.xml inbox/*.sig 2>/dev/null'
ok "so are the claims" waitfor empty .docket/claims

# the evidence
c=$(ledger rev-list -1 --grep='^Number: AK-000001$' main)
is "$(trailer Event "$c")" endorse "a counted one is in the ledger as such"
like "$(trailer Decided-by "$c")" "^alice \\(signature SHA256:" \
    "with who and which key"
is "$(trailer List-SHA256 "$c")" "$digest" "and which list"
like "$(ledger log -1 --format=%b "$c")" "^Good\\." "with its note"
p=$(echo "$digest" | cut -c1-2)/$digest
ok "the list is kept byte for byte" sh -c "git -C '$DESK/ledger.git' \
    cat-file blob main:lists/$p.xml | cmp - '$T/keep.xml'"
ok "so is the signature" sh -c "git -C '$DESK/ledger.git' \
    cat-file blob main:lists/$p.alice.sig | cmp - '$T/keep.xml.sig'"
ok "and a clone proves it with plain ssh-keygen" sh -c "
    git clone -q --bare '$DESK/ledger.git' '$T/clone.git' && cd '$T' &&
    git -C clone.git cat-file blob main:allowed_signers >clone.signers &&
    git -C clone.git cat-file blob main:lists/$p.alice.sig >clone.sig &&
    git -C clone.git cat-file blob main:lists/$p.xml |
    ssh-keygen -Y verify -f clone.signers -I alice -n decisions@docket \
    -s clone.sig"
is "$(ledger ls-tree -r --name-only main lists | wc -l)" 2 \
    "it is there once, whatever it decides"
trays_equal_ledger "it is in no tray"
like "$("$DOCKET" log AK-000001)" " approval counted " "log says it in words"
OUT=$("$DOCKET" status)
like "$OUT" "  AK-000001 approval counted: form 1 \\(acme\\)$" \
    "and status in the same"
unlike "$OUT" "endorse" "not in the ledger's"
like "$("$DOCKET" status --format json)" \
    '"AK-000001 approval counted: form 1 \(acme\)"' "as JSON too"

# the second stage, by a list too: the first stands by its list's signature
{
	entry AK-000001 1 approve pending/AK-000001.xml
	entry AK-000002 1 approve pending/AK-000002.xml
} | list >"$T/second.xml"
sign carol "$T/second.xml"
send "$T/second.xml.sig"
ok "a signature may come first" waitfor gone inbox/second.xml.sig
send "$T/second.xml"
ok "both are approved" waitfor there approved/AK-000002.xml
ok "all" waitfor there approved/AK-000001.xml
like "$(trailer Decided-by "$(ledger rev-list -1 \
    --grep='^Number: AK-000001$' main)")" '^carol \(.*\),alice \(.*\)$' \
    "by both"
like "$("$DOCKET" show AK-000001)" "lists/$p.xml" \
    "show tells where the evidence is"
exits 0 "the same list once more" cp "$T/keep.xml" "$T/keep.xml.sig" inbox/
ok "is answered" waitfor there outbox/keep.xml.decisions.txt
file_like outbox/keep.xml.decisions.txt \
    "^  AK-000001 +approve  refused" "and decides nothing twice"

# what is no good as a whole
bad() {
	receive
	paper=$(printf 'AK-%06d' $n)
	entry "$paper" 1 reject "pending/$paper.xml" | list >"$T/bad$n.xml"
}
bad
send "$T/bad$n.xml"
ok "a list without its signature is refused" \
    waitfor match "outbox/bad$n.xml.refused.txt" \
    "2012 - The list came without its signature"
bad
sign alice "$T/bad$n.xml"
echo >>"$T/bad$n.xml"
send "$T/bad$n.xml.sig"
send "$T/bad$n.xml"
ok "one that was changed after it was signed" \
    waitfor match "outbox/bad$n.xml.refused.txt" "2012 - The signature is not good"
bad
sign mallory "$T/bad$n.xml"
send "$T/bad$n.xml.sig"
send "$T/bad$n.xml"
ok "one by a key that nobody knows" \
    waitfor match "outbox/bad$n.xml.refused.txt" "2012 - The key is nobody"
bad
sign alice "$T/bad$n.xml" reject@docket
send "$T/bad$n.xml.sig"
send "$T/bad$n.xml"
ok "one that was signed as something else" \
    waitfor match "outbox/bad$n.xml.refused.txt" "2012 - The signature was made for another"
cp pending/AK-000006.xml "$T/alone.xml"
sign alice "$T/alone.xml"
send "$T/alone.xml.sig"
ok "a signature without a list" \
    waitfor match outbox/alone.xml.sig.refused.txt "2012 - This is a signature, and no list"
bad
sed -i 's/event="reject"/event="expire"/' "$T/bad$n.xml"
sign alice "$T/bad$n.xml"
send "$T/bad$n.xml.sig"
send "$T/bad$n.xml"
ok "one with a decision that is none" \
    waitfor match "outbox/bad$n.xml.refused.txt" "2002 - "
bad
{ entry "$paper" 1 approve "pending/$paper.xml"
  entry "$paper" 1 reject "pending/$paper.xml"
} | list >"$T/bad$n.xml"
sign alice "$T/bad$n.xml"
send "$T/bad$n.xml.sig"
send "$T/bad$n.xml"
ok "one that decides on a case twice" \
    waitfor match "outbox/bad$n.xml.refused.txt" "2002 - "
bad
sign alice "$T/bad$n.xml"
gzip -c "$T/bad$n.xml" >"$T/gz.xml"
cp "$T/bad$n.xml.sig" "$T/gz.xml.sig"
send "$T/gz.xml.sig"
send "$T/gz.xml"
ok "one that was compressed" \
    waitfor match "outbox/gz.xml.refused.txt" "not compressed"
is "$(find rejected -type f)" "" "nothing was decided by any"

awk -v d="$digest" 'BEGIN { for (i = 1; i <= 1001; i++)
    printf "<decision number=\"AK-%06d\" revision=\"1\" event=\"reject\"" \
    " sha256=\"%s\"/>\n", i, d }' | list >"$T/long.xml"
exits 1 "a list of more than a thousand" "$DOCKET" check "$T/long.xml"
like "$OUT" "2004 - .*at most 1000 decisions" "is too long"

# a policy that counts it, and a key that falls
{ entry AK-000006 1 approve pending/AK-000006.xml; } | list >"$T/six.xml"
sign alice "$T/six.xml"
send "$T/six.xml.sig"
send "$T/six.xml"
ok "alice approves by a list" waitfor there outbox/six.xml.decisions.txt
forget
ssh-keygen -q -k -f revoked_keys "$T/alice.pub"
ok "her key is revoked" waitfor match "$T/log" event=rules
like "$("$DOCKET" show AK-000006)" "alice counts no longer" \
    "what it has signed counts no longer"
{ entry AK-000006 1 approve pending/AK-000006.xml; } | list >"$T/six2.xml"
sign carol "$T/six2.xml"
send "$T/six2.xml.sig"
send "$T/six2.xml"
ok "and the first stage is open again" waitfor match \
    outbox/six2.xml.decisions.txt "it is for group desk to decide"

# by the command
exits 2 "a list needs a key" "$DOCKET" approve --list "$T/mine.xml" AK-000005
exits 0 "approve by a list" "$DOCKET" approve --list "$T/mine.xml" \
    -k "$T/bob" AK-000005 AK-000006
like "$OUT" "^  AK-000005 +approve  counted  1 of 2: bob" "is answered"
ok "the list is kept" test -s "$T/mine.xml.sig"
ok "and good" sh -c "ssh-keygen -Y verify -f allowed_signers -I bob \
    -n decisions@docket -s '$T/mine.xml.sig' <'$T/mine.xml'"
exits 1 "what cannot be decided is told, and nothing signed" "$DOCKET" \
    reject --list "$T/no.xml" -k "$T/bob" AK-000001 AK-000005
ok "not a file" test ! -e "$T/no.xml"
exits 1 "of a list that is not wholly carried out" "$DOCKET" approve \
    --list "$T/more.xml" -k "$T/carol" AK-000005 AK-000007
like "$OUT" "AK-000005 +approve  decided" "the others are"
like "$OUT" "AK-000007 +approve  refused" "one is not"

# a list of a request, and of a direct revocation
request revocation AK-000001 "No longer used." | drop acme/revoke.xml
waitfor there pending/AK-000001.revocation.xml
exits 0 "a request is decided by a list" "$DOCKET" reject \
    --list "$T/r.xml" -k "$T/carol" -m "Still needed." AK-000001
ok "it is" waitfor there rejected/AK-000001.revocation.xml
stop

# a crash in the middle: what is in the ledger is not decided twice
{
	entry AK-000007 1 reject pending/AK-000007.xml
	entry AK-000008 1 reject pending/AK-000008.xml
} | list >"$T/crash.xml"
sign bob "$T/crash.xml"
cp "$T/crash.xml" "$T/crash.xml.sig" inbox/
start
ok "a list is decided" waitfor there outbox/crash.xml.decisions.txt
stop
round=$(trailer Intake | sed 's,-.*,,')
count=$(ledger rev-list --count main)
rm -f outbox/crash.xml.decisions.*
mkdir ".docket/claims/$round@"
# the claim is known by its name: so far two entries of three were committed
{
	sed '$d' "$T/crash.xml"
	entry AK-000009 1 reject pending/AK-000009.xml
	echo '</decisions>'
} >"$T/crash2.xml"
mv "$T/crash2.xml" "$T/crash.xml"
sign bob "$T/crash.xml"
cp "$T/crash.xml" "$T/crash.xml.sig" ".docket/claims/$round@/"
start
ok "after a crash in the middle of a list it is gone on with" \
    waitfor there outbox/crash.xml.decisions.txt
is "$(grep -c ' decided  AK-' outbox/crash.xml.decisions.txt)" 3 \
    "the answer says what was decided before and after"
is "$(ledger rev-list --count main)" "$((count + 1))" \
    "nothing is decided twice"
ok "the claims are dropped" waitfor empty .docket/claims
stop

# run --once does not wait for what will not come
receive_once() {
	n=$((n + 1))
	key_form acme "form $n" | drop "acme/k$n.xml"
	once
}
receive_once
paper=$(printf 'AK-%06d' $n)
entry "$paper" 1 reject "pending/$paper.xml" | list >"$T/once.xml"
sign bob "$T/once.xml"
cp "$T/once.xml" "$T/alone.xml"
mv "$T/once.xml" "$T/once.xml.sig" "$T/alone.xml" inbox/
once
ok "one round decides a list" test -e "rejected/$paper.xml"
ok "answers it" test -e outbox/once.xml.decisions.txt
ok "and refuses one without signature" test -e outbox/alone.xml.refused.txt
exits 0 "the index is made anew" "$DOCKET" rebuild index
like "$("$DOCKET" show AK-000005)" "carol" "and knows the same"
trays_equal_ledger
fsck_clean
done_testing
