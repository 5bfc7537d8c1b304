#!/bin/sh
# A desk that is killed while it has a signed list in hand answers it, started
# again, as if it had not been killed: once, the list with its signature, and
# neither of the two by itself; whether all of its decisions hold, some, none,
# or it is refused as a whole.
#
# Killed before each call that makes or ends a name, or syncs, from about the
# first that has to do with the claims on; make crash: more lists, and before
# each call that changes anything.
. "$(dirname "$0")/lib.sh"
needs strike ssh-keygen
strike -c +change -- true 2>/dev/null || skip_all "nothing may be traced here"
# a sanitizer cannot look for leaks in what is traced
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

# status.txt is known to be up to date by its time: the clock does not go back
BEFORE=2027-01-01T11:00:00Z
NOW=2027-01-01T12:00:00Z
LATER=2027-01-01T13:00:00Z
LISTS="none none-apart some changed unrecorded"
CALLS=mkdirat,link,rename,renameat,renameat2,unlinkat,fsync
if [ -n "${CRASH:-}" ]; then
	LISTS="$LISTS all changed-apart"
	CALLS=+change
fi
ROUND=019999999999aaaaaaa

ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/alice"

# entry NUMBER REVISION
entry() {
	printf '<decision number="%s" revision="%s" event="reject" ' "$1" "$2"
	printf 'sha256="%s"><note>So.</note></decision>\n' \
	    "$(sha256sum "pending/$1.xml" | cut -c1-64)"
}

# list NUMBER:REVISION ...: a signed list in $T
list() {
	{
		echo '<decisions xmlns="urn:docket:request:1">'
		for _entry; do
			entry "${_entry%:*}" "${_entry#*:}"
		done
		echo '</decisions>'
	} >"$T/list.xml"
	rm -f "$T/list.xml.sig"
	ssh-keygen -q -Y sign -f "$T/alice" -n decisions@docket \
	    "$T/list.xml" 2>/dev/null
}

# morning [LINE ...]: a desk with two forms, and these settings
morning() {
	cd "$T" && rm -rf "$DESK"
	make_desk
	conf '[inbox]' '	grace = 0' '[review]' '	apart = false' \
	    '[reviewer "alice"]' '	group = desk' "$@"
	echo "alice $(cut -d' ' -f1,2 "$T/alice.pub")" >allowed_signers
	key_form acme one | drop one.xml
	once DOCKET_NOW=$BEFORE
	key_form acme two | drop two.xml
	once DOCKET_NOW=$BEFORE
}

claim() {
	mkdir -p ".docket/claims/$1@"
	mv "$2" ".docket/claims/$1@/"
}

# Each is begun where the desk has not seen anything of the list.
lay_all() { list AK-000001:1 AK-000002:1; }
lay_some() { list AK-000001:1 AK-000002:2; }
lay_none() { list AK-000001:2 AK-000002:2; }
lay_changed() { lay_none && echo >>"$T/list.xml"; }
lay_unrecorded() { lay_changed; }

lay() {
	case $1 in
	unrecorded) morning '[ledger]' '	refusals = false' ;;
	*) morning ;;
	esac
	"lay_${1%-*}"
	case $1 in
	# they came one after the other
	*-apart)
		claim ${ROUND}1 "$T/list.xml.sig"
		claim ${ROUND}2 "$T/list.xml"
		;;
	*) mv "$T/list.xml" "$T/list.xml.sig" inbox/ ;;
	esac
	rm -rf "$T/saved"
	mv "$DESK" "$T/saved"
}

again() {
	cd "$T" && rm -rf "$DESK"
	cp -a "$T/saved" "$DESK"
	cd "$DESK" || exit 1
}

