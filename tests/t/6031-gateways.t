#!/bin/sh
# A real HAProxy and a real nginx, with the configurations that docket ships,
# follow every step of a key's life.
. "$(dirname "$0")/lib.sh"
command -v haproxy >/dev/null || skip_all "needs haproxy"
command -v nginx >/dev/null || skip_all "needs nginx"
printf 'load_module modules/ngx_http_js_module.so;\nevents {}\n' >"$T/js.conf"
nginx -e "$T/err" -t -c "$T/js.conf" 2>/dev/null || skip_all "needs njs"

make_desk
quick
mkdir -m 700 inbox/acme
# shellcheck disable=SC2046 # a line each
set -- $(http ports 4)
HA=$1 NG=$2 PEER=$3 API=$4

# days from now on, by the clock that the gateways have
day() {
	date -u -d "$1 days" +%F
}

# The gateways, as they are shipped, but for ports, places, and a server
# behind that says whose call it was.

ok "files for gateways, on a desk without keys" "$DOCKET" rebuild gateway
GATE=$DESK/outbox/gateway
SOCK=$T/haproxy.sock
is "$(cat "$GATE"/*.map | grep -v '^#')" "" "nobody may pass"
sed -i -e "s,/run/haproxy/admin.sock,$SOCK," -e "s,bind :8080,bind 127.0.0.1:$HA," \
    -e "s,127.0.0.1:10001,127.0.0.1:$PEER," -e "s,127.0.0.1:9000,127.0.0.1:$API," \
    "$GATE/haproxy.cfg"
mkdir "$T/temp" "$T/counts"
cat >"$T/more.conf" <<END
	client_body_temp_path $T/temp;
	proxy_temp_path $T/temp;
	fastcgi_temp_path $T/temp;
	uwsgi_temp_path $T/temp;
	scgi_temp_path $T/temp;
	log_format calls '\$uri client=\$http_x_api_client key=\$http_x_api_key.';
	server {
		listen 127.0.0.1:$API;
		underscores_in_headers on;
		access_log $T/calls calls;
		location / {
			return 200;
		}
	}
END
sed -i -e "s,listen 8080,listen 127.0.0.1:$NG," -e "s,127.0.0.1:9000,127.0.0.1:$API," \
    -e "s,/var/lib/docket-quota,$T/counts," -e "s,/run/nginx.pid,$T/nginx.pid," \
    -e "s,user www-data,user $(id -un)," -e "/access_log off/r $T/more.conf" \
    "$GATE/nginx.conf"
cp "$GATE/haproxy.cfg" "$GATE/nginx.conf" "$T"
nginx="nginx -e $T/nginx.err -c $GATE/nginx.conf"

start_haproxy() {
	haproxy -db -f "$GATE/haproxy.cfg" >"$T/haproxy.log" 2>&1 &
	_haproxy=$!
	http until 401 / - "$HA" >/dev/null
}
stop_haproxy() {
	kill "$_haproxy" 2>/dev/null
	wait "$_haproxy" 2>/dev/null
	_haproxy=
}
stop_all() {
	stop_haproxy
	$nginx -s stop 2>/dev/null
	cleanup
}
_haproxy=
trap stop_all EXIT

start_haproxy
ok "HAProxy takes its configuration" kill -0 "$_haproxy"
ok "and so does nginx" $nginx
http until 401 / - "$NG" >/dev/null
conf '[gateway]' "	haproxy = $SOCK" "	reload = $nginx -s reload"
start

# both STATUS PATH KEY NAME: soon at both gateways
both() {
	ok "$4: $1" http until "$1" "$2" "$3" "$HA" "$NG"
}
# each STATUS PATH KEY NAME: now, one call each
each() {
	is "$(http get "$HA" "$2" "$3") $(http get "$NG" "$2" "$3")" "$1 $1" \
	    "$4: $1"
}
key() {
	echo "$DESK/outbox/acme/$1.key"
}
# application NAME EFFECTIVE EXPIRY QUOTA API ...: in inbox/acme
application() {
	_file=$1
	_apis=
	key_form acme "$1" "$2" "$3" |
	    sed "s,<quota>.*<,<quota>$4<," >"$T/form"
	shift 4
	for _api; do
		_apis="$_apis<api>$_api</api>"
	done
	sed -i "s,<api>orders</api>,$_apis," "$T/form"
	drop "acme/$_file.xml" <"$T/form"
}
approve() {
	waitfor there "pending/$1.xml"
	mv "pending/$1.xml" approved/
	waitfor there "outbox/acme/$2"
}

each 401 /orders - "no key"
echo docket_no >"$T/wrong"
each 401 /orders "$T/wrong" "a key that nobody has"

