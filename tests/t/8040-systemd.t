#!/bin/sh
# The unit, its user and its folder: valid, tight, and good for a desk's whole
# life. Where root and systemd-nspawn are to be had, a systemd of its own runs
# it, on an overlay of this machine.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/faults.sh"
[ -z "$sanitized" ] || skip_all "the unit is for the program as it is built for use"

make -C "$SRC" BUILD="$BUILD" -o all -s install DESTDIR="$T/inst" \
    PREFIX=/usr/local >"$T/make" 2>&1 || diag "$(cat "$T/make")"
LIB=$T/inst/usr/local/lib
UNIT=$LIB/systemd/system/docket@.service
ok "the unit is installed" test -f "$UNIT"
ok "with its user" test -f "$LIB/sysusers.d/docket.conf"
ok "and the folder of desks" test -f "$LIB/tmpfiles.d/docket.conf"
unlike "$(cat "$UNIT")" "@[A-Z]+@" "nothing is left to fill in"
file_like "$UNIT" '^ExecStart=/usr/local/bin/docket run "%f"$' \
    "it runs what is installed"

if command -v systemd-analyze >/dev/null; then
	mkdir "$T/unit"
	sed "s,/usr/local/bin/docket,$DOCKET," "$UNIT" \
	    >"$T/unit/docket@srv-forms.service"
	OUT=$(systemd-analyze verify --man=no \
	    "$T/unit/docket@srv-forms.service" 2>&1)
	is "$?$(echo "$OUT" | grep docket@)" 0 "systemd-analyze verify"
	OUT=$(systemd-analyze security --offline=yes --threshold=15 \
	    "$T/unit/docket@srv-forms.service" 2>&1)
	is $? 0 "systemd-analyze security: an exposure of 1.5 at most"
	diag "$(echo "$OUT" | tail -1)"
else
	skip "no systemd-analyze here"
	skip "no systemd-analyze here"
fi

[ "$(id -u)" = 0 ] && command -v systemd-nspawn >/dev/null && {
	for tool in ssh-keygen age age-keygen runuser; do
		command -v $tool >/dev/null || tool=missing
	done
	[ "$tool" != missing ]
} && mkdir "$T/o" && mount -t tmpfs none "$T/o" 2>/dev/null && {
	mkdir "$T/o/up" "$T/o/work" "$T/o/root"
	mount -t overlay overlay -o \
	    "lowerdir=/,upperdir=$T/o/up,workdir=$T/o/work" "$T/o/root" \
	    2>/dev/null
} || {
	umount "$T/o" 2>/dev/null
	skip "the unit is not run: it takes root, systemd-nspawn, an overlay, ssh-keygen and age"
	done_testing
}
ROOT=$T/o/root
unmount() {
	umount -R "$T/o" 2>/dev/null
	cleanup
}
trap unmount EXIT

cp -R "$T/inst/usr" "$ROOT"
# what this machine would start is none of our business
rm -rf "$ROOT/etc/systemd/system" "$ROOT/var/log/journal"
mkdir -p "$ROOT/etc/systemd/system/basic.target.wants" "$ROOT/srv"
ln -s /lib/systemd/system/basic.target \
    "$ROOT/etc/systemd/system/default.target"
cat >"$ROOT/etc/systemd/system/life.service" <<-'END'
	[Service]
	Type=oneshot
	ExecStart=/srv/life.sh
	ExecStopPost=systemctl poweroff --force --force
	TimeoutStartSec=450
