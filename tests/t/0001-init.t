#!/bin/sh
# init makes a desk of one user, and says what comes next.
. "$(dirname "$0")/lib.sh"

exits 0 "init makes a desk" "$DOCKET" init "$DESK"
like "$OUT" "desk of one user" "it knows that only we may write there"
like "$OUT" "safe.directory" "it prints what another user's git needs"
like "$OUT" "docket run" "it says what comes next"
cd "$DESK" || exit 1

for d in inbox pending approved returned rejected revoked outbox schemas; do
	ok "$d/ is there" test -d "$d"
done
is "$(ledger log --format=%s)" "desk opened: desk" "the rules are committed"
is "$(ledger rev-parse --is-bare-repository)" true "the ledger is bare"
is "$(ledger symbolic-ref HEAD)" refs/heads/main "on branch main"
fsck_clean
file_like docket.conf "apart = false" "one user may decide on their own forms"
file_like docket.conf "user = $(id -un)" "and is the reviewer"
is "$(stat -c %a .docket/claims)" 700 "claims are ours alone"

exits 0 "init again does no harm" "$DOCKET" init "$DESK"
like "$OUT" "a desk already" "and says so"
is "$(ledger log --format=%s | wc -l)" 1 "nothing was committed for that"

# a desk around a ledger that was there before
key_form | drop key.xml
once
mkdir "$T/other"
cp -r ledger.git docket.conf "$T/other"
exits 0 "init makes a desk around a ledger" "$DOCKET" init "$T/other"
exits 0 "it can be run" "$DOCKET" run --once "$T/other"
ok "it shows what the ledger has" cmp pending/AK-000001.xml \
    "$T/other/pending/AK-000001.xml"
is "$(find "$T/other/outbox" -name 'AK-*')" "" \
    "nothing is answered a second time"

exits 3 "what is no desk is not run" "$DOCKET" run "$T"
like "$OUT" "not a desk" "it says what is missing"
exits 2 "a wrong option is usage" "$DOCKET" init --nonsense
exits 0 "--help is there" "$DOCKET" init --help
exits 2 "no command is usage" "$DOCKET"
exits 2 "an unknown command too" "$DOCKET" dance
like "$OUT" "no command dance" "and is named"
exits 0 "--version" "$DOCKET" --version

done_testing