# A key's life.

application one "$(day 0)" "$(day 30)" 3 orders
approve AK-000001 AK-000001.approved.txt
K1=$(key AK-000001)
both 403 /stock "$K1" "an API that was not asked for"
each 200 /orders/17 "$K1" "in force"
each 200 /orders "$K1" "and"
each 200 '/orders?x=/../stock' "$K1" "and"
each 429 /orders "$K1" "the quota is used up"
each 429 /orders "$K1" "and stays so"
each 403 /stock "$K1" "still not that API"
each 401 /orders - "and not without a key"
for path in /orders/../stock //orders /orders/%2e%2e/stock /orders%2F..%2Fstock \
    '/orders/..;/stock' '/orders\..\stock'; do
	each 400 "$path" "$K1" "a path that means two things, $path"
done
is "$(sort -u "$T/calls")" "/orders client=acme key=-.
/orders/17 client=acme key=-." "behind the gateways they know the client, not the key"

# A server behind that takes X_API_Client for X-API-Client, as many do, is not
# told by the caller who is calling.
application named "$(day 0)" "$(day 30)" -1 orders
approve AK-000002 AK-000002.approved.txt
both 200 /orders "$(key AK-000002)" "another key"
: >"$T/calls"
for port in "$HA" "$NG"; do
	is "$(curl -s -o /dev/null -w '%{http_code}' \
	    -H "X-API-Key: $(cat "$(key AK-000002)")" -H 'X_API_Client: root' \
	    -H 'X-Api-Client: root' -H 'X_Api-Client: root' \
	    "http://127.0.0.1:$port/orders")" 200 "who says that they are root"
done
is "$(sort -u "$T/calls")" "/orders client=acme key=-." "is not"
"$DOCKET" revoke AK-000002 -m 'Enough.' >/dev/null

# Changed terms: the same key.
sed -e 's,<quota>3<,<quota>5<,' -e 's,<api>orders<,<api>stock<,' \
    outbox/acme/AK-000001.xml | drop acme/change.xml
approve AK-000001.r2 AK-000001.r2.approved.txt
both 403 /orders "$K1" "the API is no longer asked for"
each 200 /stock "$K1" "another is, and there is more quota"
each 200 /stock "$K1" "two more calls"
each 429 /stock "$K1" "then it is used up"

# Rotation: both keys are good for the time that was asked for, then the new.
rotation() {
	cat <<-END
	<?xml version="1.0" encoding="UTF-8"?>
	<rotation xmlns="urn:docket:request:1" number="$1">
	  <reason>It is time.</reason>
	  <overlap>$2</overlap>
	</rotation>
	END
}
application two "$(day 0)" "$(day 60)" -1 orders stock
approve AK-000003 AK-000003.approved.txt
K2=$(key AK-000003)
both 200 /orders "$K2" "another key, without a limit"
rotation AK-000003 7d | drop acme/rotate.xml
approve AK-000003.rotation AK-000003.rotation.approved.txt
R2=$(key AK-000003.r2)
both 200 /stock "$R2" "the new key"
both 200 /stock "$K2" "and the old one too"
each 401 /orders "$T/wrong" "but no other"
stop
start "DOCKET_NOW=$(day 8)T00:00:00Z"
both 401 /orders "$K2" "after the overlap the old one is refused"
both 200 /orders "$R2" "the new one is not"
rotation AK-000003 0 | drop acme/leak.xml
approve AK-000003.rotation.r2 AK-000003.rotation.r2.approved.txt
R3=$(key AK-000003.r3)
both 401 /orders "$R2" "with no overlap the old one is refused at once"
both 200 /orders "$R3" "and the new one is good"

# Before the effective day, and after the expiry day, by the desk's clock.
application later "$(day 10)" "$(day 12)" -1 orders
approve AK-000004 AK-000004.approved.txt
K3=$(key AK-000004)
each 401 /orders "$K3" "before the effective day"
stop
start "DOCKET_NOW=$(day 10)T00:00:00Z"
both 200 /orders "$K3" "when the day has come"
stop
start "DOCKET_NOW=$(day 13)T00:00:00Z"
both 401 /orders "$K3" "when the expiry day is over"
both 200 /orders "$R3" "that of another is not"
stop

# The gateways look at the date themselves: a desk whose clock is behind.
start "DOCKET_NOW=$(day -9)T00:00:00Z"
application past "$(day -8)" "$(day -1)" -1 orders
approve AK-000005 AK-000005.approved.txt
stop
start "DOCKET_NOW=$(day -8)T00:00:00Z"
K4=$(key AK-000005)
ok "the desk lets it pass" waitfor match "$GATE/clients.map" \
    "$(tr -d '\n' <"$K4" | sha256sum | cut -c1-64) acme"