# A refusal that is made from the ledger says the same in fewer words; the first
# line of an answer has the time; half a status.txt goes with the next one.
outcome() {
	ledger log --reverse --format=%s
	find outbox inbox .docket/claims .docket/work .docket/answers \
	    -mindepth 1 ! -path 'outbox/forms*' ! -name '.docket-*' |
	    LC_ALL=C sort
	sed 1d outbox/list.xml.decisions.txt 2>/dev/null
	sed -n '/^  [0-9]* - /p' outbox/*.refused.txt 2>/dev/null
	cat outbox/list.xml 2>/dev/null
}

# struck N WHAT: that becomes of the Nth call, and then the desk is started
# again. Says what is wrong, if anything is; 1: it never came so far.
struck() {
	again
	DOCKET_NOW=$NOW strike -p daemon -c $CALLS -n "$1" -a "$2" \
	    -l "$T/calls" -- "$DOCKET" run --once "$DESK" >"$T/first" 2>&1
	grep '^[0-9]*\*' "$T/calls" >"$T/hit" || return 1
	cat "$T/hit" >>"$T/hits"
	if ! once DOCKET_NOW=$LATER; then
		echo "$2 at $(cat "$T/hit"): it does not start again"
	elif ! outcome | diff "$T/expected" - >"$T/diff"; then
		echo "$2 at $(cat "$T/hit"): the outcome differs"
		cat "$T/diff"
	fi
}

for list in $LISTS; do
	lay $list
	again
	DOCKET_NOW=$NOW strike -p daemon -c $CALLS -l "$T/calls" -- \
	    "$DOCKET" run --once "$DESK" >"$T/first" 2>&1
	outcome >"$T/expected"
	case $list in
	none*) is "$(grep -c refused outbox/list.xml.decisions.txt)" 2 \
	    "$list: no decision of it holds" ;;
	some) is "$(echo rejected/AK*)" rejected/AK-000001.xml \
	    "$list: one holds" ;;
	all) is "$(echo rejected/AK*)" \
	    "rejected/AK-000001.xml rejected/AK-000002.xml" \
	    "$list: both hold" ;;
	*) ok "$list: it is refused" grep -q "2012 - The signature is not" \
	    outbox/list.xml.refused.txt ;;
	esac
	# not always the same: on a busy machine there are more rounds
	n=$(($(sed -n '/claims/{s/ .*//p;q;}' "$T/calls") - 2))
	: >"$T/hits"
	while struck $n kill; do
		n=$((n + 1))
	done >"$T/wrong"
	is "$(cat "$T/wrong")" "" \
	    "killed at $(grep -c . "$T/hits") calls, and answered as if not"
	is "$(grep -c 'unlinkat.*/claims/.*list\.xml' "$T/hits")" 2 \
	    "at the deletion of either claim too"
done

# what the machine refuses once is done at the next start
lay none
again
once DOCKET_NOW=$NOW
outcome >"$T/expected"
CALLS=renameat2,unlinkat
n=0
: >"$T/hits"
while struck $((n += 1)) EIO; do
	:
done >"$T/wrong"
is "$(cat "$T/wrong")" "" "a name that cannot be made or ended blames nobody"
file_like "$T/hits" "renameat2 .*/claims/.*/claims/" \
    "nor list and signature that cannot be joined"

# a list that is known, and lies in the claims without its signature
morning
list AK-000001:1
cp "$T/list.xml" "$T/alone.xml"
mv "$T/list.xml" "$T/list.xml.sig" inbox/
once DOCKET_NOW=$NOW
ok "a list is decided" test -e rejected/AK-000001.xml
claim ${ROUND}3 "$T/alone.xml"
once DOCKET_NOW=$NOW
ok "the same once more, alone, is answered after a crash" grep -q \
    "came without its signature" outbox/alone.xml.refused.txt

# a list that was begun keeps the signature that it had: what has come since,
# in other claims or inbox, is not its
list AK-000002:1
cp "$T/list.xml.sig" "$T/.list.xml"
sed s/A/B/ "$T/list.xml.sig" >"$T/other.sig"
claim ${ROUND}4 "$T/list.xml"
claim ${ROUND}4 "$T/.list.xml"
claim ${ROUND}5 "$T/list.xml.sig"
mv "$T/other.sig" inbox/list.xml.sig
rm outbox/list.xml.decisions.*
once DOCKET_NOW=$NOW
ok "a list that has its signature takes no other" \
    test -e rejected/AK-000002.xml -a -e outbox/list.xml.decisions.txt
ok "the other is answered by itself" \
    test -e outbox/list.xml.sig.refused.txt
is "$(find inbox .docket/claims -type f ! -name 'README*')" "" \
    "and all is done with"
done_testing
