# sweep.sh: a day on which everything happens, run again and again, each time
# with something else going wrong.  Sourced after lib.sh.
#
#	day_before	makes the desk, $T/saved, as it is that morning, and
#			$T/expected, the outcome of the day without trouble
#	again		a fresh copy of it, in $DESK
#	outcome		what must be the same in the end, whatever happened
#	sound		what must hold, whatever happened
#	some N SAMPLE	the numbers up to N, or a sample of so many
#	sweep FUNCTION <POINTS	calls it for each line, on all cores
#	complain ACTION N WHAT FILE	says what was wrong there
#
# The day: forms come in (plain, from a drop box, malformed, revised, a
# withdrawal, a batch, a signed list of decisions); people move, sign and
# return with a note; a key is issued, one is encrypted to its client, one is
# rotated; one is revoked at once and one on request; one expires, one comes
# into force, one is about to end; a paper is deleted; the policy changes.
# shellcheck shell=sh disable=SC2034

BEFORE=2027-03-01T12:00:00Z
NOW=2027-03-08T09:00:00Z

# A file system in memory where there is one: what is killed here is the
# program, not the machine.
for _memory in "${CRASH_TMP:-}" /dev/shm; do
	[ -n "$_memory" ] && [ -w "$_memory" ] && [ -z "${ON_DISK:-}" ] || continue
	[ "$(df -Pk "$_memory" | awk 'NR == 2 { print $4 }')" -gt 400000 ] ||
		continue
	cd / && rm -rf "$T"
	T=$(mktemp -d "$_memory/docket-test.XXXXXX")
	DESK=$T/desk
	cd "$T" || exit 1
	break
done

BASE=$T

# a sanitizer cannot look for leaks in what is traced
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

# fewer places to look for a tool: fewer calls that are all alike
PATH=$BUILD:$BUILD/test/tools:/usr/bin:/bin

needs strike ssh-keygen age sqlite3
strike -c +change -- true 2>/dev/null || skip_all "nothing may be traced here"

# sweep's processes have a desk each, and clean up nothing
lane() {
	T=$T/lane$1
	DESK=$T/desk
	mkdir -p "$T"
	trap - EXIT
}

number() {
	"$DOCKET" list "$1" --format csv | sed -n 's/^\([A-Z][A-Z]-[0-9]*\),.*/\1/p'
}

_terms() {
	case $1 in
	begins) echo 2027-03-02 2027-12-31 ;;
	expires) echo 2027-03-01 2027-03-07 ;;
	nears) echo 2027-03-01 2027-03-15 ;;
	changed | returned) echo 2027-04-01 2027-12-31 ;;
	*) echo 2027-03-01 2027-12-31 ;;
	esac
}

_receive() {
	for _name; do
		# shellcheck disable=SC2046 # two dates
		key_form acme "$_name" $(_terms "$_name") | drop "$_name.xml"
	done
	once DOCKET_NOW=$BEFORE
}

_batch() {
	echo '<batch xmlns="urn:docket:request:1">'
	for _name in many-one many-two many-bad many-one; do
		key_form acme "$_name" | sed -e 1d \
		    -e "$([ "$_name" = many-bad ] && echo 's/>100</>0</')"
	done
	echo '</batch>'
}

_decisions() {
	echo '<decisions xmlns="urn:docket:request:1">'
	for _name in approve reject; do
		_no=$(number listed-$_name)
		printf '<decision number="%s" revision="1" event="%s" ' \
		    "$_no" $_name
		printf 'sha256="%s"><note>So.</note></decision>\n' \
		    "$(sha256sum "pending/$_no.xml" | cut -c1-64)"
	done
	echo '</decisions>'
}

_policy() {
	conf '[inbox]' '	grace = 0' '[ledger]' "	signingKey = $T/key" \
	    '[review]' '	apart = false' '[reviewer "alice"]' '	group = desk'
	{
		echo "docket namespaces=\"git\" $(cut -d' ' -f1,2 "$T/key.pub")"
		echo "alice $(cut -d' ' -f1,2 "$T/alice.pub")"
	} >allowed_signers
}

_lists() {
	echo '<clients xmlns="urn:docket:catalog:1">'
	echo '<client id="acme"><name>Acme</name></client>'
	printf '<client id="beta"><name>Beta</name><recipient>%s</recipient>' \
	    "$(age-keygen -y "$T/identity" 2>/dev/null)"
	echo '</client></clients>'
}

day_before() {
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/key"
	ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/alice"
	age-keygen -o "$T/identity" 2>/dev/null
	make_desk
	_policy
	once DOCKET_NOW=$BEFORE
	_lists | drop clients.xml
	once DOCKET_NOW=$BEFORE
	mv pending/CL-*.xml approved/
	once DOCKET_NOW=$BEFORE
	_receive rotated revoked ended expires begins nears
	mv pending/AK-*.xml approved/
	once DOCKET_NOW=$BEFORE
	request rotation "$(number rotated)" "Leaked." |
	    sed 's,</rotation>,<overlap>0</overlap>&,' | drop r.xml
	request revocation "$(number ended)" "No longer." | drop e.xml
	once DOCKET_NOW=$BEFORE
	mkdir inbox/beta
	_receive moved signed changed returned withdrawn listed-approve listed-reject
	key_form beta sealed | drop beta/sealed.xml
	once DOCKET_NOW=$BEFORE
	_that_day
	cd "$T" && mv "$DESK" "$T/saved"
	again
	once DOCKET_NOW=$NOW
	outcome >"$T/expected"
	is "$(sound)" "" "a day without trouble leaves everything sound"
}

