#!/bin/sh
# An approval issues a key: it goes to its client's folder, once, and nowhere
# else (6011-secret.t looks there); where others could read it, it waits and
# says so.
. "$(dirname "$0")/lib.sh"
make_desk
approve() {
	for n; do
		mv "pending/$n.xml" approved/
	done
	once
}

# In inbox: the client's folder is made for the desk alone.
key_form acme one | drop one.xml
once
is "$(find .docket/keys outbox -name '*.key*')" "" \
    "no key before the approval"
approve AK-000001
K=outbox/acme/AK-000001.key
is "$(stat -c %a outbox/acme)" 700 "a folder for the desk alone"
is "$(stat -c %a "$K")" 640 "has the key, which others may not read"
is "$(wc -l <"$K" | tr -d ' ')" 1 "one line"
like "$(cat "$K")" '^docket_[0-9a-hjkmnp-tv-z]{59}$' "that is a token"
DIGEST=$(head -c 66 "$K" | sha256sum | cut -c1-64)
is "$(trailer Key-SHA256)" "$DIGEST" "whose digest is in the ledger"
is "$(trailer Key-Revision)" 1 "as the first key of its case"
file_like approved/AK-000001.key.xml \
    "^<key .*number=\"AK-000001\" revision=\"1\" sha256=\"$DIGEST\" client=\"acme\"/>" \
    "and in its record"
file_like outbox/AK-000001.approved.txt "as AK-000001.key, or" \
    "the receipt says where it is"
file_like outbox/AK-000001.approved.xml \
    "<key revision=\"1\" sha256=\"$DIGEST\" file=\"AK-000001.key\"/>" \
    "also to programs"
if command -v xmllint >/dev/null; then
	ok "the record is valid" xmllint --noout --nonet \
	    --schema schemas/key.xsd approved/AK-000001.key.xml
	ok "so is the receipt" xmllint --noout --nonet \
	    --schema schemas/receipt.xsd outbox/AK-000001.approved.xml
else
	skip "no xmllint here"
	skip "no xmllint here"
fi
is "$(find .docket/keys -type f)" "" "nothing is left behind"
exits 0 "docket show" "$DOCKET" show AK-000001
like "$OUT" "^  AK-000001.key +issued " "knows of it"
like "$OUT" "$DIGEST" "by its digest"

# A change of terms keeps the key.
sed 's/one/first/' outbox/AK-000001.xml | drop change.xml
once
mv pending/AK-000001.r2.xml approved/
once
is "$(trailer Event),$(trailer Key-SHA256)" "approve," "a change has no key"
is "$(head -c 66 "$K" | sha256sum | cut -c1-64)" "$DIGEST" "the old one stays"
ok "and its record" test -e approved/AK-000001.key.xml

# With the case its record goes.
echo "Enough." >approved/AK-000001.note.txt
mv approved/AK-000001.r2.xml revoked/
once
ok "the record of a revoked key" test -e revoked/AK-000001.key.xml
not_ok "is in force no more" test -e approved/AK-000001.key.xml

# A box whose inbox others may look into.
mkdir -p inbox/open
chmod 755 inbox/open
key_form open two | drop open/two.xml
once
approve AK-000002
not_ok "a key does not go where others can read it" \
    test -e outbox/open/AK-000002.key
is "$(stat -c %a .docket/keys .docket/keys/AK-000002.key)" "700
600" "it waits where nobody can"
file_like "$T/once" \
    "AK-000002.key waits: others may look into outbox/open: close it" \
    "it is said why"
like "$("$DOCKET" show AK-000002)" "not delivered yet: others may look" \
    "docket show too"
file_like outbox/open/status.txt "its key waits: others may look into" \
    "and the client's status"
STAGED=$(sha256sum <.docket/keys/AK-000002.key)
start
like "$("$DOCKET" status)" "key AK-000002.key waits: others may look" \
    "docket status says it while the desk runs"
is "$(sha256sum <.docket/keys/AK-000002.key)" "$STAGED" \
    "it waits on over a restart"
chmod 2750 outbox/open
ok "when that is mended it is delivered" waitfor there outbox/open/AK-000002.key
is "$(sha256sum <outbox/open/AK-000002.key)" "$STAGED" "as it is"
ok "nobody says so any longer" waitfor without .docket/notices \
    "waits: others"
