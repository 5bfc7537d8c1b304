#!/bin/sh
# A change of the rules that must be signed by those whom it is about.
. "$(dirname "$0")/lib.sh"
command -v ssh-keygen >/dev/null || skip_all "needs ssh-keygen"

for who in alice bob mallory; do
	ssh-keygen -q -t ed25519 -N '' -C $who -f "$T/$who"
done
signer() {
	echo "$1 $(cut -d' ' -f1,2 "$T/$1.pub")"
}
# sign WHO [AS]
sign() {
	rm -f policy.manifest.sig
	ssh-keygen -q -Y sign -f "$T/$1" -n "${3:-policy@docket}" \
	    policy.manifest 2>/dev/null
	mv policy.manifest.sig "policy.manifest.${2:-$1}.sig"
}
rules_commits() {
	ledger log --format=%s | grep -c '^rules changed'
}
# adopted NAME: one more change is in the ledger
adopted() {
	ok "$1" waitfor match "$T/log" event=rules
	forget
}
# refused PATTERN NAME
refused() {
	ok "$2" waitfor match policy.manifest.refused.txt "$1"
}

make_desk
quick
conf '[reviewer "alice"]' '	group = board' \
    '[reviewer "bob"]' '	group = board' '	user = nobody' \
    '[review "policy"]' '	evidence = signature' '	stage = board:2'
signer alice >allowed_signers
signer bob >>allowed_signers
start
adopted "the first policy needs no signature"

conf '[review "AK"]' '	lapse = 30d'
refused "must be signed" "from then on a change does"
is "$(rules_commits)" 1 "it is not in force"
exits 0 "propose" "$DOCKET" policy propose
like "$OUT" "^# serial: 1" "the first serial"
like "$OUT" "2 signatures of group board" "it says what is needed"
ok "plain sha256sum knows the manifest" sha256sum -c policy.manifest
refused "0 count" "a manifest alone is not enough"
sign mallory
refused "0 count: mallory.sig: The key is nobody's" "nor a stranger's signature"
sign alice
refused "1 count" "nor that of one"
sign alice alice2
refused "alice is counted already" "who does not count twice"
sign bob bob file
refused "it was not made for policy@docket" "nor does one for another purpose"
sign bob
adopted "with two it is in force"
is "$(rules_commits)" 2 "as one commit"
like "$(trailer Decided-by)" "alice \\(signature SHA256:.*bob \\(signature" \
    "that says who signed"
is "$(ledger show main:policy.manifest)" "$(cat policy.manifest)" \
    "manifest and signatures are in the ledger"
ok "nothing is refused any more" waitfor gone policy.manifest.refused.txt

# an old one cannot be brought back
mkdir "$T/old"
cp docket.conf policy.manifest* "$T/old"
conf '[review "FM"]' '	lapse = 10d'
"$DOCKET" policy propose >"$T/out"
file_like "$T/out" "^# serial: 2" "the serial counts"
sign alice
sign bob
adopted "the next change"
cp "$T"/old/* .
refused "Its serial never falls" "the one of before stays out"
like "$(ledger show main:docket.conf)" "lapse = 10d" "what is in force stays"

# what was signed is what counts
"$DOCKET" policy propose >/dev/null
sign alice
sign bob
adopted "the old text under a new serial is another change"
conf '	lapse = 20d'
"$DOCKET" policy propose >/dev/null
echo '# a comment' >>docket.conf
sign alice
sign bob
refused "not that of the files as they are: docket.conf" \
    "a file that was changed after signing"

# a policy that is dropped needs the signatures as well
sed -i '/review "policy"/,$d' docket.conf
"$DOCKET" policy propose >/dev/null
refused "0 count" "to do without signatures must be signed"
sign alice
sign bob
adopted "and then it is so"
conf '[review "AK"]' '	lapse = 5d'
adopted "without"
rm policy.manifest
refused "Its serial never falls" "but the manifest stays, for its serial"
"$DOCKET" policy propose >/dev/null
adopted "or the next one comes"
stop
fsck_clean

# and all of it can be proven, but not without the signatures
git clone -q --bare ledger.git "$T/clone.git"
cd "$T" || exit 1
exits 0 "audit proves it from a clone" "$DOCKET" audit clone.git
# without FILE: the first signed change, as it would be without it
without() {
	commit=$(git -C clone.git log --reverse --format=%H -- \
	    policy.manifest | head -1)
	GIT_INDEX_FILE=$T/index
	export GIT_INDEX_FILE
	git -C clone.git read-tree "$commit"
	printf '0 %040d\t%s\n' 0 "$1" |
	    git -C clone.git update-index --index-info
	tree=$(git -C clone.git write-tree)
	git -C clone.git cat-file commit "$commit" | sed -e \
	    "1s/.*/tree $tree/" -e "/^Path: $1\$/d" |
	    git -C clone.git hash-object -t commit -w --stdin
}
git -C clone.git update-ref refs/heads/main \
    "$(without policy.manifest.bob.sig)"
exits 1 "a change that one signed" "$DOCKET" audit clone.git
like "$OUT" "needs 2 signatures of group board, and 1 count" "is named"
git -C clone.git update-ref refs/heads/main "$(without policy.manifest)"
exits 1 "a change without its manifest" "$DOCKET" audit clone.git
like "$OUT" "must be signed" "is named too"
done_testing
