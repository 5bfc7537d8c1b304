#!/bin/sh
# Ledgers that lie: made of a good one with plain git, each found out by
# docket audit in the commit that lies, for the right reason.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/signers.sh"
. "$SRC/tests/t/forge.sh"
command -v ssh-keygen >/dev/null || skip_all "needs ssh-keygen"

# A desk where everything is signed, first by one of the desk, then by one of
# the board.
for name in alice bob carol erin dora self kin stranger; do
	key $name
done
make_desk
ID=$(sed -n 's/^.*id = //p' docket.conf | head -1)
cat >docket.conf <<END
[desk]
	id = $ID
	name = desk
	timezone = UTC
[review]
	evidence = signature
	apart = true
	note = return revoke
	lapse = 10d
[review "approve"]
	stage = desk:1
	stage = board:1
[reviewer "alice"]
	group = desk
[reviewer "bob"]
	group = board
[reviewer "carol"]
	group = desk
[reviewer "erin"]
	group = desk
[reviewer "dora"]
	group = desk
[reviewer "self"]
	group = desk
	user = $(id -u)
[reviewer "kin"]
	group = desk
	client = acme
END
{
	for name in alice bob carol erin self kin; do
		signer $name
	done
	signer dora 'valid-before="20270101"'
	signer nobody-here "" stranger
} >allowed_signers
key stranger2
ssh-keygen -q -k -f revoked_keys "$T/erin.pub"
NOW=2027-01-10T10:00:00Z
at $NOW
for n in 1 2 3 4; do
	key_form acme "form $n" 2027-01-12 2027-02-01 | drop k$n.xml
	at $NOW
done
sign alice approve pending/AK-000001.xml
sign alice approve pending/AK-000004.xml
at $NOW
sign bob approve pending/AK-000001.xml
at $NOW
cp pending/AK-000002.xml "$T/first.xml"
sed 's/form 2/form two/' pending/AK-000002.xml | drop again.xml
at $NOW
cp outbox/AK-000001.approved.xml "$T/approved.xml"
git clone -q --bare ledger.git "$T/forged.git"
cd "$T/forged.git" || exit 1
BASE=$(git rev-parse main)
T0=$(git log -1 --format=%ct main)
iso() {
	date -u -d "@$1" +%Y-%m-%dT%H:%M:%SZ
}
is "$(git log -1 --format=%s)" "AK-000002 revised: form 2 (acme)" \
    "a good ledger"
exits 0 "is proven" "$DOCKET" audit .

P=pending/AK/00/00
A=approved/AK/00/00
R=returned/AK/00/00

# of PATTERN: the commit with this subject
of() {
	git log --format=%H --grep="^$1" "$BASE" | head -1
}

# signed KEY DECISION PATH [NAMESPACE]: a signature over a paper, as a file
signed() {
	git cat-file blob "$BASE:$3" >"$T/paper"
	ssh-keygen -q -Y sign -f "$T/$1" -n "${4:-$2@docket}" <"$T/paper" \
	    >"$T/$1.$2.sig" 2>/dev/null
	echo "$T/$1.$2.sig"
}

