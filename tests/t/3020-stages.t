#!/bin/sh
# Several people, one stage after the other; who may not; who may alone.
. "$(dirname "$0")/lib.sh"
command -v ssh-keygen >/dev/null || skip_all "needs ssh-keygen"

people="dora dirk sam sue cora"
for who in $people; do
	ssh-keygen -q -t ed25519 -N '' -C "$who" -f "$T/$who"
done
# sign WHO DECISION PAPER
sign() {
	ssh-keygen -q -Y sign -f "$T/$1" -n "$2@docket" <"$3" >"$T/sig" \
	    2>/dev/null
	mv "$T/sig" "$3.$1.sig"
}
receive() {
	key_form "${2:-acme}" "form $1" | drop "$1.xml"
	waitfor there "pending/$1.xml" || diag "$1 does not come"
}
# refused PAPER TEXT NAME
refused() {
	ok "$3" waitfor match "${1%.xml}.refused.txt" "$2"
	rm -f "${1%.xml}.refused.txt"
}

make_desk
sed -i '/^\[review/,$d' docket.conf
quick
conf '[review]' '	evidence = signature' '	note = none' \
    '[review "approve"]' '	stage = desk:1' '	stage = security:2' \
    '[review "revoke"]' '	quorum = 2' '	emergency = security' \
    '[reviewer "dora"]' '	group = desk' \
    '[reviewer "dirk"]' '	group = desk' \
    '[reviewer "sam"]' '	group = security' '	group = desk' \
    '[reviewer "sue"]' '	group = security' \
    '[reviewer "cora"]' '	group = security' '	client = acme'
for who in $people; do
	echo "$who $(cut -d' ' -f1,2 "$T/$who.pub")"
done >allowed_signers
start
ok "the policy is in force" waitfor match "$T/log" event=rules

receive AK-000001 beta
p=pending/AK-000001.xml
sign sue approve $p
refused $p "it is for group desk" "security cannot begin"
sign dora approve $p
ok "the desk approves" waitfor there pending/AK-000001.approve.dora.sig
sign dirk approve $p
refused $p "it is for group security" "one of the desk is enough"
sign sam approve $p
ok "sam is of security" waitfor there pending/AK-000001.approve.sam.sig
sign sam approve $p
ok "and is one person" waitfor gone $p.sam.sig
ok "who counts once" test -e $p
sign cora approve $p
ok "cora makes two of security" waitfor there approved/AK-000001.xml
is "$(trailer Decided-by | tr ',' '\n' | cut -d' ' -f1 | tr '\n' ' ')" \
    "cora dora sam " "all three are named, who decided last first"

# a person fills one stage only
receive AK-000002
p=pending/AK-000002.xml
sign sam approve $p
ok "sam for the desk" waitfor there pending/AK-000002.approve.sam.sig
sign sam approve "$p"
ok "not for security too" waitfor gone $p.sam.sig
sign cora approve $p
refused $p "their own client" "nor cora for her own client's form"
sign sue approve $p
ok "sue for security" waitfor there pending/AK-000002.approve.sue.sig
ok "one is missing" test -e $p

# a policy that changes in between
sed -i 's/security:2/security:1/' docket.conf
forget
ok "one of security is enough now" waitfor match "$T/log" event=rules
ok "what waits goes on waiting" test -e $p
sign dirk approve $p
ok "until somebody else decides so" waitfor there approved/AK-000002.xml

# revocation: two, or one in an emergency, with a note
p=approved/AK-000001.xml
sign dora revoke $p
ok "one revocation is counted" \
    waitfor there approved/AK-000001.revoke.dora.sig
is "$(trailer Decision)" revoke "as such"
is "$(trailer State)" "approved -> approved" "the case stands"
sign dirk revoke $p
ok "two revoke" waitfor there revoked/AK-000001.xml
ok "all that was signed is with it" \
    test -e revoked/AK-000001.approve.cora.sig
stop
trays_equal_ledger
fsck_clean
before=$(index_dump)
exits 0 "rebuild index" "$DOCKET" rebuild index
is "$(index_dump)" "$before" "the index is what it was"
done_testing
