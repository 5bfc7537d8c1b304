#!/bin/sh
# docket doctor: what is wrong is found, and what it says to do mends it.
. "$(dirname "$0")/lib.sh"

if command -v ssh-keygen >/dev/null; then
	# shellcheck source=/dev/null
	. "$SRC/tests/t/signers.sh"
	SSH=1
fi

# doctor [CHECK ...]: all but the machine's, if none is named
doctor() {
	# shellcheck disable=SC2086 # a list
	[ $# -gt 0 ] || set -- $DESK_CHECKS
	"$DOCKET" -C "$DESK" doctor "$@"
}

# The remedy of the first finding with a check and a pattern in its text.
remedy() {
	"$DOCKET" -C "$DESK" doctor "$1" --format json | tr '{' '\n' |
	    sed 's/","what":"/: /' |
	    grep -E '"grade":"(warn|fail|note)"' | grep -E -e "$2" | head -1 |
	    sed -n 's/.*"remedy":"\(.*\)"}.*/\1/p' | sed 's/\\"/"/g; s/\\\\/\\/g'
}

# found STATUS CHECK PATTERN NAME: doctor finds it
found() {
	exits "$1" "$4" doctor "$2"
	like "$(echo "$OUT" | tr -s ' \n' ' ')" "$3" "$4: it says so"
}

# mended CHECK PATTERN: its remedy, followed to the letter (but for words in
# capitals, which are replaced by WORD=VALUE ...), makes it go away
mended() {
	_check=$1 _pattern=$2
	_line=$(remedy "$1" "$2")
	shift 2
	for _word in "$@"; do
		_line=$(echo "$_line" | sed "s|${_word%%=*}|${_word#*=}|g")
	done
	if [ -z "$_line" ]; then
		_report 1 "$_check: there is a remedy for: $_pattern"
		return
	fi
	(cd "$DESK" && sh -c "$_line") >"$T/remedy" 2>&1
	doctor "$_check" >"$T/.again" 2>&1
	_report $? "mended by: $(echo "$_line" | sed "s|$T|T|g")" ||
	    diag "$(cat "$T/remedy" "$T/.again")"
}

# broken STATUS CHECK PATTERN NAME [WORD=VALUE ...]: found and mended
broken() {
	found "$1" "$2" "$3" "$4"
	_c=$2 _p=$3
	shift 4
	mended "$_c" "$_p" "$@"
}

exits 3 "what is no desk" "$DOCKET" -C "$T" doctor
exits 3 "what is not there" "$DOCKET" -C "$T/none" doctor
make_desk
quick
once
exits 0 "a new desk is well" doctor
unlike "$OUT" "^(warn|fail)" "nothing is to be done"
exits 2 "a check that is none" doctor nonsense
OUT=$("$DOCKET" doctor --all libraries)
like "$OUT" "libxml2: [0-9]+\.[0-9]+\.[0-9]+" "the parser's version"
like "$OUT" "libgit2: [0-9]" "the library's"
like "$OUT" "Landlock" "the kernel's"
checks=$("$DOCKET" doctor --format json | tr ',' '\n' |
    sed -n 's/^"check":"\(.*\)"$/\1/p' | sort -u)
is "$(sed -n '/^\.Ss doctor/,/^\.Ss rebuild/s/^\.It Cm //p' \
    "$SRC/src/docket.1" | tr -d ',' | tr ' ' '\n' | grep . | sort)" \
    "$checks" "the manual has every check"
is "$("$DOCKET" doctor --help | sed -n '/CHECK is one of/,$p' |
    sed 's/.*CHECK is one of://' | tr ' ' '\n' | grep . | sort)" "$checks" \
    "so has the usage"
mkdir inbox/acme
chmod 700 inbox/acme
key_form acme one | drop acme/one.xml
once
mv pending/AK-000001.xml approved/
once
"$DOCKET" rebuild gateway >/dev/null
find . -path ./ledger.git -prune -o -type f -print | sort |
    xargs sha256sum >"$T/files"
