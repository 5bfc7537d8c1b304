#!/bin/sh
# What a desk needs is missing or cannot be read: its worker, git, age, its
# ledger, descriptors; or the clock steps back and forth. It says so in a line,
# loses nothing, blames nobody, and goes on when it is there again.
. "$(dirname "$0")/lib.sh"
needs strace ssh-keygen
not_sanitized

# a build of which parts can be taken away
mkdir "$T/bin" "$T/tools"
cp "$BUILD/docket" "$BUILD/docket-check" "$T/bin/"
DOCKET=$T/bin/docket

make_desk
quick
for name in one two three; do
	key_form acme $name | drop $name.xml
	once
done

# says STATUS PATTERN NAME: a round ends with one line that says why, and has
# touched nothing
says() {
	(find inbox pending approved outbox -type f | sort) >"$T/before"
	"$DOCKET" run --once "$DESK" >"$T/out" 2>&1
	is "$?" "$1" "$3: it ends"
	is "$(wc -l <"$T/out")" 1 "$3: with one line" || diag "$(cat "$T/out")"
	file_like "$T/out" "$2" "$3: that says why"
	(find inbox pending approved outbox -type f | sort) >"$T/after"
	ok "$3: and nothing is touched" cmp "$T/before" "$T/after"
}

# The worker.
key_form acme four | drop four.xml
mv pending/AK-000001.xml approved/
mv "$T/bin/docket-check" "$T/away"
says 4 "docket-check cannot be started: .*: No such file" "no docket-check"
chmod 644 "$T/away"
cp "$T/away" "$T/bin/docket-check"
says 4 "docket-check cannot be started" "one that may not be run"
printf '#!/bin/sh\nexit 1\n' >"$T/bin/docket-check"
chmod 755 "$T/bin/docket-check" "$T/away"
says 4 "docket-check ended before" "one that is something else"
rm "$T/bin/docket-check"
"$DOCKET" run "$DESK" >"$T/log" 2>&1 &
_pid=$!
ok "a daemon waits for it" waitfor match "$T/log" "docket-check"
mv "$T/away" "$T/bin/docket-check"
ok "and goes on when it is there" waitfor -t 60 there pending/AK-000004.xml \
    outbox/acme/AK-000001.key
stop

# git, which only tidies up, and age
ln -s "$(command -v sh)" "$(command -v ssh-keygen)" "$T/tools/"
key_form acme five | drop five.xml
once PATH="$T/tools"
ok "without git forms are received" test -e pending/AK-000005.xml
if command -v age-keygen >/dev/null; then
	age-keygen -o "$T/identity" 2>/dev/null
	{
		echo '<clients xmlns="urn:docket:catalog:1">'
		echo '<client id="acme"><name>Acme</name><recipient>'
		age-keygen -y "$T/identity"
		echo '</recipient></client></clients>'
	} | tr -d '\n' | drop clients.xml
	once
	mv pending/CL-000001.xml approved/
	once
	mv pending/AK-000002.xml approved/
	once PATH="$T/tools"
	ok "without age a decision is carried out" \
	    test -e outbox/AK-000002.approved.txt
	is "$(find outbox -name 'AK-000002.key*')" "" "its key waits"
	file_like .docket/waiting-keys "age" "it is written down for what"
	once
	ok "with age it is delivered" test -e outbox/acme/AK-000002.key.age
else
	skip "age is missing"
fi

