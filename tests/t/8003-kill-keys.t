#!/bin/sh
# A desk killed at any system call that has to do with a key, from its making
# to its delivery: the key is there once, where it was or where it goes, none
# is lost, and its digest is in the ledger; the next start finishes it.
. "$(dirname "$0")/lib.sh"
command -v strace >/dev/null || skip_all "needs strace"
strace -o /dev/null true 2>/dev/null || skip_all "strace may not trace here"

NOW=2027-01-01T12:00:00Z
make_desk
for name in one two; do
	key_form acme $name 2027-01-01 2027-12-31 | drop $name.xml
	once DOCKET_NOW=$NOW
done
mv pending/AK-000001.xml approved/
once DOCKET_NOW=$NOW
request rotation AK-000001 "Leaked." |
    sed 's,</rotation>,<overlap>0</overlap>&,' | drop r.xml
once DOCKET_NOW=$NOW
# in hand: an approval of a form, and one of a rotation
mv pending/AK-000002.xml approved/
mv pending/AK-000001.rotation.xml approved/
ok "the folder is there" test -d outbox/acme
mv "$DESK" "$T/saved"

prepare() {
	cd "$T" || exit 1
	rm -rf "$DESK"
	cp -a "$T/saved" "$DESK"
	cd "$DESK" || exit 1
}

# Digests of all keys that there are, staged or delivered.
keys_there() {
	find .docket/keys outbox -type f -name 'AK-*.key' |
	    while read -r f; do
		head -c 66 "$f" | sha256sum | cut -c1-64
	    done | sort
}
keys_known() {
	ledger log 2>/dev/null \
	    --format='%(trailers:key=Key-SHA256,valueonly,separator=)' |
	    grep . | sort
}

# Whatever the ledger knows is there, and once.
none_lost() {
	keys_there >"$T/there"
	keys_known >"$T/known"
	[ -z "$(uniq -d "$T/there")" ] &&
	    [ -z "$(comm -13 "$T/there" "$T/known")" ]
}

# After the next start: delivered, all of them, and nothing else.
all_there() {
	none_lost && cmp -s "$T/there" "$T/known" &&
	    [ "$(wc -l <"$T/known" | tr -d ' ')" = 3 ] &&
	    [ -z "$(find .docket/keys .docket/work .docket/answers -type f)" ] &&
	    [ "$(cd outbox/acme && echo ./*.key*)" = \
	    "./AK-000001.key ./AK-000001.r2.key ./AK-000002.key" ] &&
	    [ "$(stat -c %a outbox/acme/AK-000002.key)" = 640 ] &&
	    [ "$(tray_papers)" = "$(ledger_papers)" ] &&
	    "$DOCKET" audit ledger.git >/dev/null 2>&1
}

prepare
once DOCKET_NOW=$NOW
ok "without a kill all is well" all_there

# killed CALLS NTH [PATH ...]: killed before the NTH such call. 0: all is well
# after that and after a restart; 1: it never came so far; 2: it is not.
killed() {
	calls=$1 nth=$2
	shift 2
	prepare
	paths=
	for p; do
		paths="$paths -P $DESK/$p"
	done
	# shellcheck disable=SC2086 # paths without blanks
	DOCKET_NOW=$NOW strace -qq -o /dev/null -e trace="$calls" \
	    -e inject="$calls:signal=KILL:when=$nth" $paths \
	    "$DOCKET" run --once "$DESK" >/dev/null 2>&1
	[ $? = 137 ] || return 1
	if ! none_lost; then
		diag "$calls $nth: right after:" "$(find .docket/keys outbox \
		    -name '*.key')" "$(cat "$T/there")" known "$(cat "$T/known")"
		return 2
	fi
	once DOCKET_NOW=$NOW && all_there && return 0
	diag "$calls $nth: after a restart:" "$(find .docket/keys outbox \
	    -name '*.key*')" "$(cat "$T/there")" known "$(cat "$T/known")"
	return 2
}

# From the first key that is made to the last that is delivered: which calls
# of all that the desk makes.
prepare
DOCKET_NOW=$NOW strace -qq -o "$T/calls" "$DOCKET" run --once "$DESK" \
    >/dev/null 2>&1
first=$(grep -n '"\.new-' "$T/calls" | head -1 | cut -d: -f1)
last=$(grep -n 'renameat2.*\.key"' "$T/calls" | tail -1 | cut -d: -f1)
diag "calls $first to $((last + 12)) of $(wc -l <"$T/calls")"
ok "there are many" test $((last - first)) -gt 40

# each as the how manieth of its kind it is, which is what strace counts; those
# with a key's name and some of the others, and all on request: make crash
[ -n "${CRASH:-}" ] && step=1 || step=10
awk -v first=$((first - 1)) -v last=$((last + 12)) -v step=$step '
	{ key = /\.key"|\.new-/; sub(/\(.*/, ""); n[$0]++ }
	NR >= first && NR <= last && (key || NR % step == 0) &&
	/^[a-z0-9_]+$/ { print $0, n[$0] }' "$T/calls" >"$T/points"
bad='' tried=0
while read -r call nth; do
	killed "$call" "$nth" </dev/null
	case $? in
	0) tried=$((tried + 1)) ;;
	2) bad="$bad $call:$nth" ;;
	esac
done <"$T/points"
is "$bad" "" "killed before any of $tried calls between making and delivery"
ok "which are nearly all that were meant" test $((tried * 10)) -gt \
    $(($(wc -l <"$T/points") * 9))

done_testing