exits 0 "a desk with a box, a key, and files for gateways" doctor
exits 0 "and looked at fully" "$DOCKET" doctor --full ledger
find . -path ./ledger.git -prune -o -type f -print | sort |
    xargs sha256sum >"$T/files.after"
ok "it has changed nothing" diff "$T/files" "$T/files.after"

# permissions
chmod o+w .
broken 1 desk "put other folders" "others may write to the desk"
for name in inbox pending; do
	chmod 777 $name
	broken 1 folders "not sticky" "$name is not sticky"
	chmod 755 $name
done
chmod 3777 returned
broken 1 folders "Everybody on this machine" "a tray for everybody"
chmod 755 returned
chmod 777 outbox
broken 1 folders "outbox: Others may write" "outbox"
chmod 755 .docket/claims
broken 1 folders "claims: Others may look" "claims are open"
chmod 755 .docket/keys
broken 1 folders "keys: Others may look" "keys are open"
for name in docket.conf schemas/api-key.xsd .docket/shown \
    ledger.git/refs/heads ledger.git; do
	chmod o+w $name
	broken 1 files "$name: Others may write" "$name is open"
done
rmdir inbox/acme revoked
broken 3 folders "revoked: It is missing" "a tray is missing"
ok "it is there again" test -d revoked
mkdir inbox/acme
chmod 700 inbox/acme
rmdir rejected
ln -s revoked rejected
broken 3 folders "rejected: It is not a folder" "a link in its place"
rm -f rejected.old

# boxes
mkdir inbox/gateway
broken 1 boxes "inbox/gateway: It is not a name" "a reserved name" NAME=fine
rmdir inbox/fine
chmod 755 outbox/acme
broken 1 answers "outbox/acme: Everybody may look" "a closed box's folder"
chmod 755 inbox/acme outbox/acme
broken 1 answers "A key lies there" "a key in an open folder"
chmod 700 inbox/acme
chmod 777 outbox/acme
broken 1 answers "outbox/acme: Others may write" "a folder that all write to"

# rules
cp docket.conf "$T/docket.conf"
echo '[reviw]' >>docket.conf
echo '	x = 1' >>docket.conf
broken 1 rules "would be refused: line" "rules that cannot be"
echo '; a remark' >>docket.conf
found 0 rules "not those in force" "rules that are to be"
mended rules "not those in force"
ok "they are in force" test "$(trailer Event)" = rules
start
forget
printf '[reviw]\n\tx = 1\n' >>docket.conf
ok "refused" waitfor there docket.conf.refused.txt
stop
broken 1 rules "A change of it was refused" "rules that were refused"
not_ok "with what was said of them" test -e docket.conf.refused.txt

# reviewers
printf '[reviewer "carol"]\n' >>docket.conf
once
user=$(id -un)
found 1 reviewers 'reviewer "carol"\] is empty' "an empty section"
sh -c "$(remedy reviewers carol | sed 's/user carol$/user 64999/')"
once
exits 0 "with a user it is one" doctor reviewers
git config -f docket.conf --remove-section reviewer.carol
git config -f docket.conf review.AK.stage desk:1
git config -f docket.conf --add review.AK.stage board:1
git config -f docket.conf "reviewer.$user.group" desk
git config -f docket.conf --add "reviewer.$user.group" board
once
broken_stages() {
	found 1 quorum "nobody is left for stage (desk|board):1" "$1"
}
broken_stages "two stages, one person"
sh -c "$(remedy quorum "nobody is left" | sed 's/NAME/dora/')"
git config -f docket.conf reviewer.dora.user 64998
once
exits 0 "with somebody else they can be met" doctor quorum
cp "$T/docket.conf" docket.conf
sed -i '/^\[reviewer/,/user/d' docket.conf
once
broken 1 reviewers "names no reviewer" "nobody at all" \
    "reviewer.NAME.user USER=reviewer.$user.user $user; docket run --once ."
cp "$T/docket.conf" docket.conf
once

