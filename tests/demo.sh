#!/bin/sh
# demo.sh BUILD: a tour of a desk, in a temporary directory.
set -eu

BUILD=$(cd "$1" && pwd)
SRC=$(cd "$(dirname "$0")/.." && pwd)
PATH=$BUILD:$PATH
export NO_COLOR=1 LC_ALL=C.UTF-8
unset DOCKET_DIR || :

dir=$(mktemp -d "${TMPDIR:-/tmp}/docket-demo.XXXXXX")
pid=
finish() {
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
	"$BUILD/test/tools/waitfor" -t 5 there "$@" || {
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
"$BUILD/test/tools/waitfor" match "$dir/log" event=ready

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
"$BUILD/test/tools/waitfor" match "$dir/log" event=restore
await approved/AK-000001.xml
try ls approved

say 'Every decision can be a command as well.'
try docket revoke AK-000001 -m "'The app is no longer sold.'"

say 'How the desk stands.'
try docket status

say 'And all of it is history, one commit a change, for any git.'
try git -C ledger.git log --stat -M --format="'%n%h %an, %ar%n    %s'"
