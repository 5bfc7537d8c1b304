#!/bin/sh
# What the fuzz targets begin with, and what they have found, once more
# through each of them, built without the fuzzer.
. "$(dirname "$0")/lib.sh"

corpus=$SRC/tests/fuzz/corpus

# replay NAME FOLDER: the last file that is named is the one that failed
replay() {
	find "$2" -type f | sort >"$T/files"
	ok "$1: each file of ${2#"$SRC"/}" sh -c '
		xargs "$0" <"$1" >"$2" 2>"$3" && cmp "$1" "$2" && exit
		tail -n 1 "$2"
		tail -n 5 "$3"
		exit 1' "$BUILD/test/fuzz/$1" "$T/files" "$T/tried" "$T/says"
}

for file in "$SRC"/tests/fuzz/*_fuzz.c; do
	target=$(basename "$file" _fuzz.c)
	replay "$target" "$corpus/$target"
done
for target in xml xmlscan stamp; do
	for folder in good bad hostile; do
		replay "$target" "$FORMS/$folder"
	done
done

is "$(cd "$corpus" && ls)" \
    "$(cd "$SRC/tests/fuzz" && ls ./*_fuzz.c | sed 's,^\./,,; s,_fuzz\.c$,,')" \
    'each target has its corpus, each corpus its target'

# a driver that would be content with anything shows nothing
exits 1 'a file that cannot be read fails' "$BUILD/test/fuzz/text" "$T/none"
exits 2 'and so does none at all' "$BUILD/test/fuzz/text"

done_testing