# The ledger.
key_form acme six | drop six.xml
mv pending/AK-000003.xml approved/
damage() {
	mv ledger.git "$T/ledger"
	cp -a "$T/ledger" ledger.git
}
mend() {
	chmod -R u+rwX ledger.git
	rm -rf ledger.git
	mv "$T/ledger" ledger.git
}
damage
rm ledger.git/refs/heads/main
says 3 "ledger" "a ledger without its branch"
mend
damage
echo 0123456789012345678901234567890123456789 >ledger.git/refs/heads/main
says 3 "ledger" "a branch that leads nowhere"
mend
damage
: >ledger.git/refs/heads/main
says 3 "ledger" "a branch that is empty"
mend
damage
rm -r ledger.git/objects/pack/*
says 3 "ledger" "a ledger without its packs"
mend
damage
for pack in ledger.git/objects/pack/*.pack; do
	chmod u+w "$pack"
	size=$(stat -c %s "$pack")
	head -c "$size" /dev/zero >"$pack"
done
says 3 "ledger" "a ledger whose packs are zeros"
mend
damage
rm -r ledger.git
says 3 "ledger.*(No such file|failed to resolve|not found|cannot be opened)" \
    "no ledger at all"
mkdir ledger.git
mend
if [ "$(id -u)" != 0 ]; then
	damage
	chmod 000 ledger.git/objects
	says 3 "ledger" "a ledger that may not be read"
	mend
fi
ok "mended it goes on" once
ok "with the form" test -e pending/AK-000006.xml
ok "and the decision" test -e outbox/AK-000003.approved.txt

# Under a running daemon.
start
mv ledger.git/objects/pack "$T/pack"
key_form acme seven | drop seven.xml
ok "a ledger that vanishes under the daemon is told" \
    waitfor match "$T/log" "event=trouble"
mv "$T/pack" ledger.git/objects/pack
ok "when it is back the daemon goes on" \
    waitfor -t 60 there outbox/AK-000007.received.txt
ok "it ends" stop

# And one that is put back from a backup: what is written into the folder that
# was moved away would be lost.
start
cp -Rp ledger.git/objects/pack "$T/pack"
mv ledger.git/objects/pack "$T/gone"
mv "$T/pack" ledger.git/objects/pack
key_form acme other | drop other.xml
ok "a folder that is another is told" waitfor match "$T/log" \
    "objects/pack is not the folder that it was"
ok "and the daemon goes on with it" \
    waitfor -t 60 there outbox/AK-000008.received.txt
ok "it ends" stop
fsck_clean

# Descriptors: from too few to enough.
if command -v prlimit >/dev/null; then
	key_form acme eight | drop eight.xml
	n=5
	bad=
	[ -n "${CRASH:-}" ] && step=1 || step=4
	while [ $n -lt 60 ]; do
		n=$((n + step))
		prlimit --nofile=$n:$n "$DOCKET" run --once "$DESK" \
		    >"$T/out" 2>&1
		case $? in
		0) ;;
		[34] | 127) grep -v 'notice=\|failed=' "$T/out" | wc -l | grep -qx 1 ||
			bad="$bad $n: $(cat "$T/out")" ;;
		*) bad="$bad $n: $? $(cat "$T/out")" ;;
		esac
	done
	is "$bad" "" "with 6 to 60 descriptors it works, or says in a line why not"
	ok "once" once
	ok "it is received" test -e pending/AK-000009.xml
	is "$(find outbox -name '*.refused.*')" "" "and nobody was blamed"
fi

# Clocks.
last=9
for now in 2031-06-01T00:00:00Z 2030-01-01T00:00:00Z 2031-06-01T00:00:01Z \
    2029-02-28T23:59:59Z 2031-12-31T00:00:00Z; do
	last=$((last + 1))
	key_form acme "at $now" | drop "at-$last.xml"
	once DOCKET_NOW=$now
	ok "at $now a form is received" test -e "pending/AK-$(printf %06d $last).xml"
done
is "$(ledger log --format=%ct | sort -rn -c 2>&1)" "" \
    "the ledger's dates never step back"
# in the middle of a run
if command -v cc >/dev/null && cc -shared -fPIC -o "$T/step.so" -x c - <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The time of day, as far off as a file says. */
time_t
time(time_t *out)
{
	struct timespec t;
	FILE *f = fopen(getenv("STEP"), "re");
	long off = 0;

	if (f != NULL) {
		if (fscanf(f, "%ld", &off) != 1)
			off = 0;
		fclose(f);
	}
	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += off;
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}
EOF
then
	echo 0 >"$T/step"
	now=$(date +%s)
	ahead=$(($(date -d 2032-01-01 +%s) - now))
	echo $ahead >"$T/step"
	start LD_PRELOAD="$T/step.so" STEP="$T/step"
	for step in 0 86400 -86400 -31536000 90 -90 1; do
		echo $((ahead + step)) >"$T/step"
		last=$((last + 1))
		key_form acme "step $step" | drop "step-$last.xml"
		number=AK-$(printf %06d $last)
		ok "a clock that steps by $step" \
		    waitfor -t 30 there "outbox/$number.received.txt"
		mv "pending/$number.xml" approved/
		ok "and a decision" \
		    waitfor -t 30 there "outbox/$number.approved.txt"
	done
	unlike "$(cat "$T/log")" "level=error" "none is a trouble"
	ok "it ends" stop
else
	skip "no compiler for a clock that steps"
fi
once DOCKET_NOW=2032-06-01T00:00:00Z
is "$(find outbox -name '*.refused.*')" "" "nobody was blamed"
is "$(ledger log --format=%ct | sort -rn -c 2>&1)" "" \
    "the dates have not stepped back"
trays_equal_ledger
fsck_clean
done_testing
