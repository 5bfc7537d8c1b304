#!/bin/sh
# Long lists: imported, approved, in force without a restart, searched.
# LOAD=1 (make load): 100,000 clients; else 5,000.
. "$(dirname "$0")/lib.sh"
N=5000
[ -z "${LOAD:-}" ] || N=100000

# timed NAME COMMAND ...: it succeeds, and how long it takes
timed() {
	_what=$1
	shift
	_began=$(date +%s%3N)
	exits 0 "$_what" "$@"
	diag "$_what: $(($(date +%s%3N) - _began)) ms"
}

make_desk
quick
awk -v n=$N 'BEGIN {
	print "id,name,contact"
	for (i = 1; i <= n; i++)
		printf "c%06d,Client number %d of %s,mail%d@example.org\n", i,
		    i, i % 1000 == 7 ? "Zwickau" : "Berlin", i
}' >"$T/clients.csv"
diag "$N clients, $(wc -c <"$T/clients.csv") bytes"
start
timed "the table is imported" "$DOCKET" import clients "$T/clients.csv"
like "$OUT" "^CL-000001 received: $N clients" "as a form"
timed "and approved" "$DOCKET" approve CL-000001
pid=$_pid

# apply CLIENT
apply() {
	"$DOCKET" apply --client "$1" --name "of $1" --effective 2099-01-01 \
	    --expiry 2099-12-31 --quota 5 --description x --api orders
}
last=$(printf 'c%06d' $N)
timed "the last client in it may apply" apply "$last"
like "$OUT" "AK-000001 received: of $last" "and is received"
exits 1 "one that is not in it" apply "c$((N + 1))"
like "$OUT" "^1122 - .*There is no" "may not"
key_form nobody | drop nobody.xml
ok "nor by a file" waitfor there outbox/nobody.xml.refused.txt
file_like outbox/nobody.xml.refused.txt "^ *1122 - line 3" "and is told so"
ok "in the same process" kill -0 "$pid"

timed "search for a word that few have" "$DOCKET" search clients zwickau
is "$(echo "$OUT" | grep -c Zwickau)" $((N / 1000)) "finds all of them"
timed "search for an id" "$DOCKET" search clients "$last"
like "$(echo "$OUT" | sed -n 2p)" "$last" "finds it first"
timed "search for what all have" "$DOCKET" search clients client number
exits 1 "search for what none has" "$DOCKET" search clients nowhere
like "$OUT" "1298 - No information found" "says so"
timed "its keys" "$DOCKET" list --client "$last"
like "$OUT" "AK-000001" "are listed"

# A newer list: one client less.
sed '$d' "$T/clients.csv" >"$T/fewer.csv"
timed "a newer table" "$DOCKET" import clients "$T/fewer.csv"
timed "takes its place" "$DOCKET" approve CL-000002
key_form "$last" gone | drop gone.xml
ok "who is not in it any more" waitfor there outbox/gone.xml.refused.txt
file_like outbox/gone.xml.refused.txt "1122 - line 3" "may not apply"
key_form c000001 stays | drop stays.xml
ok "who is may" waitfor there pending/AK-000002.xml
ok "in the same process" kill -0 "$pid"
ok "which ends well" stop
fsck_clean
done_testing