# endorse NUMBER WHO [KEY [SIGNATURE [TIME]]]: an approval that is counted
endorse() {
	tree=$(edit "$BASE" <<-END
	put $P/$1.approve.$2.sig ${4:-$(signed "${3:-$2}" approve "$P/$1.xml")}
	END
	)
	day=$(date -u -d "@${5:-$T0}" +%Y-%m-%d)
	commit "$BASE" "$tree" "$2" "${5:-$T0}" <<-END
	$1 approve endorsed: form ${1#AK-00000} (acme)

	Event: endorse
	Decision: approve
	Number: $1
	Form: {urn:docket:api-key:1}application
	Client: acme
	Label: form ${1#AK-00000}
	State: pending -> pending
	Revision: 1
	Decided-by: $2 (signature $(fingerprint "${3:-$2}"))
	Checked: $day
	Form-SHA256: $(digest "$BASE:$P/$1.xml")
	END
}

# record NUMBER [REVISION [DIGEST]]: of a key, as a file
KEYS=$(printf 'docket_%059d' 0 | sha256sum | cut -c1-64)
record() {
	{
		echo '<?xml version="1.0" encoding="UTF-8"?>'
		printf '<key xmlns="urn:docket:key:1" number="%s" ' "$1"
		printf 'revision="%s" sha256="%s" client="acme"/>\n' "${2:-1}" \
		    "${3:-$KEYS}"
	} >"$T/$1.record"
	echo "$T/$1.record"
}

# approve NUMBER WHO [TREE]: by one who is the last that is needed
approve() {
	tree=${3:-$(edit "$BASE" <<-END
	mv $P/$1.xml $A/$1.xml
	put $A/$1.key.xml $(record "$1")
	put $A/$1.approve.$2.sig $(signed "$2" approve "$P/$1.xml")
	END
	)}
	commit "$BASE" "$tree" "$2" <<-END
	$1 approved: form ${1#AK-00000} (acme)

	Event: approve
	Number: $1
	Form: {urn:docket:api-key:1}application
	Client: acme
	Label: form ${1#AK-00000}
	State: pending -> approved
	Revision: 1
	Decided-by: $2 (signature $(fingerprint "$2"))
	Checked: 2027-01-10
	Form-SHA256: $(digest "$BASE:$P/$1.xml")
	Key-SHA256: $KEYS
	Key-Revision: 1
	Answer-to: inbox
	END
}

# stamp FORM NUMBER [DESK [RECEIVED]]
stamp() {
	sed 1q "$1"
	printf '<?docket desk="%s" number="%s" revision="1" ' "${3:-$ID}" "$2"
	printf 'received="%s" from="new.xml" sha256="%s"?>\n' \
	    "${4:-$(iso $((T0 + 1)))}" \
	    "$(sha256sum <"$1" | cut -d' ' -f1)"
	sed 1d "$1"
}

# receive NUMBER FORM [DESK [RECEIVED [INTAKE]]]
receive() {
	stamp "$2" "$1" "${3:-}" "${4:-}" >"$T/stamped"
	tree=$(echo "put $P/$1.xml $T/stamped" | edit "$BASE")
	made=$(commit "$BASE" "$tree" docket $((T0 + 1)) <<-END
	$1 received: new (acme)

	Event: receive
	Number: $1
	Form: {urn:docket:api-key:1}application
	Client: acme
	Label: new
	State: - -> pending
	Revision: 1
	Submitted-by: uid $(id -u) (inbox)
	Checked: 2027-01-10
	Form-SHA256: $(sha256sum <"$T/stamped" | cut -d' ' -f1)
	File: new.xml
	Answer-to: inbox
	Intake: ${5:-an-id-of-its-own}
	END
	)
	again "$made" "" "s/^author docket <docket/author acme <uid$(id -u)/"
}

# of_clock NUMBER EVENT PAST STATES TIME
of_clock() {
	tree=$(git rev-parse "$BASE^{tree}")
	if [ "$2" = expire ]; then
		tree=$(edit "$BASE" <<-END
		mv $A/$1.xml revoked/AK/00/00/$1.xml
		mv $A/$1.key.xml revoked/AK/00/00/$1.key.xml
		mv $A/$1.approve.alice.sig revoked/AK/00/00/$1.approve.alice.sig
		mv $A/$1.approve.bob.sig revoked/AK/00/00/$1.approve.bob.sig
		END
		)
	elif [ "$2" = lapse ]; then
		tree=$(echo "mv $P/$1.xml $R/$1.xml" | edit "$BASE")
	fi
	where=$(git ls-tree -r --name-only "$BASE" | grep "/$1.xml")
	commit "${6:-$BASE}" "$tree" docket "$5" <<-END | said "${7:-}"
	$1 $3: form ${1#AK-00000} (acme)

	Event: $2
	Number: $1
	Form: {urn:docket:api-key:1}application
	Client: acme
	Label: form ${1#AK-00000}
	State: $4
	Revision: 1
	Form-SHA256: $(digest "$BASE:$where")
	Answer-to: inbox
	END
}

# said [DAYS [DAY]]: a commit, as one with a notice
said() {
	read -r made
	[ -z "$1" ] && echo "$made" && return
	again "$made" "" "/^Form-SHA256/i\\
Notice: ${1% *}d\\
Expiry: ${1#* }"
}

# notice TIME DAYS [PARENT [DAY]]: of AK-000001
notice() {
	of_clock AK-000001 notify expiring 'approved -> approved' "$1" \
	    "${3:-}" "$2 ${4:-2027-02-01}"
}

# rules PATHS: the tree is changed by lines from standard input
rules() {
	tree=$(edit "$BASE")
	{
		printf 'rules changed: %s\n\nEvent: rules\nState: - -> -\n' \
		    "$(echo "$1" | sed 's/ /, /g')"
		echo "Submitted-by: uid $(id -u)"
		for path in $1; do
			echo "Path: $path"
		done
	} | commit "$BASE" "$tree" "uid$(id -u)"
}

# damage [TREE]: papers that were restored, which changes nothing
damage() {
	commit "$BASE" "${1:-$(git rev-parse "$BASE^{tree}")}" docket <<-END
	restored: pending/AK-000003.xml (edited)

	Event: restore
	State: - -> -
	Path: pending/AK-000003.xml (edited)
	END
}

# What the tools make is good where it does not lie.
truth "a good endorsement" "$(endorse AK-000003 alice)"
good=$(sed_bob=$(approve AK-000004 bob \
    "$(edit "$BASE" <<-END
	mv $P/AK-000004.xml $A/AK-000004.xml
	mv $P/AK-000004.approve.alice.sig $A/AK-000004.approve.alice.sig
	put $A/AK-000004.key.xml $(record AK-000004)
	put $A/AK-000004.approve.bob.sig $(signed bob approve $P/AK-000004.xml)
	END
    )"); again "$sed_bob" "" "/^Decided-by/a\\
Decided-by: alice (signature $(fingerprint alice))")
truth "a good approval" "$good"
# later DAYS: the same approval, so many days later
later() {
	again "$good" "" "s/ $T0 +0000/ $((T0 + $1 * 86400)) +0000/
	s/^Checked: .*/Checked: $(date -u -d "@$((T0 + $1 * 86400))" \
	    +%Y-%m-%d)/"
}
truth "one that comes some days later" "$(later 5)"
truth "one on the last day" "$(later 22)"
lie "one when the form is over" 'could not be approved on that day: 2010' \
    "$(later 23)"
key_form acme new 2027-01-12 2027-02-01 >"$T/new.xml"
truth "a good form" "$(receive AK-000005 "$T/new.xml")"
truth "a good day of effect" "$(of_clock AK-000001 effect effective \
    'approved -> approved' $((T0 + 2 * 86400)))"
truth "a good expiry" "$(of_clock AK-000001 expire expired \
    'approved -> revoked' $((T0 + 23 * 86400)))"
truth "a good lapse" "$(of_clock AK-000003 lapse lapsed \
    'pending -> returned' $((T0 + 10 * 86400)))"
git cat-file blob "$BASE:docket.conf" >"$T/conf"
echo '; a remark' >>"$T/conf"
# the last day is the 1st of February; it was approved 22 days before
truth "a good notice" "$(notice $((T0 + 15 * 86400)) 7)"
truth "one that is late" "$(notice $((T0 + 18 * 86400)) 7)"
truth "one after the other" "$(notice $((T0 + 21 * 86400)) 1 \
    "$(notice $((T0 + 16 * 86400)) 7)")"
truth "a good change of the rules" "$(echo "put docket.conf $T/conf" |
    rules docket.conf)"
truth "good damage" "$(damage)"

# Papers.
received=$(of "AK-000003 received")
git cat-file blob "$BASE:$P/AK-000003.xml" | sed 's/100/100000/' >"$T/swapped"
swapped=$(again "$received" \
    "$(echo "put $P/AK-000003.xml $T/swapped" | edit "$received")")
lie "a blob that was swapped" "AK-000003.xml has the digest" "$swapped"
lie "with all that follows on top" "AK-000003.xml has the digest" \
    "$(on "$swapped" "$received")" "$swapped"
lie "and the digest in the message with it" "without its stamp" \
    "$(again "$swapped" "" "s/^Form-SHA256.*/Form-SHA256: $(
    sha256sum <"$T/swapped" | cut -d' ' -f1)/")"
lie "a paper swapped later on" "AK-000003.xml is not what it was" \
    "$(damage "$(echo "put $P/AK-000003.xml $T/swapped" | edit "$BASE")")"
sed 's/>100</>many</' "$T/new.xml" >"$T/invalid.xml"
lie "a form that the schema does not know" "2002 - line 8" \
    "$(receive AK-000005 "$T/invalid.xml")"
sed 's/2027-01-12/2027-01-02/' "$T/new.xml" >"$T/past.xml"
lie "a form that breaks a rule of the day" "1227" \
    "$(receive AK-000005 "$T/past.xml")"
sed 's/acme/other/' "$T/new.xml" >"$T/other.xml"
lie "a form of another client" "its client is other; the commit says acme" \
    "$(receive AK-000005 "$T/other.xml")"
lie "the stamp of another desk" "the stamp of the desk elsewhere" \
    "$(receive AK-000005 "$T/new.xml" elsewhere)"
lie "a form received at another time" "received at 2027-01-09" \
    "$(receive AK-000005 "$T/new.xml" "" 2027-01-09T10:00:00Z)"
lie "a claim that was used before" "was in the ledger before" \
    "$(receive AK-000005 "$T/new.xml" "" "" "$(git log -1 \
    --format='%(trailers:key=Intake,valueonly,separator=)' "$received")")"
lie "a number that is skipped" "next number is AK-000005, not AK-000006" \
    "$(receive AK-000006 "$T/new.xml")"
lie "a number given twice" "AK-000004 was given before" \
    "$(receive AK-000004 "$T/new.xml")"
lie "a paper that is not there" "AK-000005.xml is not in the tree" \
    "$(made=$(receive AK-000005 "$T/new.xml"); again "$made" \
    "$(git rev-parse "$BASE^{tree}")")"

# Signatures.
git cat-file blob "$BASE:$P/AK-000002.r2.xml" >"$T/second.xml"
ssh-keygen -q -Y sign -f "$T/alice" -n approve@docket <"$T/first.xml" \
    >"$T/first.sig" 2>/dev/null
revision=$(made=$(endorse AK-000003 alice "" "$T/first.sig")
again "$made" "$(echo "put $P/AK-000002.r2.approve.alice.sig $T/first.sig" |
    edit "$BASE")" "s/AK-000003/AK-000002/; s/form 3/form two/
	s/^Revision: 1/Revision: 2/
	s/^Form-SHA256.*/Form-SHA256: $(sha256sum <"$T/second.xml" |
    cut -d' ' -f1)/")
lie "a signature over another revision" \
    "signature of alice does not hold: .*not good over this paper" "$revision"
lie "a signature over another form" "signature of alice does not hold" \
    "$(endorse AK-000003 alice "" "$(signed alice approve $P/AK-000004.xml)")"
lie "a key that is revoked" "signature of erin does not hold: .*revoked" \
    "$(endorse AK-000003 erin)"
lie "a key that has expired" "signature of dora does not hold" \
    "$(endorse AK-000003 dora)"
lie "an expired key, dated back" "its date steps back" \
    "$(endorse AK-000003 dora "" "" "$(date -u -d 2026-12-20 +%s)")"
lie "a stranger in a reviewer's name" "signature of alice does not hold" \
    "$(endorse AK-000003 alice stranger2)"
lie "a signer who is no reviewer" "nobody-here, who is not a reviewer" \
    "$(endorse AK-000003 nobody-here stranger)"
lie "a signature for another decision" "in the namespace reject@docket" \
    "$(endorse AK-000003 alice "" \
    "$(signed alice reject $P/AK-000003.xml)")"
lie "a signature for something else" "in the namespace file, and not" \
    "$(endorse AK-000003 alice "" \
    "$(signed alice approve $P/AK-000003.xml file)")"
lie "somebody else's signature" "that of alice, and not of carol" \
    "$(endorse AK-000003 carol alice)"
lie "another key than the one that signed" "alice signed with the key" \
    "$(made=$(endorse AK-000003 alice); again "$made" "" \
    "s,SHA256:.*),$(fingerprint bob)),")"
lie "a signature that nobody can read" "not a signature as the desk" \
    "$(endorse AK-000003 alice "" "$T/first.xml")"
lie "a signature that is not there" "it has no signature of alice" \
    "$(made=$(endorse AK-000003 alice); again "$made" \
    "$(git rev-parse "$BASE^{tree}")")"
lie "a copy where signatures are asked for" "does not allow it: This decision" \
    "$(made=$(endorse AK-000003 self); again "$made" \
    "$(git rev-parse "$BASE^{tree}")" \
    "s/(signature .*)/(owner uid $(id -u))/")"

# Policy.
lie "an approval before the quorum" \
    "quorum was not met: 1 of 2: alice; waiting for board" \
    "$(approve AK-000003 alice)"
lie "a stage that was skipped" "it is for group desk to decide" \
    "$(endorse AK-000003 bob)"
lie "counted though it would do" "only counted" \
    "$(made=$(endorse AK-000004 bob); echo "$made")"
lie "one person for two" "You have decided so already" \
    "$(endorse AK-000004 alice)"
lie "one's own form" "what they have submitted themselves" \
    "$(endorse AK-000003 self)"
lie "the form of one's own client" "what their own client has submitted" \
    "$(endorse AK-000003 kin)"
lie "another named beside the one who counts" "Decided-by: carol" \
    "$(made=$(endorse AK-000003 alice); again "$made" "" \
    "/^Decided-by/a\\
Decided-by: carol (signature $(fingerprint carol))")"
lie "an approval by nobody" "nobody decided" \
    "$(made=$(approve AK-000003 alice "$(echo \
    "mv $P/AK-000003.xml $A/AK-000003.xml" | edit "$BASE")")
    again "$made" "" "s/^Decided-by.*/Decided-by: nobody (policy)/
	s/^author alice <alice/author docket <docket/")"
lie "a return without a note" "2023|note" \
    "$(tree=$(edit "$BASE" <<-END
	mv $P/AK-000003.xml $R/AK-000003.xml
	put $R/AK-000003.return.alice.sig $(signed alice return $P/AK-000003.xml)
	END
    ); made=$(approve AK-000003 alice "$tree")
    again "$made" "" "s/approved: /returned: /; s/^Event: .*/Event: return/
	s/-> approved/-> returned/; /^Checked/d; /^Key-/d")"

# Transitions.
lie "a transition that is not in the table" \
    "AK-000001 is approved and cannot be approved" \
    "$(made=$(approve AK-000004 bob); again "$made" "" \
    "s/AK-000004/AK-000001/; s/form 4/form 1/")"
lie "a state that the case is not in" "it goes from returned" \
    "$(made=$(approve AK-000003 alice); again "$made" "" \
    "s/^State: pending/State: returned/")"
lie "a case that there is not" "there is no case AK-000009" \
    "$(made=$(endorse AK-000003 alice); again "$made" "" \
    "s/AK-000003/AK-000009/")"
lie "in force too early" "takes effect on 2027-01-12, and this is of 2027-01-11" \
    "$(of_clock AK-000001 effect effective 'approved -> approved' \
    $((T0 + 86400)))"
first=$(of_clock AK-000001 effect effective 'approved -> approved' \
    $((T0 + 2 * 86400)))
lie "in force twice" "it was in force before" "$(of_clock AK-000001 effect \
    effective 'approved -> approved' $((T0 + 3 * 86400)) "$first")"
lie "expired on its last day" "good to the end of 2027-02-01" \
    "$(of_clock AK-000001 expire expired 'approved -> revoked' \
    $((T0 + 22 * 86400)))"
lie "a notice too early" "no day for the notice of 7d" \
    "$(notice $((T0 + 14 * 86400)) 7)"
lie "a notice too late" "no day for the notice of 1d" \
    "$(notice $((T0 + 23 * 86400)) 1)"
lie "a notice twice" "notice of 7d was given before" \
    "$(notice $((T0 + 16 * 86400)) 7 "$(notice $((T0 + 15 * 86400)) 7)")"
lie "a notice that was known at the approval" "older than the approval" \
    "$(notice $((T0 + 3600)) 30)"
lie "a notice where a later one is due" "due that day is that of 1d" \
    "$(notice $((T0 + 21 * 86400)) 7)"
lie "a notice that the rules do not know" "no notice is given 14 days before" \
    "$(notice $((T0 + 15 * 86400)) 14)"
lie "a notice of another day" "Expiry: 2027-02-02.* should be" \
    "$(notice $((T0 + 15 * 86400)) 7 "" 2027-02-02)"
lie "lapsed too early" "lapsed too early: it waited for less than 10 days" \
    "$(of_clock AK-000003 lapse lapsed 'pending -> returned' \
    $(($(git log -1 --format=%ct "$received") + 10 * 86400 - 1)))"
lie "checked as of another day" "checked as of 2027-01-09" \
    "$(made=$(endorse AK-000003 alice "" "" $((T0 + 1)))
    again "$made" "" 's/^Checked.*/Checked: 2027-01-09/')"

# Trees.
lie "a file that nobody put there" \
    "README is in the tree, and nothing of this commit puts it there" \
    "$(damage "$(echo "put README $T/conf" | edit "$BASE")")"
lie "a paper that is gone" "AK-000003.xml is no longer in the tree" \
    "$(damage "$(echo "del $P/AK-000003.xml" | edit "$BASE")")"
lie "a paper that was not moved" "AK-000003.xml|tree" \
    "$(of_clock AK-000003 lapse lapsed 'pending -> returned' \
    $((T0 + 10 * 86400)) | { read -r made; again "$made" "$(git rev-parse \
    "$BASE^{tree}")"; })"
lie "a paper that can be run" "AK-000003.xml is not what it was" \
    "$(damage "$(git cat-file blob "$BASE:$P/AK-000003.xml" >"$T/same"
    echo "put $P/AK-000003.xml $T/same 100755" | edit "$BASE")")"

# Messages.
lie "another client" 'line "AK-000003 .*evil.*" should be' \
    "$(made=$(endorse AK-000003 alice); again "$made" "" 's/acme/evil/')"
lie "another label" 'form 3' "$(made=$(endorse AK-000003 alice)
    again "$made" "" 's/^Label.*/Label: form 33/; s/form 3 /form 33 /')"
lie "another digest" 'Form-SHA256: 0000.* should be "Form-SHA256' \
    "$(made=$(endorse AK-000003 alice); again "$made" "" \
    "s/^Form-SHA256.*/Form-SHA256: $(printf '%064d' 0)/")"
lie "a trailer that is none of ours" "not one that the desk writes" \
    "$(made=$(endorse AK-000003 alice); again "$made" "" \
    '/^Number/a\
Seen-by: eve')"
lie "a number that hides before another" 'Number: AK-000004' \
    "$(made=$(endorse AK-000003 alice); again "$made" "" '/^Number/i\
Number: AK-000004')"
lie "an answer to a box that was not concerned" "Answer-to: box evil" \
    "$(made=$(endorse AK-000003 alice); again "$made" "" '$a\
Answer-to: box evil')"
lie "another author" 'line "author' "$(made=$(endorse AK-000003 alice)
    again "$made" "" 's/^author alice <alice/author bob <bob/')"
lie "another committer" 'line "committer' "$(made=$(endorse AK-000003 alice)
    again "$made" "" 's/^committer docket/committer root/')"
