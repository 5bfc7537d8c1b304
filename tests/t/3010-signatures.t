#!/bin/sh
# Decisions by signature: real keys, real ssh-keygen.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/signers.sh"
command -v ssh-keygen >/dev/null || skip_all "needs ssh-keygen"

refused() {
	ok "$2" waitfor match "$1" "$3"
	rm -f "$1"
}

key alice
key bob ecdsa
key carol rsa
key mallory
make_desk
quick
sed -i -e '/^\[reviewer/,$d' docket.conf
quick
conf '[desk]' "	id = $(sed -n 's/^.*id = //p' docket.conf | head -1)"
conf '[review]' '	evidence = signature' '	quorum = 2' \
    '	note = return revoke' '	apart = false' \
    '[reviewer "alice"]' '	group = desk' '	user = root' \
    '[reviewer "bob"]' '	group = desk' \
    '[reviewer "carol"]' '	group = desk'
{
	signer alice
	signer bob
	signer carol
} >allowed_signers
start
ok "the signers are taken over" waitfor match "$T/log" event=rules
n=0
receive() {
	n=$((n + 1))
	paper=$(printf 'AK-%06d' $n)
	key_form acme "form $n" | drop "k$n.xml"
	waitfor there "pending/$paper.xml" || diag "$paper does not come"
}

receive
sign alice approve pending/AK-000001.xml
ok "a signature that counts becomes a paper of the case" \
    waitfor there pending/AK-000001.approve.alice.sig
ok "and is taken from where it was brought" \
    waitfor gone pending/AK-000001.xml.sig
is "$(trailer Event)" endorse "it is one commit"
is "$(trailer Decision)" approve "which says what was decided"
like "$(trailer Decided-by)" "^alice \\(signature SHA256:[^)]*\\)$" \
    "by whom, and with which key"
is "$(trailer State)" "pending -> pending" "the case waits"
sign alice approve pending/AK-000001.xml
ok "the same signature again changes nothing" \
    waitfor gone pending/AK-000001.xml.sig
is "$(ledger rev-list --count main -- pending/AK/00/00)" 2 "no commit of it"
ssh-keygen -q -Y sign -f "$T/bob" -n approve@docket \
    <pending/AK-000001.xml >"$T/sig" 2>/dev/null
cp "$T/sig" pending/AK-000001.xml.bob.sig
ok "the second approves" waitfor there approved/AK-000001.xml
is "$(trailer Event)" approve "as one commit"
like "$(trailer Decided-by)" '^bob \(.*\),alice \(.*\)$' "that names both"
is "$(cd approved && echo AK-000001.*)" \
    "AK-000001.approve.alice.sig AK-000001.approve.bob.sig AK-000001.key.xml AK-000001.xml" \
    "all papers are in the tray"
ok "the signature is there as it was made" \
    cmp "$T/sig" approved/AK-000001.approve.bob.sig
ok "and plain ssh-keygen says it is good" sh -c "ssh-keygen -Y verify \
    -f allowed_signers -I bob -n approve@docket \
    -s approved/AK-000001.approve.bob.sig <approved/AK-000001.xml"

receive
cp pending/AK-000002.xml approved/
refused pending/AK-000002.refused.txt "a copy is not enough" \
    "This decision must be signed"
sign mallory approve pending/AK-000002.xml
refused pending/AK-000002.refused.txt "nor a key that nobody knows" \
    "nobody's in allowed_signers"
ok "the signature is kept" waitfor there outbox/strays/AK-000002.xml.sig
sign alice return pending/AK-000002.xml
refused pending/AK-000002.refused.txt "a return needs its note" 2023
printf 'not a signature' >pending/AK-000002.xml.sig
refused pending/AK-000002.refused.txt "what is no signature is none" \
    "not a signature"
sed 's/acme/evil/' pending/AK-000002.xml >"$T/other.xml"
sign alice approve "$T/other.xml"
mv "$T/other.xml.sig" pending/AK-000002.xml.sig
refused pending/AK-000002.refused.txt "one over another text is not good" \
    "not good over this paper"
