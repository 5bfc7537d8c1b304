#!/bin/sh
# Files with many forms: each a case of its own, one receipt for all.
. "$(dirname "$0")/lib.sh"
make_desk
mkdir inbox/acme
quick

batch() {
	echo '<?xml version="1.0" encoding="UTF-8"?>'
	echo '<batch xmlns="urn:docket:request:1">'
	cat
	echo '</batch>'
}

# part CLIENT NAME [QUOTA]: an application of eleven lines
part() {
	key_form "$1" "$2" | sed -e 1d -e "s/>100</>${3:-100}</"
}

# sums NAME: forms, received, refused, repeated
sums() {
	sed -n 's/.*<total forms="\([0-9]*\)" received="\([0-9]*\)" refused="\([0-9]*\)" repeated="\([0-9]*\)".*/\1 \2 \3 \4/p' \
	    "outbox/$1.batch.xml" 2>&1
}

valid() {
	ok "$1.batch.xml is valid" xmllint --noout \
	    --schema "$SRC/schemas/receipt.xsd" "outbox/$1.batch.xml"
}

nothing_left() {
	is "$(find .docket/claims .docket/batches -mindepth 1)" "" \
	    "${1:-nothing is left in hand}"
}

# Good ones and bad ones, in the order of the file.
{
	part acme one			# lines 3 to 13
	part acme two 0			# 14, its quota in 19
	echo '<!-- between -->'		# 25
	part beta three			# 26
	part gamma four | sed 's,</client>,,'	# 37, malformed
	part acme five | tr '\n' ' '	# 48
	echo
	echo '<nothing xmlns="urn:x"/>'	# 49
	part acme one			# 50: again
} | batch | drop mixed.xml
ok "a batch is taken" once
is "$(sums mixed.xml)" "7 3 3 1" "the sums"
valid mixed.xml
text=$(cat outbox/mixed.xml.batch.txt)
like "$text" "^  1, line 3: AK-000001 received: one \(acme\)" "the first"
like "$text" "^  2, line 14:" "where the second begins"
like "$text" "2002 - line 19, Quota: \"0\"" "its fault has the file's line"
like "$text" "^  3, line 26: AK-000002 received: three \(beta\)" "the third"
like "$text" "^  4, line 37:" "one that is malformed"
like "$text" "2001 - line 47: The tag <client> of line 38 is not closed" \
    "its line"
like "$text" "^  5, line 48: AK-000003 received: five" "takes no other along"
like "$text" "^  6, line 49:" "one that this desk does not know"
like "$text" "2006 - line 49" "and its line"
like "$text" "^  7, line 50: received before, as AK-000001" "one comes twice"
is "$(ls pending)" "AK-000001.xml
AK-000002.xml
AK-000003.xml" "the cases"
is "$(ls outbox/*.xml)" "outbox/AK-000001.xml
outbox/AK-000002.xml
outbox/AK-000003.xml
outbox/mixed.xml.batch.xml" "stamped forms, and one receipt"
id=$(trailer Intake | sed 's,/.*,,')
is "$(ledger log --reverse --format='%(trailers:key=Intake,valueonly)' \
    --skip=0 main | sed -n "s,^$id/,,p" | tr '\n' ' ')" "1 2 3 4 5 6 " \
    "each has its place in its claim, in order"
is "$(ledger show main:pending/AK/00/00/AK-000003.xml | tail -n +2)" \
    "$(part acme five | tr '\n' ' ' | sed 's/ *$//')" \
    "the bytes are those of the file"
nothing_left

# The same once more, mended: only what is new is received.
{
	part acme one
	part acme two
	part beta three
} | batch | drop mixed.xml
ok "it is sent again" once
is "$(sums mixed.xml)" "3 1 0 2" "only the mended one is received"
file_like outbox/mixed.xml.batch.txt "1, line 3: received before, as AK-000001" \
    "the others are repeated"

