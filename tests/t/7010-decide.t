#!/bin/sh
# docket approve, return, reject, revoke: signing, counting, many at a time.
. "$(dirname "$0")/lib.sh"
command -v ssh-keygen >/dev/null || skip_all "needs ssh-keygen"

key() {
	ssh-keygen -q -t ed25519 -N '' -C "$1" -f "$T/$1"
	printf '%s %s\n' "$1" "$(cut -d' ' -f1,2 "$T/$1.pub")" >>"$T/signers"
}
json() {
	"$DOCKET" "$@" | perl -MJSON::PP -0777 -ne "$_json"
}

for who in alice bob carol; do
	key $who
done
ssh-keygen -q -t ed25519 -N '' -f "$T/mallory"
make_desk
quick
sed -i '/^\[reviewer/,/^$/d' docket.conf
conf '[review]' '	evidence = signature' '	apart = false' \
    '	stage = desk:1' '	stage = security:1' \
    '[review "return"]' '	quorum = 1' \
    '[review "reject"]' '	quorum = 1' \
    '[review "revoke"]' '	quorum = 2' '	note = true' \
    '[reviewer "alice"]' '	group = desk' "	user = $(id -un)" \
    '[reviewer "bob"]' '	group = desk' \
    '[reviewer "carol"]' '	group = security'
cp "$T/signers" allowed_signers
start
ok "the policy is taken over" waitfor match "$T/log" event=rules
for n in 1 2 3 4 5 6 7 8; do
	key_form client$((n % 2)) "form $n" | drop "k$n.xml"
	waitfor there "pending/AK-00000$n.xml"
done

exits 1 "a copy is not enough here" "$DOCKET" approve AK-000001
like "$OUT" "This decision must be signed" "it says so"
exits 2 "a key that is not there" "$DOCKET" approve -k "$T/nokey" AK-000001
exits 1 "a key that nobody knows" "$DOCKET" approve -k "$T/mallory" AK-000001
like "$OUT" "2012 - The key is nobody's" "it says so"
ok "nothing is left on the desk" test ! -e pending/AK-000001.xml.sig
exits 1 "not the turn of security yet" "$DOCKET" approve -k "$T/carol" \
    AK-000001
like "$OUT" "it is for group desk to decide" "it says whose it is"
exits 0 "a dry run with a key" "$DOCKET" approve -n -k "$T/alice" AK-000001
is "$OUT" "AK-000001: the approval of alice (signature) would be counted: 1 of 2: alice; waiting for security" \
    "says what would be counted"
ok "and leaves nothing" sh -c '! ls pending/*.sig 2>/dev/null'
exits 0 "the first of two" "$DOCKET" approve -k "$T/alice" -m "Looks good." \
    AK-000001
is "$OUT" "AK-000001 approval counted: 1 of 2: alice; waiting for security" \
    "is counted, and the command knows it"
is "$(trailer Event)" endorse "as a commit"
like "$(ledger log -1 --format=%b)" "^Looks good" "with its note"
exits 1 "once more" "$DOCKET" approve -k "$T/alice" AK-000001
like "$OUT" "1218 - the approval of alice is counted already" "is told"
exits 1 "another of the same stage" "$DOCKET" approve -k "$T/bob" AK-000001
like "$OUT" "it is for group security to decide" "is told whose turn it is"
exits 0 "a dry run knows what is counted" "$DOCKET" approve -n \
    -k "$T/carol" AK-000001
like "$OUT" "AK-000001: would be approved, by carol \(signature\)" \
    "the last of two"
exits 0 "show" "$DOCKET" show AK-000001
like "$OUT" "^  Review +1 of 2: alice; waiting for security$" \
    "tells how far it has come"
like "$OUT" "pending/AK-000001.approve.alice.sig" "and the signature"
like "$("$DOCKET" list AK-000001)" "pending, 1 of 2" "so does list"
_json='my $c = decode_json($_); my $r = $c->{review}[0];
    exit !($r->{have} == 1 && $r->{need} == 2 && $r->{by}[0]{name} eq "alice"
    && $r->{waiting_for} eq "security" && $r->{decision} eq "approve")'