ssh-keygen -q -Y sign -f "$T/alice" -n file pending/AK-000002.xml 2>/dev/null
refused pending/AK-000002.refused.txt "nor one for another purpose" \
    "The namespace says"
cp approved/AK-000001.xml "$T/first.xml"
sign alice approve "$T/first.xml"
mv "$T/first.xml.sig" pending/AK-000002.xml.sig
refused pending/AK-000002.refused.txt "nor one for another case" \
    "not good over this paper"
echo "Which app?" >pending/AK-000002.note.alice.txt
sign alice return pending/AK-000002.xml
ok "with a note it is returned, by one" waitfor there returned/AK-000002.xml
like "$(ledger log -1 --format=%b)" "^Which app" "the note is in the commit"
ok "and the signature goes along" test -e returned/AK-000002.return.alice.sig

# a revision clears what was counted
sed 's/form 2/form two/' returned/AK-000002.xml | drop again.xml
ok "a corrected form comes back" waitfor there pending/AK-000002.r2.xml
ok "without the signature of before" \
    waitfor gone returned/AK-000002.return.alice.sig
sign alice approve pending/AK-000002.r2.xml
ok "signed anew" waitfor there pending/AK-000002.r2.approve.alice.sig
sed 's/form two/form 2 at last/' pending/AK-000002.r2.xml | drop more.xml
ok "a new revision" waitfor there pending/AK-000002.r3.xml
ok "has no signature" waitfor gone pending/AK-000002.r2.approve.alice.sig
sign bob approve pending/AK-000002.r3.xml
ok "the count begins again" waitfor there pending/AK-000002.r3.approve.bob.sig
ok "and one is not enough" test -e pending/AK-000002.r3.xml

receive
sign alice approve pending/AK-000003.xml
ok "another is signed by one" waitfor there pending/AK-000003.approve.alice.sig

# a key is revoked in between
ssh-keygen -q -k -f revoked_keys "$T/bob.pub"
forget
ok "bob's key is revoked" waitfor match "$T/log" event=rules
sign bob reject pending/AK-000002.r3.xml
refused pending/AK-000002.refused.txt "it decides no more" "revoked"
sign alice approve pending/AK-000002.r3.xml
ok "alice's approval is counted" \
    waitfor there pending/AK-000002.r3.approve.alice.sig
is "$(trailer Event)" endorse "but bob's counts no longer"
sign carol approve pending/AK-000002.r3.xml
ok "it takes a third" waitfor there approved/AK-000002.r3.xml
unlike "$(trailer Decided-by)" bob "bob is not named"

sign carol approve pending/AK-000003.xml
ok "who has signed before, and is not revoked, is counted" \
    waitfor there approved/AK-000003.xml

# an empty revocation file would let everything through
receive
: >revoked_keys
ok "an empty revoked_keys is refused" waitfor there revoked_keys.refused.txt
file_like revoked_keys.refused.txt "It is empty" "with the reason"

stop
start
ok "all is as it was after a restart" test -e pending/AK-000004.xml
trays_equal_ledger
fsck_clean

# An auditor's ssh-keygen that dies says nothing of the ledger: of what is proven
# when it is shown, and of what is proven again under other rules.
dying() {
	mkdir -p "$T/bin"
	cat >"$T/bin/ssh-keygen" <<-END
		#!/bin/sh
		case "\$*" in
		$1) kill -9 \$\$ ;;
		esac
		exec $(command -v ssh-keygen) "\$@"
	END
	chmod +x "$T/bin/ssh-keygen"
	exits 4 "$2" env PATH="$T/bin:$PATH" "$DOCKET" audit "$DESK/ledger.git"
	like "$OUT" "^docket: the signature of alice cannot be proven here: ssh" \
	    "and why"
}
dying '*verify*-I\ alice*' "an auditor in trouble is told so"
dying '*verify*-I\ alice*-r*' \
    "also where others were to be counted with it"
is "$(find .docket/work .docket/answers .docket/claims -type f | wc -l)" 0 \
    "nothing is left over"
done_testing