END
ln -s ../life.service "$ROOT/etc/systemd/system/basic.target.wants"
cat >"$ROOT/srv/life.sh" <<'END'
#!/bin/sh
exec >/srv/said 2>&1
UNIT=docket@srv-forms.service
as() { runuser -u docket -- "$@"; }
say() { echo "@$1 $2"; }
comes() {
	if waitfor -t 30 there "$1"; then say there "$1"; else say missing "$1"; fi
}
sign() {
	as ssh-keygen -q -Y sign -n "$1@docket" -f /srv/alice "$2"
}
export PATH=/usr/local/bin:$PATH
systemd-sysusers
systemd-tmpfiles --create /usr/local/lib/tmpfiles.d/docket.conf
say folder "$(stat -c '%U %a' /var/lib/docket)"
install -d -o docket -g docket /srv/forms
groupadd clients
usermod -aG clients docket
ssh-keygen -q -t ed25519 -N '' -f /srv/alice
ssh-keygen -q -t ed25519 -N '' -f /srv/desk
chown docket /srv/alice /srv/desk
age-keygen -o /srv/age.key
as docket init /srv/forms >/dev/null
cd /srv/forms
{
	echo "alice namespaces=\"*@docket\" $(cat /srv/alice.pub)"
	echo "docket namespaces=\"git\" $(cat /srv/desk.pub)"
} >allowed_signers
printf '%s\n' '[inbox]' 'settle = 200ms' 'grace = 0' 'probe = 1s' \
    '[reviewer "alice"]' 'group = desk' '[review]' 'evidence = signature' \
    '[ledger]' 'signingKey = /srv/desk' '[gateway]' \
    'reload = "id -un >/srv/forms/reloaded"' '[metrics]' 'every = 200ms' >>docket.conf
# a client's drop box, which its group may use
install -d -o docket -g clients -m 2770 inbox/acme
systemctl start $UNIT
say start $?
say active "$(systemctl is-active $UNIT)"
say status "$(systemctl show -P StatusText $UNIT)"
pid=$(systemctl show -P MainPID $UNIT)
say filters "$(awk '/^Seccomp_filters/ { print $2 }' /proc/$pid/status)"
say caps "$(awk '/^CapBnd/ { print $2 }' /proc/$pid/status)"
waitfor -t 30 match .docket/shown "$(git -c safe.directory='*' \
    -C ledger.git rev-parse main)"
waitfor -t 30 match outbox/forms/clients.xml client >/dev/null
printf 'id,name,recipient,contact\nacme,Acme,%s,\n' \
    "$(age-keygen -y /srv/age.key)" >/tmp/clients.csv
chmod 644 /tmp/clients.csv
as docket -C /srv/forms import clients /tmp/clients.csv
comes pending/CL-000001.xml
sign approve pending/CL-000001.xml
comes approved/CL-000001.xml
# in force at once, so that gateways are told
sed "s/2099-01-01/$(date -u +%F)/" \
    /usr/local/share/docket/schemas/examples/api-key.xml >/tmp/one.xml
mv /tmp/one.xml inbox/acme/one.xml
comes pending/AK-000001.xml
sign approve pending/AK-000001.xml
comes approved/AK-000001.xml
comes outbox/acme/AK-000001.key.age
say key "$(age -d -i /srv/age.key outbox/acme/AK-000001.key.age |
    cut -c1-7)"
say setgid "$(stat -c '%G %a' outbox/acme)"
comes reloaded
say reloaded "$(cat reloaded)"
# a group each, so that there are packs to be merged
n=0
while [ $n -lt 70 ]; do
	n=$((n + 1))
	sed "s/Acme mobile app/app $n/" \
	    /usr/local/share/docket/schemas/examples/api-key.xml \
	    >inbox/acme/$n.xml
	waitfor -t 30 gone inbox/acme/$n.xml
	waitfor -t 30 there "pending/AK-$(printf %06d $((n + 1))).xml"
done
comes pending/AK-000071.xml
waitfor -t 5 there nothing
say packs "$(ls ledger.git/objects/pack/*.pack | wc -l)"
printf '[check]\nworkers = 1\n' >>docket.conf
systemctl reload $UNIT
say reload $?
waitfor -t 30 match .docket/metrics 'event="rules"} 2'
say rules $?
say workers "$(for p in $(pgrep -f docket-check); do
	awk '/^Seccomp_filters/ { print $2 }' /proc/$p/status
	done | sort -n | tail -1)"
say events "$(sed -n 's/^docket_watch_deaf //p' .docket/metrics)"
say failed "$(grep -c '^docket_workers_failed_total.* [1-9]' \
    .docket/metrics)"
from=$(date +%s%N)
systemctl stop $UNIT
say stop $?
say took $((($(date +%s%N) - from) / 1000000))
journalctl --sync
journalctl -o cat -u $UNIT | grep -E 'level=|docket: ' | sed 's/^/@log /'
say result "$(systemctl show -P Result $UNIT) $(systemctl show -P \
    ExecMainStatus $UNIT) $(systemctl show -P NRestarts $UNIT)"
