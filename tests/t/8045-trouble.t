#!/bin/sh
# A machine in trouble: on a day on which everything happens (sweep.sh) each
# system call of the daemon fails once, one after the other, as it does when
# the disk is full, a quota used up, a disk damaged, a file system read only,
# descriptors or memory short; or does only a part of what it was asked. The
# daemon copes, or it ends with a line that says why; nothing is lost, nobody
# is blamed who sent a good form, and the next round makes up for all of it.
#
# The whole of it takes long: make crash. Here, every so manieth.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/sweep.sh"
not_sanitized

day_before

# Lines in which the desk says what ends it; not notices of what waits, or of a
# paper that somebody has deleted.
complaints() {
	grep -vE 'event=test-clock|event=deleted|notice=|failed=|^[0-9]+ received' \
	    "$1"
}

# troubled ACTION CALLS N: says what is wrong, if anything is
troubled() {
	again
	DOCKET_NOW=$NOW strike -p daemon -c "$2" -n "$3" -a "$1" \
	    -l "$T/calls" -- "$DOCKET" run --once "$DESK" >"$T/first" 2>&1
	status=$?
	grep '^[0-9]*\*' "$T/calls" >"$T/hit" || return 0
	complaints "$T/first" >"$T/said"
	case $status in
	0) ;;
	2 | 127) # it did not come as far as its own first line
		grep -Eq 'loading shared libraries|: (Cannot allocate|Resource)|cannot allocate TLS' \
		    "$T/first" || complain "$1" "$3" "it ends" "$T/first" ;;
	139) # nor did what loads it, which checks less
		! [ -s "$T/first" ] && grep -q ' mmap' "$T/hit" ||
			complain "$1" "$3" "it ends with $status" "$T/first" ;;
	[34]) [ "$(wc -l <"$T/said")" -ge 1 ] ||
		complain "$1" "$3" "it ends without a word" "$T/first" ;;
	*) complain "$1" "$3" "it ends with $status" "$T/first" ;;
	esac
	[ "$(wc -l <"$T/said")" -le 1 ] ||
		complain "$1" "$3" "it says more than a line" "$T/said"
	# none of these need end anything; but libgit2 reads the end of a pack
	# once only, and takes half of it for a pack that is damaged
	case $1:$status:$(cat "$T/hit") in
	short:4:*" pread64 "*.pack) ;;
	EINTR:[34]:* | short:[34]:*)
		complain "$1" "$3" "it gives up" "$T/first" ;;
	esac
	if ! env DOCKET_NOW=$NOW "$DOCKET" run --once "$DESK" \
	    >"$T/once" 2>&1; then
		complain "$1" "$3" "it does not go on" "$T/once"
		return
	fi
	# what could not be told from somebody else's file is kept as a stray
	outcome | grep -v '\.held\.\|^outbox/strays/' | diff "$BASE/expected" - >"$T/diff" ||
		complain "$1" "$3" "the outcome differs" "$T/diff"
	sound quickly >"$T/unsound"
	[ ! -s "$T/unsound" ] || complain "$1" "$3" "it is not sound" "$T/unsound"
}

# counted CALLS: lists those that can be struck, in $T/calls
counted() {
	again
	DOCKET_NOW=$NOW strike -p daemon -c "$1" -l "$T/calls" -- \
	    "$DOCKET" run --once "$DESK" >/dev/null 2>&1
}

all=0
while read -r action calls sample; do
	counted "$calls"
	points=$(grep -c . "$T/calls")
	some "$points" "$sample" | sed "s/^/$action $calls /" >"$T/tries"
	sweep troubled <"$T/tries"
	all=$((all + tried))
	is "$(cat "$T/wrong")" "" \
	    "$action at $tried of $points calls ($calls), and all is well"
done <<'EOF'
ENOSPC +space 6
EDQUOT +space 2
EIO +faulty 6
EIO +look 4
EMFILE +files 4
ENOMEM +memory 4
EAGAIN +start 1
EROFS +frozen 4
EINTR +slow 2
short +partial 2
EOF

# Those that harm most if what cannot be read is taken for what is not there,
# or what is half written for what is.
while read -r action calls what; do
	counted "$calls"
	n=$(sed -n "s,^\([0-9]*\) daemon $what\$,\1,p" "$T/calls" |
	    head -n 1)
	echo "$action $calls ${n:-none of $what}"
done >"$T/tries" <<'EOF'
ENOMEM +memory openat2 .*/\.docket/shown
ENOMEM +memory openat2 .*/\.docket/delivered
EMFILE +files openat2 .*/\.docket/claims/[0-9a-f]*@
EIO +faulty renameat2 .*/inbox/list.xml to .*
ENOMEM +memory openat2 .*/pending/AK-[0-9]*\.xml\.sig
ENOMEM +memory openat2 .*/pending/AK-[0-9]*\.note\.txt
EIO +look newfstatat .*/pending/AK-[0-9]*\.xml
short +partial write .*/\.docket/shown
short +partial write .*/\.docket/delivered
EINTR +slow read /etc/nsswitch.conf
EINTR +slow flock .*/\.docket/lock
EROFS +frozen unlinkat .*/\.docket/claims/[^/]*/list\.xml
ENOSPC +space fsync .*/refs/heads/main\.lock
EOF
is "$(grep none "$T/tries")" "" "calls that harm most are there"
sweep troubled <"$T/tries"
all=$((all + tried))
is "$(cat "$T/wrong")" "" "each of these $tried fails, and all is well"
diag "$all faults injected"
done_testing
