#!/bin/sh
# docket key: whose key it is, and if it is good; docket apply --rotation.
. "$(dirname "$0")/lib.sh"
make_desk
NOW=2027-01-10T10:00:00Z
export DOCKET_NOW=$NOW
for name in now later; do
	day=2027-01-10
	[ $name = now ] || day=2027-01-20
	key_form acme "form $name" $day 2027-12-31 | drop $name.xml
	once
done
mv pending/AK-000001.xml pending/AK-000002.xml approved/
once
K=outbox/acme/AK-000001.key

exits 0 "a key that is good" "$DOCKET" key <"$K"
like "$OUT" "^AK-000001  key 1 of client acme \(form now\)" "whose it is"
like "$OUT" "^  good now, to the end of 2027-12-31" "and how long"
unlike "$OUT" "$(cat "$K")" "without repeating it"
sha256=$(head -c 66 "$K" | sha256sum | cut -c1-64)
echo "$sha256" >"$T/digest"
exits 0 "its digest will do" "$DOCKET" key <"$T/digest"
like "$OUT" "^AK-000001 " "for the same"
printf '  %s \r\nmore\n' "$(cat "$K")" >"$T/blanks"
exits 0 "blanks around it are nothing" "$DOCKET" key <"$T/blanks"
exits 0 "for programs" "$DOCKET" key --format json <"$K"
like "$OUT" '"number":"AK-000001","revision":1,"sha256":"'"$sha256"'".*"good":true' \
    "the same"
exits 1 "a key for a later day" "$DOCKET" key <outbox/acme/AK-000002.key
like "$OUT" "not good yet, but from 2027-01-20" "is not good yet"

# What is none.
cut -c1-65 "$K" >"$T/cut"
exits 1 "one that was cut" "$DOCKET" key <"$T/cut"
like "$OUT" "typing error" "is a typing error"
echo hunter2 >"$T/other"
exits 1 "what is no key" "$DOCKET" key <"$T/other"
like "$OUT" "this is not a key" "is told so"
exits 1 "nothing" "$DOCKET" key </dev/null
exits 1 "a digest that nobody has" "$DOCKET" key <<-END
	$(printf x | sha256sum | cut -c1-64)
	END
like "$OUT" "^docket: 1298 - No information found|^1298" "is unknown"
exits 2 "a key on the command line" "$DOCKET" key "$sha256"
like "$OUT" "read from standard input: what is written here, others can see" \
    "is refused"
unset DOCKET_NOW

# A rotation by command.
start DOCKET_NOW=$NOW
export DOCKET_NOW=$NOW
exits 0 "docket apply" "$DOCKET" apply --rotation AK-000001 --overlap 36h \
    --reason "A new one." </dev/null
like "$OUT" "^AK-000001 rotation asked: form now \(acme\)" "asks for a new key"
file_like pending/AK-000001.rotation.xml "<overlap>36h</overlap>" "as was said"
exits 0 "docket approve" "$DOCKET" approve AK-000001.rotation
exits 1 "an overlap that cannot be" "$DOCKET" apply --rotation AK-000001 \
    --overlap 91d --reason "Too long." </dev/null
like "$OUT" "2002 - line .*Overlap: \"91d\" is not written" "is found at once"
exits 1 "none at all" "$DOCKET" apply --rotation AK-000001 \
    --reason "None." </dev/null
exits 2 "an overlap of something else" "$DOCKET" apply --revocation \
    AK-000001 --overlap 7d --reason "No." </dev/null
stop
exits 0 "the old key" "$DOCKET" key <"$K"
like "$OUT" "good now, until 2027-01-11 22:0" "is good for the overlap"
unset DOCKET_NOW
once DOCKET_NOW=2027-01-12T10:00:00Z
exits 1 "and then" env DOCKET_NOW=2027-01-12T10:00:00Z "$DOCKET" key <"$K"
like "$OUT" "good no more: retired 2027-01-12 10:00" "is not"
echo "Enough." >approved/AK-000001.note.txt
mv approved/AK-000001.xml revoked/
once DOCKET_NOW=2027-01-13T10:00:00Z
exits 1 "with its case" env DOCKET_NOW=2027-01-13T10:00:00Z "$DOCKET" key \
    <outbox/acme/AK-000001.r2.key
like "$OUT" "good no more: revoked 2027-01-13 10:00" "the new one ends too"
fsck_clean
done_testing
