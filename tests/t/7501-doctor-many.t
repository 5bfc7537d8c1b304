#!/bin/sh
# docket doctor on a desk of many users, asked by several of them.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip_all "needs root, to act as several users"
command -v setpriv >/dev/null || skip_all "needs setpriv"

DESK_UID=64001 ALICE=64002 OUTSIDER=64004
STAFF=64100
as() {
	_uid=$1
	shift
	setpriv --reuid="$_uid" --regid=$STAFF --clear-groups "$@"
}
chmod 755 "$T"
mkdir "$T/home"
chown $DESK_UID:$STAFF "$T/home"
DESK=$T/home/desk
as $DESK_UID "$DOCKET" init --group $STAFF "$DESK" >/dev/null
cd "$DESK" || exit 1
cat >>docket.conf <<EOF2
[reviewer "alice"]
	user = $ALICE
EOF2
round() {
	as $DESK_UID "$DOCKET" run --once "$DESK" >"$T/once" 2>&1
}
doctor() {
	# shellcheck disable=SC2086 # a list
	[ $# -gt 0 ] || set -- $DESK_CHECKS
	as $DESK_UID "$DOCKET" doctor "$@"
}
found() {
	exits "$1" "$4" doctor "$2"
	like "$(echo "$OUT" | tr -s ' \n' ' ')" "$3" "$4: it says so"
}
# The last line but one of what it says, as root: some are for root only.
mended() {
	sh -c "$(doctor "$1" | grep '^   *ch' | sed 's/^ *//')"
	exits 0 "mended" doctor "$1"
}

round
exits 0 "a desk of many is well" doctor
install -d -o $DESK_UID -g $STAFF -m 3770 inbox/acme
key_form acme one >inbox/acme/one.xml
round
exits 0 "with a closed box, too" doctor
is "$(stat -c %a outbox/acme)" 2750 "its answers are closed"

for tray in inbox pending; do
	chmod 2775 $tray
	found 1 folders "$tray: Others may write there and it is not sticky" \
	    "$tray without its sticky bit"
	mended folders
	is "$(stat -c %a $tray)" 3775 "$tray is sticky again"
done
chmod 755 approved
found 1 folders "approved:.*no reviewer can copy" "a tray that is closed"
mended folders
is "$(stat -c %a:%g approved)" 3775:$STAFF "it is as it was"
chmod g+w .
found 1 desk "put other folders" "a desk that the group may write to"
mended desk
chown 0:0 outbox/acme
found 0 answers "." "what is root's is nobody's else"
chown $ALICE outbox/acme
found 1 answers "outbox/acme: It is not the desk's own" "a folder of alice's"
mended answers
as $ALICE mkdir inbox/mine
found 1 boxes "inbox/mine: It was made by" "a box that alice made"
mended boxes
rmdir inbox/mine
install -d -o $DESK_UID -m 700 inbox/globex
found 0 boxes "inbox/globex: Nobody but the desk" "a box for nobody"
rmdir inbox/globex
chown $ALICE docket.conf
found 1 files "docket.conf: It belongs to" "rules that are alice's"
mended files
chown -R $ALICE ledger.git/refs
found 1 files "ledger.git/refs: It belongs to" "a history that is alice's"
mended files
chown $ALICE returned
found 1 folders "returned: It is not the desk's" "a tray that is alice's"
chown $DESK_UID returned
chmod 3775 returned

# as others
exits 0 "alice may ask" as $ALICE "$DOCKET" doctor folders ledger index \
    trays claims
like "$(echo "$OUT" | tr -s ' \n' ' ')" "claims: It cannot be looked at" \
    "she is told what she may not see"
like "$OUT" "runuser -u $DESK_UID -- docket doctor -C $DESK" "and who may"
exits 0 "somebody else may, too" setpriv --reuid=$OUTSIDER --regid=64200 \
    --clear-groups "$DOCKET" doctor folders ledger index
like "$(echo "$OUT" | tr -s ' \n' ' ')" "It cannot be looked at" \
    "and is told the same"

if git -c safe.directory='*' -C "$DESK/ledger.git" rev-parse main \
    >/dev/null 2>&1; then
	exits 0 "and may have the history proven" as $ALICE "$DOCKET" doctor \
	    --full ledger
else
	skip "git does not look into another's repository here"
fi

# reviewers
cat >>docket.conf <<EOF2
[reviewer "desk"]
	user = $DESK_UID
EOF2
round
found 1 reviewers "Reviewer desk is the desk's own user" \
    "a reviewer who is no evidence"

# a machine that does not know the desk's time zone
git config -f docket.conf desk.timezone Europe/Berlin
round
if unshare -m true 2>/dev/null && unshare -m mount -t tmpfs none \
    /usr/share/zoneinfo 2>/dev/null; then
	exits 3 "a time zone that is not known" unshare -m sh -c \
	    "mount -t tmpfs none /usr/share/zoneinfo && '$DOCKET' doctor ledger"
	like "$(echo "$OUT" | tr -s ' \n' ' ')" "timezone.*install tzdata" \
	    "it says what to install"
	exits 0 "with it all is well" doctor ledger
else
	skip "nothing can be mounted here"
fi

# another file system
if mount -t tmpfs -o size=20m none revoked 2>/dev/null; then
	found 3 folders "revoked: It is on another file system" \
	    "a tray on another file system"
	sh -c "$(doctor folders | grep '^ *umount')"
	exits 0 "unmounted" doctor folders
	mkdir "$T/small"
	mount -t tmpfs -o size=20m,nr_inodes=200,mode=755 none "$T/small"
	"$DOCKET" init "$T/small/desk" >/dev/null
	exits 3 "a full disk" "$DOCKET" -C "$T/small/desk" doctor space
	like "$OUT" "nothing is taken in" "it says what comes of it"
	like "$(echo "$OUT" | tr -s ' \n' ' ')" "room for [0-9]+ more files" \
	    "and that files are scarce"
	mount -o remount,size=1g,nr_inodes=100000 "$T/small"
	exits 0 "with more room it is well" \
	    "$DOCKET" -C "$T/small/desk" doctor space
	umount "$T/small"
else
	skip "nothing can be mounted here"
fi

# Everything is lost, and whose it was.
rm -rf inbox pending approved returned rejected revoked outbox .docket \
    schemas docket.conf
exits 2 "no ledger knows the group" as $DESK_UID "$DOCKET" rebuild
like "$OUT" "reviewer alice is another user.*--group GROUP" "it says so"
exits 0 "with it" as $DESK_UID "$DOCKET" rebuild --group $STAFF
like "$OUT" "chgrp GROUP inbox/acme" "the drop box is for the operator"
is "$(stat -c %a:%g inbox pending outbox .docket)" \
    "3775:$STAFF
3775:$STAFF
755:$STAFF
2750:$STAFF" "folders are as they were"
is "$(stat -c %a inbox/acme outbox/acme)" "700
2750" "boxes are closed"
chgrp $STAFF inbox/acme && chmod 3770 inbox/acme
round
git config -f docket.conf --remove-section reviewer.desk
round
exits 0 "doctor is content" doctor
trays_equal=$(ls pending)
is "$trays_equal" "AK-000001.xml" "what waited waits"
rm -rf approved
exits 0 "a tray alone" as $DESK_UID "$DOCKET" rebuild
is "$(stat -c %a:%g approved)" "3775:$STAFF" "is made for the same group"
exits 3 "not by somebody else" as $ALICE "$DOCKET" rebuild
done_testing
