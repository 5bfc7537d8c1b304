# lib.sh: what the tests share.  A test says `. "$(dirname "$0")/lib.sh"`,
# makes its assertions, and ends with `done_testing`.
#
# It runs in a temporary directory of its own, $T, which goes when it ends;
# the desk is $T/desk.
# shellcheck shell=sh disable=SC2034

set -u
SRC=$(cd "$(dirname "$0")/../.." && pwd)
BUILD=${BUILD:-$SRC/build}
PATH=$BUILD:$BUILD/test/tools:$PATH
DOCKET=$BUILD/docket
FORMS=$SRC/tests/form
export BUILD PATH LC_ALL=C.UTF-8 TZ=UTC NO_COLOR=1
unset DOCKET_DIR DOCKET_NOW 2>/dev/null || :

T=$(mktemp -d "${TMPDIR:-/tmp}/docket-test.XXXXXX")
DESK=$T/desk
cd "$T" || exit 1

_n=0
_failed=0
_pid=

cleanup() {
	stop 2>/dev/null
	cd /
	[ -n "${KEEP:-}" ] || rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 1' INT TERM HUP

diag() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

# ok CONDITION-STATUS NAME; returns the status
_report() {
	_n=$((_n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $_n - $2"
	else
		echo "not ok $_n - $2"
		_failed=$((_failed + 1))
	fi
	return "$1"
}

# ok NAME COMMAND ...: the command succeeds
ok() {
	_name=$1
	shift
	"$@" >"$T/.out" 2>&1
	_status=$?
	_report "$_status" "$_name" || diag "$* -> $_status
$(cat "$T/.out")"
}

# not_ok NAME COMMAND ...: it fails
not_ok() {
	_name=$1
	shift
	if "$@" >"$T/.out" 2>&1; then
		_report 1 "$_name" || diag "$*: succeeded"
	else
		_report 0 "$_name"
	fi
}

# exits STATUS NAME COMMAND ...: its output is kept in $OUT
exits() {
	_want=$1
	_name=$2
	shift 2
	OUT=$("$@" 2>&1)
	_got=$?
	[ "$_got" = "$_want" ]
	_report $? "$_name" || diag "$*: exit $_got, expected $_want
$OUT"
}

is() {
	[ "$1" = "$2" ]
	_report $? "$3" || diag "is:       $1
expected: $2"
}

# like TEXT PATTERN NAME: an extended regular expression matches a line
like() {
	printf '%s\n' "$1" | grep -Eq -e "$2"
	_report $? "$3" || diag "no line like: $2
$1"
}

unlike() {
	if printf '%s\n' "$1" | grep -Eq -e "$2"; then
		_report 1 "$3" || diag "a line like: $2
$1"
	else
		_report 0 "$3"
	fi
}

file_like() {
	like "$(cat "$1" 2>&1)" "$2" "$3"
}

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

# needs TOOL ...: else the test is skipped
needs() {
	for _tool; do
		command -v "$_tool" >/dev/null || skip_all "needs $_tool"
	done
}

# Under a sanitizer memory and descriptors end elsewhere, and in its words.
not_sanitized() {
	! grep -q __asan_init "$DOCKET" ||
		skip_all "a sanitizer has limits and lines of its own"
}

# skip REASON: counts as one test
skip() {
	_n=$((_n + 1))
	echo "ok $_n # SKIP $1"
}

done_testing() {
	echo "1..$_n"
	exit $((_failed > 0))
}

# A desk for one user; settings that a test needs go to docket.conf first.
make_desk() {
	"$DOCKET" init "$DESK" >/dev/null || {
		echo "Bail out! docket init fails"
		exit 1
	}
	cd "$DESK" || exit 1
}

# conf LINE ...: appends to docket.conf before the ledger knows it
conf() {
	printf '%s\n' "$@" >>"$DESK/docket.conf"
}

# Short spans, so that tests need not wait.
quick() {
	conf '[inbox]' '	settle = 200ms' '	grace = 600ms' \
	    '[trays]' '	strays = 300ms'
}

# start [VAR=VALUE ...]: runs the desk in the background until it is ready
start() {
	: >"$T/log"
	env "$@" "$DOCKET" run "$DESK" >>"$T/log" 2>&1 &
	_pid=$!
	if ! waitfor -t 120 match "$T/log" event=ready; then
		diag "the desk does not start:" "$(cat "$T/log")"
		echo "Bail out! docket run"
		exit 1
	fi
}

# seen TEXT: the running desk logs it after forget
seen() {
	waitfor match "$T/log" "$1"
}

forget() {
	: >"$T/log"
}

stop() {
	[ -n "$_pid" ] || return 0
	kill -TERM "$_pid" 2>/dev/null
	wait "$_pid"
	_stopped=$?
	_pid=
	return $_stopped
}

now_ms() {
	echo $(($(date +%s%N) / 1000000))
}

# calibrate: how many ms a second has now, into $second.  On a machine that is
# busy with something else by as much more as a loop takes more time there
# than time of a processor, and by what the disk takes for the twenty syncs of
# two rounds.
calibrate() {
	_began=$(now_ms)
	for _i in 1 2 3 4 5; do
		echo "$_i" >"$T/sync"
		sync "$T" "$T/sync"
	done
	_syncs=$((($(now_ms) - _began) * 4))
	second=$(perl -MTime::HiRes=time -e '$t = time; $x++ for 1 .. 6e6;
	    ($u, $s) = times; $f = (time - $t) / ($u + $s);
	    printf "%d", 1000 * ($f < 1 ? 1 : $f)')
	second=$((second + _syncs))
}

kill_hard() {
	kill -KILL "$_pid" 2>/dev/null
	wait "$_pid" 2>/dev/null
	_pid=
}

# One round: everything that is there is dealt with.
once() {
	env "$@" "$DOCKET" run --once "$DESK" >"$T/once" 2>&1 || {
		diag "run --once: exit $?" "$(cat "$T/once")"
		return 1
	}
}

# key_form [client [name [effective [expiry]]]]: a good application
key_form() {
	cat <<-EOF
	<?xml version="1.0" encoding="UTF-8"?>
	<application xmlns="urn:docket:api-key:1">
	  <client>${1:-acme}</client>
	  <name>${2:-Acme app}</name>
	  <effective>${3:-2099-01-01}</effective>
	  <expiry>${4:-2099-12-31}</expiry>
	  <quota>100</quota>
	  <description>What it is for.</description>
	  <apis>
	    <api>orders</api>
	  </apis>
	</application>
	EOF
}

# drop NAME: standard input into inbox, complete at once
drop() {
	mkdir -p "$T/drop"
	cat >"$T/drop/${1##*/}"
	mv "$T/drop/${1##*/}" "$DESK/inbox/$1"
}

# request revocation|withdrawal NUMBER REASON
request() {
	cat <<-EOF
	<?xml version="1.0" encoding="UTF-8"?>
	<$1 xmlns="urn:docket:request:1" number="$2">
	  <reason>$3</reason>
	</$1>
	EOF
}

ledger() {
	git -C "$DESK/ledger.git" "$@"
}

# trailer KEY [COMMIT]
trailer() {
	ledger log -1 --format="%(trailers:key=$1,valueonly,separator=%x2C)" \
	    "${2:-main}"
}

# The ledger's tree, flattened as the trays show it, and the trays.
ledger_papers() {
	ledger ls-tree -r --name-only main |
	    grep -E '^(pending|approved|returned|rejected|revoked)/' |
	    sed -E 's,^([a-z]+)/.*/,\1/,' | LC_ALL=C sort
}

tray_papers() {
	(cd "$DESK" && find pending approved returned rejected revoked \
	    -type f \( -name '*.xml' -o -name '*.sig' \) |
	    LC_ALL=C sort)
}

trays_equal_ledger() {
	is "$(tray_papers)" "$(ledger_papers)" "${1:-the trays show the ledger}"
}

# What docket doctor looks at that depends on the desk alone.
DESK_CHECKS="desk folders files boxes answers worker rules revocations signing
reviewers signers quorum ledger index trays daemon claims keys gateway"

# Plain git finds nothing wrong, and docket audit proves all of it.
fsck_clean() {
	is "$(ledger fsck --strict --no-dangling 2>&1)" "" \
	    "${1:-git fsck --strict has nothing to say}"
	ok "docket audit proves the ledger" "$DOCKET" audit "$DESK/ledger.git"
}

# What the index holds, without what differs from run to run.
index_dump() {
	sqlite3 "$DESK/.docket/index.db" \
	    "SELECT * FROM cases ORDER BY id" \
	    "SELECT * FROM events ORDER BY id" \
	    "SELECT * FROM counts ORDER BY state" \
	    "SELECT * FROM seen ORDER BY api, name" \
	    "SELECT * FROM prefixes" \
	    "SELECT * FROM texts ORDER BY id" \
	    "CREATE VIRTUAL TABLE temp.found USING fts5vocab(main, words,
	    instance)" "SELECT * FROM found ORDER BY term, doc, col, offset" \
	    "SELECT value FROM meta WHERE key = 'head'"
}