# Revisions and requests; compressed; from a drop box.
{
	sed 's/one/one more/' outbox/AK-000001.xml
	request withdrawal AK-000003 "Not needed." | sed 1d
	request withdrawal AK-000099 "Not there." | sed 1d
	part beta six
	part acme seven
} | batch | gzip | drop acme/work.xml.gz
ok "a compressed batch in a drop box" once
is "$(sums acme/work.xml.gz)" "5 3 2 0" "its sums"
valid acme/work.xml.gz
text=$(cat outbox/acme/work.xml.gz.batch.txt)
like "$text" "1, line 3: AK-000001 revised" "a revision"
like "$text" "AK-000003 withdrawn" "a request"
like "$text" "^  2013 - This desk has no case AK-000099" "one about no case"
like "$text" "1219 - inbox/acme is for client acme" "another's client"
ok "the revision is answered" test -f outbox/acme/AK-000001.r2.xml
ok "with its stamped form only" test ! -f outbox/acme/AK-000001.r2.received.txt
ok "the withdrawal has its receipt" \
    test -f outbox/acme/AK-000003.withdrawn.txt

# Another day: changed terms are checked as of the day of their case.
{
	part acme later | sed "s/2099-01-01/$(date -u -d "1 day" +%F)/"
	part beta six
} | batch | drop later.xml
once
late=$(ledger log -2 --format='%(trailers:key=Number,valueonly,separator=)' |
    tail -1)
mv "pending/$late.xml" approved/
once
{
	part acme ahead
	sed 's/later/changed/' "outbox/$late.xml"
	part acme final
} | batch | drop changed.xml
ok "a change of a form of another day" timeout 60 env \
    DOCKET_NOW="$(date -u -d '40 days' +%F)T12:00:00Z" \
    "$DOCKET" run --once "$DESK"
is "$(sums changed.xml)" "3 3 0 0" "is received"

# A list within a batch binds the forms behind it, which have been looked at
# before it was.
conf '[review "CL"]' '	quorum = 0'
once
{
	part acme before
	echo '<clients xmlns="urn:docket:catalog:1"><client
	    id="acme"><name>Acme</name></client></clients>'
	for i in 1 2 3 4 5 6 7 8 9; do
		part "nobody$i" unlisted
	done
	part acme listed
} | batch | drop list.xml
ok "a batch with a list" once
is "$(sums list.xml)" "12 3 9 0" "binds what comes behind it"
file_like outbox/list.xml.batch.txt "^  1122 - line 1[0-9]*" "and says so"
ok "the audit has nothing against it" "$DOCKET" audit ledger.git
echo 'Enough.' >approved/CL-000001.note.txt
mv approved/CL-000001.xml revoked/
once
sed -i '/review "CL"/,$d' docket.conf
once

# In another encoding.
{
	printf '<?xml version="1.0" encoding="ISO-8859-1"?>\r\n'
	echo '<!-- f\374r alle --><b:batch xmlns:b="urn:docket:request:1">' |
	    sed 's/\\374/\o374/'
	part acme "B\\\\344cker" | sed 's/.\\344/\o344/'
	echo '</b:batch><!-- the end -->'
} >"$T/latin.xml"
drop latin.xml <"$T/latin.xml"
ok "a batch in ISO-8859-1" once
file_like outbox/latin.xml.batch.txt "line 3: AK-.* received: Bäcker \(acme\)" \
    "is read as what it is"
nothing_left

# What does not belong into one.
{
	echo '<batch xmlns="urn:docket:request:1"><a/></batch>'
	echo '<decisions xmlns="urn:docket:request:1"><decision
	    number="AK-000001" revision="1" event="approve"
	    sha256="eaac852ccb5ab0f6d5d35e746740385363863a9b5feceb66ffc86f38"
	    /></decisions>' | sed 's/5feceb66ffc86f38/5feceb66ffc86f3800000000/'
	part acme eight
} | batch | drop wrong.xml
ok "a batch in a batch" once
is "$(sums wrong.xml)" "3 1 2 0" "is refused, and so is a list"
file_like outbox/wrong.xml.batch.txt "This is a batch within a batch" "says why"

