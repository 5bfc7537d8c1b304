#!/bin/sh
# Several who decide: stages, groups, whose client it is, and an emergency.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/signers.sh"
command -v ssh-keygen >/dev/null || skip_all "needs ssh-keygen"
[ "$(id -u)" = 0 ] || skip_all "needs root, for a note of another user"

make_desk
sed -i -e '/^\[reviewer/,$d' docket.conf
quick
conf '[reviewer "alice"]' '	group = desk' \
    '[reviewer "bob"]' '	group = security' '	client = acme' \
    '[reviewer "carol"]' '	user = nobody' '	group = desk' \
    '	group = security' '	group = board' \
    '[review]' '	evidence = signature' '	note = none' \
    '[review "AK"]' '	stage = desk:1' '	stage = security' \
    '[review "revoke"]' '	quorum = 2' '	emergency = board'
for who in alice bob carol; do
	ssh-keygen -q -t ed25519 -N '' -C $who -f "$T/$who"
	echo "$who $(cat "$T/$who.pub")"
done >allowed_signers
start
seen event=rules
# refused NUMBER TRAY PATTERN NAME
refused() {
	ok "$4" waitfor match "$2/$1.refused.txt" "$3"
	rm -f "$2/$1.refused.txt"
}

key_form globex | drop 1.xml
ok "a form" waitfor there pending/AK-000001.xml
sign bob approve pending/AK-000001.xml
refused AK-000001 pending "it is for group desk" "the second stage is not first"
sign alice approve pending/AK-000001.xml
ok "the first stage" waitfor there pending/AK-000001.approve.alice.sig
like "$(ledger log -1 --format=%s)" "^AK-000001 approve endorsed: " \
    "its subject"
sign bob approve pending/AK-000001.xml
ok "the second" waitfor there approved/AK-000001.xml
like "$(trailer Decided-by)" "^bob .*,alice " "both are named"

key_form globex two | drop 2.xml
ok "another" waitfor there pending/AK-000002.xml
sign carol approve pending/AK-000002.xml
ok "one who is in both groups" waitfor there pending/AK-000002.approve.carol.sig
{
	cat pending/AK-000002.approve.carol.sig
	echo "Once more."
} >"$T/again"
cp "$T/again" pending/AK-000002.xml.again.sig
refused AK-000002 pending "You have decided so already" "counts once"
sign alice approve pending/AK-000002.xml
refused AK-000002 pending "it is for group security" "of the first one is enough"
sign bob approve pending/AK-000002.xml
ok "it takes the second" waitfor there approved/AK-000002.xml

key_form acme three | drop 3.xml
ok "one of acme" waitfor there pending/AK-000003.xml
sign alice approve pending/AK-000003.xml
ok "the first stage again" waitfor there pending/AK-000003.approve.alice.sig
sign bob approve pending/AK-000003.xml
refused AK-000003 pending "their own client" "not by one of acme"
sign bob reject pending/AK-000003.xml
refused AK-000003 pending "their own client" "nor rejected"
sign carol approve pending/AK-000003.xml
ok "but by another" waitfor there approved/AK-000003.xml

sign alice revoke approved/AK-000001.xml
ok "a revocation is counted" waitfor there approved/AK-000001.revoke.alice.sig
is "$(trailer Event) $(trailer Decision)" "endorse revoke" "as one of two"
sign bob revoke approved/AK-000001.xml
ok "two revoke" waitfor there revoked/AK-000001.xml
ok "with their signatures" waitfor there revoked/AK-000001.revoke.bob.sig
sign carol revoke approved/AK-000002.xml
refused AK-000002 approved 2023 "in an emergency one, but with a note"
echo "It leaks." >approved/AK-000002.note.carol.txt
chown nobody approved/AK-000002.note.carol.txt
sign carol revoke approved/AK-000002.xml
ok "then it is revoked" waitfor there revoked/AK-000002.xml
like "$(ledger log -1 --format=%b)" "^It leaks" "with the note"
is "$(trailer Decided-by | sed 's/ (.*//')" carol "by one"
sign bob revoke approved/AK-000003.xml
refused AK-000003 approved "their own client" "apart holds there too"

# a request for revocation: its tray is revoked/, and a signature may say so
for name in one two; do
	key_form globex "$name" | drop $name.xml
done
ok "two more" waitfor there pending/AK-000004.xml pending/AK-000005.xml
for number in AK-000004 AK-000005; do
	sign alice approve pending/$number.xml
	waitfor there pending/$number.approve.alice.sig
	sign bob approve pending/$number.xml
	ok "$number is approved" waitfor there approved/$number.xml
	request revocation $number "No longer." | drop $number-end.xml
	ok "to be revoked" waitfor there pending/$number.revocation.xml
	sign alice revoke pending/$number.revocation.xml
	ok "$number: revoke grants the request" waitfor there \
	    pending/$number.revocation.approve.alice.sig
	sign bob approve pending/$number.revocation.xml
	ok "$number: and so does approve" waitfor there \
	    revoked/$number.revocation.xml
done
stop
trays_equal_ledger
fsck_clean
done_testing
