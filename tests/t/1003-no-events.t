#!/bin/sh
# Where no events come (network shares, a machine without watches to give) the
# desk looks by itself.
. "$(dirname "$0")/lib.sh"
command -v unshare >/dev/null || skip_all "needs unshare"
unshare -r sh -c 'echo 0 >/proc/sys/user/max_inotify_watches' 2>/dev/null ||
    skip_all "needs a user namespace without inotify watches"
make_desk
conf '[inbox]' '	settle = 200ms' '	poll = 100ms' '[trays]' '	strays = 300ms'
mkdir inbox/acme
: >"$T/log"
unshare -r sh -c 'echo 0 >/proc/sys/user/max_inotify_watches
    exec "$@"' sh "$DOCKET" run "$DESK" >>"$T/log" 2>&1 &
_pid=$!
waitfor match "$T/log" event=ready

key_form acme one >inbox/acme/one.xml
ok "a form is found" waitfor there outbox/acme/AK-000001.received.txt
key_form acme two | drop two.xml
ok "in inbox itself too" waitfor there outbox/AK-000002.received.txt
mv pending/AK-000001.xml approved/
ok "a decision is found" waitfor there outbox/acme/AK-000001.approved.txt
cp pending/AK-000002.xml approved/
ok "by copy too" waitfor there outbox/AK-000002.approved.txt
echo x >revoked/x
ok "and what does not belong there" waitfor there outbox/strays/x
mkdir inbox/beta
sed -i 's/poll = 100ms/poll = 150ms/' docket.conf
ok "and a change of the rules" waitfor -t 40 match "$T/log" event=rules
stop
trays_equal_ledger
done_testing
