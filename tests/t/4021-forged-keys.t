#!/bin/sh
# Ledgers that lie about keys: found out by docket audit in the commit that
# lies, for the right reason.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/forge.sh"
make_desk
at() {
	once DOCKET_NOW="$1"
}
rotation() {
	request rotation AK-000001 "A new one." |
	    sed "s,</rotation>,<overlap>$1</overlap>&,"
}
for n in 1 2; do
	key_form acme "form $n" 2027-01-10 2027-12-31 | drop k$n.xml
	at 2027-01-10T10:00:00Z
	mv pending/AK-00000$n.xml approved/
	at 2027-01-10T10:00:00Z
done
rotation 7d | drop r.xml
at 2027-01-11T10:00:00Z
mv pending/AK-000001.rotation.xml approved/
at 2027-01-11T10:00:00Z
at 2027-01-18T10:00:01Z
is "$(trailer Event)" retire "a rotation, and its overlap over"
rotation 0 | drop r2.xml
at 2027-01-19T10:00:00Z
mv pending/AK-000001.rotation.r2.xml approved/
at 2027-01-19T10:00:00Z
cp outbox/AK-000001.rotation.approved.xml "$T/receipt.xml"
git clone -q --bare ledger.git "$T/forged.git"
cd "$T/forged.git" || exit 1
ID=$(git show main:docket.conf | sed -n 's/^.*id = //p' | head -1)
BASE=$(git rev-parse main)
T0=$(git log -1 --format=%ct main)
truth "a good ledger" "$BASE"
exits 0 "a receipt of a rotation" "$DOCKET" audit \
    --receipt "$T/receipt.xml" .
sed 's/old-until="2027-01-18/old-until="2027-01-28/' "$T/receipt.xml" \
    >"$T/longer.xml"
exits 1 "one that promises more" "$DOCKET" audit --receipt "$T/longer.xml" .

# of SUBJECT [NTH]: the commit with this subject, the NTH from the last
of() {
	git log --format=%H --grep="^$1" "$BASE" | sed -n "${2:-1}p"
}
first=$(of "AK-000001 approved")
second=$(of "AK-000002 approved")
asked=$(of "AK-000001 rotation asked" 2)
rotated=$(of "AK-000001 rotation approved" 2)
retired=$(of "AK-000001 retired")
leaked=$(of "AK-000001 rotation approved")
A=approved/AK/00/00
R=revoked/AK/00/00
key_of() {
	git log -1 --format='%(trailers:key=Key-SHA256,valueonly,separator=)' \
	    "$1"
}
# forged COMMIT SED [FROM standard input: what to do with its tree]
forged() {
	again "$1" "$(edit "$1^{tree}")" "$2"
}
other=$(echo other | sha256sum | cut -c1-64)

lie "an approval without its key" "issues no key, and such an approval does" \
    "$(echo "del $A/AK-000002.key.xml" | forged "$second" '/^Key-/d')"
lie "a rotation without one" "its message is not one that the desk writes" \
    "$(echo "del $A/AK-000001.key.r2.xml" | forged "$rotated" '/^Key-/d')"
git cat-file blob "$second:$A/AK-000002.key.xml" >"$T/record"
sed "s/$(key_of "$second")/$other/" "$T/record" >"$T/other"
lie "a record of another key" "AK-000002.key.xml|not what the commit makes" \
    "$(echo "put $A/AK-000002.key.xml $T/other" | forged "$second" 's/^//')"
lie "a digest that is not the record's" "not what the commit makes|key.xml" \
    "$(again "$second" "" "s/^Key-SHA256.*/Key-SHA256: $other/")"
truth "both of them others" "$(echo "put $A/AK-000002.key.xml $T/other" |
    forged "$second" "s/^Key-SHA256.*/Key-SHA256: $other/")"
sed "s/$(key_of "$second")/$(key_of "$first")/" "$T/record" >"$T/twice"
lie "a key that was issued before" "was issued before" \
    "$(echo "put $A/AK-000002.key.xml $T/twice" | forged "$second" \
    "s/^Key-SHA256.*/Key-SHA256: $(key_of "$first")/")"
lie "a key that is counted wrong" 'line "Key-Revision: 2"|Key-Revision' \
    "$(again "$second" "" "s/^Key-Revision.*/Key-Revision: 2/")"
lie "no record" "not what the commit makes" \
    "$(echo "del $A/AK-000002.key.xml" | forged "$second" 's/^//')"
lie "a key with a commit that issues none" \
    "its message is not one that the desk writes" \
    "$(again "$asked" "" "/^Form-SHA256/a\\
Key-SHA256: $other\\
Key-Revision: 2")"
lie "another overlap than was asked for" "overlap is nothing|the overlap is 7d" \
    "$(again "$asked" "" "s/^Overlap: 7d/Overlap: 30d/")"
lie "another overlap than was approved" 'Overlap: 30d' \
    "$(again "$rotated" "" "s/^Overlap: 7d/Overlap: 30d/")"
lie "an overlap that there is not" "its message is not one" \
    "$(again "$asked" "" "s/^Overlap: 7d/Overlap: 91d/")"
early=$(git log -1 --format=%ct "$rotated")
early=$((early + 7 * 86400 - 1))
lie "retired before its time" "no key of AK-000001 ends by then" \
    "$(again "$retired" "" "s/ [0-9]* +0000\$/ $early +0000/")"
lie "retired, and its record left" "not what the commit makes|key.xml" \
    "$(echo "mv $R/AK-000001.key.xml $A/AK-000001.key.xml" |
    forged "$retired" 's/^//')"
lie "the new key retired in its place" "Key-SHA256" \
    "$(again "$retired" "" \
    "s/^Key-SHA256.*/Key-SHA256: $(key_of "$rotated")/")"
lie "retired twice" "no key of AK-000001 ends by then" \
    "$(again "$retired" "" "2s/.*/parent $retired/")"
lie "a leaked key that stays" "not what the commit makes|key.r2.xml" \
    "$(echo "mv $R/AK-000001.key.r2.xml $A/AK-000001.key.r2.xml" |
    forged "$leaked" 's/^//')"
done_testing