# with what the unit warns of it would not do
with() {
	systemctl stop $UNIT
	mkdir -p /run/systemd/system/$UNIT.d
	# one whose workers cannot lock themselves in tries until it is ended
	printf '[Service]\nTimeoutStartSec=10\n%s\n' "$1" \
	    >/run/systemd/system/$UNIT.d/50.conf
	systemctl daemon-reload
	systemctl reset-failed $UNIT 2>/dev/null
	systemctl start $UNIT 2>/dev/null
}
with ""
say prompt $?
with SystemCallFilter=~seccomp
say unsealed $?
# one that calls it does not live to tell
with SystemCallFilter=~landlock_restrict_self:kill
say unlocked $?
with SystemCallFilter=~setrlimit\ prlimit64
say unbound $?
install -d -o docket -g clients -m 2770 inbox/beta
with RestrictSUIDSGID=yes
waitfor -t 20 there outbox/beta/forms
say nosetgid "$(stat -c '%a' outbox/beta)"
systemctl stop $UNIT
as docket audit /srv/forms/ledger.git >/tmp/audit 2>&1
say audit $?
END
chmod +x "$ROOT/srv/life.sh"
cp "$BUILD/test/tools/waitfor" "$ROOT/usr/local/bin"
timeout 480 systemd-nspawn -q -D "$ROOT" -b --register=no --keep-unit \
    --private-network --link-journal=no --system-call-filter="seccomp \
    landlock_create_ruleset landlock_add_rule landlock_restrict_self" \
    </dev/null >"$T/console" 2>&1
SAID=$(cat "$ROOT/srv/said" 2>&1)
case $SAID in
*@folder*) ;;
*)
	diag "$(tail -5 "$T/console")"
	skip "systemd does not boot in a container here"
	done_testing
	;;
esac
diag "$(echo "$SAID" | grep -v '^@')"
said() {
	echo "$SAID" | sed -n "s/^@$1 //p"
}
is "$(said folder)" "docket 755" "the folder of desks is its user's"
is "$(said start)" 0 "it starts"
is "$(said active)" active "and is ready when that is told"
is "$(said status)" running "and says so"
ok "it runs under seccomp" test "$(said filters)" -ge 1
is "$(said caps)" 0000000000000000 "and without a capability"
is "$(said missing)" "" "papers take their way, by signatures"
is "$(said key)" docket_ "a key is issued, and encrypted by age"
is "$(said setgid)" "clients 2750" "in a folder that is setgid"
is "$(said reloaded)" docket "gateway.reload is run, as the desk's user"
ok "packs are merged" test "$(said packs)" -lt 60
is "$(said reload)$(said rules)" 00 "a reload takes changed rules"
ok "workers lock themselves in besides" test "$(said workers)" -gt \
    "$(said filters)"
is "$(said failed)" 0 "none failed"
is "$(said events)" 0 "events come"
is "$(said stop)" 0 "it stops"
diag "in $(said took) ms"
is "$(said result)" "success 0 0" "well, and was never started again"
is "$(said prompt)" 0 "it starts within 10 s"
not_ok "without seccomp it would not start" test "$(said unsealed)" = 0
# where the kernel has it, that is asked of this one: the call that is killed
# for is made, and the unit lets it through
if "$DOCKET" init "$T/lock" >/dev/null &&
    strace -f -qq -e trace=landlock_restrict_self -o "$T/locks" "$DOCKET" \
    run --once "$T/lock" >/dev/null 2>&1 && grep -q '= 0' "$T/locks"; then
	not_ok "nor, killed for locking itself in, with landlock" test \
	    "$(said unlocked)" = 0
else
	skip "no landlock here, or no strace"
fi
not_ok "nor without setrlimit" test "$(said unbound)" = 0
not_ok "and a folder could not be setgid" test "$(said nosetgid)" = 2750
is "$(said audit)" 0 "docket audit proves the ledger"
is "$(said log | grep -v 'level=warn.*others may')" "" \
    "and the log complains of nothing"
done_testing
