#!/bin/sh
# Packs become few in the background: by a git that dies with the desk, two at
# a time, and whatever becomes of it nothing is lost, and nothing lies about.
. "$(dirname "$0")/lib.sh"
GIT=$(command -v git)
PACKS=$DESK/ledger.git/objects/pack

# the git that the desk finds, which does as $T/mode says: fail, wait (until
# told to go on), or wait-once
mkdir "$T/bin"
mkfifo "$T/go" "$T/alive"
cat >"$T/bin/git" <<END
#!/bin/sh
case " \$* " in
*" pack-objects "*) ;;
*) exec $GIT "\$@" ;;
esac
mode=\$(cat "$T/mode")
[ "\$mode" != wait-once ] || mkdir "$T/once-only" 2>/dev/null || mode=
case \$mode in
fail)
	echo half >"$PACKS/tmp_pack_failed"
	exit 128
	;;
wait*)
	exec 9>"$T/alive"
	echo half >"$PACKS/tmp_pack_killed"
	read -r _ <"$T/go"
	;;
esac
exec $GIT "\$@"
END
chmod +x "$T/bin/git"

# packs FROM TO: a pack each, with a blob that nothing leads to; more of them
# than even a busy desk leaves alone
packs() {
	i=$1
	while [ "$i" -le "$2" ]; do
		echo "blob $i" | ledger hash-object -w --stdin |
		    ledger pack-objects -q "$PACKS/pack" >/dev/null
		i=$((i + 1))
	done
	ledger prune-packed -q
}
# blobs FROM TO: these are still there
blobs() {
	i=$1
	while [ "$i" -le "$2" ]; do
		echo "blob $i" | git hash-object --stdin
		i=$((i + 1))
	done | ledger cat-file --batch-check | grep -c missing
}
first_pack() {
	find "$PACKS" -name '*.pack' | sort | head -1
}
count() {
	find "$PACKS" -name '*.pack' | wc -l
}
temporaries() {
	find "$PACKS" -name 'tmp_*' -o -name '.tmp-*' | sed 's,.*/,,' | sort |
	    tr '\n' ' '
}
# forms N: so many, each of them alone
sent=0
forms() {
	_until=$((sent + $1))
	while [ $sent -lt $_until ]; do
		sent=$((sent + 1))
		key_form acme "form $sent" | drop "form-$sent.xml"
		waitfor there \
		    "outbox/$(printf 'AK-%06d.received.txt' $sent)" || return 1
	done
}
few() {
	[ "$(count)" -le "$1" ]
}
# merged PACK N: it is gone, and so are the others but for N; once a form is
# answered, all that was merged is gone
merged() {
	waitfor -t 60 gone "${1%.pack}.idx" || return
	for _i in 1 2 3 4 5 6 7 8 9 10; do
		forms 1
		few "$2" && return
	done
	return 1
}
complained() {
	waitfor -t 60 match "$T/log" event=merge-failed
}

# the ledger alone, and all that can be merged
git init -q --bare --initial-branch=main "$T/bare.git"
"$BUILD/bench/changes" "$T/bare.git" 1 120 1 >/dev/null
was=$(git -C "$T/bare.git" rev-list --objects main | sort | sha256sum)
like "$("$BUILD/bench/changes" "$T/bare.git" tidy)" 'packs=[1-5]$' \
    "a hundred packs become a few"
is "$(git -C "$T/bare.git" fsck --full --strict 2>&1)" "" "git finds them good"
is "$(git -C "$T/bare.git" rev-list --objects main | sort | sha256sum)" \
    "$was" "and nothing is gone"

# killed before each of the calls that remove something
if command -v strace >/dev/null; then
	git init -q --bare --initial-branch=main "$T/many.git"
	"$BUILD/bench/changes" "$T/many.git" 1 60 1 >/dev/null
	was=$(git -C "$T/many.git" rev-list --objects main | sort | sha256sum)
	bad=
	for i in 1 2 3 4 5 6 7 100 101; do
		rm -rf "$T/killed.git"
		cp -R "$T/many.git" "$T/killed.git"
		strace -qq -o /dev/null -e trace=unlinkat \
		    -e inject=unlinkat:signal=KILL:when=$i \
		    "$BUILD/bench/changes" "$T/killed.git" tidy
		[ $? -gt 128 ] || bad="$bad $i-not-killed"
		[ -z "$(git -C "$T/killed.git" fsck --full --strict 2>&1)" ] ||
		    bad="$bad $i-fsck"
		"$BUILD/bench/changes" "$T/killed.git" tidy >/dev/null ||
		    bad="$bad $i-again"
		[ "$(git -C "$T/killed.git" rev-list --objects main | sort |
		    sha256sum)" = "$was" ] || bad="$bad $i-lost"
	done 2>/dev/null
	is "$bad" "" "killed at any point, it goes on and has lost nothing"
else
	skip "no strace"
fi

# a desk, one pack that is to be kept, and an index that names them all
make_desk
quick
: >"$T/mode"
packs 1 90
kept=$(first_pack)
touch "${kept%.pack}.keep"
ledger multi-pack-index write 2>/dev/null
: >"$PACKS/multi-pack-index-0123.bitmap"
gone=$(find "$PACKS" -name '*.pack' | sort | sed -n 2p)
start PATH="$T/bin:$PATH"
forms 1
ok "packs are merged in the background" merged "$gone" 9
ok "but not one that is to be kept" test -e "$kept"
is "$(find "$PACKS" -name 'multi-pack-index*')" "" \
    "nor is there an index that names the others"