# What is wrong with the file refuses it whole.
# damaged NAME CODE PATTERN: what is in inbox, and what is said of it
damaged() {
	before=$(ledger rev-list --count main)
	once
	file_like "outbox/$1.refused.txt" "$3" "$1: $3"
	is "$(sed -n 's/.*<fault code="\([0-9]*\)".*/\1/p' \
	    "outbox/$1.refused.xml")" "$2" "$1: one fault, $2"
	ok "$1 comes back" test -f "outbox/$1"
	is "$(ledger rev-list --count main)" $((before + 1)) \
	    "$1: no form of it is taken"
	nothing_left "$1: nothing is left in hand"
}
{
	part acme nine
	echo 'and then'
	part acme ten
} | batch | drop text.xml
damaged text.xml 2002 "line 14: There is text between the forms"
{
	part acme nine
	echo '<![CDATA[]]>'
} | batch | drop cdata.xml
damaged cdata.xml 2002 "line 14: There is text between"
{
	part acme nine
	key_form acme ten
} | batch | drop declaration.xml
damaged declaration.xml 2001 "line 14: Here is an XML declaration"
part acme nine | batch | sed '2s/^/<!DOCTYPE batch>/' | drop doctype.xml
damaged doctype.xml 2003 "line 2"
{
	part acme nine
	echo '<!DOCTYPE x>'
} | batch | drop doctype-within.xml
damaged doctype-within.xml 2003 "line 14"
{
	part acme nine
	part acme ten | sed 's,</application>,,'
	part acme eleven
} | batch | drop open.xml
damaged open.xml 2001 \
    "line 14: Here begins <application>, and it is never closed"
{
	part acme nine
	echo '</application>'
} | batch | drop closed.xml
damaged closed.xml 2001 "line 14: </application> closes nothing"
{
	part acme nine | batch
	echo '<!-- fine --><more/>'
} | drop more.xml
damaged more.xml 2001 "line 15: Here is more, behind the end"
: | batch | drop empty.xml
damaged empty.xml 2002 "There is no form in this batch"
part acme nine | batch | sed '$d' | drop cut.xml
damaged cut.xml 2001 \
    "The file ends here, before the end of the batch"
part acme nine | batch | head -c 200 | drop cut-within.xml
damaged cut-within.xml 2001 \
    "line 3: Here begins <application>"
part acme nine | batch | gzip | head -c -4 | drop cut.xml.gz
damaged cut.xml.gz 2018 "gzip"

# Larger than a form, and than a window.
forms() {
	awk -v n="$1" -v bad="${2:-0}" 'BEGIN {
		srand(7)
		for (i = 1; i <= n; i++) {
			d = ""
			for (k = 0; k < 30; k++)
				d = d int(rand() * 1000000000) " "
			printf "<application xmlns=\"urn:docket:api-key:1\">\n"
			printf "<client>acme</client><name>many %d</name>\n", i
			print "<effective>2099-01-01</effective>"
			print "<expiry>2099-12-31</expiry>"
			printf "<quota>%d</quota>\n", !(bad && i % bad == 0)
			printf "<description>%s.</description>\n", d
			print "<apis><api>orders</api></apis>"
			print "<!--" d d "-->"
			print "</application>"
		}
	}'
}
long() {
	awk -v n="$1" 'BEGIN {
		print "<application xmlns=\"urn:docket:api-key:1\"><long>"
		for (i = 0; i < n; i++)
			print "<x>0123456789 0123456789 0123456789</x>"
		print "</long></application>"
	}'
}
{
	forms 1200 100
	long 100000		# 4 MB: more than one window
	part acme behind
	long 27000		# 1.1 MB
	part acme last
} | batch >"$T/many.xml"
gzip -c "$T/many.xml" | drop many.xml.gz
ok "a batch of $(wc -c <"$T/many.xml") bytes" once
is "$(sums many.xml.gz)" "1204 1190 14 0" "its sums"
valid many.xml.gz
text=$(sed "/: AK-.*many/d" outbox/many.xml.gz.batch.txt)
like "$text" "^  1201, line 10803:" "a form that is too long"
like "$text" "2004 - line 10803: The form has 4[0-9]* bytes, and may have 1048576" \
    "says so"
