#!/bin/sh
# A desk with 2,000 cases: taken in at once, and every command answers at
# once. Times are compared with a generous bound; make bench measures them.
. "$(dirname "$0")/lib.sh"
make_desk
mkdir inbox/acme inbox/beta
i=0
while [ $i -lt 1000 ]; do
	i=$((i + 1))
	key_form acme "acme $i" >"inbox/acme/$i.xml"
	key_form beta "beta $i" >"inbox/beta/$i.xml"
done
ok "2,000 forms are taken in" once
is "$(find pending -name '*.xml' | wc -l)" 2000 "all of them"
like "$(cat "$T/once")" "^2000 received, 0 refused" "it says how many"
is "$(ledger rev-list --count main)" 2001 "a commit for each"
ok "in few packs" test "$(find ledger.git -name '*.pack' | wc -l)" -lt 50
trays_equal_ledger
fsck_clean

# within SECONDS NAME COMMAND ...
within() {
	_limit=$1
	_name=$2
	shift 2
	timeout "$_limit" "$@" >/dev/null 2>&1
	_report $? "$_name in $_limit s" || diag "$*"
}
within 1 "list" "$DOCKET" list
is "$("$DOCKET" list 2>/dev/null | wc -l)" 1001 "a table of a thousand"
like "$("$DOCKET" list 2>&1 >/dev/null)" "--most 0 for all" "which says so"
is "$("$DOCKET" list --most 0 | wc -l)" 2001 "or of all"
is "$("$DOCKET" list --format csv | wc -l)" 2001 "a sheet has all"
within 1 "list by words" "$DOCKET" list acme 777
within 1 "show" "$DOCKET" show AK-001234
within 1 "status" "$DOCKET" status
within 1 "log" "$DOCKET" log
within 1 "log of a case" "$DOCKET" log AK-000001
within 1 "search" "$DOCKET" search clients be
within 1 "why" "$DOCKET" why AK-000500
start
within 2 "approve" "$DOCKET" approve AK-001500
within 2 "apply" "$DOCKET" apply --client acme --name late \
    --effective 2099-01-01 --expiry 2099-06-30 --quota 5 --description x \
    --api orders

# a flood from one box leaves the others served
stop
i=0
mkdir "$T/flood"
while [ $i -lt 1000 ]; do
	i=$((i + 1))
	key_form acme "flood $i" >"$T/flood/$i.xml"
done
mv "$T"/flood/*.xml inbox/acme/
key_form beta "in between" >inbox/beta/between.xml
ok "all are taken" once
file_like outbox/beta/status.txt "in between" "the one from the other box too"
after=$(ledger log --format=%s | awk '/in between/ { print NR; exit }')
ok "which did not wait for all of the flood ($after came after it)" \
    test "$after" -gt 500
done_testing
