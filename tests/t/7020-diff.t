#!/bin/sh
# docket diff: what a revision changes, field by field.
. "$(dirname "$0")/lib.sh"

make_desk
quick
key_form acme first | drop first.xml
once
exits 1 "a case with one revision" "$DOCKET" diff AK-000001
like "$OUT" "1298 - No information found" "has nothing to compare"
exits 1 "a case that is none" "$DOCKET" diff AK-000009
exits 2 "no case" "$DOCKET" diff

# a pending case and its revision before
sed -e 's/<quota>100/<quota>-1/' -e 's/>first</>first, renamed</' \
    pending/AK-000001.xml | drop again.xml
once
exits 0 "a new revision against the one before" "$DOCKET" diff AK-000001
is "$(echo "$OUT" | grep -v "NOT SANDBOXED")" "FIELD  AK-000001  AK-000001.r2
Name   first      first, renamed
Quota  100        -1" "what changed, by the schema's names, and nothing else"

# an open change against what is in force
mv pending/AK-000001.r2.xml approved/
once
sed -e 's,<api>orders</api>,<api>stock</api><api>prices</api>,' \
    -e 's/2099-12-31/2100-06-30/' approved/AK-000001.r2.xml | drop change.xml
once
exits 0 "an open change" "$DOCKET" diff AK-000001
like "$OUT" "^FIELD +AK-000001.r2 +AK-000001.r3$" \
    "is compared with the terms in force"
like "$OUT" "^Expiry.* 2099-12-31 +2100-06-30$" "a field"
like "$OUT" "^API +orders +-$" "what went of several has a line"
like "$OUT" "^API +- +stock$" "what came has one"
is "$(echo "$OUT" | grep -c '^API ')" 3 "each"
unlike "$OUT" "Quota|Client" "the same is not told"
exits 0 "as JSON" sh -c "'$DOCKET' diff -f json AK-000001 |
    perl -MJSON::PP -0777 -ne 'my \$d = decode_json(\$_);
    my (\$e) = grep { \$_->{path} eq \"expiry\" } @{\$d->{changes}};
    my @went = grep { !defined \$_->{after} } @{\$d->{changes}};
    exit !(\$d->{before} == 2 && \$d->{after} == 3 && @{\$d->{changes}} == 4
    && \$e->{before} eq \"2099-12-31\" && @went == 1
    && \$went[0]{before} eq \"orders\")'"

# values that a table has no room for
sed 's/What it is for\./What it is for, told at greater length than before./' \
    pending/AK-000001.r3.xml | drop long.xml
once
OUT=$("$DOCKET" diff AK-000001)
like "$OUT" "^  - What it is for\.$" "a long text is below the table"
like "$OUT" "^  \+ What it is for, told at" "before and after"

# nothing but the text
mv pending/AK-000001.r4.xml approved/
once
sed 's,</application>,<!-- a word --></application>,' \
    approved/AK-000001.r4.xml | drop comment.xml
once
exits 0 "a change of no field" "$DOCKET" diff AK-000001
is "$OUT" "No field of AK-000001.r5 differs from AK-000001.r4." "is told"

# one API for another
sed '/prices/s,<api>prices</api>,,' approved/AK-000001.r4.xml |
    sed 's,<api>stock</api>,<api>ledger</api>,' | drop api.xml
once
OUT=$("$DOCKET" diff AK-000001)
like "$OUT" "^API +stock +-$" "one API for another is one less"
like "$OUT" "^API +- +ledger$" "and one more"
done_testing
