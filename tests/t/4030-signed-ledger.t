#!/bin/sh
# A ledger whose groups are signed: plain git says Good.
. "$(dirname "$0")/lib.sh"
command -v ssh-keygen >/dev/null || skip_all "needs ssh-keygen"

ssh-keygen -q -t ed25519 -N '' -C desk -f "$T/key"
make_desk
quick
conf '[ledger]' "	signingKey = $T/key"
start
ok "a key that nobody can verify by is refused" \
    waitfor match docket.conf.refused.txt "allowed_signers"
echo "docket namespaces=\"git\" $(cut -d' ' -f1,2 "$T/key.pub")" \
    >allowed_signers
ok "with its line it is taken" waitfor match "$T/log" event=rules
i=0
while [ $i -lt 20 ]; do
	i=$((i + 1))
	key_form acme "form $i" >"$T/$i.xml"
done
mv "$T"/[0-9]*.xml inbox/
ok "forms are received" waitfor count pending 20
mv pending/AK-000001.xml approved/
ok "and decided on" waitfor there outbox/AK-000001.approved.txt
ok "git verify-commit says the tip is good" ledger verify-commit main
like "$(ledger log --show-signature -1 2>&1)" \
    'Good "git" signature for docket' "so does git log --show-signature"
fsck_clean
stop
commit=$(ledger rev-parse main)
file_like outbox/AK-000001.approved.xml "$commit" \
    "the receipt names the commit as it was signed"
before=$(index_dump)
exits 0 "rebuild index" "$DOCKET" rebuild index
is "$(index_dump)" "$before" "the index knows the commits by those names"

# without its key the desk does not go on in secret
mv "$T/key" "$T/key.away"
key_form acme last | drop last.xml
once && diag "it went on"
like "$(cat "$T/once")" "ssh-keygen cannot sign" "no key, no commit"
is "$(ledger rev-parse main)" "$commit" "nothing is in the ledger"
mv "$T/key.away" "$T/key"
once
ok "and nothing is lost" test -e pending/AK-000021.xml
ok "the tip is good again" ledger verify-commit main

git clone -q --bare ledger.git "$T/clone.git"
cd "$T" || exit 1
exits 0 "audit proves it from a clone" "$DOCKET" audit clone.git
plain=$(git -C clone.git cat-file commit main |
    sed -e '/^gpgsig /,/END SSH/d' |
    git -C clone.git hash-object -t commit -w --stdin)
git -C clone.git update-ref refs/heads/main "$plain"
exits 1 "a tip without its signature" "$DOCKET" audit clone.git
like "$OUT" "is not signed with the key" "is named"
ssh-keygen -q -t ed25519 -N '' -f "$T/other"
git -C clone.git cat-file commit main | ssh-keygen -q -Y sign \
    -f "$T/other" -n git 2>/dev/null | sed -e 's/^/ /' -e '1s/^/gpgsig/' \
    >"$T/sig"
git -C clone.git cat-file commit main | sed "/^committer /r $T/sig" |
    git -C clone.git hash-object -t commit -w --stdin >"$T/forged"
git -C clone.git update-ref refs/heads/main "$(cat "$T/forged")"
exits 1 "a tip that another key signed" "$DOCKET" audit clone.git
like "$OUT" "its signature is not good: The key is nobody" "is named too"
done_testing
