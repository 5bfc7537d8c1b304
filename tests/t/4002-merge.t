#!/bin/sh
# Packs become few in the background: by a child that dies with the desk; and
# whatever becomes of it nothing is lost, and nothing lies about.
. "$(dirname "$0")/lib.sh"
PACKS=$DESK/ledger.git/objects/pack

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

# held: a desk is started, and its child that merges is stopped before it writes
held() {
	start strace -D -f -qq -o "$T/held" -e trace=fallocate \
	    -e inject=fallocate:delay_enter=120000000
	waitfor -t 60 some "$PACKS/tmp_pack_*" || return
	child=$(pgrep -P "$_pid" -x docket)
	kill -STOP "$child"
	kill -KILL "$(sed -n 's/^TracerPid:[^0-9]*//p' "/proc/$child/status")"
	waitfor -t 60 match "/proc/$child/status" "(stopped)"
}
# a process that is no more has no memory, whether somebody has noted or not
ended() {
	waitfor -t 60 without "/proc/$1/status" VmRSS
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

# good REPOSITORY: as it was
good() {
	[ -z "$(git -C "$1" fsck --full --strict 2>&1)" ] &&
	    [ "$(git -C "$1" rev-list --objects main | sort |
	    sha256sum)" = "$was" ]
}
# killed before each of the calls that remove something, and the child at all
# that it does
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
		good "$T/killed.git" || bad="$bad $i-lost"
		"$BUILD/bench/changes" "$T/killed.git" tidy >/dev/null ||
		    bad="$bad $i-again"
		good "$T/killed.git" || bad="$bad $i-lost-again"
	done 2>/dev/null
	is "$bad" "" "killed at any point, it goes on and has lost nothing"
	bad=
	for call in fallocate:1 fallocate:2 ftruncate:1 ftruncate:2 \
	    fsync:1 fsync:2 renameat:1 renameat:2 exit_group:1; do
		rm -rf "$T/killed.git"
		cp -R "$T/many.git" "$T/killed.git"
		strace -f -qq -o /dev/null -e "trace=${call%:*}" -e \
		    "inject=${call%:*}:signal=KILL:when=${call#*:}" \
		    "$BUILD/bench/changes" "$T/killed.git" tidy \
		    >/dev/null && bad="$bad $call-goes-on"
		[ -z "$(find "$T/killed.git" -name 'tmp_*')" ] ||
		    bad="$bad $call-lies-about"
		good "$T/killed.git" || bad="$bad $call-lost"
		"$BUILD/bench/changes" "$T/killed.git" tidy >/dev/null ||
		    bad="$bad $call-again"
		good "$T/killed.git" || bad="$bad $call-lost-again"
	done 2>/dev/null
	is "$bad" "" "so is its child, of which nothing lies about"
	bad=
	for call in fallocate:ENOSPC ftruncate:EIO fsync:EIO \
	    renameat:EACCES; do
		rm -rf "$T/failed.git"
		cp -R "$T/many.git" "$T/failed.git"
		strace -f -qq -o /dev/null -e "trace=${call%:*}" -e \
		    "inject=${call%:*}:error=${call#*:}:when=1+" \
		    "$BUILD/bench/changes" "$T/failed.git" tidy \
		    >/dev/null &&
		    bad="$bad $call-goes-on"
		[ -z "$(find "$T/failed.git" -name 'tmp_*')" ] ||
		    bad="$bad $call-lies-about"
		good "$T/failed.git" || bad="$bad $call-lost"
	done 2>/dev/null
	is "$bad" "" "where a call fails, all is as it was"
else
	skip "no strace"
	skip "no strace"
	skip "no strace"
fi

# a disk that fails: what is mapped already cannot be read any more
if command -v strace >/dev/null && command -v pgrep >/dev/null; then
	git init -q --bare --initial-branch=main "$T/torn.git"
	"$BUILD/bench/changes" "$T/torn.git" 1 120 1 >/dev/null
	torn=$T/torn.git/objects/pack
	hurt=$(find "$torn" -name '*.pack' | sort | sed -n 3p)
	strace -D -f -qq -o "$T/held" -e trace=fallocate \
	    -e inject=fallocate:delay_enter=120000000 \
	    "$BUILD/bench/changes" "$T/torn.git" tidy 2>"$T/torn.log" &
	tool=$!
	ok "a merge is about to read" waitfor -t 60 some "$torn/tmp_pack_*"
	child=$(pgrep -P "$tool" -x changes)
	cp "$hurt" "$T/whole.pack"
	chmod u+w "$hurt"
	: >"$hurt"
	kill -KILL "$(sed -n 's/^TracerPid:[^0-9]*//p' "/proc/$child/status")"
	wait "$tool"
	hurt_name=$(basename "$hurt" .pack)
	file_like "$T/torn.log" "event=merge-failed .*output error.* pack=$hurt_name" \
	    "a pack that cannot be read is named"
	is "$(find "$torn" -name 'tmp_*')" "" "and nothing is left unfinished"
	cp "$T/whole.pack" "$hurt"
	like "$("$BUILD/bench/changes" "$T/torn.git" tidy)" 'packs=[1-5]$' \
	    "once it can be read they are merged"
	is "$(git -C "$T/torn.git" fsck --full --strict 2>&1)" "" \
	    "and nothing is gone"
else
	skip "needs strace and pgrep"
fi

# a desk, one pack that is to be kept, and an index that names them all
make_desk
quick
packs 1 90
kept=$(first_pack)
touch "${kept%.pack}.keep"
ledger multi-pack-index write 2>/dev/null
: >"$PACKS/multi-pack-index-0123.bitmap"
gone=$(find "$PACKS" -name '*.pack' | sort | sed -n 2p)
start
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

# a merge that fails: one of them is damaged
packs 91 180
hurt=$(find "$PACKS" -name '*.pack' | sort | sed -n 3p)
cp "$hurt" "$T/whole.pack"
chmod u+w "$hurt"
printf '\377' | dd of="$hurt" bs=1 seek=14 conv=notrunc 2>/dev/null
echo half >"$PACKS/tmp_pack_admin"
touch -d '10 minutes ago' "$PACKS/tmp_pack_admin"
echo half >"$PACKS/.tmp-1-pack-old.pack"
touch -d '2 hours ago' "$PACKS/.tmp-1-pack-old.pack"
start
forms 1
ok "a merge that fails is complained of" complained
hurt_name=$(basename "$hurt" .pack)
file_like "$T/log" "event=merge-failed .*pack=$hurt_name" "with the pack"
forms 2
is "$(grep -c event=merge-failed "$T/log")" 1 "and not tried again at once"
is "$(temporaries)" "tmp_pack_admin " \
    "what it left is removed, and what is old, and nobody else's"
ok "packs are as they were" test "$(count)" -gt 50
rm "$PACKS/tmp_pack_admin"
stop
cp "$T/whole.pack" "$hurt"
is "$(blobs 1 180)" 0 "and what is damaged was not passed on"

# killed, ended, and gone on beside one that takes its time
if command -v strace >/dev/null && command -v pgrep >/dev/null; then
	ok "a merge is at work" held
	kill_hard
	ok "it dies with the desk" ended "$child"
	left=$(temporaries)
	like "$left" '^tmp_pack_[0-9]* $' "and leaves what it had begun"
	start
	ok "what is unfinished may be somebody's" test -e "$PACKS/${left% }"
	stop
	touch -d '2 hours ago' "$PACKS/${left% }"
	start
	not_ok "after an hour it is not" test -e "$PACKS/${left% }"
	ok "which is logged" seen "event=stale-pack removed=${left% }"
	stop

	packs 181 270
	held
	ok "a desk that ends does not wait for a merge" stop
	ok "which ends with it" ended "$child"
	is "$(temporaries)" "" "and leaves nothing"

	held
	gone=$(first_pack)
	ok "forms come while packs are merged" forms 5
	like "$(temporaries)" tmp_pack "which goes on"
	kill -CONT "$child"
	ok "to its end" merged "$gone" 20
	unlike "$(cat "$T/log")" merge-failed "nothing has failed"
	is "$(blobs 1 270)" 0 "and nothing is lost"
	stop
	fsck_clean
else
	skip "needs strace and pgrep"
fi

# a desk that runs now and then
packs 271 370
gone=$(first_pack)
key_form acme now | drop now.xml
once
ok "a round does not end before its merge" test ! -e "${gone%.pack}.idx"
ok "of packs that were many" few 25
is "$(blobs 1 370)" 0 "and loses nothing"
fsck_clean
trays_equal_ledger
done_testing