stop
is "$(find .docket/keys -type f)" "" "and here no more"
unlike "$("$DOCKET" show AK-000002)" "not delivered" "nor docket show"
unlike "$(cat outbox/open/status.txt)" "key waits" "nor the client's status"

# The group may read, and not write.
chmod 2770 outbox/open
key_form open three | drop open/three.xml
once
approve AK-000003
file_like "$T/once" "its group may write to outbox/open" \
    "nor where its group could put another"

# Who is revoked meanwhile has no use for it.
echo "Not now." >approved/AK-000003.note.txt
mv approved/AK-000003.xml revoked/
once
is "$(find .docket/keys outbox/open -name '*003.key*')" "" \
    "a key that waits is destroyed with its case"

# A file that is in the way.
chmod 2750 outbox/open
key_form open four | drop open/four.xml
once
echo other >outbox/open/AK-000004.key
approve AK-000004
is "$(cat outbox/open/AK-000004.key)" other "no file is replaced"
file_like "$T/once" "there is a file outbox/open/AK-000004.key" \
    "it waits for it to go"
rm outbox/open/AK-000004.key
once
like "$(cat outbox/open/AK-000004.key)" ^docket_ "and comes then"

# Whose folder it is the settings say, not the name.
cat >>docket.conf <<'END'
[box "desk2"]
	client = beta
[box "gamma"]
	client = delta
END
once
key_form beta five | drop five.xml
key_form gamma six | drop six.xml
key_form strays seven | drop seven.xml
once
approve AK-000005 AK-000006 AK-000007
beta=$("$DOCKET" list --client beta --format csv | sed -n 's/^\(AK-[0-9]*\),.*/\1/p')
ok "a client's box by another name" test -e "outbox/desk2/$beta.key"
is "$(find outbox -name '*.key' | grep -c -e gamma -e strays)" 0 \
    "another client's box, or a folder of ours, gets none"
file_like "$T/once" "client gamma has no folder, and none can" \
    "it is said what to do"
sed -i 's/client = delta/client = gamma/' docket.conf
once
is "$(find outbox/gamma -name '*.key' | wc -l | tr -d ' ')" 1 \
    "a setting that is mended lets it through"

# Keys of an earlier start that no commit knows.
echo docket_junk >.docket/keys/AK-000099.key
: >.docket/keys/.new-0123
once
is "$(find .docket/keys -type f ! -name 'AK-00000?.key')" "" \
    "what no commit knows is destroyed"
fsck_clean
trays_equal_ledger
index_dump >"$T/was"
ok "the index is made anew" "$DOCKET" rebuild index
index_dump >"$T/is"
ok "with all keys" cmp "$T/was" "$T/is"

# A desk that asks for nobody's approval; many at once.
DESK=$T/free
make_desk
conf '[review]' '	quorum = 0'
N=200
for i in $(seq $N); do
	key_form "c$((i % 7))" "form $i" >"inbox/$i.xml"
done
if command -v strace >/dev/null && strace -o /dev/null true 2>/dev/null; then
	strace -f -qq -o "$T/calls" -e trace=fsync,syncfs,fdatasync \
	    "$DOCKET" run --once "$DESK" >/dev/null 2>&1
	# each alone took several; how many go together is the machine's
	calls=$(grep -vc resumed "$T/calls")
	diag "$calls calls that sync for $N keys"
	ok "keys are synced together" test "$calls" -lt $N
else
	once
	skip "needs strace"
fi
is "$(find outbox -name '*.key' | wc -l | tr -d ' ')" $N "everybody has a key"
is "$(ledger log --format='%(trailers:key=Key-SHA256,valueonly,separator=)' |
    sort | uniq -d | grep -c .)" 0 "of its own"
for f in outbox/*/*.key; do
	head -c 66 "$f" | sha256sum | cut -c1-64
done | sort >"$T/have"
ledger log --format='%(trailers:key=Key-SHA256,valueonly,separator=)' |
    grep . | sort >"$T/should"
ok "which the ledger knows" cmp "$T/have" "$T/should"
fsck_clean
done_testing
