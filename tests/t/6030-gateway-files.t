#!/bin/sh
# The files for gateways: what is in them, when they are written, what is run
# then, and what nobody can write into them.
. "$(dirname "$0")/lib.sh"
make_desk
quick
conf '[gateway]' "	reload = \"echo said; cat '$DESK/outbox/gateway/clients.map' >>'$T/hook'\""
export DOCKET_NOW=2027-03-01T09:00:00Z
TODAY=2027-03-01
NEXT=2027-03-31
END=$(date -u -d "$NEXT + 1 day" +%s)
GATE=$DESK/outbox/gateway

key_form acme one "$TODAY" "$NEXT" | drop one.xml
once
not_ok "a desk without keys in force gets no folder" test -e "$GATE"
mv pending/AK-000001.xml approved/
once
digest=$(trailer Key-SHA256)
like "$digest" '^[0-9a-f]{64}$' "the digest of its key is in the ledger"
is "$(cd "$GATE" && echo ./*)" "./apis.map ./clients.map ./docket.js ./expiry.map ./haproxy.cfg ./nginx-apis.map ./nginx-keys.map ./nginx.conf ./quota.map" \
    "the files are there"
is "$(stat -c '%a' "$GATE" "$GATE"/*.map | sort -u | tr '\n' ' ')" "644 755 " \
    "all may read them"
lines() {
	grep -v '^#' "$GATE/$1"
}
is "$(lines clients.map)" "$digest acme" "the client"
is "$(lines expiry.map)" "$digest $END" "the end of the last day"
is "$(lines quota.map)" "$digest 100" "the quota"
is "$(lines apis.map)" "$digest/orders 1" "the API"
is "$(lines nginx-keys.map)" "\"$digest\" \"acme|$END|100\";" "for nginx"
is "$(lines nginx-apis.map)" "\"$digest/orders\" 1;" "and its API"
is "$(grep -c acme "$T/hook")" 1 "the command was run, when they were there"

# Only what changes is written.
stat -c '%i %n' "$GATE"/* | sort >"$T/before"
key_form acme two 2099-01-01 2099-12-31 | drop two.xml
once
mv pending/AK-000002.xml approved/
once
is "$(stat -c '%i %n' "$GATE"/* | sort)" "$(cat "$T/before")" \
    "a key that is not in force yet changes nothing"
is "$(grep -c acme "$T/hook")" 1 "and the command is not run"
sed 's,<quota>.*<,<quota>7<,' outbox/AK-000001.xml | drop change.xml
once
mv pending/AK-000001.r2.xml approved/
once
is "$(lines quota.map)" "$digest 7" "changed terms"
is "$(stat -c '%i %n' "$GATE"/* | sort | comm -13 - "$T/before" |
    sed 's,.*/,,' | sort | tr '\n' ' ')" "nginx-keys.map quota.map " \
    "change the files that they are in"

# What is done to the files is undone with the next change; by rebuild at once.
echo "0000 mallory" >>"$GATE/clients.map"
rm "$GATE/apis.map"
exits 0 "docket rebuild gateway" "$DOCKET" rebuild gateway
is "$(echo "$OUT" | tail -n 1)" "gateway: 1 key in force, 2 files replaced" "says what it has done"
is "$(lines clients.map)" "$digest acme" "what was put in is gone"
is "$(lines apis.map)" "$digest/orders 1" "what was lost is back"
exits 0 "once more" "$DOCKET" rebuild gateway
is "$OUT" "gateway: 1 key in force, 0 files replaced" "nothing is"
echo '# mine' >"$GATE/haproxy.cfg"
rm "$GATE/nginx.conf"
exits 0 "and with samples that the operator has changed" "$DOCKET" rebuild gateway
is "$(cat "$GATE/haproxy.cfg")" "# mine" "those are left alone"
ok "those that are gone come back" cmp "$GATE/nginx.conf" \
    "$SRC/schemas/examples/gateway/nginx.conf"
rm -r "$GATE"
exits 0 "without the folder" "$DOCKET" rebuild gateway
is "$(lines clients.map)" "$digest acme" "all is made anew"

# A folder as the operator has made it.
rm -r "$GATE"
mkdir -m 750 "$GATE"
exits 0 "in a folder of the operator's" "$DOCKET" rebuild gateway
is "$(stat -c %a "$GATE")" 750 "its mode stays"
rm -r "$GATE"
ln -s /tmp "$GATE"
exits 4 "not in a link" "$DOCKET" rebuild gateway
like "$OUT" "outbox/gateway: .*go by what they have" "which it says"
rm "$GATE"
echo x >"$GATE"
once
ok "the desk goes on without" test -e approved/AK-000001.r2.xml
key_form acme three "$TODAY" "$NEXT" | drop three.xml
once
ok "with its other work" test -e pending/AK-000003.xml
rm "$GATE"

# A command that fails, or says too much.
start
key() {
	mv "pending/$1.xml" approved/
	waitfor there "outbox/$1.approved.txt"
}
key AK-000003
ok "the command is run" waitfor match "$T/hook" "$(trailer Key-SHA256)"
unlike "$("$DOCKET" status)" "Not a directory" \
    "what was wrong before is told no more"
ok "what the command says is logged" seen \
    'event=gateway.reload ended=well says=said'
sed -i 's/reload = .*/reload = "echo no such server >\&2; exit 3"/' docket.conf
ok "another command" seen event=rules
key_form acme four "$TODAY" "$NEXT" | drop four.xml
waitfor there pending/AK-000004.xml
key AK-000004
ok "that fails" seen 'ended="ended with 3"'
waitfor match .docket/notices gateway.reload
like "$("$DOCKET" status)" \
    'gateway.reload: the command ended with 3: no such server' "is shown"
