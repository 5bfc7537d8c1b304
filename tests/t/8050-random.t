#!/bin/sh
# Days of a desk in no order that anybody thought of: legal and illegal steps
# by chance, by a test clock; whatever comes, the ledger is proven, the trays
# show it, the index can be made again and every file has its answer.
#
# SEED=N repeats a run, as far as forms that come together are taken in the same
# order; ROUNDS=N makes it longer; CRASH=1 has several.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/signers.sh"
command -v ssh-keygen >/dev/null || skip_all "needs ssh-keygen"

ROUNDS=${ROUNDS:-24}
rnd=0
# chance N: $r is one of 0 to N - 1 (Park and Miller; sh has 32 bits at least)
chance() {
	rnd=$(((rnd * 16807) % 2147483647))
	r=$((rnd / 8 % $1))
}
# one WORD ...: $word is one of them
one() {
	chance $#
	shift "$r"
	word=$1
}
# paper TRAY: $paper is a paper in it that is no signature and no key, if any
paper() {
	# shellcheck disable=SC2046 # names without blanks
	set -- $(cd "$1" && for f in *.xml; do echo "$f"; done |
	    grep -v '\.key\|^\*')
	paper=
	[ $# = 0 ] || one "$@"
	[ $# = 0 ] || paper=$word
}
# day N: N days from now
day() {
	date -u -d "@$((now + $1 * 86400))" +%F
}

# Steps.

# send COMMAND: drops what it prints (a pipe would lose what chance did)
send() {
	sent=$((sent + 1))
	"$1" >"$T/x"
	[ -s "$T/x" ] || return
	one "" "" box/
	names="$names $word$1$sent.xml"
	chance 8
	[ "$r" != 0 ] || {
		gzip "$T/x"
		mv "$T/x.gz" "$T/x"
	}
	mv "$T/x" "inbox/$word$1$sent.xml"
}
application() {
	chance 4
	first=$r
	one acme acme beta
	key_form "$word" "Größe $sent &amp; ☃" "$(day "$first")" \
	    "$(day $((first + 3 + rnd % 40)))"
}
asked() {
	paper approved
	[ -n "$paper" ] || paper pending
	[ -n "$paper" ] || return
	one revocation rotation rotation withdrawal
	case $word in
	rotation) request rotation "${paper%%.*}" "Why $sent." |
	    sed 's,</rot,<overlap>2d</overlap>&,' ;;
	*) request "$word" "${paper%%.*}" "Why $sent." ;;
	esac
}
revision() {
	one outbox outbox/box
	# shellcheck disable=SC2046 # names without blanks
	set -- $(find "$word" -maxdepth 1 -name '??-0*.xml' | sort |
	    grep -E '/[A-Z]+-[0-9]+(\.r[0-9]+)?\.xml$')
	[ $# -gt 0 ] || return
	one "$@"
	chance 30
	sed -E "s,<quota>.*<,<quota>$((rnd % 99 + 1))<,
	    s,<expiry>.*<,<expiry>$(day $((r + 1)))<," "$word"
}
batch() {
	echo '<batch xmlns="urn:docket:request:1">'
	for _part in 1 2 3; do
		one application asked revision
		$word >"$T/part"
		grep -v '^<?xml' "$T/part"
		sent=$((sent + 1))
	done
	echo '</batch>'
}
list() {
	one acme nobody
	printf '<clients xmlns="urn:docket:catalog:1">'
	printf '<client id="%s"><name>%s</name></client>' \
	    beta "Nr. $sent" "$word" "Größe"
	echo '</clients>'
}
note() {
	echo "Weil ☃ $rnd." >"$1/${paper%%.*}.note.txt"
}
signs() {
	rm -f "$from/$paper.sig"
	ssh-keygen -q -Y sign -f "$T/$1" -n "$how@docket" "$from/$paper" \
	    2>/dev/null
}
decide() {
	one pending pending pending approved
	from=$word
	paper "$from"
	[ -n "$paper" ] || return
	one approve approve approve return reject revoke
	[ "$from" = pending ] || word=revoke
	case $word in
	approve) to=approved ;;
	return) to=returned ;;
	reject) to=rejected ;;
	revoke) to=revoked ;;
	esac
	how=$word
	chance 3
	[ "$r" = 0 ] || note "$from"
	one mv cp bob eve both command
	case $word in
	mv | cp) $word "$from/$paper" "$to/" ;;
	both)
		cp "$from/$paper" "$to/"
		signs bob
		;;
	command) "$DOCKET" "$how" "${paper%%.*}" -m "Darum." >/dev/null 2>&1 ;;
	*) signs "$word" ;;
	esac
	did="$did $word:$how:$from/$paper"
}
decisions() {
	paper pending
	[ -n "$paper" ] || return
	one approve approve reject
	sum=$(sha256sum "pending/$paper" | cut -c1-64)
	n=$(sed -n 's/.*<?docket .*revision="\([0-9]*\)".*/\1/p' \
	    "pending/$paper")
	cat >"$T/list" <<-LIST
	<decisions xmlns="urn:docket:request:1"><decision
	number="${paper%%.*}" revision="$n" event="$word" sha256="$sum"/>
	</decisions>
	LIST
	sent=$((sent + 1))
	rm -f "$T/list.sig"
	ssh-keygen -q -Y sign -n decisions@docket -f "$T/bob" "$T/list" \
	    2>/dev/null
	cp "$T/list.sig" "inbox/list$sent.xml.sig"
	cp "$T/list" "inbox/list$sent.xml"
	names="$names list$sent.xml"
}
harm() {
	one pending approved revoked
	tray=$word
	paper "$tray"
	[ -n "$paper" ] || return
	one "rm -f" "cp $T/bob.pub" "mv -t rejected"
	case $word in
	mv*) $word "$tray/$paper" ;;
	rm*) $word "$tray/$paper" ;;
	*)
		$word "$T/junk"
		mv "$T/junk" "$tray/$paper"
		;;
	esac
}
rules() {
	sed '/^\[review/,$d' "$T/rules" >"$T/conf"
	one 0 1 2 2
	printf '%s\n' '[reviewer "me"]' "	user = $(id -un)" \
	    '	group = a' '[reviewer "bob"]' '	group = a' '[review]' \
	    '	apart = false' '	lapse = 9d' '	note = return' \
	    '[review "AK"]' "	quorum = $word" >>"$T/conf"
	one revoke reject "AK return"
	printf '%s\n' "[review \"$word\"]" '	stage = a:2' >>"$T/conf"
	cp "$T/conf" docket.conf
	one "" "test=\"f:quota != 7\"" "test=\"f:quota &lt; 90\""
	sed "s,<d:rule element=\"f:application\",<d:rule element=\
\"f:application\" when=\"decision\" ${word:-test=\"true()\"}>No.</d:rule>&," \
	    "$T/api-key.xsd" >schemas/api-key.xsd
}

