#!/bin/sh
# Keys for a client whose recipient the list of clients names: only who has the
# identity reads them.
. "$(dirname "$0")/lib.sh"
command -v age >/dev/null || skip_all "age is missing"
make_desk
quick
age-keygen -o "$T/identity" 2>/dev/null
ssh-keygen -q -t ed25519 -N '' -C '' -f "$T/ssh"
clients() {
	echo '<clients xmlns="urn:docket:catalog:1">'
	printf '<client id="acme"><name>Acme</name>%s</client>\n' "$1"
	printf '<client id="beta"><name>Beta</name>%s</client>\n' "$2"
	echo '<client id="gamma"><name>Gamma</name></client>'
	echo '</clients>'
}
recipient() {
	printf '<recipient>%s</recipient>' "$1"
}
start
clients "$(recipient "$(age-keygen -y "$T/identity")")" \
    "$(recipient "$(cut -d' ' -f1,2 "$T/ssh.pub")")" | drop clients.xml
waitfor there pending/CL-000001.xml
mv pending/CL-000001.xml approved/
waitfor there outbox/CL-000001.approved.txt
# one box that others may look into
mkdir inbox/acme inbox/beta inbox/gamma
chmod 755 inbox/acme inbox/beta inbox/gamma
n=0
for client in acme beta gamma; do
	n=$((n + 1))
	key_form $client "of $client" >"$T/form.xml"
	mv "$T/form.xml" "inbox/$client/form.xml"
	waitfor there "pending/AK-00000$n.xml"
	mv "pending/AK-00000$n.xml" approved/
	waitfor there "outbox/$client/AK-00000$n.approved.txt"
done
ok "a key for an age recipient" waitfor there outbox/acme/AK-000001.key.age
ok "and one for an SSH key" waitfor there outbox/beta/AK-000002.key.age
digest_of() {
	ledger log --format=%B --grep="^$1 approved" |
	    sed -n 's/^Key-SHA256: //p'
}
age -d -i "$T/identity" outbox/acme/AK-000001.key.age >"$T/acme.key"
is "$(tr -d '\n' <"$T/acme.key" | sha256sum | cut -d' ' -f1)" \
    "$(digest_of AK-000001)" "plain age -d gives the key that was issued"
age -d -i "$T/ssh" outbox/beta/AK-000002.key.age >"$T/beta.key"
is "$(tr -d '\n' <"$T/beta.key" | sha256sum | cut -d' ' -f1)" \
    "$(digest_of AK-000002)" "so it does with the SSH key"
not_ok "another's identity does not open it" age -d -i "$T/ssh" \
    outbox/acme/AK-000001.key.age
ok "where there is no recipient and others may look, it waits" \
    waitfor match outbox/gamma/status.txt "AK-000003"
ok "nothing is there that others could read" test ! -e \
    outbox/gamma/AK-000003.key
like "$("$DOCKET" show AK-000003)" "gamma" "show knows"
clients '' '' | sed "s,<name>Gamma</name>,&$(recipient \
    "$(age-keygen -y "$T/identity")")," | drop again.xml
waitfor there pending/CL-000002.xml
mv pending/CL-000002.xml approved/
ok "once the list names a recipient, it is delivered" waitfor -t 90 there \
    outbox/gamma/AK-000003.key.age
age -d -i "$T/identity" outbox/gamma/AK-000003.key.age >"$T/gamma.key"
is "$(tr -d '\n' <"$T/gamma.key" | sha256sum | cut -d' ' -f1)" \
    "$(digest_of AK-000003)" "and is the one that was issued"
is "$(ls -A .docket/keys)" "" "none is left behind"
stop
for key in acme beta gamma; do
	not_ok "$key's key is nowhere else" grep -rqF "$(cat "$T/$key.key")" \
	    "$DESK"
done
fsck_clean
done_testing
