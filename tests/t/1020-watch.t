#!/bin/sh
# How late events come is measured; where none come although they should, the
# desk compares names, says so, and stops it when they come again.
. "$(dirname "$0")/lib.sh"
command -v strace >/dev/null || skip_all "needs strace"
strace -o /dev/null true 2>/dev/null || skip_all "strace may not trace here"
make_desk
conf '[inbox]' '	settle = 200ms' '	poll = 100ms' '	probe = 300ms' \
    '[metrics]' '	every = 100ms'
mkdir inbox/acme

# figure NAME: as it stands in .docket/metrics
figure() {
	sed -n "s/^docket_$1 //p" .docket/metrics
}

# until_figure NAME VALUE
until_figure() {
	waitfor -t 30 match .docket/metrics "docket_$1 $2"
}

start
ok "a probe's event comes" waitfor match .docket/metrics \
    "docket_watch_lag_seconds 0."
like "$(figure watch_lag_seconds)" '^[0-4]\.[0-9]{6}$' "within seconds"
ok "events are relied upon" until_figure watch_deaf 0
is "$(figure boxes_polled)" 0 "in every box"
like "$("$DOCKET" status)" "^Watch .*events come, [0-9.]+ ms late; 0 overflows, [0-9]+ rescans" \
    "docket status says so"
like "$("$DOCKET" status --format json)" \
    '"events":true,"boxes":2,"polled":0,"lag_us":[0-9]+,"overflows":0' \
    "for programs too"
looks=$(figure 'rescans_total{of="boxes"}')
until_figure written_timestamp_seconds $(($(date +%s) + 2))
is "$(figure 'rescans_total{of="boxes"}')" "$looks" \
    "probes make nobody look at inbox"
is "$(find inbox -name '.docket*')" "" "and leave nothing there"
unlike "$(cat "$T/log")" "probe" "nor in the log"
stop

# somebody is in the way of the probe
echo mine >inbox/.docket-probe
start
ok "another's file in its place does not hinder it" waitfor match \
    .docket/metrics "docket_watch_lag_seconds 0."
is "$(cat inbox/.docket-probe)" mine "and is left alone"
stop
rm inbox/.docket-probe

# a file system that takes watches and sends nothing: twice it is
# asked in vain
: >"$T/log"
strace -f --seccomp-bpf -qq -o "$T/trace" -e trace=inotify_add_watch \
    -e inject=inotify_add_watch:retval=9999:when=1..27 \
    "$DOCKET" run "$DESK" >>"$T/log" 2>&1 &
_strace=$!
waitfor -t 30 match "$T/log" event=ready
_pid=$(cat .docket/lock)
ok "no events come: that is found out" waitfor -t 30 match .docket/notices \
    "no events come from inbox"
OUT=$("$DOCKET" status)
like "$OUT" "^Watch .*no events for 2 of 2 boxes" "docket status says so"
key_form acme deaf >inbox/acme/one.xml
ok "a form is found" waitfor there outbox/acme/AK-000001.received.txt
mv pending/AK-000001.xml approved/
ok "and a decision" waitfor there outbox/acme/AK-000001.approved.txt
ok "they come again: that is found out too" waitfor -t 30 match "$T/log" \
    "watch event=heard"
ok "and names are compared no longer" until_figure boxes_polled 0
ok "nothing is said any more" waitfor without .docket/notices "no events"
key_form acme heard >inbox/acme/two.xml
ok "forms are still found" waitfor there outbox/acme/AK-000002.received.txt
kill -TERM "$_pid"
wait "$_strace"
_pid=
trays_equal_ledger

# more events than the kernel keeps
queue=$(cat /proc/sys/fs/inotify/max_queued_events)
if [ "$queue" -le 20000 ]; then
	start
	kill -STOP "$_pid"
	(cd inbox && seq -f '.junk%.0f' "$queue" | xargs touch)
	key_form acme lost >inbox/acme/three.xml
	kill -CONT "$_pid"
	ok "what is lost is found" waitfor -t 30 there \
	    outbox/acme/AK-000003.received.txt
	ok "and that it was is counted" until_figure watch_overflows_total 1
	like "$("$DOCKET" status)" "; 1 overflow, " "and said"
	ok "events go on to come" until_figure watch_deaf 0

	# comparing gives way to a form that is in hand, but not for ever:
	# here one hangs for twenty seconds
	for parent in $(cat "/proc/$_pid/task/$_pid/children"); do
		for child in $(cat "/proc/$parent/task/$parent/children"); do
			kill -STOP "$child"
		done
	done
	key_form acme slow | drop acme/slow.xml
	ok "a form is in hand" waitfor gone inbox/acme/slow.xml
	kill -STOP "$_pid"
	(cd inbox && seq -f '.junk%.0f' "$queue" | xargs touch)
	rm pending/AK-000003.xml
	kill -CONT "$_pid"
	ok "a paper that is missing" waitfor there pending/AK-000003.xml
	not_ok "is found before it" test -e pending/AK-000004.xml
	ok "which is received, too" waitfor there pending/AK-000004.xml
	find inbox -name '.junk*' -delete
	stop
else
	skip "the kernel keeps $queue events"
fi
fsck_clean

# a file system that is known for it: what is done behind its back
if command -v bindfs >/dev/null && mkdir "$T/behind" "$T/mnt" &&
    bindfs "$T/behind" "$T/mnt" 2>/dev/null; then
	unmount() {
		stop
		cd /
		umount "$T/mnt" 2>/dev/null || fusermount -u "$T/mnt"
	}
	trap 'unmount; cleanup' EXIT
	DESK=$T/mnt/desk
	make_desk
	conf '[inbox]' '	settle = 200ms' '	poll = 300ms' \
	    '[metrics]' '	every = 100ms'
	start
	ok "a desk on FUSE" waitfor -t 30 match .docket/metrics \
	    'docket_filesystem_info{type="fuse"}'
	key_form acme behind >"$T/behind/desk/inbox/behind.xml"
	ok "finds what it gets no event for" waitfor there \
	    outbox/AK-000001.received.txt
	OUT=$("$DOCKET" status)
	like "$OUT" "^Watch +fuse: no events for 1 of 1 boxes, .* every 300 milliseconds" \
	    "as names are compared"
	unlike "$OUT" "although its file system" "which is no trouble"
	like "$OUT" "fuse\\) that does not vouch for owners" \
	    "and no owner is evidence there"
	not_ok "there is nothing to probe" grep -q lag_seconds .docket/metrics
	unmount
	trap cleanup EXIT
else
	skip "no bindfs, or it may not mount"
fi
done_testing
