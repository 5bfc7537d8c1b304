#!/bin/sh
# docket rebuild: everything is lost but the ledger, or a copy of it.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/signers.sh"

# what a desk has that is to be there again
snapshot() {
	tray_papers
	(cd "$DESK" && find . -path ./ledger.git -prune -o -type f \
	    \( -name '*.xsd' -o -name docket.conf -o -name '*_signers' \
	    -o -name revoked_keys \) -print) | sort | sed "s,^,$DESK/," |
	    xargs sha256sum
	(cd "$DESK/outbox" && find . -name 'AK-*.xml' | sort |
	    xargs sha256sum)
	(cd "$DESK" && stat -c '%a %n' inbox pending approved outbox \
	    .docket .docket/claims .docket/work ledger.git)
	ledger rev-parse main
	ledger config --get-regexp 'core.fsync|gc.auto|receive|remote'
	ledger symbolic-ref HEAD
}

# lose PART ...: for real; the daemon is down
lose() {
	(cd "$DESK" && rm -rf "$@")
}
ALL="inbox pending approved returned rejected revoked outbox .docket schemas
docket.conf allowed_signers revoked_keys"

# same NAME: all is as it was
same() {
	snapshot >"$T/after"
	ok "$1: all is as it was" diff "$T/before" "$T/after"
	index_dump >"$T/index.after"
	ok "$1: the index too" diff "$T/index.before" "$T/index.after"
	trays_equal_ledger "$1: the trays show the ledger"
}

remember() {
	snapshot >"$T/before"
	index_dump >"$T/index.before"
}

# A desk for one, with a box, an own schema, a key and every state.
make_desk
quick
mkdir inbox/acme inbox/globex
chmod 700 inbox/acme
mkdir schemas/own
sed 's/urn:docket:api-key:1/urn:own:1/g; s/prefix="AK"/prefix="OW"/' \
    schemas/api-key.xsd >schemas/own/own.xsd
key_form acme one | drop acme/one.xml
once
key_form acme two | drop two.xml
once
key_form globex three | drop globex/three.xml
once
key_form acme four | drop four.xml
once
mv pending/AK-000001.xml pending/AK-000002.xml approved/
echo no >pending/AK-000003.note.txt
mv pending/AK-000003.xml returned/
once
mv approved/AK-000002.xml revoked/
once
ok "a key was delivered" test -e outbox/acme/AK-000001.key
echo '<broken' | drop broken.xml
once
remember
git clone -q --mirror ledger.git "$T/mirror.git"

exits 0 "nothing is lost" "$DOCKET" rebuild
unlike "$OUT" "Lost|rules:|outbox:" "nothing is said to be"
same "after a rebuild for nothing"

# shellcheck disable=SC2086 # a list
lose $ALL
is "$(ls -A)" ledger.git "everything is lost but the ledger"
exits 0 "docket rebuild" "$DOCKET" rebuild
like "$OUT" "^- forms that lay in inbox" "it says what is lost: forms"
like "$OUT" "AK-000001.key \(acme\) +docket apply --rotation AK-000001" \
    "keys, and which"
unlike "$OUT" "AK-00000[234].key" "but no others"
same "from the ledger"
ok "the receipt of a case is there" test -e outbox/AK-000002.revoked.txt
ok "that of a box too" test -e outbox/acme/AK-000001.approved.txt
ok "with the blanks" test -e outbox/forms/api-key.xml
ok "and status.txt" grep -q AK-000001 outbox/acme/status.txt
ok "examples" test -e schemas/examples/api-key.xml
not_ok "a key is in none of them" test -e outbox/acme/AK-000001.key
not_ok "the note of what was lost goes" test -e .docket/restoring
exits 0 "the desk runs" "$DOCKET" run --once
is "$(echo "$OUT" | tail -1)" \
    "0 received, 0 refused, 0 decided, 0 undone; 0 commits" \
    "with nothing to do"
same "after a run"
# shellcheck disable=SC2086 # a list
exits 0 "doctor is content" "$DOCKET" doctor $DESK_CHECKS
fsck_clean

# what the list says to do does it
"$DOCKET" apply --rotation AK-000001 --overlap 0 --reason "lost" \
    >"$T/apply" 2>&1 || diag "$(cat "$T/apply")"
once
mv pending/AK-000001.rotation.xml approved/
once
ok "a rotation gives the client another key" \
    test -e outbox/acme/AK-000001.r2.key
key_form acme five | drop five.xml
once
ok "numbers go on" test -e pending/AK-000005.xml

# parts
remember
cp outbox/acme/AK-000001.r2.key "$T/kept.key"
for part in inbox "pending approved" outbox .docket "schemas docket.conf" \
    .docket/index.db .docket/shown .docket/claims; do
	# shellcheck disable=SC2086 # a list
	lose $part
	exits 0 "without $part" "$DOCKET" rebuild
	same "$part"
done
like "$OUT" "index: up to" "the last of them"
is "$(trailer Event)" receive "nothing of it was taken for a change of rules"

