#!/bin/sh
# What a service manager is told: ready, reloading, stopping, and that the desk
# is still at work (sd_notify(3)).
. "$(dirname "$0")/lib.sh"
make_desk
quick

# under [VAR=VALUE ...]: the desk, listened to at $address
under() {
	: >"$T/log"
	: >"$T/said"
	env "$@" notified "$address" "$T/said" "$DOCKET" run "$DESK" \
	    >>"$T/log" 2>&1 &
	_notified=$!
	waitfor -t 30 match "$T/said" READY=1
	_status=$?
	_pid=$(cat .docket/lock)
	return $_status
}

end() {
	kill -TERM "$_pid"
	wait "$_notified"
	_status=$?
	_pid=
	return $_status
}

for address in "$T/notify" "@docket-test-$$"; do
	ok "ready is told to ${address##*/}" under X=1
	file_like "$T/log" "event=ready" "when it is"
	unlike "$(cat "$T/said")" "WATCHDOG" "without a watchdog nobody feeds one"

	# rules that were changed are in force when a reload is over
	sed -i "s/settle = .*/settle = 201ms/" docket.conf
	kill -HUP "$_pid"
	ok "reloading is told" waitfor match "$T/said" RELOADING=1
	ok "and that it is over" waitfor match "$T/said" READY=1 2
	is "$(grep -oE 'READY=1|RELOADING=1' "$T/said" | tr '\n' ' ')" \
	    "READY=1 RELOADING=1 READY=1 " "then it is ready again"
	is "$(trailer Event)" rules "with the rules in force"
	like "$(grep RELOADING "$T/said")" "MONOTONIC_USEC=[0-9]+$" \
	    "as of a time"
	ok "it ends well" end
	like "$(tail -1 "$T/said")" "STOPPING=1" "and says that it will"
	sed -i "s/settle = .*/settle = 200ms/" docket.conf
	once
done

address=$T/notify2
ok "with a watchdog" under WATCHDOG_USEC=1000000
pulses() {
	grep -c WATCHDOG=1 "$T/said"
}
ok "it is fed" waitfor match "$T/said" WATCHDOG=1 4
# gaps, from being ready on
gap=$(awk '/READY=1/ { on = 1; last = $1 }
    on && /WATCHDOG=1/ { if ($1 - last > most) most = $1 - last; last = $1 }
    END { print most + 0 }' "$T/said")
diag "the longest gap: $gap ms of 1000"
ok "in time" test "$gap" -lt 1000
ok "but not without end" test "$(pulses)" -lt 60
kill -STOP "$_pid"
before=$(pulses)
waitfor -t 1 there "$T/nothing"
ok "a desk that is stuck feeds nothing" test "$(pulses)" -le $((before + 1))
kill -CONT "$_pid"
ok "it ends well" end

address=$T/notify3
ok "a watchdog of another process" under WATCHDOG_USEC=400000 WATCHDOG_PID=1
waitfor -t 1 there "$T/nothing"
is "$(pulses)" 0 "is not fed"
ok "it ends well" end

# a worker that takes long to compile: more time is asked for
address=$T/notify5
mkdir "$T/slow"
cp "$DOCKET" "$T/slow"
printf '#!/bin/sh\n/bin/sleep 6\nexec %s "$@"\n' "$BUILD/docket-check" \
    >"$T/slow/docket-check"
chmod +x "$T/slow/docket-check"
_fast=$DOCKET
DOCKET=$T/slow/docket
ok "a slow start" under X=1
DOCKET=$_fast
like "$(sed -n 1p "$T/said")" "EXTEND_TIMEOUT_USEC=[0-9]+" "asks for more time"
ok "it ends well" end

# long work must not look like being stuck: a worker that takes its time to
# compile, a rule change; and a desk in trouble that waits to begin anew
address=$T/notify4
mv .docket/index.db "$T/index.db"
mkdir .docket/index.db
: >"$T/log"
env WATCHDOG_USEC=1000000 notified "$address" "$T/said" "$DOCKET" run "$DESK" \
    >>"$T/log" 2>&1 &
_notified=$!
ok "trouble at the start is told" waitfor match "$T/said" "STATUS=index: " ||
    diag "$(cat "$T/said" "$T/log")"
ok "and it is still at work" waitfor match "$T/said" WATCHDOG=1 4
unlike "$(sed -n '/STATUS=index/,$p' "$T/said")" EXTEND \
    "but asks for no more time"
rmdir .docket/index.db
ok "ready when it is over" waitfor -t 60 match "$T/said" READY=1
_pid=$(cat .docket/lock)
ok "it ends well" end
fsck_clean
done_testing
