#!/bin/sh
# A key is in its client's file and nowhere else: every byte that the desk
# writes is looked at, of the ledger each object, over a life of issue, change,
# rotation, wait, encryption and revocation; and the looking finds what is put
# there.
. "$(dirname "$0")/lib.sh"
make_desk
quick
export DOCKET_NOW=2027-03-01T09:00:00Z
TODAY=2027-03-01
END=2027-04-30
mkdir "$T/keys"
conf '[gateway]' "	reload = cat '$DESK/outbox/gateway/'*.map"
if command -v age >/dev/null; then
	age-keygen -o "$T/identity" 2>/dev/null
	recipient=$(age-keygen -y "$T/identity")
else
	recipient=
fi

# approve NUMBER: and its receipt is there
approve() {
	waitfor there "pending/$1.xml"
	"$DOCKET" approve "$1" >>"$T/said" 2>&1
}
# application NAME CLIENT
application() {
	key_form "$2" "$1" "$TODAY" "$END" | drop "$1.xml"
}
# keep FILE: the client takes its key
keep() {
	waitfor there "$1"
	case $1 in
	*.age) age -d -i "$T/identity" "$1" >"$T/keys/$(basename "$1")" ;;
	*) mv "$1" "$T/keys/" ;;
	esac
}

start
application one acme
approve AK-000001
keep outbox/acme/AK-000001.key
ok "the gateways know it" waitfor match outbox/gateway/clients.map \
    "$(trailer Key-SHA256)"
sed 's,<quota>.*<,<quota>7<,' outbox/AK-000001.xml | drop change.xml
approve AK-000001.r2
request rotation AK-000001 "It is time." |
    sed 's,</rotation>,<overlap>7d</overlap>&,' | drop rotation.xml
approve AK-000001.rotation
keep outbox/acme/AK-000001.r2.key
# one that waits, over a kill
mkdir inbox/open
chmod 755 inbox/open
application two open
approve AK-000002
ok "one waits" waitfor match .docket/waiting-keys AK-000002.key
"$DOCKET" status >>"$T/said" 2>&1
cp .docket/keys/AK-000002.key "$T/keys/"
kill_hard
cp "$T/log" "$T/log.1"
start
ok "still" waitfor match .docket/waiting-keys AK-000002.key
# one of a batch, of a client with a recipient
{
	echo 'id,name,recipient'
	echo "beta,Beta,$recipient"
} >"$T/clients.csv"
"$DOCKET" import clients "$T/clients.csv" >>"$T/said" 2>&1
approve CL-000001
{
	echo '<batch xmlns="urn:docket:request:1">'
	key_form beta three "$TODAY" "$END" | sed 1d
	echo '</batch>'
} | drop batch.xml
approve AK-000003
if [ -n "$recipient" ]; then
	keep outbox/beta/AK-000003.key.age
else
	keep outbox/beta/AK-000003.key
