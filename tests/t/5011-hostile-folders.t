#!/bin/sh
# Somebody who may write to inbox and trays, and is no reviewer: whatever they
# put there, docket neither reads, writes, deletes nor approves what is not
# theirs.
. "$(dirname "$0")/lib.sh"
[ "$(id -u)" = 0 ] || skip_all "needs root, to act as several users"
command -v setpriv >/dev/null || skip_all "needs setpriv"

DESK_UID=64001 ALICE=64002 MALLORY=64005 STAFF=64100
as() {
	_uid=$1
	shift
	setpriv --reuid="$_uid" --regid=$STAFF --clear-groups "$@"
}
mallory() {
	as $MALLORY "$@"
}
git_log() {
	git -c safe.directory='*' -C ledger.git log "$@"
}
chmod 755 "$T"
mkdir "$T/home"
chown $DESK_UID:$STAFF "$T/home"
DESK=$T/home/desk
as $DESK_UID "$DOCKET" init --group $STAFF "$DESK" >/dev/null
cd "$DESK" || exit 1
as $DESK_UID mkdir inbox/acme
chmod 2770 inbox/acme
printf '%s\n' '[inbox]' '	settle = 200ms' '	grace = 0' '[trays]' \
    '	strays = 300ms' '[reviewer "alice"]' "	user = $ALICE" >>docket.conf

# what nobody may get at through docket: the desk's user can read it
secret=$T/home/secret
echo "the secret that docket could read" >"$secret"
chown $DESK_UID "$secret"
chmod 600 "$secret"
untouched() {
	is "$(cat "$secret"; stat -c '%u %a' "$secret")" \
	    "the secret that docket could read
$DESK_UID 600" "$1"
}
nowhere() {
	not_ok "$1" grep -rqs "the secret that docket" outbox pending \
	    approved returned rejected revoked "$T/log"
	is "$(git -c safe.directory='*' -C ledger.git grep -l "the secret" \
	    main 2>&1)" "" "nor in the ledger"
}
: >"$T/log"
chown $DESK_UID "$T/log"
setpriv --reuid=$DESK_UID --regid=$STAFF --clear-groups \
    "$DOCKET" run "$DESK" >>"$T/log" 2>&1 &
_pid=$!
waitfor match "$T/log" event=ready
key_form >"$T/form.xml"
chmod 644 "$T/form.xml"

# What is no file, or not a form's.
mallory mkfifo inbox/fifo.xml
mallory ln -s "$secret" inbox/link.xml
mallory ln -s /nowhere inbox/dangling.xml
mallory ln -s . inbox/loop.xml
mallory perl -MIO::Socket::UNIX -e \
    'IO::Socket::UNIX->new(Local => "inbox/socket.xml", Listen => 1)'
mallory truncate -s 10G inbox/sparse.xml
mallory sh -c "cat $T/form.xml >inbox/.two; ln inbox/.two inbox/twice.xml"
mallory sh -c "umask 777; cat $T/form.xml >inbox/unreadable.xml"
for what in fifo link dangling loop socket sparse twice unreadable; do
	ok "$what is answered" waitfor there outbox/$what.xml.refused.txt
done
if mknod "$T/device" c 1 5 2>/dev/null; then
	mknod inbox/device.xml c 1 5
	ok "device is answered" waitfor there outbox/device.xml.refused.txt
else
	skip "no devices can be made here"
fi
mallory mkdir inbox/folder.xml
ok "a folder is reported" waitfor match .docket/notices "inbox/folder.xml"
mallory rmdir inbox/folder.xml

# Names.
n=0
odd() {
	n=$((n + 1))
	key_form acme "odd $n" >"$T/odd"
	mallory cp "$T/odd" "inbox/$1" ||
		diag "cannot be made here: $(printf %s "$1" | od -c | head -2)"
}
chmod 755 "$T"
umask 022
odd "$(printf 'new\nline.xml')"
odd "$(printf 'escape\033[2J.xml')"
odd "$(printf 'right\342\200\256lmx.xml')"
odd "$(printf 'latin\351.xml')"
odd "$(printf '%0251d.xml' 0)"
odd "./-rf.xml"
odd "..%2f..%2fetc.xml"
odd "$(printf 'tab\t.xml')"
odd 'a;touch owned;.xml'
# shellcheck disable=SC2016 # it is not to be expanded
odd '$(touch owned).xml'
ok "all names are taken out of inbox" waitfor -t 60 count inbox 1 ||
	diag "$(ls -la inbox)"