# What everybody does that morning, before the desk looks.
_that_day() {
	_no=$(number changed)
	sed 's/changed/changed, again/' "outbox/$_no.xml" | drop revised.xml
	request withdrawal "$(number withdrawn)" "Not needed." |
	    drop withdraw.xml
	key_form acme fresh | drop fresh.xml
	key_form beta boxed | drop beta/boxed.xml
	echo '<broken' | drop bad.xml
	_batch | drop many.xml
	_decisions >"$T/list.xml"
	ssh-keygen -q -Y sign -f "$T/alice" -n decisions@docket "$T/list.xml" \
	    2>/dev/null
	mv "$T/list.xml" "$T/list.xml.sig" inbox/
	_no=$(number signed)
	ssh-keygen -q -Y sign -f "$T/alice" -n approve@docket \
	    "pending/$_no.xml" 2>/dev/null
	_no=$(number returned)
	echo "Which API?" >"pending/$_no.note.txt"
	mv "pending/$_no.xml" returned/
	_no=$(number revoked)
	echo "Misused." >"approved/$_no.note.txt"
	mv "approved/$_no.xml" revoked/
	for _name in moved sealed; do
		mv "pending/$(number $_name).xml" approved/
	done
	mv "pending/$(number rotated).rotation.xml" approved/
	mv "pending/$(number ended).revocation.xml" revoked/
	rm -f "approved/$(number begins).xml"
	conf '[review]' '	remind = 4d'
}

again() {
	cd "$T" || exit 1
	rm -rf "$DESK"
	cp -a "$BASE/saved" "$DESK"
	cd "$DESK" || exit 1
}

# With the names of cases for their numbers: files that lie there together are
# taken in no particular order.
outcome() {
	ledger log --reverse --format='%s' |
	    sed -n 's/^\([A-Z]*-[0-9]*\) received: \(.*\) (.*)$/s|\1|\2|g/p' \
	    >"$T/names"
	{
		ledger log --reverse --format='%(trailers:key=Number,valueonly,separator=%x2C) %(trailers:key=Event,valueonly,separator=%x2C) %(trailers:key=State,valueonly,separator=%x2C) %(trailers:key=Revision,valueonly,separator=%x2C) %(trailers:key=Decided-by,valueonly,separator=%x2C)'
		find pending approved returned rejected revoked outbox inbox \
		    .docket/claims .docket/work .docket/answers \
		    .docket/batches .docket/keys \
		    ! -path '*/README*' ! -path 'outbox/forms/*' \
		    ! -type d 2>/dev/null | LC_ALL=C sort
	} | sed -f "$T/names" | LC_ALL=C sort -s -k1,1
}

# Digests of the keys that are where their clients find them.
_keys_there() {
	find outbox -name '*.key' -exec head -qc 66 {} \; | fold -w 66 |
	    while read -r _key || [ -n "$_key" ]; do
		printf %s "$_key" | sha256sum | cut -c1-64
	done
	find outbox -name '*.key.age' | while read -r _file; do
		age -d -i "$BASE/identity" "$_file" | head -c 66 |
		    sha256sum | cut -c1-64
	done
}

_keys_known() {
	ledger log --format='%(trailers:key=Key-SHA256,valueonly,separator=)' |
	    grep .
}

_index_is_right() {
	index_dump >"$T/index"
	"$DOCKET" rebuild index >/dev/null 2>&1 &&
	    index_dump | cmp -s "$T/index" -
}

# sound [quickly]: says what is not.
# shellcheck disable=SC2120 # words for others
sound() {
	_keys_there | sort >"$T/there"
	_keys_known | sort >"$T/known"
	[ "$(tray_papers)" = "$(ledger_papers)" ] || echo "trays"
	[ -z "$(ledger fsck --strict --no-dangling 2>&1)" ] || echo "fsck"
	[ ! -e ledger.git/refs/heads/main.lock ] || echo "lock"
	cmp -s .docket/shown ledger.git/refs/heads/main || echo "shown"
	cmp -s "$T/there" "$T/known" || {
		echo "keys"
		diff "$T/there" "$T/known"
	}
	find outbox pending approved -size 0
	[ -z "${1:-}" ] || return 0
	"$DOCKET" audit ledger.git >"$T/audit" 2>&1 || {
		echo "audit"
		cat "$T/audit"
	}
	_index_is_right || echo "index"
}

# some N SAMPLE: every so manieth; with CRASH all, with STEP=9 a ninth of them
some() {
	case ${CRASH:-} in
	'') _step=$(($1 / $2 + 1)) && seq $((_step / 2 + 1)) $_step "$1" ;;
	*) seq 1 "${STEP:-1}" "$1" ;;
	esac
}

complain() {
	echo "$1 $2: $3: $(cat "$T/hit")"
	head -20 "$4" | sed 's/^/    /'
}

# sweep FUNCTION: calls it with the words of each line of standard input, on
# all cores; it prints nothing if all is well. Lines it prints are in
# $T/wrong, the number of points in $tried.
sweep() {
	_lanes=${SWEEP_JOBS:-$(nproc 2>/dev/null || echo 1)}
	cat >"$T/points"
	tried=$(grep -c . "$T/points")
	_lane=0
	_pids=
	while [ $_lane -lt "$_lanes" ]; do
		(
			_mine=$_lane
			lane "$_lane"
			awk -v n="$_lanes" -v k="$_mine" 'NR % n == k' \
			    "$BASE/points" >"$T/points"
			while read -r _point; do
				# shellcheck disable=SC2086 # words
				"$1" $_point </dev/null
			done <"$T/points" >"$T/wrong" 2>&1
		) &
		_pids="$_pids $!"
		_lane=$((_lane + 1))
	done
	# shellcheck disable=SC2086 # words
	wait $_pids
	cat "$T"/lane*/wrong >"$T/wrong"
	cat "$T"/lane*/struck 2>/dev/null >"$T/struck"
}
