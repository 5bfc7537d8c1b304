#!/bin/sh
# Whoever edits, deletes or adds files in a tray finds it as it was, and the
# ledger knows of it. Nothing that is not ours is ever deleted.
. "$(dirname "$0")/lib.sh"
make_desk
quick
start
key_form acme one | drop one.xml
waitfor there outbox/AK-000001.xml
key_form acme two | drop two.xml
waitfor there outbox/AK-000002.xml

rm -f pending/AK-000001.xml
ok "a deleted paper is put back" waitfor match "$T/log" event=restore
ok "as it was" waitfor there pending/AK-000001.xml
is "$(trailer Event)" restore "a commit records it"
is "$(trailer Path)" "pending/AK-000001.xml (deleted)" "and which paper"
is "$(ledger rev-parse 'main^{tree}')" "$(ledger rev-parse 'main^^{tree}')" \
    "without a change of content"

chmod u+w pending/AK-000002.xml
echo '<!-- mine -->' >>pending/AK-000002.xml
ok "an edited paper is put back" waitfor there outbox/strays/AK-000002.xml
ok "byte for byte" cmp pending/AK-000002.xml outbox/AK-000002.xml
file_like outbox/strays/AK-000002.xml mine "what was written is kept"
ok "a commit records it" waitfor match "$T/log" "AK-000002.xml (edited)"

sed 's/two/TWO/' pending/AK-000002.xml >pending/new
mv pending/new pending/AK-000002.xml
ok "so is one that was replaced" waitfor there \
    "outbox/strays/AK-000002.xml.~1~"
ok "byte for byte" cmp pending/AK-000002.xml outbox/AK-000002.xml

echo hello >approved/hello.txt
mkdir approved/folder
ln -s /etc/passwd approved/link
echo x >approved/Thumbs.db
ok "foreign files go to the strays" waitfor there outbox/strays/hello.txt \
    outbox/strays/folder outbox/strays/link
ok "but those of file managers stay" test -e approved/Thumbs.db
cp pending/AK-000001.xml approved/AK-000099.xml
ok "a paper of no case too" waitfor there outbox/strays/AK-000099.xml
echo "A note." >pending/AK-000001.note.txt
echo "A note." >revoked/AK-000001.note.txt
ok "a note beside no paper as well" waitfor there \
    outbox/strays/AK-000001.note.txt
ok "one beside its paper stays" test -e pending/AK-000001.note.txt
echo "Mine." >pending/AK-000001.note.stranger.txt
mv pending/AK-000001.xml approved/
waitfor there outbox/AK-000001.approved.txt
ok "one for somebody who is no reviewer leaves with the case" \
    waitfor there outbox/strays/AK-000001.note.stranger.txt
is "$(ledger log -1 --format=%b | head -1)" "A note." \
    "and goes with the decision"

# what is in no row of the table
mv approved/AK-000001.xml pending/
ok "an approved case does not become pending" waitfor there \
    approved/AK-000001.refused.txt approved/AK-000001.xml
file_like approved/AK-000001.refused.txt "1218 - From approved/" "it says why"
ln pending/AK-000002.xml approved/AK-000002.xml
ok "a hard link is no decision" waitfor there pending/AK-000002.refused.txt
file_like pending/AK-000002.refused.txt "2025 - " "it says why"
mv pending/AK-000002.xml returned/
ok "returning needs a note" waitfor match pending/AK-000002.refused.txt \
    "2023 - "
ok "without one it is undone" waitfor there pending/AK-000002.xml
sed 's/two/TWO/' pending/AK-000002.xml >"$T/x"
cp "$T/x" approved/AK-000002.xml
ok "an altered copy is not the paper" waitfor match \
    pending/AK-000002.refused.txt "2024 - "
ok "and is kept" waitfor there "outbox/strays/AK-000002.xml.~2~"
mv pending/AK-000002.xml rejected/
ok "a lawful move goes through" waitfor there outbox/AK-000002.rejected.txt
ok "the explanation goes" waitfor gone pending/AK-000002.refused.txt

# while nobody looks
stop
rm -f approved/AK-000001.xml
chmod u+w rejected/AK-000002.xml
echo >>rejected/AK-000002.xml
echo hello >revoked/x
commits=$(ledger rev-list --count main)
start
ok "damage done while the desk was not run is found" \
    waitfor there approved/AK-000001.xml
ok "all of it" waitfor match "$T/log" "AK-000002.xml (edited)"
ok "foreign files too" waitfor there outbox/strays/x
stop
ok "and recorded" test "$(ledger rev-list --count main)" -gt "$commits"
trays_equal_ledger

# decisions made meanwhile are taken
start
key_form acme three | drop three.xml
waitfor there outbox/AK-000003.xml
chmod u+w pending/AK-000003.xml
echo '<!-- mine -->' >>pending/AK-000003.xml
ok "a paper edited as soon as it is shown is put back" \
    waitfor there outbox/strays/AK-000003.xml
ok "byte for byte" cmp pending/AK-000003.xml outbox/AK-000003.xml
rm -rf outbox/strays
echo hello >approved/hello.txt
ok "the folder of strays is made again" waitfor there outbox/strays/hello.txt
stop
mv pending/AK-000003.xml approved/
start
ok "a decision made meanwhile is found" waitfor there \
    outbox/AK-000003.approved.txt
stop

# damage, and a ruling by which the paper goes elsewhere, in one group
key_form acme four | drop four.xml
once
rm -f pending/AK-000004.xml
request withdrawal AK-000004 "No use." | drop withdraw.xml
ok "a paper that was deleted and withdrawn" once
ok "is where it belongs" test -e rejected/AK-000004.xml
ok "and answered" test -e outbox/AK-000004.withdrawn.txt

# rebuilding
rm -rf pending approved rejected
mkdir -m 755 pending approved rejected
echo alien >revoked/AK-000009.xml
ok "trays are rebuilt from the ledger" "$DOCKET" rebuild trays
trays_equal_ledger "whole"
fsck_clean
done_testing
