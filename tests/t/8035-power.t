#!/bin/sh
# The power fails, for real: a desk on a file system of its own, which is shut
# down under load at some moment so that all that was not synced is gone, and
# mounted again. Nothing that anybody has seen acknowledged is missing: each
# receipt, answer and key is there as it was read, each decision that was seen
# to be made holds. What was seen, a process notes that knows nothing of
# docket, on another file system.
#
# Needs root, loop devices, mkfs.ext4 and mkfs.xfs. 200 times: make crash. Here
# a few; TRIALS=n for another number, SEED=n to have the same moments again.
. "$(dirname "$0")/mounts.sh"

TRIALS=${TRIALS:-${CRASH:+100}}
TRIALS=${TRIALS:-3}
SEED=${SEED:-$$}
diag "SEED=$SEED"
mkdir "$T/copies"

# Another boot of the machine each time, as far as anybody can tell.
boot() {
	cat /proc/sys/kernel/random/uuid >"$T/boot_id"
	[ -n "${booted:-}" ] ||
		mount --bind "$T/boot_id" /proc/sys/kernel/random/boot_id
	booted=yes
}

# A random number below $1, of a series that SEED gives.
random() {
	SEED=$(((SEED * 1103515245 + 12345) % 2147483648))
	_random=$((SEED / 65536 % $1))
}

prepare() {
	leave
	rm -f "$T/image"
	truncate -s 400M "$T/image"
	"mkfs.$1" -q "$T/image" >/dev/null 2>&1 &&
	    mount -o loop "$T/image" "$M" 2>/dev/null || return 1
	cd "$M" && make_desk
	conf '[inbox]' '	settle = 50ms' '	grace = 0'
	once
	sync
	: >"$T/notes"
	: >"$T/sent"
}

# Forms come in, one in nine is malformed, now and then a batch; what waits is
# approved, by copy, so that only the desk takes a paper out of pending.
load() {
	_i=0
	while :; do
		_i=$((_i + 1))
		case $_i in
		*[27]) echo "<broken $1 $_i" ;;
		*5) _batch "$1-$_i" ;;
		*) key_form acme "load $1 $_i" 2027-01-01 ;;
		esac >"$T/form"
		cp "$T/form" "$DESK/inbox/.load" &&
		    mv "$DESK/inbox/.load" "$DESK/inbox/load-$1-$_i.xml" ||
			return
		for _paper in "$DESK"/pending/AK-*[0-9].xml; do
			[ $((_i % 3)) = 0 ] || break
			cp "$_paper" "$DESK/approved/" || return
		done
	done 2>/dev/null
}

_batch() {
	echo '<batch xmlns="urn:docket:request:1">'
	for _part in 1 2 3; do
		key_form acme "part $1 $_part" 2027-01-01 | sed 1d
	done
	echo '</batch>'
}

# What a file says. An answer that was seen just before it was synced may have
# been made again from the ledger: that does not have the parser's own words,
# nor when the answer to a batch was given.
words() {
	sed -e '/<parser>/d' -e '/^ *(.*)$/d' -e '1,2s/ at="[^"]*"//' \
	    -e '1s/20[-0-9]* [0-9:]*$//' "$1" 2>&1
}

# What was noted and is not so any more.
missing() {
	sed -n 's/^file //p' "$T/notes" | while read -r _path _sha; do
		words "$T/copies/$_sha" >"$T/was"
		words "$DESK/$_path" | diff "$T/was" - >"$T/diff" || {
			echo "$_path is not what it was"
			cat "$T/diff"
		}
	done
	sed -n 's/^there //p' "$T/notes" | while read -r _path; do
		# a note of what was undone goes when the case moves on
		case $_path in
		*.refused.txt)
			[ -e "$DESK/${_path%.refused.txt}.xml" ] || continue ;;
		esac
		find "$DESK"/pending "$DESK"/approved -name "${_path#*/}" |
		    grep -q . || echo "$_path is nowhere"
	done
	sed -n 's/^gone //p' "$T/notes" | while read -r _path; do
		[ ! -e "$DESK/$_path" ] || echo "$_path is back"
	done
}

# Keys that are delivered, and those that the ledger knows.
keys() {
	find outbox -name 'AK-*.key' -exec head -qc 66 {} \; | fold -w 66 |
	    while read -r _key || [ -n "$_key" ]; do
		printf %s "$_key" | sha256sum | cut -c1-64
	done | sort >"$T/there"
	ledger log --format='%(trailers:key=Key-SHA256,valueonly,separator=)' |
	    grep . | sort | cmp "$T/there" - || echo "keys differ"
}

# One failure of the power. Says what is wrong after it.
trial() {
	boot
	"$DOCKET" run "$DESK" >"$T/log" 2>&1 &
	_pid=$!
	waitfor -t 60 match "$T/log" event=ready || cat "$T/log"
	witness "$DESK" "$T/notes" "$T/copies" &
	_witness=$!
	load "$1" &
	_load=$!
	random 1500
	sleep "$((_random / 1000)).$(printf %03d $((_random % 1000)))"
	plug "$M"
	kill -KILL $_pid $_load $_witness 2>/dev/null
	wait $_pid $_load $_witness 2>/dev/null
	_pid=
	leave
	mount -o loop "$T/image" "$M" || echo "it cannot be mounted"
	[ -n "${SAME_BOOT:-}" ] || boot
	cd "$DESK" || exit 1
	once || cat "$T/once"
	missing
	[ "$(tray_papers)" = "$(ledger_papers)" ] || echo "trays differ"
	[ -z "$(ledger fsck --strict --no-dangling 2>&1)" ] || echo "fsck"
	[ -z "$(ledger log --format='%(trailers:key=Intake,valueonly)' |
	    grep . | sort | uniq -d)" ] || echo "a form is there twice"
	cmp .docket/shown ledger.git/refs/heads/main
	keys
	index_dump >"$T/index"
	"$DOCKET" rebuild index >/dev/null 2>&1
	index_dump | cmp -s "$T/index" - || echo "the index differs"
}

for type in ext4 xfs; do
	if ! command -v "mkfs.$type" >/dev/null || ! prepare $type ||
	    ! plug "$M" 2>/dev/null; then
		skip "no $type that can be mounted and shut down here"
		continue
	fi
	n=0
	: >"$T/wrong"
	seen=0
	while [ $n -lt "$TRIALS" ]; do
		# not always the same desk, and not one that grows for ever
		[ $((n % 10)) != 0 ] || prepare $type
		trial $n >"$T/trial" 2>&1
		if [ -s "$T/trial" ]; then
			{
				echo "$type, trial $n, SEED=$SEED:"
				head -20 "$T/trial"
			} >>"$T/wrong"
			prepare $type
		fi
		n=$((n + 1))
		[ $((n % 10)) != 0 ] && [ $n != "$TRIALS" ] && continue
		seen=$((seen + $(sort -u "$T/notes" | grep -c .)))
		"$DOCKET" audit ledger.git >"$T/audit" 2>&1 ||
			cat "$T/audit" >>"$T/wrong"
	done
	is "$(cat "$T/wrong")" "" \
	    "$type: the power failed $n times, nothing was lost"
	ok "$seen things had been acknowledged" test "$seen" -gt "$n"
done
done_testing
