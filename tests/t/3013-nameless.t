#!/bin/sh
# A desk whose user has no name on its machine, as in a container: ssh-keygen
# does nothing for such a user, and no signer is to blame for that.
. "$(dirname "$0")/lib.sh"
. "$SRC/tests/t/signers.sh"
command -v ssh-keygen >/dev/null || skip_all "needs ssh-keygen"

key alice
make_desk
conf '[reviewer "alice"]' '	group = board' '[review "AK"]' \
    '	evidence = signature'
signer alice >allowed_signers
key_form acme one | drop one.xml
key_form acme two | drop two.xml
once
mkdir "$T/tools"
printf '%s\n' '#!/bin/sh' 'echo "No user exists for uid 64001"' 'exit 255' \
    >"$T/tools/ssh-keygen"
chmod 755 "$T/tools/ssh-keygen"

sign alice approve pending/AK-000001.xml
cat >"$T/list.xml" <<LIST
<decisions xmlns="urn:docket:request:1">
<decision number="AK-000002" revision="1" event="approve"
 sha256="$(sha256sum pending/AK-000002.xml | cut -c1-64)"/>
</decisions>
LIST
ssh-keygen -q -Y sign -n decisions@docket -f "$T/alice" "$T/list.xml" \
    2>/dev/null
cp "$T/list.xml" "$T/list.xml.sig" inbox/
exits 4 "it waits" env PATH="$T/tools:$PATH" "$DOCKET" run --once "$DESK"
ok "the signature stays" test -e pending/AK-000001.xml.sig
not_ok "nobody is told off" test -e pending/AK-000001.refused.txt
not_ok "nor for the list" test -e outbox/list.xml.refused.txt
like "$OUT" "AK-000001 waits.*does nothing for a user without a name" \
    "which it says"
exits 4 "the command cannot tell whose key it is" env PATH="$T/tools:$PATH" \
    "$DOCKET" approve -k "$T/alice" AK-000001 --dry-run
once
ok "once it has a name, the signature counts" test -e approved/AK-000001.xml
ok "and the list" test -e approved/AK-000002.xml
exits 4 "the audit cannot tell either" env PATH="$T/tools:$PATH" \
    "$DOCKET" audit ledger.git
unlike "$OUT" "Wrong" "and calls nothing wrong"
fsck_clean

# another remedy for a list that is signed by nobody
key mallory
sed 's/"approve"/"reject"/' "$T/list.xml" >"$T/other.xml"
ssh-keygen -q -Y sign -n decisions@docket -f "$T/mallory" "$T/other.xml" \
    2>/dev/null
cp "$T/other.xml" "$T/other.xml.sig" inbox/
once
file_like outbox/other.xml.refused.txt "ssh-keygen -Y sign -n decisions@docket" \
    "a list is told how lists are signed"

# the real one
[ "$(id -u)" = 0 ] && command -v setpriv >/dev/null || done_testing
chmod 755 "$T"
mkdir "$T/home"
chown 64001 "$T/home"
setpriv --reuid=64001 --regid=64001 --clear-groups "$DOCKET" init \
    "$T/home/desk" >/dev/null
cp allowed_signers "$T/home/desk/"
setpriv --reuid=64001 --regid=64001 --clear-groups "$DOCKET" run --once \
    "$T/home/desk" >/dev/null 2>&1
OUT=$(setpriv --reuid=64001 --regid=64001 --clear-groups "$DOCKET" \
    -C "$T/home/desk" doctor programs)
like "$(echo "$OUT" | tr -s ' \n' ' ')" "without a name, .* uid 64001" \
    "the doctor finds it"
like "$OUT" "useradd -r -u 64001" "and what to do"
done_testing