sed -i "s,reload = .*,reload = \"echo \$\$ >>'$T/pids'; read -r x <'$T/fifo'\"," docket.conf
mkfifo "$T/fifo"
forget
ok "one that takes long" seen event=rules
for n in 5 6 7; do
	key_form acme "n$n" "$TODAY" "$NEXT" | drop "n$n.xml"
	waitfor there "pending/AK-00000$n.xml"
	key "AK-00000$n"
	waitfor there "$T/pids"
done
ok "does not keep the desk from its work" test -e approved/AK-000007.xml
waitfor match "$GATE/clients.map" "$(trailer Key-SHA256)"
is "$(wc -l <"$T/pids")" 1 "is run once only at a time"
timeout 20 sh -c "echo >'$T/fifo'"
ok "then once more" seen event=gateway.reload
timeout 20 sh -c "echo >'$T/fifo'"
ok "well" waitfor match "$T/log" "event=gateway.reload ended=well" 2
ok "so that nobody complains" waitfor without .docket/notices gateway.reload
stop
is "$(wc -l <"$T/pids")" 2 "and no more"

# Killed while the command runs, or before it does: files are as they should
# be, and nobody has told the gateway.
start
ok "what was told is not told again" waitfor gone .docket/reload-due
key_form acme eight "$TODAY" "$NEXT" | drop eight.xml
waitfor there pending/AK-000008.xml
key AK-000008
waitfor match "$GATE/clients.map" "$(trailer Key-SHA256)"
ok "the command is on its way" sh -c \
    "until [ \$(wc -l <'$T/pids') = 3 ]; do waitfor -t 1 gone '$T/pids' || :; done"
kill_hard
stat -c '%i %n' "$GATE"/*.map >"$T/before"
start
ok "after a kill it is run again" sh -c \
    "until [ \$(wc -l <'$T/pids') = 4 ]; do waitfor -t 1 gone '$T/pids' || :; done"
is "$(stat -c '%i %n' "$GATE"/*.map)" "$(cat "$T/before")" \
    "though no file is another"
timeout 20 sh -c "echo >'$T/fifo'"
ok "once" waitfor gone .docket/reload-due
ok "and well" seen 'event=gateway.reload ended=well'

# One that fails is tried again, without another change; or another is.
forget
sed -i "s,reload = .*,reload = test -e '$T/server'," docket.conf
seen event=rules
ok "when the command was changed it waits for a change" \
    waitfor gone .docket/reload-due
is "$(grep -c event=gateway.reload "$T/log")" 0 "and is not run"
key_form acme nine "$TODAY" "$NEXT" | drop nine.xml
waitfor there pending/AK-000009.xml
key AK-000009
ok "a server that is away" seen 'ended="ended with 1"'
forget
: >"$T/server"
ok "is told when it is back" waitfor -t 30 match "$T/log" ended=well
ok "and nothing is wrong" waitfor without .docket/notices gateway.reload
forget
rm "$T/server"
key_form acme ten "$TODAY" "$NEXT" | drop ten.xml
waitfor there pending/AK-000010.xml
key AK-000010
seen 'ended="ended with 1"'
sed -i "s,reload = .*,reload = true," docket.conf
ok "a command that is put right is run at once" waitfor -t 4 match "$T/log" \
    ended=well
stop

# Settings that are none.
printf '[gateway]\n\thaproxy =\n' >"$T/bad.conf"
cat docket.conf "$T/bad.conf" >"$T/new.conf"
not_ok "a socket without a name" tables parse "$T/new.conf"
printf '[gateway]\n\thaproxy = /%0120d\n' 0 >"$T/bad.conf"
cat docket.conf "$T/bad.conf" >"$T/new.conf"
exits 1 "nor one that is too long" tables parse "$T/new.conf"
like "$OUT" "at most 107 bytes" "which says so"

# Forms of another type may say anything; it stays where it belongs.
cat >schemas/other.xsd <<'END'
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:d="urn:docket:schema:1"
    xmlns:o="urn:other" targetNamespace="urn:other" elementFormDefault="qualified">
  <xs:element name="other">
    <xs:annotation><xs:appinfo>
      <d:form element="o:other" prefix="OT" client="o:who" apis="o:api" issues="key"/>
    </xs:appinfo></xs:annotation>
    <xs:complexType><xs:sequence>
      <xs:element name="who" type="xs:string"/>
      <xs:element name="quota" type="xs:string"/>
      <xs:element name="api" type="xs:string" maxOccurs="unbounded"/>
    </xs:sequence></xs:complexType>
  </xs:element>
</xs:schema>
END
once
cat >inbox/other.xml <<'END'
<other xmlns="urn:other"><who>a";}&#10;$evil # |0|-1</who><quota>all</quota><api>x" 1;&#10;"y</api><api>../z</api></other>
END
once
mv pending/OT-000001.xml approved/
once
digest=$(trailer Key-SHA256)
is "$(lines clients.map | grep "$digest")" \
    "$digest a%22%3B%7D%20%24evil%20%23%20%7C0%7C-1" "a name is one word"
is "$(lines quota.map | grep "$digest")" "$digest 0" \
    "a quota that is none lets nobody pass"
is "$(lines nginx-apis.map | grep "$digest")" "\"$digest/x%22%201%3B%20%22y\" 1;
\"$digest/..%2Fz\" 1;" "an API is one word"
fsck_clean
done_testing
