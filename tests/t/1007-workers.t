#!/bin/sh
# A worker that hangs, idle or at work, holds up nobody for long.
. "$(dirname "$0")/lib.sh"
make_desk
quick
conf '[check]' '	workers = 1'
mkdir inbox/acme inbox/beta
start

children() {
	cat /proc/"$1"/task/"$1"/children
}

# hang: stops the child that is there
hang() {
	for parent in $(children "$_pid"); do
		for child in $(children "$parent"); do
			kill -STOP "$child"
		done
	done
}

[ -e "/proc/$$/task/$$/children" ] || skip_all "needs /proc/PID/task/PID/children"
key_form acme one | drop acme/one.xml
waitfor there outbox/acme/AK-000001.received.txt
hang
key_form beta one | drop beta/one.xml
ok "when an idle worker hangs, another box is served" \
    waitfor there outbox/beta/AK-000002.received.txt
hang
key_form beta two | drop beta/two.xml
ok "a form for one that hangs" waitfor empty inbox/beta
ok "does not keep the desk from ending" stop
start
ok "and is received at the next start" waitfor there \
    outbox/beta/AK-000003.received.txt
stop
fsck_clean
done_testing