# What must hold.

left() {
	find inbox -type f ! -name 'README*'
	find .docket/claims -mindepth 1
	for name in $names; do
		"$DOCKET" why "$name" >/dev/null 2>&1 || echo "$name: no answer"
	done
	find pending approved returned rejected revoked -name '*.refused.txt' |
	while read -r name; do
		[ -n "$(find "${name%/*}" -name "$(basename "$name" \
		    .refused.txt).*xml")" ] || echo "$name: of no case"
	done
}
proven() {
	[ "$(tray_papers)" = "$(ledger_papers)" ] ||
	    diag "the trays do not show the ledger"
	ledger fsck --strict --no-dangling 2>&1
	"$DOCKET" audit ledger.git >"$T/audit" 2>&1 || cat "$T/audit"
	index_dump >"$T/before"
	"$DOCKET" rebuild index >/dev/null || echo "the index cannot be made"
	index_dump | diff "$T/before" -
	if [ -e outbox/gateway ]; then
		cat outbox/gateway/*.map >"$T/before"
		"$DOCKET" rebuild gateway >/dev/null ||
		    echo "nor the gateways' files"
		cat outbox/gateway/*.map | diff "$T/before" -
	fi
	"$DOCKET" doctor index ledger trays keys gateway claims answers |
	    grep -E '^(warn|fail)'
	left
}

# run SEED
run() {
	rnd=$1 now=1800000000 sent=0 names=
	cd "$T" || exit 1
	rm -rf "$DESK"
	make_desk
	mkdir -m 700 inbox/box
	sed '/^\[reviewer/,$d' docket.conf >"$T/rules"
	printf '%s\n' '[inbox]' '	grace = 0' '[box "box"]' \
	    '	client = acme' >>"$T/rules"
	cp schemas/api-key.xsd "$T/"
	signer bob >allowed_signers
	rules
	round=0 bad=
	while [ $round -lt "$ROUNDS" ] && [ -z "$bad" ]; do
		round=$((round + 1)) did=
		DOCKET_NOW=$(date -u -d "@$now" +%FT%TZ)
		export DOCKET_NOW
		chance 5
		steps=$((r + 2))
		while [ $steps -gt 0 ]; do
			steps=$((steps - 1))
			one application application asked asked revision batch list decide \
			    decide decide decide decide decisions harm rules
			case $word in
			rules) [ $((round % 4)) != 0 ] || rules ;;
			list) [ $((round % 5)) != 0 ] || send list ;;
			application | asked | batch | revision) send "$word" ;;
			*) $word ;;
			esac
		done
		once || bad="docket run --once fails"
		chance 4
		[ "$r" = 0 ] || now=$((now + rnd % 100000))
		[ "$r" != 1 ] || now=$((now + 86400 * (rnd % 4)))
		[ $((round % 12)) != 0 ] || bad=$bad$(proven)
	done
	is "$bad" "" "SEED=$1: all holds over $round rounds"
	diag "$(ledger log --format='%(trailers:key=Event,valueonly)' | grep . |
	    sort | uniq -c | tr -s ' \n' ' ')"
	unset DOCKET_NOW
}

key bob
key eve
run "${SEED:-20270115}"
[ -n "${CRASH:-}" ] || done_testing
ROUNDS=96
for seed in 1 2 3 4; do
	run $((seed * 7919 + 17))
done
done_testing