like "$text" "^  1202, line 110805: AK-.* behind" "others behind it"
like "$text" "^  1204, line 137818: AK-.* last" "and behind the next"
like "$text" "2002 - line 9898, Quota" "the lines are those of the file"
nothing_left

# What is no batch is too large, as before.
{
	key_form acme huge | sed '$d'
	awk 'BEGIN { for (i = 0; i < 30000; i++)
	    print "<!-- 0123456789012345678901234567890123456789 -->" }'
	echo '</application>'
} | drop huge.xml
damaged huge.xml 2004 "more than 1048576 bytes"
head -c 3000000 /dev/urandom | drop noise.xml
damaged noise.xml 2004 "more than 1048576 bytes"
conf '[limits]' '	batch = 100k'
once
forms 300 | batch | drop limited.xml
damaged limited.xml 2004 "more than 102400 bytes"

# Without a record of what is refused, and where nobody reviews.
conf '[ledger]' '	refusals = false' '[review]' '	quorum = 0'
{
	part acme approved
	part acme refused 0
} | batch | drop unreviewed.xml
before=$(ledger rev-list --count main)
ok "where nobody reviews" once
is "$(sums unreviewed.xml)" "2 1 1 0" "the sums"
is "$(ledger rev-list --count main)" $((before + 3)) \
    "a change of rules, received, approved"
ok "the case is in force or will be" test -n "$(ls approved)"
trays_equal_ledger
fsck_clean

# A history in which the forms of a batch are not as they came is found out.
# lied SED PATTERN NAME: with the message of the last commit so changed
lied() {
	rm -rf "$T/forged.git"
	git clone -q --bare ledger.git "$T/forged.git"
	git -C "$T/forged.git" update-ref refs/heads/main "$(
	    git -C "$T/forged.git" cat-file commit main | sed -E "$1" |
	    git -C "$T/forged.git" hash-object -t commit -w --stdin)"
	exits 1 "$3 is found" "$DOCKET" audit "$T/forged.git"
	like "$OUT" "$2" "for its reason"
}
{
	part acme "the first of two"
	part acme "the second"
} | batch | drop two.xml
sed -i '/quorum = 0/d' docket.conf
once
like "$(trailer Intake)" "/2$" "the last commit is that of a form"
lied 's,^(Intake: .*)/2$,\1/1,' "was in the ledger before" "a place used twice"
lied 's,^(Intake: .*)/2$,\1/02,' "names no place in a batch" "a place that is none"
lied 's,^(Intake: .*)/2$,\1/0,' "names no place in a batch" "place 0"
lied 's,^Submitted-by: uid [0-9]*,Submitted-by: uid 4711,' \
    "not from one sender" "another sender"
ledger log -1 --skip=1 --format='%(trailers:key=Intake,valueonly)' |
    sed 's,.*/,,' >"$T/place"
is "$(head -1 "$T/place")" 1 "before it is the first"
rm -rf "$T/forged.git"
git clone -q --bare ledger.git "$T/forged.git"
new=$(git -C "$T/forged.git" cat-file commit main~1 |
    sed 's,^\(Intake: .*\)/1$,\1/3,' |
    git -C "$T/forged.git" hash-object -t commit -w --stdin)
git -C "$T/forged.git" update-ref refs/heads/main "$(
    git -C "$T/forged.git" cat-file commit main |
    sed "s/^parent .*/parent $new/" |
    git -C "$T/forged.git" hash-object -t commit -w --stdin)"
exits 1 "forms in another order are found" "$DOCKET" audit "$T/forged.git"
like "$OUT" "the form at place 2 of a batch comes behind that at 3" \
    "for its reason"
done_testing
