#!/bin/sh
# Disks that are full, out of inodes, or read only, for real: small file
# systems of their own. Intake stops, or the desk says what is wrong and tries
# again; when there is room it goes on by itself, and everything is there.
. "$(dirname "$0")/mounts.sh"

# on TYPE: a desk on a new file system; 1: there is no such here
on() {
	leave
	rm -f "$T/image"
	case $1 in
	tmpfs) mount -t tmpfs -o size=64m,nr_inodes=4000 tmpfs "$M" ;;
	ext4)
		truncate -s 64M "$T/image" &&
		    mkfs.ext4 -q -N 2000 "$T/image" &&
		    mount -o loop,errors=remount-ro "$T/image" "$M"
		;;
	esac >/dev/null 2>&1 || return 1
	cd "$M" || exit 1
	make_desk
	quick
	for name in one two three; do
		key_form acme $name | drop $name.xml
		once
	done
}

# Room that is left: none, or so many MB.
fill() {
	dd if=/dev/zero of="$M/filler" bs=64k 2>/dev/null
	[ $# = 0 ] || truncate -s "-${1}M" "$M/filler"
}

for type in ext4 tmpfs; do
	on $type || { skip "no small $type here"; continue; }
	start
	# almost full
	fill 8
	forget
	key_form acme four >"$M/four" && mv "$M/four" inbox/four.xml
	ok "$type: on a disk that is almost full intake stops" \
	    waitfor match .docket/notices "the disk is almost full"
	ok "$type: the form waits" test -e inbox/four.xml
	rm "$M/filler"
	ok "$type: with room it goes on" waitfor there pending/AK-000004.xml

	# quite full, in the middle of a decision
	fill
	forget
	mv pending/AK-000001.xml approved/
	ok "$type: on a full disk nothing is decided" \
	    waitfor -t 30 match "$T/log" event=trouble
	unlike "$(grep 'level=error\|^docket:' "$T/log" |
	    grep -v 'No space left on device\|disk is full')" . \
	    "$type: each line of trouble says why"
	ok "$type: nobody is refused" test ! -e pending/AK-000001.refused.txt
	rm "$M/filler"
	ok "$type: with room the decision is carried out" \
	    waitfor -t 60 there outbox/acme/AK-000001.key \
	    outbox/AK-000001.approved.txt
	ok "$type: as the daemon that it was" kill -0 "$_pid"

	# no more inodes
	mkdir "$M/inodes"
	(cd "$M/inodes" && seq 1 5000 | xargs touch 2>/dev/null)
	forget
	mv pending/AK-000002.xml approved/
	ok "$type: without inodes nothing is decided" \
	    waitfor -t 30 match "$T/log" event=trouble
	rm -r "$M/inodes"
	ok "$type: with some it is" \
	    waitfor -t 60 there outbox/acme/AK-000002.key

	# an outbox that cannot be written to
	if chattr +i outbox 2>/dev/null; then
		key_form acme five | drop five.xml
		ok "$type: a closed outbox holds up answers only" \
		    waitfor there pending/AK-000005.xml
		ok "$type: and is told" waitfor match .docket/notices outbox
		chattr -i outbox
		ok "$type: opened again they come" \
		    waitfor -t 60 there outbox/AK-000005.received.txt
	else
		skip "$type: no file can be made immutable"
	fi
	ok "$type: it ends" stop
	once
	trays_equal_ledger "$type: the trays show the ledger"
	fsck_clean "$type: git fsck has nothing to say"
	is "$(find outbox -name '*.refused.*')" "" "$type: nobody was blamed"
	index_dump >"$T/before"
	"$DOCKET" rebuild index >/dev/null
	index_dump >"$T/after"
	ok "$type: the index is right" cmp "$T/before" "$T/after"
done

# A file system that finds an error and makes itself read only.
if on ext4; then
	loop=$(awk -v m="$M" '$2 == m { sub(".*/", "", $1); print $1 }' \
	    /proc/mounts)
	trigger=/sys/fs/ext4/$loop/trigger_fs_error
	start
	if [ -w "$trigger" ]; then
		forget
		key_form acme four | drop four.xml
		ok "a form is received" waitfor there outbox/AK-000004.received.txt
		forget
		# so that it comes too late to write it
		kill -STOP "$_pid"
		mv pending/AK-000003.xml approved/
		echo "docket test" >"$trigger"
		kill -CONT "$_pid"
		waitfor -t 60 match "$T/log" rror
		# the latter when it was still syncing the form: then it ends
		file_like "$T/log" "Read-only file system|Input/output error" \
		    "on a disk that turns read only it says so"
		stop
		leave
		fsck.ext4 -fy "$T/image" >"$T/fsck" 2>&1
		mount -o loop "$T/image" "$M" || cat "$T/fsck"
		cd "$DESK" || exit 1
		ok "mended and mounted again it goes on" once
		# the disk may have forgotten the move itself, as nobody had
		# said yet that it was seen
		ok "with the decision, or from before it" test \
		    -e outbox/acme/AK-000003.key -o -e pending/AK-000003.xml
		trays_equal_ledger
		fsck_clean
	else
		skip "no error can be triggered here"
		stop
	fi

	# mounted read only from the start
	leave
	mount -o loop,ro "$T/image" "$M"
	exits 3 "a desk on a read-only disk is not run" \
	    "$DOCKET" run --once "$DESK"
	is "$(echo "$OUT" | wc -l)" 1 "with one line"
	like "$OUT" "Read-only file system" "that says why"
	leave
	mount -o loop "$T/image" "$M"
	cd "$DESK" || exit 1
	ok "mounted to be written it is" once
else
	skip "no ext4 here"
fi
done_testing