ok "and the JSON, as data" json show -f json AK-000001
exits 1 "a note of one whose file it is not" "$DOCKET" approve \
    -k "$T/carol" -m "Fine." AK-000001
like "$OUT" "1219 - a note counts for whose file it is" "is not promised"
exits 0 "the second of two" "$DOCKET" approve -k "$T/carol" \
    AK-000001
like "$OUT" "AK-000001 approved: form 1 \(client1\)" "decides"
is "$(trailer State)" "pending -> approved" "as the ledger has it"

# edited in the tray
cp pending/AK-000002.xml "$T/two.xml"
stop
chmod u+w pending/AK-000002.xml
sed -i s/form/worm/ pending/AK-000002.xml
exits 1 "what was edited in the tray is not signed" "$DOCKET" approve \
    -k "$T/alice" AK-000002
like "$OUT" "2024 - pending/AK-000002.xml is not the text that was filed" \
    "it says so"
cp "$T/two.xml" pending/AK-000002.xml
exits 4 "a signature is left for a desk that is not run" "$DOCKET" approve \
    -k "$T/alice" AK-000002
ok "under the name of who signed" test -e pending/AK-000002.xml.alice.sig
start
ok "and taken later" waitfor there pending/AK-000002.approve.alice.sig

# a query
exits 2 "a query of several needs --yes where nobody can be asked" \
    "$DOCKET" approve -k "$T/alice" --client client1
like "$OUT" "3 cases are meant" "it says how many"
exits 0 "with --dry-run it tells" "$DOCKET" approve -k "$T/alice" -n \
    --client client1
is "$(echo "$OUT" | grep -c 'would be counted: 1 of 2: alice')" 3 "of each"
exits 0 "with --yes it does" "$DOCKET" approve -k "$T/alice" -y \
    --client client1
is "$(echo "$OUT" | grep -c 'approval counted: 1 of 2: alice')" 3 "all of them"
exits 1 "nothing waits for so long" "$DOCKET" approve -k "$T/alice" -y \
    --older 1d
like "$OUT" "1298 - No information found" "it says so"
exits 2 "numbers and a query" "$DOCKET" approve --client client1 AK-000001
exits 2 "neither" "$DOCKET" approve --yes
exits 0 "by form and age, the second stage" "$DOCKET" approve \
    -k "$T/carol" --form AK --client client1 --older 0 --yes
is "$(echo "$OUT" | grep -c 'approved: form')" 3 "all of them"
exits 1 "of several the worst counts" "$DOCKET" return -k "$T/alice" \
    -m "Which API?" AK-000004 AK-000099
like "$OUT" "AK-000004 returned" "the others are done"

# revoking needs two and a note
exits 1 "without a note" "$DOCKET" revoke -k "$T/alice" AK-000001
like "$OUT" 2023 "it is refused"
exits 0 "one of two" "$DOCKET" revoke -k "$T/alice" -m "Leaked." AK-000001
is "$OUT" "AK-000001 revocation counted: 1 of 2: alice; waiting for another reviewer" \
    "is counted"
like "$("$DOCKET" show AK-000001)" "^  Revocation +1 of 2: alice" \
    "show tells it by its name"
like "$("$DOCKET" list --state approved)" "approved.*, 1 of 2 for revocation" \
    "and list"

# on a terminal: it asks
if command -v script >/dev/null; then
	cat >"$T/ask" <<-END
	#!/bin/sh
	exec "$DOCKET" -C "$DESK" reject -k "$T/alice" --client client0
	END
	chmod +x "$T/ask"
	echo n | script -qec "$T/ask" /dev/null >"$T/asked" 2>&1
	file_like "$T/asked" "Reject these 3\? \[y/N\]" "a terminal is asked"
	file_like "$T/asked" "AK-000002 .*pending.*form 2 \(client0\)" \
	    "and shown which"
	file_like "$T/asked" "nothing was done" "no is no"
	ok "indeed" test -e pending/AK-000002.xml
	echo y | script -qec "$T/ask" /dev/null >"$T/asked" 2>&1
	ok "yes is yes" waitfor there rejected/AK-000008.xml
else
	skip "needs script(1)"
fi
stop
trays_equal_ledger
done_testing
