# forge.sh: histories made with plain git, good and forged. Sourced after
# lib.sh, in a bare clone, with BASE (the head that they go on from), ID (of
# the desk) and T0 (the time of BASE) set.
# shellcheck shell=sh disable=SC2034

# A tree is changed by lines of what to do with it.

forget_path() {
	printf '0 %040d\t%s\n' 0 "$1" | git update-index --index-info
}

# edit TREE: from standard input: put PATH FILE [MODE], del PATH, mv FROM TO
edit() {
	GIT_INDEX_FILE=$T/index
	export GIT_INDEX_FILE
	rm -f "$T/index"
	git read-tree "$1"
	while read -r what path to mode; do
		case $what in
		put) git update-index --add --cacheinfo "${mode:-100644},$(
			git hash-object -w "$to"),$path" ;;
		del) forget_path "$path" ;;
		mv)
			blob=$(git rev-parse ":$path")
			forget_path "$path"
			git update-index --add --cacheinfo "100644,$blob,$to"
			;;
		esac
	done
	git write-tree
	unset GIT_INDEX_FILE
}

# commit PARENT TREE AUTHOR [TIME]: the message from standard input
commit() {
	{
		printf 'tree %s\nparent %s\n' "$2" "$1"
		printf 'author %s <%s@%s> %s +0000\n' "$3" "${3#client }" \
		    "$ID" "${4:-$T0}"
		printf 'committer docket <docket@%s> %s +0000\n\n' "$ID" \
		    "${4:-$T0}"
		cat
	} | git hash-object -t commit -w --stdin
}

# again COMMIT [TREE [SED]]: once more, but
again() {
	git cat-file commit "$1" |
	    sed -e "1s/.*/tree ${2:-$(git rev-parse "$1^{tree}")}/" \
	    -e "${3:-s/^//}" | git hash-object -t commit -w --stdin
}

# on NEW OLD: the history after OLD, as it was, on top of NEW
on() {
	new=$1
	for old in $(git rev-list --reverse "$2..$BASE"); do
		new=$(again "$old" "" "2s/.*/parent $new/")
	done
	echo "$new"
}

digest() {
	git cat-file blob "$1" | sha256sum | cut -d' ' -f1
}

# lie NAME REASON TIP [WRONG]: the audit says no, names the commit and why
lie() {
	git update-ref refs/heads/main "$3"
	OUT=$("$DOCKET" audit . 2>&1)
	_got=$?
	[ $_got = 1 ] && echo "$OUT" | grep -q "commit ${4:-$3}" &&
	    echo "$OUT" | grep -Eq -e "$2"
	_report $? "$1" || diag "exit $_got, expected ${4:-$3}: $2
$OUT"
}

truth() {
	git update-ref refs/heads/main "$2"
	exits 0 "$1" "$DOCKET" audit .
}