fi
# what is told of keys
for key in "$T"/keys/*; do
	"$DOCKET" key <"$key" >>"$T/said" 2>&1
	sed 's/^docket_./docket_0/' "$key" | "$DOCKET" key >>"$T/said" 2>&1
done
{
	"$DOCKET" show AK-000001
	"$DOCKET" show --format json AK-000001
	"$DOCKET" show AK-000002
	"$DOCKET" list --format json
	"$DOCKET" list --format csv
	"$DOCKET" log
	"$DOCKET" why AK-000001
} >>"$T/said" 2>&1
"$DOCKET" revoke AK-000001 -m 'It leaked.' >>"$T/said" 2>&1
waitfor there outbox/AK-000001.revoked.txt
"$DOCKET" revoke AK-000002 -m 'It leaked.' >>"$T/said" 2>&1
waitfor gone .docket/keys/AK-000002.key
"$DOCKET" status >>"$T/said" 2>&1
stop
"$DOCKET" rebuild index >>"$T/said" 2>&1
"$DOCKET" rebuild outbox AK-000003 >>"$T/said" 2>&1
"$DOCKET" audit >>"$T/said" 2>&1
is "$(find "$T/keys" -type f | wc -l | tr -d ' ')" 4 "four keys were issued"
is "$(find "$DESK" -name '*.key' | wc -l | tr -d ' ')" 0 \
    "which their clients have taken"

# The 256 bits of a token, in hexadecimal.
bits() {
	printf '%s' "$1" | cut -c8-59 | awk '{
		digits = "0123456789abcdefghjkmnpqrstvwxyz"
		for (i = 1; i <= 52; i++) {
			v = index(digits, substr($0, i, 1)) - 1
			for (k = 16; k >= 1; k /= 2)
				all = all int(v / k) % 2
		}
		for (i = 1; i <= 256; i += 4) {
			for (v = k = 0; k < 4; k++)
				v = v * 2 + substr(all, i + k, 1)
			printf "%x", v
		}
	}'
}

# Everything that was written, and that the desk and its commands have said.
everything() {
	ledger cat-file --batch-all-objects --batch
	find "$DESK" -type f -exec cat {} +
	find "$DESK"
	sqlite3 "$DESK/.docket/index.db" .dump
	cat "$T/log" "$T/log.1" "$T/said"
}

# How many keys are in it as bits, whatever bytes those are.
raw_found() {
	perl -e 'local $/; open my $f, "<:raw", $ARGV[0]; my $all = <$f>;
		open my $k, "<", $ARGV[1]; my $n = 0;
		index($all, pack("H*", $_)) >= 0 and $n++
		    for split /\n/, <$k>;
		print "$n\n"' "$T/everything" "$T/raw"
}

# found: how many lines of it have a key or its bits, whole or in half, as text
# or not
found() {
	everything >"$T/everything"
	{
		grep -aciFf "$T/words" "$T/everything"
		raw_found
	} | awk '{ n += $1 } END { print n }'
}
for key in "$T"/keys/*; do
	token=$(cat "$key")
	hex=$(bits "$token")
	secret=$(printf '%s' "$token" | cut -c8-66)
	[ ${#hex} = 64 ] || echo "$key: no 256 bits"
	printf '%s\n' "$token" "$secret" "$(echo "$secret" | cut -c1-26)" \
	    "$(echo "$secret" | cut -c27-52)" "$hex" "$(echo "$hex" |
	    cut -c1-32)" "$(printf '%s' "$token" | base64 -w0 | cut -c1-80)"
	echo "$hex" >>"$T/raw"
done >"$T/words"
is "$(wc -l <"$T/words" | tr -d ' ')" 28 "there is what to look for"
is "$(found)" 0 "no key is anywhere"
for word in 'Key-SHA256: ' 'CREATE TABLE' 'event=key-delivered' \
    'event=gateway.reload' 'AK-000001.r2.key' '^"[0-9a-f]\{64\}" "' \
    'BEGIN AGE' '<total forms="1"' 'good now'; do
	grep -aq -e "$word" "$T/everything" || echo "$word"
done >"$T/missed"
[ -n "$recipient" ] || sed -i '/AGE/d' "$T/missed"
is "$(cat "$T/missed")" "" "and everything was looked at"

# Put anywhere, it is found.
planted() {
	_is=$(found)
	test "$_is" -gt 0
	_report $? "one in $1 is found" || diag "$_is lines"
}
key=$T/keys/AK-000001.r2.key
cp -a "$DESK" "$T/sound"
anew() {
	cd "$T" || exit 1
	rm -rf "$DESK"
	cp -a "$T/sound" "$DESK"
	cd "$DESK" || exit 1
}
ledger hash-object -w --stdin <"$key" >/dev/null
planted "an object of the ledger, compressed"
anew
perl -e 'print pack "H*", shift' "$(bits "$(cat "$key")")" >"$T/binary"
ledger hash-object -w --stdin <"$T/binary" >/dev/null
planted "the same as bits"
anew
sqlite3 .docket/index.db \
    "INSERT INTO meta VALUES('x', '$(cut -c8-40 "$key")')"
planted "the index, half of it"
anew
tr '[:lower:]' '[:upper:]' <"$key" >>outbox/AK-000001.approved.txt
planted "a receipt, in capitals"
anew
cat "$key" >>outbox/gateway/nginx-keys.map
planted "a gateway file"
anew
: >"outbox/$(cat "$key")"
planted "a file's name"
anew
cp "$T/log" "$T/log.sound"
cat "$key" >>"$T/log"
planted "the log"
cp "$T/log.sound" "$T/log"
is "$(found)" 0 "and without it nothing is"
fsck_clean
done_testing