# ledger, index, trays
git -C ledger.git config core.fsync none
broken 1 ledger "core.fsync is not" "a ledger that is not durable"
: >ledger.git/refs/heads/main.lock
broken 1 ledger "A crash has left it" "a stale lock"
for pack in ledger.git/objects/pack/*.pack; do
	git show-index <"${pack%.pack}.idx" |
	    grep -q "$(ledger rev-parse main)" && break
done
half=ledger.git/objects/pack/pack-$(printf %040d 2)
cp "$pack" "$half.pack"
touch -d '2 minutes ago' "$half.pack"
broken 1 ledger "It has no index" "a pack without its index"
rm -f "$half.pack" "$half.idx" "$half.rev"
touch -d '2 minutes ago' "$pack"
mv "${pack%.pack}.idx" "$T/idx"
broken 3 ledger "It has no index" "one that the ledger begins with"
ok "which is what it was" cmp "$T/idx" "${pack%.pack}.idx"
half=ledger.git/objects/pack/pack-$(printf %040d 1).idx
cp "$T/idx" "$half"
unlike "$(doctor ledger)" "Its pack is not there" "one that is just made"
touch -d '2 minutes ago' "$half"
broken 1 ledger "Its pack is not there" "an index without its pack"
git clone -q --bare -s ledger.git "$T/shared.git"
mv ledger.git "$T/real.git"
mv "$T/shared.git" ledger.git
echo "$T/real.git/objects" >ledger.git/objects/info/alternates
found 1 ledger "in another repository" "objects elsewhere"
sh -c "$(remedy ledger "in another repository")" 2>/dev/null
mv "$T/real.git" "$T/away.git"
unlike "$(doctor ledger)" "another repository" "mended"
ok "and whole" git -C ledger.git fsck --connectivity-only
rm -rf ledger.git
found 3 ledger "ledger.git: It is missing" "no ledger"
mended ledger "It is missing" "COPY=$T/away.git"
trays_equal_ledger
printf '%040d\n' 0 >.docket/shown
broken 1 trays "no commit of this" "trays of another ledger"
old=$(ledger rev-parse main~1)
echo "$old" >.docket/shown
broken 1 trays "commit behind" "trays that are behind"
rm .docket/index.db
broken 1 index "index.db" "no index"
cp -R ledger.git "$T/save.git"
git -C ledger.git repack -q -a -d
for pack in ledger.git/objects/pack/*.pack; do
	chmod u+w "$pack"
	printf 'xxxx' | dd of="$pack" bs=1 seek=300 conv=notrunc 2>/dev/null
done
exits 3 "damage is found by --full" "$DOCKET" doctor --full ledger
rm -rf ledger.git
mv "$T/save.git" ledger.git

# work
echo "$(ledger rev-parse main) acme=$(ledger rev-parse main~1)" \
    >.docket/delivered
broken 1 answers "outbox/acme: Answers since commit" "a box that was held"
echo x >.docket/keys/AK-000009.key
broken 1 keys "1 more is there" "a key that a crash has left"
mkdir -p ".docket/claims/1234@"
broken 1 claims "in hand" "a form in hand, and nobody at it"
echo "x" >>outbox/gateway/clients.map
broken 1 gateway "clients.map is out of date" "files for gateways"
git config -f docket.conf gateway.reload "no-such-command -s reload"
once
broken 1 gateway "no command no-such-command" "a hook that is not there" \
    "gateway.reload=gateway.reload; docket run --once ."
git config -f docket.conf gateway.haproxy "$T/no.sock"
once
found 1 gateway "There is no socket" "no HAProxy"
git config -f docket.conf --remove-section gateway
once
mkdir inbox/globex
key_form globex two | drop globex/two.xml
once
number=$(cd pending && echo AK-*.xml)
mv "pending/$number" approved/
once
found 1 keys "The key ${number%.xml}.key waits: others may look" \
    "a key that waits"
start
sh -c "$(remedy keys waits)"
waitfor there "outbox/globex/${number%.xml}.key"
exits 0 "and is delivered" doctor keys
exits 0 "while the desk is run all is well" doctor
like "$("$DOCKET" doctor --format json)" '"running":true' "it is seen to run"
# a folder in a file's place: its box is held
mkdir "outbox/held.xml.refused.xml"
echo '<broken' | drop held.xml
ok "a held box" waitfor match .docket/notices "outbox/held.xml.refused"
found 1 daemon "The desk says: outbox/held" "is told"
sh -c "$(remedy daemon "outbox/held")"
ok "moved away, the answer comes" waitfor -t 30 there \
    outbox/held.xml.refused.txt
echo '<broken' | drop after.xml
waitfor there outbox/after.xml.refused.txt
exits 0 "and nothing is held" doctor daemon
stop

# the machine
exits 1 "a clock that is behind" \
    env DOCKET_NOW=2020-01-01T00:00:00Z "$DOCKET" doctor clock
like "$OUT" "behind the" "it says so"
like "$OUT" "The clock says 2020" "and that nobody has set it"
exits 1 "too few files may be open" \
    prlimit --nofile=64:64 "$DOCKET" doctor limits
like "$(echo "$OUT" | tr -s ' \n' ' ')" "64 files may be open" "it says so"
mkdir "$T/empty"
ln -s "$(command -v sh)" "$T/empty/sh"
exits 1 "without git" env PATH="$T/empty" "$DOCKET" doctor programs
like "$OUT" "apt-get install git" "it says what to install"

# signatures
if [ -n "${SSH:-}" ]; then
	DESK=$T/signers
	make_desk
	quick
	key alice
	key bob
	key eve
	key tip
	sed -i -e '/^\[reviewer/,$d' docket.conf
	conf '[reviewer "alice"]' '[reviewer "bob"]' '	group = board' \
	    '[review]' '	evidence = signature'
	git config -f docket.conf reviewer.alice.group desk
	signer bob >allowed_signers
	once
	cd "$T" || exit 1		# where the keys are
	found 1 reviewers "alice has no key" "a reviewer without a key"
	(cd "$T" && sh -c "$(remedy reviewers "alice has no key")")
	once
	exits 0 "with it" doctor reviewers
	cd "$DESK" || exit 1
	{
		signer alice 'valid-before="20200101"'
		signer bob
		signer eve
	} >allowed_signers
	once
	found 1 reviewers "alice has no key that is good.*expired" \
	    "a key that has expired"
	found 0 signers "eve is no reviewer" "a key of nobody's"
	mended signers "eve is no reviewer"
	not_ok "it is gone" grep -q eve allowed_signers
	{
		signer alice
		signer bob
	} >allowed_signers
	ssh-keygen -q -k -f revoked_keys "$T/alice.pub"
	once
	found 1 reviewers "alice has no key that is good.*revoked" \
	    "a key that is revoked"
	ssh-keygen -q -k -f revoked_keys "$T/eve.pub"
	once
	exits 0 "not that one" doctor reviewers revocations
	: >revoked_keys
	broken 1 rules "revoked_keys: It would be refused" \
	    "an empty list of revoked keys"
	# one that was in force from the first day
	DESK=$T/empty-krl
	mkdir "$DESK"
	cd "$DESK" || exit 1
	: >revoked_keys
	"$DOCKET" init . >/dev/null
	_run="revoked_keys; docket run --once ."
	broken 1 revocations "No signature is good" "an empty list in force" \
	    "-k -f revoked_keys=-k -f $_run"
	DESK=$T/signers
	cd "$DESK" || exit 1
	signer docket 'namespaces="git"' tip >>allowed_signers
	git config -f docket.conf ledger.signingKey "$T/tip"
	once
	exits 0 "a ledger that is signed" doctor signing rules
	chmod 644 "$T/tip"
	broken 1 signing "Others may read" "a key that others may read"
	mv "$T/tip" "$T/tip.away"
	found 3 signing "No such file" "a key that is lost"
	mv "$T/tip.away" "$T/tip"
else
	skip "no ssh-keygen here"
fi
done_testing
