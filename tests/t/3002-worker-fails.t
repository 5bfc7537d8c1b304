#!/bin/sh
# When docket-check cannot do its work, forms and rules wait; nothing is made
# of that, and the desk goes on.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/faults.sh"

# a docket whose docket-check ends at once, or cannot lock its children
mkdir "$T/bin"
cp "$DOCKET" "$T/bin/docket"
DOCKET=$T/bin/docket
cat >"$T/bin/docket-check" <<EOF
#!/bin/sh
[ -e "$T/ends" ] && exit 1
[ -e "$T/tight" ] && ulimit -v 70000
exec "$BUILD/docket-check" "\$@"
EOF
chmod +x "$T/bin/docket-check"
make_desk
quick

# schemas that it cannot bear
start
cat >"$T/leave.xsd" <<'EOF'
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
    targetNamespace="urn:example:leave" elementFormDefault="qualified">
  <xs:element name="leave" type="xs:string"/>
</xs:schema>
EOF
touch "$T/ends"
cp "$T/leave.xsd" schemas/leave.xsd
ok "schemas that docket-check ends at are refused" \
    waitfor match schemas.refused.txt "could not be compiled"
key_form acme one 2099-01-01 2099-12-31 | drop one.xml
ok "the old ones stay in force" waitfor there outbox/AK-000001.received.txt
unlike "$(cat "$T/log")" event=trouble "the desk goes on"
mv pending/AK-000001.xml approved/
waitfor there outbox/AK-000001.approved.txt
rm "$T/ends"
kill -HUP "$_pid"
ok "SIGHUP has them looked at once more" \
    waitfor match "$T/log" schemas/leave.xsd
ok "the complaint goes" waitfor gone schemas.refused.txt
stop

# a history with schemas that do not compile any more
printf '<no schema' >"$T/broken.xsd"
GIT_INDEX_FILE=$T/index
export GIT_INDEX_FILE
ledger read-tree main
for f in "$T/broken.xsd" "$T/leave.xsd"; do
	ledger update-index --add --cacheinfo \
	    "100644,$(ledger hash-object -w "$f"),schemas/leave.xsd"
	ledger update-ref refs/heads/main "$(ledger cat-file commit main |
	    sed '1,/^$/d' | ledger -c user.name=desk -c user.email=desk@example.org \
	    commit-tree -p main "$(ledger write-tree)")"
done
unset GIT_INDEX_FILE
ok "an old schema that does not compile" "$DOCKET" rebuild index
like "$("$DOCKET" list)" "AK-000001 .*2099-12-31" "keeps no index from being made"

if [ -n "$sanitized" ]; then
	skip "a sanitizer needs more address space"
	done_testing
fi

# children that die of everything
touch "$T/tight"
exits 4 "an index without what is in the papers is not made" \
    "$DOCKET" rebuild index
like "$OUT" "no worker could read the paper of AK-000001" "and it says why"
key_form acme two | drop two.xml
exits 4 "run --once tells" "$DOCKET" run --once "$DESK"
rm "$T/tight"
ok "the next start makes it" once
like "$("$DOCKET" list)" "AK-000001 .*2099-12-31" "with the day of expiry"
ok "and takes the form" test -e pending/AK-000002.xml

touch "$T/tight"
key_form acme three | drop three.xml
exits 4 "a form that no worker could check" "$DOCKET" run --once "$DESK"
like "$OUT" "1 form could not be checked and is kept" "run --once tells of it"
ok "the sender is told that it is safe" test -e outbox/three.xml.held.txt
start
waitfor match .docket/notices "1 form could not be checked"
rm "$T/tight"
conf '[desk]' '	name = another'
ok "when rules change it is tried again" waitfor there \
    outbox/AK-000003.received.txt
stop
trays_equal_ledger
is "$(ledger fsck --strict --no-dangling 2>&1)" "" "git fsck has nothing to say"
done_testing
