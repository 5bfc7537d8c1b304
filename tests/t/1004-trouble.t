#!/bin/sh
# The desk's own trouble with a file is not the sender's: it is tried again.
. "$(dirname "$0")/lib.sh"
command -v strace >/dev/null || skip_all "needs strace"
strace -o /dev/null true 2>/dev/null || skip_all "strace may not trace here"
make_desk
conf '[inbox]' '	grace = 0'
once

# with CALL NTH HOW: a round in which the NTH such call on the form that is
# dropped as form.xml goes wrong
with() {
	strace -qq -o "$T/trace" -e trace="$1" -e inject="$1:$3:when=$2" \
	    -P "$DESK/.docket/claims" "$DOCKET" run --once "$DESK" \
	    >"$T/once" 2>&1
}

n=0
for error in EMFILE ENFILE ENOMEM EIO; do
	n=$((n + 1))
	key_form acme "$error" | drop form.xml
	# the round's folder is opened first
	with openat2 2 error=$error
	ok "a form that cannot be opened ($error) is not refused" \
	    test ! -e outbox/form.xml.refused.txt \
	    -a -e outbox/form.xml.held.txt
	like "$(cat "$T/once")" "1 form could not be read" "but complained of"
	ok "the next start" once
	ok "receives it" test -e "pending/AK-00000$n.xml"
	rm -f outbox/form.*
done

key_form acme denied | drop form.xml
with openat2 2 error=EACCES
file_like outbox/form.xml.refused.txt "2017 - " "what may not be read is refused"
ok "and comes back" test -e outbox/form.xml
is "$(find .docket/claims -mindepth 1)" "" "nothing is left of it"
rm -f outbox/form.*

# the file is there a moment before it is complete; the desk is killed when it
# has just put it back
sed -i 's/grace = 0/grace = 1s/' docket.conf
once
key_form acme slow | head -5 >inbox/slow.xml
with unlinkat 1 signal=KILL
like "$(tail -1 "$T/trace")" KILL "killed with a file put back"
is "$(find inbox .docket/claims -type f | wc -l)" 1 "it is there once"
key_form acme slow | tail -n +6 >>inbox/slow.xml
ok "the next start" once
ok "receives it, complete" test -e pending/AK-000005.xml
is "$(find .docket/claims -mindepth 1)" "" "and leaves nothing"
fsck_clean
done_testing
