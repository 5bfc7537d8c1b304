#!/bin/sh
# Figures for those who watch over a desk: .docket/metrics and metrics.file.
. "$(dirname "$0")/lib.sh"
make_desk
mkdir "$T/node"
conf '[inbox]' '	settle = 200ms' '	grace = 0' '[metrics]' \
    "	file = $T/node/docket.prom" '	every = 100ms'
mkdir inbox/acme
FILE=$T/node/docket.prom

# figure NAME
figure() {
	sed -n "s/^docket_$1 //p" "$FILE"
}

# comes NAME VALUE: it is so soon
comes() {
	ok "${3:-$1 is $2}" waitfor -t 30 match "$FILE" "docket_$1 $2"
}

start
ok "the file is there" waitfor there "$FILE"
key_form acme one >inbox/acme/one.xml
ok "a form comes" waitfor there pending/AK-000001.xml
comes 'waiting{age="less than 1h"}' 1
comes 'cases{state="pending"}' 1
key_form acme one >inbox/acme/again.xml
echo '<' >inbox/acme/bad.xml
sed 's/100/0/' "$SRC/schemas/examples/api-key.xml" | sed 's/<quota>.*/<quota>x<\/quota>/' \
    >inbox/acme/invalid.xml
comes 'verdicts_total{code="0"}' 1
comes 'verdicts_total{code="2001"}' 1
comes 'verdicts_total{code="2002"}' 1
comes 'verdicts_total{code="2008"}' 1
comes forms_received_total 1
is "$(figure intake_files_total)" 4 "four files were taken"
is "$(figure intake_bytes_total)" "$(cat outbox/acme/bad.xml \
    outbox/acme/invalid.xml | wc -c | awk -v n="$(key_form acme one | wc -c)" \
    '{ print $1 + 2 * n }')" "with all their bytes"
mv pending/AK-000001.xml approved/
ok "it is approved" waitfor there outbox/acme/AK-000001.approved.txt
comes 'events_total{event="approve"}' 1
comes keys_issued_total 1
comes 'cases{state="approved"}' 1
comes 'waiting{age="less than 1h"}' 0
comes "ledger_head_info{commit=\"$(ledger rev-parse main)\"}" 1 \
    "the ledger's head"
is "$(figure last_commit_timestamp_seconds)" \
    "$(ledger log -1 --format=%at main)" "the time of the last commit"
is "$(figure commits_total)" "$(($(ledger rev-list --count main) - 1))" \
    "commits since the desk was opened"
is "$(figure group_size_sum)" "$(figure commits_total)" \
    "which are those of all groups"
is "$(figure 'group_size_bucket{le="+Inf"}')" "$(figure group_size_count)" \
    "all groups are in the last bucket"
version=$("$DOCKET" --version | awk 'NR == 1 { print $2 }')
like "$(cat "$FILE")" "^docket_build_info\\{version=\"$version\"\\} 1\$" \
    "the version"
like "$(figure workers_started_total)" '^[1-9]' "workers were started"

# the format, by its own rules
if command -v promtool >/dev/null; then
	ok "promtool has nothing to say" promtool check metrics <"$FILE"
	is "$(promtool check metrics <"$FILE" 2>&1)" "" "not a word"
else
	skip "no promtool here"
	skip "no promtool here"
fi
is "$(awk '/^# HELP/ { help[$3]++ }
    /^# TYPE/ { type[$3] = $4; if (!help[$3]) print "no help", $3 }
    !/^#/ { name = $1; sub(/[{].*/, "", name); family = name
	if (!(family in type)) sub(/_(bucket|sum|count)$/, "", family)
	if (!(family in type)) print "no type", $0
	if (type[family] == "counter" && name !~ /_total$/) print "no total", $0
	if (type[family] != "counter" && name ~ /_total$/) print "total", $0
	if ($NF !~ /^[0-9]+([.][0-9]+)?$/) print "no number", $0
	key = $0; sub(/ [^ ]*$/, "", key); if (seen[key]++) print "twice", $0 }
    END { for (name in help) if (help[name] > 1) print "twice", name }' \
    "$FILE")" "" "every sample has its family, once"
# the group's sizes never fall from one bucket to the next
is "$(sed -n 's/^docket_group_size_bucket.* //p' "$FILE")" \
    "$(sed -n 's/^docket_group_size_bucket.* //p' "$FILE" | sort -n)" \
    "buckets add up"
unlike "$(cat "$FILE")" "acme" "nobody is named"

# a worker that dies
ls "$T/node" >"$T/ls"
is "$(cat "$T/ls")" docket.prom "and nothing lies beside the file"
conf_now() {
	sed -i "s,file = .*,file = $1," docket.conf
}
conf_now "$T/nowhere/docket.prom"
ok "a file that cannot be written is told" waitfor -t 30 match \
    .docket/notices "metrics.file: $T/nowhere/docket.prom cannot be written"
mkdir "$T/nowhere"
ok "and written when it can be" waitfor -t 30 there "$T/nowhere/docket.prom"
conf_now figures.prom
ok "a name is one from the desk on" waitfor -t 30 there figures.prom
stop
like "$(cat figures.prom)" '^docket_forms_in_hand 0$' "it is left as it was"
head=$(ledger rev-parse main)
like "$(cat .docket/metrics)" "commit=\"$head\"" "at the very end"
done_testing