i=0
while [ $i -lt 300 ] && [ -n "$(ls .docket/claims)" ]; do
	waitfor -t 1 empty .docket/claims && break
	i=$((i + 1))
done
is "$(ls .docket/claims)" "" "and dealt with"
is "$(find . -name 'owned*' -o -path ./ledger.git -prune -name owned)" "" \
    "none of them is a command"
unlike "$(cat "$T/log")" "$(printf '\033')" "none gets to a terminal"
received=$(git_log --format=%s | grep -c received)
[ "$received" -gt 0 ]
_report $? "forms of good names are received: $received of $n"
# Times.
key_form acme "of 1901" >"$T/form.xml"
mallory cp "$T/form.xml" inbox/.old
mallory touch -d '1901-12-14' inbox/.old
mallory mv inbox/.old inbox/old.xml
ok "a file of 1901" waitfor match "$T/log" "from=old.xml"
key_form acme "of 2200" >"$T/form.xml"
mallory cp "$T/form.xml" inbox/.new
mallory touch -d '2200-01-01' inbox/.new
mallory mv inbox/.new inbox/new.xml
ok "and one of 2200 are received" waitfor match "$T/log" "from=new.xml"

# Races: now a form, now a link; and a file that is written to after it was
# claimed.
mallory perl -e '
    my ($form, $secret) = @ARGV;
    for my $i (1 .. 400) {
	open(my $f, ">", "inbox/.form") or die; print $f "<a$i"; close $f;
	symlink $secret, "inbox/.link";
	rename "inbox/.form", "inbox/race.xml";
	rename "inbox/.link", "inbox/race.xml";
	unlink "inbox/race.xml" if $i % 3 == 0;
    }' "$T/form.xml" "$secret"
key_form acme "written to" >"$T/form.xml"
mallory perl -e '
    open(my $in, "<", $ARGV[0]) or die; local $/; my $text = <$in>;
    open(my $f, "+>", "inbox/held.xml") or die; $f->autoflush(1);
    print $f $text;
    for (1 .. 2000) { last if !-e "inbox/held.xml"; select undef, undef, undef, .01 }
    seek $f, 0, 0; print $f "EVIL" x 50; truncate $f, 10;' "$T/form.xml"
ok "a form that is written to when it was claimed" \
    waitfor match "$T/log" "from=held.xml"
paper=$(git_log -1 --format= --name-only --diff-filter=A)
is "$(git -c safe.directory='*' -C ledger.git show "main:$paper" |
    sed '/^<?docket/d; s/<?docket [^>]*>//' | grep -c EVIL)" 0 \
    "is as it was then"
nowhere "the secret is in no answer, tray or log"
untouched "and is as it was"

# Trays: what is in the place of papers that come.
last=$(git_log --format=%s | sed -n 's/^AK-0*\([0-9]*\) received.*/\1/p' |
    sort -n | tail -1)
next() {
	printf 'AK-%06d' $((last + $1))
}
mallory ln -s "$secret" "pending/$(next 1).xml"
mallory sh -c "echo mine >pending/.mine; ln pending/.mine pending/$(next 2).xml"
mallory mkfifo "pending/$(next 3).xml"
for i in 1 2 3; do
	key_form acme "shown $i" >"$T/form.xml"
	mallory cp "$T/form.xml" inbox/shown$i.xml
	waitfor there "outbox/$(next $i).received.txt"
	[ ! -p "pending/$(next $i).xml" ] ||
		waitfor match .docket/notices "pending/$(next $i).xml"
	ok "form $i is shown whatever is in its place" waitfor match \
	    "pending/$(next $i).xml" "shown $i"
	is "$(stat -c '%F %u %h' "pending/$(next $i).xml")" \
	    "regular file $DESK_UID 1" "as the desk's own file"
done
mallory touch pending/later.txt
ok "when strays are cleared away" waitfor there outbox/strays/later.txt
unlike "$(git_log --format=%s)" restored \
    "the papers in the place of some are not among them"
