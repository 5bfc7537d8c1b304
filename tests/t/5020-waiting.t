#!/bin/sh
# Waiting is visible: reminders, escalation, lapse, each once.
. "$(dirname "$0")/lib.sh"
command -v ssh-keygen >/dev/null || skip_all "needs ssh-keygen"

for who in alice carol dora; do
	ssh-keygen -q -t ed25519 -N '' -C $who -f "$T/$who"
	printf '%s %s\n' $who "$(cut -d' ' -f1,2 "$T/$who.pub")" >>"$T/signers"
done
make_desk
quick
sed -i '/^\[reviewer/,/^$/d' docket.conf
conf '[review]' '	evidence = signature' '	apart = false' \
    '	stage = desk:1' '	stage = security:1' '	remind = 3d' \
    '	escalate = 7d:board' '	lapse = 30d' \
    '[reviewer "alice"]' '	group = desk' "	user = $(id -un)" \
    '[reviewer "carol"]' '	group = security' \
    '[reviewer "dora"]' '	group = board'
cp "$T/signers" allowed_signers
# day DD [HH]: later in the day than what is received at ten, so that it does
# not matter how fast the machine is
day() {
	echo "DOCKET_NOW=2031-11-$1T${2:-12}:00:00Z"
}
R=outbox/reviewers

key_form acme first | drop first.xml
once "$(day 01 10)"
like "$(stat -c %a $R)" '^2?750$' "the folder is not for everybody"
file_like $R/waiting.txt "^AK-000001 +2031-11-01 10:00  first \(acme\)$" \
    "waiting.txt tells what waits, since when"
file_like $R/waiting.txt "^    0 of 2; waiting for desk$" "and for whom"
inode=$(stat -c %i $R/waiting.txt)
once "$(day 02)"
is "$(stat -c %i $R/waiting.txt)" "$inode" \
    "it is written only when it says something else"
ok "nobody is reminded yet" test ! -e $R/AK-000001.reminder.txt

key_form acme second | drop second.xml
once "$(day 04)"
ok "after review.remind there is a reminder" test -e $R/AK-000001.reminder.txt
file_like $R/AK-000001.reminder.txt \
    "AK-000001.xml waits for a decision since 2031-11-01 10:00, for 3 days" \
    "which says so"
file_like $R/AK-000001.reminder.txt "0 of 2; waiting for desk" "and for whom"
file_like $R/waiting.txt "0 of 2; waiting for desk; overdue$" \
    "waiting.txt knows it"
ok "the other is young" test ! -e $R/AK-000002.reminder.txt
like "$(DOCKET_NOW=2031-11-04T12:00:00Z "$DOCKET" status)" \
    "for desk +2, 1 overdue$" "and status"
like "$(DOCKET_NOW=2031-11-04T12:00:00Z "$DOCKET" status)" \
    "AK-000001 +3 days +first \(acme\)  overdue" "which one"
commits=$(ledger rev-list --count main)
rm $R/AK-000001.reminder.txt
once "$(day 05)"
ok "a reminder that was read and deleted does not come back" \
    test ! -e $R/AK-000001.reminder.txt
is "$(ledger rev-list --count main)" "$commits" "no commit is made of it"

# who escalated may decide, and not before
exits 1 "the board may not decide yet" env "$(day 05)" "$DOCKET" approve -n \
    -k "$T/dora" AK-000001
like "$OUT" "it is for group desk to decide" "it is told so"
once "$(day 08)"
ok "after review.escalate it is escalated" test -e $R/AK-000001.escalated.txt
file_like $R/AK-000001.escalated.txt "The group board may decide now as well" \
    "to that group"
file_like $R/AK-000001.escalated.txt "waiting for desk or board" "as well"
ok "and the other is reminded of" test -e $R/AK-000002.reminder.txt
exits 0 "status" env "$(day 08)" "$DOCKET" status
like "$OUT" "for desk +2, 2 overdue, 1 escalated" "says how many"
exits 0 "and as JSON" sh -c "env $(day 08) '$DOCKET' status -f json |
    perl -MJSON::PP -0777 -ne 'my \$w = decode_json(\$_)->{waiting_for}[0];
    exit !(\$w->{group} eq \"desk\" && \$w->{waiting} == 2 &&
    \$w->{overdue} == 2 && \$w->{escalated} == 1)'"
exits 0 "the board would count now" env "$(day 08)" "$DOCKET" approve -n \
    -k "$T/dora" AK-000001
like "$OUT" "would be counted: 1 of 2: dora; waiting for security or board" \
    "in the place of the open stage"
exits 4 "it decides" env "$(day 08)" "$DOCKET" approve -k "$T/dora" AK-000001
once "$(day 08)"
is "$(trailer Decided-by | sed 's/ .*//')" dora "and is counted"
ok "what was said stays while the case waits" \
    test -e $R/AK-000001.escalated.txt
file_like $R/waiting.txt "1 of 2: dora; waiting for security or board" \
    "for whom is told"
like "$(DOCKET_NOW=2031-11-08T12:00:00Z "$DOCKET" status)" \
    "for security +1, 1 overdue, 1 escalated" "by status too"
exits 4 "the second stage decides" env "$(day 08)" "$DOCKET" approve \
    -k "$T/carol" AK-000001
once "$(day 08)"
ok "and the case has moved on" test -e approved/AK-000001.xml
ok "what was said of it goes" test ! -e $R/AK-000001.escalated.txt
is "$(ls .docket/reminded)" AK-000002.reminder "and its marks"
unlike "$(cat $R/waiting.txt)" AK-000001 "waiting.txt knows it no more"

# a new revision waits anew
sed 's/>second/>second at last/' pending/AK-000002.xml | drop again.xml
once "$(day 09)"
ok "of a new revision nobody is reminded at once" \
    test ! -e $R/AK-000002.reminder.txt
once "$(day 13)"
ok "but when it has waited itself" test -e $R/AK-000002.reminder.txt
file_like $R/AK-000002.reminder.txt "AK-000002.r2.xml waits" "by its name"

# a crash between the commit and what follows
cp -R .docket/reminded "$T/marks"
cp $R/AK-000002.reminder.txt "$T/"
once DOCKET_NOW=2031-12-12T10:00:00Z
ok "it lapses" test -e returned/AK-000002.r2.xml
ok "the reminder has gone" test ! -e $R/AK-000002.reminder.txt
cp "$T/marks"/* .docket/reminded/
cp "$T/AK-000002.reminder.txt" $R/
once DOCKET_NOW=2031-12-13T10:00:00Z
ok "a start finds what is out of date" test ! -e $R/AK-000002.reminder.txt
is "$(ls .docket/reminded)" "" "and its marks"
file_like $R/waiting.txt "^nothing$" "nothing waits"

# a folder that cannot be written to
rm -rf $R
echo "in the way" >$R
key_form acme third | drop third.xml
once DOCKET_NOW=2031-12-14T10:00:00Z
ok "a folder that cannot be made holds nothing else up" \
    test -e pending/AK-000003.xml
file_like .docket/notices "outbox/reviewers: it cannot be opened" \
    "and is reported"
rm $R
once DOCKET_NOW=2031-12-18T10:00:00Z
ok "it is made up for later" test -e $R/AK-000003.reminder.txt
trays_equal_ledger
done_testing
