#!/bin/sh
# What counts as a complete file, and what is left alone.
. "$(dirname "$0")/lib.sh"
make_desk
conf '[inbox]' '	settle = 400ms' '	grace = 1500ms'
key_form acme before | drop before.xml
key_form acme early >inbox/early.part
start

ok "a file that was there at start is taken" waitfor there \
    outbox/AK-000001.received.txt
key_form acme closed >inbox/closed.xml
ok "one that was closed after writing" waitfor there \
    outbox/AK-000002.received.txt
key_form acme moved | drop moved.xml
ok "one that was moved in" waitfor there outbox/AK-000003.received.txt
key_form acme linked >"$T/linked"
ln "$T/linked" inbox/linked.xml
rm "$T/linked"
ok "one that was linked in, and unlinked where it was" waitfor there \
    outbox/AK-000004.received.txt
key_form acme packed | gzip >"$T/packed"
mv "$T/packed" inbox/packed.xml.gz
ok "one that is compressed" waitfor there outbox/AK-000005.received.txt
like "$(ledger show main:pending/AK/00/00/AK-000005.xml)" packed \
    "it is filed as it is without compression"
is "$(sed -n 's/.*sha256="\([0-9a-f]*\)".*/\1/p' pending/AK-000005.xml)" \
    "$(key_form acme packed | sha256sum | cut -d' ' -f1)" \
    "and known by the digest of the form"

# a file that grows: written in two pieces, with a pause that is longer than
# it takes to look
exec 3>inbox/slow.xml
key_form acme slow | head -5 >&3
key_form acme fast >inbox/fast.xml
waitfor there outbox/AK-000006.received.txt
not_ok "a file that is still open for writing is not judged" \
    test -e outbox/slow.xml.refused.txt
key_form acme slow | tail -n +6 >&3
exec 3>&-
ok "when it is closed it is taken, whole" waitfor there \
    outbox/AK-000007.received.txt

key_form acme append | head -4 >inbox/append.xml
key_form acme other >inbox/other.xml
waitfor there outbox/AK-000008.received.txt
not_ok "a file that is malformed and young is not judged yet" \
    test -e outbox/append.xml.refused.txt
ok "it waits where it was" waitfor there inbox/append.xml
key_form acme append | tail -n +5 >>inbox/append.xml
ok "completed, it is taken" waitfor there outbox/AK-000009.received.txt
key_form acme never | head -4 >inbox/never.xml
ok "what is never completed is judged in the end" waitfor there \
    outbox/never.xml.refused.txt
file_like outbox/never.xml.refused.txt "2001 - line 5: The file ends before" \
    "and it says that it ends early"
ok "it comes back byte for byte" sh -c \
    "$(printf 'head -4 <<EOF | cmp - outbox/never.xml\n%s\nEOF' \
    "$(key_form acme never)")"

# left alone
for name in .hidden README.txt x.part x.tmp x.filepart 'x~'; do
	key_form acme "alone $name" >"inbox/$name"
done
key_form acme last | drop last.xml
waitfor there outbox/AK-000010.received.txt
is "$(ls -A inbox | LC_ALL=C sort | tr '\n' ' ')" \
    ".hidden README.txt early.part x.filepart x.part x.tmp x~ " \
    "names that others use while they write are left alone"
rm -f inbox/* inbox/.hidden

# the same again
key_form acme last | drop twice.xml
ok "the same form again is answered as a duplicate" waitfor there \
    outbox/twice.xml.duplicate.txt
file_like outbox/twice.xml.duplicate.txt "2008 - " "with its code"
ok "and validly" xmllint --noout --schema "$SRC/schemas/receipt.xsd" \
    outbox/twice.xml.duplicate.xml
rm -f outbox/AK-000010.received.txt
key_form acme last | drop thrice.xml
ok "the first receipt is there once more" waitfor there \
    outbox/AK-000010.received.txt
not_ok "no case was opened for it" test -e pending/AK-000011.xml
mv pending/AK-000010.xml rejected/
waitfor there outbox/AK-000010.rejected.txt
key_form acme last | drop anew.xml
ok "once the case is closed it may come anew" waitfor there \
    outbox/AK-000011.received.txt

# names
key_form >"$T/f"
long=$(printf '%0240d' 7).xml
cp "$T/f" "$T/$long"
sed -i 's/Acme/Long/' "$T/$long"
mv "$T/$long" inbox/
ok "a name of 244 bytes is taken" waitfor there outbox/AK-000012.received.txt
printf 'no xml' >"$T/$long"
touch -d '1 hour ago' "$T/$long"
mv "$T/$long" inbox/
ok "and answered under a shorter one" waitfor match "$T/log" \
    "from=$(printf '%0214d' 0)~"
sed 's/Acme/Odd/' "$T/f" >"$T/odd"
mv "$T/odd" "inbox/$(printf 'a\033[31mb\nc.xml')"
ok "a name with control characters is refused" waitfor match "$T/log" \
    'from=a_[31mb_c.xml~'
unlike "$(cat "$T/log")" "$(printf '\033')" "nothing of it reaches a terminal"
sed 's/Acme/Dash/' "$T/f" >"$T/odd"
mv "$T/odd" "inbox/-rf"
ok "-rf is a name like any other" waitfor there outbox/AK-000013.received.txt

stop
trays_equal_ledger
fsck_clean
like "$("$DOCKET" why outbox/never.xml)" "2001 - line 5" \
    "docket why knows a file by its contents"
like "$("$DOCKET" why never.xml)" "2001 - line 5" "and by its name"
exits 1 "of others it knows nothing" "$DOCKET" why "$T/f"
like "$OUT" "1298 - No information found" "and says so"
done_testing