lie "a head line that hides something" "nothing tells|should be|is missing" \
    "$(made=$(endorse AK-000003 alice); again "$made" "" '/^committer/a\
encoding UTF-8')"
lie "a signature that nothing asks for" "it bears a signature, and the rules" \
    "$(made=$(endorse AK-000003 alice); again "$made" "" '/^committer/a\
gpgsig -----BEGIN SSH SIGNATURE-----\
 hidden\
 -----END SSH SIGNATURE-----')"
lie "a message that is none of ours" "not one that the desk writes" \
    "$(echo hello | commit "$BASE" "$(git rev-parse "$BASE^{tree}")" docket)"

# Histories.
lie "a date that steps back" \
    "steps back, from $(iso "$T0") to $(iso $((T0 - 1)))" \
    "$(endorse AK-000003 alice "" "" $((T0 - 1)))"
lie "a merge" "it is a merge" "$(made=$(endorse AK-000003 alice)
    again "$made" "" "2a\\
parent $(git rev-parse "$BASE~1")")"
lie "a second beginning" "opens the desk a second time" \
    "$(root=$(git rev-list --max-parents=0 "$BASE")
    git cat-file commit "$root" | sed -e "1s/.*/tree $(git rev-parse \
	"$BASE^{tree}")/" -e "1a\\
