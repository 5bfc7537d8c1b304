#!/bin/sh
# The layers of the source: no include runs up, no stage knows another, each
# dependency has one owner. The check says so of this tree, and finds what is
# planted in copies of it; the programs are linked with what is theirs only.
. "$(dirname "$0")/lib.sh"

check_tree() {
	(cd "$1" && .ci/layers)
}

exits 0 'the tree keeps to its layers' check_tree "$SRC"
is "$OUT" '' 'and nothing is said'

mkdir "$T/tree"
cp -R "$SRC/.ci" "$SRC/src" "$SRC/include" "$T/tree"

# plant FILE INCLUDE WHAT: one line more in the copy
plant() {
	[ -f "$T/tree/$1" ] || diag "$1 is not there"
	printf '#include %s\n' "$2" >>"$T/tree/$1"
	printf '%s\t%s\t%s\n' "$1" "$(printf %s "$2" | tr -d '<>"')" "$3" \
	    >>"$T/planted"
}

plant src/base/buf.c '"form.h"' 'base may not know forms'
plant src/form/state.c '"desk.h"' 'nor a form the desk'
plant include/wire.h '"ledger.h"' 'a header is held to its layer too'
plant src/check/xmlform.c '"ledger.h"' 'the checker may not know the ledger'
plant src/stage/policy.c '"schema.h"' 'nor a stage the checker'
plant src/ledger/tree.c '"index.h"' 'nor the ledger the index'
plant src/stage/policy.c '"flow.h"' 'nor a stage the flow'
plant src/flow/group.c '"cmd.h"' 'nor the flow the commands'
plant src/stage/outbox.c '"trays.h"' 'a stage may not include another'
plant src/stage/rule.c '"policy.h"' 'not even to ask it'
plant src/stage/trayshow.c '"intaking.h"' 'nor the inside of another'
plant src/stage/trays.c '<git2.h>' 'libgit2 belongs to the ledger'
plant src/cmd/list.c '<sqlite3.h>' 'sqlite to the index'
plant src/form/wire.c '<libxml/tree.h>' 'libxml2 to the checker'
plant include/form.h '<zlib.h>' 'zlib to gunzip'
plant src/ledger/merge.c '<libdeflate.h>' 'libdeflate to packs'
plant src/check/main.c '<seccomp.h>' 'seccomp to the sandbox'
plant src/ledger/ledger.c '<sodium.h>' 'libsodium to hash'
plant src/ledger/pack.c '<nettle/sha1.h>' 'and nettle'

: >"$T/tree/include/homeless.h"

exits 1 'a tree with all of these is refused' check_tree "$T/tree"
tab=$(printf '\t')
while IFS=$tab read -r file header what; do
	like "$OUT" "^layers: $file: must not include $header " \
	    "$what: $file, $header"
done <"$T/planted"
like "$OUT" '^layers: include/homeless\.h: no layer' \
    'each header is of a module'
is "$(printf '%s\n' "$OUT" | wc -l)" "$(($(wc -l <"$T/planted") + 1))" \
    'and nothing else is complained of'

# what a program asks the loader for
needed() {
	readelf -d "$BUILD/$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

if command -v readelf >/dev/null; then
	docket=$(needed docket)
	like "$docket" '^libgit2\.' 'docket is linked with libgit2'
	like "$docket" '^libsqlite3\.' 'and sqlite'
	unlike "$docket" '^libxml2\.' 'docket is not linked with libxml2'
	unlike "$docket" '^libseccomp\.' 'nor with libseccomp'
	check=$(needed docket-check)
	like "$check" '^libxml2\.' 'docket-check is linked with libxml2'
	unlike "$check" '^libgit2\.' 'docket-check is not with libgit2'
	unlike "$check" '^libsqlite3\.' 'nor with sqlite'
	unlike "$check" '^lib(curl|ssl|ssh2)' 'nor with anything of a network'
else
	skip 'there is no readelf'
fi

done_testing
