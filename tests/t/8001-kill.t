#!/bin/sh
# A desk killed at any numbered step of the order of events finishes, when it
# is started again, what was begun: once.
#
# The steps are named by the system call before which the daemon is killed
# (strace injection, the program itself knows nothing of it). What comes out
# in the end is compared with a run that was not killed.
. "$(dirname "$0")/lib.sh"
command -v strace >/dev/null || skip_all "needs strace"
strace -o /dev/null true 2>/dev/null || skip_all "strace may not trace here"

NOW=2027-01-01T12:00:00Z

# A scenario: a good form, a bad one, a decision with a note, a revision, a
# withdrawal, a deleted paper.
prepare() {
	cd "$T" || exit 1
	rm -rf "$DESK"
	make_desk
	conf '[inbox]' '	grace = 0'
	key_form acme one | drop one.xml
	key_form acme two | drop two.xml
	key_form acme three | drop three.xml
	once DOCKET_NOW=$NOW
	key_form acme good | drop good.xml
	echo '<broken' | drop bad.xml
	one=$(number one) two=$(number two) three=$(number three)
	sed 's/two/two, again/' "outbox/$two.xml" | drop revised.xml
	request withdrawal "$three" "Not needed." | drop withdraw.xml
	echo "Fine." >"pending/$one.note.txt"
	mv "pending/$one.xml" approved/
}

number() {
	"$DOCKET" list "$1" --format csv | sed -n 's/^\(AK-[0-9]*\),.*/\1/p'
}

# What must be the same in the end: each case, by its name, with its state and
# history; every answer; nothing left in between. Numbers may differ, as two
# forms that lie there together are taken in no particular order.
outcome() {
	for name in one two three good; do
		n=$(number "$name")
		echo "$name: $("$DOCKET" list "$n" --format csv |
		    sed -n 's/^AK[^,]*,\([^,]*\),.*/\1/p')"
		ledger log --reverse --format=%s |
		    sed -n "s/^$n \([a-z]*\): .*/  \1/p"
		(cd outbox && ls | sed -n "s/^$n\./  /p")
	done
	echo "refused: $(ledger log --format=%s | grep -c '^refused')"
	(cd outbox && find . -name "*bad*" | sort)
	find .docket/claims .docket/work .docket/answers -mindepth 1 | wc -l
	(cd inbox && find . -type f ! -name "README*" | sort)
	ls outbox/strays 2>/dev/null
	find pending approved -name '*.note.txt' -o -name '*.refused.txt'
}

sound() {
	[ "$(tray_papers)" = "$(ledger_papers)" ] &&
	    [ -z "$(ledger fsck --strict --no-dangling 2>&1)" ] &&
	    [ ! -e ledger.git/refs/heads/main.lock ] &&
	    cmp -s .docket/shown ledger.git/refs/heads/main
}

prepare
once DOCKET_NOW=$NOW
outcome >"$T/expected"
ok "the run that is not killed leaves everything sound" sound
diag "$(cat "$T/expected")"

# killed CALL NTH [PATH]: killed before the NTH such call (that touches PATH).
# 0: all is well after a restart; 1: it never came so far; 2: it is not.
killed() {
	prepare
	if [ $# = 3 ]; then
		DOCKET_NOW=$NOW strace -f -qq -o /dev/null -e trace="$1" \
		    -e inject="$1:signal=KILL:when=$2" -P "$3" \
		    "$DOCKET" run --once "$DESK" >/dev/null 2>&1
	else
		DOCKET_NOW=$NOW strace -qq -o /dev/null -e trace="$1" \
		    -e inject="$1:signal=KILL:when=$2" \
		    "$DOCKET" run --once "$DESK" >/dev/null 2>&1
	fi
	[ $? = 137 ] || return 1
	once DOCKET_NOW=$NOW || return 2
	outcome >"$T/got"
	cmp -s "$T/expected" "$T/got" && sound && return 0
	diag "$*:" "$(diff "$T/expected" "$T/got")" "$(cat "$T/once")"
	return 2
}

while read -r call nth path step; do
	ok "killed $step" killed "$call" "$nth" "$DESK/$path"
done <<'EOF'
renameat2 1 inbox before the first claim (1)
renameat2 3 inbox between two claims (1)
openat 1 .docket/claims with claims, before anything is checked (2)
fsync 1 .docket/claims before the claims are synced (5)
openat 1 ledger.git/objects/pack before the pack is written (5)
fsync 1 ledger.git/objects/pack/tmp_docket.pack before the pack is synced (5)
renameat 1 ledger.git/objects/pack before it has its name (5)
renameat 2 ledger.git/objects/pack with half a pack (5)
fsync 1 ledger.git/objects/pack before its name is synced (5)
rename 1 ledger.git/refs/heads/main.lock before the branch moves (5)
openat 1 .docket/index.db-journal after the commit, before the index (6)
renameat2 1 pending before the trays are shown (6)
renameat2 2 pending in the middle of the trays (6)
write 1 .docket/shown with the trays shown, before it is noted (6)
renameat 1 outbox before the first answer (7)
renameat 4 outbox between two answers (7)
write 1 .docket/delivered with all answers given, before it is noted (7)
unlinkat 1 .docket/claims before the first claim is dropped (8)
unlinkat 3 .docket/claims between two (8)
EOF

# every one of these calls of a whole run, on request: make crash
[ -n "${CRASH:-}" ] || done_testing
points=0
for call in mkdirat renameat renameat2 unlinkat rename fsync pwrite64 \
    ftruncate openat; do
	nth=0
	bad=
	while :; do
		nth=$((nth + 1))
		killed $call $nth
		case $? in
		1) break ;;
		2) bad="$bad $nth" ;;
		esac
		points=$((points + 1))
	done
	is "$bad" "" "killed before any of $((nth - 1)) calls of $call"
done
diag "$points points tried"
done_testing