# a rebuild that is killed, and begun again
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	for when in 1 9 17 25; do
		# shellcheck disable=SC2086 # a list
		lose $ALL
		strace -f -qq -o /dev/null -e trace=renameat2,renameat,rename \
		    -e inject=renameat2,renameat,rename:signal=KILL:when=$when \
		    "$DOCKET" rebuild >/dev/null 2>&1
		ok "killed before its rename $when" test -e .docket/restoring
		exits 0 "begun again" "$DOCKET" rebuild
		like "$OUT" "AK-000001.r2.key" \
		    "it still knows what was lost ($when)"
		same "killed ($when), and begun again"
	done
else
	skip "no strace here"
fi

# the ledger too
git -C "$T/mirror.git" fetch -q "$DESK/ledger.git" \
    +refs/heads/main:refs/heads/main
# shellcheck disable=SC2086 # a list
lose $ALL ledger.git
exits 3 "nothing is left" "$DOCKET" rebuild
like "$OUT" "rebuild --from COPY" "it says how to go on"
exits 4 "from what is none" "$DOCKET" rebuild --from "$T/none.git"
like "$OUT" "git clone --bare" "what git says, and by hand"
exits 0 "from a mirror" "$DOCKET" rebuild --from "$T/mirror.git"
same "from a mirror"
exits 1 "not over a ledger that is there" \
    "$DOCKET" rebuild --from "$T/mirror.git"
exits 0 "the desk runs from there" "$DOCKET" run --once
key_form acme six | drop six.xml
once
ok "numbers go on from there" test -e pending/AK-000006.xml
fsck_clean
# shellcheck disable=SC2086 # a list
exits 0 "doctor is content with it" "$DOCKET" doctor $DESK_CHECKS

# a copy by hand, in a place of its own, that was a clone with a remote
git clone -q --bare "$DESK/ledger.git" "$T/elsewhere/ledger.git"
exits 0 "elsewhere" "$DOCKET" -C "$T/elsewhere" rebuild
is "$(git -C "$T/elsewhere/ledger.git" config remote.origin.url)" "" \
    "it does not fetch from where it came"
is "$(git -C "$T/elsewhere/ledger.git" config core.fsync)" \
    "committed,reference" "and is as durable as the first"

# a damaged copy
rm -rf "$T/bad" "$T/bad.git"
cp -R "$T/mirror.git" "$T/bad.git"
for pack in "$T/bad.git"/objects/pack/*.pack; do
	chmod u+w "$pack"
	printf 'xxxx' | dd of="$pack" bs=1 seek=200 conv=notrunc 2>/dev/null
done
exits 4 "a damaged copy is not taken" \
    "$DOCKET" -C "$T/bad" rebuild --from "$T/bad.git"
not_ok "it leaves no ledger" test -e "$T/bad/ledger.git"

exits 2 "a part is not made from a copy" \
    "$DOCKET" rebuild trays --from "$T/mirror.git"
start
exits 3 "not while the desk is run" "$DOCKET" rebuild
stop

# Forms that came in one batch were told of in its receipt.
DESK=$T/batches
make_desk
quick
cp schemas/examples/batch.xml inbox/
once
ok "a batch" test -e outbox/batch.xml.batch.txt
remember
lose outbox
exits 0 "its receipt is lost" "$DOCKET" rebuild
n=$(ledger log --format=%s --grep='^Event: receive' | wc -l)
is "$(find outbox -name '*.received.txt' | wc -l)" "$n" \
    "each of its forms has one of its own"

# With signatures: keys, revocations, a signed ledger, signed rules.
if command -v ssh-keygen >/dev/null; then
	DESK=$T/signers
	make_desk
	quick
	key alice
	key bob
	key tip
	ssh-keygen -q -k -f revoked_keys
	{
		signer alice
		signer bob
		signer docket 'namespaces="git"' tip
	} >allowed_signers
	sed -i -e '/^\[reviewer/,$d' docket.conf
	conf '[reviewer "alice"]' '	group = desk' '[reviewer "bob"]' \
	    '	group = board' '[review]' '	evidence = signature' \
	    '	revocations = true' '	stage = desk:1' \
	    '	stage = board:1' '[ledger]' "	signingKey = $T/tip"
	once
	key_form | drop key.xml
	once
	sign alice approve pending/AK-000001.xml
	once
	sign bob approve pending/AK-000001.xml
	once
	ok "two have signed" test -e approved/AK-000001.xml
	remember
	# shellcheck disable=SC2086 # a list
	lose $ALL
	exits 0 "signed: docket rebuild" "$DOCKET" rebuild
	same "signed"
	git clone -q --mirror ledger.git "$T/signed.git"
	# shellcheck disable=SC2086 # a list
	lose $ALL ledger.git
	exits 0 "signed: from a mirror" \
	    "$DOCKET" rebuild --from "$T/signed.git"
	once
	same "signed, from a mirror"
	# shellcheck disable=SC2086 # a list
	exits 0 "signed: doctor is content" "$DOCKET" doctor $DESK_CHECKS
	key_form acme next | drop next.xml
	once
	sign alice approve pending/AK-000002.xml
	once
	is "$(trailer Event)" endorse "signed: decisions are taken"
	fsck_clean
	ok "signed: git proves the tip" ledger verify-commit main
else
	skip "no ssh-keygen here"
fi
done_testing
