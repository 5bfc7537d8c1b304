#!/bin/sh
# docket apply on a terminal: each answer is checked before the next question;
# the whole is shown, corrected, kept as a draft and taken up again.
. "$(dirname "$0")/lib.sh"
command -v script >/dev/null || skip_all "needs script(1) for a terminal"
make_desk
quick
start DOCKET_NOW=2027-01-10T10:00:00Z
export DOCKET_NOW=2027-01-10T10:00:00Z

# answer ARGS: docket apply at a terminal, answers from standard input;
# TERMINAL is what it says
answer() {
	cat >"$T/answers"
	script -qec "'$DOCKET' apply $*" /dev/null <"$T/answers" |
	    tr -d '\r' >"$T/terminal"
	TERMINAL=$(cat "$T/terminal")
}

answer <<'END'
bad client
acme

A name
2020-01-01
tomorrow
2027-02-01
2027-02-01
2027-06-30
0
5000
What for.
orders orders
orders stock
2
Till
3
2027-02-02

END
like "$TERMINAL" "2002 - It is empty" "a name that is none"
like "$TERMINAL" "2002 - \"bad client\"" "a client that cannot be is refused"
like "$TERMINAL" "1227 - The effective date is in the past" \
    "a day in the past, at once"
like "$TERMINAL" "2002 - \"tomorrow\" is not a date" "what is no date"
like "$TERMINAL" "2010 - The expiry date must be later" \
    "a last day that is not after the first"
like "$TERMINAL" "2002 - \"0\" is not a value" "a quota of 0"
like "$TERMINAL" "2002 - \"orders\" stands there twice" "an API twice"
like "$TERMINAL" "^  7  APIs +orders stock" "then the whole is shown"
like "$TERMINAL" "> AK-000001 received: Till .acme." "and sent when it is good"
ok "it is there" test -e pending/AK-000001.xml
file_like pending/AK-000001.xml "<effective>2027-02-02<" "as it was corrected"

# kept, taken up, corrected; nothing is sent until it is said
answer --client acme --name Later --quota -1 <<'END'

2027-12-31
What for
orders
w draft.xml
END
unlike "$TERMINAL" "Client .client id" "what is given is not asked for"
like "$TERMINAL" "A draft is in draft.xml; nothing was sent" "a draft is kept"
is "$(find pending -type f | wc -l | tr -d ' ')" 1 "and nothing is sent"
sed -i 's/2027-12-31/2027-13-31/' draft.xml
answer --draft draft.xml <<'END'

4
2027-11-30
q
END
like "$TERMINAL" "^  4  Expiry date +2027-13-31" "a draft is shown again"
is "$(grep -A1 '2027-13-31$' "$T/terminal" | grep -c '2002 - ')" 2 \
    "with what is wrong beneath, and is not sent so"
like "$TERMINAL" "> Nothing was sent" "nor when it is left"
exits 1 "without a terminal it is refused" "$DOCKET" apply --draft draft.xml
like "$OUT" "2002 - line 6, Expiry date" "for the same reason"
exits 0 "or sent as options have it" "$DOCKET" apply --draft draft.xml \
    --expiry 2027-10-31
file_like pending/AK-000002.xml "<expiry>2027-10-31<" "with what they say"

# half of it, with a place to keep it
printf 'acme\nHalf\n\004' | answer -o half.xml
file_like half.xml "<name>Half</name>" "what was answered so far is kept"
answer --draft half.xml <<'END'
2027-03-01

-1
For the other half.
orders

END
unlike "$TERMINAL" "Name .what" "only the rest is asked for"
like "$TERMINAL" "^  4  Expiry date +2028-02-29" "a year by default"

# a change begins with the terms as they stand, and its draft is one too
mv pending/AK-000001.xml approved/
waitfor there outbox/AK-000001.approved.txt
answer --change AK-000001 <<'END'
5
9000
w change.xml
END
like "$TERMINAL" "terms that are asked for, of AK-000001" "a change"
like "$TERMINAL" "^  5  Quota +5000" "of the terms in force"
answer --draft change.xml </dev/null
like "$TERMINAL" "of AK-000001" "a draft of one says of what"
printf '\n' | answer --draft change.xml
ok "sent it waits" waitfor there pending/AK-000001.r2.xml
file_like pending/AK-000001.r2.xml "<quota>9000<" "with what was changed"
answer --withdrawal AK-000001 <<'END'

Not needed any more.

END
like "$TERMINAL" "> AK-000001 change withdrawn" "a request asks why"
twice="$DOCKET apply --client acme --name Twice --effective 2099-01-01
    --expiry 2099-06-30 --quota 5 --description x --api orders"
cp draft.xml "$T/elsewhere.xml"
sed -i -e 's,<name>.*<,<name>From elsewhere<,' -e s,2027-13-31,2027-11-30, \
    "$T/elsewhere.xml"
exits 0 "a draft that is not in the desk" "$DOCKET" apply \
    --draft ../elsewhere.xml
like "$OUT" "received: From elsewhere" "is taken up"
# shellcheck disable=SC2086 # words
exits 0 "a form" $twice
like "$OUT" "received: Twice" "is received"
# shellcheck disable=SC2086 # words
exits 0 "the same once more" timeout 10 $twice
like "$OUT" "here already: nothing new was opened .outbox/api-key-.*duplicate.txt" \
    "is known, at once"
cp draft.xml other.xml
sed -i 's/urn:docket:api-key:1/urn:x:none/' other.xml
exits 1 "what is no form of these" "$DOCKET" apply --draft other.xml
like "$OUT" "other.xml cannot be taken up" "is not taken up"
exits 1 "a draft that is not there" "$DOCKET" apply --draft none.xml
exits 2 "a draft and a case" "$DOCKET" apply --draft x.xml --change AK-000001
stop
fsck_clean
done_testing
