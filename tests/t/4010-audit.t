#!/bin/sh
# docket audit: a desk with everything that can happen is proven from a bare
# clone, somewhere else.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/signers.sh"
command -v ssh-keygen >/dev/null || skip_all "needs ssh-keygen"

key alice
key bob ecdsa
key carol
key ca
key dora
# dora has a certificate, by which she is known
ssh-keygen -q -s "$T/ca" -I dora -n dora -V 20260101:20280101 "$T/dora.pub"
make_desk
mkdir inbox/acme
DAY=2027-01-10
now=${DAY}T10:00:00Z
at "$now"
n=0
# the next form
receive() {
	n=$((n + 1))
	key_form acme "form $n" 2027-01-12 2027-02-01 | drop acme/k$n.xml
	at "$now"
}
proven() {
	rm -rf "$T/clone.git"
	git clone -q --bare ledger.git "$T/clone.git"
	exits 0 "$1" "$DOCKET" -C "$T/nowhere" audit "$T/clone.git"
}
events() {
	"$DOCKET" audit --format json "$T/clone.git" |
	    sed 's/.*"events":{\([^}]*\)}.*/\1/' | tr -d '"'
}

# what one user does with files
proven "a desk that was just made"
like "$OUT" "^Proven: 1 commit from .*" "of one commit, which is not many"
for i in 1 2 3 4 5; do
	receive
done
cp pending/AK-000001.xml approved/
echo "Which app?" >pending/AK-000002.note.txt
mv pending/AK-000002.xml returned/
mv pending/AK-000003.xml rejected/
at "$now"
sed 's/form 2/form two/' outbox/acme/AK-000002.xml | drop acme/again.xml
at "$now"
sed 's/form two/form 2 at last/' pending/AK-000002.r2.xml | drop acme/more.xml
at "$now"
request withdrawal AK-000004 "No longer needed." | drop acme/no.xml
at "$now"
echo '<form/>' | drop acme/bad.xml
at "$now"
mv pending/AK-000002.r3.xml approved/
rm pending/AK-000005.xml
at "$now"
# a change that is refused, one that is withdrawn, one that is approved
sed 's/form 1/form one/' approved/AK-000001.xml | drop acme/change.xml
at "$now"
mv pending/AK-000001.r2.xml rejected/
at "$now"
sed 's/>100</>200</' approved/AK-000001.xml | drop acme/change.xml
at "$now"
request withdrawal AK-000001 "As it was." | drop acme/no.xml
at "$now"
sed -e 's/>100</>300</' -e 's/form 1/form I/' approved/AK-000001.xml |
    drop acme/change.xml
at "$now"
mv pending/AK-000001.r4.xml approved/
at "$now"
request revocation AK-000001 "Sold." | drop acme/revoke.xml
at "$now"
mv pending/AK-000001.revocation.xml rejected/
at "$now"
request revocation AK-000001 "Sold, really." | drop acme/revoke.xml
at "$now"
mv pending/AK-000001.revocation.r2.xml revoked/
at "$now"
trays_equal_ledger "the desk is as it should be"
proven "what is done with files"
like "$OUT" "^  [0-9]+ decisions by who owned a file" \
    "whose files they were is the desk's word"
like "$(events)" "receive:5,approve:4,return:1,reject:3,withdraw:2,resubmit:1,revise:1,ask:5" \
    "with all that happened"

# signatures, and two of different groups for each approval
cat >>docket.conf <<END
[review "approve"]
	evidence = signature
	stage = desk:1
	stage = board:1
[review "revoke"]
	note = true
[reviewer "alice"]
	group = desk
[reviewer "dora"]
	group = desk
	group = board
[reviewer "bob"]
	group = board
[reviewer "carol"]
	group = board
END
{
	signer alice
	signer bob
	signer carol
	signer dora cert-authority ca
} >allowed_signers
at "$now"
is "$(trailer Event)" rules "the rules change"
receive
sign alice approve pending/AK-000006.xml
at "$now"
sign bob approve pending/AK-000006.xml
at "$now"
ok "two signatures" test -e approved/AK-000006.approve.bob.sig
receive
sign bob approve pending/AK-000007.xml
at "$now"
ok "not the board first" test -e pending/AK-000007.refused.txt
ssh-keygen -q -Y sign -f "$T/dora-cert.pub" -n approve@docket \
    <pending/AK-000007.xml >"$T/sig" 2>/dev/null ||
    ssh-keygen -q -Y sign -f "$T/dora" -n approve@docket \
	<pending/AK-000007.xml >"$T/sig" 2>/dev/null