parent $BASE" -e "s/> [0-9]* /> $T0 /" | git hash-object -t commit -w --stdin)"
headless=$(git cat-file commit "$BASE" | sed 2d |
    git hash-object -t commit -w --stdin)
lie "a history without a beginning" "opens no desk" "$headless"

# Rules.
lie "a rule changed in passing" "docket.conf is not what it was" \
    "$(damage "$(echo "put docket.conf $T/conf" | edit "$BASE")")"
lie "a rule that is not named" "Path lines are not the rules" \
    "$(git cat-file blob "$BASE:allowed_signers" >"$T/signers"
    echo '# a line more' >>"$T/signers"
    rules docket.conf <<-END
	put docket.conf $T/conf
	put allowed_signers $T/signers
	END
    )"
lie "a rule that is named and stays" "Path lines are not the rules" \
    "$(echo "put docket.conf $T/conf" | rules "allowed_signers docket.conf")"
lie "rules that change a paper" "which is no rule" "$(rules docket.conf <<-END
	put docket.conf $T/conf
	put $P/AK-000003.xml $T/swapped
	END
    )"
echo '[review] quorum' >"$T/bad.conf"
lie "a docket.conf that is not valid" "docket.conf, line 1" \
    "$(echo "put docket.conf $T/bad.conf" | rules docket.conf)"
