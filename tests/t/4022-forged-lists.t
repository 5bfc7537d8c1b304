#!/bin/sh
# Ledgers that lie about lists: which one is in force, and what was checked
# under it.
. "$(dirname "$0")/lib.sh"
make_desk
quick
once
NOW=2027-01-10T10:00:00Z
clients() {
	echo '<clients xmlns="urn:docket:catalog:1">'
	printf '<client id="%s"><name>%s</name></client>\n' "$1" "$1"
	echo '</clients>'
}
for n in 1 2; do
	[ $n = 1 ] && key_form nobody "form 1" | drop k1.xml
	clients "acme$n" | drop "c$n.xml"
	once DOCKET_NOW=$NOW
	mv "pending/CL-00000$n.xml" approved/
	once DOCKET_NOW=$NOW
done
key_form acme2 "form 2" | drop k2.xml
once DOCKET_NOW=$NOW
mv pending/AK-000002.xml approved/
once DOCKET_NOW=$NOW
fsck_clean
git clone -q --bare ledger.git "$T/forged.git"
cd "$T/forged.git" || exit 1
BASE=$(git rev-parse main)

. "$SRC/tests/t/forge.sh"

# again COMMIT PARENT TREE SED: once more, but
again() {
	git cat-file commit "$1" |
	    sed -e "1s/.*/tree $3/; 2s/.*/parent $2/" -e "${4:-s/^//}" |
	    git hash-object -t commit -w --stdin
}

of() {
	git log --format=%H --grep="^$1" "$BASE" | head -1
}

tree_of() {
	git rev-parse "$1^{tree}"
}

first=$(of "CL-000001 approved")
second=$(of "CL-000002 approved")
superseded=$(of "CL-000001 superseded")
approved=$(of "AK-000002 approved")
is "$(git rev-parse "$superseded^")" "$second" \
    "the list before is superseded right behind the approval of the next"
git update-ref refs/heads/main "$(again "$superseded" "$second" \
    "$(tree_of "$superseded")")"
exits 0 "what the tools make is good where it does not lie" "$DOCKET" audit .

lie "a list that is not said to be one" 'should be "Catalog: clients"' \
    "$(again "$first" "$(git rev-parse "$first^")" "$(tree_of "$first")" \
    /^Catalog/d)"
parent=$(git rev-parse "$first^")
lie "a list in force that is none" 'should be "Catalog: clients"' \
    "$(again "$first" "$parent" "$(tree_of "$first")" \
    's/^Catalog: .*/Catalog: apis/')"
lie "a form in force as a list" 'nothing tells of its line|should be' \
    "$(again "$approved" "$(git rev-parse "$approved^")" \
    "$(tree_of "$approved")" '/^Checked/a\
Catalog: clients')"
lie "two lists of one name in force" "CL-000001 is in force beside the list" \
    "$second"
lie "something in between" \
    "CL-000001, whose place a newer list has taken, was not superseded" \
    "$(again "$(of "AK-000002 received")" "$second" "$(tree_of "$second")")"
alone=$(edit "$first" <<END
mv approved/CL/00/00/CL-000001.xml revoked/CL/00/00/CL-000001.xml
END
)
lie "superseded by nothing" "no newer list has taken the place of CL-000001" \
    "$(again "$superseded" "$first" "$alone")"
lie "the wrong one superseded" "CL-000001, whose place a newer list" \
    "$(again "$superseded" "$second" "$(edit "$second" <<END
mv approved/CL/00/00/CL-000002.xml revoked/CL/00/00/CL-000002.xml
END
    )" 's/CL-000001/CL-000002/')"
key=$(printf '%064d' 7)
git cat-file blob "$BASE:approved/AK/00/00/AK-000002.key.xml" |
    sed "s/AK-000002/AK-000001/; s/acme2/nobody/
    s/sha256=\"[0-9a-f]*\"/sha256=\"$key\"/" >"$T/record.xml"
unlisted=$(edit "$BASE" <<END
mv pending/AK/00/00/AK-000001.xml approved/AK/00/00/AK-000001.xml
put approved/AK/00/00/AK-000001.key.xml $T/record.xml
END
)
digest=$(git cat-file blob "$BASE:pending/AK/00/00/AK-000001.xml" |
    sha256sum | cut -d' ' -f1)
lie "approved though it is not listed any more" \
    'could not be approved on that day: 1122' \
    "$(again "$approved" "$BASE" "$unlisted" "s/AK-000002/AK-000001/g
	s/form 2/form 1/; s/acme2/nobody/; s/^Form-SHA256: .*/Form-SHA256: $digest/
	s/^Key-SHA256: .*/Key-SHA256: $key/")"

done_testing
