#!/bin/sh
# The ledger: plain git reads it, messages parse, packs are merged, locks that
# a crash has left are cleared.
. "$(dirname "$0")/lib.sh"
make_desk
start
key_form 'a&b' 'x' 2>/dev/null | sed 's/a&b/acme/; s/Acme app/x/' | drop 1.xml
waitfor there outbox/AK-000001.xml
is "$(ledger ls-tree -r --name-only main pending)" \
    "pending/AK/00/00/AK-000001.xml" "papers are filed two levels deep"
ledger log -1 --format=%B main >"$T/message"
is "$(git interpret-trailers --parse <"$T/message" | grep -c :)" \
    "$(sed '1,2d' "$T/message" | grep -c :)" "all trailers parse"
for key in Event Number Form Client State Revision Submitted-by Checked \
    Form-SHA256 Intake; do
	like "$(git interpret-trailers --parse <"$T/message")" "^$key: ." \
	    "among them $key"
done
is "$(trailer Form-SHA256)" "$(sha256sum <pending/AK-000001.xml |
    cut -d' ' -f1)" "the paper's digest is in the message"

# a note that would like to be something else
printf 'Fine.\n---\nDecided-by: mallory (signature)\n\nEvent: init\n' \
    >pending/AK-000001.note.txt
mv pending/AK-000001.xml rejected/
waitfor there outbox/AK-000001.rejected.txt
ledger log -1 --format=%B main >"$T/message"
is "$(git interpret-trailers --parse <"$T/message" | grep -c '^Decided-by')" \
    1 "a note cannot add a trailer"
is "$(trailer Event)" reject "nor change one"
like "$("$DOCKET" log AK-000001)" "rejected +$(id -un) \(owner\)" \
    "not for us either"
ok "the receipt has the whole note" grep -q "Decided-by: mallory" \
    outbox/AK-000001.rejected.txt

# many lone changes: packs do not pile up
i=1
while [ $i -lt 50 ]; do
	i=$((i + 1))
	key_form acme "form $i" | drop "$i.xml"
	waitfor there "outbox/$(printf 'AK-%06d.received.txt' $i)" || break
done
is $i 50 "fifty lone forms are received"
few() {
	i=0
	while [ $i -lt 100 ]; do
		i=$((i + 1))
		set -- ledger.git/objects/pack/*.pack
		[ $# -gt 20 ] || return 0
		key_form acme "again $i" | drop "again.xml"
		waitfor empty inbox
		waitfor -t 1 gone "$1"
	done
	return 1
}
ok "their packs are merged in the background" few
fsck_clean
key_form acme "after merging" | drop after.xml
ok "the desk goes on with the merged packs" sh -c \
    'for i in 1 2 3 4 5; do
	docket list "after merging" >/dev/null 2>&1 && exit 0
	waitfor -t 1 there no-such-file
    done; exit 1'
stop
fsck_clean

# locks that a crash has left
touch ledger.git/refs/heads/main.lock ledger.git/HEAD.lock \
    ledger.git/packed-refs.lock
key_form acme "after locks" | drop locks.xml
ok "stale locks are cleared at start" once
like "$("$DOCKET" list "after locks")" AK- "and the desk goes on"
not_ok "no lock is left" test -e ledger.git/refs/heads/main.lock

# somebody else who commits
start
ledger update-ref refs/heads/main "$(ledger commit-tree \
    -p main -m 'not one of ours' 'main^{tree}' </dev/null)" 2>/dev/null ||
    GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x \
    GIT_COMMITTER_EMAIL=x ledger update-ref refs/heads/main \
    "$(GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x GIT_COMMITTER_NAME=x \
    GIT_COMMITTER_EMAIL=x git -C ledger.git commit-tree -p main \
    -m 'not one of ours' 'main^{tree}')"
key_form acme "meanwhile" | drop meanwhile.xml
ok "a branch that somebody else has moved is noticed" seen "moved the branch"
ok "nothing is committed over it" test \
    "$(ledger log -1 --format=%s)" = "not one of ours"
ledger update-ref refs/heads/main 'main^'
ok "mended, the form is received" waitfor -t 60 empty inbox
ok "and filed" sh -c \
    'for i in 1 2 3 4 5 6 7 8 9; do
	docket list meanwhile >/dev/null 2>&1 && exit 0
	waitfor -t 2 there no-such-file
    done; exit 1'
stop

# a clone is all that an auditor needs
ok "a clone" git clone -q --bare ledger.git "$T/clone.git"
is "$(git -C "$T/clone.git" rev-parse main)" "$(ledger rev-parse main)" \
    "is the same"
trays_equal_ledger
done_testing