sed "s/$ID/another/" "$T/conf" >"$T/id.conf"
lie "another desk" "the desk's id changes" \
    "$(echo "put docket.conf $T/id.conf" | rules docket.conf)"
: >"$T/empty"
lie "a revocation list that is empty" "revoked_keys: It is empty" \
    "$(echo "put revoked_keys $T/empty" | rules revoked_keys)"
echo '<xs:schema' >"$T/bad.xsd"
lie "a schema that does not compile" "schemas cannot be compiled" \
    "$(echo "put schemas/api-key.xsd $T/bad.xsd" | rules schemas/api-key.xsd)"

# What was known before.
git update-ref refs/heads/main "$BASE"
exits 0 "a witness sees the head" "$DOCKET" audit --witness "$T/seen" .
is "$(cat "$T/seen")" "$BASE" "and notes it"
git update-ref refs/heads/main "$(endorse AK-000003 alice)"
exits 0 "a history that goes on" "$DOCKET" audit --witness "$T/seen" .
git update-ref refs/heads/main "$(endorse AK-000003 carol)"
exits 1 "one that was rewritten" "$DOCKET" audit --witness "$T/seen" .
like "$OUT" "seen before, .* is not in this history" "is found out"
is "$(cat "$T/seen")" "$(endorse AK-000003 alice)" "and the witness stays"
git update-ref refs/heads/main "$BASE"
exits 1 "one that was cut" "$DOCKET" audit --witness "$T/seen" .
echo rubbish >"$T/seen"
exits 4 "a witness that names no commit" "$DOCKET" audit --witness "$T/seen" .
exits 1 "another first commit" "$DOCKET" audit --root "$BASE" .
like "$OUT" "it is the first commit, and not" "is named"
exits 0 "the right one" "$DOCKET" audit \
    --root "$(git rev-list --max-parents=0 "$BASE")" .

# Receipts.
exits 0 "a receipt" "$DOCKET" audit --receipt "$T/approved.xml" .
n=0
for change in s/AK-000001/AK-000002/ 's/to="approved"/to="rejected"/' \
    's/<sha256>./<sha256>x/' 's/>1</>2</' 's/alice/carol/' \
    's,^</receipt>,  <note>Welcome.</note>\n</receipt>,'; do
	sed "$change" "$T/approved.xml" >"$T/forged.xml"
	n=$((n + 1))
	not_ok "change $n of it" cmp -s "$T/approved.xml" "$T/forged.xml"
	exits 1 "is found out" "$DOCKET" audit \
	    --receipt "$T/forged.xml" .
	like "$OUT" "receipt does not say what its commit says" "for that"
done
sed 's/commit="..../commit="0000/' "$T/approved.xml" >"$T/forged.xml"
exits 1 "a receipt of another history" "$DOCKET" audit \
    --receipt "$T/forged.xml" .
like "$OUT" "receipt's commit .* is not in this history" "is told so"
exits 1 "what is no receipt" "$DOCKET" audit --receipt "$T/new.xml" .
like "$OUT" "names no commit" "is told so too"
done_testing