cp "$T/sig" pending/AK-000007.xml.dora.sig
at "$now"
sign carol approve pending/AK-000007.xml
at "$now"
proven "signatures and stages"
signed=$(ls approved/*.sig | wc -l)
like "$OUT" "^  $signed distinct signatures" "each once ($signed)"

# a key is revoked: what it signed stands, what it would sign does not; what
# was counted only counts no longer
receive
sign alice approve pending/AK-000008.xml
at "$now"
ssh-keygen -q -k -f revoked_keys "$T/alice.pub"
at "$now"
sign bob approve pending/AK-000008.xml
at "$now"
ok "nobody of the desk has approved" test ! -e approved/AK-000008.xml
cp "$T/dora.pub" "$T/plain.pub"
signer dora "" plain >>allowed_signers
at "$now"
rm -f pending/*.sig.refused.txt
sign dora approve pending/AK-000008.xml
at "$now"
sign carol approve pending/AK-000008.xml
at "$now"
ok "dora and carol have" test -e approved/AK-000008.xml
like "$(trailer Decided-by)" "^carol .*,dora " "who are named"
proven "an old approval by a key that was revoked since"

# the clock
now=2027-01-12T00:00:00Z
at "$now"
is "$(trailer Event)" effect "the day of effect comes"
echo "Misused." >approved/AK-000006.note.txt
cp approved/AK-000006.xml revoked/
at "$now"
receive
now=2027-01-28T09:00:00Z
at "$now"
is "$(trailer Event)" notify "days come near"
now=2027-02-02T09:00:00Z
at "$now"
is "$(trailer Event)" expire "days end"
conf '[review]' '	lapse = 30d'
at "$now"
receive
now=2027-04-20T09:00:00Z
at "$now"
is "$(trailer Event)" lapse "and what nobody decides on lapses"
proven "what the clock brings"

# the schemas change: forms are judged by those of their day
cp schemas/api-key.xsd "$T/api-key.xsd"
sed 's/value="255"/value="6"/' "$T/api-key.xsd" >schemas/api-key.xsd
at "$now"
key_form acme "too long now" 2027-05-12 2027-06-01 | drop acme/long.xml
at "$now"
is "$(trailer Event)" refuse "a shorter name is asked for"
cp "$T/api-key.xsd" schemas/api-key.xsd
conf '[review]' '	quorum = 0' '[review "approve"]' '	quorum = 0'
sed -i -e '/^\[review "approve"\]/,/board:1/d' docket.conf
conf '[review]' '	quorum = 0'
at "$now"
key_form acme "nobody decides" 2027-05-12 2027-06-01 | drop acme/none.xml
at "$now"
is "$(trailer Decided-by)" "nobody (policy)" "and none asked for any more"
proven "schemas and policies of their day"
for event in receive approve return reject withdraw resubmit revise lapse ask \
    revoke endorse effect expire notify init rules refuse restore; do
	like "$(events)" "(^|,)$event:[1-9]" "there was: $event"
done
fsck_clean

# packed as git likes it best, and read by others
git -C "$T/clone.git" repack -adq
exits 0 "one pack" "$DOCKET" audit -j 1 "$T/clone.git"
exits 0 "the desk's own" "$DOCKET" audit
since=$(git -C "$T/clone.git" rev-parse main~4)
exits 0 "only what is new" "$DOCKET" audit --since "$since" "$T/clone.git"
like "$OUT" "commits up to --since" "which says so"
for i in 10 20 30; do
	exits 0 "after the last but $i" "$DOCKET" audit --since \
	    "$(git -C "$T/clone.git" rev-parse main~$i)" "$T/clone.git"
done
exits 1 "after a commit of nowhere" "$DOCKET" audit --since "$(printf %040d 1)" \
    "$T/clone.git"
for receipt in outbox/acme/*.xml; do
	grep -q 'commit="' "$receipt" || continue
	exits 0 "${receipt##*/}" "$DOCKET" audit --receipt "$receipt" \
	    "$T/clone.git"
done
exits 4 "what is no ledger" "$DOCKET" audit "$T"
exits 2 "two ledgers" "$DOCKET" audit "$T/clone.git" "$T/clone.git"

# an object that is not what its name says
blob=$(git -C "$T/clone.git" rev-parse main:docket.conf)
git -C "$T/clone.git" unpack-objects -q <"$(echo \
    "$T"/clone.git/objects/pack/*.pack)" 2>/dev/null
mkdir "$T/packs"
mv "$T"/clone.git/objects/pack/* "$T/packs"
git -C "$T/clone.git" unpack-objects -q <"$(echo "$T"/packs/*.pack)"
exits 0 "loose objects" "$DOCKET" audit "$T/clone.git"
loose=$T/clone.git/objects/$(echo "$blob" | sed 's,^..,&/,')
chmod u+w "$loose"
other=$(git -C "$T/clone.git" rev-parse main:allowed_signers)
cp -f "$T/clone.git/objects/$(echo "$other" | sed 's,^..,&/,')" "$loose"
exits 1 "an object in another's place" "$DOCKET" audit "$T/clone.git"
done_testing