untouched "what a link led to is as it was"
is "$(cat pending/.mine 2>/dev/null || echo mine)" mine \
    "and somebody's own file too"

# Decisions by somebody who is no reviewer.
form=$(next 1)
undone() {
	ok "$1" waitfor there "pending/$form.refused.txt" ||
		diag "$(tail -5 "$T/log")"
	ok "it is undone" waitfor gone "approved/$form.xml"
	rm -f "pending/$form.refused.txt"
}
mallory cp "pending/$form.xml" approved/
undone "a copy by one who is no reviewer"
mallory sh -c "cp pending/$form.xml approved/ && chmod 6777 approved/$form.xml"
undone "with every bit set"
not_ok "the kernel lets nobody give a file away" \
    mallory chown $ALICE "approved/$form.xml"
as $ALICE cp "pending/$form.xml" "$T/home/desk/approved/.alice"
ln approved/.alice "approved/$form.xml"
undone "a second name of a file of alice's"
rm -f approved/.alice
ln -s "../pending/$form.xml" "approved/$form.xml"
chown -h $ALICE "approved/$form.xml"
ok "a link of alice's to the paper itself is taken away" \
    waitfor gone "approved/$form.xml"
mallory sh -c "echo 'Alice says so.' >pending/$form.note.txt"
as $ALICE cp "pending/$form.xml" returned/
ok "somebody else's note is none of alice's" waitfor match \
    "pending/$form.refused.txt" "note"
ok "her copy is undone" waitfor gone "returned/$form.xml"
is "$(git_log --format=%s | grep -Ec "^$form (approved|returned)")" 0 \
    "nobody has decided"
mallory rm -f "pending/$form.note.txt"
as $ALICE cp "pending/$form.xml" approved/
ok "alice has" waitfor match "$T/log" "$form event=approve by=alice"

# A paper that is another file: root has put it there.
waitfor there outbox/acme/"$form".key || diag "$(ls outbox outbox/acme)"
ln -f "$secret" "approved/$form.xml"
ok "what is put in a paper's place is taken away" \
    waitfor match "approved/$form.xml" "shown 1"
untouched "and not written to"

# The outbox: links in the place of a folder, of an answer, of a key.
mkdir "$T/home/elsewhere"
chown $DESK_UID "$T/home/elsewhere"
mallory cp "$T/form.xml" "$T/home/elsewhere/mine" 2>/dev/null
form=$(next 2)
ln -s "$secret" "outbox/acme/$form.key"
chown -h $MALLORY "outbox/acme/$form.key"
ln -s "$secret" "outbox/$form.approved.txt"
as $ALICE cp "pending/$form.xml" approved/
ok "a key does not go where something is" waitfor match .docket/notices \
    "the key $form.key waits: there is a file outbox/acme/$form.key" ||
	diag "$(ls -la outbox/acme; cat .docket/notices)"
rm "outbox/acme/$form.key"
ok "it comes when that has gone" waitfor -t 90 there "outbox/acme/$form.key"
is "$(stat -c '%F %a' "outbox/acme/$form.key")" "regular file 640" "as a file"
ok "an answer takes its place" waitfor match "outbox/$form.approved.txt" approved
untouched "what the links led to is as it was"
mv outbox/acme "$T/home/acme.away"
ln -s "$T/home/elsewhere" outbox/acme
form=$(next 3)
as $ALICE cp "pending/$form.xml" approved/
ok "a link in the place of a client's folder" waitfor match \
    .docket/notices "outbox/acme" || diag "$(cat .docket/notices)"
is "$(ls "$T/home/elsewhere")" "" "leads nowhere"
rm outbox/acme
mv "$T/home/acme.away" outbox/acme
ok "when the folder is back, the key comes" \
    waitfor -t 90 there "outbox/acme/$form.key"
is "$(stat -c %a outbox/acme)" 2750 "which only its client reads"

unlike "$(cat "$T/log")" event=trouble "the desk was never in trouble"
# what root has put into the tray is among the strays, as it was
find outbox/strays -samefile "$secret" -delete
nowhere "the secret is nowhere still"
stop
is "$(git -c safe.directory='*' -C ledger.git fsck --strict --no-dangling \
    2>&1)" "" "git fsck has nothing to say"
ok "docket audit proves the ledger" "$DOCKET" audit ledger.git
done_testing