both 401 /orders "$K4" "but the day is over"
stop
start

# What is counted, when a gateway ends. A HAProxy of less than five seconds does
# not teach the one that comes after it.
uptime() {
	http ask "$SOCK" "show info" | sed -n 's/^Uptime_sec: //p'
}
while [ "$(uptime)" -lt 6 ]; do
	sleep 0.2
done
http until 429 /stock "$K1" "$HA" "$NG" >/dev/null
haproxy -db -f "$GATE/haproxy.cfg" -sf "$_haproxy" >>"$T/haproxy.log" 2>&1 &
_old=$_haproxy
_haproxy=$!
wait "$_old"
is "$(http get "$HA" /stock "$K1")" 429 \
    "HAProxy knows what was used when it is reloaded"
stop_haproxy
start_haproxy
is "$(http get "$HA" /stock "$K1")" 200 "and begins anew when it is stopped"
$nginx -s stop
waitfor gone "$T/nginx.pid"
$nginx
http until 401 / - "$NG" >/dev/null
is "$(http get "$NG" /stock "$K1")" 429 "nginx has it in files"
mv "$T/counts" "$T/gone"
is "$(http get "$NG" /stock "$K1")" 503 "which it cannot do without"
is "$(http get "$NG" /orders "$R3")" 200 "where there is a quota"
mv "$T/gone" "$T/counts"

# HAProxy is away: the files are right, and it is told all when it is back.
stop_haproxy
application away "$(day 0)" "$(day 30)" -1 orders
approve AK-000006 AK-000006.approved.txt
K5=$(key AK-000006)
http until 200 /orders "$K5" "$NG" >/dev/null
ok "the desk says that HAProxy is not told" waitfor match .docket/notices \
    "$SOCK"
like "$("$DOCKET" status)" "gateway.haproxy: HAProxy cannot be told at $SOCK: " \
    "so does docket status"
forget
start_haproxy
both 200 /orders "$K5" "HAProxy reads the files when it starts"
seen haproxy-told

# What it is told is all there is: nothing is left that somebody else has put in.
ghost=$(printf docket_ghost | sha256sum | cut -c1-64)
echo docket_ghost >"$T/ghost"
http ask "$SOCK" "add map apis.map $ghost/orders 1;add map quota.map $ghost -1;add map expiry.map $ghost 9999999999;add map clients.map $ghost ghost" >/dev/null
is "$(http get "$HA" /orders "$T/ghost")" 200 "HAProxy believes who may write to its socket"
stop
start
ok "but is told all anew when the desk starts" http until 401 /orders \
    "$T/ghost" "$HA"
each 200 /orders "$K5" "and who may pass still may"

# Revocation: from the move to the refusal.
seen haproxy-told
echo 'It was found in a repository.' >approved/AK-000006.note.txt
OUT=$(http until 401 /orders "$K5" "$HA" "$NG" -- \
    approved/AK-000006.xml revoked/AK-000006.xml)
ok "a key that is revoked is refused by both" test $? = 0
diag "from mv to 401, ms: HAProxy (socket) $(echo "$OUT" | sed -n 1s/.*\ //p)," \
    "nginx (reload) $(echo "$OUT" | sed -n 2s/.*\ //p)"
ok "within a second at HAProxy" test \
    "$(echo "$OUT" | sed -n 's/.* \([0-9]*\)[.].*/\1/;1p')" -lt 1000
waitfor there outbox/acme/AK-000006.revoked.txt
is "$(trailer Event)" revoke "a commit says so"
ok "another is revoked by command" "$DOCKET" revoke AK-000003 -m 'Leaked.'
both 401 /orders "$R3" "and refused"

# HAProxy has been told by the socket what nginx has read from the files.
told() {
	http ask "$SOCK" "show map $1" | awk 'NF > 1 { print $2, $3 }' | sort
}
for map in clients expiry quota apis; do
	is "$(told $map.map)" "$(grep -v '^#' "$GATE/$map.map" | sort)" \
	    "HAProxy and the file have the same $map"
done
ok "what the operator has made of the samples stays" cmp "$T/haproxy.cfg" \
    "$GATE/haproxy.cfg"
ok "of both" cmp "$T/nginx.conf" "$GATE/nginx.conf"
stop
for key in outbox/acme/*.key; do
	not_ok "no gateway file has the key ${key##*/}" grep -rqF \
	    "$(cat "$key")" "$GATE" "$T/log" "$T/calls" "$T/nginx.err"
done
fsck_clean
done_testing
