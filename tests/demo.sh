#!/bin/sh
# demo.sh BUILD: a tour of a desk, in a temporary directory.
set -eu

BUILD=$(cd "$1" && pwd)
SRC=$(cd "$(dirname "$0")/.." && pwd)
PATH=$BUILD:$BUILD/test/tools:$PATH:/usr/sbin
export NO_COLOR=1 LC_ALL=C.UTF-8
unset DOCKET_DIR || :

dir=$(mktemp -d "${TMPDIR:-/tmp}/docket-demo.XXXXXX")
pid=
haproxy=
finish() {
	[ -z "$haproxy" ] || kill "$haproxy" 2>/dev/null || :
	[ -z "$pid" ] || kill "$pid" 2>/dev/null || :
	rm -rf "$dir"
}
trap finish EXIT

say() {
	printf '\n\033[1m# %s\033[0m\n' "$*"
}

# shows a command, and does it
try() {
	printf '$ %s\n' "$*"
	eval "$*"
}

# waits, at most five seconds, for a file that the desk is to write
await() {
	waitfor -t 5 there "$@" || {
		echo "demo: $* did not come" >&2
		exit 1
	}
}

say 'A desk is a directory.'
try docket init "$dir/desk"
cd "$dir/desk"

say 'It is run by one program, here in the background.'
printf '$ docket run . &\n'
docket run . 2>"$dir/log" &
pid=$!
waitfor match "$dir/log" event=ready

say 'An applicant drops a form into inbox ...'
try cp "$SRC/schemas/examples/api-key.xml" inbox/
await outbox/AK-000001.received.txt
say '... and finds the answer in outbox.'
try cat outbox/AK-000001.received.txt

say 'A form that is not right comes back, with what is wrong.'
try "sed -e s/10000/0/ -e '/<name>/d' $SRC/schemas/examples/api-key.xml" \
    '>inbox/wrong.xml'
await outbox/wrong.xml.refused.txt
try cat outbox/wrong.xml.refused.txt

say 'A reviewer sees what waits, and decides by moving it.'
try ls pending
try mv pending/AK-000001.xml approved/
await outbox/AK-000001.approved.txt
try docket show AK-000001

say 'What the table of states does not know is undone, and explained.'
try mv approved/AK-000001.xml pending/
await approved/AK-000001.refused.txt
try cat approved/AK-000001.refused.txt

say 'Nobody loses anything: what is deleted from a tray is put back.'
try rm -f approved/AK-000001.xml
waitfor match "$dir/log" event=restore
await approved/AK-000001.xml
try ls approved

say 'Every decision can be a command as well.'
try docket revoke AK-000001 -m "'The app is no longer sold.'"

# The other half: a key, from the application to the gateway.

say 'What people apply for is a key. The list of clients says whose are encrypted.'
if command -v age >/dev/null; then
	try "age-keygen -o ../identity 2>/dev/null"
	key=outbox/acme/AK-000002.key.age
	recipient=$(age-keygen -y "$dir/identity")
else
	echo '(age is not installed: the key is not encrypted here)'
	key=outbox/acme/AK-000002.key
	recipient=
fi
printf 'id,name,recipient\nacme,Acme Ltd,%s\n' "$recipient" >"$dir/clients.csv"
try cat ../clients.csv
try docket import clients ../clients.csv
try docket approve CL-000001
say 'Who is not in it cannot apply; who is need not edit XML.'
days="--effective $(date +%F) --expiry $(date -d '30 days' +%F)"
apply="docket apply --name Shop $days --quota 3 --api orders --description Orders."
try "$apply --client nobody" || :
try "$apply --client acme"
try docket approve AK-000002
await "$key"
say 'The key is in its client'"'"'s folder, once, and nowhere else.'
try ls -l outbox/acme
[ -z "$recipient" ] || try "age -d -i ../identity $key >../key"
[ -n "$recipient" ] || cp "$key" "$dir/key"
try cat ../key
try 'docket key <../key'

# ask PATH: with the key
ask() {
	try "curl -s -w '%{http_code}\\n' -H \"X-API-Key: \$(cat ../key)\"" \
	    "http://127.0.0.1:$port$1"
}

if command -v haproxy >/dev/null && command -v curl >/dev/null; then
	say 'A gateway that asks for keys: HAProxy, as the files for it are shipped.'
	# shellcheck disable=SC2046 # a line each
	set -- $(http ports 3)
	port=$1
	await outbox/gateway/haproxy.cfg
	sed -e "s,/run/haproxy/admin.sock,$dir/haproxy.sock," \
	    -e "s,default-path config,default-path origin $PWD/outbox/gateway," \
	    -e "s,bind :8080,bind 127.0.0.1:$1," \
	    -e "s,127.0.0.1:10001,127.0.0.1:$2," \
	    -e "s,127.0.0.1:9000,127.0.0.1:$3," \
	    outbox/gateway/haproxy.cfg >"$dir/haproxy.cfg"
	cat >>"$dir/haproxy.cfg" <<-END

	frontend shop
	    bind 127.0.0.1:$3
	    http-request return status 200 content-type text/plain lf-string "%[req.hdr(x-api-client)] has 3 orders.\n"
	END
	try ls outbox/gateway
	printf '$ haproxy -f haproxy.cfg &\n'
	haproxy -db -f "$dir/haproxy.cfg" >"$dir/haproxy.log" 2>&1 &
	haproxy=$!
	http until 401 / - "$port" >/dev/null
	try "printf '[gateway]\n\thaproxy = ../haproxy.sock\n' >>docket.conf"
	waitfor -t 15 match "$dir/log" event=haproxy-told
	say 'It lets the key pass where it may, three times, and nobody without one.'
	ask /orders
	ask /stock
	ask /orders
	ask /orders
	ask /orders
	try "curl -s -w '%{http_code}\\n'" "http://127.0.0.1:$port/orders"
	say 'After its revocation it is refused at once.'
	try docket revoke AK-000002 -m "'It was found in a repository.'"
	http until 401 /orders "$dir/key" "$port" >/dev/null
	ask /orders
	try cat outbox/AK-000002.revoked.txt
else
	say '(haproxy or curl is not installed: the gateway is left out)'
fi

say 'How the desk stands.'
try docket status

say 'And all of it is history, one commit a change, for any git.'
try git -C ledger.git log --stat -M --format="'%n%h %an, %ar%n    %s'"
