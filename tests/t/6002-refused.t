#!/bin/sh
# Refused forms come back, each of them, with its answer.
. "$(dirname "$0")/lib.sh"
make_desk
conf '[inbox]' '	grace = 0'

# two that come back under one name, answered together
echo '<broken one' | drop status.txt
echo '<broken two' | drop status.txt.sent
once
is "$(cat outbox/status.txt.sent outbox/status.txt.sent.~1~ | sort)" \
    "$(printf '<broken one\n<broken two')" "both are there"
ok "and both answers" test -e outbox/status.txt.refused.txt \
    -a -e outbox/status.txt.sent.refused.txt

# one name three times
start
for i in 1 2 3; do
	echo "<broken $i" | drop key.xml
	ok "refused" waitfor match "$T/log" "event=refuse from=key.xml"
	forget
	ok "and back" waitfor match outbox/key.xml "<broken $i"
done
is "$(cat outbox/key.xml outbox/key.xml.~1~ outbox/key.xml.~2~)" \
    "$(printf '<broken %d\n' 3 1 2)" "each form is kept"
for name in key.xml key.xml.~1~ key.xml.~2~; do
	ok "$name has an answer" test -e "outbox/$name.refused.txt"
	is "$(xmllint --xpath 'string(//*[local-name()="sha256"])' \
	    "outbox/$name.refused.xml")" \
	    "$(sha256sum <"outbox/$name" | cut -d' ' -f1)" "its own"
done
echo "<broken 3" | drop key.xml
waitfor match "$T/log" "event=refuse from=key.xml"
stop
not_ok "the same again is not kept twice" test -e outbox/key.xml.~3~
rm -f outbox/key.* outbox/status.*

# too large to be read: the file itself comes back, after its answer
truncate -s 3M "$T/large"
mkdir outbox/large.xml.refused.txt
start
cp "$T/large" large.part
mv large.part inbox/large.xml
ok "an answer that cannot be written" waitfor match .docket/notices \
    "large.xml.refused.txt cannot be written"
not_ok "keeps the form back" test -e outbox/large.xml
rmdir outbox/large.xml.refused.txt
ok "it comes when it can" waitfor there outbox/large.xml \
    outbox/large.xml.refused.txt
ok "as it was" cmp "$T/large" outbox/large.xml
forget
mkdir outbox/large2.xml.refused.txt
cp "$T/large" large.part
mv large.part inbox/large2.xml
waitfor match .docket/notices "large2.xml.refused.txt cannot be written"
rm .docket/claims/*/large2.xml
rmdir outbox/large2.xml.refused.txt
ok "a form that somebody took meanwhile is answered all the same" \
    waitfor there outbox/large2.xml.refused.txt
unlike "$(cat "$T/log")" event=trouble "without trouble"
stop

# killed between the answer and the form
if strace -o /dev/null true 2>/dev/null; then
	while read -r call nth path step; do
		rm -f outbox/large*
		cp "$T/large" large.part
		mv large.part inbox/large.xml
		strace -qq -o /dev/null -e trace="$call" \
		    -e inject="$call:signal=KILL:when=$nth" -P "$DESK/$path" \
		    "$DOCKET" run --once "$DESK" >"$T/once" 2>&1
		is $? 137 "killed $step"
		ok "the next start" once
		ok "gives answer and form" test -e outbox/large.xml \
		    -a -e outbox/large.xml.refused.txt \
		    -a -e outbox/large.xml.refused.xml
	done <<-'EOF'
	renameat 1 outbox before the answer
	renameat 2 outbox in the middle of it
	renameat2 2 outbox before the form is given back
	write 1 .docket/delivered after it
	EOF
else
	skip "needs strace"
fi
is "$(find .docket/claims .docket/work .docket/answers -mindepth 1)" "" \
    "nothing is left over"
fsck_clean
done_testing