is "$(blobs 1 90)" 0 "nothing is lost"
forms 1
stop
fsck_clean
rm "${kept%.pack}.keep"

# a merge that fails
echo fail >"$T/mode"
packs 91 180
echo half >"$PACKS/tmp_pack_admin"
touch -d '10 minutes ago' "$PACKS/tmp_pack_admin"
echo half >"$PACKS/.tmp-1-pack-old.pack"
start PATH="$T/bin:$PATH"
touch -d '2 hours ago' "$PACKS/.tmp-1-pack-old.pack"
forms 1
ok "a merge that fails is complained of" complained
forms 2
is "$(grep -c event=merge-failed "$T/log")" 1 "and not tried again at once"
is "$(temporaries)" "tmp_pack_admin " \
    "what it left is removed, and what is old, and nobody else's"
ok "packs are as they were" test "$(count)" -gt 50
rm "$PACKS/tmp_pack_admin"
stop

# killed in the midst of one
echo wait >"$T/mode"
timeout 120 cat "$T/alive" >/dev/null &
alive=$!
start PATH="$T/bin:$PATH"
forms 1
ok "a merge is at work" waitfor -t 60 there "$PACKS/tmp_pack_killed"
kill_hard
ok "it dies with the desk" wait $alive
: >"$T/mode"
start PATH="$T/bin:$PATH"
is "$(temporaries)" "tmp_pack_killed " "what is unfinished may be somebody's"
stop
touch -d '2 hours ago' "$PACKS/tmp_pack_killed"
start PATH="$T/bin:$PATH"
is "$(temporaries)" "" "after an hour it is not"
ok "which is logged" seen "event=stale-pack removed=tmp_pack_killed"
gone=$(first_pack)
forms 1
ok "and packs are merged" merged "$gone" 9
is "$(blobs 1 180)" 0 "nothing is lost"
stop
fsck_clean

# somebody takes away a pack that a merge has left an object to
echo wait-once >"$T/mode"
packs 181 270
kept=$(first_pack)
touch "${kept%.pack}.keep"
timeout 120 cat "$T/alive" >/dev/null &
start PATH="$T/bin:$PATH"
forms 1
waitfor -t 60 there "$PACKS/tmp_pack_killed"
mkdir "$T/away"
mv "${kept%.pack}".* "$T/away"
timeout 60 sh -c 'echo >"$1"' - "$T/go"
was=$(count)
complained
ok "without it nothing is removed" test "$(count)" -ge "$was"
mv "$T/away"/* "$PACKS/"
rm "${kept%.pack}.keep"
is "$(blobs 1 270)" 0 "nor lost"
stop

# ended in the midst of one
echo wait >"$T/mode"
rm -d "$T/once-only"
timeout 120 cat "$T/alive" >/dev/null &
alive=$!
start PATH="$T/bin:$PATH"
forms 1
waitfor -t 60 there "$PACKS/tmp_pack_killed"
ok "a desk that ends does not wait for a merge" stop
ok "which ends with it" wait $alive
is "$(temporaries)" "" "and leaves nothing"

# two at once; the second finds what the first has, too
echo wait-once >"$T/mode"
timeout 300 cat "$T/alive" >/dev/null &
alive=$!
start PATH="$T/bin:$PATH"
forms 1
waitfor -t 60 there "$PACKS/tmp_pack_killed"
first=$(find "$PACKS" -name '*.pack' | sort)
packs 271 280
mkdir "$T/other.git"
git init -q --bare "$T/other.git"
i=181
while [ $i -le 270 ]; do
	echo "blob $i" | git -C "$T/other.git" hash-object -w --stdin
	i=$((i + 1))
done | git -C "$T/other.git" pack-objects -q "$T/pack" >/dev/null
chmod u+w "$T"/pack-*
for suffix in pack idx; do
	mv "$T"/pack-*.$suffix "$PACKS/"
done
gone=$(find "$PACKS" -name '*.pack' | grep -vF "$first" | head -1)
ok "forms come while packs are merged" forms 85
ok "which are merged meanwhile" merged "$gone" 999
is "$(echo "$first" | xargs ls 2>&1 | grep -c 'cannot')" 0 \
    "beside those that are being merged"
ok "the first goes on" timeout 60 sh -c 'echo >"$1"' - "$T/go"
wait $alive
ok "to its end" merged "$(echo "$first" | head -1)" 25
is "$(blobs 1 280)" 0 "nothing is lost between the two"
rm -f "$PACKS/tmp_pack_killed"
ok "the desk goes on" forms 1
unlike "$(cat "$T/log")" merge-failed "nothing has failed"
stop

# a desk that runs now and then
packs 281 370
gone=$(first_pack)
key_form acme now | drop now.xml
once
ok "a round does not end before its merge" test ! -e "${gone%.pack}.idx"
ok "of packs that were many" few 25
is "$(blobs 1 370)" 0 "and loses nothing"
fsck_clean
trays_equal_ledger
done_testing
